// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The Netpbm family: PBM, PGM, PPM (P1 to P6), PAM (P7) and PFM (Pf, PF), by rows; PFM lies bottom up and is
// read and written whole. A maximum of 255 or 65535 is taken as it is; any other is stretched by
// v·255/maximum (v·65535/maximum above 255), rounded half up. PBM's 1 is black: 0; 0 is white: 255. PFM's
// scale tells the byte order; its magnitude is a unit, and samples stay as stored. What is written depends on
// what is in the image alone: P5, P6, Pf, PF, else P7.
#include "pnm.h"

#include <stdlib.h>
#include <string.h>

// ---- reading: bytes and words -------------------------------------------------------------------

typedef enum coding { TEXT, BITS, TEXT_BITS, BINARY, FLOATS } coding;

struct kal__decoder {
    kal_extent extent;
    coding form;
    unsigned maxval;
    bool swap;      // multi-byte samples are the other way round than here
    int32_t left;   // rows not yet read
    kal__input in;
};

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The first byte that is neither white nor in a comment.
static kal_status next_dark(kal__decoder *d, int *c)
{
    kal_status st;
    do {
        st = kal__input_next(&d->in, c);
        if (!st && *c == '#')
            while (!st && *c != '\n' && *c != '\r') st = kal__input_next(&d->in, c);
    } while (!st && is_space(*c));
    return st;
}

// A word and the one white byte behind it.
static kal_status word(kal__decoder *d, char *out, size_t room)
{
    int c;
    size_t n = 0;
    kal_status st = next_dark(d, &c);
    for (; !st && !is_space(c); st = kal__input_next(&d->in, &c)) {
        if (n + 1 == room) return kal__input_corrupt(&d->in, "a word of the header is too long");
        out[n++] = (char)c;
    }
    out[n] = 0;
    return st;
}

static kal_status number(kal__decoder *d, const char *what, unsigned max, unsigned *out)
{
    char text[32];
    const kal_status st = word(d, text, sizeof text);
    if (st) return st;
    uint64_t v = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && v <= max; i++) v = 10 * v + (unsigned)(text[i] - '0');
    if (text[i] || !i || !v || v > max)
        return kal__input_fail(&d->in, KAL_CORRUPT, "%s is \"%.20s\"; it must be 1..%u", what, text, max);
    *out = (unsigned)v;
    return KAL_OK;
}

// ---- reading: headers ---------------------------------------------------------------------------

typedef struct head {
    unsigned width, height, depth, maxval;
    char tuple[32];
} head;

static kal_status sides(kal__decoder *d, head *h)
{
    const kal_status st = number(d, "the width", KAL_MAX_SIDE, &h->width);
    return st ? st : number(d, "the height", KAL_MAX_SIDE, &h->height);
}

static kal_status head_bits(kal__decoder *d, head *h)
{
    h->maxval = 255;
    return sides(d, h);
}

static kal_status head_plain(kal__decoder *d, head *h)
{
    const kal_status st = sides(d, h);
    return st ? st : number(d, "the maximum", 65535, &h->maxval);
}

static kal_status skip_line(kal__decoder *d)
{
    int c = 0;
    kal_status st = KAL_OK;
    while (!st && c != '\n') st = kal__input_next(&d->in, &c);
    return st;
}

// The rest of the line without blanks at its ends.
static kal_status rest_of_line(kal__decoder *d, char *out, size_t room)
{
    int c = ' ';
    size_t n = 0;
    kal_status st = KAL_OK;
    while (!st && c == ' ') st = kal__input_next(&d->in, &c);
    for (; !st && c != '\n'; st = kal__input_next(&d->in, &c))
        if (n + 1 < room) out[n++] = (char)c;
    while (n && is_space((unsigned char)out[n - 1])) n--;
    out[n] = 0;
    return st;
}

static kal_status head_pam(kal__decoder *d, head *h)
{
    const struct {
        const char *name;
        unsigned max, *value;
    } lines[] = {{"WIDTH", KAL_MAX_SIDE, &h->width},
                 {"HEIGHT", KAL_MAX_SIDE, &h->height},
                 {"DEPTH", KAL_MAX_CHANNELS, &h->depth},
                 {"MAXVAL", 65535, &h->maxval}};
    const size_t n = sizeof lines / sizeof *lines;
    char name[32];
    for (;;) {
        kal_status st = word(d, name, sizeof name);
        if (st) return st;
        if (!strcmp(name, "ENDHDR")) break;
        size_t i = 0;
        while (i < n && strcmp(name, lines[i].name) != 0) i++;
        const bool white_was_end = d->in.at && d->in.bytes[d->in.at - 1] == '\n';
        if (i < n)
            st = number(d, lines[i].name, lines[i].max, lines[i].value);
        else if (!strcmp(name, "TUPLTYPE") && !white_was_end)
            st = rest_of_line(d, h->tuple, sizeof h->tuple);
        else
            st = kal__input_corrupt(
                &d->in,
                "a line of the PAM header is not one of WIDTH, HEIGHT, DEPTH, MAXVAL, TUPLTYPE, ENDHDR");
        if (st) return st;
    }
    if (d->in.bytes[d->in.at - 1] != '\n') skip_line(d);
    for (size_t i = 0; i < n; i++)
        if (!*lines[i].value)
            return kal__input_fail(&d->in, KAL_CORRUPT, "the header has no %s", lines[i].name);
    return KAL_OK;
}

