// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing GIF: a picture is held until its last row, then its colours are known and it is written as a frame. Pictures of an animation wait for
// the next one, because what is to be seen no more goes only with the frame that it lies in: a frame has what is other than on the canvas, and what
// the next picture does not have any more, and then it is taken away when it was shown. Pictures with alpha keep a value for what is
// transparent. See gif.h.
#include "gif.h"

#include "bytes.h"
#include "frames.h"
#include "indexed.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST 65535

// ---- LZW ----------------------------------------------------------------------------------------

#define SLOTS 8192   // twice as many as there are codes

typedef struct packer {
    kal__writer *writer;
    kal_error *err;
    kal_status status;   // of the first failure
    int bits, width;     // of values, of codes
    int next;            // the code that comes into being next
    int prefix;          // the code of the values that are not yet told; -1: there are none
    uint32_t hold;       // bits that do not fill a byte yet
    int n_hold;
    unsigned char block[256];   // behind its length
    uint32_t slots[SLOTS];      // prefix, value and code of those that came into being; 0: free
} packer;

static void put_block(packer *z)
{
    if (!z->status && z->block[0])
        z->status = z->writer->write(z->writer, z->block, z->block[0] + 1u, z->err);
    z->block[0] = 0;
}

static void put_code(packer *z, int code)
{
    z->hold |= (uint32_t)code << z->n_hold;
    for (z->n_hold += z->width; z->n_hold >= 8; z->n_hold -= 8, z->hold >>= 8) {
        z->block[++z->block[0]] = (unsigned char)z->hold;
        if (z->block[0] == 255) put_block(z);
    }
}

static void forget(packer *z)
{
    put_code(z, 1 << z->bits);
    z->next = (1 << z->bits) + 2;
    z->width = z->bits + 1;
    memset(z->slots, 0, sizeof z->slots);
}

static void pack_begin(packer *z, kal__writer *w, int bits, kal_error *err)
{
    const unsigned char first = (unsigned char)bits;
    z->writer = w;
    z->err = err;
    z->bits = bits;
    z->width = bits + 1;
    z->prefix = -1;
    z->hold = 0;
    z->n_hold = z->block[0] = 0;
    z->status = w->write(w, &first, 1, err);
    forget(z);
}

// The prefix is told. A reader knows of the new code one step later, when the codes have grown beyond it.
static void tell(packer *z)
{
    put_code(z, z->prefix);
    z->next++;
    if (z->next > 1 << z->width && z->width < 12) z->width++;
}

static void pack(packer *z, const unsigned char *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t value = values[i];
        if (z->prefix < 0) {
            z->prefix = (int)value;
            continue;
        }
        const uint32_t pair = (uint32_t)z->prefix << 8 | value;
        uint32_t slot = (pair * 2654435761u) >> 19;
        while (z->slots[slot] && z->slots[slot] >> 12 != pair) slot = (slot + 1) % SLOTS;
        if (z->slots[slot]) {
            z->prefix = (int)(z->slots[slot] & 4095);
            continue;
        }
        z->slots[slot] = pair << 12 | (uint32_t)z->next;
        tell(z);
        if (z->next == KAL__LZW_CODES) forget(z);
        z->prefix = (int)value;
    }
}

static kal_status pack_end(packer *z)
{
    static const unsigned char none;
    tell(z);
    put_code(z, (1 << z->bits) + 1);
    if (z->n_hold) z->block[++z->block[0]] = (unsigned char)z->hold;
    put_block(z);
    return z->status ? z->status : z->writer->write(z->writer, &none, 1, z->err);
}

// ---- the encoder --------------------------------------------------------------------------------

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    kal__gif_p params;
    kal__meta *meta;
    double delay;       // of the picture; -1: it does not say
    int32_t pictures;   // written
    int32_t y;
    size_t row;
    unsigned char *held;   // the picture
    // ---- of an animation; NULL without one
    unsigned char *waiting;   // the picture before, which is not written yet
    unsigned char *canvas;    // what the frames before that left
    bool waits;
    double its_delay;
    kal__gif_p its_params;
    // ---- of the frame that is written
    kal_rect rect;
    int disposal;
    kal__indexed_palette first, now;
    bool own;                   // its colours are not all among the first's
    unsigned char value[256];   // else: which of those they are
    packer packer;
};

