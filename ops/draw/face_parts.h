// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What face.c (FreeType) and shape.c (HarfBuzz) share.
#ifndef KAL_OPS_FACE_PARTS_H
#define KAL_OPS_FACE_PARTS_H

#include "face.h"

/// A line as numbers, and the glyphs that it becomes; both grow.
typedef struct kal__setting {
    uint32_t *codes;
    size_t n, room;
    kal__glyph *glyphs;
    size_t n_glyphs, glyph_room;
    double advance;
} kal__setting;

/// false: out of memory.
bool kal__setting_add(kal__setting *s, uint32_t glyph, double x, double y);

typedef struct kal__shaper kal__shaper;
/// "6.0.0"; NULL: HarfBuzz cannot be had.
const char *kal__shaper_version(void);
/// NULL: there is none, or memory is out. The bytes must outlive it.
kal__shaper *kal__shaper_new(const void *bytes, size_t size, int32_t units);
void kal__shaper_free(kal__shaper *s);
/// Glyphs for the codes of a line, in the order in which they stand.
kal_status kal__shape(const kal__shaper *s, kal__setting *line, kal_error *err);

#endif
