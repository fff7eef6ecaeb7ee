// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing JPEG XL by libjxl: rows are collected and coded at the end. With EXIF or XMP it is a container, else a codestream alone.
#include "jxl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if KAL__JXL

#define OUT_STEP ((size_t)64 << 10)

struct kal__encoder {
    const kal__jxl *lib;
    kal__writer *writer;
    kal_extent extent;
    kal__jxl_p params;
    kal__meta *meta;
    unsigned char *pixels;
    size_t row;
    int32_t y;
    int32_t effort;   // and a predictor, -1: libjxl chooses
    int32_t predictor;
};

// From that effort on libjxl looks for patches, things that are there more than once as letters are. Text takes half the bytes or a third by them; what the search holds hangs on the
// picture, 50 to 140 bytes a pixel, so that it is counted for all, and larger pictures do without.
#define PATCHES_FROM 7
#define PATCHES_UP_TO (1 << 22)   // pixels

static bool seeks_patches(const kal_extent *x, const kal__jxl_p *p)
{
    return p->effort >= PATCHES_FROM && (int64_t)x->width * x->height <= PATCHES_UP_TO;
}

// The pixels, and what was measured at its worst, of noise, drawings and photographs: for each sample where nothing is lost, else for each pixel, since of gray there are three planes, too.
static size_t encoder_memory(const kal_extent *x, const kal__jxl_p *p)
{
    const bool hard = p->effort > PATCHES_FROM;
    const double pixels = (double)x->width * x->height, least = seeks_patches(x, p) ? 175 : 0;
    double each = hard ? 300 : p->quality > 95 ? 73 : 68;
    if (x->alpha) each += 33;
    if (p->lossless) each = (hard ? 66 : 33) * x->channels;
    if (each < least) each = least;
    return (size_t)(pixels * ((double)kal_type_size(x->type) * x->channels + each)) + ((size_t)16 << 20);
}

kal_status kal__jxl_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    if (!kal__jxl_lib())
        return kal_fail(err, KAL_UNSUPPORTED, "jxl: libjxl is not installed; save as png instead");
    if (x->type == KAL_U32)
        return kal_fail(err, KAL_INVALID, "jxl holds u8, u16 and f32; use cast before saving");
    if (x->model == KAL_DATA || x->channels > 4)
        return kal_fail(err, KAL_INVALID, "jxl holds gray and RGB; use band_extract before saving");
    *memory = encoder_memory(x, params);
    return KAL_OK;
}

kal_status kal__jxl_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "jxl: out of memory");
    e->lib = kal__jxl_lib();
    e->writer = w;
    e->extent = *x;
    memcpy(&e->params, params, sizeof e->params);
    e->effort = e->params.effort;
    e->predictor = -1;
    bool failed = false;
    e->meta = e->params.strip ? NULL : kal__meta_for((kal__meta *)(uintptr_t)meta, x, &failed);
    e->row = (size_t)x->width * kal_pixel_size(x);
    if (!failed) e->pixels = kal__new((size_t)x->height, e->row);
    if (e->pixels) return KAL_OK;
    kal__meta_unref(&e->meta);
    free(e);
    *out = NULL;
    return kal_fail(err, KAL_NOMEM, "jxl: out of memory");
}

kal_status kal__jxl_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    (void)err;
    for (int32_t y = 0; y < n; y++, e->y++)
        memcpy(e->pixels + (size_t)e->y * e->row, src + y * stride, e->row);
    return KAL_OK;
}

// ---- the file -----------------------------------------------------------------------------------

// As libjxl's own program has it: 1 at 90, which is hardly seen, and 15 at most.
static float distance_of(int32_t quality)
{
    if (quality >= 30) return (float)(0.1 + (100 - quality) * 0.09);
    const double d = 53.0 / 3000 * quality * quality - 23.0 / 20 * quality + 25;
    return d < 15 ? (float)d : 15;
}

static bool set_info(const kal__encoder *e, JxlEncoder *j)
{
    const kal_extent *x = &e->extent;
    JxlBasicInfo i;
    e->lib->JxlEncoderInitBasicInfo(&i);
    i.xsize = (uint32_t)x->width;
    i.ysize = (uint32_t)x->height;
    i.bits_per_sample = (uint32_t)kal_type_size(x->type) * 8;
    i.exponent_bits_per_sample = x->type == KAL_F32 ? 8 : 0;
    i.num_color_channels = (uint32_t)(x->channels - x->alpha);
    i.num_extra_channels = x->alpha;
    i.alpha_bits = x->alpha ? i.bits_per_sample : 0;
    i.alpha_exponent_bits = x->alpha ? i.exponent_bits_per_sample : 0;
    i.uses_original_profile = e->params.lossless;
    if (e->meta && !e->meta->applied && e->meta->exif.size)   // what EXIF says does not count in this format
        i.orientation = (JxlOrientation)kal__exif_orientation(e->meta->exif.data, e->meta->exif.size);
    return e->lib->JxlEncoderSetBasicInfo(j, &i) == JXL_ENC_SUCCESS;
}

