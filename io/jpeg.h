// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (jpeg.c) and writing (jpeg_write.c) share: how the library's errors become ours.
#ifndef KAL_IO_JPEG_H
#define KAL_IO_JPEG_H

#include "codec.h"
#include "mem.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

typedef struct kal__jpeg_retoucher kal__jpeg_retoucher;

/// The library's error manager with ours behind it. Every call into the library arms `where` first.
typedef struct kal__jpeg_fail {
    struct jpeg_error_mgr mgr;   // first
    jmp_buf where;
    kal_error *err;
    kal_status status;
    const char *name;
    const uint64_t *offset;   // of the reader; NULL when writing
    const struct jpeg_source_mgr *src;
    const JOCTET *served;      // the first of the bytes that src was given last
    struct kal__jpeg_in *in;   // whose errors these are; NULL: somebody else's
} kal__jpeg_fail;
void kal__jpeg_fail_init(kal__jpeg_fail *f, kal_error *err, const char *name);

#define KAL__JPEG_INPUT ((size_t)64 << 10)
/// A decompressor that reads a reader of ours, which outlives it (jpeg_source.c). It is its object's `client_data`.
typedef struct kal__jpeg_in {
    struct jpeg_decompress_struct jpeg;
    kal__jpeg_fail fail;
    struct jpeg_source_mgr src;
    kal__reader *reader;
    kal_limits limits;
    const bool *stop;   // set: gives up with CANCELLED between two rows of blocks; atomic; NULL: nobody will
    struct jpeg_progress_mgr progress;
    /// While the scans of a file are collected: the rows of iMCUs that no scan will change are taken from one that breaks off.
    bool lenient;
    int32_t whole;      // so many of them; with `broken`
    kal_error broken;   // why there are no more
    JOCTET input[KAL__JPEG_INPUT];
} kal__jpeg_in;
kal_status kal__jpeg_stopped(kal_error *err);
/// To be freed whatever it returns. It may not move in memory.
kal_status kal__jpeg_in_init(kal__jpeg_in *in, kal__reader *r, const kal_limits *limits, kal_error *err);
void kal__jpeg_in_free(kal__jpeg_in *in);

#define KAL__JPEG_OUTPUT ((size_t)64 << 10)
/// A compressor to a writer of ours. It is its object's `client_data`.
typedef struct kal__jpeg_out {
    struct jpeg_compress_struct jpeg;
    kal__jpeg_fail fail;
    struct jpeg_destination_mgr dst;
    kal__writer *writer;
    JOCTET output[KAL__JPEG_OUTPUT];
} kal__jpeg_out;
/// As the two above.
kal_status kal__jpeg_out_init(kal__jpeg_out *out, kal__writer *w, kal_error *err);
void kal__jpeg_out_free(kal__jpeg_out *out);

/// A compressor into memory, which grows from `room` on.
typedef struct kal__jpeg_packing {
    struct jpeg_compress_struct jpeg;
    kal__jpeg_fail fail;
    struct jpeg_destination_mgr dst;
    unsigned char *data;
    size_t size, room;   // size: once it is ended
} kal__jpeg_packing;
kal_status kal__jpeg_packing_begin(kal__jpeg_packing *p, size_t room, kal_error *err);
void kal__jpeg_packing_end(kal__jpeg_packing *p);
/// Where the entropy-coded data begin in a file the library wrote.
size_t kal__jpeg_scan_of(const unsigned char *data);

/// Chooses how to decode, at 1/by, and starts; then goes to the columns and the first row of `part`. They jump to the object's own `where`.
void kal__jpeg_start(struct jpeg_decompress_struct *j, int32_t by);
kal_status kal__jpeg_cut(struct jpeg_decompress_struct *j, kal_rect part, const char *name, kal_error *err);

/// What the markers of a header say; false: out of memory. Jumps as the library does.
bool kal__jpeg_take_meta(j_decompress_ptr j, const kal_limits *limits, kal__meta *meta);
/// Before the first row; and before compressing is started at all.
void kal__jpeg_put_meta(j_compress_ptr j, const kal__meta *meta, const kal__blob *exif);
void kal__jpeg_set_density(j_compress_ptr j, const kal__meta *meta);

