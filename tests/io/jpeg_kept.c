// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A JPEG saved with lossless_outside: libjpeg reads the coefficients of the file before and after. Outside the blocks that were touched they are
// the same; turned, they are what the definition of the DCT says, written down once more here. `io.jpeg_kept [seed]`.
#include "jpegs.h"

#include "mem.h"

#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};
#define KEEP "lossless_outside=true"

static const jpeg_kind kinds[] = {
    {.h = 2, .v = 2},
    {.h = 2, .v = 1},
    {.h = 1, .v = 1},
    {.h = 1, .v = 2},
    {.h = 4, .v = 1},
    {.h = 4, .v = 2},
    {.h = 2, .v = 2, .optimize = true},
    {.h = 2, .v = 2, .arithmetic = true},
    {.h = 1, .v = 1, .rgb = true},
    {.h = 2, .v = 2, .progressive = true},
    {.h = 2, .v = 1, .separate = true},
    {.h = 2, .v = 2, .restart_rows = 1},
    {.h = 2, .v = 2, .restart_mcus = 5},
    {.h = 1, .v = 1, .restart_mcus = 1},
    {.h = 2, .v = 1, .restart_mcus = 7},
};
#define KINDS (int32_t)(sizeof kinds / sizeof *kinds)

// ---- all coefficients of a file -----------------------------------------------------------------

typedef struct plane {
    int32_t h, v, wide, high;
    uint16_t quant[64];
    int16_t *blocks;   // wide × high × 64
} plane;

typedef struct coefficients {
    int32_t n, width, height, cell[2];
    bool progressive;
    unsigned restart;
    plane planes[4];
} coefficients;

static void coefficients_free(coefficients *c)
{
    for (int32_t i = 0; i < c->n; i++) free(c->planes[i].blocks);
}

static coefficients coefficients_of(const unsigned char *data, size_t size)
{
    struct jpeg_decompress_struct j;
    struct jpeg_error_mgr mgr;
    coefficients c = {0};
    j.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&j);
    jpeg_mem_src(&j, data, size);
    jpeg_read_header(&j, TRUE);
    c.n = j.num_components;
    c.width = (int32_t)j.image_width;
    c.height = (int32_t)j.image_height;
    c.progressive = j.progressive_mode;
    c.restart = j.restart_interval;
    c.cell[0] = c.n == 1 ? 8 : 8 * j.max_h_samp_factor;
    c.cell[1] = c.n == 1 ? 8 : 8 * j.max_v_samp_factor;
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&j);
    for (int32_t i = 0; i < c.n; i++) {
        const jpeg_component_info *x = &j.comp_info[i];
        plane *p = &c.planes[i];
        *p = (plane){c.n == 1 ? 1 : x->h_samp_factor,
                     c.n == 1 ? 1 : x->v_samp_factor,
                     (int32_t)x->width_in_blocks,
                     (int32_t)x->height_in_blocks,
                     {0},
                     NULL};
        memcpy(p->quant, j.quant_tbl_ptrs[x->quant_tbl_no]->quantval, sizeof p->quant);
        p->blocks = malloc((size_t)p->wide * (size_t)p->high * sizeof(JBLOCK));
        for (int32_t y = 0; y < p->high; y++)
            memcpy(p->blocks + (size_t)y * (size_t)p->wide * 64,
                   j.mem->access_virt_barray((j_common_ptr)&j, arrays[i], (JDIMENSION)y, 1, FALSE)[0],
                   (size_t)p->wide * sizeof(JBLOCK));
    }
    jpeg_finish_decompress(&j);
    REQUIRE_NOTE(mgr.num_warnings == 0, "libjpeg warns of the file");
    jpeg_destroy_decompress(&j);
    return c;
}

static int16_t *block_at(const plane *p, int32_t x, int32_t y)
{
    return p->blocks + ((size_t)y * (size_t)p->wide + (size_t)x) * 64;
}

// Blocks that differ outside the cells (a rectangle of them), and inside.
static void compare(const coefficients *a, const coefficients *b, kal_rect cells, int *outside, int *inside)
{
    *outside = *inside = 0;
    for (int32_t i = 0; i < a->n; i++) {
        const plane *p = &a->planes[i], *q = &b->planes[i];
        for (int32_t y = 0; y < p->high; y++)
            for (int32_t x = 0; x < p->wide; x++) {
                if (!memcmp(block_at(p, x, y), block_at(q, x, y), sizeof(JBLOCK))) continue;
                const int32_t cx = x / p->h, cy = y / p->v;
                const bool in = cx >= cells.x0 && cx < cells.x1 && cy >= cells.y0 && cy < cells.y1;
                ++*(in ? inside : outside);
            }
    }
}

