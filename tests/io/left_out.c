// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pieces of metadata beyond the limit, in every format that has any: they are left out, a field says so, and a file that would have had them
// comes with a warning; one that has no place for them, or was asked to have none, does not.
#include "files.h"

static const char *const kinds[] = {"exif", "icc", "xmp"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int told[KINDS], others;

static void warn(void *user, const kal_warning *w)
{
    (void)user;
    REQUIRE(w->rows == -1 && w->node);
    bool known = false;
    for (int k = 0; k < KINDS; k++)
        if (!strncmp(w->text, kinds[k], strlen(kinds[k])) && strstr(w->text, "meta_bytes"))
            known = true, told[k]++;
    others += !known;
}

static kal_bytes encoded_as(kal_node *n, const char *format, const char *params)
{
    kal_bytes b = {0};
    kal_scope *s = kal_scope_new();
    const kal_options o = {.warn = warn, .memo_mode = KAL_MEMO_NEVER};
    memset(told, 0, sizeof told);
    others = 0;
    if (kal_read_bytes(kal_encode(s, n, format, params), &o, &b, &check_error))
        check_skip("%s: %s", format, check_error.message);
    kal_scope_free(&s);
    return b;
}

static kal_node *load_within(kal_scope *s, const kal_bytes *b, uint64_t meta_bytes)
{
    kal_limits all, less;
    kal_limits_get(&all);
    less = all;
    less.meta_bytes = meta_bytes;
    kal_limits_set(&less);
    kal_node *n = kal_load_bytes(s, b->data, b->size, NULL);
    kal_limits_set(&all);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

// How many bytes; -1: it says nothing.
static double left_out(const kal_node *n, const char *kind)
{
    char name[32];
    kal_field f;
    snprintf(name, sizeof name, "left_out.%s", kind);
    if (!kal_node_field(n, name, &f)) return -1;
    REQUIRE(f.kind == KAL_FIELD_NUMBERS && f.count == 1);
    return f.numbers[0];
}

// Which kinds a file has, when all of it is read.
static void find_all(const kal_bytes *file, const char *format, bool has[KINDS])
{
    kal_scope *s = kal_scope_new();
    kal_node *all = kal_load_bytes(s, file->data, file->size, NULL);
    for (int k = 0; k < KINDS; k++) {
        const void *data;
        size_t size;
        has[k] = kal_node_meta(all, kinds[k], &data, &size);
        REQUIRE_NOTE(left_out(all, kinds[k]) < 0, "%s: %s", format, kinds[k]);
    }
    REQUIRE_NOTE(has[0] || has[1] || has[2], "%s has no metadata", format);
    kal_scope_free(&s);
}

static void saved(kal_node *n, const char *from, const char *format, const char *params,
                  const bool warnings[KINDS])
{
    kal_bytes b = encoded_as(n, format, params);
    for (int k = 0; k < KINDS; k++)
        REQUIRE_NOTE(told[k] == warnings[k] && !others, "%s to %s %s: %s: %d warnings", from, format,
                     params ? params : "", kinds[k], told[k]);
    kal_bytes_free(&b);
}

static void one_format(kal_node *with, const char *format)
{
    enum { LIMIT = 20 };
    static const bool none[KINDS];
    kal_bytes file = encoded_as(with, format, NULL);
    if (!file.data) return;
    REQUIRE_NOTE(!told[0] && !told[1] && !told[2] && !others, "%s: warns of nothing", format);
    bool has[KINDS];
    find_all(&file, format, has);
    kal_scope *s = kal_scope_new();
    kal_node *less = load_within(s, &file, LIMIT);
    for (int k = 0; k < KINDS; k++) {
        const double bytes = left_out(less, kinds[k]);
        REQUIRE_NOTE(has[k] ? bytes > LIMIT : bytes < 0, "%s: %s: %g bytes", format, kinds[k], bytes);
    }
    // an op that looks at a profile sees another picture, which must not be found under the same key
    kal_key key[3];
    kal_node *whole = kal_load_bytes(s, file.data, file.size, NULL), *again = load_within(s, &file, LIMIT);
    REQUIRE_OK(kal_node_key(whole, &key[0], &check_error));
    REQUIRE_OK(kal_node_key(less, &key[1], &check_error));
    REQUIRE_OK(kal_node_key(again, &key[2], &check_error));
    REQUIRE_NOTE(!kal_key_equal(key[0], key[1]) && kal_key_equal(key[1], key[2]), "%s", format);
    saved(less, format, "png", NULL, has);
    saved(less, format, "png", "strip=true", none);
    saved(less, format, "ppm", NULL, none);
    kal_bytes_free(&file);
    kal_scope_free(&s);
}

// PNG has pieces before and behind the pixels, packed and not, and texts that are no XMP.
static void png_pieces(void)
{
    static const char key[] = "XML:com.adobe.xmp\0\0\0\0\0", packed_key[] = "XML:com.adobe.xmp\0\1\0\0\0",
                      comment[] = "Comment\0\0\0\0\0";
    unsigned char big[3000], packed[200];
    uLongf n = sizeof packed;
    memset(big, 'a', sizeof big);
    REQUIRE(compress(packed, &n, big, sizeof big) == Z_OK);
    const struct {
        const char *key;
        size_t key_n;
        const void *data;
        size_t n;
        const char *text;   // NULL: nothing is left out
    } pieces[] = {{key, sizeof key - 1, big, sizeof big, "3022"},
                  {packed_key, sizeof packed_key - 1, packed, n, "at least 1001"},
                  {comment, sizeof comment - 1, big, sizeof big, NULL}};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        for (int behind = 0; behind < 2; behind++) {
            kal_scope *s = kal_scope_new();
            rng r = {4};
            const kal_extent e = extent_of(5, 4, 3, KAL_U8);
            kal_bytes b = encoded(rng_image(&r, s, &e), "png", NULL),
                      body = bytes_copy(pieces[i].key, pieces[i].key_n);
            body = bytes_join(body, pieces[i].data, pieces[i].n);
            splice(&b, behind ? b.size - 12 : 33, png_chunk("iTXt", body.data, body.size));
            kal_field f;
            const kal_node *node = load_within(s, &b, 1000);
            const bool there = kal_node_field(node, "left_out.xmp", &f);
            REQUIRE_NOTE(there == (pieces[i].text != NULL), "piece %zu, behind %d", i, behind);
            if (there && pieces[i].text) REQUIRE_NOTE(!strcmp(f.text, pieces[i].text), "%zu: %s", i, f.text);
            bytes_free(&body);
            bytes_free(&b);
            kal_scope_free(&s);
        }
}

// XMP that goes on behind its main packet is not read, and whoever saves is told.
static int more_told;

static void warn_of_more(void *user, const kal_warning *w)
{
    (void)user;
    more_told += strstr(w->text, "extended xmp of 70000 bytes is left out") != NULL;
}

static int more_of(kal_node *n, const char *format, const char *params)
{
    const kal_options o = {.warn = warn_of_more, .memo_mode = KAL_MEMO_NEVER};
    kal_scope *s = kal_scope_new();
    kal_bytes b = {0};
    more_told = 0;
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, format, params), &o, &b, &check_error));
    kal_bytes_free(&b);
    kal_scope_free(&s);
    return more_told;
}

