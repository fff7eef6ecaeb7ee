// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// premultiply and unpremultiply, for every colour channel c of an image with alpha a; alpha stays. With full scale M:
//
//              u8, u16, to the nearest, halves up        f32 in doubles
//     there    (c a + (M − 1)/2) / M                     c a
//     back     min(M, (c M + a/2) / a), 0 if a is        c / a, 0 if a is
#include "channels.h"
#include "cpu.h"

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->in[0]->extent.alpha) return false;
    to->same = c->in[0];
    return true;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_type(c->op->name, out, err);
}

#define INTEGERS(type, T, M)                                                                                \
    KAL__INLINE void there_##type##_body(T *restrict dst, const T *restrict src, size_t n, size_t channels) \
    {                                                                                                       \
        for (size_t i = 0; i < n; i++, src += channels, dst += channels) {                                  \
            const uint32_t a = src[channels - 1];                                                           \
            for (size_t k = 0; k + 1 < channels; k++) dst[k] = (T)((src[k] * a + M / 2) / M);               \
            dst[channels - 1] = (T)a;                                                                       \
        }                                                                                                   \
    }                                                                                                       \
    KAL__INLINE void back_##type##_body(T *restrict dst, const T *restrict src, size_t n, size_t channels)  \
    {                                                                                                       \
        for (size_t i = 0; i < n; i++, src += channels, dst += channels) {                                  \
            const uint32_t a = src[channels - 1];                                                           \
            for (size_t k = 0; k + 1 < channels; k++) {                                                     \
                const uint32_t v = a ? (src[k] * M + a / 2) / a : 0;                                        \
                dst[k] = (T)(v < M ? v : M);                                                                \
            }                                                                                               \
            dst[channels - 1] = (T)a;                                                                       \
        }                                                                                                   \
    }
INTEGERS(u8, uint8_t, 255u)
INTEGERS(u16, uint16_t, 65535u)   // 65535² + 32767 fits 32 bits

KAL__INLINE void there_f32_body(float *restrict dst, const float *restrict src, size_t n, size_t channels)
{
    for (size_t i = 0; i < n; i++, src += channels, dst += channels) {
        const double a = (double)src[channels - 1];
        for (size_t k = 0; k + 1 < channels; k++) dst[k] = (float)((double)src[k] * a);
        dst[channels - 1] = src[channels - 1];
    }
}

KAL__INLINE void back_f32_body(float *restrict dst, const float *restrict src, size_t n, size_t channels)
{
    for (size_t i = 0; i < n; i++, src += channels, dst += channels) {
        const double a = (double)src[channels - 1];
        for (size_t k = 0; k + 1 < channels; k++) dst[k] = a == 0 ? 0 : (float)((double)src[k] / a);
        dst[channels - 1] = src[channels - 1];
    }
}

// RGB with alpha in a loop of its own.
#define ROWS(way, type, T)                                                                    \
    KAL__INLINE void way##_row_##type##_body(T *dst, const T *src, size_t n, size_t channels) \
    {                                                                                         \
        if (channels == 4)                                                                    \
            way##_##type##_body(dst, src, n, 4);                                              \
        else                                                                                  \
            way##_##type##_body(dst, src, n, channels);                                       \
    }                                                                                         \
    KAL__VARIANTS(way##_row_##type, (T * dst, const T *src, size_t n, size_t channels),       \
                  (dst, src, n, channels))
#define RUN(way)                                                            \
    ROWS(way, u8, uint8_t)                                                  \
    ROWS(way, u16, uint16_t)                                                \
    ROWS(way, f32, float)                                                   \
    static kal_status way(const kal_job *j)                                 \
    {                                                                       \
        const kal_extent *e = &j->call->extent;                             \
        size_t n;                                                           \
        const int32_t rows = kal__rows_together(j, 1, &n);                  \
        for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) { \
            void *dst = kal_row(j->out, y);                                 \
            const void *src = kal_row(&j->in[0], y);                        \
            if (e->type == KAL_U8)                                          \
                way##_row_u8(dst, src, n, (size_t)e->channels);             \
            else if (e->type == KAL_U16)                                    \
                way##_row_u16(dst, src, n, (size_t)e->channels);            \
            else                                                            \
                way##_row_f32(dst, src, n, (size_t)e->channels);            \
        }                                                                   \
        return KAL_OK;                                                      \
    }
RUN(there)
RUN(back)

#define OP(NAME, WAY, HELP)                    \
    const kal_op kal__op_##NAME = {            \
        .name = #NAME,                         \
        .version = 1,                          \
        .family = "channels",                  \
        .help = HELP,                          \
        .inputs = "image",                     \
        .params_size = sizeof(kal_##NAME##_p), \
        .flags = KAL_OP_POINTWISE,             \
        .cost = 0.8f,                          \
        .extent = extent,                      \
        .fold = fold,                          \
        .run = WAY,                            \
        .samples = KAL__SAMPLES(""),           \
    }
OP(premultiply, there,
   "Colours times alpha, for programs that want them so and for sums of pixels\n"
   "All other ops take colours as they are, straight. An image without alpha is returned as it is.");
OP(unpremultiply, back,
   "Colours divided by alpha, which premultiply undoes but for rounding\n"
   "Where alpha is 0 colours become 0. 8 and 16 bits saturate. An image without alpha is returned as it is.");
