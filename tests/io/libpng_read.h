// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What we wrote, as libpng reads it: it must find nothing to complain about.
#ifndef LIBPNG_READ_H
#define LIBPNG_READ_H

#include <kal/kal.h>

#include <png.h>
#include <stdio.h>
#include <string.h>

typedef struct cursor {
    const kal_bytes *b;
    size_t at;
} cursor;

static void on_read(png_structp p, png_bytep dst, size_t n)
{
    cursor *c = png_get_io_ptr(p);
    if (n > c->b->size - c->at) png_error(p, "the file ends");
    memcpy(dst, c->b->data + c->at, n);
    c->at += n;
}

static bool complained;

static void on_complaint(png_structp p, png_const_charp text)
{
    (void)p;
    complained = true;
    printf("libpng: %s\n", text);
}

#endif
