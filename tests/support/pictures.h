// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A picture of what an op does, made from its record: one of its samples applied to the pictures of `sample`.
#ifndef PICTURES_H
#define PICTURES_H

#include <kal/kal.h>

enum { PICTURE_WIDTH = 160, PICTURE_HEIGHT = 120 };

/// What the names in such a call are, as texts; NULL past the end.
const char *picture_source(int i, const char **text);

/// RGB of 8 bits, at most PICTURE_WIDTH × PICTURE_HEIGHT; NULL for an op that gives no image or takes none of these. `text` (300 bytes)
/// becomes the call as it would be written.
kal_node *picture_of(kal_scope *s, const kal_op *op, char *text);

/// All of them on one sheet with their names, into a file.
kal_status pictures_sheet(const char *path, kal_error *err);

#endif
