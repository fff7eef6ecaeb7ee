// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// QOI, the "Quite OK Image" format, by rows: RGB and RGBA of 8 bits. The specification is that of version 1.0 (2022.01.05, qoiformat.org);
// the bytes are those of its reference encoder. The byte about the colour space is information only and changes nothing; 0 is written.
#include "input.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 14
#define TAIL "\0\0\0\0\0\0\0\1"
#define MOST_RUN 62

enum { INDEX = 0x00, DIFF = 0x40, LUMA = 0x80, RUN = 0xc0, RGB = 0xfe, RGBA = 0xff };

// What both directions remember from pixel to pixel.
typedef struct past {
    unsigned char seen[64][4], last[4];
    int run;
} past;

static const past at_start = {.last = {0, 0, 0, 255}};

static unsigned slot(const unsigned char *p)
{
    return (p[0] * 3u + p[1] * 5u + p[2] * 7u + p[3] * 11u) % 64;
}

// ---- reading ------------------------------------------------------------------------------------

struct kal__decoder {
    kal_extent extent;
    int32_t left;   // rows not yet read
    past m;
    kal__input in;
};

static kal_status read_head(kal__decoder *d, const kal_limits *limits)
{
    unsigned char head[HEAD];
    kal_status st = kal__input_take(&d->in, head, sizeof head);
    if (st) return st;
    if (memcmp(head, "qoif", 4) != 0)
        return kal__input_corrupt(&d->in, "the header does not begin with qoif");
    const int channels = head[12];
    if (channels != 3 && channels != 4)
        return kal__input_fail(&d->in, KAL_CORRUPT, "there are %d channels; there must be 3 or 4", channels);
    const uint32_t width = kal__be32(head + 4), height = kal__be32(head + 8);
    st = kal__input_sides(&d->in, width, height, limits);
    if (st) return st;
    d->extent = (kal_extent){(int32_t)width, (int32_t)height, channels, KAL_U8, KAL_RGB, channels == 4};
    d->left = d->extent.height;
    return KAL_OK;
}

static kal_status qoi_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: qoi: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "qoi";
    d->in.err = err;
    d->m = at_start;
    const kal_status st = read_head(d, &ask->limits);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static kal_status qoi_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    (void)meta;   // there is none in such a file
    kal__decoder *d;
    const kal_status st = qoi_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = 1;
    h->memory = sizeof *d;
    free(d);
    return KAL_OK;
}

static void add(unsigned char *p, int r, int g, int b)
{
    p[0] = (unsigned char)(p[0] + r);
    p[1] = (unsigned char)(p[1] + g);
    p[2] = (unsigned char)(p[2] + b);
}

// The next chunk: m->last becomes what it says, m->run how often it is repeated.
static kal_status read_chunk(kal__decoder *d)
{
    past *m = &d->m;
    int c, more = 0;
    kal_status st = kal__input_next(&d->in, &c);
    if (st) return st;
    if (c >= RGB) {
        st = kal__input_take(&d->in, m->last, c == RGBA ? 4 : 3);
    } else if (c >= RUN) {
        m->run = c & 63;   // one less than how many, for this one
    } else if (c >= LUMA) {
        st = kal__input_next(&d->in, &more);
        const int green = (c & 63) - 32;
        add(m->last, green - 8 + (more >> 4), green, green - 8 + (more & 15));
    } else if (c >= DIFF) {
        add(m->last, (c >> 4 & 3) - 2, (c >> 2 & 3) - 2, (c & 3) - 2);
    } else {
        memcpy(m->last, m->seen[c], 4);
    }
    if (!st) memcpy(m->seen[slot(m->last)], m->last, 4);
    return st;
}

static kal_status qoi_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.err = err;
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, d->left);
    const size_t channels = (size_t)d->extent.channels;
    for (int32_t y = 0; y < n && !st; y++, d->left--) {
        unsigned char *p = dst + y * stride;
        for (int32_t x = 0; x < d->extent.width && !st; x++, p += channels) {
            if (d->m.run)
                d->m.run--;
            else
                st = read_chunk(d);
            memcpy(p, d->m.last, channels);
        }
    }
    return st;
}

static kal_status rest(kal__decoder *d)
{
    unsigned char tail[sizeof TAIL - 1];
    if (d->m.run) return kal__input_corrupt(&d->in, "the last run goes on behind the last pixel");
    const kal_status st = kal__input_take(&d->in, tail, sizeof tail);
    if (st) return st;
    return memcmp(tail, TAIL, sizeof tail) ? kal__input_corrupt(&d->in, "the end marker is missing") : KAL_OK;
}

static kal_status qoi_close(kal__decoder *d, kal_error *err)
{
    d->in.err = err;
    const kal_status st = err ? rest(d) : KAL_OK;
    free(d);
    return st;
}

// ---- writing ------------------------------------------------------------------------------------

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    past m;
    unsigned char out[];   // of a row, at most: a byte more than each pixel's, and a run from before
};

