// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Channels as such: copying one, leaving alpha alone, what a number of them is called; and what two images
// must share.
#ifndef KAL_OPS_CHANNELS_H
#define KAL_OPS_CHANNELS_H

#include "op.h"

/// Copies one channel of n pixels; a sample has `size` bytes, the next pixel's is `dstep` and `sstep` samples
/// on.
void kal__copy_channel(void *dst, size_t dstep, const void *src, size_t sstep, size_t n, size_t size);

/// Copies the alpha channel, if there is one, between two rows of the same kind.
void kal__keep_alpha(const kal_extent *e, void *dst, const void *src, size_t n);

/// Channel pattern[k] of each pixel becomes channel k, for `to` channels of `size` bytes out of `from`.
void kal__choose_channels(void *dst, int32_t to, const void *src, int32_t from, size_t n, size_t size,
                          const uint8_t *pattern);

/// What a picture with this many colour channels is: gray, rgb, or data.
static inline kal_model kal__model_of(int32_t colours)
{
    return colours == 1 ? KAL_GRAY : colours == 3 ? KAL_RGB : KAL_DATA;
}

/// A mask whose samples may become something between 0 and 255 is gray from then on.
static inline void kal__unmask(kal_extent *e)
{
    if (e->model == KAL_MASK) e->model = KAL_GRAY;
}

/// Both inputs must have the same size and sample type; `second` is what messages call input 1, "the base".
kal_status kal__check_pair(const char *op, const char *second, const kal_call *c, kal_error *err);

#endif
