// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Arguments of a call as the text the library reads parameters from: one grammar for Python, the command and files. A node among them is a
// computed parameter and goes beside the text.
#include "py.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kalpy_args_free(kalpy_args *a)
{
    PyMem_Free(a->text);
    a->text = NULL;
}

static bool put(kalpy_args *a, const char *s, size_t n)
{
    if (a->n + n + 1 > a->room) {
        const size_t room = (a->n + n + 1) * 2 + 60;
        char *text = PyMem_Realloc(a->text, room);
        if (!text) return PyErr_NoMemory() != NULL;
        a->text = text;
        a->room = room;
    }
    memcpy(a->text + a->n, s, n);
    a->n += n;
    a->text[a->n] = 0;
    return true;
}

static bool put_word(kalpy_args *a, const char *s)
{
    return put(a, s, strlen(s));
}

static bool put_name(kalpy_args *a, const char *name)
{
    if (a->n && !put(a, " ", 1)) return false;
    return !name || (put_word(a, name) && put(a, "=", 1));
}

static bool put_quoted(kalpy_args *a, const char *s, size_t n)
{
    if (!put(a, "\"", 1)) return false;
    for (size_t i = 0; i < n; i++) {
        const bool escaped = s[i] == '"' || s[i] == '\\' || s[i] == '\n';
        const char c = s[i] == '\n' ? 'n' : s[i];
        if ((escaped && !put(a, "\\", 1)) || !put(a, &c, 1)) return false;
    }
    return put(a, "\"", 1);
}

// What most numbers are.
static bool put_int(kalpy_args *a, long long v)
{
    char digits[24], *at = digits + sizeof digits;
    unsigned long long left = v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v;
    do *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (v < 0) *--at = '-';
    return put(a, at, (size_t)(digits + sizeof digits - at));
}

// The shortest digits that read back to the same number.
static bool put_number(kalpy_args *a, PyObject *v)
{
    int over = 1;
    const long long small = PyLong_CheckExact(v) ? PyLong_AsLongLongAndOverflow(v, &over) : 0;
    if (!over) return put_int(a, small);
    PyObject *whole = PyNumber_Index(v);
    if (whole) {
        PyObject *text = PyObject_Str(whole);
        const char *s = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
        const bool ok = s && put_word(a, s);
        Py_DECREF(whole);
        Py_XDECREF(text);
        return ok;
    }
    PyErr_Clear();
    const double d = PyFloat_AsDouble(v);
    if (d == -1 && PyErr_Occurred()) return false;
    char *s = PyOS_double_to_string(d, 'r', 0, 0, NULL);
    if (!s) return false;
    const bool ok = put_word(a, s);
    PyMem_Free(s);
    return ok;
}

static bool is_number(PyObject *v)
{
    return PyFloat_Check(v) || PyLong_Check(v) ||
           (PyNumber_Check(v) && !PySequence_Check(v));   // an array is both
}

static bool put_items(kalpy_args *a, PyObject *v, int depth);

static bool put_item(kalpy_args *a, PyObject *v, int depth)
{
    if (is_number(v)) return put(a, " ", 1) && put_number(a, v);
    if (depth > 3 || PyUnicode_Check(v) || PyBytes_Check(v)) {
        PyErr_Format(PyExc_TypeError, "a list of numbers holds %R", v);
        return false;
    }
    return put_items(a, v, depth + 1);
}

// Rows of points or of a matrix lie behind each other in a list.
static bool put_items(kalpy_args *a, PyObject *v, int depth)
{
    PyObject *iter = PyObject_GetIter(v), *item;
    if (!iter) return false;
    bool ok = true;
    while (ok && (item = PyIter_Next(iter))) {
        ok = put_item(a, item, depth);
        Py_DECREF(item);
    }
    Py_DECREF(iter);
    return ok && !PyErr_Occurred();
}

static bool put_list(kalpy_args *a, PyObject *v)
{
    return put(a, "[", 1) && put_items(a, v, 0) && put(a, "]", 1);
}

static bool put_path(kalpy_args *a, PyObject *v)
{
    PyObject *bytes = NULL;
    char *s;
    Py_ssize_t n;
    if (!PyUnicode_FSConverter(v, &bytes)) return false;
    const bool ok = !PyBytes_AsStringAndSize(bytes, &s, &n) && put_quoted(a, s, (size_t)n);
    Py_DECREF(bytes);
    return ok;
}