static bool alike(const coefficients *a, const coefficients *b)
{
    bool same = a->n == b->n && a->width == b->width && a->height == b->height;
    for (int32_t i = 0; i < a->n && same; i++) {
        const plane *p = &a->planes[i], *q = &b->planes[i];
        same = p->h == q->h && p->v == q->v && p->wide == q->wide && p->high == q->high &&
               !memcmp(p->quant, q->quant, sizeof p->quant);
    }
    return same;
}

// ---- pictures -----------------------------------------------------------------------------------

static unsigned char *a_file(rng *r, const jpeg_kind *k, int32_t w, int32_t h, int32_t channels, size_t *size)
{
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    unsigned long n;
    rng_pixels(r, &e, pixels);
    unsigned char *file = jpeg_of(&e, pixels, k, &n);
    free(pixels);
    *size = n;
    return file;
}

static kal_rect random_part(rng *r, int32_t w, int32_t h)
{
    kal_rect q;
    q.x0 = rng_below(r, w), q.y0 = rng_below(r, h);
    q.x1 = q.x0 + 1 + rng_below(r, w - q.x0), q.y1 = q.y0 + 1 + rng_below(r, h - q.y0);
    return q;
}

static kal_node *crop(kal_scope *s, kal_node *n, kal_rect r)
{
    return kal_crop(s, n, kal_crop_params(.x = r.x0, .y = r.y0, .width = r.x1 - r.x0, .height = r.y1 - r.y0));
}

static kal_node *inverted_there(kal_scope *s, kal_node *n, kal_rect r)
{
    return kal_uncrop(s, kal_invert(s, crop(s, n, r), NULL), n, kal_uncrop_params(.x = r.x0, .y = r.y0));
}

static kal_rect cells_of(kal_rect r, const int32_t cell[2])
{
    return kal_rect_of(r.x0 / cell[0], r.y0 / cell[1], (r.x1 + cell[0] - 1) / cell[0],
                       (r.y1 + cell[1] - 1) / cell[1]);
}

static kal_bytes save(kal_scope *s, kal_node *n, const kal_options *o)
{
    kal_bytes b = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "jpeg", KEEP), o, &b, &check_error));
    return b;
}

// What is read back is the picture, away from what was coded anew: chroma is interpolated one pixel across.
static void same_pixels_elsewhere(kal_node *before, const kal_bytes *b, kal_rect cells, const int32_t cell[2],
                                  const char *where)
{
    kal_scope *s = kal_scope_new();
    kal_extent e;
    unsigned char *old = read_all(before, &fresh, &e),
                  *new = read_all(kal_load_bytes(s, b->data, b->size, NULL), &fresh, NULL);
    const kal_rect out = kal_rect_of(cells.x0 * cell[0] - 1, cells.y0 * cell[1] - 1, cells.x1 * cell[0] + 1,
                                     cells.y1 * cell[1] + 1);
    size_t wrong = 0;
    if (REQUIRE_NOTE(old && new, "%s: %s", where, check_error.message))
        for (int32_t y = 0; y < e.height; y++)
            for (int32_t x = 0; x < e.width; x++) {
                if (x >= out.x0 && x < out.x1 && y >= out.y0 && y < out.y1) continue;
                const size_t at = ((size_t)y * (size_t)e.width + (size_t)x) * (size_t)e.channels;
                wrong += memcmp(old + at, new + at, (size_t)e.channels) != 0;
            }
    REQUIRE_NOTE(!wrong, "%s: %zu pixels differ", where, wrong);
    free(old);
    free(new);
    kal_scope_free(&s);
}

// ---- boxes --------------------------------------------------------------------------------------

static void one_box(rng *r, const jpeg_kind *k, int32_t w, int32_t h, int32_t channels)
{
    char where[160];
    size_t size;
    kal_scope *s = kal_scope_new();
    unsigned char *file = a_file(r, k, w, h, channels, &size);
    const kal_rect box = random_part(r, w, h);
    snprintf(where, sizeof where, "kind %d, %d×%d×%d, box %d,%d..%d,%d", (int)(k - kinds), w, h, channels,
             box.x0, box.y0, box.x1, box.y1);
    kal_node *photo = kal_load_bytes(s, file, size, NULL), *done = inverted_there(s, photo, box);
    kal_bytes b = save(s, done, &fresh);
    if (b.data) {
        coefficients old = coefficients_of(file, size), new = coefficients_of(b.data, b.size);
        int outside, inside;
        if (REQUIRE_NOTE(alike(&old, &new), "%s: another kind of file", where)) {
            const kal_rect cells = cells_of(box, old.cell);
            compare(&old, &new, cells, &outside, &inside);
            REQUIRE_NOTE(!outside, "%s: %d blocks differ outside", where, outside);
            REQUIRE_NOTE(inside, "%s: nothing changed inside", where);
            REQUIRE_NOTE(old.progressive == new.progressive, "%s", where);
            same_pixels_elsewhere(photo, &b, cells, old.cell, where);
        }
        for (int32_t t = 1; t <= 3; t++) {
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = t, .band = 1 + rng_below(r, 40)};
            kal_bytes again = save(s, done, &o);
            REQUIRE_NOTE(again.size == b.size && !memcmp(again.data, b.data, b.size),
                         "%s: %d threads, bands of %d", where, t, o.band);
            kal_bytes_free(&again);
        }
        coefficients_free(&old);
        coefficients_free(&new);
    }
    kal_bytes_free(&b);
    free(file);
    kal_scope_free(&s);
}

