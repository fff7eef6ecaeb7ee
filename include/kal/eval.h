// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests: pixels, bytes and values of nodes, how they are computed, what that took, and what stops it.
#ifndef KAL_EVAL_H
#define KAL_EVAL_H

#include <kal/graph.h>

KAL_BEGIN

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

KAL_END
#endif
