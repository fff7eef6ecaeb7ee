// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See lzw.h. A full table stays as it is until the code that clears it.
#include "lzw.h"

#include <string.h>

#define MOST_BITS 12

static void reset(kal__lzw *z)
{
    z->next = z->clear + 2;
    z->width = z->bits + 1;
    z->last = -1;
}

kal_status kal__lzw_begin(kal__lzw *z, kal__input *in)
{
    int bits;
    const kal_status st = kal__input_next(in, &bits);
    if (st) return st;
    if (bits < 2 || bits > 8)
        return kal__input_fail(in, KAL_CORRUPT, "values of %d bits; they have 2 to 8", bits);
    z->bits = bits;
    z->clear = 1 << bits;
    for (int i = 0; i < z->clear; i++) {
        z->length[i] = 1;
        z->first[i] = z->value[i] = (unsigned char)i;
    }
    z->hold = 0;
    z->n_hold = z->block = 0;
    z->kept = 0;
    z->ended = false;
    reset(z);
    return KAL_OK;
}

static kal_status too_short(const kal__input *in)
{
    return kal__input_corrupt(in, "the frame's data ends before its last pixel");
}

static kal_status next_code(kal__lzw *z, kal__input *in, int *code)
{
    while (z->n_hold < z->width) {
        int byte;
        kal_status st = KAL_OK;
        if (!z->block) {
            st = z->ended ? too_short(in) : kal__input_next(in, &z->block);
            z->ended = !st && !z->block;
            if (z->ended) st = too_short(in);
        }
        if (!st) st = kal__input_next(in, &byte);
        if (st) return st;
        z->block--;
        z->hold |= (uint32_t)byte << z->n_hold;
        z->n_hold += 8;
    }
    *code = (int)(z->hold & ((1u << z->width) - 1));
    z->hold >>= z->width;
    z->n_hold -= z->width;
    return KAL_OK;
}

// The code before, and the first value of this one.
static void learn(kal__lzw *z, int code)
{
    if (z->next == KAL__LZW_CODES) return;
    const int n = z->next++, from = z->last;
    z->prefix[n] = (uint16_t)from;
    z->length[n] = (uint16_t)(z->length[from] + 1);
    z->first[n] = z->first[from];
    z->value[n] = z->first[code == n ? from : code];
    if (z->next == 1 << z->width && z->width < MOST_BITS) z->width++;
}

// The next code that stands for values.
static kal_status next_string(kal__lzw *z, kal__input *in, int *out)
{
    int code = 0;
    kal_status st;
    while (!(st = next_code(z, in, &code)) && code == z->clear) reset(z);
    if (st) return st;
    if (code == z->clear + 1) return too_short(in);
    if (z->last < 0 ? code > z->clear : code > z->next)
        return kal__input_corrupt(in, "a code that stands for nothing yet");
    if (z->last >= 0) learn(z, code);
    *out = z->last = code;
    return KAL_OK;
}

static void spell(const kal__lzw *z, int code, unsigned char *dst, size_t n)
{
    for (; n; code = z->prefix[code]) dst[--n] = z->value[code];
}

kal_status kal__lzw_read(kal__lzw *z, kal__input *in, unsigned char *dst, size_t n)
{
    while (n) {
        size_t step = z->kept < n ? z->kept : n;
        if (step) {
            memcpy(dst, z->string + sizeof z->string - z->kept, step);
            z->kept -= step;
        } else {
            int code = 0;
            const kal_status st = next_string(z, in, &code);
            if (st) return st;
            const size_t length = z->length[code];
            if (length <= n) {
                spell(z, code, dst, length);
                step = length;
            } else {
                spell(z, code, z->string + sizeof z->string - length, length);
                z->kept = length;
            }
        }
        dst += step;
        n -= step;
    }
    return KAL_OK;
}

kal_status kal__lzw_skip(kal__input *in)
{
    int n;
    kal_status st;
    while (!(st = kal__input_next(in, &n)) && n && !(st = kal__input_skip(in, (uint64_t)n))) {}
    return st;
}

kal_status kal__lzw_end(kal__lzw *z, kal__input *in)
{
    if (z->ended) return KAL_OK;
    const kal_status st = kal__input_skip(in, (uint64_t)z->block);
    z->block = 0;
    z->ended = true;
    return st ? st : kal__lzw_skip(in);
}
