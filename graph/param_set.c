// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The value of a parameter, read from a text by its row of the schema. See params.h.
#include "params.h"

#include "num.h"

#include <stdio.h>
#include <string.h>

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
        return kal__out_of_range(s, p, v, bounded ? p->min : -INT32_MAX, bounded ? p->max : INT32_MAX, err);
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
    const kal__field f = kal__field_of(p, params);
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