/// Where the restart intervals of a file are (jpeg_parts.c). NULL, and 0, when the file cannot be decoded in parts; else the rows of the
/// smallest part; -1: out of memory. `j` has read the header, `scan` bytes of the reader's memory, which must stay.
struct kal__jpeg_index;
int32_t kal__jpeg_index_new(const struct jpeg_decompress_struct *j, const kal__reader *r, size_t scan,
                            struct kal__jpeg_index **out);
void kal__jpeg_index_free(struct kal__jpeg_index *x);
/// Bytes that it holds, and a part's copy of the header; 0 for NULL.
size_t kal__jpeg_index_memory(const struct kal__jpeg_index *x);
/// Decodes a part of the picture at 1/by. Threads: any number at once.
kal_status kal__jpeg_index_rows(const struct kal__jpeg_index *x, int32_t by, kal_rect rect,
                                unsigned char *dst, ptrdiff_t stride, kal_error *err);

#define KAL__JPEG_PARAMS(P)                                                                                \
    P(INT, quality, 85, 1, 100, "", "1..100; 75 is small, 90 is hard to tell from the original")           \
    P(CHOICE, subsampling, 0, 0, 0, "420|422|444", "resolution of colour")                                 \
    P(BOOL, progressive, false, 0, 0, "", "several passes: smaller, slower, needs the whole picture")      \
    P(BOOL, optimize, false, 0, 0, "", "best Huffman tables: smaller, slower")                             \
    P(CHOICE, tables, 0, 0, 0, "standard|tuned", "tuned: at the same quality as good to the eye, smaller") \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP, IPTC, ICC and density")                          \
    P(BOOL, lossless_outside, false, 0, 0, "",                                                             \
      "code anew only what was put onto a loaded JPEG; crops and turns lose nothing either")
typedef struct kal__jpeg_p {
    size_t size;
    KAL__JPEG_PARAMS(KAL_FIELD)
} kal__jpeg_p;
enum { KAL__JPEG_420, KAL__JPEG_422, KAL__JPEG_444 };
enum { KAL__JPEG_STANDARD, KAL__JPEG_TUNED };
/// The quantisers of that quality. Jumps as the library does.
void kal__jpeg_set_tables(struct jpeg_compress_struct *j, const kal__jpeg_p *p);
kal_status kal__jpeg_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err);
kal_status kal__jpeg_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__jpeg_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err);
void kal__jpeg_pieces(const kal_extent *x, const void *given, kal__pieces *out);
kal_status kal__jpeg_pack(const kal__encoder *e, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err);
kal_status kal__jpeg_join(kal__encoder *e, const kal__piece *piece, kal_error *err);
kal_status kal__jpeg_end(kal__encoder *e, kal_error *err);

// Keeping what a file has: jpeg_retouch.h.
bool kal__jpeg_keeps(const void *given, bool *tagged);
kal_status kal__jpeg_retouch(const kal_extent *x, const void *given, const kal__meta *meta,
                             const kal__retouch *how, kal__writer *w, kal__encoder **out, kal_error *err);
kal_status kal__jpeg_compare(kal__encoder *e, const unsigned char *now, ptrdiff_t now_stride,
                             const unsigned char *was, ptrdiff_t was_stride, int32_t n, kal_error *err);
kal_status kal__jpeg_retoucher_begin(const kal_extent *x, const kal__retouch *how, const kal__meta *meta,
                                     const kal__blob *exif, kal__jpeg_out *to, kal__jpeg_retoucher **out,
                                     kal_error *err);
kal_status kal__jpeg_retoucher_compare(kal__jpeg_retoucher *r, const unsigned char *now, ptrdiff_t now_stride,
                                       const unsigned char *was, ptrdiff_t was_stride, int32_t n,
                                       kal_error *err);
kal_status kal__jpeg_retoucher_end(kal__jpeg_retoucher *r, kal_error *err);
/// Bytes of it beside what it holds of the file: `x` is the region.
size_t kal__jpeg_retoucher_memory(const kal_extent *x);
/// What a header says about it.
void kal__jpeg_tell_cell(const struct jpeg_decompress_struct *j, kal__header *h);

#endif
