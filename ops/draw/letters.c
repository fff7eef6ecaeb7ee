// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See letters.h.
#include "letters.h"
#include "fmath.h"

// ---- what letters are written in ----------------------------------------------------------------

static int32_t scale_of(int32_t size)
{
    const int32_t n = (size + KAL__FONT_HEIGHT / 2) / KAL__FONT_HEIGHT;
    return n > 0 ? n : 1;
}

int32_t kal__type_size(const char *font, int32_t size)
{
    return *font ? size : scale_of(size) * KAL__FONT_HEIGHT;
}

const char *kal__font_library(const char *font)
{
    return *font ? kal__face_library() : NULL;
}

// Pixels of a height in the font's units, upwards. (A damaged font may say anything.)
static int32_t height_of(double units, double size)
{
    return (int32_t)kal__ceil(kal__clamp(units * size, 0, KAL_MAX_SIDE));
}

void kal__type_open(kal__type *t, const char *font, int32_t size)
{
    *t = (kal__type){.err.status = KAL_OK};
    if (!*font) {
        t->scale = scale_of(size);
        t->line = t->above = KAL__FONT_HEIGHT * t->scale;
        return;
    }
    if (kal__face_open(font, &t->face, &t->err)) return;
    const kal__metrics *m = kal__face_metrics(t->face);
    t->size = size / m->units;
    t->above = height_of(m->above, t->size);
    t->below = height_of(m->below, t->size);
    t->line = (int32_t)kal__rint(kal__clamp(m->line * t->size, 0, KAL_MAX_SIDE));
    if (t->line < t->above + t->below) t->line = t->above + t->below;
}

void kal__type_close(kal__type *t)
{
    kal__face_close(&t->face);
}

// ---- lines --------------------------------------------------------------------------------------

// What a line takes, and what overhangs.
typedef struct line {
    int32_t width, left, right;
    kal__line set;   // in a face
} line;

static const char *end_of_line(const char *at, const char *end)
{
    while (at < end && *at != '\n') at++;
    return at;
}

// Nothing of a font may reach farther than images do, so that places in it can be added.
static bool far_away(const double box[4], double advance)
{
    return !(box[0] > -KAL_MAX_SIDE && box[1] > -KAL_MAX_SIDE && box[2] < KAL_MAX_SIDE &&
             box[3] < KAL_MAX_SIDE && advance > -KAL_MAX_SIDE && advance < KAL_MAX_SIDE);
}

static line line_of_face(kal__type *t, const char *at, const char *end)
{
    line l = {0};
    double box[4] = {0, 0, 0, 0};
    kal_status st = t->err.status ? t->err.status : kal__face_line(t->face, at, end, &l.set, &t->err);
    for (size_t i = 0; i < l.set.n && !st; i++) {
        const kal__glyph *g = &l.set.glyphs[i];
        const kal__place place = {t->size, g->x * t->size, -g->y * t->size};
        st = kal__face_draw(t->face, g->id, &place, NULL, 0, box, &t->err);
    }
    const double advance = l.set.advance * t->size;
    if (!st && far_away(box, advance)) kal_fail(&t->err, KAL_INVALID, "the text is too large");
    if (t->err.status) return (line){0};
    l.width = advance > 0 ? (int32_t)kal__ceil(advance) : 0;
    l.left = (int32_t)kal__ceil(-box[0]);
    l.right = box[2] > l.width ? (int32_t)kal__ceil(box[2]) - l.width : 0;
    return l;
}

static line line_of(kal__type *t, const char *at, const char *end)
{
    if (!t->scale) return line_of_face(t, at, end);
    int64_t n = 0;
    while (at < end) n += kal__font_next(&at) >= 0;
    n *= KAL__FONT_WIDTH * t->scale;
    if (n > KAL_MAX_SIDE) kal_fail(&t->err, KAL_INVALID, "the text is too large");
    return (line){.width = n > KAL_MAX_SIDE ? 0 : (int32_t)n};
}

static kal__letters measure(kal__type *t, const char *text, const char *end)
{
    kal__letters l = {.text = text, .end = end};
    int64_t lines = 0;
    for (const char *at = text, *to; at < end; at = to + (to < end)) {
        to = end_of_line(at, end);
        const line one = line_of(t, at, to);
        if (one.width > l.width) l.width = one.width;
        if (one.left > l.left) l.left = one.left;
        if (one.right > l.right) l.right = one.right;
        lines++;
    }
    const int64_t height = lines ? t->above + t->below + (lines - 1) * t->line : 0;
    if (height > KAL_MAX_SIDE) kal_fail(&t->err, KAL_INVALID, "the text is too large");
    l.height = height > KAL_MAX_SIDE ? 0 : (int32_t)height;
    return l;
}

kal__letters kal__letters_of(kal__type *t, const char *text)
{
    return measure(t, text, text + strlen(text));
}

bool kal__letters_at(kal__type *t, const char *texts, int32_t i, kal__letters *out)
{
    for (;; i--) {
        const char *end = texts + strcspn(texts, "|");
        if (!i) return *out = measure(t, texts, end), true;
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

kal_status kal__check_letters(const char *op, const char *font, int32_t size, const char *texts,
                              kal_error *err)
{
    kal__type t;
    kal__letters l;
    kal__type_open(&t, font, size);
    for (int32_t i = 0; !t.err.status && kal__letters_at(&t, texts, i, &l); i++) {}
    kal__type_close(&t);
    return t.err.status ? kal_fail(err, t.err.status, "%s: %s", op, t.err.message) : KAL_OK;
}

// ---- drawing ------------------------------------------------------------------------------------

static void draw_line(kal__drawing *d, int32_t ink, kal__type *t, const char *at, const char *end, int32_t x,
                      int32_t y)
{
    const line l = line_of(t, at, end);
    double box[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < l.set.n && !t->err.status; i++) {
        const kal__glyph *g = &l.set.glyphs[i];
        const kal__place place = {t->size, x + g->x * t->size, y + t->above - g->y * t->size};
        kal__face_draw(t->face, g->id, &place, d, ink, box, &t->err);
    }
    while (t->scale && at < end) {
        const int32_t glyph = kal__font_next(&at);
        if (glyph < 0) continue;
        if (glyph) kal__draw_glyph(d, ink, glyph, t->scale, x, y);   // 0 is a blank
        x += KAL__FONT_WIDTH * t->scale;
    }
}

void kal__draw_letters(kal__drawing *d, int32_t ink, kal__type *t, const kal__letters *l, int32_t align,
                       int32_t x, int32_t y)
{
    for (const char *at = l->text, *to; at < l->end; at = to + (to < l->end), y += t->line) {
        to = end_of_line(at, l->end);
        draw_line(d, ink, t, at, to, x + (l->width - line_of(t, at, to).width) * align / 2, y);
    }
}

void kal__draw_type(kal__drawing *d, kal__type *t, const char *font, int32_t size)
{
    kal__type_open(t, font, size);
    if (t->err.status) kal__draw_failed(d, &t->err);
}

void kal__draw_type_end(kal__drawing *d, kal__type *t)
{
    if (t->err.status) kal__draw_failed(d, &t->err);
    kal__type_close(t);
}
