// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One op on some inputs becomes a node: check, work out autos, fold, key, intern. Read this first to see what a node is.
#include "apply.h"

#include "calm.h"
#include "edit.h"
#include "dynamic.h"
#include "files.h"
#include "load.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- how many inputs ----------------------------------------------------------------------------

kal__arity kal__arity_of(const kal_op *op)
{
    kal__arity a = {0, 0};
    for (const char *s = op->inputs ? op->inputs : ""; *s;) {
        const size_t n = strcspn(s, " ");
        const bool many = n > 3 && !memcmp(s + n - 3, "...", 3), maybe = s[n - 1] == '?';
        a.min += !maybe;
        a.max = many ? KAL__MAX_INPUTS : a.max + 1;
        s += n + strspn(s + n, " ");
    }
    return a;
}

void kal_op_arity(const kal_op *op, int32_t *min, int32_t *max)
{
    const kal__arity a = kal__arity_of(op);
    *min = a.min;
    *max = a.max;
}

const kal_extent *kal__unit_of(const kal_op *op, kal_node *const *in, int32_t n)
{
    static const kal_extent words = {0, 0, 3, KAL_U8, KAL_RGB, false};
    if (n) return in[0]->dynamic ? NULL : &in[0]->call.extent;
    return kal__arity_of(op).max ? NULL : &words;
}

// noise makes an image, add_noise changes one.
static kal_status takes_none(const kal_op *op, kal_error *err)
{
    const kal_op *other = NULL;
    const size_t n = strlen(op->name);
    for (size_t i = 0; (other = kal_op_at(i)) != NULL; i++)
        if (!strncmp(other->name, "add_", 4) && !strncmp(other->name + 4, op->name, n + 1)) break;
    return kal_fail(err, KAL_INVALID, "%s takes no inputs%s%s%s", op->name, other ? "; did you mean \"" : "",
                    other ? other->name : "", other ? "\"?" : "");
}

kal_status kal__check_inputs(const kal_op *op, kal_node *const *in, int32_t n, kal_error *err)
{
    const kal__arity a = kal__arity_of(op);
    if (n && !a.max) return takes_none(op, err);
    if (n < a.min || n > a.max)
        return kal_fail(err, KAL_INVALID, "%s takes %s%d input%s (%s), not %d", op->name,
                        n < a.min && a.max > a.min ? "at least " : "", n < a.min ? a.min : a.max,
                        (n < a.min ? a.min : a.max) == 1 ? "" : "s", op->inputs, n);
    for (int32_t i = 0; i < n; i++) {
        if (in[i]->kind == KAL__ENCODE)
            return kal_fail(err, KAL_INVALID, "%s: input %d is encoded bytes, not an image", op->name, i);
        if (kal__gives_value(in[i]))
            return kal_fail(err, KAL_INVALID, "%s: input %d is a value (%s: %s), not an image", op->name, i,
                            in[i]->call.op->name, kal__value_word(in[i]->call.op->measure->kind));
    }
    return KAL_OK;
}

// ---- extents ------------------------------------------------------------------------------------

kal_status kal__check_model(const char *what, const kal_extent *e, kal_error *err)
{
    static const int32_t wanted[] = {[KAL_GRAY] = 1, [KAL_RGB] = 3, [KAL_DATA] = 0, [KAL_MASK] = 1};
    const int32_t colours = e->channels - e->alpha;
    if (e->model == KAL_MASK && (e->type != KAL_U8 || e->channels != 1))
        return kal_fail(err, KAL_INVALID, "%s: a mask is u8 with one channel", what);
    if (colours > 0 && (!wanted[e->model] || wanted[e->model] == colours)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %d channels%s are no picture of model %s; data is anything else",
                    what, e->channels, e->alpha ? ", the last alpha," : "", kal_model_name(e->model));
}

static kal_status check_extent(const kal_op *op, const kal_extent *e, kal_error *err)
{
    if (e->width < 1 || e->height < 1 || e->width > KAL_MAX_SIDE || e->height > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "%s: the result would be %d×%d pixels; sides are 1..%d", op->name,
                        e->width, e->height, KAL_MAX_SIDE);
    if ((unsigned)e->type > KAL_U32 || (unsigned)e->model > KAL_MASK || (e->alpha && e->channels < 2))
        return kal_fail(err, KAL_INTERNAL, "%s: its extent() gives no kind of image (type %d, model %d)",
                        op->name, (int)e->type, (int)e->model);
    if (e->channels < 1 || e->channels > KAL_MAX_CHANNELS)
        return kal_fail(err, KAL_INVALID, "%s: the result would have %d channels; 1..%d are possible",
                        op->name, e->channels, KAL_MAX_CHANNELS);
    return kal__check_model(op->name, e, err);
}

