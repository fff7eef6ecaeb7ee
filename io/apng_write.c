// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing animated PNG (PNG third edition, 11.3.6). The first picture is written as any other. Pieces of a later one are packed by whoever is free
// and wait until all rows are there, for then it is known what is other than in the picture before: all, and they are written, or a part, which
// is packed anew and takes the place of what is there.
#include "png.h"

#include "frames.h"
#include "inflate.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static kal_status no_memory(kal_error *err)
{
    return kal_fail(err, KAL_NOMEM, "png: out of memory");
}

// How many pictures, and how often they run: written before the first and again, with the true number, behind the last.
static void animation_head(const kal__encoder *e, unsigned char chunk[20])
{
    kal__put_be32(chunk, 8);
    memcpy(chunk + 4, "acTL", 4);
    kal__put_be32(chunk + 8, e->frames);
    kal__put_be32(chunk + 12, e->loops);
    kal__put_be32(chunk + 16, kal__crc32(0, chunk + 4, 12));
}

// Number, size, place, delay as a fraction of 65535 at most, nothing disposed of, nothing blended.
static kal_status put_frame(kal__encoder *e, kal_rect rect, kal_error *err)
{
    unsigned char c[26] = {0};
    const unsigned unit = e->delay * 1000 <= 65535 ? 1000 : 100;   // ms, where they suffice
    const double ticks = e->delay * unit + 0.5;
    const unsigned count = ticks < 65535 ? (unsigned)ticks : 65535;
    kal__put_be32(c, e->sequence++);
    kal__put_be32(c + 4, (uint32_t)(rect.x1 - rect.x0));
    kal__put_be32(c + 8, (uint32_t)(rect.y1 - rect.y0));
    kal__put_be32(c + 12, (uint32_t)rect.x0);
    kal__put_be32(c + 16, (uint32_t)rect.y0);
    c[20] = (unsigned char)(count >> 8), c[21] = (unsigned char)count;
    c[22] = (unsigned char)(unit >> 8), c[23] = (unsigned char)unit;
    e->sum = 1;
    return kal__png_put_chunk(e, "fcTL", c, sizeof c, kal__crc32(0, c, sizeof c), err);
}

static void begin_picture(kal__encoder *e, const kal__png_p *p, const kal__meta *meta)
{
    e->delay = p->delay >= 0 ? p->delay : meta && meta->delay >= 0 ? meta->delay : 0.1;
    e->frames++;
}

kal_status kal__apng_write_begin(kal__encoder *e, const kal__png_p *p, const kal__meta *meta, kal_error *err)
{
    unsigned char chunk[20];
    const size_t row = (size_t)e->extent.width * kal_pixel_size(&e->extent);
    e->now = kal__new((size_t)e->extent.height, row);
    e->before = kal__new((size_t)e->extent.height, row);
    if (!e->now || !e->before) return no_memory(err);
    e->loops = (uint32_t)(p->loops >= 0 ? p->loops : meta && meta->loops > 0 ? meta->loops : 0);
    e->head = e->writer->written;
    begin_picture(e, p, meta);
    animation_head(e, chunk);
    const kal_status st = e->writer->write(e->writer, chunk, sizeof chunk, err);
    return st ? st : put_frame(e, kal_rect_all(&e->extent), err);
}

static void swap(kal__encoder *e)
{
    unsigned char *now = e->now;
    e->now = e->before;
    e->before = now;
}

kal_status kal__png_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                         kal_error *err)
{
    const kal__png_p *p = params;
    const kal_extent *f = &e->extent;
    if (x->width != f->width || x->height != f->height || x->channels != f->channels || x->type != f->type ||
        x->alpha != f->alpha)
        return kal_fail(err, KAL_INVALID,
                        "png: picture %u of an animation is of another size or kind than the first: %d×%d "
                        "with %d channels of %d "
                        "bits, not %d×%d with %d of %d",
                        e->frames, x->width, x->height, x->channels, (int)kal_type_size(x->type) * 8,
                        f->width, f->height, f->channels, (int)kal_type_size(f->type) * 8);
    if (p->colours) return kal__png_one_alone(p, err);
    e->level = p->compression;
    e->filter = p->filter;
    begin_picture(e, p, meta);
    swap(e);
    return KAL_OK;
}

size_t kal__apng_write_memory(const kal_extent *x, const void *params)
{
    kal__pieces pieces = {0};
    kal__png_pieces(x, params, &pieces);
    if (!pieces.rows) return 0;   // of few colours; there will be none
    const size_t picture = (size_t)x->width * (size_t)x->height * kal_pixel_size(x);
    const size_t n = (size_t)((x->height + pieces.rows - 1) / pieces.rows);
    return 2 * picture + n * (pieces.result + sizeof(kal__piece)) + pieces.memory + pieces.result;
}

