// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See deflate_block.h and RFC 1951: Huffman codes from counts, their lengths as runs in the block's head, and the tokens.
#include "deflate_block.h"

#include <stdlib.h>

static const unsigned short length_base[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                               15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                               67, 83, 99, 115, 131, 163, 195, 227, 258};
const unsigned char kal__length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                             2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const unsigned short distance_base[30] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
const unsigned char kal__distance_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                               6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

// ---- codes --------------------------------------------------------------------------------------

typedef struct code {
    unsigned short bits[LITERALS + 2];   // reversed, as they are written
    unsigned char length[LITERALS + 2];
} code;

static int by_count(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Lengths of a Huffman code for `n` counts in rising order, by Moffat and Katajainen: the array first holds weights, then parents, then
// depths of inner nodes, then depths of leaves.
static void huffman_depths(uint32_t *a, int n)
{
    int leaf = 2, root = 0;
    a[0] += a[1];
    for (int next = 1; next < n - 1; next++) {
        uint32_t sum = 0;
        for (int i = 0; i < 2; i++)
            if (leaf >= n || (root < next && a[root] < a[leaf])) {
                sum += a[root];
                a[root++] = (uint32_t)next;
            } else {
                sum += a[leaf++];
            }
        a[next] = sum;
    }
    a[n - 2] = 0;
    for (int next = n - 3; next >= 0; next--) a[next] = a[a[next]] + 1;
    int free_nodes = 1, used = 0, next = n - 1;
    root = n - 2;
    for (uint32_t depth = 0; free_nodes > 0; depth++) {
        while (root >= 0 && a[root] == depth) used++, root--;
        while (free_nodes > used) a[next--] = depth, free_nodes--;
        free_nodes = 2 * used;
        used = 0;
    }
}

// Code lengths of at most `limit` bits. Too deep leaves come up to the limit, and others go down to pay for it.
static void code_lengths(const uint32_t *counts, int n, int limit, unsigned char *lengths)
{
    uint32_t order[LITERALS], depth[LITERALS];   // count << 9 | symbol
    int used = 0;
    memset(lengths, 0, (size_t)n);
    for (int i = 0; i < n; i++)
        if (counts[i]) order[used++] = counts[i] << 9 | (uint32_t)i;
    if (used < 2) {   // one code of one bit; that is what decoders take
        if (used) lengths[order[0] & 511] = 1;
        return;
    }
    qsort(order, (size_t)used, sizeof *order, by_count);
    for (int i = 0; i < used; i++) depth[i] = order[i] >> 9;
    huffman_depths(depth, used);
    int of_length[64] = {0};
    for (int i = 0; i < used; i++) of_length[depth[i] < (uint32_t)limit ? depth[i] : (uint32_t)limit]++;
    long room = 1L << limit;
    for (int l = 1; l <= limit; l++) room -= (long)of_length[l] << (limit - l);
    while (room < 0) {   // one leaf of the next shorter length and one of the deepest become a level deeper
        int l = limit - 1;
        while (!of_length[l]) l--;
        of_length[l]--, of_length[l + 1] += 2, of_length[limit]--;
        room++;
    }
    int i = 0;
    for (int l = limit; l > 0; l--)
        for (int k = of_length[l]; k > 0; k--) lengths[order[i++] & 511] = (unsigned char)l;
}

static void code_bits(code *c, int n)
{
    unsigned short next[16] = {0}, of_length[16] = {0};
    for (int i = 0; i < n; i++) of_length[c->length[i]]++;
    of_length[0] = 0;
    for (int l = 1; l < 16; l++) next[l] = (unsigned short)((next[l - 1] + of_length[l - 1]) << 1);
    for (int i = 0; i < n; i++) {
        const int l = c->length[i];
        unsigned v = l ? next[l]++ : 0, reversed = 0;
        for (int k = 0; k < l; k++, v >>= 1) reversed = reversed << 1 | (v & 1);
        c->bits[i] = (unsigned short)reversed;
    }
}

// ---- blocks -------------------------------------------------------------------------------------

void kal__put_stored(bits *b, const unsigned char *p, size_t n, bool last)
{
    do {
        const size_t step = n < 65535 ? n : 65535;
        add(b, last && step == n, 3);
        flush(b);
        align(b);
        add(b, step | (uint64_t)(step ^ 0xffff) << 16, 32);
        flush(b);
        if (step) memcpy(b->out, p, step);
        b->out += step;
        if (step) p += step;
        n -= step;
    } while (n);
}

// The code lengths of both codes as runs: symbol, extra bits, how many.
typedef struct run {
    unsigned char symbol, extra, bits;
} run;

static int length_runs(const unsigned char *l, int n, run *out)
{
    int runs = 0;
    for (int i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && l[i + k] == l[i];) k++;
        if (!l[i] && k >= 3) {
            if (k > 138) k = 138;
            out[runs++] =
                k < 11 ? (run){17, (unsigned char)(k - 3), 3} : (run){18, (unsigned char)(k - 11), 7};
        } else if (l[i] && k >= 4) {
            out[runs++] = (run){l[i], 0, 0};
            int left = k - 1;
            while (left >= 3) {
                const int step = left < 6 ? left : 6;
                out[runs++] = (run){16, (unsigned char)(step - 3), 2};
                left -= step;
            }
            k -= left;
        } else {
            k = 1;
            out[runs++] = (run){l[i], 0, 0};
        }
    }
    return runs;
}

