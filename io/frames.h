// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures of an animation beside each other.
#ifndef KAL_IO_FRAMES_H
#define KAL_IO_FRAMES_H

#include "codec.h"

/// The smallest rect outside which two packed pictures of this size are the same; of two that are the same the first pixel, since a frame has
/// to be of something.
kal_rect kal__frames_changed(const kal_extent *e, const unsigned char *a, const unsigned char *b);
/// The smallest rect with all pixels of `a` that are to be seen (alpha is not 0) where nothing is of `b`; empty when there are none.
kal_rect kal__frames_gone(const kal_extent *e, const unsigned char *a, const unsigned char *b);
/// The pixels of a rect of a packed picture, packed.
void kal__frames_take(const kal_extent *e, const unsigned char *from, kal_rect rect, unsigned char *to);

#endif
