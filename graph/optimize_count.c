// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See optimize_search.h. How many bytes a JPEG takes is counted without making it: so it is known beforehand which quality fits, where bytes are bounded.
#include "optimize_search.h"

#include "fmath.h"
#include "options.h"

#define WIDEST 65500   // of a JPEG. A row of blocks takes 50 bytes a pixel of that

bool kal__jpeg_view_of(const kal_node *n, kal__jpeg_view *out)
{
    const kal_extent *e = &n->call.extent;
    const size_t wide = e->type == KAL_U16, pixel = kal_pixel_size(e);   // of 16 bits the upper byte
    const bool colour = e->channels - e->alpha > 2;
    if (n->kind != KAL__PIXELS || e->type == KAL_F32 || e->width > WIDEST) return false;
    *out = (kal__jpeg_view){.data = n->u.pixels.slab->data,
                            .stride = (size_t)e->width * pixel,
                            .pixel = pixel,
                            .red = wide,
                            .green = wide + (colour ? 1u << wide : 0),
                            .blue = wide + (colour ? 2u << wide : 0),
                            .width = e->width,
                            .height = e->height};
    return true;
}

static kal_status check(const void *of, kal_error *err)
{
    return kal__watch_check(of, err);
}

kal__jpeg_how kal__count_how(const kal__search *s, int32_t every)
{
    kal__resolved o;
    kal_error err;
    const int threads = kal__resolve(&s->options, &o, &err) ? 1 : o.threads;
    return (kal__jpeg_how){every, threads, check, &s->watch};
}

// ---- a line -----------------------------------------------------------------------------------------

#define ROUNDS 10   // at most
#define GUESSED 3   // by what is expected; then what is open is halved
#define BESIDE 2    // qualities on either side of the bound that are counted at once

// Of pictures that are hardly more than their heads some quality may take the fewest bytes.
static const int spread[] = {1, 3, 6, 10, 15, 22, 30, 40, 50, 60, 70, 80, 88, 94, 98, 100};
enum { SPREAD = sizeof spread / sizeof *spread };
#define HARDLY_MORE 1.3   // times the bytes that may be: the coarsest file has

// A line that is counted: of qualities that rise, log2 of bits a pixel.
typedef struct counted {
    const kal__search *search;
    kal__runner *runner;
    kal__jpeg_view view;
    int at[ROUNDS * 2 * BESIDE + SPREAD], n;
    double bits[ROUNDS * 2 * BESIDE + SPREAD];
} counted;

static int place_of(const counted *c, int quality)
{
    for (int i = 0; i < c->n; i++)
        if (c->at[i] == quality) return i;
    return -1;
}

static void add(counted *c, int quality, double bits)
{
    int i = c->n++;
    for (; i && c->at[i - 1] > quality; i--) c->at[i] = c->at[i - 1], c->bits[i] = c->bits[i - 1];
    c->at[i] = quality, c->bits[i] = bits;
}

// Those of them that are qualities, and were not counted yet.
static kal_status count_some(counted *c, const int *qualities, int n, kal_error *err)
{
    const kal__jpeg_how how = kal__count_how(c->search, 1);
    kal__runner *r = c->runner;
    kal__jpeg_size sizes[KAL__JPEG_COUNTS];
    int wanted[KAL__JPEG_COUNTS], m = 0;
    for (int i = 0; i < n; i++)
        if (qualities[i] >= 1 && qualities[i] <= KAL__QUALITY_MOST && place_of(c, qualities[i]) < 0)
            wanted[m++] = qualities[i];
    const kal_status st = m ? kal__jpeg_count(&c->view, &how, wanted, m, sizes, err) : KAL_OK;
    if (st || !m) return st;
    for (int i = 0; i < m; i++) {
        const uint64_t bytes = kal__above(r, (uint64_t)sizes[i].bytes + r->metadata);
        add(c, wanted[i], kal__log2((double)bytes * 8 / r->by.pixels));
    }
    kal__quality_look(&r->by, r->line->curve, c->search->look);
    kal__quality_counted(&r->by, c->at, c->bits, c->n);
    return KAL_OK;
}

// The highest that keeps to the bound below one that does not; and that one.
static void ends_of(const counted *c, int *low, int *high)
{
    *low = 0, *high = KAL__QUALITY_MOST + 1;
    for (int i = 0; i < c->n; i++)
        if (c->bits[i] <= kal__quality_line(&c->runner->by)) *low = c->at[i];
    for (int i = c->n; i-- > 0 && c->at[i] > *low;) *high = c->at[i];
}

// Until neighbours were counted that the bound lies between; where that is never so, nothing was.
static kal_status count_around(counted *c, kal_error *err)
{
    kal_status st = KAL_OK;
    int low, high;
    for (int i = 0; i < ROUNDS && !st; i++) {
        ends_of(c, &low, &high);
        if (high - low == 1 && c->n) return KAL_OK;
        int q = kal__quality_crossing(&c->runner->by);
        q = q < low ? low : q >= high ? high - 1 : q;
        if (i >= GUESSED) q = (low + high) / 2;
        const int beside[2 * BESIDE] = {q - 1, q, q + 1, q + 2};
        st = count_some(c, beside, 2 * BESIDE, err);
    }
    ends_of(c, &low, &high);
    if (!st && high - low != 1) kal__quality_look(&c->runner->by, c->runner->line->curve, c->search->look);
    return st;
}

// The highest quality that was counted and keeps to the bound; 0: none does.
static int best_of(const counted *c)
{
    int i = c->n;
    while (i && c->bits[i - 1] > kal__quality_line(&c->runner->by)) i--;
    return i ? c->at[i - 1] : 0;
}

// Where none beside the bound keeps to it, though the coarsest nearly does.
static kal_status count_spread(counted *c, kal_error *err)
{
    const kal__quality *by = &c->runner->by;
    const int first = place_of(c, 1);
    const double more = first < 0 ? 0 : c->bits[first] - kal__quality_line(by);
    const double heads = (double)c->runner->beside * 8 / by->pixels;
    const double line = kal__exp(kal__quality_line(by) * KAL__LN2) + heads;
    if (first < 0 || more <= 0 || kal__exp(c->bits[first] * KAL__LN2) + heads > HARDLY_MORE * line)
        return KAL_OK;
    kal_status st = count_some(c, spread, SPREAD / 2, err);
    if (!st) st = count_some(c, spread + SPREAD / 2, SPREAD / 2, err);
    return st;
}

// Such files as are counted.
static bool can_be_counted(const kal__search *s, const kal__runner *r)
{
    const kal_extent *e = &r->image->call.extent;
    return s->seen && r->line->counted && r->by.max_bytes && e->type == KAL_U8 && !e->alpha;
}

kal_status kal__count_line(const kal__search *s, kal__runner *r, kal_error *err)
{
    counted c = {.search = s, .runner = r};
    if (!can_be_counted(s, r) || !kal__jpeg_view_of(s->picture, &c.view)) return KAL_OK;   // of 16 bits, too
    c.view.gray = r->image->call.extent.channels == 1;
    c.view.halved = !c.view.gray && r->line->counted == KAL__COUNTED_HALVED;
    kal_status st = count_around(&c, err);
    if (!st && !best_of(&c)) st = count_spread(&c, err);
    if (st || !r->by.counted) return st;
    r->next = kal__quality_next(&r->by);
    const int low =
        place_of(&c, 1);   // coarser is larger: bytes do not rise, and the search would look below
    if (low >= 0 && c.bits[low] > kal__quality_line(&r->by) && best_of(&c)) r->next = best_of(&c);
    return KAL_OK;
}
