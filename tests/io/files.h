// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Help for the tests of files: bytes in and out, blocks of metadata made by hand, pictures turned by the
// book.
#ifndef FILES_H
#define FILES_H

#include "check.h"

#include "codec.h"

#include <dirent.h>

#include <zlib.h>

// ---- leaks --------------------------------------------------------------------------------------

/// What leak checkers are to overlook: x265 3.5 keeps about a kilobyte of each encoding.
#ifndef LEAKS_OF_OTHERS
#define LEAKS_OF_OTHERS "leak:libx265.so\n"
#endif
KAL_API const char *__lsan_default_suppressions(void);   // a sanitizer looks it up by name
const char *__lsan_default_suppressions(void)
{
    return LEAKS_OF_OTHERS;
}

// libjxl hands work to its own threads by means that the sanitizer does not see in a library it has not compiled.
KAL_API const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libjxl.so\n";
}

// ---- bytes --------------------------------------------------------------------------------------

static inline kal_bytes bytes_copy(const void *data, size_t n)
{
    kal_bytes b = {malloc(n + 1), n};
    memcpy(b.data, data, n);
    return b;
}

static inline kal_bytes bytes_join(kal_bytes a, const void *data, size_t n)
{
    a.data = realloc(a.data, a.size + n + 1);
    memcpy(a.data + a.size, data, n);
    a.size += n;
    return a;
}

/// `piece` put into b at a place.
static inline kal_bytes bytes_insert(const kal_bytes *b, size_t at, const kal_bytes *piece)
{
    kal_bytes r = {malloc(b->size + piece->size + 1), b->size + piece->size};
    memcpy(r.data, b->data, at);
    memcpy(r.data + at, piece->data, piece->size);
    memcpy(r.data + at + piece->size, b->data + at, b->size - at);
    return r;
}

static inline void bytes_free(kal_bytes *b)
{
    free(b->data);
    *b = (kal_bytes){0};
}

static inline void put_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    REQUIRE_NOTE(f && fwrite(data, 1, n, f) == n, "%s", path);
    if (f) fclose(f);
}

static inline kal_bytes read_stream(FILE *f)
{
    kal_bytes b = {NULL, 0};
    size_t got;
    do {
        b.data = realloc(b.data, b.size + 65536);
        got = fread(b.data + b.size, 1, 65536, f);
        b.size += got;
    } while (got);
    return b;
}

static inline kal_bytes get_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return (kal_bytes){0};
    const kal_bytes b = read_stream(f);
    fclose(f);
    return b;
}

// ---- encode, decode -----------------------------------------------------------------------------

/// The encoded image, which fails the test when it cannot be had. Free with kal_bytes_free.
static inline kal_bytes encoded(kal_node *image, const char *format, const char *params)
{
    kal_bytes b = {0};
    kal_node *n = kal_encode(NULL, image, format, params);
    REQUIRE_OK(kal_read_bytes(n, NULL, &b, &check_error));
    kal_node_unref(&n);
    return b;
}

/// The picture in the bytes; NULL with check_error. Free.
static inline void *decoded(const void *data, size_t n, const char *params, kal_extent *e)
{
    kal_node *node = kal_load_bytes(NULL, data, n, params);
    void *pixels = read_all(node, &(kal_options){.memo_mode = KAL_MEMO_NEVER}, e);
    kal_node_unref(&node);
    return pixels;
}

static inline bool extent_equal(const kal_extent *a, const kal_extent *b)
{
    return a->width == b->width && a->height == b->height && a->channels == b->channels &&
           a->type == b->type && a->model == b->model && a->alpha == b->alpha;
}

#define EXTENT_FORMAT "%d×%d×%d type %d model %d alpha %d"
#define EXTENT_ARGS(e) (e)->width, (e)->height, (e)->channels, (e)->type, (e)->model, (e)->alpha

/// Bytes must hold exactly these pixels.
static inline void require_picture(const void *data, size_t n, const char *params, const kal_extent *e,
                                   const void *pixels, const char *what)
{
    kal_extent got;
    void *p = decoded(data, n, params, &got);
    if (!REQUIRE_NOTE(p != NULL, "%s: %s", what, check_error.message)) return;
    if (REQUIRE_NOTE(extent_equal(&got, e), "%s: " EXTENT_FORMAT " against " EXTENT_FORMAT, what,
                     EXTENT_ARGS(&got), EXTENT_ARGS(e)))
        REQUIRE_NOTE(!memcmp(p, pixels, bytes_of(e)), "%s: pixels of " EXTENT_FORMAT, what, EXTENT_ARGS(e));
    free(p);
}

