// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// expr: a formula of samples at one place. Read when the node is made; its canonical text is the parameter, so that spaces and
// brackets do not matter to the key. It runs step by step on blocks of a row, in doubles, with IEEE rounding and in the order it is
// written; nothing is simplified.
//
// To integers half up and held in range, NaN gives 0; in f32 a NaN is one NaN, whatever processor made it. Comparisons are 1 or 0;
// min(a, b) is a < b ? a : b, and max alike, so that of a NaN the second remains; clamp(v, l, h) is v < l ? l : v > h ? h : v;
// select(c, p, q) is p unless c is 0 or NaN; mod(a, b) is a - b floor(a / b).
#include "canvas.h"
#include "cpu.h"
#include "fmath.h"
#include "formula.h"
#include "mem.h"

#include <stdlib.h>

enum { BLOCK = 256 };

// ---- what comes out -----------------------------------------------------------------------------

static kal_status check_image(const kal_call *c, int32_t i, int32_t *colours, kal_error *err)
{
    const kal_extent *e = &c->in[i]->extent, *first = &c->in[0]->extent;
    const int32_t n = kal__colours(e);
    if (e->width != first->width || e->height != first->height)
        return kal_fail(err, KAL_INVALID, "expr: %c is %d×%d and a %d×%d pixels; they must be of one size",
                        'a' + i, e->width, e->height, first->width, first->height);
    if (n != 1 && *colours != 1 && n != *colours)
        return kal_fail(err, KAL_INVALID,
                        "expr: %c has %d colour channels, others %d; as many, or 1, are needed", 'a' + i, n,
                        *colours);
    if (n > *colours) *colours = n;
    return kal__check_type("expr", e, err);
}

static kal_status check_images(const kal_call *c, int32_t *colours, kal_error *err)
{
    if (c->n > KAL__FORMULA_IMAGES)
        return kal_fail(err, KAL_INVALID, "expr: %d images; at most 8, a..h", c->n);
    *colours = kal__colours(&c->in[0]->extent);
    for (int32_t i = 0; i < c->n; i++) {
        const kal_status st = check_image(c, i, colours, err);
        if (st) return st;
    }
    return KAL_OK;
}

// One for all colour channels, or one for each, and perhaps one for alpha, which is not looked at.
static kal_status check_of_channel(const kal_call *c, int32_t colours, kal_list values, kal_error *err)
{
    const bool alpha = c->in[0]->extent.alpha;
    if (values.n == 1 || values.n == colours || (alpha && values.n == colours + 1)) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "expr: the formula names v, and values has %d numbers; 1 is needed, or %d, one for each "
                    "colour channel",
                    values.n, colours);
}

static kal_status check_leaves(const kal_call *c, int32_t colours, const kal__formula *f, const kal_expr_p *p,
                               kal_error *err)
{
    for (int32_t i = 0; i < f->n_leaves; i++) {
        const kal__leaf *l = &f->leaves[i];
        if (l->kind == KAL__LEAF_IMAGE && l->index >= c->n)
            return kal_fail(err, KAL_INVALID, "expr: the formula names %c, and there %s %d image%s",
                            'a' + l->index, c->n == 1 ? "is" : "are", c->n, c->n == 1 ? "" : "s");
        if (l->kind == KAL__LEAF_VALUE && l->index == KAL__OF_CHANNEL) {
            const kal_status st = check_of_channel(c, colours, p->values, err);
            if (st) return st;
        }
        if (l->kind == KAL__LEAF_VALUE && l->index >= p->values.n)
            return kal_fail(err, KAL_INVALID, "expr: the formula names v%d, and values has %d numbers",
                            l->index, p->values.n);
    }
    return KAL_OK;
}

static kal_model model_of(const kal_call *c, int32_t colours)
{
    for (int32_t i = 0; i < c->n; i++)
        if (kal__colours(&c->in[i]->extent) == colours && c->in[i]->extent.model != KAL_MASK)
            return c->in[i]->extent.model;
    return KAL_GRAY;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    // The caller copies it into the node before this thread reads another formula.
    static _Thread_local char canonical[KAL__FORMULA_ROOM];
    char text[KAL__FORMULA_ROOM];
    kal_expr_p *p = params;
    int32_t colours = 0;
    kal__formula f;
    kal_status st = check_images(c, &colours, err);
    if (!st) st = kal__formula_read("expr", p->formula, &f, text, err);
    if (!st) st = check_leaves(c, colours, &f, p, err);
    if (st) return st;
    memcpy(canonical, text, sizeof text);
    p->formula = canonical;
    *out = c->in[0]->extent;
    out->channels = colours + out->alpha;
    out->model = model_of(c, colours);
    if (p->type) out->type = (kal_type)(p->type - 1);
    p->type = (int32_t)out->type + 1;
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_extent *in = &c->in[0]->extent, *e = &c->extent;
    const kal_expr_p *p = c->params;
    if (strcmp(p->formula, "a") != 0 || in->type != e->type || in->channels != e->channels ||
        in->model != e->model)
        return false;
    to->same = c->in[0];
    return true;
}

