// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees appear whole or not at all, whatever fails or stops them, and replace trees and nothing else.
#define _GNU_SOURCE   // nftw
#include "dz_trees.h"

#include "mem.h"

#include "../../io/target.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// ---- renames that fail --------------------------------------------------------------------------

// Those of the library come here. From the nth on, or only there, they fail, or there the process ends; `steps`: none exchanges.
static struct renames {
    int nth, n;
    bool dies, all, steps;
} renames;

static bool may_rename(void)
{
    const int n = ++renames.n;
    if (!renames.nth || n < renames.nth || (n > renames.nth && !renames.all)) return true;
    if (renames.dies) _exit(42);
    errno = EIO;
    return false;
}

int rename(const char *from, const char *to)
{
    return may_rename() ? (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
}

int renameat2(int in, const char *from, int out, const char *to, unsigned flags)
{
    if (renames.steps && flags) return errno = EINVAL, -1;
    return may_rename() ? (int)syscall(SYS_renameat2, in, from, out, to, flags) : -1;
}

// ---- whole or not at all ------------------------------------------------------------------------

// The old tree and nothing else.
static void require_old(const char *path, const kal_bytes *old, int files, const char *what, long at)
{
    kal_bytes now = get_file(path);
    REQUIRE_NOTE(now.size == old->size && (!now.size || !memcmp(now.data, old->data, now.size)),
                 "%s %ld: another file", what, at);
    REQUIRE_NOTE(files_below(folder) == files, "%s %ld: %d files, not %d", what, at, files_below(folder),
                 files);
    bytes_free(&now);
}

static void failures(const char *path, const char *probe, const char *params)
{
    kal_scope *s = kal_scope_new();
    rng r = {4};
    const kal_extent e = extent_of(150, 120, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e), *old = rng_image(&r, s, &e);
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 2};
    for (int there = 0; there < 2; there++) {
        if (there) REQUIRE_OK(save(old, in_folder(path), "", params, &fresh));
        kal_bytes was = get_file(in_folder(probe));
        const int files = files_below(folder), top = entries();
        kal_status st = KAL_NOMEM;
        for (long nth = 1; st == KAL_NOMEM && nth < 3000; nth++) {
            kal__fail_alloc(nth, false);
            st = save(n, in_folder(path), "", params, &o);
            kal__fail_alloc(0, false);
            if (st == KAL_NOMEM) require_old(in_folder(probe), &was, files, "memory", nth);
        }
        REQUIRE_NOTE(st == KAL_OK, "%s: %s", path, check_error.message);
        empty_folder();
        if (there) REQUIRE_OK(save(old, in_folder(path), "", params, &fresh));
        struct rlimit limit, small;
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &limit);
        st = KAL_IO;
        for (rlim_t most = 0; st == KAL_IO && most < 400000; most += most < 200 ? 25 : most / 3) {
            small = limit;
            small.rlim_cur = most;
            setrlimit(RLIMIT_FSIZE, &small);
            st = save(n, in_folder(path), "", params, &o);
            setrlimit(RLIMIT_FSIZE, &limit);
            if (st == KAL_IO) require_old(in_folder(probe), &was, files, "bytes", (long)most);
            if (st == KAL_IO) REQUIRE(entries() == top);
        }
        REQUIRE_NOTE(st == KAL_OK, "%s: %s", path, check_error.message);
        bytes_free(&was);
        empty_folder();
    }
    kal_scope_free(&s);
}

// Functions that take so many bytes and then fail.
typedef struct taker {
    size_t most, taken;
    int ends, aborts;
} taker;

static ptrdiff_t take(void *user, const void *data, size_t n, kal_error *err)
{
    taker *t = user;
    (void)data;
    if (t->taken + n > t->most) return kal_fail(err, KAL_IO, "no more"), -1;
    t->taken += n;
    return (ptrdiff_t)n;
}

static kal_status end(void *user, kal_error *err)
{
    (void)err;
    ((taker *)user)->ends++;
    return KAL_OK;
}

static void give_up(void *user)
{
    ((taker *)user)->aborts++;
}

static void failing_functions(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {6};
    const kal_extent e = extent_of(500, 420, 3, KAL_U8);
    kal_node *n = kal_encode(s, rng_image(&r, s, &e), "dz", "tile=64 suffix=ppm");
    kal_status st = KAL_IO;
    for (size_t most = 0; st == KAL_IO && most < (size_t)64 << 20; most += 70000) {
        taker t = {.most = most};
        const kal_output out = {.user = &t, .write = take, .end = end, .abort = give_up};
        st = kal_write_outputs(&n, &out, 1, &fresh, &check_error);
        REQUIRE_NOTE(t.ends == (st == KAL_OK) && t.aborts == (st != KAL_OK), "%zu bytes: %s", most,
                     check_error.message);
    }
    REQUIRE(st == KAL_OK);
    kal_scope_free(&s);
}

