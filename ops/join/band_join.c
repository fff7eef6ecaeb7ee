// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// band_join: all channels of all images, one image's after the other's. Exact, every sample type. Alpha of
// the inputs is an ordinary channel; the result's last one is alpha when `alpha` says so. One colour channel
// makes gray, three make rgb, others data.
#include "channels.h"
#include "kernels.h"

#include <stdio.h>

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const bool alpha = ((const kal_band_join_p *)params)->alpha;
    *out = c->in[0]->extent;
    int32_t channels = 0;
    for (int32_t i = 0; i < c->n; i++) {
        const kal_call *const pair[2] = {c->in[0], c->in[i]};
        const kal_call two = {.n = 2, .in = pair};
        char name[32];
        snprintf(name, sizeof name, "image number %d", i + 1);
        const kal_status st = kal__check_pair("band_join", name, &two, err);
        if (st) return st;
        channels += c->in[i]->extent.channels;
        if (channels > KAL_MAX_CHANNELS)
            return kal_fail(err, KAL_INVALID, "band_join: the images have more than %d channels together",
                            KAL_MAX_CHANNELS);
    }
    if (alpha && channels == 1)
        return kal_fail(err, KAL_INVALID,
                        "band_join: with alpha=true one channel is not enough; give a colour channel too");
    if (c->n == 1 && alpha == out->alpha) return KAL_OK;
    out->channels = channels;
    out->alpha = alpha;
    out->model = kal__model_of(channels - alpha);
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->n != 1 || c->extent.alpha != c->in[0]->extent.alpha) return false;
    to->same = c->in[0];
    return true;
}

static kal_status run(const kal_job *j)
{
    const size_t size = kal_type_size(j->call->extent.type), to = (size_t)j->call->extent.channels;
    const size_t n = (size_t)kal_tile_width(j->out);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        unsigned char *dst = kal_row(j->out, y);
        if (j->call->n == 3 && to == 3 && size == 1) {
            kal__kernels()->join3_u8(dst, kal_row(&j->in[0], y), kal_row(&j->in[1], y), kal_row(&j->in[2], y),
                                     n);
            continue;
        }
        for (int32_t i = 0; i < j->call->n; i++) {
            const unsigned char *src = kal_row(&j->in[i], y);
            const size_t from = (size_t)j->call->in[i]->extent.channels;
            for (size_t k = 0; k < from; k++, dst += size)
                kal__copy_channel(dst, to, src + k * size, from, n, size);
        }
    }
    return KAL_OK;
}

#define PARAMS kal_band_join_p
static const kal_param params[] = {KAL_BAND_JOIN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_band_join = {
    .name = "band_join",
    .version = 1,
    .family = "channels",
    .help = "The channels of several images in one\n"
            "All have the same size and type; together at most 64 channels. With alpha=true the last\n"
            "channel is alpha. One colour channel makes a gray image, three make RGB, anything else is\n"
            "data.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_band_join_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.3f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("", "alpha=false"),
};
