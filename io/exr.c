// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading OpenEXR by the C library that comes with it, OpenEXRCore: scanlines and tiles, every compression it knows, R, G and B or Y alone, with or
// without A, of half, float and uint, as f32. The picture is the data window, at the first of its sizes; parts of a file are pages. What was
// multiplied by alpha is divided again; where alpha is 0 it stays, for there it is light. Numbers are linear in the file and here.
#include "exr.h"
#include "exr_lib.h"

#include "bytes.h"
#include "missing.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static bool exr_sniff(const unsigned char *p, size_t n)
{
    return n >= 8 && !memcmp(p, "\x76\x2f\x31\x01", 4);
}

#if KAL__EXR

#define exr_version kal__exr_version
#define MOST_CHUNK ((uint64_t)1 << 30)   // bytes of samples that are decoded at once

// ---- the header ---------------------------------------------------------------------------------

struct kal__decoder {
    kal__reader *reader;
    kal__exr_session own;   // of rows that come in order
    int part, parts;
    kal_extent extent;
    int32_t x0, y0;             // of the data window
    int32_t block_w, block_h;   // of a tile; of the lines of a chunk
    bool tiled;
    const char *names[4];   // of the channels, in the order of ours
    uint64_t unpacked;      // bytes of a chunk
    double density[2];
    kal_rect aim;
    int32_t y;   // the next row
    unsigned char
        *strip;     // the pixels of the blocks that hold row `held`; their columns are those of whole blocks
    int32_t held;   // the first row of them; -1: none are
};

static const exr_attr_chlist_entry_t *channel(const exr_attr_chlist_t *list, const char *name)
{
    for (int i = 0; i < list->num_channels; i++)
        if (!strcmp(list->entries[i].name.str, name)) return &list->entries[i];
    return NULL;
}

// R, G and B before Y; then any that is alone. Others beside them are left out.
static kal_status choose_channels(kal__decoder *d, const exr_attr_chlist_t *list, kal_error *err)
{
    const bool rgb = channel(list, "R") && channel(list, "G") && channel(list, "B");
    const bool luma = channel(list, "Y") && !channel(list, "RY") && !channel(list, "BY");
    const bool alpha = channel(list, "A") && (rgb || luma);
    if (!rgb && !luma && list->num_channels != 1)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: exr: at byte 8: there are %d channels, and neither R, G and B nor Y among them",
                        d->reader->name, list->num_channels);
    static const char *const of_rgb[] = {"R", "G", "B", "A"}, *const of_luma[] = {"Y", "A"};
    const int n = (rgb ? 3 : 1) + alpha;
    for (int c = 0; c < n; c++) {
        d->names[c] = rgb ? of_rgb[c] : luma ? of_luma[c] : list->entries[0].name.str;
        const exr_attr_chlist_entry_t *e = channel(list, d->names[c]);
        if (e->x_sampling != 1 || e->y_sampling != 1)
            return kal_fail(err, KAL_UNSUPPORTED,
                            "%s: exr: at byte 8: channel %s has a lower resolution than the picture",
                            d->reader->name, d->names[c]);
    }
    d->extent.channels = n;
    d->extent.alpha = alpha;
    d->extent.model = rgb ? KAL_RGB : KAL_GRAY;
    d->extent.type = KAL_F32;
    return KAL_OK;
}

// What the library cannot, or does wrongly.
static kal_status check_compression(const kal__decoder *d, const exr_attr_chlist_t *list, kal_error *err)
{
    exr_compression_t kind;
    if (d->own.lib->exr_get_compression(d->own.file, d->part, &kind) != EXR_ERR_SUCCESS)
        return KAL_OK;   // it will say so
    const bool wrong =
        OPENEXR_VERSION_MINOR == 1 && (kind == EXR_COMPRESSION_B44 || kind == EXR_COMPRESSION_B44A);
    bool half = true;
    for (int i = 0; i < list->num_channels; i++) half &= list->entries[i].pixel_type == EXR_PIXEL_HALF;
    if (!wrong || half) return KAL_OK;
    return kal_fail(
        err, KAL_UNSUPPORTED,
        "%s: exr: at byte 8: channels that are not half, in B44, are decoded wrongly by OpenEXR 3.1",
        d->reader->name);
}

static kal_status choose_part(kal__decoder *d, int32_t page, kal_error *err)
{
    exr_storage_t storage;
    exr_result_t code = d->own.lib->exr_get_count(d->own.file, &d->parts);
    if (code == EXR_ERR_SUCCESS && page >= d->parts)
        return kal__no_page(d->reader->name, page, d->parts, err);
    d->part = page;
    if (code == EXR_ERR_SUCCESS) code = d->own.lib->exr_get_storage(d->own.file, d->part, &storage);
    if (code != EXR_ERR_SUCCESS) return kal__exr_failed(&d->own, code, err);
    if (storage != EXR_STORAGE_SCANLINE && storage != EXR_STORAGE_TILED)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: exr: at byte 4: the picture is a deep one, with several samples a pixel",
                        d->reader->name);
    d->tiled = storage == EXR_STORAGE_TILED;
    return KAL_OK;
}

