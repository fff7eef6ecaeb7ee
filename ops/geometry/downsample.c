// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// downsample: out(x, y) is the mean of the fx × fy pixels from (x fx, y fy) on; what does not fill a box at the right and bottom is left
// out. n = fx fy:
//
//     u8            (Σ + n / 2) / n, whole numbers: half up
//     u16, f32      Σ / n in doubles, in the order of the rows; u16 half up
//     with alpha    A = Σ alpha, colour = Σ alpha · colour / A, alpha as above; where that is stored as 0 so are the colours
//
// Pillow's reduce gives the same bytes for boxes of 2 × 2; it multiplies with a rounded reciprocal and may be one off for others, as
// OpenCV's INTER_AREA is on halves.
#include "channels.h"
#include "cpu.h"
#include "space/light.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_downsample_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    kal__unmask(out);
    if (p->factor_y == KAL_AUTO) p->factor_y = p->factor;
    if (in->model == KAL_MASK) p->light = KAL_LIGHT_STORED;   // shares, not light
    if (p->factor > in->width || p->factor_y > in->height)
        return kal_fail(err, KAL_INVALID, "downsample: boxes of %d×%d are larger than the image of %d×%d",
                        p->factor, p->factor_y, in->width, in->height);
    out->width = in->width / p->factor;
    out->height = in->height / p->factor_y;
    return kal__check_type("downsample", in, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_downsample_p *p = c->params;
    if (p->factor == 1 && p->factor_y == 1 && c->extent.model == c->in[0]->extent.model) {
        to->same = c->in[0];
        return true;
    }
    return kal__light_fold(c, (kal__light_fields){offsetof(kal_downsample_p, light), 0}, to, room);
}
KAL__LIGHT_FITS(kal_downsample_p);

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_downsample_p *p = c->params;
    return kal_rect_of(out.x0 * p->factor, out.y0 * p->factor_y, out.x1 * p->factor, out.y1 * p->factor_y);
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_downsample_p *p = c->params;
    kal__map_shift(0, 0, m);
    m[0] = 1.0 / p->factor;
    m[4] = 1.0 / p->factor_y;
    return true;
}

// ---- u8 without alpha ---------------------------------------------------------------------------

static bool is_narrow(const kal_call *c)
{
    return c->extent.type == KAL_U8 && !c->extent.alpha;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    const size_t factor = (size_t)((const kal_downsample_p *)c->params)->factor;
    return is_narrow(c) ? (size_t)width * factor * (size_t)c->extent.channels * sizeof(uint32_t) : 0;
}

KAL__INLINE void add_row_body(uint32_t *sum, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += src[i];
}
KAL__VARIANTS(add_row, (uint32_t * sum, const uint8_t *src, size_t n), (sum, src, n))

// Sums of columns to means. 255 · 4096² and half of the number still fit 32 bits.
static void mean_row(uint8_t *dst, const uint32_t *sum, size_t n, size_t channels, uint32_t across,
                     uint32_t count)
{
    for (size_t x = 0; x < n; x++, sum += across * channels)
        for (size_t k = 0; k < channels; k++) {
            uint32_t all = 0;
            for (size_t i = 0; i < across; i++) all += sum[i * channels + k];
            *dst++ = (uint8_t)((all + count / 2) / count);
        }
}

static void run_narrow(const kal_job *j)
{
    const kal_downsample_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    const size_t channels = (size_t)j->call->extent.channels, n = (size_t)kal_tile_width(j->out),
                 samples = n * (size_t)p->factor * channels;
    for (int32_t y = o.y0; y < o.y1; y++) {
        memset(j->scratch, 0, samples * sizeof(uint32_t));
        for (int32_t i = 0; i < p->factor_y; i++)
            add_row(j->scratch, kal_at(&j->in[0], o.x0 * p->factor, y * p->factor_y + i), samples);
        mean_row(kal_row(j->out, y), j->scratch, n, channels, (uint32_t)p->factor,
                 (uint32_t)p->factor * (uint32_t)p->factor_y);
    }
}

// ---- the others ---------------------------------------------------------------------------------

static void mean_box(const kal_job *j, int32_t x, int32_t y, double *sum)
{
    const kal_downsample_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels, colours = (size_t)kal__colours(e);
    for (size_t k = 0; k < channels; k++) sum[k] = 0;
    for (int32_t b = 0; b < p->factor_y; b++) {
        const void *row = kal_at(&j->in[0], x * p->factor, y * p->factor_y + b);
        for (size_t a = 0; a < (size_t)p->factor; a++) {
            const double alpha = e->alpha ? kal__get(row, e->type, a * channels + colours) : 1;
            for (size_t k = 0; k < colours; k++) sum[k] += alpha * kal__get(row, e->type, a * channels + k);
            if (e->alpha) sum[colours] += alpha;
        }
    }
}

static void run_wide(const kal_job *j)
{
    const kal_downsample_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const kal_rect o = j->out->rect;
    const double n = (double)p->factor * p->factor_y;
    double sum[KAL_MAX_CHANNELS];
    for (int32_t y = o.y0; y < o.y1; y++)
        for (int32_t x = o.x0; x < o.x1; x++) {
            void *dst = kal_at(j->out, x, y);
            const size_t colours = (size_t)kal__colours(e);
            mean_box(j, x, y, sum);
            const double all = e->alpha ? sum[colours] : n;
            const bool gone = e->type == KAL_F32 ? !(all > 0) : all / n < 0.5;
            for (size_t k = 0; k < colours; k++) kal__set(dst, e->type, k, gone ? 0 : sum[k] / all);
            if (e->alpha) kal__set(dst, e->type, colours, all / n);
        }
}

static kal_status run(const kal_job *j)
{
    if (is_narrow(j->call))
        run_narrow(j);
    else
        run_wide(j);
    return KAL_OK;
}

#define PARAMS kal_downsample_p
static const kal_param params[] = {KAL_DOWNSAMPLE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_downsample = {
    .name = "downsample",
    .version = 1,
    .family = "geometry",
    .help = "A whole number of times smaller: the mean of every box of pixels\n"
            "What does not fill a box at the right and bottom is left out. With alpha, colours are weighted "
            "by it. "
            "A mask\n"
            "becomes gray: how much of each box is set.",
    .inputs = "image",
    KAL__PARAMS(params, kal_downsample_p),
    .n_later = 1,
    .cost = 3,
    .extent = extent,
    .need = need,
    .fold = fold,
    .scratch = scratch,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("2", "factor=3 factor_y=1", "factor=1 factor_y=4", "factor=1",
                            "factor=2 light=linear", "factor=1 factor_y=3 light=linear"),
};