// scale < 0: little-endian.
static kal_status head_floats(kal__decoder *d, head *h)
{
    char scale[32];
    kal_status st = sides(d, h);
    if (!st) st = word(d, scale, sizeof scale);
    if (st) return st;
    const char *digits = scale + (*scale == '-' || *scale == '+');
    if (!strpbrk(digits, "123456789") || digits[strspn(digits, "0123456789.eE+-")])
        return kal__input_corrupt(&d->in, "the scale is not a number other than 0");
    d->swap = (*scale == '-') != kal__little_endian();
    h->maxval = 1;
    return KAL_OK;
}

static const struct {
    char letter;
    coding form;
    unsigned depth;
    kal_status (*head)(kal__decoder *d, head *h);
} formats[] = {
    {'1', TEXT_BITS, 1, head_bits}, {'2', TEXT, 1, head_plain},    {'3', TEXT, 3, head_plain},
    {'4', BITS, 1, head_bits},      {'5', BINARY, 1, head_plain},  {'6', BINARY, 3, head_plain},
    {'7', BINARY, 0, head_pam},     {'f', FLOATS, 1, head_floats}, {'F', FLOATS, 3, head_floats},
};
#define FORMATS (sizeof formats / sizeof *formats)

// What the channels mean; without a name as many as PGM or PPM has mean the same.
static const struct {
    const char *name;
    unsigned depth;
    bool alpha;
} tuples[] = {
    {"BLACKANDWHITE", 1, false},      {"GRAYSCALE", 1, false},      {"RGB", 3, false},      {"", 1, false},
    {"BLACKANDWHITE_ALPHA", 2, true}, {"GRAYSCALE_ALPHA", 2, true}, {"RGB_ALPHA", 4, true}, {"", 3, false},
};

static kal_status make_extent(kal__decoder *d, const head *h)
{
    kal_extent *e = &d->extent;
    *e = (kal_extent){(int32_t)h->width, (int32_t)h->height,
                      (int32_t)h->depth, d->form == FLOATS ? KAL_F32 : h->maxval > 255 ? KAL_U16 : KAL_U8,
                      KAL_DATA,          false};
    for (size_t i = 0; i < sizeof tuples / sizeof *tuples; i++) {
        if (strcmp(tuples[i].name, h->tuple) != 0) continue;
        if (tuples[i].depth == h->depth) {
            e->model = h->depth > 2 ? KAL_RGB : KAL_GRAY;
            e->alpha = tuples[i].alpha;
        } else if (*h->tuple) {
            return kal_fail(d->in.err, KAL_CORRUPT, "%s: pnm: TUPLTYPE %s has %u channels, and DEPTH is %u",
                            d->in.reader->name, h->tuple, tuples[i].depth, h->depth);
        }
    }
    return KAL_OK;
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits)
{
    unsigned char magic[2];
    kal_status st = kal__input_take(&d->in, magic, 2);
    if (st) return st;
    size_t i = 0;
    while (i < FORMATS && formats[i].letter != magic[1]) i++;
    if (magic[0] != 'P' || i == FORMATS)
        return kal__input_corrupt(&d->in, "this does not begin with P1 to P7, Pf or PF");
    head h = {.depth = formats[i].depth};
    d->swap = kal__little_endian();   // all but PFM are big-endian
    d->form = formats[i].form;
    st = formats[i].head(d, &h);
    if (!st) st = make_extent(d, &h);
    if (st) return st;
    d->maxval = h.maxval;
    d->left = d->extent.height;
    return kal__input_sides(&d->in, h.width, h.height, limits);
}

static kal_status pnm_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: pnm: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "pnm";
    d->in.err = err;
    const kal_status st = read_head(d, &ask->limits);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static kal_status pnm_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    (void)meta;
    kal__decoder *d;
    const kal_status st = pnm_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = d->form == FLOATS ? 0 : 1;
    h->memory = sizeof *d;
    free(d);
    return KAL_OK;
}

// ---- reading: rows ------------------------------------------------------------------------------

static unsigned stretch(unsigned v, unsigned maxval)
{
    const unsigned top = maxval > 255 ? 65535 : 255;
    return (unsigned)((2ull * v * top + maxval) / (2ull * maxval));
}

static kal_status too_large(const kal__decoder *d, unsigned v)
{
    return kal_fail(d->in.err, KAL_CORRUPT, "%s: pnm: near byte %llu: a sample is %u, and the maximum %u",
                    d->in.reader->name, (unsigned long long)kal__input_offset(&d->in), v, d->maxval);
}

