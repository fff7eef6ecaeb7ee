// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Blurred means, squares and products of two pictures, for one instruction set: by a symmetric blur with the weights taps[0] in the middle to taps[REACH], both of
// whoever includes this.

// Down the columns: means of a and b, of their squares, of their product. Of each the weights are added from the middle outwards.
TARGET static void NAME(down)(float *dst, size_t pitch, const float *const *a, const float *const *b,
                              size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        const VEC p = NAME(kal__load)(a[REACH] + i), q = NAME(kal__load)(b[REACH] + i);
        VEC sp = taps[0] * p, sq = taps[0] * q, pp = taps[0] * (p * p), qq = taps[0] * (q * q),
            pq = taps[0] * (p * q);
#pragma GCC unroll 5
        for (int k = 1; k <= REACH; k++) {
            const VEC p0 = NAME(kal__load)(a[REACH - k] + i), p1 = NAME(kal__load)(a[REACH + k] + i),
                      q0 = NAME(kal__load)(b[REACH - k] + i), q1 = NAME(kal__load)(b[REACH + k] + i);
            sp += taps[k] * (p0 + p1), sq += taps[k] * (q0 + q1);
            pp += taps[k] * (p0 * p0 + p1 * p1), qq += taps[k] * (q0 * q0 + q1 * q1);
            pq += taps[k] * (p0 * q0 + p1 * q1);
        }
        NAME(kal__store)(dst + i, sp);
        NAME(kal__store)(dst + pitch + i, sq);
        NAME(kal__store)(dst + 2 * pitch + i, pp);
        NAME(kal__store)(dst + 3 * pitch + i, qq);
        NAME(kal__store)(dst + 4 * pitch + i, pq);
    }
}

TARGET KAL__INLINE VEC NAME(across)(const float *p)
{
    VEC sum = taps[0] * NAME(kal__load)(p);
#pragma GCC unroll 5
    for (int k = 1; k <= REACH; k++) sum += taps[k] * (NAME(kal__load)(p - k) + NAME(kal__load)(p + k));
    return sum;
}
