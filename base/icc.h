// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// ICC profiles as bytes: a head of 128 bytes, then a table of signatures, offsets and sizes (ICC.1:2022, 7.2 and 7.3).
#ifndef KAL_BASE_ICC_H
#define KAL_BASE_ICC_H

#include "codec.h"

/// A tag's data, its type first, and how many bytes; NULL: it has none, or not whole.
const unsigned char *kal__icc_tag(const kal__blob *icc, const char signature[5], size_t *n);
/// Whether head and table are those of a profile whose tags are all there.
bool kal__icc_is_whole(const kal__blob *icc);
/// Whether colours can be told by it: a table, or curves and colorants that are understood.
bool kal__icc_is_usable(const kal__blob *icc);
/// Whether its colours are those of sRGB, to within less than a step of 8 bits; of gray: its curve is.
bool kal__icc_is_srgb(const kal__blob *icc);
/// Of a profile of gray, one of RGB by which equal red, green and blue look as that gray does; *out is empty before, and stays so where the profile says it
/// in a way that RGB has not (a curve of lightness). false: out of memory.
bool kal__icc_rgb_of_gray(const kal__blob *icc, kal__blob *out);

/// The profile of colours that are named by their primaries and their curve (ITU-T H.273, 8.1 and 8.2); *out is empty before, and stays so of sRGB and of what has no
/// such profile (PQ and HLG). false: out of memory.
bool kal__icc_of_code_points(int primaries, int transfer, kal__blob *out);

#endif
