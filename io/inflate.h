// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Inflating a zlib stream piece by piece, and the check sums around it: by ISA-L when it was there at build time, else by zlib. Which
// of them it is changes no byte.
#ifndef KAL_IO_INFLATE_H
#define KAL_IO_INFLATE_H

#include <kal/base.h>

typedef struct kal__inflate kal__inflate;

typedef enum kal__inflated {
    KAL__INFLATE_OK,        ///< all input is used, or the place for output is full
    KAL__INFLATE_END,       ///< the stream is complete and its check sum right
    KAL__INFLATE_DAMAGED,   ///< this is no such stream
    KAL__INFLATE_NOMEM,
} kal__inflated;

/// NULL: out of memory. Free with kal__inflate_free.
kal__inflate *kal__inflate_new(void);
void kal__inflate_free(kal__inflate *z);
/// Bytes that one holds.
size_t kal__inflate_memory(void);
/// Goes on from *in to *out, and moves both.
kal__inflated kal__inflate_run(kal__inflate *z, const unsigned char **in, size_t *n_in, unsigned char **out,
                               size_t *n_out);

/// PNG's CRC, from 0.
uint32_t kal__crc32(uint32_t crc, const void *data, size_t n);

#endif
