// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See drawing.h. What is drawn is traced twice: counted, and kept.
#include "drawing_parts.h"
#include "fmath.h"
#include "font.h"
#include "mem.h"

#include <stdlib.h>

// ---- shapes -------------------------------------------------------------------------------------

static void add_shape(kal__drawing *d, kal__draw_shape s)
{
    s.at = kal_rect_clip(s.at, d->image);
    if (kal_rect_empty(s.at)) return;
    d->bounds = kal_rect_empty(d->bounds) ? s.at : kal_rect_join(d->bounds, s.at);
    if (s.n > d->most) d->most = s.n;
    if (d->shapes && d->n_shapes < d->room_shapes) d->shapes[d->n_shapes] = s;
    d->n_shapes++;
}

void kal__draw_turned(kal__drawing *d, bool how, int32_t x, int32_t y)
{
    d->turned = how;
    d->turn_x = x, d->turn_y = y;
}

void kal__draw_failed(kal__drawing *d, const kal_error *err)
{
    if (!d->err.status) d->err = *err;
}

// (x, y) from the corner it is turned about becomes (y, −x).
static kal_rect turned(const kal__drawing *d, kal_rect r)
{
    if (!d->turned) return r;
    return kal_rect_of(d->turn_x + r.y0 - d->turn_y, d->turn_y + d->turn_x - r.x1,
                       d->turn_x + r.y1 - d->turn_y, d->turn_y + d->turn_x - r.x0);
}

void kal__draw_rect(kal__drawing *d, int32_t ink, kal_rect r)
{
    add_shape(d, (kal__draw_shape){.at = turned(d, r), .glyph = -1, .ink = ink});
}

void kal__draw_glyph(kal__drawing *d, int32_t ink, int32_t glyph, int32_t scale, int32_t x, int32_t y)
{
    // clipped to the image it would no longer say where it begins
    const kal_rect r =
        turned(d, kal_rect_of(x, y, x + KAL__FONT_WIDTH * scale, y + KAL__FONT_HEIGHT * scale));
    if (kal_rect_empty(kal_rect_clip(r, d->image))) return;
    d->bounds = kal_rect_empty(d->bounds) ? kal_rect_clip(r, d->image)
                                          : kal_rect_join(d->bounds, kal_rect_clip(r, d->image));
    if (d->shapes && d->n_shapes < d->room_shapes)
        d->shapes[d->n_shapes] =
            (kal__draw_shape){.at = r, .glyph = glyph, .scale = scale, .ink = ink, .turned = d->turned};
    d->n_shapes++;
}

void kal__area_begin(kal__drawing *d, int32_t ink, bool odd)
{
    d->first = d->n_sides;
    d->ink_now = ink;
    d->odd = odd;
    d->x0 = d->y0 = 1e300;
    d->x1 = d->y1 = -1e300;
}

// What ops take lies within KAL_MAX_SIDE, and what is around it within thrice that: rows are ints, and 1/256 pixels exact in doubles.
static double fixed(double v)
{
    return kal__rint(v * 256);
}

static void widen(double *low, double *high, double v)
{
    if (v < *low) *low = v;
    if (v > *high) *high = v;
}

static void turn(const kal__drawing *d, double *x, double *y)
{
    const double dx = *x - d->turn_x, dy = *y - d->turn_y;
    *x = d->turn_x + dy;
    *y = d->turn_y - dx;
}

void kal__area_side(kal__drawing *d, double x0, double y0, double x1, double y1)
{
    if (d->turned) turn(d, &x0, &y0), turn(d, &x1, &y1);
    kal__draw_side s = {fixed(x0), fixed(y0), fixed(x1), fixed(y1), 0, 0, 1};
    if (s.y0 == s.y1) return;
    if (s.y0 > s.y1) s = (kal__draw_side){s.x1, s.y1, s.x0, s.y0, 0, 0, -1};
    if (s.y1 <= 0 || s.y0 >= (double)d->image.y1 * 256) return;
    s.row0 = (int32_t)kal__floor(s.y0 / 256);
    s.row1 = (int32_t)kal__ceil(s.y1 / 256);
    widen(&d->x0, &d->x1, s.x0);
    widen(&d->x0, &d->x1, s.x1);
    widen(&d->y0, &d->y1, s.y0);
    widen(&d->y0, &d->y1, s.y1);
    if (d->shapes && d->n_sides < d->room_sides) d->sides[d->n_sides] = s;
    d->n_sides++;
}

