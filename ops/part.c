// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See part.h.
#include "part.h"

extern const kal_op kal__op_resize;

kal_status kal__part_make(kal__part *p, const kal_extent *e, int32_t width, int32_t height, int32_t to_width,
                          int32_t to_height, int32_t kernel, kal_error *err)
{
    kal_extent from = *e;
    from.width = width;
    from.height = height;
    *p = (kal__part){.params = kal_resize_defaults(),
                     .from = {.extent = from},
                     .to = {.op = &kal__op_resize, .params = &p->params, .n = 1, .in = p->in},
                     .in = {&p->from},
                     .same = width == to_width && height == to_height};
    p->params.width = to_width;
    p->params.height = to_height;
    p->params.kernel = kernel;
    return kal__op_resize.extent(&p->to, &p->params, &p->to.extent, err);
}

kal_status kal__part_prepare(kal__part *p, kal_error *err)
{
    return p->same ? KAL_OK : kal__op_resize.prepare(&p->to, &p->state, err);
}

void kal__part_release(kal__part *p)
{
    kal__op_resize.release(p->state);
}

size_t kal__part_tables(const kal__part *p)
{
    return p->same ? 0 : kal__op_resize.tables(&p->to);
}

size_t kal__part_scratch(const kal__part *p, int32_t width, int32_t height)
{
    return p->same ? 0 : kal__op_resize.scratch(&p->to, width, height);
}

kal_rect kal__part_need(const kal__part *p, kal_rect out)
{
    return p->same || kal_rect_empty(out) ? out : kal__op_resize.need(&p->to, 0, out);
}

kal_status kal__part_run(const kal__part *p, const kal_tile *in, const kal_tile *out, void *scratch,
                         kal_error *err)
{
    const kal_rect need = kal__part_need(p, out->rect);
    const kal_tile seen = kal__tile_part(in, need, 0, 0);
    const kal_job job = {
        .call = &p->to, .state = p->state, .in = &seen, .out = out, .scratch = scratch, .err = err};
    if (!p->same) return kal__op_resize.run(&job);
    const size_t row = (size_t)kal_tile_width(out) * (size_t)out->pixel;
    for (int32_t y = out->rect.y0; y < out->rect.y1; y++) memcpy(kal_row(out, y), kal_row(&seen, y), row);
    return KAL_OK;
}

kal_tile kal__tile_part(const kal_tile *t, kal_rect r, int32_t dx, int32_t dy)
{
    kal_tile part = *t;
    part.data += (ptrdiff_t)(r.x0 - t->rect.x0) * t->pixel;
    part.row0 = (t->row0 + (r.y0 - t->rect.y0)) % t->ring;
    part.rect = kal_rect_shift(r, dx, dy);
    return part;
}

kal_rect kal__whole_box(kal_list boxes, int32_t i)
{
    const kal__box b = kal__box_round(kal__boxes_of(boxes)[i]);
    return kal_rect_of((int32_t)b.x0, (int32_t)b.y0, (int32_t)b.x1, (int32_t)b.y1);
}

kal_status kal__check_inside(const char *op, kal_list boxes, int32_t width, int32_t height, kal_error *err)
{
    kal_status st = kal__check_boxes(op, "boxes", boxes, err);
    if (!st && !boxes.n) return kal_fail(err, KAL_INVALID, "%s: there are no boxes; nothing was found", op);
    for (int32_t i = 0; i < kal__n_boxes(boxes) && !st; i++) {
        const kal__box b = kal__box_round(kal__boxes_of(boxes)[i]);
        st = kal__check_box(op, i, b, err);
        if (!st && (b.x0 < 0 || b.y0 < 0 || b.x1 > width || b.y1 > height))
            st = kal_fail(err, KAL_INVALID,
                          "%s: box %d (%g %g %g %g) is not inside the image of %d×%d; use box_clip", op,
                          i + 1, b.x0, b.y0, b.x1, b.y1, width, height);
    }
    return st;
}
