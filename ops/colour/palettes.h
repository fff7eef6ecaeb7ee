// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Palettes: named ones of RGB colours, or a list of colours of any number of channels.
#ifndef KAL_OPS_PALETTES_H
#define KAL_OPS_PALETTES_H

#include "op.h"

/// Fails unless the list, or where it is empty a named palette, has 1 to `most` colours of this many channels.
kal_status kal__palette_check(const char *op, kal_list colours, int32_t channels, int32_t most,
                              kal_error *err);
/// How many colours there are.
int32_t kal__palette_size(int32_t which, kal_list colours, int32_t channels);
/// Writes them, channel by channel, rounded to 8 bits.
void kal__palette_fill(int32_t which, kal_list colours, int32_t channels, uint8_t *out);

#endif
