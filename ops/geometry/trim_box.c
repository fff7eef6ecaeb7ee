// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// trim_box: the least box around all pixels of which a channel is further than the tolerance from the background: |x − b| > tolerance. Where
// alpha is 0 in both, colours do not count. Rows are read once, in bands; of each only what lies outside the box so far is looked at, and
// the inside until something is found.
#include "op.h"

typedef struct trimming {
    double background[KAL_MAX_CHANNELS];
    bool started, any;
    kal_rect box;
} trimming;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    kal_trim_box_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    const kal_status st = kal__check_type("trim_box", in, err);
    if (st) return st;
    if (p->tolerance == KAL_AUTO) p->tolerance = 10 * (double)kal_type_max(in->type) / 255;
    return kal__check_color("trim_box", "background", p->background, in, true, err);
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(trimming);
}

static void start(trimming *t, const kal_job *j)
{
    const kal_trim_box_p *p = j->call->params;
    const kal_extent *e = &j->call->in[0]->extent;
    _Alignas(8) unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(p->background, e, false, pixel);
    const void *from = p->background.n ? pixel : kal_row(&j->in[0], 0);
    for (int32_t k = 0; k < e->channels; k++) t->background[k] = kal__get(from, e->type, (size_t)k);
    t->started = true;
}

static bool is_blank(const trimming *t, const kal_extent *e, double tolerance, const void *row, int32_t x)
{
    const size_t channels = (size_t)e->channels, at = (size_t)x * channels;
    if (e->alpha && t->background[channels - 1] == 0 && kal__get(row, e->type, at + channels - 1) == 0)
        return true;
    for (size_t k = 0; k < channels; k++) {
        const double d = kal__get(row, e->type, at + k) - t->background[k];
        if (d > tolerance || -d > tolerance) return false;
    }
    return true;
}

static void take_row(trimming *t, const kal_extent *e, double tolerance, const void *row, int32_t y)
{
    kal_rect *b = &t->box;
    if (!t->any) *b = kal_rect_of(e->width, y, 0, y);
    const int32_t x0 = b->x0, x1 = b->x1;
    int32_t first = 0, end = e->width;
    while (first < x0 && is_blank(t, e, tolerance, row, first)) first++;
    while (end > x1 && end > first && is_blank(t, e, tolerance, row, end - 1)) end--;
    bool found = first < x0 || (end > x1 && end > first);
    for (int32_t x = x0; x < x1 && !found; x++) found = !is_blank(t, e, tolerance, row, x);
    if (!found) return;
    t->any = true;
    *b = kal_rect_of(first < x0 ? first : x0, b->y0, end > x1 ? end : x1, y + 1);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    trimming *t = gathered;
    if (!t->started) start(t, j);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        take_row(t, &j->call->in[0]->extent, ((const kal_trim_box_p *)j->call->params)->tolerance,
                 kal_row(&j->in[0], y), y);
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c;
    const trimming *t = gathered;
    if (kal_value_make(out, KAL_VALUE_BOXES, t->any, 4))
        return kal_fail(err, KAL_NOMEM, "trim_box: out of memory");
    if (!t->any) return KAL_OK;
    const double v[4] = {t->box.x0, t->box.y0, t->box.x1, t->box.y1};
    memcpy(out->v, v, sizeof v);
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_BOXES, .size = size, .rows = rows, .end = end};

#define PARAMS kal_trim_box_p
static const kal_param params[] = {KAL_TRIM_BOX_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_trim_box = {
    .name = "trim_box",
    .version = 1,
    .family = "values",
    .help =
        "What is left when plain borders are cut off\n"
        "A value: crop photo (trim_box photo). A pixel belongs to the border when none of its channels is "
        "further from\n"
        "the background than the tolerance. Of a picture that is all border there is no box.",
    .inputs = "image",
    KAL__PARAMS(params, kal_trim_box_p),
    .cost = 0.5f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "tolerance=0", "tolerance=60 background=0", "tolerance=0.25 background=1"),
};
