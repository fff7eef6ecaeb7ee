// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops whose pixels a Python function makes. The record is the same as any op's. Its kernel takes the interpreter's lock, hands the function tiles of its own memory,
// which it may keep, and copies what it gives into the rows that are wanted: what a function holds on to can never be somebody's memory
// that is used again.
#include "py.h"

#include <stdlib.h>
#include <string.h>

typedef struct user_op {
    kal_op op;
    PyObject *function, *size;   // size: NULL, or gives width and height from those of the first input
    int32_t halo;
    kal_extent result;        // channels 0: as the first input
    int type, model, alpha;   // -1: as the first input
} user_op;

static const user_op *of(const kal_call *call)
{
    return call->op->user;
}

static const void *field(const kal_call *call, const kal_param *p)
{
    return (const unsigned char *)call->params + p->offset;
}

static PyObject *param_value(const kal_call *call, const kal_param *p)
{
    kal_list l;
    switch (p->kind) {
    case KAL_PARAM_INT: return PyLong_FromLong(*(const int32_t *)field(call, p));
    case KAL_PARAM_FLOAT: return PyFloat_FromDouble(*(const double *)field(call, p));
    case KAL_PARAM_BOOL: return PyBool_FromLong(*(const bool *)field(call, p));
    case KAL_PARAM_TEXT: return PyUnicode_FromString(*(const char *const *)field(call, p));
    default: break;
    }
    memcpy(&l, field(call, p), sizeof l);
    PyObject *list = PyList_New(l.n);
    for (int32_t i = 0; list && i < l.n; i++) PyList_SetItem(list, i, PyFloat_FromDouble(l.v[i]));
    return list;
}

static PyObject *params_dict(const kal_call *call)
{
    PyObject *d = PyDict_New();
    for (size_t i = 0; d && i < call->op->n_params; i++) {
        PyObject *v = param_value(call, &call->op->params[i]);
        if (!v || PyDict_SetItemString(d, call->op->params[i].name, v)) Py_CLEAR(d);
        Py_XDECREF(v);
    }
    return d;
}

static bool size_of(const kal_call *call, kal_extent *out, kal_error *err)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    PyObject *params = params_dict(call), *args = Py_BuildValue("(ii)", out->width, out->height);
    PyObject *size = params && args ? PyObject_Call(of(call)->size, args, params) : NULL;
    PyObject *pair = size ? PySequence_Tuple(size) : NULL;
    const bool ok =
        pair && PyArg_ParseTuple(pair, "ii;size gives width and height", &out->width, &out->height);
    Py_XDECREF(pair);
    if (!ok) kalpy_stash(err, call->op->name);
    Py_XDECREF(params);
    Py_XDECREF(args);
    Py_XDECREF(size);
    PyGILState_Release(g);
    return ok;
}

static kal_status user_extent(const kal_call *call, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const user_op *u = of(call);
    *out = call->n ? call->in[0]->extent : u->result;
    for (int32_t i = 1; i < call->n && !(u->op.flags & KAL_OP_WHOLE); i++)
        if (call->in[i]->extent.width != out->width || call->in[i]->extent.height != out->height)
            return kal_fail(err, KAL_INVALID, "%s: its images are of one size: %d×%d and %d×%d",
                            call->op->name, out->width, out->height, call->in[i]->extent.width,
                            call->in[i]->extent.height);
    if (u->size && !size_of(call, out, err)) return err ? err->status : KAL_CALLBACK;
    if (u->result.channels) out->channels = u->result.channels;
    if (u->type >= 0) out->type = (kal_type)u->type;
    if (u->result.channels || u->model >= 0) {
        out->alpha = u->alpha >= 0 ? u->alpha : out->channels == 2 || out->channels == 4;
        const int32_t colours = out->channels - out->alpha;
        out->model = u->model >= 0  ? (kal_model)u->model
                     : colours == 1 ? KAL_GRAY
                     : colours == 3 ? KAL_RGB
                                    : KAL_DATA;
        if (u->model < 0 && out->model == KAL_DATA && u->alpha < 0) out->alpha = false;
    }
    if (u->model < 0 && out->model == KAL_MASK && out->type != KAL_U8)
        out->model = KAL_GRAY;   // as cast does
    if (out->width < 1 || out->height < 1)
        return kal_fail(err, KAL_INVALID, "%s: %d×%d is no size", call->op->name, out->width, out->height);
    return KAL_OK;
}

