// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See deflate.h. What filtered rows of photographs need is not more matches but fewer: literals are cheap there (2 to 5 bits), and a short
// match costs more than what it replaces. So everything is weighed in bits: literals by how frequent they are nearby, lengths and
// distances by how frequent they were, and a match is taken for what it saves, if no later one saves more.
//
// A stretch of STRETCH bytes at a time: find matches → tokens → blocks, cut where statistics change → codes → bits.
#include "deflate.h"

#include "cpu.h"
#include "deflate_block.h"
#include "deflate_cost.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define STRETCH ((size_t)256 << 10)
#define PART ((size_t)16 << 10)   // bytes of input with statistics of their own, from which blocks are made
#define PARTS (STRETCH / PART)
#define SAMPLE \
    ((size_t)2 << 10)   // of noise, for what is learned at level 1: one place of it is like the next
#define HASH_BITS 15
#define MASK (KAL__DEFLATE_WINDOW - 1)
#define NEAR_RUN 6   // bytes of a match, where only what lies near is looked at

// ---- matches ------------------------------------------------------------------------------------

// How hard each level tries.
static const struct effort {
    int depth;   // candidates looked at
    unsigned nice;
    bool lazy;
} efforts[10] = {{0, 0, false},  {1, 32, false},  {2, 32, false},  {4, 32, true},   {8, 64, true},
                 {12, 64, true}, {16, 258, true}, {32, 258, true}, {64, 258, true}, {256, 258, true}};

typedef struct work {
    int32_t head[1 << HASH_BITS], before[KAL__DEFLATE_WINDOW];   // positions + 1, 0: none
    uint32_t tokens[STRETCH];                                    // a byte, or length << 16 | distance - 1
    uint32_t cost_before[PART + MAX_MATCH + 1];                  // of the part's first i bytes as literals
    tally parts[PARTS], learned;                                 // the latter: from the part before
    size_t part_tokens[PARTS], part_bytes[PARTS];
    costs cost;
    unsigned char same[PART + NEAR_RUN];   // of a part: see find_near
    size_t sample;                         // bytes of a place that is tried
    int hash_bytes;
    bool near, noise;   // of noise only what lies near is looked at; this part is noise
    struct effort effort;
} work;

static inline unsigned hash(uint64_t here, int bytes)
{
    return (unsigned)((here << (64 - 8 * bytes)) * 0x9e3779b185ebca87u >> (64 - HASH_BITS));
}

static unsigned match_length(const unsigned char *a, const unsigned char *b, unsigned most)
{
    unsigned n = 0;
    while (n + 8 <= most) {
        const uint64_t diff = get64(a + n) ^ get64(b + n);
        if (diff) return n + (unsigned)__builtin_ctzll(diff) / 8;
        n += 8;
    }
    while (n < most && a[n] == b[n]) n++;
    return n;
}

// ---- tokens -------------------------------------------------------------------------------------

typedef struct match {
    unsigned length, distance;
    int gain;   // bits saved against literals, in units
} match;

static inline void consider(const work *w, size_t at, unsigned length, unsigned distance, match *best)
{
    const int literals = (int)(w->cost_before[at + length] - w->cost_before[at]);
    const int gain = literals - (int)(w->cost.length[length] + w->cost.distance[distance_symbol(distance)]);
    if (gain > best->gain) *best = (match){length, distance, gain};
}

// The best match at p[i]; `at` is i within the part, `end` where the input ends.
static match find(work *w, const unsigned char *p, size_t i, size_t at, size_t end, const unsigned *near)
{
    match best = {0, 0, 0};
    const unsigned most = end - i < MAX_MATCH ? (unsigned)(end - i) : MAX_MATCH;
    if (most < MIN_MATCH) return best;   // where a stretch ends there is more to look at than to take
    const uint64_t here = get64(p + i);
    unsigned longest = 0;
    for (int k = 0; k < KAL__DEFLATE_NEAR; k++) {
        if (near[k] > i || !near[k]) continue;
        const unsigned char *q = p + i - near[k];
        if ((get64(q) ^ here) << 40) continue;   // three bytes, at once: this branch can be foreseen
        const unsigned l = match_length(q, p + i, most);
        if (l >= MIN_MATCH && l > longest) {
            consider(w, at, l, near[k], &best);
            longest = l;
        }
    }
    if (longest >= w->effort.nice || w->noise) return best;
    int32_t from = w->head[hash(here, w->hash_bytes)];
    for (int depth = w->effort.depth; from && depth; depth--) {
        const size_t q = (size_t)from - 1;
        if (i - q > KAL__DEFLATE_WINDOW - 1) break;
        if (!((get64(p + q) ^ here) << (64 - 8 * w->hash_bytes)) && longest < most &&
            p[q + longest] == p[i + longest]) {
            const unsigned l = match_length(p + q, p + i, most);
            if (l > longest) {
                consider(w, at, l, (unsigned)(i - q), &best);
                longest = l;
                if (l >= w->effort.nice) break;
            }
        }
        const int32_t older = w->before[q & MASK];
        if (older >= from) break;   // its place has been taken by a later position
        from = older;
    }
    return best;
}

