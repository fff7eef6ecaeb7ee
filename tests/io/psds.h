// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PSD and PSB files of all kinds, written after Adobe's specification.
#ifndef PSDS_H
#define PSDS_H

#include "files.h"

enum { BITMAP = 0, GRAY = 1, INDEXED = 2, RGB = 3, CMYK = 4, DUOTONE = 8 };

typedef struct psd_kind {
    int mode, depth, channels;   // channels: with those behind the colours
    bool big, packed;
    int layers;           // how many they say there are …
    const char *tagged;   // … or the key of a block behind them that holds that number
    bool photoshop;       // 1057 is there
} psd_kind;

static inline void put_number(kal_bytes *b, uint64_t v, int n)
{
    unsigned char p[8];
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
    *b = bytes_join(*b, p, (size_t)n);
}

/// An image resource, named so that the name is padded or not.
static inline void put_resource(kal_bytes *b, int id, const char *name, const void *data, size_t n)
{
    const size_t letters = strlen(name);
    *b = bytes_join(*b, "8BIM", 4);
    put_number(b, (uint64_t)id, 2);
    put_number(b, letters, 1);
    *b = bytes_join(*b, name, letters + !(letters & 1));
    put_number(b, n, 4);
    *b = bytes_join(*b, data, n);
    if (n & 1) put_number(b, 0, 1);
}

/// Run lengths of all kinds: what repeats, what does not, and what says nothing.
static inline kal_bytes pack_bits(rng *r, const unsigned char *p, size_t n)
{
    kal_bytes b = bytes_copy("", 0);
    for (size_t i = 0; i < n;) {
        size_t same = 1;
        while (same < 128 && i + same < n && p[i + same] == p[i]) same++;
        if (!rng_below(r, 9)) put_number(&b, 128, 1);
        if (same > 1 || !rng_below(r, 3)) {
            if (same == 1) {
                put_number(&b, 0, 1);
            } else {
                put_number(&b, 257 - same, 1);
            }
            put_number(&b, p[i], 1);
            i += same;
        } else {
            const size_t left = n - i < 128 ? n - i : 128, some = 1 + (size_t)rng_below(r, (int32_t)left);
            put_number(&b, some - 1, 1);
            b = bytes_join(b, p + i, some);
            i += some;
        }
    }
    return b;
}

static inline size_t psd_row(const psd_kind *k, int32_t w)
{
    return ((size_t)w * (size_t)k->depth + 7) / 8;
}

static inline void put_layers(kal_bytes *b, const psd_kind *k)
{
    const int wide = k->big ? 8 : 4;
    if (!k->layers && !k->tagged) {
        put_number(b, 0, wide);
        return;
    }
    kal_bytes s = bytes_copy("", 0);
    put_number(&s, k->tagged ? 0 : 2, wide);
    if (!k->tagged) put_number(&s, (uint64_t)(int64_t)k->layers, 2);
    put_number(&s, 4, 4);   // a mask of all
    put_number(&s, 0, 4);
    if (k->tagged) {
        s = bytes_join(s, "8BIMPatt\0\0\0\1\0\0\0\0", 16);   // another block, padded
        s = bytes_join(bytes_join(s, "8BIM", 4), k->tagged, 4);
        const bool bare = k->tagged[0] == 'M';
        put_number(&s, bare ? 0 : 2, wide);
        if (!bare) put_number(&s, (uint64_t)(int64_t)k->layers, 2);
    }
    put_number(b, s.size, wide);
    *b = bytes_join(*b, s.data, s.size);
    bytes_free(&s);
}

/// `planes`: of all channels, rows as they lie in the file. `more`: further resources.
static inline kal_bytes psd_of(const psd_kind *k, int32_t w, int32_t h, const unsigned char *planes,
                               const unsigned char *palette, const kal_bytes *more)
{
    rng r = {5};
    kal_bytes b = bytes_copy("8BPS", 4), resources = bytes_copy("", 0);
    put_number(&b, k->big ? 2 : 1, 2);
    put_number(&b, 0, 6);
    put_number(&b, (uint64_t)k->channels, 2);
    put_number(&b, (uint64_t)h, 4);
    put_number(&b, (uint64_t)w, 4);
    put_number(&b, (uint64_t)k->depth, 2);
    put_number(&b, (uint64_t)k->mode, 2);
    put_number(&b, palette ? 768 : 0, 4);
    if (palette) b = bytes_join(b, palette, 768);
    put_resource(&resources, 1005, "a name", "\0\x48\0\0\0\1\0\1\0\x90\0\0\0\1\0\1",
                 16);   // 72 and 144 an inch
    if (k->photoshop) put_resource(&resources, 1057, "", "\0\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0\1", 17);
    if (more) resources = bytes_join(resources, more->data, more->size);
    put_number(&b, resources.size, 4);
    b = bytes_join(b, resources.data, resources.size);
    bytes_free(&resources);
    put_layers(&b, k);
    put_number(&b, k->packed, 2);
    const size_t row = psd_row(k, w), rows = (size_t)h * (size_t)k->channels;
    if (!k->packed) return bytes_join(b, planes, rows * row);
    kal_bytes all = bytes_copy("", 0);
    for (size_t i = 0; i < rows; i++) {
        kal_bytes one = pack_bits(&r, planes + i * row, row);
        put_number(&b, one.size, k->big ? 4 : 2);
        all = bytes_join(all, one.data, one.size);
        bytes_free(&one);
    }
    b = bytes_join(b, all.data, all.size);
    bytes_free(&all);
    return b;
}

/// Noise with runs in it.
static inline unsigned char *psd_planes(rng *r, const psd_kind *k, int32_t w, int32_t h)
{
    const size_t n = psd_row(k, w) * (size_t)h * (size_t)k->channels;
    unsigned char *p = malloc(n);
    for (size_t i = 0; i < n;) {
        const unsigned char c = (unsigned char)(rng_below(r, 4) ? rng_next(r) : rng_next(r) % 2 * 255);
        for (int run = rng_below(r, 3) ? 1 : 1 + rng_below(r, 200); run && i < n; run--) p[i++] = c;
    }
    for (size_t i = 0; i < n && k->depth == 32; i += 4) {   // numbers of about -2 to 2
        const float v = (float)((int32_t)rng_next(r) >> 8) * 0x1p-22f;
        uint32_t bits;
        memcpy(&bits, &v, 4);
        put_be(p + i, rng_below(r, 9) ? bits : 0, 4);
    }
    return p;
}

#endif
