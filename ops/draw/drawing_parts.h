// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a drawing is made of: drawing.c fills it, drawing_outline.c adds sides, drawing_paint.c lays it on pixels.
#ifndef KAL_OPS_DRAWING_PARTS_H
#define KAL_OPS_DRAWING_PARTS_H

#include "drawing.h"

#define KAL__OPAQUE 65535   // of a paint's weight

// From an upper to a lower end in 1/256 pixels; `way` is +1 when it was drawn downwards.
typedef struct kal__draw_side {
    double x0, y0, x1, y1;
    int32_t row0, row1;   // rows it touches
    int32_t way;
} kal__draw_side;

typedef struct kal__draw_shape {
    kal_rect at;   // pixels it may touch
    size_t first, n;
    int32_t glyph, scale;   // -1: none
    int32_t ink;
    bool odd, turned;
} kal__draw_shape;

typedef struct kal__draw_ink {
    double v[KAL_MAX_CHANNELS];
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    uint32_t weight;
} kal__draw_ink;

struct kal__drawing {
    kal__draw_shape *shapes;   // NULL while counting
    kal__draw_side *sides;
    size_t n_shapes, n_sides, most;   // most sides of a shape
    kal_rect image, bounds;
    double x0, x1, y0, y1;   // of the open area
    size_t first;
    int32_t ink_now;
    bool odd, turned;
    int32_t turn_x, turn_y;
    size_t room_shapes, room_sides;   // what there is memory for
    kal_error err;
    kal__draw_ink *inks;
};

#endif
