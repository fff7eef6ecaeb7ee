// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a container or a unit allows this process: the least of its control group (version 2) and of all that hold it.
#ifndef KAL_GRAPH_CGROUP_H
#define KAL_GRAPH_CGROUP_H

#include <stdint.h>

typedef struct kal__cgroup {
    int32_t cpus;      // of the quota, rounded up; 0: there is none
    uint64_t memory;   // bytes; 0: there is no limit
} kal__cgroup;

/// `self` is /proc/self/cgroup, `root` /sys/fs/cgroup; what cannot be read allows all.
kal__cgroup kal__cgroup_read(const char *self, const char *root);

#endif
