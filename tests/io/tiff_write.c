// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF as we write it: every kind comes back, with the same bytes from any number of threads; levels of a pyramid; targets that cannot be gone back
// to; what it cannot hold. Beside other readers: tiff_peers.sh.
#include "files.h"

typedef struct written {
    const char *params;
    kal_extent e;
} written;

static const written forms[] = {
    {"", {75, 53, 3, KAL_U8, KAL_RGB, false}},
    {"", {75, 530, 4, KAL_U8, KAL_RGB, true}},
    {"tile=16", {75, 53, 2, KAL_U8, KAL_GRAY, true}},
    {"tile=32 bigtiff=true", {75, 53, 1, KAL_U16, KAL_GRAY, false}},
    {"compression=deflate", {300, 700, 3, KAL_U8, KAL_RGB, false}},
    {"compression=deflate tile=64 level=1", {75, 153, 4, KAL_U16, KAL_RGB, true}},
    {"compression=deflate", {75, 53, 3, KAL_F32, KAL_RGB, false}},
    {"compression=lzw", {75, 53, 1, KAL_U8, KAL_GRAY, false}},
    {"compression=lzw tile=16", {75, 53, 1, KAL_U32, KAL_DATA, false}},
    {"compression=zstd level=9", {75, 53, 9, KAL_U16, KAL_DATA, false}},
    {"compression=zstd tile=16", {75, 53, 3, KAL_F32, KAL_RGB, false}},
    {"compression=packbits", {75, 53, 3, KAL_U8, KAL_RGB, false}},
    {"tile=16 pyramid=true compression=deflate", {700, 90, 3, KAL_U8, KAL_RGB, false}},
    {"tile=32 pyramid=true", {1500, 70, 2, KAL_U16, KAL_GRAY, true}},
};

static kal_bytes encoded_on(kal_node *n, const char *params, int threads)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = {NULL, 0};
    const kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "tiff", params), &o, &b, &check_error));
    kal_scope_free(&s);
    return b;
}

static void comes_back(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const written *f = &forms[i];
        rng r = {i};
        kal_scope *s = kal_scope_new();
        kal_node *n = rng_image(&r, s, &f->e);
        void *want = read_all(n, NULL, NULL);
        kal_bytes one = encoded_on(n, f->params, 1), three = encoded_on(n, f->params, 3);
        REQUIRE_NOTE(one.size == three.size && !memcmp(one.data, three.data, one.size), "%s: threads",
                     f->params);
        kal_extent e;
        kal_node *back = kal_load_bytes(s, one.data, one.size, NULL);
        void *got = read_all(back, NULL, &e);
        REQUIRE_NOTE(got && !memcmp(&e, &f->e, sizeof e) && !memcmp(got, want, bytes_of(&e)), "%s: %s",
                     f->params, check_error.message);
        free(want);
        free(got);
        kal_bytes_free(&one);
        kal_bytes_free(&three);
        kal_scope_free(&s);
    }
}