// Folders of p.dzi with a temporary name; `age`: as if of an hour ago.
static int temporaries(bool age)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, ".p_files", 8)) continue;
        n++;
        const struct timespec then[2] = {{.tv_sec = time(NULL) - 3600}, {.tv_sec = time(NULL) - 3600}};
        if (age) REQUIRE(!utimensat(dirfd(d), e->d_name, then, 0));
    }
    if (d) closedir(d);
    return n;
}

// What a killed process left goes with the next tree of that place; what somebody holds, is young, or has another name stays.
static void swept(kal_node *small)
{
    const int left = temporaries(true);
    REQUIRE(mkdir(in_folder(".p_files.kal-1-1"), 0777) == 0 &&
            mkdir(in_folder(".p_files.kal-1-x"), 0777) == 0);
    const int held = kal__tree_hold(in_folder(".p_files.kal-1-1"));
    REQUIRE(held >= 0 && temporaries(true) == left + 2 && mkdir(in_folder(".p_files.kal-1-2"), 0777) == 0);
    REQUIRE_OK(save(small, in_folder("p.dzi"), "", NULL, &fresh));
    REQUIRE_NOTE(temporaries(true) == 3, "%d of %d and 3 are there", temporaries(false), left);
    close(held);
    REQUIRE_OK(save(small, in_folder("p.dzi"), "", NULL, &fresh));
    REQUIRE_NOTE(temporaries(false) == 1 && !rmdir(in_folder(".p_files.kal-1-x")), "%d", temporaries(false));
}

static kal_cancel *cancel;

static void cancel_soon(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    (void)user, (void)phase;
    if (total && done > total / 2) kal_cancel_set(cancel);
}

// Tiles were written, and the request is stopped; or the process is.
static void stopped(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_noise(s, kal_noise_params(.width = 1500, .height = 1300, .channels = 3));
    kal_node *small = kal_noise(s, kal_noise_params(.width = 20, .height = 20, .channels = 3));
    REQUIRE_OK(save(small, in_folder("o.dzi"), "", NULL, &fresh));
    kal_bytes was = get_file(in_folder("o.dzi"));
    const int files = files_below(folder);
    cancel = kal_cancel_new();
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .cancel = cancel, .progress = cancel_soon};
    REQUIRE_FAILS(KAL_CANCELLED, save(n, in_folder("o.dzi"), "", "tile=32", &o));
    kal_cancel_free(&cancel);
    require_old(in_folder("o.dzi"), &was, files, "cancelled", 0);
    REQUIRE(entries() == 2);
    const pid_t child = fork();
    if (!child) {   // killed once it has written some
        for (;;) save(n, in_folder("p.dzi"), "", "tile=32 suffix=ppm", &fresh);
    }
    while (files_below(folder) < files + 100) usleep(1000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    kal_bytes now = get_file(in_folder("o.dzi"));
    REQUIRE(now.size == was.size && !memcmp(now.data, was.data, was.size));
    if (access(in_folder("p.dzi"), F_OK) == 0)   // then all of it is there
        REQUIRE(files_below(in_folder("p_files")) > 2500);
    swept(small);
    bytes_free(&now);
    bytes_free(&was);
    kal_scope_free(&s);
    empty_folder();
}

// ---- what is there already ----------------------------------------------------------------------

