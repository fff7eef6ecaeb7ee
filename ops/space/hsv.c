// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HSV and HSL. With v and m the greatest and the least of R, G, B and d = v − m:
//
//     H = 60 (G − B) / d where R is greatest, else 60 (B − R) / d + 120 where G is, else 60 (R − G) / d + 240;
//         0 where d is; in 0..360 degrees
//     HSV   S = d / v, V = v                     HSL   S = d / (1 − |v + m − 1|), L = (v + m) / 2
//
// and back, with k(n) = (n + H/60) mod 6 and q(n) = (n + H/30) mod 12:
//
//     HSV   V − V S clamp(min(k, 4 − k), 0, 1) for n = 5, 3, 1
//     HSL   L − S min(L, 1 − L) clamp(min(q − 3, 9 − q), −1, 1) for n = 0, 8, 4
//
// in doubles. u8 holds H / 2, S · 255 and V or L · 255, as OpenCV does, each the very fraction rounded half up, both ways. OpenCV, whose reciprocals have 12 bits, differs by at most 1.
#include "space.h"

KAL__INLINE double hue_of(double r, double g, double b, double v, double d)
{
    const double a = v == r ? g - b : v == g ? b - r + 2 * d : r - g + 4 * d;
    const double h = 60 * a / (d > 0 ? d : 1);
    return h < 0 ? h + 360 : h;
}

KAL__INLINE double least(double a, double b)
{
    return a < b ? a : b;
}

KAL__INLINE double most(double a, double b)
{
    return a > b ? a : b;
}

KAL__INLINE void to_hsv_body(double *restrict x, double *restrict y, double *restrict z, size_t n, double max)
{
    for (size_t i = 0; i < n; i++) {
        const double r = x[i], g = y[i], b = z[i];
        const double v = most(most(r, g), b), d = v - least(least(r, g), b);
        x[i] = hue_of(r, g, b, v, d);
        y[i] = v > 0 ? d * max / (v > 0 ? v : 1) : 0;
        z[i] = v;
    }
}

KAL__INLINE void to_hsl_body(double *restrict x, double *restrict y, double *restrict z, size_t n, double max)
{
    for (size_t i = 0; i < n; i++) {
        const double r = x[i], g = y[i], b = z[i];
        const double v = most(most(r, g), b), m = least(least(r, g), b), d = v - m, sum = v + m;
        const double room = sum > max ? 2 * max - sum : sum;
        x[i] = hue_of(r, g, b, v, d);
        y[i] = room > 0 ? d * max / (room > 0 ? room : 1) : 0;
        z[i] = sum / 2;
    }
}

KAL__INLINE double clamp(double x, double lo, double hi)
{
    return most(least(x, hi), lo);
}

// One channel of six sixths of a turn.
KAL__INLINE double sixth(double turn, double from, double s, double v)
{
    const double sum = from + 6 * turn, k = sum >= 6 ? sum - 6 : sum;
    return v - s * clamp(least(k, 4 - k), 0, 1);
}

KAL__INLINE double twelfth(double turn, double from, double a, double l)
{
    const double sum = from + 12 * turn, q = sum >= 12 ? sum - 12 : sum;
    return l - a * clamp(least(q - 3, 9 - q), -1, 1);
}

KAL__INLINE void from_hsv_body(double *restrict x, double *restrict y, double *restrict z, size_t n,
                               double max)
{
    for (size_t i = 0; i < n; i++) {
        const double turn = kal__turn(x[i]), v = z[i], s = v * y[i] / max;
        x[i] = sixth(turn, 5, s, v);
        y[i] = sixth(turn, 3, s, v);
        z[i] = sixth(turn, 1, s, v);
    }
}

KAL__INLINE void from_hsl_body(double *restrict x, double *restrict y, double *restrict z, size_t n,
                               double max)
{
    for (size_t i = 0; i < n; i++) {
        const double turn = kal__turn(x[i]), l = z[i], a = least(l, max - l) * y[i] / max;
        x[i] = twelfth(turn, 0, a, l);
        y[i] = twelfth(turn, 8, a, l);
        z[i] = twelfth(turn, 4, a, l);
    }
}