static inline void insert(work *w, const unsigned char *p, size_t i)
{
    if (w->noise) return;
    int32_t *head = &w->head[hash(get64(p + i), w->hash_bytes)];
    w->before[i & MASK] = *head;
    *head = (int32_t)i + 1;
}

typedef struct stretch {
    const unsigned char *p;
    size_t from, end, data_end;
    const unsigned *near;
} stretch;

// same[i] of n: whether p[i] and the five behind it are each equal to what lies at one of the distances before it, so that a match may begin. Of noise few are.
KAL__INLINE void find_near_body(const unsigned char *p, size_t n, const unsigned *near, unsigned char *same)
{
    const unsigned char *a = p - near[0], *b = p - near[1], *c = p - (near[2] ? near[2] : near[0]);
    for (size_t i = 0; i < n + NEAR_RUN - 1; i++)
        same[i] = (unsigned char)((p[i] == a[i]) | (p[i] == b[i]) | (p[i] == c[i]));
    for (size_t i = 0; i < n; i++)
        same[i] &= same[i + 1] & same[i + 2] & same[i + 3] & same[i + 4] & same[i + 5];
}
KAL__VARIANTS(find_near, (const unsigned char *p, size_t n, const unsigned *near, unsigned char *same),
              (p, n, near, same))

static size_t part_of(const stretch *s, size_t from)
{
    return s->end - from < PART ? s->end - from : PART;
}

// Up to there eight bytes can be looked at.
static size_t looks_of(const stretch *s)
{
    return s->data_end < 8 ? 0 : s->data_end - 7;
}

// Where nothing has matched for long, only some positions are looked at: of noise that leaves the time for its codes.
static inline bool looked_at(size_t i, size_t missed)
{
    const size_t skip = missed < 64 ? 0 : missed < 512 ? 1 : 3;
    return !(i & skip);
}

static void sum_literals(work *w, const unsigned char *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        w->cost_before[i] = sum;
        sum += w->cost.literal[p[i]];
    }
    w->cost_before[n] = sum;
}

// Takes back literals that the match can begin with.
static inline void reach_back(const unsigned char *p, size_t i, match *m, uint32_t *tokens, uint32_t **t,
                              tally *c)
{
    while (*t > tokens && !((*t)[-1] >> 16) && m->length < MAX_MATCH && i > m->distance &&
           p[i - 1] == p[i - 1 - m->distance]) {
        --*t;
        c->literal[p[--i]]--;
        m->length++;
    }
}

// Literals up to where a near match may begin.
static size_t pass_literals(const work *w, const unsigned char *p, size_t i, size_t n, uint32_t **t, tally *c)
{
    uint32_t *to = *t;
    for (; i < n && !w->same[i]; i++) {
        c->literal[p[i]]++;
        *to++ = p[i];
    }
    *t = to;
    return i;
}

#define REPEATS 8   // one in so many bytes is more than noise has

// Of a part what find_near says: it is noise where few repeat what is near, so that nothing far away is alike. Where some distance reaches before the data each is looked at.
static bool is_noise(work *w, const stretch *s, size_t i)
{
    const size_t n = part_of(s, i), looks = looks_of(s);
    size_t known = 0, repeats = 0;
    for (int k = 0; k < KAL__DEFLATE_NEAR; k++)
        if (s->near[k] > i + known) known = s->near[k] - i;
    if (known > n) known = n;
    const size_t end = i + n < looks ? n : looks > i ? looks - i : 0;
    memset(w->same, 1, known);
    if (end > known) find_near(s->p + i + known, end - known, s->near, w->same + known);
    if (end < n) memset(w->same + end, 0, n - end);
    for (size_t k = known; k < end; k++) repeats += w->same[k];
    return repeats < n / REPEATS;
}

