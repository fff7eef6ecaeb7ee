// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What stands in a GIF between the frames' data: palettes, how and where a frame is shown, how often all are, ICC and XMP.
#include "gif.h"

#include <stdlib.h>
#include <string.h>

enum { EXTENSION = 0x21, IMAGE = 0x2c, TRAILER = 0x3b };
enum { CONTROL = 0xf9, APPLICATION = 0xff };

static kal_status read_palette(kal__decoder *d, int flags, unsigned char (*colours)[4])
{
    unsigned char rgb[256 * 3] = {0};
    const kal_status st = kal__input_take(&d->in, rgb, (size_t)3 << ((flags & 7) + 1));
    for (int i = 0; i < 256; i++) {
        memcpy(colours[i], rgb + 3 * i, 3);
        colours[i][3] = 255;
    }
    return st;
}

kal_status kal__gif_screen(kal__decoder *d)
{
    unsigned char head[13];
    const kal_status st = kal__input_take(&d->in, head, sizeof head);
    if (st) return st;
    if (memcmp(head, "GIF8", 4) != 0) return kal__input_corrupt(&d->in, "the header does not begin with GIF");
    d->extent =
        (kal_extent){(int32_t)kal__le16(head + 6), (int32_t)kal__le16(head + 8), 3, KAL_U8, KAL_RGB, false};
    d->has_colours = head[10] & 128;
    return d->has_colours ? read_palette(d, head[10], d->colours) : KAL_OK;
}

// How the next frame is shown.
static kal_status read_control(kal__decoder *d, kal__gif_frame *f)
{
    unsigned char p[5];
    kal_status st = kal__input_take(&d->in, p, sizeof p);
    if (st) return st;
    if (p[0] != 4) return kal__input_corrupt(&d->in, "a graphic control extension of another size than 4");
    const int disposal = p[1] >> 2 & 7;
    f->disposal =
        disposal == 4 ? KAL__GIF_PREVIOUS : disposal;   // some writers count "restore to previous" as 4
    f->delay = (int32_t)kal__le16(p + 2);
    f->clear = p[1] & 1 ? p[4] : -1;
    return kal__lzw_skip(&d->in);
}

// The bytes of sub-blocks, with their lengths if `raw`; what is too large is passed over.
static kal_status collect(kal__decoder *d, bool raw, kal__blob_kind what, kal__meta *m, kal__blob *out)
{
    const uint64_t most = d->limits.meta_bytes;
    unsigned char *data = NULL, block[256];
    size_t size = 0, room = 0;
    int n;
    kal_status st;
    while (!(st = kal__input_next(&d->in, &n)) && n) {
        block[0] = (unsigned char)n;
        st = kal__input_take(&d->in, block + 1, (size_t)n);
        if (st) break;
        if (size + 256 > room && size <= most) {
            room = 2 * size + 4096;
            if (!kal__grow(&data, room, 1)) {
                st = kal__input_fail(&d->in, KAL_NOMEM, "out of memory for metadata");
                break;
            }
        }
        if (size <= most) memcpy(data + size, block + !raw, (size_t)n + raw);
        size += (size_t)n + raw;
    }
    if (st || !kal__meta_room(m, what, size, &d->limits)) {
        free(data);
        return st;
    }
    *out = (kal__blob){data, size};
    return KAL_OK;
}

// XMP lies there as it is, without lengths. Behind it stand 1, 255, 254 … 0: whatever of its letters a reader takes for a length leads there.
static kal_status read_xmp(kal__decoder *d, kal__meta *m)
{
    kal__blob raw = {0};
    kal_status st = collect(d, true, KAL__XMP, m, &raw);
    const unsigned char *p = raw.data;
    for (size_t behind = 256; !st && behind <= 257 && behind < raw.size; behind++)
        if (p[raw.size - behind] == 1 && p[raw.size - behind + 1] == 255 &&
            !kal__blob_set(&m->xmp, p, raw.size - behind))
            st = kal__input_fail(&d->in, KAL_NOMEM, "out of memory for metadata");
    free(raw.data);
    return st;
}

