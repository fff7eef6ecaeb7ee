// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Nodes, keys, text and evaluation. A node describes a result; nothing is computed until pixels or bytes are asked for.
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

// ---- evaluation ---------------------------------------------------------------------------------

/// Stops a request from any thread. Threads: any.
typedef struct kal_cancel kal_cancel;
KAL_API kal_cancel *kal_cancel_new(void);
KAL_API void kal_cancel_set(kal_cancel *cancel);
KAL_API void kal_cancel_free(kal_cancel **cancel);

/// What a request did. Times are wall clock; bytes are what the plan held at most, codecs included.
typedef struct kal_stats {
    uint64_t opens;   ///< files opened for reading
    uint64_t bytes_read;
    uint64_t bytes_written;
    uint64_t decodes;   ///< pictures decoded
    uint64_t encodes;
    uint64_t computed_tiles;   ///< bands that kernels computed
    uint64_t reused_tiles;     ///< bands found in the memo instead
    uint64_t nodes;            ///< nodes the request needed …
    uint64_t nodes_reused;     ///< … and those found in the memo
    uint64_t planned_bytes;    ///< bound from the simulation
    uint64_t peak_bytes;       ///< what was really held
    uint64_t threads;   ///< workers the plan was made for, the caller included; 0 when nothing had to run
    double wall_ms;
} kal_stats;

/// What became of one node in a request that ended well. A fused run of ops tells each of them, its time shared equally.
typedef struct kal_node_stats {
    const kal_node *node;    ///< alive during the call
    const kal_node *last;    ///< of the fused run it was in; the node itself when it ran alone
    const char *name;        ///< of the op or codec
    double ms;               ///< of work, summed over the workers
    uint64_t bands, bytes;   ///< computed or reused
    bool reused;             ///< found in the memo
    bool kept;               ///< put into the memo
} kal_node_stats;
/// Called once for each node that had work, inputs first, on the caller's thread, after the request ended.
typedef void kal_node_stats_fn(void *user, const kal_node_stats *stats);

/// What went well and is not all one may have expected.
typedef struct kal_warning {
    const kal_node *
        node;   ///< whom it is about, alive during the call: a picture as stored, or an encoded node; NULL: the memo's folder
    /// Of a picture that broke off and was loaded with `lenient=true`: rows that were there; those from this one on are 0. -1: it is an encoded
    /// node's, which leaves out what its picture came with: a gain map of the picture as it was, GeoTIFF's fields where geometry was no
    /// affine map or the format has no place for them, metadata that was larger than kal_limits.meta_bytes.
    int32_t rows;
    const char *text;
} kal_warning;
/// Called once for each of them, on the caller's thread, after the request ended well.
typedef void kal_warning_fn(void *user, const kal_warning *warning);

/// A stretch of work that ended: a band of rows, or a part of the request that is no band.
typedef struct kal_trace {
    const kal_node
        *node;   ///< whose rows they are, of a fused run the last; alive during the call. NULL: no band
    const char *
        what;   ///< "decode", "encode", "compute", "measure", "copy", "digest"; "plan", "prepare", "finish". Static
    const char *name;       ///< of op or codec, "gaussian+invert" for a fused run; alive during the call
    int32_t thread;         ///< 0: the caller; else a worker of the pool, the same number in every request
    int32_t band, y0, y1;   ///< which band, and its rows; -1, 0, 0 when it is none
    uint64_t begin_ns, end_ns;   ///< CLOCK_MONOTONIC
} kal_trace;
/// Called once for each band that ended well and for each part, on the thread that did the work and outside of every lock: several
/// at once, and before those that wait for the band may start. It should return soon, and must not evaluate. None comes after the
/// request ended. Stretches of one thread do not overlap.
typedef void kal_trace_fn(void *user, const kal_trace *trace);

typedef enum kal_phase { KAL_RUNNING, KAL_DONE, KAL_FAILED, KAL_STOPPED } kal_phase;
/// Told at most about 20 times a second and once at the end; `done` never falls and reaches `total` only in KAL_DONE.
/// Called on a thread of the pool or the caller's, never two at once for one request; must not evaluate.
typedef void kal_progress_fn(void *user, kal_phase phase, uint64_t done, uint64_t total);

typedef struct kal_memo kal_memo;

