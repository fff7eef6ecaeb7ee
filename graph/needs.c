// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Planning, first: which rectangle of each node is needed, from the wants back to the sources, and what of it is known.
#include "build.h"

#include "audit.h"
#include "memo.h"
#include "need.h"
#include "retouch.h"

void kal__want_pixels(kal__builder *b, const kal_node *n, kal_rect rect)
{
    kal__info *i = kal__info_of(b, n);
    i->need = kal_rect_join(i->need, rect);
    i->uses++;
}

// Inputs that a value is only about, without a look at their pixels, are not computed.
static kal_status propagate_value(kal__builder *b, const kal_node *n)
{
    for (int32_t i = 0; i < n->call.n && n->call.op->measure->rows; i++) {
        const kal_rect r = kal__need(&n->call, i, kal_rect_all(&n->call.in[0]->extent));
        if (!kal_rect_empty(r)) kal__want_pixels(b, kal__input(n, i), r);
    }
    return KAL_OK;
}

// Rows that are made so many at a time are made from a multiple to a multiple.
static kal_status keep_to_grid(const kal__builder *b, const kal_call *c, kal_rect *need)
{
    const int32_t rows = c->op->rows(c);
    if (rows < 1) return kal_fail(b->err, KAL_INTERNAL, "%s: rows() says %d", c->op->name, rows);
    const int64_t end = ((int64_t)need->y1 + rows - 1) / rows * rows;
    need->y0 -= need->y0 % rows;
    need->y1 = end < c->extent.height ? (int32_t)end : c->extent.height;
    return KAL_OK;
}

// What a want looks at: nothing of a value.
const kal_node *kal__image_of(const kal__want *w)
{
    return w->value ? NULL : w->instead ? w->instead : w->writer ? kal__input(w->node, 0) : w->node;
}

static const kal_node *encoded_image(const kal__builder *b, const kal_node *encoded)
{
    for (size_t i = 0; i < b->n_wants; i++)
        if (b->wants[i].node == encoded) return kal__image_of(&b->wants[i]);
    return kal__input(encoded, 0);
}

kal_status kal__propagate(kal__builder *b, const kal_node *n)
{
    kal__info *me = kal__info_of(b, n);
    if (n->kind == KAL__ENCODE) {
        const kal_rect r = kal__encoded_rect(n);
        kal__want_pixels(b, encoded_image(b, n), r);
        if (n->kept) kal__want_pixels(b, kal__input(n, 1), kal_rect_shift(r, n->kept->x, n->kept->y));
        return KAL_OK;
    }
    if (n->kind == KAL__VALUE) return propagate_value(b, n);
    if (kal_rect_empty(me->need)) return KAL_OK;
    b->p->nodes++;
    if (n->kind == KAL__PIXELS) return KAL_OK;
    if (n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_WHOLE)) me->need = kal_rect_all(&n->call.extent);
    if (b->p->memo && !n->is_volatile && !kal__is_view(n) && kal_node_memo(n) != KAL_MEMO_NEVER &&
        kal__memo_find_rows(b->p->memo, n->key, &n->call.extent, me->need, &me->hit, &me->hit_rect)) {
        me->found = true;
        b->p->nodes_reused++;
        kal__audit_note(b->options->audit, KAL__STORED_ROWS, n, me->hit, me->hit_rect);
        return KAL_OK;
    }
    if (n->kind == KAL__APPLY && n->call.op->rows) {
        const kal_status st = keep_to_grid(b, &n->call, &me->need);
        if (st) return st;
    }
    me->untouched = n->kind == KAL__APPLY && n->call.op->touches &&
                    kal_rect_empty(kal_rect_clip(n->call.op->touches(&n->call), me->need));
    for (int32_t i = 0; i < n->call.n; i++) {
        const kal_rect r = kal__need(&n->call, i, me->need);
        if (kal_rect_empty(r)) continue;
        if (!kal_rect_inside(r, kal_rect_all(&n->call.in[i]->extent)))
            return kal_fail(b->err, KAL_INTERNAL, "%s: need() asks for pixels outside input %d",
                            n->call.op->name, i);
        kal__want_pixels(b, kal__input(n, i), r);
    }
    return KAL_OK;
}

double kal__cost_of(const kal_node *n)
{
    if (n->kind == KAL__DECODE) return 2;
    return n->kind == KAL__APPLY ? (double)n->call.op->cost : 0;
}
