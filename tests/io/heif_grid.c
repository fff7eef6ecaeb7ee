// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HEIC and AVIF pictures made of tiles, as cameras write them: the same pixels as the tiles one by one, whatever the number of threads
// libheif decodes them with. No libheif of today's distributions writes such files, so tiles are encoded singly here and their boxes
// put together by hand.
#define _GNU_SOURCE
#include "heads.h"

// ---- boxes --------------------------------------------------------------------------------------

static void add(kal_bytes *b, uint32_t v, int n)
{
    unsigned char p[4];
    put_be(p, v, n);
    *b = bytes_join(*b, p, (size_t)n);
}

/// Appends a box and frees its body; `full`: with version and flags.
static void add_box(kal_bytes *b, const char *type, bool full, uint32_t version_flags, kal_bytes body)
{
    add(b, (uint32_t)(body.size + 8 + (full ? 4 : 0)), 4);
    *b = bytes_join(*b, type, 4);
    if (full) add(b, version_flags, 4);
    if (body.size) *b = bytes_join(*b, body.data, body.size);
    bytes_free(&body);
}

/// The body of the first box of that name; libheif writes the boxes we look for before anything that is coded.
static kal_bytes body_of(const kal_bytes *file, const char *type)
{
    const unsigned char *at = memmem(file->data, file->size, type, 4);
    if (!REQUIRE_NOTE(at != NULL, "a tile has no %s", type)) return (kal_bytes){0};
    uint32_t size = 0;
    for (int i = -4; i < 0; i++) size = size << 8 | at[i];
    return bytes_copy(at + 4, size - 8);
}

// ---- a grid -------------------------------------------------------------------------------------

typedef struct grid {
    const char *format;   // of the tiles
    int32_t columns, rows, side, width, height;
    kal_bytes *tiles;   // a file each
} grid;

static kal_bytes size_box(int32_t width, int32_t height)
{
    kal_bytes b = {0};
    add(&b, (uint32_t)width, 4);
    add(&b, (uint32_t)height, 4);
    return b;
}

/// What describes the coding of a tile goes to the list; its numbers there to the item's associations.
static void add_properties(kal_bytes *ipco, kal_bytes *ipma, uint32_t *n, const kal_bytes *tile)
{
    const kal_bytes all = body_of(tile, "ipco");
    kal_bytes numbers = {0};
    for (size_t at = 0; at + 8 <= all.size;) {
        uint32_t size = 0;
        for (int i = 0; i < 4; i++) size = size << 8 | all.data[at + (size_t)i];
        *ipco = bytes_join(*ipco, all.data + at, size);
        add(&numbers, ++*n | (memcmp(all.data + at + 4, "ispe", 4) ? 0x8000 : 0), 2);
        at += size;
    }
    add(ipma, (uint32_t)numbers.size / 2, 1);
    *ipma = bytes_join(*ipma, numbers.data, numbers.size);
    bytes_free(&numbers);
    free(all.data);
}

static kal_bytes properties(const grid *g, uint32_t items)
{
    kal_bytes ipco = {0}, ipma = {0}, iprp = {0};
    uint32_t n = 1;
    add_box(&ipco, "ispe", true, 0, size_box(g->width, g->height));
    add(&ipma, items, 4);
    add(&ipma, 1, 2), add(&ipma, 1, 1), add(&ipma, 1, 2);   // item 1 is the grid: property 1
    for (uint32_t i = 2; i <= items; i++) {
        add(&ipma, i, 2);
        add_properties(&ipco, &ipma, &n, &g->tiles[i - 2]);
    }
    add_box(&iprp, "ipco", false, 0, ipco);
    add_box(&iprp, "ipma", true, 1, ipma);
    return iprp;
}

static kal_bytes entries(const grid *g, uint32_t items)
{
    kal_bytes iinf = {0};
    add(&iinf, items, 2);
    for (uint32_t i = 1; i <= items; i++) {
        kal_bytes infe = {0};
        add(&infe, i, 2), add(&infe, 0, 2);
        infe = bytes_join(infe, i == 1 ? "grid" : strcmp(g->format, "avif") ? "hvc1" : "av01", 5);
        add_box(&iinf, "infe", true, 2 << 24 | (i > 1), infe);
    }
    return iinf;
}

static kal_bytes references(uint32_t items)
{
    kal_bytes dimg = {0}, iref = {0};
    add(&dimg, 1, 2), add(&dimg, items - 1, 2);
    for (uint32_t i = 2; i <= items; i++) add(&dimg, i, 2);
    add_box(&iref, "dimg", false, 0, dimg);
    return iref;
}

/// Where the items lie: the grid's own eight bytes in idat, tiles in the file from `at` on.
static kal_bytes places(const kal_bytes *data, uint32_t items, uint32_t at)
{
    kal_bytes iloc = {0};
    add(&iloc, 0x4400, 2), add(&iloc, items, 2);
    for (uint32_t i = 1; i <= items; i++) {
        const uint32_t size = i == 1 ? 8 : (uint32_t)data[i - 2].size;
        add(&iloc, i, 2), add(&iloc, i == 1, 2), add(&iloc, 0, 2), add(&iloc, 1, 2);
        add(&iloc, i == 1 ? 0 : at, 4), add(&iloc, size, 4);
        if (i > 1) at += size;
    }
    return iloc;
}

