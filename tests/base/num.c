// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Checks base/num.c: round trips, correct rounding against the C library and against halfway
// points computed here in decimal, the printed form, and what must be refused.

#include <kal/base.h>
#include "../../base/num.h"
#include "numbers.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SEED = 20260101;
static const uint64_t INFINITY_BITS = UINT64_C(0x7ff) << 52;

static int random_below(uint64_t *state, int n)
{
    return (int)(next_random(state) % (uint64_t)n);
}

static double random_finite(uint64_t *state)
{
    uint64_t bits;
    do {
        bits = next_random(state);
    } while ((bits & INFINITY_BITS) == INFINITY_BITS);
    return from_bits(bits);
}

static bool parse(const char *text, double *out)
{
    return kal__parse_double(text, strlen(text), out);
}

static void parses_to(const char *text, double want)
{
    double got = -1.0;
    REQUIRE(parse(text, &got), "\"%.60s\" refused", text);
    REQUIRE(to_bits(got) == to_bits(want), "\"%.60s\": got %a, want %a", text, got, want);
}

// Against strtod; also tells out of range from in range as strtod does.
static void parses_as_strtod(const char *text)
{
    const double want = strtod(text, NULL);
    double got = -1.0;
    if ((to_bits(want) & INFINITY_BITS) == INFINITY_BITS)
        REQUIRE(!parse(text, &got), "\"%s\" accepted", text);
    else
        parses_to(text, want == 0.0 ? 0.0 : want);
}

// ---- Reading --------------------------------------------------------------------------------