static void replacing(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {7};
    const kal_extent large = extent_of(400, 300, 3, KAL_U8), small = extent_of(40, 30, 3, KAL_U8);
    kal_node *a = rng_image(&r, s, &large), *b = rng_image(&r, s, &small);
    REQUIRE_OK(save(a, in_folder("o.dzi"), "", "tile=64", &fresh));
    REQUIRE(files_below(folder) > 40);
    chmod(in_folder("o_files"), 0750);
    REQUIRE_OK(save(b, in_folder("o.dzi"), "", NULL, &fresh));
    REQUIRE_NOTE(files_below(folder) == 1 + 7, "%d files", files_below(folder));
    struct stat st;
    REQUIRE(stat(in_folder("o_files"), &st) == 0 && (st.st_mode & 07777) == 0750);
    REQUIRE_OK(save(a, in_folder("i"), "iiif", "tile=64", &fresh));
    REQUIRE_OK(save(b, in_folder("i/"), "iiif", NULL, &fresh));
    REQUIRE_NOTE(files_below(in_folder("i")) == 4 && entries() == 3, "%d files", files_below(in_folder("i")));
    REQUIRE(symlink("i", in_folder("link")) == 0);   // what it points to is replaced
    REQUIRE_OK(save(a, in_folder("link"), "iiif", NULL, &fresh));
    REQUIRE(files_below(in_folder("i")) > 4 && lstat(in_folder("link"), &st) == 0 && S_ISLNK(st.st_mode));
    empty_folder();

    // folders that are no trees, a file where a folder would be, a folder where a file would
    const char *const no_trees[] = {"p/2024/1.jpg", "p/notes.txt", "p_files/page.css"};
    for (int i = 0; i < 3; i++) {
        char path[400];
        snprintf(path, sizeof path, "%s", in_folder(no_trees[i]));
        for (char *c = strchr(path + strlen(folder) + 1, '/'); c; c = strchr(c + 1, '/')) {
            *c = 0;
            mkdir(path, 0777);
            *c = '/';
        }
        put_file(path, "x", 1);
        REQUIRE_FAILS(KAL_IO, i < 2 ? save(b, in_folder("p"), "iiif", NULL, &fresh)
                                    : save(b, in_folder("p.dzi"), "", NULL, &fresh));
        REQUIRE_NOTE(strstr(check_error.message, "no tree"), "%s", check_error.message);
        REQUIRE(files_below(folder) == 1 && entries() == 1);
        empty_folder();
    }
    put_file(in_folder("f"), "x", 1);
    REQUIRE_FAILS(KAL_IO, save(b, in_folder("f"), "iiif", NULL, &fresh));
    REQUIRE(files_below(folder) == 1);
    mkdir(in_folder("d.dzi"), 0777);
    REQUIRE_FAILS(KAL_IO, save(b, in_folder("d.dzi"), "", NULL, &fresh));
    REQUIRE_FAILS(KAL_IO, save(b, in_folder("not/there.dzi"), "", NULL, &fresh));
    REQUIRE(files_below(folder) == 1 && entries() == 2);
    empty_folder();
    kal_scope_free(&s);
}

// A file below the folder, and the folders it is in.
static void put_below(const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s", in_folder(name));
    for (char *c = strchr(path + strlen(folder) + 1, '/'); c; c = strchr(c + 1, '/')) {
        *c = 0;
        mkdir(path, 0777);
        *c = '/';
    }
    if (path[strlen(path) - 1] != '/') put_file(path, text, strlen(text));
}

