// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (bmp.c) and writing (bmp_write.c) of BMP share.
#ifndef KAL_IO_BMP_H
#define KAL_IO_BMP_H

#include "bytes.h"
#include "codec.h"
#include "mem.h"

#define KAL__BMP_FILE 14   // bytes of the head before the one that tells its own size
enum { KAL__BMP_CORE = 12, KAL__BMP_INFO = 40, KAL__BMP_RGB = 52, KAL__BMP_RGBA = 56, KAL__BMP_V5 = 124 };
enum { KAL__BMP_PLAIN, KAL__BMP_RLE8, KAL__BMP_RLE4, KAL__BMP_FIELDS, KAL__BMP_ALPHA_FIELDS = 6 };
#define KAL__BMP_EMBEDDED 0x4d424544   // "MBED": the colour space is a profile in the file
#define KAL__BMP_SRGB 0x73524742

#define KAL__BMP_PARAMS(P) \
    P(BOOL, bottom_up, false, 0, 0, "", "the last row first, as very old readers want it; held as a whole")
typedef struct kal__bmp_p {
    size_t size;
    KAL__BMP_PARAMS(KAL_FIELD)
} kal__bmp_p;
kal_status kal__bmp_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err);
kal_status kal__bmp_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__bmp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__bmp_end(kal__encoder *e, kal_error *err);

#endif
