// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// OpenEXR: read by a library (exr.c), written by a page of our own (exr_write.c).
#ifndef KAL_IO_EXR_H
#define KAL_IO_EXR_H

#include "codec.h"

enum { KAL__EXR_FLOAT, KAL__EXR_HALF };
enum { KAL__EXR_ZIP, KAL__EXR_NONE };

#define KAL__EXR_PARAMS(P)                                                                                 \
    P(CHOICE, type, KAL__EXR_FLOAT, 0, 0, "float|half", "of samples; half has 11 bits, and 65504 at most") \
    P(CHOICE, compression, KAL__EXR_ZIP, 0, 0, "zip|none", "of 16 rows each; neither loses anything")      \
    P(INT, level, 6, 1, 9, "", "1..9, of zip: smaller files in more time")
typedef struct kal__exr_p {
    size_t size;
    KAL__EXR_PARAMS(KAL_FIELD)
} kal__exr_p;

kal_status kal__exr_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err);
kal_status kal__exr_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
void kal__exr_pieces(const kal_extent *e, const void *params, kal__pieces *out);
kal_status kal__exr_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                         kal_error *err);
kal_status kal__exr_join(kal__encoder *c, const kal__piece *piece, kal_error *err);
kal_status kal__exr_end(kal__encoder *c, kal_error *err);

#endif
