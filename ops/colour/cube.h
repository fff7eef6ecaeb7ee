// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Colour tables in the .cube format (Adobe, "Cube LUT Specification 1.0"): lines of text with keywords, then size³ lines of three numbers, red
// changing fastest.
#ifndef KAL_OPS_CUBE_H
#define KAL_OPS_CUBE_H

#include <kal/base.h>

#include <stddef.h>

enum { KAL__CUBE_MOST = 256 };   // colours along an axis, as the format has it

typedef struct kal__cube {
    int32_t size;
    double low[3], high[3];   ///< what the first and the last colour along an axis stand for
    double *v;                ///< size³ · 3, from malloc; NULL when not asked for
} kal__cube;

/// Reads the n bytes of a .cube file; the error names `op` and the line. Without `values` they are checked and not kept.
kal_status kal__cube_parse(const char *op, const char *text, size_t n, bool values, kal__cube *out,
                           kal_error *err);

#endif
