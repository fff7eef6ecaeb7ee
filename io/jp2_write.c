// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing JPEG 2000 by OpenJPEG: rows are collected in its picture and coded at the end as one tile. The boxes around the codestream are written
// here (ISO/IEC 15444-1, annex I): colours, which channel is alpha, density, and EXIF and XMP in boxes with an identifier, as others read them.
#include "jp2.h"

#include <stdlib.h>
#include <string.h>

#if KAL__JP2

struct kal__encoder {
    const kal__openjpeg *lib;
    kal__writer *writer;
    kal_extent extent;
    kal__jp2_p params;
    kal__meta *meta;
    opj_image_t *image;
    int32_t y;
    kal__text stream;   // that OpenJPEG made
    size_t at;          // where it writes
    char says[160];     // its first complaint
};

// Measured: samples in 32 bits twice, and what is made of them.
static size_t encoder_memory(const kal_extent *x)
{
    const double samples = (double)x->width * x->height * x->channels;
    return (size_t)(samples * (8 + 2 * (double)kal_type_size(x->type))) + ((size_t)4 << 20);
}

kal_status kal__jp2_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    if (!kal__jp2_lib())
        return kal_fail(err, KAL_UNSUPPORTED, "jp2: OpenJPEG is not installed; save as png instead");
    if (x->type != KAL_U8 && x->type != KAL_U16)
        return kal_fail(err, KAL_INVALID,
                        "jp2 is written of u8 and u16 samples; use cast type=u16 before saving");
    const kal__jp2_p *p = params;
    const int64_t side = p->tile;
    if (side && ((x->width + side - 1) / side) * ((x->height + side - 1) / side) > 65535)
        return kal_fail(err, KAL_INVALID, "jp2 holds 65535 tiles; tile=%d makes more of them", p->tile);
    *memory = encoder_memory(x);
    return KAL_OK;
}

kal_status kal__jp2_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "jp2: out of memory");
    e->lib = kal__jp2_lib();
    e->writer = w;
    e->extent = *x;
    memcpy(&e->params, params, sizeof e->params);
    bool failed = false;
    e->meta =
        e->params.strip || e->params.form ? NULL : kal__meta_for((kal__meta *)(uintptr_t)meta, x, &failed);
    opj_image_cmptparm_t of[KAL_MAX_CHANNELS];
    memset(of, 0, sizeof of);
    for (int32_t c = 0; c < x->channels; c++)
        of[c] = (opj_image_cmptparm_t){.dx = 1,
                                       .dy = 1,
                                       .w = (OPJ_UINT32)x->width,
                                       .h = (OPJ_UINT32)x->height,
                                       .prec = x->type == KAL_U16 ? 16 : 8};
    const OPJ_COLOR_SPACE space = x->channels - x->alpha == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB;
    if (!failed) e->image = e->lib->opj_image_create((OPJ_UINT32)x->channels, of, space);
    if (e->image) {
        e->image->x1 = (OPJ_UINT32)x->width;
        e->image->y1 = (OPJ_UINT32)x->height;
        return KAL_OK;
    }
    kal__meta_unref(&e->meta);
    free(e);
    *out = NULL;
    return kal_fail(err, KAL_NOMEM, "jp2: out of memory");
}

kal_status kal__jp2_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    (void)err;
    const kal_extent *x = &e->extent;
    for (int32_t y = 0; y < n; y++, e->y++)
        for (int32_t c = 0; c < x->channels; c++) {
            OPJ_INT32 *to = e->image->comps[c].data + (size_t)e->y * (size_t)x->width;
            const uint8_t *narrow = src + y * stride + c;
            const uint16_t *wide = (const uint16_t *)(const void *)(src + y * stride) + c;
            if (x->type == KAL_U8)
                for (int32_t i = 0; i < x->width; i++) to[i] = narrow[(size_t)i * (size_t)x->channels];
            else
                for (int32_t i = 0; i < x->width; i++) to[i] = wide[(size_t)i * (size_t)x->channels];
        }
    return KAL_OK;
}

// ---- the codestream -----------------------------------------------------------------------------

static OPJ_SIZE_T stream_write(void *data, OPJ_SIZE_T n, void *user)
{
    kal__encoder *e = user;
    const size_t over = e->at < e->stream.size ? e->stream.size - e->at : 0, old = over < n ? over : n;
    if (old) memcpy(e->stream.data + e->at, data, old);
    kal__put(&e->stream, (const char *)data + old, n - old);
    if (e->stream.failed) return (OPJ_SIZE_T)-1;
    e->at += n;
    return n;
}

