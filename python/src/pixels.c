// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pixels without copies. What an image hands out is a Pixels: a view onto rows that stay where they lie, pinned for as long as anything looks at
// them, and only to be read. It is one step between image and consumer, not a release function of the buffer: Pillow takes no exporter that
// has one. A Canvas is memory of one's own that becomes an image when it is frozen.
#include "py.h"

#include "dlpack.h"

#include <stdlib.h>
#include <string.h>

typedef struct pixels_object {
    PyObject_HEAD kal_view view;   // of a picture; or
    void *own;                     // of a canvas, from malloc
    kal_extent extent;
    const unsigned char *data;
    Py_ssize_t shape[3], strides[3];
    int ndim;
    bool packed;   // each pixel of four bytes as one number
    bool frozen;
    PyObject *of;   // the Pixels that a packed one looks at
} pixels_object;

PyTypeObject *kalpy_Pixels, *kalpy_Canvas;

static const char *const formats[] = {"B", "H", "f", "I"};

static void lay_out(pixels_object *p, int32_t width, int32_t height, Py_ssize_t stride)
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

static pixels_object *new_object(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return (pixels_object *)alloc(type, 0);
}

static PyObject *view_of(PyObject *image, const kal_rect *part)
{
    kal_node *n = kalpy_need(image, "pixels");
    kal_view view = {0};
    kal_extent x = {0};
    kal_rect rect;
    bool ok;
    if (!n) return NULL;
    pixels_object *p = new_object(kalpy_Pixels);
    if (!p) return NULL;
    KALPY_RUN(ok, (kal_node_extent(n, &x, &r.err) || (rect = part ? *part : kal_rect_all(&x),
                                                      kal_view_open(n, rect, &r.options, &view, &r.err)))
                      ? r.err.status
                      : KAL_OK);
    if (!ok) {
        Py_DECREF(p);
        return NULL;
    }
    p->view = view;
    p->extent = x;
    p->data = view.data;
    lay_out(p, view.rect.x1 - view.rect.x0, view.rect.y1 - view.rect.y0, view.stride);
    return (PyObject *)p;
}

PyObject *kalpy_pixels(PyObject *image)
{
    return view_of(image, NULL);
}

