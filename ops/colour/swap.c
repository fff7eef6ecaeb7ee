// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// swap: channel order[k] becomes channel k; every channel once, alpha may be left out and stays then. Exact, every sample type. What the
// channels are called does not change: BGR that was taken for RGB is put right by it.
#include "channels.h"

// Fills the channels in their new order.
static kal_status pattern_of(kal_list order, const kal_extent *e, uint8_t *pattern, kal_error *err)
{
    uint64_t seen = 0;
    if (order.n != e->channels && (order.n != kal__colours(e)))
        return kal_fail(err, KAL_INVALID, "swap: order has %d values; the image has %d colour channel%s: %s",
                        order.n, kal__colours(e), kal__colours(e) == 1 ? "" : "s",
                        "name each once, as in order=[2 1 0]");
    for (int32_t k = 0; k < order.n; k++) {
        const double v = order.v[k];
        const bool whole = v >= 0 && v < order.n && v == (double)(int32_t)v;
        if (!whole || seen >> (int32_t)v & 1)
            return kal_fail(err, KAL_INVALID, "swap: order has %g%s; name each channel from 0 to %d once", v,
                            whole ? " twice" : "", order.n - 1);
        seen |= UINT64_C(1) << (int32_t)v;
        pattern[k] = (uint8_t)v;
    }
    if (order.n < e->channels) pattern[order.n] = (uint8_t)order.n;
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    uint8_t pattern[KAL_MAX_CHANNELS];
    *out = c->in[0]->extent;
    return pattern_of(((const kal_swap_p *)params)->order, out, pattern, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_list order = ((const kal_swap_p *)c->params)->order;
    for (int32_t k = 0; k < order.n; k++)
        if (order.v[k] != k) return false;
    to->same = c->in[0];
    return true;
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    uint8_t pattern[KAL_MAX_CHANNELS];
    const kal_status st = pattern_of(((const kal_swap_p *)j->call->params)->order, e, pattern, j->err);
    if (st) return st;
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows)
        kal__choose_channels(kal_row(j->out, y), e->channels, kal_row(&j->in[0], y), e->channels, n,
                             kal_type_size(e->type), pattern);
    return KAL_OK;
}

#define PARAMS kal_swap_p
static const kal_param params[] = {KAL_SWAP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_swap = {
    .name = "swap",
    .version = 1,
    .family = "channels",
    .help = "Channels in another order: swap 2 1 0 makes RGB of BGR\n"
            "Each channel is named once, from 0; with alpha left out it stays. What the channels are called "
            "does\n"
            "not change. band_extract chooses and repeats channels.",
    .inputs = "image",
    KAL__PARAMS(params, kal_swap_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.3f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("order=[2 1 0]", "order=[1 2 0]", "order=[3 0 1 2]", "order=[1 0]"),
};