static kal_status check_pointwise(const kal_call *c, kal_error *err)
{
    for (int32_t i = 0; i < c->n && (c->op->flags & KAL_OP_POINTWISE); i++)
        if (c->in[i]->extent.width != c->extent.width || c->in[i]->extent.height != c->extent.height)
            return kal_fail(err, KAL_INTERNAL,
                            "%s is pointwise, but its result has another size than input %d", c->op->name, i);
    return KAL_OK;
}

// Extent, autos and folds until nothing changes. Folds only ever shorten what they look at, so this ends; the bound is for a
// user's fold that does not.
typedef struct applying {
    kal_call call;
    const kal_call *in[KAL__MAX_INPUTS];
    kal_node *before;                    // an input that a fold made; kept until the node itself holds it
    kal_node *firsts[KAL__MAX_INPUTS];   // and those that the op wants made of its inputs
    int32_t n_firsts;
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    // of folds, in turn: a list that one of them makes is there for the next, and until the node has its own copy
    _Alignas(16) unsigned char rooms[2][KAL_FOLD_ROOM];
    unsigned turn;   // which of them is free
    kal__held_files files;
} applying;

// A fold may name files that nobody has read yet.
static kal_status hold_files(applying *a, kal_error *err)
{
    kal__held_files held = {.n = 0};
    const kal_status st = kal__files_hold(kal__schema_of(a->call.op), a->params, &held, err);
    kal__files_release(&a->files);
    a->files = held;
    return st;
}

static kal_status settle(applying *a, kal_error *err)
{
    const kal_op *op = a->call.op;
    const kal__schema s = kal__schema_of(op);
    kal_status st = kal__params_check(s, a->params, err);
    if (st) return st;
    memset(&a->call.extent, 0, sizeof a->call.extent);
    *err = (kal_error){0};
    st = op->extent(&a->call, a->params, &a->call.extent, err);
    if (st) {
        if (!err->message[0]) kal_fail(err, st, "%s: %s", op->name, kal_status_text(st));
        err->status = st;
        if (strncmp(err->message, op->name, strlen(op->name))) kal_within(err, "%s", op->name);
        return st;
    }
    st = kal__params_settled(s, a->params, err);
    if (op->measure) {   // a value has no size
        memset(&a->call.extent, 0, sizeof a->call.extent);
        return st;
    }
    if (!st) st = check_extent(op, &a->call.extent, err);
    return st ? st : check_pointwise(&a->call, err);
}

static void replace_first(applying *a, kal_node *made)
{
    kal_node_unref(&a->before);
    a->before = made;
    a->in[0] = &made->call;
}

// What a fold wants done to its first input beforehand.
static kal_status instead_of_first(applying *a, const kal_folded *to, kal_error *err)
{
    kal_node *made = NULL;
    if (to->shrink > 1) {
        const kal_status st = kal__load_smaller(kal__node_of(a->in[0]), to->shrink, &made, err);
        if (st) return st;
        if (made) replace_first(a, made);
    }
    const void *shrunk = made ? to->shrunk_params : NULL;
    if (to->first) {
        kal_node *in = kal__node_of(a->in[0]);
        const kal_status st = kal__apply(to->first, to->first_params, &in, 1, &made, err);
        if (st) return st;
        replace_first(a, made);
    }
    if (!to->before) {
        if (shrunk) kal__params_from(kal__schema_of(to->op), a->params, shrunk);
        return KAL_OK;
    }
    kal_node *in = kal__node_of(a->in[0]);
    const kal_status st = kal__apply(to->before, shrunk ? shrunk : to->before_params, &in, 1, &made, err);
    if (!st) replace_first(a, made);
    return st;
}

static kal_status fold(applying *a, const kal_call **same, kal_error *err)
{
    *same = NULL;
    for (int round = 0; round < 64; round++) {
        kal_status st = settle(a, err);
        if (st) return st;
        if (!a->call.op->fold) return KAL_OK;
        unsigned char *room = a->rooms[a->turn++ & 1];
        memset(room, 0, KAL_FOLD_ROOM);
        kal_folded to = {0};
        if (!a->call.op->fold(&a->call, &to, room)) return KAL_OK;
        if (to.same) {
            *same = to.same;
            return KAL_OK;
        }
        if (!to.op || to.n < 1 || to.n > 2)
            return kal_fail(err, KAL_INTERNAL, "%s folded into nothing", a->call.op->name);
        const kal__arity arity = kal__arity_of(to.op);
        if (to.n < arity.min || to.n > arity.max)
            return kal_fail(err, KAL_INTERNAL, "%s folded into %s of %d inputs", a->call.op->name,
                            to.op->name, to.n);
        _Alignas(16) unsigned char folded[KAL__PARAMS_ROOM];   // to.params may be the call's own
        kal__params_from(kal__schema_of(to.op), folded, to.params);
        memcpy(a->params, folded, to.op->params_size);
        a->call.op = to.op;
        a->call.n = to.n;
        for (int32_t i = 0; i < to.n; i++) a->in[i] = to.in[i];
        st = hold_files(a, err);
        if (!st) st = instead_of_first(a, &to, err);
        if (st) return st;
    }
    return kal_fail(err, KAL_INTERNAL, "%s: its folds do not end", a->call.op->name);
}

