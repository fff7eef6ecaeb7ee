// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A JPEG of which only some MCUs are coded anew. jpeg_retouch.c finds out which and codes them; the rest is carried over from the other file
// in one of two ways: jpeg_splice.c copies bits and holds a few of them, where the file is made for that; jpeg_blocks.c goes through all
// coefficients in memory, which also can turn them.
#ifndef KAL_IO_JPEG_RETOUCH_H
#define KAL_IO_JPEG_RETOUCH_H

#include "jpeg_scan.h"

/// Some cells of one row of MCUs, coded with the tables of the new file but for the Huffman ones.
typedef struct kal__jpeg_strip {
    int32_t row;         ///< of MCUs
    int32_t from, to;    ///< cells
    const bool *fresh;   ///< by cell, from the picture's first on: those that are to be taken
    const kal__jpeg_mcu *mcu;
    const unsigned char *scan;
    size_t size;   ///< of it, with a marker behind
} kal__jpeg_strip;
/// Ready to read the strip's first MCU from; `b` is large.
void kal__jpeg_strip_read(const kal__jpeg_strip *s, kal__jpeg_bits *b);

/// INTERNAL: the library would have written what is not JPEG.
kal_status kal__jpeg_strip_bad(kal_error *err);

/// How the new file is to be: what a compressor is set up with before its tables are used. `x` is its extent. Jumps as the library does.
void kal__jpeg_like(struct jpeg_compress_struct *j, const struct jpeg_decompress_struct *old,
                    const kal__retouch *how, const kal_extent *x);
/// Refuses a table that the library cannot code with: it divides by 8 times a quantiser, in 16 bits.
kal_status kal__jpeg_check_quantisers(const JQUANT_TBL *t, const char *name, kal_error *err);
/// Whether its bits can be copied; else its coefficients must be.
bool kal__jpeg_can_splice(const struct jpeg_decompress_struct *j);
/// Bytes that going through all coefficients holds.
size_t kal__jpeg_blocks_memory(const struct jpeg_decompress_struct *j);
/// Pixels of an MCU; 0: its colours are not what reading it gives.
void kal__jpeg_cell(const struct jpeg_decompress_struct *j, int32_t cell[2]);

/// Whether blocks come to lie elsewhere.
bool kal__jpeg_moves(const struct jpeg_decompress_struct *j, const kal__retouch *how);

/// One way of carrying over. `ahead` does what can be done before the strip of that row comes, once, maybe on another thread, and stops with
/// CANCELLED soon after `stop` is set. Then strips come by row; `end` writes what is left (err NULL: gives up) and frees.
typedef struct kal__jpeg_carrier {
    bool stop;   // atomic
    kal_status (*ahead)(struct kal__jpeg_carrier *c, int32_t row, kal_error *err);
    kal_status (*strip)(struct kal__jpeg_carrier *c, const kal__jpeg_strip *s, kal_error *err);
    kal_status (*end)(struct kal__jpeg_carrier *c, kal_error *err);
} kal__jpeg_carrier;

/// What both begin with: the header of the old file is read, the new one has its parameters; nothing is written yet.
typedef struct kal__jpeg_pair {
    kal__jpeg_in *in;     ///< of the file that is kept …
    kal__jpeg_out *out;   ///< … and of the new one
    const kal__retouch *how;
    const kal_extent *extent;
    const kal__meta *meta;   ///< NULL: none is written
    const kal__blob *exif;
} kal__jpeg_pair;
kal_status kal__jpeg_splice_begin(const kal__jpeg_pair *p, kal__jpeg_carrier **out, kal_error *err);
kal_status kal__jpeg_blocks_begin(const kal__jpeg_pair *p, kal__jpeg_carrier **out, kal_error *err);

#endif