static void test_boxes(rng *r)
{
    for (int i = 0; i < 5 * KINDS; i++) {
        const jpeg_kind *k = &kinds[i % KINDS];
        const bool gray = !k->rgb && !rng_below(r, 4);
        one_box(r, k, 1 + rng_below(r, 200), 1 + rng_below(r, 200), gray ? 1 : 3);
    }
}

// Nothing put on it, or what was there already: not a block changes, nor does the file grow.
static void test_nothing(rng *r)
{
    for (int i = 0; i < KINDS; i++) {
        size_t size;
        int outside, inside;
        unsigned char *file = a_file(r, &kinds[i], 99, 70, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *photo = kal_load_bytes(s, file, size, NULL);
        const kal_rect box = kal_rect_of(13, 9, 60, 50);
        kal_node *same = kal_uncrop(s, kal_invert(s, kal_invert(s, crop(s, photo, box), NULL), NULL), photo,
                                    kal_uncrop_params(.x = box.x0, .y = box.y0));
        kal_bytes b[2] = {save(s, photo, &fresh), save(s, same, &fresh)};
        coefficients old = coefficients_of(file, size);
        for (int k = 0; k < 2; k++) {
            coefficients new = coefficients_of(b[k].data, b[k].size);
            compare(&old, &new, kal_rect_of(0, 0, 0, 0), &outside, &inside);
            REQUIRE_NOTE(!outside, "kind %d: %d blocks differ", i, outside);
            if (!kinds[i].optimize && !kinds[i].arithmetic)
                REQUIRE_NOTE(b[k].size <= size, "kind %d: %zu bytes of %zu", i, b[k].size, size);
            coefficients_free(&new);
        }
        coefficients_free(&old);
        kal_bytes_free(&b[0]);
        kal_bytes_free(&b[1]);
        free(file);
        kal_scope_free(&s);
    }
}

// Two boxes far from each other: what lies between them stays.
static void test_two(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 300, 240, 3, &size);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_bytes(s, file, size, NULL);
    const kal_rect a = kal_rect_of(3, 3, 20, 30), b = kal_rect_of(250, 200, 290, 230);
    kal_bytes got = save(s, inverted_there(s, inverted_there(s, n, a), b), &fresh);
    coefficients old = coefficients_of(file, size), new = coefficients_of(got.data, got.size);
    int all, in_a, in_b, rest;
    compare(&old, &new, cells_of(a, old.cell), &all, &in_a);
    compare(&old, &new, cells_of(b, old.cell), &rest, &in_b);
    REQUIRE(in_a > 0 && in_b > 0 && all == in_b && rest == in_a);
    coefficients_free(&old);
    coefficients_free(&new);
    kal_bytes_free(&got);
    free(file);
    kal_scope_free(&s);
}

// ---- turns --------------------------------------------------------------------------------------

typedef struct turned {
    bool swap, mx, my;
} turned;
static const turned turns[8] = {{0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1},
                                {1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 0, 1}};

// The block of the turned picture, by the symmetries of the cosine.
static bool is_turned(const int16_t *old, const int16_t *new, turned t)
{
    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++) {
            int f = t.swap ? old[u * 8 + v] : old[v * 8 + u];
            if (t.mx && u % 2) f = -f;
            if (t.my && v % 2) f = -f;
            if (f != new[v * 8 + u]) return false;
        }
    return true;
}

// `part` in whole cells of the old picture.
static int wrong_blocks(const coefficients *old, const coefficients *new, turned t, kal_rect part)
{
    int wrong = 0;
    for (int32_t i = 0; i < old->n; i++) {
        const plane *p = &old->planes[i], *q = &new->planes[i];
        const int32_t x0 = part.x0 / old->cell[0] * p->h, y0 = part.y0 / old->cell[1] * p->v;
        const int32_t x1 = (part.x1 + old->cell[0] - 1) / old->cell[0] * p->h;
        const int32_t y1 = (part.y1 + old->cell[1] - 1) / old->cell[1] * p->v;
        for (int32_t y = 0; y < q->high; y++)
            for (int32_t x = 0; x < q->wide; x++) {
                const int32_t w = t.swap ? y1 - y0 : x1 - x0, h = t.swap ? x1 - x0 : y1 - y0;
                const int32_t mx = t.mx ? w - 1 - x : x, my = t.my ? h - 1 - y : y;
                const int32_t u = x0 + (t.swap ? my : mx), v = y0 + (t.swap ? mx : my);
                if (u >= p->wide || v >= p->high) continue;   // only there to fill up an MCU
                wrong += !is_turned(block_at(p, u, v), block_at(q, x, y), t);
            }
    }
    return wrong;
}

