// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Radiance's pictures, RGBE, by rows as RGB of f32. The sources are "Radiance File Formats" and Greg Ward's "Real Pixels" (Graphics Gems II); a
// mantissa m with exponent e is m·2^(e-136), as in Bruce Walter's rgbe.c and most readers since (Radiance's own adds a half to m). Rows are
// flat, in the old run lengths or in the new; new ones are written, of pixels whose mantissas are cut, as others write them. Samples are divided
// by the product of what EXPOSURE lines say, and of COLORCORR's, as the format asks. The line of the size tells how rows lie: the orientation.
#include "input.h"
#include "num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 2048         // of a header; comments may be long
#define LINES 10000       // of a header
#define LEAST_RUNS 8      // columns of a row that has new run lengths, …
#define MOST_RUNS 32767   // … and at most

// ---- reading: the header ------------------------------------------------------------------------

struct kal__decoder {
    kal_extent extent;
    int orientation;
    double divide[3];
    bool divides;
    int32_t left;   // rows not yet read
    kal__input in;
    unsigned char row[];   // RGBE, or the four parts one after another
};

static size_t decoder_size(const kal_extent *x)
{
    return sizeof(kal__decoder) + (size_t)x->width * 4;
}

static kal_status read_line(kal__input *in, char *out)
{
    int c = 0;
    size_t n = 0;
    for (;;) {
        const kal_status st = kal__input_next(in, &c);
        if (st) return st;
        if (c == '\n') break;
        if (n + 1 == LINE) return kal__input_corrupt(in, "a line of the header is too long");
        out[n++] = (char)c;
    }
    if (n && out[n - 1] == '\r') n--;
    out[n] = 0;
    return KAL_OK;
}

// What follows NAME= in a line; NULL: it is another one.
static const char *value_of(const char *line, const char *name)
{
    const size_t n = strlen(name);
    return !strncmp(line, name, n) && line[n] == '=' ? line + n + 1 + strspn(line + n + 1, " \t") : NULL;
}

static kal_status multiply(kal__decoder *d, const char *text, bool each)
{
    for (int c = 0; c < 3; c++) {
        const size_t n = strcspn(text, " \t");
        double v;
        if (!kal__parse_double(text, n, &v) || !(v > 1e-30 && v < 1e30))
            return kal__input_corrupt(&d->in,
                                      "EXPOSURE and COLORCORR must be numbers between 1e-30 and 1e30");
        d->divide[c] *= v;
        if (each) text += n + strspn(text + n, " \t");
    }
    d->divides = true;
    return KAL_OK;
}

static kal_status read_variable(kal__decoder *d, const char *line)
{
    const char *format = value_of(line, "FORMAT"), *exposure = value_of(line, "EXPOSURE"),
               *correction = value_of(line, "COLORCORR");
    if (format && !strncmp(format, "32-bit_rle_xyze", 15))
        return kal__input_fail(&d->in, KAL_UNSUPPORTED, "the samples are XYZ; only RGB is read");
    if (format && strncmp(format, "32-bit_rle_rgbe", 15) != 0)
        return kal__input_fail(&d->in, KAL_UNSUPPORTED, "FORMAT is \"%.40s\"; only 32-bit_rle_rgbe is read",
                               format);
    if (exposure) return multiply(d, exposure, false);
    return correction ? multiply(d, correction, true) : KAL_OK;
}

// The orientations of EXIF 1 to 8: which axis goes from row to row and in which direction, and which along a row.
static const char layouts[8][4] = {{'-', 'Y', '+', 'X'}, {'-', 'Y', '-', 'X'}, {'+', 'Y', '-', 'X'},
                                   {'+', 'Y', '+', 'X'}, {'+', 'X', '-', 'Y'}, {'-', 'X', '-', 'Y'},
                                   {'-', 'X', '+', 'Y'}, {'+', 'X', '+', 'Y'}};

static kal_status read_size(kal__decoder *d, const char *line, const kal_limits *limits)
{
    char a[2], b[2];
    unsigned rows, columns;
    char more;
    d->orientation = 0;
    if (sscanf(line, "%c%c %9u %c%c %9u %c", a, a + 1, &rows, b, b + 1, &columns, &more) == 6)
        for (int i = 0; i < 8; i++)
            if (layouts[i][0] == *a && layouts[i][1] == a[1] && layouts[i][2] == *b && layouts[i][3] == b[1])
                d->orientation = i + 1;
    if (!d->orientation)
        return kal__input_fail(&d->in, KAL_CORRUPT, "\"%.40s\" is no line like \"-Y 480 +X 640\"", line);
    const kal_status st = kal__input_sides(&d->in, columns, rows, limits);
    if (st) return st;
    d->extent = (kal_extent){(int32_t)columns, (int32_t)rows, 3, KAL_F32, KAL_RGB, false};
    d->left = d->extent.height;
    return KAL_OK;
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits)
{
    char line[LINE];
    kal_status st = read_line(&d->in, line);
    if (st) return st;
    if (strncmp(line, "#?", 2) != 0) return kal__input_corrupt(&d->in, "the header does not begin with #?");
    for (int i = 0; *line && !st; i++) {
        if (i == LINES) return kal__input_corrupt(&d->in, "the header has too many lines");
        st = read_line(&d->in, line);
        if (!st) st = read_variable(d, line);
    }
    if (!st) st = read_line(&d->in, line);
    return st ? st : read_size(d, line, limits);
}

