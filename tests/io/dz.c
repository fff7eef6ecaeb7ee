// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees: each tile is the file that cutting it out of its level gives, the levels halved here by the words of docs/notes/codecs.md; the same bytes
// from any number of threads and with little memory; trees appear whole or not at all, replace trees and nothing else. Beside other programs: dz_peers.sh.
#define _GNU_SOURCE   // nftw
#include "files.h"

#include "mem.h"

#include <errno.h>
#include <ftw.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

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

// ---- a folder to work in ------------------------------------------------------------------------

static char folder[256];

static const char *in_folder(const char *name)
{
    static char paths[8][700];
    static int next;
    char *p = paths[next++ & 7];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static int n_files;

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)path, (void)st, (void)at;
    n_files += kind == FTW_F;
    return 0;
}

static int files_below(const char *path)
{
    n_files = 0;
    nftw(path, count_one, 16, FTW_PHYS);
    return n_files;
}

// Of whatever kind, at the top.
static int entries(void)
{
    int n = -2;   // . and ..
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void empty_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mkdir(folder, 0777);
}

// ---- tiles --------------------------------------------------------------------------------------

typedef struct tree {
    const char *params, *layout, *suffix, *of_tiles;   // the format's own parameters for a tile
    int tile, overlap;
    kal_extent e;
} tree;

static const tree trees[] = {
    {"tile=64", "deepzoom", "jpg", NULL, 64, 1, {333, 210, 3, KAL_U8, KAL_RGB, false}},
    {"", "deepzoom", "jpg", NULL, 254, 1, {509, 255, 3, KAL_U8, KAL_RGB, false}},
    {"tile=16 overlap=16 suffix=png", "deepzoom", "png", NULL, 16, 16, {65, 47, 4, KAL_U8, KAL_RGB, true}},
    {"tile=17 overlap=0 suffix=png", "deepzoom", "png", NULL, 17, 0, {101, 120, 1, KAL_U16, KAL_GRAY, false}},
    {"tile=33 overlap=4 suffix=png", "deepzoom", "png", NULL, 33, 4, {67, 33, 2, KAL_U16, KAL_GRAY, true}},
    {"tile=21 suffix=tif", "deepzoom", "tif", NULL, 21, 1, {70, 70, 1, KAL_F32, KAL_GRAY, false}},
    {"tile=21 suffix=qoi", "deepzoom", "qoi", NULL, 21, 1, {64, 1, 3, KAL_U8, KAL_RGB, false}},
    {"tile=16 suffix=ppm overlap=3", "deepzoom", "ppm", NULL, 16, 3, {1, 1, 3, KAL_U8, KAL_RGB, false}},
    {"tile=40 suffix=webp quality=50",
     "deepzoom",
     "webp",
     "quality=50",
     40,
     1,
     {99, 41, 3, KAL_U8, KAL_RGB, false}},
    {"tile=64 quality=35", "iiif", "jpg", "quality=35", 64, 0, {333, 211, 3, KAL_U8, KAL_RGB, false}},
    {"layout=iiif2 tile=33", "iiif2", "jpg", NULL, 33, 0, {100, 67, 1, KAL_U8, KAL_GRAY, false}},
    {"layout=iiif2 suffix=png tile=16", "iiif2", "png", NULL, 16, 0, {1, 300, 3, KAL_U8, KAL_RGB, false}},
    {"layout=iiif suffix=png", "iiif", "png", NULL, 256, 0, {256, 256, 3, KAL_U8, KAL_RGB, false}},
    {"layout=iiif tile=128", "iiif", "jpg", NULL, 128, 0, {1500, 260, 3, KAL_U8, KAL_RGB, false}},
    {"layout=google tile=32 suffix=png", "google", "png", NULL, 32, 0, {100, 75, 4, KAL_U8, KAL_RGB, true}},
    {"layout=google", "google", "jpg", NULL, 256, 0, {700, 300, 3, KAL_U8, KAL_RGB, false}},
};