// Each level is the mean of four pixels of the one before, of which there may be fewer at the edges; flat ones stay flat.
static void pyramid(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(215, 131, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e);
    kal_bytes b = encoded_on(n, "tile=16 pyramid=true compression=deflate", 2);
    int w = 215, h = 131;
    unsigned char *above = read_all(n, NULL, NULL);
    for (int by = 2; by <= 16; by *= 2) {
        char asked[20];
        snprintf(asked, sizeof asked, "shrink=%d", by);
        kal_extent x;
        unsigned char *got = read_all(kal_load_bytes(s, b.data, b.size, asked), NULL, &x);
        const int w2 = (w + 1) / 2, h2 = (h + 1) / 2;
        if (!REQUIRE_NOTE(got && x.width == w2 && x.height == h2, "%s: %s", asked, check_error.message))
            break;
        int bad = 0;
        for (int y = 0; y < h2; y++)
            for (int i = 0; i < w2 * 3; i++) {
                const int px = i / 3 * 2, c = i % 3, x1 = px + 1 < w ? px + 1 : px;
                const int y0 = 2 * y, y1 = y0 + 1 < h ? y0 + 1 : y0;
                const int sum = above[(y0 * w + px) * 3 + c] + above[(y0 * w + x1) * 3 + c] +
                                above[(y1 * w + px) * 3 + c] + above[(y1 * w + x1) * 3 + c];
                bad += got[y * w2 * 3 + i] != (sum + 2) / 4;
            }
        REQUIRE_NOTE(!bad, "%s: %d samples", asked, bad);
        free(above);
        above = got;
        w = w2, h = h2;
    }
    free(above);
    kal_file_info info;
    REQUIRE(kal_node_file(kal_load_bytes(s, b.data, b.size, NULL), &info) && info.pages == 1);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Where nothing can be gone back to, the file is kept until it is whole.
typedef struct sink {
    unsigned char *data;
    size_t n;
    int ends, aborts;
} sink;

static ptrdiff_t sink_write(void *user, const void *data, size_t n, kal_error *err)
{
    sink *k = user;
    (void)err;
    k->data = realloc(k->data, k->n + n);
    memcpy(k->data + k->n, data, n);
    k->n += n;
    return (ptrdiff_t)n;
}

static kal_status sink_end(void *user, kal_error *err)
{
    (void)err;
    ((sink *)user)->ends++;
    return KAL_OK;
}

static void sink_abort(void *user)
{
    ((sink *)user)->aborts++;
}

static void staged(void)
{
    kal_scope *s = kal_scope_new();
    sink k = {0};
    const kal_output out = {"the sink", &k, sink_write, sink_end, sink_abort};
    kal_node *n = kal_apply_text(s, "sample", "scene width=300 height=200", NULL, 0),
             *t = kal_encode(s, n, "tiff", NULL);
    kal_bytes b;
    REQUIRE_OK(kal_read_bytes(t, NULL, &b, &check_error));
    REQUIRE_OK(kal_write_outputs(&t, &out, 1, NULL, &check_error));
    REQUIRE(k.ends == 1 && !k.aborts && k.n == b.size && !memcmp(k.data, b.data, k.n));
    kal_bytes_free(&b);
    k.ends = 0;
    kal_node *large = kal_apply_text(s, "sample", "ramps width=8000 height=3000", NULL, 0),
             *l = kal_encode(s, large, "tiff", NULL);
    REQUIRE_FAILS(KAL_LIMIT, kal_write_outputs(&l, &out, 1, NULL, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "kept until it is whole"), "%s", check_error.message);
    REQUIRE(!k.ends && k.aborts == 1);
    free(k.data);
    kal_scope_free(&s);
}

static void refused(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_apply_text(s, "sample", "scene width=30 height=20", NULL, 0);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_encode(s, n, "tiff", "tile=20"), &check_error));
    const kal_extent deep = extent_of(5, 5, 3, KAL_U16);
    rng r = {1};
    REQUIRE_FAILS(
        KAL_INVALID,
        kal_node_error(kal_encode(s, rng_image(&r, s, &deep), "tiff", "compression=jpeg"), &check_error));
    const kal_extent data = {5, 5, 3, KAL_U8, KAL_DATA, false};
    REQUIRE_FAILS(
        KAL_INVALID,
        kal_node_error(kal_encode(s, rng_image(&r, s, &data), "tiff", "compression=jpeg"), &check_error));
    kal_scope_free(&s);
}

// ---- tables of JPEG -----------------------------------------------------------------------------

