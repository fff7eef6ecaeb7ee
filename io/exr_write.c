// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing OpenEXR, after "OpenEXR File Layout": one part of scanlines.
//
//   magic version · attributes 0 · a table of where each block lies · blocks: y, bytes, the rows …
//
// A row has its channels one after another, in the order of their names (A B G R, or A Y), each with all its samples. ZIP takes 16 rows: the first
// byte of every two, then the second; what each byte is more than the one before; deflate, unless that would be no smaller. Colours are multiplied by
// alpha, but where that is 0: there they are light without a surface.
#include "exr.h"

#include "bytes.h"
#include "deflate.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define ROWS 16   // of a block in ZIP, and of a piece
#define MOST_PIECE ((uint64_t)1 << 30)
enum { HALF = 1, FLOAT = 2, NONE = 0, ZIP = 3 };

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    kal__exr_p p;
    uint64_t start, table;   // of the file in the writer; of the table in the file
    uint64_t *places;
    int32_t n;   // blocks written
};

static int32_t block_rows(const kal__exr_p *p)
{
    return p->compression == KAL__EXR_ZIP ? ROWS : 1;
}

static int32_t n_blocks(const kal_extent *e, const kal__exr_p *p)
{
    return (e->height + block_rows(p) - 1) / block_rows(p);
}

static size_t row_bytes(const kal_extent *e, const kal__exr_p *p)
{
    return (size_t)e->width * (size_t)e->channels * (p->type == KAL__EXR_HALF ? 2 : 4);
}

kal_status kal__exr_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err)
{
    const kal__exr_p *p = params;
    if (e->type != KAL_F32)
        return kal_fail(
            err, KAL_INVALID,
            "exr holds floats of linear light; use to_linear type=f32, or cast type=f32, before saving");
    if ((e->model != KAL_RGB && e->model != KAL_GRAY) ||
        e->channels != (e->model == KAL_RGB ? 3 : 1) + e->alpha)
        return kal_fail(err, KAL_INVALID, "exr holds gray or RGB, with or without alpha");
    if (row_bytes(e, p) * ROWS > MOST_PIECE)
        return kal_fail(err, KAL_INVALID, "exr: 16 rows would have more than 1 GiB");
    *memory = sizeof(kal__encoder) + (size_t)n_blocks(e, p) * sizeof(uint64_t);
    return KAL_OK;
}

// ---- the head -----------------------------------------------------------------------------------

static void put32(kal__text *t, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 24)};
    kal__put(t, b, sizeof b);
}

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void attribute(kal__text *t, const char *name, const char *type, uint32_t size)
{
    kal__put(t, name, strlen(name) + 1);
    kal__put(t, type, strlen(type) + 1);
    put32(t, size);
}

static void put_float(kal__text *t, const char *name, float v)
{
    attribute(t, name, "float", 4);
    put32(t, bits_of(v));
}

static void put_window(kal__text *t, const char *name, const kal_extent *e)
{
    attribute(t, name, "box2i", 16);
    put32(t, 0);
    put32(t, 0);
    put32(t, (uint32_t)e->width - 1);
    put32(t, (uint32_t)e->height - 1);
}

static const char *names_of(const kal_extent *e)
{
    return e->model == KAL_RGB ? (e->alpha ? "ABGR" : "BGR") : e->alpha ? "AY" : "Y";
}

static void put_channels(kal__text *t, const kal_extent *e, const kal__exr_p *p)
{
    const char *names = names_of(e);
    attribute(t, "channels", "chlist", (uint32_t)e->channels * 18 + 1);
    for (int32_t c = 0; c < e->channels; c++) {
        const char name[2] = {names[c], 0};
        kal__put(t, name, 2);
        put32(t, p->type == KAL__EXR_HALF ? HALF : FLOAT);
        put32(t, 0);
        put32(t, 1);
        put32(t, 1);
    }
    kal__put(t, "", 1);
}

static void put_head(kal__text *t, const kal_extent *e, const kal__exr_p *p, const kal__meta *m)
{
    const bool dense = m && m->density[0] > 0 && m->density[1] > 0;
    const unsigned char compression = p->compression == KAL__EXR_ZIP ? ZIP : NONE;
    put32(t, 20000630);
    put32(t, 2);
    put_channels(t, e, p);
    attribute(t, "compression", "compression", 1);
    kal__put(t, &compression, 1);
    put_window(t, "dataWindow", e);
    put_window(t, "displayWindow", e);
    attribute(t, "lineOrder", "lineOrder", 1);
    kal__put(t, "", 1);
    put_float(t, "pixelAspectRatio", dense ? (float)(m->density[1] / m->density[0]) : 1);
    attribute(t, "screenWindowCenter", "v2f", 8);
    put32(t, 0);
    put32(t, 0);
    put_float(t, "screenWindowWidth", 1);
    if (dense) put_float(t, "xDensity", (float)(m->density[0] * 0.0254));
    kal__put(t, "", 1);
}

kal_status kal__exr_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    const kal__exr_p *p = params;
    kal__text t = {0};
    kal__encoder *c = *out = kal__new_zero(1, sizeof *c);
    if (c) c->places = kal__new_zero((size_t)n_blocks(e, p), sizeof *c->places);
    put_head(&t, e, p, meta);
    kal_status st = c && c->places && !t.failed ? KAL_OK : kal_fail(err, KAL_NOMEM, "exr: out of memory");
    if (!st) {
        c->writer = w;
        c->extent = *e;
        c->p = *p;
        c->start = w->written;
        c->table = t.size;
        st = w->write(w, t.data, t.size, err);
    }
    if (!st) st = w->write(w, c->places, (size_t)n_blocks(e, p) * sizeof *c->places, err);
    free(t.data);
    if (!st) return KAL_OK;
    if (c) free(c->places);
    free(c);
    *out = NULL;
    return st;
}

