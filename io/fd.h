// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What files by path and files by descriptor share.
#ifndef KAL_IO_FD_H
#define KAL_IO_FD_H

#include "codec.h"

/// As kal__reader's; `at` is where it stands, for the message.
ptrdiff_t kal__fd_read(int fd, const char *name, uint64_t at, void *dst, size_t n, kal_error *err);
ptrdiff_t kal__fd_read_at(int fd, const char *name, uint64_t at, void *dst, size_t n, kal_error *err);
/// Counts what came.
static inline ptrdiff_t kal__read_by_place(kal__reader *r, ptrdiff_t got)
{
    if (got > 0) __atomic_fetch_add(&r->by_place, (uint64_t)got, __ATOMIC_RELAXED);
    return got;
}
bool kal__fd_stamp(int fd, kal__stamp *out);

#endif
