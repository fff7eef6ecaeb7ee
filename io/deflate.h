// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Deflating pieces of a stream independently of each other, for filtered picture rows. Plain C: the bytes are the same everywhere.
#ifndef KAL_IO_DEFLATE_H
#define KAL_IO_DEFLATE_H

#include <kal/base.h>

#define KAL__DEFLATE_WINDOW 32768
#define KAL__DEFLATE_NEAR 3

/// Bytes that n bytes become at most.
size_t kal__deflate_bound(size_t n);
/// Bytes held while one piece is deflated, beside input and output.
size_t kal__deflate_memory(int level);
/// Deflates data[dict] … data[dict + n - 1], which may refer to the `dict` bytes before them. The result ends at a byte; a decoder goes on
/// with the next piece there, or, when this one is `last`, is at the end. `near`: distances always looked at (a byte, a pixel, a row), rising;
/// 0: none. level: 0 (stored) … 9. How many bytes; 0: out of memory. Threads: any.
size_t kal__deflate(const unsigned char *data, size_t dict, size_t n, const unsigned near[KAL__DEFLATE_NEAR],
                    int level, bool last, unsigned char *out);

#endif