/// Bytes must be refused so, with all of these words in the message.
static inline void require_refused(const void *data, size_t n, kal_status status, const char *format,
                                   const char *says)
{
    kal_extent e;
    void *p = decoded(data, n, NULL, &e);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, says) &&
                     strstr(check_error.message, format),
                 "%s: %s: %s", format, says, p ? "a picture" : check_error.message);
    free(p);
}

static inline kal_node *node_of(kal_scope *s, const kal_extent *e, const void *pixels)
{
    return kal_pixels(s, e, pixels, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
}

static inline double mean_difference(const unsigned char *a, const unsigned char *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += abs(a[i] - b[i]);
    return n ? sum / (double)n : 0;
}

/// Slow waves, which lossy coding keeps.
static inline void smooth_pixels(const kal_extent *e, unsigned char *p)
{
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++)
            for (int32_t c = 0; c < e->channels; c++)
                *p++ = (unsigned char)(c % 2 ? 255 * x / e->width : 255 * y / e->height);
}

/// The same file each time, whose picture is as it was or, of waves, as `near` to it in the mean.
static inline void require_round_trip(const kal_extent *e, const char *format, const char *params,
                                      double near, rng *r)
{
    unsigned char *pixels = malloc(bytes_of(e));
    char what[160];
    snprintf(what, sizeof what, "%s %s, " EXTENT_FORMAT, format, params ? params : "", EXTENT_ARGS(e));
    if (near > 0)
        smooth_pixels(e, pixels);
    else
        rng_pixels(r, e, pixels);
    kal_node *n = node_of(NULL, e, pixels);
    kal_bytes b = encoded(n, format, params), again = encoded(n, format, params);
    REQUIRE_NOTE(b.size == again.size && !memcmp(b.data, again.data, b.size),
                 "%s: other bytes the second time", what);
    if (near > 0) {
        kal_extent got;
        unsigned char *p = decoded(b.data, b.size, NULL, &got);
        if (REQUIRE_NOTE(p && extent_equal(e, &got), "%s: %s", what, check_error.message)) {
            const double d = mean_difference(p, pixels, bytes_of(e));
            REQUIRE_NOTE(d <= near, "%s: off by %g", what, d);
        }
        free(p);
    } else {
        require_picture(b.data, b.size, NULL, e, pixels, what);
    }
    free(pixels);
    kal_bytes_free(&b), kal_bytes_free(&again);
    kal_node_unref(&n);
}

/// Waves with something that lossy coding loses.
static inline void rough_pixels(const kal_extent *e, unsigned char *p)
{
    smooth_pixels(e, p);
    for (size_t i = 0; i < bytes_of(e); i++) p[i] = (unsigned char)(p[i] ^ (i * 7919 >> 3 & 7));
}

// ---- limits -------------------------------------------------------------------------------------

/// So many pixels may be, from now on. The limits before, for kal_limits_set.
static inline kal_limits limit_pixels(uint64_t pixels)
{
    kal_limits before, less;
    kal_limits_get(&before);
    less = before;
    less.pixels = pixels;
    kal_limits_set(&less);
    return before;
}

// ---- orientation --------------------------------------------------------------------------------

/// Where upright pixel (x, y) lies in the stored w×h picture, straight from the words of the EXIF standard.
static inline void stored_place(int orientation, int32_t w, int32_t h, int32_t x, int32_t y, int32_t *sx,
                                int32_t *sy)
{
    const int32_t at[9][2] = {{x, y},
                              {x, y},                   // row 0 is the top, column 0 the left
                              {w - 1 - x, y},           // top, right
                              {w - 1 - x, h - 1 - y},   // bottom, right
                              {x, h - 1 - y},           // bottom, left
                              {y, x},                   // left, top
                              {y, h - 1 - x},           // right, top
                              {w - 1 - y, h - 1 - x},   // right, bottom
                              {w - 1 - y, x}};          // left, bottom
    *sx = at[orientation][0];
    *sy = at[orientation][1];
}

static inline void *upright(int orientation, const kal_extent *e, const unsigned char *p, kal_extent *out)
{
    *out = *e;
    if (orientation > 4) out->width = e->height, out->height = e->width;
    const size_t pixel = kal_pixel_size(e);
    unsigned char *r = malloc(bytes_of(e)), *to = r;
    for (int32_t y = 0; y < out->height; y++)
        for (int32_t x = 0; x < out->width; x++, to += pixel) {
            int32_t sx, sy;
            stored_place(orientation, e->width, e->height, x, y, &sx, &sy);
            memcpy(to, p + ((size_t)sy * (size_t)e->width + (size_t)sx) * pixel, pixel);
        }
    return r;
}

