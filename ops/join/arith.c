// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// add, subtract, multiply, divide: an image with a number per colour channel, or with another image:
//
//                 number v      another image y, 8 or 16 bits, max = 255 or 65535      f32, number or image
//     add         x + v         min(x + y, max)                                        x + y
//     subtract    x − v         max(x − y, 0)                                          x − y
//     multiply    x · v         x · y / max                                            x · y
//     divide      x / v         x · max / y;  y = 0: 0 if x is 0, else max             x / y;  y = 0: 0
//
// 8 and 16 bits round half up and saturate; numbers work in doubles. On f32 add, subtract and multiply work in floats: the number
// becomes a float once and the result is rounded once more, which is within 2⁻²³ · (|x| + |v|), or 2⁻²³ · |x · v|, of the formula;
// divide works in doubles there too, so that no number becomes 0, and rounds once. Images are fractions of full scale, so a
// mask lets through or blocks. The other image needs as many colour channels as the first, or one for all.
// Alpha stays; the other's is not looked at. Between two masks the four are or, and-not, and, and the first
// mask itself: the result is a mask.
#include "channels.h"
#include "kernels.h"
#include "colour/tone.h"

typedef void pair_fn(void *dst, const void *x, const void *y, size_t n, size_t step, size_t y_step);

typedef struct kind {
    const char *name;
    double neutral;                                   // the number that changes nothing
    void (*numbers)(double *x, size_t n, double v);   // in place
    kal__curve_f32 *number_f32;
    pair_fn *pair[3];   // by type
} kind;

static const kind *kind_of(const kal_call *c)
{
    return c->op->user;
}

static double value(const kal_call *c, int32_t channel)
{
    return kal__per_channel(((const kal_add_p *)c->params)->value, channel, 0);
}

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    kind_of(c)->numbers(v, n, value(c, channel));
}

// ---- kernels ------------------------------------------------------------------------------------
// Samples lie `step` apart, those of the other image `y_step`; neighbours have a loop of their own, which
// becomes a vector loop.

// R: what f32 works in; `many` is the whole loop over neighbours.
#define NUMBER(name, R, expr, many)                                                                   \
    static void name##_numbers(double *a, size_t n, double v)                                         \
    {                                                                                                 \
        for (size_t i = 0; i < n; i++) {                                                              \
            const double x = a[i];                                                                    \
            a[i] = expr;                                                                              \
        }                                                                                             \
    }                                                                                                 \
    static void name##_number_f32_c(const kal_call *c, int32_t channel, float *dst, const float *src, \
                                    size_t n, size_t step)                                            \
    {                                                                                                 \
        const R v = (R)value(c, channel);                                                             \
        if (step == 1)                                                                                \
            many;                                                                                     \
        else                                                                                          \
            for (size_t i = 0; i < n; i++) {                                                          \
                const R x = src[i * step];                                                            \
                dst[i * step] = (float)(expr);                                                        \
            }                                                                                         \
    }
NUMBER(add, float, x + v, kal__kernels()->scale_f32(dst, src, n, 1, v))
NUMBER(subtract, float, x - v, kal__kernels()->scale_f32(dst, src, n, 1, -v))
NUMBER(multiply, float, (x * v),
       kal__kernels()->scale_f32(dst, src, n, v, -0.0f))   // −0 changes nothing, not even 0
NUMBER(divide, double, x / v, for (size_t i = 0; i < n; i++) dst[i] = (float)((double)src[i] / v))

#define PAIR(name, type, T, W, expr)                                                                      \
    static inline T name##_##type##_1(T a, T b)                                                           \
    {                                                                                                     \
        const W x = a, y = b;                                                                             \
        return (T)(expr);                                                                                 \
    }                                                                                                     \
    KAL__INLINE void name##_##type##_body(void *dst, const void *x, const void *y, size_t n, size_t step, \
                                          size_t y_step)                                                  \
    {                                                                                                     \
        T *restrict d = dst;                                                                              \
        const T *restrict a = x, *restrict b = y;                                                         \
        if (step == 1 && y_step == 1)                                                                     \
            for (size_t i = 0; i < n; i++) d[i] = name##_##type##_1(a[i], b[i]);                          \
        else                                                                                              \
            for (size_t i = 0; i < n; i++) d[i * step] = name##_##type##_1(a[i * step], b[i * y_step]);   \
    }                                                                                                     \
    KAL__VARIANTS(name##_##type,                                                                          \
                  (void *dst, const void *x, const void *y, size_t n, size_t step, size_t y_step),        \
                  (dst, x, y, n, step, y_step))
