// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A node as an object: immutable, equal and hashed by its key. Image, Value and Encoded of kallitype/ stand on it.
#include "py.h"

#include <string.h>

static const char *const type_names[] = {"uint8", "uint16", "float32", "uint32"};
static const char *const value_kinds[] = {"numbers", "size", "points", "boxes", "polygons", "text"};

static PyObject *class_of(kal_node *node)
{
    kal_value_kind kind;
    if (kal_node_value(node, &kind)) return kalpy.Value;
    const kal_call *c = kal_node_call(node);
    return c && !c->op ? kalpy.Encoded : kalpy.Image;
}

PyObject *kalpy_wrap_on(kal_node *node, PyObject *keepers)
{
    kal_error err = {0};
    kal_key key;
    if (kal_node_error(node, &err) || kal_node_key(node, &key, &err)) {
        kal_node_unref(&node);
        return kalpy_raise(&err);
    }
    PyTypeObject *type = (PyTypeObject *)class_of(node);
    kalpy_node *o = kalpy_new(type);
    if (!o) {
        kal_node_unref(&node);
        return NULL;
    }
    o->node = node;
    o->key = key;
    o->keepers = Py_XNewRef(keepers);
    if (!keepers && !kalpy_keepers(node, &o->keepers)) {
        Py_DECREF(o);
        return NULL;
    }
    if (!o->keepers) PyObject_GC_UnTrack(o);   // no circle goes through it
    return (PyObject *)o;
}

PyObject *kalpy_wrap(kal_node *node)
{
    return kalpy_wrap_on(node, NULL);
}

kal_node *kalpy_node_of(PyObject *o)
{
    return PyObject_TypeCheck(o, kalpy_Node) ? ((kalpy_node *)o)->node : NULL;
}

kal_node *kalpy_need(PyObject *o, const char *what)
{
    kal_node *n = kalpy_node_of(o);
    if (!n) PyErr_Format(PyExc_TypeError, "%s wants an image, not %R", what, (PyObject *)Py_TYPE(o));
    return n;
}

PyObject *kalpy_key_text(kal_key key)
{
    char text[33];
    return PyUnicode_FromString(kal_key_print(key, text));
}

PyObject *kalpy_bytes(kal_bytes *b)
{
    PyObject *o = PyBytes_FromStringAndSize((const char *)b->data, (Py_ssize_t)b->size);
    kal_bytes_free(b);
    return o;
}

PyObject *kalpy_string(kal_bytes *b)
{
    PyObject *o = PyUnicode_DecodeUTF8((const char *)b->data, (Py_ssize_t)b->size,
                                       "surrogateescape");   // paths are bytes
    kal_bytes_free(b);
    return o;
}

static PyObject *numbers_row(const double *v, int32_t n)
{
    PyObject *row = PyTuple_New(n);
    for (int32_t i = 0; row && i < n; i++) {
        PyObject *x = PyFloat_FromDouble(v[i]);
        if (!x)
            Py_CLEAR(row);
        else
            PyTuple_SetItem(row, i, x);
    }
    return row;
}

PyObject *kalpy_value(kal_value *v)
{
    PyObject *rows = NULL;
    if (v->kind == KAL_VALUE_TEXT)
        rows = PyUnicode_FromString(v->text ? v->text : "");
    else
        rows = PyTuple_New(v->rows);
    for (int32_t i = 0; rows && v->kind != KAL_VALUE_TEXT && i < v->rows; i++) {
        PyObject *row = numbers_row(v->v + (size_t)i * (size_t)v->columns, v->columns);
        if (!row)
            Py_CLEAR(rows);
        else
            PyTuple_SetItem(rows, i, row);
    }
    PyObject *out = rows ? Py_BuildValue("sN", value_kinds[v->kind], rows) : NULL;
    kal_value_free(v);
    return out;
}

// ---- the type -----------------------------------------------------------------------------------

