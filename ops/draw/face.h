// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Letters of a TrueType or OpenType file: FreeType reads the outlines, HarfBuzz, where it is there, says which glyphs stand where (ligatures,
// kerning, joined letters, right to left). Both are loaded when the first file is opened. Nothing is scaled or hinted by them: all numbers are
// the font's own units, and the outlines become areas as any other, so that pixels hang on no setting of either library.
#ifndef KAL_OPS_FACE_H
#define KAL_OPS_FACE_H

#include "drawing.h"

/// A font opened for one thread; a library's faces are not for several.
typedef struct kal__face kal__face;

/// A glyph and where its origin lies, from the beginning of a line's base line: to the right, and up.
typedef struct kal__glyph {
    uint32_t id;
    double x, y;
} kal__glyph;

typedef struct kal__line {
    const kal__glyph *glyphs;   // until the next line
    size_t n;
    double advance;   // where the next letter would stand
} kal__line;

typedef struct kal__metrics {
    double units;          // in the size of the font: 1000, 2048
    double above, below;   // base line to the top, and to the bottom
    double line;           // from one base line to the next
} kal__metrics;

/// What pixels hang on beside the file: "freetype 2.12.1, harfbuzz 6.0.0"; NULL when FreeType cannot be had.
const char *kal__face_library(void);
/// `font` is a FILE parameter as `extent`, `prepare` and `run` see it.
kal_status kal__face_open(const char *font, kal__face **out, kal_error *err);
void kal__face_close(kal__face **face);
const kal__metrics *kal__face_metrics(const kal__face *face);

/// The glyphs of a line of UTF-8, without those that show nothing.
kal_status kal__face_line(kal__face *f, const char *text, const char *end, kal__line *out, kal_error *err);
/// How an outline is drawn: `scale` pixels for each unit, its origin at x, y.
typedef struct kal__place {
    double scale, x, y;
} kal__place;
/// Draws the outline as an area, unless `d` is NULL, and makes `box` (x0, y0, x1, y1) hold its corners, and those that only pull curves.
kal_status kal__face_draw(kal__face *f, uint32_t glyph, const kal__place *at, kal__drawing *d, int32_t ink,
                          double box[4], kal_error *err);

#endif
