// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// layers: a pile of images on the last of them, the base; the first lies on top. Equal to a chain of composite from the bottom up, in one
// pass: a band looks only at the images that reach into it. The formulas are in lay.c.
#include "channels.h"
#include "fmath.h"
#include "lay.h"
#include "mem.h"

#include <stdlib.h>

static kal_rect place_of(const kal_call *c, int32_t i)
{
    const kal_layers_p *p = c->params;
    const kal_rect all = kal_rect_all(&c->in[i]->extent);
    if (!p->at.n) return all;
    return kal_rect_shift(all, (int32_t)kal__rint(p->at.v[2 * i]), (int32_t)kal__rint(p->at.v[2 * i + 1]));
}

// ---- a mode for each image ------------------------------------------------------------------------

// The next of the words, and how long it is; 0 at the end.
static size_t next_word(const char **at)
{
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

// Which of KAL_MODES a word is, or -1.
static int32_t mode_of(const char *word, size_t n)
{
    int32_t i = 0;
    for (const char *m = KAL_MODES;; m++, i++) {
        const size_t size = strcspn(m, "|");
        if (size == n && !memcmp(m, word, n)) return i;
        m += size;
        if (!*m) return -1;
    }
}

// Of the image whose word is next; -1 where there is none, or none of that name.
static int32_t take_mode(const kal_layers_p *p, const char **at)
{
    if (!*p->modes) return p->mode;
    const size_t n = next_word(at);
    const int32_t mode = n ? mode_of(*at, n) : -1;
    *at += n;
    return mode;
}

static kal_status check_modes(const kal_layers_p *p, int32_t images, kal_error *err)
{
    int32_t n = 0;
    const char *at = p->modes;
    if (*at && p->mode != KAL_MODE_OVER)
        return kal_fail(err, KAL_INVALID, "layers: give mode for all images, or modes for each");
    if (*at && (*at == ' ' || strstr(at, "  ") || at[strlen(at) - 1] == ' '))
        return kal_fail(err, KAL_INVALID, "layers: modes are words with one space between them");
    for (size_t size; (size = next_word(&at)) > 0; at += size, n++)
        if (mode_of(at, size) < 0)
            return kal_fail(err, KAL_INVALID, "layers: there is no mode \"%.*s\"; there are %s",
                            (int)(size < 40 ? size : 40), at, KAL_MODES);
    if (n && n != images)
        return kal_fail(err, KAL_INVALID, "layers: modes has %d words; one for each of %d images", n, images);
    return KAL_OK;
}

static kal_status check_lists(const kal_layers_p *p, int32_t images, kal_error *err)
{
    if (p->at.n && p->at.n != 2 * images)
        return kal_fail(err, KAL_INVALID, "layers: at has %d numbers; x y of %d image%s are %d", p->at.n,
                        images, images == 1 ? "" : "s", 2 * images);
    if (p->opacity.n > 1 && p->opacity.n != images)
        return kal_fail(err, KAL_INVALID, "layers: opacity has %d numbers; one, or one for each of %d images",
                        p->opacity.n, images);
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_layers_p *p = params;
    const int32_t images = c->n - 1;
    const kal_extent *base = &c->in[images]->extent;
    *out = *base;
    kal_status st = check_lists(p, images, err);
    if (!st) st = check_modes(p, images, err);
    const char *at = p->modes;
    int32_t first = p->mode;
    bool same = true;
    for (int32_t i = 0; i < images && !st; i++) {
        const kal_extent *image = &c->in[i]->extent;
        const int32_t mode = take_mode(p, &at);
        first = i ? first : mode;
        same &= mode == first;
        if (image->model != KAL_MASK || mode != KAL_MODE_OVER || p->opacity.n) kal__unmask(out);
        st = kal__check_lay("layers", mode, image, base, err);
    }
    if (same) p->mode = first, p->modes = "";   // one pile has one spelling
    return st ? st : kal__check_type("layers", base, err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    if (i == c->n - 1) return out;
    const kal_rect at = place_of(c, i);
    return kal_rect_shift(kal_rect_clip(out, at), -at.x0, -at.y0);
}

static kal_rect touches(const kal_call *c)
{
    kal_rect all = {0, 0, 0, 0};
    for (int32_t i = 0; i < c->n - 1; i++) all = kal_rect_join(all, place_of(c, i));
    return kal_rect_clip(all, kal_rect_all(&c->extent));
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_layers_p *p = c->params;
    int32_t *modes = *state = kal__new((size_t)c->n, sizeof *modes);
    if (!modes) return kal_fail(err, KAL_NOMEM, "layers: out of memory");
    const char *at = p->modes;
    for (int32_t i = 0; i < c->n - 1; i++) modes[i] = take_mode(p, &at);
    return KAL_OK;
}

// What lies below, while a row is laid on it.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return (size_t)width * kal_pixel_size(&c->extent);
}

static void lay(const kal_job *j, int32_t i)
{
    const kal_layers_p *p = j->call->params;
    const kal_rect at = place_of(j->call, i), hit = kal_rect_clip(j->out->rect, at);
    const int32_t *modes = j->state;
    const kal__lay l =
        kal__lay_of(modes[i], kal__per_channel(p->opacity, i, 1), &j->call->in[i]->extent, &j->call->extent);
    const size_t n = (size_t)(hit.x1 - hit.x0), bytes = n * (size_t)j->out->pixel;
    for (int32_t y = hit.y0; y < hit.y1; y++) {
        unsigned char *dst = kal_at(j->out, hit.x0, y);
        if (!kal__lay_replaces(&l)) memcpy(j->scratch, dst, bytes);
        kal__lay_row(&l, dst, kal_at(&j->in[i], hit.x0 - at.x0, y - at.y0), j->scratch, n);
    }
}

static kal_status run(const kal_job *j)
{
    const kal_tile *base = &j->in[j->call->n - 1];
    const size_t row = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memcpy(kal_row(j->out, y), kal_row(base, y), row);
    for (int32_t i = j->call->n - 2; i >= 0; i--)
        if (!kal_rect_empty(j->in[i].rect)) lay(j, i);
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->n == 1) to->same = c->in[0];
    return to->same != NULL;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_rect at = i == c->n - 1 ? kal_rect_of(0, 0, 0, 0) : place_of(c, i);
    kal__map_shift(at.x0, at.y0, m);
    return true;
}

#define PARAMS kal_layers_p
static const kal_param params[] = {KAL_LAYERS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_layers = {
    .name = "layers",
    .version = 2,
    .family = "arithmetic",
    .help =
        "Many images laid on one another in one pass\n"
        "The first lies on top, the last is the base: composite for a whole pile, with the same modes and "
        "the same\n"
        "pixels. The result has the base's size and channels; what sticks out is cut off. A band costs what "
        "the\n"
        "images that reach into it cost, so that many small ones may lie on a large base: 255 at once, "
        "and\nlayers upon layers.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_layers_p),
    .n_later = 1,
    .flags = KAL_OP_IN_PLACE,
    .cost = 1,
    .extent = extent,
    .need = need,
    .touches = touches,
    .fold = fold,
    .map = map,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "at=[1 1 -2 3]", "at=[3 -1 5 2] opacity=0.5", "at=[0 0 2 1] mode=multiply",
                            "at=[-3 2 4 4] opacity=[0.25 1] mode=screen", "at=[90 90 1 0] mode=dest_out",
                            "at=[1 1 -2 3] modes=\"multiply color\"", "modes=\"hue over\" opacity=0.5"),
};
