// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The codecs' contract itself, as large files meet it: a reader that gives a few bytes at a time and has
// nothing in memory, rows in uneven steps, giving up at any time, rows that do not fit.
#include "apngs.h"
#include "gifs.h"
#include "pages.h"
#include "svgs.h"
#include "y4ms.h"

typedef struct drops {
    kal__reader base;
    const kal_bytes *bytes;
    rng r;
    uint64_t fails_at;   // where reading fails, as a disk would
} drops;

static ptrdiff_t drops_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    drops *d = (drops *)r;
    size_t step = (size_t)(1 + rng_below(&d->r, rng_below(&d->r, 20) ? 50 : 5000));
    if (step > n) step = n;
    if (step > d->bytes->size - r->position) step = d->bytes->size - (size_t)r->position;
    if (r->position + step > d->fails_at) {
        kal_fail(err, KAL_IO, "%s: the disk is broken", r->name);
        return -1;
    }
    memcpy(dst, d->bytes->data + r->position, step);
    r->position += step;
    return (ptrdiff_t)step;
}

// The same trouble wherever it is read.
static ptrdiff_t drops_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    drops d = *(drops *)r;
    if (at >= d.bytes->size) return 0;
    d.base.position = at;
    const ptrdiff_t got = drops_read(&d.base, dst, n, err);
    ((drops *)r)->r = d.r;
    return got;
}

static void drops_close(kal__reader *r)
{
    (void)r;
}

static drops drops_of(const kal_bytes *b, uint64_t fails_at)
{
    return (drops){{.read = drops_read,
                    .read_at = drops_read_at,
                    .close = drops_close,
                    .size = b->size,
                    .name = "drops"},
                   b,
                   {b->size},
                   fails_at};
}

// Header, then all rows in uneven steps, then the close; what fails first is the answer.
static kal_status read_drops(const kal_bytes *b, uint64_t fails_at, unsigned char *dst, kal__header *h)
{
    kal__ask ask = {0};
    kal_limits_get(&ask.limits);
    kal__decoder *d = NULL;
    drops first = drops_of(b, fails_at), second = drops_of(b, fails_at);
    const kal__codec *c = codec_for(b);
    kal__meta *meta = kal__meta_new();
    kal_status st = c->header(&first.base, &ask, h, meta, &check_error);
    kal__meta_unref(&meta);
    if (!st) st = c->open(&second.base, &ask, &d, &check_error);
    memset(&ask, 0xff, sizeof ask);   // they were the caller's
    const ptrdiff_t stride = (ptrdiff_t)((size_t)h->extent.width * kal_pixel_size(&h->extent));
    rng r = {9};
    for (int32_t y = 0, n; !st && y < h->extent.height; y += n) {
        n = h->rows ? 1 + rng_below(&r, 20) : h->extent.height;
        if (n > h->extent.height - y) n = h->extent.height - y;
        st = c->rows(d, dst + y * stride, stride, n, &check_error);
    }
    if (!d) return st;
    const kal_status last = c->close(d, st ? NULL : &check_error);
    return st ? st : last;
}

static void test_misuse(const kal_bytes *b, const kal__header *h, unsigned char *dst, const char *what)
{
    kal__ask ask = {0};
    kal_limits_get(&ask.limits);
    const kal__codec *c = codec_for(b);
    const ptrdiff_t stride = (ptrdiff_t)((size_t)h->extent.width * kal_pixel_size(&h->extent));
    for (int way = 0; way < 3; way++) {
        kal__decoder *d;
        drops r = drops_of(b, UINT64_MAX);
        REQUIRE_OK(c->open(&r.base, &ask, &d, &check_error));
        kal_status st = KAL_CHANGED;
        if (way == 0) st = c->rows(d, dst, stride - 1, h->extent.height, &check_error);
        if (way == 1) st = c->rows(d, dst, stride, h->extent.height + 1, &check_error);
        REQUIRE_NOTE(st == KAL_CHANGED, "%s: %s", what, kal_status_name(st));
        REQUIRE(c->close(d, NULL) == KAL_OK);
    }
}

static void test_file(const kal_bytes *b, const char *what)
{
    kal_extent got;
    kal__header h;
    unsigned char *want = decoded(b->data, b->size, NULL, &got), *p = malloc(bytes_of(&got));
    REQUIRE_OK(read_drops(b, UINT64_MAX, p, &h));
    REQUIRE_NOTE(extent_equal(&got, &h.extent) && !memcmp(p, want, bytes_of(&got)), "%s", what);
    for (int part = 0; part < 8; part++) {
        const kal_status st = read_drops(b, b->size * (size_t)part / 8, p, &h);
        REQUIRE_NOTE(st == KAL_IO && strstr(check_error.message, "broken"), "%s: %s", what,
                     check_error.message);
        const kal_bytes cut = {b->data, b->size * (size_t)(part + 8) / 16};
        const kal_status cut_st = read_drops(&cut, UINT64_MAX, p, &h);
        REQUIRE_NOTE(cut_st == KAL_CORRUPT && strstr(check_error.message, "byte"), "%s: %s", what,
                     check_error.message);
    }
    if (!read_drops(b, UINT64_MAX, p, &h)) test_misuse(b, &h, p, what);
    free(want);
    free(p);
}

