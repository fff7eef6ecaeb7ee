// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is drawn on an image: a list of shapes, made once from the parameters, of which a job paints those that touch it.
//
// A shape is a rectangle of whole pixels, a glyph, or an area between sides. An area's corners are rounded to 1/256 of a pixel, and so is where
// a side crosses the edge of a row or of a column; what a pixel is covered by is then summed up in whole numbers, full at 131072, so
// that neither the order of sides nor where a job begins can matter. (In a pixel in which sides cross it is a sum of what lies on either side,
// taken as a whole; only a polygon that crosses itself shows it, and there only.) With opacity o and the share a that a pixel is covered by,
//
//     w = round(round(o · 65535) · a)      out = round((base · (65535 − w) + colour · w) / 65535)
//
// in whole numbers, halves up; f32 has base + (colour − base) · (w / 65535) in doubles. Fully covered and opaque is the very colour. On an
// image with alpha the shape is laid over it as by composite. Shapes are laid one after the other.
//
// An op gives a function that traces its shapes. It is called twice: first only to count and to find the bounds, then to keep. It may fail.
#ifndef KAL_OPS_DRAWING_H
#define KAL_OPS_DRAWING_H

#include "channels.h"
#include "op.h"

/// LETTERS can be seen on OUTLINE: black or white. So many more follow for each of further colours.
enum { KAL__OUTLINE, KAL__FILL, KAL__LETTERS, KAL__INKS };

typedef struct kal__drawing kal__drawing;
typedef void kal__trace(const kal_call *c, kal__drawing *d);

// ---- for traces ---------------------------------------------------------------------------------

/// Whole pixels.
void kal__draw_rect(kal__drawing *d, int32_t ink, kal_rect r);
/// A glyph of the built-in font, `scale` pixels for each of its own.
void kal__draw_glyph(kal__drawing *d, int32_t ink, int32_t glyph, int32_t scale, int32_t x, int32_t y);
/// An area: sides follow until the end. odd: what is inside an odd number of outlines; else what any of them goes around.
void kal__area_begin(kal__drawing *d, int32_t ink, bool odd);
void kal__area_side(kal__drawing *d, double x0, double y0, double x1, double y1);
void kal__area_end(kal__drawing *d);
/// Into the area: a closed outline of n corners, `step` numbers apart.
void kal__area_outline(kal__drawing *d, const double *v, int32_t n, int32_t step);
/// A cubic curve through v[0], v[1] and v[6], v[7], towards the points between, as chords within 1/256 pixel.
void kal__area_curve(kal__drawing *d, const double v[8]);
/// A circle, the other way round when `hole`.
void kal__area_circle(kal__drawing *d, double x, double y, double radius, bool hole);
/// A line of some width through n corners with round joins and, unless closed, round ends. One corner is a disc.
void kal__area_stroke(kal__drawing *d, const double *v, int32_t n, int32_t step, bool closed, double width);

/// What follows is turned by a quarter, counter-clockwise about x, y, until the next call with `how` false.
void kal__draw_turned(kal__drawing *d, bool how, int32_t x, int32_t y);
/// The first cause is what the op fails with.
void kal__draw_failed(kal__drawing *d, const kal_error *err);

/// A coordinate as whole pixels, halves to even.
int32_t kal__draw_pixel(double v);

// ---- for records --------------------------------------------------------------------------------

/// The extent of the image drawn on; checks type and colours.
kal_status kal__draw_extent(const kal_call *c, kal_list color, kal_list fill, kal_extent *out,
                            kal_error *err);
/// What it is drawn with; `colors` are those that KAL__OUTLINE + KAL__INKS, + 2 KAL__INKS … stand for.
typedef struct kal__colors {
    kal_list color, fill, colors;
    double opacity;
} kal__colors;
size_t kal__draw_tables(const kal_call *c, kal__trace *trace, kal_list colors);
size_t kal__draw_scratch(const kal_call *c, kal__trace *trace, int32_t width);
kal_rect kal__draw_touches(const kal_call *c, kal__trace *trace);
kal_status kal__draw_prepare(const kal_call *c, kal__trace *trace, const kal__colors *k, void **state,
                             kal_error *err);
/// Input 0 with the shapes on it.
kal_status kal__draw_run(const kal_job *j);
/// One colour all over a rectangle of the output, which may stick out of the job.
void kal__draw_fill(const kal_job *j, kal_rect r, const void *pixel);
/// The shapes alone, on what the output holds.
void kal__draw_paint(const kal_job *j, const kal__drawing *d);
/// Nothing is drawn, and the image stays what it is.
bool kal__draw_nothing(const kal_call *c, kal__trace *trace, kal_folded *to);

/// The functions of an op whose parameters have `color` and `opacity`; NAME_trace stands before it.
#define KAL__DRAWN(NAME, FILL, COLORS)                                                \
    static size_t NAME##_tables(const kal_call *c)                                    \
    {                                                                                 \
        const kal_##NAME##_p *p = c->params;                                          \
        (void)p;                                                                      \
        return kal__draw_tables(c, NAME##_trace, COLORS);                             \
    }                                                                                 \
    static size_t NAME##_scratch(const kal_call *c, int32_t width, int32_t height)    \
    {                                                                                 \
        (void)height;                                                                 \
        return kal__draw_scratch(c, NAME##_trace, width);                             \
    }                                                                                 \
    static kal_rect NAME##_touches(const kal_call *c)                                 \
    {                                                                                 \
        return kal__draw_touches(c, NAME##_trace);                                    \
    }                                                                                 \
    static kal_status NAME##_prepare(const kal_call *c, void **state, kal_error *err) \
    {                                                                                 \
        const kal_##NAME##_p *p = c->params;                                          \
        const kal__colors k = {p->color, FILL, COLORS, p->opacity};                   \
        return kal__draw_prepare(c, NAME##_trace, &k, state, err);                    \
    }                                                                                 \
    static bool NAME##_fold(const kal_call *c, kal_folded *to, void *room)            \
    {                                                                                 \
        (void)room;                                                                   \
        return kal__draw_nothing(c, NAME##_trace, to);                                \
    }
#define KAL__NO_COLORS ((kal_list){NULL, 0})
/// The middle of its record.
#define KAL__DRAWN_RECORD(NAME)                                                                 \
    .version = 2, .flags = KAL_OP_IN_PLACE, .family = "drawing", .inputs = "image",             \
    KAL__PARAMS(NAME##_params, kal_##NAME##_p), .cost = 0.3f, .extent = NAME##_extent,          \
    .touches = NAME##_touches, .fold = NAME##_fold, .prepare = NAME##_prepare, .release = free, \
    .tables = NAME##_tables, .scratch = NAME##_scratch, .run = kal__draw_run

#endif