// What the op wants done to its inputs first; then it is another call.
static kal_status prepare_inputs(applying *a, const kal_call **same, kal_error *err)
{
    const kal_op *op = a->call.op;
    if (*same || !op->before) return KAL_OK;
    for (int32_t i = 0; i < a->call.n; i++) {
        unsigned char *room = a->rooms[a->turn & 1];
        const kal_op *first = op->before(&a->call, i, memset(room, 0, KAL_FOLD_ROOM));
        kal_node *in = kal__node_of(a->in[i]), *made = NULL;
        const kal_status st = first ? kal__apply(first, room, &in, 1, &made, err) : KAL_OK;
        if (st) return kal_within(err, "%s", op->name), st;
        if (!made) continue;
        a->firsts[a->n_firsts++] = made;
        a->in[i] = &made->call;
    }
    return a->n_firsts ? fold(a, same, err) : KAL_OK;
}

void kal__put_version(const kal_call *call, char out[KAL__VERSION_ROOM])
{
    const kal_op *op = call->op;
    const char *library = op->library ? op->library(call) : NULL;
    char *end = out;
    if (op->version < 10)   // as nearly all are, and each node asks
        *end++ = (char)('0' + op->version), *end = 0;
    else
        end += snprintf(out, KAL__VERSION_ROOM, "%u", op->version);
    if (library) snprintf(end, KAL__VERSION_ROOM - (size_t)(end - out), ", %s", library);
}

// ---- the constructor ----------------------------------------------------------------------------

static void fill_meta(kal_node *node, void *arg)
{
    kal__meta_unref(&node->meta);
    node->meta = kal__meta_ref(arg);
}

static kal_status own_profile(applying *a, kal__meta **out, kal_error *err)
{
    const kal_op *op = a->call.op;
    void *data = NULL;
    size_t size = 0;
    const kal_status st = op->profile(&a->call, &data, &size, err);
    if (st) return st;
    const kal_call *from = a->call.n ? a->call.in[kal__meta_input(op, a->call.n)] : NULL;
    *out = kal__meta_with_icc(from ? kal__node_of(from)->meta : NULL, data, size);
    free(data);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory for a profile", op->name);
}

static kal_status own_fields(applying *a, kal__meta **out, kal_error *err)
{
    const kal_op *op = a->call.op;
    const kal_field_change w = op->says(&a->call);
    kal__meta *m = kal__node_of(a->call.in[kal__meta_input(op, a->call.n)])->meta;
    const kal_status st = kal__edit_meta(m, w.field, w.value, w.more, out, err);
    return st ? kal_within(err, "%s", op->name) : KAL_OK;
}

static kal_status intern(applying *a, kal_node **out, kal_error *err)
{
    const kal_op *op = a->call.op;
    char version[KAL__VERSION_ROOM];
    kal__put_version(&a->call, version);
    kal_key key;
    const kal__kind kind = op->measure ? KAL__VALUE : KAL__APPLY;
    const kal__key_parts parts = {.kind = kind,
                                  .what = op->name,
                                  .version = version,
                                  .schema = kal__schema_of(op),
                                  .params = a->params,
                                  .in = a->call.in,
                                  .n = a->call.n};
    kal_status st = kal__make_key(&parts, &key, err);
    kal__meta *meta = NULL;
    if (!st && op->profile) st = own_profile(a, &meta, err);
    if (!st && op->says) st = own_fields(a, &meta, err);
    if (st) return st;
    *out = kal__intern(kind, key, &a->call, op->params, op->n_params, op->params_size,
                       meta ? fill_meta : NULL, meta);
    kal__meta_unref(&meta);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (%s)", op->name);
}

// Two images of which one covers the other whole are that one in pixels; in metadata they are still the base.
static bool loses_meta(const applying *a, const kal_call *same)
{
    const kal__meta *m = kal__node_of(a->in[kal__meta_input(a->call.op, a->call.n)])->meta;
    const kal__meta *other = kal__node_of(same)->meta;
    return !kal__meta_same(m, other);
}

