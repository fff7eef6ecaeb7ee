// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The module: its types, its functions, and what kallitype/ hands over to be made or called from here.
#include "py.h"

#include <string.h>

kalpy_hooks kalpy;
PyTypeObject *kalpy_Node, *kalpy_Op, *kalpy_Cancel, *kalpy_Memo;

void *kalpy_new(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return alloc(type, 0);
}

void kalpy_free(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *hook(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self, (void)args;
    PyObject *key, *v;
    Py_ssize_t at = 0;
    while (kwargs && PyDict_Next(kwargs, &at, &key, &v)) {
        const char *s = PyUnicode_AsUTF8AndSize(key, NULL);
#define TAKE(name) \
    if (s && !strcmp(s, #name)) KALPY_SET(kalpy.name, Py_NewRef(v));
        KALPY_HOOKS(TAKE)
#undef TAKE
    }
    Py_RETURN_NONE;
}

static PyObject *all_ops;

static PyObject *ops(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return kalpy_ops_into(all_ops) ? Py_NewRef(all_ops) : NULL;
}

static PyObject *param_list(const kal_param *params, size_t n)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        const kal_param *p = &params[i];
        PyObject *standard = p->def_text ? PyUnicode_FromString(p->def_text) : PyFloat_FromDouble(p->def);
        PyObject *o = standard ? Py_BuildValue("siNddss", p->name, (int)p->kind, standard, p->min, p->max,
                                               p->unit, p->help)
                               : NULL;
        if (!o || PyList_Append(list, o)) Py_CLEAR(list);
        Py_XDECREF(o);
    }
    return list;
}

// [{name, suffixes, help, media_type, reads, writes, pages, album, searches, params}]
static PyObject *codecs(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    PyObject *list = PyList_New(0);
    kal_codec_info c;
    for (size_t i = 0; list && kal_codec_at(i, &c, NULL); i++) {
#define B(x) #x, c.x ? Py_True : Py_False
        PyObject *o = Py_BuildValue("{sssssssssOsOsOsOsOsN}", "name", c.name, "suffixes", c.suffixes, "help",
                                    c.help, "media_type", c.media_type, B(reads), B(writes), B(pages),
                                    B(album), B(searches), "params", param_list(c.params, c.n_params));
#undef B
        if (!o || PyList_Append(list, o)) Py_CLEAR(list);
        Py_XDECREF(o);
    }
    return list;
}

// set_limits("pixels=100M …" or None, untrusted: bool)
static PyObject *set_limits(PyObject *self, PyObject *args)
{
    (void)self;
    const char *text;
    int untrusted;
    kal_limits l;
    kal_error err;
    if (!PyArg_ParseTuple(args, "zp", &text, &untrusted)) return NULL;
    kal_limits_get(&l);
    if (untrusted) kal_limits_untrusted(&l);
    if (text && kal_limits_parse(text, &l, &err)) return kalpy_raise(&err);
    kal_limits_set(&l);
    Py_RETURN_NONE;
}

static PyObject *plugin(PyObject *self, PyObject *args)
{
    (void)self;
    const char *path;
    kal_error err;
    if (!PyArg_ParseTuple(args, "y", &path)) return NULL;
    PyThreadState *t = PyEval_SaveThread();
    const kal_status st = kal_plugin_load(path, &err);
    PyEval_RestoreThread(t);
    if (st) return kalpy_raise(&err);
    Py_RETURN_NONE;
}

static PyObject *processors(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromLong(kal_processors());
}

static PyObject *size(PyObject *self, PyObject *text)
{
    (void)self;
    Py_ssize_t n;
    const char *s = PyUnicode_AsUTF8AndSize(text, &n);   // NULL: half a character
    uint64_t bytes;
    if (!s) PyErr_Clear();
    if (!s || strlen(s) != (size_t)n || !kal_parse_size(s, &bytes))
        return PyErr_Format(PyExc_ValueError, "%R is no size: a number of bytes, or of K, M, G or T", text);
    return PyLong_FromUnsignedLongLong(bytes);
}

static PyObject *node_count(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromSize_t(kal_node_count());
}

static PyMethodDef methods[] = {
    {"hook", (PyCFunction)(void (*)(void))hook, METH_VARARGS | METH_KEYWORDS, NULL},
    {"ops", ops, METH_NOARGS, NULL},
    {"codecs", codecs, METH_NOARGS, NULL},
    {"set_limits", set_limits, METH_VARARGS, NULL},
    {"plugin", plugin, METH_VARARGS, NULL},
    {"processors", processors, METH_NOARGS, NULL},
    {"size", size, METH_O, NULL},
    {"node_count", node_count, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

static PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromSpec(spec);
    if (!type) return NULL;
    if (!PyModule_AddType(module, type)) return type;
    Py_DECREF(type);
    return NULL;
}

static int execute(PyObject *module)
{
    static const struct {
        PyTypeObject **to;
        PyType_Spec *spec;
    } types[] = {{&kalpy_Node, &kalpy_node_spec},     {&kalpy_Op, &kalpy_op_spec},
                 {&kalpy_BoundOp, &kalpy_bound_spec}, {&kalpy_Pixels, &kalpy_pixels_spec},
                 {&kalpy_Canvas, &kalpy_canvas_spec}, {&kalpy_Cancel, &kalpy_cancel_spec},
                 {&kalpy_Memo, &kalpy_memo_spec},     {&kalpy_Pages, &kalpy_pages_spec},
                 {&kalpy_Album, &kalpy_album_spec},   {&kalpy_Keeper, &kalpy_keeper_spec}};
    PyMethodDef *const tables[] = {kalpy_eval_methods,   kalpy_load_methods,   kalpy_source_methods,
                                   kalpy_output_methods, kalpy_pixels_methods, kalpy_samples_methods,
                                   kalpy_memo_methods,   kalpy_map_methods,    kalpy_user_methods};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        // one process, one table of ops and one memo: a second interpreter would share objects with this one
        if (*types[i].to) {
            PyErr_SetString(PyExc_ImportError, "kallitype lives in one interpreter of a process");
            return -1;
        }
        if (!(*types[i].to = add_type(module, types[i].spec))) return -1;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (PyModule_AddFunctions(module, tables[i])) return -1;
    all_ops = PyDict_New();
    if (!all_ops || !kalpy_threads_begin()) return -1;
    return PyModule_AddStringConstant(module, "version", kal_version());
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute},
#ifdef Py_GIL_DISABLED
                                   {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
                                   {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "kallitype._kal", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kal(void);
PyMODINIT_FUNC PyInit__kal(void)
{
    return PyModuleDef_Init(&module);
}
