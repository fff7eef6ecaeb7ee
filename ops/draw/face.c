// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See face.h. Without HarfBuzz letters stand one after another, left to right, by their advances and the pairs of the font's `kern` table.
#include "face_parts.h"

#include "font.h"
#include "library.h"
#include "mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

bool kal__setting_add(kal__setting *s, uint32_t glyph, double x, double y)
{
    if (!kal__more(&s->glyphs, s->n_glyphs, &s->glyph_room, sizeof *s->glyphs)) return false;
    s->glyphs[s->n_glyphs++] = (kal__glyph){glyph, x, y};
    return true;
}

#if !defined(KAL_NO_FREETYPE) && __has_include(<ft2build.h>)
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#if defined(__APPLE__)
#define LIBRARY "libfreetype.6.dylib"
#else
#define LIBRARY "libfreetype.so.6"
#endif

#define FREETYPE(F)       \
    F(FT_Init_FreeType)   \
    F(FT_Done_FreeType)   \
    F(FT_Library_Version) \
    F(FT_New_Memory_Face) \
    F(FT_Done_Face)       \
    F(FT_Get_Char_Index)  \
    F(FT_Get_Kerning)     \
    F(FT_Load_Glyph)      \
    F(FT_Outline_Decompose)
static struct {
    FREETYPE(KAL__FUNCTION)
} ft;
static const char *const names[] = {FREETYPE(KAL__NAME)};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char version[80];

static void load(void)
{
    FT_Library library;
    FT_Int a, b, c;
    if (!kal__library(LIBRARY, names, KAL__COUNT(names), KAL__COUNT(names), &ft) ||
        ft.FT_Init_FreeType(&library))
        return;
    ft.FT_Library_Version(library, &a, &b, &c);
    ft.FT_Done_FreeType(library);
    const char *shaper = kal__shaper_version();
    snprintf(version, sizeof version, "freetype %d.%d.%d%s%.40s", a, b, c, shaper ? ", harfbuzz " : "",
             shaper ? shaper : "");
}

const char *kal__face_library(void)
{
    pthread_once(&once, load);
    return *version ? version : NULL;
}

// ---- a font -------------------------------------------------------------------------------------

struct kal__face {
    FT_Library library;
    FT_Face face;
    kal__shaper *shaper;   // NULL: none
    kal__metrics metrics;
    kal__setting line;
};

// Type 1, WOFF and bitmaps FreeType would take too; what is said of pixels and keys is about these.
static bool is_open_type(const unsigned char *p, size_t n)
{
    static const char *const tags[] = {"\0\1\0\0", "true", "OTTO", "ttcf"};
    for (size_t i = 0; i < KAL__COUNT(tags); i++)
        if (n > 12 && !memcmp(p, tags[i], 4)) return true;
    return false;
}

static kal_status open_face(kal__face *f, const char *font, kal_error *err)
{
    size_t n;
    const unsigned char *bytes = kal_file_bytes(font, &n);
    if (!is_open_type(bytes, n))
        return kal_fail(err, KAL_INVALID, "%s is no TrueType or OpenType font", font);
    if (ft.FT_Init_FreeType(&f->library))
        return f->library = NULL, kal_fail(err, KAL_NOMEM, "out of memory for a font");
    const FT_Error e = ft.FT_New_Memory_Face(f->library, bytes, (FT_Long)n, 0, &f->face);
    if (e == FT_Err_Out_Of_Memory) return kal_fail(err, KAL_NOMEM, "out of memory for a font");
    if (e) return kal_fail(err, KAL_CORRUPT, "%s is damaged: FreeType's error %d", font, e);
    const FT_Face t = f->face;
    if (!FT_IS_SFNT(t) || !FT_IS_SCALABLE(t) || FT_IS_TRICKY(t) || !t->units_per_EM)
        return kal_fail(err, KAL_INVALID, "%s has no outlines that can be drawn at any size", font);
    f->metrics = (kal__metrics){
        .units = t->units_per_EM, .above = t->ascender, .below = -(double)t->descender, .line = t->height};
    f->shaper = kal__shaper_new(bytes, n, t->units_per_EM);
    if (!f->shaper && kal__shaper_version()) return kal_fail(err, KAL_NOMEM, "out of memory for a font");
    return KAL_OK;
}

