// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// An object for each op of the table: called by itself, or as a method of an image, which is its first input then. Inputs come first, as the record
// names them; then parameters, by name or in the record's order. What it may be called with is told by its record alone.
#include "py.h"

#include <string.h>

typedef struct op_object {
    PyObject_HEAD;
    const kal_op *op;
} op_object;

typedef struct bound_object {
    PyObject_HEAD;
    const kal_op *op;
    PyObject *op_self, *self;
} bound_object;

PyTypeObject *kalpy_BoundOp;

#define MOST 512   // inputs of one call

#define NAMED 64   // arguments by name

typedef struct named {
    const char *name;
    PyObject *value;
    int row, input;   // what it names; -1: it does not
} named;

typedef struct call {
    const kal_op *op;
    int32_t least, most;
    int32_t n, n_held;
    kalpy_args args;
    uint64_t set;   // parameters, by their rows
    kal_node **in;
    PyObject **held;   // made of paths and arrays for this call
    named *named;
    int32_t n_named;
    PyObject *keepers;   // of the inputs, borrowed; NULL: they have none, …
    bool differ;         // … or not the same
} call;

static bool fail_call(const call *c, const char *text)
{
    PyErr_Format(PyExc_TypeError, "%s: %s", c->op->name, text);
    return false;
}

static void note_keepers(call *c, PyObject *keepers)
{
    if (!keepers || keepers == c->keepers) return;
    c->differ = c->differ || c->keepers;
    c->keepers = keepers;
}

static bool add_node(call *c, PyObject *o)
{
    kal_node *node = kalpy_node_of(o);
    if (c->n == MOST) return fail_call(c, "too many images");
    if (!node) {   // whatever open() takes
        PyObject *made = PyObject_CallFunctionObjArgs(kalpy.open, o, NULL);
        if (!made) return false;
        c->held[c->n_held++] = o = made;
        node = kalpy_node_of(made);
    }
    note_keepers(c, ((kalpy_node *)o)->keepers);
    c->in[c->n++] = node;
    return true;
}

static bool add_list(call *c, PyObject *list)
{
    PyObject *iter = PyObject_GetIter(list), *o;
    bool ok = iter != NULL;
    while (ok && (o = PyIter_Next(iter))) {
        ok = add_node(c, o);
        if (ok && kalpy_node_of(o))
            c->held[c->n_held++] = o;   // the list may not keep it
        else
            Py_DECREF(o);
    }
    Py_XDECREF(iter);
    return ok && !PyErr_Occurred();
}

static bool put_param(call *c, size_t row, PyObject *v)
{
    if (v == Py_None) return true;
    if (row < 64) c->set |= (uint64_t)1 << row;
    return kalpy_args_put(&c->args, c->op->name, &c->op->params[row], v);
}

// One whose name is a keyword of Python is written with an underscore behind it.
static int find_param(const kal_op *op, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < op->n_params; i++) {
        const char *own = op->params[i].name;
        if (*own != *name) continue;
        const size_t k = strlen(own);
        if (!strncmp(own, name, k) && !strcmp(name + k, n > k ? "_" : "")) return (int)i;
    }
    return -1;
}

// A box stands for x, y, width and height, where an op begins with these four.
static bool takes_box(const kal_op *op)
{
    static const char *const four[] = {"x", "y", "width", "height"};
    if (op->n_params < 4) return false;
    for (int i = 0; i < 4; i++)
        if (strcmp(op->params[i].name, four[i]) != 0) return false;
    return true;
}

static bool is_box(PyObject *v)
{
    return kalpy.Box && PyObject_IsInstance(v, kalpy.Box) == 1;
}

static bool put_box(call *c, PyObject *box)
{
    static const char *const names[] = {"x", "y", "width", "height"};
    PyObject *of = c->n ? kalpy_wrap(kal_node_ref(c->in[c->n - 1])) : Py_NewRef(Py_None);
    PyObject *place =
        of ? PyObject_CallMethod(box, "_place", "O", of) : NULL;   // x, y, width, height in pixels
    bool ok = place != NULL;
    for (int i = 0; i < 4 && ok; i++) {
        PyObject *v = PyTuple_GetItem(place, i);
        ok = v && put_param(c, (size_t)find_param(c->op, names[i]), v);
    }
    Py_XDECREF(of);
    Py_XDECREF(place);
    return ok;
}

