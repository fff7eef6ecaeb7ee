// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See patient.h.
#define _GNU_SOURCE
#include "patient.h"

#include "desk.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)64 << 10)

// ---- bytes in -----------------------------------------------------------------------------------

typedef struct reading {
    kal__desk base;
    kal__reader *inner;
    size_t wanted;
    bool placed;   // from `at`, not from where it stands
    uint64_t at;
    ptrdiff_t got;
    kal_error err;
    unsigned char room[ROOM];
} reading;

typedef struct patient {
    kal__reader base;
    reading *desk;
    pthread_mutex_t turn;   // one wish at a time
} patient;

static void read_some(kal__desk *base)
{
    reading *d = (reading *)base;
    kal__reader *r = d->inner;
    d->err = (kal_error){0};
    d->got = d->placed ? r->read_at(r, d->at, d->room, d->wanted, &d->err)
                       : r->read(r, d->room, d->wanted, &d->err);
}

static void close_inner(kal__desk *base)
{
    reading *d = (reading *)base;
    d->inner->close(d->inner);
    free(d);
}

static ptrdiff_t wish(patient *p, const uint64_t *at, void *dst, size_t n, kal_error *err)
{
    reading *d = p->desk;
    if (!n) return 0;
    if (kal__desk_take(&d->base, p->base.name, err)) return -1;
    d->wanted = n < ROOM ? n : ROOM;
    d->placed = at != NULL;
    d->at = at ? *at : 0;
    const kal_status st = kal__desk_ask(&d->base, err);
    const ptrdiff_t got = st ? -1 : d->got;
    if (got > 0) memcpy(dst, d->room, (size_t)got);
    if (got < 0 && !st && err) *err = d->err;
    pthread_mutex_unlock(&d->base.lock);
    return got;
}

void kal__patient_watch(kal__reader *base, const kal__watch *watch)
{
    kal__desk_watch(&((patient *)base)->desk->base, watch);
}

void kal__patient_leave(kal__reader *base)
{
    kal__desk_leave(&((patient *)base)->desk->base);
}

static ptrdiff_t patient_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->turn);
    const ptrdiff_t got = wish(p, NULL, dst, n, err);
    pthread_mutex_unlock(&p->turn);
    if (got > 0) base->position += (uint64_t)got;
    return got;
}

static ptrdiff_t patient_read_at(kal__reader *base, uint64_t at, void *dst, size_t n, kal_error *err)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->turn);
    const ptrdiff_t got = wish(p, &at, dst, n, err);
    pthread_mutex_unlock(&p->turn);
    if (got > 0) __atomic_fetch_add(&base->by_place, (uint64_t)got, __ATOMIC_RELAXED);
    return got;
}

// Whoever reads tells it, so nobody is reading meanwhile but one that was left.
static void patient_forget(kal__reader *base, uint64_t before)
{
    reading *d = ((patient *)base)->desk;
    pthread_mutex_lock(&d->base.lock);
    if (!d->base.wished) d->inner->forget(d->inner, before);
    pthread_mutex_unlock(&d->base.lock);
}

static bool patient_stamp(kal__reader *base, kal__stamp *out)
{
    kal__reader *inner = ((patient *)base)->desk->inner;
    return inner->stamp(inner, out);
}

static void patient_close(kal__reader *base)
{
    patient *p = (patient *)base;
    reading *d = p->desk;
    pthread_mutex_destroy(&p->turn);
    free(p);
    kal__desk_close(&d->base);
}

kal__reader *kal__patient_new(kal__reader *inner, const kal__watch *watch)
{
    patient *p = kal__new_zero(1, sizeof *p);
    reading *d = p ? kal__new(1, sizeof *d) : NULL;
    if (!d) {
        free(p);
        inner->close(inner);
        return NULL;
    }
    kal__desk_init(&d->base, read_some, close_inner, watch);
    d->inner = inner;
    *p = (patient){.base = {.read = patient_read,
                            .read_at = inner->read_at ? patient_read_at : NULL,
                            .forget = inner->forget ? patient_forget : NULL,
                            .stamp = inner->stamp ? patient_stamp : NULL,
                            .close = patient_close,
                            .regular = inner->regular,
                            .size = inner->size,
                            .name = inner->name,
                            .position = inner->position},
                   .desk = d};
    pthread_mutex_init(&p->turn, NULL);
    return &p->base;
}