static bool set_colours(const kal__encoder *e, JxlEncoder *j)
{
    JxlColorEncoding c;
    if (e->meta && e->meta->icc.size &&
        e->lib->JxlEncoderSetICCProfile(j, e->meta->icc.data, e->meta->icc.size) == JXL_ENC_SUCCESS)
        return true;   // one that it cannot read is left out
    e->lib->JxlColorEncodingSetToSRGB(&c, e->extent.channels - e->extent.alpha == 1);
    return e->lib->JxlEncoderSetColorEncoding(j, &c) == JXL_ENC_SUCCESS;
}

// EXIF with four bytes before it that say where it begins: at once.
static bool add_boxes(const kal__encoder *e, JxlEncoder *j, const kal__blob *exif)
{
    kal__text t = {0};
    const kal__blob none = {NULL, 0}, *xmp = e->meta ? &e->meta->xmp : &none;
    if (!exif->size && !xmp->size) return true;
    bool ok = e->lib->JxlEncoderUseBoxes(j) == JXL_ENC_SUCCESS;
    kal__put(&t, "\0\0\0\0", 4);
    if (exif->size) kal__put(&t, exif->data, exif->size);
    ok = ok && !t.failed;
    if (exif->size)
        ok = ok &&
             e->lib->JxlEncoderAddBox(j, "Exif", (uint8_t *)t.data, t.size, JXL_FALSE) == JXL_ENC_SUCCESS;
    if (xmp->size)
        ok = ok && e->lib->JxlEncoderAddBox(j, "xml ", xmp->data, xmp->size, JXL_FALSE) == JXL_ENC_SUCCESS;
    free(t.data);
    return ok;
}

static bool add_frame(const kal__encoder *e, JxlEncoder *j)
{
    const kal_extent *x = &e->extent;
    const kal__jxl *l = e->lib;
    const JxlPixelFormat format = {(uint32_t)x->channels,
                                   x->type == KAL_U8    ? JXL_TYPE_UINT8
                                   : x->type == KAL_U16 ? JXL_TYPE_UINT16
                                                        : JXL_TYPE_FLOAT,
                                   JXL_NATIVE_ENDIAN, 0};
    JxlEncoderFrameSettings *s = l->JxlEncoderFrameSettingsCreate(j, NULL);
    bool ok = s && l->JxlEncoderFrameSettingsSetOption(s, JXL_ENC_FRAME_SETTING_EFFORT, e->effort) ==
                       JXL_ENC_SUCCESS;
    if (e->predictor >= 0)
        ok = ok && l->JxlEncoderFrameSettingsSetOption(s, JXL_ENC_FRAME_SETTING_MODULAR_PREDICTOR,
                                                       e->predictor) == JXL_ENC_SUCCESS;
    ok = ok && (seeks_patches(x, &e->params) ||
                l->JxlEncoderFrameSettingsSetOption(s, JXL_ENC_FRAME_SETTING_PATCHES, 0) == JXL_ENC_SUCCESS);
    if (e->params.lossless)
        ok = ok && l->JxlEncoderSetFrameLossless(s, JXL_TRUE) == JXL_ENC_SUCCESS &&
             l->JxlEncoderFrameSettingsSetOption(s, JXL_ENC_FRAME_SETTING_KEEP_INVISIBLE, 1) ==
                 JXL_ENC_SUCCESS;
    else
        ok = ok && l->JxlEncoderSetFrameDistance(s, distance_of(e->params.quality)) == JXL_ENC_SUCCESS;
    return ok &&
           l->JxlEncoderAddImageFrame(s, &format, e->pixels, e->row * (size_t)x->height) == JXL_ENC_SUCCESS;
}

