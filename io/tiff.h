// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading TIFF is made of: the library, opened when the first such file is met, over a reader (tiff_lib.c); what a directory says
// of pixels (tiff_head.c), of smaller pictures (tiff_level.c) and beside them (tiff_meta.c), which we read ourselves (tiff_dir.h); samples
// of any kind as ours (tiff_rows.c); and the decoder (tiff.c).
#ifndef KAL_IO_TIFF_H
#define KAL_IO_TIFF_H

#include "library.h"
#include "mem.h"
#include "tiff_dir.h"

#if !defined(KAL_NO_TIFF) && defined(__has_include)
#if __has_include(<tiffio.h>)
#include <tiffio.h>
#if TIFFLIB_VERSION >= 20221213   // 4.5: errors to whoever opened the file
#define KAL__TIFF 1
#endif
#endif
#endif

#if KAL__TIFF

#define KAL__TIFF_NEEDED(F)                 \
    F(TIFFGetVersion)                       \
    F(TIFFOpenOptionsAlloc)                 \
    F(TIFFOpenOptionsFree)                  \
    F(TIFFOpenOptionsSetMaxSingleMemAlloc)  \
    F(TIFFOpenOptionsSetErrorHandlerExtR)   \
    F(TIFFOpenOptionsSetWarningHandlerExtR) \
    F(TIFFClientOpenExt)                    \
    F(TIFFClose)                            \
    F(TIFFGetFieldDefaulted)                \
    F(TIFFSetField)                         \
    F(TIFFSetSubDirectory)                  \
    F(TIFFIsTiled)                          \
    F(TIFFReadEncodedStrip)                 \
    F(TIFFReadEncodedTile)                  \
    F(TIFFReadScanline)                     \
    F(TIFFScanlineSize)                     \
    F(TIFFReadRGBAStripExt)                 \
    F(TIFFReadRGBATileExt)                  \
    F(TIFFRGBAImageOK)                      \
    F(TIFFGetStrileOffsetWithErr)           \
    F(TIFFGetStrileByteCountWithErr)        \
    F(TIFFIsCODECConfigured)                \
    F(TIFFFindCODEC)                        \
    F(TIFFWriteEncodedStrip)                \
    F(TIFFWriteEncodedTile)                 \
    F(TIFFWriteDirectory)

typedef struct kal__tiff_lib {
    KAL__TIFF_NEEDED(KAL__FUNCTION)
} kal__tiff_lib;

/// NULL when it cannot be had. Threads: any.
const kal__tiff_lib *kal__tiff_library(void);
const char *kal__tiff_version(void);

/// One of the library's handles on a file. Threads: one at a time; any number of handles on one reader.
typedef struct kal__tiff_file {
    const kal__tiff_lib *lib;
    TIFF *tif;
    kal__reader *reader;
    uint64_t at;
    kal__tiff_patch patches[2];
    kal_status io;   // of the reader, when that failed
    kal_error why;   // of the reader; else the library's first complaint
    bool
        tables;   // bytes that were read hold what may define tables of JPEG, which the library keeps for what follows
    bool after_ff;   // the last byte that was read was 0xFF
} kal__tiff_file;

/// At the directory at this offset. `most`: bytes the library may take at once. On failure nothing is open.
kal_status kal__tiff_open(kal__tiff_file *f, kal__reader *r, uint64_t directory, uint64_t most,
                          kal_error *err);
void kal__tiff_close(kal__tiff_file *f);
/// Does the library know how to unpack it?
kal_status kal__tiff_decodes(const kal__reader *r, unsigned compression, kal_error *err);
/// Bytes that it may take at once.
uint64_t kal__tiff_most(const kal_limits *limits);
/// The error of a call that failed: the reader's own, or the library's complaint.
kal_status kal__tiff_failed(const kal__tiff_file *f, const char *doing, kal_error *err);

// ---- directories --------------------------------------------------------------------------------

/// How the samples of a pixel become ours.
typedef enum kal__tiff_kind {
    KAL__TIFF_UINT,      // 1..16 bits, spread over 8 or 16
    KAL__TIFF_LABELS,    // 32 bits as they are
    KAL__TIFF_INT,       // signed, as numbers
    KAL__TIFF_FLOAT,     // 16, 32, 64 bits
    KAL__TIFF_PALETTE,   // 1..8 bits to RGB
    KAL__TIFF_RGBA,      // whatever else the library makes RGB of, 8 bits
} kal__tiff_kind;

typedef struct kal__tiff_head {
    kal_extent extent;
    kal__tiff_kind kind;
    uint64_t directory;   // its offset
    uint16_t bits, samples, compression, photometric, extra;
    bool separate;   // a plane for each sample
    bool tiled, swapped, inverted, premultiplied;
    bool lsb_first;              // bits of a byte from the lowest on
    bool scanlines;              // blocks are too large to be held: rows one after another
    bool direct;                 // rows lie in the file as they are
    unsigned char fill[8];       // a stored sample of blocks that are not there
    uint32_t block_w, block_h;   // of a tile; of a strip
    size_t row_bytes;            // of a block, of one plane when they are separate
    unsigned char palette[256][3];
} kal__tiff_head;

