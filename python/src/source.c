// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures from functions of the user's, and who keeps these. The functions often belong to an object that has the image, too: a circle through a node,
// where the collector cannot look. So a Keeper owns them as soon as there is an object for a node, and each object whose node stands on the source holds it.
// What the collector counts is then all of Python's own, whoever holds the nodes meanwhile. When the last of these objects goes and a node is still
// there, its source owns them again. An interpreter without its lock has no Keepers: there, circles stay.
#include "py.h"

#include <stdio.h>
#include <string.h>

typedef struct keeper keeper;

typedef struct source {
    PyObject *read, *seek, *close;   // NULL: there is none, or not any more. The keeper's, where there is one
    keeper *keeper;                  // borrowed; NULL: there is none
    struct source *next;             // of the keeper's
    int64_t bytes;                   // that there are; -1: nobody knows
    char name[200];
} source;

struct keeper {
    PyObject_HEAD;
    source *first;
    PyObject
        *beside;   // a list of those whose functions may be called in place of these; NULL: there is none
    bool doomed;   // the collector had it: it takes no more
};

PyTypeObject *kalpy_Keeper;

// A function for the time of a call. What the collector took has none: nobody can ask for its pixels but who left a request that goes on.
static PyObject *take(PyObject *function)
{
    if (!function) PyErr_SetString(PyExc_ReferenceError, "nothing holds the object any more");
    return Py_XNewRef(function);
}

static const char *named(const source *s, const char *what, char out[240])
{
    snprintf(out, 240, "%s of %s", what, s->name);
    return out;
}

static ptrdiff_t on_read(void *user, void *dst, size_t n, kal_error *err)
{
    source *s = user;
    char who[240];
    const PyGILState_STATE g = PyGILState_Ensure();
    ptrdiff_t got = -1;
    Py_buffer b;
    PyObject *read = take(s->read), *o = read ? PyObject_CallFunction(read, "n", (Py_ssize_t)n) : NULL;
    if (o == Py_None) {
        got = 0;
    } else if (!o || PyObject_GetBuffer(o, &b, PyBUF_SIMPLE)) {
        kalpy_stash(err, named(s, "read", who));
    } else {
        if ((size_t)b.len > n) {
            kal_fail(err, KAL_CALLBACK, "%s gave %zd bytes of at most %zu", named(s, "read", who), b.len, n);
        } else {
            memcpy(dst, b.buf, (size_t)b.len);
            got = b.len;
        }
        PyBuffer_Release(&b);
    }
    Py_XDECREF(o);
    Py_XDECREF(read);
    PyGILState_Release(g);
    return got;
}

// Returning -1 or None-less falsehood, as pyvips has it, says that there is no seeking.
static kal_status on_seek(void *user, uint64_t at, kal_error *err)
{
    source *s = user;
    char who[240];
    const PyGILState_STATE g = PyGILState_Ensure();
    kal_status st = KAL_OK;
    PyObject *seek = take(s->seek),
             *o = seek ? PyObject_CallFunction(seek, "K", (unsigned long long)at) : NULL;
    if (!o) {
        st = kalpy_stash(err, named(s, "seek", who));
    } else if (o != Py_None) {
        const long long where = PyLong_AsLongLong(o);
        if (where == -1 && PyErr_Occurred())
            st = kalpy_stash(err, named(s, "seek", who));
        else if (where < 0 || (uint64_t)where != at)
            st = kal_fail(err, KAL_IO, "%s went to %lld and not to %llu", named(s, "seek", who), where,
                          (unsigned long long)at);
    }
    Py_XDECREF(o);
    Py_XDECREF(seek);
    PyGILState_Release(g);
    return st;
}

// Asked for before anything else: what is raised then is raised at once.
static int64_t on_size(void *user)
{
    return ((const source *)user)->bytes;
}

static bool ask_size(source *s, PyObject *size)
{
    PyObject *o = size == Py_None ? Py_NewRef(Py_None) : PyObject_CallNoArgs(size);
    s->bytes = o && o != Py_None ? PyLong_AsLongLong(o) : -1;
    Py_XDECREF(o);
    return !PyErr_Occurred();
}

