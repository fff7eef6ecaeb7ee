// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See face.h: HarfBuzz. A line is cut into runs of one script and one direction, which HarfBuzz turns into glyphs, and the runs are put in
// the order in which they are seen. Directions go by the rules of Unicode's bidirectional algorithm for what letters and numbers a line holds (W4 … W7,
// N1, N2, L2); marks that embed, override or isolate are ignored. Nothing is asked of the locale or the environment.
#include "face_parts.h"

#include "library.h"
#include "mem.h"

#include <pthread.h>
#include <stdlib.h>

#if !defined(KAL_NO_HARFBUZZ) && __has_include(<hb.h>)
#include <hb.h>

#if defined(__APPLE__)
#define LIBRARY "libharfbuzz.0.dylib"
#else
#define LIBRARY "libharfbuzz.so.0"
#endif

#define HARFBUZZ(F)                    \
    F(hb_version_string)               \
    F(hb_blob_create)                  \
    F(hb_blob_destroy)                 \
    F(hb_face_create)                  \
    F(hb_face_destroy)                 \
    F(hb_font_create)                  \
    F(hb_font_destroy)                 \
    F(hb_font_set_scale)               \
    F(hb_buffer_create)                \
    F(hb_buffer_destroy)               \
    F(hb_buffer_add_utf32)             \
    F(hb_buffer_allocation_successful) \
    F(hb_buffer_set_direction)         \
    F(hb_buffer_set_script)            \
    F(hb_buffer_get_glyph_infos)       \
    F(hb_buffer_get_glyph_positions)   \
    F(hb_shape_full)                   \
    F(hb_unicode_funcs_get_default)    \
    F(hb_unicode_script)               \
    F(hb_unicode_general_category)     \
    F(hb_script_get_horizontal_direction)
static struct {
    HARFBUZZ(KAL__FUNCTION)
} hb;
static const char *const names[] = {HARFBUZZ(KAL__NAME)};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool usable;

static void load(void)
{
    usable = kal__library(LIBRARY, names, KAL__COUNT(names), KAL__COUNT(names), &hb);
}

const char *kal__shaper_version(void)
{
    pthread_once(&once, load);
    return usable ? hb.hb_version_string() : NULL;
}

