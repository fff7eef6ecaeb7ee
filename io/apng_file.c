// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See apng_parts.h. A frame's data are handed to a decoder of their own as a file made up as it is read: the head with the frame's size, the
// palette, and fdAT chunks as IDAT.
#include "apng_parts.h"

#include "bytes.h"
#include "inflate.h"

#include <string.h>

// ---- the file's chunks --------------------------------------------------------------------------

kal__apng_frame kal__apng_frame_of(const unsigned char *p)
{
    const uint32_t w = kal__be32(p + 4), h = kal__be32(p + 8), x = kal__be32(p + 12), y = kal__be32(p + 16);
    const uint32_t most = KAL_MAX_SIDE, hundred = kal__be16(p + 22) ? kal__be16(p + 22) : 100;
    const bool fits = w && h && w <= most && h <= most && x <= most && y <= most;
    return (kal__apng_frame){
        .rect = fits ? kal_rect_of((int32_t)x, (int32_t)y, (int32_t)(x + w), (int32_t)(y + h))
                     : kal_rect_of(0, 0, 0, 0),
        .disposal = p[24],
        .blend = p[25],
        .delay = (double)kal__be16(p + 20) / hundred};
}

static kal_status take(kal__decoder *d, unsigned char *dst, size_t n)
{
    return kal__png_pull(d, dst, n) == n ? KAL_OK : kal__png_cut(d);
}

static bool is_chunk(const kal__apng *a, const char *name)
{
    return !memcmp(a->head + 4, name, 4);
}

static kal_status in_order(kal__decoder *d, const unsigned char *number)
{
    return kal__be32(number) == d->apng->sequence++ ? KAL_OK
                                                    : kal__png_damaged(d, "the frames are not in order");
}

static kal_status pass(kal__decoder *d)
{
    const uint64_t n = (uint64_t)kal__be32(d->apng->head) + 4;
    const kal_status st = kal__png_pull(d, NULL, (size_t)n) == n ? KAL_OK : kal__png_cut(d);
    return st ? st : take(d, d->apng->head, 8);
}

// Passes over chunks up to one; `end`: at which there is none.
static kal_status find(kal__decoder *d, const char *name, const char *end, const char *without)
{
    kal_status st = KAL_OK;
    while (!st && !is_chunk(d->apng, name))
        st = is_chunk(d->apng, "IEND") || is_chunk(d->apng, end) ? kal__png_damaged(d, without) : pass(d);
    return st;
}

kal_status kal__apng_read_frame(kal__decoder *d, kal__apng_frame *f)
{
    unsigned char p[KAL__APNG_FRAME_BYTES + 4];
    kal__apng *a = d->apng;
    kal_status st = find(d, "fcTL", "IEND", "there are fewer frames than it says");
    if (!st && kal__be32(a->head) != KAL__APNG_FRAME_BYTES) st = kal__png_damaged(d, "fcTL has another size");
    if (!st) st = take(d, p, sizeof p);
    if (!st && kal__crc32(kal__crc32(0, "fcTL", 4), p, KAL__APNG_FRAME_BYTES) !=
                   kal__be32(p + KAL__APNG_FRAME_BYTES))
        st = kal__png_damaged(d, "fcTL: CRC error");
    if (!st) st = in_order(d, p);
    if (!st) st = take(d, a->head, 8);
    if (st) return st;
    *f = kal__apng_frame_of(p);
    if (kal_rect_empty(f->rect) || !kal_rect_inside(f->rect, kal_rect_all(&a->full)))
        return kal__png_damaged(d, "a frame lies outside of its picture");
    return find(d, "fdAT", "fcTL", "a frame has no data");
}

kal_status kal__apng_find_end(kal__decoder *d)
{
    return find(d, "IEND", "IEND", "");
}

// ---- made up ------------------------------------------------------------------------------------

// How many bytes it has.
static size_t put_chunk(unsigned char *p, const char *name, const unsigned char *data, size_t n)
{
    kal__put_be32(p, (uint32_t)n);
    memcpy(p + 4, name, 4);
    if (n) memcpy(p + 8, data, n);
    kal__put_be32(p + 8 + n, kal__crc32(0, p + 4, n + 4));
    return n + 12;
}

