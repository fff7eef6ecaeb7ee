// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A typed map as JSON, read back from the very bytes that are hashed: what the key knows is what is printed.
#include "typed_map.h"

#include "num.h"
#include "value.h"
#include "utf.h"

#include <stdlib.h>
#include <string.h>

// The bytes are our own, so they are whole.
typedef struct reading {
    const unsigned char *p;
    kal__text out;
} reading;

static uint64_t take(reading *r, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)r->p[i] << (8 * i);
    r->p += bytes;
    return v;
}

static void put_text(reading *r)
{
    const size_t n = (size_t)take(r, 4);
    char *text = kal__new(n + 1, 1);
    if (text) {
        memcpy(text, r->p, n);
        text[n] = 0;
        kal__put_json(&r->out, text);
    }
    r->out.failed |= !text;
    free(text);
    r->p += n;
}

static void put_key(reading *r)
{
    char text[33];
    const uint64_t lo = take(r, 8);
    const kal_key key = {take(r, 8), lo};
    kal__putf(&r->out, "\"%s\"", kal_key_print(key, text));
}

// With a point or an exponent, so that 1.0 is no integer.
static void put_real(kal__text *t, double v)
{
    char text[32];
    if (v - v != 0) {
        kal__puts(t, v > 0 ? "1e999" : "-1e999");
        return;
    }
    const size_t n = kal__print_double(text, v);
    kal__put(t, text, n);
    if (strcspn(text, ".e") == n) kal__puts(t, ".0");
}

// What stands in a value, row by row.
static void put_value(reading *r)
{
    static const char *const words[] = {"numbers", "size", "points", "boxes", "polygons"};
    const uint64_t kind = take(r, 4), rows = take(r, 4), columns = take(r, 4);
    kal__putf(&r->out, "{\"$%s\":[", words[kind]);
    for (uint64_t y = 0; y < rows; y++) {
        kal__puts(&r->out, y ? ",[" : "[");
        for (uint64_t x = 0; x < columns; x++) {
            const uint64_t bits = take(r, 8);
            double v;
            memcpy(&v, &bits, sizeof v);
            if (x) kal__puts(&r->out, ",");
            put_real(&r->out, v);
        }
        kal__puts(&r->out, "]");
    }
    kal__puts(&r->out, "]}");
}

static void put_array(reading *r)
{
    kal__putf(&r->out, "{\"$array\":\"%s\",\"shape\":[", kal__element_name((kal_element)take(r, 1)));
    for (int i = 0, n = (int)take(r, 1); i < n; i++)
        kal__putf(&r->out, "%s%llu", i ? "," : "", (unsigned long long)take(r, 8));
    kal__puts(&r->out, "],\"digest\":");
    put_key(r);
    kal__puts(&r->out, "}");
}

static void put_bytes(reading *r)
{
    kal__putf(&r->out, "{\"$bytes\":%llu,\"digest\":", (unsigned long long)take(r, 8));
    put_key(r);
    kal__puts(&r->out, "}");
}

static void put_scalar(reading *r, int tag)
{
    uint64_t bits;
    double v;
    switch (tag) {
    case KAL__TAG_NONE: kal__puts(&r->out, "null"); break;
    case KAL__TAG_BOOL: kal__puts(&r->out, take(r, 1) ? "true" : "false"); break;
    case KAL__TAG_INT: kal__putf(&r->out, "%lld", (long long)take(r, 8)); break;
    case KAL__TAG_REAL:
        bits = take(r, 8);
        memcpy(&v, &bits, sizeof v);
        put_real(&r->out, v);
        break;
    case KAL__TAG_TEXT: put_text(r); break;
    case KAL__TAG_BYTES: put_bytes(r); break;
    case KAL__TAG_VALUE: put_value(r); break;
    case KAL__TAG_ARRAY: put_array(r); break;
    case KAL__TAG_NODE:
    case KAL__TAG_CONTENT:
        kal__puts(&r->out, tag == KAL__TAG_NODE ? "{\"$image\":" : "{\"$content\":");
        put_key(r);
        kal__puts(&r->out, "}");
        break;
    }
}

// Blanks stand between the entries of the whole alone: they are what `kal memo why` lays beside each other. No deeper than maps may be.
static void put_any(reading *r, bool whole)
{
    const int tag = (int)take(r, 1);
    if (tag != KAL__TAG_MAP && tag != KAL__TAG_LIST) {
        put_scalar(r, tag);
        return;
    }
    const uint64_t n = take(r, 4);
    kal__puts(&r->out, tag == KAL__TAG_MAP ? "{" : "[");
    for (uint64_t i = 0; i < n; i++) {
        kal__puts(&r->out, i && whole ? ", " : i ? "," : "");
        if (tag == KAL__TAG_MAP) put_text(r), kal__puts(&r->out, ":");
        put_any(r, false);
    }
    kal__puts(&r->out, tag == KAL__TAG_MAP ? "}" : "]");
}

kal_status kal_map_print(const kal_map *m, kal_bytes *out, kal_error *err)
{
    kal__text form = {0};
    char *data = NULL;
    *out = (kal_bytes){NULL, 0};
    kal_status st = kal__map_form(m, &form, err);
    if (!st) {
        reading r = {(const unsigned char *)form.data, {0}};
        put_any(&r, true);
        if (!kal__text_done(&r.out, &data, &out->size)) st = kal_fail(err, KAL_NOMEM, "map: out of memory");
        out->data = (unsigned char *)data;
    }
    free(form.data);
    return st;
}
