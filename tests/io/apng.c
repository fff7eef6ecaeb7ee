// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Animated PNG: animations made by hand of each kind of sample against the words of the specification, each page by itself and after the one
// before; delays and loops; limits; damage. tests/io/pages_peers.sh compares with Pillow.
#include "apngs.h"
#include "pages.h"

static const apng_kind kinds[] = {{0, 8, 1, false}, {2, 8, 3, false}, {2, 8, 3, true},   {3, 8, 1, false},
                                  {4, 8, 2, false}, {6, 8, 4, false}, {6, 16, 4, false}, {6, 8, 4, true},
                                  {0, 16, 1, true}, {3, 8, 1, true}};

typedef struct canvas {
    int w, h;
    double *p;   // RGBA, 0 … 1
} canvas;

// A stored pixel as RGBA from 0 to 1.
static void pixel_of(const apng_kind *k, const unsigned char *palette, const unsigned char *s, double *out)
{
    double v[4];
    for (int i = 0; i < k->samples; i++)
        v[i] = k->depth == 8 ? s[i] / 255.0 : (s[2 * i] * 256 + s[2 * i + 1]) / 65535.0;
    out[3] = 1;
    for (int i = 0; i < 3; i++) out[i] = k->type == 3 ? palette[3 * *s + i] / 255.0 : v[k->type & 2 ? i : 0];
    if (k->type == 3) out[3] = palette[768 + *s] / 255.0;
    if (k->type & 4) out[3] = v[k->samples - 1];
}

static void show(canvas *c, const apng_kind *k, const apng_frame *f, const unsigned char *palette, bool first,
                 double *seen)
{
    const size_t size = (size_t)(c->w * c->h) * 4 * sizeof(double);
    double *before = malloc(size);
    memcpy(before, c->p, size);
    for (int y = 0; y < f->h; y++)
        for (int x = 0; x < f->w; x++) {
            double s[4], *d = c->p + 4 * ((f->y + y) * c->w + f->x + x);
            pixel_of(k, palette, f->samples + (y * f->w + x) * k->samples * k->depth / 8, s);
            const double a = s[3] + d[3] * (1 - s[3]);
            for (int i = 0; i < 3; i++)
                d[i] = !f->blend ? s[i] : s[3] > 0 ? (s[i] * s[3] + d[i] * d[3] * (1 - s[3])) / a : d[i];
            d[3] = f->blend ? a : s[3];
        }
    memcpy(seen, c->p, size);
    const int disposal = first && f->disposal == 2 ? 1 : f->disposal;
    if (disposal == 2) memcpy(c->p, before, size);
    for (int y = f->y; disposal == 1 && y < f->y + f->h; y++)
        memset(c->p + 4 * (y * c->w + f->x), 0, (size_t)f->w * 4 * sizeof(double));
    free(before);
}

static void require_page(const kal_bytes *b, int32_t page, const double *want, int w, int h, const char *what)
{
    char params[32];
    snprintf(params, sizeof params, "page=%d", page);
    kal_extent e;
    unsigned char *p = decoded(b->data, b->size, params, &e);
    if (!REQUIRE_NOTE(p && e.width == w && e.height == h, "%s, page %d: %s", what, page,
                      check_error.message)) {
        free(p);
        return;
    }
    double off = 0;
    const int max = e.type == KAL_U16 ? 65535 : 255;
    for (int i = 0; i < w * h * e.channels; i++) {
        const int c = i % e.channels, colours = e.channels - e.alpha;
        const double *q = want + 4 * (i / e.channels);
        const double v = (e.type == KAL_U16 ? ((uint16_t *)(void *)p)[i] : p[i]);
        const double d = c < colours && !(q[3] > 0) ? 0 : v - max * q[c < colours ? c : 3];
        // what is all but transparent was rounded before more was laid on it
        const double most = c < colours ? 1 + 3 / (q[3] + 0.001) : 2.5;
        off = d / most > off ? d / most : -d / most > off ? -d / most : off;
        if (!e.alpha && q[3] < 1) off = 9;
    }
    REQUIRE_NOTE(off <= 1, "%s, page %d: off by %.2f of what may be", what, page, off);
    free(p);
}

