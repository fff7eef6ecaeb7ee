// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The text: what it accepts, what keys never see, and errors that name their place.
#include "check.h"

static kal_node *in, *small;   // 200×150 rgb, 20×10 rgb

static bool has_word(const char *text, const char *word)
{
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        if (at == text || at[-1] < 'a') return true;
    return false;
}

static kal_status parse(const char *text, kal_program **p)
{
    static const kal_binding values[] = {{.name = "size", .value = "3"},
                                         {.name = "where", .value = "64x50+10+20"}};
    kal_binding b[4] = {{.name = "in", .node = in}, {.name = "small", .node = small}};
    int32_t n = 2;
    for (size_t i = 0; i < 2; i++)   // a value needs a name in the text
        if (has_word(text, values[i].name)) b[n++] = values[i];
    return kal_program_parse(text, strlen(text), b, n, p, &check_error);
}

// Both texts mean the same node.
static void equal(const char *a, const char *b)
{
    kal_program *p = NULL, *q = NULL;
    const bool ok = REQUIRE_NOTE(!parse(a, &p), "%s\n  %s", a, check_error.message) &
                    REQUIRE_NOTE(!parse(b, &q), "%s\n  %s", b, check_error.message);
    if (ok) REQUIRE_NOTE(kal_program_root(p) == kal_program_root(q), "\"%s\" against \"%s\"", a, b);
    kal_program_free(&p);
    kal_program_free(&q);
}

// The text fails, at this place, and the message contains the words.
static void refused(const char *text, const char *place, const char *words)
{
    kal_program *p = NULL;
    const kal_status st = parse(text, &p);
    REQUIRE_NOTE(st != KAL_OK, "\"%s\" was accepted", text);
    REQUIRE_NOTE(st && !strncmp(check_error.message, place, strlen(place)), "\"%s\": %s", text,
                 check_error.message);
    REQUIRE_NOTE(st && strstr(check_error.message, words), "\"%s\": %s", text, check_error.message);
    kal_program_free(&p);
}