static void check_known_values(void)
{
    parses_to("0", 0.0);
    parses_to("-0", 0.0);
    parses_to("-0.000e5", 0.0);
    parses_to("-1e-400", 0.0);
    parses_to("0e999999999999999999999999", 0.0);
    parses_to("6", 6.0);
    parses_to("+6", 6.0);
    parses_to("006.50", 6.5);
    parses_to(".5", 0.5);
    parses_to("5.", 5.0);
    parses_to("-12.25", -12.25);
    parses_to("1E3", 1000.0);
    parses_to("1e+03", 1000.0);
    parses_to("1e22", 0x1.0f0cf064dd592p+73);
    parses_to("1e23", 0x1.52d02c7e14af6p+76);
    parses_to("2.2250738585072011e-308", 0x0.fffffffffffffp-1022);
    parses_to("2.2250738585072012e-308", 0x1p-1022);
    parses_to("2.2250738585072014e-308", 0x1p-1022);
    parses_to("9007199254740991", 0x1.fffffffffffffp+52);
    parses_to("9007199254740993", 0x1p+53);   // halfway, to even
    parses_to("9007199254740995", 0x1.0000000000002p+53);
    parses_to("9007199254740993.00000000000000000000000000000001", 0x1.0000000000001p+53);
    parses_to("9007199254740992.99999999999999999999999999999999", 0x1p+53);
    parses_to("1.00000000000000011102230246251565404236316680908203125", 1.0);
    parses_to("1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p+0);
    parses_to("1.00000000000000033306690738754696212708950042724609375", 0x1.0000000000002p+0);
    parses_to("5e-324", 0x1p-1074);
    parses_to("2.4703282292062327e-324", 0.0);
    parses_to("2.4703282292062328e-324", 0x1p-1074);
    parses_to("7.4109846876186981e-324", 0x1p-1074);
    parses_to("7.4109846876186982e-324", 0x1p-1073);
    parses_to("1.7976931348623157e308", 0x1.fffffffffffffp+1023);
    parses_to("1.7976931348623158e308", 0x1.fffffffffffffp+1023);
    parses_to("179769313486231580793728971405303415079934132710037826936173778980444968292764"
              "750946649017977587207096330286416692887910946555547851940402630657488671505820"
              "681908902000708383676273854845817711531764475730270069855571366959622842914819"
              "860834936475292719074168444365510704342711559699508093042880177904174497791",
              0x1.fffffffffffffp+1023);
    parses_to("6.929001713869936e+236", 0x1.b3d8d3c0bad8bp+786);
    parses_to("1090544144181609348671888949248", 0x1.b8779f2474dfap+99);
    parses_to("1090544144181609348835077142190", 0x1.b8779f2474dfbp+99);
}

static void check_long_inputs(void)
{
    static char text[6000];
    double v;
    // Zeros before and after the digits are no digits, however many there are.
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    memcpy(text + 5000, "1e4999", 7);
    parses_to(text, 1.0);
    memset(text, '0', sizeof text);
    text[0] = '1';
    memcpy(text + 401, "e-400", 6);
    parses_to(text, 1.0);
    // A tie that is broken beyond any digit that is kept.
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    text[5000] = '\0';
    parses_to(text, 9007199254740992.0);
    text[4999] = '1';
    parses_to(text, 9007199254740994.0);
    // Nothing but nines, above and below the point.
    memset(text, '9', sizeof text);
    text[308] = '\0';
    parses_to(text, 1e308);
    text[308] = '9';
    text[5999] = '\0';
    REQUIRE(!parse(text, &v), "6000 nines accepted");
    memcpy(text, "0.", 2);
    parses_to(text, 1.0);
}

static void check_refused(void)
{
    static const char *const bad[] = {
        "",
        "+",
        "-",
        ".",
        "-.",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e-",
        "1e.5",
        "1e5.0",
        "1.2.3",
        "1..2",
        "--1",
        "+-1",
        "- 1",
        " 1",
        "1 ",
        "1\n",
        "\t1",
        "1,5",
        "1_000",
        "0x10",
        "0x1p3",
        "1p3",
        "inf",
        "-inf",
        "INF",
        "nan",
        "NaN",
        "infinity",
        "1f",
        "1.0f",
        "1e5e5",
        "1e--5",
        "1d5",
        "1'000",
        "\xd9\xa1",
        "1e1 ",
        "1e309",
        "-1e309",
        "1.8e308",
        "1e400",
        "1e99999999999999999999",
        "1.7976931348623159e308",
    };
    double v = 7.0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REQUIRE(!parse(bad[i], &v), "\"%s\" accepted", bad[i]);
    REQUIRE(!kal__parse_double("1\0", 2, &v), "NUL accepted");
    REQUIRE(v == 7.0, "the result was touched: %a", v);
    REQUIRE(kal__parse_double("12345", 3, &v) && v == 123.0, "span end ignored: %a", v);
    REQUIRE(kal__parse_double("1e55", 3, &v) && v == 1e5, "span end ignored: %a", v);
}

static void check_random_decimals(void)
{
    uint64_t state = SEED;
    for (int i = 0; i < 200000; i++) {
        char text[80];
        size_t n = 0;
        const int digits = 1 + random_below(&state, i % 8 == 0 ? 60 : 20);
        const int point = random_below(&state, digits + 1);
        if (random_below(&state, 2) != 0) text[n++] = '-';
        for (int k = 0; k < digits; k++) {
            if (k == point) text[n++] = '.';
            text[n++] = (char)('0' + random_below(&state, 10));
        }
        const int range = i % 2 == 0 ? 30 : 345;
        snprintf(text + n, sizeof text - n, "e%d", random_below(&state, 2 * range) - range);
        parses_as_strtod(text);
    }
}

// The decimal digits of (a + b) / 2 without rounding, from those of a and b, which are aligned
// at the point; one place longer than they are.
static void halve_sum(const char *a, const char *b, char *out)
{
    const size_t n = strlen(a);
    int carry = 0;
    out[n + 1] = '\0';
    out[n] = '0';
    for (size_t i = n; i-- > 0;) {
        const int digit = a[i] == '.' ? 0 : (a[i] - '0') + (b[i] - '0') + carry;
        out[i] = (char)(a[i] == '.' ? '.' : '0' + digit % 10);
        carry = a[i] == '.' ? carry : digit / 10;
    }
    for (size_t i = 0; i <= n; i++) {
        if (out[i] == '.') continue;
        const int digit = 10 * carry + (out[i] - '0');
        out[i] = (char)('0' + digit / 2);
        carry = digit % 2;
    }
}

// Exact halfway points between neighbours go to the even one, anything beside them does not.
static void check_halfway_points(void)
{
    static char a[1500];
    static char b[1500];
    static char middle[1501];
    uint64_t state = SEED;
    for (int i = 0; i < 4000; i++) {
        const uint64_t mask = i % 4 == 0 ? UINT64_C(0xfffffffffffff) : UINT64_MAX >> 1;
        const uint64_t bits = to_bits(random_finite(&state)) & mask;   // every fourth a denormal
        if (bits + 1 >= INFINITY_BITS) continue;
        snprintf(a, sizeof a, "%.1080f", from_bits(bits));
        snprintf(b, sizeof b, "%.1080f", from_bits(bits + 1));
        // Align the points: b may have a digit more before it.
        const size_t shorter = strlen(b) - strlen(a);
        memmove(a + shorter, a, strlen(a) + 1);
        memset(a, '0', shorter);
        halve_sum(a, b, middle);
        parses_to(middle, from_bits(bits + (bits & 1)));
        size_t last = strlen(middle);
        middle[last] = '1';
        middle[last + 1] = '\0';
        parses_to(middle, from_bits(bits + 1));
        middle[last] = '\0';
        while (middle[last - 1] == '0' || middle[last - 1] == '.') last--;
        middle[last - 1]--;
        // Whatever followed was zeros: make them nines, to be as near below as possible.
        for (size_t k = last; middle[k] != '\0'; k++) middle[k] = middle[k] == '.' ? '.' : '9';
        parses_to(middle, from_bits(bits));
    }
}

// ---- Printing -------------------------------------------------------------------------------

static void prints_as(double v, const char *want)
{
    char text[32];
    const size_t n = kal__print_double(text, v);
    REQUIRE(strcmp(text, want) == 0 && n == strlen(want), "%a: got \"%s\", want \"%s\"", v, text, want);
}

static void check_printed_form(void)
{
    prints_as(0.0, "0");
    prints_as(-0.0, "0");
    prints_as(6.0, "6");
    prints_as(-6.0, "-6");
    prints_as(0.5, "0.5");
    prints_as(-12.25, "-12.25");
    prints_as(10.0, "10");
    prints_as(100.5, "100.5");
    prints_as(0.1, "0.1");
    prints_as(0.1 + 0.2, "0.30000000000000004");
    prints_as(1e-5, "0.00001");
    prints_as(-1.2345678901234567e-5, "-0.000012345678901234568");
    prints_as(9.999999999999999e-6, "9.999999999999999e-6");
    prints_as(1e15, "1000000000000000");
    prints_as(9007199254740993.0, "9007199254740992");
    prints_as(9999999999999998.0, "9999999999999998");
    prints_as(1e16, "1e16");
    prints_as(1e22, "1e22");
    prints_as(1e23, "1e23");
    prints_as(9.5e22, "9.5e22");
    prints_as(1e30, "1e30");
    prints_as(2.5e-9, "2.5e-9");
    prints_as(1e100, "1e100");
    prints_as(-1.5e-300, "-1.5e-300");
    prints_as(0x1p-1074, "5e-324");
    prints_as(0x0.fffffffffffffp-1022, "2.225073858507201e-308");
    prints_as(0x1p-1022, "2.2250738585072014e-308");
    prints_as(-0x1.fffffffffffffp+1023, "-1.7976931348623157e308");
    // A power of two: 16 digits reach it only from the side where doubles are sparser.
    prints_as(0x1p-44, "5.684341886080802e-14");
}

// The significant digits of a number's text, without zeros at either end; returns how many.
static int significant_digits(const char *text, char digits[40])
{
    int n = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (*text != '0' || n > 0)) digits[n++] = *text;
    }
    while (n > 0 && digits[n - 1] == '0') n--;
    digits[n] = '\0';
    return n;
}

