// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Text in the built-in font: several lines, several texts in one parameter, and where they come to stand.
#ifndef KAL_OPS_LETTERS_H
#define KAL_OPS_LETTERS_H

#include "drawing.h"
#include "font.h"

/// A piece of text, and how many letters wide and high it is.
typedef struct kal__letters {
    const char *text, *end;
    int32_t columns, lines;
} kal__letters;

/// Text i of those that '|' separates; false past the last.
bool kal__letters_at(const char *texts, int32_t i, kal__letters *out);
/// All of a text.
kal__letters kal__letters_of(const char *text);
/// How many there are; none in an empty text.
int32_t kal__letters_count(const char *texts);

/// Refuses what would be wider or higher than an image can be.
kal_status kal__check_letters(const char *op, const char *texts, int32_t scale, kal_error *err);

/// Pixels for each of the font's, for letters about `size` pixels tall.
static inline int32_t kal__letters_scale(int32_t size)
{
    const int32_t n = (size + KAL__FONT_HEIGHT / 2) / KAL__FONT_HEIGHT;
    return n > 0 ? n : 1;
}

static inline int32_t kal__letters_width(const kal__letters *t, int32_t scale)
{
    return t->columns * KAL__FONT_WIDTH * scale;
}

static inline int32_t kal__letters_height(const kal__letters *t, int32_t scale)
{
    return t->lines * KAL__FONT_HEIGHT * scale;
}

/// With its top left corner at x, y; align is 0 left, 1 centre, 2 right.
void kal__draw_letters(kal__drawing *d, int32_t ink, const kal__letters *t, int32_t scale, int32_t align,
                       int32_t x, int32_t y);

#endif
