// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sharpen, by unsharp masking. g is what gaussian gives for the same sigma and edge, rounded to the sample
// type; with alpha the blur weights colours by it. For every colour channel; alpha stays:
//
//     d = in − g          out = in + amount · d  where |d| > threshold, else in
//
// 8 and 16 bits round half up and saturate.
#include "channels.h"
#include "fmath.h"
#include "kernels.h"
#include "sep.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_sharpen_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    const kal_status st = kal__check_color("sharpen", "color", p->color, out, true, err);
    return st ? st : kal__check_type("sharpen", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_sharpen_p *p = c->params;
    if (p->sigma != 0 && p->amount != 0) return false;
    to->same = c->in[0];
    return true;
}

static int32_t radius(const kal_call *c)
{
    return (int32_t)kal__ceil(3 * ((const kal_sharpen_p *)c->params)->sigma);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    return kal__sep_need(c, radius(c), radius(c), (kal_edge)((const kal_sharpen_p *)c->params)->edge, out);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_sharpen_p *p = c->params;
    return kal__sep_gaussian(c, p->sigma, (kal_edge)p->edge, p->color, state, err);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return kal__sep_scratch(c, true, radius(c), radius(c), width);
}

static inline double within(double v, double max)
{
    const double low = v > 0 ? v : 0;
    return low < max ? low : max;
}

#define SHARPEN(type, T, expr)                                                                    \
    void kal__sharpen_##type##_c(T *dst, const T *src, size_t n, double amount, double threshold) \
    {                                                                                             \
        for (size_t i = 0; i < n; i++) {                                                          \
            const double x = (double)src[i], d = x - (double)dst[i], more = x + amount * d;       \
            const double v = (d < 0 ? -d : d) > threshold ? more : x;                             \
            dst[i] = (T)(expr);                                                                   \
        }                                                                                         \
    }
SHARPEN(u8, uint8_t, (int32_t)(within(v, 255) + 0.5))
SHARPEN(u16, uint16_t, (int32_t)(within(v, 65535) + 0.5))

KAL__INLINE void sharpen_f32_body(float *restrict dst, const float *restrict src, size_t n, double amount,
                                  double threshold)
{
    for (size_t i = 0; i < n; i++) {
        const double x = (double)src[i], d = x - (double)dst[i], more = x + amount * d;
        dst[i] = (float)((d < 0 ? -d : d) > threshold ? more : x);
    }
}
KAL__VARIANTS(sharpen_f32, (float *dst, const float *src, size_t n, double amount, double threshold),
              (dst, src, n, amount, threshold))

// dst holds the blurred row.
static void sharpen_row(const kal_job *j, int32_t y)
{
    const kal_sharpen_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const kal_rect o = j->out->rect;
    const size_t pixels = (size_t)(o.x1 - o.x0), n = pixels * (size_t)e->channels;
    void *dst = kal_row(j->out, y);
    const void *src = kal_at(&j->in[0], o.x0, y);
    if (e->type == KAL_U8)
        kal__kernels()->sharpen_u8(dst, src, n, p->amount, p->threshold);
    else if (e->type == KAL_U16)
        kal__kernels()->sharpen_u16(dst, src, n, p->amount, p->threshold);
    else
        sharpen_f32(dst, src, n, p->amount, p->threshold);
    kal__keep_alpha(e, dst, src, pixels);
}

static kal_status run(const kal_job *j)
{
    kal__sep_run(j->state, j->call, j, sharpen_row);
    return KAL_OK;
}

#define PARAMS kal_sharpen_p
static const kal_param params[] = {KAL_SHARPEN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_sharpen = {
    .name = "sharpen",
    .version = 2,
    .family = "filter",
    .help = "Unsharp mask: adds amount times the difference from a Gaussian blur\n"
            "Only where the difference is larger than threshold, which is in the sample's unit. Negative\n"
            "amounts soften. Alpha stays; the blur weights colours by it.",
    .inputs = "image",
    KAL__PARAMS(params, kal_sharpen_p),
    .cost = 8,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = kal__sep_free,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "sigma=0.5 amount=3 edge=reflect", "sigma=1.5 amount=-0.5 edge=wrap",
                            "sigma=1 amount=2 threshold=10 edge=mirror", "sigma=0.8 edge=fill color=200"),
};