static kal_bytes meta_of(const grid *g, const kal_bytes *data, uint32_t items, uint32_t at)
{
    kal_bytes hdlr = {0}, pitm = {0}, idat = {0}, meta = {0};
    add(&hdlr, 0, 4);
    hdlr = bytes_join(hdlr, "pict\0\0\0\0\0\0\0\0\0\0\0\0", 17);
    add(&pitm, 1, 2);
    add(&idat, 0, 2), add(&idat, (uint32_t)g->rows - 1, 1), add(&idat, (uint32_t)g->columns - 1, 1);
    add(&idat, (uint32_t)g->width, 2), add(&idat, (uint32_t)g->height, 2);
    add_box(&meta, "hdlr", true, 0, hdlr);
    add_box(&meta, "pitm", true, 0, pitm);
    add_box(&meta, "iloc", true, 1 << 24, places(data, items, at));
    add_box(&meta, "iinf", true, 0, entries(g, items));
    add_box(&meta, "iref", true, 0, references(items));
    add_box(&meta, "iprp", false, 0, properties(g, items));
    add_box(&meta, "idat", false, 0, idat);
    return meta;
}

static kal_bytes grid_file(const grid *g)
{
    const uint32_t items = 1 + (uint32_t)(g->columns * g->rows);
    kal_bytes *data = calloc(items, sizeof *data), ftyp = {0}, mdat = {0}, file = {0};
    for (uint32_t i = 0; i + 1 < items; i++) {
        data[i] = body_of(&g->tiles[i], "mdat");
        mdat = bytes_join(mdat, data[i].data, data[i].size);
    }
    const char *brand = strcmp(g->format, "avif") ? "heic" : "avif";
    ftyp = bytes_join(bytes_join(bytes_copy(brand, 4), "\0\0\0\0mif1", 8), brand, 4);
    add_box(&file, "ftyp", false, 0, ftyp);
    kal_bytes meta = meta_of(g, data, items, 0);   // once for its size
    const size_t at = file.size + 12 + meta.size + 8;
    bytes_free(&meta);
    add_box(&file, "meta", true, 0, meta_of(g, data, items, (uint32_t)at));
    add_box(&file, "mdat", false, 0, mdat);
    for (uint32_t i = 0; i < items; i++) free(data[i].data);
    free(data);
    return file;
}

// ---- the test -----------------------------------------------------------------------------------

/// The tiles of a picture, encoded, and what they are when each is decoded by itself, put side by side.
static unsigned char *make_tiles(grid *g, kal_node *picture, const char *params)
{
    const size_t row = (size_t)g->width * 3;
    unsigned char *whole = calloc((size_t)g->height, row);
    g->tiles = calloc((size_t)(g->columns * g->rows), sizeof *g->tiles);
    for (int32_t i = 0; i < g->columns * g->rows; i++) {
        const int32_t x = i % g->columns * g->side, y = i / g->columns * g->side;
        kal_node *tile =
            kal_crop(NULL, picture, kal_crop_params(.x = x, .y = y, .width = g->side, .height = g->side));
        g->tiles[i] = encoded(tile, g->format, params);
        kal_node_unref(&tile);
        kal_extent e;
        unsigned char *p = decoded(g->tiles[i].data, g->tiles[i].size, NULL, &e);
        const int32_t w = g->width - x < g->side ? g->width - x : g->side;
        for (int32_t k = 0; p && k < g->side && y + k < g->height; k++)
            memcpy(whole + (size_t)(y + k) * row + (size_t)x * 3, p + (size_t)k * (size_t)g->side * 3,
                   (size_t)w * 3);
        REQUIRE_NOTE(p != NULL, "%s", check_error.message);
        free(p);
    }
    return whole;
}

static void test_grid(const char *format, int32_t columns, int32_t rows, const char *params)
{
    enum { SIDE = 64 };
    // the last column and row are cut
    grid g = {format, columns, rows, SIDE, columns * SIDE - 14, rows * SIDE - 6, NULL};
    const kal_extent full = extent_of(columns * SIDE, rows * SIDE, 3, KAL_U8),
                     e = extent_of(g.width, g.height, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&full));
    smooth_pixels(&full, pixels);
    kal_node *picture = node_of(NULL, &full, pixels);
    unsigned char *whole = make_tiles(&g, picture, params);
    kal_bytes file = grid_file(&g);
#if KAL__HEIF
    require_heads(&file, "a grid", true);
#endif
    kal_limits limits, before;
    kal_limits_get(&before);
    for (uint32_t threads = 0; threads <= 8; threads = threads ? threads * 2 : 1) {
        char what[80];
        limits = before;
        limits.threads = threads;
        kal_limits_set(&limits);
        snprintf(what, sizeof what, "%s, %d×%d tiles, %u threads", format, columns, rows, threads);
        require_picture(file.data, file.size, NULL, &e, whole, what);
    }
    kal_limits_set(&before);
    for (int32_t i = 0; i < columns * rows; i++) kal_bytes_free(&g.tiles[i]);
    free(g.tiles);
    bytes_free(&file);
    free(whole);
    free(pixels);
    kal_node_unref(&picture);
}

static bool can_encode(const char *format)
{
    const kal_extent e = extent_of(8, 8, 3, KAL_U8);
    unsigned char pixels[192] = {0};
    kal_node *image = node_of(NULL, &e, pixels), *n = kal_encode(NULL, image, format, NULL);
    const kal_status st = kal_node_error(n, &check_error);
    if (st) check_skip("%s: %s", format, check_error.message);
    kal_node_unref(&n);
    kal_node_unref(&image);
    return !st;
}

int main(void)
{
    static const char *const formats[] = {"heif", "avif"};
    for (int i = 0; i < 2; i++) {
        if (!can_encode(formats[i])) continue;
        test_grid(formats[i], 1, 1, NULL);
        test_grid(formats[i], 3, 2, NULL);
        test_grid(formats[i], 3, 2, "lossless=true");
        test_grid(formats[i], 5, 4, "quality=70");
    }
    kal_memo_clear(NULL);
    return check_done();
}
