// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// cast: another sample type. Between u8, u16 and f32 full scale maps to full scale, alpha like the rest:
//
//     u8→u16   257 v                        u8→f32   v / 255 in floats
//     u16→u8   (255 v + 32767) / 65535      u16→f32  v / 65535 in floats
//     f32→u8   clamp(v, 0, 1) · 255         f32→u16  clamp(v, 0, 1) · 65535         half up; NaN gives 0
//
// u8→u16→u8 and u8→f32→u8 are the identity. u32 samples are labels: from and to u32 the number itself is
// kept, as far as it fits (f32→u32 rounds half up). NaN becomes 0.
#include "channels.h"
#include "kernels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)err;
    const kal_type type = (kal_type)((const kal_cast_p *)params)->type;
    *out = c->in[0]->extent;
    if (type == out->type) return KAL_OK;
    out->type = type;
    kal__unmask(out);
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->extent.type != c->in[0]->extent.type) return false;
    to->same = c->in[0];
    return true;
}

// NaN is not above 0.
static inline int32_t scaled(float v, double max)
{
    const double x = (double)v * max, low = x > 0 ? x : 0;
    return (int32_t)((low < max ? low : max) + 0.5);
}

typedef void row_fn(void *dst, const void *src, size_t n);

#define CAST(from, S, to, D, expr)                                                   \
    KAL__INLINE void cast_##from##_##to##_body(void *dst, const void *src, size_t n) \
    {                                                                                \
        D *restrict d = dst;                                                         \
        const S *restrict s = src;                                                   \
        for (size_t i = 0; i < n; i++) {                                             \
            const S v = s[i];                                                        \
            d[i] = (D)(expr);                                                        \
        }                                                                            \
    }                                                                                \
    KAL__VARIANTS(cast_##from##_##to, (void *dst, const void *src, size_t n), (dst, src, n))
CAST(u8, uint8_t, u16, uint16_t, v * 257)
CAST(u8, uint8_t, f32, float, (float)v / 255.0f)
CAST(u8, uint8_t, u32, uint32_t, v)
CAST(u16, uint16_t, u8, uint8_t, (v * 255u + 32767) / 65535)
CAST(u16, uint16_t, f32, float, (float)v / 65535.0f)
CAST(u16, uint16_t, u32, uint32_t, v)

void kal__f32_to_u8_c(uint8_t *dst, const float *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)scaled(src[i], 255);
}

void kal__f32_to_u16_c(uint16_t *dst, const float *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint16_t)scaled(src[i], 65535);
}

static void cast_f32_u8(void *dst, const void *src, size_t n)
{
    kal__kernels()->f32_to_u8(dst, src, n);
}

static void cast_f32_u16(void *dst, const void *src, size_t n)
{
    kal__kernels()->f32_to_u16(dst, src, n);
}

CAST(f32, float, u32, uint32_t, kal__to_u32((double)v))
CAST(u32, uint32_t, u8, uint8_t, v < 255 ? v : 255)
CAST(u32, uint32_t, u16, uint16_t, v < 65535 ? v : 65535)
CAST(u32, uint32_t, f32, float, v)

static row_fn *const rows[4][4] = {
    [KAL_U8] = {[KAL_U16] = cast_u8_u16, [KAL_F32] = cast_u8_f32, [KAL_U32] = cast_u8_u32},
    [KAL_U16] = {[KAL_U8] = cast_u16_u8, [KAL_F32] = cast_u16_f32, [KAL_U32] = cast_u16_u32},
    [KAL_F32] = {[KAL_U8] = cast_f32_u8, [KAL_U16] = cast_f32_u16, [KAL_U32] = cast_f32_u32},
    [KAL_U32] = {[KAL_U8] = cast_u32_u8, [KAL_U16] = cast_u32_u16, [KAL_F32] = cast_u32_f32},
};

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    row_fn *const row = rows[j->call->in[0]->extent.type][e->type];
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)e->channels;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        row(kal_row(j->out, y), kal_row(&j->in[0], y), n);
    return KAL_OK;
}

#define PARAMS kal_cast_p
static const kal_param params[] = {KAL_CAST_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_cast = {
    .name = "cast",
    .version = 1,
    .family = "colour",
    .help = "Another sample type, full scale to full scale\n"
            "255 (u8), 65535 (u16) and 1.0 (f32) are the same white; to 8 and 16 bits values are clamped\n"
            "and rounded half up. u32 samples are labels: from and to u32 the number is kept and\n"
            "saturates. A mask of another type is a gray image.",
    .inputs = "image",
    KAL__PARAMS(params, kal_cast_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.3f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("type=u8", "type=u16", "type=f32", "type=u32"),
};
