// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading JPEG through libjpeg-turbo, by rows; writing: jpeg_write.c. Every call into the library re-arms its own setjmp; no pointer of a
// dead frame survives. CMYK and YCCK become RGB by R = C·K/255 (Adobe's inverted sense, which is what files
// hold; plain CMYK is inverted first), rounded.
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

#define INPUT ((size_t)64 << 10)
#define PART_RUNS 8   // of a part at least: it decodes two more for the sake of its edges

// What is not damage: kinds of JPEG that the library cannot do.
static kal_status status_of(int code)
{
    static const int unsupported[] = {
        JERR_BAD_PRECISION,   JERR_SOF_UNSUPPORTED,      JERR_ARITH_NOTIMPL, JERR_CONVERSION_NOTIMPL,
        JERR_CCIR601_NOTIMPL, JERR_FRACT_SAMPLE_NOTIMPL, JERR_NOTIMPL};
    if (code == JERR_OUT_OF_MEMORY) return KAL_NOMEM;
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (code == unsupported[i]) return KAL_UNSUPPORTED;
    return KAL_CORRUPT;
}

static void on_error(j_common_ptr c)
{
    kal__jpeg_fail *f = (kal__jpeg_fail *)c->err;
    char text[JMSG_LENGTH_MAX];
    f->mgr.format_message(c, text);
    if (!f->status) {
        const uint64_t at = f->offset ? *f->offset - (f->src ? f->src->bytes_in_buffer : 0) : 0;
        f->status = status_of(c->err->msg_code);
        if (f->offset)
            kal_fail(f->err, f->status, "%s: jpeg: near byte %llu: %s", f->name, (unsigned long long)at,
                     text);
        else
            kal_fail(f->err, f->status, "jpeg: %s", text);
    }
    longjmp(f->where, 1);
}

// Warnings of the library are damage in the data: an error, except those that cost no pixel.
static void on_message(j_common_ptr c, int level)
{
    if (level >= 0) return;
    c->err->num_warnings++;
    const int code = c->err->msg_code;
    if (code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
        code == JWRN_BOGUS_ICC)
        return;
    on_error(c);
}

static void silent(j_common_ptr c)
{
    (void)c;
}

void kal__jpeg_fail_init(kal__jpeg_fail *f, kal_error *err, const char *name)
{
    memset(f, 0, sizeof *f);
    jpeg_std_error(&f->mgr);
    f->mgr.error_exit = on_error;
    f->mgr.emit_message = on_message;
    f->mgr.output_message = silent;
    f->err = err;
    f->name = name;
}

// ---- reading ------------------------------------------------------------------------------------

struct kal__decoder {
    struct jpeg_decompress_struct jpeg;
    kal__jpeg_fail fail;
    struct jpeg_source_mgr src;
    kal__reader *reader;
    kal_limits limits;
    uint32_t scans;
    struct jpeg_progress_mgr progress;
    unsigned char *cmyk;   // one row, when colours have to be made
    bool adobe, started;
    int32_t by;   // what was aimed at
    kal_rect part;
    struct kal__jpeg_index *index;
    JOCTET input[INPUT];
};

static void src_nothing(j_decompress_ptr c)
{
    (void)c;
}

static boolean src_fill(j_decompress_ptr c)
{
    kal__decoder *d = c->client_data;
    kal_error *err = d->fail.err;
    if (d->reader->memory) {   // all at once
        if (d->reader->position < d->reader->size) {
            d->src.next_input_byte = d->reader->memory + d->reader->position;
            d->src.bytes_in_buffer = d->reader->size - (size_t)d->reader->position;
            d->reader->position = d->reader->size;
            return TRUE;
        }
    } else {
        const ptrdiff_t n = d->reader->read(d->reader, d->input, INPUT, err);
        if (n > 0) {
            d->src.next_input_byte = d->input;
            d->src.bytes_in_buffer = (size_t)n;
            return TRUE;
        }
        if (n < 0) d->fail.status = KAL_IO;
    }
    if (!d->fail.status) {
        d->fail.status = KAL_CORRUPT;
        kal_fail(err, KAL_CORRUPT, "%s: jpeg: the file ends at byte %llu, before the picture does",
                 d->reader->name, (unsigned long long)d->reader->position);
    }
    longjmp(d->fail.where, 1);
}

static void src_skip(j_decompress_ptr c, long n)
{
    kal__decoder *d = c->client_data;
    while (n > 0) {
        if (!d->src.bytes_in_buffer) src_fill(c);
        const size_t step = (size_t)n < d->src.bytes_in_buffer ? (size_t)n : d->src.bytes_in_buffer;
        d->src.next_input_byte += step;
        d->src.bytes_in_buffer -= step;
        n -= (long)step;
    }
}

