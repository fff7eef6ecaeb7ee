// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See measure.h. In the memo a value of n bytes is an entry of n×1 samples, like encoded bytes.
#include "measure.h"

#include "audit.h"

#include "calm.h"
#include "dynamic.h"
#include "memo.h"
#include "request.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

// ---- a stage ------------------------------------------------------------------------------------

// Bands that go apart may all come first.
kal_status kal__measure_open(kal__stage *s, kal_error *err)
{
    void *none = NULL;
    if (!s->codec_memory || __atomic_load_n(&s->gathered, __ATOMIC_ACQUIRE)) return KAL_OK;
    void *room = kal__new_zero(1, s->codec_memory);
    if (!room) return kal_fail(err, KAL_NOMEM, "%s: out of memory", s->node->call.op->name);
    if (!__atomic_compare_exchange_n(&s->gathered, &none, room, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        free(room);
    return KAL_OK;
}

void *kal__measure_of(const kal__stage *s, int32_t band)
{
    const size_t each = s->part ? s->codec_memory / (size_t)s->n_bands : 0;
    unsigned char *room = __atomic_load_n(&s->gathered, __ATOMIC_ACQUIRE);   // another band may be opening it
    return room ? room + each * (size_t)band : NULL;
}

bool kal__measure_done(kal__stage *s, int32_t band)
{
    return s->part ? __atomic_add_fetch(&s->parts, 1, __ATOMIC_ACQ_REL) == s->n_bands : band == s->n_bands - 1;
}

void kal__measure_close(kal__stage *s)
{
    if (!s->gathered) return;
    const kal_measure *m = s->node->call.op->measure;
    for (int32_t band = 0; m->release && band < (s->part ? s->n_bands : 1); band++)
        m->release(kal__measure_of(s, band));
    free(s->gathered);
    s->gathered = NULL;
}

// ---- facts --------------------------------------------------------------------------------------

bool kal__fact_find(kal_memo *m, const kal_node *node, struct kal__audit *audit, kal_value *out)
{
    kal__slab *slab;
    kal_rect have;
    if (node->is_volatile ||
        !kal__memo_find(m, KAL__STORED_VALUE, node->key, kal_rect_of(0, 0, 1, 1), &slab, &have))
        return false;
    const bool ok = kal__value_unpack(slab->data, (size_t)have.x1, out);
    if (!ok) kal_value_free(out);
    if (ok) kal__audit_note(audit, KAL__STORED_VALUE, node, slab, have);
    kal__slab_unref(&slab);
    return ok;
}

void kal__fact_put(kal_memo *m, const kal_node *node, const kal_value *v, double ns)
{
    kal__text t = {0};
    if (node->is_volatile) return;
    kal__value_pack(v, &t);
    kal__slab *slab = t.failed || t.size > INT32_MAX ? NULL : kal__slab_new(t.size);
    if (slab) {
        memcpy(slab->data, t.data, t.size);
        const kal__made made = {
            KAL__STORED_VALUE, node, kal_rect_of(0, 0, (int32_t)t.size, 1), slab, t.size, ns, ns};
        kal__memo_put(m, &made, false);
        kal__slab_unref(&slab);
    }
    free(t.data);
}

// ---- the public face ----------------------------------------------------------------------------

bool kal_node_value(const kal_node *node, kal_value_kind *kind)
{
    if (!node || !kal__gives_value(node)) return false;
    if (kind) *kind = node->call.op->measure->kind;
    return true;
}

kal_status kal_read_value(const kal_node *node, const kal_options *options, kal_value *out, kal_error *err)
{
    kal__request q;
    *out = (kal_value){.kind = KAL_VALUE_NUMBERS};
    kal_status st = kal__request_begin_value(&q, node, options, err);
    if (st) return st;
    const kal__want w = {.node = q.image, .value = out};
    st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    if (st) kal_value_free(out);
    return kal__request_end(&q, st);
}

kal_status kal_value_print(const kal_value *v, kal_bytes *out, kal_error *err)
{
    kal__text t = {0};
    char *data;
    *out = (kal_bytes){NULL, 0};
    kal__value_json(v, &t);
    if (!kal__text_done(&t, &data, &out->size)) return kal_fail(err, KAL_NOMEM, "out of memory for a value");
    out->data = (unsigned char *)data;
    return KAL_OK;
}
