// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees: each tile is the file that cutting it out of its level gives, the levels halved here by the words of docs/notes/codecs.md; the same bytes
// from pictures of any size. Their archives: dz_zip.c; what becomes of files that are there: dz_whole.c. Beside other programs: dz_peers.sh.
#define _GNU_SOURCE   // nftw
#include "dz_trees.h"

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
    REQUIRE_OK(kal_album_finish(&album, NULL, &check_error));
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

int main(void)
{
    snprintf(folder, sizeof folder, "%s", check_temp("trees"));
    mkdir(folder, 0777);
    every_tile();
    random_trees();
    limits();
    metadata();
    return check_done();
}
