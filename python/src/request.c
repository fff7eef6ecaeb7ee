// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What stands around every request: its options, the interpreter's lock given up, progress, warnings, and an interrupt from the keyboard. That comes
// to the main thread, which works in the library and looks at no flags of Python's: so during a request a handler of ours cancels it
// and then does what was to be done; what Python makes of it is raised when the request has ended.
#include "py.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

// ---- interrupts: of the main thread alone -------------------------------------------------------

#define NESTED 16   // a memoized function computes within a request of its own

static kal_cancel *volatile running[NESTED];
static volatile sig_atomic_t depth, interrupted;
static struct sigaction python_handler;

static void on_interrupt(int sig, siginfo_t *info, void *context)
{
    interrupted = 1;
    for (int i = 0; i < depth && i < NESTED; i++)
        if (running[i]) kal_cancel_set(running[i]);
    if (python_handler.sa_flags & SA_SIGINFO)
        python_handler.sa_sigaction(sig, info, context);
    else if (python_handler.sa_handler != SIG_IGN && python_handler.sa_handler != SIG_DFL)
        python_handler.sa_handler(sig);
}

static bool is_main_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

static void watch_interrupts(kalpy_request *r)
{
    r->interrupts = false;
    if (!is_main_thread() || depth == NESTED) return;
    if (!depth) {
        interrupted = 0;
        if (sigaction(SIGINT, NULL, &python_handler)) return;
        if (!(python_handler.sa_flags & SA_SIGINFO) &&
            (python_handler.sa_handler == SIG_DFL || python_handler.sa_handler == SIG_IGN))
            return;
        struct sigaction own = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&own.sa_mask);
        if (sigaction(SIGINT, &own, NULL)) return;
    }
    r->interrupts = true;
    running[depth] = r->cancel;
    depth++;
}

static void leave_interrupts(const kalpy_request *r)
{
    if (!r->interrupts) return;
    depth--;
    running[depth] = NULL;
    if (!depth) sigaction(SIGINT, &python_handler, NULL);
}

void kalpy_uninterrupted(kalpy_request *r)
{
    leave_interrupts(r);
    r->interrupts = false;
}

// ---- what is told meanwhile -----------------------------------------------------------------------

