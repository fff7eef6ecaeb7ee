// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Several pictures into one file, one after another: each is a request of its own with the same encoder at its end, so that no more is held than
// for one of them.
#include "load.h"

#include "at_work.h"
#include "dynamic.h"
#include "errand.h"
#include "patient.h"
#include "retouch.h"
#include "run.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kal_album {
    const kal__codec *codec;
    char word[KAL__SUFFIX];   // of its suffixes, by which it was asked for
    kal__writer *writer;
    kal__writer *patient;   // at the bottom of it, when it may keep us waiting; NULL: it does not
    kal__book book;
    int32_t pictures;
    kal_error broken;   // of the first failure
};

// Takes the writer.
static kal_status album_new(const kal__codec *c, const char *word, kal__writer *w, kal_album **out,
                            kal_error *err)
{
    kal_status st = KAL_OK;
    if (!c->begin) st = kal_fail(err, KAL_INVALID, "%s can be read but not written", c->name);
    kal_album *a = st ? NULL : kal__new_zero(1, sizeof *a);
    if (!st && !a) st = kal_fail(err, KAL_NOMEM, "out of memory");
    kal__writer *patient = NULL;
    if (!st && w->waits) {
        w = patient = kal__patient_writer_new(w, NULL);
        if (!w) st = kal_fail(err, KAL_NOMEM, "out of memory for a target");
    }
    if (!st) st = kal__write_suited(c, NULL, &w, err);
    if (!st && c->page && !c->flows && !w->patch)   // the heads of such files tell what comes
        st = kal__write_staged(w, KAL__STAGED_BYTES, NULL, &w, err);
    if (st) {
        if (w) w->abort(w);
        free(a);
        return st;
    }
    w->album = c->page != NULL;
    *a = (kal_album){.codec = c, .writer = w, .patient = patient};
    snprintf(a->word, sizeof a->word, "%s", word);
    *out = a;
    return KAL_OK;
}

kal_status kal_album_create(const char *path, const char *format, kal_album **out, kal_error *err)
{
    const kal__codec *c;
    char word[KAL__SUFFIX];
    kal__writer *w;
    *out = NULL;
    if (!path) return kal_fail(err, KAL_INVALID, "album: no path was given (NULL)");
    kal_status st = kal__codec_for_path(path, format, &c, word, err);
    if (!st) st = kal__target(c, path, &w, err);
    return st ? st : album_new(c, word, w, out, err);
}

kal_status kal_album_create_output(const kal_output *output, const char *format, kal_album **out,
                                   kal_error *err)
{
    kal__writer *w;
    *out = NULL;
    const kal__codec *c = format ? kal__codec_named(format) : NULL;
    kal_status st = kal__write_calls(output, &w, err);
    if (st) return st;
    if (c) return album_new(c, format, w, out, err);
    w->abort(w);
    return kal__unknown_format(KAL_INVALID, KAL__WRITES, format ? format : "album", "there is no such format",
                               err);
}

static kal_status add(kal_album *a, const kal_node *encoded, const kal_options *options, double start,
                      kal__tally *tally, kal_error *err)
{
    kal_node *node;
    const kal_status st = kal__static(encoded, options, start, &node, err);
    if (st) return st;
    const kal__want w = {
        .node = node, .rect = kal__encoded_rect(node), .writer = a->writer, .book = &a->book};
    const kal__watch watch = kal__watch_from(options, start);
    if (a->patient && kal__can_be_stopped(&watch)) kal__patient_writer_watch(a->patient, &watch);
    const kal_status done = kal__evaluate(&w, 1, options, start, tally, err);
    if (a->patient) kal__patient_writer_watch(a->patient, NULL);
    kal_node_unref(&node);
    return done;
}

static kal_status add_picture(kal_album *a, kal_node *image, const char *params, const kal_options *options,
                              kal__tally *tally, kal_error *err)
{
    const double start = kal__begin(options);
    if (a->broken.status) return kal__repeat(&a->broken, err);
    if (a->pictures && !a->codec->page)
        return kal_fail(err, KAL_INVALID, "%s: such a file holds one picture", a->codec->name);
    kal_node *encoded = kal_encode(NULL, image, a->word, params);
    kal_status st = kal_node_error(encoded, err);
    a->book.begun = false;
    if (!st) {
        st = add(a, encoded, options, start, tally, err);
        if (st && a->book.begun) a->broken = *err, a->broken.status = st;   // something may have been written
    }
    kal_node_unref(&encoded);
    if (!st) a->pictures++;
    return st;
}

kal_status kal_album_add(kal_album *a, kal_node *image, const char *params, const kal_options *options,
                         kal_error *err)
{
    kal_error local;
    kal__tally tally = {0, 0};
    const kal_status st = add_picture(a, image, params, options, &tally, err ? err : &local);
    return kal__tell_end(options, st, tally);
}

// With its encoder, if there still is one.
static void album_free(kal_album *a)
{
    if (a->book.encoder) a->codec->end(a->book.encoder, NULL);
    kal__left_writer_free(a->book.front);
    free(a);
}

static kal_status end_of(kal_album *a, const kal__watch *watch, kal_error *err)
{
    kal__encoder *e = a->book.encoder;
    if (a->broken.status) return kal__repeat(&a->broken, err);
    if (!a->pictures) return kal_fail(err, KAL_INVALID, "%s: a file of no pictures", a->codec->name);
    if (!e) return KAL_OK;
    if (kal__can_be_stopped(watch) && a->book.front)
        return kal__book_on_a_thread(&a->book, a->codec, NULL, true, watch, err);
    a->book.encoder = NULL;
    return a->codec->end(e, err);
}

kal_status kal_album_finish(kal_album **slot, const kal_options *options, kal_error *err)
{
    kal_album *a = *slot;
    kal_error local;
    if (!err) err = &local;
    *slot = NULL;
    const kal__watch watch = kal__watch_from(options, kal__now());
    if (a->patient && kal__can_be_stopped(&watch)) kal__patient_writer_watch(a->patient, &watch);
    kal_status st = kal__watch_check(&watch, err);
    if (!st) st = end_of(a, &watch, err);
    if (!st) st = a->writer->finish(a->writer, err);
    kal__writer *w = a->writer;
    album_free(a);
    if (!st) return w->commit(w, err);
    w->abort(w);
    return st;
}

void kal_album_abort(kal_album **slot)
{
    kal_album *a = *slot;
    *slot = NULL;
    if (!a) return;
    kal__writer *w = a->writer;
    album_free(a);
    w->abort(w);
}
