// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Options: one table of what can be set, by field, by flag and by environment; defaults from the machine.
#define _GNU_SOURCE
#include "options.h"

#include "memo.h"
#include "num.h"
#include "spill.h"
#include "cgroup.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The first number in a file, or 0.
static int32_t cpus(const kal__cgroup *group)
{
    cpu_set_t set;
    int32_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                            : (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
    if (group->cpus && group->cpus < n) n = group->cpus;
    return n < 1 ? 1 : n > KAL_MAX_THREADS ? KAL_MAX_THREADS : n;
}

static uint64_t default_memory(const kal__cgroup *group)
{
    uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGE_SIZE);
    if (group->memory && group->memory < all) all = group->memory;
    const uint64_t most = (uint64_t)1 << 30;
    return all / 4 < most ? all / 4 : most;
}

// Read once: neither changes while a process runs, and a small evaluation takes microseconds.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int32_t machine_cpus;
static uint64_t machine_memory;

static void read_machine(void)
{
    const kal__cgroup group = kal__cgroup_read("/proc/self/cgroup", "/sys/fs/cgroup");
    machine_cpus = cpus(&group);
    machine_memory = default_memory(&group);
}

int32_t kal_processors(void)
{
    pthread_once(&once, read_machine);
    return machine_cpus;
}

bool kal_parse_size(const char *text, uint64_t *bytes)
{
    double v;
    if (!kal__parse_bytes(text, strlen(text), &v) || !(v >= 1 || v == 0) || v > 1e18) return false;
    *bytes = (uint64_t)v;
    return true;
}

kal_status kal__size_from_env(const char *name, uint64_t *out, kal_error *err)
{
    const char *s = getenv(name);
    if (!s || !*s || kal_parse_size(s, out)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s=%s is no size: bytes, or a number of K, M, G or T", name, s);
}

#define NO_THREADS "is not a number of workers: 1..%d, 0 for all processors"

static kal_status threads_from_env(int64_t *out, kal_error *err)
{
    const char *s = getenv("KAL_THREADS");
    if (!s || !*s) return KAL_OK;
    double n;   // as the command counts: 1e1 is 10
    if (!kal__parse_double(s, strlen(s), &n) || !(n >= 0 && n <= KAL_MAX_THREADS) || n != (int)n)
        return kal_fail(err, KAL_INVALID, "KAL_THREADS=%s " NO_THREADS, s, KAL_MAX_THREADS);
    *out = (int64_t)n;
    return KAL_OK;
}

int32_t kal__usual_threads(void)
{
    int64_t n = 0;
    kal_error unused;
    (void)threads_from_env(&n, &unused);   // a request will say what is wrong with it
    pthread_once(&once, read_machine);
    return n ? (int32_t)n : machine_cpus;
}

kal_status kal__resolve(const kal_options *o, kal__resolved *out, kal_error *err)
{
    int64_t threads = o ? o->threads : 0;
    uint64_t memory = o ? o->max_memory : 0;
    if (threads < 0 || threads > KAL_MAX_THREADS)
        return kal_fail(err, KAL_INVALID, "threads=%d " NO_THREADS, (int)threads, KAL_MAX_THREADS);
    kal_status st = threads ? KAL_OK : threads_from_env(&threads, err);
    if (!st && !memory) st = kal__size_from_env("KAL_MAX_MEMORY", &memory, err);
    if (st) return st;
    if (o && !(o->audit >= 0 && o->audit <= 1))
        return kal_fail(err, KAL_INVALID, "audit=%g is no share of what is found: 0..1", o->audit);
    if (o && (o->band < 0 || (unsigned)o->memo_mode > KAL_MEMO_NEVER || !(o->deadline >= 0)))
        return kal_fail(err, KAL_INVALID, "band=%d, memo_mode=%d, deadline=%g: one of them has no meaning",
                        o->band, (int)o->memo_mode, o->deadline);
    pthread_once(&once, read_machine);
    out->threads = threads ? (int32_t)threads : machine_cpus;
    if (!memory) memory = machine_memory;
    out->max_memory = memory > SIZE_MAX ? SIZE_MAX : (size_t)memory;
    out->band = o ? o->band : 0;
    out->audit = NULL;
    out->spill = kal__spill_folder(o ? o->spill : NULL);
    out->memo_mode = o ? o->memo_mode : KAL_MEMO_AUTO;
    out->only_known = o && o->only_known;
    out->memo = out->memo_mode == KAL_MEMO_NEVER ? NULL : o && o->memo ? o->memo : kal__memo_default();
    return KAL_OK;
}
