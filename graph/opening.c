// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See opening.h. What cannot be interrupted is an errand, with everything it looks at.
#include "opening.h"

#include "errand.h"
#include "reel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- who waits ----------------------------------------------------------------------------------

static _Thread_local kal_options mine;   // deadline and cancel
static _Thread_local double begun;

void kal_watch_opening(double deadline, kal_cancel *cancel)
{
    mine = (kal_options){.deadline = deadline > 0 ? deadline : 0, .cancel = cancel};
    begun = kal__now();
}

// The limit counts anew for each input.
kal__watch kal__opening_watch(void)
{
    kal__watch limit = kal__watch_from(NULL, kal__now()), own = {&mine, 0, 0};
    if (mine.deadline > 0) own.deadline = begun + mine.deadline;
    if (limit.limit && (own.deadline <= 0 || limit.deadline < own.deadline))
        own.deadline = limit.deadline, own.limit = limit.limit;
    return own;
}

// ---- the errand ---------------------------------------------------------------------------------

typedef struct opening {
    kal__errand base;
    kal__origin *origin;   // of an input: or bytes
    kal__origin *waited;   // the same, of whoever waits
    kal__slab *bytes;
    size_t size;
    kal__load_p p;
    kal_node *picture;   // of a page
    kal__reel *reel;
    int32_t page;
    bool streams;
    kal_node *node;   // what came of it …
    bool last;
    kal_node **out;   // … and for whom; NULL: nobody waits any more
    bool *out_last;
    char format[];
} opening;

static kal_status run_load(kal__errand *e, kal_error *err)
{
    opening *o = (opening *)e;
    kal__origin *origin = o->origin;
    kal__slab *bytes = o->bytes;
    o->origin = NULL;
    o->bytes = NULL;
    return kal__load_now(origin, bytes, o->size, &o->p, &o->node, err);
}

static kal_status run_page(kal__errand *e, kal_error *err)
{
    opening *o = (opening *)e;
    return o->streams ? kal__page_of_stream_now(o->picture, o->page, o->reel, &o->last, &o->node, err)
                      : kal__page_now(o->picture, o->page, o->reel, &o->node, err);
}

static void leave(kal__errand *e)
{
    opening *o = (opening *)e;
    o->out = NULL;
    if (o->waited) __atomic_store_n(&o->waited->left, true, __ATOMIC_RELAXED);
    o->waited = NULL;
}

static void opening_free(kal__errand *e)
{
    opening *o = (opening *)e;
    if (o->out) {
        *o->out = o->node;
        if (o->out_last) *o->out_last = o->last;
    } else {
        kal_node_unref(&o->node);
    }
    kal__origin_unref(&o->origin);
    kal__slab_unref(&o->bytes);
    kal_node_unref(&o->picture);
    kal__reel_unref(&o->reel);
    free(o);
}

static opening *opening_new(kal_status (*run)(kal__errand *, kal_error *), const char *format, kal_node **out)
{
    const size_t n = format ? strlen(format) + 1 : 1;
    opening *o = kal__new_zero(1, sizeof *o + n);
    if (!o) return NULL;
    if (format) memcpy(o->format, format, n);
    o->base = (kal__errand){.run = run, .leave = leave, .free = opening_free};
    o->out = out;
    return o;
}

// A file that is one does not, and a thread and its memory would be for nothing; who reads all of it looks at the watch.
static bool may_hang(const kal__origin *origin)
{
    struct stat st;
    if (!origin) return false;
    return origin->waits || !origin->path || stat(origin->path, &st) != 0 || !S_ISREG(st.st_mode);
}

static kal_status wait_for(opening *o, const kal__watch *watch, const char *name, kal_error *err)
{
    bool left;
    const kal_status st = kal__errand_run(&o->base, watch, &left, err);
    if (left) kal_within(err, "%s: while it was opened", name);
    return st;
}

kal_status kal__open(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p, kal_node **out,
                     kal_error *err)
{
    const kal__watch watch = kal__opening_watch();
    *out = NULL;
    if (!kal__can_be_stopped(&watch) || !may_hang(origin))
        return kal__load_now(origin, bytes, size, p, out, err);
    opening *o = opening_new(run_load, p->format, out);
    if (!o) {
        kal__origin_unref(&origin);
        kal__slab_unref(&bytes);
        return kal_fail(err, KAL_NOMEM, "out of memory for a file");
    }
    o->origin = o->waited = origin;
    o->bytes = bytes;
    o->size = size;
    o->p = *p;
    if (p->format) o->p.format = o->format;
    kal__origin_ref(origin);   // for its name
    const kal_status st = wait_for(o, &watch, origin->name, err);
    kal__origin_unref(&origin);
    return st;
}

kal_status kal__open_page(kal_node *picture, int32_t page, kal__reel *reel, bool *last, kal_node **out,
                          kal_error *err)
{
    const kal__watch watch = kal__opening_watch();
    char what[32];
    *out = NULL;
    if (!kal__can_be_stopped(&watch))
        return last ? kal__page_of_stream_now(picture, page, reel, last, out, err)
                    : kal__page_now(picture, page, reel, out, err);
    opening *o = opening_new(run_page, NULL, out);
    if (!o) return kal_fail(err, KAL_NOMEM, "out of memory for a page");
    o->picture = kal_node_ref(picture);
    o->reel = kal__reel_ref(reel);
    o->page = page;
    o->streams = last != NULL;
    o->out_last = last;
    snprintf(what, sizeof what, "page %d", page);
    return wait_for(o, &watch, what, err);
}
