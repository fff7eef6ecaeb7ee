// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees: what is to be made of a picture (dz_form.c), tiles by the codec of their suffix (dz_tile.c), names and what tells of the whole
// (dz_name.c), and the encoder (dz.c).
#ifndef KAL_IO_DZ_H
#define KAL_IO_DZ_H

#include "codec.h"
#include "mem.h"
#include "pyramid.h"

#define KAL__DZ_LAYOUTS "deepzoom|iiif|iiif2|google"
typedef enum kal__dz_layout { KAL__DEEPZOOM, KAL__IIIF, KAL__IIIF2, KAL__GOOGLE } kal__dz_layout;

#define KAL__DZ_PARAMS(P)                                                                                    \
    P(CHOICE, layout, KAL__DEEPZOOM, 0, 0, KAL__DZ_LAYOUTS,                                                  \
      "names and what tells of the whole: Deep Zoom; IIIF Image API 3 or 2, level 0; z/y/x as maps have it") \
    P(INT, tile, KAL_AUTO, 16, 8192, "px",                                                                   \
      "side of a tile without overlap; unset: 254, or 256 where none may be")                                \
    P(INT, overlap, KAL_AUTO, 0, 8192, "px",                                                                 \
      "what a tile has of each tile beside it, of deepzoom; unset: 1")                                       \
    P(TEXT, suffix, "jpg", 0, 0, "", "of the tiles: their format")                                           \
    P(INT, quality, KAL_AUTO, 1, 100, "", "1..100, of the tiles; unset: as their format has it by itself")   \
    P(TEXT, id, "", 0, 0, "", "where an IIIF tree will be, for its info.json; unset: at example.com")        \
    P(BOOL, strip, false, 0, 0, "", "leave out ICC, which tiles of other colours than sRGB have")
typedef struct kal__dz_p {
    size_t size;
    KAL__DZ_PARAMS(KAL_FIELD)
} kal__dz_p;

/// What is made of a picture.
typedef struct kal__dz_form {
    kal_extent extent;
    kal__dz_layout layout;
    int32_t tile, overlap;
    int n_levels;
    int32_t whole;             // levels of at most this side are there in one piece, too; 0: none
    bool padded;               // tiles at the edges are as large as the others
    const kal__codec *codec;   // of tiles
    char suffix[16];
    _Alignas(16) unsigned char params[1024];   // of that codec
} kal__dz_form;

/// Fails when the parameters make no tree of such a picture.
kal_status kal__dz_form_of(const kal_extent *e, const kal__dz_p *p, kal__dz_form *f, kal_error *err);
int32_t kal__dz_across(const kal__dz_form *f, const kal_extent *level);
/// Columns of a tile in its level.
void kal__dz_columns(const kal__dz_form *f, const kal_extent *level, int32_t x, int32_t *x0, int32_t *x1);
/// Encoding one picture of such a size: bytes held beside the result, and the result at most.
void kal__dz_cost(const kal__dz_form *f, int32_t width, int32_t height, size_t *memory, size_t *result);

/// Columns x0 … x1 of these rows as a file of the tiles' format (free *data with free). Threads: any.
kal_status kal__dz_encode(const kal__dz_form *f, const kal__meta *meta, const kal_tile *rows, int32_t x0,
                          int32_t x1, bool padded, unsigned char **data, size_t *size, kal_error *err);

#define KAL__DZ_NAME 160
void kal__dz_tile_name(const kal__dz_form *f, int level, int32_t x, int32_t y, char name[KAL__DZ_NAME]);
/// Whether a tile has the name of one of the level before, which comes first and is larger if they differ: a region of a few pixels at the
/// edge, of IIIF, may have the same size at two scales.
bool kal__dz_tile_is_there(const kal__dz_form *f, int level, int32_t x, int32_t y);
/// The names of a level in one piece: the i-th, false when there are no more. None if one of the level before
/// has its name.
bool kal__dz_whole_name(const kal__dz_form *f, int level, int i, char name[KAL__DZ_NAME]);
/// Writes what tells of the tree, to the writer itself or as a file.
kal_status kal__dz_describe(const kal__dz_form *f, const char *id, kal__writer *w, kal_error *err);

/// The largest level that is there in one piece, -1: none is.
static inline int kal__dz_largest_whole(const kal__dz_form *f)
{
    kal_extent x = f->extent;
    for (int i = 0; i < f->n_levels; i++, x = kal__half_of(&x))
        if (x.width <= f->whole && x.height <= f->whole) return i;
    return -1;
}

#endif
