// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What metrics share: which two pictures go together, and their rows as planes of floats.
#ifndef KAL_OPS_METRIC_H_
#define KAL_OPS_METRIC_H_

#include "op.h"

/// Two pictures of one size; kinds of samples may differ.
kal_status kal__metric_check(const char *op, const kal_call *c, kal_error *err);
/// And both gray or in colour, with or without alpha, with sides of at least `side`.
kal_status kal__metric_sides(const kal_call *c, int32_t side, kal_error *err);
/// A record's `extent`: such, with sides of at least 8.
kal_status kal__metric_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err);

/// What gray pictures lie over, in turn: where the reference lets something through over dark and over light, and the worse counts; what only the
/// other lets through over the middle. How many there are.
int kal__metric_backgrounds(const kal_call *c, float under[2]);

/// A row as samples on 0..1, clamped: red, green and blue (of gray three times the same), and alpha where there is one (else plane[3] is not
/// touched and may be NULL).
void kal__metric_samples(const kal_extent *e, const unsigned char *row, size_t n, float *const plane[4]);

/// A row as luma less a half, 0.299 R + 0.587 G + 0.114 B - 0.5 of samples, which with alpha lie over gray of `under`; room is for a row of four planes.
void kal__metric_luma(const kal_extent *e, const unsigned char *row, size_t n, float under, float *room,
                      float *luma);

/// sRGB samples to light: a table for whole numbers.
typedef struct kal__metric_light {
    float u8[256];
    float *u16;   // NULL: nobody asked
} kal__metric_light;
/// A record's `tables`, `prepare` and `release` for such a table.
size_t kal__metric_tables(const kal_call *c);
kal_status kal__metric_prepare(const kal_call *c, void **state, kal_error *err);
void kal__metric_release(void *state);
/// A row as linear red, green and blue on 0..1. With alpha the samples (not the light) lie over gray of `under`; room is for a row of
/// four planes.
void kal__metric_linear(const kal__metric_light *t, const kal_extent *e, const unsigned char *row, size_t n,
                        float under, float *room, float *const plane[3]);
/// As light with alpha multiplied in, and alpha in plane[3] where there is one.
void kal__metric_multiplied(const kal__metric_light *t, const kal_extent *e, const unsigned char *row,
                            size_t n, float *room, float *const plane[4]);

#endif
