// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Functions that ask for results: bytes, files, values, keys of pixels, plans. And those that make nodes from text.
#include "py.h"

#include <stdlib.h>
#include <string.h>

// encode(image, format, options) → Encoded
static PyObject *encode(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *image, *options;
    const char *format;
    kalpy_args a = {0};
    if (!PyArg_ParseTuple(args, "OsO", &image, &format, &options)) return NULL;
    kal_node *n = kalpy_need(image, "encode");
    PyObject *out = NULL;
    if (n && kalpy_args_from(&a, options)) {
        // what a picture came with goes along, and reading that may take a while
        PyThreadState *t = PyEval_SaveThread();
        kal_node *e = kal_encode(NULL, n, format, a.text);
        PyEval_RestoreThread(t);
        out = kalpy_wrap(e);
    }
    kalpy_args_free(&a);
    return out;
}

static PyObject *read_bytes(PyObject *self, PyObject *node)
{
    (void)self;
    kal_node *n = kalpy_need(node, "read_bytes");
    kal_bytes bytes = {0};
    bool ok;
    if (!n) return NULL;
    KALPY_RUN(ok, kal_read_bytes(n, &r.options, &bytes, &r.err));
    if (!ok) kal_bytes_free(&bytes);
    return ok ? kalpy_bytes(&bytes) : NULL;
}

static PyObject *read_value(PyObject *self, PyObject *node)
{
    (void)self;
    kal_node *n = kalpy_need(node, "read_value");
    kal_value v = {0};
    bool ok;
    if (!n) return NULL;
    KALPY_RUN(ok, kal_read_value(n, &r.options, &v, &r.err));
    if (!ok) kal_value_free(&v);
    return ok ? kalpy_value(&v) : NULL;
}

static PyObject *content_key(PyObject *self, PyObject *node)
{
    (void)self;
    kal_node *n = kalpy_need(node, "content_key");
    kal_key key;
    bool ok;
    if (!n) return NULL;
    KALPY_RUN(ok, kal_content_key(n, &r.options, &key, &r.err));
    return ok ? kalpy_key_text(key) : NULL;
}

// ---- many nodes at once ---------------------------------------------------------------------------

typedef struct nodes {
    kal_node **v;
    int32_t n;
} nodes;

static void nodes_free(nodes *l)
{
    PyMem_Free(l->v);
    l->v = NULL;
}

// Borrowed from the list, which the caller holds.
static bool nodes_of(PyObject *list, nodes *out)
{
    const Py_ssize_t n = PyList_Check(list) ? PyList_Size(list) : -1;
    if (n < 0) PyErr_SetString(PyExc_TypeError, "nodes come in a list");
    out->v = n < 0 ? NULL : PyMem_Calloc((size_t)n + 1, sizeof *out->v);
    out->n = (int32_t)n;
    bool ok = out->v != NULL;
    for (Py_ssize_t i = 0; i < n && ok; i++)
        ok = (out->v[i] = kalpy_need(PyList_GetItem(list, i), "this")) != NULL;
    if (!ok) nodes_free(out);
    return ok;
}

// write_files([Encoded], [path as bytes]): all or none.
static PyObject *write_files(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *list, *paths;
    nodes l = {0};
    bool ok;
    if (!PyArg_ParseTuple(args, "OO", &list, &paths) || !nodes_of(list, &l)) return NULL;
    const char **names = PyMem_Calloc((size_t)l.n + 1, sizeof *names);
    ok = names && PyList_Check(paths) && PyList_Size(paths) == l.n;
    for (int32_t i = 0; i < l.n && ok; i++) {
        PyObject *path = PyList_GetItem(paths, i);
        ok = (names[i] = PyBytes_AsString(path)) != NULL && kalpy_whole_path(names[i], PyBytes_Size(path));
    }
    if (ok)
        KALPY_RUN(ok, kal_write_files(l.v, names, l.n, &r.options, &r.err));
    else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "a path for each");
    PyMem_Free((void *)names);
    nodes_free(&l);
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

