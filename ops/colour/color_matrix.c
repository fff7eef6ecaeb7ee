// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// color_matrix: each new sample is a sum of the pixel's samples, weighted by a row, and what the row adds:
//
//     out = row[0] R + row[1] G + row[2] B (+ row[3] alpha) + added
//
// in doubles from left to right; 8 and 16 bits round half up and saturate, f32 does not. saturation, sepia and tint are such matrices
// and fold into it, with the weights w of gray (9798, 19235, 3735, over 32768):
//
//     saturation   factor · in + (1 − factor) · gray             so that 0 is gray to the bit
//     sepia        amount · sepia of the Filter Effects module + (1 − amount) · in
//     tint         amount · gray · color / max + (1 − amount) · in
//
// Pillow's ImageEnhance.Color rounds gray first and cuts off the result: up to 1 less for a factor up to 1, more beyond.
#include "cpu.h"
#include "planes.h"

static const double weights[3] = {9798 / 32768.0, 19235 / 32768.0, 3735 / 32768.0};

// ---- color_matrix -------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const int32_t n = ((const kal_color_matrix_p *)params)->matrix.n;
    *out = c->in[0]->extent;
    const kal_status st = kal__check_rgb("color_matrix", out, err);
    if (st) return st;
    if (n != 9 && n != 12 && n != 20)
        return kal_fail(err, KAL_INVALID,
                        "color_matrix: matrix has %d values; give 3 rows of 3 or of 4, or 4 rows of 5", n);
    if (n == 20 && !out->alpha)
        return kal_fail(err, KAL_INVALID,
                        "color_matrix: the image has no alpha for 4 rows of 5; give 3 rows of 3 or of 4");
    return KAL_OK;
}

// All weights are those of leaving things alone.
static bool identity(const double *m, int32_t n)
{
    const int32_t width = n == 20 ? 5 : n == 12 ? 4 : 3;
    for (int32_t i = 0; i < n; i++)
        if (m[i] != (i / width == i % width)) return false;
    return true;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_list m = ((const kal_color_matrix_p *)c->params)->matrix;
    if (!identity(m.v, m.n)) return false;
    to->same = c->in[0];
    return true;
}

KAL__INLINE void three_body(double *restrict r, double *restrict g, double *restrict b,
                            const double *restrict m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double x = r[i], y = g[i], z = b[i];
        r[i] = m[0] * x + m[1] * y + m[2] * z + m[3];
        g[i] = m[4] * x + m[5] * y + m[6] * z + m[7];
        b[i] = m[8] * x + m[9] * y + m[10] * z + m[11];
    }
}
KAL__VARIANTS(three, (double *r, double *g, double *b, const double *m, size_t n), (r, g, b, m, n))

KAL__INLINE void four_body(double *restrict r, double *restrict g, double *restrict b, double *restrict a,
                           const double *restrict m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double x = r[i], y = g[i], z = b[i], w = a[i];
        r[i] = m[0] * x + m[1] * y + m[2] * z + m[3] * w + m[4];
        g[i] = m[5] * x + m[6] * y + m[7] * z + m[8] * w + m[9];
        b[i] = m[10] * x + m[11] * y + m[12] * z + m[13] * w + m[14];
        a[i] = m[15] * x + m[16] * y + m[17] * z + m[18] * w + m[19];
    }
}
KAL__VARIANTS(four, (double *r, double *g, double *b, double *a, const double *m, size_t n),
              (r, g, b, a, m, n))

static void some(const kal_job *j, double (*p)[KAL__SOME], size_t n)
{
    const kal_list m = ((const kal_color_matrix_p *)j->call->params)->matrix;
    if (m.n == 20) {
        four(p[0], p[1], p[2], p[3], m.v, n);
        return;
    }
    double rows[12] = {0};
    for (int32_t i = 0; i < m.n; i++) rows[m.n == 12 ? i : i / 3 * 4 + i % 3] = m.v[i];
    three(p[0], p[1], p[2], rows, n);
}

static kal_status run(const kal_job *j)
{
    return kal__planes_run(j, some);
}

