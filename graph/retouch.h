// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Saving a picture that is a file's own but for some places, so that what is coded elsewhere stays as it is.
#ifndef KAL_GRAPH_RETOUCH_H
#define KAL_GRAPH_RETOUCH_H

#include "node.h"

/// What an encoded node does that keeps what a file has. Its inputs are the picture and the base, which it would be part of had nothing been put
/// onto it.
struct kal__kept {
    kal__retouch how;
    kal_node *stored;   // as loaded from that file; the base stands on it
    int32_t x, y;       // of the base, where the picture begins
};

/// What an encoder wants of its inputs, in the coordinates of the first.
kal_rect kal__encoded_rect(const kal_node *encoded);
/// *out, a reference of the caller's: the node that does it, which stands on nothing but the region in which something may differ. Of a node
/// that does not ask for it, the node itself. INVALID when the picture is no file's but for some places.
kal_status kal__retouched(kal_node *encoded, kal_node **out, kal_error *err);

#endif