static double sample(const kal_extent *e, const unsigned char *from, int32_t x, int32_t y, int32_t c)
{
    x = x < e->width ? x : e->width - 1, y = y < e->height ? y : e->height - 1;
    const size_t at = ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)c;
    if (e->type == KAL_U8) return from[at];
    if (e->type == KAL_U16) return ((const uint16_t *)(const void *)from)[at];
    return ((const float *)(const void *)from)[at];
}

// Means of four, of colours weighted by alpha where there is some, the last row and column twice where they are odd.
static unsigned char *half(const kal_extent *e, const unsigned char *from, kal_extent *out)
{
    *out = *e;
    out->width = (e->width + 1) / 2, out->height = (e->height + 1) / 2;
    unsigned char *to = malloc(bytes_of(out));
    for (int32_t i = 0; i < out->width * out->height * e->channels; i++) {
        const int32_t c = i % e->channels, x = i / e->channels % out->width, y = i / e->channels / out->width;
        double sum = 0, weight = 0;
        float real = 0;
        for (int k = 0; k < 4; k++) {
            const double s = sample(e, from, 2 * x + k % 2, 2 * y + k / 2, c);
            const bool weighted = e->alpha && c < e->channels - 1;
            const double w = weighted ? sample(e, from, 2 * x + k % 2, 2 * y + k / 2, e->channels - 1) : 1;
            sum += w * s;
            weight += w;
            real += (float)s;
        }
        const long mean = weight > 0 ? (long)((sum + (double)((long)weight / 2)) / weight) : 0;
        if (e->type == KAL_U8) to[i] = (unsigned char)mean;
        if (e->type == KAL_U16) ((uint16_t *)(void *)to)[i] = (uint16_t)mean;
        if (e->type == KAL_F32) ((float *)(void *)to)[i] = real / 4;
    }
    return to;
}

// A file must be what the codec makes of this part.
static bool require_tile(const tree *t, const kal_extent *e, const unsigned char *pixels, kal_rect r,
                         const char *name)
{
    kal_scope *s = kal_scope_new();
    kal_node *n =
        kal_crop(s, node_of(s, e, pixels),
                 kal_crop_params(.x = r.x0, .y = r.y0, .width = r.x1 - r.x0, .height = r.y1 - r.y0));
    const bool padded = !strcmp(t->layout, "google") && (r.x1 - r.x0 < t->tile || r.y1 - r.y0 < t->tile);
    if (padded) {
        const double most = e->type == KAL_U8 ? 255 : 65535;
        const double white[4] = {most, most, most, most}, clear[4] = {0};
        n = kal_embed(s, n,
                      kal_embed_params(.x = 0, .y = 0, .width = t->tile, .height = t->tile,
                                       .edge = KAL_EDGE_FILL,
                                       .color = {e->alpha ? clear : white, (size_t)e->channels}));
    }
    kal_bytes want = encoded(n, t->suffix, t->of_tiles), got = get_file(name);
    const bool same = REQUIRE_NOTE(got.size == want.size && !memcmp(got.data, want.data, got.size),
                                   "%s \"%s\": %zu bytes, not %zu", name, t->params, got.size, want.size);
    bytes_free(&got);
    kal_bytes_free(&want);
    kal_scope_free(&s);
    return same;
}

static void tile_name(const tree *t, const kal_extent *whole, int level, int n, int32_t x, int32_t y,
                      kal_rect r, char *name)
{
    const int64_t side = (int64_t)t->tile << level, x0 = x * side, y0 = y * side;
    const int64_t w = whole->width - x0 < side ? whole->width - x0 : side;
    const int64_t h = whole->height - y0 < side ? whole->height - y0 : side;
    if (!strcmp(t->layout, "deepzoom")) sprintf(name, "t_files/%d/%d_%d.%s", n - 1 - level, x, y, t->suffix);
    if (!strcmp(t->layout, "google")) sprintf(name, "t/%d/%d/%d.%s", n - 1 - level, y, x, t->suffix);
    if (!strcmp(t->layout, "iiif"))
        sprintf(name, "t/%d,%d,%d,%d/%d,%d/0/default.%s", (int)x0, (int)y0, (int)w, (int)h, r.x1 - r.x0,
                r.y1 - r.y0, t->suffix);
    if (!strcmp(t->layout, "iiif2"))
        sprintf(name, "t/%d,%d,%d,%d/%d,/0/default.%s", (int)x0, (int)y0, (int)w, (int)h, r.x1 - r.x0,
                t->suffix);
}