// The tiles of a picture of 128 × 128, each by itself.
static unsigned char *tiles_of(const kal_bytes *b, bool backwards)
{
    enum { SIDE = 32, ALL = 16 };
    unsigned char *out = calloc(ALL, SIDE * SIDE * 3);
    kal_scope *s = kal_scope_new();
    for (int k = 0; k < ALL; k++) {
        const int i = backwards ? ALL - 1 - k : k;
        kal_node *n =
            kal_crop(s, kal_load_bytes(s, b->data, b->size, NULL),
                     kal_crop_params(.x = i % 4 * SIDE, .y = i / 4 * SIDE, .width = SIDE, .height = SIDE));
        unsigned char *p = read_all(n, &(kal_options){.memo_mode = KAL_MEMO_NEVER, .threads = 1}, NULL);
        if (p) memcpy(out + (size_t)i * SIDE * SIDE * 3, p, SIDE * SIDE * 3);
        free(p);
    }
    kal_scope_free(&s);
    return out;
}

// The same tiles of the whole; false: it is not decoded.
static bool whole_of(const kal_bytes *b, unsigned char *out)
{
    enum { SIDE = 32, WIDE = 128 };
    kal_scope *s = kal_scope_new();
    unsigned char *p = read_all(kal_load_bytes(s, b->data, b->size, NULL),
                                &(kal_options){.memo_mode = KAL_MEMO_NEVER, .threads = 1}, NULL);
    for (int y = 0; p && y < WIDE; y++)
        for (int x = 0; x < WIDE; x++)
            memcpy(out + ((size_t)(y / SIDE * 4 + x / SIDE) * SIDE * SIDE +
                          (size_t)(y % SIDE * SIDE + x % SIDE)) *
                             3,
                   p + ((size_t)y * WIDE + (size_t)x) * 3, 3);
    kal_scope_free(&s);
    const bool there = p != NULL;
    free(p);
    return there;
}

static uint32_t number(const kal_bytes *b, size_t at, int n)
{
    uint32_t v = 0;
    while (n--) v = v << 8 | b->data[at + (size_t)n];
    return v;
}

// Where the numbers of a field lie, of the first directory; 0: there is none.
static size_t field(const kal_bytes *b, uint32_t tag)
{
    const size_t directory = number(b, 4, 4);
    for (uint32_t i = 0; i < number(b, directory, 2); i++) {
        const size_t at = directory + 2 + (size_t)i * 12;
        if (number(b, at, 2) == tag) return number(b, at + 8, 4);
    }
    return 0;
}

// The same file, in which one tile has lost its first table: the steps of luma, 69 bytes behind its first marker.
static kal_bytes without_table(const kal_bytes *b, size_t tile)
{
    enum { TABLE = 69 };
    const size_t offsets = field(b, 324) + tile * 4, sizes = field(b, 325) + tile * 4;
    const size_t at = number(b, offsets, 4), n = number(b, sizes, 4);
    REQUIRE(!memcmp(b->data + at, "\xFF\xD8\xFF\xDB\0\x43\0", 7));
    kal_bytes bad = bytes_copy(b->data, b->size);
    for (int i = 0; i < 4; i++) {
        ((unsigned char *)bad.data)[offsets + (size_t)i] = (unsigned char)(b->size >> 8 * i);
        ((unsigned char *)bad.data)[sizes + (size_t)i] = (unsigned char)((n - TABLE) >> 8 * i);
    }
    bad = bytes_join(bad, b->data + at, 2);
    return bytes_join(bad, b->data + at + 2 + TABLE, n - 2 - TABLE);
}

