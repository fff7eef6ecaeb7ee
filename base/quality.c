// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See quality.h. What is searched is where a rising curve crosses a line: tried is the quality that is most likely to end the search. Real curves jump and fall here and
// there: when few probes are left the bracket is halved; and next to a jump one more is looked at.
#include "quality.h"

#include <stddef.h>

// Near enough: nobody sees it, and another probe costs an encoding and a decoding.
#define NEAR_BYTES 0.01   // of the budget
#define NEAR_SCORE 1.0
#define NEAR_POINTS 0.2   // by bytes, as expected
#define AROUND 2          // qualities on either side
#define CROSSES 0.0001    // one beyond a jump is looked at, if it is so likely to keep to the bound, too
#define UNLIKELY 0.001    // that more fits
#define HALVED 0.33       // what halving the bracket is worth beside ending the search
#define JUMP_BYTES 0.02
#define JUMP_SCORE 1.0
#define HOPELESS_BYTES 0.1   // in log2
#define HOPELESS_SCORE 1.5

// What rises with quality, less the line it is to cross.
static double height_of(const kal__quality *s, const kal__quality_probe *p)
{
    return kal__quality_value(s, p) - kal__quality_line(s);
}

// Between them the line is crossed: the highest quality that is known to lie at or below it (0: none), and the lowest above it (101). By bytes what lies
// on the line is below, by score above.
static void bracket(const kal__quality *s, int *low, int *high)
{
    *low = 0, *high = 101;
    for (int i = 0; i < s->n; i++) {
        const double h = height_of(s, &s->probes[i]);
        const bool below = s->max_bytes ? h <= 0 : h < 0;
        if (below && s->probes[i].quality > *low) *low = s->probes[i].quality;
    }
    for (int i = 0; i < s->n; i++) {   // of what does not rise the lower counts
        const double h = height_of(s, &s->probes[i]);
        const bool below = s->max_bytes ? h <= 0 : h < 0;
        if (!below && s->probes[i].quality > *low && s->probes[i].quality < *high)
            *high = s->probes[i].quality;
    }
}

static bool is_near(const kal__quality *s)
{
    const kal__quality_probe *p = kal__quality_found(s);
    if (!p) return false;
    return s->max_bytes ? (double)p->bytes >= (1 - NEAR_BYTES) * (double)s->max_bytes
                        : p->score <= s->min_score + NEAR_SCORE;
}

bool kal__quality_is_probed(const kal__quality *s, int quality)
{
    for (int i = 0; i < s->n; i++)
        if (s->probes[i].quality == quality) return true;
    return false;
}

static bool is_step(const kal__quality *s, int quality)
{
    bool is = !s->steps;
    for (int i = 0; i < s->n_steps && s->steps; i++) is |= s->steps[i] == quality;
    return is;
}

static double away_of(const kal__quality *s, const kal__quality_probe *p)
{
    const double h = height_of(s, p);
    return h < 0 ? -h : h;
}

// Of the nearest to the line.
static double least_away(const kal__quality *s)
{
    double least = 1e300;
    for (int i = 0; i < s->n; i++)
        if (away_of(s, &s->probes[i]) < least) least = away_of(s, &s->probes[i]);
    return least;
}

#define FUTILE 2   // probes beyond the nearest, none of which came as near

// Where nothing keeps to the bound: the nearest is far from it, or those beside that one are further.
static bool is_hopeless(const kal__quality *s, int by)
{
    const double least = least_away(s);
    int nearest = 0, beside = 0;
    for (int i = 0; i < s->n; i++)
        if (away_of(s, &s->probes[i]) <= least && (!nearest || s->probes[i].quality < nearest))
            nearest = s->probes[i].quality;
    for (int i = 0; i < s->n; i++) {
        const int apart = (s->probes[i].quality - nearest) * by;
        beside += apart > 0 && apart <= FUTILE;
    }
    return beside >= FUTILE || least > (s->max_bytes ? HOPELESS_BYTES : HOPELESS_SCORE);
}

// Of two neighbours, both probed, the one beyond lies nearer to the line: a curve that falls.
static bool falls(const kal__quality *s, int near, int beyond)
{
    double away[2] = {-1, -1};
    for (int i = 0; i < s->n; i++) {
        if (s->probes[i].quality == near) away[0] = away_of(s, &s->probes[i]);
        if (s->probes[i].quality == beyond) away[1] = away_of(s, &s->probes[i]);
    }
    return away[1] >= 0 && away[1] < away[0];
}

static double is_below(const kal__quality *s, const kal__quality_expected *e, int quality, double more)
{
    return kal__quality_normal((kal__quality_line(s) + more - e->mean[quality]) / e->sd[quality]);
}

// How likely it keeps to the bound, too.
static bool may_cross(const kal__quality *s, int quality)
{
    kal__quality_expected e;
    kal__quality_expect(s, &e);
    const double below = is_below(s, &e, quality, 0);
    return !e.usual || (s->max_bytes ? below : 1 - below) >= CROSSES;
}

// Real curves fall here and there. Where the line is crossed by a jump, something beyond it may lie nearer: one is looked at. Where nothing keeps to
// the bound, all that may be are, unless the nearest is far from it.
static int beyond(const kal__quality *s, int low, int high)
{
    const kal__quality_probe *p = kal__quality_found(s);
    const int by = s->max_bytes ? 1 : -1;
    const int first = s->max_bytes ? high + 1 : low - 1;
    int q = first;
    if (p ? s->steps != NULL : is_hopeless(s, by)) return 0;
    const bool jump = !p || (s->max_bytes ? (double)p->bytes < (1 - JUMP_BYTES) * (double)s->max_bytes
                                          : p->score > s->min_score + JUMP_SCORE);
    while (q >= 1 && q <= 100 && (p ? falls(s, q - by, q) : kal__quality_is_probed(s, q) || !is_step(s, q)))
        q += by;
    const bool is = jump && q >= 1 && q <= 100 && !kal__quality_is_probed(s, q);
    return is && (!p || q != first || may_cross(s, q)) ? q : 0;
}

