// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Locale-independent reading and printing of numbers, exact in both directions.
//
// Reading: Clinger's fast path (W. D. Clinger, "How to Read Floating Point Numbers Accurately",
// 1990) when digits and power of ten are both exact doubles, which covers nearly every number
// a person writes; otherwise the value is formed as a fraction of two big integers and divided
// bit by bit, which is slow but plainly correct.
//
// Printing: the free-format algorithm (R. G. Burger and R. K. Dybvig, "Printing Floating-Point
// Numbers Quickly and Accurately", 1996, after Steele and White): produce digits of the exact
// value until what is written lies inside the interval that rounds to v.
//
// Both need only integers of bounded size, so there is no allocation.

#include "num.h"

#include <float.h>
#include <string.h>

// The fast path rounds once only if the compiler evaluates double expressions in double.
#if FLT_EVAL_METHOD == 2 || FLT_EVAL_METHOD < 0
#error "double arithmetic must not use excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif

_Static_assert(DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024, "double must be IEEE binary64");

enum {
    // The point halfway between two doubles has at most 768 significant decimal digits. Digits
    // beyond MAX_DIGITS can therefore only break a tie, for which one trailing 1 is enough.
    MAX_DIGITS = 800,
    // The largest integers: 801 digits are below 2^2661, and 5^1124, the divisor for 801 digits
    // ending at the 1124th place after the point, is below 2^2610. Three bits of head room.
    BIG_WORDS = 84,
    BIAS = 1023,
    FRACTION_BITS = 52
};

static const uint64_t FRACTION_MASK = (UINT64_C(1) << FRACTION_BITS) - 1;
static const uint64_t INFINITY_BITS = UINT64_C(0x7ff) << FRACTION_BITS;

typedef union {
    double d;
    uint64_t u;
} pun;

// ---- Big unsigned integers ------------------------------------------------------------------

typedef struct {
    uint32_t w[BIG_WORDS];   // least significant first
    int n;                   // words in use; the top one is not zero
} big;

static void big_set(big *a, uint64_t v)
{
    a->n = 0;
    for (; v != 0; v >>= 32) a->w[a->n++] = (uint32_t)v;
}

static void big_mul_add(big *a, uint32_t m, uint32_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->w[i] * m;
        a->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) a->w[a->n++] = (uint32_t)carry;
}

static void big_mul_pow5(big *a, int e)
{
    const uint32_t pow5_13 = 1220703125;   // the largest power of five in 32 bits
    for (; e >= 13; e -= 13) big_mul_add(a, pow5_13, 0);
    for (; e > 0; e--) big_mul_add(a, 5, 0);
}

static void big_shl(big *a, int bits)
{
    const int words = bits / 32;
    const int rest = bits % 32;
    if (a->n == 0) return;
    if (rest != 0) big_mul_add(a, UINT32_C(1) << rest, 0);
    if (words == 0) return;
    for (int i = a->n - 1; i >= 0; i--) a->w[i + words] = a->w[i];
    for (int i = 0; i < words; i++) a->w[i] = 0;
    a->n += words;
}

static void big_mul_pow10(big *a, int e)
{
    big_mul_pow5(a, e);
    big_shl(a, e);
}

static int big_bits(const big *a)
{
    int bits = 32 * a->n;
    if (a->n > 0) {
        for (uint32_t top = a->w[a->n - 1]; (top >> 31) == 0; top <<= 1) bits--;
    }
    return bits;
}

static int big_cmp(const big *a, const big *b)
{
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--) {
        if (a->w[i] != b->w[i]) return a->w[i] < b->w[i] ? -1 : 1;
    }
    return 0;
}

// a -= b, where a is at least b.
static void big_sub(big *a, const big *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < a->n; i++) {
        const uint64_t take = borrow + (i < b->n ? b->w[i] : 0);
        borrow = a->w[i] < take;
        a->w[i] = (uint32_t)(a->w[i] - take);
    }
    while (a->n > 0 && a->w[a->n - 1] == 0) a->n--;
}

static big big_sum(const big *a, const big *b)
{
    big sum = {.n = a->n > b->n ? a->n : b->n};
    uint64_t carry = 0;
    for (int i = 0; i < sum.n; i++) {
        carry += (uint64_t)(i < a->n ? a->w[i] : 0) + (i < b->n ? b->w[i] : 0);
        sum.w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) sum.w[sum.n++] = (uint32_t)carry;
    return sum;
}

