// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See gain.h. XMP is cleaned as text: attributes and elements of the namespaces that tell of a gain map, and of the directory of what lies
// behind the first picture (where a gain map is one of the items), go with all that is in them; everything else stays as it was, byte for byte.
#include "gain.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PREFIXES 8

static const char *const spaces[] = {"http://ns.adobe.com/hdr-gain-map/", "http://ns.apple.com/HDRGainMap/",
                                     "http://ns.google.com/photos/1.0/container/"};

typedef struct span {
    const char *p;
    size_t n;
} span;

static const char *find(const char *p, const char *end, const char *what)
{
    const size_t n = strlen(what);
    for (; (size_t)(end - p) >= n; p++) {
        p = memchr(p, *what, (size_t)(end - p) - n + 1);
        if (!p) return NULL;
        if (!memcmp(p, what, n)) return p;
    }
    return NULL;
}

static bool names_gain(const kal__blob *xmp)
{
    const char *p = xmp->data, *end = p + xmp->size;
    if (!xmp->size) return false;
    return find(p, end, spaces[0]) || find(p, end, spaces[1]) ||
           (find(p, end, spaces[2]) && (find(p, end, "\"GainMap\"") || find(p, end, "'GainMap'")));
}

bool kal__meta_has_gain(const kal__meta *m)
{
    return m && (m->gain || names_gain(&m->xmp));
}

// ---- text ---------------------------------------------------------------------------------------

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool starts(const char *p, const char *end, const char *with)
{
    const size_t n = strlen(with);
    return (size_t)(end - p) >= n && !memcmp(p, with, n);
}

// Behind what begins at '<'; NULL: it does not end, or is what no XMP has.
static const char *behind(const char *p, const char *end)
{
    static const char *const kinds[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (int i = 0; i < 3; i++)
        if (starts(p, end, kinds[i][0])) {
            p = find(p + strlen(kinds[i][0]), end, kinds[i][1]);
            return p ? p + strlen(kinds[i][1]) : NULL;
        }
    if (starts(p, end, "<!")) return NULL;
    char quote = 0;
    for (; p < end; p++) {
        if (quote ? *p == quote : *p == '"' || *p == '\'') quote = quote ? 0 : *p;
        if (*p == '>' && !quote) return p + 1;
    }
    return NULL;
}

static bool is_tag(const char *p)
{
    return p[1] != '!' && p[1] != '?';
}

typedef struct attribute {
    span name, value, whole;   // with the blanks before it
} attribute;

// The next attribute of a tag, from *p on; false: there is none.
static bool next_attribute(const char **p, const char *end, attribute *a)
{
    const char *q = *p;
    a->whole.p = q;
    while (q < end && is_blank(*q)) q++;
    a->name.p = q;
    while (q < end && *q != '=' && *q != '>' && *q != '/' && !is_blank(*q)) q++;
    a->name.n = (size_t)(q - a->name.p);
    while (q < end && is_blank(*q)) q++;
    if (q >= end || *q != '=' || !a->name.n) return false;
    q++;
    while (q < end && is_blank(*q)) q++;
    if (q >= end || (*q != '"' && *q != '\'')) return false;
    const char *close = memchr(q + 1, *q, (size_t)(end - q - 1));
    if (!close) return false;
    a->value = (span){q + 1, (size_t)(close - q - 1)};
    *p = close + 1;
    a->whole.n = (size_t)(*p - a->whole.p);
    return true;
}

static span name_of(const char *tag, const char *end)
{
    const char *p = tag + 1 + (tag[1] == '/'), *q = p;
    while (q < end && *q != '>' && *q != '/' && !is_blank(*q)) q++;
    return (span){p, (size_t)(q - p)};
}

// ---- cleaning -----------------------------------------------------------------------------------

typedef struct cleaning {
    span prefixes[MOST_PREFIXES];
    int n;
    kal__text out;
} cleaning;

// false: there are more than anybody has.
static bool find_prefixes(cleaning *c, const char *p, const char *end)
{
    for (const char *close; (p = memchr(p, '<', (size_t)(end - p))); p = close) {
        attribute a;
        if (!(close = behind(p, end))) return false;
        if (!is_tag(p)) continue;
        const span name = name_of(p, close);
        for (const char *q = name.p + name.n; next_attribute(&q, close, &a);)
            for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
                const size_t n = strlen(spaces[i]);
                if (a.name.n < 7 || memcmp(a.name.p, "xmlns:", 6) != 0) continue;
                if (a.value.n < n || memcmp(a.value.p, spaces[i], n) != 0) continue;
                if (c->n == MOST_PREFIXES) return false;
                c->prefixes[c->n++] = (span){a.name.p + 6, a.name.n - 6};
            }
    }
    return true;
}

static bool is_doomed(const cleaning *c, span name)
{
    if (name.n > 6 && !memcmp(name.p, "xmlns:", 6)) {
        for (int i = 0; i < c->n; i++)
            if (name.n - 6 == c->prefixes[i].n && !memcmp(name.p + 6, c->prefixes[i].p, name.n - 6))
                return true;
        return false;
    }
    for (int i = 0; i < c->n; i++) {
        const span *x = &c->prefixes[i];
        if (name.n > x->n && name.p[x->n] == ':' && !memcmp(name.p, x->p, x->n)) return true;
    }
    return false;
}

static void put_tag(cleaning *c, const char *p, const char *close)
{
    const span name = name_of(p, close);
    const char *q = name.p + name.n;
    attribute a;
    kal__put(&c->out, p, (size_t)(q - p));
    while (next_attribute(&q, close, &a))
        if (!is_doomed(c, a.name)) kal__put(&c->out, a.whole.p, a.whole.n);
    kal__put(&c->out, q, (size_t)(close - q));
}

// Behind an element and all that is in it, whose first tag ends at `close`.
static const char *behind_element(const char *p, const char *close, const char *end)
{
    int depth = 0;
    for (;;) {
        if (is_tag(p)) depth += p[1] == '/' ? -1 : close[-2] != '/';
        if (depth <= 0) return close;
        p = memchr(close, '<', (size_t)(end - close));
        if (!p || !(close = behind(p, end))) return NULL;
    }
}

// false: it is not understood.
static bool clean(cleaning *c, const char *p, const char *end)
{
    while (p < end) {
        const char *tag = memchr(p, '<', (size_t)(end - p)), *close;
        kal__put(&c->out, p, (size_t)((tag ? tag : end) - p));
        if (!tag) return true;
        if (!(close = behind(tag, end))) return false;
        if (is_tag(tag) && is_doomed(c, name_of(tag, close))) {
            if (!(close = behind_element(tag, close, end))) return false;
        } else if (is_tag(tag)) {
            put_tag(c, tag, close);
        } else {
            kal__put(&c->out, tag, (size_t)(close - tag));
        }
        p = close;
    }
    return true;
}

kal__meta *kal__meta_without_gain(kal__meta *m, bool *failed)
{
    *failed = false;
    if (!m || !names_gain(&m->xmp)) return kal__meta_ref(m);
    const char *p = m->xmp.data, *end = p + m->xmp.size;
    cleaning c = {.n = 0};
    const bool understood = find_prefixes(&c, p, end) && clean(&c, p, end);
    kal__meta *copy = c.out.failed ? NULL : kal__meta_derive(m);
    if (copy) copy->xmp = (kal__blob){NULL, 0};
    if (copy && understood && c.out.size)
        copy->xmp = (kal__blob){c.out.data, c.out.size};
    else
        free(c.out.data);
    *failed = !copy;
    return copy;
}
