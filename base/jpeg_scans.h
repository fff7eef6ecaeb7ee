// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Within jpeg_count: the scans of a progressive JPEG, of which symbols are counted.
#ifndef KAL_JPEG_SCANS_H
#define KAL_JPEG_SCANS_H

#include "cpu.h"
#include "jpeg_count.h"

#define KAL__JPEG_LONGEST_RUN 0x7FFF   // blocks without anything more

/// How often each symbol comes, and bits beside those of symbols.
typedef struct kal__jpeg_symbols {
    uint32_t n[256];
    uint64_t bits;
} kal__jpeg_symbols;

/// Blocks without anything more in a scan, and what is to follow their symbol. Those that a band begins with go on from the band before: they are kept until bands are joined.
typedef struct kal__jpeg_run {
    uint32_t blocks, late;
    uint32_t first_blocks, first_late;
    bool broken;   // there was more than these
} kal__jpeg_run;

/// Tables: luma has four scans of cosines, chroma two each; means of luma, and of chroma.
enum { KAL__JPEG_LUMA, KAL__JPEG_BLUE = 4, KAL__JPEG_RED = 6, KAL__JPEG_MEANS = 8, KAL__JPEG_TABLES = 10 };

/// Of a file its tables, the bits of the scan without one, and how many of its bytes have another behind them.
typedef struct kal__jpeg_file {
    kal__jpeg_symbols tables[KAL__JPEG_TABLES];
    uint64_t last_means, stuffed;
} kal__jpeg_file;

/// What goes on from one block to the next.
typedef struct kal__jpeg_state {
    kal__jpeg_run runs[KAL__JPEG_TABLES];
    int32_t mean[3];
    uint32_t byte;   // of the last bits of means
    int filled;
} kal__jpeg_state;

/// By a step: 8 * step is divided by, and halves go up.
typedef struct kal__jpeg_steps_of {
    float half[2][64], inverse[2][64];
    uint16_t least[2][4];   // magnitude of which something is left, of each sixteen
} kal__jpeg_steps_of;

/// How many bits a number has; of 0 none.
KAL__INLINE int kal__jpeg_length(uint32_t v)
{
    return v ? 32 - __builtin_clz(v) : 0;
}

KAL__INLINE void kal__jpeg_put_run(kal__jpeg_symbols *s, uint32_t blocks, uint32_t late)
{
    const int bits = kal__jpeg_length(blocks) - 1;
    s->n[bits << 4]++;
    s->bits += (uint64_t)bits + late;
}

/// The mean of a block, quantised.
KAL__INLINE int32_t kal__jpeg_mean(const kal__jpeg_block *b, const kal__jpeg_steps_of *s, int plane)
{
    const int32_t size = b->mean < 0 ? -b->mean : b->mean;
    const int32_t m = (int32_t)(((float)size + s->half[plane][0]) * s->inverse[plane][0]);
    return b->mean < 0 ? -m : m;
}

void kal__jpeg_take_steps(const kal__jpeg_view *v, int quality, kal__jpeg_steps_of *out);
/// Counts the row of MCUs `y`.
void kal__jpeg_count_row(const kal__jpeg_view *v, const kal__jpeg_row *r, int32_t y,
                         const kal__jpeg_steps_of *q, kal__jpeg_file *f, kal__jpeg_state *s);

#endif
