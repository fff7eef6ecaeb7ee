// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// dominant: a few colours that stand for all. Pixels are gathered in cells, 256 of gray or 32 × 32 × 32 of RGB, each with its weight and its
// sums; all that follows looks at cells in a fixed order, so the result is the same everywhere:
//
//   cut      the box whose widest axis has the most squared distance from its mean is cut at that mean, until there are `count` boxes
//   refine   at most 8 times each cell goes to the nearest centre, of equals the first, and centres become the means of what went there
//   order    by weight, the heaviest first, then by the samples
//
// A pixel weighs as much as its alpha.
#include "stats.h"

enum { ROUNDS = 8, MOST = 256, CHANNELS = 3 };

typedef struct cell {
    uint64_t weight, sum[CHANNELS];
    double mean[CHANNELS];
    int32_t of;   // the centre it went to
} cell;

static int32_t colours_of(const kal_call *c)
{
    return kal__colours(&c->in[0]->extent);
}

static size_t cells_of(const kal_call *c)
{
    return colours_of(c) == 1 ? 256 : 32 * 32 * 32;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (e->type != KAL_U8)
        return kal__refuse_type("dominant", e, "are not gathered; cast type=u8 first", err);
    if (colours_of(c) != 1 && colours_of(c) != CHANNELS)
        return kal_fail(err, KAL_INVALID, "dominant: the image has %d colour channels; 1 or 3 are needed",
                        colours_of(c));
    return kal__stats_mask("dominant", c, err);
}

static size_t size(const kal_call *c)
{
    return cells_of(c) * sizeof(cell);
}

static void span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const kal_extent *e = &c->in[0]->extent;
    const uint8_t *p = pixels;
    const bool gray = colours_of(c) == 1;
    for (size_t i = 0; i < n; i++, p += e->channels) {
        cell *at = (cell *)gathered + (gray ? p[0] : (p[0] >> 3) << 10 | (p[1] >> 3) << 5 | p[2] >> 3);
        const uint64_t weight = e->alpha ? p[e->channels - 1] : 1;
        at->weight += weight;
        for (int32_t k = 0; k < (gray ? 1 : CHANNELS); k++) at->sum[k] += weight * p[k];
    }
}

static kal_status rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, span);
    return KAL_OK;
}

// ---- cutting ------------------------------------------------------------------------------------

typedef struct box {
    int32_t from, to;   // cells
    int32_t axis;
    double middle, spread;   // along the widest axis
} box;

// Cells that hold something, moved to the front.
static int32_t compact(cell *cells, size_t n)
{
    int32_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!cells[i].weight) continue;
        cells[kept] = cells[i];
        for (int32_t k = 0; k < CHANNELS; k++)
            cells[kept].mean[k] = (double)cells[i].sum[k] / (double)cells[i].weight;
        kept++;
    }
    return kept;
}

static box box_of(const cell *cells, int32_t from, int32_t to)
{
    box b = {from, to, 0, 0, 0};
    for (int32_t k = 0; k < CHANNELS; k++) {
        uint64_t weight = 0, sum = 0;
        for (int32_t i = from; i < to; i++) weight += cells[i].weight, sum += cells[i].sum[k];
        const double mean = (double)sum / (double)weight;
        double spread = 0;
        for (int32_t i = from; i < to; i++) {
            const double d = cells[i].mean[k] - mean;
            spread += (double)cells[i].weight * (d * d);
        }
        if (spread > b.spread) b.axis = k, b.middle = mean, b.spread = spread;
    }
    return b;
}

static int32_t part(cell *cells, const box *b)
{
    int32_t low = b->from, high = b->to;
    while (low < high)
        if (cells[low].mean[b->axis] > b->middle) {
            const cell t = cells[--high];
            cells[high] = cells[low], cells[low] = t;
        } else {
            low++;
        }
    return low;
}

static int32_t cut(cell *cells, int32_t n, box *boxes, int32_t count)
{
    int32_t made = 1;
    boxes[0] = box_of(cells, 0, n);
    while (made < count) {
        box *widest = boxes;
        for (int32_t i = 1; i < made; i++)
            if (boxes[i].spread > widest->spread) widest = &boxes[i];
        if (widest->spread <= 0) break;
        const int32_t at = part(cells, widest), to = widest->to;
        if (at == widest->from || at == to) {   // nothing but rounding
            widest->spread = 0;
            continue;
        }
        *widest = box_of(cells, widest->from, at);
        boxes[made++] = box_of(cells, at, to);
    }
    return made;
}

