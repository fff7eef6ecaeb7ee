// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a control group allows: the least of it and of all that hold it.
#include "cgroup.h"
#include "check.h"

#include <sys/stat.h>

static void put(const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", check_temp("cgroup"), name);
    FILE *f = fopen(path, "w");
    if (REQUIRE(f)) fputs(text, f), fclose(f);
}

static void allows(const char *self, int32_t cpus, uint64_t memory)
{
    char path[600];
    put("self", self);
    snprintf(path, sizeof path, "%s/self", check_temp("cgroup"));
    const kal__cgroup c = kal__cgroup_read(path, check_temp("cgroup"));
    REQUIRE_NOTE(c.cpus == cpus && c.memory == memory, "\"%s\": %d processors, %llu bytes", self, c.cpus,
                 (unsigned long long)c.memory);
}

int main(void)
{
    char path[600];
    mkdir(check_temp("cgroup"), 0755);
    static const char *const folders[] = {"unit.slice", "unit.slice/a", "unit.slice/b"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", check_temp("cgroup"), folders[i]);
        mkdir(path, 0755);
    }
    allows("0::/unit.slice/a\n", 0, 0);
    put("unit.slice/cpu.max", "250000 100000\n");
    put("unit.slice/memory.max", "max\n");
    put("unit.slice/a/cpu.max", "max 100000\n");
    put("unit.slice/a/memory.max", "1000000\n");
    put("unit.slice/b/cpu.max", "50000 100000\n");
    put("unit.slice/b/memory.max", "max\n");
    allows("0::/unit.slice/a\n", 3, 1000000);   // half a processor is one
    allows("1:name=systemd:/x\n0::/unit.slice/b\n", 1, 0);
    allows("0::/unit.slice/gone\n", 3, 0);   // those that hold it are there
    allows("0::/\n", 0, 0);
    allows("0::/../elsewhere\n", 0, 0);
    allows("", 0, 0);
    put("cpu.max", "200000 100000\n");
    put("memory.max", "500000\n");
    allows("0::/unit.slice/a\n", 2, 500000);
    allows("0::/\n", 2, 500000);
    const kal__cgroup none = kal__cgroup_read("/nowhere/self", "/nowhere");
    REQUIRE(!none.cpus && !none.memory);
    return check_done();
}
