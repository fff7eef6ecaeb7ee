// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See cgroup.h, and the kernel's Documentation/admin-guide/cgroup-v2.rst: cpu.max is "QUOTA PERIOD" in microseconds, memory.max a number of bytes, and either may be "max".
#include "cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH 4096

static FILE *open_in(const char *root, const char *group, const char *name)
{
    char path[PATH + 300];
    const int n = snprintf(path, sizeof path, "%s%s/%s", root, group, name);
    return n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
}

// The group of version 2, as "/system.slice/a.service"; "" is the root.
static void own_group(const char *self, char out[PATH])
{
    char line[PATH + 8];
    FILE *f = fopen(self, "re");
    *out = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "0::/", 4) != 0) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(out, PATH, "%.*s", PATH - 1, line + 3);
    }
    if (f) fclose(f);
    if (!strcmp(out, "/") || strstr(out, "/..")) *out = 0;   // of a namespace that does not see it
}

static void narrow(kal__cgroup *c, const char *root, const char *group)
{
    unsigned long long quota, period, memory;
    FILE *f = open_in(root, group, "cpu.max");
    if (f && fscanf(f, "%llu %llu", &quota, &period) == 2 && period) {
        const unsigned long long most = quota / period + (quota % period != 0);
        if (most < (c->cpus ? (unsigned long long)c->cpus : 1u << 20)) c->cpus = most ? (int32_t)most : 1;
    }
    if (f) fclose(f);
    f = open_in(root, group, "memory.max");
    if (f && fscanf(f, "%llu", &memory) == 1 && (!c->memory || memory < c->memory)) c->memory = memory;
    if (f) fclose(f);
}

kal__cgroup kal__cgroup_read(const char *self, const char *root)
{
    kal__cgroup c = {0, 0};
    char group[PATH];
    own_group(self, group);
    for (char *last; (last = strrchr(group, '/')) != NULL; *last = 0) narrow(&c, root, group);
    narrow(&c, root, "");
    return c;
}
