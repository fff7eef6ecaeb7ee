// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pixels without copies. What an image hands out is a Pixels: a view onto rows that stay where they lie, pinned for as long as anything looks at
// them, and only to be read. It is one step between image and consumer, not a release function of the buffer: Pillow takes no exporter that
// has one.
#include "pixels.h"

#include "dlpack.h"

#include <stdlib.h>
#include <string.h>

PyTypeObject *kalpy_Pixels;

static const char *const formats[] = {"B", "H", "f", "I"};

void kalpy_lay_out(pixels_object *p, int32_t width, int32_t height, Py_ssize_t stride)
{
    const Py_ssize_t sample = (Py_ssize_t)kal_type_size(p->extent.type);
    p->ndim = p->extent.channels > 1 && !p->packed ? 3 : 2;
    p->shape[0] = height;
    p->shape[1] = width;
    p->shape[2] = p->extent.channels;
    p->strides[0] = stride;
    p->strides[1] = sample * p->extent.channels;
    p->strides[2] = sample;
}

static PyObject *view_of(PyObject *image, const kal_rect *part)
{
    kal_node *n = kalpy_need(image, "pixels");
    kal_view view = {0};
    kal_extent x = {0};
    kal_rect rect;
    bool ok;
    if (!n) return NULL;
    pixels_object *p = kalpy_new(kalpy_Pixels);
    if (!p) return NULL;
    KALPY_RUN(ok, (kal_node_extent(n, &x, &r.err) || (rect = part ? *part : kal_rect_all(&x),
                                                      kal_view_open(n, rect, &r.options, &view, &r.err)))
                      ? r.err.status
                      : KAL_OK);
    if (!ok) {   // also when it was there, and who was told so raised
        kal_view_close(&view);
        Py_DECREF(p);
        return NULL;
    }
    p->view = view;
    p->extent = x;
    p->data = view.data;
    kalpy_lay_out(p, view.rect.x1 - view.rect.x0, view.rect.y1 - view.rect.y0, view.stride);
    return (PyObject *)p;
}

PyObject *kalpy_pixels(PyObject *image)
{
    return view_of(image, NULL);
}

void kalpy_pixels_dealloc(PyObject *self)
{
    pixels_object *p = (pixels_object *)self;
    kal_view_close(&p->view);
    free(p->own);
    Py_XDECREF(p->of);
    kalpy_free(self);
}

// ---- the buffer protocol --------------------------------------------------------------------------

static bool is_contiguous(const pixels_object *p)
{
    return p->strides[0] == p->shape[1] * p->strides[1];
}

int kalpy_pixels_fill(PyObject *self, Py_buffer *b, int flags, bool writable)
{
    pixels_object *p = (pixels_object *)self;
    b->obj = NULL;
    if ((flags & PyBUF_WRITABLE) && !writable) {
        PyErr_SetString(PyExc_BufferError,
                        "pixels of an image are only to be read: copy them, or begin with a Canvas");
        return -1;
    }
    const bool whole = is_contiguous(p);
    if (!whole && (flags & PyBUF_STRIDES) != PyBUF_STRIDES) {
        PyErr_SetString(PyExc_BufferError, "rows do not follow each other without a gap: ask for strides");
        return -1;
    }
    const bool wants_c = (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS ||
                         (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS;
    if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS || (wants_c && !whole)) {
        PyErr_SetString(PyExc_BufferError,
                        "rows of pixels lie behind each other, and are not contiguous as asked for");
        return -1;
    }
    const Py_ssize_t item = p->packed ? 4 : (Py_ssize_t)kal_type_size(p->extent.type);
    b->buf = (void *)(uintptr_t)p->data;
    b->itemsize = item;
    b->len = p->shape[0] * p->shape[1] * p->strides[1];
    b->readonly = !writable;
    b->format = flags & PyBUF_FORMAT ? (char *)(uintptr_t)(p->packed ? "I" : formats[p->extent.type]) : NULL;
    b->ndim = flags & PyBUF_ND ? p->ndim : 1;
    b->shape = flags & PyBUF_ND ? p->shape : NULL;
    b->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? p->strides : NULL;
    b->suboffsets = NULL;
    b->internal = NULL;
    b->obj = Py_NewRef(self);
    return 0;
}

static int pixels_buffer(PyObject *self, Py_buffer *b, int flags)
{
    return kalpy_pixels_fill(self, b, flags, false);
}

// ---- DLPack -----------------------------------------------------------------------------------------

typedef struct lent {
    kalpy_dl_versioned versioned;
    kalpy_dl_managed managed;
    int64_t shape[3], strides[3];
    PyObject *owner;   // NULL: `copy` is theirs
    void *copy;
} lent;

static void lent_free(lent *l)
{
    if (l->owner) {
        const PyGILState_STATE g = PyGILState_Ensure();
        Py_DECREF(l->owner);
        PyGILState_Release(g);
    }
    free(l->copy);
    free(l);
}

static void delete_versioned(kalpy_dl_versioned *t)
{
    lent_free(t->manager_ctx);
}

static void delete_managed(kalpy_dl_managed *t)
{
    lent_free(t->manager_ctx);
}

static void free_versioned(PyObject *capsule)
{
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        kalpy_dl_versioned *t = PyCapsule_GetPointer(capsule, "dltensor_versioned");
        t->deleter(t);
    }
}

