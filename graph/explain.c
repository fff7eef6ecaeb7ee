// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The plan before it runs: a row per stage, as text or JSON. The very plan that would run is made and thrown away, and what the memo has that spares it
// is told: encoded bytes and values, and parts of edited pictures.
#include "calm.h"
#include "dynamic.h"
#include "load.h"
#include "look.h"
#include "mosaic.h"
#include "options.h"
#include "plan.h"
#include "retouch.h"
#include "run.h"
#include "utf.h"

#include <stdlib.h>
#include <string.h>

static void stage_name(const kal__stage *s, kal__text *t)
{
    if (s->kind == KAL__DECODE_STAGE) {
        kal__source *source = kal__node_source(s->node);
        const char *path = kal__source_name(source);
        const size_t n = strlen(path);
        kal__putf(t, "load %s%s", n > 28 ? "…" : "", n > 28 ? path + n - 27 : path);
        kal__source_unref(&source);
    } else if (s->kind == KAL__ENCODE_STAGE) {
        kal__putf(t, "save %s", s->node->u.codec->name);
    } else if (s->kind == KAL__COPY_STAGE || s->kind == KAL__DIGEST_STAGE) {
        kal__puts(t, s->kind == KAL__COPY_STAGE ? "copy out" : "content key");
    } else if (s->kind == KAL__CONST_STAGE) {
        kal__puts(t, s->node->kind == KAL__PIXELS ? "samples" : s->node->call.op->name);
    }
    for (int32_t k = 0; k < s->n_steps; k++) {
        if (k == 3 && s->n_steps > 5) {
            kal__putf(t, " + %d more", s->n_steps - 3);
            break;
        }
        kal__putf(t, "%s%s", k ? " + " : "", s->steps[k].node->call.op->name);
    }
    for (int32_t k = 0; k < s->n_steps; k++)
        if (s->steps[k].run) kal__putf(t, " (%d as a table)", s->steps[k].run);
}

static const char *strategy(const kal__stage *s)
{
    const bool whole = s->rows >= s->rect.y1 - s->rect.y0;
    switch (s->kind) {
    case KAL__CONST_STAGE: return s->node->kind == KAL__PIXELS ? "in memory" : "from the memo";
    case KAL__ENCODE_STAGE: return s->window ? "in pieces" : "in order";
    case KAL__MEASURE_STAGE: return s->part ? "in parts" : "in order";
    case KAL__DIGEST_STAGE: return "in order";
    case KAL__COPY_STAGE: return "into your rows";
    case KAL__DECODE_STAGE:
    case KAL__COMPUTE_STAGE: break;
    }
    if (s->kind == KAL__DECODE_STAGE && !s->serial) return "in parts";
    if (s->outside) return "into your rows";
    if (s->keep) return "whole, kept";
    if (s->spilt) return "in a file";
    return whole ? (s->n_bands == 1 ? "one band" : "whole image") : "ring";
}

// ---- what the memo has --------------------------------------------------------------------------

// A want, and what would be copied for it.
typedef struct told {
    bool known;   // all of it
    kal__mosaic *parts;
    kal_node *instead;
} told;

static const char *name_of(const kal_node *n)
{
    return n->kind == KAL__ENCODE ? n->u.codec->name : n->call.op ? n->call.op->name : "image";
}

static void put_known(const kal__want *w, const told *is, kal__text *t)
{
    kal__mosaic_sight m;
    const kal_node *n = w->node;
    if (is->known) kal__putf(t, "%s%s: in the memo\n", n->kind == KAL__ENCODE ? "save " : "", name_of(n));
    if (!is->parts) return;
    kal__mosaic_look(is->parts, &m);
    kal__putf(t, "%s: ", name_of(w->writer ? kal__input(n, 0) : n));
    if (m.side)
        kal__putf(t, "%zu of %zu parts of %d×%d are in the memo", m.known, m.parts, m.side, m.side);
    else
        kal__puts(t, "in the memo, by the contents of its pictures");
    kal__putf(t, " (entries: %d)", m.entries);
    const kal_rect r = m.missing;
    if (!kal_rect_empty(r))
        kal__putf(t, "; the others lie in %d×%d+%d+%d", r.x1 - r.x0, r.y1 - r.y0, r.x0, r.y0);
    kal__puts(t, "\n");
}

