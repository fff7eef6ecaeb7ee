// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Gain maps: a second picture that says how much brighter a screen may show the first. It is of the picture as it was, and goes with no copy.
#ifndef KAL_GAIN_H
#define KAL_GAIN_H

#include "codec.h"

/// Does it come with one, by what a decoder found or by its XMP?
bool kal__meta_has_gain(const kal__meta *m);
/// The same, with a reference more, without what in its XMP says that there is a gain map; XMP that cannot be told apart goes whole.
/// NULL: `m` is, or (then *failed is set) out of memory.
kal__meta *kal__meta_without_gain(kal__meta *m, bool *failed);

#endif
