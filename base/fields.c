// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See fields.h. A block of a few bytes can claim the same bytes again and again, so that what a list holds is bounded by itself.
#include "fields.h"

#include "num.h"
#include "utf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FIELDS 4096
#define MOST_BYTES ((size_t)8 << 20)   // of a list
#define MOST_TEXT ((size_t)64 << 10)   // of one item

typedef struct kal__field {
    kal_field f;   // first
    const char **items;
    size_t room;
} kal__field;

static char *copy(kal__fields *f, const char *text, size_t n)
{
    char *p = kal__take(&f->arena, n + 1, 1);
    if (p) memcpy(p, text, n);
    f->failed |= !p;
    return p;
}

static bool full(const kal__fields *f)
{
    return f->failed || f->n >= MOST_FIELDS || f->arena.total > MOST_BYTES;
}

static kal__field *add(kal__fields *f, const char *name, kal_field_kind kind)
{
    if (full(f)) return NULL;
    if (!kal__more(&f->list, f->n, &f->room, sizeof *f->list)) {
        f->failed = true;
        return NULL;
    }
    const char *own = copy(f, name, strlen(name));
    if (!own) return NULL;
    f->list[f->n] = (kal__field){.f = {.name = own, .kind = kind, .text = ""}};
    return &f->list[f->n++];
}

static kal__field *find(const kal__fields *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (!strcmp(f->list[i].f.name, name)) return &f->list[i];
    return NULL;
}

// ---- numbers ------------------------------------------------------------------------------------

static void put_number(kal__text *t, double v)
{
    char s[32];
    if (!isfinite(v)) {
        kal__puts(t, isnan(v) ? "undefined" : v > 0 ? "infinite" : "-infinite");
        return;
    }
    kal__print_double(s, v);
    kal__puts(t, s);
}

static char *take_text(kal__fields *f, kal__text *t)
{
    char *p = t->failed ? NULL : copy(f, t->data ? t->data : "", t->size);
    f->failed |= t->failed;
    free(t->data);
    return p;
}

void kal__fields_numbers(kal__fields *f, const char *name, const double *numbers, size_t n, const char *text)
{
    kal__text t = {0};
    kal__field *to = n ? add(f, name, KAL_FIELD_NUMBERS) : NULL;
    if (!to) return;
    double *own = kal__take(&f->arena, n, sizeof *own);
    if (own) memcpy(own, numbers, n * sizeof *own);
    for (size_t i = 0; i < n && !text; i++) {
        if (i) kal__puts(&t, ", ");
        put_number(&t, numbers[i]);
    }
    if (text) kal__puts(&t, text);
    const char *said = take_text(f, &t);
    f->failed |= !own;
    if (f->failed) return;
    to->f.numbers = own;
    to->f.count = n;
    to->f.text = said;
}

void kal__fields_bytes(kal__fields *f, const char *name, size_t n)
{
    kal__text t = {0};
    kal__field *to = add(f, name, KAL_FIELD_BYTES);
    if (!to) return;
    kal__putf(&t, "%zu bytes", n);
    const char *said = take_text(f, &t);
    if (said) to->f.text = said;
}

// ---- texts --------------------------------------------------------------------------------------

static bool more_items(kal__fields *f, kal__field *to)
{
    const size_t room = to->room ? to->room * 2 : 4;
    const char **items = kal__take(&f->arena, room, sizeof *items);
    f->failed |= !items;
    if (!items) return false;
    if (to->f.count) memcpy(items, to->items, to->f.count * sizeof *items);
    to->items = items;
    to->f.items = items;
    to->room = room;
    return true;
}

static void add_item(kal__fields *f, const char *name, kal__text *t, bool many)
{
    kal__field *to = full(f) ? NULL : find(f, name);
    if (!to || to->f.kind != KAL_FIELD_TEXT) to = add(f, name, KAL_FIELD_TEXT);
    while (t->size && (t->data[t->size - 1] == ' ' || !t->data[t->size - 1])) t->size--;
    const char *item = to ? take_text(f, t) : NULL;
    if (!to) free(t->data);
    if (!item || (to->f.count == to->room && !more_items(f, to))) return;
    to->items[to->f.count++] = item;
    to->f.many |= many || to->f.count > 1;
}

