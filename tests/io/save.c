// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files that appear whole or not at all: whatever fails, the old file stays and nothing is left beside it.
// Also what travels with a picture from format to format.
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const kal_options never = {.memo_mode = KAL_MEMO_NEVER};

static char folder[256];

static const char *in_folder(const char *name)
{
    static char paths[8][512];
    static int next;
    char *p = paths[next++ & 7];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));) n += strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
    if (dir) closedir(dir);
    return n;
}

// The file must hold exactly this, and the folder this many files.
static void require_untouched(const char *path, const kal_bytes *old, int files, const char *what)
{
    kal_bytes now = get_file(path);
    REQUIRE_NOTE(now.size == old->size && !memcmp(now.data, old->data, now.size), "%s: the old file changed",
                 what);
    REQUIRE_NOTE(files_in_folder() == files, "%s: %d files instead of %d", what, files_in_folder(), files);
    bytes_free(&now);
}

static kal_node *picture(kal_scope *s, int32_t w, int32_t h, uint64_t seed)
{
    rng r = {seed};
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    return rng_image(&r, s, &e);
}

static const char *const formats[] = {"png", "jpg", "ppm", "heic", "avif", "webp", "tif"};
#define FORMATS (sizeof formats / sizeof *formats)

static bool can_write(const char *suffix)
{
    kal_scope *s = kal_scope_new();
    const bool ok = !kal_node_error(kal_encode(s, picture(s, 4, 4, 1), suffix, NULL), NULL);
    kal_scope_free(&s);
    return ok;
}

// ---- failures -----------------------------------------------------------------------------------

// A source that was cut or replaced after it was loaded, and one that is damaged.
static void test_bad_sources(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes good = encoded(picture(s, 300, 200, 1), "png", NULL),
              other = encoded(picture(s, 300, 200, 2), "png", NULL);
    for (size_t f = 0; f < FORMATS; f++) {
        if (!can_write(formats[f])) {
            check_skip("%s cannot be written here", formats[f]);
            continue;
        }
        char name[32];
        snprintf(name, sizeof name, "out.%s", formats[f]);
        const char *in = in_folder("in.png"), *out = in_folder(name);
        const kal_bytes old = {(unsigned char *)"old contents", 12};
        put_file(out, old.data, old.size);
        static const char *const ways[] = {"replaced", "shortened", "gone", "damaged"};
        for (int way = 0; way < 4; way++) {
            put_file(in, good.data, way == 3 ? good.size * 2 / 3 : good.size);
            kal_node *n = kal_load(NULL, in, NULL);
            REQUIRE_OK(kal_node_error(n, &check_error));
            if (way == 0) put_file(in, other.data, other.size);
            if (way == 1) put_file(in, good.data, good.size / 2);
            if (way == 2) remove(in);
            const kal_status st = kal_save(n, out, NULL, &never, &check_error);
            const kal_status want[] = {KAL_CHANGED, KAL_CHANGED, KAL_IO, KAL_CORRUPT};
            REQUIRE_NOTE(st == want[way] && strstr(check_error.message, "in.png") &&
                             check_error.about == KAL_ABOUT_INPUT,
                         "%s %s: %s: %s", formats[f], ways[way], kal_status_name(st),
                         st ? check_error.message : "");
            require_untouched(out, &old, 2 - (way == 2), ways[way]);
            kal_node_unref(&n);
        }
        remove(in);
        remove(out);
    }
    kal_bytes_free(&good), kal_bytes_free(&other);
    kal_scope_free(&s);
}

static void test_full_device(void)
{
    if (access("/dev/full", W_OK)) {
        check_skip("there is no /dev/full");
        return;
    }
    kal_scope *s = kal_scope_new();
    for (size_t f = 0; f < FORMATS; f++) {
        if (!can_write(formats[f])) continue;
        kal_node *n = kal_encode(s, picture(s, 200, 200, 3), formats[f], NULL);
        const char *path = "/dev/full";
        REQUIRE_FAILS(KAL_IO, kal_write_files(&n, &path, 1, &never, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, "/dev/full") && check_error.about == KAL_ABOUT_OUTPUT,
                     "%s: %s", formats[f], check_error.message);
    }
    struct stat st;
    REQUIRE(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));   // still the device
    kal_scope_free(&s);
}

