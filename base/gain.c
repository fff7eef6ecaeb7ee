// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See gain.h. XMP is cleaned as text: attributes and elements of the namespaces that tell of a gain map, and of the directory of what lies
// behind the first picture (where a gain map is one of the items), go with all that is in them; everything else stays as it was, byte for byte.
#include "gain.h"

#include "mem.h"
#include "xml.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PREFIXES 8

static const char *const spaces[] = {"http://ns.adobe.com/hdr-gain-map/", "http://ns.apple.com/HDRGainMap/",
                                     "http://ns.google.com/photos/1.0/container/"};

static bool names_gain(const kal__blob *xmp)
{
    const char *p = xmp->data, *end = p + xmp->size;
    if (!xmp->size) return false;
    return kal__xml_find(p, end, spaces[0]) || kal__xml_find(p, end, spaces[1]) ||
           (kal__xml_find(p, end, spaces[2]) &&
            (kal__xml_find(p, end, "\"GainMap\"") || kal__xml_find(p, end, "'GainMap'")));
}

bool kal__meta_has_gain(const kal__meta *m)
{
    return m && (m->gain || names_gain(&m->xmp));
}

// ---- cleaning -----------------------------------------------------------------------------------

typedef struct cleaning {
    kal__span prefixes[MOST_PREFIXES];
    int n;
    kal__text out;
} cleaning;

// false: there are more than anybody has.
static bool find_prefixes(cleaning *c, const char *p, const char *end)
{
    for (const char *close; (p = memchr(p, '<', (size_t)(end - p))); p = close) {
        kal__attribute a;
        if (!(close = kal__xml_behind(p, end))) return false;
        if (!kal__xml_is_tag(p)) continue;
        const kal__span name = kal__xml_name(p, close);
        for (const char *q = name.p + name.n; kal__xml_next(&q, close, &a);)
            for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
                const size_t n = strlen(spaces[i]);
                if (a.name.n < 7 || memcmp(a.name.p, "xmlns:", 6) != 0) continue;
                if (a.value.n < n || memcmp(a.value.p, spaces[i], n) != 0) continue;
                if (c->n == MOST_PREFIXES) return false;
                c->prefixes[c->n++] = (kal__span){a.name.p + 6, a.name.n - 6};
            }
    }
    return true;
}

static bool is_doomed(const cleaning *c, kal__span name)
{
    if (name.n > 6 && !memcmp(name.p, "xmlns:", 6)) {
        for (int i = 0; i < c->n; i++)
            if (name.n - 6 == c->prefixes[i].n && !memcmp(name.p + 6, c->prefixes[i].p, name.n - 6))
                return true;
        return false;
    }
    for (int i = 0; i < c->n; i++) {
        const kal__span *x = &c->prefixes[i];
        if (name.n > x->n && name.p[x->n] == ':' && !memcmp(name.p, x->p, x->n)) return true;
    }
    return false;
}

static void put_tag(cleaning *c, const char *p, const char *close)
{
    const kal__span name = kal__xml_name(p, close);
    const char *q = name.p + name.n;
    kal__attribute a;
    kal__put(&c->out, p, (size_t)(q - p));
    while (kal__xml_next(&q, close, &a))
        if (!is_doomed(c, a.name)) kal__put(&c->out, a.whole.p, a.whole.n);
    kal__put(&c->out, q, (size_t)(close - q));
}

// false: it is not understood.
static bool clean(cleaning *c, const char *p, const char *end)
{
    while (p < end) {
        const char *tag = memchr(p, '<', (size_t)(end - p)), *close;
        kal__put(&c->out, p, (size_t)((tag ? tag : end) - p));
        if (!tag) return true;
        if (!(close = kal__xml_behind(tag, end))) return false;
        if (kal__xml_is_tag(tag) && is_doomed(c, kal__xml_name(tag, close))) {
            if (!(close = kal__xml_behind_element(tag, close, end))) return false;
        } else if (kal__xml_is_tag(tag)) {
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
