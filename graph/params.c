// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Everything that is done to parameters, by walking a schema: defaults, copies, checks, printing. Reading from text: param_set.c.
#include "params.h"

#include "num.h"

#include <stdio.h>
#include <string.h>

// ---- access -------------------------------------------------------------------------------------

static bool is_int(const kal_param *p)
{
    return p->kind == KAL_PARAM_INT || p->kind == KAL_PARAM_X || p->kind == KAL_PARAM_Y;
}

bool kal__param_is_size(const kal_param *p)
{
    return (p->kind == KAL_PARAM_X || p->kind == KAL_PARAM_Y) && p->min == 1;
}

static bool is_list(const kal_param *p)
{
    return p->kind == KAL_PARAM_LIST || p->kind == KAL_PARAM_COLOR;
}

size_t kal__param_size(const kal_param *p)
{
    return p->kind == KAL_PARAM_BOOL    ? sizeof(bool)
           : p->kind == KAL_PARAM_FLOAT ? sizeof(double)
           : p->kind == KAL_PARAM_TEXT  ? sizeof(char *)
           : kal__is_of_files(p)        ? sizeof(char *)
           : is_list(p)                 ? sizeof(kal_list)
                                        : sizeof(int32_t);
}

size_t kal__param_align(const kal_param *p)
{
    const size_t n = kal__param_size(p);
    return n > _Alignof(kal_list) ? _Alignof(kal_list) : n;
}

kal__schema kal__schema_of(const kal_op *op)
{
    return (kal__schema){op->params, op->n_params, op->params_size, op->name, op->n_later};
}

kal__schema kal__schema_of_node(const kal_node *node)
{
    if (node->kind == KAL__ENCODE) {
        const kal__codec *c = node->u.codec;
        return (kal__schema){c->params, c->n_params, c->params_size, c->name, c->n_later};
    }
    return node->call.op ? kal__schema_of(node->call.op) : (kal__schema){NULL, 0, 0, "", 0};
}

void kal__params_default(kal__schema s, void *params)
{
    kal__params_fill(s.rows, s.n, s.size, params);
}

void kal__params_from(kal__schema s, void *params, const void *given)
{
    kal__params_default(s, params);
    if (!given) return;
    size_t size;
    memcpy(&size, given, sizeof size);
    memcpy(params, given, size < s.size ? size : s.size);
    memcpy(params, &s.size, sizeof s.size);
}

bool kal__param_is_default(const kal_param *p, const void *params)
{
    const kal__field f = kal__field_of(p, params);
    if (is_list(p)) return !f.l->n;
    if (p->kind == KAL_PARAM_BOOL) return *f.b == (p->def != 0);
    if (p->kind == KAL_PARAM_FLOAT) return *f.d == p->def;
    if (p->kind == KAL_PARAM_TEXT || kal__is_of_files(p))
        return !strcmp(*f.s, p->def_text ? p->def_text : "");
    return *f.i == (int32_t)p->def;
}

size_t kal__params_told(kal__schema s, const void *params)
{
    size_t n = s.n;
    while (n > s.n - s.later && kal__param_is_default(&s.rows[n - 1], params)) n--;
    return n;
}

// ---- checks -------------------------------------------------------------------------------------

static int n_choices(const char *words)
{
    int n = 1;
    for (; *words; words++) n += *words == '|';
    return n;
}

kal_status kal__out_of_range(kal__schema s, const kal_param *p, double v, double lo, double hi,
                             kal_error *err)
{
    char a[32], b[32], c[32];
    kal__print_double(a, v);
    if (kal__param_is_size(p) && v < 1)
        return kal_fail(err, KAL_INVALID, "%s: %s=%s is an empty rectangle; give at least 1", s.of, p->name,
                        a);
    kal__print_double(b, lo);
    kal__print_double(c, hi);
    return kal_fail(err, KAL_INVALID, "%s: %s=%s is outside %s..%s", s.of, p->name, a, b, c);
}

static kal_status check_number(kal__schema s, const kal_param *p, double *v, kal_error *err)
{
    if (*v != *v || *v - *v != 0)
        return kal_fail(err, KAL_INVALID, "%s: %s is not a finite number", s.of, p->name);
    if (*v == 0) *v = 0;   // -0 and 0 are one parameter
    if (p->min < p->max && (*v < p->min || *v > p->max) && !(p->def == KAL_AUTO && *v == KAL_AUTO))
        return kal__out_of_range(s, p, *v, p->min, p->max, err);
    return KAL_OK;
}