kal_status kal__gif_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    const kal__indexed_how how = {.most = 256, .dither = ((const kal__gif_p *)given)->dither};
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "gif holds 8-bit samples; use cast type=u8 before saving");
    if (x->model == KAL_DATA || (x->channels - x->alpha != 1 && x->channels - x->alpha != 3))
        return kal_fail(err, KAL_INVALID, "gif holds gray and RGB; use band_extract before saving");
    if (x->width > LARGEST || x->height > LARGEST)
        return kal_fail(err, KAL_INVALID, "gif holds %d×%d pixels at most; the picture has %d×%d", LARGEST,
                        LARGEST, x->width, x->height);
    if ((uint64_t)x->width * (uint64_t)x->height > KAL__INDEXED_PIXELS(false))
        return kal_fail(err, KAL_INVALID, "gif is written of up to 2^30 pixels; save as png");
    *memory = sizeof(kal__encoder) + (size_t)x->height * (size_t)x->width * (size_t)x->channels +
              kal__indexed_memory(x, &how) + (size_t)x->width;
    return KAL_OK;
}

size_t kal__gif_among(const kal_extent *x, const void *params)
{
    (void)params;   // the picture before, and the canvas
    return 2 * (size_t)x->height * (size_t)x->width * (size_t)x->channels;
}

kal_status kal__gif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "gif: out of memory");
    bool failed = false;
    e->writer = w;
    e->extent = *x;
    memcpy(&e->params, params, sizeof e->params);
    e->delay = meta ? meta->delay : -1;
    e->row = (size_t)x->width * (size_t)x->channels;
    e->meta = kal__meta_as_rgb((kal__meta *)(uintptr_t)meta, &failed);
    e->held = kal__new((size_t)x->height, e->row);
    if (w->album) e->waiting = kal__new((size_t)x->height, e->row);
    if (w->album) e->canvas = kal__new_zero((size_t)x->height, e->row);
    if (!failed && e->held && (!w->album || (e->waiting && e->canvas))) return KAL_OK;
    kal__gif_end(e, NULL);
    *out = NULL;
    return kal_fail(err, KAL_NOMEM, "gif: out of memory");
}

kal_status kal__gif_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                         kal_error *err)
{
    const kal_extent *f = &e->extent;
    if (x->width != f->width || x->height != f->height || x->channels != f->channels)
        return kal_fail(err, KAL_INVALID,
                        "gif: picture %d of an animation is of another size or kind than the first: %d×%d "
                        "with %d channels, not %d×%d with %d",
                        e->pictures + e->waits, x->width, x->height, x->channels, f->width, f->height,
                        f->channels);
    memcpy(&e->params, params, sizeof e->params);
    e->delay = meta ? meta->delay : -1;
    e->y = 0;
    return KAL_OK;
}

// ---- what stands around the data ----------------------------------------------------------------

static int palette_bits(const kal__indexed_palette *p)
{
    int bits = 1;
    while (1 << bits < p->n) bits++;
    return bits;
}

static void put_colours(kal__text *t, const kal__indexed_palette *p)
{
    for (int i = 0; i < 1 << palette_bits(p); i++) kal__put(t, p->colours[i], 3);
}

static void put_application(kal__text *t, const char *name)
{
    static const unsigned char head[3] = {0x21, 0xff, 11};
    kal__put(t, head, 3);
    kal__put(t, name, 11);
}

static void put_icc(kal__text *t, const kal__blob *icc)
{
    put_application(t, "ICCRGBG1012");
    for (size_t at = 0, n; at < icc->size; at += n) {
        n = icc->size - at < 255 ? icc->size - at : 255;
        const unsigned char length = (unsigned char)n;
        kal__put(t, &length, 1);
        kal__put(t, (const char *)icc->data + at, n);
    }
    kal__put(t, "", 1);
}

// As it is; whichever of its letters a reader takes for a length leads into what stands behind it. A zero would end it.
static void put_xmp(kal__text *t, const kal__blob *xmp)
{
    unsigned char behind[258] = {1};
    if (memchr(xmp->data, 0, xmp->size)) return;
    for (int i = 0; i < 256; i++) behind[1 + i] = (unsigned char)(255 - i);
    put_application(t, "XMP DataXMP");
    kal__put(t, xmp->data, xmp->size);
    kal__put(t, behind, sizeof behind);
}