static void one_turn(rng *r, const jpeg_kind *k, int how, int32_t channels)
{
    size_t size;
    const turned t = turns[how];
    const int32_t cw = channels == 1 ? 8 : 8 * k->h, ch = channels == 1 ? 8 : 8 * k->v;
    // what becomes the left and the top must be whole
    int32_t w = cw * (2 + rng_below(r, 4)), h = ch * (2 + rng_below(r, 4));
    const kal_rect part = kal_rect_of(cw, ch, w, h);
    if (!(t.swap ? t.my : t.mx)) w += rng_below(r, cw);
    if (!(t.swap ? t.mx : t.my)) h += rng_below(r, ch);
    unsigned char *file = a_file(r, k, w, h, channels, &size);
    coefficients old = coefficients_of(file, size);
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, file, size, NULL);
    for (int cut = 0; cut < 2; cut++) {
        const kal_rect q = cut ? part : kal_rect_of(0, 0, w, h);
        kal_node *n = kal_turn(s, crop(s, photo, q), kal_turn_params(.how = how));
        kal_bytes b = save(s, n, &fresh);
        if (!b.data) continue;
        coefficients new = coefficients_of(b.data, b.size);
        REQUIRE_NOTE(new.width == (t.swap ? q.y1 - q.y0 : q.x1 - q.x0), "%d wide", new.width);
        const int wrong = wrong_blocks(&old, &new, t, q);
        REQUIRE_NOTE(!wrong, "kind %d, turn %d%s: %d blocks of %d×%d", (int)(k - kinds), how,
                     cut ? " of a part" : "", wrong, w, h);
        for (int32_t i = 0; i < old.n; i++)
            for (int u = 0; u < 64; u++)
                REQUIRE(new.planes[i].quant[u] == old.planes[i].quant[t.swap ? u % 8 * 8 + u / 8 : u]);
        coefficients_free(&new);
        kal_bytes_free(&b);
    }
    coefficients_free(&old);
    free(file);
    kal_scope_free(&s);
}

static void test_turns(rng *r)
{
    for (int i = 0; i < KINDS; i++)
        for (int how = 0; how < 8; how++) one_turn(r, &kinds[i], how, kinds[i].rgb || how % 3 ? 3 : 1);
}

