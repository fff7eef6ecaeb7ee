// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How one row lies on another, shared by composite and layers: every mode, straight alpha, an opacity. The formulas are in lay.c.
#ifndef KAL_OPS_LAY_H
#define KAL_OPS_LAY_H

#include "op.h"

/// What image i on base b gives, for opaque bytes: in the table, at 256 b + i, and, where it is that for all 65,536, the whole part of
/// i · top + b · rest + half in floats.
typedef struct kal__pairs {
    bool line;
    float top, rest, half;
    uint8_t table[65536];
} kal__pairs;

typedef struct kal__lay {
    int32_t mode;
    double opacity;
    kal_type type;
    size_t colours, step;   // image pixels are `step` samples apart; the base's are the colours and its alpha
    bool alpha, base_alpha;
    const kal__pairs *pairs;   // of opaque bytes, or NULL
} kal__lay;

/// Same sample type and colours; and an alpha channel in the base when the mode can make it transparent.
kal_status kal__check_lay(const char *op, int32_t mode, const kal_extent *image, const kal_extent *base,
                          kal_error *err);
kal__lay kal__lay_of(int32_t mode, double opacity, const kal_extent *image, const kal_extent *base);

/// The image simply replaces the base: `over` of what has no alpha.
static inline bool kal__lay_replaces(const kal__lay *l)
{
    return l->mode == KAL_MODE_OVER && l->opacity == 1 && !l->alpha && !l->base_alpha;
}

/// Whether `pairs` are faster than what there is, for a large picture.
bool kal__lay_wants_pairs(const kal__lay *l);
/// Fills them in.
void kal__lay_pairs(const kal__lay *l, kal__pairs *pairs);
/// Looks whether the table is a line, with this share of the image.
void kal__pairs_try_line(kal__pairs *p, double share);
/// n samples.
void kal__pairs_row(const kal__pairs *p, uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n);
/// Samples from which on pairs are worth the making.
enum { KAL__PAIRS_FROM = 8 * 65536 };

/// n pixels; dst is apart from both.
void kal__lay_row(const kal__lay *l, void *dst, const void *image, const void *base, size_t n);

#endif
