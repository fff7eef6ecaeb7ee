// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// equalize: samples spread so that each part of full scale is as frequent as another, by OpenCV's rule:
//
//     out[v] = rint((N(v) − N(first)) · scale)     scale = full / (N − N(first))
//
// N(v) counts samples up to v, `first` is the smallest value there is, and halves go to even. u8 multiplies in floats, so that it is
// cv::equalizeHist bit for bit; u16 in doubles, and f32 as u16 without rounding (counted.h). An image of one value stays. equalize_table is the same curve as a value, for lut: with it
// the image goes through in bands.
#include "counted.h"

#include "channels.h"
#include "fmath.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    return kal__check_type("equalize", out, err);
}

static void curve(const kal_call *c, const uint64_t *counts, int32_t bins, double *out)
{
    const uint64_t all = kal__counts_total(counts, bins);
    int32_t first = 0;
    while (first < bins - 1 && !counts[first]) first++;
    const uint64_t rest = all - counts[first];
    uint64_t sum = 0;
    for (int32_t v = 0; v < bins; v++) {
        if (v > first) sum += counts[v];
        if (!rest)
            out[v] = v;
        else if (bins == 256)
            out[v] = kal__rint((double)((float)sum * (255.0f / (float)rest)));
        else if (c->extent.type == KAL_F32)
            out[v] = (double)sum * (65535.0 / (double)rest);
        else
            out[v] = kal__rint((double)sum * (65535.0 / (double)rest));
    }
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width;
    (void)height;
    return kal__counted_scratch(&c->extent);
}

static kal_status run(const kal_job *j)
{
    kal__counted_run(j, ((const kal_equalize_p *)j->call->params)->channels, curve);
    return KAL_OK;
}

#define PARAMS kal_equalize_p
static const kal_param params[] = {KAL_EQUALIZE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_equalize = {
    .name = "equalize",
    .version = 1,
    .family = "tone",
    .help =
        "Equalises the histogram: every part of full scale becomes as frequent as another\n"
        "OpenCV's equalizeHist for each colour channel, or with channels=together one curve for all, which "
        "keeps hues\nbetter; alpha stays. An image of one value stays as it is. f32 is counted in 65536 "
        "steps from 0 to 1.\nThe whole image is held; to go in bands, write lut photo table=(photo | "
        "equalize_table).",
    .inputs = "image",
    KAL__PARAMS(params, kal_equalize_p),
    .flags = KAL_OP_WHOLE,
    .cost = 0.7f,
    .extent = extent,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "channels=together"),
};

// ---- the curve as a value -----------------------------------------------------------------------

static kal_status table_extent(const kal_call *c, void *none, kal_extent *out, kal_error *err)
{
    (void)none;
    (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (e->type != KAL_U8)
        return kal__refuse_type("equalize_table", e,
                                "do not choose from 256 values; cast type=u8 first, or use equalize", err);
    return kal__stats_mask("equalize_table", c, err);
}

static size_t table_size(const kal_call *c)
{
    return kal__counts_size(&c->in[0]->extent);
}

static kal_status table_rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, kal__counts_span);
    return KAL_OK;
}

static kal_status table_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const kal_extent *e = &c->in[0]->extent;
    const bool together = ((const kal_equalize_p *)c->params)->channels;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, together ? 1 : kal__colours(e), 256)) return KAL_NOMEM;
    if (together) kal__counts_join(gathered, e);
    for (int32_t k = 0; k < out->rows; k++)
        curve(c, (const uint64_t *)gathered + (ptrdiff_t)k * 256, 256, out->v + (ptrdiff_t)k * 256);
    return KAL_OK;
}

static const kal_measure table_measure = {
    .kind = KAL_VALUE_NUMBERS, .size = table_size, .rows = table_rows, .end = table_end};

const kal_op kal__op_equalize_table = {
    .name = "equalize_table",
    .version = 1,
    .family = "values",
    .help = "The curve that equalize puts samples through, as 256 numbers for lut\n"
            "A row for each colour channel, or one for all with channels=together. For u8, as lut. With a "
            "mask, pixels count "
            "where "
            "it is not 0.",
    .inputs = "image mask?",
    KAL__PARAMS(params, kal_equalize_table_p),
    .cost = 0.3f,
    .extent = table_extent,
    .measure = &table_measure,
    .samples = KAL__SAMPLES("", "channels=together"),
};
