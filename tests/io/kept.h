// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Saving a JPEG with lossless_outside, looked at through the coefficients that libjpeg reads of the file before and after.
#ifndef KEPT_H
#define KEPT_H

#include "jpegs.h"

#include "mem.h"

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};
#define KEEP "lossless_outside=true"

static const jpeg_kind kinds[] = {
    {.h = 2, .v = 2},
    {.h = 2, .v = 1},
    {.h = 1, .v = 1},
    {.h = 1, .v = 2},
    {.h = 4, .v = 1},
    {.h = 4, .v = 2},
    {.h = 2, .v = 2, .optimize = true},
    {.h = 2, .v = 2, .arithmetic = true},
    {.h = 1, .v = 1, .rgb = true},
    {.h = 2, .v = 2, .progressive = true},
    {.h = 2, .v = 1, .separate = true},
    {.h = 2, .v = 2, .restart_rows = 1},
    {.h = 2, .v = 2, .restart_mcus = 5},
    {.h = 1, .v = 1, .restart_mcus = 1},
    {.h = 2, .v = 1, .restart_mcus = 7},
};
#define KINDS (int32_t)(sizeof kinds / sizeof *kinds)

// ---- all coefficients of a file -----------------------------------------------------------------

typedef struct plane {
    int32_t h, v, wide, high;
    uint16_t quant[64];
    int16_t *blocks;   // wide × high × 64
} plane;

typedef struct coefficients {
    int32_t n, width, height, cell[2];
    bool progressive;
    unsigned restart;
    plane planes[4];
} coefficients;

static inline void coefficients_free(coefficients *c)
{
    for (int32_t i = 0; i < c->n; i++) free(c->planes[i].blocks);
}

static inline coefficients coefficients_of(const unsigned char *data, size_t size)
{
    struct jpeg_decompress_struct j;
    struct jpeg_error_mgr mgr;
    coefficients c = {0};
    j.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&j);
    jpeg_mem_src(&j, data, size);
    jpeg_read_header(&j, TRUE);
    c.n = j.num_components;
    c.width = (int32_t)j.image_width;
    c.height = (int32_t)j.image_height;
    c.progressive = j.progressive_mode;
    c.restart = j.restart_interval;
    c.cell[0] = c.n == 1 ? 8 : 8 * j.max_h_samp_factor;
    c.cell[1] = c.n == 1 ? 8 : 8 * j.max_v_samp_factor;
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&j);
    for (int32_t i = 0; i < c.n; i++) {
        const jpeg_component_info *x = &j.comp_info[i];
        plane *p = &c.planes[i];
        *p = (plane){c.n == 1 ? 1 : x->h_samp_factor,
                     c.n == 1 ? 1 : x->v_samp_factor,
                     (int32_t)x->width_in_blocks,
                     (int32_t)x->height_in_blocks,
                     {0},
                     NULL};
        memcpy(p->quant, j.quant_tbl_ptrs[x->quant_tbl_no]->quantval, sizeof p->quant);
        p->blocks = malloc((size_t)p->wide * (size_t)p->high * sizeof(JBLOCK));
        for (int32_t y = 0; y < p->high; y++)
            memcpy(p->blocks + (size_t)y * (size_t)p->wide * 64,
                   j.mem->access_virt_barray((j_common_ptr)&j, arrays[i], (JDIMENSION)y, 1, FALSE)[0],
                   (size_t)p->wide * sizeof(JBLOCK));
    }
    jpeg_finish_decompress(&j);
    REQUIRE_NOTE(mgr.num_warnings == 0, "libjpeg warns of the file");
    jpeg_destroy_decompress(&j);
    return c;
}

static inline int16_t *block_at(const plane *p, int32_t x, int32_t y)
{
    return p->blocks + ((size_t)y * (size_t)p->wide + (size_t)x) * 64;
}