static PyObject *write_fd(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *node;
    int fd;
    bool ok;
    if (!PyArg_ParseTuple(args, "Oi", &node, &fd)) return NULL;
    kal_node *n = kalpy_need(node, "write_fd");
    if (!n) return NULL;
    KALPY_RUN_ONCE(ok, true, kal_write_fd(n, fd, &r.options, &r.err));
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

// explain([node], "text"|"json") and draw([node], "dot"|"svg") → str
static int format_of(const char *s)
{
    static const char *const words[] = {"text", "json", "dot", "svg"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(words[i], s)) return i;
    PyErr_Format(PyExc_ValueError, "a plan is text, json, dot or svg, not \"%s\"", s);
    return -1;
}

static PyObject *explain(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *list;
    const char *word;
    nodes l = {0};
    kal_bytes out = {0};
    bool ok;
    if (!PyArg_ParseTuple(args, "Os", &list, &word)) return NULL;
    const int format = format_of(word);
    if (format < 0 || !nodes_of(list, &l)) return NULL;
    KALPY_RUN(ok, format == KAL_AS_DOT || format == KAL_AS_SVG
                      ? kal_draw(l.v, l.n, (kal_format)format, &out, &r.err)
                      : kal_explain(l.v, l.n, (kal_format)format, &r.options, &out, &r.err));
    nodes_free(&l);
    return ok ? kalpy_string(&out) : NULL;
}

// look([node]) → (known, nodes, nodes reused, planned bytes, unsettled)
static PyObject *look(PyObject *self, PyObject *list)
{
    (void)self;
    nodes l = {0};
    kal_sight s = {0};
    bool ok;
    if (!nodes_of(list, &l)) return NULL;
    KALPY_RUN(ok, kal_look(l.v, l.n, &r.options, &s, &r.err));
    nodes_free(&l);
    if (!ok) return NULL;
    return Py_BuildValue("iKKKO", s.known, (unsigned long long)s.nodes, (unsigned long long)s.nodes_reused,
                         (unsigned long long)s.planned_bytes, s.unsettled ? Py_True : Py_False);
}

// stats(Encoded or Image) → dict: reads it, and says what that took.
static PyObject *stats(PyObject *self, PyObject *node)
{
    (void)self;
    kal_node *n = kalpy_need(node, "stats");
    const kal_call *c = n ? kal_node_call(n) : NULL;
    kal_stats s = {0};
    kal_bytes bytes = {0};
    kal_key key;
    bool ok;
    if (!n) return NULL;
    KALPY_RUN(ok, (r.options.stats = &s, c && !c->op ? kal_read_bytes(n, &r.options, &bytes, &r.err)
                                                     : kal_content_key(n, &r.options, &key, &r.err)));
    kal_bytes_free(&bytes);
    if (!ok) return NULL;
#define N(x) #x, (unsigned long long)s.x
    return Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKsKsKsd}", N(opens), N(bytes_read), N(bytes_written),
                         N(decodes), N(encodes), N(computed_tiles), N(reused_tiles), N(nodes),
                         N(nodes_reused), N(planned_bytes), N(peak_bytes), N(threads), "wall_ms", s.wall_ms);
#undef N
}

// ---- optimize -------------------------------------------------------------------------------------

static PyObject *candidate(const kal_candidate *c)
{
    PyObject *score = c->score == c->score ? PyFloat_FromDouble(c->score) : Py_NewRef(Py_None);
    return Py_BuildValue("{sssssKsNsisisOsOss}", "format", c->format, "params", c->params, "bytes",
                         (unsigned long long)c->bytes, "score", score, "width", c->width, "height", c->height,
                         "original", c->original ? Py_True : Py_False, "keeps", c->keeps ? Py_True : Py_False,
                         "why", c->why);
}

// choose(Encoded of format optimize) → dict
static PyObject *choose(PyObject *self, PyObject *node)
{
    (void)self;
    kal_node *n = kalpy_need(node, "choose");
    kal_choice c = {0};
    kal_error err;
    bool ok;
    if (!n) return NULL;
    KALPY_RUN(ok, kal_choose(n, &r.options, &c, &r.err));
    if (!ok) return NULL;
    kal_bytes plot = {0};
    PyObject *tried = PyList_New(0), *out = NULL;
    for (int32_t i = 0; tried && i < c.n; i++) {
        PyObject *o = candidate(&c.candidates[i]);
        if (!o || PyList_Append(tried, o)) Py_CLEAR(tried);
        Py_XDECREF(o);
    }
    if (tried && kal_choice_print(&c, KAL_AS_SVG, &plot, &err)) {
        kalpy_raise(&err);
        Py_CLEAR(tried);
    }
    if (tried)
        out = Py_BuildValue("{sNsisOsssssssy#sOsN}", "candidates", tried, "chosen", c.chosen, "passed",
                            c.passed ? Py_True : Py_False, "metric", c.metric, "suffix", c.suffix,
                            "media_type", c.media_type, "data", (const char *)c.data, (Py_ssize_t)c.size,
                            "found", c.found ? Py_True : Py_False, "plot", kalpy_string(&plot));
    kal_choice_release(&c);
    return out;
}