static int most_probes(const kal__quality *s)
{
    return s->most ? s->most : KAL__QUALITY_PROBES;
}

// ---- what is tried next -------------------------------------------------------------------------

// Qualities within the bracket, behind its lower end; and how likely each, or a better one, lies below the line. The last is the upper end.
typedef struct open_ones {
    int at[KAL__QUALITY_MOST + 2], n;
    double below[KAL__QUALITY_MOST + 2];
    bool usual;   // it is like photographs
} open_ones;

static open_ones open_of(const kal__quality *s, int low, int high)
{
    open_ones o = {.at = {low}, .n = 1};
    for (int q = low + 1; q < high; q++)
        if (is_step(s, q)) o.at[o.n++] = q;
    return o;
}

// Curves rise, what is expected of them need not: halfway between the least that lower ones say and the most that higher ones do.
static void weigh(const kal__quality *s, const kal__quality_expected *e, open_ones *o)
{
    double chance[KAL__QUALITY_MOST + 2], least = 1, most = 0;
    o->below[0] = 1, o->below[o->n] = 0;
    for (int i = 1; i < o->n; i++) {
        chance[i] = is_below(s, e, o->at[i], 0);
        if (chance[i] < least) least = chance[i];
        o->below[i] = least / 2;
    }
    for (int i = o->n - 1; i > 0; i--) {
        if (chance[i] > most) most = chance[i];
        o->below[i] += most / 2;
    }
}

// What it is expected to score, as its neighbours do: one quality of a picture is off the mean one by more than from one to the next it rises.
static double points_near(const kal__quality *s, int quality)
{
    const int from = quality > AROUND ? quality - AROUND : 1;
    const int to = quality + AROUND < KAL__QUALITY_MOST ? quality + AROUND : KAL__QUALITY_MOST;
    double sum = 0;
    for (int q = from; q <= to; q++) sum += s->score[q];
    return sum / (to - from + 1);
}

// The last of the open ones that is hardly better.
static int as_good(const kal__quality *s, const open_ones *o, int i)
{
    const double here = points_near(s, o->at[i]);
    int last = i;
    while (last + 1 < o->n && points_near(s, o->at[last + 1]) - here <= NEAR_POINTS) last++;
    return last;
}

// Which one is most likely to end the search, 0: none need; where no one is likely to, what halves the bracket; where that is nothing either, what lies nearest to the line.
static int most_telling(const kal__quality *s, open_ones *o)
{
    kal__quality_expected e;
    double most = -1;
    int pick = 0;
    kal__quality_expect(s, &e);
    weigh(s, &e, o);
    o->usual = e.usual;
    const bool may_end = s->max_bytes && e.usual && kal__quality_found(s);
    if (may_end && o->below[as_good(s, o, 0) + 1] < UNLIKELY) return 0;
    for (int i = 1; i < o->n; i++) {
        const int q = o->at[i];
        const double half = o->below[i] < 0.5 ? o->below[i] : 1 - o->below[i];
        const double ends = s->max_bytes ? o->below[i] - o->below[as_good(s, o, i) + 1]
                                         : is_below(s, &e, q, NEAR_SCORE) - is_below(s, &e, q, 0);
        const double worth = ends + HALVED * half;
        if (worth > most || (worth >= most && o->below[i] > 0.5)) most = worth, pick = i;
    }
    return pick;
}

#define TRUSTED 3   // probes left, of what is like photographs
#define LATE 2      // probes left

// As long as nothing keeps to the bound the probes that are left must be enough to halve away what is open on either side, or what could be met would be missed. What is like no photograph may creep up to the
// line from one side: late in its search what is open is halved, too.
static int closing(const kal__quality *s, const open_ones *o, int pick)
{
    const int left = most_probes(s) - s->n - 1, most = (1 << left) - 1;
    const int under = pick - 1, over = o->n - 1 - pick, half = o->n / 2;
    const bool wide = under + over > 2 * most;
    if (kal__quality_found(s)) return !o->usual && left == LATE && wide ? half : pick;
    if (o->usual && left >= TRUSTED) return pick;
    if (wide) return half;
    return under > most ? most + 1 : over > most ? o->n - 1 - most : pick;
}

int kal__quality_next(const kal__quality *s)
{
    int low, high;
    bracket(s, &low, &high);
    if (s->n >= most_probes(s) || is_near(s)) return 0;
    open_ones o = open_of(s, low, high);
    if (o.n == 1) return beyond(s, low, high);
    const int pick = most_telling(s, &o);
    return pick ? o.at[closing(s, &o, pick)] : 0;
}

void kal__quality_tell(kal__quality *s, int quality, uint64_t bytes, double score)
{
    if (s->n < KAL__QUALITY_PROBES) s->probes[s->n++] = (kal__quality_probe){quality, bytes, score};
}

const kal__quality_probe *kal__quality_found(const kal__quality *s)
{
    const kal__quality_probe *best = NULL;
    for (int i = 0; i < s->n; i++) {
        const kal__quality_probe *p = &s->probes[i];
        const bool keeps = s->max_bytes ? p->bytes <= s->max_bytes : p->score >= s->min_score;
        if (!keeps) continue;
        if (!best || (s->max_bytes ? p->quality > best->quality : p->bytes < best->bytes)) best = p;
    }
    return best;
}
