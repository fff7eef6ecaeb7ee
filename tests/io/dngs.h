// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A raw file made by hand.
#ifndef DNGS_H
#define DNGS_H

#include "files.h"

#define DNG_WIDTH 64
#define DNG_HEIGHT 48

typedef struct entries {
    unsigned char p[1200];
    int n;
    size_t at;   // of the data behind
} entries;

static inline void put(unsigned char *p, uint32_t v, int n)
{
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * i));
}

static inline void entry(entries *e, int tag, int type, uint32_t count, const void *data, size_t bytes)
{
    unsigned char *p = e->p + 10 + 12 * e->n++;
    put(p, (uint32_t)tag, 2), put(p + 2, (uint32_t)type, 2), put(p + 4, count, 4);
    if (bytes <= 4) {
        memcpy(p + 8, data, bytes);
    } else {
        put(p + 8, (uint32_t)e->at, 4);
        memcpy(e->p + e->at, data, bytes);
        e->at += (bytes + 1) / 2 * 2;
    }
}

static inline void entry_of(entries *e, int tag, int type, uint32_t value)
{
    unsigned char p[4] = {0};
    put(p, value, type == 3 ? 2 : 4);
    entry(e, tag, type, 1, p, 4);
}

/// A flat gray of a part of full scale under a light in which red and blue are weak. `preview`: a JPEG beside it, NULL: none.
static inline kal_bytes dng_with(int orientation, double level, const kal_bytes *preview, int width,
                                 int height)
{
    static const int32_t matrix[9] = {32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570};
    static const uint32_t neutral[6] = {5, 10, 10, 10, 6, 10};
    unsigned char numbers[72];
    entries e = {"II*\0\x08\0\0", 0, 400};
    entry_of(&e, 254, 4, 0), entry_of(&e, 256, 4, DNG_WIDTH), entry_of(&e, 257, 4, DNG_HEIGHT),
        entry_of(&e, 258, 3, 16);
    entry_of(&e, 259, 3, 1), entry_of(&e, 262, 3, 32803);
    entry(&e, 271, 2, 8, "Nothing", 8), entry(&e, 272, 2, 8, "Nowhere", 8);
    entry_of(&e, 273, 4, 1200), entry_of(&e, 274, 3, (uint32_t)orientation), entry_of(&e, 277, 3, 1);
    entry_of(&e, 278, 4, DNG_HEIGHT), entry_of(&e, 279, 4, DNG_WIDTH * DNG_HEIGHT * 2);
    const uint32_t below = 1000;
    if (preview) entry_of(&e, 330, 4, below);
    entry(&e, 33421, 3, 2, "\2\0\2", 4), entry(&e, 33422, 1, 4, "\0\1\1\2", 4);
    entry(&e, 50706, 1, 4, "\1\4\0", 4), entry(&e, 50708, 2, 16, "Nothing Nowhere", 16);
    entry_of(&e, 50717, 4, 65535);
    for (int i = 0; i < 9; i++)
        put(numbers + 8 * i, (uint32_t)matrix[i], 4), put(numbers + 8 * i + 4, 10000, 4);
    entry(&e, 50721, 10, 9, numbers, 72);
    for (int i = 0; i < 6; i++) put(numbers + 4 * i, neutral[i], 4);
    entry(&e, 50728, 5, 3, numbers, 24);
    entry_of(&e, 50778, 3, 21);
    put(e.p + 8, (uint32_t)e.n, 2);
    if (preview) {
        entries small = {"", 0, 0};
        entry_of(&small, 254, 4, 1), entry_of(&small, 256, 4, (uint32_t)width),
            entry_of(&small, 257, 4, (uint32_t)height);
        entry_of(&small, 258, 3, 8), entry_of(&small, 259, 3, 7), entry_of(&small, 262, 3, 6);
        entry_of(&small, 273, 4, 1200 + DNG_WIDTH * DNG_HEIGHT * 2), entry_of(&small, 277, 3, 3);
        entry_of(&small, 278, 4, (uint32_t)height), entry_of(&small, 279, 4, (uint32_t)preview->size);
        put(e.p + below, (uint32_t)small.n, 2);
        memcpy(e.p + below + 2, small.p + 10, (size_t)small.n * 12);
    }
    kal_bytes b = bytes_copy(e.p, sizeof e.p);
    for (int y = 0; y < DNG_HEIGHT; y++)
        for (int x = 0; x < DNG_WIDTH; x++) {
            const double part = x % 2 == y % 2 ? (x % 2 ? 0.6 : 0.5) : 1;
            unsigned char v[2];
            put(v, (uint32_t)(65535 * level * part + 0.5), 2);
            b = bytes_join(b, v, 2);
        }
    return preview ? bytes_join(b, preview->data, preview->size) : b;
}

static inline kal_bytes dng(int orientation, double level)
{
    return dng_with(orientation, level, NULL, 0, 0);
}

#endif