// ---- bytes ----------------------------------------------------------------------------------------
// H / 2 = 30 a / d and S = 255 d / v, where a is what hue_of has. Back, in thirtieths or fifteenths of a sixth of a turn:
//     HSV   V (7650 − S w) / 7650,  w = clamp(min(k, 120 − k), 0, 30),  k = (30 n + H) mod 180
//     HSL   (3825 L − min(L, 255 − L) S w) / 3825,  w = clamp(min(q − 45, 135 − q), −15, 15),  q = (15 n + H) mod 180

KAL__INLINE uint8_t half_hue(int32_t r, int32_t g, int32_t b, int32_t v, int32_t d)
{
    const int32_t a = v == r ? g - b : v == g ? b - r + 2 * d : r - g + 4 * d, turned = a < 0 ? a + 6 * d : a;
    const int32_t h = (int32_t)((float)(60 * turned + d) / (float)(d > 0 ? 2 * d : 1));
    return (uint8_t)(h < 180 ? h : 0);
}

// 255 x / y, half up; 0 where y is, as x is then.
KAL__INLINE uint8_t share(int32_t x, int32_t y)
{
    return (uint8_t)(int32_t)((float)(510 * x + y) / (float)(y > 0 ? 2 * y : 1));
}

KAL__INLINE int32_t lesser(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

KAL__INLINE int32_t greater(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

KAL__INLINE void hsv_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t r = x[i], g = y[i], b = z[i];
        const int32_t v = greater(greater(r, g), b), d = v - lesser(lesser(r, g), b);
        x[i] = half_hue(r, g, b, v, d);
        y[i] = share(d, v);
        z[i] = (uint8_t)v;
    }
}

KAL__INLINE void hsl_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t r = x[i], g = y[i], b = z[i];
        const int32_t v = greater(greater(r, g), b), m = lesser(lesser(r, g), b), sum = v + m;
        x[i] = half_hue(r, g, b, v, v - m);
        y[i] = share(v - m, sum > 255 ? 510 - sum : sum);
        z[i] = (uint8_t)((sum + 1) >> 1);
    }
}

// (from + H) mod 180 for bytes of hue and from below 180
KAL__INLINE int32_t turned_by(int32_t h, int32_t from)
{
    const int32_t sum = from + h, once = sum >= 180 ? sum - 180 : sum;
    return once >= 180 ? once - 180 : once;
}

KAL__INLINE uint8_t sixth_byte(int32_t h, int32_t from, int32_t s, int32_t v)
{
    const int32_t k = turned_by(h, from), w = greater(lesser(lesser(k, 120 - k), 30), 0);
    return (uint8_t)(int32_t)((float)(2 * v * (7650 - s * w) + 7651) * (1 / 15300.0f));
}

KAL__INLINE uint8_t twelfth_byte(int32_t h, int32_t from, int32_t a, int32_t l)
{
    const int32_t q = turned_by(h, from), w = greater(lesser(lesser(q - 45, 135 - q), 15), -15);
    return (uint8_t)(int32_t)((float)(4 * (3825 * l - a * w) + 7651) * (1 / 15300.0f));
}

KAL__INLINE void hsv_back_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t h = x[i], s = y[i], v = z[i];
        x[i] = sixth_byte(h, 150, s, v);
        y[i] = sixth_byte(h, 90, s, v);
        z[i] = sixth_byte(h, 30, s, v);
    }
}

KAL__INLINE void hsl_back_bytes_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t h = x[i], l = z[i], a = lesser(l, 255 - l) * y[i];
        x[i] = twelfth_byte(h, 0, a, l);
        y[i] = twelfth_byte(h, 120, a, l);
        z[i] = twelfth_byte(h, 60, a, l);
    }
}
KAL__BYTES(hsv_bytes)
KAL__BYTES(hsl_bytes)
KAL__BYTES(hsv_back_bytes)
KAL__BYTES(hsl_back_bytes)

