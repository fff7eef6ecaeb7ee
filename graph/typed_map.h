// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The form of a typed map (kal/map.h) that is hashed, and printed: docs/keys.md. A value is a tag and what follows it.
#ifndef KAL_GRAPH_TYPED_MAP_H
#define KAL_GRAPH_TYPED_MAP_H

#include <kal/map.h>

#include "mem.h"

enum {
    KAL__TAG_NONE = 'n',
    KAL__TAG_BOOL = 'b',
    KAL__TAG_INT = 'i',
    KAL__TAG_REAL = 'd',
    KAL__TAG_TEXT = 's',
    KAL__TAG_BYTES = 'y',
    KAL__TAG_VALUE = 'v',
    KAL__TAG_NODE = 'k',
    KAL__TAG_CONTENT = 'c',
    KAL__TAG_ARRAY = 'a',
    KAL__TAG_LIST = 'l',
    KAL__TAG_MAP = 'm'
};
#define KAL__MAP_DEPTH 32

/// "f32".
const char *kal__element_name(kal_element element);
/// Of the elements; not NULL: what is wrong with the array.
const char *kal__array_digest(kal_element element, const int64_t *shape, int32_t n, const void *data,
                              kal_key *out);
/// The whole map in that form; NOMEM is told by `out`.
kal_status kal__map_form(const kal_map *map, kal__text *out, kal_error *err);

#endif
