// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The header of a TIFF file, which we read ourselves: libtiff sees the same picture, or one of the two refuses it, in what we write, in the
// shared pictures, and in files whose directories were changed; fields beside the picture cost nothing when they are damaged; and libtiff
// is not so much as loaded for it. `tiff_head N SEED` tries N changed files of each.
#define _GNU_SOURCE
#include "files.h"

#include "../../io/tiff.h"

#if KAL__TIFF

static int rounds = 200;
static uint64_t seed = 1;

// ---- files --------------------------------------------------------------------------------------

typedef struct sort {
    const char *params;
    int32_t w, h, channels;
    kal_type type;
    bool meta;
} sort;

static const sort sorts[] = {
    {"compression=none", 75, 53, 3, KAL_U8, false},
    {"compression=lzw tile=16 pyramid=true", 70, 90, 3, KAL_U8, true},
    {"compression=deflate bigtiff=true", 33, 20, 1, KAL_U16, true},
    {"compression=packbits tile=32", 40, 40, 4, KAL_U8, false},
    {"compression=jpeg", 64, 48, 3, KAL_U8, true},
    {"compression=zstd", 31, 17, 1, KAL_F32, false},
    {"compression=none bigtiff=true pyramid=true tile=16", 80, 64, 2, KAL_U8, false}};

static kal_bytes file_of(const sort *k)
{
    const kal_extent e = extent_of(k->w, k->h, k->channels, k->type);
    kal_scope *s = kal_scope_new();
    void *pixels = calloc(1, bytes_of(&e));
    if (k->type == KAL_U8) smooth_pixels(&e, pixels);
    kal_node *n = node_of(s, &e, pixels);
    if (k->meta) {
        kal_bytes png = encoded(n, "png", NULL), exif = make_exif(6, true);
        static const unsigned char density[9] = {0, 0, 11, 19, 0, 0, 11, 19, 1};   // 72 dots an inch
        splice(&png, 33, png_chunk("eXIf", exif.data, exif.size));
        splice(&png, 33, png_chunk("pHYs", density, sizeof density));
        n = kal_load_bytes(s, png.data, png.size, NULL);
        bytes_free(&png), bytes_free(&exif);
    }
    kal_bytes b = encoded(n, "tiff", k->params);
    kal_scope_free(&s);
    free(pixels);
    return b;
}

// ---- both of them -------------------------------------------------------------------------------

static int agreed;

// Where both read it they see one picture.
static void require_head(const kal_bytes *file, const char *what, bool ordinary)
{
    kal_limits limits;
    kal__reader *r;
    kal__tiff_dir d;
    kal__tiff_head h;
    kal__tiff_file f;
    int32_t pages;
    uint64_t directory;
    kal_error err = {0}, theirs = {0};
    kal_limits_get(&limits);
    const kal__ask ask = {.limits = limits};
    if (!REQUIRE_OK(kal__open_memory(file->data, file->size, what, &r, &check_error))) return;
    kal_status st = kal__tiff_pages(r, &ask, &directory, &pages, &err);
    if (!st) {
        st = kal__tiff_dir_read(&d, r, directory, &err);
        if (!st) st = kal__tiff_read_head(&d, &limits, &h);
        kal__tiff_dir_free(&d);
    }
    REQUIRE_NOTE(!st || (!ordinary && strstr(err.message, what) && strstr(err.message, "tiff")), "%s: %s",
                 what, err.message);
    if (!st && !kal__tiff_open(&f, r, directory, kal__tiff_most(&limits), &theirs)) {
        REQUIRE_NOTE(!kal__tiff_prepare(&f, &h, &theirs), "%s: %dx%d of %u bits: %s", what, h.extent.width,
                     h.extent.height, h.bits, theirs.message);
        kal__tiff_close(&f);
        agreed++;
    }
    REQUIRE_NOTE(!ordinary || !theirs.message[0], "%s: %s", what, theirs.message);
    r->close(r);
}

