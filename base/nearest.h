// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What somebody may have meant.
#ifndef KAL_NEAREST_H
#define KAL_NEAREST_H

#include <stddef.h>

/// The name nearest to a misspelt one among `count`, or NULL when none is near.
const char *kal__nearest(const char *word, size_t n, const char *(*name)(const void *of, size_t i),
                         const void *of, size_t count);

#endif
