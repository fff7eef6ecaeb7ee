// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// turn: the eight symmetries of a rectangle, in EXIF's order. Every one is "maybe swap the axes, then maybe mirror each":
//
//     out(x, y) = in(u, v),  (u, v) = swap ? (y', x') : (x', y'),  x' = mx ? W−1−x : x,  y' = my ? H−1−y : y
//
// with W×H the output's size. Exact. Turns of turns fold into one. flip is the two plain mirrors by their other name.
#include "kernels.h"
#include "op.h"

typedef struct symmetry {
    bool swap, mx, my;
} symmetry;

static const symmetry table[8] = {
    [KAL_TURN_NONE] = {0, 0, 0},       [KAL_TURN_MIRROR] = {0, 1, 0},    [KAL_TURN_HALF] = {0, 1, 1},
    [KAL_TURN_FLIP] = {0, 0, 1},       [KAL_TURN_TRANSPOSE] = {1, 0, 0}, [KAL_TURN_RIGHT] = {1, 1, 0},
    [KAL_TURN_TRANSVERSE] = {1, 1, 1}, [KAL_TURN_LEFT] = {1, 0, 1},
};

static symmetry of(const kal_call *c)
{
    return table[((const kal_turn_p *)c->params)->how];
}

// Where output pixel (x, y) of a 2×2 image comes from.
static void follow(symmetry s, int32_t *x, int32_t *y)
{
    const int32_t u = s.mx ? 1 - *x : *x, v = s.my ? 1 - *y : *y;
    *x = s.swap ? v : u;
    *y = s.swap ? u : v;
}

// The one symmetry that does what a, then b do: all three are known by what they do to the corners.
static int32_t compose(symmetry a, symmetry b)
{
    for (int32_t k = 0; k < 8; k++) {
        bool same = true;
        for (int32_t i = 0; i < 4; i++) {
            int32_t x = i & 1, y = i >> 1, u = x, v = y;
            follow(b, &x, &y);
            follow(a, &x, &y);
            follow(table[k], &u, &v);
            same &= x == u && y == v;
        }
        if (same) return k;
    }
    return KAL_TURN_NONE;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)err;
    *out = c->in[0]->extent;
    if (table[((const kal_turn_p *)params)->how].swap) {
        out->width = c->in[0]->extent.height;
        out->height = c->in[0]->extent.width;
    }
    return KAL_OK;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const symmetry s = of(c);
    const int32_t w = c->extent.width, h = c->extent.height;
    kal_rect r = out;
    if (s.mx) r.x0 = w - out.x1, r.x1 = w - out.x0;
    if (s.my) r.y0 = h - out.y1, r.y1 = h - out.y0;
    return s.swap ? kal_rect_of(r.y0, r.x0, r.y1, r.x1) : r;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_turn_p *p = c->params;
    const kal_call *in = c->in[0];
    if (p->how == KAL_TURN_NONE) {
        to->same = in;
        return true;
    }
    if (in->op != c->op) return false;
    kal_turn_p *both = room;
    *both = kal_turn_defaults();
    both->how = compose(of(in), of(c));
    *to = (kal_folded){.op = c->op, .params = both, .n = 1, .in = {in->in[0]}};
    return true;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const symmetry s = of(c);
    const double x = s.mx ? -1 : 1, y = s.my ? -1 : 1;
    kal__map_shift(s.mx ? c->extent.width : 0, s.my ? c->extent.height : 0, m);
    m[0] = s.swap ? 0 : x;
    m[1] = s.swap ? x : 0;
    m[3] = s.swap ? y : 0;
    m[4] = s.swap ? 0 : y;
    return true;
}

// ---- mirrored rows ------------------------------------------------------------------------------

KAL__INLINE void mirror(unsigned char *dst, const unsigned char *src, size_t n, size_t pixel)
{
    for (size_t i = 0; i < n; i++) memcpy(dst + i * pixel, src + (n - 1 - i) * pixel, pixel);
}

// Of the usual sizes the compiler knows.
#define BY_SIZE(pixel, CASE, otherwise) \
    switch (pixel) {                    \
        CASE(1)                         \
        CASE(2)                         \
        CASE(3)                         \
        CASE(4)                         \
        CASE(6)                         \
        CASE(8)                         \
        CASE(12)                        \
        CASE(16)                        \
    default: otherwise;                 \
    }

void kal__mirror_u8_c(uint8_t *dst, const uint8_t *src, size_t n, size_t pixel)
{
#define MIRROR(size) \
    case size: mirror(dst, src, n, size); return;
    BY_SIZE(pixel, MIRROR, mirror(dst, src, n, pixel))
}