static void pixels_dealloc(PyObject *self)
{
    pixels_object *p = (pixels_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    kal_view_close(&p->view);
    free(p->own);
    Py_XDECREF(p->of);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

// ---- the buffer protocol --------------------------------------------------------------------------

static bool is_contiguous(const pixels_object *p)
{
    return p->strides[0] == p->shape[1] * p->strides[1];
}

static int fill(PyObject *self, Py_buffer *b, int flags, bool writable)
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
    return fill(self, b, flags, false);
}

static int canvas_buffer(PyObject *self, Py_buffer *b, int flags)
{
    const bool frozen = ((pixels_object *)self)->frozen;
    return fill(self, b, flags, !frozen);
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
    const uint64_t read_only = copy || Py_IS_TYPE(self, kalpy_Canvas) ? 0 : KALPY_DL_READ_ONLY;
    l->versioned =
        (kalpy_dl_versioned){{1, 0}, l, delete_versioned, read_only | (copy ? KALPY_DL_COPIED : 0), t};
    return true;
}

// Who asks for version 1 is told that the pixels are only to be read; who cannot be told so gets a copy of his own.
static PyObject *to_dlpack(PyObject *self, PyObject *args, PyObject *kwargs)
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
    const bool must = Py_IS_TYPE(self, kalpy_Pixels) && major < 1;   // a canvas may be written to
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

static PyObject *dlpack_device(PyObject *self, PyObject *unused)
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
    pixels_object *q = new_object(kalpy_Pixels);
    if (!q) return NULL;
    q->extent = p->extent;
    q->data = p->data;
    q->packed = true;
    q->of = Py_NewRef(self);
    lay_out(q, (int32_t)p->shape[1], (int32_t)p->shape[0], p->strides[0]);
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
    {"__dlpack__", (PyCFunction)(void (*)(void))to_dlpack, METH_VARARGS | METH_KEYWORDS, NULL},
    {"__dlpack_device__", dlpack_device, METH_NOARGS, NULL},
    {"packed", packed, METH_NOARGS, "Pixels of four bytes as one 32-bit number each: [y, x]."},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef getters[] = {
    {"shape", get_shape, NULL, "Rows, columns and, of more than one, channels.", NULL},
    {"address", get_address, NULL, "Where the first pixel lies.", NULL},
    {"stride", get_stride, NULL, "Bytes from row to row.", NULL},
    {"is_mask", get_mask, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot pixels_slots[] = {{Py_tp_dealloc, pixels_dealloc},
                                     {Py_bf_getbuffer, pixels_buffer},
                                     {Py_tp_methods, pixels_table},
                                     {Py_tp_getset, getters},
                                     {Py_tp_doc, "Pixels where they lie, only to be read."},
                                     {0, NULL}};
PyType_Spec kalpy_pixels_spec = {"kallitype._kal.Pixels", sizeof(pixels_object), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, pixels_slots};

// ---- a canvas -------------------------------------------------------------------------------------------

static int index_of(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(word, words[i])) return i;
    return -1;
}

static const char *const type_names[] = {"uint8", "uint16", "float32", "uint32"};
static const char *const model_names[] = {"gray", "rgb", "data", "mask"};

// What so many channels mean, unless it is said.
static bool guess_model(kal_extent *x, const char *model, int alpha)
{
    const int said = model ? index_of(model, model_names, 4) : -1;
    if (model && said < 0) {
        PyErr_Format(PyExc_ValueError, "a model is gray, rgb, data or mask, not \"%s\"", model);
        return false;
    }
    x->alpha = alpha >= 0         ? alpha
               : said < 0         ? x->channels == 2 || x->channels == 4
               : said == KAL_GRAY ? x->channels == 2
                                  : said == KAL_RGB && x->channels == 4;
    const int colours = x->channels - x->alpha;
    x->model = said >= 0 ? (kal_model)said : colours == 1 ? KAL_GRAY : colours == 3 ? KAL_RGB : KAL_DATA;
    if (said < 0 && x->model == KAL_DATA && alpha < 0) x->alpha = false;
    return true;
}

static PyObject *canvas_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"height", "width", "channels", "dtype", "model", "alpha", NULL};
    kal_extent x = {.channels = 1};
    const char *dtype = "uint8", *model = NULL;
    int alpha = -1;
    PyObject *has_alpha = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ii|iszO", names, &x.height, &x.width, &x.channels, &dtype,
                                     &model, &has_alpha))
        return NULL;
    if (has_alpha != Py_None) alpha = PyObject_IsTrue(has_alpha);
    const int t = index_of(dtype, type_names, 4);
    if (t < 0)
        return PyErr_Format(PyExc_ValueError, "samples are uint8, uint16, float32 or uint32, not \"%s\"",
                            dtype);
    x.type = (kal_type)t;
    if (x.width < 1 || x.height < 1 || x.channels < 1 || x.channels > KAL_MAX_CHANNELS ||
        x.width > KAL_MAX_SIDE || x.height > KAL_MAX_SIDE)
        return PyErr_Format(PyExc_ValueError, "%d×%d pixels of %d channels are no image", x.width, x.height,
                            x.channels);
    if (!guess_model(&x, model, alpha)) return NULL;
    pixels_object *p = new_object(type);
    if (!p) return NULL;
    p->extent = x;
    p->own = calloc((size_t)x.height, (size_t)x.width * kal_pixel_size(&x));
    if (!p->own) {
        Py_DECREF(p);
        return PyErr_NoMemory();
    }
    p->data = p->own;
    lay_out(p, x.width, x.height, (Py_ssize_t)((size_t)x.width * kal_pixel_size(&x)));
    return (PyObject *)p;
}

