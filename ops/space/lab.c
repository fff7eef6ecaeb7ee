// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// CIE L*a*b* of sRGB, white D65, and LCh, its polar form. Light (srgb.h) r, g, b becomes X/Xn, Y/Yn, Z/Zn by the matrix below, whose rows
// sum to 1, so that grays have a = b = 0; then
//
//     f(t) = cbrt t if t > 216/24389, else (24389/27 t + 16) / 116
//     L = 116 f(Y) − 16       a = 500 (f(X) − f(Y))       b = 200 (f(Y) − f(Z))
//     C = sqrt(a² + b²)       h = the angle of (a, b) in 0..360 degrees, 0 of gray
//
// f32 in doubles: within 2e-6 of the formula. u8 in floats, rounded half up: L · 255/100, a + 128, b + 128 (C as it is, h / 2), as OpenCV
// has them. That is the formula to the nearest but for about 1 sample in 30,000, where it is nearly a half; OpenCV's tables of 11 bits give
// another number for 1 in 10, off by up to 3. Out of RGB's range f32 goes on, u8 saturates.
#include "cpu.h"
#include "fmath.h"
#include "kernels.h"
#include "mem.h"
#include "space.h"
#include "srgb.h"

#include <stdlib.h>

#define BEND (216 / 24389.0)   // where f's straight part ends, and f there
#define BEND_F (6 / 29.0)

#define X_R (0.412453 / 0.950456)
#define X_G (0.357580 / 0.950456)
#define X_B (0.180423 / 0.950456)
#define Y_R 0.212671
#define Y_G 0.715160
#define Y_B 0.072169
#define Z_R (0.019334 / 1.088754)
#define Z_G (0.119193 / 1.088754)
#define Z_B (0.950227 / 1.088754)

// The inverse, to the last place.
#define R_X 3.0799349355329997
#define R_Y (-1.5371515162713185)
#define R_Z (-0.5427834192616814)
#define G_X (-0.9212341827539383)
#define G_Y 1.8759900014898907
#define G_Z 0.04524418126404755
#define B_X 0.052889682045863945
#define B_Y (-0.20404133836651125)
#define B_Z 1.1511516563206472

// f and its inverse, and a row of a matrix, in one of the two reals.
#define PARTS(REAL, S, INVERSE_ROOT, FOR_ROOT)                                                  \
    KAL__INLINE REAL f_##S(REAL t)                                                              \
    {                                                                                           \
        const REAL low = (REAL)BEND, x = FOR_ROOT(t, low), r = INVERSE_ROOT(x);                 \
        return t > low ? x * r * r : (REAL)(24389 / 27.0 / 116) * t + (REAL)(16 / 116.0);       \
    }                                                                                           \
    KAL__INLINE REAL back_##S(REAL f)                                                           \
    {                                                                                           \
        const REAL cube = f * f * f;                                                            \
        return f > (REAL)BEND_F ? cube : (f - (REAL)(16 / 116.0)) * (REAL)(116 * 27 / 24389.0); \
    }                                                                                           \
    KAL__INLINE REAL row_##S(REAL a, REAL x, REAL b, REAL y, REAL c, REAL z)                    \
    {                                                                                           \
        return a * x + b * y + c * z;                                                           \
    }
PARTS(double, f64, kal__inverse_cube_root, kal__for_root)
PARTS(float, f32, kal__inverse_cube_root_f32, kal__for_root_f32)

// ---- f32 ----------------------------------------------------------------------------------------

KAL__INLINE void to_lab_body(double *restrict x, double *restrict y, double *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double r = kal__light(x[i]), g = kal__light(y[i]), b = kal__light(z[i]);
        const double fx = f_f64(row_f64(X_R, r, X_G, g, X_B, b));
        const double fy = f_f64(row_f64(Y_R, r, Y_G, g, Y_B, b));
        const double fz = f_f64(row_f64(Z_R, r, Z_G, g, Z_B, b));
        x[i] = 116 * fy - 16;
        y[i] = 500 * (fx - fy);
        z[i] = 200 * (fy - fz);
    }
}
KAL__VARIANTS(to_lab, (double *x, double *y, double *z, size_t n), (x, y, z, n))

KAL__INLINE void from_lab_body(double *restrict x, double *restrict y, double *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double fy = (x[i] + 16) / 116;
        const double u = back_f64(fy + y[i] / 500), v = back_f64(fy), w = back_f64(fy - z[i] / 200);
        x[i] = kal__sample(row_f64(R_X, u, R_Y, v, R_Z, w));
        y[i] = kal__sample(row_f64(G_X, u, G_Y, v, G_Z, w));
        z[i] = kal__sample(row_f64(B_X, u, B_Y, v, B_Z, w));
    }
}
KAL__VARIANTS(from_lab, (double *x, double *y, double *z, size_t n), (x, y, z, n))

