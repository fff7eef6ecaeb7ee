// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures in: paths, bytes, descriptors; and the pages of a file. Functions of the user's are in source.c.
#include "py.h"

#include <stdlib.h>
#include <string.h>

PyTypeObject *kalpy_Pages;

// *out is NULL or a node of the caller's.
#define OPEN(out, expression)                                                                         \
    do {                                                                                              \
        bool ok_;                                                                                     \
        KALPY_OPEN(ok_, (kal_node_unref(&(out)), (out) = (expression), kal_node_error(out, &r.err))); \
        if (!ok_) kal_node_unref(&(out));                                                             \
    } while (0)

// A file that stands still is there at once, and nobody has to be asked how long to wait for it.
static kal_node *load_known(const char *path, PyObject *options)
{
    if (!PyDict_Check(options) || PyDict_Size(options)) return NULL;
    PyThreadState *t = PyEval_SaveThread();
    kal_node *n = kal_load_known(NULL, path);
    PyEval_RestoreThread(t);
    return n;
}

static kal_node *load_path(const char *path, PyObject *options)
{
    kal_node *n = load_known(path, options);
    kalpy_args a = {0};
    if (n) return n;
    if (kalpy_args_from(&a, options)) OPEN(n, kal_load(NULL, path, a.text));
    kalpy_args_free(&a);
    return n;
}

// load(path, options) → Image
static PyObject *load(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    (void)self;
    PyObject *path = NULL;
    if (n_args != 2) return PyErr_Format(PyExc_TypeError, "load takes a path and options");
    if (!PyUnicode_FSConverter(args[0], &path)) return NULL;
    kal_node *n = load_path(PyBytes_AsString(path), args[1]);
    Py_DECREF(path);
    return n ? kalpy_wrap(n) : NULL;
}

static void drop(void *bytes)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    Py_DECREF((PyObject *)bytes);
    PyGILState_Release(g);
}

static PyObject *load_held(PyObject *bytes, const char *text)
{
    char *data;
    Py_ssize_t n;
    if (!bytes || PyBytes_AsStringAndSize(bytes, &data, &n)) return NULL;
    Py_INCREF(bytes);
    PyThreadState *t = PyEval_SaveThread();
    kal_node *node = kal_load_borrowed(NULL, data, (size_t)n, drop, bytes, text);
    PyEval_RestoreThread(t);
    return kalpy_wrap(node);
}

static PyObject *load_copied(PyObject *o, const char *text)
{
    PyObject *bytes = PyBytes_FromObject(o), *out = load_held(bytes, text);
    Py_XDECREF(bytes);
    return out;
}

// source_bytes(node) → (bytes, how they are loaded) or None: what a pickle takes along.
static PyObject *source_bytes(PyObject *self, PyObject *node)
{
    (void)self;
    kal_blob b;
    kal_node *n = kalpy_need(node, "source_bytes");
    if (!n) return NULL;
    if (!kal_node_loaded_bytes(n, &b)) Py_RETURN_NONE;
    kal_bytes told;
    kal_error err;
    if (kal_node_loaded_params(n, &told, &err)) {
        kal_blob_release(&b);
        return kalpy_raise(&err);
    }
    PyObject *out = Py_BuildValue("(y#s)", (const char *)b.data, (Py_ssize_t)b.size, (const char *)told.data);
    kal_bytes_free(&told);
    kal_blob_release(&b);
    return out;
}

// load_bytes(buffer, options, which may be a text) → Image. bytes cannot change and are not copied.
static PyObject *load_bytes(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *o, *options, *out = NULL;
    kalpy_args a = {0};
    if (!PyArg_ParseTuple(args, "OO", &o, &options)) return NULL;
    const char *text = PyUnicode_Check(options) ? PyUnicode_AsUTF8AndSize(options, NULL) : NULL;
    if (!text && !PyErr_Occurred() && kalpy_args_from(&a, options)) text = a.text;
    if (text) out = PyBytes_Check(o) ? load_held(o, text) : load_copied(o, text);
    kalpy_args_free(&a);
    return out;
}

// profile(buffer) → Image of one pixel that has it
static PyObject *profile(PyObject *self, PyObject *args)
{
    (void)self;
    Py_buffer icc;
    kal_node *n = NULL;
    if (!PyArg_ParseTuple(args, "y*", &icc)) return NULL;
    OPEN(n, kal_profile(NULL, icc.buf, (size_t)icc.len));
    PyBuffer_Release(&icc);
    return n ? kalpy_wrap(n) : NULL;
}

