// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See value.h and kal/op.h.
#include "value.h"

#include "num.h"
#include "utf.h"

#include <stdlib.h>
#include <string.h>

const char *kal__value_word(kal_value_kind kind)
{
    static const char *const words[] = {"numbers", "a size", "points", "boxes", "polygons", "text"};
    return words[kind];
}

kal_status kal_value_make(kal_value *out, kal_value_kind kind, int32_t rows, int32_t columns)
{
    const size_t n = (size_t)rows * (size_t)columns;
    *out = (kal_value){.kind = kind, .rows = rows, .columns = columns};
    out->v = kal__new_zero(n ? n : 1, sizeof *out->v);
    return out->v ? KAL_OK : KAL_NOMEM;
}

kal_status kal_value_make_text(kal_value *out, const char *text)
{
    const size_t n = strlen(text) + 1;
    *out = (kal_value){.kind = KAL_VALUE_TEXT, .text = kal__new(n, 1)};
    if (!out->text) return KAL_NOMEM;
    memcpy(out->text, text, n);
    return KAL_OK;
}

void kal_value_free(kal_value *v)
{
    free(v->v);
    free(v->text);
    *v = (kal_value){.kind = KAL_VALUE_NUMBERS};
}

// ---- as bytes: kind, rows, columns, then numbers or text; little-endian ---------------------------

static uint64_t get_int(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

#define HEAD 12

void kal__value_pack(const kal_value *v, kal__text *out)
{
    kal__put_le(out, (uint64_t)v->kind, 4);
    kal__put_le(out, (uint64_t)v->rows, 4);
    kal__put_le(out, (uint64_t)v->columns, 4);
    if (v->text) kal__puts(out, v->text);
    for (size_t i = 0; v->v && i < (size_t)v->rows * (size_t)v->columns; i++) {
        const double d = v->v[i] == 0 ? 0 : v->v[i];   // -0
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        kal__put_le(out, bits, 8);
    }
}

static bool unpack_text(const unsigned char *p, size_t n, kal_value *out)
{
    out->text = kal__new(n + 1, 1);
    if (!out->text) return false;
    memcpy(out->text, p, n);
    out->text[n] = 0;
    return true;
}

bool kal__value_unpack(const unsigned char *p, size_t n, kal_value *out)
{
    *out = (kal_value){.kind = KAL_VALUE_NUMBERS};
    if (n < HEAD || get_int(p, 4) > KAL_VALUE_TEXT) return false;
    const kal_value_kind kind = (kal_value_kind)get_int(p, 4);
    const uint64_t rows = get_int(p + 4, 4), columns = get_int(p + 8, 4), count = rows * columns;
    *out = (kal_value){.kind = kind};
    if (kind == KAL_VALUE_TEXT) return unpack_text(p + HEAD, n - HEAD, out);
    if (rows > INT32_MAX || columns > INT32_MAX || (n - HEAD) / 8 < count) return false;
    if (kal_value_make(out, kind, (int32_t)rows, (int32_t)columns)) return false;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t bits = get_int(p + HEAD + 8 * i, 8);
        memcpy(&out->v[i], &bits, sizeof bits);
    }
    return true;
}

// ---- JSON ---------------------------------------------------------------------------------------

static void put_number(kal__text *t, double v)
{
    char text[32];
    if (v - v == 0)
        kal__put(t, text, kal__print_double(text, v));
    else
        kal__puts(t, "null");   // JSON has no word for it: of floats that are none, or infinite
}

// [a, b, …] of the last columns of a row.
static void put_row(kal__text *t, const double *v, int32_t from, int32_t to)
{
    kal__puts(t, "[");
    for (int32_t i = from; i < to; i++) {
        if (i > from) kal__puts(t, ", ");
        put_number(t, v[i]);
    }
    kal__puts(t, "]");
}

static void put_polygons(kal__text *t, const kal_value *v)
{
    for (int32_t i = 0; i < v->rows; i++) {
        const double *row = v->v + (size_t)i * 3;
        const bool first = i == 0 || row[0] != row[-3];
        kal__puts(t, !first ? ", " : i ? "], [" : "[");
        put_row(t, row, 1, 3);
    }
    if (v->rows) kal__puts(t, "]");
}

void kal__value_json(const kal_value *v, kal__text *t)
{
    if (v->kind == KAL_VALUE_TEXT) {
        kal__put_json(t, v->text);
        return;
    }
    const bool flat = v->kind == KAL_VALUE_SIZE || (v->kind == KAL_VALUE_NUMBERS && v->rows == 1);
    if (flat && v->columns == 1) {
        put_number(t, v->v[0]);
        return;
    }
    if (flat) {
        put_row(t, v->v, 0, v->columns);
        return;
    }
    kal__puts(t, "[");
    if (v->kind == KAL_VALUE_POLYGONS) put_polygons(t, v);
    for (int32_t i = 0; i < v->rows && v->kind != KAL_VALUE_POLYGONS; i++) {
        if (i) kal__puts(t, ", ");
        put_row(t, v->v + (size_t)i * (size_t)v->columns, 0, v->columns);
    }
    kal__puts(t, "]");
}
