// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures in and out: files, bytes and samples in memory become nodes; nodes become encoded bytes.
#ifndef KAL_IO_H
#define KAL_IO_H

#include <kal/eval.h>

KAL_BEGIN

/// The picture in a file: opens it, reads the header, digests the content and closes it; no pixel is decoded. EXIF orientation
/// is applied. The format is told by the content. A file that changes afterwards is an error at evaluation, never stale
/// pixels. `params`: NULL or the text of load's parameters ("upright=false format=png"). "-" reads standard input;
/// a path that begins with https:// or http:// is read from the web (docs/notes/sources.md says how), and no other path goes there.
KAL_API kal_node *kal_load(kal_scope *scope, const char *path, const char *params);
/// What kal_load(path) without params would give, if that is known without a look at the file's bytes: it was loaded so in this process, its node is alive, and
/// the file stands still since. One call of the system's, nothing is opened, so that it does not wait as long as a file system answers. NULL: kal_load has to look, and
/// says what is wrong. Threads: any.
KAL_API kal_node *kal_load_known(kal_scope *scope, const char *path);

/// Inputs that this thread opens from here on, by what follows, by pages and by texts with a `load` in them, are given up `deadline` seconds from now
/// (0: never) and when `cancel` is set (NULL: never; it must be there until this is called again): KAL_DEADLINE, KAL_CANCELLED. An open or a read that does
/// not come back is left behind on a thread of its own, which gives back what it was given, and calls `close` or `release`, when it does.
KAL_API void kal_watch_opening(double deadline, kal_cancel *cancel);

/// Another page of the file, or of the bytes, that `picture` was loaded from, with the options it was loaded with: `load page=` without
/// reading for the digest again. Pages count from 0, kal_file_info says how many there are; they may differ in size and kind. An error node for a
/// page that is not there. `picture` is a node as loading gave it.
KAL_API kal_node *kal_page(kal_scope *scope, kal_node *picture, int32_t page);

/// The pages of a picture as it was loaded, one after another: each is a header until its pixels are wanted. While this is open the decoder of the
/// page computed last waits for the next one, so that walking through an animation of n pictures decodes n of them; closing gives
/// back what it held, at once. Threads: one at a time; the nodes, as ever, any.
typedef struct kal_pages kal_pages;
KAL_API kal_status kal_pages_open(kal_node *picture, kal_pages **out, kal_error *err);
KAL_API int32_t kal_pages_count(const kal_pages *pages);   ///< 0: a stream, of which nobody knows
/// Whether there is such a page; of a stream, whose pages come in order, it waits until one begins or the stream ends. *err (or NULL) has a status
/// when that cannot be said.
KAL_API bool kal_pages_has(kal_pages *pages, int32_t page, kal_error *err);
/// The next page, from the first on; NULL behind the last.
KAL_API kal_node *kal_pages_next(kal_pages *pages, kal_scope *scope);
/// Any page; an error node for one that is not there.
KAL_API kal_node *kal_pages_at(kal_pages *pages, kal_scope *scope, int32_t page);
/// NULL is fine.
KAL_API void kal_pages_close(kal_pages **pages);

/// The picture in encoded bytes; they are copied.
KAL_API kal_node *kal_load_bytes(kal_scope *scope, const void *data, size_t size, const char *params);

/// Encoded bytes from functions of yours. With `seek` they are read as a file is: when the node is made, for header and digest, and again when
/// pixels are needed; bytes that are others by then are KAL_CHANGED. Without it, or when the first call of it fails, they are a stream: up
/// to 64 MiB are kept, so that the node is like any other; of more only the front is, rows are decoded as bytes come in bounded
/// memory, and pixels can be computed once. Calls never overlap, but come from any thread of the pool.
typedef struct kal_input {
    const char *name;   ///< for messages; copied. NULL: "bytes of the caller"
    void *user;
    /// Puts up to n bytes (n >= 1) at dst; returns how many, 0 at the end, -1 when it failed. Having filled `err` by kal_fail, its status and
    /// sentence reach whoever asked for what needed the bytes; else that is KAL_CALLBACK. Never a short picture instead.
    ptrdiff_t (*read)(void *user, void *dst, size_t n, kal_error *err);
    kal_status (*seek)(void *user, uint64_t at,
                       kal_error *err);   ///< optional: the next read is from byte `at` on
    void (*close)(
        void *
            user);   ///< optional: called once, when no node needs the bytes any more, also when loading failed
    int64_t (*size)(
        void *user);   ///< optional, with `seek`: bytes there are, -1 when it cannot tell; called once
} kal_input;
/// The picture in them. `input` is copied. Otherwise as kal_load.
KAL_API kal_node *kal_load_input(kal_scope *scope, const kal_input *input, const char *params);
/// Tells of each input that the node may still read, and of the loaded picture `of` that it is for; of two that gave the same bytes, first of the one that was
/// loaded first. Not of streams, which nothing reads again. For who has to know what else must live as long as the node: a collector of cycles. What `tell`
/// is given is there while it runs; it is called on this thread. Threads: any.
KAL_API kal_status kal_node_each_input(const kal_node *node,
                                       void (*tell)(void *user, const kal_node *of, const kal_input *input),
                                       void *user, kal_error *err);

