// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Blur and moments of DSSIM, for one instruction set: dssim_rows.c includes this for each.

TARGET static void NAME(column)(float *dst, const float *const *p, const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        VEC sum = w[0] * NAME(kal__load)(p[0] + i);
#pragma GCC unroll 4
        for (int k = 1; k < TAPS; k++) sum += w[k] * NAME(kal__load)(p[k] + i);
        NAME(kal__store)(dst + i, sum);
    }
}

// Down the columns: means of both, of their squares, of their product.
TARGET static void NAME(columns)(float *dst, size_t pitch, const float *const *p, const float *const *q,
                                 const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        VEC a = {0}, b = {0}, aa = {0}, bb = {0}, ab = {0};
#pragma GCC unroll 5
        for (int k = 0; k < TAPS; k++) {
            const VEC u = NAME(kal__load)(p[k] + i), v = NAME(kal__load)(q[k] + i), wu = w[k] * u,
                      wv = w[k] * v;
            a += wu, b += wv, aa += wu * u, bb += wv * v, ab += wu * v;
        }
        NAME(kal__store)(dst + i, a);
        NAME(kal__store)(dst + pitch + i, b);
        NAME(kal__store)(dst + 2 * pitch + i, aa);
        NAME(kal__store)(dst + 3 * pitch + i, bb);
        NAME(kal__store)(dst + 4 * pitch + i, ab);
    }
}

// Three taps along a row; there is room on both sides of the source for what is repeated.
TARGET static void NAME(along)(float *dst, float *src, size_t n)
{
    src[-1] = src[0];
    src[n] = src[n - 1];
    for (size_t i = 0; i < n; i += LANES) NAME(kal__store)
    (dst + i, SIDE * (NAME(kal__load)(src + i - 1) + NAME(kal__load)(src + i + 1)) +
                  MIDDLE * NAME(kal__load)(src + i));
}

// m11, m12, m22 and s1, s2, s12, added up over the planes.
TARGET static void NAME(add_moments)(float *to, size_t pitch, const float *sums, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        const VEC a = NAME(kal__load)(sums + i), b = NAME(kal__load)(sums + pitch + i);
        const VEC m[6] = {a * a,
                          a * b,
                          b * b,
                          NAME(kal__load)(sums + 2 * pitch + i) - a * a,
                          NAME(kal__load)(sums + 3 * pitch + i) - b * b,
                          NAME(kal__load)(sums + 4 * pitch + i) - a * b};
#pragma GCC unroll 6
        for (size_t k = 0; k < 6; k++)
            NAME(kal__store)(to + k * pitch + i, NAME(kal__load)(to + k * pitch + i) + m[k]);
    }
}
