// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The entropy-coded data of a baseline JPEG, read and written symbol by symbol (ITU-T T.81, annex F.1): for parts of them to be replaced
// and the rest carried over bit by bit. libjpeg does everything else.
#ifndef KAL_IO_JPEG_SCAN_H
#define KAL_IO_JPEG_SCAN_H

#include "jpeg.h"

#define KAL__JPEG_LOOK 11   // bits that most codes fit in
#define KAL__JPEG_CLEAN \
    ((size_t)64 << 10)       // bytes of a scan at a time, without what is stuffed between them
#define KAL__JPEG_SLACK 16   // that may be read behind them

/// A Huffman table for both directions.
typedef struct kal__jpeg_huff {
    uint16_t
        look[1 << KAL__JPEG_LOOK];   ///< by the next bits: bits of the code << 8 | symbol; 0: it is longer
    uint16_t pass
        [1 << KAL__JPEG_LOOK];   ///< of AC: bits of code and value << 8 | coefficients passed; 0: look it up
    int32_t last[18], first[18];   ///< by length: the last code, and the place of code 0; -1: none is so long
    uint8_t symbols[256];
    uint16_t code[256];
    uint8_t length[256];   ///< by symbol; 0: it has none
} kal__jpeg_huff;
void kal__jpeg_huff_make(kal__jpeg_huff *h, const JHUFF_TBL *t);
/// Whether it has a code for all that a baseline block of 8 bits may hold.
bool kal__jpeg_huff_is_whole(const JHUFF_TBL *t, bool dc);

/// What a scan's MCUs are made of.
typedef struct kal__jpeg_mcu {
    int32_t n;                                  ///< blocks
    uint8_t component[10];                      ///< of each
    const kal__jpeg_huff *dc[4], *ac[4];        ///< by component
    kal__jpeg_huff *tables[2][NUM_HUFF_TBLS];   ///< by class and number; owned
} kal__jpeg_mcu;
/// From the components and tables of one scan of all of them; NOMEM.
kal_status kal__jpeg_mcu_make(kal__jpeg_mcu *m, const jpeg_component_info *components, int n,
                              JHUFF_TBL *const *dc, JHUFF_TBL *const *ac, kal_error *err);
void kal__jpeg_mcu_free(kal__jpeg_mcu *m);

/// Bits on their way in.
typedef struct kal__jpeg_bits {
    ptrdiff_t (*more)(void *user,
                      const unsigned char **data);   ///< the next bytes; 0 at the end, -1 (error is set)
    void *user;
    const unsigned char *raw, *raw_end;
    uint64_t offset;   ///< of raw_end in the file
    int marker;        ///< that ended the data in `clean`; 0: none did so far
    size_t n;          ///< bytes in clean
    uint64_t at;       ///< the bit that is next
    unsigned char clean[KAL__JPEG_CLEAN + KAL__JPEG_SLACK];
} kal__jpeg_bits;
/// Whether the next MCU is in `clean`, however long it is.
bool kal__jpeg_bits_have(const kal__jpeg_bits *b);
/// Makes sure that the next MCU is in `clean`, or all up to a marker. What lies before `keep`, a bit, may go; *keep follows.
kal_status kal__jpeg_bits_fill(kal__jpeg_bits *b, uint64_t *keep, const char *name, kal_error *err);
/// Whether only what fills up the last byte is left before the marker.
bool kal__jpeg_bits_are_over(const kal__jpeg_bits *b);
/// Behind the marker: more data.
void kal__jpeg_bits_restart(kal__jpeg_bits *b);

/// Behind the last MCU: on to the end of the file, past what a decoder passes over, too (bytes that are not data, comments).
kal_status kal__jpeg_bits_finish(kal__jpeg_bits *b, const char *name, kal_error *err);

/// Passes over an MCU, adding up what its DC coefficients are; false: no such code, or too many coefficients. All of it must be in `clean`.
bool kal__jpeg_pass(kal__jpeg_bits *b, const kal__jpeg_mcu *m, int32_t dc[4]);
/// Reads a block: zigzag order, [0] the difference of its DC coefficient.
bool kal__jpeg_read_block(kal__jpeg_bits *b, const kal__jpeg_huff *dc, const kal__jpeg_huff *ac,
                          int16_t block[64]);

/// Bits on their way out.
typedef struct kal__jpeg_pen {
    kal__writer *writer;
    uint64_t bits;   ///< the lower `held` of them
    int held;        ///< fewer than 8 between calls
    size_t n;        ///< in clean
    unsigned char clean[KAL__JPEG_CLEAN], stuffed[2 * KAL__JPEG_CLEAN];
} kal__jpeg_pen;
/// `difference` of its DC coefficient, in place of block[0]. UNSUPPORTED when the tables have no code for it.
kal_status kal__jpeg_write_block(kal__jpeg_pen *p, const kal__jpeg_huff *dc, const kal__jpeg_huff *ac,
                                 int32_t difference, const int16_t block[64], kal_error *err);
/// Bits `from` … `to` of `data`, of which some bytes more may be read.
kal_status kal__jpeg_copy_bits(kal__jpeg_pen *p, const unsigned char *data, uint64_t from, uint64_t to,
                               kal_error *err);
/// Fills up the last byte and writes a marker.
kal_status kal__jpeg_mark(kal__jpeg_pen *p, int marker, kal_error *err);

#endif