static void source_free(source *s)
{
    Py_XDECREF(s->read);
    Py_XDECREF(s->seek);
    Py_XDECREF(s->close);
    PyMem_Free(s);
}

// The user's close, once.
static void close_now(source *s)
{
    PyObject *close = s->close;
    s->close = NULL;
    if (!close) return;
    PyObject *o = PyObject_CallNoArgs(close);
    if (!o) PyErr_WriteUnraisable(close);
    Py_XDECREF(o);
    Py_DECREF(close);
}

static void leave_keeper(source *s)
{
    if (!s->keeper) return;
    source **at = &s->keeper->first;
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    s->keeper = NULL;
}

static void on_close(void *user)
{
    source *s = user;
    const PyGILState_STATE g = PyGILState_Ensure();
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    leave_keeper(s);
    close_now(s);
    source_free(s);
    PyErr_Restore(type, value, trace);
    PyGILState_Release(g);
}

// ---- keepers ----------------------------------------------------------------------------------------

static int keeper_traverse(PyObject *self, visitproc visit, void *arg)
{
    const keeper *k = (keeper *)self;
    Py_VISIT(Py_TYPE(self));
    for (const source *s = k->first; s; s = s->next) {
        Py_VISIT(s->read);
        Py_VISIT(s->seek);
        Py_VISIT(s->close);
    }
    Py_VISIT(k->beside);
    return 0;
}

// The collector's word that nothing reaches any image of them: while all is still whole they are closed, as when the last one goes.
static void keeper_finalize(PyObject *self)
{
    keeper *k = (keeper *)self;
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    k->doomed = true;
    for (source *s = k->first; s;) {
        const bool had = s->close != NULL;
        close_now(s);
        s = had ? k->first : s->next;   // whatever it did to the list
    }
    PyErr_Restore(type, value, trace);
}

static int keeper_clear(PyObject *self)
{
    keeper *k = (keeper *)self;
    while (k->first) {
        source *s = k->first;
        PyObject *const had[] = {s->read, s->seek, s->close};
        leave_keeper(s);
        s->read = s->seek = s->close = NULL;
        for (int i = 0; i < 3; i++) Py_XDECREF(had[i]);   // and the source may be gone
    }
    Py_CLEAR(k->beside);
    return 0;
}

// A source whose node is still there owns its functions again.
static void keeper_dealloc(PyObject *self)
{
    keeper *k = (keeper *)self;
    PyObject_GC_UnTrack(self);
    while (k->first) leave_keeper(k->first);
    Py_XDECREF(k->beside);
    kalpy_free(self);
}

static PyType_Slot keeper_slots[] = {{Py_tp_dealloc, keeper_dealloc},
                                     {Py_tp_traverse, keeper_traverse},
                                     {Py_tp_clear, keeper_clear},
                                     {Py_tp_finalize, keeper_finalize},
                                     {0, NULL}};
PyType_Spec kalpy_keeper_spec = {"kallitype._kal.Keeper", sizeof(keeper), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                 keeper_slots};

static void adopt(keeper *k, source *s)
{
    s->keeper = k;
    s->next = k->first;
    k->first = s;
}

// What was found so far below a node.
typedef struct found {
    PyObject *one, *all;   // a keeper; and a list, when there are several
    keeper *last;          // that was seen, borrowed, …
    const kal_node *of;    // … and for what
    bool failed;
} found;

// The source's keeper, with a reference. Two sources of one picture have one keeper, for any image of it may be read from either.
static keeper *keeper_of(source *s, keeper *beside)
{
    keeper *fresh = NULL;
    if (!s->keeper && (!beside || beside->doomed)) {
        fresh = kalpy_new(kalpy_Keeper);   // which may run anything
        if (!fresh) return NULL;
    }
    if (!s->keeper) adopt(fresh ? fresh : beside, s);
    Py_INCREF((PyObject *)s->keeper);
    Py_XDECREF((PyObject *)fresh);
    return s->keeper;
}

