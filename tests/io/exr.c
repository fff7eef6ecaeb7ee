// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// OpenEXR: files by hand after "OpenEXR File Layout", of scanlines and of tiles, every kind of sample, wherever the data window lies; parts of
// them; a reader that fails; what is cut, and what is not read. `io.exr [seed]`.
#include "files.h"

extern const kal__codec kal__codec_exr;

enum { UINT, HALF, FLOAT };

typedef struct kind {
    const char *names[6];   // sorted, as the format wants them
    int types[6];
    int32_t x0, y0, w, h;
    int32_t tile_w, tile_h;   // 0: scanlines
} kind;

static void le(kal_bytes *b, uint64_t v, int n)
{
    unsigned char p[8];
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * i));
    *b = bytes_join(*b, p, (size_t)n);
}

static void attribute(kal_bytes *b, const char *name, const char *type, const void *data, size_t n)
{
    *b = bytes_join(bytes_join(*b, name, strlen(name) + 1), type, strlen(type) + 1);
    le(b, n, 4);
    *b = bytes_join(*b, data, n);
}

static void attribute_of(kal_bytes *b, const char *name, const char *type, kal_bytes data)
{
    attribute(b, name, type, data.data, data.size);
    bytes_free(&data);
}

static kal_bytes window(const kind *k)
{
    kal_bytes b = bytes_copy("", 0);
    le(&b, (uint32_t)k->x0, 4), le(&b, (uint32_t)k->y0, 4);
    le(&b, (uint32_t)(k->x0 + k->w - 1), 4), le(&b, (uint32_t)(k->y0 + k->h - 1), 4);
    return b;
}

// The bits of a sample, and what they mean.
static uint32_t bits_of(const kind *k, int c, int32_t x, int32_t y, float *value)
{
    const uint32_t h = (uint32_t)(x * 7919 + y * 104729 + c * 1299709) * 2654435761u >> 7;
    const int type = k->types[c];
    uint32_t bits = h;
    if (type == UINT) {
        bits = h % 1000;
        *value = (float)bits;
    } else if (type == HALF) {   // 1/64 to 2, some negative; and the smallest
        bits = h % 17 ? (h & 0x8000) | (9 + h % 7) << 10 | (h >> 5 & 0x3ff) : 1;
        const float v = bits == 1
                            ? 0x1p-24f
                            : (float)(1024 + (bits & 0x3ff)) / 1024 / (float)(1 << (15 - (bits >> 10 & 31)));
        *value = bits & 0x8000 ? -v : v;
    } else {
        *value = (float)(h % 100000) / 1000 - 20;
        memcpy(&bits, value, 4);
    }
    if (!strcmp(k->names[c], "A")) {   // none, a half, all
        static const float alphas[] = {0, 0.5f, 1};
        *value = alphas[h % 3];
        bits = type == HALF ? (uint32_t[]){0, 0x3800, 0x3c00}[h % 3] : 0;
        if (type == FLOAT) memcpy(&bits, value, 4);
    }
    return bits;
}

static void block(kal_bytes *b, const kind *k, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    for (int32_t y = y0; y < y1; y++)
        for (int c = 0; c < 6 && k->names[c]; c++)
            for (int32_t x = x0; x < x1; x++) {
                float v;
                le(b, bits_of(k, c, x, y, &v), k->types[c] == HALF ? 2 : 4);
            }
}

