// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See mosaic.h. A fact says of a part's key (special.h) which entry shows it; the entry says what rectangle it has. An op of one image, the one that
// is wanted, copies known parts from their entries and needs of its image the rectangle around the others. A graph without pastes is one part.
#include "mosaic.h"


#include "audit.h"
#include "digest.h"
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
    int32_t side;    // of a part; 0: there is one
    kal_rect all;    // what is wanted
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

static int32_t part_end(const kal__mosaic *m, int32_t x, int32_t end)
{
    const int64_t next = m->side ? ((int64_t)x / m->side + 1) * m->side : end;
    return next < end ? (int32_t)next : end;
}

static uint8_t piece_at(const kal__mosaic *m, int32_t x, int32_t y)
{
    if (!m->side) return m->of[0];
    const size_t row = (size_t)(y / m->side - m->grid.y0);
    return m->of[row * (size_t)(m->grid.x1 - m->grid.x0) + (size_t)(x / m->side - m->grid.x0)];
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
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t x = r.x0, end; x < r.x1; x = end) {
            end = part_end(m, x, r.x1);
            const uint8_t k = piece_at(m, x, y);
            const unsigned char *from =
                k ? pixel_of(&m->pieces[k - 1], x, y, pixel) : kal_at(&job->in[0], x, y);
            memcpy(kal_at(job->out, x, y), from, (size_t)(end - x) * pixel);
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

#define SIDE 256   // of a part

static kal_rect grid_of(kal_rect r, int32_t side)
{
    if (!side) return kal_rect_of(0, 0, 1, 1);
    return kal_rect_of(r.x0 / side, r.y0 / side, (r.x1 + side - 1) / side, (r.y1 + side - 1) / side);
}

static size_t parts_in(kal_rect grid)
{
    return (size_t)(grid.x1 - grid.x0) * (size_t)(grid.y1 - grid.y0);
}

// Parts end with the image.
static kal_rect part_at(const kal__mosaic *m, const kal_node *image, int32_t x, int32_t y)
{
    const int32_t side = m->side;
    if (!side) return m->all;
    return kal_rect_clip(kal_rect_of(x * side, y * side, (x + 1) * side, (y + 1) * side),
                         kal_rect_all(&image->call.extent));
}

// How an image is divided, and who names the parts. NULL: it is not.
static kal__special *divide(kal_memo *memo, const kal_node *image, kal_rect rect, kal__mosaic *m)
{
    *m = (kal__mosaic){.side = SIDE, .all = rect, .grid = grid_of(rect, SIDE)};
    if (!memo || image->kind != KAL__APPLY || image->is_volatile || parts_in(m->grid) > MOST_PARTS)
        return NULL;
    kal__special *s = kal__special_new(image, memo, parts_in(m->grid));
    if (s && !kal__special_differs(s)) m->side = 0, m->grid = grid_of(rect, 0);
    return s;
}

void kal__parts_remember(kal_memo *memo, const kal_node *image, kal_rect rect)
{
    kal__mosaic m;
    kal_key key;
    kal__special *s = divide(memo, image, rect, &m);
    unsigned char value[KAL__FACT] = {0};
    if (!s) return;
    if (kal__special_shape(s, &key)) kal__memo_fact_put(memo, KAL__FACT_SHAPE, key, value);
    memcpy(value, &image->key, sizeof image->key);
    for (int32_t y = m.grid.y0; y < m.grid.y1; y++)
        for (int32_t x = m.grid.x0; x < m.grid.x1; x++) {
            const kal_rect part = part_at(&m, image, x, y);
            if (kal_rect_inside(part, rect) && kal__special_key(s, part, &key))
                kal__memo_fact_put(memo, KAL__FACT_TILE, key, value);
        }
    kal__special_free(s);
}

void kal__content_remember(kal_memo *m, const kal_node *picture, const unsigned char *rows, size_t stride)
{
    kal_key content;
    unsigned char value[KAL__FACT] = {0};
    if (!kal__memo_store(m) || !kal__is_picture(picture) ||
        kal__memo_fact(m, KAL__FACT_CONTENT, picture->key, value))
        return;
    if (!kal__digest_picture(&picture->call.extent, rows, (ptrdiff_t)stride, NULL, 1, &content)) return;
    memcpy(value, &content, sizeof content);
    kal__memo_fact_put(m, KAL__FACT_CONTENT, picture->key, value);
}

bool kal__content_known(kal_memo *m, const kal_node *picture)
{
    unsigned char value[KAL__FACT];
    return kal__memo_fact(m, KAL__FACT_CONTENT, picture->key, value);
}

bool kal__may_cut_off(kal_memo *memo, const kal_node *image, kal_node **unknown)
{
    kal__mosaic m;
    kal_key shape;
    unsigned char value[KAL__FACT];
    *unknown = NULL;
    if (!kal__memo_store(memo)) return false;   // within one process a file is hardly loaded under two keys
    kal__special *s = divide(memo, image, kal_rect_all(&image->call.extent), &m);
    *unknown = s ? kal__special_unknown(s) : NULL;
    const bool may =
        *unknown && kal__special_shape(s, &shape) && kal__memo_fact(memo, KAL__FACT_SHAPE, shape, value);
    kal__special_free(s);
    return may;
}

// ---- finding ------------------------------------------------------------------------------------

// The number + 1 of the piece that shows the part; 0: none does.
static uint8_t piece_for(kal__mosaic *m, kal_memo *memo, kal_key entry, const kal_extent *e, kal_rect part)
{
    int32_t i = 0;
    while (i < m->n && !kal_key_equal(m->pieces[i].key, entry)) i++;
    if (i == MOST_ENTRIES) return 0;
    if (i == m->n) {
        piece *p = &m->pieces[m->n++];
        *p = (piece){.key = entry};
        if (!kal__memo_find_rows(memo, entry, e, part, &p->slab, &p->rect)) p->slab = NULL;
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
            const kal_rect part = part_at(m, image, x, y);
            if (kal__special_key(s, part, &key) && kal__memo_fact(memo, KAL__FACT_TILE, key, value)) {
                memcpy(&entry, value, sizeof entry);
                m->of[i] = piece_for(m, memo, entry, &image->call.extent, part);
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

static void note_parts(const kal__mosaic *m, const kal_node *image, kal__audit *audit)
{
    const size_t pixel = kal_pixel_size(&image->call.extent), n = parts_in(m->grid);
    const size_t columns = (size_t)(m->grid.x1 - m->grid.x0);
    for (size_t i = 0; audit && i < n; i++) {
        if (!m->of[i]) continue;
        const piece *p = &m->pieces[m->of[i] - 1];
        const kal_rect part =
            part_at(m, image, m->grid.x0 + (int32_t)(i % columns), m->grid.y0 + (int32_t)(i / columns));
        kal__audit_note_part(audit, image, part, pixel_of(p, part.x0, part.y0, pixel),
                             (size_t)(p->rect.x1 - p->rect.x0) * pixel, p->key);
    }
}

static uint64_t area(kal_rect r)
{
    return (uint64_t)(r.x1 - r.x0) * (uint64_t)(r.y1 - r.y0);
}

kal_node *kal__mosaic_find(kal_memo *memo, kal_node *image, kal_rect rect, struct kal__audit *audit,
                           kal__mosaic **out)
{
    kal__slab *whole = NULL;
    kal_rect have;
    *out = NULL;
    if (!memo) return NULL;
    if (kal__memo_find_rows(memo, image->key, &image->call.extent, rect, &whole,
                            &have)) {   // so will the plan
        kal__slab_unref(&whole);
        return NULL;
    }
    kal__mosaic *m = kal__new_zero(1, sizeof *m);
    kal__special *s = m ? divide(memo, image, rect, m) : NULL;
    kal_node *node = NULL;
    if (s) m->of = kal__new_zero(parts_in(m->grid), 1);
    if (s && m->of && find_parts(m, memo, s, image) && area(m->missing) * 4 <= area(rect) * 3)
        node = node_of(m, image);
    kal__special_free(s);
    if (node) note_parts(m, image, audit);
    if (node)
        *out = m;
    else
        kal__mosaic_free(m);
    return node;
}

void kal__mosaic_look(const kal__mosaic *m, kal__mosaic_sight *out)
{
    *out = (kal__mosaic_sight){.parts = parts_in(m->grid), .side = m->side, .missing = m->missing};
    for (size_t i = 0; i < out->parts; i++) out->known += m->of[i] > 0;
    for (int32_t i = 0; i < m->n; i++) out->entries += m->pieces[i].slab != NULL;
}

void kal__mosaic_free(kal__mosaic *m)
{
    if (!m) return;
    for (int32_t i = 0; i < m->n; i++) kal__slab_unref(&m->pieces[i].slab);
    free(m->of);
    free(m);
}
