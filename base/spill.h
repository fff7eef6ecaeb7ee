// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Room on a disk, in a folder that somebody named for it; nothing is left there, whatever happens.
#ifndef KAL_SPILL_H
#define KAL_SPILL_H

#include "mem.h"

/// The folder given, else that of KAL_SPILL; NULL: none.
const char *kal__spill_folder(const char *given);
/// A descriptor of a new file there, which has no name any more, or -1 with the error.
int kal__spill_file(const char *folder, kal_error *err);
/// Memory that is such a file: the system may write it out and take its pages. The room is reserved, so that a full disk is an error here and
/// not later. NULL with the error.
kal__slab *kal__spill_slab(const char *folder, size_t size, kal_error *err);
/// Gives the pages back to the system for now; what is in them stays.
void kal__spill_rest(const kal__slab *s);

#endif