static kal_bytes exr_of(const kind *k)
{
    kal_bytes b = bytes_copy("\x76\x2f\x31\x01", 4), list = bytes_copy("", 0), tiles = bytes_copy("", 0);
    const bool tiled = k->tile_w > 0;
    le(&b, tiled ? 0x202 : 2, 4);
    for (int c = 0; c < 6 && k->names[c]; c++) {
        list = bytes_join(list, k->names[c], strlen(k->names[c]) + 1);
        le(&list, (uint64_t)k->types[c], 4), le(&list, 0, 4), le(&list, 1, 4), le(&list, 1, 4);
    }
    le(&list, 0, 1);
    attribute_of(&b, "channels", "chlist", list);
    attribute(&b, "compression", "compression", "", 1);
    attribute_of(&b, "dataWindow", "box2i", window(k));
    attribute_of(&b, "displayWindow", "box2i", window(k));
    attribute(&b, "lineOrder", "lineOrder", "", 1);
    attribute(&b, "pixelAspectRatio", "float", "\0\0\x80\x3f", 4);
    attribute(&b, "screenWindowCenter", "v2f", "\0\0\0\0\0\0\0\0", 8);
    attribute(&b, "screenWindowWidth", "float", "\0\0\x80\x3f", 4);
    attribute(&b, "xDensity", "float", "\0\0\x90\x42", 4);   // 72 an inch
    le(&tiles, (uint64_t)k->tile_w, 4), le(&tiles, (uint64_t)k->tile_h, 4), le(&tiles, 0, 1);
    if (tiled) attribute(&b, "tiles", "tiledesc", tiles.data, tiles.size);
    bytes_free(&tiles);
    le(&b, 0, 1);
    const int32_t bw = tiled ? k->tile_w : k->w, bh = tiled ? k->tile_h : 1;
    const int32_t across = (k->w + bw - 1) / bw, down = (k->h + bh - 1) / bh;
    const size_t table = b.size;
    for (int32_t i = 0; i < across * down; i++) le(&b, 0, 8);
    for (int32_t j = 0; j < down; j++)
        for (int32_t i = 0; i < across; i++) {
            const int32_t x1 = (i + 1) * bw < k->w ? (i + 1) * bw : k->w,
                          y1 = (j + 1) * bh < k->h ? (j + 1) * bh : k->h;
            kal_bytes one = bytes_copy("", 0);
            for (int n = 0; n < 8; n++)
                b.data[table + 8 * (size_t)(j * across + i) + (size_t)n] =
                    (unsigned char)((uint64_t)b.size >> (8 * n));
            if (tiled)
                le(&b, (uint64_t)i, 4), le(&b, (uint64_t)j, 4), le(&b, 0, 8);
            else
                le(&b, (uint32_t)(k->y0 + j), 4);
            block(&one, k, i * bw, j * bh, x1, y1);
            le(&b, one.size, 4);
            b = bytes_join(b, one.data, one.size);
            bytes_free(&one);
        }
    return b;
}

static float value_of(const kind *k, const char *name, int32_t x, int32_t y)
{
    for (int c = 0; c < 6 && k->names[c]; c++)
        if (!strcmp(k->names[c], name)) {
            float v;
            bits_of(k, c, x, y, &v);
            return v;
        }
    return 0;
}

static float *pixels_of(const kind *k, const char *const *order, int n, bool alpha)
{
    float *p = malloc((size_t)k->w * (size_t)k->h * (size_t)n * sizeof *p), *to = p;
    for (int32_t y = 0; y < k->h; y++)
        for (int32_t x = 0; x < k->w; x++)
            for (int i = 0; i < n; i++) {
                const float v = value_of(k, order[i], x, y), a = alpha ? value_of(k, "A", x, y) : 0;
                *to++ = a > 0 && i < n - 1 ? v / a : v;
            }
    return p;
}

static void kinds(rng *r)
{
    static const struct {
        kind k;
        const char *order[4];
        int n;
        bool alpha;
    } all[] = {
        {{{"B", "G", "R"}, {HALF, HALF, HALF}, 0, 0, 50, 40, 0, 0}, {"R", "G", "B"}, 3, false},
        {{{"A", "B", "G", "R"}, {HALF, HALF, HALF, HALF}, -5, 7, 33, 300, 0, 0},
         {"R", "G", "B", "A"},
         4,
         true},
        {{{"A", "B", "G", "R"}, {FLOAT, FLOAT, FLOAT, FLOAT}, 3, -9, 70, 90, 16, 16},
         {"R", "G", "B", "A"},
         4,
         true},
        {{{"A", "B", "G", "R", "Z"}, {HALF, FLOAT, UINT, HALF, FLOAT}, 0, 0, 65, 130, 32, 24},
         {"R", "G", "B", "A"},
         4,
         true},
        {{{"Y"}, {HALF}, 0, 0, 1, 1, 0, 0}, {"Y"}, 1, false},
        {{{"A", "Y"}, {FLOAT, FLOAT}, 10, 10, 31, 200, 64, 64}, {"Y", "A"}, 2, true},
        {{{"depth"}, {FLOAT}, 0, 0, 17, 9, 0, 0}, {"depth"}, 1, false},
        {{{"B", "G", "R", "diffuse.R"}, {HALF, HALF, HALF, HALF}, 0, 0, 400, 600, 128, 32},
         {"R", "G", "B"},
         3,
         false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const kind *k = &all[i].k;
        kal_bytes b = exr_of(k);
        char what[40];
        snprintf(what, sizeof what, "kind %zu", i);
        const kal_extent e = {k->w, k->h, all[i].n, KAL_F32, all[i].n > 2 ? KAL_RGB : KAL_GRAY, all[i].alpha};
        float *want = pixels_of(k, all[i].order, all[i].n, all[i].alpha);
        require_picture(b.data, b.size, NULL, &e, want, what);
        require_parts(r, "a.exr", &b, &e, want, what);
        free(want);
        bytes_free(&b);
    }
}

// ---- a reader that fails, files that are none ---------------------------------------------------

typedef struct failing {
    kal__reader base;
    const kal_bytes *bytes;
    int calls, fail_at;
} failing;

static ptrdiff_t failing_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    failing *f = (failing *)r;
    if (++f->calls == f->fail_at) {
        kal_fail(err, KAL_IO, "%s: the disk is broken", r->name);
        return -1;
    }
    const size_t left = at < f->bytes->size ? f->bytes->size - (size_t)at : 0, most = n < 500 ? n : 500;
    n = left < most ? left : most;
    memcpy(dst, f->bytes->data + at, n);
    return (ptrdiff_t)n;
}