// A decoder that has read the header, without room for a row.
static kal_status start(kal__reader *r, const kal_limits *limits, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: hdr: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "hdr";
    d->in.err = err;
    for (int c = 0; c < 3; c++) d->divide[c] = 1;
    const kal_status st = read_head(d, limits);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static kal_status hdr_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    const kal_status st = start(r, &ask->limits, out, err);
    if (st || kal__grow(out, decoder_size(&(*out)->extent), 1)) return st;
    free(*out);
    *out = NULL;
    return kal_fail(err, KAL_NOMEM, "%s: hdr: out of memory", r->name);
}

static kal_status hdr_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    const kal_status st = start(r, &ask->limits, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = 1;
    h->memory = decoder_size(&d->extent);
    meta->orientation = d->orientation;
    free(d);
    return KAL_OK;
}

// ---- reading: rows ------------------------------------------------------------------------------

// One of the four parts of a row: a count above 128 and what is repeated, or a count and as many bytes.
static kal_status read_part(kal__input *in, unsigned char *to, size_t n)
{
    while (n) {
        int count = 0, v = 0;
        kal_status st = kal__input_next(in, &count);
        if (st) return st;
        const bool run = count > 128;
        const size_t step = (size_t)(run ? count - 128 : count);
        if (!step || step > n) return kal__input_corrupt(in, "a run does not fit into its row");
        st = run ? kal__input_next(in, &v) : kal__input_take(in, to, step);
        if (st) return st;
        if (run) memset(to, v, step);
        to += step;
        n -= step;
    }
    return KAL_OK;
}

// Pixels as they are, and 1 1 1 N for N times the last; of several such in a row each counts 256 times as much.
static kal_status read_old(kal__input *in, unsigned char *to, size_t n, const unsigned char first[4])
{
    unsigned char p[4];
    int shift = 0;
    memcpy(p, first, 4);
    for (size_t i = 0;;) {
        if (p[0] == 1 && p[1] == 1 && p[2] == 1) {
            const uint64_t count = shift < 32 ? (uint64_t)p[3] << shift : UINT64_MAX;
            if (!i || count > n - i) return kal__input_corrupt(in, "a run does not fit into its row");
            for (uint64_t k = 0; k < count; k++, i++) memcpy(to + 4 * i, to + 4 * i - 4, 4);
            shift += 8;
        } else {
            memcpy(to + 4 * i++, p, 4);
            shift = 0;
        }
        if (i == n) return KAL_OK;
        const kal_status st = kal__input_take(in, p, 4);
        if (st) return st;
    }
}

// Bits of a double: 2^n.
static double power(int n)
{
    const uint64_t bits = (uint64_t)(1023 + n) << 52;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

// `apart` is how far one sample of a pixel lies from the next.
static void to_floats(const kal__decoder *d, float *dst, const unsigned char *p, size_t apart, size_t next)
{
    for (int32_t x = 0; x < d->extent.width; x++, p += next, dst += 3) {
        const int e = p[3 * apart];
        const double unit = e ? power(e - 136) : 0;
        for (size_t c = 0; c < 3; c++) {
            const double v = p[c * apart] * unit;   // exact in a float too
            dst[c] = (float)(d->divides ? v / d->divide[c] : v);
        }
    }
}

static kal_status read_row(kal__decoder *d, float *dst)
{
    const size_t n = (size_t)d->extent.width;
    unsigned char first[4];
    kal_status st = kal__input_take(&d->in, first, 4);
    if (st) return st;
    if (n < LEAST_RUNS || n > MOST_RUNS || first[0] != 2 || first[1] != 2 || first[2] > 127) {
        st = read_old(&d->in, d->row, n, first);
        if (!st) to_floats(d, dst, d->row, 1, 4);
        return st;
    }
    if ((size_t)(first[2] << 8 | first[3]) != n)
        return kal__input_corrupt(&d->in, "a row has another length than the picture's width");
    for (size_t part = 0; part < 4 && !st; part++) st = read_part(&d->in, d->row + part * n, n);
    if (!st) to_floats(d, dst, d->row, n, 1);
    return st;
}

static kal_status hdr_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.err = err;
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, d->left);
    for (int32_t y = 0; y < n && !st; y++, d->left--) st = read_row(d, (float *)(void *)(dst + y * stride));
    return st;
}

static kal_status hdr_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // what follows the picture is nobody's
    free(d);
    return KAL_OK;
}

// ---- writing ------------------------------------------------------------------------------------

struct kal__encoder {
    kal__writer *writer;
    size_t width;
    bool runs;
    unsigned char *out;    // a packed row
    unsigned char row[];   // the four parts
};

typedef struct hdr_p {
    size_t size;
} hdr_p;

// The parts, and a byte more for at most every 128.
static size_t encoder_size(const kal_extent *x)
{
    const size_t row = (size_t)x->width * 4;
    return sizeof(kal__encoder) + row + 4 + row + row / 128 + 4;
}

