// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Fields changed in graphs, and files that are made then: of every format; a JPEG that is kept as it is coded; what a format has no room for.
#include "edits.h"
#include "exif.h"

#include <math.h>

static kal_node *with(kal_scope *s, kal_node *n, const char *op, const char *params)
{
    n = kal_apply_text(s, op, params, &n, 1);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

static bool field_is(const kal_node *n, const char *name, const char *text)
{
    kal_field f;
    const bool there = kal_node_field(n, name, &f);
    return REQUIRE_NOTE(text ? there && !strcmp(f.text, text) : !there, "%s: %s", name,
                        there ? f.text : "(nothing)");
}

static char told[400];

static void warn(void *user, const kal_warning *w)
{
    (void)user;
    snprintf(told, sizeof told, "%s", w->text);
}

static void test_formats(void)
{
    static const struct {
        const char *format;
        bool exif, xmp, iptc;
    } formats[] = {{"jpeg", true, true, true},  {"png", true, true, false},  {"tiff", true, true, true},
                   {"webp", true, true, false}, {"heic", true, true, false}, {"avif", true, true, false},
                   {"jxl", true, true, false},  {"jp2", true, true, false},  {"gif", false, true, false},
                   {"qoi", false, false, false}};
    kal_scope *s = kal_scope_new();
    rng r = {7};
    const kal_extent e = extent_of(64, 48, 3, KAL_U8);
    for (int from = 0; from < 2; from++)
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            kal_bytes photo = photo_of(s, 6), b = {NULL, 0};
            kal_node *n = from ? kal_load_bytes(s, photo.data, photo.size, NULL) : rng_image(&r, s, &e);
            bytes_free(&photo);
            n = with(s, n, "set_field", "name=exif.Artist value=\"\xc3\x84\xc3\xa4\"");
            n = with(s, n, "set_field", "name=exif.FNumber value=2.8");
            n = with(s, n, "set_field", "gps.latitude 12.5");
            n = with(s, n, "set_field", "name=\"xmp.dc:title\" value=\"At dusk\"");
            n = with(s, n, "add_field", "name=iptc.Keywords value=sea");
            n = with(s, n, "set_field", "density 300dpi");
            kal_node *file = kal_encode(s, n, formats[i].format, NULL);
            if (kal_node_error(file, NULL)) continue;
            told[0] = 0;
            REQUIRE_OK(kal_read_bytes(file, &(kal_options){.warn = warn}, &b, &check_error));
            REQUIRE_NOTE(!strstr(told, "set of") == formats[i].iptc, "%s: %s", formats[i].format, told);
            kal_node *back = kal_load_bytes(s, b.data, b.size, NULL);
            REQUIRE_OK(kal_node_error(back, &check_error));
            field_is(back, "exif.Artist", formats[i].exif ? "\xc3\x84\xc3\xa4" : NULL);
            field_is(back, "exif.FNumber", formats[i].exif ? "28/10" : NULL);
            field_is(back, "gps.latitude", formats[i].exif ? "12.5" : NULL);
            if (xmp_is_read()) field_is(back, "xmp.dc:title", formats[i].xmp ? "At dusk" : NULL);
            field_is(back, "iptc.Keywords", formats[i].iptc ? "sea" : NULL);
            kal_field f;
            if (formats[i].exif)
                REQUIRE_NOTE(kal_node_field(back, "density.y", &f) &&
                                 fabs(f.numbers[0] * 0.0254 - 300) < 0.02,
                             "%s", formats[i].format);
            kal_bytes_free(&b);
        }
    kal_scope_free(&s);
}

