// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Separable filters with odd numbers of weights: columns first, then rows. Two paths, chosen by the kind of image alone:
//
//   u8 without alpha, symmetric non-negative weights that sum to one: integers t with Σt = 2^(14+b), each within 1 of its weight,
//       v = (Σ t·x + 2^(7+b)) >> (8+b) (six extra bits),  out = (Σ t·v + 2^(19+b)) >> (20+b).  A flat image stays exactly as it
//       is. b is the most that keeps all t < 2^15, at most 3: a gaussian's is 3 from sigma 1.6 on.
//   everything else: double sums in the order of the weights, colours multiplied by alpha first and divided after;
//       integers round half up and saturate.
#ifndef KAL_OPS_SEP_H
#define KAL_OPS_SEP_H

#include "op.h"

typedef struct kal__sep {
    int32_t rx, ry;           // weights on each side of the middle
    double *x, *y;            // 2r + 1 weights each
    int32_t *at;              // how many samples on the horizontal ones lie
    bool narrow;              // the u8 path, with
    int16_t *ix, *iy;         // the integers from the middle outwards: radius + 1, and a zero
    int32_t bits_x, bits_y;   // b of each
    double scale, offset;     // out = sum · scale + offset, wide path
    kal_edge edge;
    double fill[KAL_MAX_CHANNELS];   // colour outside, premultiplied on the wide path
} kal__sep;

/// Copies the weights. `integers`: they are symmetric, non-negative and sum to one, so the integer path may be used.
kal_status kal__sep_new(const kal_call *c, const double *x, int32_t nx, const double *y, int32_t ny,
                        bool integers, kal_edge edge, kal_list color, kal__sep **out, kal_error *err);
/// As an op's state, of kal__gaussian_weights both ways.
kal_status kal__sep_gaussian(const kal_call *c, double sigma, kal_edge edge, kal_list color, void **state,
                             kal_error *err);
void kal__sep_free(void *sep);
kal_rect kal__sep_need(const kal_call *c, int32_t rx, int32_t ry, kal_edge edge, kal_rect out);
/// Whether the u8 path will be taken.
bool kal__sep_narrow(const kal_call *c, bool integers);
size_t kal__sep_scratch(const kal_call *c, bool integers, int32_t rx, int32_t ry, int32_t width);

/// Called when row y of the job's output has been filtered, to go on with it in place.
typedef void kal__sep_after(const kal_job *j, int32_t y);
/// The whole job, seen as `c`, with scratch of that size. `after` may be NULL.
void kal__sep_run(const kal__sep *s, const kal_call *c, const kal_job *j, kal__sep_after *after);

/// Gaussian weights for sigma: radius ceil(3·sigma), w(i) = exp(−i²/2σ²), normalised. Returns 2·radius + 1 weights (free), or NULL.
double *kal__gaussian_weights(double sigma, int32_t *radius);

#endif
