// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See srgb.h, which includes this for doubles and for floats. Relative errors of the roots are below 1e-9 in doubles.

// x^(-1/3) for 1e-30 ≤ x ≤ 1e30: with h = 1 − x r³, x^(-1/3) = r (1 − h)^(-1/3) = r (1 + h/3 + 2h²/9 + …)
KAL__INLINE REAL NAME(inverse_cube_root)(REAL x)
{
    REAL r = (REAL)kal__near_root((float)x, 0x54a1f81a, 1.0f / 3);
    for (int i = 0; i < 2; i++) {
        const REAL h = 1 - x * (r * r * r);
        r += r * (h * ((REAL)(1.0 / 3) + h * (REAL)(2.0 / 9)));
    }
    return r;
}

// x^(-1/5) likewise
KAL__INLINE REAL NAME(inverse_fifth_root)(REAL x)
{
    REAL r = (REAL)kal__near_root((float)x, 0x4c2b43f3, 1.0f / 5);
    for (int i = 0; i < 2; i++) {
        const REAL square = r * r, h = 1 - x * (square * square * r);
        r += r * (h * ((REAL)(1.0 / 5) + h * (REAL)(3.0 / 25)));
    }
    return r;
}

// x, kept where the roots hold; what is below `low` takes the straight part.
KAL__INLINE REAL NAME(for_root)(REAL x, REAL low)
{
    const REAL least = x > low ? x : low;
    return least < (REAL)1e30 ? least : (REAL)1e30;
}

// t^2.4 = (t · t^(-1/5))³
KAL__INLINE REAL NAME(light)(REAL v)
{
    const REAL low = (REAL)0.04045;
    const REAL t = (NAME(for_root)(v, low) + (REAL)0.055) * (REAL)(1 / 1.055);
    const REAL p = t * NAME(inverse_fifth_root)(t);
    return v > low ? p * p * p : v * (REAL)(1 / 12.92);
}

// x^(5/12) = y² · y^(-1/3) with y = x^(1/4)
KAL__INLINE REAL NAME(sample)(REAL x)
{
    const REAL low = (REAL)0.0031308;
    const REAL inside = NAME(for_root)(x, low);
    const REAL y = ROOT(ROOT(inside));
    const REAL p = y * y * NAME(inverse_cube_root)(y);
    return x > low ? (REAL)1.055 * p - (REAL)0.055 : x * (REAL)12.92;
}