static void read_density(kal__decoder *d)
{
    float each, ratio;
    if (d->own.lib->exr_attr_get_float(d->own.file, d->part, "xDensity", &each) != EXR_ERR_SUCCESS ||
        !(each > 0 && each < 1e9f))
        return;
    if (d->own.lib->exr_get_pixel_aspect_ratio(d->own.file, d->part, &ratio) != EXR_ERR_SUCCESS ||
        !(ratio > 1e-6f && ratio < 1e6f))
        ratio = 1;
    d->density[0] = each / 0.0254;
    d->density[1] = d->density[0] * ratio;
}

static kal_status read_head(kal__decoder *d, const kal__ask *ask, kal_error *err)
{
    exr_attr_box2i_t window;
    const exr_attr_chlist_t *list;
    kal_status st = choose_part(d, ask->page, err);
    if (st) return st;
    exr_context_t file = d->own.file;
    exr_result_t code = d->own.lib->exr_get_data_window(file, d->part, &window);
    if (code == EXR_ERR_SUCCESS) code = d->own.lib->exr_get_channels(file, d->part, &list);
    if (code == EXR_ERR_SUCCESS) code = d->own.lib->exr_get_chunk_unpacked_size(file, d->part, &d->unpacked);
    if (code == EXR_ERR_SUCCESS)
        code = d->tiled ? d->own.lib->exr_get_tile_sizes(file, d->part, 0, 0, &d->block_w, &d->block_h)
                        : d->own.lib->exr_get_scanlines_per_chunk(file, d->part, &d->block_h);
    if (code != EXR_ERR_SUCCESS) return kal__exr_failed(&d->own, code, err);
    const int64_t w = (int64_t)window.max.x - window.min.x + 1, h = (int64_t)window.max.y - window.min.y + 1;
    if (w < 1 || h < 1 || w > KAL_MAX_SIDE || h > KAL_MAX_SIDE || d->block_h < 1 ||
        (d->tiled && d->block_w < 1))
        return kal_fail(err, KAL_CORRUPT, "%s: exr: at byte 8: the picture is %lld×%lld; sides must be 1..%d",
                        d->reader->name, (long long)w, (long long)h, KAL_MAX_SIDE);
    const kal_status over =
        kal__within_limits(d->reader->name, "exr", (uint64_t)w, (uint64_t)h, &ask->limits, err);
    if (over) return over;
    if (d->unpacked > MOST_CHUNK)
        return kal_fail(err, KAL_LIMIT,
                        "%s: exr: %llu bytes of samples in a piece are more than the limit of %llu",
                        d->reader->name, (unsigned long long)d->unpacked, (unsigned long long)MOST_CHUNK);
    if (!d->tiled || d->block_w > w) d->block_w = (int32_t)w;
    if (d->block_h > h) d->block_h = (int32_t)h;
    d->extent.width = (int32_t)w, d->extent.height = (int32_t)h;
    d->x0 = window.min.x, d->y0 = window.min.y;
    d->aim = kal_rect_all(&d->extent);
    d->held = -1;
    read_density(d);
    st = check_compression(d, list, err);
    return st ? st : choose_channels(d, list, err);
}

static kal_status exr_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    kal__exr_end_session(&d->own);
    free(d->strip);
    free(d);
    return KAL_OK;
}

static kal_status exr_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    *out = NULL;
    if (!r->read_at)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: exr is read here and there, which a stream cannot be; use a file", r->name);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: exr: out of memory", r->name);
    d->reader = r;
    kal_status st = kal__exr_begin_session(&d->own, r, err);
    if (!st) st = read_head(d, ask, err);
    if (st)
        exr_close(d, NULL);
    else
        *out = d;
    return st;
}

// Packed, unpacked, and twice what it takes between them; the pixels of a row of blocks.
static size_t memory_of(const kal__decoder *d)
{
    return (size_t)d->unpacked * 4 +
           (size_t)d->extent.width * (size_t)d->block_h * kal_pixel_size(&d->extent) + ((size_t)1 << 20);
}

static kal_status exr_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    const kal_status st = exr_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = d->block_h;
    h->columns = d->block_w;
    h->part_rows = d->block_h;
    h->memory = sizeof *d + memory_of(d);
    meta->pages = d->parts;
    memcpy(meta->density, d->density, sizeof meta->density);
    return exr_close(d, NULL);
}

// ---- blocks -------------------------------------------------------------------------------------

