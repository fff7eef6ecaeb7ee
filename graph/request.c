// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The short way in: what the public calls do. Each makes a list of wants, which eval.c evaluates.
#include "request.h"

#include "dynamic.h"
#include "load.h"
#include "patient.h"
#include "retouch.h"
#include "trace.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

void kal_bytes_free(kal_bytes *b)
{
    free(b->data);
    *b = (kal_bytes){NULL, 0};
}

kal_status kal__check_rect(const kal_extent *e, kal_rect rect, const void *dst, ptrdiff_t stride,
                           kal_error *err)
{
    if (kal_rect_empty(rect))
        return kal_fail(err, KAL_INVALID, "the rectangle %d,%d..%d,%d is empty", rect.x0, rect.y0, rect.x1,
                        rect.y1);
    if (!kal_rect_inside(rect, kal_rect_all(e)))
        return kal_fail(err, KAL_INVALID, "the rectangle %d,%d..%d,%d is not inside the image of %d×%d",
                        rect.x0, rect.y0, rect.x1, rect.y1, e->width, e->height);
    const ptrdiff_t row = (ptrdiff_t)(rect.x1 - rect.x0) * (ptrdiff_t)kal_pixel_size(e);
    if (!dst) return kal_fail(err, KAL_INVALID, "there is nowhere to read to (NULL)");
    if (stride < row && stride > -row)
        return kal_fail(err, KAL_INVALID, "a row has %td bytes, and the stride is %td", row, stride);
    return KAL_OK;
}

kal_status kal__tell_end(const kal_options *o, kal_status st, kal__tally t)
{
    if (!o || !o->progress) return st;
    const bool stopped = st == KAL_CANCELLED || st == KAL_DEADLINE;
    if (!st && !t.total) t = (kal__tally){1, 1};   // all of it was known
    if (st && t.done >= t.total) t.total = t.done + 1;
    o->progress(o->user, !st ? KAL_DONE : stopped ? KAL_STOPPED : KAL_FAILED, t.done, t.total);
    return st;
}

double kal__begin(const kal_options *o)
{
    if (o && o->stats) *o->stats = (kal_stats){0};
    return kal__now();
}

typedef enum gives { IMAGE, BYTES, VALUE } gives;

// The static node to evaluate; it must be of the kind that is asked for.
static kal_status settled(const kal_node *node, gives wanted, const kal_options *options, double start,
                          kal_node **out, kal_error *err)
{
    static const char *const words[] = {"an image", "encoded bytes", "a value"};
    static const char *const hints[] = {"", ": see kal_encode", ": see mean"};
    const kal_status st = kal__static(node, options, start, out, err);
    if (st) return st;
    const gives is = (*out)->kind == KAL__ENCODE ? BYTES : (*out)->kind == KAL__VALUE ? VALUE : IMAGE;
    if (is == wanted) return KAL_OK;
    kal_node_unref(out);
    return kal_fail(err, KAL_INVALID, "the node is %s, not %s%s", words[is], words[wanted], hints[wanted]);
}

static kal_status begin(kal__request *q, const kal_node *node, gives wanted, const kal_options *options,
                        kal_error *err)
{
    *q = (kal__request){.options = options, .start = kal__begin(options)};
    const kal_status st = settled(node, wanted, options, q->start, &q->image, err);
    return st ? kal__tell_end(options, st, q->tally) : KAL_OK;
}

kal_status kal__request_begin(kal__request *q, const kal_node *node, const kal_options *options,
                              kal_error *err)
{
    return begin(q, node, IMAGE, options, err);
}

kal_status kal__request_begin_value(kal__request *q, const kal_node *node, const kal_options *options,
                                    kal_error *err)
{
    return begin(q, node, VALUE, options, err);
}

kal_status kal__request_end(kal__request *q, kal_status st)
{
    kal__tell_end(q->options, st, q->tally);
    kal_node_unref(&q->image);
    return st;
}

kal_status kal_read(const kal_node *node, kal_rect rect, void *dst, ptrdiff_t stride,
                    const kal_options *options, kal_error *err)
{
    kal__request q;
    kal_status st = kal__request_begin(&q, node, options, err);
    if (st) return st;
    st = kal__check_rect(&q.image->call.extent, rect, dst, stride, err);
    const kal__want w = {.node = q.image, .rect = rect, .dst = dst, .stride = stride};
    if (!st) st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    return kal__request_end(&q, st);
}

