// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See metric.h.
#include "metric.h"

#include "mem.h"
#include "srgb.h"

#include <stdlib.h>

kal_status kal__metric_check(const char *op, const kal_call *c, kal_error *err)
{
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    kal_status st = kal__check_type(op, a, err);
    if (!st) st = kal__check_type(op, b, err);
    if (st) return st;
    if (a->width != b->width || a->height != b->height)
        return kal_fail(err, KAL_INVALID, "%s: the reference is %d×%d and the distorted %d×%d", op, a->width,
                        a->height, b->width, b->height);
    return KAL_OK;
}

kal_status kal__metric_sides(const kal_call *c, int32_t side, kal_error *err)
{
    static const char *const names[] = {"reference", "distorted"};
    const char *op = c->op->name;
    const kal_status st = kal__metric_check(op, c, err);
    if (st) return st;
    for (int i = 0; i < 2; i++) {
        const kal_extent *e = &c->in[i]->extent;
        if (e->model != KAL_GRAY && e->model != KAL_RGB && e->model != KAL_MASK)
            return kal_fail(err, KAL_INVALID,
                            "%s: the %s has %d channels that are no colours; gray or rgb is compared", op,
                            names[i], e->channels);
    }
    const kal_extent *e = &c->in[0]->extent;
    if (e->width >= side && e->height >= side) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: the pictures are %d×%d; sides of at least %d are needed", op,
                    e->width, e->height, side);
}

kal_status kal__metric_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)out;
    return kal__metric_sides(c, 8, err);
}

int kal__metric_backgrounds(const kal_call *c, float under[2])
{
    const bool twice = c->in[0]->extent.alpha;
    under[0] = twice ? 0.1f : 0.5f;
    under[1] = 0.9f;
    return twice ? 2 : 1;
}

// ---- rows ---------------------------------------------------------------------------------------

static inline float on_unit(float v)
{
    const float low = v > 0 ? v : 0;   // NaN is 0
    return low < 1 ? low : 1;
}

void kal__metric_samples(const kal_extent *e, const unsigned char *row, size_t n, float *const plane[4])
{
    const size_t step = (size_t)e->channels, colours = (size_t)kal__colours(e);
    for (size_t c = 0; c < step; c++) {
        float *dst = plane[c < colours ? c : 3];
        switch (e->type) {
        case KAL_U8:
            for (size_t i = 0; i < n; i++) dst[i] = (float)row[i * step + c] / 255.0f;
            break;
        case KAL_U16:
            for (size_t i = 0; i < n; i++)
                dst[i] = (float)((const uint16_t *)(const void *)row)[i * step + c] / 65535.0f;
            break;
        default:
            for (size_t i = 0; i < n; i++) dst[i] = on_unit(((const float *)(const void *)row)[i * step + c]);
        }
    }
    if (colours == 3) return;
    memcpy(plane[1], plane[0], n * sizeof(float));
    memcpy(plane[2], plane[0], n * sizeof(float));
}

KAL__INLINE void over_body(float *dst, const float *alpha, size_t n, float under)
{
    for (size_t i = 0; i < n; i++) dst[i] = alpha[i] * dst[i] + (1 - alpha[i]) * under;
}
KAL__VARIANTS(over, (float *dst, const float *alpha, size_t n, float under), (dst, alpha, n, under))

KAL__INLINE void luma_row_body(float *dst, const float *red, const float *green, const float *blue, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i] - 0.5f;
}
KAL__VARIANTS(luma_row, (float *dst, const float *red, const float *green, const float *blue, size_t n),
              (dst, red, green, blue, n))

void kal__metric_luma(const kal_extent *e, const unsigned char *row, size_t n, float under, float *room,
                      float *luma)
{
    float *const plane[4] = {room, room + n, room + 2 * n, room + 3 * n};
    kal__metric_samples(e, row, n, plane);
    for (int c = 0; c < 3 && e->alpha; c++) over(plane[c], plane[3], n, under);
    luma_row(luma, plane[0], plane[1], plane[2], n);
}

