// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Memory of one's own, to be written, that becomes an image when it is frozen.
#include "pixels.h"

#include <stdlib.h>
#include <string.h>

PyTypeObject *kalpy_Canvas;

static int canvas_buffer(PyObject *self, Py_buffer *b, int flags)
{
    const bool frozen = ((pixels_object *)self)->frozen;
    return kalpy_pixels_fill(self, b, flags, !frozen);
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
    if (has_alpha != Py_None && (alpha = PyObject_IsTrue(has_alpha)) < 0) return NULL;
    const int t = kalpy_type_named(dtype);
    if (t < 0)
        return PyErr_Format(PyExc_ValueError, "samples are uint8, uint16, float32 or uint32, not \"%s\"",
                            dtype);
    x.type = (kal_type)t;
    if (x.width < 1 || x.height < 1 || x.channels < 1 || x.channels > KAL_MAX_CHANNELS ||
        x.width > KAL_MAX_SIDE || x.height > KAL_MAX_SIDE)
        return PyErr_Format(PyExc_ValueError, "%d rows of %d pixels of %d channels are no image", x.height,
                            x.width, x.channels);
    if (!kalpy_guess_model(&x, model, alpha)) return NULL;
    pixels_object *p = kalpy_new(type);
    if (!p) return NULL;
    p->extent = x;
    p->own = calloc((size_t)x.height, (size_t)x.width * kal_pixel_size(&x));
    if (!p->own) {
        Py_DECREF(p);
        return PyErr_NoMemory();
    }
    p->data = p->own;
    kalpy_lay_out(p, x.width, x.height, (Py_ssize_t)((size_t)x.width * kal_pixel_size(&x)));
    return (PyObject *)p;
}

PyObject *kalpy_canvas(const kal_extent *x, int32_t width, int32_t height, unsigned char **samples)
{
    pixels_object *p = kalpy_new(kalpy_Canvas);
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
    kalpy_lay_out(p, width, height, (Py_ssize_t)row);
    return (PyObject *)p;
}

static void let_go(void *user)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    Py_DECREF((PyObject *)user);
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
    {"__dlpack__", (PyCFunction)(void (*)(void))kalpy_to_dlpack, METH_VARARGS | METH_KEYWORDS, NULL},
    {"__dlpack_device__", kalpy_dlpack_device, METH_NOARGS, NULL},
    {"freeze", freeze, METH_NOARGS,
     "The image of what is there now, without a copy. From then on no view that could write is given out; "
     "who holds one must not write any more."},
    {NULL, NULL, 0, NULL}};
static PyType_Slot canvas_slots[] = {
    {Py_tp_new, canvas_new},
    {Py_tp_dealloc, kalpy_pixels_dealloc},
    {Py_bf_getbuffer, canvas_buffer},
    {Py_tp_methods, canvas_table},
    {Py_tp_getset, kalpy_pixels_getters},
    {Py_tp_doc,
     "Canvas(height, width, channels=1, dtype='uint8', model=None, alpha=None)\n--\n\n"
     "Pixels to be written, all 0: by memoryview, NumPy, Cython or DLPack; freeze() makes an image of them."},
    {0, NULL}};
PyType_Spec kalpy_canvas_spec = {"kallitype._kal.Canvas", sizeof(pixels_object), 0, Py_TPFLAGS_DEFAULT,
                                 canvas_slots};
