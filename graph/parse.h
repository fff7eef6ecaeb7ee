// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A text being read: shared by statement.c, parse.c (calls), args.c (arguments), def.c, declare.c (param, include), names.c and program.c.
#ifndef KAL_GRAPH_PARSE_H
#define KAL_GRAPH_PARSE_H

#include "apply.h"
#include "dynamic.h"
#include "lex.h"

#include <kal/text.h>

#define KAL__MAX_ARGS 64

/// What an expression went through, as the text says it, that another op can undo: the nearest crop, from what, and what that went through.
/// Nodes do not know: two crops fold into one, and a crop of everything into nothing.
typedef struct kal__trail {
    const kal_op *op;
    kal_node *base;   // owned
    const struct kal__trail *outer;
    const unsigned char *params;
    kal__bound *bound;   // values owned
    int32_t n_bound;
    struct kal__trail *next;   // of the program
} kal__trail;

typedef struct kal__name {
    const char *text;
    size_t n;
    kal_node *node;            // owned …
    const kal__trail *trail;   // … and how it came about; or
    const char *value;         // a literal
    size_t value_n;
    const struct kal__def *def;   // or a def
    bool fixed;                   // set from outside: the text's own definition is ignored
    bool quoted;
    bool param;                // `param` declares it
    uint32_t file, since;      // where it was defined, and as which one of all
    struct kal__name *older;   // what it stood for before; kept when a def might ask for it
} kal__name;

/// Names and a hash of them. The list moves when it grows.
typedef struct kal__names {
    kal__name *list;
    size_t n, room;
    uint32_t *slots;   // index + 1
    size_t n_slots;
} kal__names;

/// What a def is called with: an image, or a literal with what it is when it is left out.
typedef struct kal__formal {
    kal__name name;
    bool image;
} kal__formal;

/// A def is its text: it is read again at each call, with names of its own before those that stood before it.
typedef struct kal__def {
    const char *name;
    size_t n;
    kal__formal *formals;
    int32_t n_formals, n_images;
    kal__lexer body;   // at its beginning, and ends where it ends
    uint32_t file, since;
} kal__def;

/// The call of a def that is being read.
typedef struct kal__frame {
    const kal__def *def;
    kal__names own;
    struct kal__frame *caller;
} kal__frame;

/// A text that was read: 0 is the one the program is made of, the others were included.
typedef struct kal__text_file {
    char *path;   // NULL: it came from no file
    const char *text;
    size_t size;
    uint64_t sees;       // bits of the files whose names it may use: its own, and those it includes
    uint64_t dev, ino;   // which file it is; 0: none
    bool open;           // it is being read
} kal__text_file;
#define KAL__MAX_FILES 64

typedef struct kal__saving {
    kal_node *encoded;
    char *path;
} kal__saving;

/// A picture that a text wants.
typedef struct kal__wanted {
    const char *name;
    kal_place place;
} kal__wanted;

typedef struct kal__printing {
    kal_node *node;
    char *name;   // as the text calls it, or its op
} kal__printing;

struct kal_program {
    kal__arena arena;
    kal__names names;
    uint32_t serial;   // of definitions
    const kal__def **defs;
    size_t n_defs, defs_room;
    kal_param_info *params;
    size_t n_params, params_room;
    kal__text_file files[KAL__MAX_FILES];
    size_t n_files;
    kal__saving *saves;
    size_t n_saves, saves_room;
    kal__printing *prints;
    size_t n_prints, prints_room;
    const char **reads;   // paths that were loaded, and those of parameters
    size_t n_reads, reads_room;
    kal__wanted *inputs;   // of an outline
    size_t n_inputs, inputs_room;
    bool stdin_too;   // of an outline
    kal_node *root;
    kal__trail *trails;   // all
};

typedef struct kal__parser {
    kal_program *p;
    kal__lexer lex;
    kal__token t;   // the next token
    int nest;
    bool outline;              // what is declared is read, the rest leapt over
    bool outside;              // the error is of what was set, not of the text
    uint32_t file;             // which text is read
    int includes;              // how many files deep
    kal__frame *frame;         // the def whose body is read; NULL: none
    const char *called_at;     // where the text itself calls it
    int depth;                 // of calls of defs …
    int32_t calls;             // … in all
    size_t expanded;           // bytes of bodies that were read
    const kal__trail *trail;   // of the expression that was read last
    const char **undone;       // names of ops that another undoes
    size_t n_undone;
    kal_error *err;
} kal__parser;

// One argument of a call as written.
typedef struct kal__arg {
    kal__token key;   // kind END: positional
    kal__token value;
    kal_node *node;   // owned: the value is computed
} kal__arg;

typedef struct kal__written {
    kal__token op;
    const kal__def *def;             // which one is called; NULL: it is an op
    kal_node *in[KAL__MAX_INPUTS];   // owned
    const kal__trail *trails[KAL__MAX_INPUTS];
    int32_t n;
    kal_node *values[KAL__MAX_BOUND];   // owned: written like inputs, but they give values
    int32_t lists[KAL__MAX_BOUND];      // how many lists in brackets stand before each
    int32_t n_values;
    kal__arg args[KAL__MAX_ARGS];
    int32_t n_args;
} kal__written;

// ---- names.c ------------------------------------------------------------------------------------

