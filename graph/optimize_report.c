// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is kept of a search: a text of a line for each candidate, a zero, and the bytes of the chosen one. Read back it is a kal_choice, printed it is JSON or a
// picture.
#include "optimize.h"

#include "load.h"

#include "num.h"
#include "utf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "kal choice 1"

// ---- written ------------------------------------------------------------------------------------

static void put_field(kal__text *t, const char *text)
{
    kal__put(t, "\t", 1);
    for (; *text; text++) kal__put(t, *text == '\t' || *text == '\n' ? " " : text, 1);
}

static void put_number(kal__text *t, double v)
{
    char s[32] = "-";
    if (isfinite(v)) kal__print_double(s, v);
    put_field(t, s);
}

static void put_try(kal__text *t, const kal__try *x)
{
    kal__puts(t, x->told.original ? "original" : "try");
    put_field(t, x->told.format);
    put_field(t, x->params);
    put_number(t, (double)x->told.bytes);
    put_number(t, x->told.score);
    put_number(t, x->told.width);
    put_number(t, x->told.height);
    put_number(t, x->told.keeps);
    put_field(t, x->why);
    kal__put(t, "\n", 1);
}

kal__slab *kal__report_make(const kal__aim *a, const kal__try *tries, int n, int chosen, size_t *size)
{
    kal__text t = {0};
    const kal__try *c = &tries[chosen];
    if (!c->bytes) return NULL;   // let go of, and could not be made again
    kal__puts(&t, FIRST_LINE "\n");
    kal__putf(&t, "%s\t%d\t%d\n", kal__metric_of(a) ? kal__metric_of(a)->name : "none", n, chosen);
    for (int i = 0; i < n; i++) put_try(&t, &tries[i]);
    kal__put(&t, "", 1);
    *size = t.size + (size_t)c->told.bytes;
    kal__slab *slab = t.failed ? NULL : kal__slab_new(*size);
    if (slab) {
        memcpy(slab->data, t.data, t.size);
        memcpy(slab->data + t.size, c->bytes->data, (size_t)c->told.bytes);
    }
    free(t.data);
    return slab;
}

// ---- read ---------------------------------------------------------------------------------------

typedef struct held {
    kal__slab *slab;
    char suffix[KAL__SUFFIX];
    char *text;
    kal_candidate *list;
    kal_node *image;   // NULL: nobody said
    kal_key key;
} held;

static double number_of(const char *s)
{
    double v;
    return s && kal__parse_double(s, strlen(s), &v) ? v : (double)NAN;
}

static bool read_try(char *line, kal_candidate *out)
{
    char *f[9];
    int n = 0;
    for (char *p = line; p && n < 9; n++) f[n] = strsep(&p, "\t");
    if (n < 9) return false;
    *out = (kal_candidate){.format = f[1],
                           .params = f[2],
                           .bytes = (uint64_t)number_of(f[3]),
                           .score = number_of(f[4]),
                           .width = (int32_t)number_of(f[5]),
                           .height = (int32_t)number_of(f[6]),
                           .original = !strcmp(f[0], "original"),
                           .keeps = number_of(f[7]) == 1,
                           .why = f[8]};
    return kal__codec_named(f[1]) != NULL;
}

static bool read_lines(held *h, kal_choice *out)
{
    char *p = h->text, *line = strsep(&p, "\n");
    if (!p || strcmp(line, FIRST_LINE) != 0) return false;
    char *head = strsep(&p, "\n");
    out->metric = strsep(&head, "\t");
    if (!head || sscanf(head, "%d\t%d", &out->n, &out->chosen) != 2) return false;
    if (out->n < 1 || out->n > 4096 || out->chosen < 0 || out->chosen >= out->n) return false;
    h->list = kal__new_zero((size_t)out->n, sizeof *h->list);
    for (int32_t i = 0; h->list && i < out->n; i++)
        if (!p || !(line = strsep(&p, "\n")) || !read_try(line, &h->list[i])) return false;
    out->candidates = h->list;
    return h->list != NULL;
}

