// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See counted.h.
#include "counted.h"

#include "channels.h"
#include "kernels.h"

size_t kal__counted_scratch(const kal_extent *e)
{
    const size_t bins = (size_t)kal__histogram_bins(e->type);
    return kal__counts_size(e) + bins * (sizeof(double) + sizeof(uint16_t));
}

void kal__counts_join(uint64_t *counts, const kal_extent *e)
{
    const int32_t bins = kal__histogram_bins(e->type);
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

void kal__counted_run(const kal_job *j, int32_t together, kal__counted_curve *curve)
{
    const kal_extent *e = &j->call->extent;
    const int32_t bins = kal__histogram_bins(e->type);
    uint64_t *counts = j->scratch;
    double *values = (double *)(counts + (ptrdiff_t)e->channels * bins);
    void *table = values + bins;
    memset(counts, 0, kal__counts_size(e));
    for (int32_t y = 0; y < e->height; y++)
        kal__histogram(counts, kal_row(&j->in[0], y), (size_t)e->width, e);
    if (together) kal__counts_join(counts, e);
    for (int32_t k = 0; k < kal__colours(e); k++) {
        if (!k || !together) curve(j->call, counts + (ptrdiff_t)k * bins, bins, values);
        for (int32_t v = 0; v < bins; v++) kal__set(table, e->type, (size_t)v, values[v]);
        map_channel(j, (size_t)k, table);
    }
    for (int32_t y = 0; y < e->height && e->alpha; y++)
        kal__keep_alpha(e, kal_row(j->out, y), kal_row(&j->in[0], y), (size_t)e->width);
}
