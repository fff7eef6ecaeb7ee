// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See optimize_search.h. The search at the picture's own scale and, where that may be, at smaller ones; and the report of it.
#include "optimize_search.h"

#include "apply.h"
#include "fmath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SCALES 10

// ---- smaller pictures ---------------------------------------------------------------------------

static bool looks_right(const kal__search *s, const kal__try *t)
{
    if (s->aim->bound != s->aim->bound) return true;
    return t->told.score == t->told.score &&
           kal__height_of(s->aim, t->told.score) >= kal__height_of(s->aim, s->aim->bound);
}

// By how much to scale the sides: by the files of this scale that look right and are too large. What loses nothing says it only where there is nothing else: it
// is much larger than what would do.
static double shrink_by(const kal__search *s)
{
    uint64_t least[2] = {0};
    bool lossy = false;
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        if (t->scale != s->scale || t->status) continue;
        const bool curve = t->line >= 0 && s->lines[t->line].curve;
        uint64_t *of = &least[curve];
        lossy |= curve;
        if (looks_right(s, t) && (!*of || t->told.bytes < *of)) *of = t->told.bytes;
    }
    const uint64_t bytes = least[lossy];
    const double by = bytes ? __builtin_sqrt((double)s->aim->max_bytes / (double)bytes) * 0.98 : 0.7;
    return by > 0.95 ? 0.95 : by < 0.2 ? 0.2 : by;
}

static int32_t side_at(int32_t side, double scale)
{
    return side * scale < 1 ? 1 : (int32_t)kal__round(side * scale);
}

// Whether two scales give a picture of the same size.
static bool same_size(const kal_node *image, double a, double b)
{
    const kal_extent *e = &image->call.extent;
    return side_at(e->width, a) == side_at(e->width, b) && side_at(e->height, a) == side_at(e->height, b);
}

static kal_status scale_picture(const kal__search *s, const kal_node *image, kal_node **out, kal_error *err)
{
    const kal_extent *e = &image->call.extent;
    char text[80];
    snprintf(text, sizeof text, "width=%d height=%d", side_at(e->width, s->scale),
             side_at(e->height, s->scale));
    *out = kal_node_ref(kal__node_of(&image->call));
    return s->scale < 1 ? kal__through(out, kal__optimize_ops_used.resize, text, err) : KAL_OK;
}

// ---- all of it ----------------------------------------------------------------------------------

static bool passes(const kal__search *s)
{
    return s->best >= 0 && s->tries[s->best].told.keeps;
}

// At one scale: by what the aim bounds; where that cannot be, the best that fits.
static kal_status search_at(kal__search *s, kal_node *image, kal_error *err)
{
    const kal__aim *a = s->aim;
    const bool bytes = a->max_bytes != 0;
    kal_status st = kal__search_open(s, image, err);
    if (!st) st = kal__search_lines(s, bytes && (a->p.objective == KAL__BEST || a->bound != a->bound), err);
    if (!st && bytes && !passes(s) && a->p.objective == KAL__SMALLEST && a->bound == a->bound &&
        !a->p.allow_downscale)
        st = kal__search_lines(s, true, err);
    kal__search_close(s);
    return st;
}

static kal_status search_scaled(kal__search *s, kal_node *image, double scale, kal_error *err)
{
    kal_node *scaled = NULL;
    s->scale = scale;
    kal_status st = scale_picture(s, image, &scaled, err);
    if (!st) st = search_at(s, scaled, err);
    kal_node_unref(&scaled);
    return st;
}

#define FULL 0.75   // of the bytes there may be: then a larger picture would hardly fit
#define CLOSER 3    // larger pictures that are looked at

// A scale at which it passes with bytes to spare was a step too far: something larger may be had, below what was too large.
static kal_status grow(kal__search *s, kal_node *image, double passed, double failed, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int i = 0; i < CLOSER && !st && failed > 1.04 * passed; i++) {
        const double used = (double)s->tries[s->best].told.bytes / (double)s->aim->max_bytes;
        const double fits = passed * 0.98 / __builtin_sqrt(used), middle = (passed + failed) / 2;
        const double scale = fits < 0.98 * failed ? fits : middle;
        if (used > FULL || scale < 1.02 * passed || same_size(image, scale, passed) ||
            same_size(image, scale, failed))
            break;
        st = search_scaled(s, image, scale, err);
        if (!st && s->tries[s->best].scale == scale)
            passed = scale;
        else
            failed = scale;
    }
    return st;
}

// The next scale that is smaller by a pixel at least; 0: one pixel is all there is.
static double scale_below(const kal__search *s, const kal_node *image)
{
    double scale = s->scale * shrink_by(s);
    if (same_size(image, s->scale, 0)) return 0;
    while (same_size(image, scale, s->scale)) scale *= 0.95;
    return scale;
}

static kal_status search_scales(kal__search *s, kal_node *image, kal_error *err)
{
    const bool may = s->aim->p.allow_downscale && s->aim->max_bytes;
    double failed = 1;
    kal_status st = search_scaled(s, image, 1, err);
    for (int i = 1; i < MOST_SCALES && !st && may && !passes(s); i++) {
        const double scale = scale_below(s, image);
        if (scale <= 0) break;
        failed = s->scale;
        st = search_scaled(s, image, scale, err);
    }
    if (!st && s->scale < 1 && passes(s)) st = grow(s, image, s->scale, failed, err);
    return st;
}

// None could be made: all errors are one.
static kal_status no_file(const kal__search *s, kal_error *err)
{
    char said[400] = "";
    size_t n = 0;
    for (int i = 0; i < s->n_tries && n < sizeof said; i++)
        if (!strstr(said, s->tries[i].why))
            n += (size_t)snprintf(said + n, sizeof said - n, "%s%.150s", n ? "; " : "", s->tries[i].why);
    return kal_fail(err, s->n_tries ? s->tries[s->best < 0 ? 0 : s->best].status : KAL_INVALID,
                    "optimize: no format takes this picture: %s", said);
}

kal_status kal__optimize_search(kal_node *image, const kal__aim *a, const kal_options *options, double start,
                                kal__slab **report, size_t *size, bool *lasting, kal_error *err)
{
    kal__search *s = kal__new_zero(1, sizeof *s);
    kal_stats none = {0};
    if (!s) return kal_fail(err, KAL_NOMEM, "optimize: out of memory");
    s->aim = a;
    s->start = start;
    s->best = -1;
    s->scale = 1;
    if (options) s->options = *options;
    s->watch = kal__watch_from(options, start);
    s->progress = s->options.progress;
    s->stats = s->options.stats ? s->options.stats : &none;
    s->options.progress = NULL;
    s->options.node_stats = NULL;
    s->options.audit = 0;
    s->options.stats = NULL;
    pthread_mutex_init(&s->lock, NULL);
    kal_status st = kal__lines_of(a, &image->call.extent, s->lines, &s->n, err);
    if (!st) st = kal__try_original(s, image, err);
    if (!st) st = search_scales(s, image, err);
    if (!st && (s->best < 0 || s->tries[s->best].status)) st = no_file(s, err);
    if (!st) {
        *report = kal__report_make(a, s->tries, s->n_tries, s->best, size);
        if (!*report) st = kal_fail(err, KAL_NOMEM, "optimize: out of memory");
    }
    *lasting = true;
    for (int i = 0; i < s->n_tries; i++) {
        *lasting &= s->tries[i].status != KAL_LIMIT && s->tries[i].status != KAL_NOMEM;
        kal__slab_unref(&s->tries[i].bytes);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
    return st;
}
