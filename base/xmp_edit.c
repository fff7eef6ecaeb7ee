// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Properties of XMP set and taken out, as text: what they were goes, what they are comes in its place or, when there was none, into a
// description of its own at the end; everything else stays byte for byte, what nobody but its writer understands too.
#include "edit.h"
#include "fields.h"
#include "mem.h"
#include "utf.h"
#include "xml.h"
#include "xmp.h"

#include <stdlib.h>
#include <string.h>

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define MOST_PREFIXES 8
#define MOST_PLACES 64

// ---- what properties are ------------------------------------------------------------------------

typedef enum kind { TEXT, BAG, SEQ, ALT } kind;

static const char *const containers[] = {[BAG] = "Bag", [SEQ] = "Seq", [ALT] = "Alt"};

// Of the standard schemas, ISO 16684-1 and IPTC's; any other property is one text.
static const struct {
    const char *name;
    kind kind;
} kinds[] = {
    {"dc:title", ALT},
    {"dc:description", ALT},
    {"dc:rights", ALT},
    {"xmpRights:UsageTerms", ALT},
    {"tiff:ImageDescription", ALT},
    {"tiff:Copyright", ALT},
    {"exif:UserComment", ALT},
    {"Iptc4xmpCore:AltTextAccessibility", ALT},
    {"Iptc4xmpCore:ExtDescrAccessibility", ALT},
    {"dc:creator", SEQ},
    {"dc:date", SEQ},
    {"exif:ISOSpeedRatings", SEQ},
    {"photoshop:TextLayers", SEQ},
    {"digiKam:TagsList", SEQ},
    {"dc:subject", BAG},
    {"dc:contributor", BAG},
    {"dc:language", BAG},
    {"dc:publisher", BAG},
    {"dc:relation", BAG},
    {"dc:type", BAG},
    {"xmp:Identifier", BAG},
    {"xmp:Advisory", BAG},
    {"xmpRights:Owner", BAG},
    {"photoshop:SupplementalCategories", BAG},
    {"lr:hierarchicalSubject", BAG},
    {"lr:weightedFlatSubject", BAG},
    {"Iptc4xmpCore:Scene", BAG},
    {"Iptc4xmpCore:SubjectCode", BAG},
    {"Iptc4xmpExt:PersonInImage", BAG},
    {"Iptc4xmpExt:OrganisationInImageName", BAG},
    {"Iptc4xmpExt:Event", ALT},
};

static kind kind_of(kal__span name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == name.n && !memcmp(kinds[i].name, name.p, name.n)) return kinds[i].kind;
    return TEXT;
}

// ---- what is asked ------------------------------------------------------------------------------

// "dc:title@de"
typedef struct wanted {
    kal__span name, prefix, local, language;
    bool begins;   // local is how names begin, wherever they stand: in structures too
    kind kind;
} wanted;

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

static bool take_apart(const char *name, wanted *w)
{
    const char *colon = strchr(name, ':'), *at = strchr(name, '@'), *end = name + strlen(name);
    *w = (wanted){.language = {"", 0}};
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

static bool equal(kal__span a, const char *b)
{
    return strlen(b) == a.n && !memcmp(a.p, b, a.n);
}

static kal_status check(const kal__edit *e, wanted *w, kal_error *err)
{
    if (!take_apart(e->name, w))
        return kal_fail(err, KAL_INVALID, "%.80s: no name of XMP: it is prefix:name, as xmp.dc:title",
                        e->field);
    if (equal(w->prefix, "rdf") || equal(w->prefix, "xml") || equal(w->prefix, "xmlns") ||
        equal(w->prefix, "x"))
        return kal_fail(err, KAL_INVALID, "%.80s: this is what XMP is written in, no property", e->field);
    if (w->language.n && e->value && w->kind != ALT)
        return kal_fail(err, KAL_INVALID, "%.80s: this has no languages", e->field);
    if (e->more && (w->kind == ALT || w->language.n))
        return kal_fail(err, KAL_INVALID, "%.80s: there is one of it in a language; set_field sets it",
                        e->field);
    if (e->value && (!kal__is_utf8(e->value, strlen(e->value)) || !can_be_written(e->value)))
        return kal_fail(err, KAL_INVALID, "%.80s: the text is not UTF-8, or has control characters",
                        e->field);
    return KAL_OK;
}

kal_status kal__xmp_check(const kal__edit *e, kal_error *err)
{
    wanted w;
    return check(e, &w, err);
}

// ---- where it is --------------------------------------------------------------------------------

typedef struct place {
    const char *from, *to;
    kal__span name, value;   // of an attribute
} place;

typedef struct document {
    const char *p, *end;
    kal__span rdf, about;                // the prefix; what the descriptions are about
    kal__span prefixes[MOST_PREFIXES];   // of the property's space
    int n_prefixes;
    const char *root, *root_close, *inside;   // rdf:RDF, behind its tag, and where what is in it ends
    place places[MOST_PLACES];
    int n;
} document;

// "prefix:local"
static bool is_of(kal__span name, kal__span prefix, kal__span local, bool begins)
{
    return (begins ? name.n > prefix.n + 1 + local.n : name.n == prefix.n + 1 + local.n) &&
           !memcmp(name.p, prefix.p, prefix.n) && name.p[prefix.n] == ':' &&
           !memcmp(name.p + prefix.n + 1, local.p, local.n);
}

static bool is_rdf(const document *d, kal__span name, const char *local)
{
    return is_of(name, d->rdf, (kal__span){local, strlen(local)}, false);
}

static bool is_wanted(const document *d, const wanted *w, kal__span name)
{
    for (int i = 0; i < d->n_prefixes; i++)
        if (is_of(name, d->prefixes[i], w->local, w->begins)) return true;
    return false;
}

// What prefixes are bound to. false: this is no XML, or binds more than anybody does.
static bool find_prefixes(document *d, const char *space)
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
            if (equal(a.value, RDF)) d->rdf = prefix;
            if (!space || !equal(a.value, space)) continue;
            if (d->n_prefixes == MOST_PREFIXES) return false;
            d->prefixes[d->n_prefixes++] = prefix;
        }
    }
    return d->rdf.n > 0;
}

