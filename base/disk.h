// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Small things that are done to files everywhere.
#ifndef KAL_DISK_H
#define KAL_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Writes all of it, whatever interrupts. false: errno says why; ENOSPC where nothing was taken and nothing said.
bool kal__write_all(int fd, const void *data, size_t n);
/// The same at a place of the file; its position stays.
bool kal__write_all_at(int fd, const void *data, size_t n, uint64_t at);
/// Removes a folder and what is in it, also from folders that may not be written to. Links go, what they point to stays.
void kal__remove_tree(const char *path);

#endif