// Trees in which something lies that none of ours has, at any depth; and what says that it is a tree does not.
static void foreign(void)
{
    static const struct {
        const char *target, *layout;   // saved first unless that is NULL
        const char *adds, *text, *more, *says;
    } rows[] = {
        {"p.dzi", NULL, "p_files/1/thesis.txt", "x", "p_files/2/photo.raw", "p.dzi is not there"},
        {"p.dzi", NULL, "p_files/1/0_0.jpg", "x", "p_files/2/0_0.jpg", "p.dzi is not there"},
        {"p.dzi", "deepzoom", "p.dzi", "<Image>a list of mine</Image>", NULL, "p.dzi is not there or tells"},
        {"p.dzi", "deepzoom", "p_files/3/thesis.txt", "x", NULL, "\"3/thesis.txt\""},
        {"p.dzi", "deepzoom", "p_files/3/0_0.notes", "x", NULL, "\"3/0_0.notes\""},
        {"p.dzi", "deepzoom", "p_files/3/00_1.jpg", "x", NULL, "\"3/00_1.jpg\""},
        {"p.dzi", "deepzoom", "p_files/2024/0_0.jpg", "x", NULL, "\"2024\""},
        {"p.dzi", "deepzoom", "p_files/3/4/0_0.jpg", "x", NULL, "\"3/4\""},
        {"p.dzi", "deepzoom", "p_files/3/0_9.jpg/", "x", NULL, "\"3/0_9.jpg\""},
        {"p.dzi", "deepzoom", "p_files/drafts/", "x", NULL, "\"drafts\""},
        {"p.dzi", "deepzoom", "p_files/info.json", "x", NULL, "\"info.json\""},
        {"p", NULL, "p/full/thesis.txt", "x", "p/info.json", "info.json"},
        {"p", NULL, "p/info.json", "{\"@context\": \"https://schema.org\"}", NULL, "info.json"},
        {"p", NULL, "p/tiles.json", "[]", NULL, "tiles.json"},
        {"p", "iiif", "p/full/thesis.txt", "x", "p/12/", "no tree"},
        {"p", "iiif", "p/full/thesis.txt", "x", NULL, "\"full/thesis.txt\""},
        {"p", "iiif", "p/full/max/0/thesis.pdf", "x", NULL, "\"full/max/0/thesis.pdf\""},
        {"p", "iiif2", "p/0,0,40,30/40,/0/color.jpg", "x", NULL, "\"0,0,40,30/40,/0/color.jpg\""},
        {"p", "iiif", "p/0,0,40,30/40,30/1/default.jpg", "x", NULL, "\"0,0,40,30/40,30/1\""},
        {"p", "google", "p/0/0/cat.jpg", "x", NULL, "\"0/0/cat.jpg\""},
        {"p", "google", "p/0/thesis.txt", "x", NULL, "\"0/thesis.txt\""},
        {"p", "google", "p/0/0/0/0.jpg", "x", NULL, "\"0/0/0\""},
    };
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_noise(s, kal_noise_params(.width = 40, .height = 30, .channels = 3));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *layout = rows[i].layout ? rows[i].layout : strchr(rows[i].target, '.') ? "" : "iiif";
        char params[40] = "";
        if (rows[i].layout) {
            snprintf(params, sizeof params, "layout=%s", layout);
            REQUIRE_OK(save(n, in_folder(rows[i].target), layout, params, &fresh));
            REQUIRE_OK(save(n, in_folder(rows[i].target), layout, params, &fresh));   // so far it may go
        }
        put_below(rows[i].adds, rows[i].text);
        if (rows[i].more) put_below(rows[i].more, "x");
        const int files = files_below(folder), top = entries();
        REQUIRE_FAILS(KAL_IO, save(n, in_folder(rows[i].target), layout, params, &fresh));
        const char *path = in_folder(rows[i].target);
        REQUIRE_NOTE(!strncmp(check_error.message, path, strlen(path)) &&
                         check_error.message[strlen(path)] == ':' &&
                         strstr(check_error.message, rows[i].says),
                     "row %zu: %s", i, check_error.message);
        REQUIRE_NOTE(files_below(folder) == files && entries() == top, "row %zu: %d files of %d", i,
                     files_below(folder), files);
        empty_folder();
    }
    // a link in a tree is none of ours, whatever it points to; an empty folder may go
    REQUIRE_OK(save(n, in_folder("p.dzi"), "", NULL, &fresh));
    REQUIRE(symlink("0_0.jpg", in_folder("p_files/0/1_0.jpg")) == 0);
    REQUIRE_FAILS(KAL_IO, save(n, in_folder("p.dzi"), "", NULL, &fresh));
    empty_folder();
    mkdir(in_folder("p_files"), 0777);
    REQUIRE_OK(save(n, in_folder("p.dzi"), "", NULL, &fresh));
    // what libvips puts into a tree
    put_below("p_files/vips-properties.xml", "<image/>");
    REQUIRE_OK(save(n, in_folder("p.dzi"), "", NULL, &fresh));
    REQUIRE(access(in_folder("p_files/vips-properties.xml"), F_OK) != 0);
    kal_scope_free(&s);
    empty_folder();
}

// The folder of the tiles is elsewhere, and a link is where it would be.
static void linked_folder(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_noise(s, kal_noise_params(.width = 300, .height = 30, .channels = 3));
    struct stat st;
    mkdir(in_folder("disk"), 0777);
    mkdir(in_folder("disk/tiles"), 0777);
    REQUIRE(symlink("disk/tiles", in_folder("o_files")) == 0);
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK(save(n, in_folder("o.dzi"), "", NULL, &fresh));
        REQUIRE(lstat(in_folder("o_files"), &st) == 0 && S_ISLNK(st.st_mode));
        REQUIRE(files_below(in_folder("disk/tiles")) == 11 && entries() == 3);
    }
    kal_scope_free(&s);
    empty_folder();
}