static void run_straight(const kal_job *j, symmetry s)
{
    const kal_rect o = j->out->rect;
    const size_t pixel = (size_t)j->out->pixel, n = (size_t)(o.x1 - o.x0);
    for (int32_t y = o.y0; y < o.y1; y++) {
        const unsigned char *src = kal_row(&j->in[0], s.my ? j->call->extent.height - 1 - y : y);
        if (!s.mx)
            memcpy(kal_row(j->out, y), src, n * pixel);
        else if (pixel <= 16)
            kal__kernels()->mirror_u8(kal_row(j->out, y), src, n, pixel);
        else
            mirror(kal_row(j->out, y), src, n, pixel);
    }
}

// ---- columns that become rows -------------------------------------------------------------------
// Eight rows of the input, in the order of the output's columns, to n rows of eight pixels, `step` bytes apart.

KAL__INLINE void turn(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n, size_t pixel)
{
    for (size_t i = 0; i < n; i++, dst += step)
        for (size_t k = 0; k < 8; k++) memcpy(dst + k * pixel, rows[k] + i * pixel, pixel);
}

#define TURN(size)                                                                                  \
    void kal__turn_##size##_c(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n) \
    {                                                                                               \
        turn(dst, step, rows, n, size);                                                             \
    }
TURN(1)
TURN(3)
TURN(4)

static void turn_rows(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n, size_t pixel)
{
    switch (pixel) {
    case 1: kal__kernels()->turn_1(dst, step, rows, n); return;
    case 3: kal__kernels()->turn_3(dst, step, rows, n); return;
    case 4: kal__kernels()->turn_4(dst, step, rows, n); return;
    }
#define TURN_ROWS(size) \
    case size: turn(dst, step, rows, n, size); return;
    BY_SIZE(pixel, TURN_ROWS, turn(dst, step, rows, n, pixel))
}

// Output columns x … x + 8 of rows y … y + n, and a word to the memory about the columns `ahead` of them.
static void turn_eight(const kal_job *j, symmetry s, int32_t x, int32_t y, int32_t n, int32_t ahead)
{
    const int32_t w = j->call->extent.width, h = j->call->extent.height;
    const kal_tile *in = &j->in[0];
    const int32_t first = s.my ? h - y - n : y,
                  top = s.my ? y + n - 1 : y;   // the input's column, and the row it becomes
    const uint8_t *rows[8];
    for (int32_t k = 0; k < 8; k++) rows[k] = kal_at(in, first, s.mx ? w - 1 - (x + k) : x + k);
    for (int32_t k = 0; ahead && k < 8 && x + ahead + k < j->out->rect.x1; k++) {
        const int32_t v = x + ahead + k;
        const uint8_t *at = kal_at(in, first, s.mx ? w - 1 - v : v),
                      *last = at + (ptrdiff_t)n * in->pixel - 1;
        for (; at < last; at += 64) __builtin_prefetch(at);
        __builtin_prefetch(last);
    }
    turn_rows(kal_at(j->out, x, top), s.my ? -j->out->stride : j->out->stride, rows, (size_t)n,
              (size_t)in->pixel);
}

static void turn_narrow(const kal_job *j, symmetry s)
{
    const kal_rect o = j->out->rect;
    const int32_t w = j->call->extent.width, h = j->call->extent.height;
    for (int32_t y = o.y0; y < o.y1; y++)
        for (int32_t x = o.x0; x < o.x1; x++)
            memcpy(kal_at(j->out, x, y), kal_at(&j->in[0], s.my ? h - 1 - y : y, s.mx ? w - 1 - x : x),
                   (size_t)j->out->pixel);
}

// In rows of blocks, so that the output's rows stay in the cache while they fill from the left. The last eight columns may be done twice.
static void run_swapped(const kal_job *j, symmetry s)
{
    const kal_rect o = j->out->rect;
    const int32_t side = 64, ahead = 32;
    if (o.x1 - o.x0 < 8) {
        turn_narrow(j, s);
        return;
    }
    for (int32_t y = o.y0; y < o.y1; y += side) {
        const int32_t n = o.y1 - y < side ? o.y1 - y : side;
        for (int32_t x = o.x0; x + 8 <= o.x1; x += 8) turn_eight(j, s, x, y, n, ahead);
        if ((o.x1 - o.x0) % 8) turn_eight(j, s, o.x1 - 8, y, n, 0);
    }
}

static kal_status run(const kal_job *j)
{
    const symmetry s = of(j->call);
    if (s.swap)
        run_swapped(j, s);
    else
        run_straight(j, s);
    return KAL_OK;
}

#define PARAMS kal_turn_p
static const kal_param params[] = {KAL_TURN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_turn = {
    .name = "turn",
    .version = 1,
    .family = "geometry",
    .help = "Quarter turns and mirrors, exact\nThe eight ways are in the order of EXIF orientation 1..8.",
    .inputs = "image",
    KAL__PARAMS(params, kal_turn_p),
    .flags = KAL_OP_UPRIGHT,
    .cost = 0.3f,
    .extent = extent,
    .need = need,
    .fold = fold,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("how=mirror", "how=half", "how=flip", "how=transpose", "how=right",
                            "how=transverse", "how=left"),
};
