// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// lut: out = table[in] for u8 images, one table for all colour channels or one each, entries rounded half up
// and saturated to 8 bits; alpha stays.
#include "channels.h"
#include "tone.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_list t = ((const kal_lut_p *)params)->table;
    *out = c->in[0]->extent;
    kal__unmask(out);
    if (out->type != KAL_U8)
        return kal__refuse_type(
            "lut", out, "do not choose from 256 values; cast type=u8 first, or use gamma, levels or linear",
            err);
    const int32_t each = 256 * kal__colours(out);
    if (t.n == 256 || t.n == each) return KAL_OK;
    if (each == 256) return kal_fail(err, KAL_INVALID, "lut: table has %d values; give 256", t.n);
    return kal_fail(err, KAL_INVALID,
                    "lut: table has %d values; give 256, or 256 for each of the %d colour channels: %d", t.n,
                    kal__colours(out), each);
}

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    const kal_list t = ((const kal_lut_p *)c->params)->table;
    const double *table = t.v + (t.n > 256 ? 256 * channel : 0);
    for (size_t i = 0; i < n; i++) v[i] = table[(int32_t)v[i]];
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_list t = ((const kal_lut_p *)c->params)->table;
    for (int32_t i = 0; i < t.n; i++)
        if (kal__to_u8(t.v[i]) != (i & 255)) return false;
    to->same = c->in[0];
    return true;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, curve, NULL, ((const kal_lut_p *)c->params)->table.n == 256, state, err);
}

#define PARAMS kal_lut_p
static const kal_param params[] = {KAL_LUT_PARAMS(KAL_SCHEMA)};

#define TIMES_4(s) s s s s
#define TIMES_64(s) TIMES_4(TIMES_4(TIMES_4(s)))

const kal_op kal__op_lut = {
    .name = "lut",
    .version = 1,
    .family = "colour",
    .help = "Every u8 sample through a table of 256 values\n"
            "One table for all colour channels, or one after the other for each; alpha stays. The result\n"
            "is u8: values are rounded half up and saturate. For u8: a list for\n"
            "u16 would have 65536 numbers; levels, gamma and expr take all.",
    .inputs = "image",
    KAL__PARAMS(params, kal_lut_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.5f,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples = KAL__SAMPLES("table=[" TIMES_64("0 85 170.4 300 ") "]", "table=[" TIMES_64("9 7 250 31 ") "]"),
};
