// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How much at a time: bands, the rows they read, the rows of each ring, the scratch of a job.
#include "build.h"

#include "block.h"
#include "patches.h"
#include "tables.h"

#include <stdio.h>
#include <stdlib.h>

// ---- bands, and the rows each one reads ------------------------------------------------------

#define BAND_BYTES (192 << 10)          // about 50 µs of the cheapest work; a few fit in L2
#define LEAST_SPILT ((size_t)1 << 20)   // of a ring that is worth a file

// Parts are larger than bands: what they decode beside their own rows is for nothing.
#define PART_BYTES ((size_t)4 << 20)

static int32_t rows_of_part(const kal__stage *s, size_t row)
{
    kal__source *source = kal__node_source(s->node);
    const int32_t runs = source->header.part_rows;
    kal__source_unref(&source);
    const int64_t wanted = (int64_t)(PART_BYTES / row), most = (s->rect.y1 - s->rect.y0 + 3) / 4;
    const int64_t rows = wanted < most ? wanted : most;
    return rows < runs ? runs : (int32_t)(rows / runs * runs);
}

static int32_t natural_rows(const kal__stage *s)
{
    if (s->kind != KAL__DECODE_STAGE) return 16;
    kal__source *source = kal__node_source(s->node);
    const int32_t rows = source->header.rows;
    kal__source_unref(&source);
    return rows;
}

static bool runs_whole(const kal__stage *s)
{
    return s->n_steps && (s->steps[0].node->call.op->flags & KAL_OP_WHOLE);
}

static bool needs_whole(const kal__stage *s, int32_t step)
{
    return (s->kind == KAL__DECODE_STAGE && step == 0) || runs_whole(s);
}

// Of a stage that is not made of pieces.
static int64_t rows_of_band(const kal__builder *b, const kal__stage *s, size_t row)
{
    const int32_t height = s->rect.y1 - s->rect.y0, step = natural_rows(s);
    if (needs_whole(s, step)) return height;
    if (b->band) return b->band;
    const kal_call *first = s->n_steps ? &s->steps[0].node->call : NULL;
    if (first && first->op->rows) return first->op->rows(first);
    if (s->kind == KAL__DECODE_STAGE && !s->serial) return rows_of_part(s, row);
    // Rectangles of rows that are there already: each is cut as seldom as workers allow.
    if (s->patches && s->edges[0].from->kind == KAL__CONST_STAGE) return height / (2 * b->p->threads - 1) + 1;
    int64_t rows = (int64_t)(BAND_BYTES / (row ? row : 1));
    if (rows < kal__least_rows(s)) rows = kal__least_rows(s);
    rows = b->shrink < 0 ? rows << -b->shrink : rows >> b->shrink;
    if (rows < height >> 18) rows = height >> 18;   // a quarter of a million bands are enough
    return step > 0 ? (rows < step ? step : rows / step * step) : rows;
}

void kal__choose_band(const kal__builder *b, kal__stage *s)
{
    const int32_t height = s->rect.y1 - s->rect.y0;
    const bool of_input = (s->kind == KAL__ENCODE_STAGE || s->kind == KAL__MEASURE_STAGE) && s->node->call.n;
    const kal_extent *e = of_input ? &s->node->call.in[0]->extent : &s->node->call.extent;
    const size_t row = (size_t)(s->rect.x1 - s->rect.x0) * kal_pixel_size(e);
    // pieces: the codec's to say, parts of a measure: the op's
    const int64_t rows = s->window ? s->band : s->part ? s->part : rows_of_band(b, s, row);
    s->band = rows < 1 ? 1 : rows > height ? height : (int32_t)rows;
    s->n_bands = (height + s->band - 1) / s->band;
    if (s->kind != KAL__CONST_STAGE && !s->outside) s->stride = row;
}

static const kal_call *edge_call(const kal__stage *s, const kal__edge *e, int32_t *input)
{
    if (!s->n_steps) return NULL;   // a sink reads what it is
    const kal__step *step = &s->steps[e->step];
    *input = e->slot - step->first_edge;
    if (step->from_step >= 0 && *input >= step->from_step) ++*input;
    return &step->node->call;
}

