// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples of TIFF as ours. n bits are spread over 8 or 16 so that the largest becomes the largest: v · max / (2^n - 1), rounded.
#include "tiff.h"

#if KAL__TIFF

#include "bytes.h"

#include <string.h>

// The i-th sample of n bits; those of more than a byte begin at the highest bit of the row, whatever the byte order.
static unsigned sample_at(const kal__tiff_head *h, const unsigned char *raw, size_t i)
{
    if (h->bits == 8) return raw[i];
    if (h->bits == 16) return ((const uint16_t *)(const void *)raw)[i];
    unsigned v = 0;
    for (size_t bit = i * h->bits, n = h->bits; n; n--, bit++) {
        const unsigned shift = 7 - (bit & 7);   // the library has turned those that begin at the lowest
        v = v << 1 | (raw[bit >> 3] >> shift & 1);
    }
    return v;
}

typedef void unpack_fn(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n, size_t step,
                       unsigned char *dst);

static void unpack_uint(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n, size_t step,
                        unsigned char *dst)
{
    const unsigned most = (1u << h->bits) - 1, full = h->extent.type == KAL_U8 ? 255 : 65535;
    const bool wide = full != 255;
    for (size_t i = 0; i < n; i++) {
        unsigned v = sample_at(h, raw, from + i);
        if (most != full) v = (unsigned)(((uint64_t)v * full + most / 2) / most);
        if (wide)
            ((uint16_t *)(void *)dst)[i * step] = (uint16_t)v;
        else
            dst[i * step] = (unsigned char)v;
    }
}

static void unpack_labels(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n,
                          size_t step, unsigned char *dst)
{
    (void)h;
    for (size_t i = 0; i < n; i++) memcpy(dst + i * step * 4, raw + (from + i) * 4, 4);
}

static void unpack_int(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n, size_t step,
                       unsigned char *dst)
{
    float *to = (float *)(void *)dst;
    for (size_t i = 0; i < n; i++)
        to[i * step] = h->bits == 8 ? (float)((const int8_t *)raw)[from + i]
                                    : (float)((const int16_t *)(const void *)raw)[from + i];
}

static float of_half(uint16_t v)
{
    const uint32_t sign = (uint32_t)(v & 0x8000) << 16, rest = v & 0x7fff;
    float out;
    uint32_t bits;
    if (rest >= 0x7c00) {   // infinite, or no number
        bits = sign | 0x7f800000 | (rest & 0x3ff) << 13;
    } else if (rest >= 0x400) {
        bits = sign | ((rest << 13) + (112u << 23));
    } else {
        out = (float)rest * (1.0f / 16777216);
        memcpy(&bits, &out, 4);
        bits |= sign;
    }
    memcpy(&out, &bits, 4);
    return out;
}

static void unpack_float(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n,
                         size_t step, unsigned char *dst)
{
    float *to = (float *)(void *)dst;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = raw + (from + i) * (h->bits / 8);
        double wide;
        uint16_t half;
        if (h->bits == 32) {
            memcpy(to + i * step, p, 4);
        } else if (h->bits == 16) {
            memcpy(&half, p, 2);
            to[i * step] = of_half(half);
        } else {
            memcpy(&wide, p, 8);
            to[i * step] = (float)wide;
        }
    }
}

static void unpack_palette(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n,
                           size_t step, unsigned char *dst)
{
    (void)step;
    for (size_t i = 0; i < n; i++) memcpy(dst + 3 * i, h->palette[sample_at(h, raw, from + i)], 3);
}

// The library's pixels: red in the lowest byte of 32 bits.
static void unpack_rgba(const kal__tiff_head *h, const unsigned char *raw, size_t from, size_t n, size_t step,
                        unsigned char *dst)
{
    (void)h, (void)step;
    const uint32_t *p = (const uint32_t *)(const void *)raw + from;
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++) dst[3 * i + (size_t)c] = (unsigned char)(p[i] >> 8 * c);
}

