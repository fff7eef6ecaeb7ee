// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Errors of the library become exceptions, and exceptions of the user's functions, which can only pass through the library as a sentence, come
// out again as the cause of what is raised: sentence and exception wait here for each other. All of it with the interpreter's lock held.
#include "py.h"

#include <stdio.h>
#include <string.h>

#define WAITING 16

static struct {
    char sentence[256];
    PyObject *exception;
} waiting[WAITING];
static unsigned next;

// "OSError: net", as the last line of a traceback has it.
static void write_sentence(PyObject *exception, char *out, size_t room)
{
    PyObject *name = PyType_GetName(Py_TYPE(exception)), *text = PyObject_Str(exception);
    const char *n = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    const char *t = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    snprintf(out, room, "%s%s%.160s", n ? n : "an exception", t && *t ? ": " : "", t ? t : "");
    Py_XDECREF(name);
    Py_XDECREF(text);
    PyErr_Clear();
}

kal_status kalpy_stash(kal_error *err, const char *who)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (!value) return kal_fail(err, KAL_CALLBACK, "%s failed", who);
    if (trace) PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    char what[200];
    write_sentence(value, what, sizeof what);
    const unsigned i = next++ % WAITING;
    KALPY_SET(waiting[i].exception, value);
    snprintf(waiting[i].sentence, sizeof waiting[i].sentence, "%s raised %s", who, what);
    return kal_fail(err, KAL_CALLBACK, "%s", waiting[i].sentence);
}

// The newest that the message ends with, or as much of it as there was room for.
static PyObject *take_cause(const char *message)
{
    for (unsigned i = 0; i < WAITING; i++) {
        const unsigned k = (next - 1 - i) % WAITING;
        if (!waiting[k].exception || !strstr(message, waiting[k].sentence)) continue;
        PyObject *e = waiting[k].exception;
        waiting[k].exception = NULL;
        return e;
    }
    return NULL;
}

unsigned kalpy_stash_now(void)
{
    return next;
}

void kalpy_stash_clear(void)
{
    for (unsigned k = 0; k < WAITING; k++) Py_CLEAR(waiting[k].exception);
}

PyObject *kalpy_take_interrupt(unsigned since)
{
    const unsigned n = next - since < WAITING ? next - since : WAITING;
    for (unsigned i = 0; i < n; i++) {
        const unsigned k = (next - 1 - i) % WAITING;
        PyObject *e = waiting[k].exception;
        if (!e || PyObject_IsInstance(e, PyExc_Exception)) continue;
        waiting[k].exception = NULL;
        return e;
    }
    return NULL;
}

PyObject *kalpy_raise(const kal_error *err)
{
    // The library's own sentence, which may be cut within a letter where it is long.
    PyObject *text = PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
    PyObject *e = text ? PyObject_CallFunction(kalpy.errors, "sO", kal_status_name(err->status), text) : NULL;
    Py_XDECREF(text);
    if (!e) return NULL;
    PyObject *cause = take_cause(err->message);
    if (cause &&
        !PyObject_IsInstance(cause, PyExc_Exception)) {   // KeyboardInterrupt, SystemExit: nobody's error
        Py_DECREF(e);
        e = cause;
        cause = NULL;
    }
    if (cause) PyException_SetCause(e, cause);
    PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_DECREF(e);
    return NULL;
}