kal_status kal__face_open(const char *font, kal__face **out, kal_error *err)
{
    *out = NULL;
    if (!kal__face_library())
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: letters of a font need FreeType, and " LIBRARY " cannot be loaded", font);
    kal__face *f = kal__new_zero(1, sizeof *f);
    if (!f) return kal_fail(err, KAL_NOMEM, "out of memory for a font");
    const kal_status st = open_face(f, font, err);
    if (st) kal__face_close(&f);
    *out = f;
    return st;
}

void kal__face_close(kal__face **face)
{
    kal__face *f = *face;
    *face = NULL;
    if (!f) return;
    kal__shaper_free(f->shaper);
    if (f->face) ft.FT_Done_Face(f->face);
    if (f->library) ft.FT_Done_FreeType(f->library);
    free(f->line.codes);
    free(f->line.glyphs);
    free(f);
}

const kal__metrics *kal__face_metrics(const kal__face *face)
{
    return &face->metrics;
}

// ---- a glyph ------------------------------------------------------------------------------------

// FreeType closes outlines; each piece begins where the last one ended.
typedef struct pen {
    const kal__place *at;
    kal__drawing *d;   // NULL: only the box
    double *box;
    double x, y;
} pen;

static void to_pixels(const pen *p, const FT_Vector *v, double *x, double *y)
{
    *x = p->at->x + (double)v->x * p->at->scale;
    *y = p->at->y - (double)v->y * p->at->scale;
    if (*x < p->box[0]) p->box[0] = *x;
    if (*y < p->box[1]) p->box[1] = *y;
    if (*x > p->box[2]) p->box[2] = *x;
    if (*y > p->box[3]) p->box[3] = *y;
}

static int move_to(const FT_Vector *to, void *arg)
{
    pen *p = arg;
    to_pixels(p, to, &p->x, &p->y);
    return 0;
}

static int line_to(const FT_Vector *to, void *arg)
{
    pen *p = arg;
    const double x = p->x, y = p->y;
    to_pixels(p, to, &p->x, &p->y);
    if (p->d) kal__area_side(p->d, x, y, p->x, p->y);
    return 0;
}

static int cubic_to(const FT_Vector *a, const FT_Vector *b, const FT_Vector *to, void *arg)
{
    pen *p = arg;
    double v[8] = {p->x, p->y};
    to_pixels(p, a, &v[2], &v[3]);
    to_pixels(p, b, &v[4], &v[5]);
    to_pixels(p, to, &v[6], &v[7]);
    p->x = v[6], p->y = v[7];
    if (p->d) kal__area_curve(p->d, v);
    return 0;
}

// The same curve as one of the third order.
static int conic_to(const FT_Vector *a, const FT_Vector *to, void *arg)
{
    pen *p = arg;
    double v[8] = {p->x, p->y}, x, y;
    to_pixels(p, a, &x, &y);
    to_pixels(p, to, &v[6], &v[7]);
    v[2] = v[0] + (x - v[0]) * 2 / 3, v[3] = v[1] + (y - v[1]) * 2 / 3;
    v[4] = v[6] + (x - v[6]) * 2 / 3, v[5] = v[7] + (y - v[7]) * 2 / 3;
    p->x = v[6], p->y = v[7];
    if (p->d) kal__area_curve(p->d, v);
    return 0;
}

static kal_status load_glyph(const kal__face *f, uint32_t glyph, kal_error *err)
{
    const FT_Error e = ft.FT_Load_Glyph(f->face, glyph, FT_LOAD_NO_SCALE);
    if (e == FT_Err_Out_Of_Memory) return kal_fail(err, KAL_NOMEM, "out of memory for a letter");
    if (e || f->face->glyph->format != FT_GLYPH_FORMAT_OUTLINE)
        return kal_fail(err, KAL_CORRUPT,
                        "the font is damaged: its glyph %u cannot be read (FreeType's error %d)", glyph, e);
    return KAL_OK;
}

