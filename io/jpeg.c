// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading JPEG through libjpeg-turbo, by rows; writing: jpeg_write.c. Every call into the library re-arms its own setjmp; no pointer of a
// dead frame survives. CMYK and YCCK become RGB by R = C·K/255 (Adobe's inverted sense, which is what files
// hold; plain CMYK is inverted first), rounded.
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

#define PART_RUNS 8   // of a part at least: it decodes two more for the sake of its edges

struct kal__decoder {
    kal__jpeg_in in;
    unsigned char *cmyk;   // one row, when colours have to be made
    bool adobe, started, lenient;
    int32_t good;   // rows of a picture that broke off
    int32_t by;     // what was aimed at
    kal_rect part;
    struct kal__jpeg_index *index;
};

static kal_status decoder_new(kal__reader *r, const kal_limits *limits, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", r->name);
    d->by = 1;
    return kal__jpeg_in_init(&d->in, r, limits, err);
}

static void decoder_free(kal__decoder *d)
{
    if (!d) return;
    kal__jpeg_in_free(&d->in);
    kal__jpeg_index_free(d->index);
    free(d->cmyk);
    free(d);
}

static kal_status read_header(kal__decoder *d, kal__meta *meta)
{
    if (setjmp(d->in.fail.where)) return d->in.fail.status;
    if (meta) {
        jpeg_save_markers(&d->in.jpeg, JPEG_APP0 + 1, 0xffff);
        jpeg_save_markers(&d->in.jpeg, JPEG_APP0 + 2, 0xffff);
        jpeg_save_markers(&d->in.jpeg, JPEG_APP0 + 13, 0xffff);
    }
    jpeg_read_header(&d->in.jpeg, TRUE);
    const J_COLOR_SPACE from = d->in.jpeg.jpeg_color_space;
    const bool cmyk = from == JCS_CMYK || from == JCS_YCCK;
    d->in.jpeg.out_color_space = from == JCS_GRAYSCALE ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    d->adobe = d->in.jpeg.saw_Adobe_marker;
    jpeg_calc_output_dimensions(&d->in.jpeg);
    if (meta && !kal__jpeg_take_meta(&d->in.jpeg, &d->in.limits, meta)) {
        d->in.fail.status =
            kal_fail(d->in.fail.err, KAL_NOMEM, "%s: jpeg: out of memory", d->in.reader->name);
        return KAL_NOMEM;
    }
    return kal__within_limits(d->in.reader->name, "jpeg", d->in.jpeg.image_width, d->in.jpeg.image_height,
                              &d->in.limits, d->in.fail.err);
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
    const size_t scan = (size_t)d->in.reader->position - d->in.src.bytes_in_buffer;
    return d->cmyk || d->in.jpeg.out_color_space == JCS_CMYK
               ? 0
               : kal__jpeg_index_new(&d->in.jpeg, d->in.reader, scan, &d->index);
}

static kal_status jpeg_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__decoder *d;
    kal_status st = decoder_new(r, &ask->limits, &d, err);
    if (!st) st = read_header(d, meta);
    if (!st) {
        const bool gray = d->in.jpeg.out_color_space == JCS_GRAYSCALE;
        h->extent = (kal_extent){(int32_t)d->in.jpeg.image_width,
                                 (int32_t)d->in.jpeg.image_height,
                                 gray ? 1 : 3,
                                 KAL_U8,
                                 gray ? KAL_GRAY : KAL_RGB,
                                 false};
        h->rows = d->in.jpeg.max_v_samp_factor * DCTSIZE;
        h->shrinks = 2 | 4 | 8;
        h->columns = can_be_cut(&d->in.jpeg) ? d->in.jpeg.max_h_samp_factor * DCTSIZE : 0;
        h->memory = decoder_memory(&d->in.jpeg);
        const int32_t rows = find_parts(d);
        h->part_rows = rows > 0 ? PART_RUNS * rows : 0;   // without memory in one go
        h->part_unseen = !rows && !r->memory && d->in.jpeg.restart_interval;
        h->memory += kal__jpeg_index_memory(d->index);
        kal__jpeg_tell_cell(&d->in.jpeg, h);
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

// Where chroma has fewer rows, the last row of an iMCU is made with what stands in the next.
static int32_t good_rows(const kal__jpeg_in *in)
{
    const struct jpeg_decompress_struct *j = &in->jpeg;
    if (in->whole == (int32_t)j->total_iMCU_rows) return (int32_t)j->output_height;
    return in->whole * j->max_v_samp_factor * (int32_t)j->scale_num - (j->max_v_samp_factor > 1);
}

// The library collects all scans of a file that has several.
static kal_status start(kal__decoder *d)
{
    if (setjmp(d->in.fail.where)) return d->in.fail.status;
    d->in.lenient = d->lenient && jpeg_has_multiple_scans(&d->in.jpeg);
    kal__jpeg_start(&d->in.jpeg, d->by);
    d->in.lenient = false;
    d->good = good_rows(&d->in);
    d->started = true;
    return kal_rect_empty(d->part) ? KAL_OK
                                   : kal__jpeg_cut(&d->in.jpeg, d->part, d->in.reader->name, d->in.fail.err);
}

// The first row starts the library, or the first part finds the restart intervals.
static kal_status jpeg_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    d->by = by;
    d->part = part;
    const int32_t rows = parts ? find_parts(d) : 1;
    if (rows > 0) return KAL_OK;
    if (rows < 0) return kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", d->in.reader->name);
    return changed(d->in.reader->name, err);   // the header had them
}