static unpack_fn *const unpackers[] = {
    [KAL__TIFF_UINT] = unpack_uint,   [KAL__TIFF_LABELS] = unpack_labels,   [KAL__TIFF_INT] = unpack_int,
    [KAL__TIFF_FLOAT] = unpack_float, [KAL__TIFF_PALETTE] = unpack_palette, [KAL__TIFF_RGBA] = unpack_rgba};

static bool is_plain(const kal__tiff_head *h)
{
    return (h->kind == KAL__TIFF_UINT && (h->bits == 8 || h->bits == 16)) || h->kind == KAL__TIFF_LABELS ||
           (h->kind == KAL__TIFF_FLOAT && h->bits == 32);
}

// Only the gray of a picture is turned around, not its alpha.
static void turn_around(const kal__tiff_head *h, unsigned char *dst, size_t pixels)
{
    const size_t step = (size_t)h->extent.channels;
    for (size_t i = 0; i < pixels; i++)
        if (h->extent.type == KAL_U8)
            dst[i * step] = (unsigned char)~dst[i * step];
        else
            ((uint16_t *)(void *)dst)[i * step] ^= 0xffff;
}

void kal__tiff_unpack(const kal__tiff_head *h, const unsigned char *raw, int32_t x0, int32_t x1,
                      int32_t plane, unsigned char *dst)
{
    const size_t size = kal_type_size(h->extent.type), pixels = (size_t)(x1 - x0);
    const size_t each = h->separate || h->kind == KAL__TIFF_RGBA ? 1 : h->samples;   // of the row, a pixel
    const size_t step = h->separate ? h->samples : 1;
    unsigned char *to = dst + (size_t)plane * size;
    if (is_plain(h) && step == 1)
        memcpy(to, raw + (size_t)x0 * each * size, pixels * each * size);
    else
        unpackers[h->kind](h, raw, (size_t)x0 * each, pixels * each, step, to);
    if (h->inverted && !plane) turn_around(h, dst, pixels);
}

void kal__tiff_fill(const kal__tiff_head *h, unsigned char *row)
{
    const size_t size = h->bits / 8;
    memset(row, 0, h->row_bytes);
    if (h->kind == KAL__TIFF_RGBA) return;
    if (h->bits % 8 == 0) {
        for (size_t i = 0; i + size <= h->row_bytes; i += size) memcpy(row + i, h->fill, size);
        return;
    }
    uint16_t v;
    memcpy(&v, h->fill, sizeof v);
    for (size_t bit = 0; bit < h->row_bytes * 8; bit++)
        if (v >> (h->bits - 1 - bit % h->bits) & 1) row[bit >> 3] |= (unsigned char)(0x80 >> (bit & 7));
}

void kal__tiff_straight(const kal__tiff_head *h, unsigned char *row, int32_t n)
{
    const int32_t channels = h->extent.channels, colours = channels - 1;
    for (int32_t i = 0; i < n; i++) {
        if (h->extent.type == KAL_F32) {
            float *p = (float *)(void *)row + (ptrdiff_t)i * channels;
            for (int32_t c = 0; c < colours; c++) p[c] = p[colours] > 0 ? p[c] / p[colours] : 0;
        } else if (h->extent.type == KAL_U16) {
            uint16_t *p = (uint16_t *)(void *)row + (ptrdiff_t)i * channels;
            const uint32_t a = p[colours];
            for (int32_t c = 0; c < colours; c++)
                p[c] = (uint16_t)(!a ? 0 : p[c] >= a ? 65535 : (p[c] * 65535u + a / 2) / a);
        } else {
            unsigned char *p = row + (ptrdiff_t)i * channels;
            const unsigned a = p[colours];
            for (int32_t c = 0; c < colours; c++)
                p[c] = (unsigned char)(!a ? 0 : p[c] >= a ? 255 : (p[c] * 255u + a / 2) / a);
        }
    }
}

#endif