// ---- Reading --------------------------------------------------------------------------------

// The written value: 0.d1 d2 d3 ... times ten to the power `point`, d1 and the last digit not
// zero. An empty digit string is zero.
typedef struct {
    uint8_t digit[MAX_DIGITS + 1];
    int count;
    int64_t point;
    bool negative;
} decimal;

typedef struct {
    const char *at;
    const char *end;
} span;

static bool next_is(const span *in, char c)
{
    return in->at < in->end && *in->at == c;
}

static bool next_is_digit(const span *in)
{
    return in->at < in->end && *in->at >= '0' && *in->at <= '9';
}

static bool scan_sign(span *in)
{
    const bool negative = next_is(in, '-');
    if (negative || next_is(in, '+')) in->at++;
    return negative;
}

static bool scan_digits(span *in, decimal *d)
{
    bool any = false;
    bool after_point = false;
    bool beyond = false;   // a digit other than 0 was dropped
    for (;; in->at++) {
        if (next_is(in, '.') && !after_point) {
            after_point = true;
            continue;
        }
        if (!next_is_digit(in)) break;
        const int digit = *in->at - '0';
        const bool leading_zero = d->count == 0 && digit == 0;
        any = true;
        if (!leading_zero && d->count < MAX_DIGITS)
            d->digit[d->count++] = (uint8_t)digit;
        else if (digit != 0)
            beyond = true;
        if (after_point && leading_zero)
            d->point--;
        else if (!after_point && !leading_zero)
            d->point++;
    }
    if (beyond) d->digit[d->count++] = 1;
    while (d->count > 0 && d->digit[d->count - 1] == 0) d->count--;
    return any;
}

static bool scan_exponent(span *in, decimal *d)
{
    // Far more than the digits of any span could make up for, and far from overflowing `point`.
    const int64_t limit = INT64_C(1) << 60;
    int64_t e = 0;
    if (!next_is(in, 'e') && !next_is(in, 'E')) return true;
    in->at++;
    const bool negative = scan_sign(in);
    if (!next_is_digit(in)) return false;
    for (; next_is_digit(in); in->at++) e = e < limit / 16 ? 10 * e + (*in->at - '0') : limit;
    d->point += negative ? -e : e;
    return true;
}

// Clinger's fast path: digits below 2^53 and a power of ten that is exact too, so the one
// multiplication or division rounds the true value.
static bool fast_double(const decimal *d, double *out)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t e = d->point - d->count;
    if (d->count > 15 || e < -22 || e > 22) return false;
    int64_t digits = 0;
    for (int i = 0; i < d->count; i++) digits = 10 * digits + d->digit[i];
    *out = e < 0 ? (double)digits / pow10[-e] : (double)digits * pow10[e];
    return true;
}

// Rounds q × 2^(e - 61), where 2^61 ≤ q < 2^62 and q's lowest bit stands for all the bits below
// it, to the nearest double, ties to even. False if that is beyond the largest one.
static bool assemble(uint64_t q, int e, double *out)
{
    const bool normal = e >= 1 - BIAS;
    const int wanted = 61 - FRACTION_BITS + (normal ? 0 : 1 - BIAS - e);
    const int drop = wanted < 63 ? wanted : 63;
    const uint64_t rest = q & ((UINT64_C(1) << drop) - 1);
    const uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t m = q >> drop;
    if (e > BIAS) return false;
    if (rest > half || (rest == half && (m & 1) != 0)) m++;
    // m carries the leading 1 of a normal number into the exponent field; a mantissa that was
    // rounded up to the next power of two does so once more, as it should.
    const pun bits = {.u = (normal ? (uint64_t)(e + BIAS - 1) << FRACTION_BITS : 0) + m};
    if (bits.u >= INFINITY_BITS) return false;
    *out = bits.d;
    return true;
}

