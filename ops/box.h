// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the ops on boxes, points and sizes share. They have no image among their inputs: what they work on are list parameters, literal or
// computed, and what they give is a value.
//
// A box is half open, x0 <= x < x1, in pixels; an empty one is refused wherever it comes from. Edges may be fractions: what scales keeps
// them. Where whole pixels are wanted, here or in a crop, each edge is rounded once, halves to even, and a size is a difference of
// rounded edges; so a box and its neighbour still meet.
#ifndef KAL_OPS_BOX_H
#define KAL_OPS_BOX_H

#include "fmath.h"
#include "mem.h"
#include "op.h"

typedef struct kal__box {
    double x0, y0, x1, y1;
} kal__box;

typedef struct kal__point {
    double x, y;
} kal__point;

static inline const kal__box *kal__boxes_of(kal_list l)
{
    return (const kal__box *)(const void *)l.v;
}

static inline int32_t kal__n_boxes(kal_list l)
{
    return l.n / 4;
}

static inline const kal__point *kal__points_of(kal_list l)
{
    return (const kal__point *)(const void *)l.v;
}

static inline int32_t kal__n_points(kal_list l)
{
    return l.n / 2;
}

static inline bool kal__box_empty(kal__box b)
{
    return !(b.x0 < b.x1 && b.y0 < b.y1);
}

static inline kal__box kal__box_round(kal__box b)
{
    return (kal__box){kal__rint(b.x0), kal__rint(b.y0), kal__rint(b.x1), kal__rint(b.y1)};
}

static inline double kal__least(double a, double b)
{
    return a < b ? a : b;
}

static inline double kal__most(double a, double b)
{
    return a > b ? a : b;
}

static inline kal__box kal__box_join(kal__box a, kal__box b)
{
    return (kal__box){kal__least(a.x0, b.x0), kal__least(a.y0, b.y0), kal__most(a.x1, b.x1),
                      kal__most(a.y1, b.y1)};
}

/// May be empty.
static inline kal__box kal__box_common(kal__box a, kal__box b)
{
    return (kal__box){kal__most(a.x0, b.x0), kal__most(a.y0, b.y0), kal__least(a.x1, b.x1),
                      kal__least(a.y1, b.y1)};
}

static inline double kal__box_area(kal__box b)
{
    return kal__box_empty(b) ? 0 : (b.x1 - b.x0) * (b.y1 - b.y0);
}

/// Refuses box i (counted from 0) when it is empty.
kal_status kal__check_box(const char *op, int32_t i, kal__box b, kal_error *err);
/// Refuses what is not rows of four numbers, and empty boxes.
kal_status kal__check_boxes(const char *op, const char *name, kal_list l, kal_error *err);
/// Refuses what is not pairs of numbers.
kal_status kal__check_points(const char *op, const char *name, kal_list l, kal_error *err);
/// Refuses what is not one pair of numbers above 0.
kal_status kal__check_size(const char *op, const char *name, kal_list l, kal_error *err);

/// Room for n boxes or points; NULL: out of memory. Fewer may be kept by lowering out->rows.
kal__box *kal__new_boxes(kal_value *out, int32_t n);
kal__point *kal__new_points(kal_value *out, int32_t n);

/// Pixels, or parts of a picture's width and height.
enum { KAL__PIXEL, KAL__NORMALISED };

/// Refuses normalised coordinates without the size they are parts of.
kal_status kal__check_unit(const char *op, int32_t unit, int32_t width, int32_t height, kal_error *err);

/// A second factor that was left out is the first one.
static inline void kal__settle_second(double x, double *y)
{
    if (*y == KAL_AUTO) *y = x;
}

/// The record of an op on values alone: NAME_params, NAME_check and NAME_end stand before it. `about` is its help.
#define KAL__ON_VALUES(NAME, gives, about, ...)                                               \
    static const kal_measure NAME##_measure = {.kind = KAL_VALUE_##gives, .end = NAME##_end}; \
    const kal_op kal__op_##NAME = {                                                           \
        .name = #NAME,                                                                        \
        .version = 1,                                                                         \
        .family = "boxes",                                                                    \
        .help = about,                                                                        \
        .inputs = "",                                                                         \
        KAL__PARAMS(NAME##_params, kal_##NAME##_p),                                           \
        .cost = 0.1f,                                                                         \
        .extent = NAME##_check,                                                               \
        .measure = &NAME##_measure,                                                           \
        .samples = KAL__SAMPLES(__VA_ARGS__),                                                 \
    }

#endif
