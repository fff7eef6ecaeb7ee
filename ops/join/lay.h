// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How one row lies on another, shared by composite and layers: every mode, straight alpha, an opacity. The formulas are in lay.c.
#ifndef KAL_OPS_LAY_H
#define KAL_OPS_LAY_H

#include "op.h"

typedef struct kal__lay {
    int32_t mode;
    double opacity;
    kal_type type;
    size_t colours, step;   // image pixels are `step` samples apart; the base's are the colours and its alpha
    bool alpha, base_alpha;
    const uint8_t *pairs;   // of opaque bytes, or NULL: what image i on base b gives, at 256 b + i
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

/// Whether `pairs` are faster than what there is, for a large picture; and 65,536 of them.
enum { KAL__PAIRS = 65536 };
bool kal__lay_wants_pairs(const kal__lay *l);
void kal__lay_pairs(const kal__lay *l, uint8_t *pairs);

/// n pixels; dst is apart from both.
void kal__lay_row(const kal__lay *l, void *dst, const void *image, const void *base, size_t n);

#endif
