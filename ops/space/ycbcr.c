// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// YCbCr of JPEG files (JFIF: Rec. 601, all of full scale), with the middle c = 128, 32768 or, of f32, 0.5:
//
//     Y = 0.299 R + 0.587 G + 0.114 B         R = Y + 1.402 (Cr − c)
//     Cb = (B − Y) / 1.772 + c                B = Y + 1.772 (Cb − c)
//     Cr = (R − Y) / 1.402 + c                G = Y − (0.299 · 1.402 (Cr − c) + 0.114 · 1.772 (Cb − c)) / 0.587
//
// in doubles, 8 and 16 bits rounded half up and saturated. libjpeg and Pillow, with tables of 16 bits, and OpenCV, with
// 14, differ by at most 1.
#include "space.h"

KAL__INLINE double middle(double max)
{
    return max > 1 ? (max + 1) / 2 : 0.5;
}

KAL__INLINE void to_ycbcr_body(double *restrict x, double *restrict y, double *restrict z, size_t n,
                               double max)
{
    const double c = middle(max);
    for (size_t i = 0; i < n; i++) {
        const double luma = 0.299 * x[i] + 0.587 * y[i] + 0.114 * z[i];
        const double cb = (z[i] - luma) * (1 / 1.772) + c, cr = (x[i] - luma) * (1 / 1.402) + c;
        x[i] = luma;
        y[i] = cb;
        z[i] = cr;
    }
}

KAL__INLINE void from_ycbcr_body(double *restrict x, double *restrict y, double *restrict z, size_t n,
                                 double max)
{
    const double c = middle(max), g_cr = 0.299 * 1.402 / 0.587, g_cb = 0.114 * 1.772 / 0.587;
    for (size_t i = 0; i < n; i++) {
        const double luma = x[i], cb = y[i] - c, cr = z[i] - c;
        x[i] = luma + 1.402 * cr;
        y[i] = luma - (g_cr * cr + g_cb * cb);
        z[i] = luma + 1.772 * cb;
    }
}

#define TURN(name) \
    KAL__VARIANTS(name, (double *x, double *y, double *z, size_t n, double max), (x, y, z, n, max))
TURN(to_ycbcr)
TURN(from_ycbcr)

static const kal__space ycbcr = {.turn = to_ycbcr, .scale = {1, 1, 1}, .hue = -1, .any_type = true};
static const kal__space back = {
    .turn = from_ycbcr, .scale = {1, 1, 1}, .hue = -1, .any_type = true, .from = true};

KAL__SPACE_OP(
    to_ycbcr, ycbcr, 1,
    "Luma and two colour differences of RGB, as in JPEG files; alpha stays\n"
    "Y goes from 0 to full scale; Cb and Cr go around their middle, 128 in u8, 32768 in u16 and 0.5 in f32.");
KAL__SPACE_OP(from_ycbcr, back, 1,
              "RGB of luma and two colour differences, as to_ycbcr gives them; alpha stays");