// A turn and a box in one: the same as the turn saved first and the box put on that.
static void test_turn_and_box(rng *r)
{
    for (int how = 0; how < 8; how++) {
        size_t size;
        int outside, inside;
        unsigned char *file = a_file(r, &kinds[how % 4], 160, 96, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_turn(s, kal_load_bytes(s, file, size, NULL), kal_turn_params(.how = how));
        const kal_rect box = kal_rect_of(20, 30, 70, 55);
        kal_bytes one = save(s, inverted_there(s, n, box), &fresh), turn = save(s, n, &fresh);
        coefficients a = coefficients_of(turn.data, turn.size), b = coefficients_of(one.data, one.size);
        compare(&a, &b, cells_of(box, a.cell), &outside, &inside);
        REQUIRE_NOTE(alike(&a, &b) && !outside && inside, "turn %d: %d outside, %d inside", how, outside,
                     inside);
        coefficients_free(&a);
        coefficients_free(&b);
        kal_bytes_free(&one);
        kal_bytes_free(&turn);
        free(file);
        kal_scope_free(&s);
    }
}

// ---- EXIF ---------------------------------------------------------------------------------------

// With a block of EXIF that says how to turn it; free it. 36 bytes longer.
static unsigned char *tagged(const unsigned char *file, size_t size, int orientation)
{
    const unsigned char exif[36] = {0xff,
                                    0xe1,
                                    0,
                                    34,
                                    'E',
                                    'x',
                                    'i',
                                    'f',
                                    0,
                                    0,
                                    'I',
                                    'I',
                                    42,
                                    0,
                                    8,
                                    0,
                                    0,
                                    0,
                                    1,
                                    0,
                                    0x12,
                                    1,
                                    3,
                                    0,
                                    1,
                                    0,
                                    0,
                                    0,
                                    (unsigned char)orientation};
    unsigned char *with = malloc(size + 36);
    memcpy(with, file, 2);
    memcpy(with + 2, exif, 36);
    memcpy(with + 38, file + 2, size - 2);
    return with;
}

// Lossy at the edges of the box alone, so on the whole it is the picture.
static void nearly_same(kal_node *want_node, const kal_bytes *b, const char *where)
{
    kal_scope *s = kal_scope_new();
    kal_extent e, f;
    unsigned char *want = read_all(want_node, &fresh, &e);
    unsigned char *got = read_all(kal_load_bytes(s, b->data, b->size, NULL), &fresh, &f);
    if (REQUIRE_NOTE(want && got && e.width == f.width && e.height == f.height, "%s: another size", where)) {
        double sum = 0;
        for (size_t i = 0; i < bytes_of(&e); i++) sum += abs(want[i] - got[i]);
        REQUIRE_NOTE(sum / (double)bytes_of(&e) < 6, "%s: differs by %g", where, sum / (double)bytes_of(&e));
    }
    free(want);
    free(got);
    kal_scope_free(&s);
}

// A picture that its EXIF turns is kept as it lies, and the tag with it, though its size is no multiple of anything. Without the tag (strip) it
// must be turned, and then its size matters.
static void test_upright(rng *r)
{
    for (int o = 1; o <= 8; o++) {
        size_t size;
        int outside, inside;
        char where[40];
        snprintf(where, sizeof where, "orientation %d", o);
        unsigned char *file = a_file(r, &kinds[0], 77, 55, 3, &size), *with = tagged(file, size, o);
        kal_scope *s = kal_scope_new();
        kal_node *done =
            inverted_there(s, kal_load_bytes(s, with, size + 36, NULL), kal_rect_of(10, 5, 30, 22));
        kal_bytes b = save(s, done, &fresh);
        coefficients old = coefficients_of(file, size), new = coefficients_of(b.data, b.size);
        compare(&old, &new, kal_rect_of(0, 0, 0, 0), &outside, &inside);
        REQUIRE_NOTE(outside > 0 && outside <= 54, "%s: %d blocks differ", where, outside);
        nearly_same(done, &b, where);
        coefficients_free(&old);
        coefficients_free(&new);
        kal_bytes_free(&b);
        // turned back by hand, it is as stored, and no tag says otherwise
        const int back = o == 6 ? 8 : o == 8 ? 6 : o;
        kal_node *stored = kal_turn(s, done, kal_turn_params(.how = back - 1));
        b = save(s, stored, &fresh);
        nearly_same(stored, &b, where);
        kal_bytes_free(&b);
        b = (kal_bytes){NULL, 0};
        const bool fits = o == 1 || o == 5;   // begins where it is stored to begin
        kal_node *bare = kal_encode(s, done, "jpeg", KEEP " strip=true");
        const kal_status st = kal_read_bytes(bare, &fresh, &b, &check_error);
        REQUIRE_NOTE(fits ? st == KAL_OK : st == KAL_INVALID, "%s, stripped: %s", where, check_error.message);
        if (b.data) nearly_same(done, &b, "stripped");
        kal_bytes_free(&b);
        free(file);
        free(with);
        kal_scope_free(&s);
    }
}

// ---- files that are odd -------------------------------------------------------------------------

// Behind the first marker of this kind from `at` on, or 0.
static size_t behind(const unsigned char *file, size_t size, int marker, size_t at)
{
    for (; at + 1 < size; at++)
        if (file[at] == 0xff && file[at + 1] == marker) return at + 2;
    return 0;
}

// With n bytes put in before `at`; frees the old one.
static unsigned char *with_bytes(unsigned char *file, size_t *size, size_t at, const void *bytes, size_t n)
{
    unsigned char *longer = malloc(*size + n);
    memcpy(longer, file, at);
    memcpy(longer + at, bytes, n);
    memcpy(longer + at + n, file + at, *size - at);
    free(file);
    *size += n;
    return longer;
}

static kal_status try_save(const unsigned char *file, size_t size, bool changed, kal_bytes *b)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_bytes(s, file, size, NULL);
    if (changed) n = inverted_there(s, n, kal_rect_of(20, 20, 40, 30));
    *b = (kal_bytes){NULL, 0};
    kal_node *encoded = kal_encode(s, n, "jpeg", KEEP);
    kal_status st = kal_node_error(encoded, &check_error);
    if (!st) st = kal_read_bytes(encoded, &fresh, b, &check_error);
    kal_scope_free(&s);
    return st;
}

// A quantiser of 0, or one by which the library's 16-bit divisors become 0, decodes; nothing can be coded with it.
static void test_quantisers(rng *r)
{
    for (int i = 0; i < 4; i++) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i % 2 ? 9 : 0], 90, 70, 3, &size);
        const size_t at = behind(file, size, 0xdb, 0);
        if (REQUIRE(at)) file[at + 3 + i] = 0;
        kal_bytes b;
        const kal_status st = try_save(file, size, true, &b);
        REQUIRE_NOTE(st == KAL_UNSUPPORTED && strstr(check_error.message, "quantiser of 0"), "%s",
                     check_error.message);
        free(file);
    }
}

