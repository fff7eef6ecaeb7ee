// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See counted.h.
#include "counted.h"

#include "channels.h"
#include "kernels.h"

static size_t counts_bytes(const kal_extent *e)
{
    return (size_t)e->channels * (size_t)kal__histogram_steps(e->type) * sizeof(uint64_t);
}

size_t kal__counted_scratch(const kal_extent *e)
{
    const size_t bins = (size_t)kal__histogram_steps(e->type);
    return counts_bytes(e) + (bins + 1) * sizeof(double) + bins * sizeof(uint16_t);
}

void kal__counts_join(uint64_t *counts, const kal_extent *e)
{
    const int32_t bins = kal__histogram_steps(e->type);
    for (int32_t k = 1; k < kal__colours(e); k++)
        for (int32_t v = 0; v < bins; v++) counts[v] += counts[(ptrdiff_t)k * bins + v];
}

// Samples k, k + step … of every row.
static void map_channel(const kal_job *j, size_t k, const void *table)
{
    const kal_extent *e = &j->call->extent;
    const size_t n = (size_t)e->width, step = (size_t)e->channels;
    for (int32_t y = 0; y < e->height; y++) {
        const unsigned char *src = kal_row(&j->in[0], y);
        unsigned char *dst = kal_row(j->out, y);
        if (e->type == KAL_U8 && step == 1)
            kal__kernels()->lut_u8(dst, src, n, table);
        else if (e->type == KAL_U8)
            for (size_t i = k; i < n * step; i += step) dst[i] = ((const uint8_t *)table)[src[i]];
        else
            for (size_t i = k; i < n * step; i += step)
                ((uint16_t *)(void *)dst)[i] =
                    ((const uint16_t *)table)[((const uint16_t *)(const void *)src)[i]];
    }
}

// Between two steps of f32 the curve is a line; what lies outside of 0 to 1 is held to it, before and after.
static void map_reals(const kal_job *j, size_t k, const double *curve)
{
    const kal_extent *e = &j->call->extent;
    const size_t n = (size_t)e->width, step = (size_t)e->channels;
    for (int32_t y = 0; y < e->height; y++) {
        const float *src = (const float *)(const void *)kal_row(&j->in[0], y);
        float *dst = (float *)(void *)kal_row(j->out, y);
        for (size_t i = k; i < n * step; i += step) {
            const double v = (double)src[i] * 65535, at = v > 0 ? v < 65535 ? v : 65535 : 0;
            const int32_t q = (int32_t)at;
            const double to = (curve[q] + (at - q) * (curve[q + 1] - curve[q])) / 65535;
            dst[i] = (float)kal__clamp(to, 0, 1);
        }
    }
}

void kal__counted_run(const kal_job *j, int32_t together, kal__counted_curve *curve)
{
    const kal_extent *e = &j->call->extent;
    const int32_t bins = kal__histogram_steps(e->type);
    uint64_t *counts = j->scratch;
    double *values = (double *)(counts + (ptrdiff_t)e->channels * bins);
    void *table = values + bins + 1;
    memset(counts, 0, counts_bytes(e));
    for (int32_t y = 0; y < e->height; y++)
        kal__histogram(counts, kal_row(&j->in[0], y), (size_t)e->width, e);
    if (together) kal__counts_join(counts, e);
    for (int32_t k = 0; k < kal__colours(e); k++) {
        if (!k || !together) curve(j->call, counts + (ptrdiff_t)k * bins, bins, values);
        if (e->type == KAL_F32) {
            values[bins] = values[bins - 1];
            map_reals(j, (size_t)k, values);
            continue;
        }
        for (int32_t v = 0; v < bins; v++) kal__set(table, e->type, (size_t)v, values[v]);
        map_channel(j, (size_t)k, table);
    }
    for (int32_t y = 0; y < e->height && e->alpha; y++)
        kal__keep_alpha(e, kal_row(j->out, y), kal_row(&j->in[0], y), (size_t)e->width);
}