static kal_status jpeg_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                            kal_error *err)
{
    return kal__jpeg_index_rows(d->index, d->by, part, dst, stride, err);
}

static kal_status jpeg_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal_status st = decoder_new(r, &ask->limits, out, err);
    if (!st) (*out)->lenient = ask->lenient;
    if (!st) st = read_header(*out, NULL);
    if (!st && (*out)->in.jpeg.out_color_space == JCS_CMYK) {
        (*out)->cmyk = kal__new((*out)->in.jpeg.image_width, 4);
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
    for (JDIMENSION x = 0; x < d->in.jpeg.output_width; x++) {
        const unsigned char *s = d->cmyk + 4 * x;
        const unsigned k = s[3] ^ flip;
        for (int c = 0; c < 3; c++)
            dst[3 * x + (JDIMENSION)c] = (unsigned char)(((s[c] ^ flip) * k + 127) / 255);
    }
}

static kal_status jpeg_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.fail.err = err;
    const kal_status st = d->started ? KAL_OK : start(d);
    if (st) return st;
    const size_t row = (size_t)d->in.jpeg.output_width * (size_t)(d->cmyk ? 3 : d->in.jpeg.output_components);
    if (stride < (ptrdiff_t)row || (uint32_t)n > d->in.jpeg.output_height - d->in.jpeg.output_scanline)
        return changed(d->in.reader->name, err);
    const kal_error *broken = &d->in.broken;
    if (broken->status && n > d->good - (int32_t)d->in.jpeg.output_scanline)
        return kal_fail(err, broken->status, "%s", broken->message);
    if (setjmp(d->in.fail.where)) return d->in.fail.status;
    int32_t y = 0;
    while (y < n) {
        JSAMPROW rows[16];
        JDIMENSION want = 0;
        if (d->cmyk)
            rows[want++] = d->cmyk;
        else
            for (; want < 16 && y + (int32_t)want < n; want++)
                rows[want] = dst + (y + (int32_t)want) * stride;
        const JDIMENSION got = jpeg_read_scanlines(&d->in.jpeg, rows, want);
        if (d->cmyk && got) cmyk_to_rgb(d, dst + y * stride);
        y += (int32_t)got;
    }
    return KAL_OK;
}

static kal_status finish(kal__decoder *d)
{
    if (setjmp(d->in.fail.where)) return d->in.fail.status;
    jpeg_finish_decompress(&d->in.jpeg);
    return KAL_OK;
}

static kal_status jpeg_close(kal__decoder *d, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err && d->started) {   // in parts everything was looked at beforehand
        d->in.fail.err = err;
        st = finish(d);
        if (!st && d->in.broken.status) st = kal__repeat(&d->in.broken, err);
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
    .media_type = "image/jpeg",
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
    .n_later = 1,
    .accepts = kal__jpeg_accepts,
    .most = {[KAL__EXIF] = 65527, [KAL__XMP] = 65504, [KAL__IPTC] = 65504},   // of one segment
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC | 1u << KAL__IPTC | KAL__OWN_DENSITY,
    .begin = kal__jpeg_begin,
    .put = kal__jpeg_put,
    .pieces = kal__jpeg_pieces,
    .pack = kal__jpeg_pack,
    .join = kal__jpeg_join,
    .keeps = kal__jpeg_keeps,
    .retouch = kal__jpeg_retouch,
    .compare = kal__jpeg_compare,
    .end = kal__jpeg_end,
};
