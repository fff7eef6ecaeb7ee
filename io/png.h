// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of PNG share. Reading: png.c is the codec, what libpng reads of it, and the table; png_meta.c metadata; png_rows.c rows; png_passes.c
// those of an interlaced one.
// Writing: png_write.c, png_palette.c few colours, apng_write.c animations.
#ifndef KAL_IO_PNG_H
#define KAL_IO_PNG_H

#include "bytes.h"
#include "codec.h"
#include "indexed.h"
#include "mem.h"

#include <setjmp.h>

#include <png.h>

#define KAL__XMP_KEY "XML:com.adobe.xmp"

/// Handed to libpng as error and memory pointer. Every call into it arms `where` first.
typedef struct kal__png_fail {
    jmp_buf where;
    kal_error *err;
    kal_status status;
    bool starved;                // memory ran out: what goes wrong now comes of it
    const kal__reader *reader;   // NULL when writing
    char damaged[5];             // the last chunk whose CRC was wrong
    bool large;                  // the chunk whose head was read last is more than is taken
    size_t ahead;                // bytes taken from the reader and not yet used
} kal__png_fail;

/// Ends the call that armed `where`, with the text as a sentence about the place.
_Noreturn void kal__png_fail_with(kal__png_fail *f, const char *text);
void kal__png_on_error(png_structp png, png_const_charp text);
void kal__png_on_warning(png_structp png, png_const_charp text);
png_voidp kal__png_malloc(png_structp png, png_alloc_size_t n);
void kal__png_free(png_structp png, png_voidp p);
/// Are samples of two bytes the other way round than in the file, which is big-endian?
bool kal__png_swapped(void);

// ---- reading ------------------------------------------------------------------------------------

struct kal__decoder {
    uint64_t unpacked;   // bytes of metadata that were inflated
    bool leaping;        // from chunk to chunk, behind the pixels
    kal__png_fail fail;
    png_structp png;
    png_infop info;
    kal__reader *reader;
    kal_limits limits;
    bool lenient;
    kal__meta *meta;          // NULL when only pixels are wanted
    struct kal__apng *apng;   // NULL: one picture
    bool lost;                // memory ran out for metadata
    size_t row;               // bytes of an output row
    int32_t left;             // rows not yet read
    bool interlaced;
    unsigned char chunk[8];   // the last eight bytes libpng read at once: a chunk's length and name
    size_t at;
    unsigned char *input;   // KAL__PNG_INPUT bytes, unless the file lies in memory
    struct kal__png_rows *rows;
    unsigned char *scratch;   // a row of a pass, when it is interlaced
    int pass;                 // that is being read, and the row of it that comes next
    int32_t pass_row;
};

#define KAL__PNG_INPUT ((size_t)64 << 10)

/// Up to n bytes; fewer at the end of the file or, with fail.status set, after an error. dst NULL: passed over.
size_t kal__png_pull(kal__decoder *d, unsigned char *dst, size_t n);
/// The bytes that come next, without copying: how many, 0 as for kal__png_pull. kal__png_used says how many of them were used.
size_t kal__png_peek(kal__decoder *d, const unsigned char **p);
void kal__png_used(kal__decoder *d, size_t n);
/// Reports that the file ends too soon, or what stopped the reader.
kal_status kal__png_cut(kal__decoder *d);
/// Reports damage about here.
kal_status kal__png_damaged(kal__decoder *d, const char *text);
/// Of a chunk that is larger than the limit, n of whose bytes are at hand: notes what is left out with it.
void kal__png_left_out(kal__decoder *d, const unsigned char head[8], const unsigned char *p, size_t n);

/// Has libpng hand over the chunks that hold metadata or say that there are pages.
void kal__png_keep_chunks(png_structp png, kal__decoder *d);
/// Writers put EXIF and XMP behind the pixels too. Steps from chunk to chunk; damage here is the decoder's to report.
void kal__png_scan_behind(kal__decoder *d);

/// Rows from the first IDAT on, whose head has just been read. The next n rows; then the rest. What they hold, beside the decoder, is
/// kal__png_rows_memory.
kal_status kal__png_rows_new(kal__decoder *d);
kal_status kal__png_rows_read(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n);
kal_status kal__png_rows_end(kal__decoder *d);
/// Rows of another width come next, so many: those of a pass, whose first row has none above it.
void kal__png_rows_turn(kal__decoder *d, int32_t width, int32_t height);
/// All of an interlaced picture, by these rows. After a failure, how many of its first rows are whole.
kal_status kal__png_passes_new(kal__decoder *d);
kal_status kal__png_passes_read(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n);
int32_t kal__png_passes_whole(const kal__decoder *d);
/// Passes over what is left of the picture's data, and takes the head of the chunk behind.
kal_status kal__png_rows_behind(kal__decoder *d, unsigned char head[8]);
void kal__png_rows_free(struct kal__png_rows *r);
size_t kal__png_rows_memory(const kal__decoder *d);

