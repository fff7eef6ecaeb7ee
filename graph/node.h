// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Inside a node, and what the files of this room share about nodes, parameters and keys.
#ifndef KAL_GRAPH_NODE_H
#define KAL_GRAPH_NODE_H

#include <kal/eval.h>
#include <kal/io.h>

#include "codec.h"
#include "hash.h"
#include "mem.h"
#include "nearest.h"

#include <string.h>

// ---- the tables that kal.c hands in -------------------------------------------------------------

extern const kal_op *const kal__ops[];   // NULL-terminated
extern const size_t kal__n_ops;

// ---- nodes --------------------------------------------------------------------------------------

typedef enum kal__kind {
    KAL__APPLY,    // an op on inputs
    KAL__DECODE,   // a picture in encoded bytes
    KAL__PIXELS,   // samples in memory
    KAL__ENCODE,   // encoded bytes of an image
    KAL__ERROR,    // a mistake; not interned, no key
    KAL__DYNAMIC,   // an op whose parameters or inputs hang on values still to be computed: has a key, no extent
    KAL__VALUE,   // an op on inputs that gives a value: has a key, no extent
} kal__kind;

#define KAL__MAX_BOUND 8

typedef struct kal__reel kal__reel;   // reel.h

/// Where a decode node's bytes are. Refcounted; immutable.
typedef struct kal__source {
    int refs;   // atomic
    const kal__codec *codec;
    kal__header header;   // at 1/shrink
    int32_t shrink, page;
    kal__layout layout;
    bool lenient;          // what is missing is filled
    kal__reel *reel;       // where its decoder waits between pages; NULL: nowhere
    kal_key digest;        // of the encoded bytes
    kal__places *places;   // of its pages; NULL: nobody remembers
    kal__stamp stamp;
    bool pinned;           // as long as the file has that stamp, it has that digest
    kal__origin *origin;   // NULL when only the bytes were given
    kal__slab *bytes;   // given, or all that a stream had: then they are read, and the origin is only a name
    bool unkeyed;       // no digest: what names it is of this run …
    bool once;          // … because it is a stream of more than is kept, whose origin opens once
    bool preview;       // they are of the picture beside the one in the origin
    size_t size;
} kal__source;

struct kal_node {
    kal_call call;   // first: a call's address is its node's
    kal_key key;
    kal__kind kind;
    bool is_volatile;   // not a function of what its key names, or standing on such a node: never memoized
    bool dynamic;       // DYNAMIC, or encoded from such a node
    bool calls;         // functions of a caller's give the bytes, or those of a node below (kal_input); atomic
    int refs;           // atomic; 1 → 0 only under the table's lock
    int memo_mode;      // kal_memo_mode: what was said of this node; atomic
    kal_node *next;     // chain of nodes being freed
    uint64_t
        place;   // of a dynamic node: where the text says it that was read last (place.c), 0: none did; atomic
    uint64_t place_inside;   // the same within the def that is called there; 0: none is
    kal__meta *meta;
    struct kal__kept *kept;   // ENCODE: retouch.h; NULL: all of it is encoded
    union {
        kal__source *source;   // DECODE; replaced under the table's lock when the same bytes are loaded again
        struct {
            kal__slab *slab;   // PIXELS: packed rows
        } pixels;
        struct {
            const kal__codec *codec;   // ENCODE; call.params are the codec's
            kal__slab *given;          // its bytes, when they are there already
            size_t n_given;
            bool missed;   // they do not keep to what was asked
        };
        struct {
            int32_t n;                       // DYNAMIC: the last n inputs are values …
            int32_t param[KAL__MAX_BOUND];   // … for these parameters
        } bound;
        kal_error *error;   // ERROR
    } u;
};