// ---- blocks -------------------------------------------------------------------------------------

static size_t block_bound(size_t raw, const kal__exr_p *p)
{
    return 8 + (p->compression == KAL__EXR_ZIP ? 6 + kal__deflate_bound(raw) : raw);
}

void kal__exr_pieces(const kal_extent *e, const void *params, kal__pieces *out)
{
    const kal__exr_p *p = params;
    const size_t raw = row_bytes(e, p) * (size_t)block_rows(p);
    out->rows = ROWS;
    out->memory = raw * 2 + kal__deflate_memory(p->level);
    out->result = block_bound(raw, p) * (size_t)(ROWS / block_rows(p));
}

static unsigned char *put_sample(unsigned char *to, float v, bool half)
{
    const uint32_t bits = half ? kal__narrow_half(v) : bits_of(v);
    for (int i = 0; i < (half ? 2 : 4); i++) *to++ = (unsigned char)(bits >> (8 * i));
    return to;
}

// Channels in the order of their names, which is that of the picture from the last to the first.
static unsigned char *put_row(const kal__encoder *c, const float *row, unsigned char *to)
{
    const kal_extent *e = &c->extent;
    const bool half = c->p.type == KAL__EXR_HALF;
    for (int32_t k = e->channels - 1; k >= 0; k--)
        for (int32_t x = 0; x < e->width; x++) {
            const float *pixel = row + (size_t)x * (size_t)e->channels,
                        a = e->alpha ? pixel[e->channels - 1] : 1;
            const bool colour = e->alpha && k < e->channels - 1 && a > 0;
            to = put_sample(to, colour ? pixel[k] * a : pixel[k], half);
        }
    return to;
}

// What is packed best: first bytes of every two, then second ones, and of each what it is more than the one before.
static void spread(const unsigned char *raw, size_t n, unsigned char *to)
{
    const size_t second = (n + 1) / 2;
    for (size_t i = 0; i < n; i++) to[(i & 1 ? second : 0) + i / 2] = raw[i];
    for (size_t i = n - 1; i > 0; i--) to[i] = (unsigned char)(to[i] - to[i - 1] + 128);
}

// As a stream of zlib; 0: out of memory.
static size_t zip(const unsigned char *raw, size_t n, unsigned char *spare, int level, unsigned char *to)
{
    static const unsigned near[KAL__DEFLATE_NEAR] = {1, 2, 4};
    spread(raw, n, spare);
    to[0] = 0x78;
    to[1] = 0x9c;
    const size_t packed = kal__deflate(spare, 0, n, near, level, true, to + 2);
    if (!packed) return 0;
    kal__put_be32(to + 2 + packed, (uint32_t)adler32_z(1, spare, n));
    return packed + 6;
}

// A block and what stands before it; `raw` has room for twice its rows.
static size_t put_block(const kal__encoder *c, const kal_tile *rows, int32_t y, int32_t n, unsigned char *raw,
                        unsigned char *to)
{
    const size_t size = row_bytes(&c->extent, &c->p) * (size_t)n;
    unsigned char *end = raw;
    for (int32_t i = 0; i < n; i++) end = put_row(c, (const float *)(const void *)kal_row(rows, y + i), end);
    size_t packed = size;
    if (c->p.compression == KAL__EXR_ZIP && !(packed = zip(raw, size, raw + size, c->p.level, to + 8)))
        return 0;
    if (packed >= size) memcpy(to + 8, raw, packed = size);
    kal__put_le32(to, (uint32_t)y);
    kal__put_le32(to + 4, (uint32_t)packed);
    return 8 + packed;
}

kal_status kal__exr_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                         kal_error *err)
{
    const int32_t each = block_rows(&c->p), y1 = rows->rect.y1;
    const size_t size = row_bytes(&c->extent, &c->p) * (size_t)each;
    const size_t most = block_bound(size, &c->p) * (size_t)((y1 - y0 + each - 1) / each);
    unsigned char *raw = kal__new(size, 2);
    bool ok = raw && (out->data = kal__new(most, 1));
    for (int32_t y = y0; y < y1 && ok; y += each) {
        const size_t n = put_block(c, rows, y, y1 - y < each ? y1 - y : each, raw, out->data + out->size);
        out->size += n;
        ok = n != 0;
    }
    free(raw);
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "exr: out of memory");
}

kal_status kal__exr_join(kal__encoder *c, const kal__piece *piece, kal_error *err)
{
    const uint64_t at = c->writer->written - c->start;
    for (size_t i = 0; i < piece->size; i += 8 + (size_t)kal__le32(piece->data + i + 4))
        c->places[c->n++] = at + i;
    return c->writer->write(c->writer, piece->data, piece->size, err);
}

kal_status kal__exr_end(kal__encoder *c, kal_error *err)
{
    const size_t n = (size_t)c->n;
    if (!kal__little_endian()) kal__swap_samples((unsigned char *)c->places, n, sizeof *c->places);
    const kal_status st =
        err ? c->writer->patch(c->writer, c->start + c->table, c->places, n * sizeof *c->places, err)
            : KAL_OK;
    free(c->places);
    free(c);
    return st;
}
