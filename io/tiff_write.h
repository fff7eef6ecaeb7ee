// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Between the two files that write TIFF: blocks (tiff_write.c), and what tells of them (tiff_directories.c).
#ifndef KAL_TIFF_WRITE_H
#define KAL_TIFF_WRITE_H

#include "exif.h"
#include "pyramid.h"
#include "tiff.h"

#if KAL__TIFF

/// A level, and where its blocks lie.
typedef struct kal__tiff_written {
    kal__tiff_form form;
    uint64_t *offsets;
    uint32_t *sizes;
    uint32_t n;   // blocks written
} kal__tiff_written;

typedef struct kal__tiff_picture {
    struct kal__tiff_picture *next;
    kal__meta *meta;
    kal__exif_parts exif;   // at the end
    kal__directory geo;     // with its values in exif
    kal__tiff_p p;
    int n_levels;
    kal__tiff_written levels[KAL__MOST_LEVELS];
    kal__pyramid pyramid;   // rows of the first level come to it where they come in order
} kal__tiff_picture;

struct kal__encoder {
    kal__writer *writer;
    bool big, open;   // whether it is big is open until the end: the head has room for either
    uint64_t start;   // of the file in the writer
    kal__tiff_picture *first, **last, *now;   // directories are written at the end
};

/// The head of a file, whose directories are not known yet.
kal_status kal__tiff_put_head(kal__encoder *c, kal_error *err);
/// What all pictures' directories point at, and these, to which the head then points.
kal_status kal__tiff_put_directories(kal__encoder *c, kal_error *err);
/// INVALID: it needs 64-bit offsets.
kal_status kal__tiff_too_large(kal_error *err);

#endif
#endif
