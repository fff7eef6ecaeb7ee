// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// XMP (ISO 16684-1) by libexpat, loaded when first needed: properties of rdf:Description, as attributes or elements, that are a text, an array
// of texts, or a text in several languages; of these the default has the property's name, the others "NAME@LANGUAGE". Structures are left out.
// A document with a type declaration is no XMP: no entity is ever expanded.
#include "fields.h"

#include "library.h"
#include "xmp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(KAL_NO_EXPAT) && defined(__has_include)
#if __has_include(<expat.h>)
#include <expat.h>
#define KAL__EXPAT 1
#endif
#endif

#if KAL__EXPAT

#define FUNCTIONS(F)                  \
    F(XML_ExpatVersion)               \
    F(XML_ParserCreateNS)             \
    F(XML_ParserFree)                 \
    F(XML_SetReturnNSTriplet)         \
    F(XML_SetUserData)                \
    F(XML_SetElementHandler)          \
    F(XML_SetCharacterDataHandler)    \
    F(XML_SetStartDoctypeDeclHandler) \
    F(XML_StopParser)                 \
    F(XML_Parse)

static struct {
    FUNCTIONS(KAL__FUNCTION)
} lib;
static bool there;

#if defined(__APPLE__)
#define LIBRARY "libexpat.1.dylib"
#else
#define LIBRARY "libexpat.so.1"
#endif

