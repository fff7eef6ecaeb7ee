// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// color_key: alpha is 0 where every colour channel is within `tolerance` of the colour named, bounds included; elsewhere it is what it was, or
// full. Colours stay. In the sample's own unit, exact. (So white keys white alone: a red pixel, some of whose channels equal white's, stays.)
#include "channels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_color_key_p *p = params;
    *out = c->in[0]->extent;
    kal_status st = kal__check_type("color_key", out, err);
    if (!st && !p->color.n)
        st = kal_fail(err, KAL_INVALID, "color_key: say which colour becomes transparent: color=white");
    if (!st) st = kal__check_color("color_key", "color", p->color, out, false, err);
    if (!st && !out->alpha && out->channels == KAL_MAX_CHANNELS)
        st = kal_fail(err, KAL_INVALID, "color_key: the image has %d channels; there is no room for alpha",
                      out->channels);
    kal__unmask(out);
    out->channels += !out->alpha;
    out->alpha = true;
    return st;
}

typedef struct key {
    double low[KAL_MAX_CHANNELS], high[KAL_MAX_CHANNELS];
} key;

#define KEY(type, T, MAX)                                                                       \
    static void key_##type(T *dst, const T *src, size_t n, const kal_extent *in, const key *at) \
    {                                                                                           \
        const size_t colours = (size_t)kal__colours(in), step = (size_t)in->channels;           \
        for (size_t i = 0; i < n; i++, src += step, dst += colours + 1) {                       \
            bool is = true;                                                                     \
            for (size_t k = 0; k < colours; k++) {                                              \
                is &= (double)src[k] >= at->low[k] && (double)src[k] <= at->high[k];            \
                dst[k] = src[k];                                                                \
            }                                                                                   \
            dst[colours] = is ? 0 : in->alpha ? src[colours] : MAX;                             \
        }                                                                                       \
    }
KEY(u8, uint8_t, 255)
KEY(u16, uint16_t, 65535)
KEY(f32, float, 1)

static kal_status run(const kal_job *j)
{
    const kal_color_key_p *p = j->call->params;
    const kal_extent *in = &j->call->in[0]->extent;
    key at;
    for (int32_t k = 0; k < kal__colours(in); k++) {
        const double v = kal__per_channel(p->color, k, 0);
        at.low[k] = v - p->tolerance, at.high[k] = v + p->tolerance;
    }
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (in->type == KAL_U8)
            key_u8(dst, src, n, in, &at);
        else if (in->type == KAL_U16)
            key_u16(dst, src, n, in, &at);
        else
            key_f32(dst, src, n, in, &at);
    }
    return KAL_OK;
}

#define PARAMS kal_color_key_p
static const kal_param params[] = {KAL_COLOR_KEY_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_color_key = {
    .name = "color_key",
    .version = 1,
    .family = "colour",
    .help = "One colour becomes transparent\n"
            "Pixels of which every colour channel is within tolerance of color get alpha 0; the others keep "
            "theirs, or\n"
            "become opaque. With tolerance=0 it is that colour exactly. Colours stay; flatten shows them "
            "over another.",
    .inputs = "image",
    KAL__PARAMS(params, kal_color_key_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.8f,
    .extent = extent,
    .run = run,
    .samples = KAL__SAMPLES("color=white", "color=128 tolerance=64", "color=[200 100 0] tolerance=90",
                            "color=0.5 tolerance=0.3"),
};