kal_status kal__report_read(kal__slab *report, size_t size, kal_choice *out, kal_error *err)
{
    held *h = kal__new_zero(1, sizeof *h);
    const unsigned char *zero = memchr(report->data, 0, size);
    const size_t n = zero ? (size_t)(zero - report->data) + 1 : 0;
    *out = (kal_choice){.n = 0};
    bool well = h && n && (h->text = kal__new(n, 1)) != NULL;
    if (well) memcpy(h->text, report->data, n);
    well = well && read_lines(h, out);
    const kal_candidate *c = well ? &out->candidates[out->chosen] : NULL;
    well = well && c->bytes == size - n;
    if (h) h->slab = report;
    out->held = h;
    if (!well) {
        if (!h) kal__slab_unref(&report);
        kal_choice_release(out);
        return kal_fail(err, KAL_CORRUPT,
                        "optimize: what was kept of a search is no report, or memory is out");
    }
    const kal__codec *codec = kal__codec_named(c->format);
    out->passed = c->keeps;
    out->data = report->data + n;
    out->size = size - n;
    snprintf(h->suffix, sizeof h->suffix, "%.*s", (int)strcspn(codec->suffixes, "|"),
             codec->suffixes);   // of "jpg|jpeg" the first
    out->suffix = h->suffix;
    out->media_type = codec->media_type ? codec->media_type : "application/octet-stream";
    return KAL_OK;
}

void kal__report_belongs(kal_choice *choice, kal_node *image, kal_key key)
{
    held *h = choice->held;
    h->image = kal_node_ref(image);
    h->key = key;
}

bool kal__found_of(const kal_choice *choice, kal__found *out)
{
    const held *h = choice->held;
    if (!h || !h->image) return false;
    *out = (kal__found){h->image,     h->key,      h->slab, &choice->candidates[choice->chosen],
                        choice->data, choice->size};
    return true;
}

void kal_choice_release(kal_choice *choice)
{
    held *h = choice->held;
    if (h) {
        kal__slab_unref(&h->slab);
        kal_node_unref(&h->image);
        free(h->text);
        free(h->list);
        free(h);
    }
    *choice = (kal_choice){.n = 0};
}

// ---- printed ------------------------------------------------------------------------------------

static void json_number(kal__text *t, const char *name, double v)
{
    char s[32] = "null";
    if (isfinite(v)) kal__print_double(s, v);
    kal__putf(t, ", \"%s\": %s", name, s);
}

static void json_text(kal__text *t, const char *name, const char *v)
{
    kal__putf(t, ", \"%s\": ", name);
    kal__put_json(t, v);
}

static void json_candidate(kal__text *t, const kal_candidate *c)
{
    kal__puts(t, "{\"format\": ");
    kal__put_json(t, c->format);
    json_text(t, "params", c->params);
    json_number(t, "bytes", (double)c->bytes);
    json_number(t, "score", c->score);
    json_number(t, "width", c->width);
    json_number(t, "height", c->height);
    kal__putf(t, ", \"original\": %s, \"keeps\": %s", c->original ? "true" : "false",
              c->keeps ? "true" : "false");
    json_text(t, "why", c->why);
    kal__puts(t, "}");
}

static void put_choice(kal__text *t, const kal_choice *x)
{
    const kal_candidate *c = &x->candidates[x->chosen];
    kal__putf(t, "{\"passed\": %s", x->passed ? "true" : "false");
    json_text(t, "format", c->format);
    json_text(t, "suffix", x->suffix);
    json_text(t, "media_type", x->media_type);
    json_text(t, "params", c->params);
    json_number(t, "bytes", (double)x->size);
    json_text(t, "metric", x->metric);
    json_number(t, "score", c->score);
    json_number(t, "width", c->width);
    json_number(t, "height", c->height);
    kal__putf(t, ", \"original\": %s", c->original ? "true" : "false");
    json_text(t, "why", c->why);
    kal__putf(t, ", \"found\": %s, \"chosen\": %d, \"candidates\": [", x->found ? "true" : "false",
              x->chosen);
    for (int32_t i = 0; i < x->n; i++) {
        kal__puts(t, i ? ", " : "");
        json_candidate(t, &x->candidates[i]);
    }
    kal__puts(t, "]}");
}

kal_status kal_choice_print(const kal_choice *choice, kal_format format, kal_bytes *out, kal_error *err)
{
    kal__text t = {0};
    char *data;
    *out = (kal_bytes){NULL, 0};
    if (!choice->n || (format != KAL_AS_JSON && format != KAL_AS_SVG))
        return kal_fail(err, KAL_INVALID, "a choice is printed as JSON or SVG, once it was made");
    if (format == KAL_AS_JSON)
        put_choice(&t, choice);
    else
        kal__choice_plot(choice, &t);
    size_t size;
    if (!kal__text_done(&t, &data, &size)) return kal_fail(err, KAL_NOMEM, "out of memory for a report");
    *out = (kal_bytes){(unsigned char *)data, size};
    return KAL_OK;
}
