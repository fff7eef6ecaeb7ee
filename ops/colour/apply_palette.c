// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// apply_palette: out = colour number v of the palette, for images of one channel. Numbers past the last colour get the last, or with
// `wrap` begin again. u8 samples and u32 labels; alpha stays.
#include "channels.h"
#include "mem.h"
#include "palettes.h"

#include <stdlib.h>

enum { MOST = 65536 };

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_apply_palette_p *p = params;
    *out = c->in[0]->extent;
    if (kal__colours(out) != 1)
        return kal_fail(err, KAL_INVALID,
                        "apply_palette: the image has %d colour channels; 1 is needed: gray first",
                        kal__colours(out));
    if (out->type != KAL_U8 && (out->type != KAL_U32 || out->alpha))
        return kal__refuse_type("apply_palette", out, "do not number colours; cast type=u8 first", err);
    out->channels = 3 + out->alpha;
    out->type = KAL_U8;
    out->model = KAL_RGB;
    return kal__palette_check("apply_palette", p->colors, 3, MOST, err);
}

typedef struct palette {
    uint32_t n;
    uint8_t colours[];
} palette;

static size_t tables(const kal_call *c)
{
    const kal_apply_palette_p *p = c->params;
    return sizeof(palette) + 3 * (size_t)kal__palette_size(p->palette, p->colors, 3);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_apply_palette_p *p = c->params;
    palette *t = kal__new(1, tables(c));
    if (!t) return kal_fail(err, KAL_NOMEM, "apply_palette: out of memory");
    t->n = (uint32_t)kal__palette_size(p->palette, p->colors, 3);
    kal__palette_fill(p->palette, p->colors, 3, t->colours);
    *state = t;
    return KAL_OK;
}

static kal_status run(const kal_job *j)
{
    const palette *t = j->state;
    const kal_extent *in = &j->call->in[0]->extent;
    const bool wrap = ((const kal_apply_palette_p *)j->call->params)->wrap;
    const size_t n = (size_t)kal_tile_width(j->out), from = (size_t)in->channels, to = from + 2;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        uint8_t *dst = kal_row(j->out, y);
        const unsigned char *src = kal_row(&j->in[0], y);
        for (size_t i = 0; i < n; i++) {
            const uint32_t v = in->type == KAL_U8 ? src[i * from] : ((const uint32_t *)(const void *)src)[i];
            memcpy(dst + i * to, t->colours + 3 * (size_t)(v < t->n ? v : wrap ? v % t->n : t->n - 1), 3);
        }
        if (in->alpha) kal__copy_channel(dst + 3, to, src + 1, from, n, 1);
    }
    return KAL_OK;
}

#define PARAMS kal_apply_palette_p
static const kal_param params[] = {KAL_APPLY_PALETTE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_apply_palette = {
    .name = "apply_palette",
    .version = 1,
    .family = "colour",
    .help = "Samples as numbers of colours: labels, depth or heat made visible\n"
            "A named palette, or colors as a list of red, green, blue. Numbers past the last colour get the "
            "last, or "
            "begin\nagain with wrap=true. For u8 images of one channel and u32 labels; alpha stays.",
    .inputs = "image",
    KAL__PARAMS(params, kal_apply_palette_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.5f,
    .extent = extent,
    .prepare = prepare,
    .tables = tables,
    .release = free,
    .run = run,
    .samples = KAL__SAMPLES("", "viridis", "tab10 wrap=true", "tab20", "gray", "colors=[9 8 7 200.5 300 -4]"),
};