static char seen[1 << 20];

// IIIF: a few pixels at the edge may have the same region and size at two scales; the larger one, which comes first, is there.
static bool seen_before(const char *name)
{
    char key[204];
    snprintf(key, sizeof key, "|%s|", name);
    const bool before = strstr(seen, key) != NULL;
    if (!before) strcat(seen, key);
    return before;
}

// Returns how many files there should be.
static int require_level(const tree *t, const kal_extent *whole, const kal_extent *e,
                         const unsigned char *pixels, int level, int n)
{
    int files = 0;
    char name[200];
    for (int32_t y = 0; y * t->tile < e->height; y++)
        for (int32_t x = 0; x * t->tile < e->width; x++, files++) {
            kal_rect r = kal_rect_of(x * t->tile - t->overlap, y * t->tile - t->overlap,
                                     (x + 1) * t->tile + t->overlap, (y + 1) * t->tile + t->overlap);
            if (r.x0 < 0) r.x0 = 0;
            if (r.y0 < 0) r.y0 = 0;
            if (r.x1 > e->width) r.x1 = e->width;
            if (r.y1 > e->height) r.y1 = e->height;
            tile_name(t, whole, level, n, x, y, r, name);
            if (seen_before(name))
                files--;
            else
                require_tile(t, e, pixels, r, in_folder(name));
        }
    if (strncmp(t->layout, "iiif", 4) || e->width > 1024 || e->height > 1024) return files;
    const bool two = !strcmp(t->layout, "iiif2");
    if (two)
        sprintf(name, "t/full/%d,/0/default.%s", e->width, t->suffix);
    else
        sprintf(name, "t/full/%d,%d/0/default.%s", e->width, e->height, t->suffix);
    if (seen_before(name)) return files;
    require_tile(t, e, pixels, kal_rect_all(e), in_folder(name));
    const bool largest = 2 * e->width > 1025 + (e->width & 1) || !level;
    if (largest) sprintf(name, "t/full/max/0/default.%s", t->suffix);
    if (largest) require_tile(t, e, pixels, kal_rect_all(e), in_folder(name));
    return files + 1 + largest + (two && !level);
}

static int count_levels(const tree *t)
{
    const int least = strcmp(t->layout, "deepzoom") ? t->tile : 1;
    int n = 1;
    for (int32_t w = t->e.width, h = t->e.height; w > least || h > least; n++)
        w = (w + 1) / 2, h = (h + 1) / 2;
    return n;
}

static void require_tree(const tree *t, unsigned char *pixels)
{
    const int n = count_levels(t);
    int files = 1;
    kal_extent e = t->e, next;
    seen[0] = 0;
    for (int level = 0; level < n; level++) {
        files += require_level(t, &t->e, &e, pixels, level, n);
        unsigned char *smaller = half(&e, pixels, &next);
        free(pixels);
        pixels = smaller;
        e = next;
    }
    free(pixels);
    REQUIRE_NOTE(files_below(folder) == files, "\"%s\": %d files, not %d", t->params, files_below(folder),
                 files);
}

static kal_status save(kal_node *image, const char *path, const char *layout, const char *params,
                       const kal_options *o)
{
    kal_node *n = kal_encode(NULL, image, strcmp(layout, "iiif") ? "dzi" : "iiif", params);
    const kal_status st = kal_write_files(&n, &path, 1, o, &check_error);
    kal_node_unref(&n);
    return st;
}

