// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See py.h. A child of a fork finds the lock free: whoever forks has it meanwhile.
#include "py.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void kalpy_lock(void)
{
    pthread_mutex_lock(&lock);
}

void kalpy_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static void forked(void)
{
    kalpy_stash_forked();
    kalpy_unlock();
}

bool kalpy_threads_begin(void)
{
    return !pthread_atfork(kalpy_lock, kalpy_unlock, forked) || !PyErr_NoMemory();
}

bool kalpy_enter(bool *busy)
{
    return !__atomic_exchange_n(busy, true, __ATOMIC_ACQUIRE);
}

void kalpy_leave(bool *busy)
{
    __atomic_store_n(busy, false, __ATOMIC_RELEASE);
}
