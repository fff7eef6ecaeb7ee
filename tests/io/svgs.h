// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// An SVG of some of everything.
#ifndef SVGS_H
#define SVGS_H

#include "files.h"

static inline kal_bytes svg_of_shapes(void)
{
    static const char text[] =
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30' viewBox='0 0 80 60'><defs>"
        "<linearGradient id='g'><stop offset='0' stop-color='red'/><stop offset='1' "
        "stop-color='#00f'/></linearGradient>"
        "<filter id='f'><feGaussianBlur stdDeviation='2'/></filter><clipPath id='c'><circle cx='40' cy='30' "
        "r='25'/></clipPath>"
        "</defs><g clip-path='url(#c)' opacity='.7'><rect width='80' height='60' fill='url(#g)'/>"
        "<path d='M10 10C30 70 50-10 70 50z' filter='url(#f)' stroke='#0f08' transform='rotate(9)'/></g>"
        "<use href='#f'/><style>path{stroke-width:3}</style></svg>";
    return bytes_copy(text, sizeof text - 1);
}

#endif
