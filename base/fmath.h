// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Elementary functions whose results are the same bits everywhere. The C library's differ from
// one platform and version to the next in the last places, which would make the output of a
// pipeline depend on the machine. These use nothing but additions, subtractions,
// multiplications and divisions of IEEE 754 doubles, which round in one way only, and integer
// operations.
//
// What the caller has to keep: the default rounding mode, denormals not flushed to zero, and a
// build without -ffast-math and with -ffp-contract=off.
//
// A NaN result is always the same positive quiet NaN, whichever NaN went in. Errors are stated
// in units in the last place (ulp) of normal results; denormal ones are within one step.

#ifndef KAL_BASE_FMATH_H
#define KAL_BASE_FMATH_H

#include <stddef.h>

double kal__exp(double x);    // below 0.7 ulp
double kal__log(double x);    // below 0.51 ulp; of 0: -infinity, of a negative number: NaN
#define KAL__LN2 0.6931471805599453
static inline double kal__log2(double x)
{
    return kal__log(x) / KAL__LN2;
}
double kal__cbrt(double x);   // below 0.51 ulp; odd

// x to the power y, below 1 ulp. x may not be negative (NaN); 0 and infinity of x and y follow
// the C standard's pow, with x = -0 taken as 0.
double kal__pow(double x, double y);

// Radians; below 0.9 ulp for |x| < 2^45. Beyond, where a rounding error of the argument is no
// longer small against a period, sin gives 0 and cos 1, so that a finite argument never makes a
// NaN; an infinite one does.
double kal__sin(double x);
double kal__cos(double x);

// sin(πx) and cos(πx), below 0.9 ulp for every finite x; exactly 0 and ±1 at the multiples
// of 1/2. A zero of sinpi has the sign of x, a zero of cospi is positive.
double kal__sinpi(double x);
double kal__cospi(double x);
// kal__sinpi of each of n numbers, to the bit and several at a time; each is 0 or has 2^-500 < |x| < 2^31. The
// arrays do not overlap.
void kal__sinpi_all(double *dst, const double *x, size_t n);

// Exact, for every double; infinities and NaNs are passed on. A zero result has the sign of x,
// as in the C library.
double kal__floor(double x);   // towards -infinity
double kal__ceil(double x);    // towards +infinity
double kal__round(double x);   // to nearest, halves away from zero
double kal__rint(double x);    // to nearest, halves to even

#endif
