// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Maps and sums of SSIMULACRA2, for one instruction set: ssimulacra2_rows.c includes this for each.

#include "moments_body.h"

// Along the rows, and what comes of it: structure lost (ssim), edges that are new (artifact) or gone (lost). `weight`: of each column and of
// the row, what lies inside of the picture of the blur's weights; `add`: what is missing in the values of this channel.
TARGET static void NAME(maps)(float *dst, size_t pitch, const float *src, const float *a, const float *b,
                              const float *weight, float of_row, float add, size_t n)
{
    const float c2 = 0.0009f;
    for (size_t i = 0; i < n; i += LANES) {
        const VEC ma = NAME(across)(src + i), mb = NAME(across)(src + pitch + i),
                  aa = NAME(across)(src + 2 * pitch + i), bb = NAME(across)(src + 3 * pitch + i),
                  ab = NAME(across)(src + 4 * pitch + i);
        const VEC inside = NAME(kal__load)(weight + i) * of_row, more = (1 - inside) * add,
                  most = more * (add * inside);
        const VEC between = ma - mb, like = 1 - between * between;
        const VEC va = (aa - ma * ma) + (2 * more * ma + most), vb = (bb - mb * mb) + (2 * more * mb + most),
                  vab = (ab - ma * mb) + (more * (ma + mb) + most);
        const VEC d = 1 - like * (2 * vab + c2) / (va + vb + c2);
        const VEC e = (1 + NAME(kal__magnitude)((NAME(kal__load)(b + i) - mb) + more)) /
                          (1 + NAME(kal__magnitude)((NAME(kal__load)(a + i) - ma) + more)) -
                      1;
        NAME(kal__store)(dst + i, NAME(kal__above_0)(d));
        NAME(kal__store)(dst + pitch + i, NAME(kal__above_0)(e));
        NAME(kal__store)(dst + 2 * pitch + i, NAME(kal__above_0)(-e));
    }
}

// Eight sums beside each other, in one order whatever the vectors are; n is a multiple of eight.
TARGET static void NAME(sum)(double out[6], const float *map, size_t pitch, size_t n)
{
    enum { STEP = LANES / 2, PARTS = 8 / STEP };
    for (size_t m = 0; m < 3; m++) {
        NAME(kal__wide) one[PARTS] = {{0}}, four[PARTS] = {{0}};
        for (size_t i = 0; i < n; i += 8) {
#pragma GCC unroll 4
            for (size_t k = 0; k < PARTS; k++) {
                NAME(kal__half) v;
                memcpy(&v, map + m * pitch + i + k * STEP, sizeof v);
                const NAME(kal__half) square = v * v;
                one[k] += __builtin_convertvector(v, NAME(kal__wide));
                four[k] += __builtin_convertvector(square * square, NAME(kal__wide));
            }
        }
        double o[8], f[8];
        memcpy(o, one, sizeof o), memcpy(f, four, sizeof f);
        out[m] += ((o[0] + o[4]) + (o[2] + o[6])) + ((o[1] + o[5]) + (o[3] + o[7]));
        out[3 + m] += ((f[0] + f[4]) + (f[2] + f[6])) + ((f[1] + f[5]) + (f[3] + f[7]));
    }
}
