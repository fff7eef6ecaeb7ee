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
    const char *
        turns;   // properties of the whole, in order: 0 to 3 quarters to the left, h and v mirrored, c cut to what it is
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

static void add_turn(kal_bytes *ipco, const grid *g, char turn)
{
    kal_bytes b = {0};
    const uint32_t whole[] = {(uint32_t)g->width, 1, (uint32_t)g->height, 1, 0, 1, 0, 1};
    for (int i = 0; i < 8 && turn == 'c'; i++) add(&b, whole[i], 4);
    if (turn != 'c') add(&b, turn == 'h' || turn == 'v' ? turn == 'h' : (uint32_t)(turn - '0'), 1);
    add_box(ipco, turn == 'c' ? "clap" : turn == 'h' || turn == 'v' ? "imir" : "irot", false, 0, b);
}

static kal_bytes properties(const grid *g, uint32_t items)
{
    kal_bytes ipco = {0}, ipma = {0}, iprp = {0};
    const char *turns = g->turns ? g->turns : "";
    uint32_t n = 1;
    add_box(&ipco, "ispe", true, 0, size_box(g->width, g->height));
    add(&ipma, items, 4);
    add(&ipma, 1, 2), add(&ipma, 1 + (uint32_t)strlen(turns), 1),
        add(&ipma, 1, 2);   // item 1 is the grid: property 1 and its turns
    for (; *turns; turns++) {
        add_turn(&ipco, g, *turns);
        add(&ipma, ++n | 0x8000, 2);
    }
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
    grid g = {format, columns, rows, SIDE, columns * SIDE - 14, rows * SIDE - 6, NULL, NULL};
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

// ---- against libheif ----------------------------------------------------------------------------
// A picture that is cut, to nothing else than it is, is libheif's to make: the same pixels, whole and in parts, from memory and from a file.

static rng r = {5};

static void require_regions(kal_node *n, const kal_extent *e, const unsigned char *want, const char *what)
{
    const size_t pixel = kal_pixel_size(e), row = (size_t)e->width * pixel;
    unsigned char *got = malloc(row * (size_t)e->height);
    for (int i = 0; i < 12; i++) {
        const int32_t x = rng_below(&r, e->width), y = rng_below(&r, e->height),
                      w = 1 + rng_below(&r, e->width - x), h = 1 + rng_below(&r, e->height - y);
        const kal_options o = {
            .memo_mode = KAL_MEMO_NEVER, .threads = 1 + rng_below(&r, 8), .band = rng_below(&r, 40)};
        const size_t part = (size_t)w * pixel;
        if (!REQUIRE_OK(kal_read(n, kal_rect_of(x, y, x + w, y + h), got, (ptrdiff_t)part, &o, &check_error)))
            break;
        bool same = true;
        for (int32_t k = 0; k < h && same; k++)
            same = !memcmp(got + (size_t)k * part, want + (size_t)(y + k) * row + (size_t)x * pixel, part);
        REQUIRE_NOTE(same, "%s: %d×%d at %d %d", what, w, h, x, y);
    }
    free(got);
}

// With one thread: where tiles are coded larger than they are, libheif's threads write over each other.
static unsigned char *decoded_alone(const void *data, size_t size, kal_extent *e)
{
    kal_limits before, one;
    kal_limits_get(&before);
    one = before;
    one.threads = 1;
    kal_limits_set(&one);
    unsigned char *p = decoded(data, size, NULL, e);
    kal_limits_set(&before);
    return p;
}

static void test_turns(grid *g)
{
    static const char *const turns[] = {"",   "1",  "2",  "3",   "h", "v",   "1h",
                                        "h1", "3v", "2h", "v3h", "0", "12h3"};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        char cut[16], what[80];
        kal_extent e, own;
        snprintf(cut, sizeof cut, "c%s", turns[i]);
        snprintf(what, sizeof what, "%d×%d tiles, turned \"%s\"", g->columns, g->rows, turns[i]);
        g->turns = cut;
        kal_bytes file = grid_file(g);
        unsigned char *want = decoded_alone(file.data, file.size, &e);
        const bool fails = !want;   // libheif mirrors 8 bits alone
        bytes_free(&file);
        g->turns = turns[i];
        file = grid_file(g);
        put_file(check_temp("grid.heic"), file.data, file.size);
        kal_node *n[] = {kal_load_bytes(NULL, file.data, file.size, NULL),
                         kal_load(NULL, check_temp("grid.heic"), NULL)};
        unsigned char *got = decoded(file.data, file.size, NULL, &own);
        REQUIRE_NOTE(fails == !got, "%s: %s", what, check_error.message);
        REQUIRE_NOTE(fails || (extent_equal(&e, &own) && !memcmp(got, want, bytes_of(&e))), "%s", what);
        for (int k = 0; k < 2 && !fails; k++) require_regions(n[k], &e, want, what);
        for (int k = 0; k < 2; k++) kal_node_unref(&n[k]);
        bytes_free(&file);
        free(want);
        free(got);
    }
}

