// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples alone, without a word of what they are: rows from the top, pixels from the left, channels beside each other or each by itself, in
// either byte order, behind `skip` bytes. Who loads tells the rest (kal__layout), and nothing is ever taken for such a file by its content.
// Pages are pictures that follow each other without a gap. 1 and 2 channels are gray, 3 and 4 RGB, the second of two and the fourth of four
// alpha; more are data, and so are labels (u32), as in an array of NumPy's. What is written is rows, little-endian.
#include "input.h"

#include <stdlib.h>
#include <string.h>

// ---- what was told ------------------------------------------------------------------------------

// Suffixes by which files of so many channels are known.
static const struct {
    const char *word;
    int32_t channels;
} forms[] = {{"gray", 1}, {"rgb", 3}, {"rgba", 4}};
#define FORMS (sizeof forms / sizeof *forms)

static kal_status pixels_told(const char *name, const char *word, kal__layout *l, kal_error *err)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (strcmp(forms[i].word, word) != 0) continue;
        if (l->channels && l->channels != forms[i].channels)
            return kal_fail(err, KAL_INVALID,
                            "%s: format=%s has %d channels; channels=%d needs format=pixels", name, word,
                            forms[i].channels, l->channels);
        l->channels = forms[i].channels;
    }
    const struct {
        const char *name;
        int32_t value;
    } needed[] = {{"width=", l->width}, {"height=", l->height}, {"channels=", l->channels}};
    for (size_t i = 0; i < 3; i++)
        if (!needed[i].value)
            return kal_fail(
                err, KAL_INVALID,
                "%s: pixels: such a file does not say what it holds: tell %s (load FILE format=pixels "
                "width=640 height=480 channels=3 type=u8)",
                name, needed[i].name);
    return KAL_OK;
}

static kal_extent extent_of(const kal__layout *l)
{
    const int32_t n = l->channels;
    const bool labels = l->type == KAL_U32;
    return (kal_extent){.width = l->width,
                        .height = l->height,
                        .channels = n,
                        .type = (kal_type)l->type,
                        .model = labels || n > 4 ? KAL_DATA
                                 : n > 2         ? KAL_RGB
                                                 : KAL_GRAY,
                        .alpha = !labels && (n == 2 || n == 4)};
}

// ---- reading ------------------------------------------------------------------------------------

struct kal__decoder {
    kal_extent extent;
    kal__layout layout;
    uint64_t bytes;   // of a picture
    bool swap;
    int32_t page, pages;   // 0 pages: nobody knows
    int32_t left;          // rows not yet read
    kal__view view;        // of a file that is read at places
    kal__input in;
};

// Too few bytes: how many there are, and how many were told.
static kal_status too_few(const kal__decoder *d, uint64_t size)
{
    const kal_extent *x = &d->extent;
    const uint64_t needed = (uint64_t)d->layout.skip + ((uint64_t)d->page + 1) * d->bytes;
    return kal_fail(d->in.err, KAL_CORRUPT,
                    "%s: pixels: the file has %llu bytes, and %d×%d×%d of %s%s need %llu", d->in.reader->name,
                    (unsigned long long)size, x->width, x->height, x->channels, kal_type_name(x->type),
                    d->layout.skip || d->page ? ", with what lies before them," : "",
                    (unsigned long long)needed);
}

// An end that came too early, in such words.
static kal_status judge(const kal__decoder *d, kal_status st)
{
    return st == KAL_CORRUPT ? too_few(d, kal__input_offset(&d->in)) : st;
}

static kal_status begin(kal__decoder *d, const kal__ask *ask)
{
    const kal__layout *l = &d->layout;
    const kal_status st = kal__input_sides(&d->in, (uint64_t)l->width, (uint64_t)l->height, &ask->limits);
    if (st) return st;
    d->extent = extent_of(l);
    d->bytes = (uint64_t)l->width * (uint64_t)l->height * kal_pixel_size(&d->extent);
    d->swap = l->order == kal__little_endian() && l->type != KAL_U8;
    d->left = d->extent.height;
    const kal__reader *r = d->in.reader;
    if (!r->size || ask->front) return KAL_OK;
    const uint64_t pages = r->size < (uint64_t)l->skip ? 0 : (r->size - (uint64_t)l->skip) / d->bytes;
    if (!pages) return too_few(d, r->size);
    d->pages = pages < INT32_MAX ? (int32_t)pages : INT32_MAX;
    if (d->page >= d->pages) return kal__no_page(r->name, d->page, d->pages, d->in.err);
    return kal__pages_within(r->name, "pixels", d->pages, &ask->limits, d->in.err);
}

