// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See quality.h. A curve is taken for a sample of a Gaussian process: a mean that hangs on the picture's look, and deviations that are a sum of few shapes, by which
// pictures differ, and of a roughness that only neighbours share. What probes say is conditioned upon (Rasmussen and Williams, Gaussian Processes for Machine Learning,
// algorithm 2.1).
#include "quality.h"

#include "fmath.h"

#define NEIGHBOURS 4.0   // qualities over which roughness falls to 1/e
#define ALONE 0.1        // of its variance each quality has for itself
#define TINY 1e-9        // variance: so that equal curves can be told apart
#define BEST_SCORE 100
#define FLATTEST 0.25   // of what the mean rises a picture's curve rises at least
#define ODDER 4         // times the variance, until it is
#define ODDEST 4096
#define USUAL 5    // times the variance, at most, of what is like photographs
#define WIDEST 3   // times the deviation, where probes still surprise

enum { N = KAL__QUALITY_PROBES };

static double log2_of(double v)
{
    return kal__log2(v > 1e-300 ? v : 1e-300);
}

double kal__quality_value(const kal__quality *s, const kal__quality_probe *p)
{
    return s->max_bytes ? log2_of((double)p->bytes * 8 / s->pixels) : p->score;
}

double kal__quality_line(const kal__quality *s)
{
    return s->max_bytes ? log2_of((double)s->max_bytes * 8 / s->pixels) : s->min_score;
}

// A logistic of a cubic, within 0.00014 everywhere (Bowling and others, 2009).
double kal__quality_normal(double z)
{
    if (z > 6) return 1;
    if (z < -6) return 0;
    return 1 / (1 + kal__exp(-(1.5976 * z + 0.07056 * z * z * z)));
}

// ---- before anything was probed -----------------------------------------------------------------

static double at_knots(const kal__quality_curve *c, const float *v, int quality)
{
    int i = 1;
    while (i < KAL__QUALITY_KNOTS - 1 && c->at[i] < quality) i++;
    const double part = (double)(quality - c->at[i - 1]) / (double)(c->at[i] - c->at[i - 1]);
    return (double)v[i - 1] + part * ((double)v[i] - (double)v[i - 1]);
}

static void look_at(const kal__quality_curve *c, const kal__quality_side *d, const double *look, double *out)
{
    for (int q = 1; q <= KAL__QUALITY_MOST; q++) {
        out[q] = (double)d->mean[q - 1];
        for (int j = 0; j < KAL__QUALITY_LOOKS; j++) out[q] += look[j] * at_knots(c, d->look[j], q);
        if (q == 1) continue;
        const double rise = (double)d->mean[q - 1] - (double)d->mean[q - 2];
        const double least = out[q - 1] + (rise > 0 ? FLATTEST * rise : 0);
        if (out[q] < least) out[q] = least;
    }
}

// The nearest that is known, and how odd it makes the picture.
static double nearest_look(const kal__quality_curve *c, const double *look, double *out)
{
    double away = 0;
    for (int k = 0; k < KAL__QUALITY_LOOKS; k++) {
        const double from = (double)c->seen[k][0], to = (double)c->seen[k][1];
        out[k] = look[k] < from ? from : look[k] > to ? to : look[k];
        away += (look[k] - out[k]) * (look[k] - out[k]);
    }
    return away;
}

void kal__quality_look(kal__quality *s, const kal__quality_curve *curve, const double *look)
{
    double nearest[KAL__QUALITY_LOOKS] = {0};
    s->curve = curve;
    s->counted = false;
    s->seen = look != NULL;
    s->odd = look ? 1 + nearest_look(curve, look, nearest) : 1;
    look_at(curve, &curve->bits, nearest, s->bits);
    look_at(curve, &curve->score, nearest, s->score);
    for (int q = 1; q <= KAL__QUALITY_MOST; q++)
        if (s->score[q] > BEST_SCORE) s->score[q] = BEST_SCORE;
}

// ---- counted --------------------------------------------------------------------------------------

// A file is as much larger or smaller than was counted as its neighbours are, and hardly so at all: of 160 crops a thousandth in the median.
#define LEVEL 0.003
static const kal__quality_side counted = {.rough = 0.0015f};

void kal__quality_counted(kal__quality *s, const int *qualities, const double *bits, int n)
{
    double more[KAL__QUALITY_MOST + 1];
    for (int q = 1, i = 0; q <= KAL__QUALITY_MOST; q++) {
        while (i < n - 1 && qualities[i] < q) i++;
        const double here = bits[i] - s->bits[qualities[i]];
        more[q] = here;
        if (!i || q >= qualities[i]) continue;
        const double before = bits[i - 1] - s->bits[qualities[i - 1]];
        more[q] = before + (here - before) * (q - qualities[i - 1]) / (qualities[i] - qualities[i - 1]);
    }
    for (int q = 1; q <= KAL__QUALITY_MOST; q++) s->bits[q] += more[q];
    s->counted = true;
    s->odd = 1;
}

