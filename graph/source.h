// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sources while their nodes are being made.
#ifndef KAL_GRAPH_SOURCE_H
#define KAL_GRAPH_SOURCE_H

#include "load.h"

typedef struct kal__loading {
    kal__source *source;
    kal__meta *meta;
    kal__ask ask;
    bool unkeyed;   // the header alone is wanted
    bool plain;     // no option was given, but perhaps upright=
    bool upright;
    uint64_t limits;   // which they are, by how often they were set
    kal_node *known;   // the picture that the file was when it was looked at before: nothing more was read
} kal__loading;

/// A picture that is known (takes the reference; NULL: none is), where it is the one that was asked for: without upright= that of a file that lies on its side is
/// another one.
kal_node *kal__known_for(kal_node *known, bool upright);

/// Reads header and digest. Takes the caller's reference to the origin.
kal_status kal__source_read(kal__loading *l, kal__origin *origin, const char *format, kal_error *err);
/// The same of bytes that are there. Takes the caller's reference to them.
kal_status kal__source_read_bytes(kal__loading *l, kal__slab *bytes, size_t size, const char *format,
                                  kal_error *err);

/// The same of the preview within the file, or within the bytes (origin NULL); takes the reference to either.
kal_status kal__source_read_preview(kal__loading *l, kal__origin *origin, kal__slab *given, size_t n,
                                    const char *format, kal_error *err);

/// What is wrong with the content may be of another file's by now.
static inline bool kal__blames_content(kal_status st)
{
    return st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_LIMIT || st == KAL_INVALID;
}
/// CHANGED: it says so.
kal_status kal__source_changed(const kal__source *s, kal_error *err);
/// Whether the bytes of a source are still those of its digest, by reading them all: KAL_CHANGED, or why it cannot be told.
kal_status kal__source_is_same(const kal__source *s, const kal__watch *watch, kal_error *err);
/// Reads the header of another page of a source, a copy whose page and header are still another's.
kal_status kal__source_read_page(kal__loading *l, int32_t page, kal__reel *reel, kal_error *err);

#endif