static void load(void)
{
    static const char *const names[] = {FUNCTIONS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    there = kal__library(LIBRARY, names, n, n, &lib);
}

static bool loaded(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return there;
}

const char *kal__xmp_version(void)
{
    return loaded() ? lib.XML_ExpatVersion() : NULL;
}

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define XML "http://www.w3.org/XML/1998/namespace"

// Levels below rdf:RDF.
enum { DESCRIPTION = 1, PROPERTY, ARRAY, ITEM };

typedef struct reading {
    XML_Parser parser;
    kal__fields *fields;
    int depth, rdf;      // elements open; which of them is rdf:RDF, 0: none yet
    char name[160];      // of the property
    char language[40];   // of the item
    int items;           // of the property so far
    bool array, other;   // it is one; it holds what we do not read
    kal__text text;
} reading;

// "space\nname\nprefix" to "xmp.prefix:name"; false when it is none, or longer than any.
static bool name_of(const char *triplet, char out[160])
{
    const char *space = triplet, *name = strchr(triplet, '\n');
    if (!name) return false;
    const size_t n = (size_t)(name++ - space);
    const char *prefix = strchr(name, '\n');
    const int name_n = prefix ? (int)(prefix - name) : (int)strlen(name);
    prefix = prefix ? prefix + 1 : "";
    const char *known = kal__xmp_prefix(space, n);
    if (known) prefix = known;
    if (name_n > 80 || strlen(prefix) > 40) return false;
    snprintf(out, 160, "xmp.%s%s%.*s", prefix, *prefix ? ":" : "", name_n, name);
    return true;
}

static bool is(const char *triplet, const char *space, const char *name)
{
    const size_t n = strlen(space), m = strlen(name);
    return !strncmp(triplet, space, n) && triplet[n] == '\n' && !strncmp(triplet + n + 1, name, m) &&
           (!triplet[n + 1 + m] || triplet[n + 1 + m] == '\n');
}

static const char *attribute(const char **list, const char *space, const char *name)
{
    for (; *list; list += 2)
        if (is(*list, space, name)) return list[1];
    return NULL;
}

static bool in_space(const char *triplet, const char *space)
{
    const size_t n = strlen(space);
    return !strncmp(triplet, space, n) && triplet[n] == '\n';
}

static void add(reading *r, const char *name, const char *text, size_t n, bool many)
{
    kal__fields_text(r->fields, name, text, n, many);
    if (r->fields->failed) lib.XML_StopParser(r->parser, XML_FALSE);
}

static void description(reading *r, const char **list)
{
    char name[160];
    for (; *list; list += 2)
        if (!in_space(*list, RDF) && !in_space(*list, XML) && name_of(*list, name))
            add(r, name, list[1], strlen(list[1]), false);
}

static void property(reading *r, const char *element, const char **list)
{
    const char *resource = attribute(list, RDF, "resource");
    r->other = !name_of(element, r->name) || attribute(list, RDF, "parseType");
    r->array = false;
    r->items = 0;
    r->language[0] = 0;
    for (const char **a = list; *a; a += 2) r->other |= !in_space(*a, RDF) && !in_space(*a, XML);
    if (resource && !r->other) add(r, r->name, resource, strlen(resource), false);
    r->other |= resource != NULL;
}

static void item(reading *r, const char *element, const char **list)
{
    const char *language = attribute(list, XML, "lang");
    r->other = !is(element, RDF, "li") || attribute(list, RDF, "parseType");
    snprintf(r->language, sizeof r->language, "%s", language ? language : "");
    for (const char **a = list; *a; a += 2) r->other |= !in_space(*a, RDF) && !in_space(*a, XML);
}

static void XMLCALL on_start(void *user, const char *element, const char **list)
{
    reading *r = user;
    r->depth++;
    if (!r->rdf && is(element, RDF, "RDF")) {
        r->rdf = r->depth;
        return;
    }
    const int level = r->rdf ? r->depth - r->rdf : 0;
    r->text.size = 0;
    if (level == DESCRIPTION) description(r, list);
    if (level == PROPERTY) property(r, element, list);
    if (level == ARRAY)
        r->array = is(element, RDF, "Seq") || is(element, RDF, "Bag") || is(element, RDF, "Alt");
    if (level == ARRAY && !r->array) r->other = true;
    if (level == ITEM && r->array) item(r, element, list);
    if (level > ITEM) r->other = true;
}

static void end_item(reading *r)
{
    char name[sizeof r->name + sizeof r->language + 1];
    if (r->other) return;
    const bool first = !r->items++ || !strcmp(r->language, "x-default");
    snprintf(name, sizeof name, "%s%s%s", r->name, *r->language && !first ? "@" : "",
             *r->language && !first ? r->language : "");
    add(r, name, r->text.data ? r->text.data : "", r->text.size, !*r->language);
}

static void XMLCALL on_end(void *user, const char *element)
{
    (void)element;
    reading *r = user;
    const int level = r->rdf ? r->depth - r->rdf : 0;
    if (level == ITEM && r->array) end_item(r);
    if (level == PROPERTY && !r->array && !r->other)
        add(r, r->name, r->text.data ? r->text.data : "", r->text.size, false);
    r->text.size = 0;
    if (r->depth-- == r->rdf) r->rdf = 0;
}

static void XMLCALL on_text(void *user, const char *text, int n)
{
    reading *r = user;
    const int level = r->rdf ? r->depth - r->rdf : 0;
    if (level != PROPERTY && level != ITEM) return;
    kal__put(&r->text, text, (size_t)n);
    if (r->text.failed) lib.XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public,
                               int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    lib.XML_StopParser(((reading *)user)->parser, XML_FALSE);
}

// What stood before damage is kept; zeros that pad the block are no damage.
void kal__xmp_fields(const kal__blob *xmp, kal__fields *f)
{
    if (!xmp->size || xmp->size > INT32_MAX || !loaded()) return;
    reading r = {.fields = f, .parser = lib.XML_ParserCreateNS(NULL, '\n')};
    if (!r.parser) {
        f->failed = true;
        return;
    }
    lib.XML_SetReturnNSTriplet(r.parser, 1);
    lib.XML_SetUserData(r.parser, &r);
    lib.XML_SetElementHandler(r.parser, on_start, on_end);
    lib.XML_SetCharacterDataHandler(r.parser, on_text);
    lib.XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    lib.XML_Parse(r.parser, xmp->data, (int)xmp->size, 1);
    lib.XML_ParserFree(r.parser);
    f->failed |= r.text.failed;
    free(r.text.data);
}

bool kal__xmp_is_sound(const kal__blob *xmp)
{
    size_t n = xmp->size;
    const char *p = xmp->data;
    while (n && (!p[n - 1] || p[n - 1] == ' ' || p[n - 1] == '\n')) n--;   // padding
    if (!n || n > INT32_MAX || !loaded()) return true;
    const XML_Parser parser = lib.XML_ParserCreateNS(NULL, '\n');
    if (!parser) return true;   // who is out of memory will say so
    const bool sound = lib.XML_Parse(parser, p, (int)n, 1) == XML_STATUS_OK;
    lib.XML_ParserFree(parser);
    return sound;
}

#else

bool kal__xmp_is_sound(const kal__blob *xmp)
{
    (void)xmp;
    return true;
}

const char *kal__xmp_version(void)
{
    return NULL;
}

void kal__xmp_fields(const kal__blob *xmp, kal__fields *f)
{
    (void)xmp, (void)f;
}

#endif
