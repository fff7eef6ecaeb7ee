// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures made of HEVC tiles: where they lie in the file (heif_tiles.c), and their pixels, some rows of tiles at a time (heif_grid.c).
#ifndef KAL_IO_HEIF_TILES_H
#define KAL_IO_HEIF_TILES_H

#include "heif_items.h"

typedef struct kal__heif_tile {
    kal__span config;       ///< hvcC, in the boxes
    kal__heif_block data;   ///< in the file
    int matrix;
    bool full, coloured;   ///< whether boxes say it; else the stream counts
} kal__heif_tile;

/// How a picture of the file lies: pixel x y of ours is u v of its, u = u[0] + u[1]·x + u[2]·y.
typedef struct kal__heif_lie {
    int width, height;   ///< ours
    int u[3], v[3];
} kal__heif_lie;

typedef struct kal__heif_tiled {
    int columns, rows, tile_w, tile_h;
    int width, height;     ///< of the whole, as its tiles lie
    int bits, chroma;      ///< of a tile, as in hvcC
    uint64_t most_bytes;   ///< of the largest one in the file
    kal__heif_lie lie;
    kal__heif_tile *tiles;   ///< row by row
} kal__heif_tiled;

/// Of the boxes p of a file of `size` bytes, which outlive it. false: it is no such picture; nothing is held.
bool kal__heif_tiled_of(const unsigned char *p, size_t n, uint64_t size, kal__heif_tiled *out);
void kal__heif_tiled_free(kal__heif_tiled *t);
/// How many of our rows a row of tiles has, or a column of them when the picture lies on its side.
static inline int kal__heif_strip_rows(const kal__heif_tiled *t)
{
    return t->lie.u[2] ? t->tile_w : t->tile_h;
}

#endif
