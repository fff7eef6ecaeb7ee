// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A text being read: shared by parse.c (statements and calls), args.c (arguments) and program.c (names, the result).
#ifndef KAL_GRAPH_PARSE_H
#define KAL_GRAPH_PARSE_H

#include "apply.h"
#include "dynamic.h"
#include "lex.h"

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
    bool fixed;   // set from outside: the text's own definition is ignored
    bool quoted;
} kal__name;

typedef struct kal__saving {
    kal_node *encoded;
    char *path;
} kal__saving;

typedef struct kal__printing {
    kal_node *node;
    char *name;   // as the text calls it, or its op
} kal__printing;

struct kal_program {
    kal__arena arena;
    kal__name *names;
    size_t n_names, names_room;
    uint32_t *slots;   // hash of names → index + 1
    size_t n_slots;
    kal__saving *saves;
    size_t n_saves, saves_room;
    kal__printing *prints;
    size_t n_prints, prints_room;
    kal_node *root;
    kal__trail *trails;   // all
};

typedef struct kal__parser {
    kal_program *p;
    kal__lexer lex;
    kal__token t;   // the next token
    int nest;
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
    kal_node *in[KAL__MAX_INPUTS];   // owned
    const kal__trail *trails[KAL__MAX_INPUTS];
    int32_t n;
    kal_node *values[KAL__MAX_BOUND];   // owned: written like inputs, but they give values
    int32_t lists[KAL__MAX_BOUND];      // how many lists in brackets stand before each
    int32_t n_values;
    kal__arg args[KAL__MAX_ARGS];
    int32_t n_args;
} kal__written;

// ---- program.c ----------------------------------------------------------------------------------

kal__name *kal__find_name(const kal_program *p, const char *text, size_t n);
/// Takes the name's reference, whatever happens; false when out of memory.
bool kal__set_name(kal_program *p, const kal__name *given);
/// Takes the encoded node's reference when it succeeds.
bool kal__add_save(kal_program *p, kal_node *encoded, const char *path);
/// Takes the node's reference when it succeeds.
bool kal__add_print(kal_program *p, kal_node *node, const char *name, size_t n);

// ---- parse.c ------------------------------------------------------------------------------------

/// Reads the whole text into the program.
kal_status kal__parse(kal__parser *r);

// ---- args.c -------------------------------------------------------------------------------------

/// Sets all arguments; *bad is the one at fault.
kal_status kal__set_args(kal__schema s, const kal__arg *args, int32_t n, void *params,
                         const kal__param_context *context, const kal__token **bad, kal_error *err);
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