// No shorter rounding of v reads back as v, and v rounded to as many digits is what was printed
// (unless that does not read back as v, which happens at powers of two).
static void is_shortest(double v, const char *text)
{
    char digits[40];
    char other[40];
    char other_digits[40];
    const int n = significant_digits(text, digits);
    REQUIRE(n >= 1 && n <= 17, "%a: %s", v, text);
    if (n > 1) {
        snprintf(other, sizeof other, "%.*e", n - 2, v);
        REQUIRE(strtod(other, NULL) != v, "%s instead of %s", text, other);
    }
    snprintf(other, sizeof other, "%.*e", n - 1, v);
    if (strtod(other, NULL) == v) {
        significant_digits(other, other_digits);
        REQUIRE(strcmp(digits, other_digits) == 0, "%s instead of %s", text, other);
    }
}

static void round_trips(double v, bool thorough)
{
    char text[32];
    double back = -1.0;
    memset(text, '#', sizeof text);
    const size_t n = kal__print_double(text, v);
    REQUIRE(n < sizeof text && text[n] == '\0' && strlen(text) == n, "%a: length %zu", v, n);
    REQUIRE(kal__parse_double(text, n, &back) && to_bits(back) == to_bits(v), "%a printed as %s read as %a",
            v, text, back);
    REQUIRE(strchr(text, '+') == NULL && strchr(text, ',') == NULL, "%a: %s", v, text);
    const double size = v < 0.0 ? -v : v;
    REQUIRE((strchr(text, 'e') == NULL) == (size >= 1e-5 && size < 1e16), "%a: %s", v, text);
    if (thorough) {
        REQUIRE(strtod(text, NULL) == v, "%a: %s", v, text);
        is_shortest(v, text);
    }
}

