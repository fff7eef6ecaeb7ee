// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_scans.h. The scans of libjpeg's jpeg_simple_progression: means first without their last bit, which comes later; of luma the first five cosines and the others without two bits, then a bit, then the
// last; of each chroma all without a bit, then that. What a scan is made of is ITU-T T.81, annex G.
#include "jpeg_scans.h"

#include "jpeg_steps.h"

#include <string.h>

// ---- a scan of cosines --------------------------------------------------------------------------------

#define MOST_LATE (1000 - 63)   // bits that libjpeg keeps for such a run

// The cosines of a block after quantising; and which of them, but the mean, are 1, 2 and 4 at least: a bit each.
typedef struct cosines {
    uint16_t value[64];
    uint64_t one, two, four;
} cosines;

KAL__INLINE void end_run(kal__jpeg_symbols *s, kal__jpeg_run *r)
{
    if (!r->broken)
        r->broken = true, r->first_blocks = r->blocks, r->first_late = r->late;
    else if (r->blocks)
        kal__jpeg_put_run(s, r->blocks, r->late);
    r->blocks = r->late = 0;
}

KAL__INLINE void one_more(kal__jpeg_symbols *s, kal__jpeg_run *r, uint32_t late)
{
    r->blocks++, r->late += late;
    if (r->blocks == KAL__JPEG_LONGEST_RUN || r->late > MOST_LATE) end_run(s, r);
}

KAL__INLINE void put_symbol(kal__jpeg_symbols *s, int zeros, int bits)
{
    s->n[0xF0] += (uint32_t)zeros >> 4;
    s->n[(zeros & 15) << 4 | bits]++;
}

// Of those of `mask`, from `from` to `to`, all but the last `low` bits.
KAL__INLINE void first_bits(kal__jpeg_symbols *s, kal__jpeg_run *r, const cosines *c, uint64_t mask, int from,
                            int to, int low)
{
    int last = from - 1;
    mask &= ~(uint64_t)0 >> (63 - to) & ~(uint64_t)0 << from;
    if (mask) end_run(s, r);
    for (; mask; mask &= mask - 1) {
        const int at = __builtin_ctzll(mask), bits = kal__jpeg_length((uint32_t)c->value[at] >> low);
        put_symbol(s, at - last - 1, bits);
        s->bits += (uint64_t)bits;
        last = at;
    }
    if (last < to) one_more(s, r, 0);
}

// One bit more of all: of those that were there one each, behind the symbol of the next new one.
KAL__INLINE void next_bit(kal__jpeg_symbols *s, kal__jpeg_run *r, uint64_t fresh, uint64_t old)
{
    int last = 0;
    if (fresh) end_run(s, r);
    for (; fresh; fresh &= fresh - 1) {
        const int at = __builtin_ctzll(fresh);
        const uint64_t between = (((uint64_t)1 << at) - 1) & ~(((uint64_t)2 << last) - 1);
        const int late = __builtin_popcountll(old & between);
        put_symbol(s, at - last - 1 - late, 1);
        s->bits += 1 + (uint64_t)late;
        last = at;
    }
    const uint64_t rest = last == 63 ? 0 : ~(uint64_t)0 << (last + 1);
    if (rest) one_more(s, r, (uint32_t)__builtin_popcountll(old & rest));
}

// ---- a file -----------------------------------------------------------------------------------------

static const uint8_t first_table[3] = {KAL__JPEG_LUMA, KAL__JPEG_BLUE, KAL__JPEG_RED};

void kal__jpeg_take_steps(const kal__jpeg_view *v, int quality, kal__jpeg_steps_of *out)
{
    for (int plane = 0; plane < 2; plane++) {
        unsigned step[64];
        kal__jpeg_steps(plane, v->halved, quality, step);
        for (int part = 0; part < 4; part++) out->least[plane][part] = UINT16_MAX;
        for (int k = 0; k < 64; k++) {
            const unsigned d = 8 * step[kal__jpeg_natural[k]];
            out->half[plane][k] = (float)(d / 2) + 0.5f;   // a half more: whatever 1 / d was rounded to
            out->inverse[plane][k] = 1 / (float)d;
            if (k && d / 2 < out->least[plane][k / 16]) out->least[plane][k / 16] = (uint16_t)(d / 2);
        }
    }
}