static void every_tile(void)
{
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        const tree *t = &trees[i];
        const bool beside = !strcmp(t->layout, "deepzoom");
        rng r = {i + 1};
        kal_scope *s = kal_scope_new();
        kal_node *n = rng_image(&r, s, &t->e);
        kal_node *tried = kal_encode(s, n, t->suffix, NULL);
        if (kal_node_error(tried, NULL)) {
            check_skip("%s cannot be written here", t->suffix);
            kal_scope_free(&s);
            continue;
        }
        for (int threads = 1; threads <= 4; threads += 3) {
            empty_folder();
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads};
            if (REQUIRE_OK(save(n, in_folder(beside ? "t.dzi" : "t"), t->layout, t->params, &o)))
                require_tree(t, read_all(n, NULL, NULL));
        }
        kal_scope_free(&s);
    }
    empty_folder();
}

// Any size, tile and overlap.
static void random_trees(void)
{
    static const char *const layouts[] = {"deepzoom", "iiif", "iiif2", "google"};
    rng r = {11};
    for (int i = 0; i < 60; i++) {
        char params[100];
        const char *layout = layouts[rng_below(&r, 5) % 4];
        const bool beside = !strcmp(layout, "deepzoom");
        const kal_type types[] = {KAL_U8, KAL_U8, KAL_U16};
        const int tile = 16 + rng_below(&r, 40), overlap = beside ? rng_below(&r, tile + 1) : 0;
        const kal_extent e = extent_of(1 + rng_below(&r, 160), 1 + rng_below(&r, 160), 1 + rng_below(&r, 4),
                                       types[rng_below(&r, 3)]);
        snprintf(params, sizeof params, "layout=%s suffix=png tile=%d overlap=%d", layout, tile, overlap);
        const tree t = {params, layout, "png", NULL, tile, overlap, e};
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1 + rng_below(&r, 4)};
        kal_scope *s = kal_scope_new();
        kal_node *n = rng_image(&r, s, &e);
        empty_folder();
        if (REQUIRE_OK(save(n, in_folder(beside ? "t.dzi" : "t"), layout, params, &o)))
            require_tree(&t, read_all(n, NULL, NULL));
        kal_scope_free(&s);
    }
    empty_folder();
}

// ---- one run of bytes ---------------------------------------------------------------------------

static const char *const forms[] = {"tile=64",
                                    "tile=33 overlap=0",
                                    "tile=20 overlap=20",
                                    "tile=100 overlap=7",
                                    "layout=iiif tile=64",
                                    "layout=google tile=50 suffix=png"};
#define FORMS (sizeof forms / sizeof *forms)

static void any_threads(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_gaussian(s, kal_noise(s, kal_noise_params(.width = 1203, .height = 711, .channels = 3)),
                               kal_gaussian_params(.sigma = 3));
    for (size_t i = 0; i < FORMS; i++) {
        kal_bytes first = {0};
        for (int k = 0; k < 6; k++) {
            const kal_options o = {.memo_mode = k == 4 ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER,
                                   .threads = k < 4 ? 1 + k : 8,
                                   .band = k == 3 ? 7 : 0,
                                   .max_memory = k == 5 ? (size_t)4 << 20 : 0};
            kal_bytes b = {0};
            REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "dz", forms[i]), &o, &b, &check_error));
            REQUIRE_NOTE(!k || (b.size == first.size && !memcmp(b.data, first.data, b.size)), "%s: way %d",
                         forms[i], k);
            if (k) kal_bytes_free(&b);
            if (!k) first = b;
        }
        kal_bytes_free(&first);
    }
    kal_scope_free(&s);
}