PAIR(add, u8, uint8_t, uint32_t, x + y < 255 ? x + y : 255)
PAIR(add, u16, uint16_t, uint32_t, x + y < 65535 ? x + y : 65535)
PAIR(add, f32, float, float, x + y)
PAIR(subtract, u8, uint8_t, uint32_t, x > y ? x - y : 0)
PAIR(subtract, u16, uint16_t, uint32_t, x > y ? x - y : 0)
PAIR(subtract, f32, float, float, x - y)
PAIR(multiply, u8, uint8_t, uint32_t, (x * y + 127) / 255)
PAIR(multiply, u16, uint16_t, uint32_t, (x * y + 32767) / 65535)
PAIR(multiply, f32, float, float, (x * y))

// x · max / y, half up, at most max: (2 x max + y) / 2y. Doubles hold both exactly, and a quotient below a
// whole number stays below it when rounded, so the whole part is that of the integers.
static inline int32_t quotient(int32_t x, int32_t y, int32_t max)
{
    const int32_t low = x < y ? x : y;
    const double whole = (2.0 * max * low + y) / (y ? 2.0 * y : 1);
    return y ? (int32_t)whole : x ? max : 0;
}
// With bytes the same is floor((255 x + ⌊y / 2⌋) / y), as 510 x + y is not a multiple of 2 y for odd y. Floats hold both, and their
// rounding is far under 1 / y.
static inline int32_t quotient_u8(int32_t x, int32_t y)
{
    const int32_t low = x < y ? x : y, none = y == 0;
    const int32_t whole = (int32_t)((float)(255 * low + (y >> 1)) / (float)(y + none));
    return whole | (255 & -(none & (x != 0)));
}
PAIR(divide, u8, uint8_t, int32_t, quotient_u8(x, y))
PAIR(divide, u16, uint16_t, int32_t, quotient(x, y, 65535))
PAIR(divide, f32, float, float, y == 0 ? 0 : x / y)

#define ROWS(name)                                                           \
    {                                                                        \
        [KAL_U8] = name##_u8, [KAL_U16] = name##_u16, [KAL_F32] = name##_f32 \
    }
static const kind kinds[] = {
    {"add", 0, add_numbers, add_number_f32_c, ROWS(add)},
    {"subtract", 0, subtract_numbers, subtract_number_f32_c, ROWS(subtract)},
    {"multiply", 1, multiply_numbers, multiply_number_f32_c, ROWS(multiply)},
    {"divide", 1, divide_numbers, divide_number_f32_c, ROWS(divide)},
};

// ---- the record's functions ---------------------------------------------------------------------

static kal_status check_value(const char *op, kal_list v, const kal_extent *e, kal_error *err)
{
    if (v.n == 0) return kal_fail(err, KAL_INVALID, "%s: give another image or value=", op);
    for (int32_t i = 0; i < v.n && !strcmp(op, "divide"); i++)
        if (v.v[i] == 0)
            return kal_fail(err, KAL_INVALID, "divide: value is 0; nothing can be divided by it");
    return kal__check_per_channel(op, "value", v, e, false, err);
}

