// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See recipe.h.
#include "recipe.h"

#include "utf.h"

#include <string.h>

#define MOST_BYTES ((size_t)60 << 10)

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void put_source(const kal_node *n, kal__text *t)
{
    char digest[33];
    kal__source *s = kal__node_source(n);
    const char *version = s->codec->version();
    kal__putf(t, " load %s %s", s->codec->name, version ? version : "?");
    kal__load_told(n, t);
    kal__putf(t, " digest=%s", kal_key_print(s->digest, digest));
    if (s->origin && *s->origin->name) {
        kal__puts(t, " file=");
        kal__put_json(t, base_name(s->origin->name));
    }
    kal__source_unref(&s);
}

static void put_pixels(const kal_node *n, kal__text *t)
{
    const kal_extent *e = &n->call.extent;
    kal__putf(t, " pixels - width=%d height=%d channels=%d", e->width, e->height, e->channels);
}

static void put_node(const kal_node *n, kal__text *t)
{
    char key[33];
    kal__puts(t, kal_key_print(n->key, key));
    if (n->kind == KAL__DECODE) {
        put_source(n, t);
    } else if (n->kind == KAL__PIXELS) {
        put_pixels(n, t);
    } else {
        const char *version = n->kind == KAL__ENCODE ? n->u.codec->version() : NULL;
        if (n->kind == KAL__ENCODE)
            kal__putf(t, " save %s %s", n->u.codec->name, version ? version : "?");
        else
            kal__putf(t, " %s %u", n->call.op->name, n->call.op->version);
        kal__params_print(kal__schema_of_node(n), n->call.params, t);
    }
    kal__puts(t, " :");
    for (int32_t i = 0; n->kind != KAL__DECODE && n->kind != KAL__PIXELS && i < n->call.n; i++)
        kal__putf(t, " %s", kal_key_print(kal__input(n, i)->key, key));
    kal__puts(t, "\n");
}

// From the line on that leaves no more than there may be.
static void keep_the_last(kal__text *t, size_t from)
{
    static const char mark[] = "…\n";
    if (t->failed || t->size - from <= MOST_BYTES) return;
    const char *at = memchr(t->data + t->size - MOST_BYTES, '\n', MOST_BYTES);
    const size_t n = at ? (size_t)(t->data + t->size - (at + 1)) : 0;
    memmove(t->data + from + sizeof mark - 1, at ? at + 1 : t->data, n);
    memcpy(t->data + from, mark, sizeof mark - 1);
    t->size = from + sizeof mark - 1 + n;
}

void kal__recipe(const kal_node *node, kal__text *t)
{
    kal_node *root = (kal_node *)(uintptr_t)node;
    kal__order order = {0};
    const size_t from = t->size;
    if (kal__order_make(&root, 1, &order, NULL)) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < order.n; i++) put_node(order.nodes[i], t);
    kal__order_free(&order);
    keep_the_last(t, from);
}
