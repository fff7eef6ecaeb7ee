// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sources and encoded nodes, for the rest of this room.
#ifndef KAL_GRAPH_LOAD_H
#define KAL_GRAPH_LOAD_H

#include "coding.h"
#include "node.h"

#include <pthread.h>

#define KAL__LOAD_PARAMS(P)                                                                          \
    P(TEXT, path, "", 0, 0, "", "the file; `-` is standard input")                                   \
    P(BOOL, upright, true, 0, 0, "", "apply the EXIF orientation")                                   \
    P(TEXT, format, "", 0, 0, "", "a format to insist on; unset: told by the content")               \
    P(INT, shrink, 1, 1, 1024, "",                                                                   \
      "1, 2, 4 …: decode that many times smaller, where the file can (JPEG to 8, levels of a TIFF)") \
    P(INT, page, 0, 0, 1e9, "", "which picture of several, from 0 on")                               \
    P(BOOL, keyed, true, 0, 0, "",                                                                   \
      "false: its header alone is read, a stream as it comes; a key of this run, nothing is kept")   \
    P(INT, width, 0, 0, KAL_MAX_SIDE, "", "format=pixels: pixels in a row")                          \
    P(INT, height, 0, 0, KAL_MAX_SIDE, "", "format=pixels: rows")                                    \
    P(INT, channels, 0, 0, KAL_MAX_CHANNELS, "", "format=pixels: samples in a pixel")                \
    P(CHOICE, type, 0, 0, 0, KAL_TYPES, "format=pixels: of a sample")                                \
    P(FLOAT, skip, 0, 0, 1e15, "byte", "format=pixels: bytes before the first row, a whole number")  \
    P(CHOICE, order, 0, 0, 0, "little|big", "format=pixels: which byte of a sample comes first")     \
    P(BOOL, planar, false, 0, 0, "", "format=pixels: all of one channel, then all of the next")      \
    P(BOOL, lenient, false, 0, 0, "",                                                                \
      "a picture that breaks off: its rows as far as they go, the others 0, and a warning")          \
    P(BOOL, preview, false, 0, 0, "", "of a raw file of a camera: the picture it was given for looking at")
typedef struct kal__load_p {
    size_t size;
    KAL__LOAD_PARAMS(KAL_FIELD)
} kal__load_p;

extern const kal_op kal__op_load;
/// Turns a node as an EXIF orientation asks for; *node, a reference of the caller's, is replaced.
kal_status kal__turn_upright(kal_node **node, int orientation, kal_error *err);
/// The orientation whose turn takes that of another back: quarter turns undo each other, the others themselves.
int kal__undone_by(int orientation);
/// How often limits were set: as long as it stays the same they do, too.
uint64_t kal__limits_count(void);
/// A node of what an origin, or else bytes in memory, hold: reads header and digest. Takes the caller's reference, whatever happens.
kal_status kal__load_now(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p,
                         kal_node **out, kal_error *err);
/// Bytes that were made here (the reference is taken), as they are stored: in any format, since limits are for what comes from elsewhere.
kal_status kal__load_made(kal__slab *bytes, size_t size, kal_node **out, kal_error *err);
/// The header of another page of the same bytes, whose decoder may wait on the reel (NULL: nowhere).
kal_status kal__page_now(kal_node *picture, int32_t page, kal__reel *reel, kal_node **out, kal_error *err);
/// The same of a stream: the page behind the one before, for which it may wait. *last: there is none, and no node.
kal_status kal__page_of_stream_now(kal_node *picture, int32_t page, kal__reel *reel, bool *last,
                                   kal_node **out, kal_error *err);
/// Another page of what `picture` was loaded from, whose decoder may wait on the reel (NULL: nowhere).
kal_node *kal__page_of(kal_scope *scope, kal_node *picture, int32_t page, kal__reel *reel);
/// The picture of such a node (a stored one, or one turned upright) decoded 1/by of its size; NULL when its format cannot, or when it is
/// no such node or already smaller.
kal_status kal__load_smaller(const kal_node *n, int32_t by, kal_node **out, kal_error *err);
kal_status kal__load_apply(const kal__load_p *p, kal_node **out, kal_error *err);

/// A stored picture turned as its file asks: what `load` of that file gives.
bool kal__is_upright_load(const kal_node *n);
/// `load "path"` or `input NAME key=…` for such a node or for a stored picture.
void kal__load_print(const kal_node *n, kal__text *t);
/// How a stored picture is decoded, " name=value …".
void kal__load_told(const kal_node *n, kal__text *t);

/// The codec for the first bytes of a file, or the one named by `format`.
kal_status kal__codec_for_bytes(const unsigned char *head, size_t n, const char *name, const char *format,
                                const kal_limits *limits, const kal__codec **out, kal_error *err);
bool kal__format_allowed(const kal__codec *c, const kal_limits *limits);
/// Fails with "where: what; the formats are …": those that can be used so.
typedef enum kal__use { KAL__READS, KAL__WRITES } kal__use;
kal_status kal__unknown_format(kal_status status, kal__use use, const char *where, const char *what,
                               kal_error *err);
/// The codec that writes to a path, by `format` or the suffix; `word` becomes the one that told.
#define KAL__SUFFIX 32
kal_status kal__codec_for_path(const char *path, const char *format, const kal__codec **out,
                               char word[KAL__SUFFIX], kal_error *err);
/// What the codec writes to at a path, unless it is on the web and the limits have none of that.
kal_status kal__target(const kal__codec *c, const char *path, kal__writer **out, kal_error *err);
kal__schema kal__schema_of_codec(const kal__codec *c);
/// Whether these parameters ask for a file without metadata; whether such a block is more than the format has room for.
bool kal__is_strip(const kal__codec *c, const void *params);
bool kal__is_too_large(const kal__codec *c, const kal__meta *m, int what);
/// Tells options->warn what an encoded node left out; `target`: the name of where it went, or NULL.
void kal__warn_of_encoded(const kal_node *n, const char *target, const kal_options *options);
/// The encoded form of a sound image with the codec's params struct.
kal_status kal__encode(kal_node *image, const kal__codec *c, void *params, kal_node **out, kal_error *err);
/// The same with these metadata (NULL: none) in place of the image's.
kal_status kal__encode_with(kal_node *image, const kal__codec *c, void *params, kal__meta *meta,
                            kal_node **out, kal_error *err);
/// Samples that lie packed in a slab, of which the node takes a reference.
kal_status kal__pixels_of(const kal_extent *e, kal__slab *slab, kal_node **out, kal_error *err);
/// All bytes of a source, as long as they are those of its digest: else CHANGED. *out is the caller's.
kal_status kal__source_bytes(const kal__source *s, kal__slab **out, size_t *size, kal_error *err);

#endif
