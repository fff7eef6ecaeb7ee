// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Whose turn it is in a search: who leads, who has lost already, what is called for at all. docs/notes/optimize.md says why.
#include "optimize_search.h"

#include "fmath.h"

#include <string.h>

// ---- who has lost ---------------------------------------------------------------------------------

#define STEEP 3   // times as steep, or as flat, as the curve no picture is

#define APART 0.1   // in log2: what fewer are apart tells nothing
#define LEAST 0.1   // points

// Points that a doubling of the bytes is expected to bring, around there.
static double points_a_bit(const kal__quality *by, int quality)
{
    int low = quality, high = quality < KAL__QUALITY_MOST - 5 ? quality + 5 : KAL__QUALITY_MOST;
    while (by->bits[high] - by->bits[low] < APART && (low > 1 || high < KAL__QUALITY_MOST)) {
        if (low > 1) low--;
        if (high < KAL__QUALITY_MOST) high++;
    }
    const double points = by->score[high] - by->score[low], bits = by->bits[high] - by->bits[low];
    return (points > LEAST ? points : LEAST) / (bits > APART ? bits : APART);
}

// A file below the score that is larger than the best, or so nearly as large that what it lacks cannot be had for the rest; or one above it that is so
// much larger that what is above does not make up for it.
static bool shows_defeat(const kal__runner *r, const kal__quality_probe *p, uint64_t best)
{
    const bool jumps = r->line->ladder && r->line->ladder->name;   // palettes have no curve to speak of
    const double points = r->by.min_score - p->score, slope = points_a_bit(&r->by, p->quality);
    const double bits = kal__log2((double)best / (double)(p->bytes + r->beside));   // that it may have more
    if (jumps) return points > 0 && bits <= 0;
    if (points > 0) return bits <= 0 || STEEP * slope * bits < points;
    return bits < 0 && -bits > STEEP * -points / slope;
}

// Bytes that a file may have to be chosen.
static uint64_t room_of(const kal__search *s)
{
    const kal__try *b = s->best < 0 ? NULL : &s->tries[s->best];
    uint64_t room = s->aim->max_bytes ? s->aim->max_bytes : UINT64_MAX;
    if (b && b->told.keeps && s->aim->p.objective == KAL__SMALLEST && b->told.bytes < room)
        room = b->told.bytes;
    return room;
}

static bool can_still_win(const kal__search *s, const kal__runner *r)
{
    const uint64_t room = room_of(s);
    const kal__try *b = s->best < 0 ? NULL : &s->tries[s->best];
    const bool own = b && b->told.keeps && b->line == (int)(r->line - s->lines);
    if (room == UINT64_MAX || s->aim->p.objective != KAL__SMALLEST || r->by.max_bytes || own) return true;
    for (int i = 0; i < r->by.n; i++)
        if (shows_defeat(r, &r->by.probes[i], room)) return false;
    return true;
}

// ---- who leads ------------------------------------------------------------------------------------

// By score one line goes first, whose files are expected to be the smallest. Others try one file, once it is known how heavy the picture is, and go on when
// it is known what they have to beat: mostly that file tells that they cannot.
static int leader_of(const kal__search *s, bool by_bytes)
{
    int leader = -1, lines = 0;
    double least = 0;
    for (int i = 0; i < s->n; i++) {
        const kal__runner *r = &s->runners[i];
        const bool by_quality = r->line->curve && !(r->line->ladder && r->line->ladder->name);
        if (r->state != KAL__WAITS || !by_quality || r->line->follows >= 0) continue;
        const double bits = r->by.bits[r->next];
        const bool first =
            leader < 0 || r->line->way < s->runners[leader].line->way;   // of equals, in any order
        if (leader < 0 || bits < least || (bits == least && first)) leader = i, least = bits;
        lines++;
    }
    return lines > 1 && !by_bytes && !s->aim->p.quality && s->aim->p.objective == KAL__SMALLEST ? leader : -1;
}

// Bits of this picture, in log2, beside those that were expected: slope times as many, and so many more.
typedef struct weight {
    double slope, more;
} weight;

#define FLATTEST 0.5
#define STEEPEST 3.0

static double bits_of(const kal__runner *r, const kal__quality_probe *p)
{
    return kal__log2((double)p->bytes * 8 / r->by.pixels);
}

// From the files of the leader, which has one at least.
static weight weight_of(const kal__search *s)
{
    const kal__runner *l = &s->runners[s->leader];
    const kal__quality_probe *p = &l->by.probes[l->by.n - 1];
    const double expected = l->by.bits[p->quality], bits = bits_of(l, p);
    double slope = 1;
    if (l->by.n > 1) {
        const kal__quality_probe *first = &l->by.probes[0];
        const double apart = l->by.bits[first->quality] - expected;
        if (apart > 0.2 || apart < -0.2) slope = (bits_of(l, first) - bits) / apart;
        slope = slope < FLATTEST ? FLATTEST : slope > STEEPEST ? STEEPEST : slope;
    }
    return (weight){slope, bits - slope * expected};
}

static int one_beyond(const kal__quality *q, int quality)
{
    if (!q->steps) return quality < 100 ? quality + 1 : 100;
    int i = 0;
    while (i < q->n_steps - 1 && q->steps[i] <= quality) i++;
    return q->steps[i];
}

