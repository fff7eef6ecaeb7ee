// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What ops without an input share: the kind of image they make, and colours said in 255ths. There is no image whose unit a colour
// could be in, and a word is a colour of 8 bits: so 255 is full scale for every type.
#ifndef KAL_OPS_CANVAS_H
#define KAL_OPS_CANVAS_H

#include "op.h"

/// An image of 1..4 channels: the second and the fourth are alpha.
static inline kal_extent kal__canvas(int32_t width, int32_t height, int32_t channels, int32_t type)
{
    return (kal_extent){
        width, height, channels, (kal_type)type, channels > 2 ? KAL_RGB : KAL_GRAY, channels % 2 == 0};
}

#define KAL__CANVAS_CHANNELS 4   // at most

/// Channels that colours need: as many as the longest has numbers. Of more than there may be kal__check_colour tells.
static inline int32_t kal__channels_for(kal_list a, kal_list b)
{
    const int32_t n = a.n > b.n ? a.n : b.n;
    return n < 1 ? 1 : n > KAL__CANVAS_CHANNELS ? KAL__CANVAS_CHANNELS : n;
}

/// Refuses a colour of more than one number that is not of `channels`, nor of as many without alpha.
static inline kal_status kal__check_colour(const char *op, const char *name, kal_list l, int32_t channels,
                                           kal_error *err)
{
    if (l.n <= 1 || l.n == channels || (channels % 2 == 0 && l.n == channels - 1)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %s has %d numbers, and the result %d channel%s", op, name, l.n,
                    channels, channels == 1 ? "" : "s");
}

/// The colour as samples: one number is a gray, `none` what an unset one is; opaque unless alpha is given.
static inline void kal__canvas_colour(kal_list l, double none, const kal_extent *e,
                                      double out[KAL__CANVAS_CHANNELS])
{
    const int32_t colours = kal__colours(e);
    const double max = kal_type_max(e->type);
    for (int32_t k = 0; k < e->channels; k++) {
        const double v = k >= colours ? (l.n > colours ? l.v[k] : 255) : kal__per_channel(l, k, none);
        out[k] = v * max / 255;
    }
}

#endif