static kal_status read_failing(failing *f, float *dst)
{
    kal__ask ask = {0};
    kal__header h;
    kal__decoder *d = NULL;
    kal_limits_get(&ask.limits);
    kal__meta *meta = kal__meta_new();
    kal_status st = kal__codec_exr.header(&f->base, &ask, &h, meta, &check_error);
    if (!st) REQUIRE(meta->pages == 1 && meta->density[0] > 2834.6 && meta->density[1] < 2834.7);
    kal__meta_unref(&meta);
    if (!st) st = kal__codec_exr.open(&f->base, &ask, &d, &check_error);
    if (st) return st;
    st = kal__codec_exr.rows(d, (unsigned char *)dst, 33 * 12, 50, &check_error);
    kal__codec_exr.close(d, st ? NULL : &check_error);
    return st;
}

static void failures(void)
{
    const kind k = {{"B", "G", "R"}, {HALF, FLOAT, HALF}, 0, 0, 33, 50, 16, 16};
    kal_bytes b = exr_of(&k);
    static float got[33 * 50 * 3];
    failing f = {{.read_at = failing_read_at, .size = b.size, .name = "failing"}, &b, 0, 0};
    REQUIRE_OK(read_failing(&f, got));
    const int calls = f.calls;
    for (int at = 1; at <= calls; at++) {
        failing g = {{.read_at = failing_read_at, .size = b.size, .name = "failing"}, &b, 0, at};
        const kal_status st = read_failing(&g, got);
        REQUIRE_NOTE(st == KAL_IO && strstr(check_error.message, "broken"), "call %d of %d: %s: %s", at,
                     calls, kal_status_name(st), check_error.message);
    }
    for (int part = 0; part < 64; part++) {
        const size_t cut = b.size * (size_t)part / 64;
        void *p = decoded(b.data, cut, NULL, NULL);
        REQUIRE_NOTE(!p && (cut < 8 || strstr(check_error.message, "byte")), "%zu of %zu: %s", cut, b.size,
                     p ? "a picture" : check_error.message);
        free(p);
    }
    void *p = decoded(b.data, b.size, "page=1", NULL);
    REQUIRE_NOTE(!p && check_error.status == KAL_INVALID, "%s", check_error.message);
    free(p);
    bytes_free(&b);
    static const struct {
        kind k;
        const char *says;
    } wrong[] = {{{{"BY", "RY", "Y"}, {HALF, HALF, HALF}, 0, 0, 4, 4, 0, 0}, "neither R, G and B nor Y"},
                 {{{"R", "Z"}, {HALF, HALF}, 0, 0, 4, 4, 0, 0}, "neither R, G and B nor Y"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        b = exr_of(&wrong[i].k);
        p = decoded(b.data, b.size, NULL, NULL);
        REQUIRE_NOTE(!p && check_error.status == KAL_UNSUPPORTED &&
                         strstr(check_error.message, wrong[i].says),
                     "%s", check_error.message);
        free(p);
        bytes_free(&b);
    }
}

// Changed bytes: a sentence or a picture.
static void changed(rng *r)
{
    const kind all[] = {{{"B", "G", "R"}, {HALF, FLOAT, HALF}, 0, 0, 33, 50, 16, 16},
                        {{"A", "Y"}, {HALF, UINT}, -3, 2, 21, 30, 0, 0}};
    int pictures = 0;
    const kal_limits old = limit_pixels(1 << 20);
    for (int i = 0; i < 600; i++) {
        kal_bytes b = exr_of(&all[i % 2]);
        for (int n = 1 + rng_below(r, 4); n; n--)
            b.data[rng_below(r, i % 3 ? 420 : (int32_t)b.size)] =
                (unsigned char)(rng_below(r, 3) ? rng_next(r) : 255);
        check_error = (kal_error){0};
        void *p = decoded(b.data, b.size, NULL, NULL);
        REQUIRE_NOTE(p || (check_error.status && check_error.status != KAL_INTERNAL), "%d: %s", i,
                     check_error.message);
        pictures += p != NULL;
        free(p);
        bytes_free(&b);
    }
    kal_limits_set(&old);
    printf("600 changed files, %d still pictures\n", pictures);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    if (!kal__codec_exr.version()) {
        check_skip("OpenEXR is not here");
        return 77;
    }
    kinds(&r);
    failures();
    changed(&r);
    kal_memo_clear(NULL);
    return check_done();
}