// A bit of each of eight bytes of 0 or 1.
KAL__INLINE uint64_t bits_of_eight(const uint8_t *is)
{
    uint64_t v = 0;
    memcpy(&v, is, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v * 0x0102040810204080 >> 56;
}

KAL__INLINE void quantise(const kal__jpeg_block *b, const kal__jpeg_steps_of *s, int plane, cosines *out)
{
    out->one = out->two = out->four = 0;
    for (int part = 0; part < 4; part++) {
        if (b->most[part] < s->least[plane][part]) continue;
        const int from = part * 16;
        const float *half = s->half[plane] + from, *inverse = s->inverse[plane] + from;
        uint8_t one[16], two[16], four[16];
        for (int k = 0; k < 16; k++) {
            const uint16_t v = (uint16_t)(int32_t)(((float)b->at[from + k] + half[k]) * inverse[k]);
            out->value[from + k] = v;
            one[k] = v >= 1;
            two[k] = v >= 2;
            four[k] = v >= 4;
        }
        for (int k = 0; k < 16; k += 8) {
            out->one |= bits_of_eight(one + k) << (from + k);
            out->two |= bits_of_eight(two + k) << (from + k);
            out->four |= bits_of_eight(four + k) << (from + k);
        }
    }
}

KAL__INLINE void count_mean(kal__jpeg_file *f, kal__jpeg_state *s, int component, int32_t mean)
{
    const int32_t high = mean >> 1, more = high - s->mean[component];
    const int bits = kal__jpeg_length((uint32_t)(more < 0 ? -more : more));
    kal__jpeg_symbols *t = &f->tables[KAL__JPEG_MEANS + (component > 0)];
    s->mean[component] = high;
    t->n[bits]++;
    t->bits += (uint64_t)bits;
    f->last_means++;
    s->byte = (s->byte << 1 | (uint32_t)(mean & 1)) & 0xFF;
    if (++s->filled < 8) return;
    f->stuffed += s->byte == 0xFF;
    s->filled = 0;
}

KAL__INLINE void count_cosines(kal__jpeg_file *f, kal__jpeg_state *s, int component, const cosines *c)
{
    kal__jpeg_symbols *t = &f->tables[first_table[component]];
    kal__jpeg_run *r = &s->runs[first_table[component]];
    const uint64_t one = c->one & ~c->two, two = c->two & ~c->four;
    if (!c->one) {
        for (int i = 0; i < (component ? 2 : 4); i++) one_more(&t[i], &r[i], 0);
        return;
    }
    if (component) {
        first_bits(&t[0], &r[0], c, c->two, 1, 63, 1);
        next_bit(&t[1], &r[1], one, c->two);
        return;
    }
    first_bits(&t[0], &r[0], c, c->four, 1, 5, 2);
    first_bits(&t[1], &r[1], c, c->four, 6, 63, 2);
    next_bit(&t[2], &r[2], two, c->four);
    next_bit(&t[3], &r[3], one, c->two);
}

// By MCUs. Blocks beyond the picture are as the one before.
KAL__INLINE void count_means(const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y,
                             const kal__jpeg_steps_of *q, kal__jpeg_file *f, kal__jpeg_state *s)
{
    const int32_t left = (v->height + 7) / 8 - y * r->tall, wide = (v->width + 7) / 8;
    for (int32_t x = 0; x < r->across[1]; x++) {
        int32_t mean = 0;
        for (int i = 0; i < r->tall * r->tall; i++) {
            const int32_t down = i / r->tall, at = x * r->tall + i % r->tall;
            if (down < left && at < wide)
                mean = kal__jpeg_mean(&r->blocks[0][(size_t)down * (size_t)r->across[0] + (size_t)at], q, 0);
            count_mean(f, s, 0, mean);
        }
        for (int c = 1; c < 3 && !v->gray; c++) count_mean(f, s, c, kal__jpeg_mean(&r->blocks[c][x], q, 1));
    }
}

// By rows of blocks, none beyond the picture.
KAL__INLINE void count_all_cosines(const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y,
                                   const kal__jpeg_steps_of *q, kal__jpeg_file *f, kal__jpeg_state *s)
{
    const int32_t left = (v->height + 7) / 8 - y * r->tall, wide = (v->width + 7) / 8;
    for (int c = 0; c < (v->gray ? 1 : 3); c++)
        for (int32_t down = 0; down < (c ? 1 : left < r->tall ? left : r->tall); down++) {
            const kal__jpeg_block *row = r->blocks[c] + (size_t)down * (size_t)r->across[0];
            for (int32_t x = 0; x < (c ? r->across[1] : wide); x++) {
                cosines some;
                quantise(&row[x], q, c > 0, &some);
                count_cosines(f, s, c, &some);
            }
        }
}

KAL__INLINE void count_row_body(const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y,
                                const kal__jpeg_steps_of *q, kal__jpeg_file *f, kal__jpeg_state *s)
{
    count_means(v, r, y, q, f, s);
    count_all_cosines(v, r, y, q, f, s);
}
KAL__VARIANTS(count_row,
              (const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y, const kal__jpeg_steps_of *q,
               kal__jpeg_file *f, kal__jpeg_state *s),
              (v, r, y, q, f, s))

void kal__jpeg_count_row(const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y,
                         const kal__jpeg_steps_of *q, kal__jpeg_file *f, kal__jpeg_state *s)
{
    count_row(v, r, y, q, f, s);
}
