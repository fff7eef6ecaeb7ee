// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Errors of the library become exceptions, and exceptions of the user's functions, which can only pass through the library as a sentence, come
// out again as the cause of what is raised: sentence and exception wait here for each other.
#include "py.h"

#include <stdio.h>
#include <string.h>

#define WAITING 64

static struct {
    char sentence[256];
    PyObject *exception;   // NULL: the place is free
    uint64_t number;
} waiting[WAITING];
static uint64_t next = 1;
static int under_way;   // calls into the library whose exceptions are waited for

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

// A free place, or that of the oldest: others may be far behind with what is theirs.
static unsigned place(void)
{
    unsigned oldest = 0;
    for (unsigned k = 0; k < WAITING; k++) {
        if (!waiting[k].exception) return k;
        if (waiting[k].number < waiting[oldest].number) oldest = k;
    }
    return oldest;
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
    kal_fail(err, KAL_CALLBACK, "%s raised %s", who, what);
    kalpy_lock();
    const unsigned i = place();
    PyObject *old = waiting[i].exception;
    waiting[i].exception = value;
    waiting[i].number = next++;
    snprintf(waiting[i].sentence, sizeof waiting[i].sentence, "%s raised %s", who, what);
    kalpy_unlock();
    Py_XDECREF(old);
    return KAL_CALLBACK;
}

typedef bool wanted_fn(const PyObject *exception, const char *sentence, const void *arg);

// The newest that is wanted, of those since a number; it is the caller's then.
static PyObject *take(uint64_t since, wanted_fn *wanted, const void *arg)
{
    PyObject *e = NULL;
    unsigned newest = WAITING;
    kalpy_lock();
    for (unsigned k = 0; k < WAITING; k++)
        if (waiting[k].exception && waiting[k].number >= since &&
            (newest == WAITING || waiting[k].number > waiting[newest].number) &&
            wanted(waiting[k].exception, waiting[k].sentence, arg))
            newest = k;
    if (newest < WAITING) {
        e = waiting[newest].exception;
        waiting[newest].exception = NULL;
    }
    kalpy_unlock();
    return e;
}

static bool is_cause(const PyObject *exception, const char *sentence, const void *message)
{
    (void)exception;
    return strstr(message, sentence) != NULL;
}

// KeyboardInterrupt, SystemExit: nobody's error.
static bool is_no_error(const PyObject *exception, const char *sentence, const void *unused)
{
    (void)sentence, (void)unused;
    return !PyType_IsSubtype(Py_TYPE((PyObject *)(uintptr_t)exception), (PyTypeObject *)PyExc_Exception);
}

uint64_t kalpy_stash_now(void)
{
    kalpy_lock();
    const uint64_t now = next;
    kalpy_unlock();
    return now;
}

void kalpy_stash_open(void)
{
    PyObject *old[WAITING] = {NULL};
    kalpy_lock();
    for (unsigned k = 0; k < WAITING && !under_way; k++) {
        old[k] = waiting[k].exception;
        waiting[k].exception = NULL;
    }
    under_way++;
    kalpy_unlock();
    for (unsigned k = 0; k < WAITING; k++) Py_XDECREF(old[k]);
}

void kalpy_stash_forked(void)
{
    under_way = 0;
}

void kalpy_stash_close(void)
{
    kalpy_lock();
    if (under_way) under_way--;   // of a request that forked itself, in the child
    kalpy_unlock();
}

PyObject *kalpy_take_interrupt(uint64_t since)
{
    return take(since, is_no_error, NULL);
}

PyObject *kalpy_raise(const kal_error *err)
{
    const int line = err->place.included ? 0 : err->place.line, column = line ? err->place.column : 0;
    // The library's own sentence, which may be cut within a letter where it is long.
    PyObject *text = PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
    PyObject *e =
        text ? PyObject_CallFunction(kalpy.errors, "sOii", kal_status_name(err->status), text, line, column)
             : NULL;
    Py_XDECREF(text);
    if (!e) return NULL;
    PyObject *cause = take(0, is_cause, err->message);   // or as much of its sentence as there was room for
    if (cause && is_no_error(cause, NULL, NULL)) {
        Py_DECREF(e);
        e = cause;
        cause = NULL;
    }
    if (cause) PyException_SetCause(e, cause);
    PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_DECREF(e);
    return NULL;
}

PyObject *kalpy_opened(PyObject *o, kal_status st, const kal_error *err)
{
    if (st) {
        Py_DECREF(o);
        o = kalpy_raise(err);
    }
    kalpy_stash_close();
    return o;
}
