// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// GIF: animations made by hand against the words of the specification, each page by itself and after the one before; metadata; limits; files
// that are none. tests/io/pages_peers.sh compares with Pillow.
#include "gifs.h"
#include "pages.h"

// ---- pages --------------------------------------------------------------------------------------

typedef struct canvas {
    int w, h;
    unsigned char *p, *before;   // RGBA
} canvas;

// The frame upon the canvas, and what is to be seen; then what stays.
static void show(canvas *c, const gif_frame *f, const unsigned char *colours, unsigned char *seen)
{
    const size_t size = (size_t)c->w * (size_t)c->h * 4;
    memcpy(c->before, c->p, size);
    for (int y = 0; y < f->h; y++)
        for (int x = 0; x < f->w; x++) {
            const int v = f->values[y * f->w + x], cx = f->x + x, cy = f->y + y;
            if (v == f->clear || cx >= c->w || cy >= c->h) continue;
            unsigned char *to = c->p + 4 * (cy * c->w + cx);
            memcpy(to, (f->local ? f->colours : colours) + 3 * v, 3);
            to[3] = 255;
        }
    memcpy(seen, c->p, size);
    if (f->disposal == 3) memcpy(c->p, c->before, size);
    for (int y = f->y; f->disposal == 2 && y < f->y + f->h && y < c->h; y++)
        for (int x = f->x; x < f->x + f->w && x < c->w; x++) memset(c->p + 4 * (y * c->w + x), 0, 4);
}

static void random_frame(rng *r, gif_frame *f, int w, int h, bool whole)
{
    *f = (gif_frame){.disposal = rng_below(r, 4), .delay = rng_below(r, 300), .clear = -1};
    f->x = whole ? 0 : rng_below(r, w), f->y = whole ? 0 : rng_below(r, h);
    f->w = whole ? w : 1 + rng_below(r, w), f->h = whole ? h : 1 + rng_below(r, h);
    if (rng_below(r, 2)) f->clear = rng_below(r, 4);
    f->interlaced = rng_below(r, 2);
    f->local = rng_below(r, 2);
    for (size_t i = 0; i < 768; i++) f->colours[i] = (unsigned char)rng_next(r);
    const size_t n = (size_t)f->w * (size_t)f->h;
    f->values = malloc(n);
    const int kinds = rng_below(r, 2) ? 4 : 256;
    for (size_t i = 0; i < n; i++)
        f->values[i] = i && rng_below(r, 4) ? f->values[i - 1] : (unsigned char)rng_below(r, kinds);
}

static void require_page(const kal_bytes *b, int32_t page, const unsigned char *want, int w, int h,
                         bool *alpha, uint64_t seed)
{
    char params[32];
    snprintf(params, sizeof params, "page=%d", page);
    kal_extent e;
    unsigned char *p = decoded(b->data, b->size, params, &e);
    if (!REQUIRE_NOTE(p && e.width == w && e.height == h, "seed %d, page %d: %s", (int)seed, page,
                      check_error.message)) {
        free(p);
        return;
    }
    bool same = true;
    for (int i = 0; i < w * h; i++)
        same = same && !memcmp(p + i * e.channels, want + 4 * i, (size_t)e.channels) &&
               (e.alpha || want[4 * i + 3] == 255);
    REQUIRE_NOTE(same, "seed %d, page %d", (int)seed, page);
    *alpha = e.alpha;
    free(p);
}

static void animations(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        rng r = {seed};
        const int w = 1 + rng_below(&r, 40), h = 1 + rng_below(&r, 40), n = 1 + rng_below(&r, 8);
        const size_t size = (size_t)w * (size_t)h * 4;
        unsigned char colours[768], *seen = calloc((size_t)n, size);
        canvas c = {w, h, calloc(1, size), calloc(1, size)};
        for (size_t i = 0; i < sizeof colours; i++) colours[i] = (unsigned char)rng_next(&r);
        kal_bytes b = gif_head(w, h, colours);
        for (int k = 0; k < n; k++) {
            gif_frame f;
            random_frame(&r, &f, w, h, !k || !rng_below(&r, 4));
            b = gif_add(b, &f, seed % 2);
            if (!rng_below(&r, 4)) b = bytes_join(b, "\x21\xfe\3abc\0", 7);   // a comment
            show(&c, &f, colours, seen + (size_t)k * size);
            free(f.values);
        }
        b = bytes_join(b, ";", 1);
        bool alpha = false, any = false;
        for (size_t i = 3; i < size * (size_t)n; i += 4) any = any || seen[i] != 255;
        for (int k = 0; k < n; k++) require_page(&b, k, seen + (size_t)k * size, w, h, &alpha, seed);
        REQUIRE_NOTE(alpha || !any, "seed %d", (int)seed);
        for (int from = 0; from < n; from += 3) {
            require_next(&b, from, n, 0, "gif");
            require_next(&b, from, n, 0x5a6d7e5b, "gif, some rows");
        }
        free(seen), free(c.p), free(c.before);
        bytes_free(&b);
    }
}