static void comforts(void)
{
    equal("in | gaussian", "gaussian in sigma=1 edge=copy");
    equal("in | gaussian 2", "in|gaussian sigma = 2.0");
    equal("gaussian in 2 mirror", "in | gaussian edge=mirror sigma=2e0");
    equal("in | crop 64x50+0+0 ; in | crop 64x50+10+20", "crop in 10 20 64 50");
    equal("in | crop 64x50+10+20", "in | crop x=10 y=20 width=64 height=50");
    equal("in | crop width=50% height=50%", "in | crop 0 0 100 75");
    equal("in | crop 50%x50%", "in | crop 0 0 100 75");
    equal("in | crop 50%x40+25%+10", "in | crop 50 10 100 40");
    equal("in | resize 12.5%x0.1%", "in | resize 25 1");
    equal("in | resize (size in) lanczos3", "in | resize size=(size in) kernel=lanczos3");
    equal("in | resize width=0.001%", "in | resize width=1");
    equal("in | crop width=0.001% height=50%", "in | crop width=1 height=75");
    equal("in | crop x=25% y=10%", "in | crop 50 15 150 135");
    equal("in | crop 10 10 | crop 5 5 20 20", "in | crop 15 15 20 20");
    equal("in | crop", "in");
    equal("in | invert | crop", "in | invert");
    equal("in | turn right | turn left", "in");
    equal("in | turn right | turn right", "in | turn half");
    equal("in | gaussian edge=fill color=white", "in | gaussian edge=fill color=[255 255 255]");
    equal("in | gaussian edge=fill color=#f80", "in | gaussian edge=fill color=[255 136 0]");
    equal("in | gaussian edge=fill color=#ff8800 # not a colour",
          "in | gaussian edge=fill color=[255,136,0]");
    equal("soft = in | gaussian 2\nuncrop (soft | crop 64x50+10+20) soft 10 20",
          "in | gaussian 2 | crop 64x50+10+20 | uncrop");
    equal("in | crop 64x50+10+20 | gaussian 2 | uncrop feather=3",
          "c = crop in 10 20 64 50\n uncrop (c | gaussian 2) in x=10 y=20 feather=3");
    // the nearest crop is the nearest in the text, whatever became of it
    equal("in | crop 10 10 100 100 | crop 5 5 20 20 | invert | uncrop",
          "a = in | crop 10 10 100 100\nuncrop (a | crop 5 5 20 20 | invert) a 5 5");
    equal("in | crop 10 10 100 100 | crop 5 5 20 20 | invert | uncrop | uncrop",
          "a = in | crop 10 10 100 100\nuncrop (uncrop (a | crop 5 5 20 20 | invert) a 5 5) in 10 10");
    equal("in | crop 0 0 100% 100% | invert | uncrop", "in | invert");
    equal("in | crop | gaussian 2 | uncrop", "in | gaussian 2");
    equal("a = in | crop 64x50+10+20\nb = a | invert\nb | uncrop",
          "uncrop (in | crop 64x50+10+20 | invert) in 10 20");
    equal("insert (in | crop 64x50+10+20) (in | crop 80x70+1+2) 3 4 | uncrop resize=lanczos3",
          "uncrop (insert (in | crop 64x50+10+20) (in | crop 80x70+1+2) 3 4) in 10 20 64 50 resize=lanczos3");
    equal("in | crop 90x90+5+6 | invert | crop x=(in | crop 0 0 1 1 | gray | mean) width=30 height=40 | "
          "gaussian 1 | uncrop",
          "a = in | crop 90x90+5+6 | invert; v = in | crop 0 0 1 1 | gray | mean\n"
          "uncrop (a | crop x=v width=30 height=40 | gaussian 1) a x=v width=30 height=40");
    equal("in | crop 64x50+10+20 | invert | uncrop in x=1 y=2",
          "uncrop (in | crop 64x50+10+20 | invert) in 1 2");
    equal("insert small in 5 6", "small | insert in x=5 y=6");
    equal("sigma = 4\nin | gaussian sigma", "in | gaussian 4");
    equal("sigma = 4\nin | gaussian sigma=sigma", "in | gaussian 4");
    equal("size = 9\nin | gaussian size", "in | gaussian 3");   // set from outside
    equal("place = 64x50+10+20; in | crop place", "in | crop 10 20 64 50");
    equal("small | resize 6x6 nearest", "small | resize width=6 height=6 kernel=nearest");
    equal("\xef\xbb\xbfin | invert\r\n", "in | invert");
    equal("in | crop where", "in | crop 10 20 64 50");
    equal("a = 2; b = a; in | gaussian b", "in | gaussian 2");
    equal("# a comment\n\n  in | # goes on\n gaussian 2 # end\n", "in | gaussian 2");
    equal("x = in; x = x | invert; x = x | gaussian 2; x", "in | invert | gaussian 2");
    equal("((in) | invert)", "invert (in)");
    equal("gaussian (\n in | invert ) ; in", "in");
}

