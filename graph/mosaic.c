// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See mosaic.h. A fact says of a part's key (special.h) which entry shows it; the entry says what rectangle it has. An op of one image, the one that
// is wanted, copies known parts from their entries and needs of its image the rectangle around the others.
#include "mosaic.h"

#include "need.h"
#include "special.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_PARTS ((size_t)1 << 14)
#define MOST_ENTRIES 16

typedef struct piece {
    kal_key key;
    kal__slab *slab;   // NULL: the entry is gone
    kal_rect rect;
} piece;

struct kal__mosaic {
    kal_rect grid;   // in parts
    kal_rect missing;
    piece pieces[MOST_ENTRIES];
    int32_t n;
    uint8_t *of;   // per part: a piece's number + 1; 0: it is not known
};

// ---- the op -------------------------------------------------------------------------------------

typedef struct mosaic_p {
    size_t size;
    const kal__mosaic *parts;
} mosaic_p;

static const kal__mosaic *parts_of(const kal_call *c)
{
    return ((const mosaic_p *)c->params)->parts;
}

static kal_status mosaic_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[0]->extent;
    return KAL_OK;
}

static kal_rect mosaic_need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    return kal_rect_clip(parts_of(c)->missing, out);
}

static int32_t part_end(int32_t x, int32_t end)
{
    const int64_t next = ((int64_t)x / KAL__PART + 1) * KAL__PART;
    return next < end ? (int32_t)next : end;
}

static const unsigned char *pixel_of(const piece *p, int32_t x, int32_t y, size_t pixel)
{
    const size_t row = (size_t)(p->rect.x1 - p->rect.x0) * pixel;
    return p->slab->data + (size_t)(y - p->rect.y0) * row + (size_t)(x - p->rect.x0) * pixel;
}

static kal_status mosaic_run(const kal_job *job)
{
    const kal__mosaic *m = parts_of(job->call);
    const kal_rect r = job->out->rect;
    const size_t pixel = (size_t)job->out->pixel;
    for (int32_t y = r.y0; y < r.y1; y++) {
        const uint8_t *row = m->of + (size_t)(y / KAL__PART - m->grid.y0) * (size_t)(m->grid.x1 - m->grid.x0);
        for (int32_t x = r.x0, end; x < r.x1; x = end) {
            end = part_end(x, r.x1);
            const uint8_t k = row[x / KAL__PART - m->grid.x0];
            const unsigned char *from =
                k ? pixel_of(&m->pieces[k - 1], x, y, pixel) : kal_at(&job->in[0], x, y);
            memcpy(kal_at(job->out, x, y), from, (size_t)(end - x) * pixel);
        }
    }
    return KAL_OK;
}

static const kal_op mosaic_op = {
    .name = "kal.mosaic",
    .version = 1,
    .help = "Parts that are known, and the others",
    .inputs = "image",
    .params_size = sizeof(mosaic_p),
    .cost = 0.1f,
    .extent = mosaic_extent,
    .need = mosaic_need,
    .run = mosaic_run,
};

// ---- parts --------------------------------------------------------------------------------------

static kal_rect grid_of(kal_rect r)
{
    return kal_rect_of(r.x0 / KAL__PART, r.y0 / KAL__PART, (r.x1 + KAL__PART - 1) / KAL__PART,
                       (r.y1 + KAL__PART - 1) / KAL__PART);
}

static size_t parts_in(kal_rect grid)
{
    return (size_t)(grid.x1 - grid.x0) * (size_t)(grid.y1 - grid.y0);
}

// Parts end with the image.
static kal_rect part_at(const kal_node *image, int32_t x, int32_t y)
{
    return kal_rect_clip(kal_rect_of(x * KAL__PART, y * KAL__PART, (x + 1) * KAL__PART, (y + 1) * KAL__PART),
                         kal_rect_all(&image->call.extent));
}

void kal__parts_remember(kal_memo *m, const kal_node *image, kal_rect rect)
{
    const kal_rect grid = grid_of(rect);
    kal__store *store = kal__memo_store(m);
    const size_t n = parts_in(grid);
    kal__special *s = store && n <= MOST_PARTS ? kal__special_new(image, n) : NULL;
    if (!s) return;
    unsigned char value[KAL__FACT] = {0};
    memcpy(value, &image->key, sizeof image->key);
    for (int32_t y = grid.y0; y < grid.y1; y++)
        for (int32_t x = grid.x0; x < grid.x1; x++) {
            kal_key key;
            const kal_rect part = part_at(image, x, y);
            if (kal_rect_inside(part, rect) && kal__special_key(s, part, &key))
                kal__fact_remember(store, KAL__FACT_TILE, key, value);
        }
    kal__special_free(s);
}

