// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// YCbCr of JPEG files (JFIF: Rec. 601, all of full scale), with the middle c = 128, 32768 or, of f32, 0.5:
//
//     Y = 0.299 R + 0.587 G + 0.114 B         R = Y + 1.402 (Cr − c)
//     Cb = (B − Y) / 1.772 + c                B = Y + 1.772 (Cb − c)
//     Cr = (R − Y) / 1.402 + c                G = Y − (0.299 · 1.402 (Cr − c) + 0.114 · 1.772 (Cb − c)) / 0.587
//
// in doubles, 16 bits rounded half up and saturated; of bytes the very fractions, rounded half up and saturated. libjpeg and Pillow, with tables of 16 bits, and OpenCV, with
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

// ---- bytes ----------------------------------------------------------------------------------------
// The fractions have denominators of 1000, 1772, 1402 and, of G, 293,500, so that one which is not a half is at least half of one part away
// from it: far more than floats round by, and more than what is added to a half here. So all are rounded half up exactly; the tests try
// every triple.

KAL__INLINE uint8_t whole(float v)
{
    return (uint8_t)(int32_t)(v < 255 ? v : 255);
}

KAL__INLINE uint8_t inside(float v)
{
    return whole(v > 0 ? v : 0);
}

KAL__INLINE void to_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    const float b_r = 299 / 1772.0f, b_g = 587 / 1772.0f, r_g = 587 / 1402.0f, r_b = 114 / 1402.0f,
                half = 0.5001f;
    for (size_t i = 0; i < n; i++) {
        const float r = x[i], g = y[i], b = z[i];
        x[i] = (uint8_t)(int32_t)(0.299f * r + 0.587f * g + (0.114f * b + half));
        y[i] = whole(0.5f * b + (128 + half) - (b_r * r + b_g * g));
        z[i] = whole(0.5f * r + (128 + half) - (r_g * g + r_b * b));
    }
}

KAL__INLINE void from_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    const float g_r = 209599 / 293500.0f, g_b = 101004 / 293500.0f;
    for (size_t i = 0; i < n; i++) {
        const float luma = x[i], cb = (float)(y[i] - 128), cr = (float)(z[i] - 128);
        x[i] = inside(luma + 0.5001f + 1.402f * cr);
        y[i] = inside(luma + 0.500005f - (g_r * cr + g_b * cb));
        z[i] = inside(luma + 0.5001f + 1.772f * cb);
    }
}
KAL__BYTES(to_bytes)
KAL__BYTES(from_bytes)

#define TURN(name) \
    KAL__VARIANTS(name, (double *x, double *y, double *z, size_t n, double max), (x, y, z, n, max))
TURN(to_ycbcr)
TURN(from_ycbcr)

static const kal__space ycbcr = {
    .turn = to_ycbcr, .bytes = to_bytes, .scale = {1, 1, 1}, .hue = -1, .any_type = true};
static const kal__space back = {
    .turn = from_ycbcr, .bytes = from_bytes, .scale = {1, 1, 1}, .hue = -1, .any_type = true, .from = true};

KAL__SPACE_OP(
    to_ycbcr, 2, ycbcr, 1,
    "Luma and two colour differences of RGB, as in JPEG files; alpha stays\n"
    "Y goes from 0 to full scale; Cb and Cr go around their middle, 128 in u8, 32768 in u16 and 0.5 in f32.");
KAL__SPACE_OP(from_ycbcr, 2, back, 1,
              "RGB of luma and two colour differences, as to_ycbcr gives them; alpha stays");