// To where a picture begins: past what lies before it, which is not read where that is not needed.
static kal_status go_to(kal__decoder *d, uint64_t at)
{
    if (d->in.reader != &d->view.base)
        return judge(d, kal__input_skip(&d->in, at - kal__input_offset(&d->in)));
    kal__input_seek(&d->in, at);
    return KAL_OK;
}

static kal_status pixels_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: pixels: out of memory", r->name);
    d->view = kal__view_of(r);
    d->in.reader = r->read_at && r->size && !ask->onward ? &d->view.base : r;
    d->in.codec = "pixels";
    d->in.err = err;
    d->layout = ask->layout;
    d->page = ask->page;
    kal_status st = begin(d, ask);
    if (!st) st = go_to(d, (uint64_t)d->layout.skip + (uint64_t)d->page * d->bytes);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static void describe(const kal__decoder *d, kal__header *h)
{
    h->extent = d->extent;
    h->rows = d->layout.planar ? 0 : 1;
    h->memory = sizeof *d;
}

// Nothing is read: what was told and how long the file is say all.
static kal_status pixels_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                                kal_error *err)
{
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: pixels: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "pixels";
    d->in.err = err;
    d->layout = ask->layout;
    d->page = ask->page;
    const kal_status st = begin(d, ask);
    if (!st) {
        describe(d, h);
        meta->pages = d->pages ? d->pages : ask->onward ? 0 : 1;
    }
    free(d);
    return st;
}

static kal_status read_planes(kal__decoder *d, unsigned char *dst, ptrdiff_t stride)
{
    const size_t size = kal_type_size(d->extent.type), pixel = kal_pixel_size(&d->extent);
    unsigned char some[2048];
    for (size_t c = 0; c < (size_t)d->extent.channels; c++)
        for (int32_t y = 0; y < d->extent.height; y++)
            for (size_t x = 0, n, width = (size_t)d->extent.width; x < width; x += n) {
                n = width - x < sizeof some / size ? width - x : sizeof some / size;
                const kal_status st = kal__input_take(&d->in, some, n * size);
                if (st) return judge(d, st);
                if (d->swap) kal__swap_samples(some, n, size);
                unsigned char *to = dst + y * stride + x * pixel + c * size;
                for (size_t i = 0; i < n; i++, to += pixel) memcpy(to, some + i * size, size);
            }
    return KAL_OK;
}

static kal_status pixels_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n,
                              kal_error *err)
{
    d->in.err = err;
    const int32_t left = d->layout.planar && n < d->left ? 0 : d->left;   // all at once
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, left);
    if (st) return st;
    d->left -= n;
    if (d->layout.planar) return read_planes(d, dst, stride);
    const size_t samples = (size_t)d->extent.width * (size_t)d->extent.channels;
    const size_t size = kal_type_size(d->extent.type);
    for (int32_t y = 0; y < n && !st; y++, dst += stride) {
        st = judge(d, kal__input_take(&d->in, dst, samples * size));
        if (!st && d->swap) kal__swap_samples(dst, samples, size);
    }
    return st;
}

static kal_status pixels_next(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err)
{
    (void)m;   // there is none
    d->in.err = err;
    if (d->pages && d->page + 1 >= d->pages)
        return kal__no_page(d->in.reader->name, d->page + 1, d->pages, err);
    const uint64_t end = (uint64_t)d->layout.skip + ((uint64_t)d->page + 1) * d->bytes;
    kal_status st = go_to(d, end);
    if (!st && !d->pages && d->in.at == d->in.n) st = kal__input_fill(&d->in);
    if (st == KAL_CORRUPT && kal__input_offset(&d->in) == end)   // and not inside of a picture
        return kal__no_page(d->in.reader->name, d->page + 1, d->page + 1, err);
    if (st) return st;
    if (d->in.reader->forget) d->in.reader->forget(d->in.reader, end);
    d->page++;
    d->left = d->extent.height;
    describe(d, h);
    return KAL_OK;
}

