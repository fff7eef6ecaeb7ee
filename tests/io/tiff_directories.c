// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF: pages, levels and sub-directories, orientation, files that are replaced, bits from the lowest on, blocks that nobody wrote.
#include "tiffs.h"

#if HAS_TIFF

static void pages_and_levels(void)
{
    kind k = {"wl", 8, 0, 3, RGB, 0, LZW, 16, 0, false, 101, 67, 0, 0};
    static const int sizes[][2] = {{101, 67}, {51, 34}, {25, 16}, {40, 40}};
    const char *path = check_temp("levels.tif");
    rng r = {3};
    uint64_t *samples[4];
    kind each[4];
    TIFF *t = tiff.TIFFOpen(path, "wl");
    for (int i = 0; i < 4; i++) {
        each[i] = k;
        each[i].width = sizes[i][0], each[i].height = sizes[i][1];
        each[i].subfile = i == 1 || i == 2 ? FILETYPE_REDUCEDIMAGE : 0;
        each[i].orientation = i == 3 ? 6 : 1;
        samples[i] = random_samples(&r, &each[i]);
        write_directory(t, &each[i], samples[i]);
    }
    tiff.TIFFClose(t);
    kal_scope *s = kal_scope_new();
    static const char *const asked[] = {"page=0", "shrink=2", "shrink=4", "page=1 upright=false"};
    for (int i = 0; i < 4; i++) {
        kal_node *n = kal_load(s, path, asked[i]);
        if (!REQUIRE_OK(kal_node_error(n, &check_error))) continue;
        require_part(n, &each[i], samples[i], kal_rect_of(0, 0, each[i].width, each[i].height), 2, asked[i]);
        require_part(n, &each[i], samples[i], kal_rect_of(3, 5, 20, 15), 1, asked[i]);
    }
    kal_file_info info;
    REQUIRE(kal_node_file(kal_load(s, path, NULL), &info) && info.pages == 2);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load(s, path, "page=2"), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "page 2: there are 2, from 0 to 1"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load(s, path, "shrink=8"), &check_error));
    int turned;
    bool applied;
    kal_extent e;
    kal_node *upright = kal_load(s, path, "page=1");
    kal_node_orientation(upright, &turned, &applied);
    REQUIRE(turned == 6 && applied);
    REQUIRE_OK(kal_node_extent(upright, &e, &check_error));
    for (int i = 0; i < 4; i++) free(samples[i]);
    kal_scope_free(&s);
}

// A smaller picture of another kind is no level; levels as sub-directories are found, all of them.
static void levels_of_other_kinds(void)
{
    static const kind base = {"wl", 8, 0, 1, GRAY, 0, 0, 16, 0, false, 64, 64, 0, 0};
    kind other[] = {{"wl", 8, 0, 1, PHOTOMETRIC_PALETTE, 0, 0, 0, 8, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0},
                    {"wl", 8, INT, 1, GRAY, 0, 0, 0, 8, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0},
                    {"wl", 8, 0, 1, GRAY, 0, LZW, 0, 32, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0}};
    for (int i = 0; i < 3; i++) {
        const char *path = check_temp("kinds.tif");
        rng r = {9};
        uint64_t *a = random_samples(&r, &base), *b = random_samples(&r, &other[i]);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        write_directory(t, &base, a);
        write_directory(t, &other[i], b);
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, "shrink=2");
        if (i < 2)
            REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        else
            require_part(n, &other[i], b, kal_rect_of(1, 2, 30, 31), 2, "a level packed otherwise");
        kal_scope_free(&s);
        free(a);
        free(b);
    }
}

static void sub_directories(void)
{
    const char *path = check_temp("sub.tif");
    static const int sides[] = {64, 32, 16, 8};
    uint64_t *samples[4], none[3] = {0};
    kind k[4];
    rng r = {21};
    TIFF *t = tiff.TIFFOpen(path, "wl");
    for (int i = 0; i < 4; i++) {
        k[i] = (kind){
            "wl", 8, 0, 3, RGB, 0, 0, 16, 0, false, sides[i], sides[i], i ? FILETYPE_REDUCEDIMAGE : 0, 0};
        samples[i] = random_samples(&r, &k[i]);
        if (!i) tiff.TIFFSetField(t, TIFFTAG_SUBIFD, 3, none);
        write_directory(t, &k[i], samples[i]);
    }
    tiff.TIFFClose(t);
    kal_scope *s = kal_scope_new();
    static const char *const asked[] = {"shrink=1", "shrink=2", "shrink=4", "shrink=8"};
    for (int i = 0; i < 4; i++) {
        kal_node *n = kal_load(s, path, asked[i]);
        if (REQUIRE_OK(kal_node_error(n, &check_error)))
            require_part(n, &k[i], samples[i], kal_rect_of(0, 0, sides[i], sides[i]), 2, asked[i]);
        free(samples[i]);
    }
    kal_scope_free(&s);
}