static kal_status value_key(const kal_node *node, const kal_options *options, kal_key *out, kal_error *err)
{
    kal_value v;
    kal__text t = {0};
    kal_status st = kal_read_value(node, options, &v, err);
    if (st) return st;
    kal__puts(&t, "kalv1");
    kal__value_pack(&v, &t);
    if (t.failed)
        st = kal_fail(err, KAL_NOMEM, "out of memory for a key");
    else
        *out = kal__hash_of(t.data, t.size);
    free(t.data);
    kal_value_free(&v);
    return st;
}

kal_status kal_content_key(const kal_node *node, const kal_options *options, kal_key *out, kal_error *err)
{
    if (kal_node_value(node, NULL)) return value_key(node, options, out, err);
    kal__request q;
    kal_status st = kal__request_begin(&q, node, options, err);
    if (st) return st;
    const kal__want w = {.node = q.image, .rect = kal_rect_all(&q.image->call.extent), .key = out};
    st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    return kal__request_end(&q, st);
}

// ---- encoded ------------------------------------------------------------------------------------

static kal_status want_encoded(const kal_node *node, const kal_options *options, double start, kal__want *w,
                               kal_error *err)
{
    kal_node *encoded;
    const kal_status st = settled(node, BYTES, options, start, &encoded, err);
    if (!st) *w = (kal__want){.node = encoded, .rect = kal__encoded_rect(encoded)};
    return st;
}

kal_status kal_read_bytes(const kal_node *encoded, const kal_options *options, kal_bytes *out, kal_error *err)
{
    *out = (kal_bytes){NULL, 0};
    kal__want w = {0};
    const double start = kal__begin(options);
    kal_status st = want_encoded(encoded, options, start, &w, err);
    if (!st) st = kal__write_memory(&out->data, &out->size, &w.writer, err);
    if (!st) st = kal__write_suited(w.node->u.codec, options ? options->spill : NULL, &w.writer, err);
    kal__tally tally = {0, 0};
    if (!st) st = kal__evaluate(&w, 1, options, start, &tally, err);
    if (w.writer && st) w.writer->abort(w.writer);
    if (w.writer && !st) st = w.writer->commit(w.writer, err);
    kal_node_unref(&w.node);
    return kal__tell_end(options, st, tally);
}

// All are finished before the first is renamed, so that a full disk leaves none.
static kal_status finish_files(kal__want *wants, int32_t n, kal_status st, const kal_options *options,
                               kal_error *err)
{
    kal_stats *stats = options ? options->stats : NULL;
    const double start = kal__now();
    for (int32_t i = 0; i < n && !st; i++) st = wants[i].writer->finish(wants[i].writer, err);
    for (int32_t i = 0; i < 2 * n; i++) {   // what is far may still fail, so it goes first
        kal__writer *w = wants[i % n].writer;
        if (!w || w->far != (i < n)) continue;
        wants[i % n].writer = NULL;
        if (stats && !st) stats->bytes_written += w->written;
        if (st)
            w->abort(w);
        else
            st = w->commit(w, err);
    }
    kal__trace_part(options, "finish", start);
    return st;
}

// Each is there, and each means another file.
static kal_status check_paths(const char *const *paths, int32_t n, kal_error *err)
{
    for (int32_t i = 0; i < n; i++)
        if (!paths[i]) return kal_fail(err, KAL_INVALID, "path %d is missing (NULL)", i);
    char **names = kal__new_zero((size_t)n, sizeof *names);
    kal_status st = names ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
    for (int32_t i = 0; i < n && !st; i++) {
        names[i] = kal_target_name(paths[i]);
        if (!names[i]) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", paths[i]);
        for (int32_t k = 0; k < i && !st; k++)
            if (!strcmp(names[i], names[k]))
                st = strcmp(paths[i], paths[k])
                         ? kal_fail(err, KAL_INVALID, "%s: two pictures would be written there, one as %s",
                                    paths[i], paths[k])
                         : kal_fail(err, KAL_INVALID, "%s: two pictures would be written there", paths[i]);
    }
    for (int32_t i = 0; i < n && names; i++) free(names[i]);
    free(names);
    return st;
}

// Before what may keep the request waiting, when it can be stopped; `watch` outlives it.
static kal_status be_patient(kal__writer **w, const kal__watch *watch, kal_error *err)
{
    if (!*w || !(*w)->waits || !kal__can_be_stopped(watch)) return KAL_OK;
    *w = kal__patient_writer_new(*w, watch);
    return *w ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a target");
}