void kal__apng_write_keep(const kal__encoder *e, const kal_tile *rows, int32_t y0)
{
    const size_t row = (size_t)e->extent.width * kal_pixel_size(&e->extent);
    for (int32_t y = y0; y < rows->rect.y1; y++) memcpy(e->now + (size_t)y * row, kal_row(rows, y), row);
}

// ---- later pictures -----------------------------------------------------------------------------

// A piece behind a number.
static kal_status put_piece(kal__encoder *e, const kal__piece *piece, kal_error *err)
{
    const size_t n = piece->size;
    unsigned char head[12], tail[8];
    e->sum = (uint32_t)adler32_combine(e->sum, piece->note[0], (z_off_t)piece->note[1]);
    const size_t sum = piece->note[3] ? 4 : 0;   // of the stream, behind its last piece
    kal__put_be32(head, (uint32_t)(4 + n + sum));
    memcpy(head + 4, "fdAT", 4);
    kal__put_be32(head + 8, e->sequence++);
    kal__put_be32(tail, e->sum);
    const uint32_t crc =
        (uint32_t)crc32_combine(kal__crc32(0, head + 4, 8), (uint32_t)piece->note[2], (z_off_t)n);
    kal__put_be32(tail + sum, kal__crc32(crc, tail, sum));
    kal_status st = e->writer->write(e->writer, head, sizeof head, err);
    if (!st) st = e->writer->write(e->writer, piece->data, n, err);
    return st ? st : e->writer->write(e->writer, tail, sum + 4, err);
}

static bool hold(kal__encoder *e, const kal__piece *piece)
{
    if (!kal__grow(&e->pieces, e->n_pieces + 1, sizeof *e->pieces)) return false;
    kal__piece *own = &e->pieces[e->n_pieces];
    *own = *piece;
    own->data = kal__new(piece->size, 1);
    if (!own->data) return false;
    memcpy(own->data, piece->data, piece->size);
    e->n_pieces++;
    return true;
}

static void let_go(kal__encoder *e)
{
    for (size_t i = 0; i < e->n_pieces; i++) free(e->pieces[i].data);
    e->n_pieces = 0;
}

static kal_status put_part(kal__encoder *e, kal_rect rect, kal_error *err)
{
    kal__encoder part = {.extent = e->extent, .level = e->level, .filter = e->filter};
    kal__pieces pieces = {0};
    kal_extent *x = &part.extent;
    x->width = rect.x1 - rect.x0;
    x->height = rect.y1 - rect.y0;
    const size_t row = (size_t)x->width * kal_pixel_size(x);
    unsigned char *pixels = kal__new((size_t)x->height, row);
    if (!pixels) return no_memory(err);
    kal__frames_take(&e->extent, e->now, rect, pixels);
    kal__png_pieces_of(x, e->level, e->filter, &pieces);
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < x->height && !st; y += pieces.rows) {
        const int32_t end = x->height - y < pieces.rows ? x->height : y + pieces.rows;
        const kal_tile rows = {kal_rect_of(0, 0, x->width, end), pixels, (ptrdiff_t)row, 0, x->height,
                               (int32_t)kal_pixel_size(x)};
        kal__piece piece = {0};
        st = kal__png_pack(&part, &rows, y, &piece, err);
        if (!st) st = put_piece(e, &piece, err);
        free(piece.data);
    }
    free(pixels);
    return st;
}

kal_status kal__apng_write_join(kal__encoder *e, const kal__piece *piece, kal_error *err)
{
    return hold(e, piece) ? KAL_OK : no_memory(err);
}

kal_status kal__png_turn(kal__encoder *e, kal_error *err)
{
    if (e->frames < 2) return KAL_OK;   // it was written as it came
    const kal_rect rect = kal__frames_changed(&e->extent, e->now, e->before);
    const bool whole = rect.x1 - rect.x0 == e->extent.width && rect.y1 - rect.y0 == e->extent.height;
    kal_status st = put_frame(e, rect, err);
    for (size_t i = 0; i < e->n_pieces && whole && !st; i++) st = put_piece(e, &e->pieces[i], err);
    let_go(e);
    return st || whole ? st : put_part(e, rect, err);
}

kal_status kal__apng_write_end(kal__encoder *e, kal_error *err)
{
    unsigned char chunk[20];
    animation_head(e, chunk);
    return e->writer->patch(e->writer, e->head, chunk, sizeof chunk, err);
}

void kal__apng_write_free(kal__encoder *e)
{
    let_go(e);
    free(e->pieces);
    free(e->now);
    free(e->before);
}
