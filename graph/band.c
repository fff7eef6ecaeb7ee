// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One band of a stage: windows onto what it reads, then the kernels, the codec, or a copy.
#include "band.h"

#include "block.h"
#include "coding.h"
#include "digest.h"
#include "measure.h"
#include "patches.h"

#include <stdlib.h>
#include <string.h>

// Windows onto the inputs of a step for an output rect; `previous` is what the step before made.
static void input_tiles(const kal__stage *s, const kal__step *step, kal_rect out, const kal_tile *previous,
                        kal_tile *in)
{
    const kal_call *c = &step->node->call;
    int32_t e = step->first_edge;
    for (int32_t i = 0; i < c->n; i++) {
        if (i == step->from_step && !s->in_place) {
            in[i] = *previous;
            continue;
        }
        const kal__edge *edge = i == step->from_step ? NULL : &s->edges[e++];
        const kal_rect need = kal__need(c, i, out);
        const int32_t pixel = (int32_t)kal_pixel_size(&c->in[i]->extent);
        if (kal_rect_empty(need) || (edge && !edge->from))
            in[i] = (kal_tile){.ring = 1, .pixel = pixel};
        else
            in[i] = edge ? kal__edge_tile(edge, need, pixel) : kal__ring_tile(s, need, 0, 0, pixel);
    }
}

static _Thread_local const kal__watch *watch_of_band;

const kal__watch *kal__watch_of_band(void)
{
    return watch_of_band;
}

static bool stopped(void)
{
    return watch_of_band && kal__watch_check(watch_of_band, NULL) != KAL_OK;
}

static kal_status run_step(const kal__stage *s, const kal__step *step, const kal_tile *previous,
                           const kal_tile *out, bool far, void *scratch, kal_error *err)
{
    const kal_call *c = &step->node->call;
    kal_tile few[4], *in = c->n <= 4 ? few : kal__new((size_t)c->n, sizeof *in);
    if (!in) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    input_tiles(s, step, out->rect, previous, in);
    kal_job job = {.call = c,
                   .state = step->state,
                   .in = in,
                   .out = out,
                   .scratch = scratch,
                   .err = err,
                   .stopped = stopped};
    if (step->table) job.state = step->table;
    job.far = far;
    if (err) *err = (kal_error){0};
    kal_status st = (step->table ? kal__table_op : c->op)->run(&job);
    if (st && err && !err->message[0]) kal_fail(err, st, "%s: %s", c->op->name, kal_status_text(st));
    if (st && err) err->status = st;
    if (job.far) kal__stream_end();
    if (in != few) free(in);
    return st;
}

// One block through all ops, from buffer to buffer, the last into the ring.
static kal_status run_block(const kal__stage *s, const kal__block *b, kal_rect r, unsigned char *scratch,
                            kal_error *err)
{
    unsigned char *const buffer[2] = {scratch, scratch + b->bytes};
    const bool far = kal__is_far(s);
    kal_tile previous = {0};
    for (int32_t k = 0, n = 0, last; k < s->n_steps; k = last + 1, n++) {
        last = kal__run_end(s, k);
        const int32_t pixel = (int32_t)kal_pixel_size(&s->steps[last].node->call.extent);
        kal_tile out = {.rect = r,
                        .data = buffer[n & 1],
                        .stride = (ptrdiff_t)(r.x1 - r.x0) * pixel,
                        .ring = r.y1 - r.y0,
                        .pixel = pixel};
        if (last == s->n_steps - 1 && !far) out = kal__ring_tile(s, r, 0, 0, pixel);
        const kal_status st = run_step(s, &s->steps[k], &previous, &out, false, scratch + 2 * b->bytes, err);
        if (st) return st;
        previous = out;
    }
    if (!far) return KAL_OK;
    const kal_tile ring = kal__ring_tile(s, r, 0, 0, previous.pixel);
    for (int32_t y = r.y0; y < r.y1; y++)
        kal__stream(kal_row(&ring, y), kal_row(&previous, y), (size_t)previous.stride);
    return KAL_OK;
}

static kal_status run_fused(const kal__stage *s, kal_rect r, unsigned char *scratch, kal_error *err)
{
    const kal__block b = kal__block_of(s);
    kal_status st = KAL_OK;
    for (int32_t y = r.y0; y < r.y1 && !st; y += b.rows)
        for (int32_t x = r.x0; x < r.x1 && !st; x += b.columns) {
            const kal_rect part = {x, y, x + b.columns < r.x1 ? x + b.columns : r.x1,
                                   y + b.rows < r.y1 ? y + b.rows : r.y1};
            st = run_block(s, &b, part, scratch, err);
        }
    if (kal__is_far(s)) kal__stream_end();
    return st;
}

// The first op makes the rows, the others change in them what they touch: however many there are, each costs what it touches.
static kal_status run_in_place(const kal__stage *s, kal_rect r, void *scratch, kal_error *err)
{
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.extent);
    kal_status st = KAL_OK;
    for (int32_t k = 0; k < s->n_steps && !st; k++) {
        const kal_rect part = k ? kal_rect_clip(r, s->steps[k].touched) : r;
        if (kal_rect_empty(part)) continue;
        const kal_tile out = kal__ring_tile(s, part, 0, 0, pixel);
        st = run_step(s, &s->steps[k], NULL, &out, false, scratch, err);
    }
    return st;
}