#define TURN(name) \
    KAL__VARIANTS(name, (double *x, double *y, double *z, size_t n, double max), (x, y, z, n, max))
TURN(to_hsv)
TURN(to_hsl)
TURN(from_hsv)
TURN(from_hsl)

static const kal__space hsv = {.turn = to_hsv, .bytes = hsv_bytes, .scale = {0.5, 1, 1}, .hue = 0};
static const kal__space hsl = {.turn = to_hsl, .bytes = hsl_bytes, .scale = {0.5, 1, 1}, .hue = 0};
static const kal__space hsv_back = {
    .turn = from_hsv, .bytes = hsv_back_bytes, .scale = {0.5, 1, 1}, .hue = 0, .from = true};
static const kal__space hsl_back = {
    .turn = from_hsl, .bytes = hsl_back_bytes, .scale = {0.5, 1, 1}, .hue = 0, .from = true};

KAL__SPACE_OP(
    to_hsv, 1, hsv, 2,
    "Hue, saturation and value of RGB; alpha stays\n"
    "f32: hue in degrees from 0 to 360, saturation and value from 0 to 1. u8: hue / 2 from 0 to 179, the\n"
    "others from 0 to 255, as OpenCV has them. Of gray the hue is 0. u16: cast type=f32 first.");
KAL__SPACE_OP(
    to_hsl, 1, hsl, 2,
    "Hue, saturation and lightness of RGB; alpha stays\n"
    "f32: hue in degrees from 0 to 360, saturation and lightness from 0 to 1. u8: hue / 2 from 0 to 179,\n"
    "the others from 0 to 255. Of gray the hue is 0. OpenCV has the last two the other way round, as HLS.\n"
    "u16: cast type=f32 first.");
KAL__SPACE_OP(from_hsv, 2, hsv_back, 2,
              "RGB of hue, saturation and value, as to_hsv gives them; alpha stays\n"
              "A hue may be any number of degrees. u16: cast type=f32 first.");
KAL__SPACE_OP(from_hsl, 1, hsl_back, 2,
              "RGB of hue, saturation and lightness, as to_hsl gives them; alpha stays\n"
              "A hue may be any number of degrees. u16: cast type=f32 first.");

// ---- hue ----------------------------------------------------------------------------------------

static kal_status hue_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_rgb("hue", out, err);
}

static bool hue_fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (kal__turn(((const kal_hue_p *)c->params)->degrees) != 0) return false;
    to->same = c->in[0];
    return true;
}

// There, on, and back, all in one.
static void turn_on(const kal_job *j, double (*p)[KAL__SOME], size_t n)
{
    const double degrees = ((const kal_hue_p *)j->call->params)->degrees;
    const double max = kal_type_max(j->call->extent.type);
    to_hsv(p[0], p[1], p[2], n, max);
    for (size_t i = 0; i < n; i++) p[0][i] += degrees;
    from_hsv(p[0], p[1], p[2], n, max);
}

static kal_status hue_run(const kal_job *j)
{
    return kal__planes_run(j, turn_on);
}

#define PARAMS kal_hue_p
static const kal_param hue_params[] = {KAL_HUE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_hue = {
    .name = "hue",
    .version = 1,
    .family = "colour",
    .help = "Hues turned by an angle: 120 makes green of red, blue of green and red of blue\n"
            "In HSV, without rounding in between: saturation, value and alpha stay, and gray is gray. f32 "
            "below 0 is\n"
            "no colour of HSV. For RGB.",
    .inputs = "image",
    KAL__PARAMS(hue_params, kal_hue_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 2,
    .extent = hue_extent,
    .fold = hue_fold,
    .run = hue_run,
    .samples = KAL__SAMPLES("degrees=120", "degrees=-35.5"),
};