// A disk that fills up while the file is being written: a limit on its size has the same effect.
static void test_full_disk(void)
{
    kal_scope *s = kal_scope_new();
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 20000;
    signal(SIGXFSZ, SIG_IGN);
    const char *out = in_folder("out.png");
    const kal_bytes before = {(unsigned char *)"before", 6};
    put_file(out, before.data, before.size);
    for (int size = 90; size <= 400; size += 310) {   // fails at the end, fails on the way
        kal_node *n = picture(s, size, size, 4);
        setrlimit(RLIMIT_FSIZE, &small);
        const kal_status st = kal_save(n, out, "compression=0", &never, &check_error);
        setrlimit(RLIMIT_FSIZE, &old);
        REQUIRE_NOTE(st == KAL_IO && strstr(check_error.message, "out.png") &&
                         check_error.about == KAL_ABOUT_OUTPUT,
                     "%s", check_error.message);
        require_untouched(out, &before, 1, "full disk");
    }
    remove(out);
    kal_scope_free(&s);
}

static void cannot_write(kal_node *n, const char *path)
{
    REQUIRE_FAILS(KAL_IO, kal_save(n, path, NULL, &never, &check_error));
    REQUIRE_NOTE(check_error.about == KAL_ABOUT_OUTPUT, "%s", check_error.message);
}