static void count_scans(j_common_ptr c)
{
    kal__decoder *d = c->client_data;
    const int scan = ((j_decompress_ptr)c)->input_scan_number;
    if (scan <= 0 || (uint32_t)scan <= d->limits.scans || d->fail.status) return;
    d->fail.status = KAL_LIMIT;
    kal__over_limit(d->fail.err, "scans=N", "%s: jpeg: more than the limit of %u scans", d->reader->name,
                    d->limits.scans);
    longjmp(d->fail.where, 1);
}

static kal_status decoder_new(kal__reader *r, const kal_limits *limits, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", r->name);
    d->reader = r;
    d->by = 1;
    d->limits = *limits;
    kal__jpeg_fail_init(&d->fail, err, r->name);
    d->fail.offset = &r->position;
    d->fail.src = &d->src;
    d->jpeg.err = &d->fail.mgr;
    if (setjmp(d->fail.where)) return d->fail.status;
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.client_data = d;
    d->src = (struct jpeg_source_mgr){.init_source = src_nothing,
                                      .fill_input_buffer = src_fill,
                                      .skip_input_data = src_skip,
                                      .resync_to_restart = jpeg_resync_to_restart,
                                      .term_source = src_nothing};
    d->jpeg.src = &d->src;
    d->progress.progress_monitor = count_scans;
    d->jpeg.progress = &d->progress;
    return KAL_OK;
}

static void decoder_free(kal__decoder *d)
{
    if (!d) return;
    if (d->jpeg.mem) jpeg_destroy_decompress(&d->jpeg);
    kal__jpeg_index_free(d->index);
    free(d->cmyk);
    free(d);
}

static kal_status read_header(kal__decoder *d, kal__meta *meta)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    if (meta) {
        jpeg_save_markers(&d->jpeg, JPEG_APP0 + 1, 0xffff);
        jpeg_save_markers(&d->jpeg, JPEG_APP0 + 2, 0xffff);
        jpeg_save_markers(&d->jpeg, JPEG_APP0 + 13, 0xffff);
    }
    jpeg_read_header(&d->jpeg, TRUE);
    const J_COLOR_SPACE from = d->jpeg.jpeg_color_space;
    const bool cmyk = from == JCS_CMYK || from == JCS_YCCK;
    d->jpeg.out_color_space = from == JCS_GRAYSCALE ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    d->adobe = d->jpeg.saw_Adobe_marker;
    jpeg_calc_output_dimensions(&d->jpeg);
    if (meta && !kal__jpeg_take_meta(&d->jpeg, &d->limits, meta)) {
        d->fail.status = kal_fail(d->fail.err, KAL_NOMEM, "%s: jpeg: out of memory", d->reader->name);
        return KAL_NOMEM;
    }
    return kal__within_limits(d->reader->name, "jpeg", d->jpeg.image_width, d->jpeg.image_height, &d->limits,
                              d->fail.err);
}

static size_t scaled(JDIMENSION n, int factor, int max)
{
    return (size_t)n * (size_t)factor / (size_t)max + 16;
}

// An iMCU row of samples and one more of context above and below, and the rows they become at full size; a progressive file's coefficients lie in memory whole. The library's own pages are
// measured; an encoder beside it finds them there.
static size_t decoder_memory(const struct jpeg_decompress_struct *j)
{
    size_t bytes = sizeof(kal__decoder) + (64 + 160) * 1024;
    for (int i = 0; i < j->num_components; i++) {
        const jpeg_component_info *c = &j->comp_info[i];
        const size_t wide = scaled(j->image_width, c->h_samp_factor, j->max_h_samp_factor);
        const size_t high = scaled(j->image_height, c->v_samp_factor, j->max_v_samp_factor);
        bytes += wide * (size_t)c->v_samp_factor * (DCTSIZE + 2) +
                 (size_t)j->image_width * (size_t)j->max_v_samp_factor;
        if (jpeg_has_multiple_scans((j_decompress_ptr)(uintptr_t)j)) bytes += wide * high * sizeof(JCOEF);
    }
    return bytes + (size_t)j->image_width * 3 * 4;
}

// The library cuts wrongly, when it decodes smaller, where chroma has another scale across than down beyond these samplings.
static bool can_be_cut(const struct jpeg_decompress_struct *j)
{
    for (int i = 1; i < j->num_components; i++)
        if (j->comp_info[i].h_samp_factor != 1 || j->comp_info[i].v_samp_factor != 1) return false;
    return j->max_h_samp_factor <= 2 && j->max_v_samp_factor <= 2;
}

