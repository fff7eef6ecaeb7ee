// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A graph as text: one line for each node that is used more than once or not as a first input, pipes between the others.
// What is printed parses back to the same keys.
#include "dynamic.h"
#include "load.h"

#include <kal/text.h>
#include <stdlib.h>

typedef struct printer {
    kal__order order;
    uint32_t *uses;   // by other nodes …
    bool *piped;      // … exactly once, as their first input: printed in the line of that node
    uint32_t *line;   // number of the name given to it; 0: none
    uint32_t n_lines;
    kal__text text;
} printer;

static bool is_source(const kal_node *n)
{
    return n->kind == KAL__DECODE || n->kind == KAL__PIXELS || kal__is_upright_load(n);
}

// Inputs that are printed: a picture turned upright by load has none.
static int32_t n_inputs(const kal_node *n)
{
    return is_source(n) ? 0 : n->call.n;
}

// Those of them that are images; values are named behind their parameters.
static int32_t n_images(const kal_node *n)
{
    return n_inputs(n) - (n->kind == KAL__DYNAMIC ? n->u.bound.n : 0);
}

static kal_status start(printer *p, const kal_node *node, kal_error *err)
{
    kal_node *root = (kal_node *)(uintptr_t)node;
    const kal_status st = kal__order_make(&root, 1, &p->order, err);
    if (st) return st;
    p->uses = kal__new_zero(p->order.n, sizeof *p->uses);
    p->piped = kal__new_zero(p->order.n, sizeof *p->piped);
    p->line = kal__new_zero(p->order.n, sizeof *p->line);
    if (!p->uses || !p->piped || !p->line) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    // Only what the printed form refers to counts as a use.
    p->uses[p->order.n - 1] = 1;
    for (size_t i = p->order.n; i-- > 0;) {
        const kal_node *n = p->order.nodes[i];
        if (!p->uses[i]) continue;
        for (int32_t k = 0; k < n_inputs(n); k++) p->uses[kal__order_find(&p->order, kal__input(n, k))]++;
    }
    for (size_t i = 0; i < p->order.n; i++) {
        const kal_node *n = p->order.nodes[i];
        if (!p->uses[i] || !n_images(n)) continue;
        const size_t first = kal__order_find(&p->order, kal__input(n, 0));
        p->piped[first] = p->uses[first] == 1;
    }
    return KAL_OK;
}

static void print_source(printer *p, const kal_node *n)
{
    char key[33];
    if (n->kind != KAL__PIXELS) {
        kal__load_print(n, &p->text);
        return;
    }
    kal_key_print(n->key, key);
    kal__putf(&p->text, "input i%.12s key=%s width=%d height=%d", key, key, n->call.extent.width,
              n->call.extent.height);
}

static bool is_bound(const kal_node *n, const kal_param *row)
{
    const kal_param *rows[4];
    for (int32_t k = 0; k < n->u.bound.n; k++) {
        const int32_t m = kal__bound_rows(kal__schema_of(n->call.op), n->u.bound.param[k], rows);
        for (int32_t i = 0; i < m; i++)
            if (rows[i] == row) return true;
    }
    return false;
}

// Parameters of a dynamic call: literals that were given, and the names of values.
static void print_bound(printer *p, const kal_node *n, int32_t images)
{
    const kal__schema s = kal__schema_of(n->call.op);
    const size_t told = kal__params_told(s, n->call.params);
    for (size_t i = 0; i < told; i++) {
        if (!is_bound(n, &s.rows[i]) && !kal__param_is_auto(&s.rows[i], n->call.params))
            kal__params_print((kal__schema){&s.rows[i], 1, s.size, s.of, 0}, n->call.params, &p->text);
    }
    for (int32_t k = 0; k < n->u.bound.n; k++)
        kal__putf(&p->text, " %s=n%u", kal__bound_name(s, n->u.bound.param[k]),
                  p->line[kal__order_find(&p->order, kal__input(n, images + k))]);
}

// Where an op has a parameter of that name it is that; what was said of the node is no part of what it is.
static void print_memo(printer *p, const kal_node *n)
{
    static const char *const words[] = {"", " memo=always", " memo=never"};
    if (kal__param_find(kal__schema_of_node(n), "memo", 4)) return;
    kal__puts(&p->text, words[kal_node_memo(n)]);
}

static void print_call(printer *p, const kal_node *n, bool after_pipe)
{
    if (n->kind == KAL__ENCODE) {
        kal__putf(&p->text, "save - format=%s", n->u.codec->name);
    } else {
        kal__puts(&p->text, n->call.op->name);
        const int32_t images = n->call.n - (n->kind == KAL__DYNAMIC ? n->u.bound.n : 0);
        for (int32_t k = after_pipe; k < images; k++) {
            const size_t in = kal__order_find(&p->order, kal__input(n, k));
            kal__putf(&p->text, " n%u", p->line[in]);
        }
        if (n->kind == KAL__DYNAMIC) print_bound(p, n, images);
    }
    if (n->kind != KAL__DYNAMIC) kal__params_print(kal__schema_of_node(n), n->call.params, &p->text);
    print_memo(p, n);
}

// The nodes of one line, last first, then printed in order.
static bool print_line(printer *p, size_t last)
{
    size_t n = 1, room = 16, *run = kal__new(room, sizeof *run);
    if (!run) return false;
    run[0] = last;
    for (const kal_node *at = p->order.nodes[last]; n_images(at);) {
        const size_t in = kal__order_find(&p->order, kal__input(at, 0));
        if (!p->piped[in]) break;
        if (!kal__more(&run, n, &room, sizeof *run)) {
            free(run);
            return false;
        }
        run[n++] = in;
        at = p->order.nodes[in];
    }
    const kal_node *first = p->order.nodes[run[n - 1]];
    if (is_source(first)) {
        print_source(p, first);
        if (first->kind != KAL__PIXELS) print_memo(p, first);
        n--;
    } else if (n_images(first)) {
        kal__putf(&p->text, "n%u", p->line[kal__order_find(&p->order, kal__input(first, 0))]);
    } else {
        print_call(p, first, false);
        n--;
    }
    for (size_t k = n, count = 0; k-- > 0; count++) {
        kal__puts(&p->text, count % 8 == 7 ? " |\n    " : " | ");
        print_call(p, p->order.nodes[run[k]], true);
    }
    kal__puts(&p->text, "\n");
    free(run);
    return true;
}

kal_status kal_print_graph(const kal_node *node, kal_bytes *out, kal_error *err)
{
    *out = (kal_bytes){NULL, 0};
    printer p = {.n_lines = 0};
    kal_status st = kal_node_error(node, err);
    if (st) return st;
    st = start(&p, node, err);
    for (size_t i = 0; i < p.order.n && !st; i++) {
        if (!p.uses[i] || (p.piped[i] && i != p.order.n - 1)) continue;
        if (i != p.order.n - 1) kal__putf(&p.text, "n%u = ", p.line[i] = ++p.n_lines);
        if (!print_line(&p, i)) st = kal_fail(err, KAL_NOMEM, "out of memory for a text");
    }
    char *data = NULL;
    if (!kal__text_done(&p.text, &data, &out->size) && !st)
        st = kal_fail(err, KAL_NOMEM, "out of memory for a text");
    if (st) {
        free(data);
        *out = (kal_bytes){NULL, 0};
    } else {
        out->data = (unsigned char *)data;
    }
    free(p.uses);
    free(p.piped);
    free(p.line);
    kal__order_free(&p.order);
    return st;
}
