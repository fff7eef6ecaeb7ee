// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See part.h.
#include "part.h"

#include "mem.h"

#include <stdlib.h>

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

// ---- one for each box -----------------------------------------------------------------------------

kal_status kal__parts_prepare(const kal_call *c, int32_t n, kal__part_fn *part_of, void **state,
                              kal_error *err)
{
    kal__parts *all = *state = kal__new_zero(1, sizeof *all + (size_t)n * sizeof *all->parts);
    kal_status st = all ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory for %d boxes", c->op->name, n);
    for (; !st && all->n < n; all->n++) {
        st = part_of(c, all->n, &all->parts[all->n], err);
        if (!st) st = kal__part_prepare(&all->parts[all->n], err);
        if (st) break;
    }
    if (!st) return st;
    kal__parts_release(all);
    *state = NULL;
    return st;
}

void kal__parts_release(void *state)
{
    kal__parts *all = state;
    for (int32_t i = 0; all && i < all->n; i++) kal__part_release(&all->parts[i]);
    free(all);
}

size_t kal__parts_tables(const kal_call *c, int32_t n, kal__part_fn *part_of)
{
    size_t bytes = sizeof(kal__parts) + (size_t)n * sizeof(kal__part);
    kal__part part;
    for (int32_t i = 0; i < n; i++)
        if (!part_of(c, i, &part, NULL)) bytes += kal__part_tables(&part);
    return bytes;
}

size_t kal__parts_scratch(const kal_call *c, int32_t n, kal__part_fn *part_of, int32_t width, int32_t height)
{
    size_t most = 0;
    kal__part part;
    for (int32_t i = 0; i < n; i++) {
        const size_t bytes = part_of(c, i, &part, NULL) ? 0 : kal__part_scratch(&part, width, height);
        most = bytes > most ? bytes : most;
    }
    return most;
}

// ---- boxes and tiles ------------------------------------------------------------------------------

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