// No sample and no coefficient changes; the thumbnail is of the same picture still; other content has another key.
static void test_in_graphs(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes photo = photo_of(s, 1);
    kal_node *n = kal_load_bytes(s, photo.data, photo.size, NULL),
             *set = with(s, n, "set_field", "exif.Artist \"Ada\"");
    kal_key a, b;
    REQUIRE_OK(kal_content_key(n, NULL, &a, &check_error));
    REQUIRE_OK(kal_content_key(set, NULL, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    REQUIRE_OK(kal_node_key(with(s, n, "set_field", "exif.Artist \"Eva\""), &a, &check_error));
    REQUIRE_OK(kal_node_key(set, &b, &check_error));
    REQUIRE(!kal_key_equal(a, b));
    field_is(set, "preview.Compression", "6");
    field_is(n, "exif.Artist", "R\xc3\xa9m");
    field_is(with(s, set, "crop", "x=0 y=0 width=16 height=16"), "exif.Artist", "Ada");
    field_is(with(s, set, "unset_field", "exif"), "exif.Artist", NULL);
    kal_node *kept = kal_encode(s, set, "jpeg", "lossless_outside=true");
    kal_bytes out = {NULL, 0};
    REQUIRE_OK(kal_node_error(kept, &check_error));
    REQUIRE_OK(kal_read_bytes(kept, NULL, &out, &check_error));
    kal_node *back = kal_load_bytes(s, out.data, out.size, NULL);
    field_is(back, "exif.Artist", "Ada");
    REQUIRE_OK(kal_content_key(n, NULL, &a, &check_error));
    REQUIRE_OK(kal_content_key(back, NULL, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    const size_t scan = 64;   // the coded picture's end is the same
    REQUIRE(!memcmp((const char *)out.data + out.size - scan, (const char *)photo.data + photo.size - scan,
                    scan));
    kal_node *wrong = kal_apply_text(s, "set_field", "exif.Artis x", &n, 1);
    REQUIRE(kal_node_error(wrong, &check_error) == KAL_INVALID &&
            strstr(check_error.message, "set_field: exif.Artis"));
    kal_bytes_free(&out);
    bytes_free(&photo);
    kal_scope_free(&s);
}

// What a JPEG has no room for is refused when somebody set it, and told when it came along.
static void test_room(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes photo = photo_of(s, 1), b = {NULL, 0};
    kal_node *n = kal_load_bytes(s, photo.data, photo.size, NULL);
    char *text = malloc(70001);
    memset(text, 'e', 70000);
    text[70000] = 0;
    kal_node *set = kal_set_field(s, n, kal_set_field_params(.name = "exif.ImageDescription", .value = text));
    REQUIRE(kal_node_error(kal_encode(s, set, "jpeg", NULL), &check_error) == KAL_INVALID);
    REQUIRE_NOTE(strstr(check_error.message, "exif has more bytes than the 65527"), "%s",
                 check_error.message);
    REQUIRE_OK(kal_node_error(kal_encode(s, set, "jpeg", "strip=true"), &check_error));
    REQUIRE_OK(kal_read_bytes(kal_encode(s, set, "png", NULL), NULL, &b, &check_error));
    kal_node *along = kal_load_bytes(s, b.data, b.size, NULL);
    kal_bytes_free(&b);
    told[0] = 0;
    REQUIRE_OK(
        kal_read_bytes(kal_encode(s, along, "jpeg", NULL), &(kal_options){.warn = warn}, &b, &check_error));
    REQUIRE_NOTE(strstr(told, "jpeg has room for 65527"), "%s", told);
    kal_bytes_free(&b);
    free(text);
    bytes_free(&photo);
    kal_scope_free(&s);
}

// Turned by its EXIF and kept as it is coded: the tag stays, or the coefficients are turned.
static void test_turned_and_kept(void)
{
    kal_scope *s = kal_scope_new();
    for (int o = 2; o <= 8; o++) {
        kal_bytes photo = photo_of(s, o), b = {NULL, 0};
        kal_node *n = kal_load_bytes(s, photo.data, photo.size, NULL),
                 *bare = with(s, n, "unset_field", "exif");
        kal_node *file =
            kal_encode(s, with(s, bare, "set_field", "exif.Artist A"), "jpeg", "lossless_outside=true");
        kal_extent a, e;
        kal_node *wrong = kal_apply_text(s, "unset_field", "exif.Orientation", &n, 1);
        REQUIRE(kal_node_error(wrong, &check_error) == KAL_INVALID);
        const kal_status st = kal_read_bytes(file, NULL, &b, &check_error);
        REQUIRE(!st || st == KAL_INVALID);
        if (!st) {   // else the picture's blocks do not fit that way
            REQUIRE_OK(kal_node_extent(kal_load_bytes(s, b.data, b.size, NULL), &e, &check_error));
            REQUIRE_OK(kal_node_extent(n, &a, &check_error));
            REQUIRE_NOTE(a.width == e.width && a.height == e.height, "orientation %d", o);
            kal_bytes_free(&b);
        }
        bytes_free(&photo);
    }
    kal_scope_free(&s);
}

static unsigned char *put_le(unsigned char *p, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) *p++ = (unsigned char)(v >> (8 * i));
    return p;
}

static unsigned char *put_entry(unsigned char *p, unsigned tag, unsigned type, size_t count, size_t at)
{
    p = put_le(put_le(p, tag, 2), type, 2);
    return put_le(put_le(p, (uint32_t)count, 4), (uint32_t)at, 4);
}

// A camera's own notes, of any size, and a text of n bytes behind them.
static size_t notes_block(unsigned char *p, size_t notes, size_t text)
{
    const size_t photo = 8 + 2 + 12 + 4, values = photo + 2 + 2 * 12 + 4;
    memset(p, 'n', values + notes + text);
    memcpy(p, "II*\0\10\0\0\0", 8);
    unsigned char *q = put_entry(put_le(p + 8, 1, 2), 34665, 4, 1, photo);
    q = put_le(put_le(q, 0, 4), 2, 2);
    q = put_entry(put_entry(q, 37500, 7, notes, values), 42036, 2, text, values + notes);
    put_le(q, 0, 4);
    p[values + notes + text - 1] = 0;
    return values + notes + text;
}

// What a camera says of itself may be the most of the block; of fields that share their bytes as many are kept as the block may have.
// A picture that was turned says so in XMP, too; one that was not says what it said.
static void test_turned_in_xmp(void)
{
    static const char *const formats[] = {"jpeg", "png", "tiff", "webp", "heic", "jxl", "jp2", "gif"};
    kal_scope *s = kal_scope_new();
    kal_bytes photo = photo_of(s, 6), said = {NULL, 0};
    kal_node *n = kal_load_bytes(s, photo.data, photo.size, "upright=false");
    n = with(s, n, "set_field", "name=\"xmp.tiff:Orientation\" value=6");
    n = with(s, n, "set_field", "name=\"xmp.dc:title\" value=\"At dusk\"");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "jpeg", NULL), NULL, &said, &check_error));
    bytes_free(&photo);
    for (int upright = 0; upright < 2 && xmp_is_read(); upright++)
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            kal_bytes b = {NULL, 0};
            kal_node *image = kal_load_bytes(s, said.data, said.size, upright ? NULL : "upright=false");
            kal_node *file = kal_encode(s, image, formats[i], NULL);
            if (kal_node_error(file, NULL)) continue;
            REQUIRE_OK(kal_read_bytes(file, NULL, &b, &check_error));
            kal_node *back = kal_load_bytes(s, b.data, b.size, "upright=false");
            field_is(back, "xmp.tiff:Orientation", upright ? "1" : "6");
            const void *before, *after;
            size_t sizes[2];
            REQUIRE(kal_node_meta(image, "xmp", &before, &sizes[0]) && kal_node_meta(back, "xmp", &after, &sizes[1]) &&
                    sizes[0] == sizes[1]);   // what fitted does still
            field_is(back, "xmp.dc:title", "At dusk");
            kal_bytes_free(&b);
        }
    kal_bytes_free(&said);
    kal_scope_free(&s);
}