static bool found(document *d, place x)
{
    if (d->n == MOST_PLACES) return false;
    d->places[d->n++] = x;
    return true;
}

static bool description(document *d, const wanted *w, kal__span tag, const char *close)
{
    kal__attribute a;
    for (const char *q = tag.p + tag.n; kal__xml_next(&q, close, &a);) {
        if (is_rdf(d, a.name, "about") && !d->about.n) d->about = a.value;
        if (is_wanted(d, w, a.name) && !found(d, (place){a.whole.p, a.whole.p + a.whole.n, a.name, a.value}))
            return false;
    }
    return true;
}

// false: there is no rdf:RDF that ends, or more than can be.
static bool find_places(document *d, const wanted *w)
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
        if (!rdf && is_rdf(d, name, "RDF")) {
            rdf = depth;
            d->root = p;
            d->root_close = close;
            if (alone) return d->inside = NULL, true;
        } else if (rdf && (w->begins || depth == rdf + 2) && is_wanted(d, w, name)) {
            close = kal__xml_behind_element(p, close, d->end);
            if (!close || !found(d, (place){p, close, {NULL, 0}, {NULL, 0}})) return false;
            depth--;
            continue;
        } else if (rdf && (w->begins || depth == rdf + 1)) {
            if (!description(d, w, name, close)) return false;
        }
        depth -= alone;
    }
    return false;
}

// The URI that a prefix stands for: as everybody knows it, else as the document says.
static bool space_of(const document *d, kal__span prefix, char out[256])
{
    const char *known = kal__xmp_space(prefix.p, prefix.n), *p = d->p;
    out[0] = 0;
    if (known) strcpy(out, known);
    for (const char *close; !known && p && (p = memchr(p, '<', (size_t)(d->end - p))); p = close) {
        kal__attribute a;
        if (!(close = kal__xml_behind(p, d->end))) return false;
        const kal__span name = kal__xml_name(p, close);
        for (const char *q = name.p + name.n; kal__xml_is_tag(p) && kal__xml_next(&q, close, &a);)
            if (is_of(a.name, (kal__span){"xmlns", 5}, prefix, false) && a.value.n < 256) {
                memcpy(out, a.value.p, a.value.n);
                out[a.value.n] = 0;
                return true;
            }
    }
    return known != NULL;
}

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

static void put_item(const document *d, kal__text *t, kal__span language, const char *text)
{
    kal__putf(t, "<%.*s:li", (int)d->rdf.n, d->rdf.p);
    if (language.n) kal__putf(t, " xml:lang=\"%.*s\"", (int)language.n, language.p);
    kal__puts(t, ">");
    put_escaped(t, text);
    kal__putf(t, "</%.*s:li>", (int)d->rdf.n, d->rdf.p);
}