/// How to evaluate. Zero everywhere (or a NULL pointer) means: the environment's KAL_THREADS, KAL_MAX_MEMORY, else all
/// processors and a quarter of the memory (at most 1 GiB). None of it changes a pixel.
typedef struct kal_options {
    int32_t threads;       ///< workers, the caller included
    uint64_t max_memory;   ///< bytes a request may plan to hold
    double deadline;       ///< seconds from now; 0: none
    kal_cancel *cancel;    ///< borrowed during the call
    kal_progress_fn *progress;
    kal_node_stats_fn *node_stats;
    kal_trace_fn *trace;
    void *user;       ///< for progress, node_stats and trace
    kal_memo *memo;   ///< NULL: the process's own
    kal_memo_mode
        memo_mode;   ///< AUTO keeps what is dear to compute; ALWAYS every stage; NEVER neither looks nor keeps
    kal_stats *stats;   ///< filled also on failure
    int32_t band;       ///< rows per band; 0: chosen. For tests
    /// A folder for rows beyond max_memory, and for what is kept before a target that cannot be gone back to, in files without a name; NULL:
    /// KAL_SPILL, else none
    const char *spill;
    kal_warning_fn *warn;   ///< gets user, too
    /// 0..1: that share of what is found in the memo is computed again and compared. A difference is KAL_INTERNAL: it names op and place, nothing is
    /// written, and what was kept is forgotten.
    double audit;
    /// No op is computed and nothing is decoded: what is in the memo is given, encoded and written, and what is not is KAL_MISSING, which names its key. Only
    /// what has the very key is found then, and nothing is put into the memo.
    bool only_known;
} kal_options;

/// Processors that this process may use, by affinity and cgroup quota: the workers of a request that says nothing about them.
/// Threads: any.
KAL_API int32_t kal_processors(void);

/// Bytes of a text, as the command, KAL_MAX_MEMORY and parameters of bytes take it: a number, of K, M, G or T (powers of 1024) where it ends in one, as in "64M"
/// or "1.5GiB"; rounded down, at most 1e18. False: it is none, or less than one byte and not 0; then *bytes is what it was. Threads: any.
KAL_API bool kal_parse_size(const char *text, uint64_t *bytes);

/// Computes the pixels of `rect` (inside the image) into the caller's rows, `stride` bytes apart (negative is fine: dst is
/// the first row). On failure the buffer's contents are undefined.
KAL_API kal_status kal_read(const kal_node *node, kal_rect rect, void *dst, ptrdiff_t stride,
                            const kal_options *options, kal_error *err);

/// Many rectangles in one request, as for a batch of patches: rectangle i goes to dst + i·step, its rows `stride` bytes apart. They may
/// overlap, repeat, and differ in size as long as each fits its step. The rectangle around them all is computed, once. n = 0 reads
/// nothing.
KAL_API kal_status kal_read_rects(const kal_node *node, const kal_rect *rects, int32_t n, void *dst,
                                  ptrdiff_t stride, ptrdiff_t step, const kal_options *options,
                                  kal_error *err);

/// Pixels where they lie: what is in the memo, in its folder, or was given as samples is not copied; else they are computed. They stay there, unchanged,
/// until the view is closed, whatever becomes of node and memo. Rows are `stride` bytes apart, and only to be read.
typedef struct kal_view {
    const unsigned char *data;   ///< pixel (rect.x0, rect.y0)
    ptrdiff_t stride;
    kal_rect rect;
    void *held;
} kal_view;
KAL_API kal_status kal_view_open(const kal_node *node, kal_rect rect, const kal_options *options,
                                 kal_view *out, kal_error *err);
/// One that was not opened is fine, if it is zero.
KAL_API void kal_view_close(kal_view *view);

/// Computes a value node. *out is yours: free it with kal_value_free.
KAL_API kal_status kal_read_value(const kal_node *node, const kal_options *options, kal_value *out,
                                  kal_error *err);
/// What kind of value the node gives; false for images, encoded bytes and errors.
KAL_API bool kal_node_value(const kal_node *node, kal_value_kind *kind);

/// The content key: over size, type, model and the samples, whatever the picture came from. Computes the pixels.
KAL_API kal_status kal_content_key(const kal_node *node, const kal_options *options, kal_key *out,
                                   kal_error *err);
/// The content key of samples in memory: what kal_content_key gives for the same pixels.
KAL_API kal_status kal_content_key_of(const kal_extent *extent, const void *pixels, ptrdiff_t stride,
                                      kal_key *out, kal_error *err);

/// Bytes in memory that you own: free with kal_bytes_free.
typedef struct kal_bytes {
    unsigned char *data;
    size_t size;
} kal_bytes;
KAL_API void kal_bytes_free(kal_bytes *bytes);

/// Bytes that the library keeps, read-only and there until kal_blob_release; never a copy. From a memo: a file of its folder, mapped, or what was made.
typedef struct kal_blob {
    const void *data;
    size_t size;
    bool found;   ///< nothing was made
    void *held;   ///< the library's
} kal_blob;
/// Lets go of them. The memo, or the node, keeps its own.
KAL_API void kal_blob_release(kal_blob *blob);

/// A value as JSON: a number, a list, boxes as [[x0, y0, x1, y1], …], text in quotes; a number that is not finite as null. Free
/// with kal_bytes_free; NUL-terminated.
KAL_API kal_status kal_value_print(const kal_value *value, kal_bytes *out, kal_error *err);