static kal_rect user_need(const kal_call *call, int32_t i, kal_rect out)
{
    const user_op *u = of(call);
    const kal_extent *x = &call->in[i]->extent;
    if (u->op.flags & KAL_OP_WHOLE) return kal_rect_all(x);
    return kal_need_halo(x, out, u->halo, u->halo, u->halo, u->halo, KAL_EDGE_COPY);
}

// ---- running ----------------------------------------------------------------------------------------

// A tile of its own, wider by the halo; what lies outside the image is its nearest pixel.
static PyObject *tile_of(const kal_call *call, int32_t i, const kal_tile *in, kal_rect wanted)
{
    const kal_extent *x = &call->in[i]->extent;
    const size_t pixel = kal_pixel_size(x);
    unsigned char *to;
    PyObject *o = kalpy_canvas(x, wanted.x1 - wanted.x0, wanted.y1 - wanted.y0, &to);
    if (!o) return NULL;
    for (int32_t y = wanted.y0; y < wanted.y1; y++) {
        const int32_t row = y < 0 ? 0 : y >= x->height ? x->height - 1 : y;
        for (int32_t c = wanted.x0; c < wanted.x1;) {
            const int32_t from = c < 0 ? 0 : c >= x->width ? x->width - 1 : c;
            const int32_t inside =
                c >= 0 && c < x->width ? (wanted.x1 < x->width ? wanted.x1 : x->width) - c : 1;
            memcpy(to, kal_at(in, from, row), (size_t)inside * pixel);
            to += (size_t)inside * pixel;
            c += inside;
        }
    }
    return o;
}

static bool put_result(const kal_job *job, PyObject *given, kal_error *err)
{
    const kal_extent *x = &job->call->extent;
    const kal_tile *out = job->out;
    const int32_t w = kal_tile_width(out), h = out->rect.y1 - out->rect.y0;
    const size_t row = (size_t)w * kal_pixel_size(x);
    kalpy_samples s;
    if (!kalpy_samples_of(given, NULL, -1, &s)) {
        kalpy_stash(err, job->call->op->name);
        return false;
    }
    const Py_buffer *b = &s.buffer;
    // 0 and 255, as everywhere
    const bool truth = x->type == KAL_U8 && (x->model == KAL_MASK || (b->format && strchr(b->format, '?')));
    bool ok = s.extent.width == w && s.extent.height == h && s.extent.channels == x->channels &&
              s.extent.type == x->type;
    if (!ok)
        kal_fail(err, KAL_CALLBACK, "%s gave %d×%d×%d samples of %d bytes in place of %d×%d×%d of %d",
                 job->call->op->name, s.extent.height, s.extent.width, s.extent.channels,
                 (int)kal_type_size(s.extent.type), h, w, x->channels, (int)kal_type_size(x->type));
    unsigned char *packed = ok ? kalpy_gather(&s, truth) : NULL;
    if (ok && !packed) ok = kal_fail(err, KAL_NOMEM, "out of memory") == KAL_OK;
    for (int32_t y = 0; y < h && ok; y++)
        memcpy(kal_row(out, out->rect.y0 + y), packed + (size_t)y * row, row);
    free(packed);
    PyBuffer_Release(&s.buffer);
    return ok;
}

static kal_status user_run(const kal_job *job)
{
    const user_op *u = of(job->call);
    const kal_rect r = job->out->rect;
    const PyGILState_STATE g = PyGILState_Ensure();
    kal_status st = KAL_OK;
    PyObject *args = PyTuple_New(job->call->n), *params = params_dict(job->call), *given = NULL;
    bool ok = args && params;
    for (int32_t i = 0; i < job->call->n && ok; i++) {
        const kal_rect all = kal_rect_all(&job->call->in[i]->extent);
        const kal_rect wanted = u->op.flags & KAL_OP_WHOLE ? all
                                                           : kal_rect_of(r.x0 - u->halo, r.y0 - u->halo,
                                                                         r.x1 + u->halo, r.y1 + u->halo);
        PyObject *t = tile_of(job->call, i, &job->in[i], wanted);
        ok = t && !PyTuple_SetItem(args, i, t);
    }
    kalpy_enter_function();
    if (ok) given = PyObject_Call(u->function, args, params);
    kalpy_leave_function();
    if (!given)
        st = kalpy_stash(job->err, job->call->op->name);
    else if (!put_result(job, given, job->err))
        st = KAL_CALLBACK;
    Py_XDECREF(args);
    Py_XDECREF(params);
    Py_XDECREF(given);
    PyGILState_Release(g);
    return st;
}