PyObject *kalpy_canvas(const kal_extent *x, int32_t width, int32_t height, unsigned char **samples)
{
    pixels_object *p = new_object(kalpy_Canvas);
    if (!p) return NULL;
    p->extent = *x;
    p->extent.width = width;
    p->extent.height = height;
    const size_t row = (size_t)width * kal_pixel_size(x);
    *samples = p->own = malloc(row * (size_t)height);
    if (!p->own) {
        Py_DECREF(p);
        return PyErr_NoMemory();
    }
    p->data = p->own;
    lay_out(p, width, height, (Py_ssize_t)row);
    return (PyObject *)p;
}

static void let_go(void *user)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    Py_DECREF((PyObject *)user);
    PyGILState_Release(g);
}

static void drop_buffer(void *user)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    PyBuffer_Release(user);
    PyMem_Free(user);
    PyGILState_Release(g);
}

static PyObject *freeze(PyObject *self, PyObject *unused)
{
    (void)unused;
    pixels_object *p = (pixels_object *)self;
    p->frozen = true;
    Py_INCREF(self);
    PyThreadState *t = PyEval_SaveThread();
    kal_node *n = kal_pixels_borrowed(NULL, &p->extent, p->data, p->strides[0], let_go, self);
    PyEval_RestoreThread(t);
    return kalpy_wrap(n);
}

static PyMethodDef canvas_table[] = {
    {"__dlpack__", (PyCFunction)(void (*)(void))to_dlpack, METH_VARARGS | METH_KEYWORDS, NULL},
    {"__dlpack_device__", dlpack_device, METH_NOARGS, NULL},
    {"freeze", freeze, METH_NOARGS,
     "The image of what is there now, without a copy. From then on no view that could write is given out; "
     "who holds one must not write any more."},
    {NULL, NULL, 0, NULL}};
static PyType_Slot canvas_slots[] = {
    {Py_tp_new, canvas_new},
    {Py_tp_dealloc, pixels_dealloc},
    {Py_bf_getbuffer, canvas_buffer},
    {Py_tp_methods, canvas_table},
    {Py_tp_getset, getters},
    {Py_tp_doc,
     "Canvas(height, width, channels=1, dtype='uint8', model=None, alpha=None)\n--\n\n"
     "Pixels to be written, all 0: by memoryview, NumPy, Cython or DLPack; freeze() makes an image of them."},
    {0, NULL}};
PyType_Spec kalpy_canvas_spec = {"kallitype._kal.Canvas", sizeof(pixels_object), 0, Py_TPFLAGS_DEFAULT,
                                 canvas_slots};

// ---- samples of others ----------------------------------------------------------------------------------

static int type_of(const Py_buffer *b, bool *truth)
{
    const char *f = b->format ? b->format : "B";
    if (*f == '@' || *f == '=' || *f == '|' || *f == '<') f++;
    *truth = *f == '?';
    if (f[0] && f[1]) return -1;
    if (strchr("B?", *f)) return KAL_U8;
    if (*f == 'H') return KAL_U16;
    if (*f == 'f') return KAL_F32;
    return strchr("IL", *f) && b->itemsize == 4 ? KAL_U32 : -1;
}

bool kalpy_samples_of(PyObject *o, const char *model, int alpha, kalpy_samples *s)
{
    memset(s, 0, sizeof *s);
    if (PyObject_GetBuffer(o, &s->buffer, PyBUF_FORMAT | PyBUF_STRIDES)) return false;
    const Py_buffer *b = &s->buffer;
    bool truth;
    const int t = type_of(b, &truth);
    const Py_ssize_t c = b->ndim == 3 ? b->shape[2] : 1;
    if (t < 0)
        PyErr_Format(
            PyExc_TypeError,
            "samples are uint8, uint16, uint32, float32 or bool, not \"%s\" of %zd bytes: convert them first",
            b->format ? b->format : "?", b->itemsize);
    else if (b->ndim < 2 || b->ndim > 3)
        PyErr_Format(PyExc_ValueError,
                     "an image has rows, columns and perhaps channels; this has %d dimensions", b->ndim);
    else if (b->shape[0] < 1 || b->shape[1] < 1 || c < 1 || b->shape[0] > KAL_MAX_SIDE ||
             b->shape[1] > KAL_MAX_SIDE || c > KAL_MAX_CHANNELS)
        PyErr_Format(PyExc_ValueError, "%zd rows of %zd pixels of %zd channels are no image", b->shape[0],
                     b->shape[1], c);
    else if (truth && c != 1)
        PyErr_SetString(PyExc_ValueError, "an array of bool is a mask, of one channel");
    else {
        s->extent = (kal_extent){
            (int32_t)b->shape[1], (int32_t)b->shape[0], (int32_t)c, (kal_type)t, KAL_GRAY, false};
        s->stride = b->strides[0];
        if (guess_model(&s->extent, truth && !model ? "mask" : model, alpha)) return true;
    }
    PyBuffer_Release(&s->buffer);
    return false;
}