static void free_managed(PyObject *capsule)
{
    if (PyCapsule_IsValid(capsule, "dltensor")) {
        kalpy_dl_managed *t = PyCapsule_GetPointer(capsule, "dltensor");
        t->deleter(t);
    }
}

static void *copy_rows(const pixels_object *p)
{
    const size_t row = (size_t)(p->shape[1] * p->strides[1]);
    unsigned char *to = malloc(row * (size_t)p->shape[0]);
    for (Py_ssize_t y = 0; to && y < p->shape[0]; y++)
        memcpy(to + (size_t)y * row, p->data + y * p->strides[0], row);
    return to;
}

static bool may_be_written(PyObject *self)
{
    return Py_IS_TYPE(self, kalpy_Canvas) && !((pixels_object *)self)->frozen;
}

static bool lend(lent *l, PyObject *self, bool copy)
{
    const pixels_object *p = (pixels_object *)self;
    static const uint8_t codes[] = {KALPY_DL_UINT, KALPY_DL_UINT, KALPY_DL_FLOAT, KALPY_DL_UINT};
    const size_t sample = kal_type_size(p->extent.type);
    if (copy && !(l->copy = copy_rows(p))) return false;
    if (!copy) l->owner = Py_NewRef(self);
    for (int i = 0; i < p->ndim; i++)
        l->shape[i] = p->shape[i], l->strides[i] = p->strides[i] / (int64_t)sample;
    if (copy) l->strides[0] = l->shape[1] * l->strides[1];
    const kalpy_dl_tensor t = {.data = copy ? l->copy : (void *)(uintptr_t)p->data,
                               .device = {KALPY_DL_CPU, 0},
                               .ndim = p->ndim,
                               .dtype = {codes[p->extent.type], (uint8_t)(sample * 8), 1},
                               .shape = l->shape,
                               .strides = l->strides};
    l->managed = (kalpy_dl_managed){t, l, delete_managed};
    const uint64_t read_only = copy || may_be_written(self) ? 0 : KALPY_DL_READ_ONLY;
    l->versioned =
        (kalpy_dl_versioned){{1, 0}, l, delete_versioned, read_only | (copy ? KALPY_DL_COPIED : 0), t};
    return true;
}