kal_status kal__apply(const kal_op *op, const void *params, kal_node *const *in, int32_t n, kal_node **out,
                      kal_error *err)
{
    kal_error local;
    if (!err) err = &local;
    kal_status st = kal__check_inputs(op, in, n, err);
    if (st) return st;
    if (op->flags & KAL_OP_SOURCE) {
        kal__load_p p;
        kal__params_from(kal__schema_of(op), &p, params);
        return kal__load_apply(&p, out, err);
    }
    size_t size = 1;
    if (params) memcpy(&size, params, sizeof size);
    if (!size)
        return kal_fail(err, KAL_INVALID,
                        "%s: the params struct has size 0; make it with kal_%s_params() or kal_%s_defaults()",
                        op->name, op->name, op->name);
    for (int32_t i = 0; i < n; i++)
        if (in[i]->dynamic) return kal__apply_later(op, params, in, n, NULL, 0, out, err);
    applying a;
    a.call = (kal_call){.op = op, .params = a.params, .n = n, .in = a.in};
    a.before = NULL;
    a.n_firsts = 0;
    a.turn = 0;
    for (int32_t i = 0; i < n; i++) a.in[i] = &in[i]->call;
    kal__params_from(kal__schema_of(op), a.params, params);
    const kal_call *same = NULL;
    a.files.n = 0;
    st = hold_files(&a, err);
    if (!st) st = fold(&a, &same, err);
    if (!st) st = prepare_inputs(&a, &same, err);
    if (!st && same && loses_meta(&a, same)) same = NULL;
    if (!st && same) *out = kal_node_ref(kal__node_of(same));
    if (!st && !same) st = intern(&a, out, err);
    kal_node_unref(&a.before);
    for (int32_t i = 0; i < a.n_firsts; i++) kal_node_unref(&a.firsts[i]);
    kal__files_release(&a.files);
    return st;
}

static const char *op_name(const void *of, size_t i)
{
    (void)of;
    return kal_op_at(i)->name;
}

static bool holds(const char *text, size_t room, const char *word, size_t n)
{
    for (size_t i = 0; i + n <= room; i++)
        if (!memcmp(text + i, word, n)) return true;
    return false;
}

// Ops that have the word in their names or in what they do: the shortest of either kind, which says it most plainly.
static int have_word(const char *word, size_t n, const char *out[2])
{
    const kal_op *op, *named = NULL, *told = NULL;
    for (size_t i = 0; n > 3 && (op = kal_op_at(i)) != NULL; i++) {
        const size_t name = strlen(op->name), line = strcspn(op->help, "\n");
        if (holds(op->name, name, word, n)) {
            if (!named || name < strlen(named->name)) named = op;
        } else if (holds(op->help, line, word, n) && (!told || line < strcspn(told->help, "\n")))
            told = op;
    }
    int some = 0;
    if (named) out[some++] = named->name;
    if (told) out[some++] = told->name;
    return some;
}

kal_status kal__find_op(const char *name, size_t n, const kal_op **out, kal_error *err)
{
    char word[128];
    if (n < sizeof word) {
        memcpy(word, name, n);
        word[n] = 0;
        *out = kal_op_find(word);
        if (*out) return KAL_OK;
    }
    size_t count = 0;
    while (kal_op_at(count)) count++;
    const char *near[2];
    int some = have_word(name, n, near);
    if (!some && (near[0] = kal__nearest(name, n, op_name, NULL, count)) != NULL) some = 1;
    return kal_fail(err, KAL_INVALID, "there is no op \"%.*s\"%s%s%s%s%s", (int)(n > 60 ? 60 : n), name,
                    some ? "; did you mean \"" : "", some ? near[0] : "", some > 1 ? "\" or \"" : "",
                    some > 1 ? near[1] : "", some ? "\"?" : "");
}

// The first input that is missing or an error node decides.
static kal_node *bad_input(kal_scope *scope, const char *op, kal_node *const *in, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (!in || !in[i]) {
            kal_error err;
            kal_fail(&err, KAL_INVALID, "%s: input %d is missing (NULL)", op, i);
            return kal__error_node(scope, &err);
        }
        if (in[i]->kind == KAL__ERROR) return kal__born(scope, kal_node_ref(in[i]));
    }
    return NULL;
}

kal_node *kal_apply(kal_scope *scope, const char *name, const void *params, kal_node *const *in, int32_t n)
{
    kal_error err = {0};
    kal_node *node = bad_input(scope, name ? name : "?", in, n);
    if (node) return node;
    const kal_op *op;
    const kal__calm calm = kal__calm_begin();
    kal_status st = kal__find_op(name ? name : "", name ? strlen(name) : 0, &op, &err);
    if (!st) st = kal__apply(op, params, in, n, &node, &err);
    kal__calm_end(&calm);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
