// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG: round trips of every kind; every kind of file there is, packed here and written by libpng, against the
// formula; metadata before and behind the pixels; damage. The shared pictures are compared with libpng called
// directly and with pngtopnm.
#include "files.h"

#include <setjmp.h>

#include <png.h>

// ---- round trips --------------------------------------------------------------------------------

static const int32_t sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {13, 5}, {64, 33}, {257, 19}, {1000, 40}};

static void round_trip(rng *r, kal_extent e, const char *params)
{
    kal_extent want = e;
    want.model = e.channels < 3 ? KAL_GRAY : KAL_RGB;
    void *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes b = encoded(n, "png", params), again = encoded(n, "png", params);
    REQUIRE(b.size == again.size && !memcmp(b.data, again.data, b.size));
    require_picture(b.data, b.size, NULL, &want, pixels, "round trip");
    kal_bytes_free(&b);
    kal_bytes_free(&again);
    kal_node_unref(&n);
    free(pixels);
}

static void test_round_trips(void)
{
    rng r = {21};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int32_t w = sizes[s][0], h = sizes[s][1];
        for (int32_t channels = 1; channels <= 4; channels++)
            for (kal_type type = KAL_U8; type <= KAL_U16; type++) {
                round_trip(&r, extent_of(w, h, channels, type), NULL);
                round_trip(&r, extent_of(w, h, channels, type), "compression=0");
                round_trip(&r, extent_of(w, h, channels, type), "compression=9 strip=true");
            }
        round_trip(&r, (kal_extent){w, h, 1, KAL_U8, KAL_MASK, false}, NULL);
        round_trip(&r, (kal_extent){w, h, 3, KAL_U16, KAL_DATA, false}, NULL);
    }
}

static void test_refusals(void)
{
    static const struct {
        kal_extent e;
        const char *says;
    } cases[] = {{{2, 2, 1, KAL_U32, KAL_DATA, false}, "cast type=u8"},
                 {{2, 2, 3, KAL_F32, KAL_RGB, false}, "cast type=u8"},
                 {{2, 2, 5, KAL_U8, KAL_DATA, false}, "band_extract"},
                 {{2, 2, 2, KAL_U8, KAL_DATA, false}, "band_extract"},
                 {{2, 2, 4, KAL_U16, KAL_DATA, false}, "band_extract"},
                 {{2, 2, 3, KAL_U8, KAL_DATA, true}, "band_extract"}};
    rng r = {1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_encode(s, rng_image(&r, s, &cases[i].e), "png", NULL);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s", check_error.message);
        kal_scope_free(&s);
    }
}

// ---- every kind of file -------------------------------------------------------------------------

typedef struct kind {
    int32_t w, h;
    int depth, colour;
    bool interlaced, trns;
    unsigned samples[40 * 40 * 4];   // as stored: indices, grays, components
    png_color palette[256];
    png_byte alphas[256];
    int n_palette, n_alphas;
    png_color_16 clear;   // the colour that tRNS makes transparent
} kind;

static int stored_channels(const kind *k)
{
    return k->colour == PNG_COLOR_TYPE_PALETTE ? 1 : (k->colour & 2 ? 3 : 1) + (k->colour & 4 ? 1 : 0);
}

static void fill(kind *k, rng *r)
{
    const int n = stored_channels(k), max = (1 << k->depth) - 1;
    k->n_palette = k->colour == PNG_COLOR_TYPE_PALETTE ? 1 + rng_below(r, max + 1) : 0;
    if (k->n_palette > max + 1) k->n_palette = max + 1;
    k->n_alphas = k->trns && k->n_palette ? 1 + rng_below(r, k->n_palette) : 0;
    for (int i = 0; i < 256; i++) {
        k->palette[i] = (png_color){(png_byte)rng_next(r), (png_byte)rng_next(r), (png_byte)rng_next(r)};
        k->alphas[i] = (png_byte)rng_next(r);
    }
    for (int i = 0; i < k->w * k->h * n; i++)
        k->samples[i] = (unsigned)rng_below(r, k->n_palette ? k->n_palette : rng_below(r, 2) ? max + 1 : 2);
    const int at = rng_below(r, k->w * k->h) * n;   // some pixel that is there
    k->clear.gray = (png_uint_16)k->samples[at];
    k->clear.red = (png_uint_16)k->samples[at];
    k->clear.green = (png_uint_16)k->samples[at + (n > 1)];
    k->clear.blue = (png_uint_16)k->samples[at + (n > 2 ? 2 : 0)];
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    kal_bytes *b = png_get_io_ptr(png);
    *b = bytes_join(*b, data, n);
}

