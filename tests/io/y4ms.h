// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Three frames of noise, 4:2:0, with odd sides.
#ifndef Y4MS_H
#define Y4MS_H

#include "files.h"

static inline kal_bytes y4m_of_three(void)
{
    static const char head[] = "YUV4MPEG2 W23 H19 F30000:1001 C420jpeg\n";
    rng r = {93};
    kal_bytes b = bytes_copy(head, sizeof head - 1);
    for (int k = 0; k < 3; k++) {
        unsigned char frame[23 * 19 + 2 * 12 * 10];
        for (size_t i = 0; i < sizeof frame; i++) frame[i] = (unsigned char)rng_next(&r);
        b = bytes_join(bytes_join(b, "FRAME\n", 6), frame, sizeof frame);
    }
    return b;
}

#endif
