// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes out to functions of the user's, and files of several pictures.
#include "py.h"

#include <stdio.h>
#include <string.h>

PyTypeObject *kalpy_Album;

typedef struct target {
    PyObject *write, *end, *abort;   // NULL: there is none
    // The library has it, and will tell it of any failure, once; it did; nobody waits for that any more. Under the lock.
    bool given, aborted, left;
    // Bytes of a call; 0: all. Who takes few of many is given few: all would be copied each time.
    size_t most;
    char name[200];
} target;

#define FEW ((size_t)4096)

// A function for the time of a call; NULL: there is none.
static PyObject *take_any(PyObject *const *function)
{
    kalpy_lock();
    PyObject *o = Py_XNewRef(*function);
    kalpy_unlock();
    return o;
}

// Of an album that the collector took there is none.
static PyObject *take(PyObject *const *function)
{
    PyObject *o = take_any(function);
    if (!o) PyErr_SetString(PyExc_ReferenceError, "nothing holds the object any more");
    return o;
}

// None is all of them, as a file object that says nothing means it.
static ptrdiff_t on_write(void *user, const void *data, size_t n, kal_error *err)
{
    target *t = user;
    char who[240];
    snprintf(who, sizeof who, "write of %s", t->name);
    if (t->most && n > t->most) n = t->most;
    const PyGILState_STATE g = PyGILState_Ensure();
    ptrdiff_t took = -1;
    PyObject *bytes = PyBytes_FromStringAndSize(data, (Py_ssize_t)n);
    PyObject *write = bytes ? take(&t->write) : NULL;
    PyObject *o = write ? PyObject_CallFunctionObjArgs(write, bytes, NULL) : NULL;
    if (o == Py_None) {
        took = (ptrdiff_t)n;
    } else {
        const Py_ssize_t k = o ? PyLong_AsSsize_t(o) : -1;
        if (PyErr_Occurred())
            kalpy_stash(err, who);
        else if (k < 1 || (size_t)k > n)
            kal_fail(err, KAL_CALLBACK, "%s took %zd of %zu bytes", who, k, n);
        else
            took = k;
    }
    if (took > 0 && (size_t)took < n)
        t->most = (size_t)took * 2 + FEW;
    else if (t->most)
        t->most = t->most < FEW << 10 ? t->most * 2 : 0;
    Py_XDECREF(o);
    Py_XDECREF(write);
    Py_XDECREF(bytes);
    PyGILState_Release(g);
    return took;
}

// 0, None and True are well; as pyvips has it another number is not.
static kal_status on_end(void *user, kal_error *err)
{
    target *t = user;
    char who[240];
    snprintf(who, sizeof who, "end of %s", t->name);
    const PyGILState_STATE g = PyGILState_Ensure();
    kal_status st = KAL_OK;
    PyObject *end = take(&t->end), *o = end ? PyObject_CallNoArgs(end) : NULL;
    if (!o)
        st = kalpy_stash(err, who);
    else if (PyLong_Check(o) && !PyBool_Check(o) && PyLong_AsLong(o) != 0)
        st = kal_fail(err, KAL_CALLBACK, "%s said that it failed", who);
    PyErr_Clear();
    Py_XDECREF(o);
    Py_XDECREF(end);
    PyGILState_Release(g);
    return st;
}

static void target_free(target *t)
{
    Py_XDECREF(t->write);
    Py_XDECREF(t->end);
    Py_XDECREF(t->abort);
    PyMem_Free(t);
}

// Comes once after any failure, perhaps long after the request: then it was the last that the target was there for.
static void on_abort(void *user)
{
    target *t = user;
    const PyGILState_STATE g = PyGILState_Ensure();
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value,
                &trace);   // an album may be let go of while somebody else's error is under way
    PyObject *abort = take_any(&t->abort), *o = abort ? PyObject_CallNoArgs(abort) : Py_NewRef(Py_None);
    if (!o) PyErr_WriteUnraisable(abort);
    Py_XDECREF(o);
    Py_XDECREF(abort);
    kalpy_lock();
    t->aborted = true;
    const bool last = t->left;
    kalpy_unlock();
    if (last) target_free(t);
    PyErr_Restore(type, value, trace);
    PyGILState_Release(g);
}