kal_rect kal__band_need(const kal__edge *e, int32_t band)
{
    int32_t input = 0;
    const kal__stage *s = e->to;
    const kal_call *call = edge_call(s, e, &input);
    kal_rect in = kal__band_rect(s, band);
    if (call) in = kal__need(call, input, in);
    if (s->above) in.y0 = in.y0 - s->above > s->rect.y0 ? in.y0 - s->above : s->rect.y0;
    if (kal_rect_empty(in)) return in;
    // what is read through another of the input's edges is not read through this one
    return kal__edge_for(&s->edges[e->slot], in) == e ? in : kal_rect_of(0, 0, 0, 0);
}

static kal_status asks_outside(const kal__builder *b, const kal__edge *e, int32_t band)
{
    int32_t input = 0;
    const kal_call *call = edge_call(e->to, e, &input);
    const kal_rect out = kal__band_rect(e->to, band);
    return kal_fail(b->err, KAL_INTERNAL,
                    "%s: need() asks for more for a part than for the whole (input %d, rows %d..%d)",
                    call ? call->op->name : "a plan", input, out.y0, out.y1);
}

static bool reads_outside(const kal__edge *e, kal_rect in)
{
    return !kal_rect_empty(in) && !kal_rect_inside(kal_rect_shift(in, e->dx, e->dy), e->from->rect);
}

// From the first band that reads to the last: of thousands of pastes each is seen by few.
static kal_status find_bands(const kal__builder *b, kal__edge *e)
{
    e->n = 0;
    for (int32_t k = 0; k < e->to->n_bands; k++) {
        const kal_rect in = kal__band_need(e, k);
        if (reads_outside(e, in)) return asks_outside(b, e, k);
        if (kal_rect_empty(in)) continue;
        if (!e->n) e->first = k;
        e->n = k - e->first + 1;
    }
    return KAL_OK;
}

// Rows per band, made monotone: a band may start when all rows that it or an earlier one needs are done; rows are let go when
// neither it nor a later one needs them.
kal_status kal__read_rows(const kal__builder *b, kal__edge *e)
{
    if (!e->from) return KAL_OK;
    const kal_status st = find_bands(b, e);
    if (st || !e->n) return st;
    e->ready = kal__take(&b->p->arena, (size_t)e->n * 2, sizeof *e->ready);
    if (!e->ready) return kal__no_memory(b);
    e->release = e->ready + e->n;
    int32_t high = e->from->rect.y0, low = e->from->rect.y1;
    for (int32_t k = 0; k < e->n; k++) {
        const kal_rect in = kal__band_need(e, e->first + k);
        const bool empty = kal_rect_empty(in);
        if (!empty && in.y1 + e->dy > high) high = in.y1 + e->dy;
        e->ready[k] = high;
        e->release[k] = empty ? INT32_MAX : in.y0 + e->dy;
    }
    for (int32_t k = e->n; k-- > 0;) {
        if (e->release[k] < low) low = e->release[k];
        e->release[k] = low;
    }
    return KAL_OK;
}

// What one band of each reader needs at once, in whole bands of the writer.
static int64_t rows_at_least(const kal__stage *s)
{
    int64_t rows = s->band;
    for (const kal__edge *e = s->readers; e; e = e->next_reader)
        for (int32_t k = 0; k < e->n; k++) {
            const int64_t bands = ((int64_t)e->ready[k] - s->rect.y0 + s->band - 1) / s->band;
            const int64_t held = bands * s->band + s->rect.y0 - e->release[k];
            if (held > rows) rows = held;
        }
    return rows;
}

// ---- what a job needs beside rings -----------------------------------------------------------

// most: what the largest of its ops asks for
static size_t stage_scratch(const kal__stage *s, size_t most)
{
    if (s->kind == KAL__DECODE_STAGE) {
        // whole rows pass through a buffer on their way to the columns that are needed
        const size_t row = (size_t)s->coded * kal_pixel_size(&s->node->call.extent);
        return row > s->stride ? row * (size_t)s->band : 0;
    }
    if (!s->n_steps) return 0;
    return ((most + 63) & ~(size_t)63) + (s->in_place ? 0 : 2 * kal__block_of(s).bytes);
}

kal_status kal__absurd(kal__builder *b, const kal_node *node, size_t bytes)
{
    b->needed = SIZE_MAX;
    return kal_fail(b->err, KAL_LIMIT, "the plan needs more bytes than there can be: %s alone asks for %zu",
                    node->call.op ? node->call.op->name : "a file", bytes);
}