static kal_status hdr_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    (void)params;
    if (x->type != KAL_F32)
        return kal_fail(err, KAL_INVALID, "hdr holds f32 samples; use cast type=f32 before saving");
    if (x->alpha) return kal_fail(err, KAL_INVALID, "hdr has no alpha; use flatten before saving");
    if (x->model != KAL_RGB || x->channels != 3)
        return kal_fail(err, KAL_INVALID, "hdr holds RGB; use to_rgb before saving");
    *memory = encoder_size(x);
    return KAL_OK;
}

static kal_status hdr_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                            kal__encoder **out, kal_error *err)
{
    (void)params, (void)meta;   // there is no place for it
    kal__encoder *e = *out = kal__new(encoder_size(x), 1);
    if (!e) return kal_fail(err, KAL_NOMEM, "hdr: out of memory");
    e->writer = w;
    e->width = (size_t)x->width;
    e->runs = x->width >= LEAST_RUNS && x->width <= MOST_RUNS;
    e->out = e->row + e->width * 4;
    char head[100];
    const int n = snprintf(head, sizeof head, "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n",
                           x->height, x->width);
    const kal_status st = w->write(w, head, (size_t)n, err);
    if (!st) return KAL_OK;
    free(e);
    *out = NULL;
    return st;
}

// The largest sample has a mantissa of 128 to 255, rounded. What is below 0 or no number becomes 0; what is too large, the largest there is.
static void to_rgbe(const float *v, unsigned char out[4])
{
    float most = 0;
    for (int c = 0; c < 3; c++)
        if (v[c] > most) most = v[c];
    memset(out, 0, 4);
    if (!(most >= 0x1p-128f)) return;   // mantissa 128, exponent 1
    const double wide = most;
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    int e = (int)(bits >> 52) - 1022;   // most = f·2^e, f in 0.5 … 1
    if (wide * power(8 - e) >= 255.5) e++;
    if (e > 127) e = 127;
    const double unit = power(8 - e);
    for (int c = 0; c < 3; c++) {
        const double m = v[c] * unit + 0.5;
        out[c] = m >= 255 ? 255 : m > 0 ? (unsigned char)m : 0;
    }
    out[3] = (unsigned char)(e + 128);
}

static size_t run_at(const unsigned char *p, size_t n)
{
    size_t i = 1;
    while (i < n && i < 127 && p[i] == p[0]) i++;
    return i;
}

// Runs of four and more are repeated; what lies between is as it is.
static unsigned char *put_part(unsigned char *out, const unsigned char *p, size_t n)
{
    while (n) {
        size_t plain = 0, run = 0;
        while (plain < n && plain < 128 && (run = run_at(p + plain, n - plain)) < 4) plain++;
        if (plain) {
            *out++ = (unsigned char)plain;
            memcpy(out, p, plain);
            out += plain, p += plain, n -= plain;
        }
        if (n && run >= 4) {
            *out++ = (unsigned char)(128 + run);
            *out++ = *p;
            p += run, n -= run;
        }
    }
    return out;
}

static unsigned char *put_row(kal__encoder *e, const float *src)
{
    unsigned char *out = e->out;
    for (size_t x = 0; x < e->width; x++) {
        unsigned char p[4];
        to_rgbe(src + 3 * x, p);
        for (size_t c = 0; c < 4; c++) e->row[e->runs ? c * e->width + x : 4 * x + c] = p[c];
    }
    if (!e->runs) {
        memcpy(out, e->row, e->width * 4);
        return out + e->width * 4;
    }
    const unsigned char head[4] = {2, 2, (unsigned char)(e->width >> 8), (unsigned char)e->width};
    memcpy(out, head, 4);
    out += 4;
    for (size_t part = 0; part < 4; part++) out = put_part(out, e->row + part * e->width, e->width);
    return out;
}

static kal_status hdr_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                          kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++) {
        const unsigned char *end = put_row(e, (const float *)(const void *)(src + y * stride));
        st = e->writer->write(e->writer, e->out, (size_t)(end - e->out), err);
    }
    return st;
}

static kal_status hdr_end(kal__encoder *e, kal_error *err)
{
    (void)err;   // nothing ends the file
    free(e);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool hdr_sniff(const unsigned char *p, size_t n)
{
    return (n >= 10 && !memcmp(p, "#?RADIANCE", 10)) || (n >= 6 && !memcmp(p, "#?RGBE", 6));
}

static const char *hdr_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_hdr = {
    .name = "hdr",
    .suffixes = "hdr|rgbe|pic",
    .media_type = "image/vnd.radiance",
    .help = "Radiance RGBE: RGB floats with a common exponent",
    .version = hdr_version,
    .sniff = hdr_sniff,
    .header = hdr_header,
    .streams = true,
    .open = hdr_open,
    .rows = hdr_rows,
    .close = hdr_close,
    .params_size = sizeof(hdr_p),
    .edition = "1",
    .accepts = hdr_accepts,
    .begin = hdr_begin,
    .put = hdr_put,
    .end = hdr_end,
};