static bool is_value(PyObject *v)
{
    return kalpy.Value && PyObject_TypeCheck(v, (PyTypeObject *)kalpy.Value);
}

static bool is_input_like(PyObject *v)
{
    return kalpy_node_of(v) && !is_value(v);
}

// What stands before the parameters.
static bool add_inputs(call *c, PyObject *args, Py_ssize_t *at)
{
    const Py_ssize_t n = PyTuple_Size(args);
    while (*at < n && c->n < c->most) {
        PyObject *v = PyTuple_GetItem(args, *at);
        const bool list = c->most > 2 && (PyList_Check(v) || PyTuple_Check(v));
        if (!list && c->n >= c->least && !is_input_like(v)) return true;
        if (!(list ? add_list(c, v) : add_node(c, v))) return false;
        ++*at;
        if (list) return true;
    }
    return true;
}

// A value of its own goes where a value goes: a box to the four, a size to the two; else to the first parameter.
static bool put_positional(call *c, PyObject *args, Py_ssize_t at, size_t row)
{
    const bool box = takes_box(c->op);
    for (; at < PyTuple_Size(args); at++, row++) {
        PyObject *v = PyTuple_GetItem(args, at);
        if (box && row == 0 && is_box(v)) {
            if (!put_box(c, v)) return false;
            row = 3;
            continue;
        }
        if (box && row == 0 && kalpy_node_of(v)) {
            if (!kalpy_args_bind(&c->args, c->op->name, "box", kalpy_node_of(v))) return false;
            row = 3;
            continue;
        }
        if (box && row == 0)
            return fail_call(
                c, "bare numbers do not say whether they are corners or sizes: give Box(x0, y0, x1, y1), "
                   "Box.of(x, y, width, height), or x=, y=, width=, height=");
        if (row >= c->op->n_params) return fail_call(c, "there are more arguments than parameters");
        if (!put_param(c, row, v)) return false;
    }
    return true;
}

// A value whose method this is.
static bool put_first(call *c, PyObject *value)
{
    if (!c->op->n_params) return fail_call(c, "it takes no value");
    return put_param(c, 0, value);
}

// The input of that name; -1: there is none.
static int find_input(const kal_op *op, const char *name)
{
    const size_t n = strlen(name);
    int i = 0;
    for (const char *s = op->inputs; *s; i++) {
        const size_t k = strcspn(s, " ?.");
        if (k == n && !strncmp(s, name, n)) return i;
        s += strcspn(s, " ");
        s += strspn(s, " ");
    }
    return -1;
}

static PyObject *nearest(const kal_op *op, const char *name)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < op->n_params; i++) {
        PyObject *s = PyUnicode_FromString(op->params[i].name);
        if (!s || PyList_Append(list, s)) Py_CLEAR(list);
        Py_XDECREF(s);
    }
    PyErr_Format(PyExc_TypeError, "%s has no parameter \"%s\"; it has %S", op->name, name,
                 list ? list : Py_None);
    Py_XDECREF(list);
    return NULL;
}

static bool read_names(call *c, PyObject *kwargs)
{
    PyObject *key, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(kwargs, &at, &key, &v)) {
        const char *name = PyUnicode_AsUTF8AndSize(key, NULL);
        if (!name) return false;
        if (c->n_named == NAMED) return fail_call(c, "too many arguments by name");
        const int row = find_param(c->op, name);
        c->named[c->n_named++] = (named){name, v, row, row < 0 ? find_input(c->op, name) : -1};
    }
    return true;
}

// The input of that number, by its name; NULL: it is not given so.
static const named *input_named(const call *c, int input)
{
    for (int32_t k = 0; k < c->n_named; k++)
        if (c->named[k].input == input && c->named[k].value != Py_None) return &c->named[k];
    return NULL;
}

static bool add_named_inputs(call *c)
{
    for (const named *a; (a = input_named(c, c->n));) {
        const int32_t before = c->n;
        const bool list = PyList_Check(a->value) || PyTuple_Check(a->value);
        if (!(list ? add_list(c, a->value) : add_node(c, a->value))) return false;
        if (c->n == before) break;   // of no images
    }
    for (int32_t k = 0; k < c->n_named; k++) {
        const named *a = &c->named[k];
        if (a->input < c->n || a->value == Py_None) continue;
        PyErr_Format(PyExc_TypeError, "%s: %s is the input number %d, and %d were given before it",
                     c->op->name, a->name, a->input + 1, c->n);
        return false;
    }
    return true;
}

