// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Colour profiles by Little CMS, which is opened when the first one is needed.
#ifndef KAL_OPS_ICC_PROFILE_H
#define KAL_OPS_ICC_PROFILE_H

#include "op.h"

/// A profile's bytes: borrowed, unless `own` is set, which is from malloc.
typedef struct kal__icc {
    const void *data;
    size_t size;
    void *own;
} kal__icc;

/// What pixels depend on beside the profiles: the library that runs; NULL when it is not there. Threads: any.
const char *kal__icc_edition(void);

/// A profile of KAL_PROFILES, made anew with the same bytes each time; its `own` is the caller's. UNSUPPORTED without the library.
kal_status kal__icc_named(const char *op, int32_t name, kal__icc *out, kal_error *err);
/// The colour channels it speaks of: 1 or 3. INVALID for what is no profile or one of other colours, CMYK for one; `what` names it.
kal_status kal__icc_colours(const char *op, const char *what, const kal__icc *profile, int32_t *out,
                            kal_error *err);

/// How to get from one profile's samples to another's; alpha is copied. `intent` is one of KAL_INTENTS.
typedef struct kal__icc_way kal__icc_way;
kal_status kal__icc_way_new(const char *op, const kal__icc *from, const kal_extent *in, const kal__icc *to,
                            const kal_extent *out, int32_t intent, bool black_point, kal__icc_way **way,
                            kal_error *err);
/// n pixels. Threads: any number at once.
void kal__icc_way_row(const kal__icc_way *way, const void *src, void *dst, size_t n);
void kal__icc_way_free(kal__icc_way *way);
/// Bytes that a way between these holds, at most.
size_t kal__icc_way_bytes(const kal__icc *from, const kal__icc *to);

#endif
