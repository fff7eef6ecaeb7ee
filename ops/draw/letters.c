// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See letters.h.
#include "letters.h"

// Columns of the line that begins at `at`, which is moved behind it.
static int32_t columns_of(const char **at, const char *end)
{
    int32_t n = 0;
    while (*at < end && **at != '\n') n += kal__font_next(at) >= 0;
    if (*at < end) ++*at;
    return n;
}

static kal__letters measure(const char *text, const char *end)
{
    kal__letters t = {text, end, 0, 0};
    for (const char *at = text; at < end;) {
        const int32_t n = columns_of(&at, end);
        if (n > t.columns) t.columns = n;
        t.lines++;
    }
    return t;
}

kal__letters kal__letters_of(const char *text)
{
    return measure(text, text + strlen(text));
}

bool kal__letters_at(const char *texts, int32_t i, kal__letters *out)
{
    for (;; i--) {
        const char *end = texts + strcspn(texts, "|");
        if (!i) return *out = measure(texts, end), true;
        if (!*end) return false;
        texts = end + 1;
    }
}

int32_t kal__letters_count(const char *texts)
{
    int32_t n = *texts != 0;
    for (; *texts; texts++) n += *texts == '|';
    return n;
}

kal_status kal__check_letters(const char *op, const char *texts, int32_t scale, kal_error *err)
{
    kal__letters t;
    for (int32_t i = 0; kal__letters_at(texts, i, &t); i++)
        if ((int64_t)t.columns * KAL__FONT_WIDTH * scale > KAL_MAX_SIDE ||
            (int64_t)t.lines * KAL__FONT_HEIGHT * scale > KAL_MAX_SIDE)
            return kal_fail(err, KAL_INVALID, "%s: %d letters in %d lines are too large a text", op,
                            t.columns, t.lines);
    return KAL_OK;
}

void kal__draw_letters(kal__drawing *d, int32_t ink, const kal__letters *t, int32_t scale, int32_t align,
                       int32_t x, int32_t y)
{
    for (const char *at = t->text; at < t->end; y += KAL__FONT_HEIGHT * scale) {
        const char *line = at;
        const int32_t n = columns_of(&at, t->end);
        int32_t to = x + (t->columns - n) * KAL__FONT_WIDTH * scale * align / 2;
        while (line < at && *line != '\n') {
            const int32_t glyph = kal__font_next(&line);
            if (glyph < 0) continue;
            if (glyph) kal__draw_glyph(d, ink, glyph, scale, to, y);   // 0 is a blank
            to += KAL__FONT_WIDTH * scale;
        }
    }
}
