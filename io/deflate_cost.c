// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See deflate_cost.h. A symbol that comes once in 2^n takes n bits, but at least one: Huffman's codes are whole bits, and near enough.
#include "deflate_cost.h"

// 16·log2(v), rounded down.
static unsigned log2_16(uint32_t v)
{
    const unsigned top = 31 - (unsigned)__builtin_clz(v);
    uint64_t m = ((uint64_t)v << 31) >> top;   // 1 … 2 in units of 2^-31
    unsigned r = top;
    for (int i = 0; i < 4; i++) {
        m = m * m >> 31;
        const unsigned bit = (unsigned)(m >> 32);
        r = r << 1 | bit;
        m >>= bit;
    }
    return r;
}

// ---- of blocks ----------------------------------------------------------------------------------

static uint64_t ideal(const uint32_t *counts, int n)
{
    uint32_t sum = 0;
    for (int i = 0; i < n; i++) sum += counts[i];
    if (!sum) return 0;
    const unsigned all = log2_16(sum);
    uint64_t r = 0;
    for (int i = 0; i < n; i++)
        if (counts[i]) {
            const unsigned cost = all - log2_16(counts[i]);
            r += (uint64_t)counts[i] * (cost > UNIT ? cost : UNIT) +
                 6 * UNIT;   // and about 6 bits in the head
        }
    return r;
}

uint64_t kal__block_cost(const tally *c)
{
    return ideal(c->literal, LITERALS) + ideal(c->distance, DISTANCES) + 120 * UNIT;
}

uint64_t kal__tokens_cost(const tally *c)
{
    uint64_t r = kal__block_cost(c);
    for (int i = 257; i < LITERALS; i++) r += (uint64_t)c->literal[i] * kal__length_extra[i - 257] * UNIT;
    for (int i = 0; i < DISTANCES; i++) r += (uint64_t)c->distance[i] * kal__distance_extra[i] * UNIT;
    return r;
}

// ---- of tokens ----------------------------------------------------------------------------------

// Of n symbols from how often each came; those that did not are a bit dearer than the rarest.
static void costs_of(const uint32_t *counts, int n, unsigned *each)
{
    uint32_t sum = 1;
    for (int i = 0; i < n; i++) sum += counts[i];
    const unsigned all = log2_16(sum);
    for (int i = 0; i < n; i++) {
        const unsigned c = counts[i] ? all - log2_16(counts[i]) : all + UNIT;
        each[i] = c > UNIT ? c : UNIT;
    }
}

#define WEIGHT 8   // of what was before

void kal__literal_costs(costs *c, const tally *before, const unsigned char *p, size_t n)
{
    uint32_t seen[256] = {0};
    for (size_t i = 0; i < n; i++) seen[p[i]]++;
    for (int i = 0; i < 256; i++) seen[i] += WEIGHT * before->literal[i];
    costs_of(seen, 256, c->literal);
}

void kal__cheap_matches(costs *c)
{
    for (unsigned l = MIN_MATCH; l <= MAX_MATCH; l++)
        c->length[l] = (1u + kal__length_extra[length_symbol(l)]) * UNIT + (unsigned)length_symbol(l) * 4;
    for (int d = 0; d < DISTANCES; d++) c->distance[d] = (1u + kal__distance_extra[d]) * UNIT;
}

void kal__adapt_matches(costs *c, const tally *seen, unsigned old)
{
    unsigned lengths[LITERALS], distances[DISTANCES];
    costs_of(seen->literal, LITERALS, lengths);
    costs_of(seen->distance, DISTANCES, distances);
    for (unsigned l = MIN_MATCH; l <= MAX_MATCH; l++) {
        const int s = length_symbol(l);
        c->length[l] =
            (c->length[l] * old + (lengths[257 + s] + kal__length_extra[s] * UNIT) * (4 - old)) / 4;
    }
    for (int d = 0; d < DISTANCES; d++)
        c->distance[d] =
            (c->distance[d] * old + (distances[d] + kal__distance_extra[d] * UNIT) * (4 - old)) / 4;
}
