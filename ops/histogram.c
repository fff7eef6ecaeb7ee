// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See histogram.h. For u16 there is one table a channel and no variant: four of half a megabyte would miss the caches more often than a
// value meets itself.
#include "histogram.h"

#include "kernels.h"

void kal__histogram_u8_c(uint64_t *counts, const uint8_t *src, size_t n, size_t channels)
{
    for (size_t c = 0; c < channels; c++, counts += 256)
        for (size_t i = 0; i < n; i++) counts[src[i * channels + c]]++;
}

static void count_u16(uint64_t *counts, const uint16_t *src, size_t n, size_t channels)
{
    for (size_t c = 0; c < channels; c++, counts += 65536)
        for (size_t i = 0; i < n; i++) counts[src[i * channels + c]]++;
}

int32_t kal__histogram_bins(kal_type type)
{
    return type == KAL_U8 ? 256 : type == KAL_U16 ? 65536 : 0;
}

void kal__histogram(uint64_t *counts, const void *row, size_t n, const kal_extent *e)
{
    const size_t channels = (size_t)e->channels;
    if (e->type == KAL_U8)
        kal__kernels()->histogram_u8(counts, row, n, channels);
    else
        count_u16(counts, row, n, channels);
}