static void node_dealloc(PyObject *self)
{
    kalpy_node *o = (kalpy_node *)self;
    PyObject_GC_UnTrack(self);
    if (o->weak) PyObject_ClearWeakRefs(self);
    // Letting go of a node may close files, and functions of the user's are called for that.
    kal_node *node = o->node;
    if (node) {
        PyThreadState *t = PyEval_SaveThread();
        kal_node_unref(&node);
        PyEval_RestoreThread(t);
    }
    Py_XDECREF(o->keepers);
    kalpy_free(self);
}

// No tp_clear: a circle through the node goes through a Keeper, which has one.
static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((kalpy_node *)self)->keepers);
    return 0;
}

static Py_hash_t node_hash(PyObject *self)
{
    const Py_hash_t h = (Py_hash_t)((kalpy_node *)self)->key.lo;
    return h == -1 ? -2 : h;
}

static PyObject *node_compare(PyObject *a, PyObject *b, int op)
{
    if ((op != Py_EQ && op != Py_NE) || !PyObject_TypeCheck(b, kalpy_Node)) Py_RETURN_NOTIMPLEMENTED;
    const bool same = kal_key_equal(((kalpy_node *)a)->key, ((kalpy_node *)b)->key);
    return PyBool_FromLong(same == (op == Py_EQ));
}

static PyObject *get_key(PyObject *self, void *unused)
{
    (void)unused;
    return kalpy_key_text(((kalpy_node *)self)->key);
}

static PyObject *get_text(PyObject *self, void *unused)
{
    (void)unused;
    kal_bytes text;
    kal_error err;
    const kal_status st = kal_print_graph(((kalpy_node *)self)->node, &text, &err);
    if (st) return kalpy_raise(&err);
    while (text.size && text.data[text.size - 1] == '\n') text.size--;
    return kalpy_string(&text);
}

static PyObject *get_op(PyObject *self, void *unused)
{
    (void)unused;
    const kal_call *c = kal_node_call(((kalpy_node *)self)->node);
    return c && c->op ? PyUnicode_FromString(c->op->name) : Py_NewRef(Py_None);
}

// What is known only when values were computed waits for them.
static PyObject *get_extent(PyObject *self, void *unused)
{
    (void)unused;
    kal_extent x;
    kal_error err;
    kal_status st;
    PyThreadState *t = PyEval_SaveThread();
    st = kal_node_extent(((kalpy_node *)self)->node, &x, &err);
    PyEval_RestoreThread(t);
    if (st) return kalpy_raise(&err);
    return Py_BuildValue("iiissO", x.width, x.height, x.channels, type_names[x.type], kal_model_name(x.model),
                         x.alpha ? Py_True : Py_False);
}

static PyObject *get_inputs(PyObject *self, void *unused)
{
    (void)unused;
    PyObject *list = PyList_New(0);
    kal_node *in;
    for (int32_t i = 0; list && (in = kal_node_input(((kalpy_node *)self)->node, i)); i++) {
        PyObject *o = kalpy_wrap(kal_node_ref(in));
        if (!o || PyList_Append(list, o)) Py_CLEAR(list);
        Py_XDECREF(o);
    }
    return list;
}

static PyObject *get_orientation(PyObject *self, void *unused)
{
    (void)unused;
    int orientation;
    bool applied;
    kal_node_orientation(((kalpy_node *)self)->node, &orientation, &applied);
    return Py_BuildValue("iO", orientation, applied ? Py_True : Py_False);
}

static PyObject *get_file(PyObject *self, void *unused)
{
    (void)unused;
    kal_file_info f;
    if (!kal_node_file(((kalpy_node *)self)->node, &f)) Py_RETURN_NONE;
    return Py_BuildValue("sKi", f.format, (unsigned long long)f.bytes, f.pages);
}

