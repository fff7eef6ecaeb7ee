// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Computations that are no pictures: their parameters as a typed map, a key of it, and what they gave under that key. docs/examples/experiment.c is
// a whole one; docs/keys.md says what is hashed.
#ifndef KAL_MAP_H
#define KAL_MAP_H

#include <kal/eval.h>

KAL_BEGIN

// ---- parameters ---------------------------------------------------------------------------------

/// The parameters of a computation. Kinds are part of the key: 1, 1.0, true and "1" are four. The order in which a map is filled is not; that of a
/// list is (give a list of pairs where order counts). The first mistake is remembered, what follows is ignored, and kal_map_key tells it.
/// Threads: one at a time.
typedef struct kal_map kal_map;

/// An empty map, never NULL: without memory for it, that is its mistake.
KAL_API kal_map *kal_map_new(void);
KAL_API void kal_map_free(kal_map **map);
/// The first mistake, with the name of the entry; KAL_OK so far. That a name is there twice is found when its map ends.
KAL_API kal_status kal_map_error(const kal_map *map, kal_error *err);

// Each adds an entry to the map or list that was begun last. `name` is UTF-8; in a list it is NULL. Everything is copied.
KAL_API void kal_map_none(kal_map *map, const char *name);
KAL_API void kal_map_bool(kal_map *map, const char *name, bool v);
KAL_API void kal_map_int(kal_map *map, const char *name, int64_t v);
/// -0 is 0; NaN is a mistake, here and wherever there are reals.
KAL_API void kal_map_real(kal_map *map, const char *name, double v);
/// UTF-8, as it is: é in one letter and in two are two texts.
KAL_API void kal_map_text(kal_map *map, const char *name, const char *text);
KAL_API void kal_map_bytes(kal_map *map, const char *name, const void *data, size_t size);
/// The bytes of a file: weights, a table. They are digested here, once for a file that stands still; its name does not count.
KAL_API void kal_map_file(kal_map *map, const char *name, const char *path);
/// What an op gave: numbers, boxes …; its kind counts. A TEXT is as kal_map_text.
KAL_API void kal_map_value(kal_map *map, const char *name, const kal_value *value);
/// x0, y0, x1, y1: as a value of one box.
KAL_API void kal_map_box(kal_map *map, const char *name, const double box[4]);
/// An image by what it is made of (its node key): nothing is computed, and the same pixels from elsewhere are another entry. Encoded nodes and values
/// too. One that its key does not tell (a volatile op, load keyed=false) is a mistake.
KAL_API void kal_map_node(kal_map *map, const char *name, const kal_node *node);
/// An image by its pixels (its content key), which are computed for it.
KAL_API void kal_map_content(kal_map *map, const char *name, const kal_node *node,
                             const kal_options *options);

/// What the elements of an array are.
#define KAL_ELEMENT_LIST(X) \
    X(BOOL, "bool")         \
    X(I8, "i8")             \
    X(U8, "u8")             \
    X(I16, "i16")           \
    X(U16, "u16")           \
    X(I32, "i32")           \
    X(U32, "u32")           \
    X(I64, "i64")           \
    X(U64, "u64")           \
    X(F16, "f16")           \
    X(F32, "f32")           \
    X(F64, "f64")
typedef enum kal_element {
#define KAL_ELEMENT_ENUM(id, name) KAL_ELEMENT_##id,
    KAL_ELEMENT_LIST(KAL_ELEMENT_ENUM)
#undef KAL_ELEMENT_ENUM
} kal_element;
#define KAL_MAX_DIMENSIONS 16
/// An array of any number of dimensions, its last index running fastest, in the machine's byte order: type and shape count, 2×3 is not 3×2. An array
/// whose NaNs are to count goes in as bytes.
KAL_API void kal_map_array(kal_map *map, const char *name, kal_element element, const int64_t *shape,
                           int32_t dimensions, const void *data);

/// A map or a list as an entry: what is added next goes into it, up to kal_map_end. At most 32 in one another.
KAL_API void kal_map_begin(kal_map *map, const char *name);
KAL_API void kal_map_begin_list(kal_map *map, const char *name);
KAL_API void kal_map_end(kal_map *map);

/// The key of all of it: the same on every machine, in every language of the user's, in every version of the library. The map may be filled on.
KAL_API kal_status kal_map_key(const kal_map *map, kal_key *out, kal_error *err);
/// As JSON, names in order: what the key is made of, and nothing else. 1 is an integer and 1.0 a real; what JSON has no word for is
/// {"$bytes": …}, {"$array": …}, {"$image": key}; an infinite real is 1e999. Free with kal_bytes_free; NUL-terminated.
KAL_API kal_status kal_map_print(const kal_map *map, kal_bytes *out, kal_error *err);

// ---- results ------------------------------------------------------------------------------------

/// Makes the result: *out in memory from malloc, which the library takes over, also when this fails. Called on the thread that asked; it may evaluate,
/// and ask for other keys.
typedef kal_status kal_make_fn(void *user, kal_bytes *out, kal_error *err);
/// The bytes of any computation by its key (kal_map_key), from the memo (NULL: the process's own) or its folder; else `make` is called and what it
/// gives is kept, with the time that took. Of several threads that ask for one key, and of processes with the folder, one makes it and the others wait,
/// as long as `options` has them; when it fails nothing is kept, its caller is told, and the next one tries. `recipe` (kal_map_print's, or NULL) lies beside it for `kal memo`.
/// Of `options` deadline, cancel, memo_mode (NEVER: neither looked for nor kept), only_known (MISSING in place of `make`), audit (that share of what is found is made again, and other bytes are INTERNAL) and stats count; options->memo does when `memo` is NULL. What is
/// larger than 2 GiB, or than the memo, is given and not kept. The key of a node is for what the node gives. Threads: any.
KAL_API kal_status kal_memo_blob(kal_memo *memo, kal_key key, kal_make_fn *make, void *user,
                                 const char *recipe, const kal_options *options, kal_blob *out,
                                 kal_error *err);

KAL_END
#endif