static void more_xmp(void)
{
    static const char tag[] = "http://ns.adobe.com/xmp/extension/";
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), own = bytes_copy(jpeg.data, jpeg.size);
    kal_node *plain = kal_load_bytes(s, own.data, own.size, NULL);
    unsigned char head[sizeof tag + 40];
    memcpy(head, tag, sizeof tag);
    memset(head + sizeof tag, 'A', 32);
    put_be(head + sizeof tag + 32, 70000, 4), put_be(head + sizeof tag + 36, 0, 4);
    splice(&own, 2, jpeg_segment(0xe1, (const char *)head, sizeof head, XMP_TEXT, strlen(XMP_TEXT)));
    add_to_jpeg(&own, NULL, NULL, XMP_TEXT);
    kal_node *n = kal_load_bytes(s, own.data, own.size, NULL);
    require_meta(n, "xmp", XMP_TEXT, strlen(XMP_TEXT), "the main packet");
    REQUIRE(more_of(n, "jpeg", NULL) == 1 && more_of(n, "png", NULL) == 1);
    REQUIRE(more_of(n, "jpeg", "strip=true") == 0 && more_of(n, "pnm", NULL) == 0 &&
            more_of(plain, "jpeg", NULL) == 0);
    REQUIRE(more_of(kal_apply_text(s, "unset_field", "name=xmp", &n, 1), "jpeg", NULL) == 0);
    bytes_free(&own);
    kal_bytes_free(&jpeg);
    kal_scope_free(&s);
}

int main(void)
{
    static const char *const formats[] = {"jpeg", "png", "tiff", "webp", "jp2", "jxl", "gif", "bmp"};
    kal_scope *s = kal_scope_new();
    rng r = {12};
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    char xmp[400];
    snprintf(xmp, sizeof xmp, "%s%300s", XMP_TEXT, "");
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), exif = make_exif(1, true), icc = make_icc();
    add_to_jpeg(&jpeg, &exif, &icc, xmp);
    kal_node *with = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) one_format(with, formats[i]);
    png_pieces();
    bytes_free(&jpeg);
    bytes_free(&exif);
    bytes_free(&icc);
    kal_scope_free(&s);
    more_xmp();
    return check_done();
}
