// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Threads beside those of the pool.
#ifndef KAL_THREAD_H
#define KAL_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/// Starts a thread on which no signal is handled: those go to the application's own. `t` NULL: it is detached. false: there is none to be had.
bool kal__thread_start(pthread_t *t, void *(*run)(void *), void *arg);

#endif