// A picture that fills LZW's table several times over, which is cleared or stays.
static void tables(void)
{
    rng r = {3};
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    unsigned char colours[768], *values = malloc(60000), *want = malloc(180000);
    for (size_t i = 0; i < sizeof colours; i++) colours[i] = (unsigned char)rng_next(&r);
    for (int way = 0; way < 3; way++) {
        for (size_t i = 0; i < 60000; i++) {
            values[i] = way == 2 ? 7 : (unsigned char)(rng_next(&r) >> (i % 7 ? 5 : 0));
            memcpy(want + 3 * i, colours + 3 * values[i], 3);
        }
        const gif_frame f = {0, 0, 300, 200, 0, 0, -1, way == 1, false, {0}, values};
        kal_bytes b = bytes_join(gif_add(gif_head(300, 200, colours), &f, way), ";", 1);
        require_picture(b.data, b.size, NULL, &e, want, "the table");
        bytes_free(&b);
    }
    free(values), free(want);
}

// ---- metadata and limits ------------------------------------------------------------------------

static kal_bytes with_metadata(void)
{
    unsigned char magic[258], value = 1, colours[768] = {0};
    magic[0] = 1;
    for (int i = 0; i < 256; i++) magic[1 + i] = (unsigned char)(255 - i);
    magic[257] = 0;
    kal_bytes b = gif_head(1, 1, colours), icc = make_icc();
    b = bytes_join(b, "\x21\xff\x0bXMP DataXMP", 14);
    b = bytes_join(bytes_join(b, XMP_TEXT, strlen(XMP_TEXT)), magic, sizeof magic);
    b = bytes_join(b, "\x21\xff\x0bICCRGBG1012\x64", 15);
    b = bytes_join(bytes_join(b, icc.data, 100), "\x20", 1);
    b = bytes_join(bytes_join(b, icc.data + 100, icc.size - 100), "", 1);
    b = bytes_join(b, "\x21\xff\x0bNETSCAPE2.0\3\1\x39\x30\0", 19);
    bytes_free(&icc);
    for (int k = 0; k < 4; k++) {
        const gif_frame f = {0, 0, 1, 1, 0, 7 * k, -1, false, false, {0}, &value};
        b = gif_add(b, &f, true);
    }
    return bytes_join(b, ";", 1);
}

static void metadata(void)
{
    kal_bytes b = with_metadata(), icc = make_icc();
    for (int32_t k = 0; k < 4; k++) {
        kal__header h;
        kal__meta *m;
        REQUIRE_OK(page_header(&b, k, &h, &m));
        REQUIRE(m->pages == 4 && m->loops == 12345 && m->delay == 7 * k / 100.0);
        REQUIRE(m->xmp.size == strlen(XMP_TEXT) && !memcmp(m->xmp.data, XMP_TEXT, m->xmp.size));
        REQUIRE(m->icc.size == icc.size && !memcmp(m->icc.data, icc.data, icc.size));
        kal__meta_unref(&m);
    }
    kal__header h;
    kal__meta *m;
    REQUIRE_FAILS(KAL_INVALID, page_header(&b, 4, &h, &m));
    REQUIRE(strstr(check_error.message, "page 4: there are 4, from 0 to 3") != NULL);
    kal__meta_unref(&m);
    kal_limits limits, less;
    kal_limits_get(&limits);
    less = limits;
    less.pages = 3;
    less.meta_bytes = 50;
    kal_limits_set(&less);
    REQUIRE_FAILS(KAL_LIMIT, page_header(&b, 0, &h, &m));
    kal__meta_unref(&m);
    less.pages = 4;
    kal_limits_set(&less);
    REQUIRE_OK(page_header(&b, 0, &h, &m));
    REQUIRE(!m->xmp.size && !m->icc.size && m->loops == 12345);
    kal__meta_unref(&m);
    kal_limits_set(&limits);
    bytes_free(&b), bytes_free(&icc);
}