static void put_loops(kal__text *t, const kal__encoder *e)
{
    const int32_t asked = e->params.loops;
    int32_t loops = asked >= 0 ? asked : e->meta && e->meta->loops > 0 ? e->meta->loops : 0;
    if (loops > 65535) loops = 65535;
    const unsigned char rest[5] = {3, 1, (unsigned char)loops, (unsigned char)(loops >> 8), 0};
    put_application(t, "NETSCAPE2.0");
    kal__put(t, rest, sizeof rest);
}

static void put_screen(kal__text *t, const kal__encoder *e)
{
    unsigned char head[13] = "GIF89a";
    kal__put_le16(head + 6, (uint32_t)e->extent.width);
    kal__put_le16(head + 8, (uint32_t)e->extent.height);
    head[10] = (unsigned char)(0xf0 | (palette_bits(&e->first) - 1));
    kal__put(t, head, sizeof head);
    put_colours(t, &e->first);
    if (e->writer->album) put_loops(t, e);
    const kal__meta *m = e->params.strip ? NULL : e->meta;
    if (m && m->icc.size) put_icc(t, &m->icc);
    if (m && m->xmp.size) put_xmp(t, &m->xmp);
}

// How it is shown and where; with its colours, unless they are those of the first.
static void put_frame(kal__text *t, const kal__encoder *e)
{
    unsigned char control[8] = {0x21, 0xf9, 4}, place[10] = {0x2c};
    const double seconds = e->params.delay >= 0 ? e->params.delay : e->delay >= 0 ? e->delay : 0.1;
    const double ticks = e->writer->album ? seconds * 100 + 0.5 : 0;
    const int clear = e->now.clear < 0 || e->own ? e->now.clear : e->value[e->now.clear];
    control[3] = (unsigned char)(e->disposal << 2 | (clear >= 0));
    kal__put_le16(control + 4, ticks < 65535 ? (uint32_t)ticks : 65535);
    if (clear >= 0) control[6] = (unsigned char)clear;
    if (e->writer->album || clear >= 0) kal__put(t, control, sizeof control);
    kal__put_le16(place + 1, (uint32_t)e->rect.x0);
    kal__put_le16(place + 3, (uint32_t)e->rect.y0);
    kal__put_le16(place + 5, (uint32_t)(e->rect.x1 - e->rect.x0));
    kal__put_le16(place + 7, (uint32_t)(e->rect.y1 - e->rect.y0));
    if (e->own) place[9] = (unsigned char)(0x80 | (palette_bits(&e->now) - 1));
    kal__put(t, place, sizeof place);
    if (e->own) put_colours(t, &e->now);
}

static kal_status write_rows(kal__encoder *e, kal__indexed *c, const unsigned char *pixels, kal_error *err)
{
    const int bits = palette_bits(e->own ? &e->now : &e->first);
    const size_t n = (size_t)(e->rect.x1 - e->rect.x0), row = n * (size_t)e->extent.channels;
    unsigned char *values = kal__new(n, 1);
    if (!values) return kal_fail(err, KAL_NOMEM, "gif: out of memory");
    pack_begin(&e->packer, e->writer, bits < 2 ? 2 : bits, err);
    for (int32_t y = 0; y < e->rect.y1 - e->rect.y0 && !e->packer.status; y++) {
        kal__indexed_row(c, pixels + (size_t)y * row, values);
        for (size_t x = 0; x < n && !e->own; x++) values[x] = e->value[values[x]];
        pack(&e->packer, values, n);
    }
    free(values);
    return e->packer.status ? e->packer.status : pack_end(&e->packer);
}

// Whether each colour of the frame is one of the first frame's, and which.
static bool among_the_first(kal__encoder *e)
{
    const kal__indexed_palette *a = &e->now, *b = &e->first;
    for (int i = 0; i < a->n; i++) {
        int k = 0;
        while (k < b->n &&
               (memcmp(a->colours[i], b->colours[k], 3) != 0 || (k == b->clear) != (i == a->clear)))
            k++;
        if (k == b->n) return false;
        e->value[i] = (unsigned char)k;
    }
    return true;
}

