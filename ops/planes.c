// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See planes.h.
#include "planes.h"

#include "cpu.h"
#include "kernels.h"

// As kal__to_u8 and kal__to_u16, in a form that becomes a vector loop.
#define ROUND(v, M) (int32_t)((v > M ? M : v > 0 ? v : 0) + 0.5)
#define KEEP(v, M) (v)

#define MOVES(type, T, M, TO)                                                                              \
    KAL__INLINE void load_##type##_body(double *restrict p, const T *restrict src, size_t step, size_t n)  \
    {                                                                                                      \
        for (size_t i = 0; i < n; i++) p[i] = (double)src[i * step];                                       \
    }                                                                                                      \
    KAL__VARIANTS(load_##type, (double *p, const T *src, size_t step, size_t n), (p, src, step, n))        \
    KAL__INLINE void store_##type##_body(T *restrict dst, const double *restrict p, size_t step, size_t n) \
    {                                                                                                      \
        for (size_t i = 0; i < n; i++) dst[i * step] = (T)TO(p[i], M);                                     \
    }                                                                                                      \
    KAL__VARIANTS(store_##type, (T * dst, const double *p, size_t step, size_t n), (dst, p, step, n))
MOVES(u8, uint8_t, 255, ROUND)
MOVES(u16, uint16_t, 65535, ROUND)
MOVES(f32, float, 1, KEEP)

static void load(double *p, const void *src, kal_type type, size_t at, size_t step, size_t n)
{
    if (type == KAL_U8)
        load_u8(p, (const uint8_t *)src + at, step, n);
    else if (type == KAL_U16)
        load_u16(p, (const uint16_t *)src + at, step, n);
    else
        load_f32(p, (const float *)src + at, step, n);
}

static void store(void *dst, const double *p, kal_type type, size_t at, size_t step, size_t n)
{
    if (type == KAL_U8)
        store_u8((uint8_t *)dst + at, p, step, n);
    else if (type == KAL_U16)
        store_u16((uint16_t *)dst + at, p, step, n);
    else
        store_f32((float *)dst + at, p, step, n);
}

kal_status kal__planes_run(const kal_job *j, kal__planes_fn *fn)
{
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels;
    double p[KAL__PLANES][KAL__SOME];
    size_t pixels;
    const int32_t rows = kal__rows_together(j, 1, &pixels);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        for (size_t from = 0; from < pixels; from += KAL__SOME) {
            const size_t n = pixels - from < KAL__SOME ? pixels - from : KAL__SOME, at = from * channels;
            for (size_t k = 0; k < channels; k++) load(p[k], src, e->type, at + k, channels, n);
            fn(j, p, n);
            for (size_t k = 0; k < channels; k++) store(dst, p[k], e->type, at + k, channels, n);
        }
    }
    return KAL_OK;
}

// Four bytes a pixel; three have kernels.
KAL__INLINE void split4_body(uint8_t *restrict a, uint8_t *restrict b, uint8_t *restrict c,
                             const uint8_t *restrict src, size_t n)
{
    for (size_t i = 0; i < n; i++) a[i] = src[4 * i], b[i] = src[4 * i + 1], c[i] = src[4 * i + 2];
}
KAL__VARIANTS(split4, (uint8_t * a, uint8_t *b, uint8_t *c, const uint8_t *src, size_t n), (a, b, c, src, n))

KAL__INLINE void join4_body(uint8_t *restrict dst, const uint8_t *restrict a, const uint8_t *restrict b,
                            const uint8_t *restrict c, const uint8_t *restrict src, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[4 * i] = a[i], dst[4 * i + 1] = b[i], dst[4 * i + 2] = c[i], dst[4 * i + 3] = src[4 * i + 3];
}
KAL__VARIANTS(join4,
              (uint8_t * dst, const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *src,
               size_t n),
              (dst, a, b, c, src, n))

enum { SOME_BYTES = 2048 };

static void some_bytes(uint8_t *dst, const uint8_t *src, size_t n, size_t channels, kal__bytes_fn *fn)
{
    uint8_t p[3][SOME_BYTES];
    const kal__kernel_table *kernels = kal__kernels();
    if (channels == 4)
        split4(p[0], p[1], p[2], src, n);
    else
        kernels->split3_u8(p[0], p[1], p[2], src, n);
    fn(p[0], p[1], p[2], n);
    if (channels == 4)
        join4(dst, p[0], p[1], p[2], src, n);
    else
        kernels->join3_u8(dst, p[0], p[1], p[2], n);
}

kal_status kal__bytes_run(const kal_job *j, kal__bytes_fn *fn)
{
    const size_t channels = (size_t)j->call->extent.channels;
    size_t pixels;
    const int32_t rows = kal__rows_together(j, 1, &pixels);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows)
        for (size_t at = 0; at < pixels; at += SOME_BYTES)
            some_bytes(kal_row(j->out, y) + at * channels, kal_row(&j->in[0], y) + at * channels,
                       pixels - at < SOME_BYTES ? pixels - at : SOME_BYTES, channels, fn);
    return KAL_OK;
}

kal_status kal__check_rgb(const char *op, const kal_extent *e, kal_error *err)
{
    const int32_t colours = kal__colours(e);
    if (colours == 3) return kal__check_type(op, e, err);
    return kal_fail(err, KAL_INVALID,
                    "%s: the image has %d colour channel%s; 3 are needed: to_rgb makes them of one", op,
                    colours, colours == 1 ? "" : "s");
}
