// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// NumPy's .npy, versions 1.0 to 3.0 of the format ("NEP 1", numpy/lib/format.py), by rows: an array (H, W) or (H, W, C) of up to 64 channels;
// (W,) is a row and () a pixel.
//   u1, u2, u4, f4   as they are, in either byte order
//   b1               a mask, 0 or 255
//   f2, f8           f32: exact, and rounded to the nearest, ties to even
// Other kinds are refused. 1 and 2 channels are gray, 3 and 4 RGB, the second of two and the fourth of four alpha; more are data, and so
// are labels (u4). An array in Fortran's order is read whole. What is written is version 1.0, little-endian, in C order, (H, W) for one channel.
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define FRONT 2000   // of the header's text: what describes an array of numbers is far shorter, and padded
#define STEP 512     // samples that are converted at a time

// ---- kinds --------------------------------------------------------------------------------------

static void from_bool(const unsigned char *src, unsigned char *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i] ? 255 : 0;
}

static void from_half(const unsigned char *src, unsigned char *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, src + 2 * i, 2);
        const float v = kal__widen_half(half);
        memcpy(dst + 4 * i, &v, 4);
    }
}

static void from_double(const unsigned char *src, unsigned char *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double wide;
        memcpy(&wide, src + 8 * i, 8);
        const float v = (float)wide;
        memcpy(dst + 4 * i, &v, 4);
    }
}

static const struct kind {
    const char *name;
    size_t size;
    kal_type type;
    void (*convert)(const unsigned char *src, unsigned char *dst, size_t n);   // NULL: as it is
} kinds[] = {
    {"u1", 1, KAL_U8, NULL},         {"u2", 2, KAL_U16, NULL},     {"u4", 4, KAL_U32, NULL},
    {"f4", 4, KAL_F32, NULL},        {"b1", 1, KAL_U8, from_bool}, {"f2", 2, KAL_F32, from_half},
    {"f8", 8, KAL_F32, from_double},
};
#define KINDS (sizeof kinds / sizeof *kinds)

// ---- reading: the header ------------------------------------------------------------------------

struct kal__decoder {
    kal_extent extent;
    const struct kind *kind;
    bool swap, fortran;
    int32_t left;   // rows not yet read
    kal__input in;
};

// What the dictionary of the header says.
typedef struct facts {
    char descr[16];
    int fortran;   // -1: not said
    uint64_t shape[3];
    size_t dims;
    bool has_shape;
} facts;

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\n");
}

// A string of Python's without escapes; NULL: it is none.
static const char *quoted(const char *s, char *out, size_t room)
{
    const char quote = *s++;
    if (quote != '\'' && quote != '"') return NULL;
    const char *end = strchr(s, quote);
    if (!end || (size_t)(end - s) >= room) return NULL;
    memcpy(out, s, (size_t)(end - s));
    out[end - s] = 0;
    return end + 1;
}

static const char *read_descr(const char *s, facts *f)
{
    return quoted(s, f->descr, sizeof f->descr);
}

static const char *read_order(const char *s, facts *f)
{
    static const char *const words[] = {"False", "True"};
    for (int i = 0; i < 2; i++)
        if (!strncmp(s, words[i], strlen(words[i]))) {
            f->fortran = i;
            return s + strlen(words[i]);
        }
    return NULL;
}

// Numbers beyond the third are counted only.
static const char *read_shape(const char *s, facts *f)
{
    if (*s++ != '(') return NULL;
    for (f->dims = 0; *(s = skip_blanks(s)) != ')'; f->dims++) {
        uint64_t v = 0;
        if (*s < '0' || *s > '9') return NULL;
        for (; *s >= '0' && *s <= '9'; s++)
            if (v <= UINT32_MAX) v = 10 * v + (uint64_t)(*s - '0');
        if (f->dims < 3) f->shape[f->dims] = v;
        s = skip_blanks(s + (*s == 'L'));   // as Python 2 wrote it
        if (*s == ',')
            s++;
        else if (*s != ')')
            return NULL;
    }
    f->has_shape = true;
    return s + 1;
}

static const struct {
    const char *name;
    const char *(*read)(const char *s, facts *f);
} entries[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};

// NULL: all was read; else what is wrong.
static const char *read_facts(const char *s, facts *f)
{
    s = skip_blanks(s);
    if (*s++ != '{') return "the header is not a dictionary";
    while (*(s = skip_blanks(s)) != '}') {
        char name[16];
        s = quoted(s, name, sizeof name);
        if (!s || *(s = skip_blanks(s)) != ':') return "the header is not a dictionary";
        s = skip_blanks(s + 1);
        size_t i = 0;
        while (i < 3 && strcmp(entries[i].name, name) != 0) i++;
        if (i == 3) return "the header has other entries than descr, fortran_order and shape";
        if (i == 0 && *s == '[') return NULL;   // an array of records
        s = entries[i].read(s, f);
        if (!s) return "an entry of the header is not what it should be";
        s = skip_blanks(s);
        if (*s == ',') s++;
    }
    return *f->descr && f->has_shape && f->fortran >= 0
               ? NULL
               : "the header lacks one of descr, fortran_order and shape";
}

