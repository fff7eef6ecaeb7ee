// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What each mode of lay.h does, in doubles or in floats, some pixels at a time; the formulas are in lay.c.
#ifndef KAL_OPS_MODES_H
#define KAL_OPS_MODES_H

#include "lay.h"

enum { KAL__CHUNK = 128 };   // pixels at a time

// chunk: one colour of them: image s and base b with their alphas a and c, over ao; the new colour in d.
// mode:
//   alpha    ao of a and c
//   colour   d of all others, and of d when there is `rgb`
//   opaque   an opaque base stays opaque
//   rgb      of modes that look at red, green and blue together: B of the image's s and the base's b, which `colour` then mixes in
#define KAL__MODES_IN(REAL, chunk, mode, modes)                                                         \
    typedef struct chunk {                                                                              \
        REAL s[KAL__CHUNK], b[KAL__CHUNK], a[KAL__CHUNK], c[KAL__CHUNK], ao[KAL__CHUNK], d[KAL__CHUNK]; \
    } chunk;                                                                                            \
    typedef struct mode {                                                                               \
        void (*alpha)(chunk * k, size_t n);                                                             \
        void (*colour)(chunk * k, size_t n);                                                            \
        bool opaque;                                                                                    \
        void (*rgb)(REAL(*s)[KAL__CHUNK], REAL (*b)[KAL__CHUNK], REAL (*d)[KAL__CHUNK], size_t n);      \
    } mode;                                                                                             \
    extern const mode modes[];   // by kal_mode
KAL__MODES_IN(double, kal__chunk, kal__mode, kal__modes)
KAL__MODES_IN(float, kal__near_chunk, kal__near_mode, kal__near_modes)

/// n pixels in doubles: any samples, any mode.
void kal__lay_in_doubles(const kal__lay *l, void *dst, const void *image, const void *base, size_t n);

/// The same bytes in floats, where those can: with up to three colours.
bool kal__lay_can_near(const kal__lay *l);
void kal__lay_near(const kal__lay *l, uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n);

/// n opaque bytes on opaque bytes, opacity 1: the same bytes as in doubles. NULL for a mode that has no such loop.
typedef void kal__opaque_fn(uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n);
kal__opaque_fn *kal__opaque_u8(int32_t mode);

#endif
