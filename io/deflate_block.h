// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Deflate's format: bits, and blocks of tokens. deflate.c finds the tokens.
#ifndef KAL_IO_DEFLATE_BLOCK_H
#define KAL_IO_DEFLATE_BLOCK_H

#include <kal/base.h>

#include <string.h>

#define MIN_MATCH 3
#define MAX_MATCH 258
#define LITERALS 286   // with the block's end and lengths
#define DISTANCES 30

extern const unsigned char kal__length_extra[29], kal__distance_extra[DISTANCES];   // bits behind the symbol

// 0 … 28; in the code behind 256 others.
static inline int length_symbol(unsigned length)   // 0 … 28
{
    if (length == MAX_MATCH) return 28;
    if (length < 11) return (int)length - 3;
    const unsigned v = length - 3, top = 31 - (unsigned)__builtin_clz(v);
    return (int)(4 * top - 4 + (v >> (top - 2) & 3));
}

static inline int distance_symbol(unsigned distance)
{
    const unsigned v = distance - 1;
    if (v < 4) return (int)v;
    const unsigned top = 31 - (unsigned)__builtin_clz(v);
    return (int)(2 * top + (v >> (top - 1) & 1));
}

// ---- bits ---------------------------------------------------------------------------------------

typedef struct bits {
    unsigned char *out;
    uint64_t hold;
    unsigned n;   // in hold, under 8 after flush
} bits;

static inline void add(bits *b, uint64_t v, unsigned n)
{
    b->hold |= v << b->n;
    b->n += n;
}

// Little-endian everywhere, so that hashes and bits are the same everywhere.
static inline uint64_t get64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline void put64(unsigned char *p, uint64_t v)
{
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) v = __builtin_bswap64(v);
    memcpy(p, &v, 8);
}

// Up to 56 bits are held; writes 8 bytes, of which the whole ones count.
static inline void flush(bits *b)
{
    put64(b->out, b->hold);
    b->out += b->n >> 3;
    b->hold >>= b->n & ~7u;
    b->n &= 7;
}

static inline void align(bits *b)
{
    b->n += -b->n & 7;
    flush(b);
}

// ---- blocks -------------------------------------------------------------------------------------

// How often each symbol is in some tokens.
typedef struct tally {
    uint32_t literal[LITERALS], distance[DISTANCES];
} tally;

// n bytes as they are.
void kal__put_stored(bits *b, const unsigned char *p, size_t n, bool last);
// n bytes as tokens, each a byte or length << 16 | distance - 1, in the smallest of the three kinds of block.
void kal__put_block(bits *b, const unsigned char *p, size_t n, const uint32_t *tokens, size_t n_tokens,
                    tally *c, bool last);

#endif
