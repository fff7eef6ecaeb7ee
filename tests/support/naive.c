// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The slow, obvious evaluator. Every node's pixels are made whole, inputs first, one op at a time; the only thing it shares with the
// engine is the kernels, and those are called once on plain memory. What kernels compute is checked against formulas in
// tests/ops; that the engine adds nothing of its own is checked against this.
#include "check.h"

#include "codec.h"
#include "node.h"

static unsigned char *decode(const kal_node *n)
{
    kal__source *s = kal__node_source(n);
    kal__reader *r = NULL;
    kal__decoder *d;
    kal__ask ask = {0};
    kal_error err = {0};
    kal_limits_get(&ask.limits);
    const size_t row = (size_t)n->call.extent.width * kal_pixel_size(&n->call.extent);
    unsigned char *out = malloc(row * (size_t)n->call.extent.height);
    kal_status st = !s->bytes ? s->origin->open(s->origin, &r, &err)
                              : kal__open_memory(s->bytes->data, s->size, "memory", &r, &err);
    if (!st) st = s->codec->open(r, &ask, &d, &err);
    if (!st && s->codec->aim) st = s->codec->aim(d, s->shrink, kal_rect_all(&n->call.extent), false, &err);
    if (!st) {
        st = s->codec->rows(d, out, (ptrdiff_t)row, n->call.extent.height, &err);
        s->codec->close(d, NULL);
    }
    if (st) fprintf(stderr, "naive: %s\n", err.message), abort();
    r->close(r);
    kal__source_unref(&s);
    return out;
}

static kal_tile plain(const kal_extent *e, unsigned char *data, kal_rect rect)
{
    const int32_t pixel = (int32_t)kal_pixel_size(e);
    const ptrdiff_t stride = (ptrdiff_t)e->width * pixel;
    return (kal_tile){.rect = rect,
                      .data = data + rect.y0 * stride + rect.x0 * pixel,
                      .stride = stride,
                      .ring = e->height,
                      .pixel = pixel};
}

// What never runs: its pixels are input 0's from where it needs its first one.
static void view(const kal_call *c, const unsigned char *in, unsigned char *out)
{
    const kal_rect at = c->op->need(c, 0, kal_rect_of(0, 0, 1, 1));
    const size_t pixel = kal_pixel_size(&c->extent);
    for (int32_t y = 0; y < c->extent.height; y++)
        memcpy(out + (size_t)y * (size_t)c->extent.width * pixel,
               in + ((size_t)(y + at.y0) * (size_t)c->in[0]->extent.width + (size_t)at.x0) * pixel,
               (size_t)c->extent.width * pixel);
}

static unsigned char *apply(const kal_call *c, unsigned char *const *in)
{
    unsigned char *out = malloc(bytes_of(&c->extent));
    if (c->op->flags & KAL_OP_VIEW) {
        view(c, in[0], out);
        return out;
    }
    void *state = NULL;
    kal_error err = {0};
    kal_status st = c->op->prepare ? c->op->prepare(c, &state, &err) : KAL_OK;
    const size_t room = c->op->scratch ? c->op->scratch(c, c->extent.width, c->extent.height) : 0;
    void *scratch = aligned_alloc(64, (room + 127) & ~(size_t)63);
    kal_tile *tiles = calloc((size_t)c->n + 1, sizeof *tiles);
    const kal_tile o = plain(&c->extent, out, kal_rect_all(&c->extent));
    for (int32_t i = 0; i < c->n; i++) {
        const kal_rect all = kal_rect_all(&c->in[i]->extent);
        const kal_rect need = c->op->need ? c->op->need(c, i, o.rect) : all;
        tiles[i] = plain(&c->in[i]->extent, in[i], need);
    }
    if (!st)
        st = c->op->run(
            &(kal_job){.call = c, .state = state, .in = tiles, .out = &o, .scratch = scratch, .err = &err});
    if (st) fprintf(stderr, "naive: %s: %s\n", c->op->name, err.message), abort();
    if (state && c->op->release) c->op->release(state);
    free(scratch);
    free(tiles);
    return out;
}

void *naive_pixels(const kal_node *node)
{
    kal__order o;
    kal_node *root = (kal_node *)(uintptr_t)node;
    if (kal__order_make(&root, 1, &o, &check_error)) abort();
    unsigned char **made = calloc(o.n, sizeof *made);
    for (size_t i = 0; i < o.n; i++) {
        const kal_node *n = o.nodes[i];
        if (n->kind == KAL__DECODE) {
            made[i] = decode(n);
        } else if (n->kind == KAL__PIXELS) {
            made[i] = malloc(bytes_of(&n->call.extent));
            memcpy(made[i], n->u.pixels.slab->data, bytes_of(&n->call.extent));
        } else {
            unsigned char **in = calloc((size_t)n->call.n + 1, sizeof *in);
            for (int32_t k = 0; k < n->call.n; k++) in[k] = made[kal__order_find(&o, kal__input(n, k))];
            made[i] = apply(&n->call, in);
            free(in);
        }
    }
    unsigned char *result = made[o.n - 1];
    for (size_t i = 0; i + 1 < o.n; i++) free(made[i]);
    free(made);
    kal__order_free(&o);
    return result;
}
