// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The header of a HEIF file by its boxes: what libheif says, for what we write, for the shared pictures, for files whose boxes
// were changed; and libheif is not so much as loaded for it. `heif_head N SEED` tries N changed files of each.
#define _GNU_SOURCE
#include "heads.h"

#if KAL__HEIF

static int rounds = 300;
static uint64_t seed = 1;

// ---- files --------------------------------------------------------------------------------------

typedef struct sort {
    const char *format;
    int32_t w, h, channels;
    kal_type type;
    bool meta;
} sort;

static kal_node *picture_of(kal_scope *s, const sort *k)
{
    const kal_extent e = extent_of(k->w, k->h, k->channels, k->type);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(s, &e, pixels);
    free(pixels);
    if (!k->meta) return n;
    kal_bytes png = encoded(n, "png", NULL), exif = make_exif(6, true);
    splice(&png, 33, png_chunk("eXIf", exif.data, exif.size));
    kal_node *m = kal_load_bytes(s, png.data, png.size, NULL);
    bytes_free(&png), bytes_free(&exif);
    return m;
}

static kal_bytes file_of(const sort *k)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = picture_of(s, k);
    kal_bytes b = {0};
    if (!kal_node_error(kal_encode(s, n, k->format, NULL), &check_error))
        b = encoded(n, k->format, NULL);
    else
        check_skip("%s: %s", k->format, check_error.message);
    kal_scope_free(&s);
    return b;
}

// ---- changed boxes ------------------------------------------------------------------------------

// Bytes between ftyp and what is coded, one to three of them, become others.
static void require_changed(const kal_bytes *file, const char *what)
{
    rng r = {seed};
    const unsigned char *meta = memmem(file->data, file->size, "meta", 4);
    if (!meta) return;   // the short header
    const size_t from = (size_t)(meta - file->data) + 4;
    const size_t n =
        kal__be(meta - 4, 4) < file->size - from ? (size_t)kal__be(meta - 4, 4) : file->size - from;
    for (int i = 0; i < rounds; i++) {
        kal_bytes other = bytes_copy(file->data, file->size);
        char name[120];
        for (int k = 1 + (int)rng_below(&r, 3); k; k--) {
            const size_t at = from + (size_t)rng_below(&r, (int32_t)n);
            other.data[at] = rng_below(&r, 2) ? (unsigned char)rng_next(&r)
                                              : (unsigned char)(other.data[at] ^ 1u << rng_below(&r, 8));
        }
        snprintf(name, sizeof name, "%s, changed (%d of seed %llu)", what, i, (unsigned long long)seed);
        require_heads(&other, name, false);
        bytes_free(&other);
    }
}

static void test_written(void)
{
    static const sort sorts[] = {{"heif", 64, 64, 3, KAL_U8, false}, {"heif", 65, 33, 3, KAL_U8, true},
                                 {"heif", 70, 41, 4, KAL_U8, false}, {"heif", 64, 48, 1, KAL_U8, true},
                                 {"avif", 64, 64, 3, KAL_U8, false}, {"avif", 65, 33, 3, KAL_U8, true},
                                 {"avif", 70, 41, 4, KAL_U8, true},  {"avif", 64, 48, 1, KAL_U8, false},
                                 {"heif", 33, 20, 2, KAL_U8, false}};
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
        const sort *k = &sorts[i];
        kal_bytes b = file_of(k);
        if (!b.size) continue;
        char what[80];
        snprintf(what, sizeof what, "%s %dx%d of %d channels", k->format, k->w, k->h, k->channels);
        require_heads(&b, what, true);
        require_changed(&b, what);
        kal_bytes_free(&b);
    }
}

static void compare_shared(const char *path)
{
    kal_bytes b = get_file(path);
    require_heads(&b, path, false);
    require_changed(&b, path);
    bytes_free(&b);
}

// ---- libheif stays away -------------------------------------------------------------------------

static void test_not_loaded(const char *program)
{
    const sort plain = {"heif", 64, 64, 3, KAL_U8, false};
    kal_bytes b = file_of(&plain);
    if (b.size) require_header_alone(program, "plain.heic", &b);
    kal_bytes_free(&b);
}

int main(int argc, char **argv)
{
    if (argc == 2) return read_header_alone(argv[1], "libheif.so", 64, 64);
    if (argc > 2) rounds = atoi(argv[1]), seed = strtoull(argv[2], NULL, 10);
    test_not_loaded(argv[0]);
    test_written();
    each_shared("|heic|avif|heif|", compare_shared);
    return check_done();
}

#else

int main(void)
{
    check_skip("built without libheif");
    return check_done();
}

#endif