// A picture that is one of its own tiles has no end.
static void test_circle(grid *g)
{
    g->turns = "";
    kal_bytes file = grid_file(g);
    unsigned char *dimg = memmem(file.data, file.size, "dimg", 4);
    kal_extent e;
    memcpy(dimg + 8 + 2, dimg + 4, 2);   // the second part: the grid
    unsigned char *p = decoded(file.data, file.size, NULL, &e);
    REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT && strstr(check_error.message, "made of each other"),
                 "%s", check_error.message);
    free(p);
    bytes_free(&file);
}

// Bits of a tile changed: refused by the tile's name, or a picture; and what lies in other tiles is as it was.
static void test_damage(grid *g)
{
    g->turns = "3";
    kal_bytes good = grid_file(g);
    const unsigned char *data = memmem(good.data, good.size, "mdat", 4);
    const size_t at = (size_t)(data - (const unsigned char *)good.data) + 4;
    kal_extent e;
    unsigned char *want = decoded(good.data, good.size, NULL, &e);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
        kal_bytes bad = bytes_copy(good.data, good.size);
        kal_extent got;
        ((unsigned char *)bad.data)[at + 8 + (size_t)rng_below(&r, 200)] ^=
            (unsigned char)(1 << rng_below(&r, 8));
        unsigned char *p =
            decoded(bad.data, bad.size, NULL, &got);   // the first tile, at the top on the right
        refused += !p;
        REQUIRE_NOTE(
            p || (check_error.status == KAL_CORRUPT && strstr(check_error.message, "tile 0 of row 0")), "%s",
            check_error.message);
        free(p);
        kal_node *n = kal_load_bytes(NULL, bad.data, bad.size, NULL);
        unsigned char row[3 * 64];
        const kal_rect left = kal_rect_of(0, e.height - 1, 64, e.height);
        REQUIRE_OK(kal_read(n, left, row, sizeof row, NULL, &check_error));
        REQUIRE(!memcmp(row, want + (size_t)(e.height - 1) * (size_t)e.width * 3, sizeof row));
        kal_node_unref(&n);
        bytes_free(&bad);
    }
    REQUIRE_NOTE(refused > 30, "%d of 60", refused);
    bytes_free(&good);
    free(want);
}

// Tiles of one picture, each coded by what `make` has: our encoder, or heif-enc, which knows more bits and kinds of chroma.
static void test_coded(const char *options, int32_t side, int32_t columns, int32_t rows, bool damage)
{
    grid g = {"heif", columns, rows, side, columns * side - 14, rows * side - 6, NULL, NULL};
    const int32_t n = columns * rows;
    kal_scope *s = kal_scope_new();
    const kal_extent full = extent_of(columns * side, rows * side, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&full));
    smooth_pixels(&full, pixels);
    kal_node *picture = node_of(s, &full, pixels);
    g.tiles = calloc((size_t)n, sizeof *g.tiles);
    for (int32_t i = 0; i < n; i++) {
        kal_node *tile = kal_crop(
            s, picture,
            kal_crop_params(.x = i % columns * side, .y = i / columns * side, .width = side, .height = side));
        if (!options) {
            g.tiles[i] = encoded(tile, "heif", "quality=80");
            continue;
        }
        char command[1200], png[500];
        const char *out = check_temp("tile.heic");
        kal_bytes b = encoded(tile, "png", NULL);
        snprintf(png, sizeof png, "%s", check_temp("tile.png"));
        put_file(png, b.data, b.size);
        kal_bytes_free(&b);
        snprintf(command, sizeof command, "heif-enc %s '%s' -o '%s' >/dev/null 2>&1", options, png, out);
        if (!REQUIRE_NOTE(system(command) == 0, "%s", command)) break;
        g.tiles[i] = get_file(out);
    }
    test_turns(&g);
    if (damage) test_damage(&g);
    if (damage) test_circle(&g);
    for (int32_t i = 0; i < n; i++)
        if (options)
            bytes_free(&g.tiles[i]);
        else
            kal_bytes_free(&g.tiles[i]);
    free(g.tiles);
    free(pixels);
    kal_scope_free(&s);
}

static void test_all_coded(void)
{
    static const char *const options[] = {"-q 70",
                                          "-q 70 -p chroma=444",
                                          "-b 10 -q 70",
                                          "-b 12 -p chroma=422",
                                          "--matrix_coefficients=9 --full_range_flag=1",
                                          "--matrix_coefficients=0 --full_range_flag=1 -p chroma=444",
                                          "-L"};
    test_coded(NULL, 64, 3, 2, true);
    test_coded(NULL, 50, 3, 2, false);   // coded as 64, of which 50 are told: the rest is cut off
    test_coded(NULL, 64, 2, 5, false);
    if (!has_program("heif-enc")) {
        check_skip("heif-enc is not installed");
        return;
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) test_coded(options[i], 64, 2, 3, false);
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
        if (!i) test_all_coded();
    }
    kal_memo_clear(NULL);
    return check_done();
}
