// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Threads, the clock, and conditions that wait by it.
#ifndef KAL_THREAD_H
#define KAL_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/// Starts a thread on which no signal is handled: those go to the application's own. `t` NULL: it is detached. `stack`: its bytes, 0: as the system has it. false: there is none to be had.
bool kal__thread_start(pthread_t *t, size_t stack, void *(*run)(void *), void *arg);

/// Seconds of a clock that nobody sets.
double kal__now(void);

/// A condition that waits by that clock.
void kal__cond_init(pthread_cond_t *c);
/// Waits for so many seconds at most; may wake for no reason. false: they have passed.
bool kal__cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, double seconds);

#endif
