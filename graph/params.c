// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Everything that is done to parameters, by walking a schema: defaults, copies, checks, printing, reading from text.
#include "dynamic.h"

#include "num.h"

#include <stdio.h>
#include <string.h>

// ---- access -------------------------------------------------------------------------------------

typedef union field {
    void *at;
    int32_t *i;
    bool *b;
    double *d;
    const char **s;
    kal_list *l;
} field;

static field field_of(const kal_param *p, const void *params)
{
    return (field){.at = (unsigned char *)(uintptr_t)params + p->offset};
}

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
    const field f = field_of(p, params);
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

static kal_status out_of_range(kal__schema s, const kal_param *p, double v, double lo, double hi,
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
        return out_of_range(s, p, *v, p->min, p->max, err);
    return KAL_OK;
}

kal_status kal__params_check(kal__schema s, void *params, kal_error *err)
{
    for (size_t i = 0; i < s.n; i++) {
        const kal_param *p = &s.rows[i];
        const field f = field_of(p, params);
        kal_status st = KAL_OK;
        if (is_int(p)) {
            double v = *f.i;
            st = check_number(s, p, &v, err);
        } else if (p->kind == KAL_PARAM_FLOAT) {
            st = check_number(s, p, f.d, err);
        } else if (p->kind == KAL_PARAM_CHOICE) {
            if (*f.i != KAL_AUTO && (*f.i < 0 || *f.i >= n_choices(p->unit)))
                return out_of_range(s, p, *f.i, 0, n_choices(p->unit) - 1, err);
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
    const field f = field_of(p, params);
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
        const field f = field_of(&s.rows[i], params);
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
        const field f = field_of(&s.rows[i], dst);
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
        const field f = field_of(p, params);
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

// ---- reading ------------------------------------------------------------------------------------

static kal_status bad_value(kal__schema s, const kal_param *p, const char *text, size_t n, const char *want,
                            kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "%s: %s=%.*s is not %s", s.of, p->name, (int)(n > 60 ? 60 : n), text,
                    want);
}

static kal_status set_int(kal__schema s, const kal_param *p, int32_t *out, const char *text, size_t n,
                          const kal__param_context *c, kal_error *err)
{
    double v;
    const bool percent = n > 1 && text[n - 1] == '%';
    if (!kal__parse_double(text, percent ? n - 1 : n, &v))
        return bad_value(s, p, text, n, "a whole number", err);
    if (percent && !c->image && c->shares && p->kind != KAL_PARAM_INT)
        return kal__share(c->shares, s, p, v, err);
    if (percent) {
        if (!c->image || !c->image->width || p->kind == KAL_PARAM_INT)
            return bad_value(s, p, text, n, "allowed: nothing here to take percent of", err);
        const bool some = v > 0;
        v = v / 100 * (p->kind == KAL_PARAM_X ? c->image->width : c->image->height);
        v = (double)(int64_t)(v < 0 ? v - 0.5 : v + 0.5);
        if (some && v < 1 && kal__param_is_size(p)) v = 1;   // a little of a picture is a pixel, not nothing
    }
    const bool bounded = p->min < p->max;
    if (v < -INT32_MAX || v > INT32_MAX)
        return out_of_range(s, p, v, bounded ? p->min : -INT32_MAX, bounded ? p->max : INT32_MAX, err);
    if (v != (double)(int64_t)v) return bad_value(s, p, text, n, "a whole number", err);
    *out = (int32_t)v;
    return KAL_OK;
}

static kal_status set_float(kal__schema s, const kal_param *p, double *out, const char *text, size_t n,
                            kal_error *err)
{
    const bool bytes = p->unit && !strcmp(p->unit, "B");
    if (bytes ? kal__parse_bytes(text, n, out) : kal__parse_double(text, n, out)) return KAL_OK;
    return bad_value(s, p, text, n, bytes ? "a number of bytes, as 200000 or 200K" : "a number", err);
}

static kal_status set_bool(kal__schema s, const kal_param *p, bool *out, const char *text, size_t n,
                           kal_error *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && !memcmp(words[i], text, n)) {
            *out = i & 1;
            return KAL_OK;
        }
    return bad_value(s, p, text, n, "true or false", err);
}

// The words of a choice, cut apart.
typedef struct words {
    char text[200];
    const char *at[24];
    size_t n;
} words;

static void split(words *w, const char *choices)
{
    snprintf(w->text, sizeof w->text, "%s", choices);
    w->n = 0;
    for (char *c = w->text; c && w->n < sizeof w->at / sizeof *w->at;) {
        w->at[w->n++] = c;
        c = strchr(c, '|');
        if (c) *c++ = 0;
    }
}

static const char *word_of(const void *of, size_t i)
{
    return ((const words *)of)->at[i];
}

static kal_status set_choice(kal__schema s, const kal_param *p, int32_t *out, const char *text, size_t n,
                             kal_error *err)
{
    int32_t i = 0;
    for (const char *w = p->unit;; w++, i++) {
        const size_t m = strcspn(w, "|");
        if (m == n && !memcmp(w, text, n)) {
            *out = i;
            return KAL_OK;
        }
        w += m;
        if (!*w) break;
    }
    words all;
    split(&all, p->unit);
    const char *near = kal__nearest(text, n, word_of, &all, all.n);
    char want[300];
    double number;
    if (kal__parse_double(
            text, n,
            &number))   // a word is meant for another parameter, or the meaning was taken to be another
        near = NULL;
    snprintf(want, sizeof want, "one of %s%s%s%s", p->unit, near ? "; did you mean \"" : "", near ? near : "",
             near ? "\"?" : "");
    const kal_status st = bad_value(s, p, text, n, want, err);
    const size_t used = strlen(err->message);
    if (kal__parse_double(text, n, &number))   // what it is tells best that it is no number
        snprintf(err->message + used, sizeof err->message - used, "; it is %s", p->help);
    return st;
}

static const struct {
    const char *name;
    unsigned rgb;
} colours[] = {{"black", 0x000000},  {"white", 0xffffff},  {"gray", 0x808080},    {"grey", 0x808080},
               {"red", 0xff0000},    {"green", 0x008000},  {"lime", 0x00ff00},    {"blue", 0x0000ff},
               {"yellow", 0xffff00}, {"cyan", 0x00ffff},   {"magenta", 0xff00ff}, {"orange", 0xffa500},
               {"purple", 0x800080}, {"brown", 0xa52a2a},  {"pink", 0xffc0cb},    {"navy", 0x000080},
               {"teal", 0x008080},   {"silver", 0xc0c0c0}, {"maroon", 0x800000},  {"olive", 0x808000}};

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// #rgb, #rgba, #rrggbb, #rrggbbaa → 3 or 4 values of 0..255; 0 when it is none of them.
static int hex_colour(const char *text, size_t n, int out[4])
{
    const bool wide = n == 7 || n == 9;
    if (!n || *text != '#' || !(wide || n == 4 || n == 5)) return 0;
    const int count = (int)(wide ? (n - 1) / 2 : n - 1);
    for (int i = 0; i < count; i++) {
        const int hi = hex(text[1 + (wide ? 2 * i : i)]), lo = wide ? hex(text[2 + 2 * i]) : hi;
        if (hi < 0 || lo < 0) return 0;
        out[i] = hi * 16 + lo;
    }
    return count;
}

// A named or hex colour in the sample unit of the image, with as many values as the image has colour channels.
static kal_status set_colour(kal__schema s, const kal_param *p, kal_list *out, const char *text, size_t n,
                             const kal__param_context *c, kal_error *err)
{
    int v[4] = {0}, count = hex_colour(text, n, v);
    for (size_t i = 0; !count && i < sizeof colours / sizeof *colours; i++)
        if (strlen(colours[i].name) == n && !memcmp(colours[i].name, text, n)) {
            for (int k = 0; k < 3; k++) v[k] = (int)(colours[i].rgb >> (16 - 8 * k) & 255);
            count = 3;
        }
    if (!count) return bad_value(s, p, text, n, "a colour (a word, #rgb, a number, or a list)", err);
    if (!c->image)
        return bad_value(s, p, text, n, "possible here: the kind of image is not known yet; give numbers",
                         err);
    double *to = kal__take(c->arena, 4, sizeof *to);
    if (!to) return kal_fail(err, KAL_NOMEM, "out of memory");
    const double unit = kal_type_max(c->image->type) / 255;
    const bool gray = c->image->channels - c->image->alpha == 1;
    if (gray && (v[0] != v[1] || v[1] != v[2]))
        return bad_value(s, p, text, n, "a gray, and the image is gray", err);
    int m = 0;
    for (int k = gray ? 2 : 0; k < count; k++) to[m++] = v[k] * unit;
    *out = (kal_list){to, m};
    return KAL_OK;
}

static kal_status set_list(kal__schema s, const kal_param *p, kal_list *out, const char *text, size_t n,
                           const kal__param_context *c, kal_error *err)
{
    const bool bracket = n >= 2 && text[0] == '[' && text[n - 1] == ']';
    double one;
    if (!bracket && !kal__parse_double(text, n, &one)) {
        if (p->kind == KAL_PARAM_COLOR) return set_colour(s, p, out, text, n, c, err);
        return bad_value(s, p, text, n, "a number or a list like [1 2 3]", err);
    }
    double *v = kal__take(c->arena, bracket ? n / 2 + 1 : 1, sizeof *v);
    if (!v) return kal_fail(err, KAL_NOMEM, "out of memory");
    int32_t m = 0;
    if (!bracket) v[m++] = one;
    const char *at = text + 1, *end = text + n - 1;
    while (bracket) {
        while (at < end && (strchr(" \t\r\n,", *at) && *at)) at++;
        if (at >= end) break;
        const char *word = at;
        while (at < end && !strchr(" \t\r\n,", *at)) at++;
        if (!kal__parse_double(word, (size_t)(at - word), &v[m]))
            return bad_value(s, p, word, (size_t)(at - word), "a number", err);
        m++;
    }
    *out = (kal_list){v, m};
    return KAL_OK;
}

kal_status kal__param_set(kal__schema s, const kal_param *p, void *params, const char *text, size_t n,
                          const kal__param_context *c, kal_error *err)
{
    const field f = field_of(p, params);
    switch (p->kind) {
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y: return set_int(s, p, f.i, text, n, c, err);
    case KAL_PARAM_BOOL: return set_bool(s, p, f.b, text, n, err);
    case KAL_PARAM_CHOICE: return set_choice(s, p, f.i, text, n, err);
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR: return set_list(s, p, f.l, text, n, c, err);
    case KAL_PARAM_FLOAT: return set_float(s, p, f.d, text, n, err);
    case KAL_PARAM_FILES:
        if (n >= 2 && text[0] == '[' && text[n - 1] == ']') text++, n -= 2;
        // fall through
    case KAL_PARAM_FILE:
    case KAL_PARAM_TEXT: {
        char *copy = kal__take(c->arena, n + 1, 1);
        if (!copy) return kal_fail(err, KAL_NOMEM, "out of memory");
        memcpy(copy, text, n);
        *f.s = copy;
        return KAL_OK;
    }
    }
    return KAL_INTERNAL;
}
