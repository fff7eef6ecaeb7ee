// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Graphs as text: read, asked, run, and printed. docs/cli.md has the grammar.
#ifndef KAL_TEXT_H
#define KAL_TEXT_H

#include <kal/eval.h>

KAL_BEGIN

/// A parsed text: what to save, what to print, the last expression. Threads: one at a time.
typedef struct kal_program kal_program;

/// What a text may refer to: `in` and other names for nodes, and literals set from outside ("sigma" → "3").
typedef struct kal_binding {
    const char *name;
    kal_node *node;   ///< or
    const char *value;
} kal_binding;

/// Reads a text. The error names line and column. Bindings are borrowed. A value for a name that the text does not have is an
/// error, and where it declares params values are for these alone; a picture need not be used.
KAL_API kal_status kal_program_parse(const char *text, size_t size, const kal_binding *bindings, int32_t n,
                                     kal_program **out, kal_error *err);
/// Reads the text in a file. Errors name the file, too. What it includes lies beside it; what a text without a file includes, in the
/// working directory. Where kal_limits.include is false nothing is included.
KAL_API kal_status kal_program_parse_file(const char *path, const kal_binding *bindings, int32_t n,
                                          kal_program **out, kal_error *err);
/// Reads what a text declares alone, without any picture: its params, and what it wants (kal_program_input). Nothing is loaded, and such a
/// program runs nothing. `text` NULL: the text in the file `path`; path NULL: it came from no file.
KAL_API kal_status kal_program_outline(const char *text, size_t size, const char *path, kal_program **out,
                                       kal_error *err);
/// Of an outline: the i-th of the names in, in1, in2 … that the text uses and does not define, and where it does so first; NULL past the end.
KAL_API const char *kal_program_input(const kal_program *program, int32_t i, kal_place *place);
/// Of an outline: whether the text says that it loads "-", which can be read once.
KAL_API bool kal_program_reads_stdin(const kal_program *program);
/// The i-th of the files that the program is made of and reads: texts, pictures of a `load`, files of parameters as they are named there. One
/// may come more than once. NULL past the end.
KAL_API const char *kal_program_file(const kal_program *program, int32_t i);
/// Whether the text, or one that it includes, has this word at all: to bind any other means nothing.
KAL_API bool kal_program_has(const kal_program *program, const char *word);
KAL_API void kal_program_free(kal_program **program);
/// The last expression, borrowed; for a text that ends in a save, what is saved. NULL when there is none.
KAL_API kal_node *kal_program_root(const kal_program *program);
/// The i-th save: the encoded node (borrowed) and its path; NULL past the end.
KAL_API kal_node *kal_program_save(const kal_program *program, int32_t i, const char **path);
/// The i-th print, borrowed, and (unless NULL) what the text calls it, or its op's name; NULL past the end.
KAL_API kal_node *kal_program_print(const kal_program *program, int32_t i, const char **name);
/// A `param` of a text: a literal that may be set from outside, by a binding of its name.
typedef struct kal_param_info {
    const char *name, *help;
    /// FLOAT, CHOICE, BOOL, COLOR (a list of numbers, too) or TEXT, by what its default is.
    kal_param_kind kind;
    const char *standard;   ///< the default, as text
    const char *value;      ///< what it is now
    double min, max;        ///< of a number; equal when every number will do
    const char *choices;    ///< "a|b|c" of a CHOICE
    const char *file;       ///< where it is declared; NULL: in a text that came from no file
    kal_place place;
} kal_param_info;
/// The i-th param, which lives as long as the program; false past the end.
KAL_API bool kal_program_param(const kal_program *program, int32_t i, kal_param_info *out);
/// Runs all saves as one plan.
KAL_API kal_status kal_program_run(const kal_program *program, const kal_options *options, kal_error *err);

/// Parse and run: kal_run_text("load in.jpg | resize width=800 | save out.jpg", &err).
KAL_API kal_status kal_run_text(const char *text, kal_error *err);

/// The graph as text that parses back to the same keys. Free with kal_bytes_free; NUL-terminated.
KAL_API kal_status kal_print_graph(const kal_node *node, kal_bytes *out, kal_error *err);

KAL_END
#endif