static kal_status pixels_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // what follows is another picture, or what the writer put there
    free(d);
    return KAL_OK;
}

// ---- writing ------------------------------------------------------------------------------------

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    size_t row;   // bytes of one
    unsigned char held[];
};

#define PIXELS_PARAMS(P)                          \
    P(CHOICE, form, 0, 0, 0, "any|gray|rgb|rgba", \
      "the channels there must be, as a suffix asks for: 1, 3 or 4; any: those of the picture")
typedef struct pixels_p {
    size_t size;
    PIXELS_PARAMS(KAL_FIELD)
} pixels_p;

static size_t held_bytes(const kal_extent *x)
{
    return kal__little_endian() ? 0 : (size_t)x->width * kal_pixel_size(x);
}

static kal_status pixels_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    const pixels_p *p = params;
    if (p->form && x->channels != forms[p->form - 1].channels)
        return kal_fail(
            err, KAL_INVALID,
            "pixels: form=%s has %d channels and the picture %d; convert it, or say format=pixels",
            forms[p->form - 1].word, forms[p->form - 1].channels, x->channels);
    *memory = sizeof(kal__encoder) + held_bytes(x);
    return KAL_OK;
}

static kal_status pixels_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                               kal__encoder **out, kal_error *err)
{
    (void)params, (void)meta;   // there is no place for it
    kal__encoder *e = *out = kal__new(sizeof *e + held_bytes(x), 1);
    if (!e) return kal_fail(err, KAL_NOMEM, "pixels: out of memory");
    e->writer = w;
    e->extent = *x;
    e->row = (size_t)x->width * kal_pixel_size(x);
    return KAL_OK;
}

static kal_status pixels_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                             kal_error *err)
{
    kal_status st = KAL_OK;
    for (; n && !st; n--, src += stride) {
        const unsigned char *row = src;
        if (!kal__little_endian()) {
            memcpy(e->held, row, e->row);
            const size_t size = kal_type_size(e->extent.type);
            kal__swap_samples(e->held, e->row / size, size);
            row = e->held;
        }
        st = e->writer->write(e->writer, row, e->row, err);
    }
    return st;
}

// Pictures follow each other without a gap, which only says something when they are alike.
static kal_status pixels_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                              kal_error *err)
{
    (void)params, (void)meta;
    const kal_extent *was = &e->extent;
    if (x->width == was->width && x->height == was->height && x->channels == was->channels &&
        x->type == was->type)
        return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "pixels: a picture of %d×%d×%d cannot follow one of %d×%d×%d: in one file they are alike",
                    x->width, x->height, x->channels, was->width, was->height, was->channels);
}

static kal_status pixels_end(kal__encoder *e, kal_error *err)
{
    (void)err;   // nothing ends the file
    free(e);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool pixels_sniff(const unsigned char *p, size_t n)
{
    (void)p, (void)n;   // anything may be samples
    return false;
}

static const char *pixels_version(void)
{
    return "kallitype 1";
}

#define PARAMS pixels_p
static const kal_param params[] = {PIXELS_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal__codec kal__codec_pixels = {
    .name = "pixels",
    .suffixes = "bin|gray|rgb|rgba",
    .help = "samples alone, told by load's width, height, channels, type, skip, order and planar; pages "
            "follow each "
            "other",
    .version = pixels_version,
    .sniff = pixels_sniff,
    .told = pixels_told,
    .header = pixels_header,
    .streams = true,
    .pages = true,
    .open = pixels_open,
    .rows = pixels_rows,
    .next = pixels_next,
    .close = pixels_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(pixels_p),
    .accepts = pixels_accepts,
    .begin = pixels_begin,
    .put = pixels_put,
    .page = pixels_page,
    .flows = true,
    .end = pixels_end,
};
