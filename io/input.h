// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the decoders of our own read through: a buffer before a reader, and the sentences that name file, codec and byte.
#ifndef KAL_IO_INPUT_H
#define KAL_IO_INPUT_H

#include "bytes.h"
#include "codec.h"
#include "mem.h"

#define KAL__INPUT_BYTES ((size_t)64 << 10)

typedef struct kal__input {
    kal__reader *reader;
    const char *codec;   // for messages
    kal_error *err;      // of the call that is under way
    size_t at, n;        // in bytes
    unsigned char bytes[KAL__INPUT_BYTES];
} kal__input;

/// The place of the next byte in the file.
uint64_t kal__input_offset(const kal__input *in);
/// "FILE: CODEC: at byte N: what is wrong".
kal_status kal__input_fail(const kal__input *in, kal_status status, const char *fmt, ...) KAL_PRINTF(3, 4);
kal_status kal__input_corrupt(const kal__input *in, const char *what);
/// More input into the empty buffer; its status says whether there is any.
kal_status kal__input_fill(kal__input *in);
kal_status kal__input_take(kal__input *in, void *dst, size_t n);
kal_status kal__input_skip(kal__input *in, uint64_t n);
/// Sides within KAL_MAX_SIDE and the limit of pixels; before anything is allocated by them.
kal_status kal__input_sides(const kal__input *in, uint64_t width, uint64_t height, const kal_limits *limits);
/// The file may have become another one since its header was read; its rows must still fit.
kal_status kal__input_fits(const kal__input *in, const kal_extent *e, ptrdiff_t stride, int32_t n,
                           int32_t left);

/// A reader from front to back over one that is read at places. `base.position` may be set.
typedef struct kal__view {
    kal__reader base;
    kal__reader *of;
} kal__view;
kal__view kal__view_of(kal__reader *r);
/// Of an input whose reader is a view: goes to a place in the file.
void kal__input_seek(kal__input *in, uint64_t at);

static inline kal_status kal__input_next(kal__input *in, int *c)
{
    const kal_status st = in->at < in->n ? KAL_OK : kal__input_fill(in);
    if (!st) *c = in->bytes[in->at++];
    return st;
}

#endif