static kal_status read_icc(kal__decoder *d, kal__meta *m)
{
    return m->icc.size ? kal__lzw_skip(&d->in) : collect(d, false, KAL__ICC, m, &m->icc);
}

static kal_status read_loops(kal__decoder *d, kal__meta *m)
{
    unsigned char p[4];   // the length of the rest, 1, how often
    kal_status st = kal__input_take(&d->in, p, 1);
    if (st || !p[0]) return st;
    if (p[0] != 3) {
        st = kal__input_skip(&d->in, p[0]);
    } else {
        st = kal__input_take(&d->in, p + 1, 3);
        if (!st && p[1] == 1) m->loops = (int32_t)kal__le16(p + 2);
    }
    return st ? st : kal__lzw_skip(&d->in);
}

static const struct {
    const char *name;
    kal_status (*read)(kal__decoder *d, kal__meta *m);
} applications[] = {{"NETSCAPE2.0", read_loops},
                    {"ANIMEXTS1.0", read_loops},
                    {"XMP DataXMP", read_xmp},
                    {"ICCRGBG1012", read_icc}};

static kal_status read_application(kal__decoder *d, kal__meta *m)
{
    unsigned char p[12];
    kal_status st = kal__input_take(&d->in, p, 1);
    if (st || !p[0]) return st;
    if (!m || p[0] != 11) {
        st = kal__input_skip(&d->in, p[0]);
        return st ? st : kal__lzw_skip(&d->in);
    }
    st = kal__input_take(&d->in, p + 1, 11);
    for (size_t i = 0; !st && i < sizeof applications / sizeof *applications; i++)
        if (!memcmp(p + 1, applications[i].name, 11)) return applications[i].read(d, m);
    return st ? st : kal__lzw_skip(&d->in);
}

static kal_status read_extension(kal__decoder *d, kal__gif_frame *f, kal__meta *m)
{
    int label;
    const kal_status st = kal__input_next(&d->in, &label);
    if (st) return st;
    if (label == CONTROL) return read_control(d, f);
    return label == APPLICATION ? read_application(d, m) : kal__lzw_skip(&d->in);
}

static kal_status read_place(kal__decoder *d, kal__gif_frame *f)
{
    unsigned char p[9];
    kal_status st = kal__input_take(&d->in, p, sizeof p);
    if (st) return st;
    const int32_t x = (int32_t)kal__le16(p), y = (int32_t)kal__le16(p + 2);
    const int32_t w = (int32_t)kal__le16(p + 4), h = (int32_t)kal__le16(p + 6);
    f->rect = kal_rect_of(x, y, x + w, y + h);
    f->interlaced = p[8] & 64;
    st = kal__input_sides(&d->in, (uint64_t)w, (uint64_t)h, &d->limits);
    if (st) return st;
    if (p[8] & 128) return read_palette(d, p[8], f->colours);
    if (!d->has_colours) return kal__input_corrupt(&d->in, "the frame has no palette");
    memcpy(f->colours, d->colours, sizeof f->colours);
    return KAL_OK;
}

// Zeros between blocks, which some writers leave there, are passed over.
kal_status kal__gif_next(kal__decoder *d, kal__meta *m, bool *found)
{
    kal__gif_frame *f = &d->frame;
    kal_status st;
    int c;
    f->disposal = 0;
    f->delay = f->clear = -1;
    *found = false;
    while (!(st = kal__input_next(&d->in, &c)) && c != TRAILER && !(*found = c == IMAGE)) {
        if (c == EXTENSION)
            st = read_extension(d, f, m);
        else if (c)
            return kal__input_fail(&d->in, KAL_CORRUPT, "a block of an unknown kind, %d", c);
        if (st) break;
    }
    return st || !*found ? st : read_place(d, f);
}