static void test_bad_places(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = picture(s, 20, 20, 5);
    cannot_write(n, in_folder("no/such/folder/out.png"));
    REQUIRE(strstr(check_error.message, "out.png"));
    mkdir(in_folder("dir.png"), 0777);
    cannot_write(n, in_folder("dir.png"));
    rmdir(in_folder("dir.png"));
    cannot_write(n, "/proc/out.png");
    REQUIRE_FAILS(KAL_INVALID, kal_save(n, in_folder("out"), NULL, &never, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_save(n, in_folder("out.xyz"), NULL, &never, &check_error));
    if (geteuid() == 0) {
        check_skip("root may write into a read-only folder; /proc stood for it");
    } else {
        chmod(folder, 0555);
        cannot_write(n, in_folder("out.png"));
        chmod(folder, 0777);
    }
    REQUIRE(files_in_folder() == 0);
    // one that cannot be written keeps all the others from appearing
    kal_node *both[] = {kal_encode(s, n, "png", NULL), kal_encode(s, n, "jpeg", NULL)};
    const char *paths[] = {in_folder("a.png"), in_folder("none/b.jpg")};
    REQUIRE_FAILS(KAL_IO, kal_write_files(both, paths, 2, &never, &check_error));
    REQUIRE(check_error.about == KAL_ABOUT_OUTPUT);
    REQUIRE(files_in_folder() == 0);
    kal_scope_free(&s);
}

// ---- successes ----------------------------------------------------------------------------------

static void test_in_place(void)
{
    kal_scope *s = kal_scope_new();
    for (size_t f = 0; f < 3; f++) {
        char name[32];
        snprintf(name, sizeof name, "same.%s", formats[f]);
        const char *path = in_folder(name);
        REQUIRE_OK(kal_save(picture(s, 301, 203, 6), path, NULL, &never, &check_error));
        kal_node *n = kal_invert(s, kal_load(s, path, NULL), NULL);
        kal_bytes want = encoded(n, formats[f], NULL);
        REQUIRE_OK(kal_save(n, path, NULL, &never, &check_error));
        require_untouched(path, &want, 1, "in is out");
        // what was loaded is no more
        REQUIRE_FAILS(KAL_CHANGED, kal_save(n, in_folder("late.png"), NULL, &never, &check_error));
        require_untouched(path, &want, 1, "late");
        kal_bytes_free(&want);
        remove(path);
    }
    kal_scope_free(&s);
}

static void test_links_and_modes(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = picture(s, 40, 30, 7);
    kal_bytes want = encoded(n, "png", NULL);
    const char *real = in_folder("real.png"), *link = in_folder("link.png"),
               *hanging = in_folder("hanging.png");
    struct stat st;
    put_file(real, "old", 3);
    chmod(real, 0640);
    REQUIRE(symlink("real.png", link) == 0);
    REQUIRE_OK(kal_save(n, link, NULL, &never, &check_error));
    REQUIRE(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    REQUIRE_NOTE(stat(real, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640, "mode %o",
                 st.st_mode);
    require_untouched(real, &want, 2, "through a link");
    REQUIRE(symlink("between.png", hanging) == 0 && symlink("nothing.png", in_folder("between.png")) == 0);
    REQUIRE_OK(kal_save(n, hanging, NULL, &never, &check_error));   // what it leads to is made
    require_untouched(in_folder("nothing.png"), &want, 5, "a link to nothing");
    REQUIRE(lstat(hanging, &st) == 0 && S_ISLNK(st.st_mode));
    remove(in_folder("nothing.png")), remove(in_folder("between.png"));
    REQUIRE(symlink("hanging.png", in_folder("between.png")) == 0);
    REQUIRE(remove(hanging) == 0 && symlink("between.png", hanging) == 0);
    cannot_write(n, hanging);
    REQUIRE(lstat(hanging, &st) == 0 && S_ISLNK(st.st_mode));
    REQUIRE(remove(hanging) == 0 && symlink("no folder/x.png", hanging) == 0);
    cannot_write(n, hanging);
    remove(in_folder("between.png"));
    remove(real), remove(link), remove(hanging);
    kal_bytes_free(&want);
    kal_scope_free(&s);
}

// ---- metadata -----------------------------------------------------------------------------------

static void check_carried(const kal_bytes *b, const kal_extent *e, bool keeps, bool stripped,
                          const char *what)
{
    kal_bytes exif = upright_exif(), icc = make_icc();
    kal_node *n = kal_load_bytes(NULL, b->data, b->size, NULL);
    kal_extent got = {0};
    REQUIRE_NOTE(!kal_node_extent(n, &got, &check_error) && extent_equal(&got, e), "%s: " EXTENT_FORMAT " %s",
                 what, EXTENT_ARGS(&got), check_error.message);
    keeps = keeps && !stripped;
    if (!strstr(
            what,
            "tif"))   // which is such a structure itself: it has fields, not the block, and fields.c looks at them
        require_meta(n, "exif", keeps ? exif.data : NULL, exif.size, what);   // upright, and saying so
    require_meta(n, "icc", keeps ? icc.data : NULL, icc.size, what);
    require_meta(n, "xmp", keeps ? XMP_TEXT : NULL, strlen(XMP_TEXT), what);
    kal_node_unref(&n);
    bytes_free(&exif), bytes_free(&icc);
}

// A JPEG that lies on its side, with all there is; then from format to format, always upright.
static void test_metadata(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes first = encoded(picture(s, 48, 32, 8), "jpeg", NULL), b = bytes_copy(first.data, first.size);
    kal_bytes exif = make_exif(6, true), icc = make_icc();
    add_to_jpeg(&b, &exif, &icc, XMP_TEXT);
    kal_node *photo = kal_load_bytes(s, b.data, b.size, NULL);
    const kal_extent e = extent_of(32, 48, 3, KAL_U8);
    for (size_t i = 0; i < FORMATS; i++) {
        if (!can_write(formats[i])) continue;
        char what[64];
        const bool keeps = strcmp(formats[i], "ppm") != 0;
        kal_bytes once = encoded(photo, formats[i], NULL);
        check_carried(&once, &e, keeps, false, formats[i]);
        for (size_t k = 0; k < FORMATS; k++) {
            if (!can_write(formats[k]) || !strcmp(formats[k], "ppm")) continue;
            snprintf(what, sizeof what, "%s to %s", formats[i], formats[k]);
            kal_node *again = kal_load_bytes(s, once.data, once.size, NULL);
            kal_bytes twice = encoded(again, formats[k], NULL),
                      bare = encoded(again, formats[k], "strip=true");
            check_carried(&twice, &e, keeps, false, what);
            check_carried(&bare, &e, keeps, true, what);
            kal_bytes_free(&twice), kal_bytes_free(&bare);
        }
        kal_bytes_free(&once);
    }
    kal_bytes_free(&first);
    bytes_free(&b), bytes_free(&exif), bytes_free(&icc);
    kal_scope_free(&s);
}

// Two saves to one file are refused, however the two are spelt; other names of one old file are two files.
static void test_one_file_twice(void)
{
    kal_scope *s = kal_scope_new();
    char sub[300], up[600], link[300], loose[300], loose2[300];
    snprintf(sub, sizeof sub, "%s", in_folder("sub"));
    snprintf(up, sizeof up, "%s/../a.png", sub);
    snprintf(link, sizeof link, "%s", in_folder("link"));
    snprintf(loose, sizeof loose, "%s", in_folder("loose.png"));
    snprintf(loose2, sizeof loose2, "%s", in_folder("loose2.png"));
    REQUIRE(!mkdir(sub, 0777) && !symlink("sub", link));
    kal_node *n[2] = {kal_encode(s, picture(s, 4, 4, 1), "png", NULL),
                      kal_encode(s, picture(s, 4, 4, 2), "png", NULL)};
    char dot[600], through[600], inside[600];
    snprintf(dot, sizeof dot, "%s/./a.png", folder);
    snprintf(through, sizeof through, "%s/b.png", link);
    snprintf(inside, sizeof inside, "%s/b.png", sub);
    const char *const pairs[][2] = {
        {in_folder("a.png"), dot}, {in_folder("a.png"), up}, {inside, through}, {loose, inside}};
    for (int old = 0; old < 2; old++) {   // none is there yet; then all are
        for (size_t i = 0; i < 3 + (size_t)old; i++) {
            REQUIRE_FAILS(KAL_INVALID, kal_write_files(n, pairs[i], 2, &never, &check_error));
            REQUIRE_NOTE(strstr(check_error.message, pairs[i][0]), "%s", check_error.message);
        }
        if (old) break;
        REQUIRE(access(pairs[0][0], F_OK) != 0 && access(inside, F_OK) != 0);
        REQUIRE_OK(kal_write_files(n, (const char *const[]){pairs[0][0], inside}, 2, &never, &check_error));
        REQUIRE(!symlink("sub/b.png", loose));
    }
    REQUIRE(!unlink(loose) && !symlink("nowhere", loose) && !symlink("nowhere", loose2));
    REQUIRE_FAILS(KAL_INVALID,
                  kal_write_files(n, (const char *const[]){loose, loose2}, 2, &never, &check_error));
    REQUIRE(!unlink(loose));
    REQUIRE_OK(kal_write_files(n, (const char *const[]){loose, inside}, 2, &never, &check_error));
    REQUIRE(!unlink(loose2) && !linkat(AT_FDCWD, loose, AT_FDCWD, loose2, 0));
    REQUIRE_OK(kal_write_files(n, (const char *const[]){loose, loose2}, 2, &never, &check_error));
    kal_extent e;
    kal_key keys[2];
    for (int i = 0; i < 2; i++) {
        kal_node *again = kal_load(s, i ? loose2 : loose, NULL);
        REQUIRE_OK(kal_node_extent(again, &e, &check_error));
        REQUIRE_OK(kal_content_key(again, &never, &keys[i], &check_error));
    }
    REQUIRE(!kal_key_equal(keys[0], keys[1]));
    kal_scope_free(&s);
}

// A profile for RGB is none for gray, and viewers refuse such files: it is left behind, and saving does not fail over it.
static void test_wrong_profile(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {9};
    const kal_extent e = extent_of(16, 16, 1, KAL_U8);
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), b = bytes_copy(jpeg.data, jpeg.size),
              icc = make_icc();
    add_to_jpeg(&b, NULL, &icc, NULL);
    kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
    require_meta(n, "icc", NULL, icc.size, "gray JPEG");
    kal_bytes png = encoded(n, "png", NULL);
    kal_extent got;
    void *p = decoded(png.data, png.size, NULL, &got);
    REQUIRE_NOTE(p && extent_equal(&e, &got), "%s", check_error.message);
    free(p);
    kal_bytes_free(&png), kal_bytes_free(&jpeg);
    bytes_free(&b), bytes_free(&icc);
    kal_scope_free(&s);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s", check_temp("folder"));
    REQUIRE(mkdir(folder, 0777) == 0);
    test_bad_sources();
    test_full_device();
    test_full_disk();
    test_bad_places();
    test_in_place();
    test_links_and_modes();
    test_metadata();
    test_wrong_profile();
    test_one_file_twice();
    kal_memo_clear(NULL);
    return check_done();
}