// ---- refining -----------------------------------------------------------------------------------

// Means from what cells say where they belong; a centre with nothing stays where it was.
static void settle(const cell *cells, int32_t n, cell *centres, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        centres[i].weight = 0;
        memset(centres[i].sum, 0, sizeof centres[i].sum);
    }
    for (int32_t i = 0; i < n; i++) {
        cell *to = &centres[cells[i].of];
        to->weight += cells[i].weight;
        for (int32_t k = 0; k < CHANNELS; k++) to->sum[k] += cells[i].sum[k];
    }
    for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < CHANNELS && centres[i].weight; k++)
            centres[i].mean[k] = (double)centres[i].sum[k] / (double)centres[i].weight;
}

static int32_t nearest(const cell *c, const cell *centres, int32_t count)
{
    int32_t best = 0;
    double least = 1e30;
    for (int32_t i = 0; i < count; i++) {
        double sum = 0;
        for (int32_t k = 0; k < CHANNELS; k++) {
            const double d = c->mean[k] - centres[i].mean[k];
            sum += d * d;
        }
        if (sum < least) least = sum, best = i;
    }
    return best;
}

static void refine(cell *cells, int32_t n, cell *centres, int32_t count)
{
    bool moved = true;
    settle(cells, n, centres, count);
    for (int32_t round = 0; round < ROUNDS && moved; round++) {
        moved = false;
        for (int32_t i = 0; i < n; i++) {
            const int32_t to = nearest(&cells[i], centres, count);
            moved |= to != cells[i].of;
            cells[i].of = to;
        }
        settle(cells, n, centres, count);
    }
}

static bool goes_before(const cell *a, const cell *b)
{
    if (a->weight != b->weight) return a->weight > b->weight;
    for (int32_t k = 0; k < CHANNELS; k++)
        if (a->mean[k] != b->mean[k]) return a->mean[k] < b->mean[k];
    return false;
}

static void order(cell *centres, int32_t count)
{
    for (int32_t i = 1; i < count; i++)
        for (int32_t k = i; k > 0 && goes_before(&centres[k], &centres[k - 1]); k--) {
            const cell t = centres[k];
            centres[k] = centres[k - 1], centres[k - 1] = t;
        }
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const kal_dominant_p *p = c->params;
    cell *cells = gathered, centres[MOST];
    box boxes[MOST];
    memset(centres, 0, sizeof centres);
    const int32_t n = compact(cells, cells_of(c)), channels = colours_of(c), columns = channels + p->shares;
    const int32_t count = n ? cut(cells, n, boxes, p->count) : 0;
    uint64_t all = 0;
    for (int32_t b = 0; b < count; b++)
        for (int32_t i = boxes[b].from; i < boxes[b].to; i++) cells[i].of = b, all += cells[i].weight;
    refine(cells, n, centres, count);
    order(centres, count);
    int32_t found = 0;
    while (found < count && centres[found].weight) found++;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, found, columns)) return KAL_NOMEM;
    for (int32_t i = 0; i < found; i++) {
        double *row = out->v + (ptrdiff_t)i * columns;
        for (int32_t k = 0; k < channels; k++) row[k] = centres[i].mean[k];
        if (p->shares) row[channels] = (double)centres[i].weight / (double)all;
    }
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

#define PARAMS kal_dominant_p
static const kal_param params[] = {KAL_DOMINANT_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_dominant = {
    .name = "dominant",
    .version = 1,
    .family = "values",
    .help = "The dominant colours, the most frequent first: a row of samples for each, not rounded\n"
            "By cutting boxes of colours at their means and 8 rounds of k-means, in a fixed order. There are "
            "fewer rows when "
            "the\nimage has fewer colours. Goes where a colour or a palette is wanted: color=(photo | "
            "dominant 1), "
            "colors=(photo |\ndominant 16). A pixel weighs as much as its alpha; with a mask, pixels count "
            "where it is not "
            "0. For u8.",
    .inputs = "image mask?",
    KAL__PARAMS(params, kal_dominant_p),
    .cost = 2,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "count=1", "count=200 shares=true", "count=2 shares=true"),
};