typedef struct qoi_p {
    size_t size;
} qoi_p;

static size_t encoder_size(const kal_extent *x)
{
    return sizeof(kal__encoder) + (size_t)x->width * (size_t)(x->channels + 1) + 2;
}

static kal_status qoi_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    (void)params;
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "qoi holds u8 samples; use cast type=u8 before saving");
    if (x->model != KAL_RGB || x->channels != (x->alpha ? 4 : 3))
        return kal_fail(err, KAL_INVALID, "qoi holds RGB with alpha or without; use to_rgb before saving");
    *memory = encoder_size(x);
    return KAL_OK;
}

static kal_status qoi_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                            kal__encoder **out, kal_error *err)
{
    (void)params, (void)meta;   // there is no place for it
    kal__encoder *e = *out = kal__new(encoder_size(x), 1);
    if (!e) return kal_fail(err, KAL_NOMEM, "qoi: out of memory");
    e->writer = w;
    e->extent = *x;
    e->m = at_start;
    unsigned char head[HEAD] = "qoif";
    kal__put_be32(head + 4, (uint32_t)x->width);
    kal__put_be32(head + 8, (uint32_t)x->height);
    head[12] = (unsigned char)x->channels;
    const kal_status st = w->write(w, head, sizeof head, err);
    if (!st) return KAL_OK;
    free(e);
    *out = NULL;
    return st;
}

static int difference(int a, int b)   // -128..127, as bytes wrap
{
    return (int8_t)(unsigned char)(a - b);
}

static unsigned char *put_run(unsigned char *out, past *m)
{
    if (m->run) *out++ = (unsigned char)(RUN | (m->run - 1));
    m->run = 0;
    return out;
}

// A pixel that is neither the last one nor in its slot.
static unsigned char *put_pixel(unsigned char *out, const unsigned char *last, const unsigned char *p)
{
    const int r = difference(p[0], last[0]), g = difference(p[1], last[1]), b = difference(p[2], last[2]);
    const int rg = difference(r, g), bg = difference(b, g);
    if (p[3] != last[3]) {
        *out = RGBA;
        memcpy(out + 1, p, 4);
        return out + 5;
    }
    if (r >= -2 && r < 2 && g >= -2 && g < 2 && b >= -2 && b < 2) {
        *out = (unsigned char)(DIFF | (r + 2) << 4 | (g + 2) << 2 | (b + 2));
        return out + 1;
    }
    if (g >= -32 && g < 32 && rg >= -8 && rg < 8 && bg >= -8 && bg < 8) {
        out[0] = (unsigned char)(LUMA | (g + 32));
        out[1] = (unsigned char)((rg + 8) << 4 | (bg + 8));
        return out + 2;
    }
    *out = RGB;
    memcpy(out + 1, p, 3);
    return out + 4;
}

static unsigned char *put_row(kal__encoder *e, const unsigned char *src)
{
    past *m = &e->m;
    unsigned char *out = e->out, p[4] = {0, 0, 0, 255};
    const size_t channels = (size_t)e->extent.channels;
    for (int32_t x = 0; x < e->extent.width; x++, src += channels) {
        memcpy(p, src, channels);
        if (!memcmp(p, m->last, 4)) {
            if (++m->run == MOST_RUN) out = put_run(out, m);
            continue;
        }
        out = put_run(out, m);
        const unsigned at = slot(p);
        if (!memcmp(m->seen[at], p, 4))
            *out++ = (unsigned char)(INDEX | at);
        else
            out = put_pixel(out, m->last, p);
        memcpy(m->seen[at], p, 4);
        memcpy(m->last, p, 4);
    }
    return out;
}

static kal_status qoi_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                          kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++) {
        const unsigned char *end = put_row(e, src + y * stride);
        if (end > e->out) st = e->writer->write(e->writer, e->out, (size_t)(end - e->out), err);
    }
    return st;
}

static kal_status qoi_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err) {
        unsigned char last[1 + sizeof TAIL - 1], *end = put_run(last, &e->m);
        memcpy(end, TAIL, sizeof TAIL - 1);
        st = e->writer->write(e->writer, last, (size_t)(end - last) + sizeof TAIL - 1, err);
    }
    free(e);
    return st;
}

// ---- the record ---------------------------------------------------------------------------------

static bool qoi_sniff(const unsigned char *p, size_t n)
{
    return n >= 4 && !memcmp(p, "qoif", 4);
}

static const char *qoi_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_qoi = {
    .name = "qoi",
    .suffixes = "qoi",
    .media_type = "image/qoi",
    .help = "QOI: RGB and RGBA of 8 bits, lossless and quick",
    .version = qoi_version,
    .sniff = qoi_sniff,
    .header = qoi_header,
    .streams = true,
    .open = qoi_open,
    .rows = qoi_rows,
    .close = qoi_close,
    .params_size = sizeof(qoi_p),
    .accepts = qoi_accepts,
    .begin = qoi_begin,
    .put = qoi_put,
    .end = qoi_end,
};
