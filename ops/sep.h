// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Separable filters with odd numbers of weights: columns first, then rows. Two paths, chosen by the kind of image alone:
//
//   u8 without alpha, non-negative weights that sum to one: 14-bit weights t with Σt = 16384,
//       v = (Σ t·x + 128) >> 8 (six extra bits),  out = (Σ t·v + 2^19) >> 20.  A flat image stays exactly as it is.
//   everything else: double sums in the order of the weights, colours multiplied by alpha first and divided after;
//       integers round half up and saturate.
#ifndef KAL_OPS_SEP_H
#define KAL_OPS_SEP_H

#include "op.h"

typedef struct kal__sep {
    int32_t rx, ry;         // weights on each side of the middle
    double *x, *y;          // 2r + 1 weights each
    int16_t *ix, *iy;       // the 14-bit ones; NULL: wide path only
    double scale, offset;   // out = sum · scale + offset, wide path
    kal_edge edge;
    double fill[KAL_MAX_CHANNELS];   // colour outside, premultiplied on the wide path
} kal__sep;

/// Copies the weights. `integers`: they are non-negative and sum to one, so the 14-bit path may be used.
kal_status kal__sep_new(const kal_call *c, const double *x, int32_t nx, const double *y, int32_t ny,
                        bool integers, kal_edge edge, kal_list color, kal__sep **out, kal_error *err);
void kal__sep_free(void *sep);
kal_rect kal__sep_need(const kal_call *c, int32_t rx, int32_t ry, kal_edge edge, kal_rect out);
size_t kal__sep_scratch(const kal_call *c, int32_t rx, int32_t width);
/// Filters one row of the output rect into `dst` (packed samples of the image's type).
void kal__sep_row(const kal__sep *s, const kal_call *c, const kal_tile *in, kal_rect out, int32_t y,
                  void *dst, void *scratch);
/// The whole job.
kal_status kal__sep_run(const kal__sep *s, const kal_job *j);

/// Gaussian weights for sigma: radius ceil(3·sigma), w(i) = exp(−i²/2σ²), normalised. Returns 2·radius + 1 weights (free), or NULL.
double *kal__gaussian_weights(double sigma, int32_t *radius);

#endif
