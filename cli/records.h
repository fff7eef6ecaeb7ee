// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the records of ops, codecs and verbs say: looked up (list.c), shown (help.c, example.c, man.c, complete.c).
#ifndef KAL_CLI_RECORDS_H
#define KAL_CLI_RECORDS_H

#include "cli.h"

/// How many inputs an op takes, from the names in its record.
typedef struct arity {
    int min, max;
} arity;
#define ANY_NUMBER 256
arity arity_of(const kal_op *op);
/// Calls back with each name of "image base? more...": its length without the mark.
typedef void each_input_fn(void *user, int i, const char *name, int n);
void each_input(const kal_op *op, each_input_fn *fn, void *user);
/// The codec of a name or a suffix (no dot).
bool codec_find(const char *word, kal_codec_info *out);
/// The codec that the last suffix of a path names.
bool codec_of_path(const char *path, kal_codec_info *out);
/// A suffix to show in examples.
void example_suffix(char out[16]);
/// " | op params | op params" for examples.
void example_calls(char *out, size_t size);
/// Commands that use an op on pictures of usual names; they work as they stand.
void print_example(const kal_op *op);
/// Word i of "a|b|c" and its length; NULL past the end.
const char *choice_word(const char *words, int i, int *n);

/// Help for an op or a codec, to stdout.
void help_op(const kal_op *op);
void help_codec(const kal_codec_info *c);
void help_verb(const verb *v);
/// What the text of these settings declares, and the pictures it wants. Exit code.
int help_text(const settings *s);
void print_man(void);
/// false: no such shell.
bool print_completion(const char *shell);

#endif