// Writers are taken, whatever happens.
static kal_status write_all(kal_node *const *encoded, int32_t n, kal__writer **writers, kal_status st,
                            const kal_options *options, double start, kal__tally *tally, kal_error *err)
{
    kal__want *wants = kal__new_zero((size_t)n, sizeof *wants);
    if (!wants) {
        for (int32_t i = 0; i < n; i++)
            if (writers[i]) writers[i]->abort(writers[i]);
        return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    for (int32_t i = 0; i < n && !st; i++) st = want_encoded(encoded[i], options, start, &wants[i], err);
    for (int32_t i = 0; i < n; i++) wants[i].writer = writers[i];
    const kal__watch watch = kal__watch_from(options, start);
    for (int32_t i = 0; i < n && !st; i++) st = be_patient(&wants[i].writer, &watch, err);
    for (int32_t i = 0; i < n && !st; i++)
        st =
            kal__write_suited(wants[i].node->u.codec, options ? options->spill : NULL, &wants[i].writer, err);
    if (!st) st = kal__evaluate(wants, (size_t)n, options, start, tally, err);
    st = finish_files(wants, n, st, options, err);
    for (int32_t i = 0; i < n; i++) kal_node_unref(&wants[i].node);
    free(wants);
    return st;
}

static kal_status write_files(kal_node *const *encoded, const char *const *paths, int32_t n,
                              const kal_options *options, kal__tally *tally, kal_error *err)
{
    const double start = kal__begin(options);
    if (n < 1 || !encoded || !paths) return kal_fail(err, KAL_INVALID, "nothing to write");
    kal_status st = check_paths(paths, n, err);
    kal__writer **writers = st ? NULL : kal__new_zero((size_t)n, sizeof(kal__writer *));
    if (st) return st;
    if (!writers) return kal_fail(err, KAL_NOMEM, "out of memory");
    for (int32_t i = 0; i < n && !st; i++)
        if (encoded[i] && encoded[i]->kind == KAL__ENCODE)   // of others it will be said what they are
            st = kal__target(encoded[i]->u.codec, paths[i], &writers[i], err);
    st = write_all(encoded, n, writers, st, options, start, tally, err);
    free(writers);
    return st;
}

kal_status kal_write_files(kal_node *const *encoded, const char *const *paths, int32_t n,
                           const kal_options *options, kal_error *err)
{
    kal__tally tally = {0, 0};
    const kal_status st = write_files(encoded, paths, n, options, &tally, err);
    return kal__tell_end(options, st, tally);
}

static kal_status write_outputs(kal_node *const *encoded, const kal_output *outputs, int32_t n,
                                const kal_options *options, kal__tally *tally, kal_error *err)
{
    const double start = kal__begin(options);
    if (n < 1 || !outputs) return kal_fail(err, KAL_INVALID, "nothing to write");
    kal__writer **writers = encoded ? kal__new_zero((size_t)n, sizeof(kal__writer *)) : NULL;
    if (!writers) {
        for (int32_t i = 0; i < n; i++)
            if (outputs[i].abort) outputs[i].abort(outputs[i].user);
        return encoded ? kal_fail(err, KAL_NOMEM, "out of memory")
                       : kal_fail(err, KAL_INVALID, "nothing to write");
    }
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < n; i++) {   // all of them: each is told how it ended
        const kal_status opened = kal__write_calls(&outputs[i], &writers[i], st ? NULL : err);
        if (!st) st = opened;
    }
    st = write_all(encoded, n, writers, st, options, start, tally, err);
    free(writers);
    return st;
}

kal_status kal_write_outputs(kal_node *const *encoded, const kal_output *outputs, int32_t n,
                             const kal_options *options, kal_error *err)
{
    kal__tally tally = {0, 0};
    const kal_status st = write_outputs(encoded, outputs, n, options, &tally, err);
    return kal__tell_end(options, st, tally);
}

kal_status kal_write_fd(const kal_node *encoded, int fd, const kal_options *options, kal_error *err)
{
    const double start = kal__begin(options);
    kal_node *node = (kal_node *)(uintptr_t)encoded;
    kal__writer *writer;
    kal__tally tally = {0, 0};
    kal_status st = kal__write_fd(fd, &writer, err);
    if (!st) st = write_all(&node, 1, &writer, KAL_OK, options, start, &tally, err);
    return kal__tell_end(options, st, tally);
}
