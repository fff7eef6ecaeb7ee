// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A picture put together from parts that are known and parts that are not: of an edited picture what was edited.
#ifndef KAL_GRAPH_MOSAIC_H
#define KAL_GRAPH_MOSAIC_H

#include "memo.h"

/// Remembers the content of a picture, whose rows these are.
void kal__content_remember(kal_memo *m, const kal_node *picture, const unsigned char *rows, size_t stride);
bool kal__content_known(kal_memo *m, const kal_node *picture);
/// Whether knowing the contents of pictures of the image, which it does not yet, might spare the rest: a graph like it was computed before. *unknown: one
/// of them, borrowed.
bool kal__may_cut_off(kal_memo *m, const kal_node *image, kal_node **unknown);
/// Remembers of which parts of `image` the entry under its key has the pixels.
void kal__parts_remember(kal_memo *m, const kal_node *image, kal_rect rect);
/// A node with the pixels of `rect` of the image, of which only what is known nowhere is computed. Of this request alone; NULL: too little of it is
/// known for that to be worth while. What is copied is noted for an audit. *parts holds what it points at, and is freed after the node.
typedef struct kal__mosaic kal__mosaic;
kal_node *kal__mosaic_find(kal_memo *m, kal_node *image, kal_rect rect, struct kal__audit *audit,
                           kal__mosaic **parts);
void kal__mosaic_free(kal__mosaic *m);
/// How many of how many parts are known, by how many entries, and what the others lie in.
typedef struct kal__mosaic_sight {
    size_t known, parts;
    int32_t side, entries;   // side 0: the whole is one part
    kal_rect missing;
} kal__mosaic_sight;
void kal__mosaic_look(const kal__mosaic *m, kal__mosaic_sight *out);

#endif
