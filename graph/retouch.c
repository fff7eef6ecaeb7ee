// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See retouch.h. From the picture down its ops, as long as each either moves pixels (a crop, a turn) or says which rectangle it touches of
// its last input: that ends at a picture as stored. What the ops in between have moved is a part of one turn of it, the base; where they
// touched it, in the picture's own coordinates, is a rectangle around all of them, the region. The encoder gets the rows of the region twice, as
// they are and as the base has them, and so sees by itself what has changed:
//
//     picture ── region ──┐
//                         ├── encoder ◄── bytes of the file
//     base ───── region ──┘
//
// A file whose EXIF says how to turn it, and whose picture was turned so and no further, is kept as it lies: the picture is turned back.
#include "retouch.h"

#include "apply.h"
#include "gain.h"
#include "load.h"

#include <stdlib.h>
#include <string.h>

typedef struct traced {
    kal_node *stored;
    double m[6];        // its coordinates to the picture's
    kal_rect touched;   // in the picture's
    kal_node *base;     // it turned …
    int orientation;    // … by this
    bool laid_back;     // the picture was turned back to how the file lies
    int32_t x, y;       // of it, where the picture begins
} traced;

static const double straight[6] = {1, 0, 0, 0, 1, 0};

static kal_rect carried(const double m[6], kal_rect r)
{
    const int32_t xa = (int32_t)(m[0] * r.x0 + m[1] * r.y0 + m[2]),
                  xb = (int32_t)(m[0] * r.x1 + m[1] * r.y1 + m[2]);
    const int32_t ya = (int32_t)(m[3] * r.x0 + m[4] * r.y0 + m[5]),
                  yb = (int32_t)(m[3] * r.x1 + m[4] * r.y1 + m[5]);
    return kal_rect_of(xa < xb ? xa : xb, ya < yb ? ya : yb, xa < xb ? xb : xa, ya < yb ? yb : ya);
}

// A turn is its own transpose backwards.
static void backwards(const double m[6], double out[6])
{
    const double r[6] = {m[0], m[3], -(m[0] * m[2] + m[3] * m[5]), m[1], m[4], -(m[1] * m[2] + m[4] * m[5])};
    memcpy(out, r, sizeof r);
}

static kal_status trace(kal_node *image, const char *codec, traced *t, kal_error *err)
{
    const kal_rect all = kal_rect_all(&image->call.extent);
    double m[6], step[6];
    kal_node *n = image;
    memcpy(m, straight, sizeof m);
    while (n->kind == KAL__APPLY && n->call.n) {
        const kal_op *op = n->call.op;
        if (op->touches) {
            const kal_rect touched = kal_rect_clip(op->touches(&n->call), kal_rect_all(&n->call.extent));
            if (!kal_rect_empty(touched))
                t->touched = kal_rect_join(t->touched, kal_rect_clip(carried(m, touched), all));
            n = kal__input(n, n->call.n - 1);
        } else if ((op->flags & (KAL_OP_VIEW | KAL_OP_UPRIGHT)) && kal__input_map(&n->call, 0, step)) {
            kal__map_chain(step, m, m);
            n = kal__input(n, 0);
        } else {
            return kal_fail(
                err, KAL_INVALID,
                "%s: lossless_outside: %s makes the whole picture anew; it can be kept through crops "
                "and turns, and beside what is put onto a part of it (uncrop, insert, draw_…)",
                codec, op->name);
        }
    }
    if (n->kind != KAL__DECODE)
        return kal_fail(err, KAL_INVALID,
                        "%s: lossless_outside: the picture comes from samples in memory, not from a file",
                        codec);
    t->stored = n;
    memcpy(t->m, m, sizeof m);
    return KAL_OK;
}

