// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The graph as a picture: DOT for graphviz, or SVG with a small layered layout of our own. A node's layer is the longest way to it
// from a source; within layers, nodes are put near what they come from (two sweeps of the median); edges are curves.
#include "load.h"
#include "utf.h"

#include <stdlib.h>
#include <string.h>

#define MOST 2000   // nodes; more is no picture

typedef struct box {
    char *title, *detail;
    int32_t layer;
    double at;   // position within the layer
    double x, y, w;
} box;

typedef struct drawing {
    kal__order order;
    box *boxes;
    int32_t layers;
} drawing;

static const double high = 46, gap_x = 28, gap_y = 44, letter = 6.6;

// ---- labels -------------------------------------------------------------------------------------

// Parameters that are not what they would be anyway.
static void print_changed(kal__schema s, const void *params, kal__text *t)
{
    for (size_t i = 0; i < s.n; i++) {
        _Alignas(16) unsigned char defaults[KAL__PARAMS_ROOM];
        const kal__schema one = {&s.rows[i], 1, s.size, s.of, 0};
        kal__text a = {0}, b = {0};
        char *x, *y;
        kal__params_default(s, defaults);
        kal__params_print(one, params, &a);
        kal__params_print(one, defaults, &b);
        bool made = kal__text_done(&a, &x, NULL);
        made = kal__text_done(&b, &y, NULL) && made;
        if (made && strcmp(x, y) && !kal__param_is_auto(&s.rows[i], params)) kal__puts(t, x);
        t->failed |= !made;
        free(x);
        free(y);
    }
}

static bool label(const kal_node *n, box *b)
{
    kal__text title = {0}, detail = {0};
    if (n->kind == KAL__DECODE) {
        kal__source *s = kal__node_source(n);
        const char *name = kal__source_name(s), *slash = strrchr(name, '/');
        kal__putf(&title, "load %s", slash ? slash + 1 : name);
        kal__source_unref(&s);
    } else if (n->kind == KAL__PIXELS) {
        kal__puts(&title, "samples");
    } else if (n->kind == KAL__ENCODE) {
        kal__putf(&title, "save %s", n->u.codec->name);
    } else {
        kal__puts(&title, n->call.op->name);
    }
    if (n->kind != KAL__DECODE && n->kind != KAL__PIXELS)
        print_changed(kal__schema_of_node(n), n->call.params, &detail);
    if (n->kind != KAL__ENCODE && n->kind != KAL__VALUE && !n->dynamic)
        kal__putf(&title, "  %d×%d", n->call.extent.width, n->call.extent.height);
    const bool titled = kal__text_done(&title, &b->title, NULL);
    return kal__text_done(&detail, &b->detail, NULL) && titled;
}

static size_t letters(const char *s)
{
    size_t n = 0;
    for (; *s; s++) n += (*s & 0xc0) != 0x80;
    return n;
}

// ---- layout -------------------------------------------------------------------------------------

static void set_layers(drawing *d)
{
    for (size_t i = 0; i < d->order.n; i++) {
        box *b = &d->boxes[i];
        for (int32_t k = 0; k < d->order.nodes[i]->call.n; k++) {
            const box *in = &d->boxes[kal__order_find(&d->order, kal__input(d->order.nodes[i], k))];
            if (in->layer + 1 > b->layer) b->layer = in->layer + 1;
        }
        if (b->layer + 1 > d->layers) d->layers = b->layer + 1;
        const size_t title = letters(b->title), detail = letters(b->detail);
        const size_t n = title > detail ? title : detail;
        b->w = (double)(n > 44 ? 44 : n) * letter + 24;
        b->at = (double)i;
    }
}

// Nearer to the mean of its inputs; a source, to what uses it.
static void settle(drawing *d)
{
    for (size_t i = 0; i < d->order.n; i++) {
        const kal_node *n = d->order.nodes[i];
        double sum = 0;
        for (int32_t k = 0; k < n->call.n; k++)
            sum += d->boxes[kal__order_find(&d->order, kal__input(n, k))].at;
        if (n->call.n) d->boxes[i].at = sum / n->call.n + (double)i * 1e-6;
    }
}

// Insertion sort: layers are short, and qsort has no argument to carry the drawing.
static void sort_layer(const drawing *d, size_t *row, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const size_t it = row[i];
        size_t k = i;
        for (; k && d->boxes[row[k - 1]].at > d->boxes[it].at; k--) row[k] = row[k - 1];
        row[k] = it;
    }
}