static OPJ_BOOL stream_seek(OPJ_OFF_T to, void *user)
{
    kal__encoder *e = user;
    if (to < 0 || (uint64_t)to > e->stream.size) return OPJ_FALSE;
    e->at = (size_t)to;
    return OPJ_TRUE;
}

static OPJ_OFF_T stream_skip(OPJ_OFF_T n, void *user)
{
    const kal__encoder *e = user;
    return stream_seek((OPJ_OFF_T)e->at + n, user) ? n : -1;
}

static void note(const char *message, void *user)
{
    kal__encoder *e = user;
    const size_t n = strcspn(message, "\n");
    if (!*e->says) memcpy(e->says, message, n < sizeof e->says ? n : sizeof e->says - 1);
}

static void ignore(const char *message, void *user)
{
    (void)message, (void)user;
}

// Half a side for each level, as long as there is something to halve; five levels at most, as everybody writes.
static int resolutions(const kal_extent *x, int32_t tile)
{
    int32_t side = x->width < x->height ? x->width : x->height;
    int n = 1;
    if (tile && tile < side) side = tile;
    while (n < 6 && side >> n) n++;
    return n;
}

static void set_params(const kal__encoder *e, opj_cparameters_t *p)
{
    e->lib->opj_set_default_encoder_parameters(p);
    p->tcp_numlayers = 1;
    p->numresolution = resolutions(&e->extent, e->params.tile);
    p->tile_size_on = e->params.tile > 0;
    p->cp_tdx = p->cp_tdy = e->params.tile;
    p->tcp_mct = e->extent.model == KAL_RGB;
    p->irreversible = !e->params.lossless;
    p->cp_disto_alloc = e->params.lossless;
    p->cp_fixed_quality = !e->params.lossless;
    if (!e->params.lossless) p->tcp_distoratio[0] = (float)(20 + 0.35 * e->params.quality);
}

static kal_status encode(kal__encoder *e, kal_error *err)
{
    opj_cparameters_t p;
    set_params(e, &p);
    opj_stream_t *stream = e->lib->opj_stream_create((OPJ_SIZE_T)1 << 20, OPJ_STREAM_WRITE);
    opj_codec_t *codec = stream ? e->lib->opj_create_compress(OPJ_CODEC_J2K) : NULL;
    bool done = false;
    if (codec) {
        e->lib->opj_stream_set_write_function(stream, stream_write);
        e->lib->opj_stream_set_skip_function(stream, stream_skip);
        e->lib->opj_stream_set_seek_function(stream, stream_seek);
        e->lib->opj_stream_set_user_data(stream, e, NULL);
        e->lib->opj_set_error_handler(codec, note, e);
        e->lib->opj_set_warning_handler(codec, ignore, e);
        done = e->lib->opj_setup_encoder(codec, &p, e->image) &&
               e->lib->opj_start_compress(codec, e->image, stream) && e->lib->opj_encode(codec, stream) &&
               e->lib->opj_end_compress(codec, stream);
        e->lib->opj_destroy_codec(codec);
    }
    if (stream) e->lib->opj_stream_destroy(stream);
    if (!codec || e->stream.failed) return kal_fail(err, KAL_NOMEM, "jp2: out of memory");
    return done ? KAL_OK
                : kal_fail(err, KAL_INTERNAL, "jp2: OpenJPEG says: %s", *e->says ? e->says : "it failed");
}

// ---- boxes --------------------------------------------------------------------------------------

static void put_be(kal__text *t, uint64_t v, int bytes)
{
    for (int i = bytes; i-- > 0;) {
        const unsigned char b = (unsigned char)(v >> (8 * i));
        kal__put(t, &b, 1);
    }
}

static void put_box(kal__text *t, const char *type, const kal__text *body)
{
    put_be(t, body->size + 8, 4);
    kal__put(t, type, 4);
    if (body->size) kal__put(t, body->data, body->size);
    t->failed |= body->failed;
}

static void put_blob(kal__text *t, const unsigned char id[16], const kal__blob *blob)
{
    kal__text b = {0};
    if (!blob->size) return;
    kal__put(&b, id, 16);
    kal__put(&b, blob->data, blob->size);
    put_box(t, "uuid", &b);
    free(b.data);
}