// ---- finding ------------------------------------------------------------------------------------

// The number + 1 of the piece that shows the part; 0: none does.
static uint8_t piece_for(kal__mosaic *m, kal_memo *memo, kal_key entry, kal_rect part)
{
    int32_t i = 0;
    while (i < m->n && !kal_key_equal(m->pieces[i].key, entry)) i++;
    if (i == MOST_ENTRIES) return 0;
    if (i == m->n) {
        piece *p = &m->pieces[m->n++];
        *p = (piece){.key = entry};
        if (!kal__memo_find(memo, KAL__STORED_ROWS, entry, part, &p->slab, &p->rect)) p->slab = NULL;
    }
    const piece *p = &m->pieces[i];
    return p->slab && kal_rect_inside(part, p->rect) ? (uint8_t)(i + 1) : 0;
}

static size_t find_parts(kal__mosaic *m, kal_memo *memo, kal__special *s, const kal_node *image)
{
    size_t found = 0, i = 0;
    for (int32_t y = m->grid.y0; y < m->grid.y1; y++)
        for (int32_t x = m->grid.x0; x < m->grid.x1; x++, i++) {
            kal_key key, entry;
            unsigned char value[KAL__FACT];
            const kal_rect part = part_at(image, x, y);
            if (kal__special_key(s, part, &key) &&
                kal__fact_known(kal__memo_store(memo), KAL__FACT_TILE, key, value)) {
                memcpy(&entry, value, sizeof entry);
                m->of[i] = piece_for(m, memo, entry, part);
            }
            found += m->of[i] > 0;
            if (!m->of[i]) m->missing = kal_rect_join(m->missing, part);
        }
    return found;
}

static kal_node *node_of(kal__mosaic *m, kal_node *image)
{
    static uint64_t count;
    const uint64_t what[3] = {(uint64_t)getpid(), (uint64_t)(uintptr_t)m,
                              __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED)};
    const mosaic_p p = {sizeof p, m};
    const kal_call *in[1] = {&image->call};
    const kal_call call = {.op = &mosaic_op, .params = &p, .extent = image->call.extent, .n = 1, .in = in};
    kal_node *n =
        kal__intern(KAL__APPLY, kal__hash_of(what, sizeof what), &call, NULL, 0, sizeof p, NULL, NULL);
    if (n) n->is_volatile = true;
    return n;
}

static uint64_t area(kal_rect r)
{
    return (uint64_t)(r.x1 - r.x0) * (uint64_t)(r.y1 - r.y0);
}

kal_node *kal__mosaic_find(kal_memo *memo, kal_node *image, kal_rect rect, kal__mosaic **out)
{
    const kal_rect grid = grid_of(rect);
    const size_t n = parts_in(grid);
    kal__slab *whole = NULL;
    kal_rect have;
    *out = NULL;
    if (!kal__memo_store(memo) || image->kind != KAL__APPLY || image->is_volatile || n > MOST_PARTS)
        return NULL;
    if (kal__memo_find(memo, KAL__STORED_ROWS, image->key, rect, &whole, &have)) {   // the plan will find it
        kal__slab_unref(&whole);
        return NULL;
    }
    kal__special *s = kal__special_new(image, n);
    kal__mosaic *m = s ? kal__new_zero(1, sizeof *m) : NULL;
    kal_node *node = NULL;
    if (m) m->grid = grid, m->of = kal__new_zero(n, 1);
    if (m && m->of && find_parts(m, memo, s, image) && area(m->missing) * 4 <= area(rect) * 3)
        node = node_of(m, image);
    kal__special_free(s);
    if (node)
        *out = m;
    else
        kal__mosaic_free(m);
    return node;
}

void kal__mosaic_free(kal__mosaic *m)
{
    if (!m) return;
    for (int32_t i = 0; i < m->n; i++) kal__slab_unref(&m->pieces[i].slab);
    free(m->of);
    free(m);
}
