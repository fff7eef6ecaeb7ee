// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (jpeg.c) and writing (jpeg_write.c) share: how the library's errors become ours.
#ifndef KAL_IO_JPEG_H
#define KAL_IO_JPEG_H

#include "codec.h"
#include "mem.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

/// The library's error manager with ours behind it. Every call into the library arms `where` first.
typedef struct kal__jpeg_fail {
    struct jpeg_error_mgr mgr;   // first
    jmp_buf where;
    kal_error *err;
    kal_status status;
    const char *name;
    const uint64_t *offset;   // of the reader; NULL when writing
    const struct jpeg_source_mgr *src;
} kal__jpeg_fail;
void kal__jpeg_fail_init(kal__jpeg_fail *f, kal_error *err, const char *name);

#define KAL__JPEG_PARAMS(P)                                                                           \
    P(INT, quality, 85, 1, 100, "", "1..100; 75 is small, 90 is hard to tell from the original")      \
    P(CHOICE, subsampling, 0, 0, 0, "420|422|444", "resolution of colour")                            \
    P(BOOL, progressive, false, 0, 0, "", "several passes: smaller, slower, needs the whole picture") \
    P(BOOL, optimize, false, 0, 0, "", "best Huffman tables: smaller, slower")                        \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP and ICC")
typedef struct kal__jpeg_p {
    size_t size;
    KAL__JPEG_PARAMS(KAL_FIELD)
} kal__jpeg_p;
kal_status kal__jpeg_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__jpeg_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__jpeg_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err);
void kal__jpeg_pieces(const kal_extent *x, const void *params, kal__pieces *out);
kal_status kal__jpeg_pack(const kal__encoder *e, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err);
kal_status kal__jpeg_join(kal__encoder *e, const kal__piece *piece, kal_error *err);
kal_status kal__jpeg_end(kal__encoder *e, kal_error *err);

#endif