static kal_status write_out(kal__encoder *e, JxlEncoder *j, kal_error *err)
{
    unsigned char *out = kal__new(OUT_STEP, 1);
    if (!out) return kal_fail(err, KAL_NOMEM, "jxl: out of memory");
    kal_status st = KAL_OK;
    JxlEncoderStatus now = JXL_ENC_NEED_MORE_OUTPUT;
    while (!st && now == JXL_ENC_NEED_MORE_OUTPUT) {
        uint8_t *next = out;
        size_t left = OUT_STEP;
        now = e->lib->JxlEncoderProcessOutput(j, &next, &left);
        if (now == JXL_ENC_ERROR)
            st = kal_fail(err, KAL_INTERNAL, "jxl: libjxl failed with code %d",
                          (int)e->lib->JxlEncoderGetError(j));
        else if (left < OUT_STEP)
            st = e->writer->write(e->writer, out, OUT_STEP - left, err);
    }
    free(out);
    return st;
}

static kal_status encode(kal__encoder *e, kal_error *err)
{
    kal__blob exif = {NULL, 0};
    if (e->meta && !kal__exif_to_write(e->meta, &exif)) return kal_fail(err, KAL_NOMEM, "jxl: out of memory");
    JxlEncoder *j = e->lib->JxlEncoderCreate(NULL);
    kal_status st = j ? KAL_OK : kal_fail(err, KAL_NOMEM, "jxl: out of memory");
    if (!st && !(set_info(e, j) && set_colours(e, j) && add_boxes(e, j, &exif) && add_frame(e, j)))
        st = kal_fail(err, KAL_INTERNAL, "jxl: libjxl refuses the picture with code %d",
                      (int)e->lib->JxlEncoderGetError(j));
    if (!st) {
        e->lib->JxlEncoderCloseInput(j);
        st = write_out(e, j, err);
    }
    if (j) e->lib->JxlEncoderDestroy(j);
    free(exif.data);
    return st;
}

// ---- pictures of a few samples ------------------------------------------------------------------
// libjxl 0.7 codes those that lose nothing in a way of their own: from effort 8 on an assertion of its ends the process (up to 96 samples seen), and floats come out
// as others (up to 96, at every effort; a predictor helps most).

#define FEW 256

extern const kal__codec kal__codec_jxl;

static bool comes_back(const kal__encoder *e, const unsigned char *file, size_t n)
{
    kal__reader *r = NULL;
    kal__decoder *d = NULL;
    const size_t size = e->row * (size_t)e->extent.height;
    const kal__ask ask = {.limits = {.pixels = FEW, .file_bytes = n, .meta_bytes = n}};
    unsigned char *back = kal__new(size, 1);
    bool same = back && !kal__open_memory(file, n, "jxl", &r, NULL) &&
                !kal__codec_jxl.open(r, &ask, &d, NULL) &&
                !kal__codec_jxl.rows(d, back, (ptrdiff_t)e->row, e->extent.height, NULL) &&
                !memcmp(back, e->pixels, size);
    if (d) kal__codec_jxl.close(d, NULL);
    if (r) r->close(r);
    free(back);
    return same;
}

// The first way by which every sample comes back; without metadata, which do not matter for it.
static kal_status find_way(kal__encoder *e, kal_error *err)
{
    static const struct {
        int32_t effort, predictor;
    } ways[] = {{0, -1}, {7, 0}, {5, 0}, {1, -1}, {3, -1}, {7, 1}, {5, 5}};
    kal__encoder plain = *e;
    plain.meta = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        unsigned char *file = NULL;
        size_t n = 0;
        plain.writer = NULL;
        if (ways[i].effort) plain.effort = ways[i].effort;
        plain.predictor = ways[i].predictor;
        kal_status st = kal__write_memory(&file, &n, &plain.writer, err);
        if (!st) st = encode(&plain, err);
        if (st && plain.writer) plain.writer->abort(plain.writer);
        if (!st) st = plain.writer->commit(plain.writer, err);
        const bool same = !st && comes_back(e, file, n);
        free(file);
        if (st) return st;
        e->effort = plain.effort;
        e->predictor = plain.predictor;
        if (same) return KAL_OK;
    }
    return kal_fail(
        err, KAL_UNSUPPORTED,
        "jxl: libjxl does not keep every sample of this picture of %d×%d; save it as tiff, exr or npy",
        e->extent.width, e->extent.height);
}

static kal_status prepare(kal__encoder *e, kal_error *err)
{
    const kal_extent *x = &e->extent;
    if (!e->params.lossless || (int64_t)x->width * x->height * x->channels > FEW) return KAL_OK;
    if (e->effort > 7) e->effort = 7;
    return x->type == KAL_F32 ? find_way(e, err) : KAL_OK;
}

kal_status kal__jxl_end(kal__encoder *e, kal_error *err)
{
    kal_status st = err ? prepare(e, err) : KAL_OK;
    if (!st && err) st = encode(e, err);
    kal__meta_unref(&e->meta);
    free(e->pixels);
    free(e);
    return st;
}

#endif