kal_status kal__params_check(kal__schema s, void *params, kal_error *err)
{
    for (size_t i = 0; i < s.n; i++) {
        const kal_param *p = &s.rows[i];
        const kal__field f = kal__field_of(p, params);
        kal_status st = KAL_OK;
        if (is_int(p)) {
            double v = *f.i;
            st = check_number(s, p, &v, err);
        } else if (p->kind == KAL_PARAM_FLOAT) {
            st = check_number(s, p, f.d, err);
        } else if (p->kind == KAL_PARAM_CHOICE) {
            if (*f.i != KAL_AUTO && (*f.i < 0 || *f.i >= n_choices(p->unit)))
                return kal__out_of_range(s, p, *f.i, 0, n_choices(p->unit) - 1, err);
        } else if (p->kind == KAL_PARAM_TEXT) {
            if (!*f.s) *f.s = "";
        } else if (kal__is_of_files(p)) {
            if (!*f.s || !**f.s) *f.s = "";   // ours: the node keeps the pointer
        } else if (is_list(p)) {
            if (f.l->n < 0 || (f.l->n && !f.l->v))
                return kal_fail(err, KAL_INVALID, "%s: %s is not a list", s.of, p->name);
            for (int32_t k = 0; k < f.l->n && !st; k++) {
                double v = f.l->v[k];
                st = check_number(s, p, &v, err);
            }
        }
        if (st) return st;
    }
    return KAL_OK;
}

bool kal__param_is_auto(const kal_param *p, const void *params)
{
    const kal__field f = kal__field_of(p, params);
    return ((is_int(p) || p->kind == KAL_PARAM_CHOICE) && *f.i == KAL_AUTO) ||
           (p->kind == KAL_PARAM_FLOAT && *f.d == KAL_AUTO);
}

kal_status kal__params_settled(kal__schema s, const void *params, kal_error *err)
{
    for (size_t i = 0; i < s.n; i++) {
        if (kal__param_is_auto(&s.rows[i], params))
            return kal_fail(err, KAL_INVALID, "%s: %s must be given", s.of, s.rows[i].name);
    }
    return KAL_OK;
}

// ---- copies -------------------------------------------------------------------------------------

static size_t text_room(const char *text)
{
    return (strlen(text) + 8) & ~(size_t)7;   // keeps the next list aligned
}

size_t kal__params_extra(kal__schema s, const void *params)
{
    size_t bytes = 0;
    for (size_t i = 0; i < s.n; i++) {
        const kal__field f = kal__field_of(&s.rows[i], params);
        if (is_list(&s.rows[i])) bytes += (size_t)f.l->n * sizeof(double);
        if (s.rows[i].kind == KAL_PARAM_TEXT) bytes += text_room(*f.s);
    }
    return bytes;
}

void kal__params_copy(kal__schema s, void *dst, const void *src, void *extra)
{
    unsigned char *to = extra;
    if (s.size) memcpy(dst, src, s.size);
    for (size_t i = 0; i < s.n; i++) {
        const kal__field f = kal__field_of(&s.rows[i], dst);
        if (is_list(&s.rows[i])) {
            const size_t n = (size_t)f.l->n * sizeof(double);
            for (int32_t k = 0; k < f.l->n; k++)   // -0 and 0 are one number here too
                ((double *)(void *)to)[k] = f.l->v[k] == 0 ? 0 : f.l->v[k];
            f.l->v = n ? (const double *)(void *)to : NULL;
            to += n;
        } else if (s.rows[i].kind == KAL_PARAM_TEXT) {
            const size_t n = text_room(*f.s);
            memcpy(to, *f.s, strlen(*f.s) + 1);
            *f.s = (const char *)to;
            to += n;
        }
    }
}

// ---- printing -----------------------------------------------------------------------------------

static void put_number(kal__text *t, double v)
{
    char b[32];
    kal__put(t, b, kal__print_double(b, v));
}

void kal__put_string(kal__text *t, const char *s)
{
    kal__puts(t, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') kal__puts(t, "\\");
        if (*s == '\n')
            kal__puts(t, "\\n");
        else
            kal__put(t, s, 1);
    }
    kal__puts(t, "\"");
}

static void put_choice(kal__text *t, const char *words, int32_t i)
{
    while (i-- > 0) words = strchr(words, '|') + 1;
    kal__put(t, words, strcspn(words, "|"));
}

void kal__params_print(kal__schema s, const void *params, kal__text *t)
{
    const size_t n = kal__params_told(s, params);
    for (size_t i = 0; i < n; i++) {
        const kal_param *p = &s.rows[i];
        const kal__field f = kal__field_of(p, params);
        if (is_list(p) && !f.l->n) continue;   // an empty list is the default and has no other spelling
        kal__putf(t, " %s=", p->name);
        if (is_int(p))
            kal__putf(t, "%d", *f.i);
        else if (p->kind == KAL_PARAM_FLOAT)
            put_number(t, *f.d);
        else if (p->kind == KAL_PARAM_BOOL)
            kal__puts(t, *f.b ? "true" : "false");
        else if (p->kind == KAL_PARAM_CHOICE)
            put_choice(t, p->unit, *f.i);
        else if (p->kind == KAL_PARAM_TEXT || kal__is_of_files(p))
            kal__put_string(t, *f.s);
        else {
            kal__puts(t, "[");
            for (int32_t k = 0; k < f.l->n; k++) {
                if (k) kal__puts(t, " ");
                put_number(t, f.l->v[k]);
            }
            kal__puts(t, "]");
        }
    }
}

// ---- names --------------------------------------------------------------------------------------

const kal_param *kal__param_find(kal__schema s, const char *name, size_t n)
{
    for (size_t i = 0; i < s.n; i++)
        if (strlen(s.rows[i].name) == n && !memcmp(s.rows[i].name, name, n)) return &s.rows[i];
    return NULL;
}