static int used(const unsigned char *l, int n, int least)
{
    while (n > least && !l[n - 1]) n--;
    return n;
}

typedef struct head {
    run runs[LITERALS + DISTANCES + 2];
    int n_runs, literals, distances, n_precode;
    code precode;
    size_t bits;
} head;

static const unsigned char precode_order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};

static void make_head(head *h, const code *literal, const code *distance)
{
    unsigned char all[LITERALS + DISTANCES];
    uint32_t seen[19] = {0};
    h->literals = used(literal->length, LITERALS, 257);
    h->distances = used(distance->length, DISTANCES, 1);
    memcpy(all, literal->length, (size_t)h->literals);
    memcpy(all + h->literals, distance->length, (size_t)h->distances);
    h->n_runs = length_runs(all, h->literals + h->distances, h->runs);
    for (int i = 0; i < h->n_runs; i++) seen[h->runs[i].symbol]++;
    code_lengths(seen, 19, 7, h->precode.length);
    code_bits(&h->precode, 19);
    h->n_precode = 19;
    while (h->n_precode > 4 && !h->precode.length[precode_order[h->n_precode - 1]]) h->n_precode--;
    h->bits = 14 + 3 * (size_t)h->n_precode;
    for (int i = 0; i < h->n_runs; i++) h->bits += h->precode.length[h->runs[i].symbol] + h->runs[i].bits;
}

static void put_head(bits *b, const head *h)
{
    add(b,
        (uint64_t)(h->literals - 257) | (uint64_t)(h->distances - 1) << 5 |
            (uint64_t)(h->n_precode - 4) << 10,
        14);
    flush(b);
    for (int i = 0; i < h->n_precode; i++) {
        add(b, h->precode.length[precode_order[i]], 3);
        flush(b);
    }
    for (int i = 0; i < h->n_runs; i++) {
        const run *r = &h->runs[i];
        add(b, h->precode.bits[r->symbol], h->precode.length[r->symbol]);
        add(b, r->extra, r->bits);
        flush(b);
    }
}

static size_t body_bits(const tally *c, const code *literal, const code *distance)
{
    size_t n = 0;
    for (int i = 0; i < LITERALS; i++)
        n += c->literal[i] * (size_t)(literal->length[i] + (i > 256 ? kal__length_extra[i - 257] : 0));
    for (int i = 0; i < DISTANCES; i++)
        n += c->distance[i] * (size_t)(distance->length[i] + kal__distance_extra[i]);
    return n;
}

static void put_tokens(bits *b, const uint32_t *t, size_t n, const code *literal, const code *distance)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned length = t[i] >> 16;
        if (!length) {
            add(b, literal->bits[t[i]], literal->length[t[i]]);
        } else {
            const unsigned far = (t[i] & 0xffff) + 1;
            const int l = length_symbol(length), d = distance_symbol(far);
            add(b, literal->bits[257 + l], literal->length[257 + l]);
            add(b, length - length_base[l], kal__length_extra[l]);
            add(b, distance->bits[d], distance->length[d]);
            add(b, far - distance_base[d], kal__distance_extra[d]);
        }
        flush(b);
    }
    add(b, literal->bits[256], literal->length[256]);
    flush(b);
}

static void fixed_codes(code *literal, code *distance)
{
    for (int i = 0; i < LITERALS + 2; i++) literal->length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(distance->length, 5, DISTANCES);
    code_bits(literal, LITERALS + 2);
    code_bits(distance, DISTANCES);
}

// One block, in the smallest of the three ways.
void kal__put_block(bits *b, const unsigned char *p, size_t n, const uint32_t *tokens, size_t n_tokens,
                    tally *c, bool last)
{
    code literal, distance, fixed_literal, fixed_distance;
    head h;
    c->literal[256] = 1;
    code_lengths(c->literal, LITERALS, 15, literal.length);
    code_lengths(c->distance, DISTANCES, 15, distance.length);
    make_head(&h, &literal, &distance);
    fixed_codes(&fixed_literal, &fixed_distance);
    const size_t dynamic = h.bits + body_bits(c, &literal, &distance),
                 fixed = body_bits(c, &fixed_literal, &fixed_distance);
    if (8 * n + 40 * (n / 65535 + 1) <= dynamic && 8 * n <= fixed) {
        kal__put_stored(b, p, n, last);
    } else if (fixed <= dynamic) {
        add(b, (unsigned)last | 1 << 1, 3);
        put_tokens(b, tokens, n_tokens, &fixed_literal, &fixed_distance);
    } else {
        code_bits(&literal, LITERALS);
        code_bits(&distance, DISTANCES);
        add(b, (unsigned)last | 2 << 1, 3);
        put_head(b, &h);
        put_tokens(b, tokens, n_tokens, &literal, &distance);
    }
}
