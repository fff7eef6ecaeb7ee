// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a part of an image hangs on, as a key: that of the graph without the pastes that the part does not see, and with the contents of its pictures
// in place of where they came from, as far as they are known. After a local edit the parts elsewhere have the keys they had before, and
// all have them when a file was saved anew with the same pixels.
#ifndef KAL_GRAPH_SPECIAL_H
#define KAL_GRAPH_SPECIAL_H

#include "memo.h"

/// Parts of one image being named. Threads: one at a time.
typedef struct kal__special kal__special;

/// NULL: too much of a graph for so many parts, or out of memory.
kal__special *kal__special_new(const kal_node *image, kal_memo *facts, size_t parts);
/// Whether parts may have other keys than the whole: there is a paste in its graph.
bool kal__special_differs(const kal__special *s);
/// The key of a part: what it shows, and where. false: it would take too long to say.
bool kal__special_key(kal__special *s, kal_rect part, kal_key *out);
/// That of the graph alone, whatever its pictures are: pictures in files, and what was said to be kept always.
bool kal__special_shape(kal__special *s, kal_key *out);
/// A picture that the image stands on and whose content is not known; NULL: there is none.
kal_node *kal__special_unknown(const kal__special *s);
void kal__special_free(kal__special *s);

/// Whether a node is such a picture, whose content is worth knowing.
bool kal__is_picture(const kal_node *n);

#endif