// A name that is no parameter's: of the four, or the two, that a value sets together.
static bool put_group(call *c, const named *a)
{
    const bool box = !strcmp(a->name, "box") && takes_box(c->op);
    const bool group = box || !strcmp(a->name, "size");
    if (group && a->value == Py_None) return true;
    if (box && is_box(a->value)) return put_box(c, a->value);
    kal_node *node = kalpy_node_of(a->value);
    if (!node || !group) return nearest(c->op, a->name) != NULL;
    return kalpy_args_bind(&c->args, c->op->name, box ? "box" : "size", node);
}

static bool put_named(call *c)
{
    for (int32_t k = 0; k < c->n_named; k++) {
        const named *a = &c->named[k];
        if (a->input >= 0) continue;   // was taken
        if (a->row >= 0 && a->row < 64 && c->set >> a->row & 1) {
            PyErr_Format(PyExc_TypeError, "%s: %s is given twice", c->op->name, a->name);
            return false;
        }
        if (!(a->row < 0 ? put_group(c, a) : put_param(c, (size_t)a->row, a->value))) return false;
    }
    return true;
}

static PyObject *call_op(const kal_op *op, PyObject *self, PyObject *args, PyObject *kwargs)
{
    kal_node *in[MOST];
    PyObject *held[MOST];
    named names[NAMED];
    call c = {.op = op, .in = in, .held = held, .named = names};
    PyObject *out = NULL;
    Py_ssize_t at = 0;
    kal_op_arity(op, &c.least, &c.most);
    if (c.most < 0 || c.most > MOST) c.most = MOST;
    const bool value = self && (!c.most || is_value(self));
    bool ok = !kwargs || read_names(&c, kwargs);
    if (ok && self) ok = value ? put_first(&c, self) : add_node(&c, self);
    if (ok) ok = add_inputs(&c, args, &at);
    if (ok) ok = add_named_inputs(&c);
    if (ok) ok = put_positional(&c, args, at, value);
    if (ok) ok = put_named(&c);
    if (ok)
        out = kalpy_wrap_on(kal_apply_text_bound(NULL, op->name, c.args.text ? c.args.text : "", c.in, c.n,
                                                 c.args.bound, c.args.n_bound),
                            c.differ || c.args.n_bound ? NULL : c.keepers);
    for (int32_t i = 0; i < c.n_held; i++) Py_DECREF(c.held[i]);
    kalpy_args_free(&c.args);
    return out;
}

// ---- the objects --------------------------------------------------------------------------------

static PyObject *op_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return call_op(((op_object *)self)->op, NULL, args, kwargs);
}

static PyObject *bound_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    const bound_object *b = (bound_object *)self;
    return call_op(b->op, b->self, args, kwargs);
}

static PyObject *op_get(PyObject *self, PyObject *object, PyObject *type)
{
    (void)type;
    if (!object || object == Py_None) return Py_NewRef(self);
    bound_object *b = kalpy_new(kalpy_BoundOp);
    if (!b) return NULL;
    b->op = ((op_object *)self)->op;
    b->op_self = Py_NewRef(self);
    b->self = Py_NewRef(object);
    return (PyObject *)b;
}

static void bound_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_DECREF(((bound_object *)self)->op_self);
    Py_DECREF(((bound_object *)self)->self);
    kalpy_free(self);
}

static int bound_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((bound_object *)self)->op_self);
    Py_VISIT(((bound_object *)self)->self);
    return 0;
}

static PyObject *param_tuple(const kal_param *p)
{
    static const char *const kinds[] = {"int",  "x",    "y",     "float", "bool", "choice",
                                        "text", "list", "color", "file",  "files"};
    PyObject *standard = p->def_text ? PyUnicode_FromString(p->def_text) : PyFloat_FromDouble(p->def);
    return Py_BuildValue("ssNOddss", p->name, kinds[p->kind], standard,
                         p->def == KAL_AUTO && !p->def_text ? Py_True : Py_False, p->min, p->max, p->unit,
                         p->help);
}