// The size is filled in later.
void kal__apng_make_front(kal__decoder *d)
{
    kal__apng *a = d->apng;
    unsigned char head[13] = {0}, data[768], *p = a->front;
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    png_color_16p clear = NULL;
    int n = 0, n_alphas = 0;
    const int type = png_get_color_type(d->png, d->info);
    head[8] = png_get_bit_depth(d->png, d->info);
    head[9] = (unsigned char)type;
    head[12] = d->interlaced;
    memcpy(p, "\x89PNG\r\n\x1a\n", 8);
    p += 8;
    p += put_chunk(p, "IHDR", head, sizeof head);
    const bool mapped = type == PNG_COLOR_TYPE_PALETTE;
    if (mapped && png_get_PLTE(d->png, d->info, &palette, &n)) {
        for (int i = 0; i < n && i < 256; i++) {
            data[3 * i] = palette[i].red;
            data[3 * i + 1] = palette[i].green;
            data[3 * i + 2] = palette[i].blue;
        }
        p += put_chunk(p, "PLTE", data, 3 * (size_t)(n < 256 ? n : 256));
    }
    if (png_get_tRNS(d->png, d->info, &alphas, &n_alphas, &clear)) {
        const bool gray = type == PNG_COLOR_TYPE_GRAY;
        const uint16_t v[3] = {gray ? clear->gray : clear->red, clear->green, clear->blue};
        for (int i = 0; i < 6; i++) data[i] = (unsigned char)(v[i / 2] >> (i % 2 ? 0 : 8));
        p += mapped ? put_chunk(p, "tRNS", alphas, (size_t)(n_alphas < 256 ? n_alphas : 256))
                    : put_chunk(p, "tRNS", data, gray ? 2 : 6);
    }
    a->n_front = (size_t)(p - a->front);
}

static void put_front(const kal__apng *a, kal__apng_file *u, int32_t w, int32_t h)
{
    memcpy(u->bytes, a->front, a->n_front);
    u->n = a->n_front;
    kal__put_be32(u->bytes + 16, (uint32_t)w);
    kal__put_be32(u->bytes + 20, (uint32_t)h);
    kal__put_be32(u->bytes + 29, kal__crc32(0, u->bytes + 12, 17));
}

// The head of a chunk of data has been read.
static kal_status begin_chunk(kal__decoder *d, kal__apng_file *u)
{
    unsigned char number[4];
    const uint32_t n = kal__be32(d->apng->head);
    kal_status st =
        n < 4 || n > PNG_UINT_31_MAX ? kal__png_damaged(d, "a chunk's length makes no sense") : KAL_OK;
    if (!st) st = take(d, number, 4);
    if (!st) st = in_order(d, number);
    if (st) return st;
    u->theirs = kal__crc32(kal__crc32(0, "fdAT", 4), number, 4);
    u->left = n - 4;
    unsigned char *p = u->bytes + u->n;
    kal__put_be32(p, u->left);
    memcpy(p + 4, "IDAT", 4);
    u->crc = kal__crc32(0, p + 4, 4);
    u->n += 8;
    u->in_chunk = true;
    return KAL_OK;
}

// A check sum that was wrong is as wrong afterwards.
static kal_status end_chunk(kal__decoder *d, kal__apng_file *u)
{
    unsigned char sum[4];
    kal_status st = take(d, sum, 4);
    if (!st) st = take(d, d->apng->head, 8);
    if (st) return st;
    u->at = u->n = 0;
    kal__put_be32(u->bytes, u->crc ^ u->theirs ^ kal__be32(sum));
    u->n = 4;
    u->in_chunk = false;
    if (is_chunk(d->apng, "fdAT")) return begin_chunk(d, u);
    u->n += put_chunk(u->bytes + 4, "IEND", NULL, 0);
    return KAL_OK;
}

static ptrdiff_t made_up_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    kal__apng_file *u = (kal__apng_file *)r;
    kal__decoder *d = u->of;
    size_t step = 0;
    d->fail.err = err;
    if (u->at == u->n && u->in_chunk && !u->left && end_chunk(d, u)) return -1;
    if (u->at < u->n) {
        step = u->n - u->at < n ? u->n - u->at : n;
        memcpy(dst, u->bytes + u->at, step);
        u->at += step;
    } else if (u->in_chunk) {
        const unsigned char *p;
        step = kal__png_peek(d, &p);
        if (!step) {
            kal__png_cut(d);
            return -1;
        }
        if (step > n) step = n;
        if (step > u->left) step = u->left;
        memcpy(dst, p, step);
        u->crc = kal__crc32(u->crc, p, step);
        u->theirs = kal__crc32(u->theirs, p, step);
        u->left -= (uint32_t)step;
        kal__png_used(d, step);
    }
    u->base.position = d->reader->position - d->fail.ahead;
    return (ptrdiff_t)step;
}

kal_status kal__apng_begin_file(kal__decoder *d, int32_t width, int32_t height)
{
    kal__apng_file *u = &d->apng->input;
    const kal__reader base = {.read = made_up_read, .name = d->reader->name, .position = d->reader->position};
    *u = (kal__apng_file){.base = base, .of = d};
    put_front(d->apng, u, width, height);
    return begin_chunk(d, u);
}
