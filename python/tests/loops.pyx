# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""A loop over pixels of an image, read where they lie, into a canvas: no NumPy, no copy, in parallel."""
from cython.parallel import prange


def negative(const unsigned char[:, :] image, unsigned char[:, :] out):
    cdef Py_ssize_t y, x
    for y in prange(image.shape[0], nogil=True):
        for x in range(image.shape[1]):
            out[y, x] = 255 - image[y, x]


def negative_rgb(const unsigned char[:, :, :] image, unsigned char[:, :, :] out):
    cdef Py_ssize_t y, x, c
    for y in prange(image.shape[0], nogil=True):
        for x in range(image.shape[1]):
            for c in range(image.shape[2]):
                out[y, x, c] = 255 - image[y, x, c]


def swap_packed(const unsigned int[:, :] image, unsigned int[:, :] out):
    cdef Py_ssize_t y, x
    cdef unsigned int p
    for y in prange(image.shape[0], nogil=True):
        for x in range(image.shape[1]):
            p = image[y, x]
            out[y, x] = (p & 0xff00ff00U) | ((p >> 16) & 0xffU) | ((p & 0xffU) << 16)
