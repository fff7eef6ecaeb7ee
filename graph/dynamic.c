// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See dynamic.h.
#include "dynamic.h"

#include "apply.h"
#include "files.h"
#include "fmath.h"
#include "load.h"
#include "optimize.h"
#include "retouch.h"
#include "run.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

// ---- making -------------------------------------------------------------------------------------

typedef struct later {
    int32_t n, param[KAL__MAX_BOUND];
} later;

// Metadata follows an image, never a value.
static void fill_later(kal_node *node, void *arg)
{
    memcpy(&node->u.bound, arg, sizeof(later));
    const int32_t images = node->call.n - node->u.bound.n;
    kal__meta_unref(&node->meta);
    node->meta =
        images ? kal__meta_ref(kal__input(node, kal__meta_input(node->call.op, images))->meta) : NULL;
}

// A box or a size sets several parameters at once: one number stands for them.
static const struct {
    const char *name;
    int32_t code, n;
    const char *rows[4];
} groups[] = {{"box", KAL__BOX, 4, {"x", "y", "width", "height"}},
              {"size", KAL__SIZE, 2, {"width", "height"}}};

static bool has_group(kal__schema s, int g)
{
    bool all = true;
    for (int32_t i = 0; i < groups[g].n && all; i++) {
        const kal_param *p = kal__param_find(s, groups[g].rows[i], strlen(groups[g].rows[i]));
        all = p && p->kind <= KAL_PARAM_Y;
    }
    return all;
}

int32_t kal__bound_code(kal__schema s, const char *name, size_t n)
{
    const kal_param *p = kal__param_find(s, name, n);
    if (p) return (int32_t)(p - s.rows);
    for (int g = 0; g < 2; g++)
        if (strlen(groups[g].name) == n && !memcmp(name, groups[g].name, n) && has_group(s, g))
            return groups[g].code;
    return -1;
}

const char *kal__bound_name(kal__schema s, int32_t code)
{
    for (int g = 0; g < 2; g++)
        if (groups[g].code == code) return groups[g].name;
    return s.rows[code].name;
}

int32_t kal__bound_rows(kal__schema s, int32_t code, const kal_param **rows)
{
    for (int g = 0; g < 2; g++) {
        if (groups[g].code != code) continue;
        for (int32_t i = 0; i < groups[g].n; i++)
            rows[i] = kal__param_find(s, groups[g].rows[i], strlen(groups[g].rows[i]));
        return groups[g].n;
    }
    rows[0] = &s.rows[code];
    return 1;
}

static kal_status check_bound(const kal_op *op, const kal__bound *b, int32_t n, later *l, kal_error *err)
{
    if (n > KAL__MAX_BOUND)
        return kal_fail(err, KAL_LIMIT, "%s: more than %d parameters are computed", op->name, KAL__MAX_BOUND);
    l->n = n;
    for (int32_t i = 0; i < n; i++) {
        l->param[i] = b[i].code;
        if (b[i].code == KAL__BOX || b[i].code == KAL__SIZE) continue;
        if (kal__is_worded(&op->params[b[i].code]))
            return kal_fail(err, KAL_INVALID, "%s: %s is not a number and cannot be computed", op->name,
                            op->params[b[i].code].name);
    }
    return KAL_OK;
}

static kal_status intern_later(const kal_op *op, const void *params, kal_node *const *in, int32_t n,
                               const kal__bound *bound, int32_t n_bound, later *l, kal_node **out,
                               kal_error *err)
{
    const kal_call *inputs[KAL__MAX_INPUTS + KAL__MAX_BOUND];
    for (int32_t i = 0; i < n; i++) inputs[i] = &in[i]->call;
    for (int32_t i = 0; i < n_bound; i++) inputs[n + i] = &bound[i].value->call;
    const kal_call call = {.op = op, .params = params, .n = n + n_bound, .in = inputs};
    char version[KAL__VERSION_ROOM];
    kal__put_version(&call, version);
    // which parameters are bound enters the key through the digest
    unsigned char which[KAL__MAX_BOUND + 1] = {(unsigned char)l->n};
    for (int32_t i = 0; i < l->n; i++) which[i + 1] = (unsigned char)l->param[i];
    const kal_key digest = kal__hash_of(which, sizeof which);
    const kal__key_parts parts = {.kind = KAL__DYNAMIC,
                                  .what = op->name,
                                  .version = version,
                                  .schema = kal__schema_of(op),
                                  .params = params,
                                  .digest = &digest,
                                  .in = inputs,
                                  .n = n + n_bound};
    kal_key key;
    const kal_status st = kal__make_key(&parts, &key, err);
    if (st) return st;
    *out = kal__intern(KAL__DYNAMIC, key, &call, op->params, op->n_params, op->params_size, fill_later, l);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (%s)", op->name);
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
    kal__held_files files = {.n = 0};
    if (!st) st = kal__files_hold(s, copy, &files, err);
    if (!st) st = intern_later(op, copy, in, n, bound, n_bound, &l, out, err);
    kal__files_release(&files);
    return st;
}

