// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See xmp_find.h.
#include "xmp_find.h"
#include "fields.h"
#include "utf.h"
#include "xmp.h"

#include <string.h>

// ---- what properties are ------------------------------------------------------------------------

// Of the standard schemas, ISO 16684-1 and IPTC's; any other property is one text.
static const struct {
    const char *name;
    kal__xmp_kind kind;
} kinds[] = {
    {"dc:title", KAL__XMP_ALT},
    {"dc:description", KAL__XMP_ALT},
    {"dc:rights", KAL__XMP_ALT},
    {"xmpRights:UsageTerms", KAL__XMP_ALT},
    {"tiff:ImageDescription", KAL__XMP_ALT},
    {"tiff:Copyright", KAL__XMP_ALT},
    {"exif:UserComment", KAL__XMP_ALT},
    {"Iptc4xmpCore:AltTextAccessibility", KAL__XMP_ALT},
    {"Iptc4xmpCore:ExtDescrAccessibility", KAL__XMP_ALT},
    {"dc:creator", KAL__XMP_SEQ},
    {"dc:date", KAL__XMP_SEQ},
    {"exif:ISOSpeedRatings", KAL__XMP_SEQ},
    {"photoshop:TextLayers", KAL__XMP_SEQ},
    {"digiKam:TagsList", KAL__XMP_SEQ},
    {"dc:subject", KAL__XMP_BAG},
    {"dc:contributor", KAL__XMP_BAG},
    {"dc:language", KAL__XMP_BAG},
    {"dc:publisher", KAL__XMP_BAG},
    {"dc:relation", KAL__XMP_BAG},
    {"dc:type", KAL__XMP_BAG},
    {"xmp:Identifier", KAL__XMP_BAG},
    {"xmp:Advisory", KAL__XMP_BAG},
    {"xmpRights:Owner", KAL__XMP_BAG},
    {"photoshop:SupplementalCategories", KAL__XMP_BAG},
    {"lr:hierarchicalSubject", KAL__XMP_BAG},
    {"lr:weightedFlatSubject", KAL__XMP_BAG},
    {"Iptc4xmpCore:Scene", KAL__XMP_BAG},
    {"Iptc4xmpCore:SubjectCode", KAL__XMP_BAG},
    {"Iptc4xmpExt:PersonInImage", KAL__XMP_BAG},
    {"Iptc4xmpExt:OrganisationInImageName", KAL__XMP_BAG},
    {"Iptc4xmpExt:Event", KAL__XMP_ALT},
};

static kal__xmp_kind kind_of(kal__span name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == name.n && !memcmp(kinds[i].name, name.p, name.n)) return kinds[i].kind;
    return KAL__XMP_TEXT;
}

