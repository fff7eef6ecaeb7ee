// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See dynamic.h.
#include "dynamic.h"

#include "apply.h"
#include "load.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- making -------------------------------------------------------------------------------------

typedef struct later {
    int32_t n, param[KAL__MAX_BOUND];
} later;

// Metadata follows the last of one or two images, never a value.
static void fill_later(kal_node *node, void *arg)
{
    memcpy(&node->u.bound, arg, sizeof(later));
    const int32_t images = node->call.n - node->u.bound.n;
    kal__meta_unref(&node->meta);
    node->meta = images ? kal__meta_ref(kal__input(node, images == 2 ? 1 : 0)->meta) : NULL;
}

static kal_status check_bound(const kal_op *op, const kal__bound *b, int32_t n, later *l, kal_error *err)
{
    if (n > KAL__MAX_BOUND)
        return kal_fail(err, KAL_LIMIT, "%s: more than %d parameters are computed", op->name, KAL__MAX_BOUND);
    l->n = n;
    for (int32_t i = 0; i < n; i++) {
        const kal_param_kind k = b[i].param->kind;
        if (k == KAL_PARAM_TEXT || k == KAL_PARAM_CHOICE || k == KAL_PARAM_BOOL)
            return kal_fail(err, KAL_INVALID, "%s: %s is not a number and cannot be computed", op->name,
                            b[i].param->name);
        l->param[i] = (int32_t)(b[i].param - op->params);
    }
    return KAL_OK;
}

kal_status kal__apply_later(const kal_op *op, const void *params, kal_node *const *in, int32_t n,
                            const kal__bound *bound, int32_t n_bound, kal_node **out, kal_error *err)
{
    _Alignas(16) unsigned char copy[KAL__PARAMS_ROOM];
    const kal__schema s = kal__schema_of(op);
    kal__params_from(s, copy, params);
    later l = {0};
    kal_status st = check_bound(op, bound, n_bound, &l, err);
    if (!st) st = kal__params_check(s, copy, err);
    if (st) return st;
    const kal_call *inputs[KAL__MAX_INPUTS + KAL__MAX_BOUND];
    for (int32_t i = 0; i < n; i++) inputs[i] = &in[i]->call;
    for (int32_t i = 0; i < n_bound; i++) inputs[n + i] = &bound[i].value->call;
    char version[16];
    snprintf(version, sizeof version, "%u", op->version);
    // which parameters are bound enters the key through the digest
    unsigned char which[KAL__MAX_BOUND + 1] = {(unsigned char)l.n};
    for (int32_t i = 0; i < l.n; i++) which[i + 1] = (unsigned char)l.param[i];
    const kal_key digest = kal__hash_of(which, sizeof which);
    const kal__key_parts parts = {.kind = KAL__DYNAMIC,
                                  .what = op->name,
                                  .version = version,
                                  .schema = s,
                                  .params = copy,
                                  .digest = &digest,
                                  .in = inputs,
                                  .n = n + n_bound};
    kal_key key;
    st = kal__make_key(&parts, &key, err);
    if (st) return st;
    const kal_call call = {.op = op, .params = copy, .n = n + n_bound, .in = inputs};
    *out = kal__intern(KAL__DYNAMIC, key, &call, op->params, op->n_params, op->params_size, fill_later, &l);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (%s)", op->name);
}

// ---- resolving ----------------------------------------------------------------------------------

// The request that needs the values: its deadline and statistics are one, its progress is told once.
typedef struct resolving {
    kal_options options;
    double start;
} resolving;

// The samples of a value as numbers.
static kal_status read_value(kal_node *node, const resolving *r, kal__arena *arena, kal_list *out,
                             kal_error *err)
{
    const kal_extent *e = &node->call.extent;
    const int64_t n = (int64_t)e->width * e->height * e->channels;
    if (node->kind == KAL__ENCODE || e->type != KAL_F32)
        return kal_fail(err, KAL_INVALID,
                        "a parameter is bound to an image; bind it to a value (see kal ops)");
    if (n > 65536)
        return kal_fail(err, KAL_INVALID, "a parameter is bound to an image of %lld samples", (long long)n);
    float *samples = kal__take(arena, (size_t)n, sizeof *samples);
    double *v = kal__take(arena, (size_t)n, sizeof *v);
    if (!samples || !v) return kal_fail(err, KAL_NOMEM, "out of memory for a value");
    const kal__want w = {.node = node,
                         .rect = kal_rect_all(e),
                         .dst = (unsigned char *)samples,
                         .stride = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e))};
    const kal_status st = kal__evaluate(&w, 1, &r->options, r->start, &(kal__tally){0, 0}, err);
    for (int64_t i = 0; i < n && !st; i++) {
        v[i] = (double)samples[i];
        if (v[i] - v[i] != 0) return kal_fail(err, KAL_INVALID, "a computed value is not a finite number");
    }
    *out = (kal_list){v, (int32_t)n};
    return st;
}

static void put_value(const kal_param *p, unsigned char *params, kal_list v)
{
    unsigned char *at = params + p->offset;
    if (p->kind == KAL_PARAM_LIST || p->kind == KAL_PARAM_COLOR)
        memcpy(at, &v, sizeof v);
    else if (p->kind == KAL_PARAM_FLOAT)
        memcpy(at, &v.v[0], sizeof(double));
    else {
        const double r = v.v[0] < 0 ? v.v[0] - 0.5 : v.v[0] + 0.5;
        const int32_t i = r > 2e9 ? INT32_MAX : r < -2e9 ? -INT32_MAX : (int32_t)r;
        memcpy(at, &i, sizeof i);
    }
}