/// A place in a number that stays when the text goes, with the file it is in, if it is one. 0: it cannot be told.
uint64_t kal__place_keep(const char *file, kal_place place);
/// Puts a place before an error, "common.kal: line 3, column 5", and notes it there; behind it, unless NULL, in which def it lies.
void kal__place_within(kal_place place, const char *file, const char *def, kal_error *err);
/// The same of kept ones: where it is in the text that was given, and inside a def that it calls there, or 0.
void kal__place_said(uint64_t place, uint64_t inside, kal_error *err);

/// Whether a parameter is a word or a text: what no computed value goes to.
static inline bool kal__is_worded(const kal_param *p)
{
    return p->kind == KAL_PARAM_CHOICE || p->kind == KAL_PARAM_TEXT || p->kind == KAL_PARAM_BOOL ||
           p->kind == KAL_PARAM_FILE || p->kind == KAL_PARAM_FILES;
}

/// Whether it names files: the node keeps the pointer that files.c gives.
static inline bool kal__is_of_files(const kal_param *p)
{
    return p->kind == KAL_PARAM_FILE || p->kind == KAL_PARAM_FILES;
}

/// Whether the node gives, or will give, a value instead of an image.
static inline bool kal__gives_value(const kal_node *n)
{
    return (n->kind == KAL__VALUE || n->kind == KAL__DYNAMIC) && n->call.op->measure;
}

static inline kal_node *kal__node_of(const kal_call *call)
{
    return (kal_node *)(uintptr_t)call;
}

static inline kal_node *kal__input(const kal_node *n, int32_t i)
{
    return kal__node_of(n->call.in[i]);
}

/// The input, of the first n, whose metadata go with the result: the base that the others are laid on, where there is one, else the first.
static inline int32_t kal__meta_input(const kal_op *op, int32_t n)
{
    const char *inputs = op && op->inputs ? op->inputs : "", *last = strrchr(inputs, ' ');
    return n > 1 && ((op && op->touches) || (last && !strncmp(last, " base", 5))) ? n - 1 : 0;
}

/// What takes the coordinates of an op's input i to the result's; false: nothing does.
bool kal__input_map(const kal_call *c, int32_t i, double m[6]);
/// By one map, then by another; `out` may be either.
void kal__map_chain(const double first[6], const double second[6], double out[6]);

/// An error node owned by the scope (or the caller).
kal_node *kal__error_node(kal_scope *scope, const kal_error *err);
/// The node of that key, if there is one now: a reference of the caller's, or NULL.
kal_node *kal__node_find(kal_key key);
/// Interns: returns the existing node of that key, or a new one with the call (and its lists and texts) copied. `fill` completes a new
/// node before anyone sees it. NULL when out of memory.
typedef void kal__fill_fn(kal_node *node, void *arg);
kal_node *kal__intern(kal__kind kind, kal_key key, const kal_call *call, const kal_param *rows, size_t n_rows,
                      size_t params_size, kal__fill_fn *fill, void *arg);
/// Hands a node (one reference) to the scope, or to the caller when scope is NULL.
kal_node *kal__born(kal_scope *scope, kal_node *node);

kal__source *kal__source_ref(kal__source *s);
void kal__source_unref(kal__source **s);
/// The same bytes from this origin (NULL: none); NULL when out of memory.
kal__source *kal__source_copy(const kal__source *s, kal__origin *origin);
/// What a text calls it by, "" when none can; and what messages call it.
const char *kal__source_path(const kal__source *s);
const char *kal__source_name(const kal__source *s);
/// The node's current source, with a reference of the caller's own.
kal__source *kal__node_source(const kal_node *node);
/// The same content was loaded again: the file seen last is the likeliest to be there still; bytes that were given stay.
void kal__node_set_source(kal_node *node, kal__source *source);

// ---- parameters (params.c, param_set.c) ---------------------------------------------------------

#define KAL__PARAMS_ROOM 1024   // no params struct is larger

