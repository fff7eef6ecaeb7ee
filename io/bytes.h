// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Numbers as they lie in files.
#ifndef KAL_IO_BYTES_H
#define KAL_IO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool kal__little_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

static inline uint32_t kal__be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t kal__be16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint64_t kal__be64(const unsigned char *p)
{
    return (uint64_t)kal__be32(p) << 32 | kal__be32(p + 4);
}

static inline uint32_t kal__le16(const unsigned char *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t kal__le32(const unsigned char *p)
{
    return kal__le16(p + 2) << 16 | kal__le16(p);
}

static inline void kal__put_be32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static inline void kal__put_le16(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)v;
    p[1] = (unsigned char)(v >> 8);
}

static inline void kal__put_le32(unsigned char *p, uint32_t v)
{
    kal__put_le16(p, v);
    kal__put_le16(p + 2, v >> 16);
}

/// A float of 16 bits.
static inline float kal__widen_half(uint32_t half)
{
    const uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
    if (exponent == 31) bits |= 0x7f800000;
    float v;
    memcpy(&v, &bits, sizeof v);
    if (!exponent) v = (sign ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
    return v;
}

/// The nearest float of 16 bits, of two the even one; what is larger than all is infinite.
static inline uint32_t kal__narrow_half(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000) return sign | 0x7e00 | (size >> 13 & 0x1ff);   // no number stays none
    if (size >= 0x477ff000) return sign | 0x7c00;                         // 65520 and more
    if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13);
    if (size <= 0x33000000) return sign;   // half of the least, and less
    const uint32_t fraction = (size & 0x7fffff) | 0x800000, shift = 126 - (size >> 23);
    const uint32_t kept = fraction >> shift, rest = fraction & ((1u << shift) - 1),
                   middle = 1u << (shift - 1);
    return sign | (kept + (rest > middle || (rest == middle && (kept & 1))));
}

/// Turns the bytes of n samples of a size around.
static inline void kal__swap_samples(unsigned char *p, size_t n, size_t size)
{
    for (; n; n--, p += size)
        for (size_t i = 0; i < size / 2; i++) {
            const unsigned char t = p[i];
            p[i] = p[size - 1 - i];
            p[size - 1 - i] = t;
        }
}

#endif