// ---- metadata by hand ---------------------------------------------------------------------------

static inline void put_be(unsigned char *p, uint32_t v, int n)
{
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
}

/// A TIFF structure with an ImageWidth and an orientation, in either byte order.
static inline kal_bytes make_exif(int orientation, bool big)
{
    unsigned char p[38] = {0};
    const uint32_t values[] = {42, 8, 2, 256, 3, 1, 77, 274, 3, 1, (uint32_t)orientation};
    const unsigned char places[] = {2, 4, 8, 10, 12, 14, 18, 22, 24, 26, 30},
                        sizes[] = {2, 4, 2, 2, 2, 4, 2, 2, 2, 4, 2};
    p[0] = p[1] = big ? 'M' : 'I';
    for (int i = 0; i < 11; i++)
        for (int k = 0; k < sizes[i]; k++)
            p[places[i] + (big ? sizes[i] - 1 - k : k)] = (unsigned char)(values[i] >> (8 * k));
    return bytes_copy(p, sizeof p);
}

/// What is left of make_exif's, big-endian, when the picture was turned: the tag that says it is upright. Its ImageWidth is gone.
static inline kal_bytes upright_exif(void)
{
    kal_bytes b = make_exif(1, true);
    b.data[9] = 1;
    memmove(b.data + 10, b.data + 22, 12);
    memset(b.data + 22, 0, 16);
    return b;
}

/// The smallest ICC profile for RGB that libpng takes for one.
static inline kal_bytes make_icc(void)
{
    unsigned char p[132] = {0};
    put_be(p, sizeof p, 4);
    p[8] = 2;
    memcpy(p + 12, "mntrRGB XYZ ", 12);
    memcpy(p + 36, "acsp", 4);
    put_be(p + 68, 0xf6d6, 4);
    put_be(p + 72, 0x10000, 4);
    put_be(p + 76, 0xd32d, 4);
    return bytes_copy(p, sizeof p);
}

#define XMP_TEXT "<x:xmpmeta xmlns:x='adobe:ns:meta/'><!-- a test --></x:xmpmeta>"

/// A JPEG segment; `tag` is what stands before the data.
static inline kal_bytes jpeg_segment(int marker, const void *tag, size_t tag_n, const void *data, size_t n)
{
    unsigned char head[4] = {0xff, (unsigned char)marker};
    put_be(head + 2, (uint32_t)(2 + tag_n + n), 2);
    return bytes_join(bytes_join(bytes_copy(head, 4), tag, tag_n), data, n);
}

static inline kal_bytes png_chunk(const char *name, const void *data, size_t n)
{
    unsigned char head[8], tail[4];
    put_be(head, (uint32_t)n, 4);
    memcpy(head + 4, name, 4);
    uLong crc = crc32(0, head + 4, 4);
    if (n) crc = crc32(crc, data, (uInt)n);
    put_be(tail, (uint32_t)crc, 4);
    return bytes_join(bytes_join(bytes_copy(head, 8), data ? data : "", n), tail, 4);
}

/// b becomes b with the piece at a place; both are freed.
static inline void splice(kal_bytes *b, size_t at, kal_bytes piece)
{
    const kal_bytes r = bytes_insert(b, at, &piece);
    bytes_free(&piece);
    bytes_free(b);
    *b = r;
}

