// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Colour spaces: what goes between RGB and three other numbers. f32 holds those numbers as they are; u8 holds them as
// number · scale + offset, rounded half up and saturated, a hue of half a turn's 180 steps and more beginning again at 0.
#ifndef KAL_OPS_SPACE_H
#define KAL_OPS_SPACE_H

#include "cpu.h"
#include "planes.h"

typedef struct kal__space {
    /// Between RGB on 0..max and the numbers; those that are parts of a whole go from 0 to max, too.
    void (*turn)(double *a, double *b, double *c, size_t n, double max);
    kal__bytes_fn *bytes;   ///< u8 to u8 without the way through doubles, or NULL
    double scale[3], offset[3];
    int8_t hue;      ///< the channel that is an angle, or -1
    bool from;       ///< from the numbers to RGB
    bool any_type;   ///< u16 can hold them, too
} kal__space;

/// The middle of a record whose `user` is a kal__space.
kal_status kal__space_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err);
kal_status kal__space_run(const kal_job *j);

/// How many turns an angle is beyond whole ones, 0..1; 0 for what is no number or too many turns to tell.
KAL__INLINE double kal__turn(double degrees)
{
    const double whole = 6755399441055744.0;   // 1.5 · 2^52: a sum with it has no room for a fraction
    double q = degrees / 360;
    q = q > -1e6 ? q : 0;
    q = q < 1e6 ? q : 0;
    const double part = q - ((q + whole) - whole);
    return part < 0 ? part + 1 : part;
}

/// A loop over bytes, as `bytes` has it. Quotients are whole numbers below 2^24 over whole numbers and rounded half up by adding half the
/// divisor. Divided in floats they are right: one that is not whole is further from the next number than floats round. So are products with
/// an inverse when another half of the least step is added, which takes whole ones away from the edge.
#define KAL__BYTES(name) KAL__VARIANTS(name, (uint8_t * a, uint8_t * b, uint8_t * c, size_t n), (a, b, c, n))

#define KAL__SPACE_OP(NAME, VERSION, SPACE, COST, HELP) \
    const kal_op kal__op_##NAME = {                     \
        .name = #NAME,                                  \
        .version = VERSION,                             \
        .family = "colour spaces",                      \
        .help = HELP,                                   \
        .inputs = "image",                              \
        .params_size = sizeof(kal_##NAME##_p),          \
        .flags = KAL_OP_POINTWISE,                      \
        .cost = COST,                                   \
        .extent = kal__space_extent,                    \
        .run = kal__space_run,                          \
        .user = (void *)(uintptr_t)&SPACE,              \
        .samples = KAL__SAMPLES(""),                    \
    }

#endif
