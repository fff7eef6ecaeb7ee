// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files that parameters name: fonts, tables. Their bytes are read when a node is made and shared by all nodes with the same file.
#ifndef KAL_GRAPH_FILES_H
#define KAL_GRAPH_FILES_H

#include "node.h"

#include <limits.h>
#include <pthread.h>

/// Files that parameters name while their node is being made.
typedef struct kal__held_files {
    const char *at[8];
    int32_t n;
} kal__held_files;

/// Reads the files that `params` name and puts their shared names in place of the caller's; files that were held already stay as they
/// are. Give them back with kal__files_release, whatever the status.
kal_status kal__files_hold(kal__schema s, void *params, kal__held_files *held, kal_error *err);
void kal__files_release(kal__held_files *held);
/// Where a file that is only named, and is not here, lies in one of the folders (separated by |) or below. false: nowhere.
bool kal__find_below(const char *name, const char *folders, char out[PATH_MAX]);
/// One reference more, or less, to each file in the parameters of a node.
void kal__files_ref(kal__schema s, const void *params);
void kal__files_unref(kal__schema s, const void *params);
/// Of a FILES parameter of a node: CHANGED when one of them is another one by now.
kal_status kal__files_same(const char *files, kal_error *err);
/// Whether one of them is called exactly so.
bool kal__files_have(const char *files, const char *name);
/// Digest of the bytes, of several the digest of theirs; `file` is a shared name.
kal_key kal__file_digest(const char *file);

#endif
