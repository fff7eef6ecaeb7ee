// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The ops by name: ours from the table that kal.c hands in, then those that users register.
#include "lex.h"
#include "node.h"

#include "fork.h"
#include "hash.h"

#include <pthread.h>
#include <string.h>

#define SLOTS 2048   // ours fill a tenth
#define USERS 768    // at most

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_OPS, NULL)
static const kal_op *slots[SLOTS], *registered[USERS];
static size_t n_registered;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t slot_of(const char *name)
{
    return (size_t)kal__hash_of(name, strlen(name)).lo & (SLOTS - 1);
}

static size_t place(const char *name)
{
    size_t i = slot_of(name);
    while (slots[i] && strcmp(slots[i]->name, name)) i = (i + 1) & (SLOTS - 1);
    return i;
}

static void add_ours(void)
{
    for (size_t i = 0; i < kal__n_ops; i++) slots[place(kal__ops[i]->name)] = kal__ops[i];
}

const kal_op *kal_op_find(const char *name)
{
    if (!name) return NULL;
    pthread_once(&once, add_ours);
    pthread_mutex_lock(&lock);
    const kal_op *op = slots[place(name)];
    pthread_mutex_unlock(&lock);
    return op;
}

const kal_op *kal_op_at(size_t i)
{
    if (i < kal__n_ops) return kal__ops[i];
    pthread_mutex_lock(&lock);
    const kal_op *op = i - kal__n_ops < n_registered ? registered[i - kal__n_ops] : NULL;
    pthread_mutex_unlock(&lock);
    return op;
}

static bool good_name(const char *s)
{
    bool dot = false;
    for (const char *c = s; *c; c++) {
        const bool letter = (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && !(c > s && ((*c >= '0' && *c <= '9') || *c == '.'))) return false;
        dot |= *c == '.';
    }
    return dot;
}

// Words that a text can say without quotes.
static bool plain_words(const char *words)
{
    char word[64];
    for (const char *at = words;; at++) {
        const size_t n = strcspn(at, "|");
        if (!n || n >= sizeof word) return false;
        memcpy(word, at, n);
        word[n] = 0;
        if (!kal__lex_plain(word)) return false;
        at += n;
        if (!*at) return true;
    }
}

kal_status kal__op_check(const kal_op *op, kal_error *err)
{
    if (!op || !op->name || !good_name(op->name))
        return kal_fail(err, KAL_INVALID,
                        "an op's name is lower case letters, digits and _, with a dot: \"acme.denoise\"");
    if (!op->inputs || !op->help)
        return kal_fail(err, KAL_INVALID, "op %s: `inputs` and `help` are needed, empty if need be",
                        op->name);
    if (!op->extent || (!op->run && !op->measure && !(op->flags & KAL_OP_VIEW)))
        return kal_fail(err, KAL_INVALID, "op %s: `extent` and `run` (or `measure`) are needed", op->name);
    if (op->measure && (op->run || !op->measure->end))
        return kal_fail(err, KAL_INVALID, "op %s: a measure has an `end`, and there is no `run` beside it",
                        op->name);
    if (op->params_size < sizeof(size_t) || op->params_size > KAL__PARAMS_ROOM)
        return kal_fail(err, KAL_INVALID,
                        "op %s: the params struct begins with `size_t size` and has at most %d bytes",
                        op->name, KAL__PARAMS_ROOM);
    if (op->n_later > op->n_params)
        return kal_fail(err, KAL_INVALID, "op %s: %zu of %zu parameters came later", op->name, op->n_later,
                        op->n_params);
    if (op->n_params && !op->params)
        return kal_fail(err, KAL_INVALID, "op %s: %zu parameters, and no rows of them (NULL)", op->name,
                        op->n_params);
    for (size_t i = 0; i < op->n_params; i++)
        if (!op->params[i].name || !op->params[i].unit || !op->params[i].help)
            return kal_fail(err, KAL_INVALID,
                            "op %s: parameter %zu lacks name, unit or help (empty if need be)", op->name, i);
    for (size_t i = 0; i < op->n_params; i++)
        if (op->params[i].offset < sizeof(size_t) ||
            op->params[i].offset + kal__param_size(&op->params[i]) > op->params_size ||
            op->params[i].offset % kal__param_align(&op->params[i]))
            return kal_fail(err, KAL_INVALID, "op %s: parameter %s lies outside its struct", op->name,
                            op->params[i].name);
    for (size_t i = 0; i < op->n_params; i++)
        if (op->params[i].kind == KAL_PARAM_CHOICE && !plain_words(op->params[i].unit))
            return kal_fail(err, KAL_INVALID, "op %s: parameter %s: its words are \"a|b|c\", not \"%.100s\"",
                            op->name, op->params[i].name, op->params[i].unit);
    return KAL_OK;
}

// Nodes that there are keep their record; those made from now on have the new one.
static void replace(size_t i, const kal_op *op)
{
    for (size_t k = 0; k < n_registered; k++)
        if (registered[k] == slots[i]) registered[k] = op;
    slots[i] = op;
}

kal_status kal_op_register(const kal_op *op, kal_error *err)
{
    kal_status st = kal__op_check(op, err);
    if (st) return st;
    pthread_once(&once, add_ours);
    pthread_mutex_lock(&lock);
    const size_t i = place(op->name);
    if (slots[i] && slots[i] != op && op->version > slots[i]->version)
        replace(i, op);
    else if (slots[i] && slots[i] != op)
        st = kal_fail(err, KAL_INVALID, "op %s is registered already with another record", op->name);
    else if (!slots[i] && n_registered == sizeof registered / sizeof *registered)
        st =
            kal_fail(err, KAL_LIMIT, "op %s: no more than %zu ops can be registered", op->name, n_registered);
    else if (!slots[i])
        slots[i] = registered[n_registered++] = op;
    pthread_mutex_unlock(&lock);
    return st;
}