// What a tile defines is of that tile alone: one that has lost its tables is damaged, whichever were decoded before.
static void tables_stay_in_their_tile(void)
{
    enum { ALL = 128 * 128 * 3, TILE = 32 * 32 * 3 };
    static const unsigned char none[TILE];
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(128, 128, 3, KAL_U8);
    rng r = {7};
    kal_bytes b = encoded_on(rng_image(&r, s, &e), "compression=jpeg tile=32 quality=40", 1);
    unsigned char *whole = calloc(ALL, 1);
    unsigned char *forth = tiles_of(&b, false), *back = tiles_of(&b, true);
    REQUIRE(whole_of(&b, whole) && !memcmp(whole, forth, ALL) && !memcmp(whole, back, ALL));
    for (size_t tile = 0; tile < 16; tile += 5) {
        kal_bytes bad = without_table(&b, tile);
        unsigned char *each = tiles_of(&bad, tile > 5);
        REQUIRE_NOTE(!whole_of(&bad, forth), "tile %zu took another's tables", tile);
        REQUIRE(check_error.status == KAL_CORRUPT);
        for (size_t i = 0; i < 16; i++)
            REQUIRE_NOTE(!memcmp(each + i * TILE, i == tile ? none : whole + i * TILE, TILE),
                         "no table in tile %zu: tile %zu", tile, i);
        free(each);
        bytes_free(&bad);
    }
    free(whole);
    free(forth);
    free(back);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Where the data of a tile begin, of `n` bytes at `at`.
static size_t scan_of(const kal_bytes *b, size_t at, size_t n)
{
    size_t scan = at;
    while (scan + 1 < at + n && (b->data[scan] != 0xFF || b->data[scan + 1] != 0xDA)) scan++;
    return scan;
}

// The same file, in the data of whose tile a table of Huffman's stands, DC of luma with its values the other way round; and the next tile's own are comments.
static kal_bytes with_a_table(const kal_bytes *b, size_t tile)
{
    static const unsigned char dht[] = {0xFF, 0xC4, 0, 31, 0,  0,  1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0,
                                        0,    0,    0, 0,  11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    kal_bytes bad = bytes_copy(b->data, b->size);
    unsigned char *data = bad.data;
    for (size_t k = 0; k < 2; k++) {
        const size_t at = number(b, field(b, 324) + (tile + k) * 4, 4),
                     n = number(b, field(b, 325) + (tile + k) * 4, 4), scan = scan_of(b, at, n);
        REQUIRE(scan + 100 < at + n);
        if (!k) memcpy(data + scan + 40, dht, sizeof dht);
        for (size_t i = at; k && i + 1 < scan; i++)
            if (data[i] == 0xFF && data[i + 1] == 0xC4) data[i + 1] = 0xFE;
    }
    return bad;
}

// So is a table that stands where none belongs: other tiles are what they were, whichever came before.
static void tables_in_data(void)
{
    enum { ALL = 128 * 128 * 3, TILE = 32 * 32 * 3 };
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(128, 128, 3, KAL_U8);
    rng r = {7};
    kal_bytes b = encoded_on(rng_image(&r, s, &e), "compression=jpeg tile=32 quality=40", 1);
    unsigned char *sound = tiles_of(&b, false), *whole = calloc(ALL, 1);
    for (size_t tile = 0; tile < 15; tile += 7) {
        kal_bytes bad = with_a_table(&b, tile);
        unsigned char *forth = tiles_of(&bad, false), *back = tiles_of(&bad, true);
        REQUIRE_NOTE(!memcmp(forth, back, ALL), "a table in tile %zu", tile);
        if (whole_of(&bad, whole))
            REQUIRE_NOTE(!memcmp(forth, whole, ALL), "a table in tile %zu, whole", tile);
        for (size_t i = 0; i < 16; i++)
            REQUIRE_NOTE(i == tile || i == tile + 1 || !memcmp(forth + i * TILE, sound + i * TILE, TILE),
                         "a table in tile %zu: tile %zu", tile, i);
        free(forth);
        free(back);
        bytes_free(&bad);
    }
    free(sound);
    free(whole);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

static bool can_write(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_apply_text(s, "sample", "scene width=16 height=16", NULL, 0);
    const bool ok = !kal_node_error(kal_encode(s, n, "tiff", "compression=deflate"), &check_error);
    kal_scope_free(&s);
    return ok;
}

int main(void)
{
    if (!can_write()) {
        check_skip("%s", check_error.message);
        return 77;
    }
    comes_back();
    pyramid();
    staged();
    refused();
    tables_stay_in_their_tile();
    tables_in_data();
    kal_memo_clear(NULL);
    return check_done();
}