// Two trees in one folder, however it is meant.
static void one_folder_twice(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {17};
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e),
             *n[2] = {kal_encode(s, image, "dzi", NULL), kal_encode(s, image, "iiif", NULL)};
    const char *const pairs[][2] = {{in_folder("t.dzi"), in_folder("t_files")},
                                    {in_folder("t.dzi"), in_folder("link_files")},
                                    {in_folder("t.dzi"), in_folder("t.iiif")}};
    REQUIRE(symlink("t_files", in_folder("link_files")) == 0);
    for (int i = 0; i < 2; i++) {
        REQUIRE_FAILS(KAL_INVALID, kal_write_files(n, pairs[i], 2, &fresh, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, "two pictures would be written there"), "%s",
                     check_error.message);
    }
    REQUIRE(files_below(folder) == 0);
    REQUIRE_OK(kal_write_files(n, pairs[2], 2, &fresh, &check_error));
    kal_scope_free(&s);
    empty_folder();
}

// Without the right to everything that root has; of the calling process, which is a child.
static void be_nobody(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    if (syscall(SYS_capset, &head, none) != 0) _exit(99);
}

static int status_of(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

// A tree that may only be read is replaced by one that may only be read.
static void read_only(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_noise(s, kal_noise_params(.width = 300, .height = 30, .channels = 3));
    REQUIRE_OK(save(n, in_folder("o.dzi"), "", "tile=20", &fresh));
    chmod(in_folder("o_files"), 0555);
    const pid_t child = fork();
    if (!child) {
        be_nobody();
        const kal_status st = save(n, in_folder("o.dzi"), "", NULL, &fresh);
        if (st) fprintf(stderr, "%s\n", check_error.message);
        _exit((int)st);
    }
    struct stat st;
    REQUIRE(status_of(child) == KAL_OK);
    REQUIRE(stat(in_folder("o_files"), &st) == 0 && (st.st_mode & 07777) == 0555);
    REQUIRE(files_below(in_folder("o_files")) == 11 && entries() == 2);
    kal_scope_free(&s);
    empty_folder();
}

// Each rename in turn fails, or is where the process dies, with and without a system that exchanges in one step: under the target's name there is
// always a descriptor with a whole tree; and when all of them fail from one on, the old tiles are somewhere.
static void each_rename(void)
{
    static const struct {
        const char *target, *layout;
    } kinds[] = {{"o.dzi", ""}, {"o", "iiif"}};
    kal_scope *s = kal_scope_new();
    kal_node *old = kal_noise(s, kal_noise_params(.width = 500, .height = 20, .channels = 3));
    kal_node *now = kal_noise(s, kal_noise_params(.width = 20, .height = 20, .channels = 3));
    for (int i = 0; i < 2 * 2 * 3; i++) {
        const int kind = i % 2, way = i / 4;   // it fails, dies, or all fail
        const char *path = in_folder(kinds[kind].target);
        bool over = false;
        for (int nth = 1; !over && nth < 9; nth++) {
            empty_folder();
            REQUIRE_OK(save(old, path, kinds[kind].layout, "tile=16", &fresh));
            const char *tells = in_folder(kind ? "o/info.json" : "o.dzi");
            kal_bytes was = get_file(tells);
            const int files = files_below(folder);
            const pid_t child = fork();
            if (!child) {
                renames = (struct renames){.nth = nth, .dies = way == 1, .all = way == 2, .steps = i / 2 % 2};
                const kal_status st = save(now, path, kinds[kind].layout, "tile=16", &fresh);
                if (!renames.steps && renames.n < nth && st) fprintf(stderr, "%s\n", check_error.message);
                _exit(st ? 1 : renames.n < nth ? 0 : 2);
            }
            const int end = status_of(child);
            over = end == 0;
            REQUIRE_NOTE(end <= 2 || end == 42, "%d", end);
            if (way == 0 && end == 1) require_old(tells, &was, files, "rename", nth);
            if (way == 0 && end == 1) REQUIRE_NOTE(entries() == 2 - kind, "%d", entries());
            if (way == 1 && !kind) REQUIRE_NOTE(access(tells, F_OK) == 0, "dead at rename %d", nth);
            if (way == 2 && end == 1)
                REQUIRE_NOTE(files_below(folder) >= files, "all from %d on: %d files", nth,
                             files_below(folder));
            bytes_free(&was);
        }
        REQUIRE(over);
    }
    kal_scope_free(&s);
    empty_folder();
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s", check_temp("trees"));
    mkdir(folder, 0777);
    failures("f.dzi", "f.dzi", "tile=64 suffix=png");
    failures("g", "g/info.json", "layout=iiif tile=64 suffix=png");
    failures("h.szi", "h.szi", "tile=64");
    failing_functions();
    stopped();
    replacing();
    foreign();
    linked_folder();
    one_folder_twice();
    read_only();
    each_rename();
    return check_done();
}