// The samples of n pixels of a channel, as they lie in the file, to every `step`th float.
static void widen(const unsigned char *src, int kind, float *dst, int32_t n, int32_t step)
{
    for (int32_t i = 0; i < n; i++, dst += step) {
        if (kind == EXR_PIXEL_HALF) {
            *dst = kal__widen_half(kal__le16(src + 2 * i));
        } else {
            const uint32_t bits = kal__le32(src + 4 * (size_t)i);
            if (kind == EXR_PIXEL_UINT)
                *dst = (float)bits;
            else
                memcpy(dst, &bits, 4);
        }
    }
}

// Line by line, and in a line channel by channel. (The library's own way with four halves of a pixel, in 3.1, mixes them up.)
static kal_status take_samples(const kal__decoder *d, const kal__exr_session *s, unsigned char *dst,
                               size_t stride, kal_error *err)
{
    const exr_decode_pipeline_t *p = &s->pipeline;
    const unsigned char *src = p->unpacked_buffer ? p->unpacked_buffer : p->packed_buffer;
    uint64_t left = p->chunk.unpacked_size;
    if (src == p->packed_buffer && p->chunk.packed_size < left) left = p->chunk.packed_size;
    for (int32_t y = 0; y < p->chunk.height; y++, dst += stride)
        for (int16_t k = 0; k < p->channel_count; k++) {
            const exr_coding_channel_info_t *c = &p->channels[k];
            const uint64_t n = (uint64_t)c->width * (uint64_t)c->bytes_per_element;
            if (c->y_samples > 1 && (p->chunk.start_y + y) % c->y_samples) continue;
            if (!src || n > left)
                return kal_fail(err, KAL_CORRUPT,
                                "%s: exr: at byte %llu: a piece has fewer samples than it should",
                                d->reader->name, (unsigned long long)s->at);
            for (int32_t i = 0; i < d->extent.channels; i++)
                if (!strcmp(c->channel_name, d->names[i]))
                    widen(src, c->data_type, (float *)(void *)dst + i, c->width, d->extent.channels);
            src += n;
            left -= n;
        }
    return KAL_OK;
}

// The block that begins at column x and row y of the picture, to where its first pixel belongs.
static kal_status decode_block(const kal__decoder *d, kal__exr_session *s, int32_t x, int32_t y,
                               unsigned char *dst, size_t stride, kal_error *err)
{
    exr_chunk_info_t info;
    s->ended = false;   // what was read of the header may have been all there was
    exr_result_t code = d->tiled ? s->lib->exr_read_tile_chunk_info(s->file, d->part, x / d->block_w,
                                                                    y / d->block_h, 0, 0, &info)
                                 : s->lib->exr_read_scanline_chunk_info(s->file, d->part, d->y0 + y, &info);
    const bool first = !s->started;
    if (code == EXR_ERR_SUCCESS)
        code = first ? s->lib->exr_decoding_initialize(s->file, d->part, &info, &s->pipeline)
                     : s->lib->exr_decoding_update(s->file, d->part, &info, &s->pipeline);
    if (code != EXR_ERR_SUCCESS || s->status) return kal__exr_failed(s, code, err);
    s->started = true;
    // without a place for any channel it reads and decompresses, and leaves the rest to us
    if (first) code = s->lib->exr_decoding_choose_default_routines(s->file, d->part, &s->pipeline);
    s->pipeline.unpack_and_convert_fn = NULL;
    if (code == EXR_ERR_SUCCESS) code = s->lib->exr_decoding_run(s->file, d->part, &s->pipeline);
    if (code != EXR_ERR_SUCCESS || s->status || s->ended) return kal__exr_failed(s, code, err);
    return take_samples(d, s, dst, stride, err);
}

static void divide(const kal_extent *e, unsigned char *row, int32_t n)
{
    float *p = (float *)(void *)row;
    for (int32_t i = 0; i < n; i++, p += e->channels) {
        const float a = p[e->channels - 1];
        for (int32_t c = 0; c < e->channels - 1 && a > 0; c++) p[c] /= a;
    }
}

// Columns of whole blocks that hold those of a part.
static int32_t strip_x0(const kal__decoder *d, kal_rect part)
{
    return part.x0 / d->block_w * d->block_w;
}

static int32_t strip_x1(const kal__decoder *d, kal_rect part)
{
    const int64_t x1 = ((int64_t)part.x1 + d->block_w - 1) / d->block_w * d->block_w;
    return x1 < d->extent.width ? (int32_t)x1 : d->extent.width;
}

static unsigned char *strip_new(const kal__decoder *d, kal_rect part)
{
    return kal__new_zero((size_t)(strip_x1(d, part) - strip_x0(d, part)) * (size_t)d->block_h,
                         kal_pixel_size(&d->extent));
}