// ---- u8 -----------------------------------------------------------------------------------------

static bool is_from(const kal_call *c)
{
    return ((const kal__space *)c->op->user)->from;
}

// What a byte is: an amount of light, or a number.
static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    if (c->extent.type != KAL_U8) return KAL_OK;
    float *is = kal__new(256, sizeof *is);
    if (!is) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    for (int32_t i = 0; i < 256; i++) is[i] = is_from(c) ? (float)i : (float)kal__light(i / 255.0);
    *state = is;
    return KAL_OK;
}

KAL__INLINE uint8_t to_byte(float v)
{
    return (uint8_t)(int32_t)((v > 255 ? 255 : v > 0 ? v : 0) + 0.5f);
}

KAL__INLINE void to_lab_u8_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z,
                                const float *restrict light, const float *restrict green,
                                const float *restrict blue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float r = light[i], g = green[i], b = blue[i];
        const float fx = f_f32(row_f32((float)X_R, r, (float)X_G, g, (float)X_B, b));
        const float fy = f_f32(row_f32((float)Y_R, r, (float)Y_G, g, (float)Y_B, b));
        const float fz = f_f32(row_f32((float)Z_R, r, (float)Z_G, g, (float)Z_B, b));
        x[i] = to_byte((116 * fy - 16) * 2.55f);
        y[i] = to_byte(500 * (fx - fy) + 128);
        z[i] = to_byte(200 * (fy - fz) + 128);
    }
}
KAL__VARIANTS(to_lab_u8,
              (uint8_t * x, uint8_t *y, uint8_t *z, const float *light, const float *green, const float *blue,
               size_t n),
              (x, y, z, light, green, blue, n))

KAL__INLINE void from_lab_u8_body(uint8_t *restrict x, uint8_t *restrict y, uint8_t *restrict z,
                                  const float *restrict l, const float *restrict a, const float *restrict b,
                                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float fy = (l[i] * (float)(100 / 255.0) + 16) * (float)(1 / 116.0);
        const float u = back_f32(fy + (a[i] - 128) * 0.002f), v = back_f32(fy),
                    w = back_f32(fy - (b[i] - 128) * 0.005f);
        x[i] = to_byte(255 * kal__sample_f32(row_f32((float)R_X, u, (float)R_Y, v, (float)R_Z, w)));
        y[i] = to_byte(255 * kal__sample_f32(row_f32((float)G_X, u, (float)G_Y, v, (float)G_Z, w)));
        z[i] = to_byte(255 * kal__sample_f32(row_f32((float)B_X, u, (float)B_Y, v, (float)B_Z, w)));
    }
}
KAL__VARIANTS(from_lab_u8,
              (uint8_t * x, uint8_t *y, uint8_t *z, const float *l, const float *a, const float *b, size_t n),
              (x, y, z, l, a, b, n))

static void split(float (*p)[KAL__SOME], const uint8_t *src, size_t step, size_t n, const float *is)
{
    for (size_t i = 0; i < n; i++, src += step)
        for (size_t k = 0; k < 3; k++) p[k][i] = is[src[k]];
}

static void join(uint8_t *dst, uint8_t (*p)[KAL__SOME], const uint8_t *src, size_t step, size_t n)
{
    if (step == 3) {
        kal__kernels()->join3_u8(dst, p[0], p[1], p[2], n);
        return;
    }
    for (size_t i = 0; i < n; i++, dst += 4, src += 4) {
        for (size_t k = 0; k < 3; k++) dst[k] = p[k][i];
        dst[3] = src[3];
    }
}

static void some_u8(const kal_job *j, uint8_t *dst, const uint8_t *src, size_t step, size_t n)
{
    float p[3][KAL__SOME];
    uint8_t q[3][KAL__SOME];
    split(p, src, step, n, j->state);
    (is_from(j->call) ? from_lab_u8 : to_lab_u8)(q[0], q[1], q[2], p[0], p[1], p[2], n);
    join(dst, q, src, step, n);
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    if (e->type != KAL_U8) return kal__space_run(j);
    const size_t step = (size_t)e->channels;
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        uint8_t *dst = kal_row(j->out, y);
        const uint8_t *src = kal_row(&j->in[0], y);
        for (size_t i = 0; i < n; i += KAL__SOME)
            some_u8(j, dst + i * step, src + i * step, step, n - i < KAL__SOME ? n - i : KAL__SOME);
    }
    return KAL_OK;
}