// The packed pixels of the rect, with all that stands around them.
static kal_status write_frame(kal__encoder *e, const unsigned char *pixels, kal_error *err)
{
    kal__text t = {0};
    kal_extent part = e->extent;
    part.width = e->rect.x1 - e->rect.x0;
    part.height = e->rect.y1 - e->rect.y0;
    const kal__indexed_how how = {.most = 256, .dither = e->params.dither};
    kal__indexed *c = kal__indexed_new(&part, pixels, &how, &e->now);
    if (!c) return kal_fail(err, KAL_NOMEM, "gif: out of memory");
    if (!e->pictures) {
        e->first = e->now;
        put_screen(&t, e);
    }
    e->own = !among_the_first(e);
    put_frame(&t, e);
    kal_status st = t.failed ? kal_fail(err, KAL_NOMEM, "gif: out of memory")
                             : e->writer->write(e->writer, t.data, t.size, err);
    free(t.data);
    if (!st) st = write_rows(e, c, pixels, err);
    kal__indexed_free(c);
    e->pictures++;
    return st;
}

static kal_rect around(kal_rect a, kal_rect b)
{
    if (kal_rect_empty(b)) return a;
    return kal_rect_of(a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0, a.x1 > b.x1 ? a.x1 : b.x1,
                       a.y1 > b.y1 ? a.y1 : b.y1);
}

// The picture that waits; `next` NULL: it is the last one, and nothing may be left of it under the first.
static kal_status write_waiting(kal__encoder *e, const unsigned char *next, kal_error *err)
{
    const kal_extent *x = &e->extent;
    const kal_rect none = kal_rect_of(0, 0, 0, 0), all = kal_rect_all(x);
    const kal_rect gone = x->alpha && next ? kal__frames_gone(x, e->waiting, next) : none;
    const kal__gif_p params = e->params;
    const double delay = e->delay;
    const bool ends = x->alpha && !next;
    e->rect = e->pictures && !ends ? around(kal__frames_changed(x, e->waiting, e->canvas), gone) : all;
    e->disposal = !kal_rect_empty(gone) || ends ? KAL__GIF_BACKGROUND : 1;
    kal__frames_take(x, e->waiting, e->rect, e->canvas);   // which is known again when this is written
    e->params = e->its_params;
    e->delay = e->its_delay;
    const kal_status st = write_frame(e, e->canvas, err);
    e->params = params;
    e->delay = delay;
    unsigned char *canvas = e->waiting;
    e->waiting = e->canvas;
    e->canvas = canvas;
    for (int32_t y = e->rect.y0; y < e->rect.y1 && e->disposal == KAL__GIF_BACKGROUND; y++)
        memset(canvas + (size_t)y * e->row + (size_t)e->rect.x0 * (size_t)x->channels, 0,
               (size_t)(e->rect.x1 - e->rect.x0) * (size_t)x->channels);
    e->waits = false;
    return st;
}

// As it will be read: of alpha there is all or nothing, and what is transparent has no colour.
static void settle(const kal__encoder *e)
{
    const int channels = e->extent.channels;
    unsigned char *p = e->held;
    for (size_t n = (size_t)e->extent.width * (size_t)e->extent.height; n && e->extent.alpha;
         n--, p += channels)
        if (p[channels - 1] < 128)
            memset(p, 0, (size_t)channels);
        else
            p[channels - 1] = 255;
}

kal_status kal__gif_turn(kal__encoder *e, kal_error *err)
{
    settle(e);
    const kal_status st = e->waits ? write_waiting(e, e->held, err) : KAL_OK;
    unsigned char *picture = e->held;
    e->held = e->waiting;
    e->waiting = picture;
    e->waits = true;
    e->its_delay = e->delay;
    e->its_params = e->params;
    return st;
}

kal_status kal__gif_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    for (int32_t y = 0; y < n; y++, e->y++) memcpy(e->held + (size_t)e->y * e->row, src + y * stride, e->row);
    (void)err;
    return KAL_OK;
}

kal_status kal__gif_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err && !e->writer->album) {
        e->rect = kal_rect_all(&e->extent);
        st = write_frame(e, e->held, err);
    }
    if (err && e->waits) st = write_waiting(e, NULL, err);
    if (err && !st) st = e->writer->write(e->writer, ";", 1, err);
    kal__meta_unref(&e->meta);
    free(e->held);
    free(e->waiting);
    free(e->canvas);
    free(e);
    return st;
}
