// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the namespaces of XMP are called.
#ifndef KAL_XMP_H
#define KAL_XMP_H

#include <stddef.h>

/// The prefix that everybody gives a namespace, and the namespace of such a prefix; NULL: it is none of them.
const char *kal__xmp_prefix(const char *space, size_t n);
const char *kal__xmp_space(const char *prefix, size_t n);

#endif