/// The picture in a descriptor, from its first byte on (a regular file's), or from where it stands (a pipe's, which is a stream as above). It is
/// duplicated: yours stays open and, of a regular file, where it was. `name` is for messages; NULL: "descriptor N".
KAL_API kal_node *kal_load_fd(kal_scope *scope, int fd, const char *name, const char *params);

/// The picture in encoded bytes that stay where they are, unchanged, until `release` (optional) is called, once: with the last node that
/// needs them, or when loading failed.
KAL_API kal_node *kal_load_borrowed(kal_scope *scope, const void *data, size_t size,
                                    void (*release)(void *user), void *user, const char *params);

/// A picture of one pixel with this ICC profile (copied), of RGB or gray: as the second image of icc_assign and icc_transform it says which profile. INVALID: the bytes
/// are no whole profile, or one of other colours.
KAL_API kal_node *kal_profile(kal_scope *scope, const void *icc, size_t size);

/// The encoded bytes in memory that a node is decoded from: those of the two functions above, or of a stream that was kept whole. Release
/// `out` with kal_blob_release; they stay as long as it, or the node, needs them. false, and nothing to release: it stands on no such bytes. Threads: any.
KAL_API bool kal_node_loaded_bytes(const kal_node *node, kal_blob *out);
/// How they were loaded: parameters of kal_load as text (" page=2 shrink=4"; "" when there are none). What is loaded so is the node or, of a picture that is turned upright, what
/// turns it. Free with kal_bytes_free. INVALID: the node was not loaded.
KAL_API kal_status kal_node_loaded_params(const kal_node *node, kal_bytes *out, kal_error *err);

/// Samples in memory, copied (a later change of the buffer changes neither key nor pixels). stride in bytes.
KAL_API kal_node *kal_pixels(kal_scope *scope, const kal_extent *extent, const void *data, ptrdiff_t stride);

/// Samples that stay where they are, unchanged, until `release` (optional) is called, once: with the last node that needs them, or at once
/// when rows have gaps between them or go upwards, or samples are not aligned, for then they are copied. Their digest is made here, and nothing else of them is read.
KAL_API kal_node *kal_pixels_borrowed(kal_scope *scope, const kal_extent *extent, const void *data,
                                      ptrdiff_t stride, void (*release)(void *user), void *user);

/// The encoded form of an image, as a node: `format` is a codec's name ("jpeg") or one of its suffixes ("pgm" is stricter than "pnm"),
/// `params` its options as text ("quality=90"), NULL for the defaults.
KAL_API kal_node *kal_encode(kal_scope *scope, kal_node *image, const char *format, const char *params);

/// Encode by the suffix of `path` and write: whole or not at all.
KAL_API kal_status kal_save(kal_node *image, const char *path, const char *params, const kal_options *options,
                            kal_error *err);

/// A file of several pictures being written: TIFF, and animations. Each picture is a request of its own, evaluated when it is added, so that
/// memory is bounded by the largest, whatever their number; sizes and kinds may differ where the format can. The file appears, whole, at
/// kal_album_finish. Threads: one at a time.
typedef struct kal_album kal_album;
/// `format`: a codec's name or suffix; NULL: told by the path.
KAL_API kal_status kal_album_create(const char *path, const char *format, kal_album **out, kal_error *err);

/// Where encoded bytes go that functions of yours take. After a failure, whoever's, `abort` is called, once, and `end` is not. Of a request that
/// can be stopped they are called on a thread that waits for them: when it is stopped during a call, the request does not wait for that, and
/// `abort` comes when the call has returned, which may be long after the request; until then what `user` points to is needed. A call of
/// `end` that was left so is followed by `abort`, too.
typedef struct kal_output {
    const char *name;   ///< for messages; copied. NULL: "a caller's target"
    void *user;
    /// Takes up to n bytes (n >= 1) from data, which is there during the call only; returns how many, at least 1, or -1 when it failed (err as in
    /// kal_input). It is called again with the rest.
    ptrdiff_t (*write)(void *user, const void *data, size_t n, kal_error *err);
    kal_status (*end)(void *user,
                      kal_error *err);   ///< optional: everything was written; failing, the request fails
    void (*abort)(void *user);           ///< optional
} kal_output;
/// Computes encoded nodes (kal_encode) into them, all in one plan. None is ended before all bytes of all are written.
KAL_API kal_status kal_write_outputs(kal_node *const *encoded, const kal_output *outputs, int32_t n,
                                     const kal_options *options, kal_error *err);
