// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Parameters of a computation as the library's typed map, and its key: dicts, lists, numbers, texts, bytes, images, arrays.
#include "py.h"

#include <string.h>

static bool add(kal_map *m, const char *name, PyObject *v, PyObject *other, int depth);

// The library's texts end at a NUL: two that differ behind one would be one key.
static const char *text_of(PyObject *v)
{
    Py_ssize_t n;
    const char *s = PyUnicode_AsUTF8AndSize(v, &n);
    if (!s || strlen(s) == (size_t)n) return s;
    PyErr_Format(PyExc_ValueError, "%R holds a NUL: give it as bytes", v);
    return NULL;
}

static bool add_path(kal_map *m, const char *name, PyObject *v)
{
    PyObject *path = NULL;
    if (!PyUnicode_FSConverter(v, &path)) return false;
    const char *s = PyBytes_AsString(path);
    PyThreadState *t = PyEval_SaveThread();
    kal_map_file(m, name, s);
    PyEval_RestoreThread(t);
    Py_DECREF(path);
    return true;
}

static bool add_dict(kal_map *m, const char *name, PyObject *v, PyObject *other, int depth, bool whole)
{
    PyObject *key, *item;
    Py_ssize_t at = 0;
    if (!whole) kal_map_begin(m, name);
    while (PyDict_Next(v, &at, &key, &item)) {
        const char *s = PyUnicode_Check(key) ? text_of(key) : NULL;
        if (!s) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_TypeError, "names of parameters are texts, not %R", key);
            return false;
        }
        if (!add(m, s, item, other, depth + 1)) return false;
    }
    if (!whole) kal_map_end(m);
    return true;
}

static bool add_list(kal_map *m, const char *name, PyObject *v, PyObject *other, int depth)
{
    kal_map_begin_list(m, name);
    const Py_ssize_t n = PySequence_Size(v);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(v, i);
        const bool ok = item && add(m, NULL, item, other, depth + 1);
        Py_XDECREF(item);
        if (!ok) return false;
    }
    kal_map_end(m);
    return n >= 0;
}

static int element_of(const char *format, Py_ssize_t size)
{
    if (*format == '@' || *format == '=' || *format == '<') format++;
    if (format[0] && format[1]) return -1;
    const int k = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
    static const int is[] = {KAL_ELEMENT_I8, KAL_ELEMENT_I16, KAL_ELEMENT_I32, KAL_ELEMENT_I64};
    static const int us[] = {KAL_ELEMENT_U8, KAL_ELEMENT_U16, KAL_ELEMENT_U32, KAL_ELEMENT_U64};
    if (strchr("bhilqn", *format)) return is[k];
    if (strchr("BHILQN", *format)) return us[k];
    return *format == '?'   ? KAL_ELEMENT_BOOL
           : *format == 'e' ? KAL_ELEMENT_F16
           : *format == 'f' ? KAL_ELEMENT_F32
           : *format == 'd' ? KAL_ELEMENT_F64
                            : -1;
}

static bool add_array(kal_map *m, const char *name, PyObject *v)
{
    Py_buffer b;
    if (PyObject_GetBuffer(v, &b, PyBUF_FORMAT | PyBUF_ND | PyBUF_C_CONTIGUOUS)) return false;
    const int element = element_of(b.format ? b.format : "B", b.itemsize);
    int64_t shape[KAL_MAX_DIMENSIONS];
    const bool ok = element >= 0 && b.ndim <= KAL_MAX_DIMENSIONS;
    for (int i = 0; i < b.ndim && ok; i++) shape[i] = b.shape[i];
    if (ok)
        kal_map_array(m, name, (kal_element)element, shape, b.ndim, b.buf);
    else
        PyErr_Format(PyExc_TypeError, "an array of \"%s\" has no key", b.format ? b.format : "?");
    PyBuffer_Release(&b);
    return ok;
}

static bool add(kal_map *m, const char *name, PyObject *v, PyObject *other, int depth)
{
    kal_node *node = kalpy_node_of(v);
    if (depth > 32) {
        PyErr_SetString(PyExc_ValueError, "parameters are nested more than 32 deep");
        return false;
    }
    if (node)
        kal_map_node(m, name, node);
    else if (v == Py_None)
        kal_map_none(m, name);
    else if (PyBool_Check(v))
        kal_map_bool(m, name, v == Py_True);
    else if (PyLong_Check(v)) {
        const long long i = PyLong_AsLongLong(v);
        if (i == -1 && PyErr_Occurred()) return false;
        kal_map_int(m, name, i);
    } else if (PyFloat_Check(v))
        kal_map_real(m, name, PyFloat_AsDouble(v));
    else if (PyUnicode_Check(v)) {
        const char *s = text_of(v);
        if (!s) return false;
        kal_map_text(m, name, s);
    } else if (PyBytes_Check(v))
        kal_map_bytes(m, name, PyBytes_AsString(v), (size_t)PyBytes_Size(v));
    else if (PyDict_Check(v))
        return add_dict(m, name, v, other, depth, false);
    else if (PyList_Check(v) || PyTuple_Check(v))
        return add_list(m, name, v, other, depth);
    else if (PyObject_CheckBuffer(v))
        return add_array(m, name, v);
    else if (PyObject_HasAttrString(v, "__fspath__"))
        return add_path(m, name, v);
    else {   // paths, boxes, numbers of NumPy: kallitype/ says what they are made of
        PyObject *plain = other && other != Py_None ? PyObject_CallFunctionObjArgs(other, v, NULL) : NULL;
        if (!plain) {
            if (!PyErr_Occurred()) PyErr_Format(PyExc_TypeError, "%R has no key", v);
            return false;
        }
        const bool ok = add(m, name, plain, other, depth + 1);
        Py_DECREF(plain);
        return ok;
    }
    return true;
}

// map_key(dict, other or None, recipe: bool) → key, or (key, JSON).
static PyObject *map_key(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *d, *other;
    int recipe;
    if (!PyArg_ParseTuple(args, "OOp", &d, &other, &recipe)) return NULL;
    if (!PyDict_Check(d)) return PyErr_Format(PyExc_TypeError, "parameters are a dict");
    kal_error err = {0};
    kal_key key;
    kal_map *m = kal_map_new();
    PyObject *out = NULL;
    if (add_dict(m, NULL, d, other, 0, true)) {
        kal_bytes text;
        if (kal_map_key(m, &key, &err) || (recipe && kal_map_print(m, &text, &err)))
            kalpy_raise(&err);
        else if (recipe)
            out = Py_BuildValue("NN", kalpy_key_text(key), kalpy_string(&text));
        else
            out = kalpy_key_text(key);
    }
    kal_map_free(&m);
    return out;
}

PyMethodDef kalpy_map_methods[] = {{"map_key", map_key, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
