// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG's five filters over rows of bytes. `up` is the row above, zeros above the first. Every instruction set gives the same bytes.
#ifndef KAL_IO_PNG_FILTER_H
#define KAL_IO_PNG_FILTER_H

#include <kal/base.h>

enum { KAL__PNG_NONE, KAL__PNG_SUB, KAL__PNG_UP, KAL__PNG_AVERAGE, KAL__PNG_PAETH, KAL__PNG_FILTERS };

/// Undoes a filter on n bytes, pixels of `bpp` bytes; `out` may be `in`. Up to 3 bytes behind `in` and `up` are read (not used).
void kal__png_unfilter(int filter, size_t bpp, unsigned char *out, const unsigned char *in,
                       const unsigned char *up, size_t n);
/// Undoes Paeth on two rows, the second one right below the first: for pixels of 3 and 4 bytes faster than one after the other.
void kal__png_unfilter_paeth2(size_t bpp, unsigned char *const out[2], const unsigned char *const in[2],
                              const unsigned char *up, size_t n);

/// Filters n bytes of `in` and gives the sum of the results' distances from 0, as signed bytes.
uint64_t kal__png_filter(int filter, size_t bpp, unsigned char *out, const unsigned char *in,
                         const unsigned char *up, size_t n);

#endif
