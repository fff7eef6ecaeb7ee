// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops in a library of their own, for programs that know nothing of them: kal --plugin acme.so acme.fade in.jpg amount=0.3 -o out.jpg
#include <kal/kal.h>

#define FADE_PARAMS(P) P(FLOAT, amount, 0.5, 0, 1, "", "0 is the picture, 1 is its gray")
typedef struct fade_p {
    size_t size;
    FADE_PARAMS(KAL_FIELD)
} fade_p;
#define PARAMS fade_p
static const kal_param fade_params[] = {FADE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static kal_status fade_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    if (out->type == KAL_U8 && out->channels - out->alpha == 3) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "acme.fade: RGB of u8 only; use to_rgb and cast type=u8 before");
}

static kal_status fade_run(const kal_job *j)
{
    const fade_p *p = j->call->params;
    const int32_t amount = (int32_t)(p->amount * 256 + 0.5), n = kal_tile_width(j->out),
                  step = j->call->extent.channels;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const unsigned char *src = kal_row(&j->in[0], y);
        unsigned char *dst = kal_row(j->out, y);
        for (int32_t x = 0; x < n; x++, src += step, dst += step) {
            const int32_t gray = (77 * src[0] + 150 * src[1] + 29 * src[2] + 128) >> 8;
            for (int32_t k = 0; k < step; k++)
                dst[k] =
                    k < 3 ? (unsigned char)((src[k] * (256 - amount) + gray * amount + 128) >> 8) : src[k];
        }
    }
    return KAL_OK;
}

static const char *const fade_samples[] = {"amount=0.3", "amount=1", NULL};
static const kal_op fade = {
    .name = "acme.fade",
    .version = 1,
    .family = "acme",
    .help = "Colours faded towards gray",
    .inputs = "image",
    .params = fade_params,
    .n_params = sizeof fade_params / sizeof *fade_params,
    .params_size = sizeof(fade_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 1,
    .extent = fade_extent,
    .run = fade_run,
    .samples = fade_samples,
};

KAL_PLUGIN(&fade)