static void put_known_json(const kal__want *wants, const told *is, int32_t n, kal__text *t)
{
    int32_t k = 0;
    kal__puts(t, "\"known\": [");
    for (int32_t i = 0; i < n; i++) {
        kal__mosaic_sight m = {0};
        if (!is[i].known && !is[i].parts) continue;
        if (is[i].parts) kal__mosaic_look(is[i].parts, &m);
        kal__puts(t, k++ ? ", {\"want\": " : "{\"want\": ");
        kal__putf(t, "%d, \"name\": ", i);
        kal__put_json(t, name_of(wants[i].node));
        kal__putf(t, ", \"whole\": %s", is[i].known ? "true" : "false");
        if (is[i].parts)
            kal__putf(t,
                      ", \"parts\": %zu, \"known_parts\": %zu, \"side\": %d, \"entries\": %d, \"missing\": "
                      "[%d, %d, "
                      "%d, %d]",
                      m.parts, m.known, m.side, m.entries, m.missing.x0, m.missing.y0, m.missing.x1,
                      m.missing.y1);
        kal__puts(t, "}");
    }
    kal__puts(t, "], ");
}

// ---- the plan -----------------------------------------------------------------------------------

static void as_text(const kal__plan *p, kal__text *t)
{
    kal__putf(t, "%-36s %-15s %6s × %-6s %12s %14s\n", "stage", "strategy", "bands", "rows", "ring rows",
              "bytes");
    for (int32_t i = 0; i < p->n_stages; i++) {
        const kal__stage *s = p->stages[i];
        kal__text name = {0};
        char *text;
        stage_name(s, &name);
        if (!kal__text_done(&name, &text, NULL)) {
            t->failed = true;
            return;
        }
        const size_t n = strlen(text);
        kal__putf(t, "%-36s %-15s %6d × %-6d %12d %14zu\n", n > 36 ? text + n - 36 : text, strategy(s),
                  s->n_bands, s->band, kal__stage_has_ring(s) ? s->rows : 0, s->memory);
        free(text);
    }
    kal__putf(
        t,
        "peak %.1f MB: rings and codecs %zu, tables %zu, scratch %zu × %d threads and %zu for whole images, "
        "beside them %zu\n",
        (double)(p->peak + KAL__BESIDE) / 1e6, p->schedule.peak, p->tables, p->scratch, p->threads, p->alone,
        KAL__BESIDE);
}

static void as_json(const kal__plan *p, kal__text *t)
{
    kal__putf(t,
              "\"peak_bytes\": %zu, \"scratch_bytes\": %zu, \"threads\": %d, \"nodes\": %llu, "
              "\"nodes_reused\": %llu, \"stages\": [",
              p->peak + KAL__BESIDE, p->scratch * (size_t)p->threads + p->alone, p->threads,
              (unsigned long long)p->nodes, (unsigned long long)p->nodes_reused);
    for (int32_t i = 0; i < p->n_stages; i++) {
        const kal__stage *s = p->stages[i];
        kal__text name = {0};
        char *text;
        stage_name(s, &name);
        if (!kal__text_done(&name, &text, NULL)) {
            t->failed = true;
            return;
        }
        kal__puts(t, i ? ",\n  {\"stage\": " : "\n  {\"stage\": ");
        kal__put_json(t, text);
        free(text);
        kal__putf(t,
                  ", \"strategy\": \"%s\", \"rect\": [%d, %d, %d, %d], \"bands\": %d, \"band_rows\": %d, "
                  "\"ring_rows\": %d, "
                  "\"bytes\": %zu, \"codec_bytes\": %zu, \"inputs\": [",
                  strategy(s), s->rect.x0, s->rect.y0, s->rect.x1, s->rect.y1, s->n_bands, s->band, s->rows,
                  s->memory, s->codec_memory);
        int32_t n = 0;
        for (KAL__EACH_EDGE(e, s))
            if (e->from) kal__putf(t, "%s%d", n++ ? ", " : "", e->from->index);
        kal__puts(t, "]}");
    }
    kal__puts(t, "\n]}\n");
}