// Rows y … y + n of the part, n within a row of blocks; *held tells which of these `strip` has.
static kal_status take_rows(const kal__decoder *d, kal__exr_session *s, kal_rect part, int32_t y, int32_t n,
                            unsigned char *strip, int32_t *held, unsigned char *dst, ptrdiff_t stride,
                            kal_error *err)
{
    const int32_t top = y / d->block_h * d->block_h, x0 = strip_x0(d, part), x1 = strip_x1(d, part);
    const size_t pixel = kal_pixel_size(&d->extent), row = (size_t)(x1 - x0) * pixel;
    if (*held != top) {
        *held = -1;
        for (int32_t x = x0; x < x1; x += d->block_w) {
            const kal_status st = decode_block(d, s, x, top, strip + (size_t)(x - x0) * pixel, row, err);
            if (st) return st;
        }
        *held = top;
    }
    for (int32_t k = 0; k < n; k++, dst += stride) {
        memcpy(dst, strip + (size_t)(y + k - top) * row + (size_t)(part.x0 - x0) * pixel,
               (size_t)(part.x1 - part.x0) * pixel);
        if (d->extent.alpha) divide(&d->extent, dst, part.x1 - part.x0);
    }
    return KAL_OK;
}

static kal_status decode(const kal__decoder *d, kal__exr_session *s, kal_rect part, unsigned char *strip,
                         int32_t *held, unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = part.y0, n; y < part.y1 && !st; y += n, dst += n * stride) {
        const int32_t end = y / d->block_h * d->block_h + d->block_h;
        n = (end < part.y1 ? end : part.y1) - y;
        st = take_rows(d, s, part, y, n, strip, held, dst, stride, err);
    }
    return st;
}

// ---- rows and parts -----------------------------------------------------------------------------

static kal_rect exr_reach(const kal__header *h, kal_rect want)
{
    (void)h;
    return want;
}

static kal_status changed(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: exr: the picture has another size than its header had",
                    d->reader->name);
}

static bool fits(const kal__decoder *d, kal_rect part, ptrdiff_t stride)
{
    return part.y0 >= d->aim.y0 && part.y1 <= d->aim.y1 && part.x0 >= d->aim.x0 && part.x1 <= d->aim.x1 &&
           stride >= (ptrdiff_t)((size_t)(part.x1 - part.x0) * kal_pixel_size(&d->extent));
}

static kal_status exr_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    (void)by, (void)parts;
    if (!fits(d, part, PTRDIFF_MAX)) return changed(d, err);
    d->aim = part;
    d->y = part.y0;
    return KAL_OK;
}

static kal_status no_memory(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_NOMEM, "%s: exr: out of memory", d->reader->name);
}

static kal_status exr_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const kal_rect part = kal_rect_of(d->aim.x0, d->y, d->aim.x1, d->y + n);
    if (!fits(d, part, stride)) return changed(d, err);
    if (!d->strip) d->strip = strip_new(d, part);
    if (!d->strip) return no_memory(d, err);
    d->y += n;
    return decode(d, &d->own, part, d->strip, &d->held, dst, stride, err);
}

static kal_status exr_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                           kal_error *err)
{
    kal__exr_session s;
    int32_t held = -1;
    if (!fits(d, part, stride)) return changed(d, err);
    unsigned char *strip = strip_new(d, part);
    if (!strip) return no_memory(d, err);
    kal_status st = kal__exr_begin_session(&s, d->reader, err);
    if (!st) st = decode(d, &s, part, strip, &held, dst, stride, err);
    kal__exr_end_session(&s);
    free(strip);
    return st;
}

#else

KAL__MISSING_READER(exr, "OpenEXR")
#define exr_rows NULL
#define exr_reach NULL
#define exr_aim NULL
#define exr_part NULL
#define exr_close NULL

#endif

#define PARAMS kal__exr_p
static const kal_param params[] = {KAL__EXR_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_exr = {
    .name = "exr",
    .suffixes = "exr",
    .media_type = "image/x-exr",
    .help = "OpenEXR: RGB and gray with or without alpha, half and float as f32",
    .version = exr_version,
    .sniff = exr_sniff,
    .header = exr_header,
    .streams = true,
    .scattered = true,
    .pages = true,
    .open = exr_open,
    .rows = exr_rows,
    .reach = exr_reach,
    .aim = exr_aim,
    .part = exr_part,
    .close = exr_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__exr_p),
    .edition = "literals as before, noise by samples",
    .patches = true,
    .carries = KAL__OWN_DENSITY,
    .accepts = kal__exr_accepts,
    .begin = kal__exr_begin,
    .pieces = kal__exr_pieces,
    .pack = kal__exr_pack,
    .join = kal__exr_join,
    .end = kal__exr_end,
};
