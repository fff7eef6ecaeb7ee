// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops that sort the connected parts of a mask, for whole images: components numbers them; remove_small, keep_largest and fill_holes
// decide about each. Every pixel is linked to its part's first one (blobs.h), in which the decision, or the number, is put when it is met.
#include "blobs.h"

// Memory of a job: one link for each pixel.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    return kal__blobs_bytes(c);
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

static kal_status run_components(const kal_job *j)
{
    const kal_components_p *p = j->call->params;
    int32_t *link = j->scratch, n = 0;
    kal__blobs_link(link, &j->in[0], 255, p->connectivity == 8);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const int32_t width = kal_tile_width(j->out), from = y * width;
        // a link goes to a pixel before, which holds its number already
        for (int32_t i = from; i < from + width; i++)
            if (link[i]) link[i] = link[i] < 0 ? ++n : link[link[i] - 1];
        memcpy(kal_row(j->out, y), link + from, (size_t)width * sizeof *link);
    }
    return KAL_OK;
}

// ---- parts that stay or go ----------------------------------------------------------------------

enum { GOES = -1, STAYS = -2 };

typedef struct choice {
    double least;       // parts of fewer pixels go …
    int32_t of_least;   // … and of those that have just as many, all but so many of the first
} choice;

static int32_t decide(choice *c, int32_t link)
{
    const double area = -(double)link;
    if (area != c->least) return area < c->least ? GOES : STAYS;
    return c->of_least-- > 0 ? STAYS : GOES;
}

// Writes `yes` where a part stays and `no` where it goes.
static void write_parts(const kal_job *j, int32_t *link, choice c, uint8_t yes, uint8_t no, uint8_t elsewhere)
{
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        uint8_t *dst = kal_row(j->out, y);
        const int32_t width = kal_tile_width(j->out), from = y * width;
        for (int32_t x = 0; x < width; x++) {
            const int32_t i = from + x;
            if (link[i]) link[i] = link[i] > 0 ? link[link[i] - 1] : decide(&c, link[i]);
            dst[x] = !link[i] ? elsewhere : link[i] == STAYS ? yes : no;
        }
    }
}

static kal_status extent_remove(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return check(c, ((const kal_remove_small_p *)params)->connectivity, out, err);
}

static kal_status run_remove(const kal_job *j)
{
    const kal_remove_small_p *p = j->call->params;
    kal__blobs_link(j->scratch, &j->in[0], 255, p->connectivity == 8);
    const choice c = {kal__area(p->area, &j->call->extent), INT32_MAX};
    write_parts(j, j->scratch, c, 255, 0, 0);
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
static choice nth_largest(const int32_t *link, size_t pixels, int32_t n)
{
    uint32_t found = 0;
    for (int shift = 3 * DIGIT - DIGIT; shift >= 0; shift -= DIGIT) {
        int32_t count[1 << DIGIT] = {0}, digit = (1 << DIGIT) - 1;
        for (size_t i = 0; i < pixels; i++)
            if (link[i] < 0 && ((uint32_t)-link[i] >> shift) >> DIGIT == found)
                count[((uint32_t)-link[i] >> shift) & ((1 << DIGIT) - 1)]++;
        for (; digit > 0 && n > count[digit]; digit--) n -= count[digit];
        found = found << DIGIT | (uint32_t)digit;
    }
    return (choice){found, n};
}

static kal_status run_keep(const kal_job *j)
{
    const kal_keep_largest_p *p = j->call->params;
    kal__blobs_link(j->scratch, &j->in[0], 255, p->connectivity == 8);
    const size_t pixels = kal__blobs_bytes(j->call) / sizeof(int32_t);
    write_parts(j, j->scratch, nth_largest(j->scratch, pixels, p->n), 255, 0, 0);
    return KAL_OK;
}

// ---- fill_holes ---------------------------------------------------------------------------------

static kal_status extent_fill(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return check(c, ((const kal_fill_holes_p *)params)->connectivity, out, err);
}

// More pixels than a part can have.
#define BORDER INT32_MIN

static void mark_border(int32_t *link, int32_t i)
{
    if (link[i]) link[kal__blob_first(link, i)] = BORDER;
}

static kal_status run_fill(const kal_job *j)
{
    const kal_fill_holes_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    int32_t *link = j->scratch;
    // what is not set hangs together the other way, or a diagonal line would both close and leak
    kal__blobs_link(link, &j->in[0], 0, p->connectivity == 4);
    for (int32_t x = 0; x < e->width; x++) {
        mark_border(link, x);
        mark_border(link, (e->height - 1) * e->width + x);
    }
    for (int32_t y = 0; y < e->height; y++) {
        mark_border(link, y * e->width);
        mark_border(link, y * e->width + e->width - 1);
    }
    const choice c = {p->area == 0 ? -(double)BORDER : kal__area(p->area, e), INT32_MAX};
    write_parts(j, link, c, 0, 255, 255);
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

#define RECORD(word, ext, job, text, ...)     \
    const kal_op kal__op_##word = {           \
        .name = #word,                        \
        .version = 1,                         \
        .family = "masks",                    \
        .help = text,                         \
        .inputs = "mask",                     \
        KAL__PARAMS(word, kal_##word##_p),    \
        .flags = KAL_OP_WHOLE,                \
        .cost = 4,                            \
        .extent = ext,                        \
        .scratch = scratch,                   \
        .run = job,                           \
        .samples = KAL__SAMPLES(__VA_ARGS__), \
    }
RECORD(
    components, extent_components, run_components,
    "The connected parts of a mask, numbered: 0 where nothing is set, else 1, 2, 3 …\n"
    "Labels (u32), in the order in which the parts' first pixels are met, row by row. With connectivity 8\n"
    "pixels that touch at a corner hang together.",
    "", "connectivity=4");
RECORD(remove_small, extent_remove, run_remove,
       "Connected parts of fewer than `area` pixels are removed\n"
       "A part of just as many stays; when all are smaller, nothing is left.",
       "area=3", "area=0.02 connectivity=4", "area=0");
RECORD(
    keep_largest, extent_keep, run_keep,
    "Only the largest connected parts stay\nOf parts of one size those stay that are met first, row by row; "
    "of fewer than `n`, all.",
    "", "n=3 connectivity=4");
RECORD(fill_holes, extent_fill, run_fill,
       "Holes are filled: what is not set and does not hang together with the image's border\n"
       "With `area`, only holes of fewer pixels. Parts of connectivity 8 have holes of connectivity 4, and\n"
       "the other way round.",
       "", "area=2", "connectivity=4 area=0.01");
