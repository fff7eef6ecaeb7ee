// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The built-in font: every letter stands in a cell of 8 × 16 pixels, its base line below row 12. Latin-1, and a box for what it has not.
#ifndef KAL_OPS_FONT_H
#define KAL_OPS_FONT_H

#include <kal/op.h>

enum { KAL__FONT_WIDTH = 8, KAL__FONT_HEIGHT = 16, KAL__FONT_GLYPHS = 192 };

/// A byte for each row, the leftmost pixel in its highest bit.
extern const uint8_t kal__font[KAL__FONT_GLYPHS][KAL__FONT_HEIGHT];

/// The code of the next character of UTF-8 text, which is stepped over; U+FFFD for a byte that is none.
uint32_t kal__font_code(const char **text);
/// The glyph of the next character of UTF-8 text, which is stepped over; -1 for one that shows nothing.
int32_t kal__font_next(const char **text);

#endif
