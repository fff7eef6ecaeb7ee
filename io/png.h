// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (png.c) and writing (png_write.c) share: how the library's errors and memory become ours.
#ifndef KAL_IO_PNG_H
#define KAL_IO_PNG_H

#include "codec.h"
#include "mem.h"

#include <setjmp.h>

#include <png.h>

#define KAL__XMP_KEY "XML:com.adobe.xmp"

/// Handed to libpng as error and memory pointer. Every call into it arms `where` first.
typedef struct kal__png_fail {
    jmp_buf where;
    kal_error *err;
    kal_status status;
    bool starved;                // memory ran out: what goes wrong now comes of it
    const kal__reader *reader;   // NULL when writing
    char damaged[5];             // the last chunk whose CRC was wrong
    size_t ahead;                // bytes taken from the reader and not yet used
} kal__png_fail;

/// Ends the call that armed `where`, with the text as a sentence about the place.
_Noreturn void kal__png_fail_with(kal__png_fail *f, const char *text);
void kal__png_on_error(png_structp png, png_const_charp text);
void kal__png_on_warning(png_structp png, png_const_charp text);
png_voidp kal__png_malloc(png_structp png, png_alloc_size_t n);
void kal__png_free(png_structp png, png_voidp p);
/// Are samples of two bytes the other way round than in the file, which is big-endian?
bool kal__png_swapped(void);

#define KAL__PNG_PARAMS(P)                                                                   \
    P(INT, compression, 6, 0, 9, "", "0 stores, 1 is fast, 9 is small; pixels are the same") \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP and ICC")
typedef struct kal__png_p {
    size_t size;
    KAL__PNG_PARAMS(KAL_FIELD)
} kal__png_p;
kal_status kal__png_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__png_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__png_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__png_end(kal__encoder *e, kal_error *err);

#endif
