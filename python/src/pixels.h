// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What Pixels and Canvas share: they are one object, of whose memory is another's or its own.
#ifndef KAL_PYTHON_PIXELS_H
#define KAL_PYTHON_PIXELS_H

#include "py.h"

typedef struct pixels_object {
    PyObject_HEAD;
    kal_view view;   // of a picture; or
    void *own;       // of a canvas, from malloc
    kal_extent extent;
    const unsigned char *data;
    Py_ssize_t shape[3], strides[3];
    int ndim;
    bool packed;   // each pixel of four bytes as one number
    bool frozen;
    PyObject *of;   // the Pixels that a packed one looks at
} pixels_object;

/// Shape and strides, of rows so many bytes apart.
void kalpy_lay_out(pixels_object *p, int32_t width, int32_t height, Py_ssize_t stride);
void kalpy_pixels_dealloc(PyObject *self);
int kalpy_pixels_fill(PyObject *self, Py_buffer *b, int flags, bool writable);
PyObject *kalpy_to_dlpack(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *kalpy_dlpack_device(PyObject *self, PyObject *unused);
extern PyGetSetDef kalpy_pixels_getters[];

/// "uint8", "uint16", "float32", "uint32" as a kal_type; -1: another word.
int kalpy_type_named(const char *word);
/// What so many channels mean, unless `model` says it (NULL) or `alpha` (-1). false with an exception.
bool kalpy_guess_model(kal_extent *x, const char *model, int alpha);

#endif
