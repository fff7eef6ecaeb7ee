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
void kal__digest_free(kal__digest **slot);
/// The same key of a picture that lies in memory, its rows `stride` bytes apart, by as many threads at most, when it is large enough. `to`: it is copied there
/// meanwhile, rows behind each other; NULL: it is not. false: out of memory.
bool kal__digest_picture(const kal_extent *e, const unsigned char *from, ptrdiff_t stride, unsigned char *to,
                         int32_t threads, kal_key *out);

#endif
