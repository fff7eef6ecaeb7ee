// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Text: what it is written in, several lines, several texts in one parameter, how large each is and where it comes to stand.
//
// In the built-in font a letter stands in a cell of 8 × 16 pixels, times a whole number. In a font from a file a line's base line lies on a
// whole pixel below the font's ascender, its first letter begins on one, the others at fractions, and it is as wide as where the next letter
// would stand, rounded up. Letters may overhang that on either side.
#ifndef KAL_OPS_LETTERS_H
#define KAL_OPS_LETTERS_H

#include "face.h"
#include "font.h"

/// What the file parameter `font` and the number `font_size` amount to. Becomes failed and stays so: ask at the end.
typedef struct kal__type {
    int32_t scale;   // pixels for each of the built-in font's; 0: a file's
    double size;     // pixels for each of the face's units
    kal__face *face;
    int32_t above, line, below;   // pixels: over the base line, from one to the next, and below
    kal_error err;
} kal__type;

/// The canonical font_size: in the built-in font letters are 16 pixels tall, or a multiple of that.
int32_t kal__type_size(const char *font, int32_t size);
/// What a call with this font hangs on: `library` of its record.
const char *kal__font_library(const char *font);
void kal__type_open(kal__type *t, const char *font, int32_t size);
void kal__type_close(kal__type *t);

/// A piece of text and its size in pixels; nothing to see has no width. What overhangs at the sides reaches no farther than `left` and `right`.
typedef struct kal__letters {
    const char *text, *end;
    int32_t width, height, left, right;
} kal__letters;

/// Text i of those that '|' separates; false past the last.
bool kal__letters_at(kal__type *t, const char *texts, int32_t i, kal__letters *out);
/// All of a text.
kal__letters kal__letters_of(kal__type *t, const char *text);
/// How many there are; none in an empty text.
int32_t kal__letters_count(const char *texts);

/// Refuses what cannot be written in the font, and what would be wider or higher than an image can be.
kal_status kal__check_letters(const char *op, const char *font, int32_t size, const char *texts,
                              kal_error *err);

/// With its top left corner at x, y; align is 0 left, 1 centre, 2 right.
void kal__draw_letters(kal__drawing *d, int32_t ink, kal__type *t, const kal__letters *l, int32_t align,
                       int32_t x, int32_t y);

/// What a trace opens and closes: what fails in between fails the drawing.
void kal__draw_type(kal__drawing *d, kal__type *t, const char *font, int32_t size);
void kal__draw_type_end(kal__drawing *d, kal__type *t);

#endif