// What the picture would be part of, had nothing been put onto it: one of the eight ways to turn what is stored.
static kal_status find_base(traced *t, kal_error *err)
{
    for (int o = 1; o <= 8; o++) {
        double m[6];
        memcpy(m, straight, sizeof m);
        kal_node *turned = kal_node_ref(t->stored);
        const kal_status st = kal__turn_upright(&turned, o, err);
        const bool known = !st && (o == 1 || kal__input_map(&turned->call, 0, m));
        if (known && m[0] == t->m[0] && m[1] == t->m[1] && m[3] == t->m[3] && m[4] == t->m[4]) {
            t->base = turned;
            t->orientation = o;
            t->x = (int32_t)(m[2] - t->m[2]);
            t->y = (int32_t)(m[5] - t->m[5]);
            return KAL_OK;
        }
        kal_node_unref(&turned);
        if (st) return st;
    }
    return kal_fail(err, KAL_INTERNAL, "a turn that is none of eight");
}

static kal_status check(const kal_node *image, const kal__codec *c, const traced *t, kal_error *err)
{
    const kal_extent *e = &image->call.extent, *was = &t->stored->call.extent;
    kal__source *s = kal__node_source(t->stored);
    const char *name = kal__source_name(s);
    kal_status st = KAL_OK;
    if (s->codec != c)
        st = kal_fail(err, KAL_INVALID,
                      "%s: lossless_outside: it is a %s file, of which no %s can keep anything", name,
                      s->codec->name, c->name);
    else if (s->once)
        st = kal_fail(err, KAL_INVALID,
                      "%s: lossless_outside: is a stream of more than is kept, and it would be read twice",
                      name);
    else if (s->shrink != 1)
        st = kal_fail(err, KAL_INVALID, "%s: lossless_outside: the picture was loaded with shrink=%d", name,
                      s->shrink);
    else if (!s->header.cell[0])
        st = kal_fail(err, KAL_UNSUPPORTED,
                      "%s: lossless_outside: the colours of this %s (CMYK) are not kept by reading", name,
                      c->name);
    else if (e->channels != was->channels || e->type != was->type)
        st = kal_fail(err, KAL_INVALID, "%s: lossless_outside: the file has %d channels, the picture %d",
                      name, was->channels, e->channels);
    kal__source_unref(&s);
    return st;
}

// The picture as the file's own rows lie, when nothing but its EXIF turned them.
static kal_status lay_back(kal_node **image, traced *t, kal_error *err)
{
    const int asked = t->stored->meta->orientation;
    const kal_extent *e = &(*image)->call.extent, *base = &t->base->call.extent;
    const bool whole = e->width == base->width && e->height == base->height;
    const kal__meta *meta = (*image)->meta;
    const bool has_tag =
        meta && meta->applied && kal__exif_orientation(meta->exif.data, meta->exif.size) == asked;
    double back[6];
    if (t->orientation == 1 || t->orientation != asked || !whole || !has_tag) return KAL_OK;
    backwards(t->m, back);
    if (!kal_rect_empty(t->touched)) t->touched = carried(back, t->touched);
    memcpy(t->m, straight, sizeof t->m);
    kal_node_unref(&t->base);
    t->base = kal_node_ref(t->stored);
    t->orientation = 1;
    t->laid_back = true;
    return kal__turn_upright(image, kal__undone_by(asked), err);
}

static int32_t down(int32_t v, int32_t cell)
{
    return v / cell * cell;
}

static int32_t up(int32_t v, int32_t cell, int32_t end)
{
    const int64_t to = ((int64_t)v + cell - 1) / cell * cell;
    return to < end ? (int32_t)to : end;
}

static void fill_how(const kal_node *image, const traced *t, kal__retouch *how)
{
    const kal_extent *e = &image->call.extent;
    double back[6];
    backwards(t->m, back);
    *how = (kal__retouch){.part = carried(back, kal_rect_all(e)),
                          .swap = t->m[0] == 0,
                          .mirror_x = t->m[0] + t->m[1] < 0,
                          .mirror_y = t->m[3] + t->m[4] < 0};
    kal__source *s = kal__node_source(t->stored);
    const int32_t w = s->header.cell[how->swap], h = s->header.cell[!how->swap];
    const kal_rect all = kal_rect_all(&t->stored->call.extent);
    const bool moves = how->swap || how->mirror_x || how->mirror_y || !kal_rect_equal(how->part, all);
    how->memory = moves ? 2 * s->header.recode : s->header.splices ? 0 : s->header.recode;
    kal__source_unref(&s);
    kal_rect r = t->touched;
    if (kal_rect_empty(r)) r = kal_rect_of(0, 0, 1, 1);   // rows must come, be they all the same
    how->region = kal_rect_of(down(r.x0, w), down(r.y0, h), up(r.x1, w, e->width), up(r.y1, h, e->height));
}

