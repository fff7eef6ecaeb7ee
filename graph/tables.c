// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// There are only 256 bytes: however many ops each look at one u8 sample at a time, together they are one table. It is made by
// running the very ops on a picture that holds every byte in every channel, so the pixels are the same by construction.
#include "tables.h"

#include "table.h"

#include <stdlib.h>
#include <string.h>

// A smaller picture is done sooner than its table.
#define PIXELS_AT_LEAST 4096

static bool samplewise(const kal_call *c)
{
    const uint32_t not = KAL_OP_WHOLE | KAL_OP_SERIAL | KAL_OP_VOLATILE;
    return (c->op->flags & KAL_OP_SAMPLEWISE) && !(c->op->flags & not ) && c->n == 1 &&
           c->extent.channels == c->in[0]->extent.channels;
}

static size_t table_bytes(const kal_call *last)
{
    return 256 * kal_pixel_size(&last->extent);
}

size_t kal__tables_find(kal__stage *s)
{
    const int64_t pixels = (int64_t)(s->rect.x1 - s->rect.x0) * (s->rect.y1 - s->rect.y0);
    size_t bytes = 0;
    for (int32_t k = 0, n; k < s->n_steps && pixels >= PIXELS_AT_LEAST; k += n ? n : 1) {
        for (n = 0; k + n < s->n_steps && samplewise(&s->steps[k + n].node->call); n++) continue;
        if (n < 2 || s->steps[k].node->call.in[0]->extent.type != KAL_U8) continue;
        s->steps[k].run = n;
        bytes += table_bytes(&s->steps[k + n - 1].node->call);
    }
    return bytes;
}

// ---- making one ---------------------------------------------------------------------------------

static kal_tile line(const kal_extent *e, void *data)
{
    const int32_t pixel = (int32_t)kal_pixel_size(e);
    return (kal_tile){
        .rect = {0, 0, 256, 1}, .data = data, .stride = (ptrdiff_t)256 * pixel, .ring = 1, .pixel = pixel};
}

static kal_status run_ops(const kal__step *steps, int32_t n, unsigned char *const buffer[2], kal_error *err)
{
    for (int32_t k = 0; k < n; k++) {
        const kal_call *c = &steps[k].node->call;
        const kal_tile in = line(&c->in[0]->extent, buffer[k & 1]), out = line(&c->extent, buffer[~k & 1]);
        const size_t room = c->op->scratch ? c->op->scratch(c, 256, 1) : 0;
        void *scratch = room ? aligned_alloc(64, (room + 63) & ~(size_t)63) : NULL;
        if (room && !scratch) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
        *err = (kal_error){0};
        const kal_status st = c->op->run(&(kal_job){
            .call = c, .state = steps[k].state, .in = &in, .out = &out, .scratch = scratch, .err = err});
        free(scratch);
        if (st && !err->message[0]) kal_fail(err, st, "%s: %s", c->op->name, kal_status_text(st));
        if (st) return st;
    }
    return KAL_OK;
}

// From pixels side by side to channels one after the other.
static void split(kal__table *t, const unsigned char *pixels)
{
    const size_t channels = (size_t)t->channels, size = t->size;
    for (size_t k = 0; k < channels; k++)
        for (size_t i = 0; i < 256; i++)
            memcpy(t->data + (k * 256 + i) * size, pixels + (i * channels + k) * size, size);
    t->same = true;
    for (size_t k = 1; k < channels; k++) t->same &= !memcmp(t->data, t->data + k * 256 * size, 256 * size);
}

static kal_status make(kal__step *first, kal_error *err)
{
    const kal_call *last = &first[first->run - 1].node->call;
    const size_t channels = (size_t)last->extent.channels, most = 256 * channels * sizeof(float);
    unsigned char *room = kal__new(2, most), *const buffer[2] = {room, room + most};
    kal__table *t = first->table = kal__new_zero(1, sizeof *t);
    if (t) t->data = kal__new(table_bytes(last), 1);
    if (!room || !t || !t->data) {
        free(room);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", last->op->name);
    }
    for (size_t i = 0; i < 256 * channels; i++) buffer[0][i] = (unsigned char)(i / channels);
    const kal_status st = run_ops(first, first->run, buffer, err);
    t->channels = last->extent.channels;
    t->size = kal_type_size(last->extent.type);
    if (!st) split(t, buffer[first->run & 1]);
    free(room);
    return st;
}

kal_status kal__tables_make(kal__stage *s, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t k = 0; k < s->n_steps && !st; k++)
        if (s->steps[k].run) st = make(&s->steps[k], err);
    return st;
}

void kal__tables_free(kal__stage *s)
{
    for (int32_t k = 0; k < s->n_steps; k++) {
        kal__table *t = s->steps[k].table;
        if (t) free(t->data);
        free(t);
        s->steps[k].table = NULL;
    }
}