kal_status kal__prepare_stage(kal__builder *b, kal__stage *s)
{
    kal__plan *p = b->p;
    s->finished = kal__take(&p->arena, (size_t)s->n_bands, 1);
    if (!s->finished) return kal__no_memory(b);
    size_t most = 0;
    for (int32_t k = 0; k < s->n_steps; k++) {
        const kal_call *c = &s->steps[k].node->call;
        const size_t tables = c->op->tables ? c->op->tables(c) : 0,
                     scratch = c->op->scratch ? c->op->scratch(c, s->rect.x1 - s->rect.x0, s->band) : 0;
        if (tables > KAL__ABSURD || scratch > KAL__ABSURD)
            return kal__absurd(b, s->steps[k].node, tables > scratch ? tables : scratch);
        p->tables += tables;
        if (scratch > most) most = scratch;
    }
    p->tables += kal__tables_find(s);
    s->scratch = stage_scratch(s, most);
    if (runs_whole(s))
        p->alone += s->scratch;
    else if (s->scratch > p->scratch)
        p->scratch = s->scratch;
    const size_t bytes = s->patches ? s->patches->bytes : s->stride * (size_t)(s->rect.y1 - s->rect.y0);
    p->n_bands += s->kind == KAL__CONST_STAGE ? 0 : (uint64_t)s->n_bands;
    if (s->kind == KAL__COMPUTE_STAGE)
        for (int32_t k = 0; k < s->n_steps; k++)
            p->work_ns += (double)bytes * (double)s->steps[k].node->call.op->cost;
    else if (s->kind != KAL__CONST_STAGE)
        p->work_ns += (double)bytes * 2;
    if (s->kind == KAL__CONST_STAGE && s->node->kind != KAL__PIXELS) p->reused_bands += (uint64_t)s->n_bands;
    return KAL_OK;
}

// ---- rings -----------------------------------------------------------------------------------

static void first_rings(kal__builder *b)
{
    for (int32_t i = 0; i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        if (s->kind == KAL__CONST_STAGE) continue;
        const bool none = kal__stage_is_sink(s);
        if (none) {
            s->rows = s->rect.y1 - s->rect.y0;
            s->memory = s->codec_memory;
            continue;
        }
        kal__stage_set_rows(s, s->outside || s->keep ? s->rect.y1 - s->rect.y0 : rows_at_least(s));
        if (!s->outside && s->kind == KAL__COPY_STAGE) s->memory = 0;
    }
}

// A few more bands let stages run beside each other.
static void widen(kal__builder *b, int32_t bands)
{
    for (int32_t i = 0; i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        if (!kal__stage_has_ring(s) || s->kind == KAL__CONST_STAGE || s->outside || !s->n_readers) continue;
        int32_t most = s->band;   // several pieces being packed must not hold up what makes the next
        for (const kal__edge *e = s->readers; e; e = e->next_reader)
            if (e->to->window > 1 && e->to->band > most) most = e->to->band;
        kal__stage_set_rows(s, s->rows + (int64_t)bands * most);
    }
}

static size_t peak_of(const kal__plan *p)
{
    return kal__plan_memory(p) + p->tables;
}

static const char *stage_word(const kal__stage *s)
{
    return s->kind == KAL__DECODE_STAGE   ? "load"
           : s->n_steps                   ? s->steps[0].node->call.op->name
           : s->kind == KAL__COPY_STAGE   ? "the rows that are asked for"
           : s->kind == KAL__DIGEST_STAGE ? "the content key"
                                          : "encode";
}

// What it computes with, for all who do at once.
static size_t scratch_of(const kal__plan *p, const kal__stage *s)
{
    return s->scratch * (runs_whole(s) ? 1 : (size_t)p->threads);
}