static double place_layer(drawing *d, int32_t layer, size_t *row)
{
    size_t n = 0;
    for (size_t i = 0; i < d->order.n; i++)
        if (d->boxes[i].layer == layer) row[n++] = i;
    sort_layer(d, row, n);
    double x = gap_x;
    for (size_t k = 0; k < n; k++) {
        box *b = &d->boxes[row[k]];
        b->x = x;
        b->y = gap_y / 2 + layer * (high + gap_y);
        x += b->w + gap_x;
    }
    return x;
}

static double place(drawing *d, size_t *row)
{
    double width = 0;
    settle(d);
    for (int32_t l = 0; l < d->layers; l++) {
        const double w = place_layer(d, l, row);
        if (w > width) width = w;
    }
    for (int32_t l = 0; l < d->layers; l++) {   // every layer in the middle
        double right = 0;
        for (size_t i = 0; i < d->order.n; i++)
            if (d->boxes[i].layer == l && d->boxes[i].x + d->boxes[i].w > right)
                right = d->boxes[i].x + d->boxes[i].w;
        for (size_t i = 0; i < d->order.n; i++)
            if (d->boxes[i].layer == l) d->boxes[i].x += (width - right - gap_x) / 2;
    }
    return width + gap_x;   // room for edges that swing out
}

// ---- SVG ----------------------------------------------------------------------------------------

static void put_xml(kal__text *t, const char *s, size_t most)
{
    size_t n = 0;
    const size_t size = strlen(s);
    for (size_t i = 0, k; i < size; i += k ? k : 1, s += k ? k : 1) {
        k = kal__utf8_character((const unsigned char *)s, size - i);
        if (n++ == most) {
            kal__puts(t, "…");
            return;
        }
        if (!k)   // a path may hold any byte
            kal__puts(t, "\xef\xbf\xbd");
        else if (*s == '<')
            kal__puts(t, "&lt;");
        else if (*s == '&')
            kal__puts(t, "&amp;");
        else if (*s == '"')
            kal__puts(t, "&quot;");
        else if ((unsigned char)*s >= 0x20)
            kal__put(t, s, k);
    }
}

static const char *colour(const kal_node *n)
{
    return n->kind == KAL__DECODE || n->kind == KAL__PIXELS ? "#e8f0e4"
           : n->kind == KAL__ENCODE                         ? "#f3e6d8"
                                                            : "#f2efe9";
}

static void put_detail(kal__text *t, const box *b)
{
    kal__putf(t, "<text x=\"%.1f\" y=\"%.1f\" fill=\"#6b5d52\"><title>", b->x + b->w / 2, b->y + 36);
    put_xml(t, b->detail + 1, 4000);
    kal__puts(t, "</title>");
    put_xml(t, b->detail + 1, 42);
    kal__puts(t, "</text>\n");
}

// Its key lets a page that shows the picture find the box of a node.
static void put_box(kal__text *t, const kal_node *n, const box *b)
{
    char key[33];
    kal__putf(t,
              "<g data-key=\"%s\">\n"
              "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\" fill=\"%s\" "
              "stroke=\"#5b4636\"/>\n",
              kal_key_print(n->key, key), b->x, b->y, b->w, high, colour(n));
    kal__putf(t, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"600\">", b->x + b->w / 2,
              b->y + (*b->detail ? 19 : 28));
    put_xml(t, b->title, 42);
    kal__puts(t, "</text>\n");
    if (*b->detail) put_detail(t, b);
    kal__puts(t, "</g>\n");
}

// How far right the boxes between two layers reach; 0 when there is no layer between.
static double right_between(const drawing *d, const box *from, const box *to)
{
    double right = 0;
    for (size_t i = 0; i < d->order.n; i++) {
        const box *b = &d->boxes[i];
        if (b->layer > from->layer && b->layer < to->layer && b->x + b->w > right) right = b->x + b->w;
    }
    return right;
}

// A curve; one that passes layers swings out to their right: at its middle a cubic has gone 3/4 of the way to its handles.
static void put_edges(kal__text *t, const drawing *d, size_t i)
{
    const kal_node *n = d->order.nodes[i];
    const box *b = &d->boxes[i];
    for (int32_t k = 0; k < n->call.n; k++) {
        const box *in = &d->boxes[kal__order_find(&d->order, kal__input(n, k))];
        const double right = right_between(d, in, b);
        const double x0 = right > 0 ? in->x + in->w * 0.8 : in->x + in->w / 2, y0 = in->y + high;
        const double x1 = b->x + b->w * (k + 1) / (n->call.n + 1), y1 = b->y;
        const double out = right > 0 ? (right + gap_x / 2 - (x0 + x1) / 2) / 0.75 : 0;
        const double bend = right > 0 ? (y1 - y0) / 3 : gap_y / 2;
        kal__putf(t, "<path d=\"M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n", x0, y0,
                  right > 0 ? (x0 + x1) / 2 + out : x0, y0 + bend, right > 0 ? (x0 + x1) / 2 + out : x1,
                  y1 - bend, x1, y1 - 5);
    }
}