// Whoever is told may be several threads at once: the first has the place, and `value` is given back by the others.
static PyObject *put_first(PyObject **place, PyObject *value)
{
    PyObject *before = NULL;
    if (__atomic_compare_exchange_n(place, &before, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return value;
    Py_XDECREF(value);
    return before;
}

static void on_progress(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    kalpy_request *r = user;
    (void)phase;
    const PyGILState_STATE g = PyGILState_Ensure();
    kalpy_enter_function();
    PyObject *rc =
        __atomic_load_n(&r->raised, __ATOMIC_ACQUIRE)
            ? NULL
            : PyObject_CallFunction(r->progress, "KK", (unsigned long long)done, (unsigned long long)total);
    kalpy_leave_function();
    if (!rc && PyErr_Occurred()) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyErr_NormalizeException(&type, &value, &trace);
        if (trace && value) PyException_SetTraceback(value, trace);
        Py_XDECREF(type);
        Py_XDECREF(trace);
        put_first(&r->raised, value);
        kal_cancel_set(r->cancel);
    }
    Py_XDECREF(rc);
    PyGILState_Release(g);
}

static void on_warning(void *user, const kal_warning *w)
{
    kalpy_request *r = user;
    const PyGILState_STATE g = PyGILState_Ensure();
    PyObject *text = PyUnicode_DecodeUTF8(w->text, (Py_ssize_t)strlen(w->text), "replace");
    PyObject *list = __atomic_load_n(&r->warnings, __ATOMIC_ACQUIRE);
    if (!list) list = put_first(&r->warnings, PyList_New(0));
    if (text && list) PyList_Append(list, text);
    Py_XDECREF(text);
    PyErr_Clear();
    PyGILState_Release(g);
}

// ---- a request ------------------------------------------------------------------------------------

// (threads, max_memory, deadline, memo or None, memo mode, spill or None, audit, only_known, progress or None, cancel or None)
static bool read_options(kalpy_request *r)
{
    kal_options *o = &r->options;
    PyObject *memo, *cancel;
    unsigned long long most;
    int mode, known;
    Py_ssize_t spill_size;
    if (!PyArg_ParseTuple(r->given, "iKdOiz#dpOO", &o->threads, &most, &o->deadline, &memo, &mode, &o->spill,
                          &spill_size, &o->audit, &known, &r->progress, &cancel))
        return false;
    if (!kalpy_whole_path(o->spill, spill_size)) return false;
    o->max_memory = most;
    o->memo_mode = (kal_memo_mode)mode;
    o->only_known = known;
    if (memo != Py_None && !kalpy_memo_of(memo, &o->memo)) return false;
    r->cancel = kal_cancel_new();
    if (!r->cancel) return PyErr_NoMemory() != NULL;
    if (cancel != Py_None && !kalpy_cancel_joins(cancel, r->cancel)) return false;
    r->may_cancel = cancel != Py_None;
    o->cancel = r->cancel;
    if (r->progress == Py_None) r->progress = NULL;
    if (r->progress) o->progress = on_progress;
    o->warn = on_warning;
    o->user = r;
    return true;
}

static void drop(kalpy_request *r)
{
    PyObject *cancel = r->given && PyTuple_Size(r->given) == 10 ? PyTuple_GetItem(r->given, 9) : NULL;
    if (cancel && r->cancel) kalpy_cancel_leaves(cancel, r->cancel);
    kal_cancel_free(&r->cancel);
    Py_CLEAR(r->given);
    Py_CLEAR(r->warnings);
    Py_CLEAR(r->raised);
}

static _Thread_local int within;   // functions of the user's, on this thread

void kalpy_enter_function(void)
{
    within++;
}

void kalpy_leave_function(void)
{
    within--;
}

bool kalpy_begin(kalpy_request *r, bool computes)
{
    memset(r, 0, sizeof *r);
    if (within && computes) {
        PyErr_SetString(PyExc_RuntimeError,
                        "a function that makes pixels, or is told of progress, cannot ask for an image: "
                        "it might wait for itself");
        return false;
    }
    r->given = PyObject_CallNoArgs(kalpy.options);
    if (!r->given) return false;
    if (!read_options(r)) {
        drop(r);
        return false;
    }
    kalpy_stash_open();
    r->since = kalpy_stash_now();
    watch_interrupts(r);
    r->thread = PyEval_SaveThread();
    return true;
}

static bool tell_warnings(PyObject *list)
{
    const Py_ssize_t n = list ? PyList_Size(list) : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        const char *s = PyUnicode_AsUTF8AndSize(PyList_GetItem(list, i), NULL);
        if (!s || PyErr_WarnEx(PyExc_UserWarning, s, 1)) return false;
    }
    return true;
}

bool kalpy_end(kalpy_request *r, kal_status st, bool *more)
{
    PyEval_RestoreThread(r->thread);
    leave_interrupts(r);
    bool ok = true, again = false;
    if (r->interrupts && interrupted) {
        PyObject *taken = kalpy_take_interrupt(r->since);   // by a function of the user's, on this thread
        if (taken) {
            PyErr_SetObject((PyObject *)Py_TYPE(taken), taken);
            Py_DECREF(taken);
        }
        if (taken || PyErr_CheckSignals())
            ok = false;
        else if (st == KAL_CANCELLED && !r->raised && more && !depth)
            again = true;   // his handler went on: so do we
        else if (st == KAL_CANCELLED && !more)
            kal_fail(
                &r->err, st,
                "interrupted: the handler of the signal went on, but what was done cannot be taken back");
    }
    if (ok && !again && r->raised) {
        PyErr_SetObject((PyObject *)Py_TYPE(r->raised), r->raised);
        ok = false;
    } else if (ok && !again && st) {
        kalpy_raise(&r->err);
        ok = false;
    }
    if (ok && !again) ok = tell_warnings(r->warnings);
    kalpy_stash_close();
    drop(r);
    if (more) *more = again;
    return ok;
}
