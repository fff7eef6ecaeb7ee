// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Elementary functions from the four basic operations; being the same everywhere comes before
// being fast.
//
// Where a result has to be better than one double, it is kept as the unevaluated sum of two
// ("double-double"). The error-free transformations for that are those of T. J. Dekker,
// "A Floating-Point Technique for Extending the Available Precision", 1971, and D. E. Knuth,
// The Art of Computer Programming, vol. 2, 4.2.2. They do without a fused multiply-add, which
// not every processor has.
//
// The series are Taylor's, in Horner order. The arguments are reduced so far that a minimax fit
// would save one term at best, and coefficients written as 1 / n! need no trust in a fitting
// program. The quotients are of exact doubles, hence correctly rounded whether the compiler or
// the processor computes them.

#include "fmath.h"

#include "cpu.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>

#if FLT_EVAL_METHOD == 2 || FLT_EVAL_METHOD < 0
#error "double arithmetic must not use excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
#ifdef __FAST_MATH__
#error "-ffast-math breaks the error-free transformations"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF   // gcc has only -ffp-contract=off for this
#endif

_Static_assert(DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024, "double must be IEEE binary64");

enum { BIAS = 1023, FRACTION_BITS = 52 };

#define SIGN_BIT (UINT64_C(1) << 63)
#define FRACTION_MASK ((UINT64_C(1) << FRACTION_BITS) - 1)

typedef union {
    double d;
    uint64_t u;
} pun;

typedef struct {
    double hi;   // the sum rounded to double, once normalised
    double lo;
} dd;

// Constants of more than one double: each part is the rest of the true value after the parts
// before it, rounded to nearest (LN2_HI: cut to 42 bits, so that small multiples are exact).
static const double LN2_HI = 0x1.62e42fefa3800p-1;
static const double LN2_LO = 0x1.ef35793c76730p-45;
static const double LOG2_E = 0x1.71547652b82fep+0;
static const double PI_HI = 0x1.921fb54442d18p+1;
static const double PI_LO = 0x1.1a62633145c07p-53;
static const double HALF_PI_1 = 0x1.921fb54442d18p+0;
static const double HALF_PI_2 = 0x1.1a62633145c07p-54;
static const double HALF_PI_3 = -0x1.f1976b7ed8fbcp-110;
static const double TWO_BY_PI = 0x1.45f306dc9c883p-1;
static const double THIRD_HI = 0x1.5555555555555p-2;
static const double THIRD_LO = 0x1.5555555555555p-56;

// ---- Bits -----------------------------------------------------------------------------------

static double from_bits(uint64_t u)
{
    const pun p = {.u = u};
    return p.d;
}

static uint64_t to_bits(double x)
{
    const pun p = {.d = x};
    return p.u;
}

static double infinity(void)
{
    return from_bits(UINT64_C(0x7ff) << FRACTION_BITS);
}

// Invalid operations give NaNs of differing sign and payload on different processors.
static double the_nan(void)
{
    return from_bits(UINT64_C(0xfff) << (FRACTION_BITS - 1));
}

static bool is_nan(double x)
{
    return !(x == x);
}

static double magnitude(double x)
{
    return from_bits(to_bits(x) & ~SIGN_BIT);
}

static double with_sign_of(double size, double sign)
{
    return from_bits((to_bits(size) & ~SIGN_BIT) | (to_bits(sign) & SIGN_BIT));
}

// 2^k for -1022 ≤ k ≤ 1023
static double pow2(int k)
{
    return from_bits((uint64_t)(k + BIAS) << FRACTION_BITS);
}

// x × 2^k for x near 1 and |k| ≤ 1100; rounds only if the result is denormal or infinite.
static double scale(double x, int k)
{
    if (k > 1000) return x * pow2(k - 200) * pow2(200);
    if (k < -1000) return x * pow2(k + 200) * pow2(-200);
    return x * pow2(k);
}

// Splits a positive finite x into m × 2^*k with 1 ≤ m < 2.
static double split_exponent(double x, int *k)
{
    const bool denormal = x < DBL_MIN;
    const uint64_t bits = to_bits(denormal ? x * 0x1p54 : x);
    *k = (int)(bits >> FRACTION_BITS) - BIAS - (denormal ? 54 : 0);
    return from_bits((bits & FRACTION_MASK) | to_bits(1.0));
}

// ---- Rounding to integers -------------------------------------------------------------------

// Doubles from here on have no fraction.
static const double ALL_INTEGERS = 0x1p52;

double kal__rint(double x)
{
    const double size = magnitude(x);
    if (!(size < ALL_INTEGERS)) return x;
    // The sum has no room for a fraction, and the addition rounds halves to even.
    return with_sign_of((size + ALL_INTEGERS) - ALL_INTEGERS, x);
}