// ---- writing ------------------------------------------------------------------------------------

#define KAL__PNG_PARAMS(P)                                                                        \
    P(INT, compression, 6, 0, 9, "", "0 stores, 1 is fast, 9 is small; pixels are the same")      \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP, ICC and density")                       \
    P(FLOAT, delay, -1, -1, 65, "s",                                                              \
      "of an animation: how long this picture is shown; -1: as it was, else 0.1")                 \
    P(INT, loops, -1, -1, 1e9, "",                                                                \
      "of an animation: how often it runs, 0 without end; -1: as it was, else 0")                 \
    P(INT, colours, 0, 0, 256, "", "at most so many, in a palette, or as grays of 1, 2 or 4 bits; 0: all") \
    P(BOOL, dither, false, 0, 0, "", "of more colours than that: errors go to the pixels around") \
    P(CHOICE, filter, 0, 0, 0, "auto|none|sub|up|average|paeth",                                  \
      "of rows; auto: for each the one that leaves least, none with a palette")
#define KAL__PNG_LATER 3
typedef struct kal__png_p {
    size_t size;
    KAL__PNG_PARAMS(KAL_FIELD)
} kal__png_p;
struct kal__encoder {
    kal__png_fail fail;
    png_structp png;   // writes what stands before the pixels
    png_infop info;
    kal__writer *writer;
    kal_extent extent;
    int level;
    int filter;                         // counted from 1; 0: the best of each row
    struct kal__png_palette *palette;   // the picture, until its colours are known; NULL: they all stay
    uint32_t sum;                       // Adler-32 of what has been joined
    unsigned char *chunk;               // pieces of the next IDAT
    size_t gathered;                    // bytes of it
    uint32_t crc;                       // of them
    // ---- of an animation
    uint32_t frames;     // begun
    uint32_t sequence;   // of the next chunk that has a number
    uint64_t head;       // where its head lies
    uint32_t loops;
    double delay;                  // of the picture, in seconds
    unsigned char *now, *before;   // this picture and the one before it; NULL: there is one alone
    kal__piece *pieces;            // of this picture, packed, until it is known what of it is other
    size_t n_pieces;
};

/// What stands before the pixels, of samples, or values of that palette, of so many bits.
kal_status kal__png_head(kal__encoder *e, const kal__png_p *p, const kal__meta *meta,
                         const kal__indexed_palette *palette, int bits, kal_error *err);

/// Few colours: png_palette.c. What it holds is added to *memory.
kal_status kal__png_palette_accepts(const kal_extent *x, const kal__png_p *p, size_t *memory, kal_error *err);
int kal__png_palette_filter(const kal__png_p *p);
kal_status kal__png_palette_begin(kal__encoder *e, const kal__png_p *p, const kal__meta *meta,
                                  kal_error *err);
kal_status kal__png_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
void kal__png_palette_set(png_structp png, png_infop info, const kal__indexed_palette *p);
kal_status kal__png_palette_end(kal__encoder *e, kal_error *err);
void kal__png_palette_free(kal__encoder *e);
/// The error of an animation of few colours.
kal_status kal__png_one_alone(const kal__png_p *p, kal_error *err);

/// Another picture of an animation, and what a picture holds beside: apng_write.c.
kal_status kal__apng_write_begin(kal__encoder *e, const kal__png_p *p, const kal__meta *meta, kal_error *err);
kal_status kal__png_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                         kal_error *err);
kal_status kal__png_turn(kal__encoder *e, kal_error *err);
size_t kal__apng_write_memory(const kal_extent *x, const void *params);
/// Rows from y0 on, on their way to be packed. Threads: any number at once.
void kal__apng_write_keep(const kal__encoder *e, const kal_tile *rows, int32_t y0);
/// A piece of a picture that is not the first; it waits for the turn.
kal_status kal__apng_write_join(kal__encoder *e, const kal__piece *piece, kal_error *err);
kal_status kal__apng_write_end(kal__encoder *e, kal_error *err);
void kal__apng_write_free(kal__encoder *e);

kal_status kal__png_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err);
kal_status kal__png_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
void kal__png_pieces(const kal_extent *x, const void *given, kal__pieces *out);
void kal__png_pieces_of(const kal_extent *x, int level, int filter, kal__pieces *out);
kal_status kal__png_pack(const kal__encoder *e, const kal_tile *rows, int32_t y0, kal__piece *out,
                         kal_error *err);
/// A chunk whose data have that CRC.
kal_status kal__png_put_chunk(kal__encoder *e, const char *name, const unsigned char *data, size_t n,
                              uint32_t crc, kal_error *err);
kal_status kal__png_join(kal__encoder *e, const kal__piece *piece, kal_error *err);
kal_status kal__png_end(kal__encoder *e, kal_error *err);

#endif
