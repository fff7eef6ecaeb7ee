// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See look.h. What is there is what the very key names: what a request would piece together from parts, or find by the content of a file saved
// anew, is found out by computing alone.
#include "look.h"

#include "calm.h"
#include "measure.h"
#include "memo.h"
#include "options.h"
#include "value.h"

#include <stdlib.h>

bool kal__keeps_bytes(const kal_node *encoded)
{
    return !encoded->is_volatile && !encoded->u.codec->tree;
}

static bool works(const kal__plan *p)
{
    for (int32_t i = 0; i < p->n_stages; i++) {
        const kal__stage_kind kind = p->stages[i]->kind;
        if (kind == KAL__DECODE_STAGE || kind == KAL__COMPUTE_STAGE || kind == KAL__MEASURE_STAGE)
            return true;
    }
    return false;
}

static bool is_found(kal_memo *m, kal__stored_kind kind, const kal_node *n, kal_rect rect)
{
    kal__slab *slab;
    kal_rect have;
    if (!m || n->is_volatile || !kal__memo_find(m, kind, n->key, rect, &slab, &have)) return false;
    kal__slab_unref(&slab);
    return true;
}

// The image a want is of, which is what its key is told of.
static const kal_node *subject(const kal__want *w)
{
    return w->writer ? kal__input(w->node, 0) : w->node;
}

kal_status kal__refuse_work(const kal__plan *p, const kal__want *wants, size_t n, kal_error *err)
{
    char key[33];
    size_t i = 0;
    if (!works(p)) return KAL_OK;
    while (i + 1 < n && !wants[i].value &&
           is_found(p->memo, KAL__STORED_ROWS, subject(&wants[i]), wants[i].rect))
        i++;
    return kal_fail(err, KAL_MISSING, "not in the memo: %s", kal_key_print(subject(&wants[i])->key, key));
}

bool kal__is_known(const kal__want *w, kal_memo *m)
{
    kal_value v;
    if (w->writer)
        return kal__keeps_bytes(w->node) && is_found(m, KAL__STORED_BYTES, w->node, kal_rect_of(0, 0, 1, 1));
    if (!w->value || !m || !kal__fact_find(m, w->node, NULL, &v)) return false;
    kal_value_free(&v);
    return true;
}

static kal_status look(kal__want *wants, size_t n, const kal__resolved *o, kal_sight *out, kal_error *err)
{
    size_t left = 0;
    kal__plan *plan = NULL;
    for (size_t i = 0; i < n; i++) {
        const kal__want w = wants[i];
        const bool known = kal__is_known(&w, o->memo);
        out->known +=
            known || (!w.writer && !w.value &&
                      (w.node->kind == KAL__PIXELS || is_found(o->memo, KAL__STORED_ROWS, w.node, w.rect)));
        out->nodes += known;
        out->nodes_reused += known;
        if (!known) {
            wants[i] = wants[left];   // all are held until the end
            wants[left++] = w;
        }
    }
    if (!left) return KAL_OK;
    const kal_status st = kal__plan_make(wants, left, o, &plan, err);
    if (st) return st;
    out->nodes += plan->nodes;
    out->nodes_reused += plan->nodes_reused;
    out->planned_bytes = plan->peak;
    kal__plan_free(&plan);
    return KAL_OK;
}

kal_status kal_look(kal_node *const *nodes, int32_t n, const kal_options *options, kal_sight *out,
                    kal_error *err)
{
    *out = (kal_sight){0};
    if (n < 1) return kal_fail(err, KAL_INVALID, "nothing to look for");
    kal_options known = options ? *options : (kal_options){0};
    known.only_known = true;
    known.stats = NULL;
    kal__resolved o;
    kal__want *wants = kal__new_zero((size_t)n, sizeof *wants);
    if (!wants) return kal_fail(err, KAL_NOMEM, "out of memory");
    kal_status st = kal__wants_of(nodes, n, &known, wants, err);
    if (!st) st = kal__resolve(&known, &o, err);
    const kal__calm calm = kal__calm_begin();
    if (!st) st = look(wants, (size_t)n, &o, out, err);
    kal__calm_end(&calm);
    out->unsettled = st == KAL_MISSING;
    for (int32_t i = 0; i < n; i++) kal_node_unref(&wants[i].node);
    free(wants);
    return out->unsettled ? KAL_OK : st;
}
