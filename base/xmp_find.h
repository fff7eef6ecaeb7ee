// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is asked of a property of XMP, and where it stands in a document (xmp_find.c); for who changes it (xmp_edit.c).
#ifndef KAL_XMP_FIND_H
#define KAL_XMP_FIND_H

#include "edit.h"
#include "xml.h"

#define KAL__XMP_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define KAL__XMP_PREFIXES 8
#define KAL__XMP_PLACES 64

typedef enum kal__xmp_kind { KAL__XMP_TEXT, KAL__XMP_BAG, KAL__XMP_SEQ, KAL__XMP_ALT } kal__xmp_kind;

/// What is asked: "dc:title@de".
typedef struct kal__xmp_wanted {
    kal__span name, prefix, local, language;
    bool begins;   // local is how names begin, wherever they stand: in structures too
    kal__xmp_kind kind;
} kal__xmp_wanted;

typedef struct kal__xmp_place {
    const char *from, *to;
    kal__span name, value;   // of an attribute
} kal__xmp_place;

typedef struct kal__xmp_document {
    const char *p, *end;
    kal__span rdf, about;                    // the prefix; what the descriptions are about
    kal__span prefixes[KAL__XMP_PREFIXES];   // of the property's space
    int n_prefixes;
    const char *root, *root_close, *inside;   // rdf:RDF, behind its tag, and where what is in it ends
    kal__xmp_place places[KAL__XMP_PLACES];
    int n;
} kal__xmp_document;

/// Takes an edit's name apart. INVALID: it is none, or the value cannot be written so.
kal_status kal__xmp_ask(const kal__edit *e, kal__xmp_wanted *w, kal_error *err);

bool kal__xmp_equal(kal__span a, const char *b);
/// "prefix:local"
bool kal__xmp_is_of(kal__span name, kal__span prefix, kal__span local, bool begins);
bool kal__xmp_is_rdf(const kal__xmp_document *d, kal__span name, const char *local);
/// What prefixes are bound to. false: this is no XML, or binds more than anybody does.
bool kal__xmp_find_prefixes(kal__xmp_document *d, const char *space);
/// false: there is no rdf:RDF that ends, or more than can be.
bool kal__xmp_find_places(kal__xmp_document *d, const kal__xmp_wanted *w);
/// The URI that a prefix stands for: as everybody knows it, else as the document says.
bool kal__xmp_space_of(const kal__xmp_document *d, kal__span prefix, char out[256]);

#endif
