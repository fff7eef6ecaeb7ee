// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Help for the tests of files of several pages: each page by itself against each after the one before, through the codec's own functions.
#ifndef PAGES_H
#define PAGES_H

#include "files.h"

extern const kal__codec *const kal__codecs[];
extern const size_t kal__n_codecs;

static inline const kal__codec *codec_for(const kal_bytes *b)
{
    for (size_t i = 0; i < kal__n_codecs; i++)
        if (kal__codecs[i]->sniff(b->data, b->size < 32 ? b->size : 32)) return kal__codecs[i];
    return NULL;
}

static inline kal__ask ask_page(int32_t page)
{
    kal__ask ask = {.page = page};
    kal_limits_get(&ask.limits);
    return ask;
}

/// Header and metadata of a page; unref *m.
static inline kal_status page_header(const kal_bytes *b, int32_t page, kal__header *h, kal__meta **m)
{
    kal__reader *r;
    const kal__ask ask = ask_page(page);
    *h = (kal__header){.rows = 0};
    *m = kal__meta_new();
    kal_status st = kal__open_memory(b->data, b->size, "the bytes", &r, &check_error);
    if (st) return st;
    st = codec_for(b)->header(r, &ask, h, *m, &check_error);
    r->close(r);
    return st;
}

static inline kal_status page_rows(const kal__codec *c, kal__decoder *d, const kal__header *h,
                                   unsigned char *dst, int32_t rows)
{
    const ptrdiff_t stride = (ptrdiff_t)((size_t)h->extent.width * kal_pixel_size(&h->extent));
    kal_status st = KAL_OK;
    for (int32_t y = 0, n; y < rows && !st; y += n) {
        n = h->rows ? 1 + y % 5 : rows;
        if (n > rows - y) n = rows - y;
        st = c->rows(d, dst + y * stride, stride, n, &check_error);
    }
    return st;
}

/// A page by itself; NULL with check_error. Free.
static inline unsigned char *page_alone(const kal_bytes *b, int32_t page, kal__header *h)
{
    kal__meta *m;
    kal_status st = page_header(b, page, h, &m);
    kal__meta_unref(&m);
    const kal__codec *c = codec_for(b);
    const kal__ask ask = ask_page(page);
    kal__reader *r;
    kal__decoder *d = NULL;
    unsigned char *p = st ? NULL : malloc(bytes_of(&h->extent));
    if (kal__open_memory(b->data, b->size, "the bytes", &r, &check_error)) return NULL;
    if (!st) st = c->open(r, &ask, &d, &check_error);
    if (!st) st = page_rows(c, d, h, p, h->extent.height);
    if (d) {
        const kal_status last = c->close(d, st ? NULL : &check_error);
        st = st ? st : last;
    }
    r->close(r);
    if (!st) return p;
    free(p);
    return NULL;
}

/// From page `from` on with `next`, reading whole pages, or of those in `partly` (bits) only some rows: the same as each by itself.
static inline void require_next(const kal_bytes *b, int32_t from, int32_t pages, uint32_t partly,
                                const char *what)
{
    const kal__codec *c = codec_for(b);
    kal__header h;
    kal__meta *m;
    if (!REQUIRE_OK(page_header(b, from, &h, &m))) return;
    const kal__ask ask = ask_page(from);
    kal__reader *r;
    kal__decoder *d = NULL;
    REQUIRE_OK(kal__open_memory(b->data, b->size, "the bytes", &r, &check_error));
    kal_status st = c->open(r, &ask, &d, &check_error);
    REQUIRE_NOTE(!st, "%s from %d: %s", what, from, check_error.message);
    for (int32_t k = from; !st && k < pages; k++) {
        kal__header alone;
        kal__meta *own;
        REQUIRE_OK(page_header(b, k, &alone, &own));
        REQUIRE_NOTE(extent_equal(&h.extent, &alone.extent) && own->delay == m->delay && own->pages == pages,
                     "%s: the header of page %d", what, k);
        kal__meta_unref(&own);
        unsigned char *want = page_alone(b, k, &alone), *got = calloc(1, bytes_of(&h.extent));
        const bool some = partly >> k % 32 & 1;
        const int32_t rows = !some ? h.extent.height : h.rows ? h.extent.height / 3 : 0;
        st = page_rows(c, d, &h, got, rows);
        REQUIRE_NOTE(!st && want, "%s, page %d: %s", what, k, check_error.message);
        if (!st && want)
            REQUIRE_NOTE(!memcmp(got, want, bytes_of(&h.extent) / (size_t)h.extent.height * (size_t)rows),
                         "%s: page %d after %d differs", what, k, from);
        free(want), free(got);
        if (!st && k + 1 < pages) st = c->next(d, &h, m, &check_error);
        REQUIRE_NOTE(!st, "%s, to page %d: %s", what, k + 1, check_error.message);
    }
    if (!st) {
        REQUIRE_FAILS(KAL_INVALID, c->next(d, &h, m, &check_error));
        char says[40];
        snprintf(says, sizeof says, "there are %d", pages);
        REQUIRE_NOTE(pages == 1 || strstr(check_error.message, says), "%s", check_error.message);
    }
    if (d) REQUIRE(c->close(d, st ? NULL : &check_error) == KAL_OK || st);
    kal__meta_unref(&m);
    r->close(r);
}

#endif