KAL_API kal_status kal_album_create_output(const kal_output *output, const char *format, kal_album **out,
                                           kal_error *err);
/// Adds a picture; `params` are the format's options as for kal_encode, those of the whole file count with the first. After a failure while
/// one was written only aborting is left, and every later call says what it was.
KAL_API kal_status kal_album_add(kal_album *album, kal_node *image, const char *params,
                                 const kal_options *options, kal_error *err);
/// Ends the file and frees the album, also when it fails or is stopped; then nothing is left behind. Of the options (NULL is fine) deadline and cancel count: what a
/// library does at the end of a file, and the target, are not waited for after that.
KAL_API kal_status kal_album_finish(kal_album **album, const kal_options *options, kal_error *err);
/// Gives up and frees it (NULL is fine).
KAL_API void kal_album_abort(kal_album **album);
/// Writes an encoded node to a descriptor, from where it stands; it stays open. What was written of a picture that failed stays there.
KAL_API kal_status kal_write_fd(const kal_node *encoded, int fd, const kal_options *options, kal_error *err);

/// A name of the file that a write to `path` would make or replace: two paths have one name when they mean one file, however they are
/// spelt and through whatever links. Of a tree of tiles ("x.dzi") it is the folder that its tiles lie in. NULL when out of memory. Free with free. Threads: any.
KAL_API char *kal_target_name(const char *path);

/// Limits for decoding, of the process. A file beyond one is refused before memory is taken: KAL_LIMIT, with the limit's name and how it is
/// lifted. Begin with kal_limits_get; what is left 0 is refused, but where it says otherwise.
typedef struct kal_limits {
    uint64_t pixels;       ///< width × height; default 2^30
    uint64_t file_bytes;   ///< default 2^33
    uint32_t scans;        ///< of a progressive JPEG; default 200
    uint64_t meta_bytes;   ///< one piece of metadata; default 8 MiB
    uint32_t
        threads;   ///< that a codec's library may start of its own (HEIF: one a tile, or for one tile); default 0: as many as the request has
    uint32_t pages;     ///< of one file; default 65536, which 0 also is
    uint32_t side;      ///< the longer one, in pixels; default KAL_MAX_SIDE, which 0 also is
    uint32_t nesting;   ///< boxes within boxes of HEIF and AVIF; default 16, which 0 also is
    /// That opening an input, and that a request, may take; then it is KAL_LIMIT. Default 0: any time. What cannot be interrupted is left behind.
    uint32_t seconds;
    /// The op exec runs programs; default false, so that nobody's text does in a program that did not think of it. The command sets it.
    bool exec;
    bool network;       ///< paths that begin with http:// or https:// are on the web; default true
    bool include;       ///< a text may include files; default true
    uint64_t formats;   ///< those that are read: bit i is the one of kal_codec_at(i); default 0: all
} kal_limits;
KAL_API void kal_limits_get(kal_limits *out);
KAL_API void kal_limits_set(const kal_limits *limits);
/// Sets those that a text names: "pixels=100M scans=50 formats=jpeg,png network=false". K, M, G and T are powers of 1000, of bytes powers of
/// 1024. An unknown name is KAL_INVALID, the error says the nearest one, and nothing is set.
KAL_API kal_status kal_limits_parse(const char *text, kal_limits *limits, kal_error *err);
/// Tightens them to what files of strangers need: of each the lesser of what it is and kal_limit_info.untrusted; no network, no includes, no programs, and formats
/// only whose decoders many have attacked before.
KAL_API void kal_limits_untrusted(kal_limits *limits);
/// The limits by index, values as kal_limits_parse reads them; false past the end.
typedef struct kal_limit_info {
    const char *name, *help;
    char standard[32], untrusted[128];
} kal_limit_info;
KAL_API bool kal_limit_at(size_t index, kal_limit_info *out);

/// The codecs by index: name, suffixes ("jpg|jpeg"), abilities; false past the end. `version` is that of the library at run
/// time, loading it if need be, NULL when it cannot be had; pass NULL not to ask.
typedef struct kal_codec_info {
    const char *name, *suffixes, *help;
    const char *media_type;   ///< "image/jpeg"; NULL: nobody gave it one
    bool reads, writes;
    const kal_param *params;   ///< of encoding
    size_t n_params;
    bool pages, album;   ///< reads, and writes, files of several pictures
    bool searches;       ///< stands for other formats: kal/optimize.h
} kal_codec_info;
KAL_API bool kal_codec_at(size_t index, kal_codec_info *out, const char **version);

KAL_END
#endif
