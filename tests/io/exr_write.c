// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// OpenEXR as we write it, read by OpenEXRCore: every kind comes back, with the same bytes from any number of threads; halves are the nearest; what it
// cannot hold. OpenCV reads it in exr_peers.sh.
#include "files.h"

#include "../../io/bytes.h"

#include <math.h>

// Smooth to the left, noise to the right, light beyond 1 and below 0, alpha of none, some and all.
static kal_node *picture(kal_scope *s, kal_extent *e, float **values)
{
    const size_t n = (size_t)e->width * (size_t)e->height * (size_t)e->channels;
    rng r = {77};
    float *p = *values = malloc(n * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        const size_t pixel = i / (size_t)e->channels, x = pixel % (size_t)e->width;
        p[i] = x < (size_t)e->width / 2 ? (float)x / 16 : (float)(int32_t)rng_next(&r) * 1e-6f;
        static const float alphas[] = {0, 0.5f, 1, 0.25f};   // by which it is divided without a loss
        if (e->alpha && i % (size_t)e->channels == (size_t)e->channels - 1) p[i] = alphas[rng_next(&r) % 4];
    }
    return kal_pixels(s, e, p, (ptrdiff_t)(e->width * e->channels) * 4);
}

static kal_bytes encoded_on(kal_node *n, const char *params, int threads)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = {NULL, 0};
    const kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "exr", params), &o, &b, &check_error));
    kal_scope_free(&s);
    return b;
}

static void comes_back(void)
{
    static const char *const forms[] = {"", "compression=none", "level=1", "type=half",
                                        "type=half compression=none"};
    static const kal_extent kinds[] = {{75, 53, 3, KAL_F32, KAL_RGB, false},
                                       {75, 16, 4, KAL_F32, KAL_RGB, true},
                                       {1, 1, 1, KAL_F32, KAL_GRAY, false},
                                       {300, 33, 2, KAL_F32, KAL_GRAY, true},
                                       {2000, 100, 3, KAL_F32, KAL_RGB, false}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        kal_extent e = kinds[k], got_e;
        kal_scope *s = kal_scope_new();
        float *values;
        kal_node *n = picture(s, &e, &values);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            kal_bytes a = encoded_on(n, forms[f], 1), b = encoded_on(n, forms[f], 3);
            REQUIRE_NOTE(a.size == b.size && !memcmp(a.data, b.data, a.size), "%s: threads matter", forms[f]);
            const bool half = strstr(forms[f], "half") != NULL;
            float *got = read_all(kal_load_bytes(s, a.data, a.size, NULL), NULL, &got_e);
            size_t bad = 0;
            if (REQUIRE_NOTE(got && !memcmp(&e, &got_e, sizeof e), "%s", check_error.message))
                for (size_t i = 0; i < (size_t)e.width * (size_t)e.height * (size_t)e.channels; i++) {
                    float want = values[i];
                    if (half) {   // what was multiplied is rounded, and then divided
                        const float alpha =
                            e.alpha
                                ? values[i / (size_t)e.channels * (size_t)e.channels + (size_t)e.channels - 1]
                                : 1;
                        const bool colour =
                            e.alpha && i % (size_t)e.channels < (size_t)e.channels - 1 && alpha > 0;
                        want = kal__widen_half(kal__narrow_half(colour ? want * alpha : want)) /
                               (colour ? alpha : 1);
                    }
                    bad += memcmp(&want, &got[i], 4) != 0 && !(want == 0 && got[i] == 0);
                }
            REQUIRE_NOTE(!bad, "kind %zu, %s: %zu samples are others", k, forms[f], bad);
            free(got);
            kal_bytes_free(&a);
            kal_bytes_free(&b);
        }
        free(values);
        kal_scope_free(&s);
    }
}

// Every half is itself; of what lies between two the nearest is taken, in the middle the even one.
static void halves(void)
{
    size_t bad = 0;
    for (uint32_t h = 0; h < 65536; h++) {
        const bool number = (h & 0x7c00) != 0x7c00 || !(h & 0x3ff);
        bad += number ? kal__narrow_half(kal__widen_half(h)) != h
                      : kal__narrow_half(kal__widen_half(h)) % 0x8000 <= 0x7c00;
    }
    REQUIRE_NOTE(!bad, "%zu halves are not themselves", bad);
    for (uint32_t h = 0; h < 0x7bff; h++) {
        const float a = kal__widen_half(h), b = kal__widen_half(h + 1), middle = (a + b) / 2;
        bad += kal__narrow_half(middle) != (h & 1 ? h + 1 : h);
        bad += kal__narrow_half(nextafterf(middle, 0)) != h ||
               kal__narrow_half(nextafterf(middle, 1e9f)) != h + 1;
        bad += kal__narrow_half(-middle) != (0x8000 | (h & 1 ? h + 1 : h));
    }
    REQUIRE_NOTE(!bad, "%zu halves are not the nearest", bad);
    REQUIRE(kal__narrow_half(65519.996f) == 0x7bff && kal__narrow_half(65520) == 0x7c00 &&
            kal__narrow_half(1e30f) == 0x7c00);
}

static void the_rest(void)
{
    kal_scope *s = kal_scope_new();
    kal_extent e = {64, 48, 3, KAL_F32, KAL_RGB, false};
    float *values;
    kal_node *n = picture(s, &e, &values);
    kal_bytes plain = encoded_on(n, "compression=none", 2), zip = encoded_on(n, "", 2);
    REQUIRE_NOTE(zip.size < plain.size, "%zu, %zu", zip.size, plain.size);
    for (int percent = 1; percent < 100; percent += 7) {
        kal_bytes cut = bytes_copy(zip.data, zip.size * (size_t)percent / 100);
        kal_extent got;
        check_error = (kal_error){0};
        void *p = read_all(kal_load_bytes(s, cut.data, cut.size, NULL), NULL, &got);
        REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT, "cut at %d %%: %s", percent,
                     check_error.message);
        free(p);
        bytes_free(&cut);
    }
    kal_bytes_free(&plain);
    kal_bytes_free(&zip);
    kal_node *bytes = kal_apply_text(s, "cast", "type=u8", &n, 1);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_encode(s, bytes, "exr", NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "cast type=f32"), "%s", check_error.message);
    const kal_extent data = {8, 8, 5, KAL_F32, KAL_DATA, false};
    rng r = {3};
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(&r, s, &data), "exr", NULL), &check_error));
    free(values);
    kal_scope_free(&s);
}

static bool can_write(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = {8, 8, 3, KAL_F32, KAL_RGB, false};
    rng r = {3};
    const bool ok = !kal_node_error(kal_encode(s, rng_image(&r, s, &e), "exr", NULL), &check_error);
    kal_scope_free(&s);
    return ok;
}

int main(void)
{
    halves();
    if (can_write()) {
        comes_back();
        the_rest();
    } else {
        check_skip("%s", check_error.message);
    }
    kal_memo_clear(NULL);
    return check_done();
}