// Bits packed from the top, 16 bits big-endian: as PNG says.
static void pack_row(const kind *k, int32_t y, png_byte *row)
{
    const int n = stored_channels(k) * k->w;
    memset(row, 0, (size_t)n * 2);
    for (int i = 0; i < n; i++) {
        const unsigned v = k->samples[y * n + i];
        if (k->depth == 16)
            put_be(row + 2 * i, v, 2);
        else
            row[i * k->depth / 8] |= (png_byte)(v << (8 - k->depth - i * k->depth % 8));
    }
}

static kal_bytes write_kind(const kind *k)
{
    kal_bytes b = {malloc(1), 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_byte *rows[40];
    for (int32_t y = 0; y < k->h; y++) pack_row(k, y, rows[y] = malloc((size_t)k->w * 16));
    if (setjmp(png_jmpbuf(png))) abort();
    png_set_write_fn(png, &b, on_write, NULL);
    png_set_IHDR(png, info, (png_uint_32)k->w, (png_uint_32)k->h, k->depth, k->colour, k->interlaced, 0, 0);
    if (k->n_palette) png_set_PLTE(png, info, k->palette, k->n_palette);
    if (k->trns)
        png_set_tRNS(png, info, k->n_palette ? k->alphas : NULL, k->n_alphas,
                     k->n_palette ? NULL : &k->clear);
    png_set_rows(png, info, rows);
    png_write_png(png, info, 0, NULL);
    png_destroy_write_struct(&png, &info);
    for (int32_t y = 0; y < k->h; y++) free(rows[y]);
    return b;
}

static void *expected(const kind *k, kal_extent *e)
{
    const int n = stored_channels(k), max = (1 << k->depth) - 1;
    *e = extent_of(k->w, k->h, (k->colour & 2 ? 3 : 1) + (k->trns || k->colour & 4 ? 1 : 0),
                   k->depth == 16 ? KAL_U16 : KAL_U8);
    uint8_t *p8 = malloc(bytes_of(e));
    uint16_t *p16 = (uint16_t *)(void *)p8;
    for (int i = 0; i < k->w * k->h; i++) {
        const unsigned *s = k->samples + i * n;
        unsigned out[4];
        if (k->n_palette) {
            const png_color c = k->palette[s[0]];
            out[0] = c.red, out[1] = c.green, out[2] = c.blue;
            out[3] = (int)s[0] < k->n_alphas ? k->alphas[s[0]] : 255;
        } else {
            const unsigned top = k->depth == 16 ? 65535 : 255;
            const bool clear = n == 1
                                   ? s[0] == k->clear.gray
                                   : s[0] == k->clear.red && s[1] == k->clear.green && s[2] == k->clear.blue;
            for (int c = 0; c < n; c++) out[c] = s[c] * (top / (unsigned)max);   // exact for 1, 2, 4, 8, 16
            if (k->trns) out[n] = clear ? 0 : top;
        }
        for (int c = 0; c < e->channels; c++)
            if (k->depth == 16)
                p16[i * e->channels + c] = (uint16_t)out[c];
            else
                p8[i * e->channels + c] = (uint8_t)out[c];
    }
    return p8;
}

static void test_kinds(void)
{
    static const struct {
        int colour, depths;
    } kinds[] = {{0, 1 | 2 | 4 | 8 | 16}, {2, 8 | 16}, {3, 1 | 2 | 4 | 8}, {4, 8 | 16}, {6, 8 | 16}};
    static kind k;
    rng r = {22};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int bits = 0; bits < 4 * 32; bits++) {
            k.depth = 1 << bits % 8 % 5;
            k.trns = bits & 32, k.interlaced = bits & 64;
            k.w = 1 + rng_below(&r, 40), k.h = 1 + rng_below(&r, 40);
            k.colour = kinds[i].colour;
            if (!(kinds[i].depths & k.depth) || (k.trns && k.colour & 4)) continue;
            fill(&k, &r);
            kal_bytes b = write_kind(&k);
            kal_extent e;
            void *want = expected(&k, &e);
            char what[100];
            snprintf(what, sizeof what, "colour %d depth %d%s%s", k.colour, k.depth, k.trns ? " tRNS" : "",
                     k.interlaced ? " interlaced" : "");
            require_picture(b.data, b.size, NULL, &e, want, what);
            free(want);
            bytes_free(&b);
        }
}