// ---- steps --------------------------------------------------------------------------------------

#define EACH(value)                  \
    for (size_t i = 0; i < n; i++) { \
        const double p = a[i];       \
        to[i] = (value);             \
    }                                \
    return
#define BOTH(value)                      \
    for (size_t i = 0; i < n; i++) {     \
        const double p = a[i], q = b[i]; \
        to[i] = (value);                 \
    }                                    \
    return
#define THREE(value)                               \
    for (size_t i = 0; i < n; i++) {               \
        const double p = a[i], q = b[i], r = c[i]; \
        to[i] = (value);                           \
    }                                              \
    return

// `to` may be one of the others.
KAL__INLINE void step_body(kal__formula_code code, double *to, const double *a, const double *b,
                           const double *c, size_t n)
{
    switch (code) {
    case KAL__DO_LT: BOTH(p < q ? 1 : 0);
    case KAL__DO_LE: BOTH(p <= q ? 1 : 0);
    case KAL__DO_GT: BOTH(p > q ? 1 : 0);
    case KAL__DO_GE: BOTH(p >= q ? 1 : 0);
    case KAL__DO_EQ: BOTH(p == q ? 1 : 0);
    case KAL__DO_NE: BOTH(p != q ? 1 : 0);
    case KAL__DO_ADD: BOTH(p + q);
    case KAL__DO_SUB: BOTH(p - q);
    case KAL__DO_MUL: BOTH(p * q);
    case KAL__DO_DIV: BOTH(p / q);
    case KAL__DO_NEG: EACH(-p);
    case KAL__DO_MIN: BOTH(p < q ? p : q);
    case KAL__DO_MAX: BOTH(p > q ? p : q);
    case KAL__DO_ABS: EACH(p < 0 ? -p : p + 0.0);
    case KAL__DO_SQRT: EACH(__builtin_sqrt(p));
    case KAL__DO_CLAMP: THREE(p < q ? q : p > r ? r : p);
    case KAL__DO_SELECT: THREE(p < 0 || p > 0 ? q : r);
    case KAL__DO_FLOOR: EACH(kal__floor(p));
    case KAL__DO_CEIL: EACH(kal__ceil(p));
    case KAL__DO_ROUND: EACH(kal__floor(p + 0.5));
    case KAL__DO_MOD: BOTH(p - q * kal__floor(p / q));
    case KAL__DO_POW: BOTH(kal__pow(p, q));
    case KAL__DO_EXP: EACH(kal__exp(p));
    case KAL__DO_LOG: EACH(kal__log(p));
    case KAL__DO_SIN: EACH(kal__sin(p));
    case KAL__DO_COS: EACH(kal__cos(p));
    case KAL__DO_LEAF: return;
    }
}
KAL__VARIANTS(step,
              (kal__formula_code code, double *to, const double *a, const double *b, const double *c,
               size_t n),
              (code, to, a, b, c, n))

void kal__formula_do(kal__formula_code code, double *to, const double *a, const double *b, const double *c,
                     size_t n)
{
    step(code, to, a, b, c, n);
}

// ---- rows ---------------------------------------------------------------------------------------

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    char text[KAL__FORMULA_ROOM];
    kal__formula *f = kal__new(1, sizeof *f);
    if (!f) return kal_fail(err, KAL_NOMEM, "expr: out of memory");
    *state = f;
    return kal__formula_read("expr", ((const kal_expr_p *)c->params)->formula, f, text, err);
}

static size_t tables(const kal_call *c)
{
    (void)c;
    return sizeof(kal__formula);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)c, (void)width, (void)height;
    return (KAL__FORMULA_LEAVES + KAL__FORMULA_DEPTH) * BLOCK * sizeof(double);
}

static void load(double *to, const kal_job *j, int32_t image, int32_t channel, int32_t x, int32_t y,
                 int32_t n)
{
    const kal_extent *e = &j->call->in[image]->extent;
    const void *src = kal_at(&j->in[image], x, y);
    const size_t step = (size_t)e->channels, first = kal__colours(e) == 1 ? 0 : (size_t)channel;
    for (size_t i = 0; i < (size_t)n; i++) to[i] = kal__get(src, e->type, first + i * step);
}

static double value_of(kal_list values, int32_t index, int32_t channel)
{
    return values.v[index != KAL__OF_CHANNEL ? index : values.n == 1 ? 0 : channel];
}

// A leaf that is one number in a whole row.
static double one_number(const kal_call *c, const kal__leaf *l, int32_t channel, int32_t y)
{
    switch (l->kind) {
    case KAL__LEAF_Y: return y;
    case KAL__LEAF_WIDTH: return c->extent.width;
    case KAL__LEAF_HEIGHT: return c->extent.height;
    case KAL__LEAF_CHANNEL: return channel;
    case KAL__LEAF_VALUE: return value_of(((const kal_expr_p *)c->params)->values, l->index, channel);
    case KAL__LEAF_NUMBER: return l->number;
    case KAL__LEAF_IMAGE:
    case KAL__LEAF_X: break;
    }
    return 0;
}