// Blocks that differ outside the cells (a rectangle of them), and inside.
static inline void compare(const coefficients *a, const coefficients *b, kal_rect cells, int *outside,
                           int *inside)
{
    *outside = *inside = 0;
    for (int32_t i = 0; i < a->n; i++) {
        const plane *p = &a->planes[i], *q = &b->planes[i];
        for (int32_t y = 0; y < p->high; y++)
            for (int32_t x = 0; x < p->wide; x++) {
                if (!memcmp(block_at(p, x, y), block_at(q, x, y), sizeof(JBLOCK))) continue;
                const int32_t cx = x / p->h, cy = y / p->v;
                const bool in = cx >= cells.x0 && cx < cells.x1 && cy >= cells.y0 && cy < cells.y1;
                ++*(in ? inside : outside);
            }
    }
}

static inline bool alike(const coefficients *a, const coefficients *b)
{
    bool same = a->n == b->n && a->width == b->width && a->height == b->height;
    for (int32_t i = 0; i < a->n && same; i++) {
        const plane *p = &a->planes[i], *q = &b->planes[i];
        same = p->h == q->h && p->v == q->v && p->wide == q->wide && p->high == q->high &&
               !memcmp(p->quant, q->quant, sizeof p->quant);
    }
    return same;
}

// ---- pictures -----------------------------------------------------------------------------------

static inline unsigned char *a_file(rng *r, const jpeg_kind *k, int32_t w, int32_t h, int32_t channels,
                                    size_t *size)
{
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    unsigned long n;
    rng_pixels(r, &e, pixels);
    unsigned char *file = jpeg_of(&e, pixels, k, &n);
    free(pixels);
    *size = n;
    return file;
}

static inline kal_rect random_part(rng *r, int32_t w, int32_t h)
{
    kal_rect q;
    q.x0 = rng_below(r, w), q.y0 = rng_below(r, h);
    q.x1 = q.x0 + 1 + rng_below(r, w - q.x0), q.y1 = q.y0 + 1 + rng_below(r, h - q.y0);
    return q;
}

static inline kal_node *crop(kal_scope *s, kal_node *n, kal_rect r)
{
    return kal_crop(s, n, kal_crop_params(.x = r.x0, .y = r.y0, .width = r.x1 - r.x0, .height = r.y1 - r.y0));
}

static inline kal_node *inverted_there(kal_scope *s, kal_node *n, kal_rect r)
{
    return kal_uncrop(s, kal_invert(s, crop(s, n, r), NULL), n, kal_uncrop_params(.x = r.x0, .y = r.y0));
}

static inline kal_rect cells_of(kal_rect r, const int32_t cell[2])
{
    return kal_rect_of(r.x0 / cell[0], r.y0 / cell[1], (r.x1 + cell[0] - 1) / cell[0],
                       (r.y1 + cell[1] - 1) / cell[1]);
}

static inline kal_bytes save(kal_scope *s, kal_node *n, const kal_options *o)
{
    kal_bytes b = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "jpeg", KEEP), o, &b, &check_error));
    return b;
}

// What is read back is the picture, away from what was coded anew: chroma is interpolated one pixel across.
static inline void same_pixels_elsewhere(kal_node *before, const kal_bytes *b, kal_rect cells,
                                         const int32_t cell[2], const char *where)
{
    kal_scope *s = kal_scope_new();
    kal_extent e;
    unsigned char *old = read_all(before, &fresh, &e),
                  *new = read_all(kal_load_bytes(s, b->data, b->size, NULL), &fresh, NULL);
    const kal_rect out = kal_rect_of(cells.x0 * cell[0] - 1, cells.y0 * cell[1] - 1, cells.x1 * cell[0] + 1,
                                     cells.y1 * cell[1] + 1);
    size_t wrong = 0;
    if (REQUIRE_NOTE(old && new, "%s: %s", where, check_error.message))
        for (int32_t y = 0; y < e.height; y++)
            for (int32_t x = 0; x < e.width; x++) {
                if (x >= out.x0 && x < out.x1 && y >= out.y0 && y < out.y1) continue;
                const size_t at = ((size_t)y * (size_t)e.width + (size_t)x) * (size_t)e.channels;
                wrong += memcmp(old + at, new + at, (size_t)e.channels) != 0;
            }
    REQUIRE_NOTE(!wrong, "%s: %zu pixels differ", where, wrong);
    free(old);
    free(new);
    kal_scope_free(&s);
}

#endif