// Who asks for version 1 is told that the pixels are only to be read; who cannot be told so gets a copy of his own.
PyObject *kalpy_to_dlpack(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"stream", "max_version", "dl_device", "copy", NULL};
    PyObject *stream = Py_None, *most = Py_None, *device = Py_None, *copy = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OOOO", names, &stream, &most, &device, &copy))
        return NULL;
    long major = 0;
    if (most != Py_None) {
        PyObject *v = PySequence_GetItem(most, 0);
        major = v ? PyLong_AsLong(v) : -1;
        Py_XDECREF(v);
        if (major == -1 && PyErr_Occurred()) return NULL;
    }
    if (device != Py_None) {
        int type, id;
        if (!PyArg_ParseTuple(device, "ii", &type, &id)) return NULL;
        if (type != KALPY_DL_CPU)
            return PyErr_Format(PyExc_BufferError, "pixels are in memory, not on a device");
    }
    const bool must = !may_be_written(self) && major < 1;
    if (must && copy == Py_False)
        return PyErr_Format(PyExc_BufferError,
                            "without a copy pixels go to DLPack of version 1 and later only, which "
                            "can say that they are only to be read");
    lent *l = calloc(1, sizeof *l);
    if (!l || !lend(l, self, must || copy == Py_True)) {
        free(l);
        return PyErr_NoMemory();
    }
    return major >= 1 ? PyCapsule_New(&l->versioned, "dltensor_versioned", free_versioned)
                      : PyCapsule_New(&l->managed, "dltensor", free_managed);
}

PyObject *kalpy_dlpack_device(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return Py_BuildValue("ii", KALPY_DL_CPU, 0);
}

// ---- other faces --------------------------------------------------------------------------------------

// RGBA of four bytes as one number a pixel: [y, x] without a third index.
static PyObject *packed(PyObject *self, PyObject *unused)
{
    (void)unused;
    const pixels_object *p = (pixels_object *)self;
    if (p->strides[1] != 4)
        return PyErr_Format(PyExc_ValueError, "packed() wants pixels of four bytes, and these have %zd",
                            p->strides[1]);
    pixels_object *q = kalpy_new(kalpy_Pixels);
    if (!q) return NULL;
    q->extent = p->extent;
    q->data = p->data;
    q->packed = true;
    q->of = Py_NewRef(self);
    kalpy_lay_out(q, (int32_t)p->shape[1], (int32_t)p->shape[0], p->strides[0]);
    return (PyObject *)q;
}

static PyObject *get_shape(PyObject *self, void *unused)
{
    (void)unused;
    const pixels_object *p = (pixels_object *)self;
    return p->ndim == 3 ? Py_BuildValue("nnn", p->shape[0], p->shape[1], p->shape[2])
                        : Py_BuildValue("nn", p->shape[0], p->shape[1]);
}

static PyObject *get_address(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromVoidPtr((void *)(uintptr_t)((pixels_object *)self)->data);
}

static PyObject *get_stride(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromSsize_t(((pixels_object *)self)->strides[0]);
}

static PyObject *get_mask(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((pixels_object *)self)->extent.model == KAL_MASK);
}

static PyMethodDef pixels_table[] = {
    {"__dlpack__", (PyCFunction)(void (*)(void))kalpy_to_dlpack, METH_VARARGS | METH_KEYWORDS, NULL},
    {"__dlpack_device__", kalpy_dlpack_device, METH_NOARGS, NULL},
    {"packed", packed, METH_NOARGS, "Pixels of four bytes as one 32-bit number each: [y, x]."},
    {NULL, NULL, 0, NULL}};
PyGetSetDef kalpy_pixels_getters[] = {
    {"shape", get_shape, NULL, "Rows, columns and, of more than one, channels.", NULL},
    {"address", get_address, NULL, "Where the first pixel lies.", NULL},
    {"stride", get_stride, NULL, "Bytes from row to row.", NULL},
    {"is_mask", get_mask, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot pixels_slots[] = {{Py_tp_dealloc, kalpy_pixels_dealloc},
                                     {Py_bf_getbuffer, pixels_buffer},
                                     {Py_tp_methods, pixels_table},
                                     {Py_tp_getset, kalpy_pixels_getters},
                                     {Py_tp_doc, "Pixels where they lie, only to be read."},
                                     {0, NULL}};
PyType_Spec kalpy_pixels_spec = {"kallitype._kal.Pixels", sizeof(pixels_object), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, pixels_slots};

// view(image, x0, y0, x1, y1) → Pixels of that part
static PyObject *view(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *image;
    kal_rect rect;
    if (!PyArg_ParseTuple(args, "Oiiii", &image, &rect.x0, &rect.y0, &rect.x1, &rect.y1)) return NULL;
    return view_of(image, &rect);
}

PyMethodDef kalpy_pixels_methods[] = {{"view", view, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