static void lab(double *l, double *a, double *b, size_t n, double max)
{
    for (size_t i = 0; i < n && max > 1; i++) l[i] /= max, a[i] /= max, b[i] /= max;
    to_lab(l, a, b, n);
}

static void lab_back(double *l, double *a, double *b, size_t n, double max)
{
    from_lab(l, a, b, n);
    for (size_t i = 0; i < n && max > 1; i++) l[i] *= max, a[i] *= max, b[i] *= max;
}

static const kal__space to = {.turn = lab, .hue = -1}, back = {.turn = lab_back, .hue = -1, .from = true};

#define OP(NAME, SPACE, HELP)                  \
    const kal_op kal__op_##NAME = {            \
        .name = #NAME,                         \
        .version = 1,                          \
        .family = "colour spaces",             \
        .help = HELP,                          \
        .inputs = "image",                     \
        .params_size = sizeof(kal_##NAME##_p), \
        .flags = KAL_OP_POINTWISE,             \
        .cost = 1.5f,                          \
        .extent = kal__space_extent,           \
        .prepare = prepare,                    \
        .release = free,                       \
        .run = run,                            \
        .user = (void *)(uintptr_t)&SPACE,     \
        .samples = KAL__SAMPLES(""),           \
    }
OP(to_lab, to,
   "CIE L*a*b* of sRGB, white D65: numbers whose distances are about those that are seen; alpha stays\n"
   "f32: L from 0 to 100, a from -87 to 99, b from -108 to 95 for colours of RGB. u8: L · 255 / 100, a + 128 "
   "and b +\n"
   "128, as OpenCV has them. u16: cast type=f32 first.");
OP(from_lab, back,
   "sRGB of CIE L*a*b*, as to_lab gives it; alpha stays\n"
   "Colours that RGB has not saturate in u8 and lie outside of 0..1 in f32. u16: cast type=f32 first.");

// ---- LCh ----------------------------------------------------------------------------------------

// The arc tangent of t in 0..1 by its series, after which |t| ≤ tan(π/8): arctan t = π/4 + arctan((t − 1) / (t + 1))
static double arc(double t)
{
    const double quarter = 0.78539816339744831, eighth = 0.41421356237309503;
    const double z = t > eighth ? (t - 1) / (t + 1) : t, square = z * z;
    double sum = 0;
    for (int32_t k = 41; k > 0; k -= 2) sum = 1.0 / k - square * sum;
    return t > eighth ? quarter + z * sum : z * sum;
}

// In 0..360 degrees.
static double angle(double a, double b)
{
    const double x = a < 0 ? -a : a, y = b < 0 ? -b : b, pi = 3.1415926535897932;
    if (!(x > 0) && !(y > 0)) return 0;
    const double first = (x > y ? arc(y / x) : pi / 2 - arc(x / y)) * (180 / pi);
    const double right = a < 0 ? 180 - first : first;
    return b < 0 ? 360 - right : right;
}

static void lch(double *l, double *a, double *b, size_t n, double max)
{
    lab(l, a, b, n, max);
    for (size_t i = 0; i < n; i++) {
        const double far = __builtin_sqrt(a[i] * a[i] + b[i] * b[i]);
        // what rounding leaves of gray has no direction
        b[i] = far < 1e-6 ? 0 : angle(a[i], b[i]);
        a[i] = far;
    }
}

static void lch_back(double *l, double *a, double *b, size_t n, double max)
{
    for (size_t i = 0; i < n; i++) {
        const double far = a[i], turn = kal__turn(b[i]);
        a[i] = far * kal__cospi(2 * turn);
        b[i] = far * kal__sinpi(2 * turn);
    }
    lab_back(l, a, b, n, max);
}

static const kal__space polar = {.turn = lch, .scale = {2.55, 1, 0.5}, .hue = 2};
static const kal__space polar_back = {.turn = lch_back, .scale = {2.55, 1, 0.5}, .hue = 2, .from = true};

KAL__SPACE_OP(to_lch, 1, polar, 10,
              "Lightness, chroma and hue: CIE L*a*b* in polar form; alpha stays\n"
              "f32: L from 0 to 100, C from 0 to 134, h in degrees from 0 to 360. u8: L · 255 / 100, C, h / "
              "2 from 0 to 179.\n"
              "Of gray the hue is 0. u16: cast type=f32 first.");
KAL__SPACE_OP(from_lch, 1, polar_back, 8,
              "sRGB of lightness, chroma and hue, as to_lch gives them; alpha stays\n"
              "A hue may be any number of degrees. u16: cast type=f32 first.");
