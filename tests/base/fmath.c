// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Checks base/fmath.c: errors against the C library's long double functions, exact special
// cases, and a hash over the bits of many results, which must come out the same from every
// compiler, optimisation level and machine. With any command line argument, prints the largest
// error and the hash of every row of the table. Needs the C library's maths functions (-lm).

#include "../../base/cpu.h"
#include "../../base/fmath.h"
#include "numbers.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const uint64_t SEED = 20260101;
static const int ARGUMENTS = 100000;

// Arguments with a binary exponent from lo to hi (-1023: denormals), evenly spread over the
// exponents. Made from bits, so that they do not depend on the arithmetic under test.
typedef struct {
    int lo;
    int hi;
    bool negative_too;
} range;

static double random_in(const range *in, uint64_t *state)
{
    const uint64_t r = next_random(state);
    const int exponents = in->hi - in->lo + 1;
    const int exponent = in->lo + (int)((r >> 52) % 2048) % exponents;
    const uint64_t fraction = r & ((UINT64_C(1) << 52) - 1);
    const uint64_t sign = in->negative_too ? r & (UINT64_C(1) << 63) : 0;
    return from_bits(sign | (uint64_t)(exponent + 1023) << 52 | fraction);
}

// ---- The functions and their references, all with two arguments -----------------------------

#define TWO_ARGUMENTS(name, exact)                    \
    static double run_##name(double x, double y)      \
    {                                                 \
        (void)y;                                      \
        return kal__##name(x);                        \
    }                                                 \
    static long double ref_##name(double x, double y) \
    {                                                 \
        (void)y;                                      \
        return exact;                                 \
    }

// sin(π (x + shift)), the argument reduced exactly first.
static long double sinpi_reference(double x, int shift)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    const double turn = fmod(x, 2.0);
    const double n = rint(2.0 * turn);
    const long double r = pi * (long double)(turn - 0.5 * n);
    switch (((int)n + shift + 8) % 4) {
    case 0: return sinl(r);
    case 1: return cosl(r);
    case 2: return -sinl(r);
    default: return -cosl(r);
    }
}

TWO_ARGUMENTS(exp, expl(x))
TWO_ARGUMENTS(log, logl(x))
TWO_ARGUMENTS(cbrt, cbrtl(x))
TWO_ARGUMENTS(sin, sinl(x))
TWO_ARGUMENTS(cos, cosl(x))
TWO_ARGUMENTS(sinpi, sinpi_reference(x, 0))
TWO_ARGUMENTS(cospi, sinpi_reference(x, 1))
TWO_ARGUMENTS(floor, floorl(x))
TWO_ARGUMENTS(ceil, ceill(x))
TWO_ARGUMENTS(round, roundl(x))
TWO_ARGUMENTS(rint, rintl(x))

static double run_pow(double x, double y)
{
    return kal__pow(x, y);
}

static long double ref_pow(double x, double y)
{
    return powl(x, y);
}

typedef struct {
    const char *name;
    double (*run)(double x, double y);
    long double (*reference)(double x, double y);
    range x;
    range y;
    double bound;      // in ulp, as the header states it
    uint64_t golden;   // of the results' bits
} row;

#define ROW(name) #name, run_##name, ref_##name
#define NO_Y        \
    {               \
        0, 0, false \
    }