// load_fd(fd, name or None, options) → Image
static PyObject *load_fd(PyObject *self, PyObject *args)
{
    (void)self;
    int fd;
    const char *name;
    PyObject *options, *out = NULL;
    kalpy_args a = {0};
    if (!PyArg_ParseTuple(args, "izO", &fd, &name, &options)) return NULL;
    if (kalpy_args_from(&a, options)) {
        kal_node *n = NULL;
        OPEN(n, kal_load_fd(NULL, fd, name, a.text));
        if (n) out = kalpy_wrap(n);
    }
    kalpy_args_free(&a);
    return out;
}

// ---- pages ------------------------------------------------------------------------------------------

typedef struct pages_object {
    PyObject_HEAD;
    kal_pages *pages;
    PyObject *of;   // the picture: what it stands on lives as long as this
    bool busy;
} pages_object;

static PyObject *page(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *image;
    int i;
    if (!PyArg_ParseTuple(args, "Oi", &image, &i)) return NULL;
    kal_node *n = kalpy_need(image, "page");
    if (!n) return NULL;
    kalpy_stash_open();
    PyThreadState *t = PyEval_SaveThread();
    kal_node *p = kal_page(NULL, n, i);
    PyEval_RestoreThread(t);
    PyObject *out = kalpy_wrap(p);
    kalpy_stash_close();
    return out;
}

static PyObject *pages_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *image;
    kal_error err;
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "O", &image)) return NULL;
    kal_node *n = kalpy_need(image, "Pages");
    if (!n) return NULL;
    pages_object *o = kalpy_new(type);
    if (!o) return NULL;
    o->of = Py_NewRef(image);
    kalpy_stash_open();
    PyThreadState *t = PyEval_SaveThread();
    const kal_status st = kal_pages_open(n, &o->pages, &err);
    PyEval_RestoreThread(t);
    return kalpy_opened((PyObject *)o, st, &err);
}

static bool at_work(pages_object *o)
{
    if (kalpy_enter(&o->busy)) return false;
    PyErr_SetString(PyExc_ValueError, "the pages are at work: one call at a time");
    return true;
}

static void close_pages(pages_object *o)
{
    kal_pages *p = o->pages;
    o->pages = NULL;
    PyThreadState *t = PyEval_SaveThread();
    kal_pages_close(&p);
    PyEval_RestoreThread(t);
}

static void pages_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    close_pages((pages_object *)self);
    Py_XDECREF(((pages_object *)self)->of);
    kalpy_free(self);
}

static int pages_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((pages_object *)self)->of);
    return 0;
}

static PyObject *pages_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    pages_object *o = (pages_object *)self;
    if (at_work(o)) return NULL;
    close_pages(o);
    kalpy_leave(&o->busy);
    Py_RETURN_NONE;
}

static PyObject *pages_next(PyObject *self)
{
    pages_object *o = (pages_object *)self;
    if (at_work(o)) return NULL;
    kalpy_stash_open();
    PyThreadState *t = PyEval_SaveThread();
    kal_node *n = o->pages ? kal_pages_next(o->pages, NULL) : NULL;
    PyEval_RestoreThread(t);
    kalpy_leave(&o->busy);
    PyObject *out = n ? kalpy_wrap(n) : NULL;
    kalpy_stash_close();
    return out;
}

static PyObject *pages_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    return Py_NewRef(self);
}

static PyObject *pages_exit(PyObject *self, PyObject *args)
{
    (void)args;
    return pages_close(self, NULL);
}

static PyObject *pages_iter(PyObject *self)
{
    return Py_NewRef(self);
}

static PyMethodDef pages_methods[] = {
    {"close", pages_close, METH_NOARGS, "Gives back what the decoder held, at once."},
    {"__enter__", pages_enter, METH_NOARGS, NULL},
    {"__exit__", pages_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
static PyType_Slot pages_slots[] = {
    {Py_tp_new, pages_new},
    {Py_tp_dealloc, pages_dealloc},
    {Py_tp_traverse, pages_traverse},
    {Py_tp_iter, pages_iter},
    {Py_tp_iternext, pages_next},
    {Py_tp_methods, pages_methods},
    {Py_tp_doc, "The pages of a file, one after another; each is decoded when it is looked at."},
    {0, NULL}};
PyType_Spec kalpy_pages_spec = {"kallitype._kal.Pages", sizeof(pages_object), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, pages_slots};

PyMethodDef kalpy_load_methods[] = {{"load", (PyCFunction)(void (*)(void))load, METH_FASTCALL, NULL},
                                    {"load_bytes", load_bytes, METH_VARARGS, NULL},
                                    {"profile", profile, METH_VARARGS, NULL},
                                    {"source_bytes", source_bytes, METH_O, NULL},
                                    {"load_fd", load_fd, METH_VARARGS, NULL},
                                    {"page", page, METH_VARARGS, NULL},
                                    {NULL, NULL, 0, NULL}};
