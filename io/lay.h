// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A frame's row upon a canvas that has alpha: in its place, or over it by the PNG specification's formula for colours that are not multiplied by
// their alpha, rounded: with alphas a above and b below, c = (c1·a + c2·b·(1 − a)) / (a + b·(1 − a)).
#ifndef KAL_IO_LAY_H
#define KAL_IO_LAY_H

#include <stdbool.h>
#include <stdint.h>

/// n pixels; `alpha`: those of the frame have one too.
#define KAL__LAY(name, T, U, MAX)                                                                 \
    static inline void name(unsigned char *dst, const unsigned char *src, int32_t n, int colours, \
                            bool alpha, bool over)                                                \
    {                                                                                             \
        T *to = (T *)(void *)dst;                                                                 \
        const T *from = (const T *)(const void *)src;                                             \
        for (; n; n--, to += colours + 1, from += colours + alpha) {                              \
            const U a = alpha ? from[colours] : MAX, u = a * MAX, v = (MAX - a) * to[colours];    \
            const U sum = u + v;                                                                  \
            if (over && !a) continue;                                                             \
            const bool mixed = over && v;                                                         \
            for (int c = 0; c < colours; c++)                                                     \
                to[c] = mixed ? (T)((from[c] * u + to[c] * v + sum / 2) / sum) : from[c];         \
            to[colours] = mixed ? (T)((sum + MAX / 2) / MAX) : (T)a;                              \
        }                                                                                         \
    }
KAL__LAY(kal__lay8, unsigned char, uint32_t, 255u)
KAL__LAY(kal__lay16, uint16_t, uint64_t, 65535u)

#endif