static kal_status find_kind(kal__decoder *d, const facts *f)
{
    const bool known = *f->descr && strchr("<>|=", *f->descr);
    size_t i = 0;
    while (i < KINDS && (!known || strcmp(kinds[i].name, f->descr + 1) != 0)) i++;
    if (i == KINDS)
        return kal__input_fail(
            &d->in, KAL_UNSUPPORTED,
            "the array holds %s%s; only bool, uint8, uint16, uint32 and floats of 16, 32 and "
            "64 bits are pictures: save it after astype",
            *f->descr ? f->descr : "records", *f->descr ? "" : " or objects");
    d->kind = &kinds[i];
    const bool big = *f->descr == '>', little = *f->descr == '<';
    d->swap = d->kind->size > 1 && (big || little) && big == kal__little_endian();
    return KAL_OK;
}

static kal_status make_extent(kal__decoder *d, const facts *f, const kal_limits *limits)
{
    const uint64_t channels = f->dims == 3 ? f->shape[2] : 1, height = f->dims > 1 ? f->shape[0] : 1,
                   width = f->dims ? f->shape[f->dims > 1] : 1;
    const bool empty = !height || !width || !channels;
    if (f->dims > 3 || channels > KAL_MAX_CHANNELS || empty)
        return kal__input_fail(
            &d->in, KAL_UNSUPPORTED,
            "the array has %zu dimensions%s; a picture has shape (H, W), (H, W, 1..%d) or (W,)", f->dims,
            empty          ? " and is empty"
            : f->dims == 3 ? " and too many channels"
                           : "",
            KAL_MAX_CHANNELS);
    const kal_status st = kal__input_sides(&d->in, width, height, limits);
    if (st) return st;
    const bool mask = d->kind->convert == from_bool && channels == 1, labels = d->kind->type == KAL_U32;
    d->extent = (kal_extent){.width = (int32_t)width,
                             .height = (int32_t)height,
                             .channels = (int32_t)channels,
                             .type = d->kind->type,
                             .model = mask                     ? KAL_MASK
                                      : labels || channels > 4 ? KAL_DATA
                                      : channels > 2           ? KAL_RGB
                                                               : KAL_GRAY,
                             .alpha = !labels && (channels == 2 || channels == 4)};
    d->fortran = f->fortran;
    d->left = d->extent.height;
    return KAL_OK;
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits)
{
    unsigned char head[12];
    kal_status st = kal__input_take(&d->in, head, 10);
    if (st) return st;
    const int version = head[6];
    if (memcmp(head, MAGIC, 6) != 0)
        return kal__input_corrupt(&d->in, "the header does not begin with NUMPY");
    if (version < 1 || version > 3)
        return kal__input_fail(&d->in, KAL_UNSUPPORTED, "the format has version %d; 1 to 3 are known",
                               version);
    if (version > 1) st = kal__input_take(&d->in, head + 10, 2);
    if (st) return st;
    const uint64_t size = version > 1 ? kal__le32(head + 8) : kal__le16(head + 8);
    char text[FRONT + 1] = "";
    const size_t front = size < FRONT ? (size_t)size : FRONT;
    st = kal__input_take(&d->in, text, front);
    if (!st) st = kal__input_skip(&d->in, size - front);
    if (st) return st;
    facts f = {.fortran = -1};
    const char *wrong = read_facts(text, &f);
    if (wrong) return kal__input_corrupt(&d->in, wrong);
    st = find_kind(d, &f);
    return st ? st : make_extent(d, &f, limits);
}

static kal_status npy_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: npy: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "npy";
    d->in.err = err;
    const kal_status st = read_head(d, &ask->limits);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static kal_status npy_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    (void)meta;   // there is none in such a file
    kal__decoder *d;
    const kal_status st = npy_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = d->fortran ? 0 : 1;
    h->memory = sizeof *d;
    free(d);
    return KAL_OK;
}

// ---- reading: rows ------------------------------------------------------------------------------

static kal_status read_samples(kal__decoder *d, unsigned char *dst, size_t n)
{
    const struct kind *k = d->kind;
    if (!k->convert) {   // straight to where they belong
        const kal_status st = kal__input_take(&d->in, dst, n * k->size);
        if (!st && d->swap) kal__swap_samples(dst, n, k->size);
        return st;
    }
    unsigned char some[STEP * 8];
    while (n) {
        const size_t step = n < STEP ? n : STEP;
        const kal_status st = kal__input_take(&d->in, some, step * k->size);
        if (st) return st;
        if (d->swap) kal__swap_samples(some, step, k->size);
        k->convert(some, dst, step);
        dst += step * kal_type_size(k->type);
        n -= step;
    }
    return KAL_OK;
}

