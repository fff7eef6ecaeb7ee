// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What stops requests, and where what they give is kept, as objects; and results of computations that are no pictures.
#include "py.h"

#include <stdlib.h>
#include <string.h>

// Each request has a kal_cancel of its own, so that an interrupt stops that one alone; a Cancel knows those that it stops.
typedef struct cancel_object {
    PyObject_HEAD;
    PyObject *also;   // another Cancel, which stops what this one stops; or NULL
    bool set;
    kal_cancel **running;
    size_t n, room;
} cancel_object;

typedef struct memo_object {
    PyObject_HEAD;
    kal_memo *memo;
} memo_object;

static bool join(cancel_object *c, kal_cancel *request)
{
    kalpy_lock();
    if (c->n == c->room) {
        const size_t room = c->room ? c->room * 2 : 16;
        kal_cancel **more = realloc(c->running, room * sizeof *more);
        if (more) c->running = more, c->room = room;
    }
    const bool joined = c->n < c->room;
    if (joined) c->running[c->n++] = request;
    if (c->set) kal_cancel_set(request);
    kalpy_unlock();
    return joined || PyErr_NoMemory();
}

bool kalpy_cancel_joins(PyObject *o, kal_cancel *request)
{
    if (!Py_IS_TYPE(o, kalpy_Cancel)) {
        PyErr_Format(PyExc_TypeError, "cancel is a Cancel, not %R", o);
        return false;
    }
    cancel_object *c = (cancel_object *)o;
    if (!join(c, request)) return false;
    if (!c->also || kalpy_cancel_joins(c->also, request)) return true;
    kalpy_cancel_leaves(o, request);
    return false;
}

void kalpy_cancel_leaves(PyObject *o, kal_cancel *request)
{
    cancel_object *c = (cancel_object *)o;
    if (!Py_IS_TYPE(o, kalpy_Cancel)) return;
    kalpy_lock();
    for (size_t i = c->n; i-- > 0;)
        if (c->running[i] == request) c->running[i] = c->running[--c->n];
    kalpy_unlock();
    if (c->also) kalpy_cancel_leaves(c->also, request);
}

bool kalpy_memo_of(PyObject *o, kal_memo **out)
{
    if (Py_IS_TYPE(o, kalpy_Memo)) {
        *out = ((memo_object *)o)->memo;
        return true;
    }
    PyErr_Format(PyExc_TypeError, "memo is a Memo, not %R; a folder is memo_dir", o);
    return false;
}

static PyObject *cancel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    PyObject *also = NULL;
    if (!PyArg_ParseTuple(args, "|O!", kalpy_Cancel, &also)) return NULL;
    cancel_object *o = kalpy_new(type);
    if (o) o->also = Py_XNewRef(also);
    return (PyObject *)o;
}

static void cancel_dealloc(PyObject *self)
{
    Py_XDECREF(((cancel_object *)self)->also);
    free(((cancel_object *)self)->running);
    kalpy_free(self);
}

static PyObject *cancel_set(PyObject *self, PyObject *unused)
{
    (void)unused;
    cancel_object *c = (cancel_object *)self;
    kalpy_lock();
    c->set = true;
    for (size_t i = 0; i < c->n; i++) kal_cancel_set(c->running[i]);
    kalpy_unlock();
    Py_RETURN_NONE;
}

static PyMethodDef cancel_methods[] = {
    {"set", cancel_set, METH_NOARGS, "Stops the requests that were given it. From any thread."},
    {NULL, NULL, 0, NULL}};
static PyType_Slot cancel_slots[] = {
    {Py_tp_new, cancel_new},
    {Py_tp_dealloc, cancel_dealloc},
    {Py_tp_methods, cancel_methods},
    {Py_tp_doc, "Stops requests: options(cancel=c), and c.set() from any thread."},
    {0, NULL}};
PyType_Spec kalpy_cancel_spec = {"kallitype._kal.Cancel", sizeof(cancel_object), 0, Py_TPFLAGS_DEFAULT,
                                 cancel_slots};

// Bytes, whole and not so many that they wrap.
static int size_of(PyObject *given, void *out)
{
    PyObject *index = PyBool_Check(given) ? NULL : PyNumber_Index(given);
    const unsigned long long n = index ? PyLong_AsUnsignedLongLong(index) : 0;
    const bool is = index && !PyErr_Occurred() && n <= 1000000000000000000u;
    Py_XDECREF(index);
    if (is) *(unsigned long long *)out = n;
    if (!is) PyErr_Format(PyExc_ValueError, "%R is no size: a number of bytes, up to 10^18", given);
    return is;
}

static PyObject *memo_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"limit", "folder", "size", "remote", "pack", NULL};
    unsigned long long limit = 256 << 20, size = 0;
    const char *folder = NULL, *remote = NULL, *pack = NULL;
    Py_ssize_t folder_size;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O&z#O&zz", names, size_of, &limit, &folder, &folder_size,
                                     size_of, &size, &remote, &pack))
        return NULL;
    memo_object *o = kalpy_whole_path(folder, folder_size) ? kalpy_new(type) : NULL;
    if (!o) return NULL;
    kal_error err = {.status = KAL_NOMEM, .message = "out of memory for a memo"};
    kal_status st = KAL_NOMEM;
    PyThreadState *t = PyEval_SaveThread();
    o->memo = kal_memo_new(limit);
    if (o->memo) st = folder ? kal_memo_set_folder(o->memo, folder, size, &err) : KAL_OK;
    if (!st && pack) st = kal_memo_set_packing(o->memo, pack, &err);
    if (!st && remote) st = kal_memo_set_remote(o->memo, remote, NULL, &err);
    PyEval_RestoreThread(t);
    if (!st) return (PyObject *)o;
    Py_DECREF(o);
    return kalpy_raise(&err);
}

