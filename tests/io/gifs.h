// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// GIFs made by hand.
#ifndef GIFS_H
#define GIFS_H

#include "files.h"

typedef struct gif_frame {
    int x, y, w, h;
    int disposal, delay, clear;   // clear -1: none
    bool interlaced, local;       // with a palette of its own
    unsigned char colours[256 * 3], *values;
} gif_frame;

typedef struct gif_bits {
    unsigned char *data;
    size_t n;
    unsigned hold;
    int n_hold;
} gif_bits;

static inline void gif_code(gif_bits *b, int code, int width)
{
    b->hold |= (unsigned)code << b->n_hold;
    for (b->n_hold += width; b->n_hold >= 8; b->n_hold -= 8, b->hold >>= 8)
        b->data[b->n++] = (unsigned char)b->hold;
}

/// LZW as the specification tells it. `resets`: the table is cleared when it is full, else it stays.
static inline kal_bytes gif_lzw(const unsigned char *values, size_t n, int bits, bool resets)
{
    const int clear = 1 << bits, first = clear + 2;
    gif_bits b = {malloc(2 * n + 100), 0, 0, 0};
    int *table = malloc(sizeof(int) * 4096 * 256), next = first, width = bits + 1, last = -1;
    memset(table, 0xff, sizeof(int) * 4096 * 256);
    gif_code(&b, clear, width);
    for (size_t i = 0; i < n; i++) {
        const int c = values[i], known = last < 0 ? c : table[last * 256 + c];
        if (known >= 0) {
            last = known;
            continue;
        }
        gif_code(&b, last, width);
        if (next < 4096) {
            table[last * 256 + c] = next++;
            if (next > 1 << width && width < 12) width++;
        } else if (resets) {
            gif_code(&b, clear, width);
            memset(table, 0xff, sizeof(int) * 4096 * 256);
            next = first, width = bits + 1;
        }
        last = c;
    }
    gif_code(&b, last, width);
    // the reader's table grows once more
    if (next < 4096 && ++next > 1 << width && width < 12) width++;
    gif_code(&b, clear + 1, width);
    gif_code(&b, 0, 7);
    free(table);
    unsigned char head = (unsigned char)bits;
    kal_bytes out = bytes_copy(&head, 1);
    for (size_t at = 0, step; at < b.n; at += step) {
        step = b.n - at < 255 ? b.n - at : 255;
        head = (unsigned char)step;
        out = bytes_join(bytes_join(out, &head, 1), b.data + at, step);
    }
    free(b.data);
    return bytes_join(out, "", 1);
}

static inline void gif_put16(unsigned char *p, int v)
{
    p[0] = (unsigned char)v;
    p[1] = (unsigned char)(v >> 8);
}

/// The head, with a palette of 256 colours unless it is NULL.
static inline kal_bytes gif_head(int w, int h, const unsigned char *colours)
{
    unsigned char p[13] = "GIF89a";
    gif_put16(p + 6, w), gif_put16(p + 8, h);
    p[10] = colours ? 0xf7 : 0;
    return bytes_join(bytes_copy(p, 13), colours, colours ? 768 : 0);
}

static inline kal_bytes gif_add(kal_bytes b, const gif_frame *f, bool resets)
{
    unsigned char control[8] = {0x21, 0xf9, 4}, place[10] = {0x2c};
    control[3] = (unsigned char)(f->disposal << 2 | (f->clear >= 0));
    gif_put16(control + 4, f->delay);
    control[6] = (unsigned char)(f->clear >= 0 ? f->clear : 0);
    gif_put16(place + 1, f->x), gif_put16(place + 3, f->y), gif_put16(place + 5, f->w),
        gif_put16(place + 7, f->h);
    place[9] = (unsigned char)(f->interlaced << 6 | (f->local ? 0x87 : 0));
    b = bytes_join(bytes_join(b, control, 8), place, 10);
    if (f->local) b = bytes_join(b, f->colours, 768);
    const size_t w = (size_t)f->w, h = (size_t)f->h;
    unsigned char *rows = malloc(w * h);
    size_t n = 0;
    for (size_t y = 0; y < h; y += 8) memcpy(rows + w * n++, f->values + w * y, w);
    for (size_t y = 4; y < h; y += 8) memcpy(rows + w * n++, f->values + w * y, w);
    for (size_t y = 2; y < h; y += 4) memcpy(rows + w * n++, f->values + w * y, w);
    for (size_t y = 1; y < h; y += 2) memcpy(rows + w * n++, f->values + w * y, w);
    kal_bytes data = gif_lzw(f->interlaced ? rows : f->values, w * h, 8, resets);
    free(rows);
    b = bytes_join(b, data.data, data.size);
    bytes_free(&data);
    return b;
}

/// Three frames of noise on 31×23: everything, an interlaced part with its own palette that goes again, and one beyond the edges.
static inline kal_bytes gif_of_three(void)
{
    rng r = {90};
    unsigned char colours[768], values[40 * 40];
    for (size_t i = 0; i < sizeof colours; i++) colours[i] = (unsigned char)rng_next(&r);
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = (unsigned char)(rng_next(&r) >> (i % 2 ? 5 : 0) & 31);
    kal_bytes b = gif_head(31, 23, colours);
    b = bytes_join(b, "\x21\xff\x0bNETSCAPE2.0\3\1\7\0", 19);
    gif_frame f = {0, 0, 31, 23, 0, 10, -1, false, false, {0}, values};
    b = gif_add(b, &f, true);
    memcpy(f.colours, colours + 7, 700);
    f = (gif_frame){3, 4, 20, 17, 2, 20, 9, true, true, {1}, values + 7};
    b = gif_add(b, &f, true);
    f = (gif_frame){20, 10, 30, 30, 3, 30, 3, false, false, {0}, values + 30};
    b = gif_add(b, &f, true);
    return bytes_join(b, ";", 1);
}

#endif