// ---- light --------------------------------------------------------------------------------------

kal_status kal__metric_prepare(const kal_call *c, void **state, kal_error *err)
{
    kal__metric_light *t = *state = kal__new_zero(1, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    for (int v = 0; v < 256; v++) t->u8[v] = (float)kal__light(v / 255.0);
    if (c->in[0]->extent.type != KAL_U16 && c->in[1]->extent.type != KAL_U16) return KAL_OK;
    t->u16 = kal__new(65536, sizeof *t->u16);
    if (!t->u16) {
        free(t);
        *state = NULL;
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    }
    for (int v = 0; v < 65536; v++) t->u16[v] = (float)kal__light(v / 65535.0);
    return KAL_OK;
}

size_t kal__metric_tables(const kal_call *c)
{
    const bool u16 = c->in[0]->extent.type == KAL_U16 || c->in[1]->extent.type == KAL_U16;
    return sizeof(kal__metric_light) + (u16 ? 65536 * sizeof(float) : 0);
}

void kal__metric_release(void *state)
{
    kal__metric_light *t = state;
    if (t) free(t->u16);
    free(t);
}

KAL__INLINE void light_body(float *dst, const float *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = kal__light_f32(src[i]);
}
KAL__VARIANTS(light, (float *dst, const float *src, size_t n), (dst, src, n))

// All channels of a pixel together, for one kind of samples and number of channels at a time.
#define LOOK_UP(type)                                                                                  \
    KAL__INLINE void look_up_##type(const float *of, const void *row, size_t n, float *const plane[3], \
                                    size_t step)                                                       \
    {                                                                                                  \
        const type *p = row;                                                                           \
        float *restrict const dst[3] = {plane[0], plane[1], plane[2]};                                 \
        for (size_t i = 0; i < n; i++, p += step)                                                      \
            for (size_t c = 0; c < step; c++) dst[c][i] = of[p[c]];                                    \
    }
LOOK_UP(uint8_t)
LOOK_UP(uint16_t)

static void look_up(const kal__metric_light *t, const kal_extent *e, const unsigned char *row, size_t n,
                    float *const plane[3])
{
    const bool one = e->channels == 1;
    if (e->type == KAL_U8)
        one ? look_up_uint8_t(t->u8, row, n, plane, 1) : look_up_uint8_t(t->u8, row, n, plane, 3);
    else
        one ? look_up_uint16_t(t->u16, row, n, plane, 1) : look_up_uint16_t(t->u16, row, n, plane, 3);
    if (!one) return;
    memcpy(plane[1], plane[0], n * sizeof(float));
    memcpy(plane[2], plane[0], n * sizeof(float));
}

void kal__metric_linear(const kal__metric_light *t, const kal_extent *e, const unsigned char *row, size_t n,
                        float under, float *room, float *const plane[3])
{
    if (!e->alpha && e->type != KAL_F32) {
        look_up(t, e, row, n, plane);
        return;
    }
    float *const samples[4] = {room, room + n, room + 2 * n, room + 3 * n};
    kal__metric_samples(e, row, n, samples);
    for (int c = 0; c < 3; c++) {
        if (e->alpha) over(samples[c], samples[3], n, under);
        light(plane[c], samples[c], n);
    }
}

KAL__INLINE void times_body(float *dst, const float *by, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] *= by[i];
}
KAL__VARIANTS(times, (float *dst, const float *by, size_t n), (dst, by, n))

void kal__metric_multiplied(const kal__metric_light *t, const kal_extent *e, const unsigned char *row,
                            size_t n, float *room, float *const plane[4])
{
    if (!e->alpha) {
        kal__metric_linear(t, e, row, n, 0, room, plane);
        return;
    }
    float *const samples[4] = {room, room + n, room + 2 * n, plane[3]};
    kal__metric_samples(e, row, n, samples);
    for (int c = 0; c < 3; c++) {
        light(plane[c], samples[c], n);
        times(plane[c], plane[3], n);
    }
}