// ---- resolving ----------------------------------------------------------------------------------

// The request that needs the values: its deadline and statistics are one, its progress is told once.
typedef struct resolving {
    kal_options options;
    double start;
} resolving;

// What is bound: a value node, or an f32 image of few samples, which are its numbers.
typedef struct known {
    bool have, asked;
    kal_value value;
    float *samples;
} known;

static kal_status ask(kal_node *node, known *k, kal__want *w, kal_error *err)
{
    const kal_extent *e = &node->call.extent;
    k->asked = true;
    *w = (kal__want){.node = node, .value = &k->value};
    if (node->kind == KAL__VALUE) return KAL_OK;
    const int64_t n = (int64_t)e->width * e->height * e->channels;
    if (node->kind == KAL__ENCODE || e->type != KAL_F32)
        return kal_fail(err, KAL_INVALID,
                        "a parameter is bound to an image; bind it to a value (see kal ops)");
    if (n > 65536)
        return kal_fail(err, KAL_INVALID, "a parameter is bound to an image of %lld samples", (long long)n);
    k->samples = kal__new((size_t)n, sizeof *k->samples);
    if (!k->samples || kal_value_make(&k->value, KAL_VALUE_NUMBERS, 1, (int32_t)n))
        return kal_fail(err, KAL_NOMEM, "out of memory for a value");
    *w = (kal__want){.node = node,
                     .rect = kal_rect_all(e),
                     .dst = (unsigned char *)k->samples,
                     .stride = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e))};
    return KAL_OK;
}

static kal_status settle_value(const kal_node *node, known *k, kal_error *err)
{
    k->have = true;
    for (int64_t i = 0; i < (int64_t)k->value.rows * k->value.columns; i++) {
        if (k->samples) k->value.v[i] = (double)k->samples[i];
        if (k->value.v[i] - k->value.v[i] != 0)
            return kal_fail(err, KAL_INVALID, "%s: a computed value is not a finite number",
                            node->call.op ? node->call.op->name : "an image");
    }
    return KAL_OK;
}

// Halves to even, as the ops on boxes round.
static int32_t whole(double v)
{
    const double r = kal__rint(v);
    return r > 2e9 ? INT32_MAX : r < -2e9 ? -INT32_MAX : (int32_t)r;
}

static void put_number(const kal_param *p, unsigned char *params, double v)
{
    const int32_t i = whole(v);
    if (p->kind == KAL_PARAM_FLOAT)
        memcpy(params + p->offset, &v, sizeof v);
    else
        memcpy(params + p->offset, &i, sizeof i);
}

