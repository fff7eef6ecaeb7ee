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

/// Runs the same on this thread and on up to `threads` - 1 others, as many as are to be had (at most 63), which share work by themselves; returns when all have.
void kal__together(int threads, void *(*run)(void *), void *arg);

/// Around a call of a function of the caller's that a request waits for: what that asks for, on this thread, waits for no other request, since it might be
/// the one that waits for it. They nest.
void kal__outside_begin(void);
void kal__outside_end(void);
bool kal__is_outside(void);

/// Seconds of a clock that nobody sets.
double kal__now(void);

/// A condition that waits by that clock.
void kal__cond_init(pthread_cond_t *c);
/// Waits for so many seconds at most; may wake for no reason. false: they have passed.
bool kal__cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, double seconds);

#endif
