// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// blend: out = alpha · image + (1 − alpha) · base in doubles, in every channel, alpha channels included. 8
// and 16 bits round half up.
#include "channels.h"
#include "cpu.h"
#include "lay.h"
#include "mem.h"
#include "paste.h"

#include <stdlib.h>

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[1]->extent;
    kal__unmask(out);
    kal_status st = kal__check_pair("blend", "the base", c, err);
    if (!st) st = kal__check_paste("blend", c, err);
    return st ? st : kal__check_type("blend", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const double alpha = ((const kal_blend_p *)c->params)->alpha;
    if (alpha != 0 && alpha != 1) return false;
    to->same = c->in[alpha == 0];
    return true;
}

// The sum never leaves the range of its terms by as much as half a step, so nothing has to be clamped.
#define BLEND(type, T, expr)                                                                             \
    KAL__INLINE void blend_##type##_body(T *restrict dst, const T *restrict top, const T *restrict base, \
                                         size_t n, double a, double b)                                   \
    {                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                 \
            const double v = a * (double)top[i] + b * (double)base[i];                                   \
            dst[i] = (T)(expr);                                                                          \
        }                                                                                                \
    }                                                                                                    \
    KAL__VARIANTS(blend_##type, (T * dst, const T *top, const T *base, size_t n, double a, double b),    \
                  (dst, top, base, n, a, b))
BLEND(u8, uint8_t, (int32_t)(v + 0.5))
BLEND(u16, uint16_t, (int32_t)(v + 0.5))
BLEND(f32, float, v)

static size_t tables(const kal_call *c)
{
    const kal_extent *e = &c->extent;
    return e->type == KAL_U8 && (int64_t)e->width * e->height * e->channels >= KAL__PAIRS_FROM
               ? sizeof(kal__pairs)
               : 0;
}

// Of bytes floats are often enough, which all pairs of them tell.
static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const double a = ((const kal_blend_p *)c->params)->alpha;
    uint8_t top[256], base[256];
    *state = NULL;
    if (!tables(c)) return KAL_OK;
    kal__pairs *p = *state = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(err, KAL_NOMEM, "blend: out of memory");
    for (int32_t i = 0; i < 256; i++) top[i] = (uint8_t)i;
    for (int32_t b = 0; b < 256; b++) {
        memset(base, b, sizeof base);
        blend_u8(p->table + (size_t)b * 256, top, base, 256, a, 1 - a);
    }
    kal__pairs_try_line(p, a);
    return KAL_OK;
}

static kal_status run(const kal_job *j)
{
    const kal__pairs *pairs = j->state;
    const kal_extent *e = &j->call->extent;
    const double a = ((const kal_blend_p *)j->call->params)->alpha;
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)e->channels;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *top = kal_row(&j->in[0], y), *base = kal_row(&j->in[1], y);
        if (pairs && pairs->line)
            kal__pairs_row(pairs, dst, top, base, n);
        else if (e->type == KAL_U8)
            blend_u8(dst, top, base, n, a, 1 - a);
        else if (e->type == KAL_U16)
            blend_u16(dst, top, base, n, a, 1 - a);
        else
            blend_f32(dst, top, base, n, a, 1 - a);
    }
    return KAL_OK;
}

#define PARAMS kal_blend_p
static const kal_param params[] = {KAL_BLEND_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_blend = {
    .name = "blend",
    .version = 1,
    .family = "arithmetic",
    .help = "A mix of two images: alpha · image + (1 − alpha) · base\n"
            "Both have the same size, type and channels; alpha channels are mixed like the others. For\n"
            "pictures with transparency laid on each other see composite.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_blend_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.6f,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .run = run,
    .samples = KAL__SAMPLES("", "alpha=0.3", "alpha=0.999", "alpha=1"),
};