/// A JPEG of ours with blocks of metadata put in behind SOI.
static inline void add_to_jpeg(kal_bytes *jpeg, const kal_bytes *exif, const kal_bytes *icc, const char *xmp)
{
    if (icc) splice(jpeg, 2, jpeg_segment(0xe2, "ICC_PROFILE\0\1\1", 14, icc->data, icc->size));
    if (xmp) splice(jpeg, 2, jpeg_segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", 29, xmp, strlen(xmp)));
    if (exif) splice(jpeg, 2, jpeg_segment(0xe1, "Exif\0\0", 6, exif->data, exif->size));
}

/// A node's metadata must be these bytes; NULL: there must be none.
static inline void require_meta(const kal_node *n, const char *name, const void *want, size_t size,
                                const char *what)
{
    const void *data = NULL;
    size_t got = 0;
    const bool there = kal_node_meta(n, name, &data, &got);
    if (!REQUIRE_NOTE(there == (want != NULL), "%s: %s %s", what, name, there ? "is there" : "is missing") ||
        !want)
        return;
    REQUIRE_NOTE(got == size && !memcmp(data, want, size), "%s: %s differs (%zu bytes against %zu)", what,
                 name, got, size);
}

/// Parts of the picture in these bytes, from a file of that name and from memory, on one to four threads: they are those of the whole.
static inline void require_parts(rng *r, const char *name, const kal_bytes *b, const kal_extent *e,
                                 const void *whole, const char *what)
{
    put_file(check_temp(name), b->data, b->size);
    kal_scope *s = kal_scope_new();
    kal_node *from[2] = {kal_load(s, check_temp(name), NULL), kal_load_bytes(s, b->data, b->size, NULL)};
    const size_t pixel = kal_pixel_size(e);
    for (int i = 0; i < 16; i++) {
        kal_rect q;
        q.x0 = rng_below(r, e->width), q.y0 = rng_below(r, e->height);
        q.x1 = q.x0 + 1 + rng_below(r, e->width - q.x0), q.y1 = q.y0 + 1 + rng_below(r, e->height - q.y0);
        if (!rng_below(r, 3)) q.x0 = 0, q.x1 = e->width;
        if (!rng_below(r, 4)) q.y0 = 0, q.y1 = e->height;
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *got = malloc(row * (size_t)(q.y1 - q.y0));
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1 + i % 4, .band = i % 3 ? 0 : 37};
        bool same = REQUIRE_OK(kal_read(from[i % 2], q, got, (ptrdiff_t)row, &o, &check_error));
        for (int32_t y = q.y0; y < q.y1 && same; y++)
            same = !memcmp(
                got + (size_t)(y - q.y0) * row,
                (const unsigned char *)whole + ((size_t)y * (size_t)e->width + (size_t)q.x0) * pixel, row);
        REQUIRE_NOTE(same, "%s: part %d,%d..%d,%d", what, q.x0, q.y0, q.x1, q.y1);
        free(got);
    }
    kal_scope_free(&s);
}

// ---- the shared pictures ------------------------------------------------------------------------

/// Calls `f` with the path of each picture whose name ends in one of the suffixes ("|png|apng|"); false when
/// there are none.
static inline bool each_shared(const char *suffixes, void (*f)(const char *path))
{
    static const char *const folders[] = {"exif", "heif", "ljt", "pillow", "vips", "wuffs"};
    int n = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char inside[64], folder[1024], path[2048];
        snprintf(inside, sizeof inside, "data/images/%s", folders[i]);
        const char *found = check_shared(inside);
        DIR *dir = found ? opendir(strcpy(folder, found)) : NULL;
        for (struct dirent *d; dir && (d = readdir(dir));) {
            const char *dot = strrchr(d->d_name, '.');
            char key[32];
            snprintf(key, sizeof key, "|%.20s|", dot ? dot + 1 : "");
            if (!dot || !strstr(suffixes, key)) continue;
            snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
            f(path);
            n++;
        }
        if (dir) closedir(dir);
    }
    if (!n) check_skip("KAL_SHARED has no pictures %s", suffixes);
    return n > 0;
}

/// Whether this process has a library of that name in it.
static inline bool is_loaded(const char *name)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[600];
    bool found = false;
    while (f && fgets(line, sizeof line, f)) found |= strstr(line, name) != NULL;
    if (f) fclose(f);
    return found;
}

/// What a test does of itself in a process of its own, in which nothing has needed the library yet: reads a header, without it.
static inline int read_header_alone(const char *path, const char *library, int32_t width, int32_t height)
{
    kal_node *n = kal_load(NULL, path, "keyed=false");
    kal_extent e;
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    REQUIRE_NOTE(e.width == width && e.height == height && e.channels == 3, "%dx%d", e.width, e.height);
    REQUIRE_NOTE(!is_loaded(library), "%s was loaded for a header", library);
    kal_node_unref(&n);
    return check_done();
}

/// Starts it: `program` with such a file as its argument.
static inline void require_header_alone(const char *program, const char *name, const kal_bytes *file)
{
    char command[2400];
    put_file(check_temp(name), file->data, file->size);
    snprintf(command, sizeof command, "%s '%s'", program, check_temp(name));
    REQUIRE_NOTE(!system(command), "%s", command);
}

static inline bool has_program(const char *name)
{
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}

/// What a command writes; nothing when it fails.
static inline kal_bytes output_of(const char *command)
{
    FILE *f = popen(command, "r");
    if (!f) return (kal_bytes){0};
    kal_bytes b = read_stream(f);
    if (pclose(f) != 0) bytes_free(&b);
    return b;
}

#endif
