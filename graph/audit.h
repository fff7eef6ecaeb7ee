// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Some of what was found in the memo is computed again and compared: a key is a promise, and this is who looks whether it is kept.
#ifndef KAL_GRAPH_AUDIT_H
#define KAL_GRAPH_AUDIT_H

#include "memo.h"

/// Of one request. Threads: one at a time.
typedef struct kal__audit kal__audit;

/// `share` of what is found, 0..1. NULL: none of it, or out of memory.
kal__audit *kal__audit_new(double share);
/// Whether the turn of what is found under this key has come, for who looks at it himself.
bool kal__audit_chooses(double share, kal_key key);
/// Something was found: noted when its turn has come. NULL is fine. Without memory it is not.
void kal__audit_note(kal__audit *a, kal__stored_kind kind, const kal_node *node, kal__slab *slab,
                     kal_rect rect);
/// The same of a part of an image, found in the entry of another one: a copy of its rows.
void kal__audit_note_part(kal__audit *a, const kal_node *node, kal_rect part, const unsigned char *rows,
                          size_t stride, kal_key from);
/// Computes what was noted without the memo. INTERNAL when something differs: what, and where; that is forgotten.
kal_status kal__audit_run(kal__audit *a, kal_memo *m, const kal_options *options, kal_error *err);
void kal__audit_free(kal__audit *a);

#endif
