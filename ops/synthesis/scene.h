// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The pictures of `sample`, each a function of the place.
#ifndef KAL_OPS_SCENE_H
#define KAL_OPS_SCENE_H

#include "op.h"

/// A landscape: what lies at (x, y) in heights of the picture, 0 at the top, as red, green, blue in 0..255.
void kal__scene(uint32_t seed, double wide, double x, double y, double rgb[3]);

/// Bytes that a row of the text page wants, and the page's row y into columns x0 .. x1 - 1 of dst, RGB.
enum { KAL__PAGE_COLUMNS = 132 };
void kal__page_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst);

#endif