static void test_notes(void)
{
    static unsigned char p[60000];
    for (size_t notes = 100; notes < 50000; notes += notes / 7) {
        kal__exif_parts parts;
        const kal__blob exif = {p, notes_block(p, notes, 40)};
        kal__exif_take(&exif, &parts);
        REQUIRE_NOTE(!parts.failed && parts.part[KAL__EXIF_PHOTO].n == 2, "notes of %zu bytes: %zu fields",
                     notes, parts.part[KAL__EXIF_PHOTO].n);
        kal__exif_parts_free(&parts);
    }
    kal__exif_parts parts;
    const size_t n = 8 + 2 + 100 * 12 + 4, room = 40000;
    memset(p, 0, sizeof p);
    memcpy(p, "II*\0\10\0\0\0", 8);
    unsigned char *q = put_le(p + 8, 100, 2);
    for (unsigned i = 0; i < 100; i++) q = put_entry(q, 50000 + i, 7, room, n);
    const kal__blob exif = {p, n + room};
    kal__exif_take(&exif, &parts);
    REQUIRE(!parts.failed && parts.taken <= 2 * exif.size + 4096);
    kal__exif_parts_free(&parts);
}

int main(void)
{
    test_turned_in_xmp();
    test_notes();
    test_formats();
    test_in_graphs();
    test_room();
    test_turned_and_kept();
    return check_done();
}
