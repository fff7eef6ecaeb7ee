// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// band_extract: the channels named, in that order; a channel may come more than once. Exact, every sample
// type. What the result is:
//
//     alpha:  when the last one named is the image's alpha and it is not alone; elsewhere alpha becomes an
//             ordinary channel
//     model:  one colour channel: gray; channels 0 1 2 of an RGB image: rgb; otherwise data
#include "channels.h"
#include "fmath.h"

static kal_status check_bands(kal_list b, const kal_extent *in, kal_error *err)
{
    if (b.n == 0) return kal_fail(err, KAL_INVALID, "band_extract: say which channels: bands=[0 1]");
    if (b.n > KAL_MAX_CHANNELS)
        return kal_fail(err, KAL_INVALID, "band_extract: bands has %d values; at most %d", b.n,
                        KAL_MAX_CHANNELS);
    for (int32_t i = 0; i < b.n; i++) {
        if (kal__floor(b.v[i]) != b.v[i])
            return kal_fail(err, KAL_INVALID, "band_extract: bands has %g; channels are whole numbers from 0",
                            b.v[i]);
        if (b.v[i] < 0 || b.v[i] >= in->channels)
            return kal_fail(err, KAL_INVALID,
                            "band_extract: bands has %g; the image has %d channel%s, the last is %d", b.v[i],
                            in->channels, in->channels == 1 ? "" : "s", in->channels - 1);
    }
    return KAL_OK;
}

// All channels in their order.
static bool everything(kal_list b, const kal_extent *in)
{
    for (int32_t i = 0; i < b.n; i++)
        if (b.v[i] != i) return false;
    return b.n == in->channels;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_list b = ((const kal_band_extract_p *)params)->bands;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    const kal_status st = check_bands(b, in, err);
    if (st || everything(b, in)) return st;
    out->channels = b.n;
    out->alpha = in->alpha && b.n > 1 && b.v[b.n - 1] == in->channels - 1;
    const bool rgb =
        in->model == KAL_RGB && kal__colours(out) == 3 && b.v[0] == 0 && b.v[1] == 1 && b.v[2] == 2;
    out->model = kal__colours(out) == 1 ? KAL_GRAY : rgb ? KAL_RGB : KAL_DATA;
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (!everything(((const kal_band_extract_p *)c->params)->bands, &c->in[0]->extent)) return false;
    to->same = c->in[0];
    return true;
}

static kal_status run(const kal_job *j)
{
    const kal_list b = ((const kal_band_extract_p *)j->call->params)->bands;
    const int32_t from = j->call->in[0]->extent.channels;
    const size_t size = kal_type_size(j->call->extent.type), n = (size_t)kal_tile_width(j->out);
    uint8_t pattern[KAL_MAX_CHANNELS];
    for (int32_t k = 0; k < b.n; k++) pattern[k] = (uint8_t)b.v[k];
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        kal__choose_channels(kal_row(j->out, y), b.n, kal_row(&j->in[0], y), from, n, size, pattern);
    return KAL_OK;
}

#define PARAMS kal_band_extract_p
static const kal_param params[] = {KAL_BAND_EXTRACT_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_band_extract = {
    .name = "band_extract",
    .version = 1,
    .family = "channels",
    .help = "Some channels of an image, in the order given\n"
            "Channels count from 0, alpha is the last. The result has alpha when the last one named is\n"
            "the image's alpha and it is not alone. One colour channel makes a gray image, 0 1 2 of RGB\n"
            "stay RGB, anything else is data.",
    .inputs = "image",
    KAL__PARAMS(params, kal_band_extract_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.3f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("bands=0", "bands=[0 0]", "bands=[0 0 0 0 0]"),
};
