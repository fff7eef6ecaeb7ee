// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Similarity in windows and its sums, for one instruction set: ssim_rows.c includes this for each.

#include "moments_body.h"

// Along the rows, and contrast and structure (cs), and these times luminance (ssim), of the windows around each. Luma comes less a half, which
// variances do not see. Of the same pictures both sides of a fraction are the same bits.
TARGET static void NAME(similar)(float *cs, float *ssim, const float *src, size_t pitch, size_t n)
{
    const float c1 = 0.01f * 0.01f, c2 = 0.03f * 0.03f;
    for (size_t i = 0; i < n; i += LANES) {
        const VEC ma = NAME(across)(src + i), mb = NAME(across)(src + pitch + i),
                  aa = NAME(across)(src + 2 * pitch + i), bb = NAME(across)(src + 3 * pitch + i),
                  ab = NAME(across)(src + 4 * pitch + i);
        const VEC a = ma + 0.5f, b = mb + 0.5f;
        const VEC va = aa - ma * ma, vb = bb - mb * mb, vab = ab - ma * mb;
        const VEC of = (2 * vab + c2) / (va + vb + c2);
        NAME(kal__store)(cs + i, of);
        NAME(kal__store)(ssim + i, of * ((2 * (a * b) + c1) / (a * a + b * b + c1)));
    }
}

// In eight sums beside each other, whatever the vectors are; n is a multiple of eight.
TARGET static void NAME(add_up)(double *sum, const float *p, size_t n)
{
    enum { STEP = LANES / 2, PARTS = 8 / STEP };
    NAME(kal__wide) sums[PARTS] = {{0}};
    for (size_t i = 0; i < n; i += 8) {
#pragma GCC unroll 4
        for (size_t k = 0; k < PARTS; k++) {
            NAME(kal__half) v;
            memcpy(&v, p + i + k * STEP, sizeof v);
            sums[k] += __builtin_convertvector(v, NAME(kal__wide));
        }
    }
    double s[8];
    memcpy(s, sums, sizeof s);
    *sum += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}