/// Makes a handle ready to decode. CORRUPT when the library sees another picture in its directory than we did: it writes as much as it sees.
kal_status kal__tiff_prepare(const kal__tiff_file *f, const kal__tiff_head *h, kal_error *err);
/// The picture that a directory is of.
kal_status kal__tiff_read_head(kal__tiff_dir *d, const kal_limits *limits, kal__tiff_head *h);
/// The directory of the same picture at 1/by, 0: there is none, and its size.
kal_status kal__tiff_level(kal__tiff_dir *d, const kal__tiff_head *h, int32_t by, uint64_t *directory,
                           int32_t size[2]);
/// Density, orientation, ICC, XMP and IPTC.
kal_status kal__tiff_read_meta(kal__tiff_dir *d, const kal_limits *limits, kal__meta *meta);
/// EXIF of the picture, as a block, and GeoTIFF; after its orientation is known. Damage costs fields, not the picture.
kal_status kal__tiff_read_exif(kal__tiff_dir *d, const kal_limits *limits, kal__meta *meta);

// ---- samples ------------------------------------------------------------------------------------

/// Pixels x0 … x1 of a row of a block as our samples: the whole pixel, or of one plane its sample.
void kal__tiff_unpack(const kal__tiff_head *h, const unsigned char *raw, int32_t x0, int32_t x1,
                      int32_t plane, unsigned char *dst);
/// A stored row of a block that is not there.
void kal__tiff_fill(const kal__tiff_head *h, unsigned char *row);
/// After all planes: colours that were multiplied by alpha are divided again.
void kal__tiff_straight(const kal__tiff_head *h, unsigned char *row, int32_t n);

#endif

// ---- writing ------------------------------------------------------------------------------------

#define KAL__TIFF_COMPRESSIONS "none|deflate|lzw|zstd|packbits|jpeg"
enum { KAL__TIFF_NONE, KAL__TIFF_DEFLATE, KAL__TIFF_LZW, KAL__TIFF_ZSTD, KAL__TIFF_PACKBITS, KAL__TIFF_JPEG };

#define KAL__TIFF_PARAMS(P)                                                                                  \
    P(CHOICE, compression, KAL__TIFF_NONE, 0, 0, KAL__TIFF_COMPRESSIONS,                                     \
      "how blocks are packed; all but jpeg lose nothing")                                                    \
    P(INT, level, 6, 1, 9, "", "1..9, of deflate and zstd: smaller files in more time")                      \
    P(INT, quality, 85, 1, 100, "", "1..100, of jpeg")                                                       \
    P(INT, tile, 0, 0, 4096, "", "side of tiles, a multiple of 16; 0: strips, or tiles of 256 in a pyramid") \
    P(BOOL, pyramid, false, 0, 0, "", "smaller levels, each half as wide and high, down to one tile")        \
    P(CHOICE, bigtiff, 0, 0, 0, "auto|true|false",                                                           \
      "offsets of 64 bits; auto: where the file might need them")                                            \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, ICC, XMP and IPTC")
typedef struct kal__tiff_p {
    size_t size;
    KAL__TIFF_PARAMS(KAL_FIELD)
} kal__tiff_p;

kal_status kal__tiff_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err);
kal_status kal__tiff_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__tiff_page(kal__encoder *c, const kal_extent *e, const void *params, const kal__meta *meta,
                          kal_error *err);
kal_status kal__tiff_put(kal__encoder *c, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err);
void kal__tiff_pieces(const kal_extent *e, const void *params, kal__pieces *out);
kal_status kal__tiff_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err);
kal_status kal__tiff_join(kal__encoder *c, const kal__piece *piece, kal_error *err);
kal_status kal__tiff_end(kal__encoder *c, kal_error *err);

#if KAL__TIFF

/// How blocks of a picture are written.
typedef struct kal__tiff_form {
    kal_extent extent;
    int compression, level, quality;   // of the library
    int32_t block_w, block_h;
    bool tiled;
} kal__tiff_form;

/// The blocks of n rows as they lie in a file, one after another, and behind them the size of each in 32 bits. `rows` is packed.
kal_status kal__tiff_pack_rows(const kal__tiff_form *f, const unsigned char *rows, ptrdiff_t stride,
                               int32_t n, kal__piece *out, kal_error *err);
/// How many blocks a row of them has, and bytes they take at most.
int32_t kal__tiff_across(const kal__tiff_form *f);
size_t kal__tiff_bound(const kal__tiff_form *f);

#endif
#endif