// Never written to: plans only ask whether there is one.
static kal__writer nowhere;
static kal_value no_value;

kal_status kal__wants_of(kal_node *const *nodes, int32_t n, const kal_options *options, kal__want *wants,
                         kal_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        kal_node *node;
        const kal_status st = kal__static(nodes[i], options, kal__now(), &node, err);
        if (st) return st;
        const bool encoded = node->kind == KAL__ENCODE;
        const kal_extent *e = &(encoded ? kal__input(node, 0) : node)->call.extent;
        wants[i] = (kal__want){.node = node,
                               .rect = encoded ? kal__encoded_rect(node) : kal_rect_all(e),
                               .writer = encoded ? &nowhere : NULL};
        if (node->kind == KAL__VALUE) wants[i].value = &no_value;
        wants[i].stride = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e));
    }
    return KAL_OK;
}

// Plans for what the memo does not have, as a request would, and computes nothing: not the contents of pictures either.
static kal_status plan_rest(kal__want *wants, told *is, int32_t n, const kal__resolved *o, kal__plan **plan,
                            kal_error *err)
{
    size_t left = 0;
    kal__want *rest = kal__new_zero((size_t)n, sizeof *rest);
    if (!rest) return kal_fail(err, KAL_NOMEM, "out of memory");
    const bool may = o->memo && kal__memo_has_facts(o->memo) && !o->only_known;
    for (int32_t i = 0; i < n; i++) {
        kal__want *w = &wants[i];
        is[i].known = kal__is_known(w, o->memo);
        if (is[i].known) continue;
        if (may && !w->value && !w->node->kept)
            w->instead = is[i].instead = kal__mosaic_find(
                o->memo, w->writer ? kal__input(w->node, 0) : w->node, w->rect, NULL, &is[i].parts);
        rest[left++] = *w;
    }
    const kal_status st = left ? kal__plan_make(rest, left, o, plan, err) : KAL_OK;
    free(rest);
    return st;
}

static void put_all(const kal__plan *plan, const kal__want *wants, const told *is, int32_t n,
                    kal_format format, kal__text *t)
{
    const kal__plan none = {0};
    if (format == KAL_AS_JSON) {
        kal__puts(t, "{");
        put_known_json(wants, is, n, t);
        as_json(plan ? plan : &none, t);
        return;
    }
    for (int32_t i = 0; i < n; i++) put_known(&wants[i], &is[i], t);
    if (plan) as_text(plan, t);
}

kal_status kal_explain(kal_node *const *nodes, int32_t n, kal_format format, const kal_options *options,
                       kal_bytes *out, kal_error *err)
{
    *out = (kal_bytes){NULL, 0};
    if (n < 1) return kal_fail(err, KAL_INVALID, "nothing to explain");
    if (format != KAL_AS_TEXT && format != KAL_AS_JSON)
        return kal_fail(err, KAL_INVALID, "a plan is text or JSON");
    kal__resolved o;
    kal__want *wants = kal__new_zero((size_t)n, sizeof *wants);
    told *is = kal__new_zero((size_t)n, sizeof *is);
    kal__plan *plan = NULL;
    kal__text t = {0};
    char *data = NULL;
    kal_status st = wants && is ? kal__wants_of(nodes, n, options, wants, err)
                                : kal_fail(err, KAL_NOMEM, "out of memory");
    if (!st) st = kal__resolve(options, &o, err);
    const kal__calm calm = kal__calm_begin();
    if (!st) st = plan_rest(wants, is, n, &o, &plan, err);
    kal__calm_end(&calm);
    if (!st) {
        put_all(plan, wants, is, n, format, &t);
        if (!kal__text_done(&t, &data, &out->size)) st = kal_fail(err, KAL_NOMEM, "out of memory for a text");
        out->data = (unsigned char *)data;
    }
    kal__plan_free(&plan);
    for (int32_t i = 0; wants && is && i < n; i++) {
        kal_node_unref(&is[i].instead);
        kal__mosaic_free(is[i].parts);
        kal_node_unref(&wants[i].node);
    }
    free(is);
    free(wants);
    return st;
}