// One value into its parameter, or parameters.
static kal_status put_value(const kal_op *op, int32_t code, const kal_value *v, unsigned char *params,
                            kal_error *err)
{
    const kal_param *rows[4];
    const kal__schema s = kal__schema_of(op);
    const int32_t n = kal__bound_rows(s, code, rows), count = v->rows * v->columns;
    if (v->kind == KAL_VALUE_TEXT)
        return kal_fail(err, KAL_INVALID, "%s: %s is bound to a text", op->name, kal__bound_name(s, code));
    if (rows[0]->kind == KAL_PARAM_LIST || rows[0]->kind == KAL_PARAM_COLOR) {
        memcpy(params + rows[0]->offset, &(kal_list){v->v, count}, sizeof(kal_list));
        return KAL_OK;
    }
    if (count != n)
        return kal_fail(err, KAL_INVALID, "%s: %s takes %d number%s, and the value has %d%s", op->name,
                        kal__bound_name(s, code), n, n == 1 ? "" : "s", count,
                        count ? "; reduce it first" : ": nothing was found");
    double numbers[4];
    for (int32_t i = 0; i < n; i++) numbers[i] = v->v[i];
    if (v->kind == KAL_VALUE_BOXES) {   // edges are rounded, then the size is taken
        for (int32_t i = 0; i < n; i++) numbers[i] = whole(numbers[i]);
        numbers[2] -= numbers[0], numbers[3] -= numbers[1];
    }
    for (int32_t i = 0; i < n; i++) put_number(rows[i], params, numbers[i]);
    return KAL_OK;
}

typedef struct resolution {
    const resolving *by;
    kal__order order;
    kal_node **made;   // what each node resolves to, once it is known
    known *known;      // of each node that is bound
    kal__want *wants;
    size_t n_wants;
} resolution;

// Of the node that is made of what is known by now; *waits: for an input or a value.
static kal_status settle_one(resolution *r, size_t at, bool *waits, kal_error *err)
{
    const kal_node *n = r->order.nodes[at];
    const int32_t bound = n->kind == KAL__DYNAMIC ? n->u.bound.n : 0, images = n->call.n - bound;
    *waits = false;
    if (!n->dynamic) {
        r->made[at] = kal_node_ref(kal__node_of(&n->call));
        return KAL_OK;
    }
    for (int32_t i = 0; i < n->call.n; i++) {
        const size_t k = kal__order_find(&r->order, kal__input(n, i));
        if (!r->made[k] || (i >= images && !r->known[k].have)) *waits = true;
        if (!r->made[k] || i < images || r->known[k].asked) continue;
        const kal_status st = ask(r->made[k], &r->known[k], &r->wants[r->n_wants++], err);
        if (st) return st;
    }
    if (*waits) return KAL_OK;
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal_node *in[KAL__MAX_INPUTS];
    for (int32_t i = 0; i < images; i++) in[i] = r->made[kal__order_find(&r->order, kal__input(n, i))];
    memcpy(params, n->call.params, kal__schema_of_node(n).size);
    if (n->kind == KAL__ENCODE && n->u.codec->searches)
        return kal__optimize_settle(in[0], n, &r->by->options, r->by->start, &r->made[at], err);
    if (n->kind == KAL__ENCODE) return kal__encode(in[0], n->u.codec, params, &r->made[at], err);
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < bound && !st; i++)
        st = put_value(n->call.op, n->u.bound.param[i],
                       &r->known[kal__order_find(&r->order, kal__input(n, images + i))].value, params, err);
    return st ? st : kal__apply(n->call.op, params, in, images, &r->made[at], err);
}

static void name_place(const kal_node *n, kal_error *err)
{
    const uint64_t place = __atomic_load_n(&n->place, __ATOMIC_RELAXED),
                   inside = __atomic_load_n(&n->place_inside, __ATOMIC_RELAXED);
    kal__place_said(place, inside, err);
}

// What was said of a node is said of what it proves to be.
static kal_status resolve_one(resolution *r, size_t at, bool *waits, kal_error *err)
{
    const kal_node *n = r->order.nodes[at];
    const kal_memo_mode memo = kal_node_memo(n);
    const kal_status st = settle_one(r, at, waits, err);
    if (!st && r->made[at] && n->dynamic && memo) kal_node_set_memo(r->made[at], memo);
    return st;
}

// Everything that is known by now; what is not and can be asked for goes into the wants.
static kal_status resolve_round(resolution *r, bool *done, kal_error *err)
{
    kal_status st = KAL_OK;
    *done = true;
    r->n_wants = 0;
    for (size_t i = 0; i < r->order.n && !st; i++) {
        bool waits = false;
        if (!r->made[i]) st = resolve_one(r, i, &waits, err);
        if (st) name_place(r->order.nodes[i], err);
        if (waits) *done = false;
    }
    return st;
}