typedef struct kal__schema {
    const kal_param *rows;
    size_t n, size;   // rows; bytes of the struct
    const char *of;   // the op's or codec's name, for messages
    size_t later;     // the last rows, which are left unsaid when they are as they were before there were any
} kal__schema;

kal__schema kal__schema_of(const kal_op *op);
/// The schema of a node's call.params, whatever its kind.
kal__schema kal__schema_of_node(const kal_node *node);

/// Bytes and alignment of a parameter's field.
size_t kal__param_size(const kal_param *p);
size_t kal__param_align(const kal_param *p);
void kal__params_default(kal__schema s, void *params);
/// Copies as much of the caller's struct (its first field is its size) as it has, over the defaults.
void kal__params_from(kal__schema s, void *params, const void *given);
/// Ranges, -0, NaN. Autos pass.
kal_status kal__params_check(kal__schema s, void *params, kal_error *err);
/// A width or a height.
bool kal__param_is_size(const kal_param *p);
bool kal__param_is_auto(const kal_param *p, const void *params);
/// That which it has when nobody gives it.
bool kal__param_is_default(const kal_param *p, const void *params);
/// Refuses a parameter still on KAL_AUTO.
kal_status kal__params_settled(kal__schema s, const void *params, kal_error *err);
/// Bytes its lists and texts need, and a deep copy with them in `extra`.
size_t kal__params_extra(kal__schema s, const void *params);
void kal__params_copy(kal__schema s, void *dst, const void *src, void *extra);
/// How many rows say something: all of them, without the later ones at the end that hold their defaults. Only these are in the key.
size_t kal__params_told(kal__schema s, const void *params);
/// " name=value" for each of these, in order.
void kal__params_print(kal__schema s, const void *params, kal__text *out);
/// A word as it is when it can be read back so, else in quotes.
void kal__put_string(kal__text *t, const char *s);
const kal_param *kal__param_find(kal__schema s, const char *name, size_t n);

/// What a value in text is read against: what a percentage is part of, and the unit of a colour's word.
typedef struct kal__param_context {
    const kal_extent *image;      // input 0; NULL while it is not known; without width: an op that takes none
    kal__arena *arena;            // for lists and texts
    struct kal__shares *shares;   // while `image` is not known: where percentages go; NULL: nowhere
} kal__param_context;
/// Sets a parameter from a token: a bare number or word, the inside of a string, or a list "[1 2 3]".
kal_status kal__param_set(kal__schema s, const kal_param *p, void *params, const char *text, size_t n,
                          const kal__param_context *context, kal_error *err);
/// "name=value name=value …" or positional values.
kal_status kal__params_parse(kal__schema s, void *params, const char *text, const kal__param_context *context,
                             kal_error *err);
/// Whether a record is one that can be registered.
kal_status kal__op_check(const kal_op *op, kal_error *err);

// ---- keys (key.c) -------------------------------------------------------------------------------

/// Key of a node: see docs/keys.md. `what` names the op or codec; `version` its version as text.
typedef struct kal__key_parts {
    kal__kind kind;
    const char *what, *version;
    kal__schema schema;
    const void *params;
    const kal_key *digest;   // of sources
    const kal_call *const *in;
    int32_t n;
} kal__key_parts;
kal_status kal__make_key(const kal__key_parts *k, kal_key *out, kal_error *err);

// ---- order (order.c) ----------------------------------------------------------------------------

/// All nodes that the roots stand on, inputs before what uses them, each once. Iterative at any depth.
typedef struct kal__order {
    const kal_node **nodes;
    size_t n;
    const kal_node **slots;   // hash set …
    uint32_t *index;          // … and the position of each in `nodes`
    size_t n_slots;
} kal__order;
kal_status kal__order_make(kal_node *const *roots, size_t n, kal__order *out, kal_error *err);
void kal__order_free(kal__order *o);
/// Position in `nodes`, or SIZE_MAX.
size_t kal__order_find(const kal__order *o, const kal_node *node);

#endif
