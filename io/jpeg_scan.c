// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_scan.h. Passing over a block is what a file mostly costs: one look says how many bits a code and its value have together, and
// as many of them as fit are taken from one word.
#include "jpeg_scan.h"

#include <stdlib.h>
#include <string.h>

// An MCU of ten blocks whose every code and value are as long as can be.
#define LONGEST_MCU ((size_t)10 * 64 * (16 + 15) / 8 + 8)
#define END_OF_BLOCK 128   // coefficients "passed": more than there are

// ---- tables -------------------------------------------------------------------------------------

static void add_code(kal__jpeg_huff *h, int symbol, int length, unsigned code)
{
    h->code[symbol] = (uint16_t)code;
    h->length[symbol] = (uint8_t)length;
    if (length > KAL__JPEG_LOOK) return;
    const int size = symbol & 15, run = symbol >> 4;
    const int passed = size ? run + 1 : run == 15 ? 16 : END_OF_BLOCK;
    const unsigned from = code << (KAL__JPEG_LOOK - length), n = 1u << (KAL__JPEG_LOOK - length);
    for (unsigned i = from; i < from + n && i < 1u << KAL__JPEG_LOOK; i++) {
        h->look[i] = (uint16_t)(length << 8 | symbol);
        h->pass[i] = (uint16_t)((length + size) << 8 | passed);
    }
}

void kal__jpeg_huff_make(kal__jpeg_huff *h, const JHUFF_TBL *t)
{
    unsigned code = 0;
    int k = 0;
    memset(h, 0, sizeof *h);
    memcpy(h->symbols, t->huffval, sizeof h->symbols);
    for (int length = 1; length <= 16; length++, code <<= 1) {
        h->first[length] = k - (int32_t)code;
        for (int i = 0; i < t->bits[length] && k < 256; i++) add_code(h, t->huffval[k++], length, code++);
        h->last[length] = t->bits[length] ? (int32_t)code - 1 : -1;
    }
    h->last[17] = INT32_MAX;
}

bool kal__jpeg_huff_is_whole(const JHUFF_TBL *t, bool dc)
{
    bool has[256] = {false};
    int n = 0;
    if (!t) return false;
    for (int length = 1; length <= 16; length++) n += t->bits[length];
    for (int i = 0; i < n && i < 256; i++) {
        if (has[t->huffval[i]]) return false;   // the library writes no such table
        has[t->huffval[i]] = true;
    }
    if (dc) {
        for (int size = 0; size <= 11; size++)
            if (!has[size]) return false;
        return true;
    }
    for (int run = 0; run < 16; run++)
        for (int size = 1; size <= 10; size++)
            if (!has[run << 4 | size]) return false;
    return has[0] && has[0xf0];
}

static const kal__jpeg_huff *table_of(kal__jpeg_mcu *m, int ac, int number, const JHUFF_TBL *t)
{
    kal__jpeg_huff **h = &m->tables[ac][number];
    if (*h) return *h;
    *h = kal__new(1, sizeof **h);
    if (*h) kal__jpeg_huff_make(*h, t);
    return *h;
}

kal_status kal__jpeg_mcu_make(kal__jpeg_mcu *m, const jpeg_component_info *components, int n,
                              JHUFF_TBL *const *dc, JHUFF_TBL *const *ac, kal_error *err)
{
    memset(m, 0, sizeof *m);
    for (int c = 0; c < n; c++) {
        const jpeg_component_info *x = &components[c];
        // a component by itself comes block by block, whatever its sampling
        const int blocks = n == 1 ? 1 : x->h_samp_factor * x->v_samp_factor;
        for (int i = 0; i < blocks && m->n < 10; i++) m->component[m->n++] = (uint8_t)c;
        m->dc[c] = table_of(m, 0, x->dc_tbl_no, dc[x->dc_tbl_no]);
        m->ac[c] = table_of(m, 1, x->ac_tbl_no, ac[x->ac_tbl_no]);
        if (!m->dc[c] || !m->ac[c]) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    }
    return KAL_OK;
}

void kal__jpeg_mcu_free(kal__jpeg_mcu *m)
{
    for (int i = 0; i < 2 * NUM_HUFF_TBLS; i++) free(m->tables[i / NUM_HUFF_TBLS][i % NUM_HUFF_TBLS]);
    memset(m, 0, sizeof *m);
}

// ---- bits in ------------------------------------------------------------------------------------

