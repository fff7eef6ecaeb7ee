// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// noise, a picture of nothing else, and add_noise. Every sample has 32 bits of its own, counted from seed, row, column and channel
// (counter.h); u is (bits + 1/2) / 2^32. Samples are independent.
//
//     noise      gaussian  mean + sigma z(u), z the inverse of the normal distribution (normal.h)
//                uniform   integers: low + (bits (high - low + 1) >> 32), each as likely; f32: low + (high - low) u
//     add_noise  sample + amount z(u), or sample + amount (2u - 1)
//
// In doubles, rounded half up and held in range; alpha is opaque, or stays.
#include "canvas.h"
#include "counter.h"
#include "normal.h"

static void settle(double *v, double otherwise)
{
    if (*v == KAL_AUTO) *v = otherwise;
}

// ---- noise --------------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c;
    kal_noise_p *p = params;
    const double max = kal_type_max((kal_type)p->type);
    if (p->channels == KAL_AUTO) p->channels = 1;
    settle(&p->mean, max / 2);
    settle(&p->sigma, max / 8);
    settle(&p->low, 0);
    settle(&p->high, max);
    *out = kal__canvas(p->width, p->height, p->channels, p->type);
    if (p->low <= p->high) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "noise: low=%g is above high=%g", p->low, p->high);
}

typedef struct range {
    uint32_t low, count;   // of whole numbers
} range;

static range whole_range(const kal_noise_p *p)
{
    const kal_type type = (kal_type)p->type;
    const double max = kal_type_max(type);
    const uint32_t low = kal__to_u16(kal__clamp(p->low, 0, max)),
                   high = kal__to_u16(kal__clamp(p->high, 0, max));
    return (range){low, high - low + 1};
}

static double one(const kal_noise_p *p, range r, uint32_t bits)
{
    if (p->kind == KAL_NOISE_GAUSSIAN) return p->mean + p->sigma * kal__normal(kal__count_real(bits));
    if (p->type == KAL_F32) return p->low + (p->high - p->low) * kal__count_real(bits);
    return r.low + (double)((uint64_t)bits * r.count >> 32);
}

static kal_status run(const kal_job *j)
{
    const kal_noise_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const kal_rect r = j->out->rect;
    const range whole = whole_range(p);
    const int32_t colours = kal__colours(e);
    for (int32_t y = r.y0; y < r.y1; y++) {
        const kal__count row = kal__count_row((uint32_t)p->seed, y);
        void *dst = kal_row(j->out, y);
        size_t at = 0;
        for (int32_t x = r.x0; x < r.x1; x++) {
            for (int32_t k = 0; k < colours; k++)
                kal__set(dst, e->type, at++, one(p, whole, kal__count_at(row, (uint32_t)x, (uint32_t)k)));
            if (e->alpha) kal__set(dst, e->type, at++, kal_type_max(e->type));
        }
    }
    return KAL_OK;
}

// ---- add_noise ----------------------------------------------------------------------------------

static kal_status extent_add(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_add_noise_p *p = params;
    *out = c->in[0]->extent;
    if (out->model == KAL_MASK) out->model = KAL_GRAY;
    settle(&p->amount, kal_type_max(out->type) / 16);
    return kal__check_type("add_noise", out, err);
}

static bool fold_add(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (((const kal_add_noise_p *)c->params)->amount != 0 || c->in[0]->extent.model == KAL_MASK) return false;
    to->same = c->in[0];
    return true;
}

static kal_status run_add(const kal_job *j)
{
    const kal_add_noise_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const kal_rect r = j->out->rect;
    const int32_t colours = kal__colours(e);
    for (int32_t y = r.y0; y < r.y1; y++) {
        const kal__count row = kal__count_row((uint32_t)p->seed, y);
        const void *src = kal_row(&j->in[0], y);
        void *dst = kal_row(j->out, y);
        size_t at = 0;
        for (int32_t x = r.x0; x < r.x1; x++)
            for (int32_t k = 0; k < e->channels; k++, at++) {
                double v = kal__get(src, e->type, at);
                if (k < colours) {
                    const double u =
                        kal__count_real(kal__count_at(row, (uint32_t)x, p->gray ? 0 : (uint32_t)k));
                    v += p->amount * (p->kind == KAL_NOISE_GAUSSIAN ? kal__normal(u) : 2 * u - 1);
                }
                kal__set(dst, e->type, at, v);
            }
    }
    return KAL_OK;
}

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal_noise_p
static const kal_param params[] = {KAL_NOISE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_add_noise_p
static const kal_param add_params[] = {KAL_ADD_NOISE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_noise = {
    .name = "noise",
    .version = 1,
    .family = "synthesis",
    .help = "Random samples, gaussian or uniform, each independent of the others\n"
            "A sample is a function of seed and place: a larger noise has the smaller one in its upper left "
            "corner. Of whole\nnumbers every one in low..high is as likely. Alpha is opaque.",
    .inputs = "",
    KAL__PARAMS(params, kal_noise_p),
    .cost = 25,
    .extent = extent,
    .run = run,
    .samples = KAL__SAMPLES("channels=3", "uniform seed=7 type=u16 channels=4 width=61 height=9",
                            "uniform low=3 high=9 width=300 height=3",
                            "seed=3 mean=0.5 sigma=2 type=f32 channels=2 height=5",
                            "uniform type=f32 low=-1 high=1 width=33 height=33"),
};

const kal_op kal__op_add_noise = {
    .name = "add_noise",
    .version = 1,
    .family = "synthesis",
    .help = "Adds noise of mean 0; alpha stays\n"
            "The noise of a place is a function of seed and place, so that a crop of the result is the same "
            "noise. Whole numbers\nare rounded and held in their range; f32 is not held.",
    .inputs = "image",
    KAL__PARAMS(add_params, kal_add_noise_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 25,
    .extent = extent_add,
    .fold = fold_add,
    .run = run_add,
    .samples = KAL__SAMPLES("amount=20", "", "amount=0.5 kind=uniform seed=9", "amount=30 gray=true seed=1",
                            "amount=0"),
};
