// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// XML as text, for who changes a piece of it and leaves the rest byte for byte. Nothing is expanded, and what has a document type, or does
// not end, is not understood.
#ifndef KAL_XML_H
#define KAL_XML_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kal__span {
    const char *p;
    size_t n;
} kal__span;

/// Where a text begins between p and end; NULL: it is not there.
const char *kal__xml_find(const char *p, const char *end, const char *what);
/// Behind what begins at '<': a tag, a comment, an instruction. NULL: it does not end, or is what no XMP has.
const char *kal__xml_behind(const char *p, const char *end);
/// Whether what begins at '<' is a tag.
bool kal__xml_is_tag(const char *p);
/// The name of a tag that ends before `end`, with its prefix.
kal__span kal__xml_name(const char *tag, const char *end);
/// Behind an element and all that is in it, whose first tag ends at `close`; NULL: it does not end.
const char *kal__xml_behind_element(const char *p, const char *close, const char *end);

typedef struct kal__attribute {
    kal__span name, value, whole;   // with the blanks before it
} kal__attribute;
/// The next attribute of a tag, from *p on, which is behind its name; false: there is none.
bool kal__xml_next(const char **p, const char *end, kal__attribute *a);

#endif