static kal_status resolve_one(const kal_node *n, kal_node *const *in, const resolving *r, kal_node **out,
                              kal_error *err)
{
    if (n->kind == KAL__ENCODE) {
        _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
        memcpy(params, n->call.params, n->u.codec->params_size);
        return kal__encode(in[0], n->u.codec, params, out, err);
    }
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal_op *op = n->call.op;
    const int32_t images = n->call.n - n->u.bound.n;
    kal__arena arena = {0};
    kal_status st = KAL_OK;
    memcpy(params, n->call.params, op->params_size);
    for (int32_t i = 0; i < n->u.bound.n && !st; i++) {
        kal_list v;
        st = read_value(in[images + i], r, &arena, &v, err);
        const kal_param *p = &op->params[n->u.bound.param[i]];
        if (!st && v.n != 1 && p->kind != KAL_PARAM_LIST && p->kind != KAL_PARAM_COLOR)
            st = kal_fail(err, KAL_INVALID,
                          "%s: %s is one number, and the value has %d; reduce it first (gray, band_extract)",
                          op->name, p->name, v.n);
        if (!st) put_value(&op->params[n->u.bound.param[i]], params, v);
    }
    if (!st) st = kal__apply(op, params, in, images, out, err);
    kal__arena_free(&arena);
    return st;
}

static kal_status resolve_all(const kal__order *o, kal_node **made, const resolving *r, kal_error *err)
{
    for (size_t i = 0; i < o->n; i++) {
        const kal_node *n = o->nodes[i];
        if (!n->dynamic) {
            made[i] = kal_node_ref(kal__node_of(&n->call));
            continue;
        }
        kal_node **in = kal__new((size_t)n->call.n, sizeof *in);
        if (!in) return kal_fail(err, KAL_NOMEM, "out of memory");
        for (int32_t k = 0; k < n->call.n; k++) in[k] = made[kal__order_find(o, kal__input(n, k))];
        const kal_status st = resolve_one(n, in, r, &made[i], err);
        free(in);
        if (st) return st;
    }
    return KAL_OK;
}

kal_status kal__static(const kal_node *node, const kal_options *options, double start, kal_node **out,
                       kal_error *err)
{
    *out = NULL;
    kal_status st = kal_node_error(node, err);
    if (st) return st;
    kal_node *root = kal__node_of(&node->call);
    if (!node->dynamic) {
        *out = kal_node_ref(root);
        return KAL_OK;
    }
    resolving r = {.start = start};
    if (options) r.options = *options;
    r.options.progress = NULL;
    r.options.node_stats = NULL;
    kal__order o;
    st = kal__order_make(&root, 1, &o, err);
    if (st) return st;
    kal_node **made = kal__new_zero(o.n, sizeof *made);
    st = made ? resolve_all(&o, made, &r, err) : kal_fail(err, KAL_NOMEM, "out of memory");
    if (!st) *out = kal_node_ref(made[o.n - 1]);
    for (size_t i = 0; made && i < o.n; i++) kal_node_unref(&made[i]);
    free(made);
    kal__order_free(&o);
    return st;
}

kal_status kal_node_extent(const kal_node *node, kal_extent *out, kal_error *err)
{
    kal_node *s;
    kal_status st = kal__static(node, NULL, kal__now(), &s, err);
    if (st) return st;
    if (s->kind == KAL__ENCODE)
        st = kal_fail(err, KAL_INVALID, "encoded bytes have no size in pixels");
    else
        *out = s->call.extent;
    kal_node_unref(&s);
    return st;
}

kal_node *kal_apply_bound(kal_scope *scope, const char *name, const void *params, kal_node *const *in,
                          int32_t n, const kal_bound *bound, int32_t n_bound)
{
    kal_error err = {KAL_OK, ""};
    kal_node *node = NULL;
    const kal_op *op = NULL;
    kal__bound rows[KAL__MAX_BOUND];
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < n && !st; i++) st = kal_node_error(in[i], &err);
    if (!st) st = kal__find_op(name ? name : "", name ? strlen(name) : 0, &op, &err);
    if (!st && (n_bound < 0 || n_bound > KAL__MAX_BOUND))
        st = kal_fail(&err, KAL_LIMIT, "%s: at most %d parameters are computed", name, KAL__MAX_BOUND);
    for (int32_t i = 0; i < n_bound && !st; i++) {
        if (!bound[i].param)
            st = kal_fail(&err, KAL_INVALID, "%s: a computed value without the name of its parameter", name);
        if (st) break;
        rows[i] = (kal__bound){kal__param_find(kal__schema_of(op), bound[i].param, strlen(bound[i].param)),
                               bound[i].value};
        st = kal_node_error(bound[i].value, &err);
        if (!st && !rows[i].param)
            st = kal_fail(&err, KAL_INVALID, "%s has no parameter \"%s\"", name, bound[i].param);
    }
    if (!st) st = kal__check_inputs(op, in, n, &err);
    if (!st && n_bound) st = kal__apply_later(op, params, in, n, rows, n_bound, &node, &err);
    if (!st && !n_bound) st = kal__apply(op, params, in, n, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