static target *target_new(const char *name, PyObject *write, PyObject *end, PyObject *abort)
{
    target *t = PyMem_Calloc(1, sizeof *t);
    if (!t) {
        PyErr_NoMemory();
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", name);
    t->write = Py_NewRef(write);
    t->end = end == Py_None ? NULL : Py_NewRef(end);
    t->abort = abort == Py_None ? NULL : Py_NewRef(abort);
    return t;
}

static kal_output output_of(target *t)
{
    return (kal_output){
        .name = t->name, .user = t, .write = on_write, .end = t->end ? on_end : NULL, .abort = on_abort};
}

// A call of the user's that did not come back stands on it until it is told that it failed.
static void target_done(target *t, bool ok)
{
    kalpy_lock();
    const bool last = ok || t->aborted || !t->given;
    t->left = true;
    kalpy_unlock();
    if (last) target_free(t);
}

// write_output(Encoded, name, write, end, abort)
static PyObject *write_output(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *node, *write, *end, *abort;
    const char *name;
    bool ok;
    if (!PyArg_ParseTuple(args, "OsOOO", &node, &name, &write, &end, &abort)) return NULL;
    kal_node *n = kalpy_need(node, "write_output");
    target *t = n ? target_new(name, write, end, abort) : NULL;
    if (!t) return NULL;
    const kal_output out = output_of(t);
    kal_node *const list[1] = {n};
    KALPY_RUN_ONCE(ok, true, (t->given = true, kal_write_outputs(list, &out, 1, &r.options, &r.err)));
    target_done(t, ok);
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

// ---- albums -------------------------------------------------------------------------------------------

typedef struct album_object {
    PyObject_HEAD;
    kal_album *album;
    target *target;
    bool busy;
    bool whole;   // finished, and well
} album_object;

static PyObject *album_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    const char *path, *format, *name = "";
    Py_ssize_t path_size;
    PyObject *write = Py_None, *end = Py_None, *abort = Py_None;
    kal_error err;
    if (!PyArg_ParseTuple(args, "z#z|sOOO", &path, &path_size, &format, &name, &write, &end, &abort))
        return NULL;
    album_object *o = kalpy_whole_path(path, path_size) ? kalpy_new(type) : NULL;
    if (!o) return NULL;
    if (!path && !(o->target = target_new(name, write, end, abort))) {
        Py_DECREF(o);
        return NULL;
    }
    const kal_output out = o->target ? output_of(o->target) : (kal_output){0};
    if (o->target) o->target->given = true;
    kalpy_stash_open();
    PyThreadState *t = PyEval_SaveThread();
    const kal_status st = path ? kal_album_create(path, format, &o->album, &err)
                               : kal_album_create_output(&out, format, &o->album, &err);
    PyEval_RestoreThread(t);
    return kalpy_opened((PyObject *)o, st, &err);
}

static void give_up(album_object *o)
{
    kal_album *a = o->album;
    o->album = NULL;
    PyThreadState *t = PyEval_SaveThread();
    kal_album_abort(&a);
    PyEval_RestoreThread(t);
}

// The target is the album's alone: a call that was left behind has the functions only while it calls them.
static int album_traverse(PyObject *self, visitproc visit, void *arg)
{
    const target *t = ((album_object *)self)->target;
    Py_VISIT(Py_TYPE(self));
    if (!t) return 0;
    Py_VISIT(t->write);
    Py_VISIT(t->end);
    Py_VISIT(t->abort);
    return 0;
}

static void album_finalize(PyObject *self)
{
    album_object *o = (album_object *)self;
    if (!kalpy_enter(&o->busy)) return;
    give_up(o);   // while what it tells is whole
    kalpy_leave(&o->busy);
}

static int album_clear(PyObject *self)
{
    target *t = ((album_object *)self)->target;
    if (!t) return 0;
    kalpy_lock();
    PyObject *const had[] = {t->write, t->end, t->abort};
    t->write = t->end = t->abort = NULL;
    kalpy_unlock();
    for (int i = 0; i < 3; i++) Py_XDECREF(had[i]);
    return 0;
}

static void album_dealloc(PyObject *self)
{
    album_object *o = (album_object *)self;
    PyObject_GC_UnTrack(self);
    give_up(o);
    if (o->target) target_done(o->target, o->whole);
    kalpy_free(self);
}

// Takes the album's turn; `left`: also of one that is finished.
static bool enter(album_object *o, bool left)
{
    if (!kalpy_enter(&o->busy)) {
        PyErr_SetString(PyExc_ValueError,
                        "the album is at work: one call at a time, and none from within what it calls");
        return false;
    }
    if (o->album || left) return true;
    kalpy_leave(&o->busy);
    PyErr_SetString(PyExc_ValueError, "the album is finished");
    return false;
}

static PyObject *album_add(PyObject *self, PyObject *args)
{
    album_object *o = (album_object *)self;
    PyObject *image, *options = Py_None;
    kalpy_args a = {0};
    bool ok;
    if (!PyArg_ParseTuple(args, "O|O", &image, &options)) return NULL;
    kal_node *n = kalpy_need(image, "add");
    if (!n || !enter(o, false)) return NULL;
    ok = kalpy_args_from(&a, options);
    if (ok) KALPY_RUN_ONCE(ok, true, kal_album_add(o->album, n, a.text, &r.options, &r.err));
    kalpy_leave(&o->busy);
    kalpy_args_free(&a);
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

static PyObject *album_finish(PyObject *self, PyObject *unused)
{
    (void)unused;
    album_object *o = (album_object *)self;
    bool ok;
    if (!enter(o, false)) return NULL;
    kal_album *a = o->album;
    o->album = NULL;
    KALPY_RUN_WITH(ok, false, (kalpy_uninterrupted(&r), kal_album_finish(&a, &r.options, &r.err)));
    o->album = a;   // still there when it could not begin
    o->whole = ok;
    kalpy_leave(&o->busy);
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

static PyObject *album_abort(PyObject *self, PyObject *unused)
{
    (void)unused;
    album_object *o = (album_object *)self;
    if (!enter(o, true)) return NULL;
    give_up(o);
    kalpy_leave(&o->busy);
    Py_RETURN_NONE;
}

static PyMethodDef album_methods[] = {{"add", album_add, METH_VARARGS, NULL},
                                      {"finish", album_finish, METH_NOARGS, NULL},
                                      {"abort", album_abort, METH_NOARGS, NULL},
                                      {NULL, NULL, 0, NULL}};
static PyType_Slot album_slots[] = {{Py_tp_new, album_new},
                                    {Py_tp_dealloc, album_dealloc},
                                    {Py_tp_traverse, album_traverse},
                                    {Py_tp_finalize, album_finalize},
                                    {Py_tp_clear, album_clear},
                                    {Py_tp_methods, album_methods},
                                    {0, NULL}};
PyType_Spec kalpy_album_spec = {"kallitype._kal.Album", sizeof(album_object), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, album_slots};

PyMethodDef kalpy_output_methods[] = {{"write_output", write_output, METH_VARARGS, NULL},
                                      {NULL, NULL, 0, NULL}};