#define PARAMS kal_color_matrix_p
static const kal_param matrix_params[] = {KAL_COLOR_MATRIX_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_color_matrix = {
    .name = "color_matrix",
    .version = 1,
    .family = "colour",
    .help = "Every new sample is a weighted sum of the pixel's\n"
            "3 rows of 3 weights, for red, green and blue; 3 rows of 4, the last number being added, in the\n"
            "sample's unit; or, with alpha, 4 rows of 5: weights of red, green, blue and alpha, and what is\n"
            "added. With 3 rows alpha stays. 8 and 16 bits saturate.",
    .inputs = "image",
    KAL__PARAMS(matrix_params, kal_color_matrix_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 1,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples =
        KAL__SAMPLES("matrix=[0 1 0 0 0 1 1 0 0]", "matrix=[0.5 0.25 0.25 10 0 1.5 -0.5 -7 0.1 0.2 0.7 0]",
                     "matrix=[1 0 0 0.5 0 0 1 0 0 0 0.2 0 0.8 0 3 0.25 0.25 0 0.5 0]"),
};

// ---- what is such a matrix ----------------------------------------------------------------------

// amount · m + (1 − amount) · identity
static bool matrix(const kal_call *c, const double m[9], double amount, kal_folded *to, void *room)
{
    kal_color_matrix_p *p = room;
    double *rows = (double *)room + 16;
    for (int32_t i = 0; i < 9; i++) rows[i] = amount * m[i] + (i % 4 == 0 ? 1 - amount : 0);
    *p = (kal_color_matrix_p){.size = sizeof *p, .matrix = {rows, 9}};
    *to = (kal_folded){.op = &kal__op_color_matrix, .params = p, .n = 1, .in = {c->in[0]}};
    return true;
}
_Static_assert(sizeof(kal_color_matrix_p) <= 16 * sizeof(double), "the rows come after it");

static kal_status rgb_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_rgb(c->op->name, out, err);
}

// One colour is gray already.
static kal_status saturation_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    return kal__colours(out) == 1 ? kal__check_type("saturation", out, err) : rgb_extent(c, params, out, err);
}

static bool saturation_fold(const kal_call *c, kal_folded *to, void *room)
{
    const double factor = ((const kal_saturation_p *)c->params)->factor;
    double gray[9];
    for (int32_t i = 0; i < 9; i++) gray[i] = weights[i % 3];
    if (c->extent.channels - c->extent.alpha == 3) return matrix(c, gray, 1 - factor, to, room);
    to->same = c->in[0];
    return true;
}

static bool sepia_fold(const kal_call *c, kal_folded *to, void *room)
{
    static const double sepia[9] = {0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131};
    return matrix(c, sepia, ((const kal_sepia_p *)c->params)->amount, to, room);
}

static kal_status tint_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_list color = ((const kal_tint_p *)params)->color;
    const kal_status st = rgb_extent(c, params, out, err);
    if (st || color.n) return st ? st : kal__check_color("tint", "color", color, out, false, err);
    return kal_fail(err, KAL_INVALID, "tint: say towards which colour: color=orange");
}

static bool tint_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_tint_p *p = c->params;
    double m[9];
    for (int32_t i = 0; i < 9; i++)
        m[i] = weights[i % 3] * (kal__per_channel(p->color, i / 3, 0) / kal_type_max(c->in[0]->extent.type));
    return matrix(c, m, p->amount, to, room);
}

// What folds is never run; the record has a kernel all the same, as the law wants one of every op.
#define MATRIX_OP(NAME, LIST, EXTENT, HELP, ...)                 \
    static const kal_param NAME##_params[] = {LIST(KAL_SCHEMA)}; \
    const kal_op kal__op_##NAME = {                              \
        .name = #NAME,                                           \
        .version = 1,                                            \
        .family = "colour",                                      \
        .help = HELP,                                            \
        .inputs = "image",                                       \
        KAL__PARAMS(NAME##_params, kal_##NAME##_p),              \
        .flags = KAL_OP_POINTWISE,                               \
        .cost = 1,                                               \
        .extent = EXTENT,                                        \
        .fold = NAME##_fold,                                     \
        .run = run,                                              \
        .samples = KAL__SAMPLES(__VA_ARGS__),                    \
    };
#define PARAMS kal_saturation_p
MATRIX_OP(
    saturation, KAL_SATURATION_PARAMS, saturation_extent,
    "More or less colour: 0 is gray, 1 the image, more than 1 stronger colours\n"
    "The brightness that gray gives stays. A gray image is returned as it is; alpha stays. For gray or RGB.",
    "factor=0", "factor=0.5", "factor=1.7")
#undef PARAMS
#define PARAMS kal_sepia_p
MATRIX_OP(sepia, KAL_SEPIA_PARAMS, rgb_extent,
          "The brown of old photographs, all of it or in part\n"
          "As the sepia of the CSS filters. For RGB; to_rgb makes it of gray. Alpha stays.",
          "", "amount=0.4")
#undef PARAMS
#define PARAMS kal_tint_p
MATRIX_OP(tint, KAL_TINT_PARAMS, tint_extent,
          "Towards one colour: gray of it, from black to the colour itself\n"
          "With amount=1 white becomes the colour and nothing else is left of the old ones. Alpha stays. For RGB.",
          "color=[255 128 20]", "color=0.5 amount=0.3", "color=orange amount=0.5")
#undef PARAMS
