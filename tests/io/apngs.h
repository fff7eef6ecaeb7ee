// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Animated PNGs made by hand.
#ifndef APNGS_H
#define APNGS_H

#include "files.h"

typedef struct apng_kind {
    int type, depth, samples;   // of PNG: type 3 has a palette
    bool interlaced;
} apng_kind;

typedef struct apng_frame {
    int x, y, w, h, disposal, blend, num, den;
    unsigned char *samples;   // as they are stored, row by row
} apng_frame;

/// The pixels deflated; rows without a filter.
static inline kal_bytes apng_data(const apng_kind *k, int w, int h, const unsigned char *p)
{
    static const int passes[][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                    {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}, {0, 0, 1, 1}};
    const size_t pixel = (size_t)(k->samples * k->depth / 8);
    unsigned char *raw = malloc((size_t)h * 8 + (size_t)w * (size_t)h * pixel + 8), *to = raw;
    for (int i = k->interlaced ? 0 : 7; i < (k->interlaced ? 7 : 8); i++)
        for (int y = passes[i][1]; y < h && passes[i][0] < w; y += passes[i][3]) {
            *to++ = 0;
            for (int x = passes[i][0]; x < w; x += passes[i][2], to += pixel)
                memcpy(to, p + ((size_t)y * (size_t)w + (size_t)x) * pixel, pixel);
        }
    uLongf size = compressBound((uLong)(to - raw));
    kal_bytes b = {malloc(size), 0};
    compress(b.data, &size, raw, (uLong)(to - raw));
    b.size = size;
    free(raw);
    return b;
}

static inline void apng_put(kal_bytes *b, const char *name, const void *data, size_t n)
{
    splice(b, b->size, png_chunk(name, data, n));
}

/// `plays` < 0: without acTL.
static inline kal_bytes apng_head(const apng_kind *k, int w, int h, int frames, int plays,
                                  const unsigned char *palette)
{
    unsigned char head[13] = {0}, control[8];
    kal_bytes b = bytes_copy("\x89PNG\r\n\x1a\n", 8);
    put_be(head, (uint32_t)w, 4), put_be(head + 4, (uint32_t)h, 4);
    head[8] = (unsigned char)k->depth, head[9] = (unsigned char)k->type, head[12] = k->interlaced;
    apng_put(&b, "IHDR", head, 13);
    put_be(control, (uint32_t)frames, 4), put_be(control + 4, (uint32_t)plays, 4);
    if (plays >= 0) apng_put(&b, "acTL", control, 8);
    if (k->type == 3) {
        apng_put(&b, "PLTE", palette, 768);
        apng_put(&b, "tRNS", palette + 768, 256);
    }
    return b;
}

static inline void apng_control(kal_bytes *b, const apng_frame *f, int *sequence)
{
    unsigned char p[26];
    const int values[] = {(*sequence)++, f->w, f->h, f->x, f->y};
    for (int i = 0; i < 5; i++) put_be(p + 4 * i, (uint32_t)values[i], 4);
    put_be(p + 20, (uint32_t)f->num, 2), put_be(p + 22, (uint32_t)f->den, 2);
    p[24] = (unsigned char)f->disposal, p[25] = (unsigned char)f->blend;
    apng_put(b, "fcTL", p, 26);
}

/// The data in two chunks; as IDAT when `sequence` is NULL.
static inline void apng_pixels(kal_bytes *b, const apng_kind *k, const apng_frame *f, int *sequence)
{
    kal_bytes data = apng_data(k, f->w, f->h, f->samples);
    const size_t half = data.size / 2;
    for (int i = 0; i < 2; i++) {
        const unsigned char *p = data.data + (i ? half : 0);
        const size_t n = i ? data.size - half : half;
        unsigned char number[4];
        kal_bytes part = {NULL, 0};
        if (sequence) put_be(number, (uint32_t)(*sequence)++, 4);
        part = sequence ? bytes_join(bytes_copy(number, 4), p, n) : bytes_copy(p, n);
        apng_put(b, sequence ? "fdAT" : "IDAT", part.data, part.size);
        bytes_free(&part);
    }
    bytes_free(&data);
}

/// Three frames of noise on 21×17, RGBA, mixed, one that goes again.
static inline kal_bytes apng_of_three(void)
{
    rng r = {91};
    const apng_kind k = {6, 8, 4, false};
    unsigned char samples[21 * 17 * 4];
    int sequence = 0;
    kal_bytes b = apng_head(&k, 21, 17, 3, 2, NULL);
    apng_frame frames[] = {{0, 0, 21, 17, 0, 0, 1, 10, samples},
                           {3, 4, 11, 9, 1, 1, 2, 10, samples},
                           {10, 2, 11, 15, 2, 1, 3, 10, samples}};
    for (int i = 0; i < 3; i++) {
        for (size_t n = 0; n < sizeof samples; n++) samples[n] = (unsigned char)rng_next(&r);
        apng_control(&b, &frames[i], &sequence);
        apng_pixels(&b, &k, &frames[i], i ? &sequence : NULL);
    }
    apng_put(&b, "IEND", NULL, 0);
    return b;
}

#endif
