// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of the extension share. It is built on the limited API of Python 3.11 and on include/kal alone; what an op is called, takes
// and gives comes from its record. Everything that is comfort and no handle is Python: kallitype/.
//
// Threads: objects are immutable once made, but for a Canvas and what has one call at a time. The interpreter's lock is given up around everything that may read,
// compute or wait, and taken back inside functions of the user's; nothing here stands on it, so that an interpreter may have none.
#ifndef KAL_PYTHON_H
#define KAL_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <pyconfig.h>
#ifndef Py_GIL_DISABLED   // an interpreter without the lock has no limited API, and an extension of its own
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>
#include <structmember.h>

#include <kal/kal.h>

// Puts a reference in the place of another, which is given back when it is no longer to be seen.
#define KALPY_SET(place, value)                  \
    do {                                         \
        PyObject *before_ = (PyObject *)(place); \
        (place) = (value);                       \
        Py_XDECREF(before_);                     \
    } while (0)

// ---- what several threads change: threads.c -----------------------------------------------------

/// Guards the few words of this extension that are not an object's own. For moments; nothing of Python's is called within, for it might come back here.
void kalpy_lock(void);
void kalpy_unlock(void);
/// One call at a time on an object that changes. false: another is at it.
bool kalpy_enter(bool *busy);
void kalpy_leave(bool *busy);
bool kalpy_threads_begin(void);   // once
/// In a child of a fork, the lock held: what other threads were at is not under way any more.
void kalpy_stash_forked(void);

// ---- what the module knows ----------------------------------------------------------------------

/// Classes and functions of kallitype/ that are made or called from here, by the names they are handed over with (module.c).
#define KALPY_HOOKS(X)                 \
    X(Image)                           \
    X(Value)                           \
    X(Encoded) /* what wraps a node */ \
    X(open)                            \
    X(options)                         \
    X(signature)     /* functions */   \
    X(Box) X(errors) /* status → exception */
typedef struct kalpy_hooks {
#define KALPY_HOOK(name) PyObject *name;
    KALPY_HOOKS(KALPY_HOOK)
#undef KALPY_HOOK
} kalpy_hooks;
extern kalpy_hooks kalpy;

extern PyTypeObject *kalpy_Node, *kalpy_Pixels, *kalpy_Canvas, *kalpy_Op, *kalpy_Cancel, *kalpy_Memo;

/// An object of a type, all zeros; NULL with an exception. And the end of its dealloc.
void *kalpy_new(PyTypeObject *type);
void kalpy_free(PyObject *self);

// ---- nodes --------------------------------------------------------------------------------------

typedef struct kalpy_node {
    PyObject_HEAD;
    kal_node *node;   // owned
    kal_key key;
    PyObject *weak;
    PyObject
        *keepers;   // of the functions that it reads by: a Keeper, or a list of them; NULL: there are none
} kalpy_node;
/// The object for a node, whose reference it takes over: an Image, a Value or an Encoded. An error node is its exception.
PyObject *kalpy_wrap(kal_node *node);
/// The same of one whose inputs all have these keepers, or none; NULL: they are looked for.
PyObject *kalpy_wrap_on(kal_node *node, PyObject *keepers);
/// The Keepers of the functions of the user's that a node may still read by: one, a list, or NULL when there are none. false with an exception.
bool kalpy_keepers(const kal_node *node, PyObject **out);
/// The node in an object, borrowed; NULL when it is none (no exception).
kal_node *kalpy_node_of(PyObject *o);
/// The same, with a TypeError that says what was wanted.
kal_node *kalpy_need(PyObject *o, const char *what);
PyObject *kalpy_key_text(kal_key key);
PyObject *kalpy_bytes(kal_bytes *bytes);    // and frees them
PyObject *kalpy_string(kal_bytes *bytes);   // the same, UTF-8
PyObject *kalpy_value(kal_value *value);    // and frees it

// ---- errors -------------------------------------------------------------------------------------

/// Raises the exception for an error; NULL.
PyObject *kalpy_raise(const kal_error *err);
/// The exception that is set becomes err's sentence, and the cause of the exception that kalpy_raise makes of it. Returns KAL_CALLBACK.
kal_status kalpy_stash(kal_error *err, const char *who);
/// What was raised in a function of the user's, since then, and is no Exception; NULL: nothing.
uint64_t kalpy_stash_now(void);
PyObject *kalpy_take_interrupt(uint64_t since);
/// Around everything that may call the user's functions, up to where what went wrong is raised. When nothing of the kind is under way, what nobody asked for is forgotten.
void kalpy_stash_open(void);
void kalpy_stash_close(void);
/// Closes it for an object that was opened meanwhile: the object or, with `st`, the exception in its place.
PyObject *kalpy_opened(PyObject *o, kal_status st, const kal_error *err);

// ---- calls --------------------------------------------------------------------------------------

/// A call's arguments as text, and what of them is computed.
typedef struct kalpy_args {
    char *text;
    size_t n, room;
    kal_bound bound[8];
    int32_t n_bound;
    bool failed;
} kalpy_args;
void kalpy_args_free(kalpy_args *a);
/// Appends name=value, as the parameter's kind has it; name NULL: the value alone. false with an exception.
bool kalpy_args_put(kalpy_args *a, const char *of, const kal_param *p, PyObject *value);
/// A parameter, or a group of them ("box", "size"), that a node computes.
bool kalpy_args_bind(kalpy_args *a, const char *of, const char *name, kal_node *node);
/// The same for an option whose kind nobody knows yet: what it looks like is what it is.
bool kalpy_args_put_any(kalpy_args *a, const char *name, PyObject *value);
/// false with ValueError: a path that a NUL would cut. `path` may be NULL.
bool kalpy_whole_path(const char *path, Py_ssize_t size);
/// A dict of options, or None; the text is never NULL.
bool kalpy_args_from(kalpy_args *a, PyObject *options);

