// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF of many pages: a walk through n of them costs n times what one does, and the directory of each is looked for once. An album that grows
// beyond 4 GiB becomes a BigTIFF, whatever its first picture was.
#include "files.h"

#include "load.h"
#include "node.h"

#include <fcntl.h>
#include <unistd.h>

#define PAGES 600

static kal_node *page(kal_scope *s, int i)
{
    const kal_extent e = {16, 16, 1, KAL_U8, KAL_GRAY, false};
    unsigned char values[16 * 16];
    memset(values, i % 251, sizeof values);
    return kal_pixels(s, &e, values, 16);
}

// Calls that read, of this process; -1: nobody counts them here.
static long reads(void)
{
    long n = -1;
    char line[80];
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "syscr: %ld", &n);
    if (f) fclose(f);
    return n;
}

static bool write_pages(const char *path)
{
    kal_album *a;
    const kal_status made = kal_album_create(path, NULL, &a, &check_error);
    if (made) return REQUIRE_OK(made);
    for (int i = 0; i < PAGES; i++) {
        kal_scope *s = kal_scope_new();
        REQUIRE_OK(kal_album_add(a, page(s, i), NULL, NULL, &check_error));
        kal_scope_free(&s);
    }
    return REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
}

static void walk(const char *path, const char *params)
{
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    kal_scope *s = kal_scope_new();
    kal_pages *p = NULL;
    REQUIRE_OK(kal_pages_open(kal_load(s, path, params), &p, &check_error));
    const long before = reads();
    int bad = 0, n = 0;
    for (kal_node *at; p && (at = kal_pages_next(p, s)); n++) {
        unsigned char got[16 * 16];
        if (!REQUIRE_OK(kal_read(at, kal_rect_of(0, 0, 16, 16), got, 16, &o, &check_error))) break;
        bad += got[0] != n % 251 || got[255] != n % 251;
    }
    const long count = reads() - before;
    REQUIRE_NOTE(n == PAGES && !bad, "%d pages, %d are others", n, bad);
    REQUIRE_NOTE(before < 0 || count < 60L * PAGES, "%s: %ld reads for %d pages", params ? params : "", count,
                 n);
    if (before >= 0) printf("%ld reads for %d pages\n", count, n);
    kal_pages_close(&p);
    kal_scope_free(&s);
}

// ---- beyond 4 GiB -------------------------------------------------------------------------------

#define SIDE 16384
#define LARGE 18

extern const kal__codec kal__codec_tiff;

// A file with holes where blocks of zeros were written.
typedef struct sparse {
    kal__writer base;
    int fd;
} sparse;

static kal_status sparse_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    (void)err;
    if (n < 65536) REQUIRE(pwrite(((sparse *)w)->fd, data, n, (off_t)w->written) == (ssize_t)n);
    w->written += n;
    return KAL_OK;
}

static kal_status sparse_patch(kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    (void)err;
    REQUIRE(pwrite(((sparse *)w)->fd, data, n, (off_t)at) == (ssize_t)n);
    return KAL_OK;
}

// A page of zeros: its pieces are all the same.
static kal_status add_zeros(kal__encoder **c, kal__writer *w, const void *params, int32_t side)
{
    const kal__codec *t = &kal__codec_tiff;
    const kal_extent e = {side, side, 1, KAL_U8, KAL_GRAY, false};
    kal__pieces pieces = {0};
    kal__piece piece = {0};
    t->pieces(&e, params, &pieces);
    const int32_t rows = side < pieces.rows ? side : pieces.rows;
    unsigned char *zeros = calloc((size_t)rows, (size_t)side);
    const kal_tile tile = {
        .rect = kal_rect_of(0, 0, side, rows), .data = zeros, .stride = side, .ring = rows, .pixel = 1};
    kal_status st =
        *c ? t->page(*c, &e, params, NULL, &check_error) : t->begin(&e, params, NULL, w, c, &check_error);
    if (!st) st = t->pack(*c, &tile, 0, &piece, &check_error);
    for (int32_t y = 0; y < side && !st; y += rows) st = t->join(*c, &piece, &check_error);
    free(piece.data);
    free(zeros);
    return st;
}

static kal_status large_album(const char *path, const char *params)
{
    const kal__schema schema = kal__schema_of_codec(&kal__codec_tiff);
    _Alignas(16) unsigned char p[1024];
    kal__params_default(schema, p);
    REQUIRE_OK(kal__params_parse(schema, p, params, &(kal__param_context){NULL, NULL, NULL}, &check_error));
    sparse w = {{.write = sparse_write, .patch = sparse_patch, .album = true},
                open(path, O_RDWR | O_CREAT | O_TRUNC, 0600)};
    kal__encoder *c = NULL;
    kal_status st = add_zeros(&c, &w.base, p, 16);
    for (int i = 0; i < LARGE && !st; i++) st = add_zeros(&c, &w.base, p, SIDE);
    if (c) {
        const kal_status ended = kal__codec_tiff.end(c, st ? NULL : &check_error);
        if (!st) st = ended;
    }
    if (!st) REQUIRE(ftruncate(w.fd, (off_t)w.base.written) == 0);
    close(w.fd);
    return st;
}

static void beyond(void)
{
    const char *path = check_temp("beyond.tif");
    unsigned char head[4] = {0};
    if (!REQUIRE_OK(large_album(path, ""))) return;
    FILE *f = fopen(path, "rb");
    REQUIRE(fread(head, 1, 4, f) == 4 && head[2] + head[3] == 43);
    fclose(f);
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load(s, path, "keyed=false");
    kal_file_info info = {0};
    REQUIRE(kal_node_file(n, &info) && info.pages == LARGE + 1);
    unsigned char got[4] = {1, 1, 1, 1};
    REQUIRE_OK(kal_read(kal_page(s, n, LARGE), kal_rect_of(SIDE - 2, SIDE - 2, SIDE, SIDE), got, 2, &o,
                        &check_error));
    REQUIRE(!got[0] && !got[1] && !got[2] && !got[3]);
    kal_scope_free(&s);
    REQUIRE_FAILS(KAL_INVALID, large_album(path, "bigtiff=false"));
    REQUIRE_NOTE(strstr(check_error.message, "bigtiff=true"), "%s", check_error.message);
    unlink(path);
}

int main(void)
{
    beyond();
    const char *path = check_temp("many.tif");
    if (!write_pages(path)) return check_done();
    usleep(2200000);   // so that it is known by its stamp
    walk(path, NULL);
    walk(path, "keyed=false");
    return check_done();
}
