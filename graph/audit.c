// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See audit.h.
#include "audit.h"

#include "run.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct noted {
    kal__stored_kind kind;
    kal_node *node;
    kal__slab *slab;
    kal_rect rect;
    kal_key from;   // the entry
} noted;

struct kal__audit {
    double share;
    uint64_t turn;   // another choice in each request
    noted *list;
    size_t n, room;
};

kal__audit *kal__audit_new(double share)
{
    kal__audit *a = share > 0 ? kal__new_zero(1, sizeof *a) : NULL;
    if (!a) return NULL;
    a->share = share;
    a->turn = (uint64_t)(kal__now() * 1e9);
    return a;
}

void kal__audit_free(kal__audit *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->n; i++) {
        kal_node_unref(&a->list[i].node);
        kal__slab_unref(&a->list[i].slab);
    }
    free(a->list);
    free(a);
}

static bool has_its_turn(const kal__audit *a, kal_key key, kal_rect rect)
{
    const uint64_t what[5] = {key.hi, key.lo, a->turn, (uint64_t)(uint32_t)rect.x0 << 32 | (uint32_t)rect.y0,
                              (uint64_t)(uint32_t)rect.x1 << 32 | (uint32_t)rect.y1};
    return (double)(kal__hash_of(what, sizeof what).lo >> 11) * 0x1p-53 < a->share;
}

bool kal__audit_chooses(double share, kal_key key)
{
    const kal__audit a = {.share = share, .turn = (uint64_t)(kal__now() * 1e9)};
    return share > 0 && has_its_turn(&a, key, kal_rect_of(0, 0, 0, 0));
}

static void note(kal__audit *a, const noted *fresh)
{
    const kal_key key = fresh->node->key;
    for (size_t i = 0; i < a->n; i++)   // a plan may be made several times
        if (kal_key_equal(a->list[i].node->key, key) && kal_rect_equal(a->list[i].rect, fresh->rect)) return;
    if (!kal__more(&a->list, a->n, &a->room, sizeof *a->list)) return;
    a->list[a->n++] = *fresh;
    kal_node_ref(fresh->node);
    kal__slab_ref(fresh->slab);
}

void kal__audit_note(kal__audit *a, kal__stored_kind kind, const kal_node *node, kal__slab *slab,
                     kal_rect rect)
{
    if (a && has_its_turn(a, node->key, rect))
        note(a, &(noted){kind, (kal_node *)(uintptr_t)node, slab, rect, node->key});
}

void kal__audit_note_part(kal__audit *a, const kal_node *node, kal_rect part, const unsigned char *rows,
                          size_t stride, kal_key from)
{
    if (!a || !has_its_turn(a, node->key, part)) return;
    const size_t row = (size_t)(part.x1 - part.x0) * kal_pixel_size(&node->call.extent);
    kal__slab *slab = kal__slab_new(row * (size_t)(part.y1 - part.y0));
    if (!slab) return;
    for (size_t y = 0; y < (size_t)(part.y1 - part.y0); y++)
        memcpy(slab->data + y * row, rows + y * stride, row);
    note(a, &(noted){KAL__STORED_ROWS, (kal_node *)(uintptr_t)node, slab, part, from});
    kal__slab_unref(&slab);
}

// ---- looking ------------------------------------------------------------------------------------

static kal_status differs(const noted *at, const char *where, kal_error *err)
{
    char key[33];
    const kal_node *n = at->node;
    const char *name = n->kind == KAL__ENCODE ? n->u.codec->name : n->call.op ? n->call.op->name : "?";
    return kal_fail(
        err, KAL_INTERNAL,
        "audit: %s, key %s: what was kept is not what is computed now, first at %s; it depends on "
        "something that its key does not name, or the memo was meddled with",
        name, kal_key_print(n->key, key), where);
}

static kal_status look_at_rows(const noted *at, const kal_options *o, kal_error *err)
{
    const size_t pixel = kal_pixel_size(&at->node->call.extent);
    const size_t row = (size_t)(at->rect.x1 - at->rect.x0) * pixel;
    const size_t size = row * (size_t)(at->rect.y1 - at->rect.y0);
    kal__slab *now = kal__slab_new(size);
    if (!now) return kal_fail(err, KAL_NOMEM, "out of memory for an audit");
    kal_status st = kal_read(at->node, at->rect, now->data, (ptrdiff_t)row, o, err);
    if (!st && memcmp(now->data, at->slab->data, size) != 0) {
        char where[60];
        size_t i = 0;
        while (now->data[i] == at->slab->data[i]) i++;
        snprintf(where, sizeof where, "pixel %d,%d", at->rect.x0 + (int32_t)(i % row / pixel),
                 at->rect.y0 + (int32_t)(i / row));
        st = differs(at, where, err);
    }
    kal__slab_unref(&now);
    return st;
}

static kal_status look_at_bytes(const noted *at, const kal_options *o, kal_error *err)
{
    kal_bytes now;
    char where[40];
    const size_t n = (size_t)at->rect.x1;
    kal_status st = kal_read_bytes(at->node, o, &now, err);
    if (st) return st;
    size_t i = 0;
    while (i < n && i < now.size && now.data[i] == at->slab->data[i]) i++;
    snprintf(where, sizeof where, "byte %zu", i);
    if (i < n || i < now.size) st = differs(at, where, err);
    kal_bytes_free(&now);
    return st;
}

static kal_status look_at_value(const noted *at, const kal_options *o, kal_error *err)
{
    kal_value v;
    kal__text t = {0};
    kal_status st = kal_read_value(at->node, o, &v, err);
    if (st) return st;
    kal__value_pack(&v, &t);
    if (!t.failed && (t.size != (size_t)at->rect.x1 || memcmp(t.data, at->slab->data, t.size) != 0))
        st = differs(at, "its value", err);
    free(t.data);
    kal_value_free(&v);
    return st;
}

kal_status kal__audit_run(kal__audit *a, kal_memo *m, const kal_options *options, kal_error *err)
{
    kal_status st = KAL_OK;
    if (!a) return KAL_OK;
    kal_options o = {.memo_mode = KAL_MEMO_NEVER};
    if (options)
        o.threads = options->threads, o.max_memory = options->max_memory, o.cancel = options->cancel,
        o.spill = options->spill;
    for (size_t i = 0; i < a->n && !st; i++) {
        const noted *at = &a->list[i];
        st = at->kind == KAL__STORED_ROWS    ? look_at_rows(at, &o, err)
             : at->kind == KAL__STORED_BYTES ? look_at_bytes(at, &o, err)
                                             : look_at_value(at, &o, err);
        if (st == KAL_INTERNAL) kal__memo_forget(m, at->from);
    }
    return st;
}