static void check_round_trips(void)
{
    uint64_t state = SEED;
    for (int i = 0; i < 400000; i++) round_trips(random_finite(&state), i % 4 == 0);
    // Magnitudes that people write, and denormals
    for (int i = 0; i < 100000; i++) {
        const uint64_t fraction = next_random(&state) >> 12;
        const uint64_t exponent = (uint64_t)(1023 - 24 + random_below(&state, 80));
        round_trips(from_bits((exponent << 52) | fraction), i % 4 == 0);
        if (fraction >> (i % 52) != 0) round_trips(from_bits(fraction >> (i % 52)), i % 16 == 0);
    }
    for (uint64_t exponent = 0; exponent < 2047; exponent++) {   // powers of two and neighbours
        const uint64_t bits = exponent << 52;
        if (bits != 0) {
            round_trips(from_bits(bits), true);
            round_trips(from_bits(bits - 1), true);
        }
        round_trips(from_bits(bits + 1), true);
    }
    for (int i = 0; i < 100000; i++) {   // short decimals come out as they went in
        char text[40];
        char printed[32];
        const int thousandths = 1 + random_below(&state, 9999999);
        snprintf(text, sizeof text, "%d.%03d", thousandths / 1000, thousandths % 1000);
        size_t n = strlen(text);
        while (text[n - 1] == '0') text[--n] = '\0';
        if (text[n - 1] == '.') text[--n] = '\0';
        kal__print_double(printed, strtod(text, NULL));
        REQUIRE(strcmp(text, printed) == 0, "%s became %s", text, printed);
    }
}

// Under a locale with a decimal comma nothing changes. Not every system has one installed.
static void check_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "German"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_ALL, names[i]) == NULL) continue;
        parses_to("0.5", 0.5);
        prints_as(0.5, "0.5");
        kal_error err;
        kal_fail(&err, KAL_INVALID, "%g", 0.5);
        REQUIRE(!strcmp(err.message, "0.5"), "%s", err.message);
    }
    setlocale(LC_ALL, "C");
}

// ---- Integers -------------------------------------------------------------------------------

static void int_parses_to(const char *text, int64_t want)
{
    int64_t got = 77;
    REQUIRE(kal__parse_int(text, strlen(text), &got) && got == want, "\"%s\": got %lld", text,
            (long long)got);
}

static void check_integers(void)
{
    static const char *const bad[] = {
        "",
        "+",
        "-",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "--1",
        "1-",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999999",
        "a",
        "1a",
    };
    int64_t v = 7;
    int_parses_to("0", 0);
    int_parses_to("-0", 0);
    int_parses_to("+5", 5);
    int_parses_to("0012", 12);
    int_parses_to("-42", -42);
    int_parses_to("9223372036854775807", INT64_MAX);
    int_parses_to("-9223372036854775807", -INT64_MAX);
    int_parses_to("-9223372036854775808", INT64_MIN);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REQUIRE(!kal__parse_int(bad[i], strlen(bad[i]), &v), "\"%s\" accepted", bad[i]);
    REQUIRE(!kal__parse_int("1\0", 2, &v), "NUL accepted");
    REQUIRE(v == 7, "the result was touched: %lld", (long long)v);
    REQUIRE(kal__parse_int("12345", 3, &v) && v == 123, "span end ignored");
}

static void check_bytes(void)
{
    static const struct {
        const char *text;
        double bytes;
    } good[] = {{"0", 0},         {"12", 12},          {"12B", 12},           {"1k", 1024},
                {"200K", 204800}, {"1.5MiB", 1572864}, {"2Gb", 2147483648.0}, {"1T", 1099511627776.0},
                {"1e3", 1000},    {"1e2K", 102400},    {"1MIB", 1048576}};
    static const char *const bad[] = {"",   "K",     "B", "iB",  "1 K",  "1KK",
                                      "1P", "1Ki B", "i", "20i", "20iB", "200Ko"};
    double v = 7;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        REQUIRE(kal__parse_bytes(good[i].text, strlen(good[i].text), &v) && v == good[i].bytes, "\"%s\": %g",
                good[i].text, v);
    v = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REQUIRE(!kal__parse_bytes(bad[i], strlen(bad[i]), &v) && v == 7, "\"%s\" accepted", bad[i]);
}

int main(void)
{
    check_known_values();
    check_long_inputs();
    check_refused();
    check_random_decimals();
    check_halfway_points();
    check_printed_form();
    check_round_trips();
    check_locale();
    check_integers();
    check_bytes();
    if (failures > 0) fprintf(stderr, "%d checks failed (seed %llu)\n", failures, (unsigned long long)SEED);
    return failures > 0;
}