// What stands at a place, lowest byte first.
static uint64_t number(const unsigned char *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

// The archive by the words of PKWARE's APPNOTE: each entry of the directory at the end is where it says, with the CRC it says. NAME that it has must
// be there. `many`: the numbers are in the fields of ZIP64.
static void require_archive(const kal_bytes *b, const char *has, uint64_t entries, bool many)
{
    const unsigned char *end = b->data + b->size - 22;
    if (!REQUIRE(b->size > 22 && number(end, 4) == 0x06054b50)) return;
    uint64_t n = number(end + 10, 2), at = number(end + 16, 4);
    REQUIRE((n == 0xffff) == many);
    if (many) {
        const unsigned char *where = end - 20, *end64 = b->data + number(where + 8, 8);
        if (!REQUIRE(number(where, 4) == 0x07064b50 && number(end64, 4) == 0x06064b50)) return;
        n = number(end64 + 32, 8);
        at = number(end64 + 48, 8);
    }
    REQUIRE_NOTE(n == entries, "%llu entries", (unsigned long long)n);
    bool found = false, sound = true;
    for (const unsigned char *p = b->data + at; n && sound; n--) {
        const uint64_t size = number(p + 24, 4), name = number(p + 28, 2);
        const unsigned char *local = b->data + number(p + 42, 4);
        sound = number(p, 4) == 0x02014b50 && number(local, 4) == 0x04034b50 && number(local + 8, 2) == 0 &&
                !memcmp(p + 46, local + 30, name) && number(local + 18, 4) == size &&
                number(p + 16, 4) == crc32(0, local + 30 + name, (uInt)size);
        found |= strlen(has) == name && !memcmp(p + 46, has, name);
        p += 46 + name + number(p + 30, 2);
    }
    REQUIRE_NOTE(found && sound, "%s: %s", has, sound ? "not there" : "an entry is not as it says");
}

static void archives(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e);
    const char *paths[] = {"a.szi", "b.zip", "c.szi"}, *params[] = {NULL, NULL, "layout=iiif"};
    const char *has[] = {"a/a.dzi", "b/b_files/8/0_0.jpg", "c/info.json"};
    for (int i = 0; i < 3; i++) {
        REQUIRE_OK(kal_save(n, in_folder(paths[i]), params[i], &fresh, &check_error));
        kal_bytes b = get_file(in_folder(paths[i]));
        require_archive(&b, has[i], i < 2 ? 2 + 1 + 9 : 1 + 2 + 1 + 3, false);
        bytes_free(&b);
    }
    REQUIRE(entries() == 3);
    // names that would lead elsewhere where it is unpacked
    const char *const odd[] = {"...zip", "..zip", "..\\x.zip", "a\nb.zip", "\x7f.zip"};
    for (int i = 0; i < 5; i++) {
        REQUIRE_OK(save(n, in_folder(odd[i]), "", NULL, &fresh));
        kal_bytes b = get_file(in_folder(odd[i]));
        require_archive(&b, "image/image.dzi", 2 + 1 + 9, false);
        bytes_free(&b);
    }
    kal_bytes b = encoded(n, "dz", NULL);
    require_archive(&b, "image/image_files/0/0_0.jpg", 2 + 1 + 9, false);
    kal_bytes_free(&b);
    // more entries than the old fields hold
    const kal_extent wide = extent_of(4096, 3300, 1, KAL_U8);
    kal_node *flat =
        kal_noise(s, kal_noise_params(.width = wide.width, .height = wide.height, .channels = 1));
    b = encoded(flat, "dz", "tile=16 overlap=0 suffix=pgm layout=google");
    uint64_t tiles = 1;
    for (int32_t w = 4096, h = 3300;; w = (w + 1) / 2, h = (h + 1) / 2) {
        tiles += (uint64_t)((w + 15) / 16) * (uint64_t)((h + 15) / 16);
        if (w <= 16 && h <= 16) break;
    }
    REQUIRE(tiles > 65535);
    require_archive(&b, "image/0/0/0.pgm", tiles, true);
    kal_bytes_free(&b);
    kal_scope_free(&s);
    empty_folder();
}