// ---- chunks -------------------------------------------------------------------------------------

static kal_bytes small_png(kal_extent *e, unsigned char **pixels)
{
    rng r = {23};
    *e = extent_of(6, 4, 3, KAL_U8);
    *pixels = malloc(bytes_of(e));
    rng_pixels(&r, e, *pixels);
    kal_node *n = node_of(NULL, e, *pixels);
    kal_bytes b = encoded(n, "png", NULL);
    kal_node_unref(&n);
    return b;
}

static kal_bytes deflated(const char *head, size_t head_n, const void *data, size_t n)
{
    unsigned char packed[4096];
    uLongf size = sizeof packed;
    compress(packed, &size, data, n);
    return bytes_join(bytes_copy(head, head_n), packed, size);
}

static void test_metadata(void)
{
    kal_extent e;
    unsigned char *pixels;
    const kal_bytes plain = small_png(&e, &pixels);
    kal_bytes icc = make_icc(), exif = make_exif(6, true);
    for (int behind = 0; behind < 2; behind++)
        for (int packed = 0; packed < 2; packed++) {
            const size_t at = behind ? plain.size - 12 : 33;   // before IEND, or behind IHDR
            kal_bytes b = bytes_copy(plain.data, plain.size);
            kal_bytes xmp = bytes_copy("XML:com.adobe.xmp\0\0\0en\0title\0", 29);
            if (packed)
                bytes_free(&xmp),
                    xmp = deflated("XML:com.adobe.xmp\0\1\0en\0title\0", 29, XMP_TEXT, strlen(XMP_TEXT));
            else
                xmp = bytes_join(xmp, XMP_TEXT, strlen(XMP_TEXT));
            kal_bytes profile = deflated("a name\0\0", 8, icc.data, icc.size);
            splice(&b, at, png_chunk("eXIf", exif.data, exif.size));
            splice(&b, at, png_chunk("iTXt", "Comment\0\0\0\0\0hello", 17));
            splice(&b, at, png_chunk("iTXt", xmp.data, xmp.size));
            splice(&b, at, png_chunk("tEXt", "Comment\0hello", 13));
            splice(&b, 33, png_chunk("iCCP", profile.data, profile.size));
            kal_node *n = kal_load_bytes(NULL, b.data, b.size, NULL);
            const char *what = behind ? "behind the pixels" : "before the pixels";
            require_meta(n, "exif", exif.data, exif.size, what);
            require_meta(n, "icc", icc.data, icc.size, what);
            require_meta(n, "xmp", XMP_TEXT, strlen(XMP_TEXT), what);
            kal_node_unref(&n);
            kal_extent turned;
            void *want = upright(6, &e, pixels, &turned);
            require_picture(b.data, b.size, NULL, &turned, want, what);
            require_picture(b.data, b.size, "upright=false", &e, pixels, what);
            free(want);
            bytes_free(&b), bytes_free(&xmp), bytes_free(&profile);
        }
    bytes_free(&icc), bytes_free(&exif);
    kal_bytes_free(&(kal_bytes){plain.data, plain.size});
    free(pixels);
}

