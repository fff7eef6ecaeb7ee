// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mask_iou: pixels set in both masks over pixels set in either. Counts are exact, the quotient is rounded once; two empty masks are
// alike: 1.
#include "mask.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)out;
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    kal_status st = kal__check_mask("mask_iou", a, err);
    if (!st) st = kal__check_mask("mask_iou", b, err);
    if (st || (a->width == b->width && a->height == b->height)) return st;
    return kal_fail(err, KAL_INVALID, "mask_iou: one mask is %d×%d and the other %d×%d", a->width, a->height,
                    b->width, b->height);
}

typedef struct counts {
    uint64_t both, either;
} counts;

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(counts);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    counts *g = gathered;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const uint8_t *a = kal_row(&j->in[0], y), *b = kal_row(&j->in[1], y);
        uint32_t both = 0, either = 0;
        for (int32_t x = 0; x < kal_tile_width(&j->in[0]); x++) {
            both += (a[x] & b[x]) != 0;
            either += (a[x] | b[x]) != 0;
        }
        g->both += both;
        g->either += either;
    }
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c, (void)err;
    const counts *g = gathered;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1)) return KAL_NOMEM;
    out->v[0] = g->either ? (double)g->both / (double)g->either : 1;
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

const kal_op kal__op_mask_iou = {
    .name = "mask_iou",
    .version = 1,
    .family = "masks",
    .help = "How alike two masks are: pixels set in both over pixels set in either\n"
            "A value from 0 to 1; 1 for two masks in which nothing is set.",
    .inputs = "mask other",
    .params_size = sizeof(kal_mask_iou_p),
    .cost = 0.3f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