void kal__fields_text(kal__fields *f, const char *name, const void *text, size_t n, bool many)
{
    kal__text t = {0};
    kal__put_utf8_or_latin(&t, text, n < MOST_TEXT ? n : MOST_TEXT);
    add_item(f, name, &t, many);
}

void kal__fields_wide(kal__fields *f, const char *name, const unsigned char *text, size_t n, bool big)
{
    kal__text t = {0};
    kal__put_wide(&t, text, n < MOST_TEXT ? n : MOST_TEXT, big);
    add_item(f, name, &t, false);
}

// ---- the list -----------------------------------------------------------------------------------

static void join_items(kal__fields *f, kal__field *to)
{
    kal__text t = {0};
    if (to->f.count == 1) {
        to->f.text = to->items[0];
        return;
    }
    for (size_t i = 0; i < to->f.count; i++) {
        if (i) kal__puts(&t, ", ");
        kal__puts(&t, to->items[i]);
    }
    const char *said = take_text(f, &t);
    if (said) to->f.text = said;
}

static void own_fields(const kal__meta *m, kal__fields *f)
{
    if (m->density[0] > 0) kal__fields_numbers(f, "density.x", &m->density[0], 1, NULL);
    if (m->density[1] > 0) kal__fields_numbers(f, "density.y", &m->density[1], 1, NULL);
    if (m->delay >= 0) kal__fields_numbers(f, "delay", &m->delay, 1, NULL);
    const double loops = m->loops;
    if (m->loops >= 0) kal__fields_numbers(f, "loops", &loops, 1, NULL);
    for (int i = 0; i < KAL__BLOBS; i++) {
        char name[32], text[48];
        const double bytes = (double)m->left_out[i];
        if (!m->left_out[i]) continue;
        snprintf(name, sizeof name, "left_out.%s", kal__blob_name((kal__blob_kind)i));
        snprintf(text, sizeof text, "%s%llu", m->uncounted[i] ? "at least " : "",
                 (unsigned long long)m->left_out[i]);
        kal__fields_numbers(f, name, &bytes, 1, text);
    }
}

kal__fields *kal__fields_of(const kal__meta *m)
{
    kal__fields *f = kal__new_zero(1, sizeof *f);
    if (!f) return NULL;
    own_fields(m, f);
    kal__icc_fields(&m->icc, f);
    kal__exif_fields(&m->exif, f);
    kal__iptc_fields(&m->iptc, f);
    kal__xmp_fields(&m->xmp, f);
    for (size_t i = 0; i < f->n && !f->failed; i++)
        if (f->list[i].f.kind == KAL_FIELD_TEXT) join_items(f, &f->list[i]);
    if (!f->failed) return f;
    kal__fields_free(f);
    return NULL;
}

void kal__fields_free(kal__fields *f)
{
    if (!f) return;
    kal__arena_free(&f->arena);
    free(f->list);
    free(f);
}

// Made when first asked for, and kept; whoever is slower drops his own.
static const kal__fields *fields(const kal__meta *m)
{
    kal__fields **slot = (kal__fields **)(uintptr_t)&m->fields, *had = NULL;
    kal__fields *f = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    if (f) return f;
    f = kal__fields_of(m);
    if (f && !__atomic_compare_exchange_n(slot, &had, f, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        kal__fields_free(f);
        f = had;
    }
    return f;
}

bool kal__meta_field(const kal__meta *m, const char *name, kal_field *out)
{
    const kal__fields *f = fields(m);
    const kal__field *found = f ? find(f, name) : NULL;
    if (found) *out = found->f;
    return found != NULL;
}

bool kal__meta_field_at(const kal__meta *m, size_t index, kal_field *out)
{
    const kal__fields *f = fields(m);
    if (!f || index >= f->n) return false;
    *out = f->list[index].f;
    return true;
}