static void test_kind(const char *format, const char *params, kal_extent e)
{
    kal_scope *s = kal_scope_new();
    rng r = {41};
    kal_node *n = kal_encode(s, rng_image(&r, s, &e), format, params);
    kal_bytes b = {0};
    char what[64];
    snprintf(what, sizeof what, "%s %s", format, params ? params : "");
    if (kal_read_bytes(n, NULL, &b, &check_error)) {
        check_skip("%s", check_error.message);
        kal_scope_free(&s);
        return;
    }
    test_file(&b, what);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

int main(void)
{
    static const struct {
        const char *format, *params;
        kal_extent e;
    } kinds[] = {{"jpeg", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"jpeg", "progressive=true", {101, 97, 1, KAL_U8, KAL_GRAY, false}},
                 {"png", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"png", "compression=0", {101, 97, 4, KAL_U16, KAL_RGB, true}},
                 {"pnm", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"pnm", "plain=true", {51, 47, 3, KAL_U8, KAL_RGB, false}},
                 {"pnm", "plain=true", {51, 47, 1, KAL_U16, KAL_GRAY, false}},
                 {"pnm", NULL, {51, 47, 7, KAL_U16, KAL_DATA, false}},
                 {"pnm", NULL, {51, 47, 3, KAL_F32, KAL_RGB, false}},
                 {"qoi", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"qoi", NULL, {51, 47, 4, KAL_U8, KAL_RGB, true}},
                 {"bmp", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"bmp", "bottom_up=true", {51, 47, 4, KAL_U8, KAL_RGB, true}},
                 {"bmp", NULL, {301, 97, 1, KAL_U8, KAL_GRAY, false}},
                 {"npy", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"npy", NULL, {51, 47, 7, KAL_U16, KAL_DATA, false}},
                 {"npy", NULL, {51, 47, 3, KAL_F32, KAL_RGB, false}},
                 {"hdr", NULL, {301, 97, 3, KAL_F32, KAL_RGB, false}},
                 {"hdr", NULL, {7, 397, 3, KAL_F32, KAL_RGB, false}},
                 {"heif", NULL, {64, 48, 3, KAL_U8, KAL_RGB, false}},
                 {"avif", "lossless=true", {65, 49, 4, KAL_U8, KAL_RGB, true}},
                 {"jxl", "effort=1", {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"jxl", "lossless=true effort=1", {51, 47, 4, KAL_F32, KAL_RGB, true}},
                 {"jp2", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"jp2", "lossless=true tile=64 form=j2k", {101, 397, 4, KAL_U16, KAL_RGB, true}},
                 {"webp", NULL, {65, 49, 3, KAL_U8, KAL_RGB, false}},
                 {"webp", "lossless=true", {65, 49, 4, KAL_U8, KAL_RGB, true}},
                 {"gif", NULL, {65, 49, 3, KAL_U8, KAL_RGB, false}},
                 {"gif", "dither=true", {65, 49, 4, KAL_U8, KAL_RGB, true}},
                 {"png", "colours=200 dither=true", {65, 49, 4, KAL_U8, KAL_RGB, true}},
                 {"tiff", NULL, {301, 97, 3, KAL_U8, KAL_RGB, false}},
                 {"tiff", "compression=zstd tile=32", {65, 49, 4, KAL_U16, KAL_RGB, true}},
                 {"tiff", "compression=deflate tile=16 pyramid=true", {97, 81, 3, KAL_U16, KAL_RGB, false}}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        test_kind(kinds[i].format, kinds[i].params, kinds[i].e);
    static const struct {
        const char *name;
        kal_bytes (*make)(void);
    } others[] = {
        {"gif", gif_of_three}, {"apng", apng_of_three}, {"svg", svg_of_shapes}, {"y4m", y4m_of_three}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        kal_bytes b = others[i].make();
        kal_node *n = kal_load_bytes(NULL, b.data, b.size, NULL);
        if (kal_node_error(n, &check_error) == KAL_UNSUPPORTED)
            check_skip("%s", check_error.message);
        else
            test_file(&b, others[i].name);
        kal_node_unref(&n);
        bytes_free(&b);
    }
    kal_memo_clear(NULL);
    return check_done();
}
