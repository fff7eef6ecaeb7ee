// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Planning, third: where rows go in the end, and which of them the memo will want.
#include "build.h"

#include "coding.h"
#include "digest.h"
#include "measure.h"
#include "memo.h"
#include "need.h"
#include "retouch.h"

bool kal__is_worth(const kal__builder *b, const kal_node *n)
{
    return kal__memo_worth(b->options->memo_mode, n, kal__cost_of(n));
}

// Stages come after those that they read.
void kal__find_dear(kal__builder *b)
{
    for (int32_t i = 0; b->keep && i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        s->dear = kal__is_worth(b, s->node);
        for (KAL__EACH_EDGE(e, s)) s->dear |= e->from && e->from->dear;
        for (size_t k = 0; k < b->n_wants; k++)   // what is computed of a picture whose other parts are known
            if (b->wants[k].instead) s->last |= kal__input(b->wants[k].instead, 0) == s->node;
    }
}

// With a folder what is read or saved last is a candidate as well, when it stands on something dear: who comes back wants that first.
bool kal__is_candidate(const kal__builder *b, const kal__stage *s)
{
    return kal__is_worth(b, s->node) ||
           (s->dear && s->last && !s->node->is_volatile && kal_node_memo(s->node) != KAL_MEMO_NEVER &&
            kal__memo_is_shared(b->p->memo));
}

// A stage that nobody else reads may compute straight into the caller's rows, unless the memo will want its own.
static bool can_write_outside(const kal__builder *b, const kal__stage *s, const kal__want *w)
{
    if (s && b->keep && kal__is_candidate(b, s)) return false;
    const size_t sample = kal_type_size(w->node->call.extent.type);   // kernels write whole ones
    const bool aligned = !(((uintptr_t)w->dst | (size_t)w->stride) % sample);
    return s && s->kind == KAL__COMPUTE_STAGE && !s->n_readers && !s->outside && w->stride > 0 && aligned &&
           kal_rect_equal(s->rect, w->rect);
}

// What it holds of the file, and of what is new.
static kal_status add_retoucher(kal__builder *b, kal__stage *s)
{
    const struct kal__kept *kept = s->node->kept;
    kal_extent region = s->node->call.in[0]->extent;
    region.width = kept->how.region.x1 - kept->how.region.x0;
    region.height = kept->how.region.y1 - kept->how.region.y0;
    const kal_status st = s->node->u.codec->accepts(&region, s->node->call.params, &s->codec_memory, b->err);
    kal__source *source = kal__node_source(kept->stored);
    s->helpers = b->p->threads;
    s->codec_memory += kept->how.memory + kal__source_memory(source, false) + KAL__WRITER_BYTES;
    kal__source_unref(&source);
    if (s->writer) s->codec_memory += s->writer->memory;
    return st;
}

// Pieces have the same rows whatever the memory; without room for several at once they are packed one by one, or rows come in order where that
// gives the same bytes for less.
static kal_status add_encoder(kal__builder *b, kal__stage *s, const kal_extent *e)
{
    const kal__codec *c = s->node->u.codec;
    if (s->node->kept) return add_retoucher(b, s);
    kal__pieces pieces = {0};
    if (c->pieces) c->pieces(e, s->node->call.params, &pieces);
    const bool little = b->shrink || b->p->threads < 2;
    const bool pieced = pieces.rows > 0 && !(pieces.in_order && little);
    if (pieced) {
        s->serial = false;
        s->band = pieces.rows < e->height ? pieces.rows : e->height;
        s->above = pieces.above;
        s->window = little ? 1 : b->p->threads + 1;
    }
    const kal_status st = c->accepts(e, s->node->call.params, &s->codec_memory, b->err);
    const size_t at_once = (size_t)(s->window < b->p->threads ? s->window : b->p->threads);
    s->codec_memory += pieces.memory * at_once + pieces.result * (size_t)s->window + KAL__WRITER_BYTES;
    if (!pieced) s->codec_memory += pieces.in_order;
    if (s->writer) s->codec_memory += s->writer->memory;
    if (s->book && c->among) s->codec_memory += c->among(e, s->node->call.params);
    return st;
}

static kal_status add_measure(kal__builder *b, const kal__want *w)
{
    const kal_call *c = &w->node->call;
    const kal_measure *m = c->op->measure;
    const bool looks = m->rows && c->n;
    const kal_rect rect = looks ? kal_rect_all(&c->in[0]->extent) : kal_rect_of(0, 0, 1, 1);
    kal__stage *s = kal__stage_new(b, KAL__MEASURE_STAGE, w->node, rect, looks ? c->n : 0, 1);
    if (!s) return kal__no_memory(b);
    s->value = w->value;
    s->part = looks && m->apart ? m->apart(c) : 0;
    s->serial = !s->part;
    s->codec_memory = m->size ? m->size(c) : 0;
    s->steps[0] = (kal__step){.node = w->node, .from_step = -1};
    if (s->part < 0)
        return kal_fail(b->err, KAL_INVALID, "%s: bands of %d rows cannot go apart", c->op->name, s->part);
    const size_t bands = s->part ? (size_t)((rect.y1 - rect.y0 + (int64_t)s->part - 1) / s->part) : 1;
    if (s->codec_memory > KAL__ABSURD / bands) return kal__absurd(b, s->node, s->codec_memory);
    s->codec_memory *= bands;
    if (looks) kal__connect_step(b, s, &s->steps[0]);
    return KAL_OK;
}

kal_status kal__add_sink(kal__builder *b, const kal__want *w)
{
    if (w->value) return add_measure(b, w);
    const kal_node *image = kal__image_of(w);
    const kal__stage_kind kind = w->writer ? KAL__ENCODE_STAGE : w->key ? KAL__DIGEST_STAGE : KAL__COPY_STAGE;
    int32_t dx, dy;
    kal__stage *last = kal__resolve_stage(b, image, &dx, &dy);
    if (last) last->last = true;
    if (kind == KAL__COPY_STAGE && !w->patches && !kal__passes(b, image) &&
        kal__info_of(b, image)->uses == 1 && can_write_outside(b, kal__info_of(b, image)->stage, w)) {
        kal__stage *s = kal__info_of(b, image)->stage;
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;
        return KAL_OK;
    }
    const struct kal__kept *kept = w->writer ? w->node->kept : NULL;
    kal__stage *s = kal__stage_new(b, kind, w->writer ? w->node : image, w->rect, kept ? 2 : 1, 0);
    if (!s) return kal__no_memory(b);
    s->serial = kind != KAL__COPY_STAGE;
    s->writer = w->writer;
    s->book = w->book;
    s->patches = w->patches;
    kal__connect(b, s, &s->edges[0], image);
    if (kept) {
        kal__connect(b, s, &s->edges[1], kal__input(w->node, 1));
        s->edges[1].dx += kept->x;
        s->edges[1].dy += kept->y;
    }
    if (kind == KAL__COPY_STAGE) {
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;   // a negative one wraps and unwraps
    }
    if (kind == KAL__DIGEST_STAGE) s->digest = kal__digest_new(&image->call.extent, w->key);
    if (kind == KAL__DIGEST_STAGE && !s->digest) return kal__no_memory(b);
    return kind == KAL__ENCODE_STAGE ? add_encoder(b, s, &image->call.extent) : KAL_OK;
}