static uint64_t word_at(const unsigned char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

// At least 57 bits from bit `at` on, in front.
static uint64_t bits_at(const kal__jpeg_bits *b, uint64_t at)
{
    return word_at(b->clean + (at >> 3)) << (at & 7);
}

// The next byte as it is in the file; -1 at its end, -2 after an error.
static int raw_byte(kal__jpeg_bits *b)
{
    if (b->raw == b->raw_end) {
        const ptrdiff_t n = b->more(b->user, &b->raw);
        if (n <= 0) return n < 0 ? -2 : -1;
        b->raw_end = b->raw + n;
        b->offset += (uint64_t)n;
    }
    return *b->raw++;
}

// What follows 0xff: a stuffed zero, or a marker behind any number of more of it.
static int behind_ff(kal__jpeg_bits *b)
{
    int c;
    do c = raw_byte(b);
    while (c == 0xff);
    if (c > 0) b->marker = c;
    if (!c) b->clean[b->n++] = 0xff;
    return c;
}

static kal_status clean_some(kal__jpeg_bits *b, const char *name, kal_error *err)
{
    int c = 0;
    while (c >= 0 && !b->marker && b->n < KAL__JPEG_CLEAN) {
        const size_t left = (size_t)(b->raw_end - b->raw), room = KAL__JPEG_CLEAN - b->n;
        const size_t most = left < room ? left : room;
        const unsigned char *ff = most ? memchr(b->raw, 0xff, most) : NULL;
        const size_t plain = ff ? (size_t)(ff - b->raw) : most;
        memcpy(b->clean + b->n, b->raw, plain);
        b->n += plain;
        b->raw += plain;
        if (b->n == KAL__JPEG_CLEAN) break;
        c = raw_byte(b);
        if (c == 0xff) {
            c = behind_ff(b);
        } else if (c >= 0) {
            b->clean[b->n++] = (unsigned char)c;
        }
    }
    memset(b->clean + b->n, 0, KAL__JPEG_SLACK);
    if (c == -2) return err->status ? err->status : KAL_IO;
    if (c == -1)
        return kal_fail(err, KAL_CORRUPT, "%s: jpeg: the file ends at byte %llu, before the picture does",
                        name, (unsigned long long)b->offset);
    return KAL_OK;
}

bool kal__jpeg_bits_have(const kal__jpeg_bits *b)
{
    return b->marker || b->n - (size_t)(b->at >> 3) >= LONGEST_MCU;
}

kal_status kal__jpeg_bits_fill(kal__jpeg_bits *b, uint64_t *keep, const char *name, kal_error *err)
{
    if (kal__jpeg_bits_have(b)) return KAL_OK;
    const uint64_t first = *keep < b->at ? *keep : b->at;
    const size_t gone = (size_t)(first >> 3);
    memmove(b->clean, b->clean + gone, b->n - gone);
    b->n -= gone;
    b->at -= 8 * (uint64_t)gone;
    *keep -= 8 * (uint64_t)gone;
    return clean_some(b, name, err);
}

bool kal__jpeg_bits_are_over(const kal__jpeg_bits *b)
{
    const uint64_t end = 8 * (uint64_t)b->n;
    return b->marker && b->at <= end && end - b->at < 8;
}

void kal__jpeg_bits_restart(kal__jpeg_bits *b)
{
    b->marker = 0;
    b->n = 0;
    b->at = 0;
}

// What has a marker and a length, passed over; false at the end of the file.
static bool pass_segment(kal__jpeg_bits *b)
{
    const int high = raw_byte(b), low = raw_byte(b);
    for (int n = high << 8 | low; n > 2; n--)
        if (raw_byte(b) < 0) return false;
    return high >= 0 && low >= 0;
}

kal_status kal__jpeg_bits_finish(kal__jpeg_bits *b, const char *name, kal_error *err)
{
    for (;;) {
        while (!b->marker) {
            b->n = 0;
            b->at = 0;
            const kal_status st = clean_some(b, name, err);
            if (st) return st;
        }
        const int marker = b->marker;
        if (marker == 0xd9) return KAL_OK;
        if (marker == 0xda || marker == 0xd8)
            return kal_fail(err, KAL_CORRUPT, "%s: jpeg: near byte %llu: another scan of the same", name,
                            (unsigned long long)b->offset);
        const bool bare = (marker >= 0xd0 && marker <= 0xd7) || marker == 1;
        if (bare || pass_segment(b))
            kal__jpeg_bits_restart(b);   // a file that ends in it ends in clean_some
        else
            b->marker = 0;
    }
}

// ---- blocks -------------------------------------------------------------------------------------

// The symbol at the front of the word, and how many bits it has; 0: there is none such.
static int symbol_of(const kal__jpeg_huff *h, uint64_t word, int *length)
{
    const unsigned e = h->look[word >> (64 - KAL__JPEG_LOOK)];
    if (e) {
        *length = (int)(e >> 8);
        return (int)(e & 255);
    }
    int n = KAL__JPEG_LOOK + 1;
    while (n <= 16 && (int32_t)(word >> (64 - n)) > h->last[n]) n++;
    *length = n <= 16 ? n : 0;
    return n <= 16 ? h->symbols[(h->first[n] + (int32_t)(word >> (64 - n))) & 255] : 0;
}

// A value of `size` bits behind `length` others (T.81, F.2.2.1: a first bit of 0 makes it negative).
static int32_t value_of(uint64_t word, int length, int size)
{
    if (!size) return 0;
    const int32_t v = (int32_t)(word << length >> (64 - size));
    return v >> (size - 1) ? v : v - (1 << size) + 1;
}

static bool read_dc(kal__jpeg_bits *b, const kal__jpeg_huff *h, int32_t *difference)
{
    int length;
    const uint64_t w = bits_at(b, b->at);
    const int size = symbol_of(h, w, &length);
    if (!length || size > 11) return false;
    *difference = value_of(w, length, size);
    b->at += (uint64_t)(length + size);
    return true;
}

// A symbol that one look does not tell.
static unsigned slow_pass(const kal__jpeg_huff *h, uint64_t word)
{
    int length;
    const int symbol = symbol_of(h, word, &length), size = symbol & 15, run = symbol >> 4;
    if (!length) return 0;
    return (unsigned)((length + size) << 8 | (size ? run + 1 : run == 15 ? 16 : END_OF_BLOCK));
}

static bool pass_ac(kal__jpeg_bits *b, const kal__jpeg_huff *h)
{
    uint64_t at = b->at;
    unsigned k = 1, e = 0;
    while (k < 64) {
        uint64_t word = bits_at(b, at);
        unsigned used = 0;
        do {
            e = h->pass[word >> (64 - KAL__JPEG_LOOK)];
            if (!e && !(e = slow_pass(h, word))) return false;
            word <<= e >> 8;
            used += e >> 8;
            k += e & 255;
        } while (k < 64 && used <= 57 - 31);
        at += used;
    }
    b->at = at;
    return k == 64 || (e & 255) == END_OF_BLOCK;
}

bool kal__jpeg_pass(kal__jpeg_bits *b, const kal__jpeg_mcu *m, int32_t dc[4])
{
    for (int32_t i = 0; i < m->n; i++) {
        const int c = m->component[i];
        int32_t difference;
        if (!read_dc(b, m->dc[c], &difference) || !pass_ac(b, m->ac[c])) return false;
        if (__builtin_add_overflow(dc[c], difference, &dc[c])) return false;
    }
    return b->at <= 8 * (uint64_t)b->n;
}

bool kal__jpeg_read_block(kal__jpeg_bits *b, const kal__jpeg_huff *dc, const kal__jpeg_huff *ac,
                          int16_t block[64])
{
    int32_t difference;
    memset(block, 0, 64 * sizeof *block);
    if (!read_dc(b, dc, &difference)) return false;
    block[0] = (int16_t)difference;
    for (int k = 1; k < 64; k++) {
        int length;
        const uint64_t w = bits_at(b, b->at);
        const int symbol = symbol_of(ac, w, &length), size = symbol & 15, run = symbol >> 4;
        if (!length) return false;
        b->at += (uint64_t)(length + size);
        if (!size && run != 15) break;
        k += run;
        if (k > 63) return false;
        if (size) block[k] = (int16_t)value_of(w, length, size);
    }
    return b->at <= 8 * (uint64_t)b->n;
}

// ---- bits out -----------------------------------------------------------------------------------

// 0xff gets a zero behind it.
static kal_status flush(kal__jpeg_pen *p, kal_error *err)
{
    size_t n = 0;
    const unsigned char *at = p->clean, *end = p->clean + p->n;
    while (at < end) {
        const unsigned char *ff = memchr(at, 0xff, (size_t)(end - at));
        const size_t plain = (size_t)((ff ? ff + 1 : end) - at);
        memcpy(p->stuffed + n, at, plain);
        n += plain;
        at += plain;
        if (ff) p->stuffed[n++] = 0;
    }
    p->n = 0;
    return n ? p->writer->write(p->writer, p->stuffed, n, err) : KAL_OK;
}

// At most 32 bits; there must be room.
static void put_bits(kal__jpeg_pen *p, uint32_t value, int n)
{
    p->bits = p->bits << n | value;
    p->held += n;
    while (p->held >= 8) {
        p->held -= 8;
        p->clean[p->n++] = (unsigned char)(p->bits >> p->held);
    }
}

static kal_status make_room(kal__jpeg_pen *p, size_t bytes, kal_error *err)
{
    return p->n + bytes + 8 > KAL__JPEG_CLEAN ? flush(p, err) : KAL_OK;
}

static int size_of(int32_t v)
{
    // not by -v: gcc 12 makes wrong code of that with -fsanitize=thread (neg and cmovns on one register)
    const uint32_t sign = (uint32_t)(v >> 31), u = ((uint32_t)v ^ sign) - sign;
    return u ? 32 - __builtin_clz(u) : 0;
}

// A symbol and a value behind it; false: the table has no code for that.
static bool put_coded(kal__jpeg_pen *p, const kal__jpeg_huff *h, int run, int32_t v)
{
    const int size = size_of(v), symbol = run << 4 | size;
    if (size > 15 || !h->length[symbol]) return false;
    put_bits(p, h->code[symbol], h->length[symbol]);
    if (size) put_bits(p, (uint32_t)(v < 0 ? v - 1 : v) & ((1u << size) - 1), size);
    return true;
}

static bool put_block(kal__jpeg_pen *p, const kal__jpeg_huff *dc, const kal__jpeg_huff *ac,
                      int32_t difference, const int16_t block[64])
{
    int run = 0;
    if (!put_coded(p, dc, 0, difference)) return false;
    for (int k = 1; k < 64; k++) {
        if (!block[k]) {
            run++;
            continue;
        }
        for (; run > 15; run -= 16) put_bits(p, ac->code[0xf0], ac->length[0xf0]);
        if (!put_coded(p, ac, run, block[k])) return false;
        run = 0;
    }
    if (run) put_bits(p, ac->code[0], ac->length[0]);
    return true;
}

kal_status kal__jpeg_write_block(kal__jpeg_pen *p, const kal__jpeg_huff *dc, const kal__jpeg_huff *ac,
                                 int32_t difference, const int16_t block[64], kal_error *err)
{
    const kal_status st = make_room(p, LONGEST_MCU, err);
    if (st || put_block(p, dc, ac, difference, block)) return st;
    return kal_fail(
        err, KAL_UNSUPPORTED,
        "jpeg: lossless_outside: a block that is kept is too far from a new one beside it for baseline JPEG: "
        "their means differ by %d steps",
        difference);
}

kal_status kal__jpeg_copy_bits(kal__jpeg_pen *p, const unsigned char *data, uint64_t from, uint64_t to,
                               kal_error *err)
{
    while (from < to) {
        const uint64_t most = 8 * (uint64_t)(KAL__JPEG_CLEAN / 2), n = to - from < most ? to - from : most;
        const kal_status st = make_room(p, KAL__JPEG_CLEAN / 2 + 8, err);
        if (st) return st;
        const uint64_t end = from + n;
        if (!p->held && !(from & 7)) {   // whole bytes to whole bytes
            memcpy(p->clean + p->n, data + (from >> 3), (size_t)(n >> 3));
            p->n += (size_t)(n >> 3);
            from += n & ~(uint64_t)7;
        }
        for (; from + 32 <= end; from += 32)
            put_bits(p, (uint32_t)(word_at(data + (from >> 3)) << (from & 7) >> 32), 32);
        const int rest = (int)(end - from);
        if (rest) put_bits(p, (uint32_t)(word_at(data + (from >> 3)) << (from & 7) >> (64 - rest)), rest);
        from = end;
    }
    return KAL_OK;
}

kal_status kal__jpeg_mark(kal__jpeg_pen *p, int marker, kal_error *err)
{
    const unsigned char two[2] = {0xff, (unsigned char)marker};
    if (p->held) put_bits(p, (1u << (8 - p->held)) - 1, 8 - p->held);
    const kal_status st = flush(p, err);
    return st ? st : p->writer->write(p->writer, two, 2, err);
}