static const row rows[] = {
    {ROW(exp), {-60, 9, true}, NO_Y, 0.8, UINT64_C(0x25625333fe2f9b88)},
    {ROW(exp), {-2, 2, true}, NO_Y, 0.7, UINT64_C(0x1e0ca937a0c87824)},
    {ROW(log), {-1023, 1023, false}, NO_Y, 0.51, UINT64_C(0x2a2e666e94728af8)},
    {ROW(log), {-1, 0, false}, NO_Y, 0.51, UINT64_C(0xe36d1b03209b81af)},
    {ROW(cbrt), {-1023, 1023, true}, NO_Y, 0.51, UINT64_C(0x00d55516c070dbe5)},
    {ROW(cbrt), {-3, 2, true}, NO_Y, 0.51, UINT64_C(0x2c4bc94d5abaefe3)},
    {ROW(pow), {-10, 3, false}, {-3, 1, true}, 1.0, UINT64_C(0x0b81ab912d9a4180)},
    {ROW(pow), {-40, 40, false}, {-20, 6, true}, 1.0, UINT64_C(0x9cc4cb1ccecc345c)},
    {ROW(pow), {-1, 0, false}, {8, 10, true}, 1.0, UINT64_C(0x2fb0edcdb1b15c6b)},
    {ROW(pow), {-1023, 1023, false}, {-60, 12, true}, 1.0, UINT64_C(0x2be8d12a673f381e)},
    {ROW(sin), {-40, 19, true}, NO_Y, 0.9, UINT64_C(0xa48f15d9b3f1022a)},
    {ROW(sin), {-2, 2, true}, NO_Y, 0.9, UINT64_C(0xba615551f3591d59)},
    {ROW(sin), {20, 44, true}, NO_Y, 0.9, UINT64_C(0x1ce7a69b20a1b22b)},
    {ROW(cos), {-40, 19, true}, NO_Y, 0.9, UINT64_C(0x787d6276601068c1)},
    {ROW(cos), {-2, 2, true}, NO_Y, 0.9, UINT64_C(0xceb54a1d1d009123)},
    {ROW(cos), {20, 44, true}, NO_Y, 0.9, UINT64_C(0x550b5386b2a67b95)},
    {ROW(sinpi), {-1023, 1023, true}, NO_Y, 0.9, UINT64_C(0x2dc7b31ba7239cc8)},
    {ROW(sinpi), {-4, 6, true}, NO_Y, 0.9, UINT64_C(0x9789b8a9dd55bbe2)},
    {ROW(cospi), {-1023, 1023, true}, NO_Y, 0.9, UINT64_C(0x5bff23f505db4030)},
    {ROW(cospi), {-4, 6, true}, NO_Y, 0.9, UINT64_C(0x65dc9e42f86b6d86)},
    {ROW(floor), {-4, 56, true}, NO_Y, 0.0, UINT64_C(0x9adf44519610990a)},
    {ROW(ceil), {-4, 56, true}, NO_Y, 0.0, UINT64_C(0xd72ee0e83b45330f)},
    {ROW(round), {-4, 56, true}, NO_Y, 0.0, UINT64_C(0x98566d42bbcd0896)},
    {ROW(rint), {-4, 56, true}, NO_Y, 0.0, UINT64_C(0x987dc20a760aa5c1)},
};

// ---- Errors and golden hashes ---------------------------------------------------------------

// The distance of got from the true value, in steps between doubles of that size.
static double error_in_ulp(double got, long double want)
{
    const long double limit = ldexpl(1.0L, 1024) - ldexpl(1.0L, 970);   // rounds to infinity
    if (want == 0.0L || fabsl(want) >= limit || isinf(got))
        return (long double)got == want || (isinf(got) && fabsl(want) >= limit) ? 0.0 : 1e300;
    const int exponent = ilogbl(want);
    const long double step = ldexpl(1.0L, (exponent < -1022 ? -1022 : exponent) - 52);
    return (double)(fabsl((long double)got - want) / step);
}

