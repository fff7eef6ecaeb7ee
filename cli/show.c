// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal show`: a picture in the terminal. Scaled by the library when it has an op for it, else by picking
// pixels; written as half blocks, by the kitty protocol, or as sixels.
#define _GNU_SOURCE
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct picture {
    int32_t width, height;
    unsigned char *rgb;
} picture;

// ---- how large ----------------------------------------------------------------------------------

typedef struct room {
    int columns, rows, cell_width, cell_height;   // cells, and pixels of a cell
} room;

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);
    const int v = text ? atoi(text) : 0;
    return v > 0 && v < 10000 ? v : otherwise;
}

static room terminal_room(void)
{
    struct winsize w = {0};
    if (ioctl(1, TIOCGWINSZ, &w) != 0 || !w.ws_col || !w.ws_row) w = (struct winsize){0};
    room r = {w.ws_col ? w.ws_col : from_environment("COLUMNS", 80),
              w.ws_row ? w.ws_row : from_environment("LINES", 24), 8, 16};
    if (w.ws_col && w.ws_xpixel / w.ws_col > 1) r.cell_width = w.ws_xpixel / w.ws_col;
    if (w.ws_row && w.ws_ypixel / w.ws_row > 1) r.cell_height = w.ws_ypixel / w.ws_row;
    if (r.rows > 2) r.rows -= 1;   // the prompt
    return r;
}

static void fit(const kal_extent *e, double width, double height, picture *out)
{
    double scale = fmin(width / e->width, height / e->height);
    if (scale > 1) scale = 1;
    out->width = (int32_t)fmax(1, round(e->width * scale));
    out->height = (int32_t)fmax(1, round(e->height * scale));
}

// ---- pixels -------------------------------------------------------------------------------------

static double level(const kal_extent *e, const unsigned char *p, int32_t channel)
{
    switch (e->type) {
    case KAL_U8: return p[channel] / 255.0;
    case KAL_U16: return ((const uint16_t *)(const void *)p)[channel] / 65535.0;
    case KAL_F32: return ((const float *)(const void *)p)[channel];
    case KAL_U32:
        return (((const uint32_t *)(const void *)p)[channel] * 2654435761u >> 24) /
               255.0;   // labels: any colour
    }
    return 0;
}

static unsigned char to_byte(double v)
{
    return v > 0 ? (unsigned char)(v < 1 ? v * 255 + 0.5 : 255) : 0;
}

// Gray or the first three channels, over black.
static void to_rgb(const kal_extent *e, const unsigned char *p, unsigned char out[3])
{
    const int32_t colours = e->channels - e->alpha;
    const double alpha = e->alpha ? level(e, p, e->channels - 1) : 1;
    for (int32_t k = 0; k < 3; k++) out[k] = to_byte(alpha * level(e, p, colours < 3 ? 0 : k));
}

static kal_node *scaled(kal_scope *scope, kal_node *node, const picture *to)
{
    char params[64];
    const kal_op *op;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL && !(op->flags & KAL_OP_FITS);) i++;
    if (!op) return node;
    snprintf(params, sizeof params, "width=%d height=%d", to->width, to->height);
    kal_node *small = kal_apply_text(scope, op->name, params, &node, 1);
    return kal_node_error(small, NULL) ? node : small;
}

static int read_picture(kal_scope *scope, kal_node *node, const settings *s, picture *to)
{
    kal_extent e;
    kal_error err;
    node = scaled(scope, node, to);
    if (kal_node_extent(node, &e, &err)) return fail(&err);
    const size_t pixel = kal_pixel_size(&e), row = pixel * (size_t)e.width;
    unsigned char *all = malloc(row * (size_t)e.height);
    to->rgb = malloc((size_t)to->width * (size_t)to->height * 3);
    int code = all && to->rgb ? EXIT_OK : usage("out of memory for the picture");
    kal_options o = s->eval;
    o.memo_mode = KAL_MEMO_NEVER;
    if (!code && kal_read(node, kal_rect_all(&e), all, (ptrdiff_t)row, &o, &err)) code = fail(&err);
    for (int32_t y = 0; y < to->height && !code; y++)
        for (int32_t x = 0; x < to->width; x++) {
            const int64_t from_x = (int64_t)x * e.width / to->width,
                          from_y = (int64_t)y * e.height / to->height;
            to_rgb(&e, all + (size_t)from_y * row + (size_t)from_x * pixel,
                   to->rgb + 3 * ((size_t)y * (size_t)to->width + (size_t)x));
        }
    free(all);
    return code;
}

static const unsigned char *at(const picture *p, int32_t x, int32_t y)
{
    return p->rgb + 3 * ((size_t)y * (size_t)p->width + (size_t)x);
}

// ---- half blocks: a cell is two pixels, the upper in front, the lower behind ------------------------

static void put_colour(int layer, const unsigned char *rgb, const unsigned char **last)
{
    if (*last && !memcmp(*last, rgb, 3)) return;
    printf("\033[%d;2;%d;%d;%dm", layer, rgb[0], rgb[1], rgb[2]);
    *last = rgb;
}

