// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// GIF's LZW: codes of 2 to 12 bits, the lowest bit first, in sub-blocks of up to 255 bytes with an empty one at the end.
#ifndef KAL_IO_LZW_H
#define KAL_IO_LZW_H

#include "input.h"

#define KAL__LZW_CODES 4096

typedef struct kal__lzw {
    int bits;          // of a value
    int clear;         // this code; the next one is the end, those below are values
    int next, width;   // the code that comes into being next, bits of the codes now
    int last;          // the code before; -1: none
    uint32_t hold;     // bits that are read and not yet used
    int n_hold;
    int block;                         // bytes left in the sub-block
    bool ended;                        // the empty sub-block was read
    size_t kept;                       // the last bytes of `string`, which are still to be given
    uint16_t prefix[KAL__LZW_CODES];   // a code is that of its prefix and one value more
    uint16_t length[KAL__LZW_CODES];
    unsigned char first[KAL__LZW_CODES], value[KAL__LZW_CODES];
    unsigned char string[KAL__LZW_CODES];
} kal__lzw;

/// Starts with the byte that says how many bits values have.
kal_status kal__lzw_begin(kal__lzw *z, kal__input *in);
/// The next n values.
kal_status kal__lzw_read(kal__lzw *z, kal__input *in, unsigned char *dst, size_t n);
/// Passes over what is left.
kal_status kal__lzw_end(kal__lzw *z, kal__input *in);
/// Passes over sub-blocks up to the empty one.
kal_status kal__lzw_skip(kal__input *in);

#endif
