// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal-spawn COMMAND…: runs it and says what the whole process took, "spawn WALL_MS CPU_MS PEAK_KB EXIT". Linux counts into a child's peak
// what its parent held when it was started: a runner in Python would hide how little we need, this one holds next to nothing.
#define _GNU_SOURCE
#include "measure.h"

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static double ms(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec * 1e-3;
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    const measure m = measure_begin();
    pid_t pid;
    int status;
    struct rusage u;
    if (posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ)) return 127;
    if (wait4(pid, &status, 0, &u) != pid) return 1;
    printf("spawn %.2f %.2f %ld %d\n", measure_clock(CLOCK_MONOTONIC) - m.wall,
           ms(u.ru_utime) + ms(u.ru_stime), u.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