/// Computes an encoded node (see kal_encode) into memory.
KAL_API kal_status kal_read_bytes(const kal_node *encoded, const kal_options *options, kal_bytes *out,
                                  kal_error *err);
/// Writes encoded nodes to files, all in one plan: each file appears whole or not at all. None does before all have been written and are on the disk; what is
/// far (http://) is sent before the others get their names. Only where that itself fails, which is checked beforehand as far as it can be, some may be there.
KAL_API kal_status kal_write_files(kal_node *const *encoded, const char *const *paths, int32_t n,
                                   const kal_options *options, kal_error *err);

/// The plan as text or JSON: a row per stage with strategy, bytes, and the peak, without running; and before it what the memo has: encoded bytes and values, which
/// are not in the plan, and parts of edited pictures. Free with kal_bytes_free.
typedef enum kal_format { KAL_AS_TEXT, KAL_AS_JSON, KAL_AS_DOT, KAL_AS_SVG } kal_format;
KAL_API kal_status kal_explain(kal_node *const *nodes, int32_t n, kal_format format,
                               const kal_options *options, kal_bytes *out, kal_error *err);
/// What a request for these nodes, all in one plan, would find in the memo by their keys, and what it would have to do.
typedef struct kal_sight {
    int32_t known;    ///< of the nodes: results that are there whole
    bool unsettled;   ///< something hangs on a value that is not there, so that nobody knows the rest
    uint64_t nodes, nodes_reused;   ///< as kal_stats has them afterwards
    uint64_t planned_bytes;
} kal_sight;
/// Computes, decodes and writes nothing.
KAL_API kal_status kal_look(kal_node *const *nodes, int32_t n, const kal_options *options, kal_sight *out,
                            kal_error *err);
/// The graph as a picture, DOT or SVG.
KAL_API kal_status kal_draw(kal_node *const *nodes, int32_t n, kal_format format, kal_bytes *out,
                            kal_error *err);

// ---- memo ---------------------------------------------------------------------------------------

typedef struct kal_memo_stats {
    uint64_t entries, bytes, limit, hits, misses, stored,
        evicted;   ///< in memory; bytes: all that it takes to keep them
    uint64_t folder_hits, folder_stored,
        folder_broken;   ///< of this process: found, put, and removed since damaged
    uint64_t remote_hits, remote_misses,
        remote_stored;   ///< of this process: found far away, not found, sent
    uint64_t
        remote_refused;   ///< of the misses: what came was damaged, of another key, too large, or without the right seal
    uint64_t remote_dropped;   ///< not sent: too much waited, or the remote was gone
    uint64_t remote_failed;    ///< the remote did not answer, or too slowly
} kal_memo_stats;

/// A memory tier of its own, at most `limit` bytes. Threads: any.
KAL_API kal_memo *kal_memo_new(uint64_t limit);
KAL_API void kal_memo_free(kal_memo **memo);
/// Keeps results in a folder too, for this and other processes, now and later: at most about `limit` bytes (0: 5 GiB). It is made when it is not there.
/// NULL: in none. The process's own memo (`memo` NULL) begins with that of KAL_MEMO_DIR and KAL_MEMO_SIZE. A folder that becomes full or may only be read is
/// read, and one warning is told (kal_options.warn, without a node). Whoever can write to it can make pixels wrong: docs/notes/memo.md. Not
/// while requests use the memo.
KAL_API kal_status kal_memo_set_folder(kal_memo *memo, const char *folder, uint64_t limit, kal_error *err);
/// Finds results in a folder and leaves it as it is, for who only asks: nothing is made, put or removed there, and one that is not there is
/// empty. Not while requests use the memo.
KAL_API kal_status kal_memo_look_into(kal_memo *memo, const char *folder, kal_error *err);
/// How rows and blobs are put into that folder from now on: "none", as they lie in memory, to be mapped; or "zstd", packed without loss: photographs in
/// about half the room, flat pictures in a fraction of it, read at about 0.6 GB/s instead of 20; what took less than that to make is not kept then.
/// Either is found whichever way it was put. The process's own memo begins with that of KAL_MEMO_PACK. Errors: KAL_INVALID (another name, no
/// folder), KAL_UNSUPPORTED (libzstd is not there).
KAL_API kal_status kal_memo_set_packing(kal_memo *memo, const char *how, kal_error *err);
/// Keeps results far away too, where other machines find them: "file:///mnt/memo" (a folder on a network), "redis://HOST:PORT/DB",
/// "redis+unix:/SOCKET", "http://HOST/PREFIX" (GET and PUT). Options follow the URL, as "?read_only&timeout_ms=500", or stand in `params` ("read_only
/// timeout_ms=500"; NULL is fine): read_only, connect_ms (100), timeout_ms (2000), max_bytes of an entry (64M), secret=FILE (KAL_MEMO_SECRET). URL NULL: nowhere.
/// The process's own memo begins with that of KAL_MEMO_REMOTE. A remote that is gone, slow or lies costs less than a second and no run fails by it;
/// what is put is sent by a thread, and what is left of it at kal_memo_free and at exit for two seconds. One warning is told (kal_options.warn, without a node) when it
/// cannot be reached, refuses something, or is left alone. INVALID: no such URL or option; UNSUPPORTED: the library for
/// it is not there. Who can write there can make pixels wrong, unless there is a secret: docs/notes/memo.md. Not while requests use the memo.
KAL_API kal_status kal_memo_set_remote(kal_memo *memo, const char *url, const char *params, kal_error *err);
/// What lies in the folder of a memo.
typedef struct kal_memo_entry {
    kal_key key;
    const char *kind;   ///< "rows", "bytes" (an encoded file), "value", "blob"
    kal_rect rect;      ///< of rows; else n×1 for n bytes
    uint64_t bytes, on_disk;
    double seconds;        ///< that it took to make
    uint64_t made, used;   ///< seconds since 1970; when it was last wanted, to the minute
    const char *recipe;    ///< what its key was made from, a line a node, inputs first …
    size_t recipe_size;    ///< … which is not ended by a NUL
    bool sound;            ///< false: it is damaged; key and on_disk alone are known
} kal_memo_entry;
/// Called for each, in the order of their keys; what it points at lives during the call. false ends the walk.
typedef bool kal_memo_entry_fn(void *user, const kal_memo_entry *entry);
/// `verify`: all bytes of each are read. INVALID: the memo (NULL: the process's own) has no folder. Threads: any, beside whatever uses it.
KAL_API kal_status kal_memo_each(kal_memo *memo, bool verify, kal_memo_entry_fn *fn, void *user,
                                 kal_error *err);