// Other pixels, of another kind, in place of a file that had stood still: an error, for its pixels and for its pages.
static void replaced(void)
{
    static const kind first = {"wl", 8, 0, 1, GRAY, 0, 0, 0, 16, false, 200, 200, 0, 0},
                      second = {"wl", 8, 0, 3, RGB, 0, 0, 0, 16, false, 200, 200, 0, 0},
                      third = {"wl", 8, 0, 1, GRAY, 0, 0, 0, 16, false, 100, 100, 0, 0};
    const char *path = check_temp("replaced.tif");
    const kind *const now[] = {&second, &third};
    for (int i = 0; i < 2; i++) {
        rng r = {33};
        uint64_t *a = random_samples(&r, &first), *b = random_samples(&r, now[i]);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        write_directory(t, &first, a);
        write_directory(t, &first, a);
        tiff.TIFFClose(t);
        usleep(i ? 0 : 2200000);   // the second time it is young, and known by its digest alone
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, NULL);
        REQUIRE_OK(kal_node_error(n, &check_error));
        t = tiff.TIFFOpen(path, "wl");
        write_directory(t, now[i], b);
        write_directory(t, now[i], b);
        tiff.TIFFClose(t);
        unsigned char *p = malloc(200 * 200);
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 2};
        REQUIRE_FAILS(KAL_CHANGED, kal_read(n, kal_rect_of(0, 0, 200, 200), p, 200, &o, &check_error));
        REQUIRE_FAILS(KAL_CHANGED, kal_node_error(kal_page(s, n, 1), &check_error));
        free(p);
        free(a);
        free(b);
        kal_scope_free(&s);
    }
}

// Bits that begin at the lowest of a byte.
static void fill_order(void)
{
    const char *path = check_temp("order.tif");
    static const int depths[] = {1, 4, 8, 12, 16};
    for (int i = 0; i < 5; i++) {
        kind k = {"wl", depths[i], 0, 1, GRAY, 0, 0, 0, 9, false, 75, 53, 0, 0};
        rng r = {55};
        uint64_t *samples = random_samples(&r, &k);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        tiff.TIFFSetField(t, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
        write_directory(t, &k, samples);
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, NULL);
        if (REQUIRE_OK(kal_node_error(n, &check_error)))
            require_part(n, &k, samples, kal_rect_of(0, 0, 75, 53), 1, "bits from the lowest on");
        kal_scope_free(&s);
        free(samples);
    }
}

// Blocks that nobody wrote are of GDAL's number for nothing, else 0.
static void missing_blocks(void)
{
    static const TIFFFieldInfo nodata = {42113,        -1, -1, TIFF_ASCII,
                                         FIELD_CUSTOM, 1,  0,  (char *)"GDAL_NODATA"};
    static const struct {
        kind k;
        const char *text;
        double v;
    } each[] = {
        {{"wl", 8, 0, 3, RGB, 0, 0, 16, 0, false, 75, 53, 0, 0}, NULL, 0},
        {{"wb", 16, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "513", 513},
        {{"wl", 16, 0, 3, RGB, 0, ZIP, 16, 0, true, 75, 53, 0, 0}, " 513 ", 513},
        {{"wb", 32, FLOAT, 1, GRAY, 0, ZIP, 32, 0, false, 75, 53, 0, 0}, "-9999", -9999},
        {{"wl", 32, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "nan", NAN},
        {{"wl", 64, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "0.5", 0.5},
        {{"wl", 16, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "-0.0999755859375", -0.0999755859375},
        {{"wb", 16, INT, 1, GRAY, 0, LZW, 0, 8, false, 75, 53, 0, 0}, "-32768", -32768},
        {{"wl", 8, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "-9999", 0},
        {{"w8", 32, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "4294967295", 4294967295.0},
        {{"wl", 4, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "7", 119},
        {{"wb", 12, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "4095", 65535},
        {{"wl", 8, 0, 3, RGB, 0, LZW, 0, 3100, true, 3000, 6200, 0, 0}, "9", 9},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        const kind *k = &each[i].k;
        const char *path = check_temp("missing.tif");
        rng r = {71 + i};
        uint64_t *samples = random_samples(&r, k);
        TIFF *t = tiff.TIFFOpen(path, k->mode);
        tiff.TIFFMergeFieldInfo(t, &nodata, 1);
        set_fields(t, k);
        if (each[i].text) tiff.TIFFSetField(t, 42113, each[i].text);
        write_block(t, k, samples, 0, 0, 0, k->tile ? k->tile : k->width, k->tile ? 2 * k->tile : k->rows, 0);
        REQUIRE(tiff.TIFFWriteDirectory(t));
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        const kal_rect last = kal_rect_of(k->width - 5, k->height - 3, k->width, k->height);
        kal_node *n = kal_crop(s, kal_load(s, path, "keyed=false"),
                               kal_crop_params(.x = last.x0, .y = last.y0, .width = 5, .height = 3));
        kal_extent e;
        void *got = read_all(n, NULL, &e);
        size_t bad = 0;
        for (size_t j = 0; got && j < (size_t)(15 * e.channels); j++) {
            const double v = stored(&e, got, j);
            bad += !(v == each[i].v || (v != v && each[i].v != each[i].v));
        }
        REQUIRE_NOTE(got && !bad, "missing blocks %zu: %zu samples; %s", i, bad, check_error.message);
        free(got);
        if (k->rows < 3000 && !k->separate) {   // what is there is as ever
            kal_node *first = kal_load(s, path, NULL);
            require_part(first, k, samples, kal_rect_of(0, 0, 16, 8), 1, "beside missing blocks");
        }
        free(samples);
        kal_scope_free(&s);
    }
}

int main(void)
{
    if (!load()) {
        check_skip("libtiff is not here");
        return 77;
    }
    pages_and_levels();
    levels_of_other_kinds();
    sub_directories();
    replaced();
    fill_order();
    missing_blocks();
    return check_done();
}

#else

int main(void)
{
    check_skip("libtiff's headers are not here");
    return 77;
}

#endif