// Tokens of one part, which starts at `i`; a match may reach beyond it. Where the next one starts.
static size_t parse_part(work *w, const stretch *s, size_t i, size_t part, uint32_t **to)
{
    const unsigned char *p = s->p;
    const size_t first = i, part_end = i + part_of(s, i);
    const size_t ahead = s->end - i < PART + MAX_MATCH ? s->end - i : PART + MAX_MATCH;
    const size_t looks = looks_of(s);
    tally *c = &w->parts[part];
    uint32_t *const tokens = *to, *t = tokens;
    kal__literal_costs(&w->cost, &w->learned, p + i, part_end - i);
    sum_literals(w, p + i, ahead);
    w->noise = w->near && is_noise(w, s, first);
    match m = {0, 0, 0};
    size_t missed = 0;
    bool known = false;   // m has been found already, by looking one further
    while (i < part_end) {
        if (w->noise) i = first + pass_literals(w, p + first, i - first, part_end - first, &t, c);
        if (i == part_end) break;
        if (!known)
            m = i < looks && looked_at(i, missed) ? find(w, p, i, i - first, s->end, s->near)
                                                  : (match){0, 0, 0};
        if (i < looks) insert(w, p, i);
        known = false;
        if (m.gain > 0 && w->effort.lazy && m.length < w->effort.nice && i + 1 < part_end && i + 1 < looks) {
            const match next = find(w, p, i + 1, i + 1 - first, s->end, s->near);
            known = next.gain > m.gain;
            if (known) m = next;
        }
        if (m.gain <= 0 || known) {
            c->literal[p[i]]++;
            *t++ = p[i++];
            missed++;
            continue;
        }
        const size_t end = i + m.length;
        if (missed >= 64) reach_back(p, i, &m, tokens, &t, c);
        missed = 0;
        c->literal[257 + length_symbol(m.length)]++;
        c->distance[distance_symbol(m.distance)]++;
        *t++ = m.length << 16 | (m.distance - 1);
        // the inside of a long match is itself at hand later, and would only crowd out others
        const size_t dull = i + 16, bright = m.length > 48 ? end - 16 : 0;
        for (i++; i < end; i++)
            if (i < looks && (i < dull || i >= bright)) insert(w, p, i);
    }
    w->part_tokens[part] = (size_t)(t - tokens);
    w->part_bytes[part] = i - first;
    *to = t;
    return i;
}

// ---- blocks -------------------------------------------------------------------------------------

static void merge(tally *to, const tally *from)
{
    for (int i = 0; i < LITERALS; i++) to->literal[i] += from->literal[i];
    for (int i = 0; i < DISTANCES; i++) to->distance[i] += from->distance[i];
}

static void put_blocks(work *w, bits *b, const unsigned char *p, size_t parts, bool last)
{
    const uint32_t *t = w->tokens;
    for (size_t i = 0, next; i < parts; i = next) {
        tally all = w->parts[i];
        size_t tokens = w->part_tokens[i], bytes = w->part_bytes[i];
        uint64_t cost = kal__block_cost(&all);
        for (next = i + 1; next < parts; next++) {
            tally both = all;
            merge(&both, &w->parts[next]);
            const uint64_t together = kal__block_cost(&both), alone = kal__block_cost(&w->parts[next]);
            if (together > cost + alone) break;
            all = both;
            cost = together;
            tokens += w->part_tokens[next];
            bytes += w->part_bytes[next];
        }
        kal__put_block(b, p, bytes, t, tokens, &all, last && next == parts);
        p += bytes;
        t += tokens;
    }
}

// ---- pieces -------------------------------------------------------------------------------------

size_t kal__deflate_bound(size_t n)
{
    return n + n / 1000 + 5 * (n / PART + 2) + 64;
}

size_t kal__deflate_memory(int level)
{
    return level ? sizeof(work) : 0;
}

// Forgets all positions, and takes in those of the window before `at`.
static void look_back(work *w, const stretch *s, size_t at)
{
    memset(w->head, 0, sizeof w->head);
    for (size_t i = at < KAL__DEFLATE_WINDOW ? 0 : at - KAL__DEFLATE_WINDOW; i < at && i + 8 <= s->data_end;
         i++)
        insert(w, s->p, i);
}

static stretch sample_of(const work *w, const stretch *s, size_t at)
{
    stretch place = *s;
    if (w->sample < PART && s->end - at > w->sample) place.end = at + w->sample;
    return place;
}

// In the middle of a piece, where it has room.
static size_t middle_of(const stretch *s, size_t from, size_t size)
{
    const size_t n = s->end - from;
    return from + (n > size ? (n - size) / 2 : 0);
}

// What a place costs, parsed with nothing learned.
static uint64_t try_place(work *w, const stretch *s, size_t at, bool near)
{
    uint32_t *t = w->tokens;
    memset(&w->parts[0], 0, sizeof w->parts[0]);
    memset(&w->learned, 0, sizeof w->learned);
    kal__cheap_matches(&w->cost);
    w->near = near;
    w->noise = false;
    if (!near) look_back(w, s, at);
    const stretch place = sample_of(w, s, at);
    parse_part(w, &place, at, 0, &t);
    return kal__tokens_cost(&w->parts[0]);
}

