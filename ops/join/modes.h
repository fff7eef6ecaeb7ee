// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What each mode of lay.h does, in doubles, some pixels at a time; the formulas are in lay.c.
#ifndef KAL_OPS_MODES_H
#define KAL_OPS_MODES_H

#include "lay.h"

enum { KAL__CHUNK = 128 };   // pixels at a time

/// One colour of them: image s and base b with their alphas a and c, over ao; the new colour in d.
typedef struct kal__chunk {
    double s[KAL__CHUNK], b[KAL__CHUNK], a[KAL__CHUNK], c[KAL__CHUNK], ao[KAL__CHUNK], d[KAL__CHUNK];
} kal__chunk;

typedef struct kal__mode {
    void (*alpha)(kal__chunk *k, size_t n);    ///< ao of a and c
    void (*colour)(kal__chunk *k, size_t n);   ///< d of all others, and of d when there is `rgb`
    bool opaque;                               ///< an opaque base stays opaque
    /// Of modes that look at red, green and blue together: B of the image's s and the base's b, which `colour` then mixes in.
    void (*rgb)(double (*s)[KAL__CHUNK], double (*b)[KAL__CHUNK], double (*d)[KAL__CHUNK], size_t n);
} kal__mode;

/// By kal_mode.
extern const kal__mode kal__modes[];

/// n opaque bytes on opaque bytes, opacity 1: the same bytes as in doubles. NULL for a mode that has no such loop.
typedef void kal__opaque_fn(uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n);
kal__opaque_fn *kal__opaque_u8(int32_t mode);

#endif