static void same_picture_saved(const unsigned char *file, size_t size, const char *what)
{
    kal_bytes b;
    if (!REQUIRE_NOTE(try_save(file, size, false, &b) == KAL_OK, "%s: %s", what, check_error.message)) return;
    kal_scope *s = kal_scope_new();
    kal_extent e;
    unsigned char *want = read_all(kal_load_bytes(s, file, size, NULL), &fresh, &e);
    unsigned char *got = read_all(kal_load_bytes(s, b.data, b.size, NULL), &fresh, NULL);
    REQUIRE_NOTE(want && got && !memcmp(want, got, bytes_of(&e)), "%s: another picture", what);
    free(want);
    free(got);
    kal_bytes_free(&b);
    REQUIRE_NOTE(try_save(file, size, true, &b) == KAL_OK, "%s, changed: %s", what, check_error.message);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// What a decoder passes over between the last block and the end; a table defined anew where nobody reads it any more.
static void test_odd(rng *r)
{
    static const unsigned char comment[] = {0xff, 0xfe, 0, 5, 'a', 0xff, 0xd9}, zeros[3] = {0};
    unsigned char table[69] = {0xff, 0xdb, 0, 67, 0};
    memset(table + 5, 77, 64);
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 90, 70, 3, &size);
    file = with_bytes(file, &size, size - 2, comment, sizeof comment);
    same_picture_saved(file, size, "a comment before the end");
    free(file);
    file = a_file(r, &kinds[0], 90, 70, 3, &size);
    file = with_bytes(file, &size, size - 2, zeros, sizeof zeros);
    same_picture_saved(file, size, "bytes before the end");
    free(file);
    for (int i = 0; i < KINDS && !kinds[i].separate; i++)
        if (kinds[i + 1].separate) {
            file = a_file(r, &kinds[i + 1], 90, 70, 3, &size);
            const size_t second = behind(file, size, 0xda, behind(file, size, 0xda, 0));
            if (REQUIRE(second)) file = with_bytes(file, &size, second - 2, table, sizeof table);
            same_picture_saved(file, size, "a table defined anew");
            free(file);
        }
}

// DC coefficients that no picture of 8 bits has, but that decode: a new block beside them would be further off than a code can tell.
static unsigned char *far_off(const unsigned char *file, size_t size, unsigned long *n)
{
    struct jpeg_decompress_struct j;
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr mgr;
    unsigned char *data = NULL;
    *n = 0;
    j.err = c.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&j);
    jpeg_create_compress(&c);
    jpeg_mem_src(&j, file, size);
    jpeg_mem_dest(&c, &data, n);
    jpeg_read_header(&j, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&j);
    for (JDIMENSION y = 0; y < j.comp_info[0].height_in_blocks; y++) {
        JBLOCKROW row = j.mem->access_virt_barray((j_common_ptr)&j, arrays[0], y, 1, TRUE)[0];
        for (JDIMENSION x = 0; x < j.comp_info[0].width_in_blocks; x++) row[x][0] = 1900;
    }
    jpeg_copy_critical_parameters(&j, &c);
    jpeg_write_coefficients(&c, arrays);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    jpeg_finish_decompress(&j);
    jpeg_destroy_decompress(&j);
    return data;
}

static void test_far_off(void)
{
    const kal_extent e = extent_of(64, 64, 1, KAL_U8);
    unsigned char white[64 * 64];
    unsigned long size, n;
    memset(white, 255, sizeof white);
    unsigned char *plain = jpeg_of(&e, white, &(jpeg_kind){.h = 1, .v = 1, .quality = 100}, &size);
    unsigned char *file = far_off(plain, size, &n);
    kal_bytes b;
    const kal_status st = try_save(file, n, true, &b);
    REQUIRE_NOTE(st == KAL_UNSUPPORTED && strstr(check_error.message, "differ by"), "%d: %s", (int)st,
                 check_error.message);
    kal_bytes_free(&b);
    REQUIRE_OK(try_save(file, n, false, &b));
    kal_bytes_free(&b);
    free(plain);
    free(file);
}

// ---- what it holds, where it goes ---------------------------------------------------------------