static void memo_dealloc(PyObject *self)
{
    kal_memo *memo = ((memo_object *)self)->memo;
    PyThreadState *t = PyEval_SaveThread();
    kal_memo_free(&memo);
    PyEval_RestoreThread(t);
    kalpy_free(self);
}

static PyObject *stats_of(kal_memo *memo)
{
    kal_memo_stats s;
    kal_memo_get_stats(memo, &s);
#define N(x) #x, (unsigned long long)s.x
    return Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsK}", N(entries), N(bytes), N(limit), N(hits),
                         N(misses), N(stored), N(evicted), N(folder_hits), N(folder_stored), N(folder_broken),
                         N(remote_hits), N(remote_misses), N(remote_stored), N(remote_refused),
                         N(remote_dropped), N(remote_failed));
#undef N
}

static PyObject *memo_stats(PyObject *self, PyObject *unused)
{
    (void)unused;
    return stats_of(((memo_object *)self)->memo);
}

static PyObject *memo_clear(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyThreadState *t = PyEval_SaveThread();
    kal_memo_clear(((memo_object *)self)->memo);
    PyEval_RestoreThread(t);
    Py_RETURN_NONE;
}

static PyMethodDef memo_methods[] = {
    {"stats", memo_stats, METH_NOARGS, "Counters, as a dict."},
    {"clear", memo_clear, METH_NOARGS, "Forgets what is in memory; its folder stays."},
    {NULL, NULL, 0, NULL}};
static PyType_Slot memo_slots[] = {
    {Py_tp_new, memo_new},
    {Py_tp_dealloc, memo_dealloc},
    {Py_tp_methods, memo_methods},
    {Py_tp_doc, "Memo(limit=268435456, folder=None, size=0, remote=None, pack=None)\n--\n\n"
                "What was computed, kept by its key: in memory up to limit bytes, in a folder "
                "up to size (0: 5 GiB), far away at remote. Use it by options(memo=m)."},
    {0, NULL}};
PyType_Spec kalpy_memo_spec = {"kallitype._kal.Memo", sizeof(memo_object), 0, Py_TPFLAGS_DEFAULT, memo_slots};

// ---- the process's own memo, and computations that are no pictures -------------------------------

static PyObject *own_stats(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return stats_of(NULL);
}

static PyObject *own_clear(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    PyThreadState *t = PyEval_SaveThread();
    kal_memo_clear(NULL);
    PyEval_RestoreThread(t);
    Py_RETURN_NONE;
}

static PyObject *set_limit(PyObject *self, PyObject *n)
{
    (void)self;
    const unsigned long long v = PyLong_AsUnsignedLongLong(n);
    if (PyErr_Occurred()) return NULL;
    kal_memo_set_limit(NULL, v);
    Py_RETURN_NONE;
}

typedef struct make {
    PyObject *function;
    PyObject *raised;
} make;

static kal_status make_blob(void *user, kal_bytes *out, kal_error *err)
{
    make *m = user;
    const PyGILState_STATE g = PyGILState_Ensure();
    kal_status st = KAL_OK;
    char *data;
    Py_ssize_t n;
    PyObject *bytes = PyObject_CallNoArgs(m->function);
    if (!bytes || PyBytes_AsStringAndSize(bytes, &data, &n)) {
        PyObject *type, *trace;
        PyErr_Fetch(&type, &m->raised, &trace);
        PyErr_NormalizeException(&type, &m->raised, &trace);
        if (trace && m->raised) PyException_SetTraceback(m->raised, trace);
        Py_XDECREF(type);
        Py_XDECREF(trace);
        st = kal_fail(err, KAL_CALLBACK, "the function failed");
    } else {
        out->data = malloc(n ? (size_t)n : 1);
        out->size = (size_t)n;
        if (out->data)
            memcpy(out->data, data, (size_t)n);
        else
            st = kal_fail(err, KAL_NOMEM, "out of memory for a result");
    }
    Py_XDECREF(bytes);
    PyGILState_Release(g);
    return st;
}

// blob(key, recipe or None, function) → (bytes, found). What the function raises is raised.
static PyObject *blob(PyObject *self, PyObject *args)
{
    (void)self;
    const char *text, *recipe;
    make m = {NULL, NULL};
    kal_key key;
    kal_blob b = {0};
    bool ok;
    if (!PyArg_ParseTuple(args, "szO", &text, &recipe, &m.function)) return NULL;
    if (!kal_key_parse(text, &key)) {
        PyErr_Format(PyExc_ValueError, "\"%s\" is no key", text);
        return NULL;
    }
    KALPY_RUN(ok, kal_memo_blob(r.options.memo, key, make_blob, &m, recipe, &r.options, &b, &r.err));
    if (m.raised) {
        kal_blob_release(&b);
        PyErr_Clear();
        PyErr_SetObject((PyObject *)Py_TYPE(m.raised), m.raised);
        Py_DECREF(m.raised);
        return NULL;
    }
    if (!ok) {
        kal_blob_release(&b);
        return NULL;
    }
    PyObject *out =
        Py_BuildValue("y#O", (const char *)b.data, (Py_ssize_t)b.size, b.found ? Py_True : Py_False);
    kal_blob_release(&b);
    return out;
}

PyMethodDef kalpy_memo_methods[] = {
    {"memo_stats", own_stats, METH_NOARGS, "Counters of the process's own memo, as a dict."},
    {"memo_clear", own_clear, METH_NOARGS, "Forgets what the process's own memo has in memory."},
    {"memo_set_limit", set_limit, METH_O, "Bytes that the process's own memo may keep in memory."},
    {"blob", blob, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