static void fill_leaves(const kal_job *j, const kal__formula *f, double (*registers)[BLOCK], int32_t channel,
                        int32_t x, int32_t y, int32_t n)
{
    for (int32_t k = 0; k < f->n_leaves; k++) {
        const kal__leaf *l = &f->leaves[k];
        double *to = registers[k];
        if (l->kind == KAL__LEAF_IMAGE) {
            load(to, j, l->index, channel, x, y, n);
            continue;
        }
        const double v = one_number(j->call, l, channel, y);
        for (int32_t i = 0; i < n; i++) to[i] = l->kind == KAL__LEAF_X ? x + i : v;
    }
}

static void store(const kal_extent *e, void *dst, int32_t channel, const double *v, int32_t n)
{
    const size_t step = (size_t)e->channels;
    for (size_t i = 0; i < (size_t)n; i++)
        kal__set(dst, e->type, (size_t)channel + i * step, v[i] == v[i] ? v[i] : (double)__builtin_nanf(""));
}

// Alpha of the first image, which may be of another type.
static void store_alpha(const kal_job *j, void *dst, int32_t x, int32_t y, int32_t n)
{
    const kal_extent *in = &j->call->in[0]->extent, *e = &j->call->extent;
    const void *src = kal_at(&j->in[0], x, y);
    const double from = kal_type_max(in->type), to = kal_type_max(e->type);
    for (size_t i = 0; i < (size_t)n; i++) {
        const double v = kal__get(src, in->type, (i + 1) * (size_t)in->channels - 1);
        kal__set(dst, e->type, (i + 1) * (size_t)e->channels - 1, from == to ? v : v * to / from);
    }
}

static kal_status run(const kal_job *j)
{
    const kal__formula *f = j->state;
    const kal_extent *e = &j->call->extent;
    const kal_rect r = j->out->rect;
    double(*const registers)[BLOCK] = j->scratch;
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t x = r.x0; x < r.x1; x += BLOCK) {
            const int32_t n = r.x1 - x < BLOCK ? r.x1 - x : BLOCK;
            void *dst = kal_at(j->out, x, y);
            for (int32_t k = 0; k < kal__colours(e); k++) {
                fill_leaves(j, f, registers, k, x, y, n);
                for (const kal__formula_step *s = f->steps; s < f->steps + f->n_steps; s++)
                    step(s->code, registers[s->to], registers[s->of[0]], registers[s->of[1]],
                         registers[s->of[2]], (size_t)n);
                store(e, dst, k, registers[f->result], n);
            }
            if (e->alpha) store_alpha(j, dst, x, y, n);
        }
    return KAL_OK;
}

#define PARAMS kal_expr_p
static const kal_param params[] = {KAL_EXPR_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_expr = {
    .name = "expr",
    .version = 1,
    .family = "synthesis",
    .help = "Your own formula, for each sample of the images a, b … h at one place\n"
            "Names: a..h are samples in their own unit; x y the column and row; width height; channel from "
            "0; v0..v15 the "
            "numbers\nin `values`, v the one of the channel, of as many as there are, or of one. Operators: "
            "+ - * / < <= > >= == != and brackets. Functions: min max mod "
            "pow (two "
            "arguments), clamp(v, low,\nhigh), select(c, p, q) (p unless c is 0), abs sqrt floor ceil round "
            "exp log sin "
            "cos. All in doubles; what comes out\nis rounded half up and held in range, or kept as f32.\n\n"
            "Images are of one size and number of colour channels; one of a single channel serves for all. "
            "Alpha is that of "
            "a.\nSpaces and needless brackets do not matter to the key. The mean away: "
            "expr photo \"a - v0 + 128\" values=(photo | gray | mean).",
    .inputs = "images...",
    KAL__PARAMS(params, kal_expr_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 5,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES(
        "formula=\"a * 0.5 + 64\"", "formula=\"a*0.25 + (b + c)*0.375\"",
        "formula=\"select(a > v0, sqrt(a / 255), -b / (x - 3)) * 255\" values=[100] type=f32",
        "formula=\"255 * (0.5 + 0.5 * sin(x / 4) * cos(y / 3))\" type=u8",
        "formula=\"clamp(pow(abs(a - 128), 1.1), channel * 9, min(width, height) * 20) + mod(x, 5)\"",
        "formula=\"round(a / 32) * 32 + max(floor(y / 2), ceil(v1)) - exp(-v0) - log(v0 + 1)\" values=[1 2] "
        "type=u16",
        "", "formula=\"(a <= b) + (a >= b) - (a == b) + (a != b) * (a < b)\"",
        "formula=\"a * 0.5 + v\" values=[10]"),
};