/// Removes one; false when there is none. Those who have it mapped keep it.
KAL_API bool kal_memo_remove(kal_memo *memo, kal_key key);
/// Removes what is worth least until at most `bytes` are left (0: everything); UINT64_MAX: the folder's limit. *before and *after (NULL is fine): bytes of all
/// entries. Files that are none of ours stay. KAL_IO: another process is at it, and nothing was done.
KAL_API kal_status kal_memo_collect(kal_memo *memo, uint64_t bytes, uint64_t *before, uint64_t *after,
                                    kal_error *err);
/// Why a node is found in the folder or not, as text: it and what it stands on, first inputs first, up to what is found; of each that is not, the entry
/// that differs least, and in what: a parameter, a version, the bytes of a file. Computes nothing. Free with kal_bytes_free; NUL-terminated.
KAL_API kal_status kal_memo_why(kal_memo *memo, const kal_node *node, kal_bytes *out, kal_error *err);
/// What an entry was made from, and the entry that differs least from it. INVALID: there is none of that key.
KAL_API kal_status kal_memo_why_key(kal_memo *memo, kal_key key, kal_bytes *out, kal_error *err);
/// Copies an entry of one memo's folder into that of another, when all of it is whole. *copied: false when it was there already, as large. MISSING:
/// there is none, or it is damaged; IO: it cannot be written. Threads: any, beside whatever uses them.
KAL_API kal_status kal_memo_copy(kal_memo *from, kal_memo *to, kal_key key, bool *copied, kal_error *err);
/// Waits until what goes far away has gone, for at most two seconds; and tells (`warn` of the options, NULL is fine), once, what is wrong with the folder and the
/// remote: requests tell it too, but not what the last of them sent. Threads: any.
KAL_API void kal_memo_flush(kal_memo *memo, const kal_options *options);
/// Forgets what is in memory; the folder stays as it is.
KAL_API void kal_memo_clear(kal_memo *memo);
/// `memo` NULL: the process's own.
KAL_API void kal_memo_get_stats(kal_memo *memo, kal_memo_stats *out);
KAL_API void kal_memo_set_limit(kal_memo *memo, uint64_t limit);

// ---- text ---------------------------------------------------------------------------------------

/// A parsed text: what to save, what to print, the last expression. Threads: one at a time.
typedef struct kal_program kal_program;

/// What a text may refer to: `in` and other names for nodes, and literals set from outside ("sigma" → "3").
typedef struct kal_binding {
    const char *name;
    kal_node *node;   ///< or
    const char *value;
} kal_binding;

/// Reads a text. The error names line and column. Bindings are borrowed. Where the text declares params, values are for these alone.
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
/// Of an outline: the i-th of the names in, in1, in2 … that the text uses and does not define; NULL past the end.
KAL_API const char *kal_program_input(const kal_program *program, int32_t i);
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
    int32_t line, column;
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
