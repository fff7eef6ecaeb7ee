// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Places of nodes that are told when a value proves to be wrong, long after the text was read and freed: numbers that are written and read by any thread at
// once. The names of files stay for the process; of those beyond the first 255 nothing is told.
#include "node.h"

#include <stdio.h>

#define FILES 255
#define BITS 28   // of a line, and of a column

static struct {
    int state;   // atomic: 0 free, 1 being named, 2 named
    char name[201];
} files[FILES];

// 1 …, 0: there is no room. Two threads may name one file twice.
static uint64_t file_of(const char *name)
{
    for (int i = 0; i < FILES; i++) {
        int was = 0;
        if (__atomic_load_n(&files[i].state, __ATOMIC_ACQUIRE) == 2 &&   // pairs with the release below
            !strncmp(files[i].name, name, sizeof files[i].name - 1))
            return (uint64_t)i + 1;
        if (!__atomic_compare_exchange_n(&files[i].state, &was, 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        snprintf(files[i].name, sizeof files[i].name, "%s", name);
        __atomic_store_n(&files[i].state, 2, __ATOMIC_RELEASE);
        return (uint64_t)i + 1;
    }
    return 0;
}

static uint64_t least(int32_t n)
{
    return n < 1 << BITS ? (uint64_t)n : ((uint64_t)1 << BITS) - 1;
}

uint64_t kal__place_keep(const char *file, kal_place p)
{
    const uint64_t which = file ? file_of(file) : 0;
    return file && !which ? 0 : which << 2 * BITS | least(p.line) << BITS | least(p.column);
}

static void within(kal_place p, const char *before, const char *file, const char *def, kal_error *err)
{
    if (!err) return;
    kal_within(err, "%s%.200s%sline %d, column %d%s%.60s", before, file ? file : "", file ? ": " : "",
               (int)p.line, (int)p.column, def ? ": in " : "", def ? def : "");
    if (!err->within.line) err->within = err->place;   // the innermost stays
    err->place = p;
}

void kal__place_within(kal_place place, const char *file, const char *def, kal_error *err)
{
    within(place, "", file, def, err);
}

// `in`: whose file need not be named.
static void say_kept(uint64_t kept, uint64_t in, const char *before, kal_error *err)
{
    const uint64_t which = kept >> 2 * BITS, most = ((uint64_t)1 << BITS) - 1;
    const bool other = which != in >> 2 * BITS;
    const kal_place p = {(int32_t)(kept >> BITS & most), (int32_t)(kept & most), in && other};
    within(p, before, which && other ? files[which - 1].name : NULL, NULL, err);
}

void kal__place_said(uint64_t place, uint64_t inside, kal_error *err)
{
    if (inside) say_kept(inside, place, "in a def, ", err);
    if (place) say_kept(place, 0, "", err);
}
