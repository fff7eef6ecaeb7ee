// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops that sort the connected parts of a mask, for whole images: components numbers them; remove_small, keep_largest and fill_holes
// decide about each. Runs are linked to parts (blobs.h), in which the decision, or the number, is put; then the runs are met once more.
#include "blobs.h"

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    return kal__parts_bytes(c);
}

static kal_status check(const kal_call *c, int32_t connectivity, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    kal_status st = kal__check_mask(c->op->name, out, err);
    if (!st) st = kal__check_connectivity(c->op->name, connectivity, err);
    return st ? st : kal__check_blobs(c->op->name, out, err);
}

// ---- components ---------------------------------------------------------------------------------

static kal_status extent_components(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_status st = check(c, ((const kal_components_p *)params)->connectivity, out, err);
    out->type = KAL_U32;
    out->model = KAL_DATA;
    return st;
}

static void paint_number(const kal_job *j, void *row, int32_t x, int32_t n, const kal__part *part)
{
    (void)j;
    uint32_t *dst = (uint32_t *)row + x;
    const uint32_t number = part ? part->area : 0;
    for (int32_t i = 0; i < n; i++) dst[i] = number;
}

static kal_status run_components(const kal_job *j)
{
    const bool eight = ((const kal_components_p *)j->call->params)->connectivity == 8;
    kal__parts p = kal__parts_in(j->scratch, j->call);
    uint32_t n = 0;
    kal__parts_find(&p, &j->in[0], 255, eight);
    // a link goes to a part before, which holds its number already
    for (int32_t i = 0; i < p.n; i++) p.v[i].area = p.v[i].link == i ? ++n : p.v[p.v[i].link].area;
    kal__parts_show(&p, j, 255, eight, paint_number);
    return KAL_OK;
}

// ---- parts that stay or go ----------------------------------------------------------------------

enum { GOES, STAYS };   // in place of the area

typedef struct choice {
    double least;       // parts of fewer pixels go …
    int32_t of_least;   // … and of those that have just as many, all but so many of the first
} choice;

static uint32_t decide(choice *c, uint32_t area)
{
    if (area & KAL__AT_BORDER) return STAYS;
    if ((double)area != c->least) return (double)area < c->least ? GOES : STAYS;
    return c->of_least-- > 0 ? STAYS : GOES;
}

static void decide_all(kal__parts *p, choice c)
{
    for (int32_t i = 0; i < p->n; i++)
        p->v[i].area = p->v[i].link == i ? decide(&c, p->v[i].area) : p->v[p->v[i].link].area;
}

static void paint_what_stays(const kal_job *j, void *row, int32_t x, int32_t n, const kal__part *part)
{
    (void)j;
    memset((uint8_t *)row + x, part && part->area == STAYS ? 255 : 0, (size_t)n);
}

static kal_status extent_remove(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return check(c, ((const kal_remove_small_p *)params)->connectivity, out, err);
}

// No border counts here.
static void find_parts(kal__parts *p, const kal_job *j, bool eight)
{
    *p = kal__parts_in(j->scratch, j->call);
    kal__parts_find(p, &j->in[0], 255, eight);
    for (int32_t i = 0; i < p->n; i++) p->v[i].area &= ~KAL__AT_BORDER;
}

static kal_status run_remove(const kal_job *j)
{
    const kal_remove_small_p *r = j->call->params;
    const bool eight = r->connectivity == 8;
    kal__parts p;
    find_parts(&p, j, eight);
    decide_all(&p, (choice){kal__area(r->area, &j->call->extent), INT32_MAX});
    kal__parts_show(&p, j, 255, eight, paint_what_stays);
    return KAL_OK;
}

// ---- keep_largest -------------------------------------------------------------------------------

static kal_status extent_keep(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return check(c, ((const kal_keep_largest_p *)params)->connectivity, out, err);
}

#define DIGIT 11   // bits that are counted at a time

