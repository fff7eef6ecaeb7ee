// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// turn: the eight symmetries of a rectangle, in EXIF's order. Every one is "maybe swap the axes, then maybe mirror each":
//
//     out(x, y) = in(u, v),  (u, v) = swap ? (y', x') : (x', y'),  x' = mx ? W−1−x : x,  y' = my ? H−1−y : y
//
// with W×H the output's size. Exact. Turns of turns fold into one. flip is the two plain mirrors by their other name.
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

// `step` bytes from one source pixel to the next.
static void copy_pixels(unsigned char *dst, const unsigned char *src, ptrdiff_t step, int32_t n, size_t pixel)
{
    switch (pixel) {
    case 1:
        for (int32_t i = 0; i < n; i++) dst[i] = src[i * step];
        break;
    case 3:
        for (int32_t i = 0; i < n; i++) {
            const unsigned char *s = src + i * step;
            dst[3 * i] = s[0], dst[3 * i + 1] = s[1], dst[3 * i + 2] = s[2];
        }
        break;
    default:
        for (int32_t i = 0; i < n; i++) memcpy(dst + (size_t)i * pixel, src + i * step, pixel);
    }
}

static void run_straight(const kal_job *j, symmetry s)
{
    const kal_rect o = j->out->rect, in = j->in[0].rect;
    const ptrdiff_t pixel = j->out->pixel;
    for (int32_t y = o.y0; y < o.y1; y++) {
        const int32_t v = s.my ? j->call->extent.height - 1 - y : y;
        const unsigned char *src = kal_row(&j->in[0], v);
        if (s.mx)
            copy_pixels(kal_row(j->out, y), src + (in.x1 - 1 - in.x0) * pixel, -pixel, o.x1 - o.x0,
                        (size_t)pixel);
        else
            memcpy(kal_row(j->out, y), src, (size_t)(o.x1 - o.x0) * (size_t)pixel);
    }
}

// Columns become rows: in blocks, so that both sides stay in the cache.
static void run_swapped(const kal_job *j, symmetry s)
{
    const kal_rect o = j->out->rect;
    const int32_t w = j->call->extent.width, h = j->call->extent.height, side = 32;
    const ptrdiff_t pixel = j->out->pixel;
    const kal_tile *in = &j->in[0];
    for (int32_t by = o.y0; by < o.y1; by += side)
        for (int32_t bx = o.x0; bx < o.x1; bx += side)
            for (int32_t x = bx; x < bx + side && x < o.x1; x++) {
                const int32_t v = s.mx ? w - 1 - x : x;   // the input's row
                const unsigned char *src = kal_row(in, v);
                for (int32_t y = by; y < by + side && y < o.y1; y++) {
                    const int32_t u = s.my ? h - 1 - y : y;
                    memcpy(kal_at(j->out, x, y), src + (u - in->rect.x0) * pixel, (size_t)pixel);
                }
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
    .run = run,
    .samples = KAL__SAMPLES("how=mirror", "how=half", "how=flip", "how=transpose", "how=right",
                            "how=transverse", "how=left"),
};
