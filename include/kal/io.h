// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures in and out: files, bytes and samples in memory become nodes; nodes become encoded bytes.
#ifndef KAL_IO_H
#define KAL_IO_H

#include <kal/base.h>
#include <kal/graph.h>

KAL_BEGIN

/// The picture in a file: opens it, reads the header, digests the content and closes it; no pixel is decoded. EXIF orientation
/// is applied. The format is told by the content. A file that changes afterwards is an error at evaluation, never stale
/// pixels. `params`: NULL or the text of load's parameters ("upright=false format=png"). "-" reads standard input.
KAL_API kal_node *kal_load(kal_scope *scope, const char *path, const char *params);

/// The picture in encoded bytes; they are copied.
KAL_API kal_node *kal_load_bytes(kal_scope *scope, const void *data, size_t size, const char *params);

/// Samples in memory, copied (a later change of the buffer changes neither key nor pixels). stride in bytes.
KAL_API kal_node *kal_pixels(kal_scope *scope, const kal_extent *extent, const void *data, ptrdiff_t stride);

/// The encoded form of an image, as a node: `format` is a codec's name ("jpeg") or one of its suffixes ("pgm" is stricter than "pnm"),
/// `params` its options as text ("quality=90"), NULL for the defaults.
KAL_API kal_node *kal_encode(kal_scope *scope, kal_node *image, const char *format, const char *params);

/// Encode by the suffix of `path` and write: whole or not at all.
KAL_API kal_status kal_save(kal_node *image, const char *path, const char *params, const kal_options *options,
                            kal_error *err);

/// A name of the file that a write to `path` would make or replace: two paths have one name when they mean one file, however they are
/// spelt and through whatever links. NULL when out of memory. Free with free. Threads: any.
KAL_API char *kal_target_name(const char *path);

/// Limits for decoding, of the process. A file beyond one is refused before memory is taken.
typedef struct kal_limits {
    uint64_t pixels;       ///< width × height; default 2^30
    uint64_t file_bytes;   ///< default 2^33
    uint32_t scans;        ///< of a progressive JPEG; default 200
    uint64_t meta_bytes;   ///< one piece of metadata; default 16 MiB
    uint32_t
        threads;   ///< that a codec's library may start of its own (HEIF: one a tile, or for one tile); default 0: as many as the request has
} kal_limits;
KAL_API void kal_limits_get(kal_limits *out);
KAL_API void kal_limits_set(const kal_limits *limits);

/// The codecs by index: name, suffixes ("jpg|jpeg"), abilities; false past the end. `version` is that of the library at run
/// time, loading it if need be, NULL when it cannot be had; pass NULL not to ask.
typedef struct kal_codec_info {
    const char *name, *suffixes, *help;
    bool reads, writes;
    const kal_param *params;   ///< of encoding
    size_t n_params;
} kal_codec_info;
KAL_API bool kal_codec_at(size_t index, kal_codec_info *out, const char **version);

KAL_END
#endif