// ---- what is asked ------------------------------------------------------------------------------

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(kal__span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) &&
            (!i || !((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' || s.p[i] == '.')))
            return false;
    return s.n > 0;
}

static bool take_apart(const char *name, kal__xmp_wanted *w)
{
    const char *colon = strchr(name, ':'), *at = strchr(name, '@'), *end = name + strlen(name);
    *w = (kal__xmp_wanted){.language = {"", 0}};
    if (at) w->language = (kal__span){at + 1, (size_t)(end - at - 1)};
    if (at) end = at;
    if (!colon || colon >= end) return false;
    w->name = (kal__span){name, (size_t)(end - name)};
    w->prefix = (kal__span){name, (size_t)(colon - name)};
    w->local = (kal__span){colon + 1, (size_t)(end - colon - 1)};
    w->kind = kind_of(w->name);
    return is_name(w->prefix) && is_name(w->local) && (!at || is_name(w->language));
}

// What XML 1.0 has no way to write.
static bool can_be_written(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' && *text != '\t' && *text != '\n' && *text != '\r') return false;
    return true;
}

bool kal__xmp_equal(kal__span a, const char *b)
{
    return strlen(b) == a.n && !memcmp(a.p, b, a.n);
}

kal_status kal__xmp_ask(const kal__edit *e, kal__xmp_wanted *w, kal_error *err)
{
    if (!take_apart(e->name, w))
        return kal_fail(err, KAL_INVALID, "%.80s: no name of XMP: it is prefix:name, as xmp.dc:title",
                        e->field);
    if (kal__xmp_equal(w->prefix, "rdf") || kal__xmp_equal(w->prefix, "xml") ||
        kal__xmp_equal(w->prefix, "xmlns") || kal__xmp_equal(w->prefix, "x"))
        return kal_fail(err, KAL_INVALID, "%.80s: this is what XMP is written in, no property", e->field);
    if (w->language.n && e->value && w->kind != KAL__XMP_ALT)
        return kal_fail(err, KAL_INVALID, "%.80s: this has no languages", e->field);
    if (e->more && (w->kind == KAL__XMP_ALT || w->language.n))
        return kal_fail(err, KAL_INVALID, "%.80s: there is one of it in a language; set_field sets it",
                        e->field);
    if (e->value && (!kal__is_utf8(e->value, strlen(e->value)) || !can_be_written(e->value)))
        return kal_fail(err, KAL_INVALID, "%.80s: the text is not UTF-8, or has control characters",
                        e->field);
    return KAL_OK;
}

kal_status kal__xmp_check(const kal__edit *e, kal_error *err)
{
    kal__xmp_wanted w;
    return kal__xmp_ask(e, &w, err);
}

// ---- where it is --------------------------------------------------------------------------------

bool kal__xmp_is_of(kal__span name, kal__span prefix, kal__span local, bool begins)
{
    return (begins ? name.n > prefix.n + 1 + local.n : name.n == prefix.n + 1 + local.n) &&
           !memcmp(name.p, prefix.p, prefix.n) && name.p[prefix.n] == ':' &&
           !memcmp(name.p + prefix.n + 1, local.p, local.n);
}

bool kal__xmp_is_rdf(const kal__xmp_document *d, kal__span name, const char *local)
{
    return kal__xmp_is_of(name, d->rdf, (kal__span){local, strlen(local)}, false);
}

static bool is_wanted(const kal__xmp_document *d, const kal__xmp_wanted *w, kal__span name)
{
    for (int i = 0; i < d->n_prefixes; i++)
        if (kal__xmp_is_of(name, d->prefixes[i], w->local, w->begins)) return true;
    return false;
}

bool kal__xmp_find_prefixes(kal__xmp_document *d, const char *space)
{
    const char *p = d->p;
    for (const char *close; (p = memchr(p, '<', (size_t)(d->end - p))); p = close) {
        kal__attribute a;
        if (!(close = kal__xml_behind(p, d->end))) return false;
        if (!kal__xml_is_tag(p)) continue;
        const kal__span name = kal__xml_name(p, close);
        for (const char *q = name.p + name.n; kal__xml_next(&q, close, &a);) {
            if (a.name.n < 7 || memcmp(a.name.p, "xmlns:", 6) != 0) continue;
            const kal__span prefix = {a.name.p + 6, a.name.n - 6};
            if (kal__xmp_equal(a.value, KAL__XMP_RDF)) d->rdf = prefix;
            if (!space || !kal__xmp_equal(a.value, space)) continue;
            if (d->n_prefixes == KAL__XMP_PREFIXES) return false;
            d->prefixes[d->n_prefixes++] = prefix;
        }
    }
    return d->rdf.n > 0;
}

static bool found(kal__xmp_document *d, kal__xmp_place x)
{
    if (d->n == KAL__XMP_PLACES) return false;
    d->places[d->n++] = x;
    return true;
}

static bool description(kal__xmp_document *d, const kal__xmp_wanted *w, kal__span tag, const char *close)
{
    kal__attribute a;
    for (const char *q = tag.p + tag.n; kal__xml_next(&q, close, &a);) {
        if (kal__xmp_is_rdf(d, a.name, "about") && !d->about.n) d->about = a.value;
        if (is_wanted(d, w, a.name) &&
            !found(d, (kal__xmp_place){a.whole.p, a.whole.p + a.whole.n, a.name, a.value}))
            return false;
    }
    return true;
}

bool kal__xmp_find_places(kal__xmp_document *d, const kal__xmp_wanted *w)
{
    int depth = 0, rdf = 0;
    const char *p = d->p;
    for (const char *close; (p = memchr(p, '<', (size_t)(d->end - p))); p = close) {
        if (!(close = kal__xml_behind(p, d->end))) return false;
        if (!kal__xml_is_tag(p)) continue;
        if (p[1] == '/') {
            d->inside = p;
            if (rdf && depth == rdf) return true;
            depth--;
            continue;
        }
        const kal__span name = kal__xml_name(p, close);
        const bool alone = close[-2] == '/';
        depth++;
        if (!rdf && kal__xmp_is_rdf(d, name, "RDF")) {
            rdf = depth;
            d->root = p;
            d->root_close = close;
            if (alone) return d->inside = NULL, true;
        } else if (rdf && (w->begins || depth == rdf + 2) && is_wanted(d, w, name)) {
            close = kal__xml_behind_element(p, close, d->end);
            if (!close || !found(d, (kal__xmp_place){p, close, {NULL, 0}, {NULL, 0}})) return false;
            depth--;
            continue;
        } else if (rdf && (w->begins || depth == rdf + 1)) {
            if (!description(d, w, name, close)) return false;
        }
        depth -= alone;
    }
    return false;
}

bool kal__xmp_space_of(const kal__xmp_document *d, kal__span prefix, char out[256])
{
    const char *known = kal__xmp_space(prefix.p, prefix.n), *p = d->p;
    out[0] = 0;
    if (known) strcpy(out, known);
    for (const char *close; !known && p && (p = memchr(p, '<', (size_t)(d->end - p))); p = close) {
        kal__attribute a;
        if (!(close = kal__xml_behind(p, d->end))) return false;
        const kal__span name = kal__xml_name(p, close);
        for (const char *q = name.p + name.n; kal__xml_is_tag(p) && kal__xml_next(&q, close, &a);)
            if (kal__xmp_is_of(a.name, (kal__span){"xmlns", 5}, prefix, false) && a.value.n < 256) {
                memcpy(out, a.value.p, a.value.n);
                out[a.value.n] = 0;
                return true;
            }
    }
    return known != NULL;
}