// The first index varies fastest: columns, one channel after another.
static kal_status read_fortran(kal__decoder *d, unsigned char *dst, ptrdiff_t stride)
{
    const kal_extent *x = &d->extent;
    const size_t size = kal_type_size(x->type), pixel = kal_pixel_size(x);
    unsigned char some[STEP * 4];
    for (size_t c = 0; c < (size_t)x->channels; c++)
        for (size_t column = 0; column < (size_t)x->width; column++)
            for (int32_t y = 0, n; y < x->height; y += n) {
                n = x->height - y < STEP ? x->height - y : STEP;
                const kal_status st = read_samples(d, some, (size_t)n);
                if (st) return st;
                unsigned char *to = dst + y * stride + column * pixel + c * size;
                for (int32_t i = 0; i < n; i++) memcpy(to + i * stride, some + (size_t)i * size, size);
            }
    return KAL_OK;
}

static kal_status npy_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.err = err;
    const int32_t left = d->fortran && n < d->left ? 0 : d->left;   // all at once
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, left);
    if (st) return st;
    d->left -= n;
    if (d->fortran) return read_fortran(d, dst, stride);
    const size_t samples = (size_t)d->extent.width * (size_t)d->extent.channels;
    for (int32_t y = 0; y < n && !st; y++) st = read_samples(d, dst + y * stride, samples);
    return st;
}

static kal_status npy_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // what follows may be another array
    free(d);
    return KAL_OK;
}

// ---- writing ------------------------------------------------------------------------------------

struct kal__encoder {
    kal__writer *writer;
    size_t row, size;   // bytes of a row and of a sample
    unsigned char held[];
};

typedef struct npy_p {
    size_t size;
} npy_p;

static size_t held_bytes(const kal_extent *x)
{
    return kal__little_endian() ? 0 : (size_t)x->width * kal_pixel_size(x);
}

static kal_status npy_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    (void)params, (void)err;   // it holds whatever an image is
    *memory = sizeof(kal__encoder) + held_bytes(x);
    return KAL_OK;
}

// As NumPy writes it: with room for a growing first number, and padded so that the samples begin at a multiple of 64.
static kal_status put_head(kal__writer *w, const kal_extent *x, kal_error *err)
{
    static const char *const names[] = {
        [KAL_U8] = "|u1", [KAL_U16] = "<u2", [KAL_F32] = "<f4", [KAL_U32] = "<u4"};
    unsigned char head[256] = MAGIC "\1";
    char *text = (char *)head + 10, channels[16] = "";
    if (x->channels > 1) snprintf(channels, sizeof channels, ", %d", x->channels);
    size_t n = (size_t)snprintf(text, 200, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d%s), }",
                                names[x->type], x->height, x->width, channels);
    const size_t padded = (10 + n + 1 + 63) / 64 * 64 - 10;
    memset(text + n, ' ', padded - n);
    text[padded - 1] = '\n';
    kal__put_le16(head + 8, (uint32_t)padded);
    return w->write(w, head, 10 + padded, err);
}

static kal_status npy_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                            kal__encoder **out, kal_error *err)
{
    (void)params, (void)meta;   // there is no place for it
    kal__encoder *e = *out = kal__new(sizeof *e + held_bytes(x), 1);
    if (!e) return kal_fail(err, KAL_NOMEM, "npy: out of memory");
    e->writer = w;
    e->row = (size_t)x->width * kal_pixel_size(x);
    e->size = kal_type_size(x->type);
    const kal_status st = put_head(w, x, err);
    if (!st) return KAL_OK;
    free(e);
    *out = NULL;
    return st;
}

static kal_status npy_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                          kal_error *err)
{
    if (kal__little_endian() && stride == (ptrdiff_t)e->row)
        return e->writer->write(e->writer, src, e->row * (size_t)n, err);
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++) {
        const unsigned char *row = src + y * stride;
        if (!kal__little_endian()) {
            memcpy(e->held, row, e->row);
            kal__swap_samples(e->held, e->row / e->size, e->size);
            row = e->held;
        }
        st = e->writer->write(e->writer, row, e->row, err);
    }
    return st;
}

static kal_status npy_end(kal__encoder *e, kal_error *err)
{
    (void)err;   // nothing ends the file
    free(e);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool npy_sniff(const unsigned char *p, size_t n)
{
    return n >= 6 && !memcmp(p, MAGIC, 6);
}

static const char *npy_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_npy = {
    .name = "npy",
    .suffixes = "npy",
    .help =
        "NumPy arrays (H, W) and (H, W, C): any number of channels, 8, 16 and 32 bits and floats, lossless",
    .version = npy_version,
    .sniff = npy_sniff,
    .header = npy_header,
    .streams = true,
    .open = npy_open,
    .rows = npy_rows,
    .close = npy_close,
    .params_size = sizeof(npy_p),
    .accepts = npy_accepts,
    .begin = npy_begin,
    .put = npy_put,
    .end = npy_end,
};
