// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of few colours share: indexed.c palettes and values, indexed_boxes.c how many colours become few.
#ifndef KAL_IO_INDEXED_PART_H
#define KAL_IO_INDEXED_PART_H

#include "indexed.h"

#define SOME 8192     // colours that are counted each by itself
#define SLOTS 32768   // for them
#define FOUND 1024    // slots for the colours of a picture that has few
#define NONE 65535

/// Colours of a picture that has not too many, and how often they are there.
typedef struct some {
    uint32_t colour[SLOTS], n[SLOTS];   // n 0: free
    uint16_t value[SLOTS];
} some;

struct kal__indexed {
    kal_extent extent;
    kal__indexed_how how;
    kal__indexed_palette palette;
    int clear_to, opaque_from;   // alpha of up to that is transparent, of from that on opaque
    bool exact;
    uint32_t found[FOUND];   // alpha and colour
    uint16_t value[FOUND];   // of it, or NONE
    // ---- of more colours
    int first_opaque;              // of the palette
    unsigned char times[256][4];   // the palette's samples times alpha, and alpha
    uint16_t *nearest;             // of each cell of opaque ones, NONE before it is known
    uint64_t *seen;       // others, and all where there are some: samples, that they are, and the value
    some *some;           // NULL: they are in cells
    int32_t *errors[2];   // of four samples, with one pixel more on each side; 16 times
};

static inline uint32_t colour_of(const kal__indexed *c, const unsigned char *p, bool *clear)
{
    const kal_extent *e = &c->extent;
    const int colours = e->channels - e->alpha;
    const uint32_t r = p[0], g = colours == 3 ? p[1] : r, b = colours == 3 ? p[2] : r;
    const int alpha = e->alpha ? p[colours] : 255;
    *clear = alpha <= c->clear_to;
    return (uint32_t)(c->how.alpha ? alpha : 255) << 24 | r << 16 | g << 8 | b;
}

static inline bool is_opaque(const kal__indexed *c, uint32_t colour)
{
    return (int)(colour >> 24) >= c->opaque_from;
}

// Samples times alpha, and alpha.
static inline void times_alpha(uint32_t colour, int v[4])
{
    v[3] = (int)(colour >> 24);
    for (int k = 0; k < 3; k++) v[k] = ((int)(colour >> (16 - 8 * k) & 255) * v[3] + 127) / 255;
}

/// The slot of a colour, or a free one.
static inline uint32_t slot_of(const some *s, uint32_t colour)
{
    uint32_t slot = ((colour ^ 0xff000000) * 2654435761u) >> 17;
    while (s->n[slot] && s->colour[slot] != colour) slot = (slot + 1) % SLOTS;
    return slot;
}

/// At most so many colours for a picture of more, into `list`; c->some is there afterwards when it has not too many. 0: out of memory.
int kal__indexed_boxes(kal__indexed *c, const unsigned char *picture, int most, uint32_t list[256]);
/// Bytes that are held meanwhile.
size_t kal__indexed_boxes_memory(const kal_extent *e, const kal__indexed_how *how);
/// Cells in which opaque colours are told apart where there are too many: six bits of each sample.
#define KAL__INDEXED_CELLS 262144

#endif
