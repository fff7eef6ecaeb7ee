// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The strips and tiles of one directory of a TIFF, decoded by any number of workers, each with a handle of its own.
#ifndef KAL_TIFF_BLOCKS_H
#define KAL_TIFF_BLOCKS_H

#include "tiff.h"

#include <pthread.h>

#if KAL__TIFF

#define KAL__TIFF_HANDLE_BYTES ((size_t)96 << 10)   // measured: what the library holds beside blocks

/// A handle, and room for a block.
typedef struct kal__tiff_slot {
    struct kal__tiff_slot *next;
    kal__tiff_file file;
    int64_t holds;   // the block that lies in `block`, -1: none
    unsigned char block[];
} kal__tiff_slot;

typedef struct kal__tiff_blocks {
    kal__reader *reader;
    uint64_t file_bytes;   // that the library may take at once
    kal__tiff_head head;
    pthread_mutex_t lock;   // of `free`
    kal__tiff_slot *free;   // workers take and give them back
} kal__tiff_blocks;

/// The pixels of a part. `stride` in bytes. Threads: any number at once.
kal_status kal__tiff_read_part(const kal__tiff_blocks *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                               kal_error *err);
/// Frees the handles that are free, which are all when nobody reads.
void kal__tiff_blocks_end(kal__tiff_blocks *d);

kal_status kal__tiff_slot_new(const kal__tiff_blocks *d, kal__tiff_slot **out, kal_error *err);
void kal__tiff_slot_free(kal__tiff_slot *s);
/// What a slot has room for.
size_t kal__tiff_block_bytes(const kal__tiff_head *h);
/// Neither a place nor bytes: a block that nobody wrote.
bool kal__tiff_is_missing(kal__tiff_file *f, uint32_t index);
/// After all planes: n rows of colours that were multiplied by alpha are divided again, if they were.
void kal__tiff_straighten(const kal__tiff_head *h, unsigned char *dst, ptrdiff_t stride, int32_t width,
                          int32_t n);

#endif
#endif