// What the header says is what is decoded, or there is an error.
static void require_pixels(const kal_bytes *file, const char *what)
{
    kal_node *n = kal_load_bytes(NULL, file->data, file->size, NULL);
    kal_extent e, got;
    kal_error err = {0};
    if (!kal_node_extent(n, &e, &err) && (int64_t)e.width * e.height < 1 << 20) {
        void *pixels = read_all(n, &(kal_options){.memo_mode = KAL_MEMO_NEVER}, &got);
        REQUIRE_NOTE(pixels ? extent_equal(&got, &e) : check_error.message[0],
                     "%s: another picture than its header said", what);
        free(pixels);
    }
    kal_node_unref(&n);
}

// ---- changed directories ------------------------------------------------------------------------

static bool first_directory(const kal_bytes *b, uint64_t *at, size_t *n)
{
    kal__reader *r;
    kal__tiff_dir d;
    kal_error err;
    kal__tiff_order o;
    if (!REQUIRE_OK(kal__open_memory(b->data, b->size, "file", &r, &check_error))) return false;
    bool ok = !kal__tiff_begin_chain(r, &o, at, &err) && !kal__tiff_dir_read(&d, r, *at, &err);
    if (ok) {
        *n = (o.big ? 8 : 2) + d.n * (o.big ? 20 : 12);
        kal__tiff_dir_free(&d);
    }
    r->close(r);
    return ok;
}

// One to three bytes of the first directory become others.
static void require_changed(const kal_bytes *file, const char *what)
{
    rng r = {seed};
    uint64_t from;
    size_t n;
    if (!first_directory(file, &from, &n)) return;
    for (int i = 0; i < rounds; i++) {
        kal_bytes other = bytes_copy(file->data, file->size);
        char name[200];
        for (int k = 1 + (int)rng_below(&r, 3); k; k--) {
            const size_t at = (size_t)from + (size_t)rng_below(&r, (int32_t)n);
            const int how = (int)rng_below(&r, 3);
            const unsigned char was = other.data[at];
            other.data[at] = (unsigned char)(how == 0   ? rng_next(&r)
                                             : how == 1 ? was ^ 1u << rng_below(&r, 8)
                                                        : (unsigned)rng_below(&r, 8));
        }
        snprintf(name, sizeof name, "%s, changed (%d of seed %llu)", what, i, (unsigned long long)seed);
        require_head(&other, name, false);
        require_pixels(&other, name);
        bytes_free(&other);
    }
}

static void test_written(void)
{
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
        kal_bytes b = file_of(&sorts[i]);
        require_head(&b, sorts[i].params, true);
        require_changed(&b, sorts[i].params);
        kal_bytes_free(&b);
    }
    REQUIRE_NOTE(agreed > (int)(sizeof sorts / sizeof *sorts) * rounds / 4, "only %d were compared", agreed);
}

static void compare_shared(const char *path)
{
    kal_bytes b = get_file(path);
    const char *name = strrchr(path, '/') + 1;
    require_head(&b, name, true);
    if (b.size < 400000) require_changed(&b, name);
    bytes_free(&b);
}

// ---- damage -------------------------------------------------------------------------------------

// The entry of this tag in the first directory of a small little-endian file.
static unsigned char *entry_of(const kal_bytes *b, unsigned tag)
{
    uint64_t at;
    size_t n;
    if (!first_directory(b, &at, &n)) return NULL;
    for (size_t k = 2; k < n; k += 12)
        if ((unsigned)(b->data[at + k] | b->data[at + k + 1] << 8) == tag) return b->data + at + k;
    return NULL;
}

static kal_status status_with(unsigned tag, size_t byte, unsigned char value, kal_error *err)
{
    kal_bytes b = file_of(&(sort){"compression=lzw", 40, 30, 3, KAL_U8, true});
    unsigned char *e = entry_of(&b, tag);
    if (REQUIRE_NOTE(e, "there is no field %u", tag)) e[byte] = value;
    kal_node *n = kal_load_bytes(NULL, b.data, b.size, NULL);
    const kal_status st = kal_node_error(n, err);
    kal_node_unref(&n);
    kal_bytes_free(&b);
    return st;
}