// Places beyond 4 GiB: the entries after a hole that nobody writes.
static uint64_t last_place;
static kal_status count_bytes(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    (void)err;
    const unsigned char *p = data;
    if (n >= 46 && number(p, 4) == 0x02014b50) last_place = number(p + n - 8, 8);
    w->written += n;
    return KAL_OK;
}
static kal_status well(kal__writer *w, kal_error *err)
{
    (void)w, (void)err;
    return KAL_OK;
}

static void beyond_4_gib(void)
{
    kal__writer to = {.write = count_bytes, .finish = well, .commit = well}, *zip;
    if (!REQUIRE_OK(kal__write_zip(&to, &zip, &check_error))) return;
    REQUIRE_OK(zip->file(zip, "a", "x", 1, &check_error));
    to.written += (uint64_t)5 << 30;
    const uint64_t at = to.written;
    REQUIRE_OK(zip->file(zip, "b", "y", 1, &check_error));
    REQUIRE_OK(zip->commit(zip, &check_error));
    REQUIRE(last_place == at);
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

// ---- what it cannot hold ------------------------------------------------------------------------

static void limits(void)
{
    static const struct {
        const char *params, *says;
        bool alpha;
    } bad[] = {
        {"overlap=20 tile=16", "more than the tile", false},
        {"layout=iiif overlap=1", "only layout=deepzoom", false},
        {"id=x", "id is of layout=iiif", false},
        {"suffix=dzi", "no format that tiles", false},
        {"suffix=gold", "no format that tiles", false},
        {"suffix=psd", "no format that tiles", false},
        {"suffix=png quality=5", "png has none", false},
        {"tile=8", "16..8192", false},
        {"", "use flatten", true},
    };
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kal_node *n =
            kal_noise(s, kal_noise_params(.width = 70, .height = 50, .channels = bad[i].alpha ? 4 : 3));
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_encode(s, n, "dz", bad[i].params), &check_error));
        REQUIRE_NOTE(strstr(check_error.message, bad[i].says), "\"%s\": %s", bad[i].params,
                     check_error.message);
    }
    kal_node *n = kal_noise(s, kal_noise_params(.width = 70, .height = 50, .channels = 3));
    kal_album *album;
    REQUIRE_OK(kal_album_create(in_folder("one.dzi"), NULL, &album, &check_error));
    REQUIRE_OK(kal_album_add(album, n, NULL, &fresh, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(album, n, NULL, &fresh, &check_error));
    REQUIRE_OK(kal_album_finish(&album, &check_error));
    REQUIRE(files_below(folder) == 1 + 8);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load(s, in_folder("one.dzi"), "format=dz"), &check_error));
    kal_scope_free(&s);
    empty_folder();
}

// Of what a picture carries tiles have the profile, where there is one of other colours than everybody takes for granted.
static void metadata(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(60, 40, 3, KAL_U8);
    rng r = {9};
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpg", NULL), exif = make_exif(1, true), icc = make_icc();
    add_to_jpeg(&jpeg, &exif, &icc, XMP_TEXT);
    kal_node *n = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
    REQUIRE_OK(save(n, in_folder("m.dzi"), "", NULL, &fresh));
    kal_node *tile = kal_load(s, in_folder("m_files/6/0_0.jpg"), NULL);
    require_meta(tile, "icc", icc.data, icc.size, "tile");
    require_meta(tile, "exif", NULL, 0, "tile");
    require_meta(tile, "xmp", NULL, 0, "tile");
    REQUIRE_OK(save(n, in_folder("m.dzi"), "", "strip=true", &fresh));
    require_meta(kal_load(s, in_folder("m_files/6/0_0.jpg"), NULL), "icc", NULL, 0, "stripped");
    bytes_free(&jpeg);
    bytes_free(&exif);
    bytes_free(&icc);
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

int main(void)
{
    snprintf(folder, sizeof folder, "%s", check_temp("trees"));
    mkdir(folder, 0777);
    every_tile();
    random_trees();
    any_threads();
    archives();
    beyond_4_gib();
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
    limits();
    metadata();
    return check_done();
}
