// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Properties of XMP set and taken out, as text: what they were goes, what they are comes in its place or, when there was none, into a
// description of its own at the end; everything else stays byte for byte, what nobody but its writer understands too.
#include "xmp_find.h"
#include "fields.h"
#include "mem.h"
#include "utf.h"
#include "xmp.h"

#include <stdlib.h>
#include <string.h>

static const char *const containers[] = {
    [KAL__XMP_BAG] = "Bag", [KAL__XMP_SEQ] = "Seq", [KAL__XMP_ALT] = "Alt"};

// ---- what is written ----------------------------------------------------------------------------

static void put_span(kal__text *t, kal__span s)
{
    kal__put(t, s.p, s.n);
}

static void put_escaped(kal__text *t, const char *text)
{
    static const struct {
        char c;
        const char *as;
    } named[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\r', "&#13;"}};
    for (; *text; text++) {
        size_t i = 0;
        while (i < sizeof named / sizeof *named && named[i].c != *text) i++;
        if (i < sizeof named / sizeof *named)
            kal__puts(t, named[i].as);
        else
            kal__put(t, text, 1);
    }
}

static void put_item(const kal__xmp_document *d, kal__text *t, kal__span language, const char *text)
{
    kal__putf(t, "<%.*s:li", (int)d->rdf.n, d->rdf.p);
    if (language.n) kal__putf(t, " xml:lang=\"%.*s\"", (int)language.n, language.p);
    kal__puts(t, ">");
    put_escaped(t, text);
    kal__putf(t, "</%.*s:li>", (int)d->rdf.n, d->rdf.p);
}

static void put_container(const kal__xmp_document *d, kal__text *t, kal__xmp_kind k, const char *slash)
{
    kal__putf(t, "<%s%.*s:%s>", slash, (int)d->rdf.n, d->rdf.p, containers[k]);
}

static const kal__span plain = {"x-default", 9};

// A property; `first` is an item of it that was there, as it stood, when p is set.
static void put_property(const kal__xmp_document *d, kal__text *t, const kal__xmp_wanted *w, kal__span prefix,
                         kal__span first, const char *text)
{
    const kal__xmp_kind k = first.p && w->kind == KAL__XMP_TEXT ? KAL__XMP_BAG : w->kind;
    kal__putf(t, "<%.*s:%.*s>", (int)prefix.n, prefix.p, (int)w->local.n, w->local.p);
    if (k != KAL__XMP_TEXT) put_container(d, t, k, "");
    if (first.p) kal__putf(t, "<%.*s:li>", (int)d->rdf.n, d->rdf.p);
    if (first.p) put_span(t, first);
    if (first.p) kal__putf(t, "</%.*s:li>", (int)d->rdf.n, d->rdf.p);
    if (k == KAL__XMP_TEXT)
        put_escaped(t, text);
    else
        put_item(d, t, k == KAL__XMP_ALT ? plain : (kal__span){NULL, 0}, text);
    if (k == KAL__XMP_ALT && w->language.n) put_item(d, t, w->language, text);
    if (k != KAL__XMP_TEXT) put_container(d, t, k, "/");
    kal__putf(t, "</%.*s:%.*s>", (int)prefix.n, prefix.p, (int)w->local.n, w->local.p);
}

// ---- items of a property that is there ----------------------------------------------------------

typedef struct items {
    const char *from, *end;   // of the first; where one more goes
    bool any;                 // it is such a list
} items;

static const char *next_tag(const char *p, const char *end)
{
    while (p && (p = memchr(p, '<', (size_t)(end - p))) && !kal__xml_is_tag(p)) p = kal__xml_behind(p, end);
    return p;
}

static items items_of(const kal__xmp_document *d, const kal__xmp_place *x)
{
    items out = {NULL, NULL, false};
    const char *p = kal__xml_behind(x->from, x->to);
    if (!p || p == x->to || !(p = next_tag(p, x->to)) || p[1] == '/') return out;
    const char *close = kal__xml_behind(p, x->to), *end;
    if (!close || close[-2] == '/') return out;
    const kal__span name = kal__xml_name(p, close);
    for (int k = KAL__XMP_BAG; k <= KAL__XMP_ALT; k++) out.any |= kal__xmp_is_rdf(d, name, containers[k]);
    if (!out.any || !(end = kal__xml_behind_element(p, close, x->to))) return (items){NULL, NULL, false};
    out.from = close;
    for (end--; end > close && *end != '<';) end--;
    out.end = end;
    return out;
}

typedef struct item {
    const char *from, *to;
    kal__span language;
} item;

// The next one from p on.
static bool next_item(const items *list, const char *p, item *out)
{
    kal__attribute a;
    p = next_tag(p, list->end);
    const char *close = p ? kal__xml_behind(p, list->end) : NULL;
    if (!close) return false;
    const char *to = kal__xml_behind_element(p, close, list->end);
    if (!to) return false;
    *out = (item){p, to, {NULL, 0}};
    const kal__span name = kal__xml_name(p, close);
    for (const char *q = name.p + name.n; kal__xml_next(&q, close, &a);)
        if (kal__xmp_equal(a.name, "xml:lang")) out->language = a.value;
    return true;
}

// The item of a language: of none, the default or else the first.
static bool find_item(const items *list, kal__span language, item *out, int *many)
{
    bool there = false;
    item x;
    *many = 0;
    for (const char *p = list->from; next_item(list, p, &x); p = x.to) {
        const bool same = language.n
                              ? x.language.n == language.n && !memcmp(x.language.p, language.p, language.n)
                              : kal__xmp_equal(x.language, "x-default") || !*many;
        if (same) *out = x;
        there |= same;
        ++*many;
    }
    return there;
}

// ---- the change ---------------------------------------------------------------------------------

typedef struct change {
    const char *from, *to;   // goes
    kal__text text;          // comes
    bool all;                // every other place of the property goes as well
} change;

// `first` as for put_property.
static void in_description(kal__xmp_document *d, const kal__xmp_wanted *w, const char *space, kal__span first,
                           const char *value, change *c)
{
    kal__text *t = &c->text;
    const char *slash = d->inside ? NULL : d->root_close - 2;   // of <rdf:RDF/>
    const char *quote = d->about.n && memchr(d->about.p, '"', d->about.n) ? "'" : "\"";
    c->from = slash ? slash : d->inside;
    c->to = slash ? d->root_close : d->inside;
    if (slash) kal__puts(t, ">");
    kal__putf(t, "<%.*s:Description %.*s:about=%s", (int)d->rdf.n, d->rdf.p, (int)d->rdf.n, d->rdf.p, quote);
    put_span(t, d->about);
    kal__putf(t, "%s xmlns:%.*s=\"%s\">", quote, (int)w->prefix.n, w->prefix.p, space);
    put_property(d, t, w, w->prefix, first, value);
    kal__putf(t, "</%.*s:Description>\n", (int)d->rdf.n, d->rdf.p);
    if (slash) kal__putf(t, "</%.*s:RDF>", (int)d->rdf.n, d->rdf.p);
}

// What an attribute or an element of nothing but a text says, as it stands; p NULL: it is no text.
static kal__span said(const kal__xmp_place *x)
{
    const kal__span none = {NULL, 0};
    if (x->name.n) return x->value;
    const char *p = kal__xml_behind(x->from, x->to);
    if (!p || p == x->to) return none;
    const char *end = memchr(p, '<', (size_t)(x->to - p));
    return end && end[1] == '/' ? (kal__span){p, (size_t)(end - p)} : none;
}

static kal__span prefix_of(const kal__xmp_place *x)
{
    const kal__span name = x->name.n ? x->name : kal__xml_name(x->from, x->to);
    const char *colon = memchr(name.p, ':', name.n);
    return (kal__span){name.p, colon ? (size_t)(colon - name.p) : 0};
}

// One item of a list: it comes, goes, or is another. false: what is there is no list.
static bool change_item(kal__xmp_document *d, const kal__xmp_wanted *w, const kal__edit *e, change *c)
{
    const kal__xmp_place *x = &d->places[0];
    const items list = x->name.n ? (items){NULL, NULL, false} : items_of(d, x);
    item it;
    int many = 0;
    if (!list.any) return false;
    const bool there = !e->more && find_item(&list, w->language, &it, &many);
    if (!e->value && there && many == 1) {
        c->from = x->from, c->to = x->to;
        return true;
    }
    c->from = there ? it.from : list.end;
    c->to = there ? it.to : list.end;
    const kal__span language = e->more ? (kal__span){NULL, 0} : w->language.n ? w->language : plain;
    if (e->value) put_item(d, &c->text, language, e->value);
    return true;
}

// false: what is there is a structure, of which nobody knows what an item is.
static bool decide(kal__xmp_document *d, const kal__xmp_wanted *w, const kal__edit *e, const char *space,
                   change *c)
{
    const bool one = e->more || w->language.n || (e->value && w->kind == KAL__XMP_ALT);
    const kal__xmp_place *x = &d->places[0];
    kal__span first = {NULL, 0};
    if (!d->n && e->value) in_description(d, w, space, first, e->value, c);
    if (!d->n || (one && change_item(d, w, e, c))) return true;
    if (w->language.n && !e->value) return true;   // a text that is in no language
    if (e->more && !(first = said(x)).p) return false;
    c->all = true;
    c->from = x->from;
    c->to = x->to;
    if (e->value && x->name.n)   // an attribute becomes an element
        in_description(d, w, space, first, e->value, c);
    else if (e->value)
        put_property(d, &c->text, w, prefix_of(x), first, e->value);
    return true;
}

static void apply(const kal__xmp_document *d, const change *c, kal__text *out)
{
    const char *at = d->p;
    for (int i = 0; i < d->n && c->all; i++) {
        const kal__xmp_place *x = &d->places[i];
        const bool here = c->from == x->from;
        kal__put(out, at, (size_t)(x->from - at));
        if (here) kal__put(out, c->text.data, c->text.size);
        at = x->to;
    }
    if (c->from && c->from >= at) {
        kal__put(out, at, (size_t)(c->from - at));
        kal__put(out, c->text.data, c->text.size);
        at = c->to;
    }
    kal__put(out, at, (size_t)(d->end - at));
}

// ---- from without -------------------------------------------------------------------------------

static const char fresh[] = "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"" KAL__XMP_RDF "\">\n"
                            "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>";

static kal_status not_understood(const kal__edit *e, kal_error *err)
{
    return kal_fail(err, KAL_CORRUPT,
                    "%.80s: the picture's XMP is not understood; unset_field xmp takes it out", e->field);
}

static kal_status finish(kal__text *t, const kal__edit *e, kal__blob *out, kal_error *err)
{
    if (t->failed) return free(t->data), kal_fail(err, KAL_NOMEM, "%s: out of memory", e->field);
    *out = (kal__blob){t->data, t->size};
    return KAL_OK;
}

kal_status kal__xmp_edit(const kal__blob *from, const kal__edit *e, kal__blob *out, kal_error *err)
{
    kal__xmp_wanted w;
    char space[256];
    kal__text t = {0};
    change c = {NULL, NULL, {0}, false};
    kal_status st = kal__xmp_ask(e, &w, err);
    if (st || (!e->value && !from->size)) return st;
    kal__xmp_document d = {.p = from->size ? from->data : fresh};
    d.end = d.p + (from->size ? from->size : sizeof fresh - 1);
    if (!kal__xmp_space_of(&d, w.prefix, space)) {
        if (!e->value)
            return kal__blob_set(out, from->data, from->size)
                       ? KAL_OK
                       : finish(&(kal__text){.failed = true}, e, out, err);
        return kal_fail(err, KAL_INVALID, "%.80s: no namespace is known by %.*s", e->field, (int)w.prefix.n,
                        w.prefix.p);
    }
    if (!kal__xmp_is_sound(from) || !kal__xmp_find_prefixes(&d, space) || !kal__xmp_find_places(&d, &w))
        return not_understood(e, err);
    if (!decide(&d, &w, e, space, &c))
        st = kal_fail(err, KAL_INVALID,
                      "%.80s: there is a structure, to which nothing is added; set_field replaces it",
                      e->field);
    if (!st) apply(&d, &c, &t);
    t.failed |= c.text.failed;
    free(c.text.data);
    return st ? st : finish(&t, e, out, err);
}

kal_status kal__xmp_without_place(const kal__blob *from, const kal__edit *e, kal__blob *out, kal_error *err)
{
    kal__text t = {0};
    if (!from->size) return KAL_OK;
    const kal__xmp_wanted w = {.local = {"GPS", 3}, .begins = true};
    const change c = {.all = true};
    kal__xmp_document d = {.p = from->data, .end = (const char *)from->data + from->size};
    if (!kal__xmp_is_sound(from) || !kal__xmp_find_prefixes(&d, kal__xmp_space("exif", 4)) ||
        !kal__xmp_find_places(&d, &w))
        return not_understood(e, err);
    apply(&d, &c, &t);
    return finish(&t, e, out, err);
}

// The digit that an attribute or an element says, at p or behind it; NULL: something else.
static const char *digit_of(const kal__xmp_place *x)
{
    const char *at = x->value.p, *end = at + x->value.n;
    if (!x->value.n) {
        char quote = 0;
        for (at = x->from, end = x->to; at < end && (quote || *at != '>'); at++)
            if (quote ? *at == quote : *at == '"' || *at == '\'') quote = quote ? 0 : *at;
        if (at < end) at++;
    }
    while (at < end && strchr(" \t\r\n", *at)) at++;
    return at < end && *at >= '1' && *at <= '8' && (at + 1 == end || strchr(" \t\r\n<", at[1])) ? at : NULL;
}

// In place, so that it takes no more room than it had.
kal_status kal__xmp_upright(const kal__blob *from, kal__blob *out)
{
    const kal__xmp_wanted w = {.local = {"Orientation", 11}};
    kal__xmp_document d = {.p = from->data, .end = (const char *)from->data + from->size};
    if (!from->size || !kal__xmp_is_sound(from) || !kal__xmp_find_prefixes(&d, kal__xmp_space("tiff", 4)) ||
        !kal__xmp_find_places(&d, &w) || !d.n)
        return KAL_OK;
    if (!kal__blob_set(out, from->data, from->size)) return KAL_NOMEM;
    for (int i = 0; i < d.n; i++) {
        const char *digit = digit_of(&d.places[i]);
        if (digit) ((char *)out->data)[digit - d.p] = '1';
    }
    return KAL_OK;
}
