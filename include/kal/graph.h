// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Nodes and their keys. A node describes a result; nothing is computed until pixels or bytes are asked for (eval.h).
#ifndef KAL_GRAPH_H
#define KAL_GRAPH_H

#include <kal/base.h>
#include <kal/op.h>

KAL_BEGIN

/// An immutable description of an image or of encoded bytes. Equal descriptions are one node. Threads: any.
typedef struct kal_node kal_node;
/// Owns one reference to each node born in it. Threads: one at a time.
typedef struct kal_scope kal_scope;

typedef enum kal_memo_mode { KAL_MEMO_AUTO, KAL_MEMO_ALWAYS, KAL_MEMO_NEVER } kal_memo_mode;

// ---- scopes and nodes ---------------------------------------------------------------------------

/// A new scope, never NULL: without memory for it, every node born in it is an error. (Scope NULL, given to a constructor, means
/// that you own what it returns.)
KAL_API kal_scope *kal_scope_new(void);
/// Releases every node born in the scope, then the scope.
KAL_API void kal_scope_free(kal_scope **scope);

/// A reference that outlives the scope; give it back with kal_node_unref. NULL stays NULL.
KAL_API kal_node *kal_node_ref(kal_node *node);
KAL_API void kal_node_unref(kal_node **node);

/// The constructor under all typed constructors. `params` is the op's params struct, NULL for the defaults; it and the
/// inputs are borrowed. Never NULL: a mistake gives an error node that keeps the first cause, as does any op upon it.
/// With scope NULL the caller owns the reference.
KAL_API kal_node *kal_apply(kal_scope *scope, const char *op, const void *params, kal_node *const *inputs,
                            int32_t n);

/// The same with parameters as text, "sigma=2 edge=wrap".
KAL_API kal_node *kal_apply_text(kal_scope *scope, const char *op, const char *params,
                                 kal_node *const *inputs, int32_t n);

/// A parameter whose value is computed: the numbers of `value` (a value node, as `mean` makes, or an f32 image of few samples). "box" stands
/// for x, y, width and height together, "size" for width and height, where an op has those and no parameter of that name.
typedef struct kal_bound {
    const char *param;
    kal_node *value;
} kal_bound;
/// kal_apply_text with computed parameters beside those in the text.
KAL_API kal_node *kal_apply_text_bound(kal_scope *scope, const char *op, const char *params,
                                       kal_node *const *inputs, int32_t n, const kal_bound *bound,
                                       int32_t n_bound);
/// kal_apply with computed parameters. The node has a key at once; its size, and errors that hang on the values, are known when they are
/// computed: by kal_node_extent or evaluation.
KAL_API kal_node *kal_apply_bound(kal_scope *scope, const char *op, const void *params,
                                  kal_node *const *inputs, int32_t n, const kal_bound *bound,
                                  int32_t n_bound);

/// The node's error, KAL_OK for a sound node.
KAL_API kal_status kal_node_error(const kal_node *node, kal_error *err);
/// Size and kind of the result. Fails with the node's error; an encoded node has none (INVALID).
KAL_API kal_status kal_node_extent(const kal_node *node, kal_extent *out, kal_error *err);
/// The name of the result: op, version, parameters, inputs. See docs/keys.md.
KAL_API kal_status kal_node_key(const kal_node *node, kal_key *out, kal_error *err);
/// What the node holds; NULL for an error node. Lives as long as the node.
KAL_API const kal_call *kal_node_call(const kal_node *node);
/// Input i, borrowed; NULL past the end.
KAL_API kal_node *kal_node_input(const kal_node *node, int32_t i);
/// A block of metadata that travels with the image ("exif", "icc", "xmp", "iptc"), as it came in its file, borrowed; false when there is none.
KAL_API bool kal_node_meta(const kal_node *node, const char *name, const void **data, size_t *size);
/// What blocks of metadata say, a field at a time. Names, as their standards have them: "exif.Make", "exif.GPSLatitude", "preview.Compression",
/// "gps.latitude" (degrees, south and west negative), "iptc.Caption-Abstract", "xmp.dc:title", "xmp.dc:title@de" (not the default language),
/// "icc.description"; "exif.0xc4a5" and "iptc.2:217" where there is none. Of the picture as it is now: "density.x" and "density.y" (pixels per
/// metre), "delay" (seconds, 0 too; of pictures that do not say there is none), "loops" (0: without end). Of what was larger than
/// kal_limits.meta_bytes: "left_out.icc" (exif, xmp, iptc, geo), its bytes.
typedef enum kal_field_kind { KAL_FIELD_TEXT, KAL_FIELD_NUMBERS, KAL_FIELD_BYTES } kal_field_kind;
typedef struct kal_field {
    const char *name;
    kal_field_kind kind;
    const char *
        text;   ///< UTF-8, of every kind: of numbers as they are written ("1/125"), of several items with commas between
    size_t count;   ///< of numbers or items; of bytes 0
    const double *numbers;
    const char *const *items;   ///< of TEXT, each by itself
    bool many;   ///< several items may stand there, as in "xmp.dc:subject", also when there is one
} kal_field;
/// The field of this name, or number `index` of them all; false when there is none. What it points at lives as long as the node. Blocks are
/// read when first asked for; damage in one costs the fields behind it. Threads: any.
KAL_API bool kal_node_field(const kal_node *node, const char *name, kal_field *out);
KAL_API bool kal_node_field_at(const kal_node *node, size_t index, kal_field *out);
/// EXIF orientation found in the file the image came from (1..8) and whether it was applied; 1, false without a file.
KAL_API void kal_node_orientation(const kal_node *node, int *orientation, bool *applied);
/// What is known of the file the image came from: format ("jpeg"), bytes, number of pictures in it (0: of a stream nobody knows).
/// false without a file.
typedef struct kal_file_info {
    const char *format;
    uint64_t bytes;
    int pages;
} kal_file_info;
KAL_API bool kal_node_file(const kal_node *node, kal_file_info *out);
/// Whether the node's result is kept: ALWAYS, NEVER, or (AUTO) when it is worth it; what a request says of all (kal_options.memo_mode NEVER) comes first. In a text
/// `memo=always` behind an op. It enters no key; equal nodes are one, and the last word counts. Returns the node. Threads: any.
KAL_API kal_node *kal_node_set_memo(kal_node *node, kal_memo_mode mode);
KAL_API kal_memo_mode kal_node_memo(const kal_node *node);
/// Number of live nodes in the process, for leak checks.
KAL_API size_t kal_node_count(void);

KAL_END
#endif