// Any decimal, by dividing big integers: value = num / den × 2^e with 1 ≤ num / den < 2.
static bool exact_double(const decimal *d, double *out)
{
    big num;
    big den;
    big_set(&num, 0);
    big_set(&den, 1);
    for (int i = 0; i < d->count; i++) big_mul_add(&num, 10, d->digit[i]);
    int e = (int)d->point - d->count;
    big_mul_pow5(e < 0 ? &den : &num, e < 0 ? -e : e);
    const int longer = big_bits(&num) - big_bits(&den);
    big_shl(longer < 0 ? &num : &den, longer < 0 ? -longer : longer);
    e += longer;
    if (big_cmp(&num, &den) < 0) {
        big_shl(&num, 1);
        e--;
    }
    uint64_t q = 0;
    for (int i = 0; i < 62; i++) {
        const bool one = big_cmp(&num, &den) >= 0;
        if (one) big_sub(&num, &den);
        big_shl(&num, 1);
        q = 2 * q + one;
    }
    return assemble(q | (num.n != 0), e, out);
}

static bool decimal_to_double(const decimal *d, double *out)
{
    if (d->count == 0 || d->point < -323) {   // below 1e-324, less than half the least denormal
        *out = 0.0;
        return true;
    }
    if (d->point > 309)   // at least 1e309
        return false;
    return fast_double(d, out) || exact_double(d, out);
}

bool kal__parse_double(const char *s, size_t n, double *out)
{
    span in = {s, s + n};
    decimal d;
    d.count = 0;
    d.point = 0;
    d.negative = scan_sign(&in);
    double v;
    if (!scan_digits(&in, &d) || !scan_exponent(&in, &d) || in.at != in.end) return false;
    if (!decimal_to_double(&d, &v)) return false;
    *out = d.negative && v > 0.0 ? -v : v;
    return true;
}

bool kal__parse_bytes(const char *s, size_t n, double *out)
{
    static const char units[] = "kmgt";
    if (n && (s[n - 1] | 32) == 'b') n--;
    const bool binary = n && (s[n - 1] | 32) == 'i';
    if (binary) n--;
    const char *unit = n ? memchr(units, s[n - 1] | 32, sizeof units - 1) : NULL;
    double v;
    if ((binary && !unit) || !kal__parse_double(s, unit ? n - 1 : n, &v)) return false;
    for (const char *u = units; unit && u <= unit; u++) v *= 1024;
    *out = v;
    return true;
}

bool kal__parse_int(const char *s, size_t n, int64_t *out)
{
    span in = {s, s + n};
    const bool negative = scan_sign(&in);
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    uint64_t v = 0;
    if (!next_is_digit(&in)) return false;
    for (; next_is_digit(&in); in.at++) {
        const uint64_t digit = (uint64_t)(*in.at - '0');
        if (v > (limit - digit) / 10) return false;
        v = 10 * v + digit;
    }
    if (in.at != in.end) return false;
    // -2^63 has no positive counterpart, hence the detour by one.
    *out = negative && v > 0 ? -(int64_t)(v - 1) - 1 : (int64_t)v;
    return true;
}

// ---- Printing -------------------------------------------------------------------------------

// A positive double over a common denominator: value = r / s; the values between
// (r - below) / s and (r + above) / s are nearer to it than to its neighbours.
typedef struct {
    big r;
    big s;
    big above;
    big below;
    bool closed;   // the ends of the interval round to the value too, its mantissa being even
    int bits;      // the value is at least 2^(bits - 1)
} ratio;

static void ratio_from_bits(ratio *a, uint64_t bits)
{
    const uint64_t fraction = bits & FRACTION_MASK;
    const int biased = (int)(bits >> FRACTION_BITS);
    const uint64_t m = biased > 0 ? fraction | (FRACTION_MASK + 1) : fraction;
    const int e = (biased > 0 ? biased : 1) - BIAS - FRACTION_BITS;
    // Below a power of two doubles lie twice as densely, except where denormals begin.
    const bool uneven = fraction == 0 && biased > 1;
    big_set(&a->r, m);
    a->bits = big_bits(&a->r) + e;
    a->closed = (m & 1) == 0;
    big_set(&a->s, 1);
    big_set(&a->above, uneven ? 2 : 1);
    big_set(&a->below, 1);
    // Half a unit is the integer 1 (a quarter, if uneven) once everything is doubled.
    big_shl(&a->r, (uneven ? 2 : 1) + (e > 0 ? e : 0));
    big_shl(&a->s, (uneven ? 2 : 1) + (e < 0 ? -e : 0));
    big_shl(&a->above, e > 0 ? e : 0);
    big_shl(&a->below, e > 0 ? e : 0);
}

