// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Animations are written by what changes: every picture comes back, in order and each by itself, and a file in which little moves is small.
#include "pages.h"

#define N 9

typedef struct film {
    kal_extent e;
    unsigned char *pictures[N];
} film;

// A ground of few colours, on which from picture to picture nothing moves, a little, or all; `colours` few enough to be kept by GIF.
static film film_of(int32_t w, int32_t h, int channels, int colours, uint64_t seed)
{
    film f = {.e = extent_of(w, h, channels, KAL_U8)};
    rng r = {seed};
    const size_t pixel = (size_t)channels, n = (size_t)w * (size_t)h;
    unsigned char list[256][4];
    for (int i = 0; i < colours; i++)
        for (int k = 0; k < 4; k++)
            list[i][k] = (unsigned char)(k == 3 ? (rng_below(&r, 3) ? 255 : 0) : rng_next(&r));
    for (int i = 0; i < colours && channels == 4; i++)   // what is transparent has no colour in GIF
        if (!list[i][3]) list[i][0] = list[i][1] = list[i][2] = 0;
    for (int k = 0; k < N; k++) {
        unsigned char *p = f.pictures[k] = malloc(n * pixel);
        if (k && k != N / 2) {
            memcpy(p, f.pictures[k - 1], n * pixel);
            const int32_t side = k % 3 ? 1 + rng_below(&r, 5) : 0, x = rng_below(&r, w - 6),
                          y = rng_below(&r, h - 6);
            for (int32_t j = 0; j < side; j++)
                for (int32_t i = 0; i < side; i++)
                    memcpy(p + ((size_t)(y + j) * (size_t)w + (size_t)(x + i)) * pixel,
                           list[rng_below(&r, colours)], pixel);
        } else {
            for (size_t i = 0; i < n; i++) memcpy(p + i * pixel, list[rng_below(&r, colours)], pixel);
        }
    }
    return f;
}

static kal_bytes written(const film *f, const char *format, const char *params)
{
    const char *path = check_temp("film");
    kal_album *a;
    kal_bytes none = {0};
    kal_scope *own = kal_scope_new();
    const bool there =
        !kal_node_error(kal_encode(own, node_of(own, &f->e, f->pictures[0]), format, params), &check_error);
    kal_scope_free(&own);
    if (!there) return check_skip("%s", check_error.message), none;
    if (!REQUIRE_OK(kal_album_create(path, format, &a, &check_error))) return none;
    for (int k = 0; k < N; k++) {
        kal_scope *s = kal_scope_new();
        REQUIRE_OK(kal_album_add(a, node_of(s, &f->e, f->pictures[k]), params, NULL, &check_error));
        kal_scope_free(&s);
    }
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    FILE *file = fopen(path, "rb");
    const kal_bytes b = read_stream(file);
    fclose(file);
    return b;
}

static void comes_back(const char *format, const char *params, int32_t w, int32_t h, int channels,
                       int colours, double most)
{
    const film f = film_of(w, h, channels, colours, (uint64_t)(w * 31 + channels));
    kal_bytes b = written(&f, format, params);
    char what[80];
    for (int k = 0; k < N && b.size; k++) {
        kal__header head;
        unsigned char *p = page_alone(&b, k, &head);
        snprintf(what, sizeof what, "%s, %d×%d×%d, picture %d", format, w, h, channels, k);
        if (!REQUIRE_NOTE(p, "%s: %s", what, check_error.message)) break;
        const int has = head.extent.channels;
        size_t bad = 0;
        for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
            const unsigned char *is = p + i * (size_t)has, *want = f.pictures[k] + i * (size_t)channels;
            bad += memcmp(is, want, 3) != 0 || (has == 4 && is[3] != (channels == 4 ? want[3] : 255));
        }
        REQUIRE_NOTE(!bad && has == channels, "%s: %zu pixels are others, %d channels", what, bad, has);
        free(p);
    }
    if (b.size) {
        require_next(&b, 0, N, 0, format);
        require_next(&b, 0, N, 0x5a, format);
        require_next(&b, 3, N, 0, format);
    }
    if (!b.size) return;
    // two pictures in which all is other; the rest is little
    kal_scope *s = kal_scope_new();
    kal_bytes one = encoded(node_of(s, &f.e, f.pictures[0]), format, params);
    REQUIRE_NOTE((double)b.size < most * (double)one.size, "%s: %zu bytes, of one picture %zu", format,
                 b.size, one.size);
    printf("%-5s %d×%d×%d: %zu bytes, of one picture %zu\n", format, w, h, channels, b.size, one.size);
    kal_scope_free(&s);
    kal_bytes_free(&one);
    bytes_free(&b);
    for (int k = 0; k < N; k++) free(f.pictures[k]);
}

int main(void)
{
    comes_back("gif", NULL, 61, 43, 3, 200, 2.2);
    comes_back("gif", NULL, 300, 200, 3, 250, 2.1);
    comes_back("gif", NULL, 61, 43, 4, 200, 6.2);
    comes_back("gif", NULL, 300, 200, 4, 250, 5.5);
    for (int channels = 3; channels <= 4; channels++) {
        comes_back("png", NULL, 61, 43, channels, 200, 2.6);
        comes_back("png", "compression=1", 300, 200, channels, 256, 2.2);
        comes_back("webp", "lossless=true effort=0", 61, 43, channels, 200, 2.6);
        comes_back("webp", "lossless=true effort=0", 300, 200, channels, 256, 2.2);
    }
    return check_done();
}
