// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// to_linear and from_linear: the curve of sRGB, see srgb.h, for every colour channel; alpha stays. f32 is within a relative 1e-7 of the
// formula, 8 and 16 bits round half up, once: with another `type` the curve's result is rounded to that, and alpha as cast does it. From
// 8 bits to 16 and back everything stays as it was.
#include "light.h"

#include "colour/tone.h"
#include "mem.h"
#include "srgb.h"
#include "wide.h"

#include <stdlib.h>

extern const kal_op kal__op_to_linear, kal__op_from_linear;

// Both records have these parameters.
typedef kal_to_linear_p light_p;
_Static_assert(sizeof(light_p) == sizeof(kal_from_linear_p), "one struct for both");

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    light_p *p = params;
    *out = c->in[0]->extent;
    const kal_status st = kal__check_type(c->op->name, out, err);
    if (st || !p->type) return st;
    const kal_type type = (kal_type)(p->type - 1);
    if (type == out->type) {
        p->type = 0;
        return KAL_OK;
    }
    out->type = type;
    if (out->model == KAL_MASK) out->model = KAL_GRAY;
    return KAL_OK;
}

#define CURVE(name, f)                                                                 \
    KAL__INLINE void name##_body(double *v, size_t n, double max, double to)           \
    {                                                                                  \
        for (size_t i = 0; i < n; i++) v[i] = to * f(v[i] / max);                      \
    }                                                                                  \
    KAL__VARIANTS(name, (double *v, size_t n, double max, double to), (v, n, max, to)) \
    static void name##_curve(const kal_call *c, int32_t k, double *v, size_t n)        \
    {                                                                                  \
        (void)k;                                                                       \
        name(v, n, kal_type_max(c->in[0]->extent.type), kal_type_max(c->extent.type)); \
    }
CURVE(light, kal__light)
CURVE(sample, kal__sample)

// ---- from type to type ----------------------------------------------------------------------------

enum { SOME = 256 };

// One of the two is set: the state of a tone, where types are the same; or the results for every sample there is.
typedef struct turn {
    void *tone;
    void *table;
} turn;

static kal__curve *curve_of(const kal_call *c)
{
    return c->op == &kal__op_to_linear ? light_curve : sample_curve;
}

// n samples, one by one.
static void each(const kal_call *c, void *dst, const void *src, size_t n)
{
    const kal_extent from = {1, 1, 1, c->in[0]->extent.type, KAL_GRAY, false},
                     to = {1, 1, 1, c->extent.type, KAL_GRAY, false};
    double v[SOME];
    for (size_t at = 0; at < n; at += SOME) {
        const size_t some = n - at < SOME ? n - at : SOME;
        kal__widen(v, src, at, some, &from, false);
        curve_of(c)(c, 0, v, some);
        kal__narrow(dst, at, v, some, &to);
    }
}

#define LOOK_UP(name, S, D)                                                                     \
    static void name(void *restrict dst, const void *restrict src, const void *table, size_t n) \
    {                                                                                           \
        D *d = dst;                                                                             \
        const S *s = src;                                                                       \
        const D *t = table;                                                                     \
        for (size_t i = 0; i < n; i++) d[i] = t[s[i]];                                          \
    }
LOOK_UP(u8_u16, uint8_t, uint16_t)
LOOK_UP(u8_f32, uint8_t, float)
LOOK_UP(u16_u8, uint16_t, uint8_t)
LOOK_UP(u16_f32, uint16_t, float)

static void keep_alpha(const kal_call *c, void *dst, const void *src, size_t pixels)
{
    const kal_extent *from = &c->in[0]->extent, *to = &c->extent;
    const size_t s = (size_t)to->channels;
    const double max = kal_type_max(from->type), full = kal_type_max(to->type);
    for (size_t i = s - 1; i < pixels * s && to->alpha; i += s) {
        const double a = kal__get(src, from->type, i) / max;
        kal__set(dst, to->type, i, (a > 0 ? a < 1 ? a : 1 : 0) * full);
    }
}

static size_t entries_of(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    if (e->type == KAL_U8) return 256;
    return e->type == KAL_U16 && (int64_t)e->width * e->height >= 65536 ? 65536 : 0;
}

static kal_status make_table(const kal_call *c, turn *t, kal_error *err)
{
    const size_t n = entries_of(c);
    uint16_t codes[SOME];
    if (!n) return KAL_OK;
    t->table = kal__new(n, kal_type_size(c->extent.type));
    if (!t->table) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    for (size_t at = 0; at < n; at += SOME) {
        for (size_t i = 0; i < SOME; i++)
            if (n == 256)
                ((uint8_t *)codes)[i] = (uint8_t)i;
            else
                codes[i] = (uint16_t)(at + i);
        each(c, (unsigned char *)t->table + at * kal_type_size(c->extent.type), codes, SOME);
    }
    return KAL_OK;
}