// Rows of the smallest part that can be decoded by itself; 0 when there is none, -1 out of memory.
static int32_t find_parts(kal__decoder *d)
{
    const size_t scan = (size_t)d->reader->position - d->src.bytes_in_buffer;
    return d->cmyk || d->jpeg.out_color_space == JCS_CMYK
               ? 0
               : kal__jpeg_index_new(&d->jpeg, d->reader, scan, &d->index);
}

static kal_status jpeg_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__decoder *d;
    kal_status st = decoder_new(r, &ask->limits, &d, err);
    if (!st) st = read_header(d, meta);
    if (!st) {
        const bool gray = d->jpeg.out_color_space == JCS_GRAYSCALE;
        h->extent = (kal_extent){(int32_t)d->jpeg.image_width,
                                 (int32_t)d->jpeg.image_height,
                                 gray ? 1 : 3,
                                 KAL_U8,
                                 gray ? KAL_GRAY : KAL_RGB,
                                 false};
        h->rows = d->jpeg.max_v_samp_factor * DCTSIZE;
        h->shrinks = 2 | 4 | 8;
        h->columns = can_be_cut(&d->jpeg) ? d->jpeg.max_h_samp_factor * DCTSIZE : 0;
        h->memory = decoder_memory(&d->jpeg);
        const int32_t rows = find_parts(d);
        h->part_rows = rows > 0 ? PART_RUNS * rows : 0;   // without memory in one go
        h->part_unseen = !rows && !r->memory && d->jpeg.restart_interval;
        h->memory += kal__jpeg_index_memory(d->index);
    }
    decoder_free(d);
    return st;
}

// A smaller picture comes from fewer frequencies of each block: ceil(side / by).
static void jpeg_shrink(kal__header *h, int32_t by)
{
    h->extent.width = (h->extent.width + by - 1) / by;
    h->extent.height = (h->extent.height + by - 1) / by;
    h->rows /= by;
    h->columns /= by;
    h->part_rows /= by;
}

// Whole MCUs, and one more on the sides that are cut: chroma is interpolated across their borders, and what the library makes of a cut
// edge is not what stands there in the whole picture.
static kal_rect jpeg_reach(const kal__header *h, kal_rect want)
{
    const int32_t w = h->columns, x1 = w ? (want.x1 + w - 1) / w * w + w : h->extent.width;
    const int32_t x0 = w ? want.x0 / w * w - w : 0;
    return kal_rect_of(x0 < 0 ? 0 : x0, want.y0, x1 < h->extent.width ? x1 : h->extent.width, want.y1);
}

void kal__jpeg_start(struct jpeg_decompress_struct *j, int32_t by)
{
    j->dct_method = JDCT_ISLOW;
    j->do_fancy_upsampling = TRUE;
    j->scale_num = (unsigned)(DCTSIZE / by);
    j->scale_denom = DCTSIZE;
    jpeg_start_decompress(j);
}

// A large file may have become another one since its header was read; its rows must still fit.
static kal_status changed(const char *name, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: jpeg: the picture has another size than its header had", name);
}

// Rows of MCUs are passed over but for one, for the sake of the rows below it, which is decoded and dropped.
static void skip_rows(struct jpeg_decompress_struct *j, int32_t n)
{
    const int32_t unit = j->max_v_samp_factor * (int32_t)j->scale_num;
    const int32_t passed = can_be_cut(j) && n >= 2 * unit ? (n / unit - 1) * unit : 0;
    if (passed) jpeg_skip_scanlines(j, (JDIMENSION)passed);
    const JDIMENSION samples = j->output_width * (JDIMENSION)j->output_components;
    JSAMPARRAY row = n > passed ? j->mem->alloc_sarray((j_common_ptr)j, JPOOL_IMAGE, samples, 1) : NULL;
    while (j->output_scanline < (JDIMENSION)n) jpeg_read_scanlines(j, row, 1);
}

kal_status kal__jpeg_cut(struct jpeg_decompress_struct *j, kal_rect part, const char *name, kal_error *err)
{
    if ((JDIMENSION)part.x1 > j->output_width || (JDIMENSION)part.y1 > j->output_height)
        return changed(name, err);
    JDIMENSION x = (JDIMENSION)part.x0, w = (JDIMENSION)(part.x1 - part.x0);
    if (w < j->output_width) {
        jpeg_crop_scanline(j, &x, &w);
        if (x != (JDIMENSION)part.x0 || w != (JDIMENSION)(part.x1 - part.x0))
            return kal_fail(err, KAL_INTERNAL, "%s: jpeg: columns %d..%d became %u..%u", name, part.x0,
                            part.x1, x, x + w);
    }
    skip_rows(j, part.y0);
    return KAL_OK;
}