static kal_status stretch_row(const kal__decoder *d, unsigned char *row, size_t n)
{
    uint16_t *wide = (uint16_t *)(void *)row;
    for (size_t i = 0; i < n; i++) {
        const unsigned v = d->maxval > 255 ? wide[i] : row[i];
        if (v > d->maxval) return too_large(d, v);
        if (d->maxval > 255)
            wide[i] = (uint16_t)stretch(v, d->maxval);
        else
            row[i] = (unsigned char)stretch(v, d->maxval);
    }
    return KAL_OK;
}

// Read where the result belongs and changed there: nothing is held.
static kal_status row_binary(kal__decoder *d, unsigned char *row, size_t n)
{
    const size_t size = kal_type_size(d->extent.type);
    const kal_status st = kal__input_take(&d->in, row, n * size);
    if (st) return st;
    if (size > 1 && d->swap) kal__swap_samples(row, n, size);
    return d->form == FLOATS || d->maxval == 255 || d->maxval == 65535 ? KAL_OK : stretch_row(d, row, n);
}

static kal_status row_bits(kal__decoder *d, unsigned char *row, size_t n)
{
    int c = 0;
    for (size_t i = 0; i < n; i++) {
        const kal_status st = i % 8 ? KAL_OK : kal__input_next(&d->in, &c);
        if (st) return st;
        row[i] = c >> (7 - i % 8) & 1 ? 0 : 255;
    }
    return KAL_OK;
}

static kal_status row_text_bits(kal__decoder *d, unsigned char *row, size_t n)
{
    int c;
    for (size_t i = 0; i < n; i++) {
        const kal_status st = next_dark(d, &c);
        if (st) return st;
        if (c != '0' && c != '1') return kal__input_corrupt(&d->in, "a sample is neither 0 nor 1");
        row[i] = c == '1' ? 0 : 255;
    }
    return KAL_OK;
}

// One number; the file may end right behind the last one.
static kal_status text_sample(kal__decoder *d, unsigned *v)
{
    int c;
    kal_status st = next_dark(d, &c);
    *v = 0;
    for (; !st && c >= '0' && c <= '9'; c = d->in.bytes[d->in.at++]) {
        *v = 10 * *v + (unsigned)(c - '0');
        if (*v > d->maxval) return too_large(d, *v);
        if (d->in.at == d->in.n) {
            kal_error quiet = {0}, *err = d->in.err;
            d->in.err = &quiet;
            st = kal__input_fill(&d->in);
            d->in.err = err;
            if (st == KAL_CORRUPT) return KAL_OK;   // the end
            if (st) return kal__repeat(&quiet, err);
        }
    }
    if (!st && !is_space(c) && c != '#') return kal__input_corrupt(&d->in, "a sample is not a number");
    if (!st) d->in.at--;   // a comment may start here
    return st;
}

static kal_status row_text(kal__decoder *d, unsigned char *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        const kal_status st = text_sample(d, &v);
        if (st) return st;
        v = stretch(v, d->maxval);
        if (d->maxval > 255)
            ((uint16_t *)(void *)row)[i] = (uint16_t)v;
        else
            row[i] = (unsigned char)v;
    }
    return KAL_OK;
}

static kal_status (*const row_of[])(kal__decoder *d, unsigned char *row, size_t n) = {
    [TEXT] = row_text,     [BITS] = row_bits,     [TEXT_BITS] = row_text_bits,
    [BINARY] = row_binary, [FLOATS] = row_binary,
};

static kal_status pnm_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const size_t samples = (size_t)d->extent.width * (size_t)d->extent.channels;
    const bool upward = d->form == FLOATS;
    d->in.err = err;
    const int32_t left = upward && n < d->left ? 0 : d->left;   // all at once
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, left);
    if (st) return st;
    d->left -= n;
    for (int32_t y = 0; y < n && !st; y++)
        st = row_of[d->form](d, dst + (upward ? n - 1 - y : y) * stride, samples);
    return st;
}

static kal_status pnm_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // what follows the picture may be another one
    free(d);
    return KAL_OK;
}

static bool pnm_sniff(const unsigned char *p, size_t n)
{
    if (n < 3 || p[0] != 'P' || (!is_space(p[2]) && p[2] != '#')) return false;
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].letter == p[1]) return true;
    return false;
}

static const char *pnm_version(void)
{
    return "kallitype 1";
}

#define PARAMS kal__pnm_p
static const kal_param params[] = {KAL__PNM_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_pnm = {
    .name = "pnm",
    .suffixes = "ppm|pgm|pbm|pam|pnm|pfm",
    .media_type = "image/x-portable-anymap",
    .help = "PBM, PGM, PPM, PAM and PFM: any number of channels, 8 and 16 bits and floats, lossless",
    .version = pnm_version,
    .sniff = pnm_sniff,
    .header = pnm_header,
    .streams = true,
    .open = pnm_open,
    .rows = pnm_rows,
    .close = pnm_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__pnm_p),
    .accepts = kal__pnm_accepts,
    .begin = kal__pnm_begin,
    .put = kal__pnm_put,
    .end = kal__pnm_end,
};
