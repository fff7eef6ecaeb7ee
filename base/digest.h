// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The content key of a picture whose rows come one after another: of its samples and extent, and of nothing else. Specified in docs/keys.md.
#ifndef KAL_DIGEST_H
#define KAL_DIGEST_H

#include <kal/op.h>

#define KAL__LEAF 256   // rows and columns of a leaf

typedef struct kal__digest kal__digest;

/// Bytes that it holds.
size_t kal__digest_memory(const kal_extent *e);
/// Of the whole of a picture. *out is set with its last row. NULL: out of memory.
kal__digest *kal__digest_new(const kal_extent *e, kal_key *out);
void kal__digest_row(kal__digest *d, const unsigned char *row);
/// The next n of them, `stride` bytes apart. Of a picture that lies in memory leaves are taken at once where they may be.
void kal__digest_rows(kal__digest *d, const unsigned char *rows, ptrdiff_t stride, int32_t n);
void kal__digest_free(kal__digest **slot);

#endif
