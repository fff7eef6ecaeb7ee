// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// YUV4MPEG2, frames of video as they are: 8 bits, 4:2:0, 4:2:2, 4:4:4 and luma alone. Pages are frames. BT.601, rounded, with k = 16 and
// scale 255/219 for luma and 255/224 for colours in limited range, 0 and 1 where XCOLORRANGE=FULL says so:
//   r = s·(y − k) + 1.402·t·(v − 128)
//   g = s·(y − k) − 0.344136·t·(u − 128) − 0.714136·t·(v − 128)
//   b = s·(y − k) + 1.772·t·(u − 128)
// in units of 1/65536. A colour sample stands for all pixels that share it, wherever the file says it lies. Two fields of a frame are its rows.
#include "codec.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define MARK "YUV4MPEG2 "
#define MOST_HEAD 1024   // bytes of a line

typedef struct kind {
    const char *name;
    int across, down;   // pixels that share a colour; 0: there are none
} kind;

// The first one stands for a file that says nothing.
static const kind kinds[] = {{"420", 2, 2}, {"420jpeg", 2, 2}, {"420mpeg2", 2, 2}, {"420paldv", 2, 2},
                             {"422", 2, 1}, {"444", 1, 1},     {"mono", 0, 0}};

typedef struct range {
    int32_t black, luma, rv, gu, gv, bu;
} range;

static const range limited = {16, 76309, 104597, 25675, 53279, 132201},
                   full = {0, 65536, 91881, 22553, 46802, 116130};

struct kal__decoder {
    kal__reader *reader;
    kal_limits limits;
    bool onward;
    kal_extent extent;
    const kind *kind;
    const range *range;
    double delay;
    int32_t colours, lines;   // samples of a row of colours, rows of them
    uint64_t frame;           // bytes of one
    int32_t pages, page, y;
    uint64_t at;          // where the page's samples begin
    int32_t line;         // the row of colours that is held; -1: none
    unsigned char *row;   // luma, then two rows of colours
};

static kal_status fail(const kal__decoder *d, kal_status status, uint64_t at, const char *what,
                       kal_error *err)
{
    return kal_fail(err, status, "%s: y4m: at byte %llu: %s", d->reader->name, (unsigned long long)at, what);
}

// What there is from a place on, up to n bytes.
static ptrdiff_t read_some(const kal__decoder *d, uint64_t at, char *dst, size_t n, kal_error *err)
{
    size_t done = 0;
    while (done < n) {
        const ptrdiff_t got = d->reader->read_at(d->reader, at + done, dst + done, n - done, err);
        if (got < 0) return -1;
        if (!got) break;
        done += (size_t)got;
    }
    return (ptrdiff_t)done;
}

// ---- the head -----------------------------------------------------------------------------------

static const kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, name)) return &kinds[i];
    return NULL;
}

// A word of the head: a letter and what it says.
static kal_status read_word(kal__decoder *d, const char *word, kal_error *err)
{
    char *end;
    const unsigned long number = strtoul(word + 1, &end, 10);
    switch (*word) {
    case 'W': d->extent.width = number <= KAL_MAX_SIDE ? (int32_t)number : -1; break;
    case 'H': d->extent.height = number <= KAL_MAX_SIDE ? (int32_t)number : -1; break;
    case 'F': {
        const unsigned long by = *end == ':' ? strtoul(end + 1, NULL, 10) : 0;
        if (number && by) d->delay = (double)by / (double)number;
        break;
    }
    case 'X':
        if (!strcmp(word, "XCOLORRANGE=FULL")) d->range = &full;
        break;
    case 'C':
        d->kind = kind_of(word + 1);
        if (!d->kind)
            return kal_fail(
                err, KAL_UNSUPPORTED,
                "%s: y4m: samples of the kind %.20s are not read; 420, 422, 444 and mono of 8 bits are",
                d->reader->name, word + 1);
    }
    return KAL_OK;
}