int kal__quality_crossing(const kal__quality *s)
{
    const double *mean = s->max_bytes ? s->bits : s->score;
    int q = KAL__QUALITY_MOST;
    while (q && mean[q] > kal__quality_line(s)) q--;
    return q;
}

// ---- after ----------------------------------------------------------------------------------------

static const kal__quality_side *side_of(const kal__quality *s)
{
    if (s->max_bytes && s->counted) return &counted;
    return s->max_bytes ? &s->curve->bits : &s->curve->score;
}

// The shapes at a quality.
typedef struct place {
    int quality;
    double apart[KAL__QUALITY_SHAPES];
} place;

static place place_of(const kal__quality *s, int quality)
{
    const kal__quality_side *d = side_of(s);
    place p = {.quality = quality, .apart = {LEVEL}};
    for (int r = 0; r < KAL__QUALITY_SHAPES && d != &counted; r++)
        p.apart[r] = at_knots(s->curve, s->seen ? d->apart[r] : d->unseen[r], quality);
    return p;
}

static double covariance(const kal__quality *s, double odd, const place *a, const place *b)
{
    const double rough = (double)side_of(s)->rough;
    const int away = a->quality < b->quality ? b->quality - a->quality : a->quality - b->quality;
    double v = rough * rough * kal__exp(-away / NEIGHBOURS);
    for (int r = 0; r < KAL__QUALITY_SHAPES; r++) v += odd * a->apart[r] * b->apart[r];
    return away ? v : v + ALONE * rough * rough + TINY;
}

// L of the covariance of the probes, L L'; and what they are off the mean, through L. `unlikely`: twice the negative logarithm of how likely they were, but a constant.
typedef struct solved {
    double odd, l[N][N], off[N], unlikely, squares;
    place at[N];
} solved;

static solved solve(const kal__quality *s, double odd)
{
    const double *mean = s->max_bytes ? s->bits : s->score;
    solved o = {.odd = odd};
    for (int i = 0; i < s->n; i++) {
        o.at[i] = place_of(s, s->probes[i].quality);
        for (int j = 0; j <= i; j++) {
            double v = covariance(s, odd, &o.at[i], &o.at[j]);
            for (int k = 0; k < j; k++) v -= o.l[i][k] * o.l[j][k];
            o.l[i][j] = i == j ? __builtin_sqrt(v > TINY ? v : TINY) : v / o.l[j][j];
        }
        double v = kal__quality_value(s, &s->probes[i]) - mean[s->probes[i].quality];
        for (int k = 0; k < i; k++) v -= o.l[i][k] * o.off[k];
        o.off[i] = v / o.l[i][i];
        o.squares += o.off[i] * o.off[i];
        o.unlikely += o.off[i] * o.off[i] + 2 * kal__log(o.l[i][i]);
    }
    return o;
}

// Drawings and the like are further apart than photographs are: as far as makes their probes the most likely.
static solved solve_best(const kal__quality *s)
{
    solved best = solve(s, s->odd);
    for (double odd = ODDER * s->odd; s->n && odd <= ODDEST; odd *= ODDER) {
        const solved o = solve(s, odd);
        if (o.unlikely < best.unlikely) best = o;
    }
    return best;
}

void kal__quality_expect(const kal__quality *s, kal__quality_expected *out)
{
    const double *mean = s->max_bytes ? s->bits : s->score;
    const solved o = solve_best(s);
    double wide = s->n && o.squares > s->n ? __builtin_sqrt(o.squares / s->n) : 1;
    if (wide > WIDEST) wide = WIDEST;
    out->usual = (s->seen || s->counted) && o.odd * wide * wide <= USUAL;
    for (int q = 1; q <= KAL__QUALITY_MOST; q++) {
        const place here = place_of(s, q);
        double part[N], value = mean[q], variance = covariance(s, o.odd, &here, &here);
        for (int i = 0; i < s->n; i++) {
            double v = covariance(s, o.odd, &here, &o.at[i]);
            for (int k = 0; k < i; k++) v -= o.l[i][k] * part[k];
            part[i] = v / o.l[i][i];
            value += part[i] * o.off[i];
            variance -= part[i] * part[i];
        }
        out->mean[q] = value;
        out->sd[q] = wide * __builtin_sqrt(variance > TINY ? variance : TINY);
    }
}