static double towards_zero(double x)
{
    return magnitude(x) < ALL_INTEGERS ? (double)(int64_t)x : x;
}

double kal__floor(double x)
{
    const double whole = towards_zero(x);
    return with_sign_of(whole > x ? whole - 1.0 : whole, x);
}

double kal__ceil(double x)
{
    const double whole = towards_zero(x);
    return with_sign_of(whole < x ? whole + 1.0 : whole, x);
}

double kal__round(double x)
{
    if (!(magnitude(x) < ALL_INTEGERS)) return x;
    const double whole = towards_zero(x);
    // The difference is exact, unlike x + 0.5, which would carry 0.49999999999999994 to 1.
    const double away = magnitude(x - whole) >= 0.5 ? 1.0 : 0.0;
    return with_sign_of(magnitude(whole) + away, x);
}

// ---- Double-double --------------------------------------------------------------------------

// a + b exactly, for |a| ≥ |b| or a = 0 (Dekker)
KAL__INLINE dd quick_sum(double a, double b)
{
    const double hi = a + b;
    return (dd){hi, b - (hi - a)};
}

// a + b exactly (Knuth)
KAL__INLINE dd sum(double a, double b)
{
    const double hi = a + b;
    const double b_part = hi - a;
    return (dd){hi, (a - (hi - b_part)) + (b - b_part)};
}

// The upper and lower half of the 53 bits of a (Dekker, after Veltkamp)
KAL__INLINE dd halves(double a)
{
    const double c = a * 134217729.0;   // 2^27 + 1
    const double hi = c - (c - a);
    return (dd){hi, a - hi};
}