// Damage in what only travels along costs nothing but itself; a profile that inflates beyond the limit is
// left out.
static void test_bad_metadata(void)
{
    kal_extent e;
    unsigned char *pixels;
    const kal_bytes plain = small_png(&e, &pixels);
    static unsigned char zeros[100000];
    kal_bytes bomb = deflated("bomb\0\0", 6, zeros, sizeof zeros), exif = make_exif(6, false);
    kal_bytes late = png_chunk("eXIf", exif.data, exif.size), early = png_chunk("eXIf", exif.data, exif.size);
    late.data[late.size - 1] ^= 1, early.data[early.size - 1] ^= 1;
    kal_bytes b = bytes_copy(plain.data, plain.size);
    splice(&b, plain.size - 12, late);
    splice(&b, 33, early);
    splice(&b, 33, png_chunk("iCCP", bomb.data, bomb.size));
    splice(&b, 33, png_chunk("iTXt", "XML:com.adobe.xmp", 17));
    splice(&b, 33, png_chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0not deflated", 34));
    splice(&b, 33, png_chunk("gAMA", "\0\0\0\0", 4));
    splice(&b, 33, png_chunk("tEXt", NULL, 0));
    splice(&b, 33, png_chunk("zzZz", "what", 4));
    kal_limits old, tight;
    kal_limits_get(&old);
    tight = old;
    tight.meta_bytes = 50000;
    kal_limits_set(&tight);
    kal_node *n = kal_load_bytes(NULL, b.data, b.size, NULL);
    require_meta(n, "exif", NULL, 0, "bad CRC");
    require_meta(n, "icc", NULL, 0, "over the limit");
    require_meta(n, "xmp", NULL, 0, "damaged");
    require_picture(b.data, b.size, NULL, &e, pixels, "bad metadata");
    kal_node_unref(&n);
    kal_limits_set(&old);
    bytes_free(&b), bytes_free(&bomb), bytes_free(&exif);
    kal_bytes_free(&(kal_bytes){plain.data, plain.size});
    free(pixels);
}

static void fails(const kal_bytes *b, kal_status status, const char *says)
{
    put_file(check_temp("bad.png"), b->data, b->size);
    kal_node *n = kal_load(NULL, check_temp("bad.png"), NULL);
    void *p = read_all(n, NULL, NULL);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, "bad.png") &&
                     strstr(check_error.message, "png: ") && strstr(check_error.message, says),
                 "want \"%s\": %s: %s", says, kal_status_name(check_error.status), check_error.message);
    free(p);
    kal_node_unref(&n);
}

static void set_header(kal_bytes *b, uint32_t w, uint32_t h, int depth, int colour)
{
    put_be(b->data + 16, w, 4);
    put_be(b->data + 20, h, 4);
    b->data[24] = (unsigned char)depth, b->data[25] = (unsigned char)colour;
    put_be(b->data + 29, (uint32_t)crc32(0, b->data + 12, 17), 4);
}

static void test_damage(void)
{
    kal_extent e;
    unsigned char *pixels;
    const kal_bytes plain = small_png(&e, &pixels);
    static const struct {
        uint32_t w, h;
        int depth, colour;
        kal_status status;
        const char *says;
    } headers[] = {{0, 4, 8, 2, KAL_CORRUPT, "byte"},         {6, 0x80000000u, 8, 2, KAL_CORRUPT, "byte"},
                   {6, 4, 3, 2, KAL_CORRUPT, "byte"},         {6, 4, 4, 2, KAL_CORRUPT, "byte"},
                   {6, 4, 8, 5, KAL_CORRUPT, "byte"},         {6, 4, 8, 3, KAL_CORRUPT, "byte"},
                   {0x7fffffff, 1, 8, 0, KAL_LIMIT, "limit"}, {40000, 40000, 8, 0, KAL_LIMIT, "limit"},
                   {6, 5, 8, 2, KAL_CORRUPT, "byte"},         {7, 4, 8, 2, KAL_CORRUPT, "byte"}};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        kal_bytes b = bytes_copy(plain.data, plain.size);
        set_header(&b, headers[i].w, headers[i].h, headers[i].depth, headers[i].colour);
        fails(&b, headers[i].status, headers[i].says);
        bytes_free(&b);
    }
    for (size_t at = 33 + 8; at < plain.size; at++) {   // any byte of IDAT's data or CRC, and of IEND's
        if (at >= plain.size - 12 && at < plain.size - 4) continue;
        kal_bytes b = bytes_copy(plain.data, plain.size);
        b.data[at] ^= 0x10;
        fails(&b, KAL_CORRUPT, "byte");
        bytes_free(&b);
    }
    for (size_t n = 8; n < plain.size; n++) {
        const kal_bytes b = {plain.data, n};
        fails(&b, KAL_CORRUPT, "byte");
    }
    kal_bytes tail = bytes_copy(plain.data, plain.size);   // what follows IEND is nobody's
    tail = bytes_join(tail, "rubbish", 7);
    require_picture(tail.data, tail.size, NULL, &e, pixels, "rubbish behind");
    bytes_free(&tail);
    kal_bytes_free(&(kal_bytes){plain.data, plain.size});
    free(pixels);
}

