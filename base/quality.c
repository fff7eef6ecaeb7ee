// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See quality.h. What is searched is where a rising curve crosses a line. A picture's curve is taken for the mean one, moved by what the probes say of it. As long as
// only one side of the line is known a guess goes one beyond, to know the other. Real curves jump and fall here and there: when some guesses
// have not closed in, or none came near, the bracket is halved; and next to a jump one more is looked at.
#include "quality.h"

#include "fmath.h"

#include <stddef.h>

// Near enough: nobody sees it, and another probe costs an encoding and a decoding.
#define NEAR_BYTES 0.01   // of the budget
#define NEAR_SCORE 1.0
#define JUMP_BYTES 0.02
#define JUMP_SCORE 1.0
#define HOPELESS_BYTES 0.1   // in log2
#define HOPELESS_SCORE 1.5
#define CLOSE_BYTES 1.0   // in log2
#define CLOSE_SCORE 7.0

static double log2_of(double v)
{
    return kal__log2(v > 1e-300 ? v : 1e-300);
}

// What rises with quality, less the line it is to cross: log2 of bytes, or the score.
static double height_of(const kal__quality *s, const kal__quality_probe *p)
{
    return s->max_bytes ? log2_of((double)p->bytes) - log2_of((double)s->max_bytes) : p->score - s->min_score;
}

static double mean_of(const kal__quality_curve *c, const float *v, int quality)
{
    int i = 1;
    while (i < KAL__QUALITY_KNOTS - 1 && c->at[i] < quality) i++;
    const double part = (double)(quality - c->at[i - 1]) / (double)(c->at[i] - c->at[i - 1]);
    return (double)v[i - 1] + part * ((double)v[i] - (double)v[i - 1]);
}

double kal__quality_mean(const kal__quality_curve *c, int quality)
{
    return mean_of(c, c->score, quality);
}

double kal__quality_mean_bits(const kal__quality_curve *c, int quality)
{
    return mean_of(c, c->bits, quality);
}

static double mean_height(const kal__quality *s, int quality)
{
    const double mean = mean_of(s->curve, s->max_bytes ? s->curve->bits : s->curve->score, quality);
    return s->max_bytes ? mean + s->level + log2_of(s->pixels / 8) - log2_of((double)s->max_bytes)
                        : mean - s->min_score;
}

static int distance(const kal__quality_probe *p, int quality)
{
    return p->quality < quality ? quality - p->quality : p->quality - quality;
}

// How far this picture is from the mean one there: from the two probes around it or, beyond them all, the two nearest.
static double off_at(const kal__quality *s, int quality)
{
    const kal__quality_probe *near = NULL, *other = NULL;
    for (int i = 0; i < s->n; i++) {
        const kal__quality_probe *p = &s->probes[i];
        if (!near || distance(p, quality) < distance(near, quality)) near = p;
    }
    if (!near) return 0;
    for (int i = 0; i < s->n; i++) {   // on the other side of it, if there is one there
        const kal__quality_probe *p = &s->probes[i];
        if (p == near) continue;
        const bool across = (p->quality < quality) != (near->quality < quality),
                   had = other && (other->quality < quality) != (near->quality < quality);
        if (!other || (across && !had) || (across == had && distance(p, quality) < distance(other, quality)))
            other = p;
    }
    const double a = height_of(s, near) - mean_height(s, near->quality);
    if (!other) return a;
    const double b = height_of(s, other) - mean_height(s, other->quality);
    const double ma = mean_height(s, near->quality), apart = mean_height(s, other->quality) - ma;
    double part = apart < 0 || apart > 0 ? (mean_height(s, quality) - ma) / apart : 0;
    if (part < -1) part = -1;   // no further beyond than they are apart
    return a + (b - a) * part;
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

// Real curves fall here and there. Where the line is crossed by a jump, something beyond it may lie nearer: one is looked at. Where nothing keeps to
// the bound, all that may be are, unless the nearest is far from it.
static int beyond(const kal__quality *s, int low, int high)
{
    const kal__quality_probe *p = kal__quality_found(s);
    const int by = s->max_bytes ? 1 : -1;
    int q = s->max_bytes ? high + 1 : low - 1;
    if (p ? s->steps != NULL : is_hopeless(s, by)) return 0;
    const bool jump = !p || (s->max_bytes ? (double)p->bytes < (1 - JUMP_BYTES) * (double)s->max_bytes
                                          : p->score > s->min_score + JUMP_SCORE);
    while (!p && q >= 1 && q <= 100 && (kal__quality_is_probed(s, q) || !is_step(s, q))) q += by;
    return jump && q >= 1 && q <= 100 && !kal__quality_is_probed(s, q) ? q : 0;
}

static int most_probes(const kal__quality *s)
{
    return s->most ? s->most : KAL__QUALITY_PROBES;
}

// The nearest to the guess of those steps that lie within the bracket; 0: none does.
static int step_within(const kal__quality *s, int low, int high, int guess)
{
    int best = 0;
    for (int i = 0; i < s->n_steps; i++) {
        const int q = s->steps[i];
        const int away = q < guess ? guess - q : q - guess,
                  least = best < guess ? guess - best : best - guess;
        if (q > low && q < high && (!best || away < least)) best = q;
    }
    return best;
}

#define TRUSTED 3         // guesses
#define TRUSTED_FOUND 5   // where something keeps to the bound already

// A probe came near enough to the line for the mean curve to be trusted a little longer: the nearer, the more there were.
static bool is_close(const kal__quality *s)
{
    static const double of[TRUSTED_FOUND] = {1, 1, 1, 1.0 / 4, 1.0 / 16};
    const double close = s->max_bytes ? CLOSE_BYTES : CLOSE_SCORE;
    if (s->n >= (kal__quality_found(s) ? TRUSTED_FOUND : TRUSTED)) return false;
    return !s->n || least_away(s) < close * of[s->n];
}

// Once guesses have not closed in on it, what the probes that are left could not halve away is halved.
static int guess_within(const kal__quality *s, int low, int high, int guess)
{
    const int most = (1 << (most_probes(s) - s->n - 1)) - 1;   // that may be left open on either side
    if (is_close(s)) return guess;
    if (guess - low - 1 > most) guess = low + 1 + most;
    if (high - guess - 1 > most) guess = high - 1 - most;
    return high - low - 1 > 2 * most + 1 ? (low + high) / 2 : guess;
}

int kal__quality_next(const kal__quality *s)
{
    int low, high;
    bracket(s, &low, &high);
    if (s->n >= most_probes(s) || is_near(s)) return 0;
    if (high - low <= 1) return beyond(s, low, high);
    int guess = low + 1;   // the last that is expected on the near side of the line
    for (int q = low + 1; q < high; q++) {
        const double h = mean_height(s, q) + off_at(s, q);
        if (s->max_bytes ? h <= 0 : h < 0) guess = s->max_bytes ? q : q + 1;
    }
    // One beyond, where nothing is known there yet: what is on the other side closes the bracket.
    if (s->n && high == 101 && low) guess += s->max_bytes != 0;
    if (s->n && !low && high <= 100) guess -= !s->max_bytes;
    if (guess <= low) guess = low + 1;
    if (guess >= high) guess = high - 1;
    guess = guess_within(s, low, high, guess);
    if (!s->steps) return guess;
    const int step = step_within(s, low, high, guess);
    return step ? step : beyond(s, low, high);
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