static kal_status check_other(const char *op, const kal_call *c, kal_list v, kal_error *err)
{
    const int32_t own = kal__colours(&c->in[0]->extent), other = kal__colours(&c->in[1]->extent);
    if (v.n)
        return kal_fail(err, KAL_INVALID, "%s: there is another image and value= too; give one of them", op);
    const kal_status st = kal__check_pair(op, "the other", c, err);
    if (st || other == 1 || other == own) return st;
    return kal_fail(
        err, KAL_INVALID,
        "%s: the image has %d colour channel%s and the other %d; the other needs as many, or 1: use "
        "gray, to_rgb or band_extract",
        op, own, own == 1 ? "" : "s", other);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const char *op = kind_of(c)->name;
    const kal_list v = ((const kal_add_p *)params)->value;
    *out = c->in[0]->extent;
    if (c->n == 1 || c->in[1]->extent.model != KAL_MASK) kal__unmask(out);
    const kal_status st = c->n == 1 ? check_value(op, v, out, err) : check_other(op, c, v, err);
    return st ? st : kal__check_type(op, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_list v = ((const kal_add_p *)c->params)->value;
    if (c->n == 2) return false;
    for (int32_t i = 0; i < v.n; i++)
        if (v.v[i] != kind_of(c)->neutral) return false;
    to->same = c->in[0];
    return true;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    if (c->n == 2) return KAL_OK;
    return kal__tone_new(c, curve, kind_of(c)->number_f32, ((const kal_add_p *)c->params)->value.n == 1,
                         state, err);
}

static void pair_row(const kal_call *c, void *dst, const unsigned char *x, const unsigned char *y, size_t n)
{
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    const size_t channels = (size_t)a->channels, size = kal_type_size(a->type);
    pair_fn *const pair = kind_of(c)->pair[a->type];
    if (a->channels == b->channels && a->alpha == b->alpha) {
        pair(dst, x, y, n * channels, 1, 1);   // alpha goes along and is put back
    } else {
        const size_t next = kal__colours(b) == 1 ? 0 : size;
        for (size_t k = 0; k < (size_t)kal__colours(a); k++)
            pair((unsigned char *)dst + k * size, x + k * size, y + k * next, n, channels,
                 (size_t)b->channels);
    }
    kal__keep_alpha(a, dst, x, n);
}

static kal_status run(const kal_job *j)
{
    if (j->call->n == 1) return kal__tone_run(j);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        pair_row(j->call, kal_row(j->out, y), kal_row(&j->in[0], y), kal_row(&j->in[1], y),
                 (size_t)kal_tile_width(j->out));
    return KAL_OK;
}

// ---- the records --------------------------------------------------------------------------------

// The four params structs are one and the same.
#define PARAMS kal_add_p
static const kal_param params[] = {KAL_ARITH_PARAMS(KAL_SCHEMA)};
_Static_assert(sizeof(kal_add_p) == sizeof(kal_divide_p) &&
                   offsetof(kal_add_p, value) == offsetof(kal_divide_p, value),
               "");

#define DETAILS                                                                                         \
    "The number is in the sample's unit, one or one per colour channel. The other image has the\n"      \
    "same size and type, and as many colour channels as the first or one for all. 8 and 16 bits\n"      \
    "round half up and saturate; f32 is computed in floats (divided by a number: in doubles) and not\n" \
    "clamped. Alpha stays."
#define RECORD(NAME, index, VERSION, HELP, ...)        \
    const kal_op kal__op_##NAME = {                    \
        .name = #NAME,                                 \
        .version = VERSION,                            \
        .family = "arithmetic",                        \
        .help = HELP "\n" DETAILS,                     \
        .inputs = "image other?",                      \
        KAL__PARAMS(params, kal_##NAME##_p),           \
        .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE, \
        .cost = 0.4f,                                  \
        .extent = extent,                              \
        .fold = fold,                                  \
        .prepare = prepare,                            \
        .release = kal__tone_free,                     \
        .run = run,                                    \
        .user = (void *)(uintptr_t)&kinds[index],      \
        .samples = KAL__SAMPLES(__VA_ARGS__),          \
    }

RECORD(add, 0, 2, "The sum with a number or another image", "", "value=10", "value=-0.25", "value=200.5");
RECORD(subtract, 1, 2, "The difference from a number or another image", "", "value=10", "value=-0.25",
       "value=200.5");
RECORD(multiply, 2, 2, "The product with a number, or with another image as a fraction of full scale", "",
       "value=3", "value=0.3", "value=-1");
RECORD(divide, 3, 1, "The quotient by a number, or by another image as a fraction of full scale", "",
       "value=3", "value=0.3", "value=-0.5");