// Values that are asked for together are computed by one plan, so that what they share is computed once.
static kal_status resolve_all(resolution *r, const resolving *w, kal_error *err)
{
    for (;;) {
        bool done;
        kal_status st = resolve_round(r, &done, err);
        if (st || done) return st;
        if (r->n_wants)
            st = kal__evaluate(r->wants, r->n_wants, &w->options, w->start, &(kal__tally){0, 0}, err);
        for (size_t i = 0; i < r->order.n && !st; i++)
            if (r->known[i].asked && !r->known[i].have) {
                st = settle_value(r->order.nodes[i], &r->known[i], err);
                if (st) name_place(r->order.nodes[i], err);
            }
        if (st) return st;
    }
}

static void resolution_free(resolution *r)
{
    for (size_t i = 0; r->made && i < r->order.n; i++) kal_node_unref(&r->made[i]);
    for (size_t i = 0; r->known && i < r->order.n; i++) {
        kal_value_free(&r->known[i].value);
        free(r->known[i].samples);
    }
    free(r->made);
    free(r->known);
    free(r->wants);
    kal__order_free(&r->order);
}

// Takes a reference; of an encoded node that keeps what a file has, the one that does it.
static kal_status keeping(kal_node *node, kal_node **out, kal_error *err)
{
    if (node->kind != KAL__ENCODE) {
        *out = node;
        return KAL_OK;
    }
    const kal_status st = kal__retouched(node, out, err);
    kal_node_unref(&node);
    return st;
}

kal_status kal__static(const kal_node *node, const kal_options *options, double start, kal_node **out,
                       kal_error *err)
{
    *out = NULL;
    kal_status st = kal_node_error(node, err);
    if (st) return st;
    kal_node *root = kal__node_of(&node->call);
    if (!node->dynamic) return keeping(kal_node_ref(root), out, err);
    resolving r = {.start = start};
    if (options) r.options = *options;
    r.options.progress = NULL;
    r.options.node_stats = NULL;
    resolution all = {.by = &r};
    st = kal__order_make(&root, 1, &all.order, err);
    if (st) return st;
    all.made = kal__new_zero(all.order.n, sizeof *all.made);
    all.known = kal__new_zero(all.order.n, sizeof *all.known);
    all.wants = kal__new_zero(all.order.n, sizeof *all.wants);
    st = all.made && all.known && all.wants ? resolve_all(&all, &r, err)
                                            : kal_fail(err, KAL_NOMEM, "out of memory");
    if (!st) st = keeping(kal_node_ref(all.made[all.order.n - 1]), out, err);
    resolution_free(&all);
    return st;
}

kal_status kal_node_extent(const kal_node *node, kal_extent *out, kal_error *err)
{
    kal_node *s;
    if (node && !node->dynamic &&
        (node->kind == KAL__APPLY || node->kind == KAL__DECODE || node->kind == KAL__PIXELS)) {
        *out = node->call.extent;   // asked for most often
        return KAL_OK;
    }
    kal_status st = kal__static(node, NULL, kal__now(), &s, err);
    if (st) return st;
    if (s->kind == KAL__ENCODE)
        st = kal_fail(err, KAL_INVALID, "encoded bytes have no size in pixels");
    else if (s->kind == KAL__VALUE)
        st = kal_fail(err, KAL_INVALID, "%s gives a value, which has no size in pixels", s->call.op->name);
    else
        *out = s->call.extent;
    kal_node_unref(&s);
    return st;
}

kal_node *kal_apply_bound(kal_scope *scope, const char *name, const void *params, kal_node *const *in,
                          int32_t n, const kal_bound *bound, int32_t n_bound)
{
    kal_error err = {0};
    kal_node *node = NULL;
    const kal_op *op = NULL;
    kal__shares shares = {.of = NULL};
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < n && !st; i++) st = kal_node_error(in[i], &err);
    if (!st) st = kal__find_op(name ? name : "", name ? strlen(name) : 0, &op, &err);
    if (!st) st = kal__bind(&shares, op, bound, n_bound, &err);
    if (!st) st = kal__check_inputs(op, in, n, &err);
    if (!st)
        st = shares.n ? kal__apply_later(op, params, in, n, shares.bound, shares.n, &node, &err)
                      : kal__apply(op, params, in, n, &node, &err);
    kal__shares_release(&shares);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