kal__name *kal__names_find(const kal__names *names, const char *text, size_t n);
/// Takes the name's reference, whatever happens; false when out of memory. What it was before is kept in `keep`, unless that is NULL.
bool kal__names_set(kal__names *names, const kal__name *given, kal__arena *keep);
void kal__names_free(kal__names *names);
/// What a name stands for where the parser is; NULL: nothing.
const kal__name *kal__lookup(const kal__parser *r, const char *text, size_t n);
/// Defines a name there. Takes its reference, whatever happens; false when out of memory.
bool kal__define(kal__parser *r, const kal__name *given);

// ---- program.c ----------------------------------------------------------------------------------

/// Takes the encoded node's reference when it succeeds.
bool kal__add_save(kal_program *p, kal_node *encoded, const char *path);
/// Takes the node's reference when it succeeds.
bool kal__add_print(kal_program *p, kal_node *node, const char *name, size_t n);
/// A file that the program reads; false when out of memory.
bool kal__add_read(kal_program *p, const char *path);
/// A copy in the program's arena that ends in NUL; NULL when out of memory.
char *kal__copy_word(kal_program *p, const char *text, size_t n);

// ---- parse.c ------------------------------------------------------------------------------------

/// Puts the place before the error; returns its status.
kal_status kal__fail_at(const kal__parser *r, const kal__token *t, kal_status st);
/// "WHAT, not "token"", with the place.
kal_status kal__wrong(const kal__parser *r, const kal__token *t, const char *what);
kal_status kal__no_memory(const kal__parser *r);
kal_status kal__next(kal__parser *r);
bool kal__same(const kal__token *t, const char *s);
void kal__remember_place(const kal__parser *r, const kal__token *t, kal_node *node);
bool kal__starts_arg(const kal__token *t);
/// One argument; a call has at most so many images.
kal_status kal__parse_arg(kal__parser *r, kal__written *c, int32_t most);
void kal__call_free(kal__written *c);
kal_status kal__parse_pipe(kal__parser *r, kal_node **out);
/// Before anything is read; false when out of memory.
bool kal__find_undone(kal__parser *r);

// ---- def.c --------------------------------------------------------------------------------------

/// def NAME(images, literals=…) = body. At its name.
kal_status kal__parse_def(kal__parser *r);
/// The call of a def.
kal_status kal__expand(kal__parser *r, kal__written *c, kal_node **out);
/// The op a word names; an error knows defs, too.
kal_status kal__called_op(const kal__parser *r, const kal__token *t, const kal_op **out);

// ---- declare.c ----------------------------------------------------------------------------------

/// param NAME = VALUE [in LO..HI | in a|b|c] ["help"]. At its name.
kal_status kal__parse_param(kal__parser *r);
/// Whether what was set from outside may be.
kal_status kal__check_sets(kal__parser *r);

// ---- include.c ----------------------------------------------------------------------------------

/// Reads a text into the program's arena, as its next file.
kal_status kal__read_file(kal_program *p, const char *path, kal_error *err);
/// include "common.kal". At its name.
kal_status kal__parse_include(kal__parser *r);

// ---- outline.c ----------------------------------------------------------------------------------

/// Leaps over a statement, and keeps the names of pictures that it wants. `defined`: what the statement gives a name to, or NULL.
kal_status kal__leap_statement(kal__parser *r, const kal__token *defined);
/// The same for the body of a def that was read last.
kal_status kal__leap_body(kal__parser *r);

// ---- statement.c --------------------------------------------------------------------------------

bool kal__is_identifier(const kal__token *t);
/// A value as it stands in a definition: the token's, or that of the literal it names.
void kal__take_value(const kal__parser *r, const kal__token *t, kal__name *to);
/// NAME = pipe or value. At the =.
kal_status kal__parse_definition(kal__parser *r, const kal__token *name);
/// The statements of a text up to its end. What an included one may hold is declared.
kal_status kal__parse_statements(kal__parser *r);
/// Reads the whole text into the program.
kal_status kal__parse(kal__parser *r);

// ---- args.c -------------------------------------------------------------------------------------

/// Sets all arguments; *bad is the one at fault.
kal_status kal__set_args(kal__schema s, const kal__arg *args, int32_t n, void *params,
                         const kal__param_context *context, const kal__token **bad, kal_error *err);
/// Takes `memo=always` from the arguments, where the op has no parameter of that name; *mode: what it says, else AUTO. *bad as above.
kal_status kal__take_memo(kal__schema s, kal__written *c, kal_memo_mode *mode, const kal__token **bad,
                          kal_error *err);
/// What a computed value goes to (kal__bound.code); -1 when there is none, or when the name of an image only looks like a word
/// for it ("edge=wrap").
int32_t kal__bound_arg(kal__schema s, const kal__arg *a);
/// Turns values written like inputs into arguments.
kal_status kal__place_values(const kal_op *op, kal__written *c, kal_error *err);
/// The nearest part of a trail that was made by the op of this name; NULL when there is none.
const kal__trail *kal__trail_to(const kal__trail *t, const char *op);
/// An op that undoes another, written without its base: base and place come from what the text did before (NULL: an error).
kal_status kal__undo(const kal_op *op, kal__written *c, const kal__trail *t, void *params, kal_error *err);
/// The trail of a call that can be undone, in the arena; its nodes are given back by kal__trail_release. NULL: out of memory.
kal__trail *kal__trail_new(kal__arena *arena, const kal_op *op, const kal__written *c, const void *params,
                           const kal__bound *bound, int32_t n_bound);
void kal__trail_release(kal__trail *t);

#endif