// The area of the nth largest part and how many of that area belong to the n: digit by digit from the highest, counting the parts whose
// higher digits are those found so far.
static choice nth_largest(const kal__parts *p, int32_t n)
{
    uint32_t found = 0;
    for (int shift = 3 * DIGIT - DIGIT; shift >= 0; shift -= DIGIT) {
        int32_t count[1 << DIGIT] = {0}, digit = (1 << DIGIT) - 1;
        for (int32_t i = 0; i < p->n; i++)
            if (p->v[i].link == i && (p->v[i].area >> shift) >> DIGIT == found)
                count[(p->v[i].area >> shift) & ((1 << DIGIT) - 1)]++;
        for (; digit > 0 && n > count[digit]; digit--) n -= count[digit];
        found = found << DIGIT | (uint32_t)digit;
    }
    return (choice){found, n};
}

static kal_status run_keep(const kal_job *j)
{
    const kal_keep_largest_p *k = j->call->params;
    const bool eight = k->connectivity == 8;
    kal__parts p;
    find_parts(&p, j, eight);
    decide_all(&p, nth_largest(&p, k->n));
    kal__parts_show(&p, j, 255, eight, paint_what_stays);
    return KAL_OK;
}

// ---- fill_holes ---------------------------------------------------------------------------------

static kal_status extent_fill(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return check(c, ((const kal_fill_holes_p *)params)->connectivity, out, err);
}

static void paint_hole(const kal_job *j, void *row, int32_t x, int32_t n, const kal__part *part)
{
    (void)j;
    memset((uint8_t *)row + x, part && part->area == STAYS ? 0 : 255, (size_t)n);
}

static kal_status run_fill(const kal_job *j)
{
    const kal_fill_holes_p *f = j->call->params;
    // what is not set hangs together the other way, or a diagonal line would both close and leak
    const bool eight = f->connectivity == 4;
    kal__parts p = kal__parts_in(j->scratch, j->call);
    kal__parts_find(&p, &j->in[0], 0, eight);
    decide_all(&p, (choice){f->area == 0 ? KAL__AT_BORDER : kal__area(f->area, &j->call->extent), INT32_MAX});
    kal__parts_show(&p, j, 0, eight, paint_hole);
    return KAL_OK;
}

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal_components_p
static const kal_param components[] = {KAL_COMPONENTS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_remove_small_p
static const kal_param remove_small[] = {KAL_REMOVE_SMALL_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_keep_largest_p
static const kal_param keep_largest[] = {KAL_KEEP_LARGEST_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_fill_holes_p
static const kal_param fill_holes[] = {KAL_FILL_HOLES_PARAMS(KAL_SCHEMA)};

#define RECORD(word, number, ext, job, text, ...) \
    const kal_op kal__op_##word = {               \
        .name = #word,                            \
        .version = number,                        \
        .family = "masks",                        \
        .help = text,                             \
        .inputs = "mask",                         \
        KAL__PARAMS(word, kal_##word##_p),        \
        .flags = KAL_OP_WHOLE,                    \
        .cost = 4,                                \
        .extent = ext,                            \
        .scratch = scratch,                       \
        .run = job,                               \
        .samples = KAL__SAMPLES(__VA_ARGS__),     \
    }
RECORD(
    components, 1, extent_components, run_components,
    "The connected parts of a mask, numbered: 0 where nothing is set, else 1, 2, 3 …\n"
    "Labels (u32), in the order in which the parts' first pixels are met, row by row. With connectivity 8\n"
    "pixels that touch at a corner hang together.",
    "", "connectivity=4");
RECORD(remove_small, 1, extent_remove, run_remove,
       "Connected parts of fewer than `area` pixels are removed\n"
       "A part of just as many stays; when all are smaller, nothing is left.",
       "area=3", "area=0.02 connectivity=4", "area=0");
RECORD(
    keep_largest, 1, extent_keep, run_keep,
    "Only the largest connected parts stay\nOf parts of one size those stay that are met first, row by row; "
    "of fewer than `n`, all.",
    "", "n=3 connectivity=4");
RECORD(fill_holes, 2, extent_fill, run_fill,
       "Holes are filled: what is not set and does not hang together with the image's border\n"
       "With `area`, only holes of fewer pixels. Parts of connectivity 8 have holes of connectivity 4, and\n"
       "the other way round.",
       "", "area=2", "connectivity=4 area=0.01");