// The plan counts all coefficients where they lie in memory: once, and twice when they are moved.
static void test_memory(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[2], 1280, 960, 3, &size);
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, file, size, NULL);
    const size_t all = (size_t)1280 * 960 * 3 * sizeof(JCOEF);
    kal_node *moved[2] = {kal_turn(s, photo, kal_turn_params(.how = KAL_TURN_HALF)),
                          crop(s, photo, kal_rect_of(0, 0, 1272, 960))};
    for (int i = 0; i < 3; i++) {
        kal_stats stats;
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        kal_bytes b = save(s, i < 2 ? moved[i] : photo, &o);
        REQUIRE_NOTE(i < 2 ? stats.planned_bytes >= 2 * all : stats.planned_bytes < all, "%d: %zu told", i,
                     (size_t)stats.planned_bytes);
        kal_bytes_free(&b);
    }
    free(file);
    kal_scope_free(&s);
}

// An album of one picture is that picture.
static void test_album(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 200, 160, 3, &size), room[65536];
    kal_scope *s = kal_scope_new();
    kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(40, 120, 60, 140));
    kal_bytes want = save(s, n, &fresh);
    const char *path = check_temp("album.jpg");
    kal_album *a;
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    REQUIRE_OK(kal_album_add(a, n, KEEP, &fresh, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(a, n, KEEP, &fresh, &check_error));
    REQUIRE_OK(kal_album_finish(&a, &check_error));
    FILE *f = fopen(path, "rb");
    const size_t got = f ? fread(room, 1, sizeof room, f) : 0;
    if (f) fclose(f);
    REQUIRE(got == want.size && !memcmp(room, want.data, got));
    kal_bytes_free(&want);
    free(file);
    kal_scope_free(&s);
}

// ---- what cannot be -----------------------------------------------------------------------------

static void refuses(kal_scope *s, kal_node *n, const char *params, const char *says)
{
    kal_node *encoded = kal_encode(s, n, "jpeg", params);
    kal_status st = kal_node_error(encoded, &check_error);
    kal_bytes b = {NULL, 0};
    if (!st) st = kal_read_bytes(encoded, &fresh, &b, &check_error);
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, says), "%s: %s", says, check_error.message);
    kal_bytes_free(&b);
}

static void test_refused(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, file, size, NULL);
    const kal_extent e = extent_of(32, 32, 3, KAL_U8);
    kal_node *noise = rng_image(r, s, &e);
    kal_bytes png = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, noise, "png", NULL), &fresh, &png, &check_error));
    refuses(s, noise, KEEP, "samples in memory");
    refuses(s, kal_gaussian(s, photo, kal_gaussian_params(.sigma = 2)), KEEP,
            "gaussian makes the whole picture anew");
    refuses(s, kal_gray(s, photo, NULL), KEEP, "gray makes the whole picture anew");
    refuses(s, kal_load_bytes(s, png.data, png.size, NULL), KEEP, "it is a png file");
    refuses(s, kal_load_bytes(s, file, size, "shrink=2"), KEEP, "shrink=2");
    refuses(s, photo, KEEP " quality=50", "leave out");
    refuses(s, crop(s, photo, kal_rect_of(1, 0, 50, 50)), KEEP, "blocks of 16 pixels across");
    refuses(s, crop(s, photo, kal_rect_of(0, 8, 50, 50)), KEEP, "blocks of 16 pixels down");
    refuses(s, kal_turn(s, photo, kal_turn_params(.how = KAL_TURN_MIRROR)), KEEP, "at 100");
    kal_bytes_free(&png);
    free(file);
    kal_scope_free(&s);
}

