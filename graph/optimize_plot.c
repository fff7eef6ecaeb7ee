// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The candidates of a choice as an SVG picture: bytes across, by their logarithm, and the score up; a colour a format, lines through
// tries of one kind, the chosen one in a ring, the bounds of what was asked as the candidates tell them.
#include "optimize.h"

#include "putf.h"
#include "fmath.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 760
#define HEIGHT 460
#define LEFT 60
#define RIGHT 24
#define TOP 44
#define BOTTOM 48

static const struct {
    const char *format, *colour;
} colours[] = {{"jpeg", "#0072b2"}, {"png", "#009e73"}, {"webp", "#d55e00"}, {"avif", "#cc79a7"},
               {"heif", "#e69f00"}, {"jxl", "#56b4e9"}};   // Okabe and Ito's, which most eyes tell apart

static const char *colour_of(const char *format)
{
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (!strcmp(colours[i].format, format)) return colours[i].colour;
    return "#444444";
}

typedef struct frame {
    double low[2], high[2];   // log2 of bytes; scores
} frame;

static bool is_there(const kal_candidate *c)
{
    return c->bytes > 0 && isfinite(c->score);
}

static double across(const kal_candidate *c)
{
    return kal__log2((double)c->bytes);
}

static frame frame_of(const kal_choice *x)
{
    frame f = {{1e300, 1e300}, {-1e300, -1e300}};
    for (int32_t i = 0; i < x->n; i++) {
        const kal_candidate *c = &x->candidates[i];
        if (!is_there(c)) continue;
        const double v[2] = {across(c), c->score};
        for (int k = 0; k < 2; k++) {
            if (v[k] < f.low[k]) f.low[k] = v[k];
            if (v[k] > f.high[k]) f.high[k] = v[k];
        }
    }
    for (int k = 0; k < 2; k++) {
        if (f.low[k] > f.high[k]) f.low[k] = f.high[k] = 0;
        const double wide = f.high[k] - f.low[k], more = wide > 0 ? wide * 0.06 : 1;
        f.low[k] -= more, f.high[k] += more;
    }
    return f;
}

static double x_of(const frame *f, double v)
{
    return LEFT + (v - f->low[0]) / (f->high[0] - f->low[0]) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const frame *f, double v)
{
    return HEIGHT - BOTTOM - (v - f->low[1]) / (f->high[1] - f->low[1]) * (HEIGHT - TOP - BOTTOM);
}

static void put_text(kal__text *t, double x, double y, const char *anchor, const char *text)
{
    kal__putf(t, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    for (; *text; text++)
        if (*text == '<' || *text == '&')
            kal__puts(t, *text == '<' ? "&lt;" : "&amp;");
        else
            kal__put(t, text, 1);
    kal__puts(t, "</text>\n");
}

static void put_bytes(char out[32], double bytes)
{
    const char *unit = bytes >= 1e6 ? "MB" : bytes >= 1e3 ? "kB" : "B";
    kal__format(out, 32, "%.3g %s", bytes / (bytes >= 1e6 ? 1e6 : bytes >= 1e3 ? 1e3 : 1), unit);
}

// Lines at powers of two, and at whole steps of the score.
static void put_axes(const frame *f, const char *metric, kal__text *t)
{
    char s[32];
    const double wide = f->high[0] - f->low[0], tall = f->high[1] - f->low[1];
    const double every = wide > 8 ? 2 : wide > 3 ? 1 : 0.5;
    for (double v = (double)(int)(f->low[0] / every) * every; v <= f->high[0]; v += every) {
        if (v < f->low[0]) continue;
        const double x = x_of(f, v);
        kal__putf(t, "<path d=\"M%.1f %d V%d\" class=\"grid\"/>\n", x, TOP, HEIGHT - BOTTOM);
        put_bytes(s, kal__pow(2, v));
        put_text(t, x, HEIGHT - BOTTOM + 18, "middle", s);
    }
    double step = 1e-6;
    for (int i = 0; tall / step > 8; i++) step *= i % 3 == 1 ? 2.5 : 2;
    for (double v = kal__rint(f->low[1] / step) * step; v <= f->high[1]; v += step) {
        if (v < f->low[1]) continue;
        const double y = y_of(f, v);
        kal__putf(t, "<path d=\"M%d %.1f H%d\" class=\"grid\"/>\n", LEFT, y, WIDTH - RIGHT);
        kal__format(s, sizeof s, "%.4g", v > -step / 1e3 && v < step / 1e3 ? 0 : v);
        put_text(t, LEFT - 8, y + 4, "end", s);
    }
    put_text(t, LEFT, TOP - 22, "start", metric);
}

static void put_point(const frame *f, const kal_candidate *c, bool chosen, kal__text *t)
{
    char s[32];
    const double x = x_of(f, across(c)), y = y_of(f, c->score);
    if (chosen) kal__putf(t, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" class=\"chosen\"/>\n", x, y);
    kal__putf(t,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" fill-opacity=\"%s\"><title>%s %s: %llu "
              "bytes, %.5g</title></circle>\n",
              x, y, colour_of(c->format), c->keeps ? "1" : "0.35", c->format, c->params,
              (unsigned long long)c->bytes, c->score);
    if (!chosen) return;
    put_bytes(s, (double)c->bytes);
    put_text(t, x > WIDTH - 200 ? x - 14 : x + 14, y - 10, x > WIDTH - 200 ? "end" : "start", s);
}

static void put_legend(const kal_choice *x, kal__text *t)
{
    double at = WIDTH - RIGHT;
    for (size_t i = sizeof colours / sizeof *colours; i-- > 0;) {
        bool any = false;
        for (int32_t k = 0; k < x->n; k++) any |= !strcmp(x->candidates[k].format, colours[i].format);
        if (!any) continue;
        put_text(t, at, TOP - 22, "end", colours[i].format);
        at -= 9.0 * (double)strlen(colours[i].format) + 8;
        kal__putf(t, "<circle cx=\"%.1f\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", at, TOP - 26,
                  colours[i].colour);
        at -= 18;
    }
}

void kal__choice_plot(const kal_choice *choice, kal__text *t)
{
    const frame f = frame_of(choice);
    kal__putf(t,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
              "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
              "<style>.grid{stroke:#ddd;fill:none}.chosen{stroke:#222;stroke-width:2;fill:none}</style>\n"
              "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
              WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
    put_axes(&f, choice->metric, t);
    put_legend(choice, t);
    for (int32_t i = 0; i < choice->n; i++)
        if (is_there(&choice->candidates[i])) put_point(&f, &choice->candidates[i], i == choice->chosen, t);
    kal__puts(t, "</svg>\n");
}