static void put_blocks(const picture *p)
{
    for (int32_t y = 0; y < p->height; y += 2) {
        const unsigned char *front = NULL, *behind = NULL;
        for (int32_t x = 0; x < p->width; x++) {
            put_colour(38, at(p, x, y), &front);
            if (y + 1 < p->height) put_colour(48, at(p, x, y + 1), &behind);
            fputs("▀", stdout);
        }
        fputs("\033[0m\n", stdout);
    }
}

// ---- the kitty protocol: base64 in chunks ---------------------------------------------------------

static size_t base64(const unsigned char *in, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t m = 0;
    for (size_t i = 0; i < n; i += 3) {
        const unsigned b =
            (unsigned)in[i] << 16 | (i + 1 < n ? (unsigned)in[i + 1] << 8 : 0) | (i + 2 < n ? in[i + 2] : 0u);
        out[m++] = digits[b >> 18];
        out[m++] = digits[b >> 12 & 63];
        out[m++] = i + 1 < n ? digits[b >> 6 & 63] : '=';
        out[m++] = i + 2 < n ? digits[b & 63] : '=';
    }
    return m;
}

static void put_kitty(const picture *p)
{
    enum { CHUNK = 3072 };
    const size_t all = (size_t)p->width * (size_t)p->height * 3;
    char text[CHUNK / 3 * 4];
    for (size_t i = 0; i < all; i += CHUNK) {
        const size_t n = all - i < CHUNK ? all - i : CHUNK;
        if (!i)
            printf("\033_Ga=T,f=24,s=%d,v=%d,m=%d;", p->width, p->height, all > CHUNK);
        else
            printf("\033_Gm=%d;", i + n < all);
        fwrite(text, 1, base64(p->rgb + i, n, text), stdout);
        fputs("\033\\", stdout);
    }
    putchar('\n');
}

// ---- sixels: 6 rows at a time, a cube of 216 colours ------------------------------------------------

static int cube_colour(const unsigned char *rgb, int32_t x, int32_t y)
{
    static const int bayer[2][2] = {{-19, 6}, {19, -6}};   // a little noise instead of steps
    int index = 0;
    for (int k = 0; k < 3; k++) {
        const int v = rgb[k] + bayer[y & 1][x & 1];
        index = index * 6 + (v < 0 ? 0 : v > 255 ? 5 : (v + 25) / 51);
    }
    return index;
}

static void put_run(char c, int n)
{
    if (n > 3)
        printf("!%d%c", n, c);
    else
        while (n-- > 0) putchar(c);
}

static void put_sixel_row(const picture *p, int32_t y0, int colour)
{
    char last = 0;
    int n = 0;
    for (int32_t x = 0; x < p->width; x++) {
        int bits = 0;
        for (int32_t y = y0; y < y0 + 6 && y < p->height; y++)
            bits |= (cube_colour(at(p, x, y), x, y) == colour) << (y - y0);
        const char c = (char)(63 + bits);
        if (c != last) put_run(last, n), n = 0;
        last = c;
        n++;
    }
    put_run(last, n);
}

static void put_sixel(const picture *p)
{
    printf("\033Pq\"1;1;%d;%d", p->width, p->height);
    for (int i = 0; i < 216; i++) printf("#%d;2;%d;%d;%d", i, i / 36 * 20, i / 6 % 6 * 20, i % 6 * 20);
    for (int32_t y0 = 0; y0 < p->height; y0 += 6) {
        bool used[256] = {false};
        for (int32_t y = y0; y < y0 + 6 && y < p->height; y++)
            for (int32_t x = 0; x < p->width; x++) used[cube_colour(at(p, x, y), x, y)] = true;
        for (int i = 0; i < 216; i++) {
            if (!used[i]) continue;
            printf("#%d", i);
            put_sixel_row(p, y0, i);
            putchar('$');
        }
        putchar('-');
    }
    fputs("\033\\\n", stdout);
}

// ---- the verb -----------------------------------------------------------------------------------

static bool has_kitty(void)
{
    const char *term = getenv("TERM");
    return getenv("KITTY_WINDOW_ID") || (term && (strstr(term, "kitty") || strstr(term, "ghostty")));
}

int show_main(settings *s)
{
    if (s->n_words != 1) return usage("show: one picture, not %d", s->n_words);
    if (!isatty(1) && !s->force)
        return usage("show: standard output is no terminal; --force writes all the same");
    kal_scope *scope = kal_scope_new();
    kal_node *node;
    kal_extent e;
    picture p = {0};
    const room r = terminal_room();
    const bool kitty = has_kitty() && !s->sixel, blocks = !kitty && !s->sixel;
    int code = scope ? load_node(scope, s, s->words[0], &node) : usage("out of memory");
    if (!code) {
        kal_node_extent(node, &e, NULL);
        fit(&e, r.columns * (blocks ? 1.0 : r.cell_width), r.rows * (blocks ? 2.0 : r.cell_height), &p);
        code = read_picture(scope, node, s, &p);
    }
    if (!code) (kitty ? put_kitty : s->sixel ? put_sixel : put_blocks)(&p);
    free(p.rgb);
    kal_scope_free(&scope);
    return code;
}