// A file that ends early or is damaged is never carried over as if it were sound; what libjpeg takes without a word is taken here.
static void test_damaged(rng *r)
{
    int sound = 0, found = 0;
    for (int i = 0; i < 60 * KINDS; i++) {
        size_t size, n;
        unsigned char *file = a_file(r, &kinds[i % KINDS], 90, 70, 3, &size);
        n = size;
        if (rng_below(r, 2))
            n = 1 + (size_t)rng_below(r, (int32_t)size - 1);
        else
            for (int k = rng_below(r, 3); k >= 0; k--)
                file[rng_below(r, (int32_t)size)] = (unsigned char)(rng_below(r, 4) ? rng_next(r) : 0xff);
        kal_scope *s = kal_scope_new();
        kal_node *photo = kal_load_bytes(s, file, n, NULL);
        kal_bytes b = {NULL, 0};
        kal_error why;
        kal_node *encoded = kal_encode(s, photo, "jpeg", KEEP);
        kal_status st = kal_node_error(encoded, &why);
        if (!st) st = kal_read_bytes(encoded, &fresh, &b, &why);
        REQUIRE_NOTE(st || n == size, "kind %d: cut at %zu of %zu and saved", i % KINDS, n, size);
        if (!st) {
            void *p = read_all(kal_load_bytes(s, b.data, b.size, NULL), &fresh, NULL);
            REQUIRE_NOTE(p, "kind %d: saved and cannot be read: %s", i % KINDS, check_error.message);
            free(p);
        }
        sound += !st;
        found += st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_INVALID || st == KAL_LIMIT;
        REQUIRE_NOTE(!st || found, "%s", why.message);
        kal_bytes_free(&b);
        free(file);
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(found > 30 * KINDS, "%d found, %d sound", found, sound);
}

// Another file by the time it is saved.
static void test_changed(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    const char *path = check_temp("kept.jpg"), *to = check_temp("kept_out.jpg");
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    kal_scope *s = kal_scope_new();
    kal_node *done = inverted_there(s, kal_load(s, path, NULL), kal_rect_of(10, 10, 40, 40));
    REQUIRE_OK(kal_node_error(done, &check_error));
    free(file);
    file = a_file(r, &kinds[2], 100, 80, 3, &size);
    f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    REQUIRE_FAILS(KAL_CHANGED, kal_save(done, to, KEEP, &fresh, &check_error));
    REQUIRE(access(to, F_OK));
    free(file);
    kal_scope_free(&s);
}

// On itself: the file that is read is replaced when the new one is whole.
static void test_onto_itself(rng *r)
{
    size_t size;
    int outside, inside;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    const char *path = check_temp("itself.jpg");
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    kal_scope *s = kal_scope_new();
    const kal_rect box = kal_rect_of(40, 40, 60, 60);
    kal_node *done = inverted_there(s, kal_load(s, path, NULL), box);
    REQUIRE_OK(kal_save(done, path, KEEP, &fresh, &check_error));
    unsigned char room[65536];
    f = fopen(path, "rb");
    const size_t n = f ? fread(room, 1, sizeof room, f) : 0;
    if (f) fclose(f);
    coefficients a = coefficients_of(file, size), b = coefficients_of(room, n);
    compare(&a, &b, cells_of(box, a.cell), &outside, &inside);
    REQUIRE(!outside && inside);
    coefficients_free(&a);
    coefficients_free(&b);
    free(file);
    kal_scope_free(&s);
}

// Called off while coefficients are read and written: nothing is left, and the same request is right afterwards.
static void test_stopped(rng *r)
{
    for (int i = 0; i < KINDS; i += 9) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i], 1500, 1100, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(200, 900, 260, 960));
        kal_bytes want = save(s, n, &fresh);
        for (double late = 1e-3; late < 10; late *= 3) {
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .deadline = late, .threads = 1 + i % 2};
            kal_bytes b = {NULL, 0};
            const kal_status st = kal_read_bytes(kal_encode(s, n, "jpeg", KEEP), &o, &b, &check_error);
            REQUIRE_NOTE(st ? st == KAL_DEADLINE && !b.data
                            : b.size == want.size && !memcmp(b.data, want.data, b.size),
                         "kind %d, %g s: %s", i, late, check_error.message);
            kal_bytes_free(&b);
        }
        kal_bytes_free(&want);
        free(file);
        kal_scope_free(&s);
    }
    usleep(300000);   // lets what was left end before nodes are counted
}

// ---- failures -----------------------------------------------------------------------------------

typedef struct sink {
    int calls, fail_at, aborts, ends;
} sink;

static ptrdiff_t sink_write(void *user, const void *data, size_t n, kal_error *err)
{
    sink *k = user;
    (void)data;
    if (++k->calls != k->fail_at) return (ptrdiff_t)(n < 900 ? n : 900);
    kal_fail(err, KAL_IO, "the disk is full");
    return -1;
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

static void test_failing(rng *r)
{
    for (int i = 0; i < KINDS; i++) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i], 120, 300, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(20, 100, 60, 190));
        kal_node *encoded = kal_encode(s, n, "jpeg", KEEP);
        kal_status st = KAL_IO;
        for (int at = 1; st && at < 2000; at++) {
            sink k = {.fail_at = at};
            const kal_output out = {
                .name = "the sink", .user = &k, .write = sink_write, .end = sink_end, .abort = sink_abort};
            st = kal_write_outputs(&encoded, &out, 1, &fresh, &check_error);
            REQUIRE_NOTE(st ? st == KAL_IO && k.aborts == 1 && !k.ends : !k.aborts && k.ends == 1,
                         "kind %d, call %d: %s", i, at, check_error.message);
            if (st) REQUIRE(strstr(check_error.message, "the disk is full"));
        }
        REQUIRE(!st);
        free(file);
        kal_scope_free(&s);
    }
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261127;
    rng r = {seed};
    printf("seed %llu\n", (unsigned long long)seed);
    test_boxes(&r);
    test_nothing(&r);
    test_two(&r);
    test_turns(&r);
    test_turn_and_box(&r);
    test_upright(&r);
    test_quantisers(&r);
    test_odd(&r);
    test_far_off();
    test_memory(&r);
    test_album(&r);
    test_refused(&r);
    test_damaged(&r);
    test_changed(&r);
    test_onto_itself(&r);
    test_failing(&r);
    test_stopped(&r);
    return check_done();
}