kal_status kal__face_draw(kal__face *f, uint32_t glyph, const kal__place *at, kal__drawing *d, int32_t ink,
                          double box[4], kal_error *err)
{
    static const FT_Outline_Funcs funcs = {move_to, line_to, conic_to, cubic_to, 0, 0};
    const kal_status st = load_glyph(f, glyph, err);
    if (st) return st;
    FT_Outline *outline = &f->face->glyph->outline;
    pen p = {.at = at, .d = d, .box = box};
    if (d) kal__area_begin(d, ink, outline->flags & FT_OUTLINE_EVEN_ODD_FILL);
    const FT_Error e = outline->n_contours ? ft.FT_Outline_Decompose(outline, &funcs, &p) : 0;
    if (d) kal__area_end(d);
    return e ? kal_fail(err, KAL_CORRUPT, "the font is damaged: its glyph %u is no outline", glyph) : KAL_OK;
}

// ---- a line -------------------------------------------------------------------------------------

static bool take_codes(kal__setting *line, const char *text, const char *end)
{
    const size_t most = (size_t)(end - text);
    line->n = line->n_glyphs = 0;
    line->advance = 0;
    if (most > line->room) {
        if (!kal__grow(&line->codes, most, sizeof *line->codes)) return false;
        line->room = most;
    }
    while (text < end) {
        const uint32_t code = kal__font_code(&text);
        if (code >= 32 && code != 127) line->codes[line->n++] = code;
    }
    return true;
}

static kal_status one_after_another(kal__face *f, kal_error *err)
{
    kal__setting *line = &f->line;
    FT_UInt before = 0;
    for (size_t i = 0; i < line->n; i++) {
        const FT_UInt glyph = ft.FT_Get_Char_Index(f->face, line->codes[i]);
        FT_Vector kern = {0, 0};
        if (before && glyph && FT_HAS_KERNING(f->face))
            ft.FT_Get_Kerning(f->face, before, glyph, FT_KERNING_UNSCALED, &kern);
        const kal_status st = load_glyph(f, glyph, err);
        if (st) return st;
        line->advance += (double)kern.x;
        if (!kal__setting_add(line, glyph, line->advance, 0))
            return kal_fail(err, KAL_NOMEM, "out of memory for a text");
        line->advance += (double)f->face->glyph->metrics.horiAdvance;
        before = glyph;
    }
    return KAL_OK;
}

kal_status kal__face_line(kal__face *f, const char *text, const char *end, kal__line *out, kal_error *err)
{
    if (!take_codes(&f->line, text, end)) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    const kal_status st = f->shaper ? kal__shape(f->shaper, &f->line, err) : one_after_another(f, err);
    *out = (kal__line){f->line.glyphs, f->line.n_glyphs, f->line.advance};
    return st;
}

#else

const char *kal__face_library(void)
{
    return NULL;
}

kal_status kal__face_open(const char *font, kal__face **out, kal_error *err)
{
    *out = NULL;
    return kal_fail(err, KAL_UNSUPPORTED,
                    "%s: letters of a font need FreeType, which was not there when this was built", font);
}

void kal__face_close(kal__face **face)
{
    *face = NULL;
}

const kal__metrics *kal__face_metrics(const kal__face *face)
{
    (void)face;
    return NULL;
}

kal_status kal__face_line(kal__face *f, const char *text, const char *end, kal__line *out, kal_error *err)
{
    (void)f, (void)text, (void)end, (void)out;
    return kal_fail(err, KAL_INTERNAL, "a line without a font");
}

kal_status kal__face_draw(kal__face *f, uint32_t glyph, const kal__place *at, kal__drawing *d, int32_t ink,
                          double box[4], kal_error *err)
{
    (void)f, (void)glyph, (void)at, (void)d, (void)ink, (void)box;
    return kal_fail(err, KAL_INTERNAL, "a glyph without a font");
}

#endif
