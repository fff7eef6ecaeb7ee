// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Directories of TIFF and BigTIFF files, read at their places by ourselves: what a picture is must not wait for libtiff and the nine
// libraries it brings along to be loaded, and one reading serves fields of pictures, of EXIF and of GPS.
#ifndef KAL_IO_TIFF_DIR_H
#define KAL_IO_TIFF_DIR_H

#include "codec.h"
#include "ifd.h"

bool kal__tiff_sniff(const unsigned char *p, size_t n);

/// Tags of what a directory says of its own picture (TIFF 6.0, and supplements).
enum {
    KAL__TAG_SUBFILE = 254,
    KAL__TAG_WIDTH = 256,
    KAL__TAG_HEIGHT,
    KAL__TAG_BITS,
    KAL__TAG_COMPRESSION,
    KAL__TAG_PHOTOMETRIC = 262,
    KAL__TAG_FILL_ORDER = 266,
    KAL__TAG_STRIPS = 273,
    KAL__TAG_ORIENTATION,
    KAL__TAG_SAMPLES = 277,
    KAL__TAG_STRIP_ROWS,
    KAL__TAG_STRIP_SIZES,
    KAL__TAG_X_RESOLUTION = 282,
    KAL__TAG_Y_RESOLUTION,
    KAL__TAG_PLANES,
    KAL__TAG_UNIT = 296,
    KAL__TAG_COLOURS = 320,
    KAL__TAG_TILE_WIDTH = 322,
    KAL__TAG_TILE_HEIGHT,
    KAL__TAG_TILES,
    KAL__TAG_TILE_SIZES,
    KAL__TAG_LEVELS = 330,
    KAL__TAG_EXTRA = 338,
    KAL__TAG_FORMAT,
    KAL__TAG_XMP = 700,
    KAL__TAG_IPTC = 33723,
    KAL__TAG_ICC = 34675,
    KAL__TAG_NOTHING = 42113,   // GDAL: the number that stands for nothing
};

/// How the numbers of a file lie.
typedef struct kal__tiff_order {
    kal__reader *reader;
    bool big_endian, big;   // BigTIFF: counts and places of 64 bits
} kal__tiff_order;

/// A directory in memory. What goes wrong while it is asked stays in `status` and `err`, and every later answer is the default.
typedef struct kal__tiff_dir {
    kal__tiff_order order;
    uint64_t at;
    size_t n;
    unsigned char *entries;
    kal_status status;
    kal_error *err;
} kal__tiff_dir;

typedef struct kal__tiff_entry {
    unsigned tag, type;
    uint64_t count;              // values
    size_t one;                  // bytes of each; 0: the type is not known
    const unsigned char *held;   // where they lie in the directory …
    uint64_t at;                 // … else in the file
} kal__tiff_entry;

/// *first: where the first directory lies.
kal_status kal__tiff_begin_chain(kal__reader *r, kal__tiff_order *o, uint64_t *first, kal_error *err);
/// *whole, which may be NULL: a picture of its own, not another one's level or mask. *next: 0: the last.
kal_status kal__tiff_next(const kal__tiff_order *o, uint64_t at, uint64_t *next, bool *whole, kal_error *err);
/// Where the directory of a page lies, and how many there are.
kal_status kal__tiff_pages(kal__reader *r, const kal__ask *ask, uint64_t *directory, int32_t *pages,
                           kal_error *err);

/// Bytes that the library sees in place of those of the file.
typedef struct kal__tiff_patch {
    uint64_t at;
    size_t n;
    unsigned char bytes[8];
} kal__tiff_patch;
/// What makes a directory the only one of the file: to go to one the library walks over all.
kal_status kal__tiff_alone(kal__reader *r, uint64_t directory, kal__tiff_patch out[2], kal_error *err);

/// Free with kal__tiff_dir_free, also when it fails; `err` is kept for what is asked later. CORRUPT: it is not whole.
kal_status kal__tiff_dir_read(kal__tiff_dir *d, kal__reader *r, uint64_t at, kal_error *err);
void kal__tiff_dir_free(kal__tiff_dir *d);
void kal__tiff_entry_at(const kal__tiff_dir *d, size_t i, kal__tiff_entry *out);
/// The first of its tag.
bool kal__tiff_find(const kal__tiff_dir *d, unsigned tag, kal__tiff_entry *out);
/// n bytes of the values as they lie in the file, from this value on. CORRUPT: they do not lie within it.
kal_status kal__tiff_raw(const kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t from, size_t n,
                         void *out, kal_error *err);
/// Values as numbers. false: `status` says why, or there are not so many or they are not numbers.
bool kal__tiff_numbers(kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t from, size_t n, double *out);
/// A number that a picture cannot be read without: one that is not whole, or lies outside, is an error.
uint64_t kal__tiff_said(kal__tiff_dir *d, unsigned tag, uint64_t otherwise);
/// One value for each of n samples, or one for all; samples that differ are an error.
uint64_t kal__tiff_each(kal__tiff_dir *d, unsigned tag, uint64_t n, uint64_t otherwise);
/// A number that may as well be missing.
double kal__tiff_hint(kal__tiff_dir *d, unsigned tag, double otherwise);

#endif