static kal_status too_big(kal__builder *b)
{
    b->needed = peak_of(b->p);
    const kal__plan *p = b->p;
    const kal__stage *big = p->stages[0], *hungry = big;
    for (int32_t i = 1; i < p->n_stages; i++) {
        if (p->stages[i]->memory > big->memory) big = p->stages[i];
        if (scratch_of(p, p->stages[i]) > scratch_of(p, hungry)) hungry = p->stages[i];
    }
    const size_t scratch = scratch_of(p, hungry);
    if (p->tables > scratch && p->tables > big->memory)
        return kal_fail(b->err, KAL_LIMIT,
                        "the plan needs %zu bytes and %zu are allowed (max_memory); the largest part is "
                        "tables, %zu bytes",
                        peak_of(p), b->options->max_memory, p->tables);
    if (scratch > big->memory)
        return kal_fail(
            b->err, KAL_LIMIT,
            "the plan needs %zu bytes and %zu are allowed (max_memory); the largest part is what %.100s "
            "computes with, %zu bytes for each of %d at once",
            peak_of(p), b->options->max_memory, stage_word(hungry), hungry->scratch,
            runs_whole(hungry) ? 1 : p->threads);
    char held[200] = "";
    const kal__edge *reader = big->readers;   // who needs most at once is why so many rows are held
    for (const kal__edge *e = reader; e; e = e->next_reader)
        if (e->to->band > reader->to->band) reader = e;
    if (reader && big->kind != KAL__CONST_STAGE)
        snprintf(held, sizeof held, ", %d rows of %zu bytes held for %.100s", big->rows, big->stride,
                 stage_word(reader->to));
    return kal_fail(
        b->err, KAL_LIMIT,
        "the plan needs %zu bytes and %zu are allowed (max_memory); the largest part is %.100s of %d×%d, "
        "%zu bytes%s",
        peak_of(b->p), b->options->max_memory, stage_word(big), big->rect.x1 - big->rect.x0,
        big->rect.y1 - big->rect.y0, big->memory, held);
}

// The largest rings go to files, as many as it takes.
static kal_status spill(kal__builder *b)
{
    kal__plan *p = b->p;
    kal_status st = KAL_OK;
    while (!st && peak_of(p) > b->options->max_memory) {
        kal__stage *big = NULL;
        for (int32_t i = 0; i < p->n_stages; i++) {
            kal__stage *s = p->stages[i];
            const bool ring =
                (s->kind == KAL__DECODE_STAGE || s->kind == KAL__COMPUTE_STAGE) && !s->outside && !s->spilt;
            const size_t bytes = (size_t)s->rows * s->stride;
            if (ring && bytes >= LEAST_SPILT && (!big || bytes > (size_t)big->rows * big->stride)) big = s;
        }
        if (!big) return too_big(b);
        big->spilt = true;
        kal__stage_set_rows(big, big->rect.y1 - big->rect.y0);
        st = kal__simulate(p, b->err);
    }
    return st;
}

// So many bands that planning alone would take long, of a stage that cannot fit: said at once, with what it needs at least.
kal_status kal__refuse_absurd(kal__builder *b)
{
    for (int32_t i = 0; i < b->p->n_stages; i++) {
        const kal__stage *s = b->p->stages[i];
        if (s->n_bands < 1 << 16 || s->kind == KAL__CONST_STAGE) continue;
        const bool rows = kal__stage_has_ring(s) && !s->outside;
        const double bytes = (rows ? (double)s->band * (double)s->stride : 0) + (double)s->codec_memory;
        if (bytes <= (double)b->options->max_memory) continue;
        b->needed = bytes < 9e18 ? (size_t)bytes : SIZE_MAX;
        return kal_fail(
            b->err, KAL_LIMIT,
            "the plan needs at least %.0f bytes and %zu are allowed (max_memory): %.100s of %d×%d alone "
            "needs them for %s",
            bytes, b->options->max_memory, stage_word(s), s->rect.x1 - s->rect.x0, s->rect.y1 - s->rect.y0,
            rows ? "one band of rows" : "its pieces");
    }
    return KAL_OK;
}

kal_status kal__size_rings(kal__builder *b)
{
    kal__plan *p = b->p;
    first_rings(b);
    kal_status st = kal__simulate(p, b->err);
    if (st) return st;
    if (peak_of(p) > b->options->max_memory) st = b->spill ? spill(b) : too_big(b);
    if (st) return st;
    p->peak = peak_of(p);
    if (p->threads < 2 && p->n_stages < 3) return KAL_OK;
    int32_t *rows = kal__new((size_t)p->n_stages, sizeof *rows);
    if (!rows) return kal__no_memory(b);
    for (int32_t i = 0; i < p->n_stages; i++) rows[i] = p->stages[i]->rows;
    widen(b, p->threads > 1 ? 2 : 0);
    st = kal__simulate(p, b->err);
    if (!st && peak_of(p) > b->options->max_memory) {   // back to the smallest
        for (int32_t i = 0; i < p->n_stages; i++)
            if (p->stages[i]->kind == KAL__DECODE_STAGE || p->stages[i]->kind == KAL__COMPUTE_STAGE)
                kal__stage_set_rows(p->stages[i], rows[i]);
        st = kal__simulate(p, b->err);
    }
    free(rows);
    p->peak = peak_of(p);
    return st;
}
