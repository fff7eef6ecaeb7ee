// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a command is given: a text, pictures, values of a sweep; and the turns that come of them. And paths in which some of it is named.
#ifndef KAL_CLI_INPUTS_H
#define KAL_CLI_INPUTS_H

#include "cli.h"

/// The text of a job and the inputs bound to it.
typedef struct source_text {
    char *data;
    size_t size;
    int used;           // words that were the text itself
    const char *path;   // of the file it is in, borrowed; NULL: none
} source_text;
int text_take(source_text *t, const settings *s);
void text_free(source_text *t);
/// All of a file, or of standard input for -; no longer than the deadline.
int text_read(source_text *t, const settings *s, const char *path);
/// Does the text use this name at all? What it includes is not looked at.
bool text_has(const source_text *t, const char *word, size_t n);
/// Does it say load -? What cannot be read as a text does not.
bool text_reads_stdin(const source_text *t);
/// The line of an error that names a place, and a mark under it, and the same for the place in a def; nothing without a text or a place.
void show_place(const source_text *t, const kal_error *err);

/// The pictures of a run: words of the command line, then the lines of --files-from.
typedef struct inputs {
    const char **paths;   // borrowed from the words and from `list`
    int32_t n;
    source_text list;
} inputs;
int inputs_take(inputs *in, const settings *s, const char *const *words, int n);
void inputs_free(inputs *in);
/// Does the command line speak of many runs?
bool is_batch(const settings *s);
/// Once for each picture, rather than once with all of them?
bool inputs_each(const inputs *in, const settings *s);

/// Values that literals of a text are given in turn, in all combinations.
typedef struct axis {
    char *name;
    char **values;
    int32_t n;
} axis;
typedef struct sweep {
    axis *axes;
    int32_t n;      // of them
    int32_t rows;   // combinations; the last axis varies fastest
} sweep;
/// Reads what --sweep says; the text must have the names. Exit code.
int sweep_take(sweep *w, const settings *s, const source_text *t);
void sweep_free(sweep *w);
/// Which of its values an axis has in a row, and that value.
int32_t sweep_index(const sweep *w, int32_t which, int32_t row);
const char *sweep_value(const sweep *w, int32_t which, int32_t row);
/// "sigma=2 seed=3", with `before` and a blank in front of it unless NULL. NULL: out of memory. Free the result.
char *sweep_label(const sweep *w, int32_t row, const char *before);

/// What a command runs: each picture, or all together, with each row of values.
typedef struct turns {
    const inputs *in;
    const sweep *sweep;   // NULL: none
    bool each;            // picture by picture
} turns;
/// How many there are, and one of them.
int32_t turns_count(const turns *t);
typedef struct turn {
    const char *const *in;   // its pictures
    int n;
    int32_t row;      // of values
    int32_t number;   // 1 for the first
} turn;
turn turn_at(const turns *t, int32_t i);
/// What messages call it: the picture, the values, or both. Free the result.
char *turn_label(const turns *t, int32_t i);

/// The turns of --shard, in their order; NULL: all. Exit code.
int shard_take(const settings *s, const turns *t, int32_t **mine, int32_t *n);

/// What a template may name.
typedef struct place {
    const char *option;   // which template it is, for messages; NULL: -o
    const char *input;    // NULL: none
    int number;
    kal_key key;
    int page;
    const sweep *sweep;   // its names too; NULL: none
    int32_t row;
    const char *suffix;   // of what is written, for {ext}; NULL: the input's
} place;
/// Expands {stem} {ext} {dir} {n} {page} {key} and the names of a sweep; {{ is a brace. NULL, having said why, if it cannot. Free the result.
char *template_expand(const char *pattern, const place *at);
bool is_template(const char *pattern);
/// Whether a template may name it without a sweep.
bool is_place(const char *name);
/// Whether a path holds what -o would fill in. `w` may be NULL.
bool names_place(const char *path, const sweep *w);

#endif