// ---- bytes out ----------------------------------------------------------------------------------

typedef kal_status step(kal__writer *w, kal_error *err);

typedef struct writing {
    kal__desk base;
    kal__writer *inner;   // NULL: it was ended
    step *does;           // what is wished, of the target; NULL: to take the bytes
    size_t n;
    kal_status status;
    kal_error err;
    unsigned char room[ROOM];
} writing;

typedef struct patient_writer {
    kal__writer base;
    writing *desk;
    bool finished;
} patient_writer;

static void write_some(kal__desk *base)
{
    writing *d = (writing *)base;
    d->err = (kal_error){0};
    d->status = d->does ? d->does(d->inner, &d->err) : d->inner->write(d->inner, d->room, d->n, &d->err);
    d->n = 0;
}

static void abort_inner(kal__desk *base)
{
    writing *d = (writing *)base;
    if (d->inner) d->inner->abort(d->inner);
    free(d);
}

// The desk is locked; with nobody who could stop it there is no need of a thread.
static kal_status ask(writing *d, step *does, kal_error *err)
{
    d->does = does;
    const kal_status st = d->base.watch ? kal__desk_ask(&d->base, err) : KAL_OK;
    if (st) return st;
    if (!d->base.watch) write_some(&d->base);
    if (d->status && err) *err = d->err;
    return d->status;
}

static kal_status take(const patient_writer *p, kal_error *err)
{
    return kal__desk_take(&p->desk->base, p->base.name ? p->base.name : "the target", err);
}

static kal_status patient_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    const patient_writer *p = (const patient_writer *)w;
    writing *d = p->desk;
    kal_status st = take(p, err);
    if (st) return st;
    w->written += n;
    for (const unsigned char *from = data; n && !st;) {
        const size_t some = n < ROOM - d->n ? n : ROOM - d->n;
        memcpy(d->room + d->n, from, some);
        d->n += some;
        from += some;
        n -= some;
        if (d->n == ROOM) st = ask(d, NULL, err);
    }
    pthread_mutex_unlock(&d->base.lock);
    return st;
}

static kal_status patient_finish(kal__writer *w, kal_error *err)
{
    patient_writer *p = (patient_writer *)w;
    writing *d = p->desk;
    kal_status st = take(p, err);
    if (st) return st;
    if (d->n) st = ask(d, NULL, err);
    if (!st && !p->finished) st = ask(d, d->inner->finish, err);
    p->finished = true;
    pthread_mutex_unlock(&d->base.lock);
    return st;
}

static void patient_abort(kal__writer *w)
{
    patient_writer *p = (patient_writer *)w;
    kal__desk_close(&p->desk->base);
    free(p);
}

static kal_status patient_commit(kal__writer *w, kal_error *err)
{
    writing *d = ((patient_writer *)w)->desk;
    kal_status st = patient_finish(w, err);
    if (!st && d->inner->settle) {
        pthread_mutex_lock(&d->base.lock);
        st = ask(d, d->inner->settle, err);
        pthread_mutex_unlock(&d->base.lock);
    }
    if (!st) {
        st = d->inner->commit(d->inner, err);
        d->inner = NULL;
    }
    patient_abort(w);
    return st;
}

kal__writer *kal__patient_writer_new(kal__writer *inner, const kal__watch *watch)
{
    patient_writer *p = kal__new_zero(1, sizeof *p);
    writing *d = p ? kal__new(1, sizeof *d) : NULL;
    if (!d) {
        free(p);
        inner->abort(inner);
        return NULL;
    }
    kal__desk_init(&d->base, write_some, abort_inner, watch);
    d->inner = inner;
    d->n = 0;
    inner->left = &d->base.stopped;
    *p = (patient_writer){.base = {.write = patient_write,
                                   .finish = patient_finish,
                                   .commit = patient_commit,
                                   .abort = patient_abort,
                                   .written = inner->written,
                                   .memory = inner->memory + ROOM,
                                   .name = inner->name,
                                   .far = inner->far},
                          .desk = d};
    return &p->base;
}

void kal__patient_writer_watch(kal__writer *w, const kal__watch *watch)
{
    kal__desk_watch(&((patient_writer *)w)->desk->base, watch);
}