// A field that a picture cannot be read without is an error that names it; one that stands beside it is not there.
static void test_damage(void)
{
    static const unsigned needed[] = {KAL__TAG_WIDTH,   KAL__TAG_HEIGHT,      KAL__TAG_BITS,
                                      KAL__TAG_SAMPLES, KAL__TAG_COMPRESSION, KAL__TAG_PHOTOMETRIC};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        kal_error err = {0};
        char field[40];
        snprintf(field, sizeof field, "field %u is damaged", needed[i]);
        REQUIRE_FAILS(KAL_CORRUPT, status_with(needed[i], 2, KAL__IFD_ASCII, &err));
        REQUIRE_NOTE(strstr(err.message, field), "%s", err.message);
        if (needed[i] == KAL__TAG_BITS) continue;   // of which there may be one for each sample, or more
        REQUIRE_FAILS(KAL_CORRUPT, status_with(needed[i], 7, 0x70, &err));
    }
    kal_error err = {0};
    REQUIRE_OK(status_with(KAL__TAG_ORIENTATION, 2, KAL__IFD_ASCII, &err));
    REQUIRE_OK(status_with(KAL__TAG_UNIT, 2, 99, &err));
    REQUIRE_OK(status_with(KAL__TAG_X_RESOLUTION, 11, 0x70, &err));   // beyond the end
    REQUIRE_FAILS(KAL_CORRUPT, status_with(KAL__TAG_STRIPS, 0, 0, &err));
    REQUIRE_NOTE(strstr(err.message, "where pixels lie"), "%s", err.message);
}

// A field that says it lies where no file reaches costs nothing: its place is taken as it is in a BigTIFF, from disk too.
static void test_far_field(void)
{
    kal_bytes b = file_of(&(sort){"compression=deflate bigtiff=true", 40, 30, 3, KAL_U8, true});
    uint64_t at;
    size_t n;
    if (!first_directory(&b, &at, &n)) return;
    for (size_t k = 8; k < n; k += 20) {
        unsigned char *e = b.data + at + k;
        if ((e[0] | e[1] << 8) == KAL__TAG_ORIENTATION) {
            e[0] = 14, e[1] = 1, e[2] = KAL__IFD_ASCII;   // ImageDescription, which is read for EXIF
            memset(e + 4, 0, 16);
            e[4] = 100, e[19] = 0x80;
        }
    }
    put_file(check_temp("far.tif"), b.data, b.size);
    kal_node *n1 = kal_load(NULL, check_temp("far.tif"), "keyed=false");
    kal_extent e;
    REQUIRE_OK(kal_node_extent(n1, &e, &check_error));
    REQUIRE_NOTE(e.width * e.height == 1200, "%dx%d", e.width, e.height);
    kal_node_unref(&n1);
    kal_bytes_free(&b);
}

// ---- libtiff stays away -------------------------------------------------------------------------

static void test_not_loaded(const char *program)
{
    kal_bytes b = file_of(&sorts[0]);
    require_header_alone(program, "plain.tif", &b);
    kal_bytes_free(&b);
}

int main(int argc, char **argv)
{
    if (argc == 2) return read_header_alone(argv[1], "libtiff.so", 75, 53);
    if (argc > 2) rounds = atoi(argv[1]), seed = strtoull(argv[2], NULL, 10);
    if (!kal__tiff_library()) {
        check_skip("libtiff is not here");
        return 77;
    }
    test_not_loaded(argv[0]);
    test_damage();
    test_far_field();
    test_written();
    each_shared("|tif|tiff|", compare_shared);
    return check_done();
}

#else

int main(void)
{
    check_skip("built without libtiff");
    return check_done();
}

#endif