static int by_row(const void *a, const void *b)
{
    const kal__draw_side *p = a, *q = b;
    return p->row0 < q->row0 ? -1 : p->row0 > q->row0;
}

void kal__area_end(kal__drawing *d)
{
    const size_t n = d->n_sides - d->first;
    if (!n || (d->shapes && d->n_sides > d->room_sides)) return;
    if (d->shapes) qsort(d->sides + d->first, n, sizeof *d->sides, by_row);
    const kal_rect at = {(int32_t)kal__floor(d->x0 / 256), (int32_t)kal__floor(d->y0 / 256),
                         (int32_t)kal__ceil(d->x1 / 256), (int32_t)kal__ceil(d->y1 / 256)};
    add_shape(d, (kal__draw_shape){at, d->first, n, -1, 0, d->ink_now, d->odd, false});
}

void kal__area_outline(kal__drawing *d, const double *v, int32_t n, int32_t step)
{
    for (int32_t i = 0; i < n; i++) {
        const double *a = v + (ptrdiff_t)i * step, *b = v + (ptrdiff_t)(i + 1 < n ? i + 1 : 0) * step;
        kal__area_side(d, a[0], a[1], b[0], b[1]);
    }
}

int32_t kal__draw_pixel(double v)
{
    return (int32_t)kal__rint(kal__clamp(v, -KAL_MAX_SIDE, KAL_MAX_SIDE));
}

// ---- records ------------------------------------------------------------------------------------

// One number, one a colour channel, and perhaps an alpha, whatever the image has.
static kal_status check_colour(const char *op, const char *name, kal_list l, const kal_extent *e,
                               kal_error *err)
{
    return l.n == kal__colours(e) + 1 ? kal__check_range(op, name, l, e->type, err)
                                      : kal__check_color(op, name, l, e, true, err);
}

// Of shapes it is what is inside, of letters what is behind.
static const char *fill_name(const kal_op *op)
{
    for (size_t i = 0; i < op->n_params; i++)
        if (!strcmp(op->params[i].name, "background")) return "background";
    return "fill";
}

kal_status kal__draw_extent(const kal_call *c, kal_list color, kal_list fill, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_type(c->op->name, out, err);
    if (!st) st = check_colour(c->op->name, "color", color, out, err);
    return st ? st : check_colour(c->op->name, fill_name(c->op), fill, out, err);
}

static kal__drawing counted(const kal_call *c, kal__trace *trace)
{
    kal__drawing d = {.image = kal_rect_all(&c->extent)};
    trace(c, &d);
    return d;
}

// What could not be counted is more than there is: such a plan is refused.
#define UNKNOWN ((size_t)1 << 46)

static size_t bytes_of(const kal__drawing *d)
{
    if (d->err.status) return UNKNOWN;
    return sizeof *d + d->n_sides * sizeof *d->sides + d->n_shapes * sizeof *d->shapes;
}

static int32_t inks_of(const kal_extent *e, kal_list colors)
{
    return KAL__INKS + KAL__INKS * (colors.n / kal__colours(e));
}

size_t kal__draw_tables(const kal_call *c, kal__trace *trace, kal_list colors)
{
    const kal__drawing d = counted(c, trace);
    return bytes_of(&d) + (size_t)inks_of(&c->extent, colors) * sizeof *d.inks;
}

