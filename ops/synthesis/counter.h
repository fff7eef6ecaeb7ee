// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random numbers that are counted, not drawn: the number of a place is a function of seed and place alone, so any tiling makes the
// same picture. Integers only.
#ifndef KAL_OPS_COUNTER_H
#define KAL_OPS_COUNTER_H

#include <stdint.h>

/// Every bit of h changes about half the bits of the result; one to one.
static inline uint32_t kal__mix(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ h >> 16;
}

/// What row y has to itself. Two numbers, so that no two rows are one sequence moved along: that would need both to fit.
typedef struct kal__count {
    uint32_t before, between;
} kal__count;

static inline kal__count kal__count_row(uint32_t seed, int32_t y)
{
    const uint32_t s = kal__mix(seed + 0x9e3779b9u), r = kal__mix((uint32_t)y * 0x85ebca6bu + s);
    return (kal__count){r, kal__mix(r ^ s * 0xc2b2ae35u)};
}

/// 32 random bits of column x and channel c.
static inline uint32_t kal__count_at(kal__count row, uint32_t x, uint32_t c)
{
    const uint32_t h = kal__mix(x * 0x9e3779b1u + c * 0x27d4eb2fu + row.before);
    return kal__mix(h ^ row.between);
}

/// Strictly between 0 and 1: (bits + 1/2) / 2^32.
static inline double kal__count_real(uint32_t bits)
{
    return ((double)bits + 0.5) * 0x1p-32;
}

#endif
