// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See thread.h.
#define _GNU_SOURCE
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

bool kal__thread_start(pthread_t *t, size_t stack, void *(*run)(void *), void *arg)
{
    pthread_t own;
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_attr_init(&attr);
    if (!t) pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (stack) pthread_attr_setstacksize(&attr, stack);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    const bool ok = pthread_create(t ? t : &own, &attr, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

void kal__together(int threads, void *(*run)(void *), void *arg)
{
    pthread_t others[63];
    const int most = (int)(sizeof others / sizeof *others);
    int n = 0;
    while (n < most && n + 1 < threads && kal__thread_start(&others[n], 0, run, arg)) n++;
    run(arg);
    while (n) pthread_join(others[--n], NULL);
}

static _Thread_local int outside;

void kal__outside_begin(void)
{
    outside++;
}

void kal__outside_end(void)
{
    outside--;
}

bool kal__is_outside(void)
{
    return outside > 0;
}

double kal__now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void kal__cond_init(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

bool kal__cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, double seconds)
{
    struct timespec t;
    if (!(seconds > 0)) return false;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return pthread_cond_timedwait(c, lock, &t) != ETIMEDOUT;
}
