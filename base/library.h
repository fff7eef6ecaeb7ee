// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Libraries that are loaded when something first asks for them: a program that never does never pays for them or needs them.
#ifndef KAL_LIBRARY_H
#define KAL_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/// A list F(name) of functions makes the fields of a struct, and with KAL__NAME the names, in one order.
#define KAL__FUNCTION(name) __typeof__(name) *name;
#define KAL__NAME(name) #name,

/// Loads a library, for good, and puts the addresses of n functions one after another into `functions`: NULL for one that is not there,
/// of which the first `needed` must not be. false: the library cannot be had.
bool kal__library(const char *file, const char *const *names, size_t n, size_t needed, void *functions);

#endif
