// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// to_rgb: R = G = B = the one colour channel; alpha stays. Exact. Three channels of data only get another
// name.
#include "channels.h"
#include "kernels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    const int32_t colours = kal__colours(out);
    if (colours != 1 && colours != 3)
        return kal_fail(
            err, KAL_INVALID,
            "to_rgb: the image has %d colour channels; 1 or 3 are needed: choose with band_extract", colours);
    out->channels = 3 + out->alpha;
    out->model = KAL_RGB;
    return kal__check_type("to_rgb", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->in[0]->extent.model != KAL_RGB) return false;
    to->same = c->in[0];
    return true;
}

static kal_status run(const kal_job *j)
{
    const kal_extent *in = &j->call->in[0]->extent;
    const size_t n = (size_t)kal_tile_width(j->out), from = (size_t)in->channels,
                 to = (size_t)j->call->extent.channels;
    const size_t size = kal_type_size(in->type);
    static const uint8_t pattern[4] = {0, 0, 0, 1};
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        unsigned char *dst = kal_row(j->out, y);
        const unsigned char *src = kal_row(&j->in[0], y);
        if (from == to) {
            memcpy(dst, src, n * to * size);
            continue;
        }
        if (size == 1 && from == 1)
            kal__kernels()->join3_u8(dst, src, src, src, n);
        else
            kal__choose_channels(dst, (int32_t)to, src, (int32_t)from, n, size, pattern);
    }
    return KAL_OK;
}

const kal_op kal__op_to_rgb = {
    .name = "to_rgb",
    .version = 1,
    .family = "colour",
    .help = "A gray image or mask as RGB with equal channels; alpha stays\nAn RGB image is returned as it "
            "is. Data of other than\n"
            "one or three colour channels is refused: band_extract chooses some.",
    .inputs = "image",
    .params_size = sizeof(kal_to_rgb_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.3f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES(""),
};