static kal_status start(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    kal__jpeg_start(&d->jpeg, d->by);
    d->started = true;
    return kal_rect_empty(d->part) ? KAL_OK : kal__jpeg_cut(&d->jpeg, d->part, d->reader->name, d->fail.err);
}

// The first row starts the library, or the first part finds the restart intervals.
static kal_status jpeg_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    d->by = by;
    d->part = part;
    const int32_t rows = parts ? find_parts(d) : 1;
    if (rows > 0) return KAL_OK;
    if (rows < 0) return kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", d->reader->name);
    return changed(d->reader->name, err);   // the header had them
}

static kal_status jpeg_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                            kal_error *err)
{
    return kal__jpeg_index_rows(d->index, d->by, part, dst, stride, err);
}

static kal_status jpeg_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal_status st = decoder_new(r, &ask->limits, out, err);
    if (!st) st = read_header(*out, NULL);
    if (!st && (*out)->jpeg.out_color_space == JCS_CMYK) {
        (*out)->cmyk = kal__new((*out)->jpeg.image_width, 4);
        if (!(*out)->cmyk) st = kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", r->name);
    }
    if (st) {
        decoder_free(*out);
        *out = NULL;
    }
    return st;
}

static void cmyk_to_rgb(const kal__decoder *d, unsigned char *dst)
{
    const unsigned char flip = d->adobe ? 0 : 255;
    for (JDIMENSION x = 0; x < d->jpeg.output_width; x++) {
        const unsigned char *s = d->cmyk + 4 * x;
        const unsigned k = s[3] ^ flip;
        for (int c = 0; c < 3; c++)
            dst[3 * x + (JDIMENSION)c] = (unsigned char)(((s[c] ^ flip) * k + 127) / 255);
    }
}

static kal_status jpeg_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->fail.err = err;
    const kal_status st = d->started ? KAL_OK : start(d);
    if (st) return st;
    const size_t row = (size_t)d->jpeg.output_width * (size_t)(d->cmyk ? 3 : d->jpeg.output_components);
    if (stride < (ptrdiff_t)row || (uint32_t)n > d->jpeg.output_height - d->jpeg.output_scanline)
        return changed(d->reader->name, err);
    if (setjmp(d->fail.where)) return d->fail.status;
    int32_t y = 0;
    while (y < n) {
        JSAMPROW rows[16];
        JDIMENSION want = 0;
        if (d->cmyk)
            rows[want++] = d->cmyk;
        else
            for (; want < 16 && y + (int32_t)want < n; want++)
                rows[want] = dst + (y + (int32_t)want) * stride;
        const JDIMENSION got = jpeg_read_scanlines(&d->jpeg, rows, want);
        if (d->cmyk && got) cmyk_to_rgb(d, dst + y * stride);
        y += (int32_t)got;
    }
    return KAL_OK;
}

static kal_status finish(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    jpeg_finish_decompress(&d->jpeg);
    return KAL_OK;
}

static kal_status jpeg_close(kal__decoder *d, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err && d->started) {   // in parts everything was looked at beforehand
        d->fail.err = err;
        st = finish(d);
    }
    decoder_free(d);
    return st;
}

static bool jpeg_sniff(const unsigned char *head, size_t n)
{
    return n >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static const char *jpeg_version(void)
{
#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION) " api " TEXT(JPEG_LIB_VERSION);
#else
    return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}

#define PARAMS kal__jpeg_p
static const kal_param params[] = {KAL__JPEG_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_jpeg = {
    .name = "jpeg",
    .suffixes = "jpg|jpeg|jpe|jfif",
    .help = "JPEG: 8-bit gray and colour, lossy",
    .edition = "restart rows",
    .version = jpeg_version,
    .sniff = jpeg_sniff,
    .header = jpeg_header,
    .streams = true,
    .open = jpeg_open,
    .rows = jpeg_rows,
    .shrink = jpeg_shrink,
    .reach = jpeg_reach,
    .aim = jpeg_aim,
    .part = jpeg_part,
    .close = jpeg_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__jpeg_p),
    .accepts = kal__jpeg_accepts,
    .begin = kal__jpeg_begin,
    .put = kal__jpeg_put,
    .pieces = kal__jpeg_pieces,
    .pack = kal__jpeg_pack,
    .join = kal__jpeg_join,
    .end = kal__jpeg_end,
};