static bool reaches_below(const ratio *a)
{
    return big_cmp(&a->r, &a->below) < (a->closed ? 1 : 0);
}

static bool reaches_above(const ratio *a)
{
    const big top = big_sum(&a->r, &a->above);
    return big_cmp(&top, &a->s) > (a->closed ? -1 : 0);
}

// Divides the value by the power of ten that brings its interval below 1; returns the exponent.
static int ratio_normalise(ratio *a)
{
    // log10(2) is a little more than 78913 / 2^18, so this is the exponent sought or up to two
    // less. The shift is kept to positive numbers, where it rounds down by definition.
    int point = (((a->bits - 1) * 78913 + (1024 << 18)) >> 18) - 1024;
    if (point >= 0) {
        big_mul_pow10(&a->s, point);
    } else {
        big_mul_pow10(&a->r, -point);
        big_mul_pow10(&a->above, -point);
        big_mul_pow10(&a->below, -point);
    }
    for (; reaches_above(a); point++) big_mul_add(&a->s, 10, 0);
    return point;
}

static int next_digit(ratio *a)
{
    int digit = 0;
    big_mul_add(&a->r, 10, 0);
    big_mul_add(&a->above, 10, 0);
    big_mul_add(&a->below, 10, 0);
    for (; big_cmp(&a->r, &a->s) >= 0; digit++) big_sub(&a->r, &a->s);
    return digit;
}

// The shortest digits of a positive double; returns how many. value ≈ 0.d1 d2 ... × 10^*point
static int shortest_digits(uint64_t bits, char digit[17], int *point)
{
    ratio a;
    ratio_from_bits(&a, bits);
    *point = ratio_normalise(&a);
    for (int n = 0;; n++) {
        int d = next_digit(&a);
        const bool low = reaches_below(&a);    // d ends inside the interval
        const bool high = reaches_above(&a);   // d + 1 does
        if (low || high) {
            const big twice = big_sum(&a.r, &a.r);
            const int side = big_cmp(&twice, &a.s);
            const bool nearer_above = side > 0 || (side == 0 && (d & 1) != 0);
            d += high && (!low || nearer_above);
        }
        digit[n] = (char)('0' + d);
        if (low || high) return n + 1;
    }
}

static char *put_zeros(char *p, int n)
{
    for (; n > 0; n--) *p++ = '0';
    return p;
}

static char *put_chars(char *p, const char *from, int n)
{
    for (int i = 0; i < n; i++) *p++ = from[i];
    return p;
}

static char *put_plain(char *p, const char *digit, int n, int point)
{
    const int whole = point < 0 ? 0 : point < n ? point : n;
    if (whole == 0) *p++ = '0';
    p = put_chars(p, digit, whole);
    p = put_zeros(p, point - whole);
    if (whole == n) return p;
    *p++ = '.';
    p = put_zeros(p, -point);
    return put_chars(p, digit + whole, n - whole);
}

static char *put_scientific(char *p, const char *digit, int n, int exponent)
{
    const int size = exponent < 0 ? -exponent : exponent;
    *p++ = digit[0];
    if (n > 1) {
        *p++ = '.';
        p = put_chars(p, digit + 1, n - 1);
    }
    *p++ = 'e';
    if (exponent < 0) *p++ = '-';
    for (int unit = size >= 100 ? 100 : size >= 10 ? 10 : 1; unit > 0; unit /= 10)
        *p++ = (char)('0' + size / unit % 10);
    return p;
}

size_t kal__print_double(char buf[32], double v)
{
    const pun bits = {.d = v < 0.0 ? -v : v};
    char digit[17];
    char *p = buf;
    int point;
    if (v < 0.0) *p++ = '-';
    if (bits.d == 0.0) {
        *p++ = '0';
    } else {
        const int n = shortest_digits(bits.u, digit, &point);
        const bool plain = point > -5 && point <= 16;   // 1e-5 ≤ |v| < 1e16
        p = plain ? put_plain(p, digit, n, point) : put_scientific(p, digit, n, point - 1);
    }
    *p = '\0';
    return (size_t)(p - buf);
}
