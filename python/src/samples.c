// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples of others: what a buffer holds, and an image of it.
#include "pixels.h"

#include <stdlib.h>
#include <string.h>

int kalpy_type_named(const char *word)
{
    static const char *const names[] = {"uint8", "uint16", "float32", "uint32"};   // as NumPy calls them
    for (int i = 0; i < 4; i++)
        if (!strcmp(word, names[i])) return i;
    return -1;
}

static int model_named(const char *word)
{
    for (int i = KAL_GRAY; i <= KAL_MASK; i++)
        if (!strcmp(word, kal_model_name((kal_model)i))) return i;
    return -1;
}

// What so many channels mean, unless it is said.
bool kalpy_guess_model(kal_extent *x, const char *model, int alpha)
{
    const int said = model ? model_named(model) : -1;
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

static void drop_buffer(void *user)
{
    const PyGILState_STATE g = PyGILState_Ensure();
    PyBuffer_Release(user);
    PyMem_Free(user);
    PyGILState_Release(g);
}

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

// Arrays of ctypes have no strides although they were asked for: a view of them does.
static bool take_buffer(PyObject *o, Py_buffer *b)
{
    if (PyObject_GetBuffer(o, b, PyBUF_FORMAT | PyBUF_STRIDES)) return false;
    if (b->strides || b->ndim < 1) return true;
    PyBuffer_Release(b);
    PyObject *view = PyMemoryView_FromObject(o);
    const bool ok = view && !PyObject_GetBuffer(view, b, PyBUF_FORMAT | PyBUF_STRIDES);
    Py_XDECREF(view);   // the buffer keeps it
    return ok;
}

bool kalpy_samples_of(PyObject *o, const char *model, int alpha, kalpy_samples *s)
{
    memset(s, 0, sizeof *s);
    if (!take_buffer(o, &s->buffer)) return false;
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
        if (kalpy_guess_model(&s->extent, truth && !model ? "mask" : model, alpha)) return true;
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
    const Py_ssize_t row = size * s->extent.channels * b->shape[1];
    return (s->stride >= row || s->stride <= -row) &&
           (b->ndim == 2 || s->extent.channels == 1 || b->strides[2] == size) &&
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

PyMethodDef kalpy_samples_methods[] = {{"image_of", image_of, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