static void put_colour(kal__text *t, const kal__encoder *e)
{
    kal__text b = {0};
    const bool icc = e->meta && e->meta->icc.size;
    put_be(&b, icc ? 2 : 1, 1);
    put_be(&b, 0, 2);
    if (icc)
        kal__put(&b, e->meta->icc.data, e->meta->icc.size);
    else
        put_be(&b, e->extent.model == KAL_RGB ? 16 : 17, 4);
    put_box(t, "colr", &b);
    free(b.data);
}

// Colours in order, then alpha, of all of them.
static void put_channels(kal__text *t, const kal_extent *x)
{
    kal__text b = {0};
    if (!x->alpha) return;
    put_be(&b, (uint64_t)x->channels, 2);
    for (int32_t c = 0; c < x->channels; c++) {
        const bool alpha = c == x->channels - 1;
        put_be(&b, (uint64_t)c, 2);
        put_be(&b, alpha, 2);
        put_be(&b, alpha ? 0 : (uint64_t)c + 1, 2);
    }
    put_box(t, "cdef", &b);
    free(b.data);
}

// A metre's pixels, in as many digits as 16 bits hold.
static void put_density(kal__text *t, const kal__meta *m)
{
    kal__text b = {0}, outer = {0};
    int exponent[2] = {0, 0};
    uint32_t value[2];
    if (!m || !(m->density[0] > 0 && m->density[1] > 0 && m->density[0] < 1e15 && m->density[1] < 1e15))
        return;
    for (int k = 0; k < 2; k++) {   // down, then across
        double v = m->density[1 - k];
        while (v > 65535) v /= 10, exponent[k]++;
        while (v * 10 <= 65535 && v != (double)(uint32_t)v && exponent[k] > -9) v *= 10, exponent[k]--;
        value[k] = (uint32_t)(v + 0.5);
        if (value[k] > 65535) value[k] = 65535;
    }
    for (int k = 0; k < 2; k++) {
        put_be(&b, value[k], 2);
        put_be(&b, 1, 2);
    }
    for (int k = 0; k < 2; k++) put_be(&b, (uint64_t)(uint8_t)(int8_t)exponent[k], 1);
    put_box(&outer, "resc", &b);
    put_box(t, "res ", &outer);
    free(b.data);
    free(outer.data);
}

static void put_header(kal__text *t, const kal__encoder *e)
{
    const kal_extent *x = &e->extent;
    kal__text size = {0}, all = {0};
    put_be(&size, (uint64_t)x->height, 4);
    put_be(&size, (uint64_t)x->width, 4);
    put_be(&size, (uint64_t)x->channels, 2);
    put_be(&size, x->type == KAL_U16 ? 15 : 7, 1);
    put_be(&size, 7, 1);   // the compression there is
    put_be(&size, 0, 2);
    put_box(&all, "ihdr", &size);
    put_colour(&all, e);
    put_channels(&all, x);
    put_density(&all, e->meta);
    put_box(t, "jp2h", &all);
    free(size.data);
    free(all.data);
}

static kal_status write_file(kal__encoder *e, kal_error *err)
{
    kal__blob exif = {NULL, 0};
    if (e->meta && !kal__exif_to_write(e->meta, &exif)) return kal_fail(err, KAL_NOMEM, "jp2: out of memory");
    kal__text t = {0};
    kal_status st = KAL_OK;
    if (!e->params.form) {
        kal__put(&t,
                 "\0\0\0\14jP  \r\n\x87\n\0\0\0\x14"
                 "ftypjp2 \0\0\0\0jp2 ",
                 32);
        put_header(&t, e);
        put_blob(&t, kal__jp2_exif_id, &exif);
        if (e->meta) put_blob(&t, kal__jp2_xmp_id, &e->meta->xmp);
        const bool wide = e->stream.size > UINT32_MAX - 8;
        put_be(&t, wide ? 1 : e->stream.size + 8, 4);
        kal__put(&t, "jp2c", 4);
        if (wide) put_be(&t, (uint64_t)e->stream.size + 16, 8);
        st = t.failed ? kal_fail(err, KAL_NOMEM, "jp2: out of memory")
                      : e->writer->write(e->writer, t.data, t.size, err);
    }
    if (!st) st = e->writer->write(e->writer, e->stream.data, e->stream.size, err);
    free(t.data);
    free(exif.data);
    return st;
}

kal_status kal__jp2_end(kal__encoder *e, kal_error *err)
{
    kal_status st = err ? encode(e, err) : KAL_OK;
    if (err && !st) st = write_file(e, err);
    e->lib->opj_image_destroy(e->image);
    kal__meta_unref(&e->meta);
    free(e->stream.data);
    free(e);
    return st;
}

#endif