// A word, a percentage, a colour: as the grammar has them where it can be said without quotes.
static bool put_text(kalpy_args *a, PyObject *v, bool quoted)
{
    Py_ssize_t n;
    const char *s = PyUnicode_AsUTF8AndSize(v, &n);
    if (!s) return false;
    if (memchr(s, 0, (size_t)n)) {
        PyErr_SetString(PyExc_ValueError, "a text cannot hold a NUL");
        return false;
    }
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.%";
    const char *rest = *s == '#' ? s + 1 : s;
    return !quoted && n && strspn(rest, plain) == strlen(rest) ? put(a, s, (size_t)n)
                                                               : put_quoted(a, s, (size_t)n);
}

static bool wrong(const char *of, const kal_param *p, PyObject *v, const char *wanted)
{
    PyErr_Format(PyExc_TypeError, "%s: %s wants %s, not %R", of, p->name, wanted, v);
    return false;
}

static bool put_truth(kalpy_args *a, int truth)
{
    return truth >= 0 && put_word(a, truth ? "true" : "false");
}

static bool put_value(kalpy_args *a, const char *of, const kal_param *p, PyObject *v)
{
    const bool text = PyUnicode_Check(v);
    switch (p->kind) {
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y:
    case KAL_PARAM_FLOAT:
        if (text) return put_text(a, v, false);
        return is_number(v) && !PyBool_Check(v) ? put_number(a, v) : wrong(of, p, v, "a number");
    case KAL_PARAM_BOOL:
        if (text) return put_text(a, v, false);
        if (!PyBool_Check(v) && !PyIndex_Check(v)) return wrong(of, p, v, "True or False");
        return put_truth(a, PyObject_IsTrue(v));
    case KAL_PARAM_CHOICE: return text ? put_text(a, v, false) : wrong(of, p, v, "a word");
    case KAL_PARAM_TEXT: return text ? put_text(a, v, true) : wrong(of, p, v, "a text");
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR:
        if (text) return put_text(a, v, false);
        return is_number(v) ? put(a, "[", 1) && put_number(a, v) && put(a, "]", 1) : put_list(a, v);
    case KAL_PARAM_FILES:
        if (!text) return wrong(of, p, v, "a text of paths");
        return put_text(a, v, true);
    case KAL_PARAM_FILE: return put_path(a, v);
    }
    return wrong(of, p, v, "something else");
}

bool kalpy_args_bind(kalpy_args *a, const char *of, const char *name, kal_node *node)
{
    if (a->n_bound == (int32_t)(sizeof a->bound / sizeof *a->bound)) {
        PyErr_Format(PyExc_ValueError, "%s: too many parameters are computed", of);
        return false;
    }
    a->bound[a->n_bound++] = (kal_bound){name, node};
    return true;
}

bool kalpy_args_put(kalpy_args *a, const char *of, const kal_param *p, PyObject *value)
{
    kal_node *node = kalpy_node_of(value);
    if (node) return kalpy_args_bind(a, of, p->name, node);
    return put_name(a, p->name) && put_value(a, of, p, value);
}

bool kalpy_args_put_any(kalpy_args *a, const char *name, PyObject *v)
{
    if (!put_name(a, name)) return false;
    if (PyBool_Check(v)) return put_word(a, v == Py_True ? "true" : "false");
    if (PyUnicode_Check(v)) return put_text(a, v, false);
    if (is_number(v)) return put_number(a, v);
    if (PyList_Check(v) || PyTuple_Check(v)) return put_list(a, v);
    return put_path(a, v);
}

bool kalpy_whole_path(const char *path, Py_ssize_t size)
{
    if (!path || strlen(path) == (size_t)size) return true;
    PyErr_SetString(PyExc_ValueError, "embedded null byte in a path");
    return false;
}

bool kalpy_args_from(kalpy_args *a, PyObject *options)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    if (!put(a, "", 0)) return false;
    if (!options || options == Py_None) return true;
    if (!PyDict_Check(options)) {
        PyErr_SetString(PyExc_TypeError, "options are a dict");
        return false;
    }
    while (PyDict_Next(options, &at, &name, &value)) {
        const char *s = PyUnicode_AsUTF8AndSize(name, NULL);
        if (!s || (value != Py_None && !kalpy_args_put_any(a, s, value))) return false;
    }
    return true;
}