// ---- text -------------------------------------------------------------------------------------------

typedef struct bindings {
    kal_binding *v;
    int32_t n;
} bindings;

static bool bindings_of(PyObject *d, bindings *out)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    out->v = PyMem_Calloc((size_t)PyDict_Size(d) + 1, sizeof *out->v);
    while (out->v && PyDict_Next(d, &at, &name, &value)) {
        kal_binding *b = &out->v[out->n++];
        b->name = PyUnicode_AsUTF8AndSize(name, NULL);
        b->node = kalpy_node_of(value);
        if (b->name && !b->node) b->value = PyUnicode_AsUTF8AndSize(value, NULL);
        if (!b->name || (!b->node && !b->value)) return false;
    }
    return out->v || PyErr_NoMemory();
}

static PyObject *saves_of(const kal_program *p)
{
    PyObject *list = PyList_New(0);
    const char *path;
    kal_node *n;
    for (int32_t i = 0; list && (n = kal_program_save(p, i, &path)); i++) {
        PyObject *o = kalpy_wrap(kal_node_ref(n)),
                 *pair = o ? Py_BuildValue("NN", o, PyUnicode_DecodeFSDefault(path)) : NULL;
        if (!pair || PyList_Append(list, pair)) Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    return list;
}

static PyObject *prints_of(const kal_program *p)
{
    PyObject *list = PyList_New(0);
    const char *name;
    kal_node *n;
    for (int32_t i = 0; list && (n = kal_program_print(p, i, &name)); i++) {
        PyObject *o = kalpy_wrap(kal_node_ref(n)), *pair = o ? Py_BuildValue("Nz", o, name) : NULL;
        if (!pair || PyList_Append(list, pair)) Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    return list;
}

// parse(text or None, bindings, path or None) → (root or None, [(Encoded, path)], [(node, name)])
static PyObject *parse(PyObject *self, PyObject *args)
{
    (void)self;
    const char *text, *path;
    Py_ssize_t text_size, path_size;
    PyObject *d;
    bindings b = {0};
    kal_program *p = NULL;
    if (!PyArg_ParseTuple(args, "z#O!z#", &text, &text_size, &PyDict_Type, &d, &path, &path_size) ||
        !kalpy_whole_path(path, path_size))
        return NULL;
    PyObject *out = NULL;
    if (bindings_of(d, &b)) {
        bool ok;
        KALPY_OPEN(ok, (kal_program_free(&p),
                        path ? kal_program_parse_file(path, b.v, b.n, &p, &r.err)
                             : kal_program_parse(text ? text : "", text ? (size_t)text_size : 0, b.v, b.n, &p,
                                                 &r.err)));
        if (ok) {
            kal_node *root = kal_program_root(p);
            PyObject *r = root ? kalpy_wrap(kal_node_ref(root)) : Py_NewRef(Py_None);
            if (r) out = Py_BuildValue("NNN", r, saves_of(p), prints_of(p));
        }
    }
    PyThreadState *t = PyEval_SaveThread();
    kal_program_free(&p);
    PyEval_RestoreThread(t);
    PyMem_Free(b.v);
    return out;
}

PyMethodDef kalpy_eval_methods[] = {{"encode", encode, METH_VARARGS, NULL},
                                    {"read_bytes", read_bytes, METH_O, NULL},
                                    {"read_value", read_value, METH_O, NULL},
                                    {"content_key", content_key, METH_O, NULL},
                                    {"write_files", write_files, METH_VARARGS, NULL},
                                    {"write_fd", write_fd, METH_VARARGS, NULL},
                                    {"explain", explain, METH_VARARGS, NULL},
                                    {"look", look, METH_O, NULL},
                                    {"stats", stats, METH_O, NULL},
                                    {"choose", choose, METH_O, NULL},
                                    {"parse", parse, METH_VARARGS, NULL},
                                    {NULL, NULL, 0, NULL}};