// ---- the shared pictures ------------------------------------------------------------------------

// libpng called directly, with all it needs to give what we promise.
static void *by_libpng(const char *path, kal_extent *e)
{
    FILE *volatile f = fopen(path, "rb");
    unsigned char *volatile pixels = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep *volatile rows = NULL;
    if (setjmp(png_jmpbuf(png))) {
        free(pixels);
        pixels = NULL;
    } else {
        png_init_io(png, f);
        png_read_info(png, info);
        png_set_expand(png);
        const uint16_t one = 1;
        if (png_get_bit_depth(png, info) == 16 && *(const unsigned char *)&one) png_set_swap(png);
        png_set_interlace_handling(png);
        png_read_update_info(png, info);
        const bool wide = png_get_bit_depth(png, info) == 16;
        *e = extent_of((int32_t)png_get_image_width(png, info), (int32_t)png_get_image_height(png, info),
                       png_get_channels(png, info), wide ? KAL_U16 : KAL_U8);
        pixels = malloc(bytes_of(e));
        rows = malloc((size_t)e->height * sizeof *rows);
        for (int32_t y = 0; y < e->height; y++) rows[y] = pixels + (size_t)y * png_get_rowbytes(png, info);
        png_read_image(png, rows);
        png_read_end(png, NULL);
    }
    free(rows);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(f);
    return pixels;
}

// pngtopnm says the colours without alpha; maximum as stored, which our reader of PNM stretches alike.
static void compare_pngtopnm(const char *path, const kal_extent *e, const unsigned char *pixels)
{
    if (e->alpha) return;
    char command[2300];
    snprintf(command, sizeof command, "pngtopnm '%s' 2>/dev/null", path);
    kal_bytes b = output_of(command);
    kal_extent got;
    unsigned char *p = b.size ? decoded(b.data, b.size, NULL, &got) : NULL;
    if (!REQUIRE_NOTE(p && got.width == e->width && got.height == e->height, "%s", command)) return;
    const size_t size = kal_type_size(e->type), n = bytes_of(e) / size;
    bool same = got.type == e->type;   // it writes gray where all colours are gray
    for (size_t i = 0; i < n && same; i++) {
        const size_t k = got.channels == e->channels ? i : i / (size_t)e->channels;
        same = !memcmp(p + k * size, pixels + i * size, size);
    }
    REQUIRE_NOTE(same, "%s", command);
    free(p);
    bytes_free(&b);
}

static void compare(const char *path)
{
    static int netpbm = -1;
    if (netpbm < 0 && !(netpbm = has_program("pngtopnm"))) check_skip("pngtopnm is not installed");
    kal_extent e, got;
    void *want = by_libpng(path, &e);
    kal_node *n = kal_load(NULL, path, "upright=false");
    void *p = read_all(n, NULL, &got);
    kal_node_unref(&n);
    if (!want)
        REQUIRE_NOTE(!p && strstr(check_error.message, "png: ") && strstr(check_error.message, "byte"),
                     "%s: %s", path, check_error.message);
    else if (REQUIRE_NOTE(p != NULL, "%s", check_error.message) &&
             REQUIRE_NOTE(extent_equal(&e, &got), "%s", path)) {
        REQUIRE_NOTE(!memcmp(p, want, bytes_of(&e)), "%s", path);
        if (netpbm) compare_pngtopnm(path, &e, want);
    }
    free(p);
    free(want);
}

int main(void)
{
    test_round_trips();
    test_refusals();
    test_kinds();
    test_metadata();
    test_bad_metadata();
    test_damage();
    each_shared("|png|apng|", compare);
    kal_memo_clear(NULL);
    return check_done();
}