static void put_svg(kal__text *t, const drawing *d, double width)
{
    const double height = d->layers * (high + gap_y);
    kal__putf(
        t,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
        "font-family=\"sans-serif\" font-size=\"11.5\" text-anchor=\"middle\">\n"
        "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"4\" refY=\"4\" markerWidth=\"7\" "
        "markerHeight=\"7\" orient=\"auto\">"
        "<path d=\"M0 0 8 4 0 8z\" fill=\"#5b4636\" stroke=\"none\"/></marker></defs>\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
        "<g fill=\"none\" stroke=\"#5b4636\" stroke-width=\"1.2\" marker-end=\"url(#a)\">\n",
        width, height, width, height);
    for (size_t i = 0; i < d->order.n; i++) put_edges(t, d, i);
    kal__puts(t, "</g>\n<g>\n");
    for (size_t i = 0; i < d->order.n; i++) put_box(t, d->order.nodes[i], &d->boxes[i]);
    kal__puts(t, "</g>\n</svg>\n");
}

// ---- DOT ----------------------------------------------------------------------------------------

static void put_dot(kal__text *t, const drawing *d)
{
    kal__puts(t, "digraph kallitype {\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (size_t i = 0; i < d->order.n; i++) {
        kal__text both = {0};
        char *text;
        kal__putf(&both, "%s%s%s", d->boxes[i].title, *d->boxes[i].detail ? "\n" : "", d->boxes[i].detail);
        if (!kal__text_done(&both, &text, NULL)) {
            t->failed = true;
            return;
        }
        kal__putf(t, "  n%zu [label=\"", i);
        for (const char *c = text; *c; c++)
            kal__puts(t, *c == '\n' ? "\\n" : *c == '"' ? "\\\"" : *c == '\\' ? "\\\\" : (char[]){*c, 0});
        kal__puts(t, "\"];\n");
        free(text);
        const kal_node *n = d->order.nodes[i];
        for (int32_t k = 0; k < n->call.n; k++)
            kal__putf(t, "  n%zu -> n%zu;\n", kal__order_find(&d->order, kal__input(n, k)), i);
    }
    kal__puts(t, "}\n");
}

// ---- all ----------------------------------------------------------------------------------------

static kal_status draw(drawing *d, kal_format format, kal__text *t, kal_error *err)
{
    if (d->order.n > MOST)
        return kal_fail(err, KAL_LIMIT, "%zu nodes are no picture; at most %d are drawn", d->order.n, MOST);
    d->boxes = kal__new_zero(d->order.n, sizeof *d->boxes);
    size_t *row = kal__new_zero(d->order.n, sizeof *row);
    bool ok = d->boxes && row;
    for (size_t i = 0; i < d->order.n && ok; i++) ok = label(d->order.nodes[i], &d->boxes[i]);
    if (ok) {
        set_layers(d);
        if (format == KAL_AS_SVG)
            put_svg(t, d, place(d, row));
        else
            put_dot(t, d);
    }
    free(row);
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a picture");
}

kal_status kal_draw(kal_node *const *nodes, int32_t n, kal_format format, kal_bytes *out, kal_error *err)
{
    *out = (kal_bytes){NULL, 0};
    if (format != KAL_AS_DOT && format != KAL_AS_SVG)
        return kal_fail(err, KAL_INVALID, "a graph is drawn as DOT or SVG");
    for (int32_t i = 0; i < n; i++) {
        const kal_status st = kal_node_error(nodes[i], err);
        if (st) return st;
    }
    drawing d = {.layers = 0};
    kal__text t = {0};
    char *data = NULL;
    kal_status st = kal__order_make(nodes, (size_t)n, &d.order, err);
    if (!st) st = draw(&d, format, &t, err);
    for (size_t i = 0; d.boxes && i < d.order.n; i++) free(d.boxes[i].title), free(d.boxes[i].detail);
    free(d.boxes);
    kal__order_free(&d.order);
    if (!kal__text_done(&t, &data, &out->size) && !st)
        st = kal_fail(err, KAL_NOMEM, "out of memory for a picture");
    if (st) {
        free(data);
        out->size = 0;
    } else {
        out->data = (unsigned char *)data;
    }
    return st;
}
