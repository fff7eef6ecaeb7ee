// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See thread.h.
#define _GNU_SOURCE
#include "thread.h"

#include <signal.h>
#include <stddef.h>

bool kal__thread_start(pthread_t *t, void *(*run)(void *), void *arg)
{
    pthread_t own;
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_attr_init(&attr);
    if (!t) pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    const bool ok = pthread_create(t ? t : &own, &attr, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}