static PyObject *field_value(const kal_field *f)
{
    if (f->kind == KAL_FIELD_NUMBERS && f->count == 1) return PyFloat_FromDouble(f->numbers[0]);
    if (f->kind == KAL_FIELD_NUMBERS) return numbers_row(f->numbers, (int32_t)f->count);
    if (!f->many) return PyUnicode_DecodeUTF8(f->text, (Py_ssize_t)strlen(f->text), "replace");
    PyObject *list = PyTuple_New((Py_ssize_t)f->count);
    for (size_t i = 0; list && i < f->count; i++) {
        PyObject *s = PyUnicode_DecodeUTF8(f->items[i], (Py_ssize_t)strlen(f->items[i]), "replace");
        if (!s)
            Py_CLEAR(list);
        else
            PyTuple_SetItem(list, (Py_ssize_t)i, s);
    }
    return list;
}

static PyObject *node_fields(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *d = PyDict_New();
    kal_field f;
    for (size_t i = 0; d && kal_node_field_at(((kalpy_node *)self)->node, i, &f); i++) {
        PyObject *v = field_value(&f);
        if (!v || PyDict_SetItemString(d, f.name, v)) Py_CLEAR(d);
        Py_XDECREF(v);
    }
    return d;
}

static PyObject *node_meta(PyObject *self, PyObject *name)
{
    const char *s = PyUnicode_AsUTF8AndSize(name, NULL);
    const void *data;
    size_t n;
    if (!s) return NULL;
    if (!kal_node_meta(((kalpy_node *)self)->node, s, &data, &n)) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize(data, (Py_ssize_t)n);
}

static PyObject *node_set_memo(PyObject *self, PyObject *name)
{
    static const char *const modes[] = {"auto", "always", "never"};
    const char *s = PyUnicode_AsUTF8AndSize(name, NULL);
    for (int i = 0; s && i < 3; i++)
        if (!strcmp(s, modes[i])) {
            kal_node_set_memo(((kalpy_node *)self)->node, (kal_memo_mode)i);
            return Py_NewRef(self);
        }
    if (s) PyErr_Format(PyExc_ValueError, "memo is auto, always or never, not \"%s\"", s);
    return NULL;
}

// A picture goes as it is, whatever type memoryview or NumPy asks for: no exporter object of its own stands between, see pixels.c.
static int node_buffer(PyObject *self, Py_buffer *out, int flags)
{
    PyObject *pixels = kalpy_pixels(self);
    if (!pixels) {
        out->obj = NULL;
        return -1;
    }
    const int rc = PyObject_GetBuffer(pixels, out, flags);
    Py_DECREF(pixels);
    return rc;
}

static PyObject *node_pixels(PyObject *self, PyObject *unused)
{
    (void)unused;
    return kalpy_pixels(self);
}

static PyMethodDef methods[] = {{"_pixels", node_pixels, METH_NOARGS, NULL},
                                {"_fields", node_fields, METH_NOARGS, NULL},
                                {"_meta", node_meta, METH_O, NULL},
                                {"_set_memo", node_set_memo, METH_O, NULL},
                                {NULL, NULL, 0, NULL}};
static PyGetSetDef getters[] = {
    {"key", get_key, NULL,
     "The name of the result, 32 hexadecimal digits: made of the content of its inputs and of its "
     "parameters.",
     NULL},
    {"text", get_text, NULL, "The graph as text, which parse() reads back to the same key.", NULL},
    {"op", get_op, NULL, "The name of the op that gives it.", NULL},
    {"_extent", get_extent, NULL, NULL, NULL},
    {"_inputs", get_inputs, NULL, NULL, NULL},
    {"_orientation", get_orientation, NULL, NULL, NULL},
    {"_file", get_file, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(kalpy_node, weak), READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
static PyType_Slot slots[] = {
    {Py_tp_dealloc, node_dealloc},     {Py_tp_traverse, node_traverse}, {Py_tp_hash, node_hash},
    {Py_tp_richcompare, node_compare}, {Py_tp_methods, methods},        {Py_tp_getset, getters},
    {Py_tp_members, members},          {Py_bf_getbuffer, node_buffer},  {0, NULL}};
PyType_Spec kalpy_node_spec = {
    "kallitype._kal.Node", sizeof(kalpy_node), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