// What cannot be made for want of memory is an empty thing of HarfBuzz's own, which gives no glyphs.
kal__shaper *kal__shaper_new(const void *bytes, size_t size, int32_t units)
{
    if (!kal__shaper_version()) return NULL;
    hb_blob_t *blob = hb.hb_blob_create(bytes, (unsigned)size, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *face = hb.hb_face_create(blob, 0);
    hb_font_t *font = hb.hb_font_create(face);
    hb.hb_font_set_scale(font, units, units);
    hb.hb_face_destroy(face);
    hb.hb_blob_destroy(blob);
    return (kal__shaper *)(void *)font;
}

void kal__shaper_free(kal__shaper *s)
{
    if (s) hb.hb_font_destroy((hb_font_t *)(void *)s);
}

// ---- directions ---------------------------------------------------------------------------------

typedef enum sort { LEFT, RIGHT, NUMBER, BESIDE_NUMBER, BETWEEN_NUMBERS, MARK, NEUTRAL } sort;

typedef struct letter {
    hb_script_t script;
    uint8_t sort, level;   // odd levels go to the left
} letter;

static bool is_one_of(uint32_t code, const uint32_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (code == list[i]) return true;
    return false;
}

static letter look_at(uint32_t code)
{
    static const uint32_t beside[] = {'#', '$', '%', 0xb0, 0xb1},
                          between[] = {'+', '-', ',', '.', '/', ':', 0xa0};
    hb_unicode_funcs_t *u = hb.hb_unicode_funcs_get_default();
    const hb_unicode_general_category_t kind = hb.hb_unicode_general_category(u, code);
    const hb_script_t script = hb.hb_unicode_script(u, code);
    sort s = NEUTRAL;
    if (kind == HB_UNICODE_GENERAL_CATEGORY_DECIMAL_NUMBER)
        s = NUMBER;
    else if (script == HB_SCRIPT_INHERITED)
        s = MARK;
    else if (kind == HB_UNICODE_GENERAL_CATEGORY_CURRENCY_SYMBOL ||
             is_one_of(code, beside, KAL__COUNT(beside)))
        s = BESIDE_NUMBER;
    else if (is_one_of(code, between, KAL__COUNT(between)))
        s = BETWEEN_NUMBERS;
    else if (script != HB_SCRIPT_COMMON && script != HB_SCRIPT_UNKNOWN)
        s = hb.hb_script_get_horizontal_direction(script) == HB_DIRECTION_RTL ? RIGHT : LEFT;
    return (letter){script, (uint8_t)s, 0};
}

// W: what belongs to a number becomes one, and a number after letters to the right is as they are.
static void settle_numbers(letter *l, size_t n, sort around)
{
    for (size_t i = 0; i < n; i++)
        if (l[i].sort == MARK) l[i].sort = i ? l[i - 1].sort : NEUTRAL;
    for (size_t i = 1; i + 1 < n; i++)
        if (l[i].sort == BETWEEN_NUMBERS && l[i - 1].sort == NUMBER && l[i + 1].sort == NUMBER)
            l[i].sort = NUMBER;
    for (size_t i = 1; i < n; i++)
        if (l[i].sort == BESIDE_NUMBER && l[i - 1].sort == NUMBER) l[i].sort = NUMBER;
    for (size_t i = n; i-- > 1;)
        if (l[i - 1].sort == BESIDE_NUMBER && l[i].sort == NUMBER) l[i - 1].sort = NUMBER;
    sort strong = around;
    for (size_t i = 0; i < n; i++) {
        if (l[i].sort > NUMBER) l[i].sort = NEUTRAL;
        if (l[i].sort == NUMBER && strong == LEFT) l[i].sort = LEFT;
        if (l[i].sort <= RIGHT) strong = l[i].sort;
    }
}

// N: what is neutral goes with its neighbours when both go one way (a number as RIGHT), else with the line.
static void settle_neutrals(letter *l, size_t n, sort around)
{
    for (size_t i = 0, to; i < n; i = to) {
        to = i + 1;
        if (l[i].sort != NEUTRAL) continue;
        while (to < n && l[to].sort == NEUTRAL) to++;
        const sort left = i ? l[i - 1].sort : around, right = to < n ? l[to].sort : around;
        const bool same = (left == LEFT) == (right == LEFT);
        for (size_t k = i; k < to; k++) l[k].sort = (uint8_t)(!same ? around : left == LEFT ? LEFT : RIGHT);
    }
}

static void settle_levels(letter *l, size_t n)
{
    sort around = LEFT;
    for (size_t i = 0; i < n; i++)
        if (l[i].sort <= RIGHT) {
            around = l[i].sort;
            break;
        }
    settle_numbers(l, n, around);
    settle_neutrals(l, n, around);
    for (size_t i = 0; i < n; i++)
        l[i].level = l[i].sort == RIGHT ? 1 : l[i].sort == NUMBER || around == RIGHT ? 2 : 0;
}

// A mark or a stop is of the script before it; the first ones of the first script there is.
static void settle_scripts(letter *l, size_t n)
{
    hb_script_t script = HB_SCRIPT_COMMON;
    for (size_t i = n; i-- > 0;)
        if (l[i].script != HB_SCRIPT_COMMON && l[i].script != HB_SCRIPT_INHERITED) script = l[i].script;
    for (size_t i = 0; i < n; i++)
        if (l[i].script == HB_SCRIPT_COMMON || l[i].script == HB_SCRIPT_INHERITED)
            l[i].script = script;
        else
            script = l[i].script;
}

// ---- runs ---------------------------------------------------------------------------------------

typedef struct run {
    size_t from, to;
    uint8_t level;
} run;

static size_t cut(const letter *l, size_t n, run *runs)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (i && l[i].level == l[i - 1].level && l[i].script == l[i - 1].script)
            runs[m - 1].to = i + 1;
        else
            runs[m++] = (run){i, i + 1, l[i].level};
    }
    return m;
}

