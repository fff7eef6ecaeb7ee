// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What targets by path share: a file (target.c) and a tree of files (tree.c).
#ifndef KAL_IO_TARGET_H
#define KAL_IO_TARGET_H

#include "codec.h"

/// What a symbolic link points to is what is replaced, or made, not the link. Free with free; NULL: out of memory.
char *kal__target_real(const char *path);
/// "dir/.name.kal-PID-N" beside the target, so that the rename stays on one file system; another one at each call. Free with free; NULL: out of
/// memory.
char *kal__target_temp(const char *path);
/// "x_files" of "x.dzi", where a link there leads; NULL: it is no such path, or out of memory.
char *kal__tree_folder(const char *path);
/// A folder of files, and perhaps one beside it: see kal__writer.file.
kal_status kal__write_tree(const char *path, kal__writer **out, kal_error *err);

/// Fails when a folder lies there that is more or less than a tree of tiles, of which the file `beside` tells (NULL: one in it). Nothing may lie there.
kal_status kal__tree_may_go(const char *folder, const char *beside, kal_error *err);

/// Holds the folder that a tree is written into, until the descriptor is closed; -1: it cannot be had, and nobody is the worse for it.
int kal__tree_hold(const char *temp);
/// Removes folders that killed writers left beside this one.
void kal__tree_sweep(const char *folder);

#endif
