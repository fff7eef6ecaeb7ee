// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A JPEG saved with lossless_outside: libjpeg reads the coefficients of the file before and after. Outside the blocks that were touched they are
// the same; turned, they are what the definition of the DCT says, written down once more here. `io.jpeg_kept [seed]`.
#include "kept.h"

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
        REQUIRE_NOTE(fits || (strstr(check_error.message, "the picture, which is turned,") &&
                              strstr(check_error.message, "without strip=true its EXIF says")),
                     "%s", check_error.message);
        if (b.data) nearly_same(done, &b, "stripped");
        kal_bytes_free(&b);
        free(file);
        free(with);
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
    return check_done();
}
