// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The pictures of `sample`, each a function of the place.
#ifndef KAL_OPS_SCENE_H
#define KAL_OPS_SCENE_H

#include "op.h"

/// A landscape: what lies at (x, y) in heights of the picture, 0 at the top, as red, green, blue in 0..255.
void kal__scene(uint32_t seed, double wide, double x, double y, double rgb[3]);

/// Row y of the page of words into columns x0 .. x1 - 1 of dst, RGB.
enum { KAL__PAGE_COLUMNS = 132 };   // no line has more letters
void kal__page_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst);

/// The letters a..z that it is written in: rows of five dots, the leftmost in bit 4.
enum { KAL__LETTER_ROWS = 9 };
extern const uint8_t kal__letters[26][KAL__LETTER_ROWS];

#endif