static void places(void)
{
    refused("load 'in.jpg'", "line 1, column 6", "double quotes");
    refused("load ''", "line 1, column 6", "double quotes");
    refused("in | crop 0 0 0 0", "line 1, column 6", "width=0 is an empty rectangle");
    refused("in | crop 0 0 4 -1", "line 1, column 6", "height=-1 is an empty rectangle");
    refused("in | resize width=0%", "line 1, column 6", "width=0 is an empty");
    refused("in | thumbnail 9 gravity=center", "line 1, column 18", "did you mean \"centre\"?");
    refused("in | gaussian 2 edge=mirorr", "line 1, column 17", "did you mean \"mirror\"?");
    refused("in | gausian 2", "line 1, column 6:", "did you mean \"gaussian\"");
    refused("in | gaussian sgima=2", "line 1, column 15:", "did you mean \"sigma\"");
    refused("in\n| gaussian 2", "line 2, column 1:", "an op or a name was expected");
    refused("in | gaussian sigma=wide", "line 1, column 15:", "is not a number");
    refused("in | gaussian sigma=-1", "line 1, column 6:", "outside 0..1000");
    refused("in | gaussian 2 edge=round", "line 1, column 17:", "one of copy|mirror|reflect|wrap|fill");
    refused("in | crop 10x10 width=5", "line 1, column 17:", "given twice");
    equal("solid red 12x9", "solid color=[255 0 0] width=12 height=9");
    equal("solid 12x9 [10]", "solid color=10 width=12 height=9");
    equal("solid 10", "solid color=10 width=256 height=256");
    equal("solid 10 12 9", "solid color=10 width=12 height=9");
    refused("solid 10 20", "line 1, column 7:",
            "solid: by position 10 20 are color and width; a size is written 10x20, a colour color=10");
    refused("gradient 10 20",
            "line 1, column 10:", "by position 10 20 are from and to; a size is written 10x20");
    refused("noise 640 480", "line 1, column 7:", "kind=640 is not one of gaussian|uniform");
    refused("in | quantize 8", "line 1, column 15:", "palette=8 is not one of ");
    refused("in | quantize 8", "line 1, column 15:", "tab20; it is a named palette");
    refused("in | blur 3",
            "line 1, column 6:", "there is no op \"blur\"; did you mean \"box_blur\" or \"gaussian\"?");
    refused("in | noise", "line 1, column 6:", "noise takes no inputs; did you mean \"add_noise\"?");
    refused("in | perlin", "line 1, column 6:", "perlin takes no inputs");
    refused("in | resize 10x10 20x20", "line 1, column 19:", "width is given twice, by 10x10 and by 20x20");
    refused("in | gaussian 2 sigma=3", "line 1, column 17:", "given twice");
    refused("in | gaussian 2 copy black stored 9", "line 1, column 35:", "one value too many");
    refused("in | crop 500x500+0+0", "line 1, column 6:", "not inside the image of 200×150");
    refused("in | crop x=10.5", "line 1, column 11:", "whole number");
    refused("a = in | invert\nb = a | crop x=1000", "line 2, column 9:", "crop");
    refused("in | gaussian edge=fill color=chartreuse", "line 1, column 25:", "a colour");
    refused("in | gaussian \"2", "line 1, column 15:", "not closed");
    refused("in | gaussian [1 2", "line 1, column 15:", "not closed");
    refused("in | (invert)", "line 1, column 6:", "expected");
    refused("in |", "line 1, column 5:", "ends here");
    refused("(in | invert", "line 1, column 13:", ") was expected");
    refused("in | invert)", "line 1, column 12:", "end of the statement");
    refused("in | uncrop", "line 1, column 6:", "no crop upstream");
    refused("in | thumbnail 20 10 cover | uncrop", "line 1, column 30:", "no crop upstream");
    refused("in | crop 9 9 20 20 | uncrop | uncrop", "line 1, column 32:", "no crop upstream");
    refused("in | save", "line 1, column 6:", "save where");
    refused("in | save out.xyz", "line 1, column 6:", "suffix");
    refused("in | save -", "line 1, column 6:", "format=");
    refused("save out.jpg", "line 1, column 1:", "save what");
    refused("in | save out.jpg quality=0", "line 1, column 6:", "outside 1..100");
    refused("in | save out.jpg qualty=90", "line 1, column 19:", "quality");
    refused("load /nowhere/x.jpg", "line 1, column 1:", "/nowhere/x.jpg: No such file");
    refused("load", "line 1, column 1:", "which file");
    refused("insert in", "line 1, column 1:", "takes");
    refused("input nobody key=1", "line 1, column 7:", "bound");
    refused("] in", "line 1, column 1:", "without its [");
    refused("größe", "line 1, column 1:", "no op");
    refused("# ä\nin | gaussian \"ä\"", "line 2, column 15:", "is not a number");
    char deep[1000] = "";
    for (int i = 0; i < 200; i++) strcat(deep, "(");
    refused(deep, "line 1, column", "nested more than 100");
}