static bool put_beside(keeper *k, keeper *other)
{
    if (!k->beside && !(k->beside = PyList_New(0))) return false;
    const int there = PySequence_Contains(k->beside, (PyObject *)other);
    return there > 0 || (!there && !PyList_Append(k->beside, (PyObject *)other));
}

static bool note(found *f, PyObject *k)
{
    if (!f->one) f->one = Py_NewRef(k);
    if (f->one == k) return true;
    if (!f->all && (!(f->all = PyList_New(0)) || PyList_Append(f->all, f->one))) return false;
    const int there = PySequence_Contains(f->all, k);
    return there > 0 || (!there && !PyList_Append(f->all, k));
}

static void find(void *user, const kal_node *of, const kal_input *input)
{
    found *f = user;
    if (f->failed || input->read != on_read) return;
    keeper *beside = f->of == of ? f->last : NULL, *k = keeper_of(input->user, beside);
    f->failed = !k || !note(f, (PyObject *)k);
    if (k && beside && beside != k && !f->failed)
        f->failed = !put_beside(k, beside) || !put_beside(beside, k);
    f->last = k;
    f->of = of;
    Py_XDECREF((PyObject *)k);   // f has it
}

bool kalpy_keepers(const kal_node *node, PyObject **out)
{
    found f = {0};
    kal_error err = {0};
    *out = NULL;
#ifdef Py_GIL_DISABLED   // a Keeper could be found while it goes
    (void)node, (void)err, (void)find;
#else
    if (kal_node_each_input(node, find, &f, &err)) {
        kalpy_raise(&err);
        f.failed = true;
    }
#endif
    if (f.all) KALPY_SET(f.one, f.all);
    if (f.failed)
        Py_XDECREF(f.one);
    else
        *out = f.one;
    return !f.failed;
}

// ---- loading ----------------------------------------------------------------------------------------

static PyObject *or_null(PyObject *o)
{
    return o == Py_None ? NULL : Py_NewRef(o);
}

// Functions of the user's are called on this thread, unless somebody may have to leave one that does not come back.
static kal_node *load_watched(const kalpy_request *r, const kal_input *in, const char *text)
{
    const bool watched = r->options.deadline > 0 || r->may_cancel;
    if (watched) kal_watch_opening(r->options.deadline, r->options.cancel);
    kal_node *n = kal_load_input(NULL, in, text);
    if (watched) kal_watch_opening(0, NULL);
    return n;
}

// load_input(name, read, seek, size, close, options) → Image. All but read may be None.
static PyObject *load_input(PyObject *self, PyObject *args)
{
    (void)self;
    const char *name;
    PyObject *read, *seek, *size, *close, *options, *out = NULL;
    kalpy_args a = {0};
    if (!PyArg_ParseTuple(args, "sOOOOO", &name, &read, &seek, &size, &close, &options)) return NULL;
    source *s = PyMem_Calloc(1, sizeof *s);
    if (!s) return PyErr_NoMemory();
    snprintf(s->name, sizeof s->name, "%s", name);
    s->read = Py_NewRef(read);
    s->seek = or_null(seek);
    s->close = or_null(close);
    const kal_input in = {.name = name,
                          .user = s,
                          .read = on_read,
                          .seek = s->seek ? on_seek : NULL,
                          .close = on_close,
                          .size = size != Py_None ? on_size : NULL};
    if (ask_size(s, size) && kalpy_args_from(&a, options)) {
        kal_node *n = NULL;
        bool ok;
        KALPY_RUN_ONCE(ok, false, (n = load_watched(&r, &in, a.text), kal_node_error(n, &r.err)));
        if (!n) source_free(s);   // it did not begin
        if (!ok) kal_node_unref(&n);
        if (n) out = kalpy_wrap(n);
    } else {
        source_free(s);
    }
    kalpy_args_free(&a);
    return out;
}

PyMethodDef kalpy_source_methods[] = {{"load_input", load_input, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