static kal_status read_head(kal__decoder *d, kal_error *err)
{
    char text[MOST_HEAD + 1];
    const ptrdiff_t n = read_some(d, 0, text, MOST_HEAD, err);
    if (n < 0) return KAL_IO;
    char *end = memchr(text, '\n', (size_t)n);
    if (n < 10 || memcmp(text, MARK, 10) != 0)
        return fail(d, KAL_CORRUPT, 0, "the header does not begin with YUV4MPEG2", err);
    if (!end) return fail(d, KAL_CORRUPT, (uint64_t)n, "the header does not end", err);
    *end = 0;
    d->at = (uint64_t)(end - text) + 1;
    d->kind = kinds;
    d->range = &limited;
    char *rest = NULL;
    for (char *word = strtok_r(text + 9, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        const kal_status st = read_word(d, word, err);
        if (st) return st;
    }
    const int32_t w = d->extent.width, h = d->extent.height;
    if (w <= 0 || h <= 0) return fail(d, KAL_CORRUPT, 10, "width and height make no sense", err);
    const kal_status over =
        kal__within_limits(d->reader->name, "y4m", (uint64_t)w, (uint64_t)h, &d->limits, err);
    if (over) return over;
    const kind *k = d->kind;
    const bool gray = !k->across;
    d->extent = (kal_extent){w, h, gray ? 1 : 3, KAL_U8, gray ? KAL_GRAY : KAL_RGB, false};
    d->colours = gray ? 0 : (w + k->across - 1) / k->across;
    d->lines = gray ? 0 : (h + k->down - 1) / k->down;
    d->frame = (uint64_t)w * (uint64_t)h + 2 * (uint64_t)d->colours * (uint64_t)d->lines;
    return KAL_OK;
}

// ---- frames -------------------------------------------------------------------------------------

// The line before a frame at *at, which goes behind it; false: the file ends there.
static kal_status read_mark(const kal__decoder *d, uint64_t *at, bool *found, kal_error *err)
{
    char text[MOST_HEAD];
    size_t most = 16;   // there is hardly ever more than a word in it
    for (;; most = MOST_HEAD) {
        const ptrdiff_t n = read_some(d, *at, text, most, err);
        if (n < 0) return KAL_IO;
        *found = n > 0;
        if (!n) return KAL_OK;
        const char *end = memchr(text, '\n', (size_t)n);
        if (n < 5 || memcmp(text, "FRAME", 5) != 0)
            return fail(d, KAL_CORRUPT, *at, "there is no FRAME", err);
        if (end) {
            *at += (uint64_t)(end - text) + 1;
            return KAL_OK;
        }
        if ((size_t)n < most || most == MOST_HEAD)
            return fail(d, KAL_CORRUPT, *at, "the line of a FRAME does not end", err);
    }
}

// Counts frames, and finds the one that is asked for; onward only that.
static kal_status walk(kal__decoder *d, int32_t page, kal_error *err)
{
    uint64_t at = d->at;
    for (;;) {
        bool found;
        char last;
        kal_status st = read_mark(d, &at, &found, err);
        if (st || !found) {
            if (!st && !d->pages) st = fail(d, KAL_CORRUPT, at, "there is no picture in it", err);
            if (!st && page >= d->pages) st = kal__no_page(d->reader->name, page, d->pages, err);
            return st;
        }
        if (d->pages == page) d->at = at;
        if (d->onward && d->pages == page) return KAL_OK;
        d->pages++;
        if (d->onward) {
            at += d->frame;
            continue;
        }
        st = kal__pages_within(d->reader->name, "y4m", d->pages, &d->limits, err);
        at += d->frame;
        if (st) return st;
        const ptrdiff_t got = read_some(d, at - 1, &last, 1, err);
        if (got < 0) return KAL_IO;
        if (!got) return fail(d, KAL_CORRUPT, at, "the file ends before this byte, inside a frame", err);
    }
}

static kal_status y4m_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // the walk has seen that everything is there
    free(d->row);
    free(d);
    return KAL_OK;
}

static size_t held(const kal__decoder *d)
{
    return (size_t)d->extent.width + 2 * (size_t)d->colours;
}