static void animation(const apng_kind *k, uint64_t seed)
{
    rng r = {seed};
    const int w = 1 + rng_below(&r, 30), h = 1 + rng_below(&r, 30), n = 1 + rng_below(&r, 6);
    const bool hidden = seed % 4 == 3;   // the default image is no frame
    const size_t size = (size_t)(w * h) * 4;
    unsigned char palette[1024], *samples = malloc((size_t)(w * h) * 8);
    for (size_t i = 0; i < sizeof palette; i++) palette[i] = (unsigned char)rng_next(&r);
    canvas c = {w, h, calloc(size, sizeof(double))};
    double *seen = calloc(size * (size_t)(n + 1), sizeof(double));
    char what[80];
    snprintf(what, sizeof what, "type %d, depth %d, seed %d", k->type, k->depth, (int)seed);
    kal_bytes b = apng_head(k, w, h, n, 3, palette);
    int sequence = 0;
    for (int i = 0; i < n + hidden; i++) {
        apng_frame f = {0, 0, w, h, rng_below(&r, 3), rng_below(&r, 2), i, 50, samples};
        if (i && rng_below(&r, 4)) {
            f.x = rng_below(&r, w), f.y = rng_below(&r, h);
            f.w = 1 + rng_below(&r, w - f.x), f.h = 1 + rng_below(&r, h - f.y);
        }
        for (int j = 0; j < w * h * 8; j++)
            samples[j] = (unsigned char)(rng_next(&r) | (rng_below(&r, 3) ? 0 : 255));
        if (hidden && !i) f.disposal = 1;
        show(&c, k, &f, palette, !i, seen + size * (size_t)i);
        if (!hidden || i) apng_control(&b, &f, &sequence);
        apng_pixels(&b, k, &f, i ? &sequence : NULL);
        if (!rng_below(&r, 3)) apng_put(&b, "tEXt", "a\0b", 3);
    }
    apng_put(&b, "IEND", NULL, 0);
    for (int i = 0; i < n + hidden; i++) {
        kal__header x;
        kal__meta *m;
        REQUIRE_OK(page_header(&b, i, &x, &m));
        const double delay = hidden && !i ? -1 : i / 50.0;   // the hidden one is no frame
        REQUIRE_NOTE(m->pages == n + hidden && m->loops == 3 && m->delay == delay, "%s: %d %d %g", what,
                     m->pages, (int)m->loops, m->delay);
        kal__meta_unref(&m);
        require_page(&b, i, seen + size * (size_t)i, w, h, what);
    }
    for (int from = 0; from < n + hidden; from += 2) {
        require_next(&b, from, n + hidden, 0, what);
        require_next(&b, from, n + hidden, 0x5a6d7e5b, what);
    }
    free(samples), free(c.p), free(seen);
    bytes_free(&b);
}

// ---- what is none -------------------------------------------------------------------------------

static void require_says(const kal_bytes *b, int32_t page, kal_status status, const char *says)
{
    kal__header h;
    check_error = (kal_error){0};
    unsigned char *p = page_alone(b, page, &h);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, says), "%s: %s", says,
                 p ? "a picture" : check_error.message);
    free(p);
}

static size_t find(const kal_bytes *b, const char *name, int which)
{
    size_t at = 8;
    for (; at < b->size; at += 12 + ((size_t)b->data[at + 2] << 8 | b->data[at + 3]))
        if (!memcmp(b->data + at + 4, name, 4) && !which--) return at;
    return 0;
}

static void damage(void)
{
    kal_bytes b = apng_of_three();
    kal__header h;
    unsigned char *p = page_alone(&b, 2, &h);
    REQUIRE_NOTE(p != NULL, "%s", check_error.message);
    free(p);
    require_says(&b, 3, KAL_INVALID, "page 3: there are 3, from 0 to 2");
    static const struct {
        const char *chunk;
        int which, at;
        bool mend;
        const char *says;
    } cases[] = {{"fdAT", 0, 20, false, "CRC error"},
                 {"fcTL", 1, 20, false, "fcTL: CRC error"},
                 {"fcTL", 1, 8 + 3, true, "not in order"},
                 {"fdAT", 1, 8 + 3, true, "not in order"},
                 {"fcTL", 1, 8 + 15, true, "outside of its picture"},
                 {"fdAT", 2, 30, true, "damaged"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_bytes m = bytes_copy(b.data, b.size);
        unsigned char *c = m.data + find(&m, cases[i].chunk, cases[i].which);
        const size_t n = (size_t)c[2] << 8 | c[3];
        c[cases[i].at] ^= 0x5f;
        if (cases[i].mend) put_be(c + 8 + n, (uint32_t)crc32(0, c + 4, (uInt)n + 4), 4);
        require_says(&m, cases[i].chunk[1] == 'd' && cases[i].which == 2 ? 2 : 1, KAL_CORRUPT, cases[i].says);
        p = page_alone(&m, 0, &h);
        REQUIRE_NOTE(p != NULL, "%s: page 0: %s", cases[i].says, check_error.message);
        free(p);
        bytes_free(&m);
    }
    const size_t second = find(&b, "fcTL", 1), third = find(&b, "fcTL", 2);
    for (size_t n = 60; n < b.size; n += 7) {
        const kal_bytes cut = {b.data, n};
        require_says(&cut, 2, KAL_CORRUPT, "the file ends at byte");
    }
    kal_bytes less = bytes_copy(b.data, third);   // says three, has two
    apng_put(&less, "IEND", NULL, 0);
    require_says(&less, 2, KAL_CORRUPT, "before page 2");
    bytes_free(&less);
    kal_limits limits, few;
    kal_limits_get(&limits);
    few = limits;
    few.pages = 2;
    kal_limits_set(&few);
    require_says(&b, 0, KAL_LIMIT, "more pages than the limit of 2");
    kal_limits_set(&limits);
    REQUIRE(second && third > second);
    bytes_free(&b);
}

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint64_t seed = 1; seed <= 8; seed++) animation(&kinds[i], seed + 100 * i);
    damage();
    kal_memo_clear(NULL);
    return check_done();
}
