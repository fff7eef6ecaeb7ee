// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pages of an animated PNG, beside the decoder of its first picture.
#ifndef KAL_IO_APNG_H
#define KAL_IO_APNG_H

#include "png.h"

typedef struct kal__apng kal__apng;

/// acTL and fcTL before the first picture. Damaged ones are passed over. false: out of memory.
bool kal__apng_chunk(kal__decoder *d, const unsigned char *name, const unsigned char *data, size_t n);
/// An fcTL behind it, while what stands there is looked at.
void kal__apng_seen(kal__decoder *d, const unsigned char *data);
/// What the header of a page says in place of the first picture's. It looks behind the pixels, unless somebody has done so.
kal_status kal__apng_header(kal__decoder *d, const kal__ask *ask, kal__header *h, kal__meta *m);
/// Bytes that pages behind the first hold, beside what decoding one picture does.
size_t kal__apng_memory(const kal__decoder *d, const kal_extent *e);

/// What stands before the pixels has been read.
void kal__apng_begin(kal__decoder *d, const kal_extent *e);
/// Before libpng is told how rows are wanted.
kal_status kal__apng_open(kal__decoder *d);
/// Rows of the first picture, which are given away.
void kal__apng_keep(kal__decoder *d, const unsigned char *rows, ptrdiff_t stride, int32_t n);
kal_status kal__apng_next(kal__decoder *d, kal_error *err);
/// Which page it stands at.
int32_t kal__apng_page(const kal__decoder *d);
kal_extent kal__apng_extent(const kal__decoder *d);
double kal__apng_delay(const kal__decoder *d);
kal_status kal__apng_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err);
kal_status kal__apng_end(kal__decoder *d);
void kal__apng_free(kal__apng *a);

#endif