// Rows whose samples do not lie behind each other are laid out anew, and bools become 0 and 255.
unsigned char *kalpy_gather(const kalpy_samples *s, bool truth)
{
    const Py_buffer *b = &s->buffer;
    const size_t size = kal_type_size(s->extent.type),
                 row = (size_t)s->extent.width * kal_pixel_size(&s->extent);
    unsigned char *to = malloc(row * (size_t)s->extent.height), *at = to;
    if (!to) return NULL;
    const Py_ssize_t inner = b->ndim == 3 ? b->strides[2] : 0;
    for (Py_ssize_t y = 0; y < b->shape[0]; y++)
        for (Py_ssize_t x = 0; x < b->shape[1]; x++)
            for (int32_t c = 0; c < s->extent.channels; c++, at += size) {
                const unsigned char *from =
                    (unsigned char *)b->buf + y * b->strides[0] + x * b->strides[1] + c * inner;
                if (truth)
                    *at = *from ? 255 : 0;
                else
                    memcpy(at, from, size);
            }
    return to;
}

static bool lies_in_rows(const kalpy_samples *s)
{
    const Py_buffer *b = &s->buffer;
    const Py_ssize_t size = (Py_ssize_t)kal_type_size(s->extent.type);
    return (b->ndim == 2 || s->extent.channels == 1 || b->strides[2] == size) &&
           (b->shape[1] == 1 || b->strides[1] == size * s->extent.channels);
}

static PyObject *make_image(kalpy_samples *s, bool borrow)
{
    const bool truth = s->buffer.format && strchr(s->buffer.format, '?');
    const bool plain = !truth && lies_in_rows(s);
    unsigned char *own = plain ? NULL : kalpy_gather(s, truth);
    if (!plain && !own) return PyErr_NoMemory();
    Py_buffer *held = plain && borrow ? PyMem_Malloc(sizeof *held) : NULL;
    if (held) *held = s->buffer;
    PyThreadState *t = PyEval_SaveThread();
    kal_node *n = held ? kal_pixels_borrowed(NULL, &s->extent, held->buf, s->stride, drop_buffer, held)
                  : plain
                      ? kal_pixels(NULL, &s->extent, s->buffer.buf, s->stride)
                      : kal_pixels_borrowed(NULL, &s->extent, own,
                                            (ptrdiff_t)((size_t)s->extent.width * kal_pixel_size(&s->extent)),
                                            free, own);
    PyEval_RestoreThread(t);
    if (!held) PyBuffer_Release(&s->buffer);
    return kalpy_wrap(n);
}

// image_of(buffer, model or None, alpha: -1, 0, 1, borrow) → Image
static PyObject *image_of(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *o;
    const char *model;
    int alpha, borrow;
    kalpy_samples s;
    if (!PyArg_ParseTuple(args, "Ozip", &o, &model, &alpha, &borrow) ||
        !kalpy_samples_of(o, model, alpha, &s))
        return NULL;
    return make_image(&s, borrow);
}

// view(image, x0, y0, x1, y1) → Pixels of that part
static PyObject *view(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *image;
    kal_rect rect;
    if (!PyArg_ParseTuple(args, "Oiiii", &image, &rect.x0, &rect.y0, &rect.x1, &rect.y1)) return NULL;
    return view_of(image, &rect);
}

PyMethodDef kalpy_pixels_methods[] = {
    {"image_of", image_of, METH_VARARGS, NULL}, {"view", view, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