static void reverse(run *a, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const run r = a[i];
        a[i] = a[n - 1 - i], a[n - 1 - i] = r;
    }
}

// L2: from the highest level down, what is on it or above is turned round.
static void put_in_order(run *runs, size_t m)
{
    for (uint8_t level = 2; level >= 1; level--)
        for (size_t i = 0, to; i < m; i = to) {
            to = i + 1;
            if (runs[i].level < level) continue;
            while (to < m && runs[to].level >= level) to++;
            reverse(runs + i, to - i);
        }
}

static kal_status shape_run(hb_font_t *font, hb_buffer_t *b, kal__setting *line, const run *r,
                            hb_script_t script, kal_error *err)
{
    static const char *const shapers[] = {"ot", NULL};   // else the environment could choose
    hb.hb_buffer_add_utf32(b, line->codes, (int)line->n, (unsigned)r->from, (int)(r->to - r->from));
    hb.hb_buffer_set_direction(b, r->level & 1 ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb.hb_buffer_set_script(b, script);
    if (!hb.hb_buffer_allocation_successful(b) || !hb.hb_shape_full(font, b, NULL, 0, shapers) ||
        !hb.hb_buffer_allocation_successful(b))
        return kal_fail(err, KAL_NOMEM, "HarfBuzz gave up on a text");
    unsigned n, m;
    const hb_glyph_info_t *info = hb.hb_buffer_get_glyph_infos(b, &n);
    const hb_glyph_position_t *at = hb.hb_buffer_get_glyph_positions(b, &m);
    for (unsigned i = 0; i < n && i < m; i++) {
        if (!kal__setting_add(line, info[i].codepoint, line->advance + at[i].x_offset, at[i].y_offset))
            return kal_fail(err, KAL_NOMEM, "out of memory for a text");
        line->advance += at[i].x_advance;
    }
    return KAL_OK;
}

static kal_status shape_runs(const kal__shaper *s, kal__setting *line, letter *letters, run *runs,
                             kal_error *err)
{
    for (size_t i = 0; i < line->n; i++) letters[i] = look_at(line->codes[i]);
    settle_levels(letters, line->n);
    settle_scripts(letters, line->n);
    const size_t m = cut(letters, line->n, runs);
    put_in_order(runs, m);
    kal_status st = KAL_OK;
    for (size_t i = 0; i < m && !st; i++) {
        hb_buffer_t *b = hb.hb_buffer_create();
        st = shape_run((hb_font_t *)(uintptr_t)s, b, line, &runs[i], letters[runs[i].from].script, err);
        hb.hb_buffer_destroy(b);
    }
    return st;
}

kal_status kal__shape(const kal__shaper *s, kal__setting *line, kal_error *err)
{
    if (!line->n) return KAL_OK;
    letter *letters = kal__new(line->n, sizeof *letters);
    run *runs = kal__new(line->n, sizeof *runs);
    const kal_status st = letters && runs && line->n < INT32_MAX
                              ? shape_runs(s, line, letters, runs, err)
                              : kal_fail(err, KAL_NOMEM, "out of memory for a text");
    free(letters);
    free(runs);
    return st;
}

#else

const char *kal__shaper_version(void)
{
    return NULL;
}

kal__shaper *kal__shaper_new(const void *bytes, size_t size, int32_t units)
{
    (void)bytes, (void)size, (void)units;
    return NULL;
}

void kal__shaper_free(kal__shaper *s)
{
    (void)s;
}

kal_status kal__shape(const kal__shaper *s, kal__setting *line, kal_error *err)
{
    (void)s, (void)line;
    return kal_fail(err, KAL_INTERNAL, "a text without HarfBuzz");
}

#endif