typedef struct filling {
    const kal__codec *codec;
    struct kal__kept *kept;
    kal__meta *meta;
} filling;

static void fill(kal_node *node, void *arg)
{
    filling *f = arg;
    node->u.codec = f->codec;
    node->kept = f->kept;
    f->kept = NULL;
    kal__meta_unref(&node->meta);
    node->meta = kal__meta_ref(f->meta);
}

// Of the turned-back picture: its rows lie as stored, and the tag says so.
static kal_status meta_of(const kal_node *image, const traced *t, kal__meta **out, kal_error *err)
{
    bool failed;
    *out = kal__meta_without_gain(image->meta, &failed);
    if (!failed && *out && t->laid_back) {
        kal__meta *copy = kal__meta_derive(*out);
        failed = !copy;
        kal__meta_unref(out);
        *out = copy;
        if (copy) copy->applied = false;
    }
    return failed ? kal_fail(err, KAL_NOMEM, "out of memory for metadata") : KAL_OK;
}

static kal_status intern(const kal_node *encoded, kal_node *image, const traced *t, const kal__retouch *how,
                         kal_node **out, kal_error *err)
{
    filling f = {.codec = encoded->u.codec, .kept = kal__new_zero(1, sizeof *f.kept)};
    kal_status st =
        f.kept ? meta_of(image, t, &f.meta, err) : kal_fail(err, KAL_NOMEM, "out of memory for a node");
    if (!st) {
        *f.kept = (struct kal__kept){*how, t->stored, t->x, t->y};
        const kal_call *of[1] = {&encoded->call}, *in[2] = {&image->call, &t->base->call};
        const kal__key_parts parts = {.kind = KAL__ENCODE, .what = "kept", .version = "1", .in = of, .n = 1};
        kal_key key;
        st = kal__make_key(&parts, &key, err);
        const kal_call call = {.op = NULL, .params = encoded->call.params, .n = 2, .in = in};
        const kal__schema s = kal__schema_of_codec(f.codec);
        if (!st) *out = kal__intern(KAL__ENCODE, key, &call, s.rows, s.n, s.size, fill, &f);
        if (!st && !*out) st = kal_fail(err, KAL_NOMEM, "out of memory for a node");
    }
    kal__meta_unref(&f.meta);
    free(f.kept);
    return st;
}

kal_status kal__retouched(kal_node *encoded, kal_node **out, kal_error *err)
{
    const kal__codec *c = encoded->u.codec;
    *out = NULL;
    bool tagged = false;
    if (encoded->kept || encoded->dynamic || !c->keeps || !c->keeps(encoded->call.params, &tagged)) {
        *out = kal_node_ref(encoded);
        return KAL_OK;
    }
    traced t = {.stored = NULL};
    kal__retouch how;
    kal_node *image = kal_node_ref(kal__input(encoded, 0));
    kal_status st = trace(image, c->name, &t, err);
    if (!st) st = check(image, c, &t, err);
    if (!st) st = find_base(&t, err);
    if (!st && tagged) st = lay_back(&image, &t, err);
    if (!st) fill_how(image, &t, &how);
    if (!st) st = intern(encoded, image, &t, &how, out, err);
    kal_node_unref(&t.base);
    kal_node_unref(&image);
    return st;
}

kal_rect kal__encoded_rect(const kal_node *encoded)
{
    return encoded->kept ? encoded->kept->how.region : kal_rect_all(&encoded->call.in[0]->extent);
}
