// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// dhash: the image as u8, gray, resized to 9 × 8 (lanczos3); bit x of row y is whether pixel x + 1 is brighter than pixel x. Row by row, the
// first bit the highest, as 16 hexadecimal digits: imagehash's dhash, as far as the two resizes agree. Those steps are ops of their own, put
// before it by folds. Alpha weighs in the resize and is not looked at after.
#include "op.h"

#include <stdio.h>

extern const kal_op kal__op_cast, kal__op_gray, kal__op_resize;

enum { WIDTH = 9, HEIGHT = 8 };

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (kal__colours(e) != 1 && kal__colours(e) != 3)
        return kal_fail(err, KAL_INVALID, "dhash: the image has %d colour channels; 1 or 3 are needed",
                        kal__colours(e));
    return kal__check_type("dhash", e, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_extent *e = &c->in[0]->extent;
    *to = (kal_folded){.op = c->op, .params = c->params, .n = 1, .in = {c->in[0]}};
    if (e->type != KAL_U8) {
        *(kal_cast_p *)room = kal_cast_defaults();   // to u8
        to->before = &kal__op_cast;
    } else if (kal__colours(e) == 3) {
        *(kal_gray_p *)room = kal_gray_defaults();
        to->before = &kal__op_gray;
    } else if (e->width != WIDTH || e->height != HEIGHT) {
        kal_resize_p *size = room;
        *size = kal_resize_defaults();
        size->width = WIDTH;
        size->height = HEIGHT;
        to->before = &kal__op_resize;
    }
    to->before_params = room;
    return to->before;
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(uint64_t);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    uint64_t *hash = gathered;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        for (int32_t x = 0; x + 1 < WIDTH; x++)
            *hash = *hash << 1 | (uint64_t)(*kal_at(&j->in[0], x + 1, y) > *kal_at(&j->in[0], x, y));
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c;
    (void)err;
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)*(const uint64_t *)gathered);
    return kal_value_make_text(out, text);
}

static const kal_measure measure = {.kind = KAL_VALUE_TEXT, .size = size, .rows = rows, .end = end};

const kal_op kal__op_dhash = {
    .name = "dhash",
    .version = 1,
    .family = "values",
    .help = "A difference hash of 64 bits, as 16 hexadecimal digits\n"
            "Pictures that look alike differ in few bits. The image goes through gray and a resize to 9 × 8; "
            "a bit says whether "
            "a\npixel is brighter than its left neighbour, row by row, the first bit the highest.",
    .inputs = "image",
    .params_size = sizeof(kal_dhash_p),
    .cost = 0.5f,
    .extent = extent,
    .fold = fold,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