// Hundredths of a second of the first of `pages`: none are said by a picture alone, nor where there is no control.
static void delays(void)
{
    static const struct {
        int delay, pages, cut;   // bytes of the control that are taken out
        double seconds;
    } cases[] = {{0, 2, 0, 0}, {0, 1, 0, -1}, {5, 1, 0, 0.05}, {0, 2, 8, -1}};
    static const unsigned char colours[768];
    unsigned char value = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gif_frame f = {0, 0, 1, 1, 0, cases[i].delay, -1, false, false, {0}, &value};
        kal_bytes b = gif_head(1, 1, colours);
        const size_t head = b.size, cut = (size_t)cases[i].cut;
        for (int k = 0; k < cases[i].pages; k++) b = gif_add(b, &f, true);
        b = bytes_join(b, ";", 1);
        memmove(b.data + head, b.data + head + cut, b.size - head - cut);
        b.size -= cut;
        kal__header h;
        kal__meta *m;
        REQUIRE_OK(page_header(&b, 0, &h, &m));
        REQUIRE_NOTE(m->delay == cases[i].seconds, "case %zu: %g", i, m->delay);
        kal__meta_unref(&m);
        bytes_free(&b);
    }
}

// ---- files that are none ------------------------------------------------------------------------

#define TEXT(s) s, sizeof(s) - 1
#define HEAD "GIF89a\2\0\1\0\x80\0\0\1\2\3\4\5\6"
#define PLACE ",\0\0\0\0\2\0\1\0\0"

static void refusals(void)
{
    static const struct {
        const char *file;
        size_t n;
        kal_status status;
        const char *says;
    } cases[] = {{TEXT(HEAD ";"), KAL_CORRUPT, "at byte 20: there is no picture"},
                 {TEXT(HEAD PLACE "\2\2\x44\x0a\0"), KAL_CORRUPT, "the file ends at byte 34"},
                 {TEXT(HEAD PLACE "\1\2\x44\1\0;"), KAL_CORRUPT, "values of 1 bits"},
                 {TEXT(HEAD PLACE "\2\1\x2c\0;"), KAL_CORRUPT, "before its last pixel"},
                 {TEXT(HEAD PLACE "\2\1\x3c\0;"), KAL_CORRUPT, "stands for nothing"},
                 {TEXT(HEAD PLACE "\2\2\xc4\1\0;"), KAL_CORRUPT, "stands for nothing"},
                 {TEXT(HEAD "\7" PLACE "\2\2\x44\x0a\0;"), KAL_CORRUPT, "a block of an unknown kind, 7"},
                 {TEXT(HEAD "!\xf9\3abc" PLACE "\2\2\x44\x0a\0;"), KAL_CORRUPT, "of another size than 4"},
                 {TEXT("GIF89a\2\0\1\0\0\0\0" PLACE "\2\2\x44\x0a\0;"), KAL_CORRUPT, "no palette"},
                 {TEXT(HEAD ",\0\0\0\0\0\0\1\0\0\2\2\x44\x0a\0;"), KAL_CORRUPT, "the picture is 0×1"},
                 {TEXT(HEAD ",\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\x0a\0;"), KAL_LIMIT, "more than the limit"}};
    const kal_limits limits = limit_pixels(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        require_refused(cases[i].file, cases[i].n, cases[i].status, "gif", cases[i].says);
    }
    kal_limits_set(&limits);
    // zeros between blocks, a canvas that the first frame widens, a value beyond a palette of two
    static const char file[] = "GIF87a\0\0\0\0\x80\0\0\1\2\3\4\5\6\0" PLACE "\2\2\x54\x0a\0\0\0;";
    const kal_extent e = extent_of(2, 1, 3, KAL_U8);
    require_picture(TEXT(file), NULL, &e, "\0\0\0\4\5\6", "a small canvas");
}

int main(void)
{
    animations();
    tables();
    metadata();
    delays();
    refusals();
    kal_memo_clear(NULL);
    return check_done();
}