static void put_container(const document *d, kal__text *t, kind k, const char *slash)
{
    kal__putf(t, "<%s%.*s:%s>", slash, (int)d->rdf.n, d->rdf.p, containers[k]);
}

static const kal__span plain = {"x-default", 9};

// A property; `first` is an item of it that was there, as it stood, when p is set.
static void put_property(const document *d, kal__text *t, const wanted *w, kal__span prefix, kal__span first,
                         const char *text)
{
    const kind k = first.p && w->kind == TEXT ? BAG : w->kind;
    kal__putf(t, "<%.*s:%.*s>", (int)prefix.n, prefix.p, (int)w->local.n, w->local.p);
    if (k != TEXT) put_container(d, t, k, "");
    if (first.p) kal__putf(t, "<%.*s:li>", (int)d->rdf.n, d->rdf.p);
    if (first.p) put_span(t, first);
    if (first.p) kal__putf(t, "</%.*s:li>", (int)d->rdf.n, d->rdf.p);
    if (k == TEXT)
        put_escaped(t, text);
    else
        put_item(d, t, k == ALT ? plain : (kal__span){NULL, 0}, text);
    if (k == ALT && w->language.n) put_item(d, t, w->language, text);
    if (k != TEXT) put_container(d, t, k, "/");
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

static items items_of(const document *d, const place *x)
{
    items out = {NULL, NULL, false};
    const char *p = kal__xml_behind(x->from, x->to);
    if (!p || p == x->to || !(p = next_tag(p, x->to)) || p[1] == '/') return out;
    const char *close = kal__xml_behind(p, x->to), *end;
    if (!close || close[-2] == '/') return out;
    const kal__span name = kal__xml_name(p, close);
    for (int k = BAG; k <= ALT; k++) out.any |= is_rdf(d, name, containers[k]);
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
        if (equal(a.name, "xml:lang")) out->language = a.value;
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
                              : equal(x.language, "x-default") || !*many;
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
static void in_description(document *d, const wanted *w, const char *space, kal__span first,
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
static kal__span said(const place *x)
{
    const kal__span none = {NULL, 0};
    if (x->name.n) return x->value;
    const char *p = kal__xml_behind(x->from, x->to);
    if (!p || p == x->to) return none;
    const char *end = memchr(p, '<', (size_t)(x->to - p));
    return end && end[1] == '/' ? (kal__span){p, (size_t)(end - p)} : none;
}

static kal__span prefix_of(const place *x)
{
    const kal__span name = x->name.n ? x->name : kal__xml_name(x->from, x->to);
    const char *colon = memchr(name.p, ':', name.n);
    return (kal__span){name.p, colon ? (size_t)(colon - name.p) : 0};
}

// One item of a list: it comes, goes, or is another. false: what is there is no list.
static bool change_item(document *d, const wanted *w, const kal__edit *e, change *c)
{
    const place *x = &d->places[0];
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
static bool decide(document *d, const wanted *w, const kal__edit *e, const char *space, change *c)
{
    const bool one = e->more || w->language.n || (e->value && w->kind == ALT);
    const place *x = &d->places[0];
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

static void apply(const document *d, const change *c, kal__text *out)
{
    const char *at = d->p;
    for (int i = 0; i < d->n && c->all; i++) {
        const place *x = &d->places[i];
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
                            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"" RDF "\">\n"
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
    wanted w;
    char space[256];
    kal__text t = {0};
    change c = {NULL, NULL, {0}, false};
    kal_status st = check(e, &w, err);
    if (st || (!e->value && !from->size)) return st;
    document d = {.p = from->size ? from->data : fresh};
    d.end = d.p + (from->size ? from->size : sizeof fresh - 1);
    if (!space_of(&d, w.prefix, space)) {
        if (!e->value)
            return kal__blob_set(out, from->data, from->size)
                       ? KAL_OK
                       : finish(&(kal__text){.failed = true}, e, out, err);
        return kal_fail(err, KAL_INVALID, "%.80s: no namespace is known by %.*s", e->field, (int)w.prefix.n,
                        w.prefix.p);
    }
    if (!kal__xmp_is_sound(from) || !find_prefixes(&d, space) || !find_places(&d, &w))
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
    const wanted w = {.local = {"GPS", 3}, .begins = true};
    const change c = {.all = true};
    document d = {.p = from->data, .end = (const char *)from->data + from->size};
    if (!kal__xmp_is_sound(from) || !find_prefixes(&d, kal__xmp_space("exif", 4)) || !find_places(&d, &w))
        return not_understood(e, err);
    apply(&d, &c, &t);
    return finish(&t, e, out, err);
}