static void release(void *state)
{
    turn *t = state;
    if (!t) return;
    kal__tone_free(t->tone);
    free(t->table);
    free(t);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    turn *t = kal__new_zero(1, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    const bool same = c->extent.type == c->in[0]->extent.type;
    const kal_status st =
        same ? kal__tone_new(c, curve_of(c), NULL, true, &t->tone, err) : make_table(c, t, err);
    if (st)
        release(t);
    else
        *state = t;
    return st;
}

static size_t tables(const kal_call *c)
{
    return entries_of(c) * kal_type_size(c->extent.type);
}

static void turn_row(const kal_call *c, const turn *t, void *dst, const void *src, size_t n)
{
    const kal_type from = c->in[0]->extent.type, to = c->extent.type;
    if (!t->table)
        each(c, dst, src, n);
    else if (from == KAL_U8)
        (to == KAL_U16 ? u8_u16 : u8_f32)(dst, src, t->table, n);
    else
        (to == KAL_U8 ? u16_u8 : u16_f32)(dst, src, t->table, n);
}

static kal_status run(const kal_job *j)
{
    const turn *t = j->state;
    if (t->tone) {
        kal_job same = *j;
        same.state = t->tone;
        return kal__tone_run(&same);
    }
    size_t pixels;
    const int32_t rows = kal__rows_together(j, 1, &pixels);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        turn_row(j->call, t, dst, src, pixels * (size_t)j->call->extent.channels);
        keep_alpha(j->call, dst, src, pixels);
    }
    return KAL_OK;
}

#define PARAMS light_p
static const kal_param params[] = {KAL_TO_LINEAR_PARAMS(KAL_SCHEMA)};

#define OP(NAME, HELP)                                                  \
    const kal_op kal__op_##NAME = {                                     \
        .name = #NAME,                                                  \
        .version = 1,                                                   \
        .family = "colour spaces",                                      \
        .help = HELP,                                                   \
        .inputs = "image",                                              \
        KAL__PARAMS(params, light_p),                                   \
        .n_later = 1,                                                   \
        .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,                  \
        .cost = 2,                                                      \
        .extent = extent,                                               \
        .prepare = prepare,                                             \
        .release = release,                                             \
        .tables = tables,                                               \
        .run = run,                                                     \
        .samples = KAL__SAMPLES("", "type=u16", "type=f32", "type=u8"), \
    }
OP(to_linear,
   "Amounts of light in place of sRGB samples, for sums and means of light; alpha stays\n"
   "8 bits cannot tell dark tones apart then: say type=u16 or f32. f32 below 0 goes on in a straight\n"
   "line, above 1 along the curve. gaussian, box_blur, resize, fit and thumbnail do all of it by themselves "
   "with\n"
   "light=linear.");
OP(from_linear, "sRGB samples of amounts of light, as to_linear gives them; alpha stays");

// ---- there, something, and back -------------------------------------------------------------------

// Of 8 bits 16 are enough: the steepest step back is 13, of 1/257. 16 need floats.
static kal_type between(kal_type type)
{
    return type == KAL_U8 ? KAL_U16 : KAL_F32;
}

// A colour of the op, for what lies between; `room` for as many numbers.
static kal_list colour_between(const kal_extent *e, kal_list colour, double *room)
{
    const double max = kal_type_max(e->type), to = kal_type_max(between(e->type));
    for (int32_t i = 0; i < colour.n; i++) {
        room[i] = colour.v[i] / max;
        if (i < kal__colours(e)) room[i] = kal__light(room[i]);
        room[i] *= to;
    }
    return (kal_list){colour.n ? room : NULL, colour.n};
}

bool kal__light_fold(const kal_call *c, kal__light_fields at, kal_folded *to, void *room)
{
    const kal_extent *e = &c->in[0]->extent;
    light_p *p = room;
    unsigned char *own = (unsigned char *)(p + 2);
    memcpy(own, c->params, c->op->params_size);
    int32_t *light = (int32_t *)(void *)(own + at.light);
    if (*light != KAL_LIGHT_LINEAR) return false;
    *light = KAL_LIGHT_STORED;
    if (at.color) {
        kal_list *color = (kal_list *)(void *)(own + at.color);
        *color = colour_between(e, *color, (double *)(void *)(own + c->op->params_size));
    }
    p[0] = kal_to_linear_defaults();
    p[0].type = 1 + (int32_t)between(e->type);
    p[1] = p[0];
    p[1].type = 1 + (int32_t)e->type;
    *to = (kal_folded){.op = &kal__op_from_linear,
                       .params = &p[1],
                       .n = 1,
                       .in = {c->in[0]},
                       .before = c->op,
                       .before_params = own,
                       .first = &kal__op_to_linear,
                       .first_params = &p[0]};
    return true;
}