// a × b exactly (Dekker), if neither overflows nor underflows on the way
KAL__INLINE dd product(double a, double b)
{
    const double hi = a * b;
    const dd x = halves(a);
    const dd y = halves(b);
    return (dd){hi, ((x.hi * y.hi - hi) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}

// a × b to about 100 bits
KAL__INLINE dd product_dd(dd a, dd b)
{
    const dd p = product(a.hi, b.hi);
    return quick_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

// ---- Exponential and logarithm --------------------------------------------------------------

// e^(x.hi + x.lo). With k the integer nearest to x / ln 2 and r = x - k ln 2, |r| < 0.347:
//     e^x = 2^k e^r,  e^r = 1 + r + r² (1/2! + r/3! + ... + r^12/14!)
// and a remainder below 2^-62. 1 + r is summed exactly so that only the last addition and the
// small r² term round.
static dd reduce_exp(dd x, int *k)
{
    const double n = kal__rint(x.hi * LOG2_E);
    *k = (int)n;
    return sum(x.hi - n * LN2_HI, x.lo - n * LN2_LO);   // the first difference is exact
}

static double exp_dd(dd x)
{
    if (x.hi > 720.0) return infinity();
    if (x.hi < -760.0) return 0.0;
    int k;
    const dd reduced = reduce_exp(x, &k);
    const double r = reduced.hi;
    double p = 1.0 / 87178291200.0;   // 1 / 14!
    p = p * r + 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 1.0 / 2.0;
    const dd s = quick_sum(1.0, r);
    // e^(r + lo) ≈ e^r + lo (1 + r), lo being below 2^-54
    return scale(s.hi + (s.lo + (r * r * p + reduced.lo * s.hi)), k);
}

double kal__exp(double x)
{
    return is_nan(x) ? the_nan() : exp_dd((dd){x, 0.0});
}

// The tail of the logarithm's series: t/5 + t²/7 + ... + t^11/25
static double log_tail(double t)
{
    double p = 1.0 / 25.0;
    p = p * t + 1.0 / 23.0;
    p = p * t + 1.0 / 21.0;
    p = p * t + 1.0 / 19.0;
    p = p * t + 1.0 / 17.0;
    p = p * t + 1.0 / 15.0;
    p = p * t + 1.0 / 13.0;
    p = p * t + 1.0 / 11.0;
    p = p * t + 1.0 / 9.0;
    p = p * t + 1.0 / 7.0;
    p = p * t + 1.0 / 5.0;
    return p * t;
}

// ln x for positive finite x, to about 65 bits. With x = 2^k m, √½ < m < √2, s = (m-1) / (m+1)
// and t = s² < 0.0295 (Abramowitz and Stegun, 4.1.27):
//     ln x = k ln 2 + 2 artanh s,  artanh s = s (1 + t (1/3 + t/5 + t²/7 + ...))
// The leading terms are in double-double; from t/5 on, a double is enough.
static dd log_dd(double x)
{
    int k;
    double m = split_exponent(x, &k);
    if (m > 0x1.6a09e667f3bcdp+0) {   // √2
        m *= 0.5;
        k++;
    }
    const dd below = sum(m, 1.0);
    const double s_hi = (m - 1.0) / below.hi;
    const dd back = product(s_hi, below.hi);
    const double rest = ((m - 1.0) - back.hi) - back.lo - s_hi * below.lo;
    const dd s = quick_sum(s_hi, rest / below.hi);
    const dd t = product_dd(s, s);
    const dd c = quick_sum(THIRD_HI, log_tail(t.hi));
    const dd u = product_dd(t, (dd){c.hi, c.lo + THIRD_LO});
    const dd w = product_dd(s, u);
    const dd artanh = quick_sum(s.hi, w.hi);
    const double artanh_lo = artanh.lo + (s.lo + w.lo);
    const double n = (double)k;
    const dd ln = sum(n * LN2_HI, 2.0 * artanh.hi);   // n × LN2_HI is exact
    return quick_sum(ln.hi, ln.lo + (2.0 * artanh_lo + n * LN2_LO));
}

double kal__log(double x)
{
    if (is_nan(x) || x < 0.0) return the_nan();
    if (x == 0.0) return -infinity();
    if (x == infinity()) return x;
    return log_dd(x).hi;
}

// x^y = e^(y ln x). The exponent reaches 745, about 2^9.5, and its absolute error is the relative
// error of the result, so the logarithm needs some 12 bits beyond a double.
double kal__pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) return 1.0;
    if (is_nan(x) || is_nan(y) || x < 0.0) return the_nan();
    if (x == 0.0 || x == infinity()) return (x == 0.0) == (y < 0.0) ? infinity() : 0.0;
    // |ln x| is at least 2^-53, so these powers are far out of range; the bound keeps product()
    // clear of overflow.
    if (magnitude(y) >= 0x1p64) return (x > 1.0) == (y > 0.0) ? infinity() : 0.0;
    if (y == 1.0) return x;
    return exp_dd(product_dd(log_dd(x), (dd){y, 0.0}));
}

// ---- Cube root ------------------------------------------------------------------------------

// With |x| = 2^(3q) m, 1 ≤ m < 8, the root is 2^q ∛m. A quadratic fitted to 1.6 % over [1, 8)
// starts two steps of Halley's iteration, t ← t (t³ + 2m) / (2t³ + m), which take the relative
// error e to about 2e³/3; at 2^-52 a Newton step with t³ - m in double-double finishes.
double kal__cbrt(double x)
{
    if (is_nan(x)) return the_nan();
    if (x == 0.0 || magnitude(x) == infinity()) return x;
    int k;
    double m = split_exponent(magnitude(x), &k);
    const int q = (k + 1200) / 3 - 400;   // rounds down for negative k too
    m *= pow2(k - 3 * q);
    double t = 0.7625 + m * (0.268 - m * 0.01467);
    for (int i = 0; i < 2; i++) {
        const double cube = t * t * t;
        t *= (cube + 2.0 * m) / (2.0 * cube + m);
    }
    const dd cube = product_dd(product(t, t), (dd){t, 0.0});
    t -= ((cube.hi - m) + cube.lo) / (3.0 * t * t);
    return with_sign_of(t * pow2(q), x);
}

// ---- Sine and cosine ------------------------------------------------------------------------

// sin(r.hi + r.lo) for |r| ≤ π/4, to r^17/17!, the remainder being below 2^-62:
//     r - r³/3! + r⁵/5! - ...,  and + lo cos r for the lower part
KAL__INLINE double sin_series(dd r)
{
    const double z = r.hi * r.hi;
    double p = 1.0 / 355687428096000.0;   // 1 / 17!
    p = p * z - 1.0 / 1307674368000.0;
    p = p * z + 1.0 / 6227020800.0;
    p = p * z - 1.0 / 39916800.0;
    p = p * z + 1.0 / 362880.0;
    p = p * z - 1.0 / 5040.0;
    p = p * z + 1.0 / 120.0;
    p = p * z - 1.0 / 6.0;
    return r.hi + (r.hi * (z * p) + r.lo * (1.0 - 0.5 * z));
}

// cos(r.hi + r.lo) for |r| ≤ π/4, to r^18/18!, the remainder being below 2^-67:
//     1 - r²/2! + r⁴/4! - ...,  and - lo sin r for the lower part
KAL__INLINE double cos_series(dd r)
{
    const double z = r.hi * r.hi;
    double p = -1.0 / 6402373705728000.0;   // 1 / 18!
    p = p * z + 1.0 / 20922789888000.0;
    p = p * z - 1.0 / 87178291200.0;
    p = p * z + 1.0 / 479001600.0;
    p = p * z - 1.0 / 3628800.0;
    p = p * z + 1.0 / 40320.0;
    p = p * z - 1.0 / 720.0;
    p = p * z + 1.0 / 24.0;
    const dd first = quick_sum(1.0, -0.5 * z);
    return first.hi + (first.lo + (z * z * p - r.hi * r.lo));
}

// The sine of r + quadrant × π/2; a cosine is the sine one quadrant on.
static double sin_of_quadrant(dd r, unsigned quadrant)
{
    const double v = (quadrant & 1) != 0 ? cos_series(r) : sin_series(r);
    return (quadrant & 2) != 0 ? -v : v;
}

// x - n π/2 for the nearest integer n; |x| < 2^45. Cody and Waite's reduction (Software Manual
// for the Elementary Functions, 1980) with π/2 in three doubles and exact products: near a
// multiple of π/2 nearly all bits cancel, and as little as 2^-66 of x may be left.
static dd reduce_angle(double x, unsigned *quadrant)
{
    const double n = kal__rint(x * TWO_BY_PI);
    *quadrant = (unsigned)((uint64_t)(int64_t)n & 3);
    const dd p1 = product(n, HALF_PI_1);
    const dd p2 = product(n, HALF_PI_2);
    const dd a = sum(x - p1.hi, -p1.lo);   // p1.hi is so near to x that the difference is exact
    const dd b = sum(a.lo, -p2.hi);
    const dd c = sum(a.hi, b.hi);
    return sum(c.hi, c.lo + (b.lo - p2.lo - n * HALF_PI_3));
}

// What the cosine adds to the quadrant is what tells it from the sine.
static double sin_from(double x, unsigned quarter)
{
    const double size = magnitude(x);
    unsigned quadrant;
    if (!(size < infinity())) return the_nan();
    if (size >= 0x1p45) return quarter == 0 ? 0.0 : 1.0;
    if (size < 0x1p-27)   // the next term is below half a unit; keeps the sign of zero
        return quarter == 0 ? x : 1.0;
    const dd r = reduce_angle(x, &quadrant);
    return sin_of_quadrant(r, quadrant + quarter);
}

double kal__sin(double x)
{
    return sin_from(x, 0);
}

double kal__cos(double x)
{
    return sin_from(x, 1);
}

// In units of π the reduction is exact: first to [-1, 1] by whole periods, then to the nearest
// multiple of 1/2. The rest, |r| ≤ 1/4, is multiplied by π in double-double.
static double sinpi_from(double x, unsigned quarter)
{
    if (!(magnitude(x) < infinity())) return the_nan();
    const double turn = x - 2.0 * kal__rint(0.5 * x);
    const double n = kal__rint(2.0 * turn);
    const double r = turn - 0.5 * n;
    const unsigned quadrant = (unsigned)((int)n + 4) + quarter;
    if (r == 0.0 && (quadrant & 1) == 0) return quarter == 0 ? with_sign_of(0.0, x) : 0.0;
    // product() would lose its lower half to underflow where it is not needed any more.
    if (magnitude(r) < 0x1p-900) return sin_of_quadrant((dd){r * PI_HI, 0.0}, quadrant);
    return sin_of_quadrant(product_dd((dd){r, 0.0}, (dd){PI_HI, PI_LO}), quadrant);
}

double kal__sinpi(double x)
{
    return sinpi_from(x, 0);
}

double kal__cospi(double x)
{
    return sinpi_from(x, 1);
}

// The same operations on the same numbers, without a branch: both series are summed and one is taken. Adding and
// subtracting 1.5 · 2^52 rounds as kal__rint does but for the sign of a zero, which is set in the end.
KAL__INLINE double sinpi_flat(double x)
{
    const double whole = 0x1.8p52;
    const double turn = x - 2.0 * ((0.5 * x + whole) - whole);
    const double n = (2.0 * turn + whole) - whole;
    const double r = turn - 0.5 * n;
    const dd a = product_dd((dd){r, 0.0}, (dd){PI_HI, PI_LO});
    const double s = sin_series(a), c = cos_series(a);
    const double v = n * n == 1.0 ? c : s;
    const double turned = n == -1.0 || n * n == 4.0 ? -v : v;
    return turned == 0.0 ? x * 0.0 : turned;
}

KAL__INLINE void sinpi_all_body(double *dst, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = sinpi_flat(x[i]);
}
KAL__VARIANTS(sinpi_all, (double *restrict dst, const double *restrict x, size_t n), (dst, x, n))

void kal__sinpi_all(double *dst, const double *x, size_t n)
{
    sinpi_all(dst, x, n);
}