// name, family, help, inputs, params (name, kind, default, auto, min, max, unit, help), kind of result: what stubs and signatures are made of.
static PyObject *op_record(PyObject *self, void *unused)
{
    (void)unused;
    const kal_op *op = ((op_object *)self)->op;
    PyObject *params = PyTuple_New((Py_ssize_t)op->n_params);
    for (size_t i = 0; params && i < op->n_params; i++) {
        PyObject *p = param_tuple(&op->params[i]);
        if (!p)
            Py_CLEAR(params);
        else
            PyTuple_SetItem(params, (Py_ssize_t)i, p);
    }
    if (!params) return NULL;
    return Py_BuildValue("ssssNi", op->name, op->family, op->help, op->inputs, params,
                         op->measure ? (int)op->measure->kind : -1);
}

static PyObject *op_name(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(((op_object *)self)->op->name);
}

// Made when somebody looks: kallitype/signature.py.
static PyObject *described(PyObject *self, const char *what)
{
    return PyObject_CallFunction(kalpy.signature, "Os", self, what);
}

static PyObject *op_doc(PyObject *self, void *unused)
{
    (void)unused;
    return described(self, "doc");
}

static PyObject *op_signature(PyObject *self, void *unused)
{
    (void)unused;
    return described(self, "function");
}

static PyObject *bound_doc(PyObject *self, void *unused)
{
    (void)unused;
    return described(((bound_object *)self)->op_self, "doc");
}

static PyObject *bound_signature(PyObject *self, void *unused)
{
    (void)unused;
    return described(((bound_object *)self)->op_self, "method");
}

static PyObject *bound_name(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(((bound_object *)self)->op->name);
}

static PyObject *op_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<op %s>", ((op_object *)self)->op->name);
}

static PyObject *bound_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<op %s of %R>", ((bound_object *)self)->op->name,
                                ((bound_object *)self)->self);
}

static PyObject *op_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    return op_name(self, NULL);
}

static PyMethodDef op_methods[] = {{"__reduce__", op_reduce, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyGetSetDef op_getters[] = {
    {"__name__", op_name, NULL, NULL, NULL}, {"__qualname__", op_name, NULL, NULL, NULL},
    {"__doc__", op_doc, NULL, NULL, NULL},   {"__signature__", op_signature, NULL, NULL, NULL},
    {"record", op_record, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot op_slots[] = {{Py_tp_dealloc, kalpy_free},
                                 {Py_tp_call, op_call},
                                 {Py_tp_descr_get, op_get},
                                 {Py_tp_repr, op_repr},
                                 {Py_tp_getset, op_getters},
                                 {Py_tp_methods, op_methods},
                                 {0, NULL}};
PyType_Spec kalpy_op_spec = {"kallitype._kal.Op", sizeof(op_object), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, op_slots};

static PyGetSetDef bound_getters[] = {{"__name__", bound_name, NULL, NULL, NULL},
                                      {"__doc__", bound_doc, NULL, NULL, NULL},
                                      {"__signature__", bound_signature, NULL, NULL, NULL},
                                      {NULL, NULL, NULL, NULL, NULL}};
static PyMemberDef bound_members[] = {
    {"__self__", T_OBJECT_EX, offsetof(bound_object, self), READONLY, NULL},
    {"__func__", T_OBJECT_EX, offsetof(bound_object, op_self), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};
static PyType_Slot bound_slots[] = {{Py_tp_dealloc, bound_dealloc},
                                    {Py_tp_call, bound_call},
                                    {Py_tp_repr, bound_repr},
                                    {Py_tp_getset, bound_getters},
                                    {Py_tp_members, bound_members},
                                    {Py_tp_traverse, bound_traverse},
                                    {0, NULL}};
PyType_Spec kalpy_bound_spec = {"kallitype._kal.BoundOp", sizeof(bound_object), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                bound_slots};

bool kalpy_ops_into(PyObject *dict)
{
    const kal_op *op;
    for (size_t i = 0; (op = kal_op_at(i)); i++) {
        op_object *known = (op_object *)PyDict_GetItemString(dict, op->name);
        if (known) {   // a newer version may have taken its place
            known->op = op;
            continue;
        }
        op_object *o = kalpy_new(kalpy_Op);
        if (!o) return false;
        o->op = op;
        const int rc = PyDict_SetItemString(dict, op->name, (PyObject *)o);
        Py_DECREF(o);
        if (rc) return false;
    }
    return true;
}
