// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A run of ops on single u8 samples, as a table: graph makes it by running the ops on every byte there is, ops apply it.
#ifndef KAL_TABLE_H
#define KAL_TABLE_H

#include <kal/base.h>

typedef struct kal__table {
    int32_t channels;
    size_t size;           ///< bytes of an output sample
    bool same;             ///< all channels have the table of the first
    unsigned char *data;   ///< 256 output samples for each channel, channel after channel
} kal__table;

#endif