// Whether far matches can be done without in the noise of a piece: at three places, of which the middle one costs `far` with them, that takes less than a 32nd more. What is no noise there is passed over.
static bool is_near_enough(work *w, const stretch *s, size_t from, uint64_t far)
{
    const size_t n = s->end - from, room = n > w->sample ? n - w->sample : 0;
    uint64_t all = 0, near = 0;
    for (size_t i = 1; i <= 5; i += 2) {
        const size_t at = from + (i == 3 ? room / 2 : room * i / 6);
        const stretch place = sample_of(w, s, at);
        if (!is_noise(w, &place, at)) continue;
        near += try_place(w, s, at, true);
        all += i == 3 ? far : try_place(w, s, at, false);
    }
    return near <= all + all / 32;
}

#define REPEATED 12   // one in so many positions

// Whether a part is noise, and hardly anything of it stands far away, too: not that of few values, which 2 KiB of would not tell from any other.
static bool is_plain_noise(work *w, const stretch *s, size_t at)
{
    const size_t end = at + part_of(s, at), looks = looks_of(s);
    size_t repeated = 0;
    if (!is_noise(w, s, at)) return false;
    w->hash_bytes = 8;
    w->noise = false;
    look_back(w, s, at);
    for (size_t i = at; i < end && i < looks; i++) {
        const int32_t from = w->head[hash(get64(s->p + i), 8)];
        repeated += from && get64(s->p + from - 1) == get64(s->p + i);
        insert(w, s->p, i);
    }
    return repeated < (end - at) / REPEATED;
}

// Parses a place in the middle of a piece to learn what things cost, and how many bytes to look for at once: many leave noise its peace, few
// find what is short. The more the better, unless it costs a 256th.
static void learn(work *w, const stretch *s, size_t dict)
{
    static const int ways[] = {8, 5, 3};
    const bool quick = w->effort.depth == 1 && s->near[0] && s->near[1];
    w->sample = quick && is_plain_noise(w, s, middle_of(s, dict, PART)) ? SAMPLE : PART;
    const size_t middle = middle_of(s, dict, w->sample);
    uint64_t least = UINT64_MAX;
    tally best = {0};
    int bytes = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        w->hash_bytes = ways[i];
        const uint64_t cost = try_place(w, s, middle, false);
        if (cost >= least - least / 256) continue;
        least = cost;
        best = w->parts[0];
        bytes = ways[i];
    }
    w->hash_bytes = bytes;
    w->near = quick && is_near_enough(w, s, dict, least);
    w->noise = false;
    w->learned = best;
    kal__cheap_matches(&w->cost);
    kal__adapt_matches(&w->cost, &best, 0);
    look_back(w, s, dict);
}

static void deflate_stretch(work *w, const stretch *s, bits *b, bool last)
{
    uint32_t *t = w->tokens;
    size_t part = 0;
    memset(w->parts, 0, sizeof w->parts);
    for (size_t i = s->from; i < s->end; part++) {
        i = parse_part(w, s, i, part, &t);
        w->learned = w->parts[part];
        kal__adapt_matches(&w->cost, &w->learned, 1);
    }
    put_blocks(w, b, s->p + s->from, part, last);
}

size_t kal__deflate(const unsigned char *data, size_t dict, size_t n, const unsigned near[KAL__DEFLATE_NEAR],
                    int level, bool last, unsigned char *out)
{
    bits b = {out, 0, 0};
    if (!level) {
        kal__put_stored(&b, data + dict, n, last);
        return (size_t)(b.out - out);
    }
    kal__slab *slab =
        kal__slab_new(sizeof(work));   // goes back whole: a heap would keep it, and holes beside it
    if (!slab) return 0;
    work *w = (work *)slab->data;
    w->effort = efforts[level];
    stretch s = {data, dict, dict + n < dict + STRETCH ? dict + n : dict + STRETCH, dict + n, near};
    learn(w, &s, dict);
    s.end = dict;
    while (s.end < s.data_end) {
        s.from = s.end;
        s.end = s.data_end - s.from < STRETCH ? s.data_end : s.from + STRETCH;
        deflate_stretch(w, &s, &b, last && s.end == s.data_end);
    }
    if (last)
        align(&b);
    else
        kal__put_stored(&b, NULL, 0, false);   // ends at a byte
    kal__slab_unref(&slab);
    return (size_t)(b.out - out);
}