// ---- the record -------------------------------------------------------------------------------------

static char *own(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *copy = PyMem_Malloc(n);
    return copy ? memcpy(copy, s, n) : NULL;
}

// (name, kind, number, text, help): kinds of kal_param_kind.
static bool add_param(kal_param *p, PyObject *row, size_t *size)
{
    const char *name, *text, *help;
    int kind;
    double number;
    if (!PyArg_ParseTuple(row, "sidzs", &name, &kind, &number, &text, &help)) return false;
    static const size_t sizes[] = {[KAL_PARAM_INT] = 4,
                                   [KAL_PARAM_FLOAT] = 8,
                                   [KAL_PARAM_BOOL] = 1,
                                   [KAL_PARAM_TEXT] = sizeof(char *),
                                   [KAL_PARAM_LIST] = sizeof(kal_list)};
    *size = (*size + 7) & ~(size_t)7;
    *p = (kal_param){.name = own(name),
                     .kind = (kal_param_kind)kind,
                     .offset = *size,
                     .def = number,
                     .def_text = text ? own(text) : NULL,
                     .unit = "",
                     .help = own(help)};
    *size += sizes[kind];
    return true;
}

static bool fill(user_op *u, PyObject *list, const char *name, const char *help, const char *inputs)
{
    const Py_ssize_t n = PyList_Size(list);
    kal_param *params = PyMem_Calloc((size_t)n + 1, sizeof *params);
    size_t size = sizeof(size_t);
    for (Py_ssize_t i = 0; params && i < n; i++)
        if (!add_param(&params[i], PyList_GetItem(list, i), &size)) return false;
    static const char *const samples[] = {"", NULL};
    u->op.name = own(name);
    u->op.help = own(help);
    u->op.inputs = own(inputs);
    u->op.family = "yours";
    u->op.params = params;
    u->op.n_params = (size_t)n;
    u->op.params_size = (size + 7) & ~(size_t)7;
    u->op.cost = 50;
    u->op.extent = user_extent;
    u->op.need = user_need;
    u->op.run = user_run;
    u->op.samples = samples;
    u->op.user = u;
    return params && u->op.name && u->op.help && u->op.inputs;
}

// register_op(name, version, help, inputs, params, function, size or None, halo, flags, (width, height, channels, type, model, alpha)). The record stays for as
// long as the process.
static PyObject *register_op(PyObject *self, PyObject *args)
{
    (void)self;
    const char *name, *help, *inputs;
    PyObject *params, *function, *size;
    int version, halo, flags;
    kal_extent x = {0};
    int type, model, alpha;
    kal_error err;
    if (!PyArg_ParseTuple(args, "sissO!OOii(iiiiii)", &name, &version, &help, &inputs, &PyList_Type, &params,
                          &function, &size, &halo, &flags, &x.width, &x.height, &x.channels, &type, &model,
                          &alpha))
        return NULL;
    user_op *u = PyMem_Calloc(1, sizeof *u);
    if (!u) return PyErr_NoMemory();
    u->op.version = (uint32_t)version;
    u->op.flags = (uint32_t)flags;
    u->function = Py_NewRef(function);
    u->size = size == Py_None ? NULL : Py_NewRef(size);
    u->halo = halo;
    u->result = x;
    u->type = type;
    u->model = model;
    u->alpha = alpha;
    if (!fill(u, params, name, help, inputs)) return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    if (kal_op_register(&u->op, &err)) return kalpy_raise(&err);
    Py_RETURN_NONE;
}

PyMethodDef kalpy_user_methods[] = {{"register_op", register_op, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