static uint64_t fnv1a(uint64_t hash, uint64_t bits)
{
    for (int i = 0; i < 8; i++, bits >>= 8) hash = (hash ^ (bits & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

// Where long double is no wider than double it cannot judge.
static bool can_judge(void)
{
    return LDBL_MANT_DIG >= 64;
}

static void check_row(const row *r, bool report)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    uint64_t state = SEED;
    double worst = 0.0;
    double worst_x = 0.0;
    double worst_y = 0.0;
    for (int i = 0; i < ARGUMENTS; i++) {
        const double x = random_in(&r->x, &state);
        const double y = random_in(&r->y, &state);
        const double got = r->run(x, y);
        const double error = can_judge() ? error_in_ulp(got, r->reference(x, y)) : 0.0;
        hash = fnv1a(hash, to_bits(got));
        if (error > worst) {
            worst = error;
            worst_x = x;
            worst_y = y;
        }
    }
    REQUIRE(worst <= r->bound, "%s(%a, %a): %.4f ulp, bound %.2f", r->name, worst_x, worst_y, worst,
            r->bound);
    REQUIRE(hash == r->golden, "%s, exponents %d to %d: hash 0x%016llx, golden 0x%016llx", r->name, r->x.lo,
            r->x.hi, (unsigned long long)hash, (unsigned long long)r->golden);
    if (report)
        printf("%-6s %5d..%-5d %7.4f ulp  0x%016llx\n", r->name, r->x.lo, r->x.hi, worst,
               (unsigned long long)hash);
}

// ---- Particular arguments -------------------------------------------------------------------

// The doubles nearest to a multiple of π/2 in their binade: most bits of the reduced argument
// come from far down in π. Found from the continued fraction of 2^k / π.
static void check_near_half_turns(void)
{
    static const double near[] = {
        0x1.921fb54442d18p+0,  0x1.921fb54442d18p+1,  0x1.2d97c7f3321d2p+2,  0x1.6c6cbc45dc8dep+5,
        0x1.6c6cbc45dc8dep+11, 0x1.635e3d74befcap+14, 0x1.67e57cdd4dc54p+15, 0x1.65a1dd290660fp+16,
        0x1.bf9b3c6059d24p+17, 0x1.39c6fd67805a7p+18, 0x1.39c6fd67805a7p+19, 0x1.9eb7148f354d6p+20,
        0x1.b951f1572eba5p+23, 0x1.b951f1572eba5p+31, 0x1.5c9508c58aafap+32, 0x1.de5e5054e921bp+34,
        0x1.065c829d68730p+39, 0x1.065c829d68730p+44,
    };
    for (size_t i = 0; i < sizeof near / sizeof *near && can_judge(); i++) {
        const double x = near[i];
        const double sin_error = error_in_ulp(kal__sin(x), sinl(x));
        const double cos_error = error_in_ulp(kal__cos(x), cosl(x));
        REQUIRE(sin_error < 0.9 && cos_error < 0.9, "%a: %f, %f ulp", x, sin_error, cos_error);
        REQUIRE(to_bits(kal__sin(-x)) == to_bits(-kal__sin(x)), "%a: not odd", x);
        REQUIRE(to_bits(kal__cos(-x)) == to_bits(kal__cos(x)), "%a: not even", x);
    }
}

// Results from a 1400-bit computation, which do not depend on the C library.
static void is_within_a_step(const char *what, double got, double want)
{
    const uint64_t steps = to_bits(got) - to_bits(want) + 1;
    REQUIRE(steps <= 2, "%s: got %a, want %a", what, got, want);
}

#define KNOWN(call, want) is_within_a_step(#call, call, want)

static void check_known_results(void)
{
    KNOWN(kal__exp(0x1p+0), 0x1.5bf0a8b145769p+1);
    KNOWN(kal__exp(-0x1.5c28f5c28f5c3p-2), 0x1.6c6d28e50ebb5p-1);
    KNOWN(kal__exp(-0x1.5e2p+9), 0x1.af5fe9a485c8ep-1011);
    KNOWN(kal__exp(0x1.62cp+9), 0x1.81e9b4b52d0c9p+1023);
    KNOWN(kal__exp(0x1.12e0be826d695p-30), 0x1.000000044b83p+0);
    KNOWN(kal__log(0x1.4p+3), 0x1.26bb1bbb55516p+1);
    KNOWN(kal__log(0x1.fff2e48e8a71ep-1), -0x1.a3738d2cf1cc2p-14);
    KNOWN(kal__log(0x1.000001ad7f29bp+0), 0x1.ad7f2847b6492p-24);
    KNOWN(kal__log(0x0.012688b70e62bp-1022), -0x1.64e69394d9508p+9);
    KNOWN(kal__log(0x1.7e43c8800759cp+996), 0x1.5963447f87fb5p+9);
    KNOWN(kal__log(0x1.8p+0), 0x1.9f323ecbf984cp-2);
    KNOWN(kal__cbrt(0x1p+1), 0x1.428a2f98d728bp+0);
    KNOWN(kal__cbrt(-0x1.999999999999ap-4), -0x1.db4c7760bcff3p-2);
    KNOWN(kal__cbrt(0x1.ffef9db22d0e5p+2), 0x1.fffa89d725014p+0);
    KNOWN(kal__cbrt(0x0.012688b70e62bp-1022), 0x1.a9d1b0b5d7427p-344);
    KNOWN(kal__pow(0x1p-1, 0x1.d1745d1745d17p-2), 0x1.75a07cfb107edp-1);
    KNOWN(kal__pow(0x1.70a3d70a3d70ap-3, 0x1.3333333333333p+1), 0x1.0b589dfb80a43p-6);
    KNOWN(kal__pow(0x1.75c28f5c28f5cp-1, 0x1.aaaaaaaaaaaabp-2), 0x1.c113cd4f4baf1p-1);
    KNOWN(kal__pow(0x1.4p+3, -0x1.2c8p+8), 0x1.b1b75833790cap-999);
    KNOWN(kal__pow(0x1.000001ad7f29bp+0, 0x1.65a0bcp+32), 0x1.889e27e7e3459p+865);
    KNOWN(kal__pow(0x1.fff2e48e8a71ep-1, 0x1.ab3fp+22), 0x1.0b6c002853ddap-1010);
    KNOWN(kal__pow(0x1.7e43c8800759cp+996, -0x1.ccccccccccccdp-1), 0x1.0e7c9eebc4401p-897);
    KNOWN(kal__sin(0x1.921fb54442d18p+0), 0x1p+0);
    KNOWN(kal__cos(0x1.921fb54442d18p+0), 0x1.1a62633145c07p-54);
    KNOWN(kal__sin(0x1.921fb54442d18p+1), 0x1.1a62633145c07p-53);
    KNOWN(kal__cos(0x1.921fb54442d18p+1), -0x1p+0);
    KNOWN(kal__sin(0x1.6c6cbc45dc8dep+5), 0x1p+0);
    KNOWN(kal__cos(0x1.6c6cbc45dc8dep+5), -0x1.6d61b58c99c43p-61);
    KNOWN(kal__sin(0x1.6c6cbc45dc8dep+11), 0x1.6d61b58c99c43p-55);
    KNOWN(kal__cos(0x1.6c6cbc45dc8dep+11), 0x1p+0);
    KNOWN(kal__sin(0x1.39c6fd67805a7p+19), 0x1.988efe18ff83fp-54);
    KNOWN(kal__cos(0x1.39c6fd67805a7p+19), -0x1p+0);
    KNOWN(kal__sin(0x1.b951f1572eba5p+31), -0x1.f54f5227a4e84p-52);
    KNOWN(kal__cos(0x1.b951f1572eba5p+31), 0x1p+0);
    KNOWN(kal__sin(0x1.065c829d6873p+44), -0x1.14e87fd83e16cp-51);
    KNOWN(kal__cos(0x1.065c829d6873p+44), 0x1p+0);
    KNOWN(kal__sin(0x1.e848p+19), -0x1.6664b2568d867p-2);
    KNOWN(kal__cos(0x1.e848p+19), 0x1.df9df9906d32cp-1);
    KNOWN(kal__sin(-0x1.81cd6c8b43958p+13), 0x1.687d5890974a5p-1);
    KNOWN(kal__cos(-0x1.81cd6c8b43958p+13), 0x1.6b94c3bbe24b8p-1);
    KNOWN(kal__sin(0x1.921fb54442d18p-1), 0x1.6a09e667f3bccp-1);
    KNOWN(kal__cos(0x1.921fb54442d18p-1), 0x1.6a09e667f3bcdp-1);
    KNOWN(kal__sin(0x1p+1), 0x1.d18f6ead1b446p-1);
    KNOWN(kal__cos(0x1p+1), -0x1.aa22657537205p-2);
    KNOWN(kal__sinpi(0x1p-2), 0x1.6a09e667f3bcdp-1);
    KNOWN(kal__cospi(0x1p-2), 0x1.6a09e667f3bcdp-1);
    KNOWN(kal__sinpi(0x1.5555555555555p-2), 0x1.bb67ae8584caap-1);
    KNOWN(kal__cospi(0x1.5555555555555p-2), 0x1p-1);
    KNOWN(kal__sinpi(-0x1.f40cccccccccdp+9), -0x1.3c6ef372fee17p-2);
    KNOWN(kal__cospi(-0x1.f40cccccccccdp+9), 0x1.e6f0e13445439p-1);
    KNOWN(kal__sinpi(0x1.19799812dea11p-40), 0x1.ba23cdd5122b5p-39);
    KNOWN(kal__cospi(0x1.19799812dea11p-40), 0x1p+0);
    KNOWN(kal__sinpi(0x1.fffffca501acbp-1), 0x1.515370f6a4d08p-22);
    KNOWN(kal__cospi(0x1.fffffca501acbp-1), -0x1.ffffffffffe44p-1);
}

// Equal bits, so that the signs of zeros count; a NaN must be the one NaN.
static void is(const char *what, double got, double want)
{
    const uint64_t bits = isnan(want) ? UINT64_C(0x7ff8000000000000) : to_bits(want);
    REQUIRE(to_bits(got) == bits, "%s: got %a, want %a", what, got, want);
}

#define IS(call, want) is(#call, call, want)

static void check_exp_log_cbrt(void)
{
    IS(kal__exp(0.0), 1.0);
    IS(kal__exp(-0.0), 1.0);
    IS(kal__exp(1e-300), 1.0);
    IS(kal__exp(INFINITY), INFINITY);
    IS(kal__exp(-INFINITY), 0.0);
    IS(kal__exp(NAN), NAN);
    IS(kal__exp(-NAN), NAN);
    IS(kal__exp(0x1.62e42fefa39efp+9), 0x1.fffffffffff2ap+1023);   // the last finite one
    IS(kal__exp(0x1.62e42fefa39f0p+9), INFINITY);
    IS(kal__exp(-0x1.74910d52d3051p+9), 0x1p-1074);   // the last one above half a step
    IS(kal__exp(-0x1.74910d52d3052p+9), 0.0);
    IS(kal__exp(1e308), INFINITY);
    IS(kal__exp(-1e308), 0.0);
    IS(kal__log(1.0), 0.0);
    IS(kal__log(0.0), -INFINITY);
    IS(kal__log(-0.0), -INFINITY);
    IS(kal__log(-1.0), NAN);
    IS(kal__log(-INFINITY), NAN);
    IS(kal__log(INFINITY), INFINITY);
    IS(kal__log(NAN), NAN);
    IS(kal__log(2.0), 0x1.62e42fefa39efp-1);
    IS(kal__log(0.5), -0x1.62e42fefa39efp-1);
    IS(kal__cbrt(0.0), 0.0);
    IS(kal__cbrt(-0.0), -0.0);
    IS(kal__cbrt(INFINITY), INFINITY);
    IS(kal__cbrt(-INFINITY), -INFINITY);
    IS(kal__cbrt(NAN), NAN);
    IS(kal__cbrt(0x1p-1074), 0x1p-358);
    IS(kal__cbrt(-0x1p-1074), -0x1p-358);
    IS(kal__cbrt(0x1p1023), 0x1p341);
    for (int i = -200; i <= 200; i++) {
        const double n = i;
        REQUIRE(kal__cbrt(n * n * n) == n, "%a", n);
    }
    for (double n = 1.0; n <= 200000.0; n += 17.0) REQUIRE(kal__cbrt(n * n * n) == n, "%a", n);
}

static void check_pow(void)
{
    IS(kal__pow(0.0, 0.0), 1.0);
    IS(kal__pow(NAN, 0.0), 1.0);
    IS(kal__pow(INFINITY, -0.0), 1.0);
    IS(kal__pow(1.0, NAN), 1.0);
    IS(kal__pow(1.0, INFINITY), 1.0);
    IS(kal__pow(NAN, 1.0), NAN);
    IS(kal__pow(2.0, NAN), NAN);
    IS(kal__pow(-1.0, 2.0), NAN);
    IS(kal__pow(-INFINITY, 2.0), NAN);
    IS(kal__pow(0.0, 2.4), 0.0);
    IS(kal__pow(-0.0, 3.0), 0.0);
    IS(kal__pow(0.0, -2.4), INFINITY);
    IS(kal__pow(0.0, INFINITY), 0.0);
    IS(kal__pow(0.0, -INFINITY), INFINITY);
    IS(kal__pow(INFINITY, 0.5), INFINITY);
    IS(kal__pow(INFINITY, -0.5), 0.0);
    IS(kal__pow(2.0, INFINITY), INFINITY);
    IS(kal__pow(2.0, -INFINITY), 0.0);
    IS(kal__pow(0.5, INFINITY), 0.0);
    IS(kal__pow(0.5, -INFINITY), INFINITY);
    IS(kal__pow(0x1.0000000000001p+0, 1e300), INFINITY);
    IS(kal__pow(0x1.0000000000001p+0, -1e300), 0.0);
    IS(kal__pow(0x1.fffffffffffffp-1, 1e300), 0.0);
    IS(kal__pow(2.0, 1024.0), INFINITY);
    IS(kal__pow(2.0, -1074.0), 0x1p-1074);
    IS(kal__pow(2.0, -1076.0), 0.0);
    IS(kal__pow(0x1p-1074, -0.5), 0x1p537);
    IS(kal__pow(3.0, 0x1p-1074), 1.0);
    IS(kal__pow(0x1.fffffffffffffp+1023, 1.0), 0x1.fffffffffffffp+1023);
    for (int k = -1074; k <= 1023; k++) REQUIRE(kal__pow(2.0, k) == ldexp(1.0, k), "2^%d", k);
    // Where the power is a double, it is the result.
    for (double n = 1.0; n <= 2000.0; n += 1.0) {
        REQUIRE(kal__pow(n, 2.0) == n * n, "%a", n);
        REQUIRE(kal__pow(n, 3.0) == n * n * n, "%a", n);
        REQUIRE(kal__pow(n, 4.0) == n * n * n * n, "%a", n);
        REQUIRE(kal__pow(n * n, 0.5) == n, "%a", n);
        REQUIRE(kal__pow(n * n, 1.5) == n * n * n, "%a", n);
        REQUIRE(kal__pow(1.0 / 1024 * n, 1.0) == n / 1024, "%a", n);
    }
}

static void check_sin_cos(void)
{
    IS(kal__sin(0.0), 0.0);
    IS(kal__sin(-0.0), -0.0);
    IS(kal__sin(0x1p-1074), 0x1p-1074);
    IS(kal__sin(INFINITY), NAN);
    IS(kal__sin(-INFINITY), NAN);
    IS(kal__sin(NAN), NAN);
    IS(kal__sin(1e300), 0.0);
    IS(kal__cos(0.0), 1.0);
    IS(kal__cos(-0.0), 1.0);
    IS(kal__cos(0x1p-1074), 1.0);
    IS(kal__cos(INFINITY), NAN);
    IS(kal__cos(NAN), NAN);
    IS(kal__cos(-1e300), 1.0);
    IS(kal__sinpi(0.0), 0.0);
    IS(kal__sinpi(-0.0), -0.0);
    IS(kal__sinpi(0.5), 1.0);
    IS(kal__sinpi(-0.5), -1.0);
    IS(kal__sinpi(1.5), -1.0);
    IS(kal__sinpi(1.0), 0.0);
    IS(kal__sinpi(-1.0), -0.0);
    IS(kal__sinpi(0x1.fffffffffffffp+1023), 0.0);
    IS(kal__sinpi(0x1p-1074), 0x3p-1074);
    IS(kal__sinpi(INFINITY), NAN);
    IS(kal__sinpi(-INFINITY), NAN);
    IS(kal__sinpi(NAN), NAN);
    IS(kal__cospi(0.0), 1.0);
    IS(kal__cospi(-0.0), 1.0);
    IS(kal__cospi(0.5), 0.0);
    IS(kal__cospi(-0.5), 0.0);
    IS(kal__cospi(1.0), -1.0);
    IS(kal__cospi(0x1.fffffffffffffp+52), -1.0);   // the last odd integer
    IS(kal__cospi(0x1.fffffffffffffp+1023), 1.0);
    IS(kal__cospi(INFINITY), NAN);
    IS(kal__cospi(NAN), NAN);
    for (int i = -4000; i <= 4000; i++) {
        static const double wave[] = {0.0, 1.0, 0.0, -1.0};
        REQUIRE(kal__sinpi(0.5 * i) == wave[(i + 4000) % 4], "%d / 2", i);
        REQUIRE(kal__cospi(0.5 * i) == wave[(i + 4001) % 4], "%d / 2", i);
    }
}

// Many at once: the bits of one at a time, for any number of them, at every level of instructions.
static void check_sinpi_all(void)
{
    enum { N = 4096 };
    static double x[N], y[N];
    const kal__isa isa = kal__cpu_isa();
    uint64_t state = SEED;
    for (int i = 0; i < N; i++) {
        const double any = (double)(int64_t)next_random(&state) * 0x1p-63;   // in -1..1
        x[i] = i % 4 == 0   ? 0.25 * (i - N / 2)
               : i % 4 == 1 ? any * 8
               : i % 4 == 2 ? any * 0x1p30
                            : any * 0x1p-60;
    }
    x[1] = -0.0;
    for (int level = KAL__SCALAR; level <= (int)isa; level++) {
        kal__cpu_set_isa((kal__isa)level);
        for (size_t n = 0; n <= 40; n++) {
            y[n] = 7;
            kal__sinpi_all(y, x + n, n);
            REQUIRE(y[n] == 7, "%zu", n);
            for (size_t i = 0; i < n; i++)
                REQUIRE(to_bits(y[i]) == to_bits(kal__sinpi(x[n + i])), "%a", x[n + i]);
        }
        kal__sinpi_all(y, x, N);
        for (int i = 0; i < N; i++) REQUIRE(to_bits(y[i]) == to_bits(kal__sinpi(x[i])), "%a", x[i]);
    }
    kal__cpu_set_isa(isa);
}

// Bit for bit the C library's, whose versions of these are exact as well.
static void check_rounding(void)
{
    static const double special[] = {
        0.0,
        0x1p-1074,
        0x1p-1022,
        0.25,
        0x1.fffffffffffffp-2,
        0.5,
        0x1.0000000000001p-1,
        0x1.fffffffffffffp-1,
        1.0,
        1.5,
        2.5,
        3.5,
        1e6 + 0.5,
        0x1.fffffffffffffp+51,
        0x1.ffffffffffffep+51,
        0x1p+51,
        0x1p+52,
        0x1.0000000000001p+52,
        0x1.fffffffffffffp+52,
        0x1p+53,
        0x1p+62,
        0x1p+63,
        0x1p+64,
        1e300,
        INFINITY,
    };
    static const range everything = {-1023, 1023, true};
    static const range middling = {-3, 54, true};
    const int specials = (int)(sizeof special / sizeof *special);
    uint64_t state = SEED;
    for (int i = 0; i < ARGUMENTS; i++) {
        const double from_list = special[i / 2 % specials];
        const double x = i < 2 * specials ? (i % 2 == 0 ? from_list : -from_list)
                                          : random_in(i % 2 ? &everything : &middling, &state);
        REQUIRE(to_bits(kal__floor(x)) == to_bits(floor(x)), "%a: %a", x, kal__floor(x));
        REQUIRE(to_bits(kal__ceil(x)) == to_bits(ceil(x)), "%a: %a", x, kal__ceil(x));
        REQUIRE(to_bits(kal__round(x)) == to_bits(round(x)), "%a: %a", x, kal__round(x));
        REQUIRE(to_bits(kal__rint(x)) == to_bits(rint(x)), "%a: %a", x, kal__rint(x));
    }
    REQUIRE(isnan(kal__floor(NAN)) && isnan(kal__ceil(NAN)), "a NaN was lost");
    REQUIRE(isnan(kal__round(NAN)) && isnan(kal__rint(NAN)), "a NaN was lost");
}

int main(int argc, char **argv)
{
    (void)argv;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_row(&rows[i], argc > 1);
    check_near_half_turns();
    check_known_results();
    check_exp_log_cbrt();
    check_pow();
    check_sin_cos();
    check_sinpi_all();
    check_rounding();
    if (failures > 0) fprintf(stderr, "%d checks failed (seed %llu)\n", failures, (unsigned long long)SEED);
    return failures > 0;
}
