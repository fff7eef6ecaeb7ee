// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A part of an image brought to another size inside of an op, by the very kernel of resize: for ops that do it many times.
#ifndef KAL_OPS_PART_H
#define KAL_OPS_PART_H

#include "box.h"

/// A resize of an image that is no node. Points into itself: it must stay where it was made.
typedef struct kal__part {
    kal_resize_p params;
    kal_call from, to;
    const kal_call *in[1];
    bool same;     // nothing to resize
    void *state;   // of resize, when it was prepared
} kal__part;

/// Images of the kind of `e`, of width × height pixels and of those that it is resized to.
kal_status kal__part_make(kal__part *p, const kal_extent *e, int32_t width, int32_t height, int32_t to_width,
                          int32_t to_height, int32_t kernel, kal_error *err);
kal_status kal__part_prepare(kal__part *p, kal_error *err);
void kal__part_release(kal__part *p);
size_t kal__part_tables(const kal__part *p);
size_t kal__part_scratch(const kal__part *p, int32_t width, int32_t height);
/// What of the image `out` of the resized one needs.
kal_rect kal__part_need(const kal__part *p, kal_rect out);
/// Fills `out`, from a tile in the image's coordinates that has what it needs.
kal_status kal__part_run(const kal__part *p, const kal_tile *in, const kal_tile *out, void *scratch,
                         kal_error *err);

/// The parts of a call, one for each box: the state of an op that goes by them, and what its record asks about it.
typedef struct kal__parts {
    int32_t n;
    kal__part parts[];
} kal__parts;
typedef kal_status kal__part_fn(const kal_call *c, int32_t i, kal__part *p, kal_error *err);

kal_status kal__parts_prepare(const kal_call *c, int32_t n, kal__part_fn *part_of, void **state,
                              kal_error *err);
void kal__parts_release(void *state);
size_t kal__parts_tables(const kal_call *c, int32_t n, kal__part_fn *part_of);
/// Of the part that wants the most.
size_t kal__parts_scratch(const kal_call *c, int32_t n, kal__part_fn *part_of, int32_t width, int32_t height);

/// The part of a tile that is `r`, in coordinates moved by dx, dy.
kal_tile kal__tile_part(const kal_tile *t, kal_rect r, int32_t dx, int32_t dy);

/// Box i in whole pixels, and a refusal of lists that are empty or reach out of width × height.
kal_rect kal__whole_box(kal_list boxes, int32_t i);
kal_status kal__check_inside(const char *op, kal_list boxes, int32_t width, int32_t height, kal_error *err);

#endif