static void copy_rows(const kal__stage *s, kal_rect r)
{
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.extent);
    const kal_tile in = kal__edge_tile(&s->edges[0], r, pixel);
    if (s->patches) {
        kal__patches_copy(s->patches, &in);
        return;
    }
    const ptrdiff_t stride = (ptrdiff_t)s->stride;   // may be negative
    const size_t row = (size_t)(r.x1 - r.x0) * (size_t)pixel;
    const bool far = kal__is_far(s);
    for (int32_t y = r.y0; y < r.y1; y++)
        (far ? kal__stream : memcpy)(s->data + (y - s->rect.y0) * stride, kal_row(&in, y), row);
    if (far) kal__stream_end();
}

static void digest_rows(const kal__stage *s, kal_rect r)
{
    const kal_tile in = kal__edge_tile(&s->edges[0], r, (int32_t)kal_pixel_size(&s->node->call.extent));
    for (int32_t y = r.y0; y < r.y1; y++) kal__digest_row(s->digest, kal_row(&in, y));
}

static kal_status check_value(const kal_call *c, const kal_value *v, kal_error *err)
{
    const bool text = v->kind == KAL_VALUE_TEXT,
               whole = text ? v->text != NULL : !v->rows || !v->columns || v->v;
    if (v->kind == c->op->measure->kind && v->rows >= 0 && v->columns >= 0 && whole) return KAL_OK;
    return kal_fail(err, KAL_CALLBACK, "%s gave no value of the kind that it says", c->op->name);
}

// The next rows of what a value is made of; after the last, the value.
static kal_status measure_rows(kal__stage *s, kal_rect r, int32_t band, void *scratch, kal_stats *stats,
                               kal_error *err)
{
    const kal_call *c = &s->node->call;
    const kal_measure *m = c->op->measure;
    kal_status st = kal__measure_open(s, err);
    kal_tile few[4], *in = c->n <= 4 ? few : kal__new((size_t)c->n, sizeof *in);
    if (!st && !in) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    __atomic_fetch_add(&stats->computed_tiles, s->n_edges > 0, __ATOMIC_RELAXED);
    if (!st && s->n_edges) {
        const kal_tile out = {.rect = r, .ring = 1};
        input_tiles(s, &s->steps[0], r, NULL, in);
        const kal_job job = {.call = c,
                             .state = s->steps[0].state,
                             .in = in,
                             .out = &out,
                             .scratch = scratch,
                             .err = err,
                             .stopped = stopped};
        st = m->rows(&job, kal__measure_of(s, band));
    }
    if (!st && kal__measure_done(s, band)) {
        st = m->end(c, s->gathered, s->value, err);
        if (!st) st = check_value(c, s->value, err);
    }
    if (st && err && !err->message[0]) kal_fail(err, st, "%s: %s", c->op->name, kal_status_text(st));
    if (st && err) err->status = st;
    if (in != few) free(in);
    return st;
}

static kal_status compute(kal__stage *s, kal_rect r, void *scratch, kal_error *err)
{
    if (s->in_place) return run_in_place(s, r, scratch, err);
    if (kal__run_end(s, 0) < s->n_steps - 1) return run_fused(s, r, scratch, err);
    const kal_tile out = kal__ring_tile(s, r, 0, 0, (int32_t)kal_pixel_size(&s->node->call.extent));
    return run_step(s, &s->steps[0], NULL, &out, kal__is_far(s), scratch, err);
}

static kal_status run_kind(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                           kal_stats *stats, kal_error *err)
{
    const kal_rect r = kal__band_rect(s, band);
    switch (s->kind) {
    case KAL__DECODE_STAGE: return kal__decode_band(s, band, scratch, watch, stats, err);
    case KAL__ENCODE_STAGE: return kal__encode_band(s, band, watch, stats, err);
    case KAL__COPY_STAGE: copy_rows(s, r); return KAL_OK;
    case KAL__DIGEST_STAGE: digest_rows(s, r); return KAL_OK;
    case KAL__MEASURE_STAGE: return measure_rows(s, r, band, scratch, stats, err);
    case KAL__CONST_STAGE: return KAL_INTERNAL;
    case KAL__COMPUTE_STAGE: break;
    }
    __atomic_fetch_add(&stats->computed_tiles, 1, __ATOMIC_RELAXED);
    return compute(s, r, scratch, err);
}

// A kernel that gave up does not know why: the watch does.
kal_status kal__run_band(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                         kal_stats *stats, kal_error *err)
{
    const kal__watch *before = watch_of_band;
    watch_of_band = watch;
    const kal_status st = run_kind(s, band, scratch, watch, stats, err);
    watch_of_band = before;
    const kal_status why = st == KAL_CANCELLED ? kal__watch_check(watch, err) : KAL_OK;
    return why ? why : st;
}