static void saving(void)
{
    const char *a = check_temp("a.jpg"), *b = check_temp("with space.jpg"), *c = check_temp("c");
    char text[1000];
    snprintf(text, sizeof text,
             "x = in | invert\nsave x %s quality=70\nx | gaussian 2 | save \"%s\"\nin | save %s format=jpeg; "
             "print x",
             a, b, c);
    kal_program *p;
    kal_stats stats;
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
    if (!REQUIRE_OK(parse(text, &p))) return;
    const char *path;
    REQUIRE(kal_program_save(p, 1, &path) && !strcmp(path, b) && !kal_program_save(p, 3, NULL));
    REQUIRE(kal_program_print(p, 0, &path) && !strcmp(path, "x") && !kal_program_print(p, 1, NULL));
    REQUIRE_OK(kal_program_run(p, &o, &check_error));
    REQUIRE(stats.encodes == 3);
    kal_program_free(&p);
    kal_extent e;
    kal_node *back = kal_load(NULL, b, NULL);
    REQUIRE_OK(kal_node_extent(back, &e, &check_error));
    REQUIRE(e.width == 200 && e.height == 150);
    kal_node_unref(&back);
    snprintf(text, sizeof text, "load %s | crop 20 20 50 50 | gaussian 3 | uncrop feather=8 | save %s", a, a);
    REQUIRE_OK(kal_run_text(text, &check_error));   // in == out
    REQUIRE_FAILS(KAL_INVALID, kal_run_text("load", &check_error));
    snprintf(text, sizeof text, "load %s | save %s; load %s | invert | save %s", a, b, a, b);
    REQUIRE_FAILS(KAL_INVALID, kal_run_text(text, &check_error));   // the space in the name wants quotes
    snprintf(text, sizeof text, "x = load %s; x | save %s; x | invert | save %s", a, check_temp("two.jpg"),
             check_temp("two.jpg"));
    REQUIRE_FAILS(KAL_INVALID, kal_run_text(text, &check_error));
}

// What a text says of a file is printed, and nothing else.
static void loads(void)
{
    const char *path = check_temp("stored.png");
    char text[700], want[800];
    REQUIRE_OK(kal_save(in, path, NULL, NULL, &check_error));
    static const char *const said[] = {"", " lenient=true", " memo=always", " lenient=true memo=never"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        kal_program *p = NULL;
        kal_bytes b;
        snprintf(text, sizeof text, "load \"%s\"%s | invert memo=always", path, said[i]);
        snprintf(want, sizeof want, "%s\n", text);
        if (!REQUIRE_OK(parse(text, &p))) return;
        REQUIRE_OK(kal_print_graph(kal_program_root(p), &b, &check_error));
        REQUIRE_NOTE(!strcmp((const char *)b.data, want), "%s became %s", text, (const char *)b.data);
        kal_bytes_free(&b);
        kal_program_free(&p);
    }
}

// Nothing that is thrown at it may crash it.
static void noise(void)
{
    static const char *const words[] = {"in",     "|",     "gaussian", "crop", "(",
                                        ")",      "[",     "]",        "=",    "sigma",
                                        "2",      "\"",    "x",        ";",    "\n",
                                        "save",   "print", "uncrop",   "50%",  "64x50+10+20",
                                        "#f80",   "#",     "1e999",    "-",    "out.jpg",
                                        "insert", "small", "\xff",     "nan",  "99999999999999999999",
                                        "load",   "size"};
    rng r = {99};
    for (int i = 0; i < 20000; i++) {
        char text[400] = "";
        const int32_t n = 1 + rng_below(&r, 14);
        for (int32_t k = 0; k < n; k++) {
            strcat(text, words[rng_below(&r, (int32_t)(sizeof words / sizeof *words))]);
            if (rng_below(&r, 4)) strcat(text, " ");
        }
        if (strstr(text, "load -")) continue;   // would read our standard input
        kal_program *p = NULL;
        check_error.message[0] = 0;
        const kal_status st = parse(text, &p);
        REQUIRE_NOTE(!st == (p != NULL) && (!st || check_error.message[0]), "%s", text);
        kal_program_free(&p);
    }
}

// What a failed parse leaves behind is asked in vain, not in a crash.
static void nothing(void)
{
    REQUIRE(!kal_program_root(NULL) && !kal_program_save(NULL, 0, NULL) && !kal_program_print(NULL, 0, NULL));
    REQUIRE_FAILS(KAL_INVALID, kal_program_run(NULL, NULL, &check_error));
    kal_scope *s = kal_scope_new();
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply(s, "gaussian", NULL, NULL, 1), &check_error));
    kal_scope_free(&s);
}

int main(void)
{
    rng r = {5};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(200, 150, 3, KAL_U8), f = extent_of(20, 10, 3, KAL_U8);
    in = rng_image(&r, s, &e);
    small = rng_image(&r, s, &f);
    nothing();
    comforts();
    places();
    saving();
    loads();
    noise();
    kal_scope_free(&s);
    return check_done();
}