// Bytes that others have to beat: of the best that there is or, while the leader has none, of what it will find, about. 0: nobody knows.
static double bytes_to_beat(const kal__search *s)
{
    const kal__runner *l = &s->runners[s->leader];
    const kal__try *b = s->best < 0 ? NULL : &s->tries[s->best];
    const int quality = l->state == KAL__SEARCHES ? l->next : 0;
    if (b && b->told.keeps && b->line >= 0) return (double)b->told.bytes;
    if (!quality || !l->by.n) return 0;
    const weight w = weight_of(s);
    const double bits = w.more + w.slope * l->by.bits[quality];
    return l->by.pixels / 8 * kal__exp(bits * KAL__LN2);
}

#define AIMED 2   // files of a line; what they do not tell its score must

// Where a line is most likely to show that it cannot win: its file there is a little larger than what the leader finds. Where it is likely to win it is
// searched as ever.
static void aim_low(const kal__search *s, kal__runner *w)
{
    const kal__runner *l = s->leader < 0 ? NULL : &s->runners[s->leader];
    if (!l || w == l || !l->by.n || !w->line->curve || !w->next || w->by.n >= AIMED) return;
    const double bytes = bytes_to_beat(s);
    if (bytes < 1 || bytes > 1e15) return;
    kal__quality q = w->by;
    const weight by = weight_of(s);
    for (int i = 1; i <= KAL__QUALITY_MOST; i++) q.bits[i] = by.slope * q.bits[i] + (q.n ? 0 : by.more);
    q.max_bytes = kal__above(w, (uint64_t)bytes);
    const int guess = kal__quality_next(&q), beyond = guess ? one_beyond(&q, guess) : 0;
    const int aim = kal__quality_is_probed(&q, beyond) ? guess : beyond;
    if (aim && aim < w->next) w->next = aim;
}

// ---- who begins -----------------------------------------------------------------------------------

#define HIGH_QUALITY 90   // from there on halved colour costs more than it spares

// Full colour where halved colour is not enough, or only just.
static bool wants_full_colour(const kal__search *s, const kal__runner *before)
{
    const kal__quality_probe *p = kal__quality_found(&before->by);
    const kal__try *last = before->last < 0 ? NULL : &s->tries[before->last];
    if (!last || last->status || (before->by.max_bytes && !p))
        return false;   // nor where fewer bytes are wanted
    return before->beaten ? last->quality >= HIGH_QUALITY : !p || p->quality >= HIGH_QUALITY;
}

#define LITTLE 100000   // bytes: where a quick file is as small a slow one is soon made

// Of what loses nothing the slow way where the quick one comes near, and what is slow by itself where a quick PNG does.
static bool is_called_for(kal__search *s, const kal__runner *w)
{
    const kal__runner *before = w->line->follows < 0 ? NULL : &s->runners[w->line->follows];
    const uint64_t room = room_of(s);
    if (before && w->line->curve) return wants_full_colour(s, before);
    if (before) {
        const kal__try *quick = before->last < 0 ? NULL : &s->tries[before->last];
        const uint64_t least = quick ? quick->told.bytes / (uint64_t)w->line->less : 0;
        return quick && !quick->status && (least <= room || quick->told.bytes <= LITTLE);
    }
    if (!w->line->less || s->aim->p.quality || room == UINT64_MAX) return true;
    const uint64_t png = kal__quick_png(s);
    return png == UINT64_MAX || png <= LITTLE || png / (uint64_t)w->line->less <= room;
}

// What loses nothing comes last: by then it is known how small it must be. Of a given quality there is no search to wait for.
static bool may_begin(const kal__search *s, const kal__runner *w)
{
    const kal__runner *leader = s->leader < 0 ? NULL : &s->runners[s->leader];
    for (int i = 0; i < s->n; i++) {
        const kal__runner *r = &s->runners[i];
        const bool later = w->line->lossless && !r->line->lossless && !s->aim->p.quality;
        if (later && (kal__is_on(r) || r->state == KAL__WAITS)) return false;
    }
    if (leader && w != leader && leader->state != KAL__DONE && (w->by.n || !leader->by.n)) return false;
    return w->line->follows < 0 || s->runners[w->line->follows].state == KAL__DONE;
}

static kal__runner *runner_of(kal__search *s, int way)
{
    for (int i = 0; i < s->n; i++)
        if (s->lines[i].way == way) return &s->runners[i];
    return NULL;
}

// What cannot win any more is done; and what waited for that may begin. One tells on the next, so they come in the order of the table, whatever the one of `formats`.
static void begin_others(kal__search *s)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (int way = 0; way < KAL__LINES; way++) {
            kal__runner *w = runner_of(s, way);
            if (!w) continue;
            const kal__line_state before = w->state;
            if (w->state == KAL__WAITS && may_begin(s, w)) {
                w->state = is_called_for(s, w) ? KAL__SEARCHES : KAL__DONE;
                aim_low(s, w);
            }
            w->beaten |= w->state == KAL__SEARCHES && !can_still_win(s, w);
            if (w->beaten) w->state = KAL__DONE;
            changed |= w->state != before;
        }
    }
}

// Who has tried one file while the leader searches waits for what that finds.
static void wait_for_leader(kal__search *s)
{
    for (int i = 0; i < s->n; i++) {
        kal__runner *w = &s->runners[i];
        const bool on = s->leader >= 0 && s->runners[s->leader].state == KAL__SEARCHES;
        if (on && i != s->leader && w->state == KAL__SEARCHES) w->state = KAL__WAITS;
    }
}

void kal__order_first(kal__search *s, bool by_bytes)
{
    s->leader = leader_of(s, by_bytes);
    begin_others(s);
}

void kal__order_next(kal__search *s)
{
    wait_for_leader(s);
    for (int i = 0; i < s->n; i++)
        if (s->runners[i].state == KAL__SEARCHES) aim_low(s, &s->runners[i]);
    begin_others(s);
}