static kal_status y4m_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: y4m: out of memory", r->name);
    d->reader = r;
    d->limits = ask->limits;
    d->page = ask->page;
    d->onward = ask->onward;
    d->line = -1;
    d->delay = -1;
    kal_status st = read_head(d, err);
    if (!st) st = walk(d, ask->page, err);
    if (!st && r->forget) r->forget(r, d->at);
    if (!st) {
        d->row = kal__new(held(d), 1);
        if (!d->row) st = kal_fail(err, KAL_NOMEM, "%s: y4m: out of memory", r->name);
    }
    if (!st) return KAL_OK;
    y4m_close(d, NULL);
    *out = NULL;
    return st;
}

static kal_status y4m_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    const kal_status st = y4m_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = 1;
    h->memory = sizeof *d + held(d) + (d->onward ? 2 * (size_t)d->frame + MOST_HEAD : 0);
    meta->pages = d->onward ? 0 : d->pages;
    meta->delay = d->delay;
    y4m_close(d, NULL);
    return KAL_OK;
}

// ---- pixels -------------------------------------------------------------------------------------

static unsigned char clamp(int32_t v)
{
    v = (v + 32768) >> 16;
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static kal_status read_row(kal__decoder *d, kal_error *err)
{
    const uint64_t w = (uint64_t)d->extent.width, colours = (uint64_t)d->colours;
    kal_status st = kal__read_exact(d->reader, "y4m", d->at + (uint64_t)d->y * w, d->row, (size_t)w, err);
    const int32_t line = d->colours ? d->y / d->kind->down : -1;
    for (uint64_t i = 0; i < 2 && !st && line != d->line; i++)
        st = kal__read_exact(d->reader, "y4m",
                             d->at + w * (uint64_t)d->extent.height +
                                 colours * (i * (uint64_t)d->lines + (uint64_t)line),
                             d->row + w + i * colours, (size_t)colours, err);
    d->line = line;
    return st;
}

static void make_row(const kal__decoder *d, unsigned char *dst)
{
    const range *r = d->range;
    const unsigned char *u = d->row + d->extent.width, *v = u + d->colours;
    for (int32_t x = 0; x < d->extent.width; x++) {
        const int32_t y = r->luma * (d->row[x] - r->black);
        if (d->colours) {
            const int32_t at = x / d->kind->across, cu = u[at] - 128, cv = v[at] - 128;
            *dst++ = clamp(y + r->rv * cv);
            *dst++ = clamp(y - r->gu * cu - r->gv * cv);
            *dst++ = clamp(y + r->bu * cu);
        } else {
            *dst++ = clamp(y);
        }
    }
}

static kal_status y4m_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    if (stride < (ptrdiff_t)d->extent.width * d->extent.channels || n > d->extent.height - d->y)
        return kal_fail(err, KAL_CHANGED, "%s: y4m: the picture has another size than its header had",
                        d->reader->name);
    kal_status st = KAL_OK;
    for (; n && !st; n--, dst += stride, d->y++)
        if (!(st = read_row(d, err))) make_row(d, dst);
    return st;
}

static kal_status y4m_next(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err)
{
    bool found;
    if (!d->onward && d->page + 1 >= d->pages)
        return kal__no_page(d->reader->name, d->page + 1, d->pages, err);
    uint64_t at = d->at + d->frame;
    kal_status st = read_mark(d, &at, &found, err);
    if (!st && !found && d->onward) return kal__no_page(d->reader->name, d->page + 1, d->page + 1, err);
    if (!st && !found) st = fail(d, KAL_CORRUPT, at, "there are fewer frames than there were", err);
    if (st) return st;
    d->at = at;
    if (d->reader->forget) d->reader->forget(d->reader, at);
    d->page++;
    d->y = 0;
    d->line = -1;
    h->extent = d->extent;
    h->rows = 1;
    m->delay = d->delay;
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool y4m_sniff(const unsigned char *p, size_t n)
{
    return n >= 10 && !memcmp(p, MARK, 10);
}

static const char *y4m_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_y4m = {
    .name = "y4m",
    .suffixes = "y4m",
    .help = "YUV4MPEG2: frames of video of 8 bits as RGB or gray; pages are frames. Read only",
    .version = y4m_version,
    .sniff = y4m_sniff,
    .header = y4m_header,
    .streams = true,
    .scattered = true,
    .onward = true,
    .pages = true,
    .open = y4m_open,
    .rows = y4m_rows,
    .next = y4m_next,
    .close = y4m_close,
};