size_t kal__draw_scratch(const kal_call *c, kal__trace *trace, int32_t width)
{
    const kal__drawing d = counted(c, trace);
    return d.err.status ? UNKNOWN : ((size_t)width + 1) * sizeof(int64_t) + d.most * sizeof(int32_t);
}

kal_rect kal__draw_touches(const kal_call *c, kal__trace *trace)
{
    const kal__drawing d = counted(c, trace);
    return d.err.status ? d.image : d.bounds;
}

bool kal__draw_nothing(const kal_call *c, kal__trace *trace, kal_folded *to)
{
    if (c->in[0]->extent.model != KAL_MASK && kal_rect_empty(kal__draw_touches(c, trace)))
        to->same = c->in[0];
    return to->same != NULL;
}

// White unless said; a colour's own alpha counts with the opacity.
static void mix_paint(kal__draw_ink *k, kal_list color, double opacity, const kal_extent *e)
{
    const int32_t n = kal__colours(e);
    const double full = kal_type_max(e->type);
    for (int32_t i = 0; i < n; i++) {
        kal__set(k->pixel, e->type, (size_t)i, kal__per_channel(color, i, full));
        k->v[i] = kal__get(k->pixel, e->type, (size_t)i);
    }
    if (e->alpha) kal__set(k->pixel, e->type, (size_t)n, full);
    if (color.n > 1 && color.n == n + 1) opacity *= kal__clamp(color.v[n] / full, 0, 1);
    k->weight = (uint32_t)kal__rint(opacity * KAL__OPAQUE);
}

// Black on what is lighter than the middle, else white; of red, green and blue by their weights in luma.
static void mix_letters(kal__draw_ink *k, const kal__draw_ink *on, double opacity, const kal_extent *e)
{
    static const double black = 0;
    const double luma =
        kal__colours(e) == 3 ? 0.299 * on->v[0] + 0.587 * on->v[1] + 0.114 * on->v[2] : on->v[0];
    const kal_list color = {luma > kal_type_max(e->type) / 2 ? &black : NULL,
                            luma > kal_type_max(e->type) / 2};
    mix_paint(k, color, opacity, e);
}

static kal_status failed(const kal_call *c, const kal_error *why, kal_error *err)
{
    return kal_fail(err, why->status, "%s: %s", c->op->name, why->message);
}

static void mix_inks(kal__draw_ink *inks, const kal__colors *k, const kal_extent *e)
{
    mix_paint(&inks[KAL__OUTLINE], k->color, k->opacity, e);
    mix_paint(&inks[KAL__FILL], k->fill, k->opacity, e);
    mix_letters(&inks[KAL__LETTERS], &inks[KAL__OUTLINE], k->opacity, e);
}

kal_status kal__draw_prepare(const kal_call *c, kal__trace *trace, const kal__colors *k, void **state,
                             kal_error *err)
{
    const kal__drawing count = counted(c, trace);
    if (count.err.status) return failed(c, &count.err, err);
    const int32_t inks = inks_of(&c->extent, k->colors), each = kal__colours(&c->extent);
    kal__drawing *d = kal__new_zero(bytes_of(&count) + (size_t)inks * sizeof *d->inks, 1);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: out of memory for what is drawn", c->op->name);
    d->image = count.image;
    d->room_shapes = count.n_shapes;
    d->room_sides = count.n_sides;
    d->sides = (kal__draw_side *)(d + 1);
    d->inks = (kal__draw_ink *)(d->sides + count.n_sides);
    d->shapes = (kal__draw_shape *)(d->inks + inks);
    trace(c, d);
    if (d->err.status) {
        const kal_status st = failed(c, &d->err, err);
        free(d);
        return st;
    }
    mix_inks(d->inks, k, &c->extent);
    for (int32_t i = 1; i < inks / KAL__INKS; i++) {
        kal__colors own = *k;
        own.color = (kal_list){k->colors.v + (i - 1) * each, each};
        mix_inks(d->inks + i * KAL__INKS, &own, &c->extent);
    }
    *state = d;
    return KAL_OK;
}