// ---- evaluation ---------------------------------------------------------------------------------

/// One request: its options, from the object that `options` of the hooks gives, and what stops it.
typedef struct kalpy_request {
    kal_options options;
    PyObject *given;      // what is in force, owned
    PyObject *progress;   // borrowed from it; NULL: nobody wants to know
    PyObject *warnings;   // what was told, a list
    PyObject *raised;     // by progress
    kal_cancel *cancel;
    kal_error err;
    PyThreadState *thread;
    uint64_t since;   // what was raised before it is not its own
    bool interrupts;
    bool may_cancel;   // somebody has a Cancel of it
} kalpy_request;
/// Between the two the interpreter's lock is not held. begin (of a request that computes, or that opens): false with an exception, and end must not be called. end: raises what went wrong,
/// an interrupt of the user's before all; false then. Where true comes back in `again` the interrupt was taken by the user's handler, and all is to be done once more;
/// `again` NULL: what was done cannot be taken back, so that this is a CancelledError.
bool kalpy_begin(kalpy_request *r, bool computes);
bool kalpy_end(kalpy_request *r, kal_status st, bool *again);
/// Of a request that cannot be run again: an interrupt waits until it has ended.
void kalpy_uninterrupted(kalpy_request *r);
/// The whole of it around one expression of type kal_status, which may use `r`.
#define KALPY_RUN(ok, expression) KALPY_RUN_WITH(ok, true, expression)
/// The same of what reads or writes where it cannot be taken back.
#define KALPY_RUN_ONCE(ok, computes, expression) \
    do {                                         \
        kalpy_request r;                         \
        ok = kalpy_begin(&r, computes);          \
        if (!ok) break;                          \
        const kal_status st_ = (expression);     \
        ok = kalpy_end(&r, st_, NULL);           \
    } while (0)
#define KALPY_RUN_WITH(ok, computes, expression) \
    do {                                         \
        kalpy_request r;                         \
        bool again = true;                       \
        ok = true;                               \
        while (again && ok) {                    \
            again = false;                       \
            ok = kalpy_begin(&r, computes);      \
            if (!ok) break;                      \
            const kal_status st_ = (expression); \
            ok = kalpy_end(&r, st_, &again);     \
        }                                        \
    } while (0)

/// An expression that opens, under the options in force, so that a server or a pipe that says nothing can be given up: by deadline, by cancel, by an interrupt. It may be done more than once.
#define KALPY_OPEN(ok, expression)                                                                       \
    do {                                                                                                 \
        kal_status opened_;                                                                              \
        KALPY_RUN_WITH(ok, false,                                                                        \
                       (kal_watch_opening(r.options.deadline, r.options.cancel), opened_ = (expression), \
                        kal_watch_opening(0, NULL), opened_));                                           \
    } while (0)

/// A request that a Cancel stops too, from here to there; false with an exception.
bool kalpy_cancel_joins(PyObject *cancel, kal_cancel *request);
void kalpy_cancel_leaves(PyObject *cancel, kal_cancel *request);
bool kalpy_memo_of(PyObject *memo, kal_memo **out);
/// While a function of the user's makes pixels on this thread, or is told of progress, no request may begin: it could wait for itself.
void kalpy_enter_function(void);
void kalpy_leave_function(void);

// ---- pixels -------------------------------------------------------------------------------------

/// The pixels of an image where they lie, as an object that hands them on; NULL with an exception.
PyObject *kalpy_pixels(PyObject *node);
/// What a buffer holds as samples. false with an exception.
typedef struct kalpy_samples {
    kal_extent extent;
    ptrdiff_t stride;
    Py_buffer buffer;
} kalpy_samples;
/// A canvas whose samples are to be filled.
PyObject *kalpy_canvas(const kal_extent *x, int32_t width, int32_t height, unsigned char **samples);
/// Samples packed row by row, from malloc; `truth`: bools become 0 and 255.
unsigned char *kalpy_gather(const kalpy_samples *s, bool truth);
bool kalpy_samples_of(PyObject *o, const char *model, int alpha, kalpy_samples *out);

extern PyType_Spec kalpy_pages_spec, kalpy_album_spec, kalpy_keeper_spec;
extern PyTypeObject *kalpy_Pages, *kalpy_Album, *kalpy_Keeper;
extern PyMethodDef kalpy_output_methods[];
extern PyMethodDef kalpy_eval_methods[], kalpy_source_methods[], kalpy_memo_methods[], kalpy_pixels_methods[],
    kalpy_samples_methods[], kalpy_map_methods[], kalpy_user_methods[], kalpy_load_methods[];
extern PyType_Spec kalpy_node_spec, kalpy_pixels_spec, kalpy_canvas_spec, kalpy_op_spec, kalpy_bound_spec,
    kalpy_cancel_spec, kalpy_memo_spec;
extern PyTypeObject *kalpy_BoundOp;
/// An object for each op that is registered and has none yet, in the dict.
bool kalpy_ops_into(PyObject *dict);

#endif
