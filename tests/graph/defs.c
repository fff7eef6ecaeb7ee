// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Texts that define ops and declare params: a call is the text of its body, written out; what is refused names its place.
#include "check.h"

#include <time.h>

static kal_node *in, *small;   // 200×150 rgb, 20×10 rgb

static kal_status parse_set(const char *text, const char *name, const char *value, kal_program **p)
{
    const kal_binding b[] = {
        {.name = "in", .node = in}, {.name = "small", .node = small}, {.name = name, .value = value}};
    return kal_program_parse(text, strlen(text), b, value ? 3 : 2, p, &check_error);
}

static kal_status parse(const char *text, kal_program **p)
{
    return parse_set(text, NULL, NULL, p);
}

// The key of a printed graph, whose pictures go by their keys.
static kal_status read_back(const char *text, kal_key *out)
{
    char names[2][16];
    kal_node *const nodes[] = {in, small};
    kal_binding b[2];
    for (int i = 0; i < 2; i++) {
        char key[33];
        kal_key k;
        kal_node_key(nodes[i], &k, NULL);
        snprintf(names[i], sizeof names[i], "i%.12s", kal_key_print(k, key));
        b[i] = (kal_binding){.name = names[i], .node = nodes[i]};
    }
    kal_program *p = NULL;
    kal_status st = kal_program_parse(text, strlen(text), b, 2, &p, &check_error);
    if (!st) st = kal_node_key(kal_program_root(p), out, &check_error);
    kal_program_free(&p);
    return st;
}

// Both texts mean the same node, and what is printed of it is that node again.
static void equal(const char *a, const char *b)
{
    kal_program *p = NULL, *q = NULL;
    const bool ok = REQUIRE_NOTE(!parse(a, &p), "%s\n  %s", a, check_error.message) &
                    REQUIRE_NOTE(!parse(b, &q), "%s\n  %s", b, check_error.message);
    if (ok && REQUIRE_NOTE(kal_program_root(p) == kal_program_root(q), "\"%s\" against \"%s\"", a, b)) {
        kal_bytes first = {NULL, 0}, second = {NULL, 0};
        REQUIRE_OK(kal_print_graph(kal_program_root(p), &first, &check_error));
        REQUIRE_OK(kal_print_graph(kal_program_root(q), &second, &check_error));
        REQUIRE(first.size == second.size && !memcmp(first.data, second.data, first.size));
        kal_key printed, node;
        REQUIRE_OK(read_back((const char *)first.data, &printed));
        REQUIRE_OK(kal_node_key(kal_program_root(p), &node, &check_error));
        REQUIRE_NOTE(kal_key_equal(printed, node), "%s", (const char *)first.data);
        kal_bytes_free(&first);
        kal_bytes_free(&second);
    }
    kal_program_free(&p);
    kal_program_free(&q);
}

// The places that an error keeps are those that its sentence names: the first, and the last where it names several.
static void check_places(const char *text)
{
    const char *first = strstr(check_error.message, "line "), *last = first;
    int line[2], column[2];
    for (const char *at = first; at; at = strstr(at + 1, "line "))
        if (at[5] >= '0' && at[5] <= '9') last = at;
    REQUIRE_NOTE(first && sscanf(first, "line %d, column %d", &line[0], &column[0]) == 2 &&
                     sscanf(last, "line %d, column %d", &line[1], &column[1]) == 2,
                 "%s: %s", text, check_error.message);
    const kal_place one = check_error.place, two = first == last ? one : check_error.within;
    REQUIRE_NOTE(
        one.line == line[0] && one.column == column[0] && two.line == line[1] && two.column == column[1] &&
            (first != last) == (check_error.within.line > 0) && !one.included,
        "%s: %d, %d and %d, %d: %s", text, one.line, one.column, two.line, two.column, check_error.message);
}

static void refused(const char *text, const char *place, const char *words)
{
    kal_program *p = NULL;
    const kal_status st = parse(text, &p);
    REQUIRE_NOTE(st != KAL_OK, "\"%s\" was accepted", text);
    REQUIRE_NOTE(st && !strncmp(check_error.message, place, strlen(place)), "\"%s\": %s", text,
                 check_error.message);
    REQUIRE_NOTE(st && strstr(check_error.message, words), "\"%s\": %s", text, check_error.message);
    if (st) check_places(text);
    kal_program_free(&p);
}

#define SOFT "def soft(img, s=2) = img | gaussian s | sharpen amount=1\n"

static void calls(void)
{
    static const char written[] = "in | gaussian 3 | sharpen amount=1";
    equal(SOFT "in | soft 3", written);
    equal(SOFT "soft in s=3", written);
    equal(SOFT "soft in 3", written);
    equal(SOFT "in | soft s=3", written);
    equal(SOFT "a = in; b = 3; soft a b", written);
    equal(SOFT "a = 3; in | soft s=a", written);
    equal(SOFT "in | soft", "in | gaussian 2 | sharpen amount=1");
    equal("def soft(img,s=2)={img|gaussian s|sharpen amount=1}; in | soft 3", written);
    equal("def soft(img, s=2) = {\n  a = img |   # goes on\n    gaussian s\n\n  a | sharpen amount=1\n}\nin "
          "| soft 3",
          written);
    equal("def soft(\n  img   # one\n  s=2\n) = img |\n  gaussian s |\n  sharpen amount=1\nin | soft 3",
          written);
    equal("def f(a, b, x=1, y=2) = insert a b x y; f small in 5 y=6", "insert small in 5 6");
    equal("def f(a, b, x=1, y=2) = insert a b x y; small | f in y=6 5", "insert small in 5 6");
    equal("def f(x=1, a, y=2, b) = insert a b x y; f [small in]", "insert small in 1 2");
    equal("def f(a) = a; in | f", "in");
    equal("def f(c=red) = solid c 9x9; f", "solid red 9x9");
    equal("def f(c=red) = solid c 9x9; x = f; x | invert", "solid red 9x9 | invert");
    equal("def f(c=[1 2 3]) = solid c 9x9; f [4 5 6]", "solid [4 5 6] 9x9");
    equal("def f(img, place=64x50+10+20) = img | crop place; in | f 30x20+1+2", "in | crop 1 2 30 20");
    equal("def f(img, t=\"a b; c\") = img | draw_text t; in | f", "in | draw_text \"a b; c\"");
    // values, as images and as computed parameters
    equal("def f(img, m) = img | subtract value=m; f in (in | mean)", "in | subtract value=(in | mean)");
    equal("def f(img, s=1) = img | crop x=s; in | f s=(in | gray | mean)", "in | crop x=(in | gray | mean)");
    equal("def f(img, s=1) = img | crop x=s; in | f (in | gray | mean)", "in | crop x=(in | gray | mean)");
    equal("def f(img, s=1) = img | crop x=s; m = in | gray | mean; f in m", "in | crop x=(in | gray | mean)");
    equal("def m(img) = img | gray | mean; in | crop x=(m in)", "in | crop x=(in | gray | mean)");
    equal("def f(img) = img | draw_text {a}; in | f", "in | draw_text \"{a}\"");
    equal("def f(img) = { img | draw_text \"{a}\" }; in | f", "in | draw_text {a}");
    equal(SOFT "in | soft 3 memo=always", "in | gaussian 3 | sharpen amount=1 memo=always");
    equal("def f(img, memo=3) = img | gaussian memo; in | f memo=2", "in | gaussian 2");
    // words that declare are names like any other
    equal("param = in; param | invert", "in | invert");
    equal("def = in | invert; include = def; include | gaussian 2", "in | invert | gaussian 2");
}

static void scopes(void)
{
    equal("k = 2; def f(img) = img | gaussian k; k = 9; in | f", "in | gaussian 2");
    equal("k = in; def f(img) = blend img k; k = small; in | invert | f", "blend (in | invert) in");
    equal("k = in; k = k | invert; def f(img) = blend img k; k = small; in | f", "blend in (in | invert)");
    equal("img = small; def f(img) = img | invert; in | f", "in | invert");
    equal("def f(img) = { img = img | invert; img | gaussian 2 }; img = small; f in",
          "in | invert | gaussian 2");
    equal("def f(img) = { t = img | invert; t }; t = in; f small; t", "in");
    equal("def f(s=2) = { s = 5; solid 1 9x9 | gaussian s }; f 7", "solid 1 9x9 | gaussian 5");
    equal("def a(i) = i | invert; def b(i) = i | a | gaussian 2 | a; in | b | b",
          "in | invert | gaussian 2 | invert | invert | gaussian 2 | invert");
    refused("def f(img) = { t = img; t }; in | f; t | invert", "line 1, column 38", "there is no op \"t\"");
    refused("def f(img) = img | gaussian k; k = 2; in | f", "line 1, column 44: in f: line 1, column 29",
            "is not a number");
}

// A bare uncrop goes back through arguments, and through what defs made, as through any text.
static void trails(void)
{
    equal("def f(img) = img | gaussian 2 | uncrop feather=3; in | crop 64x50+10+20 | f",
          "in | crop 64x50+10+20 | gaussian 2 | uncrop feather=3");
    equal("def part(img) = img | crop 64x50+10+20; in | part | invert | uncrop",
          "in | crop 64x50+10+20 | invert | uncrop");
    equal("def f(img) = { a = img | crop 64x50+10+20; a | invert | uncrop }; in | f",
          "in | crop 64x50+10+20 | invert | uncrop");
    equal("def f(img) = img; in | crop 9 9 20 20 | f | invert | uncrop",
          "in | crop 9 9 20 20 | invert | uncrop");
    refused("def f(img) = img | uncrop\nin | invert | f", "line 2, column 15: in f: line 1, column 20",
            "no crop upstream");
}

static void params(void)
{
    static const char text[] = "param sigma = 2 in 0..50 \"blur strength\"\n"
                               "param kernel = bicubic in lanczos3 | bicubic|box \"how\"\n"
                               "param name = \"two words\"; param place = 10x10; param tint = [1 2 3] \"t\"\n"
                               "param dark = no; param c = #f80; param n = -1; param m = 4 in 1|2|4\n"
                               "in | gaussian sigma | resize 20x20 kernel";
    static const struct {
        const char *name, *value, *words;
    } rows[] = {
        {"sigma", "3.5", NULL},
        {"sigma", "50", NULL},
        {"sigma", "50.5", "param sigma=50.5 is outside 0..50"},
        {"sigma", "wide", "param sigma=wide is not a number"},
        {"sigma", "", "param sigma= is not a number"},
        {"kernel", "lanczos3", NULL},
        {"kernel", "lanczos",
         "param kernel=lanczos is not one of lanczos3|bicubic|box; did you mean \"lanczos3\"?"},
        {"name", "any thing", NULL},
        {"place", "any thing", NULL},
        {"tint", "[4 5]", NULL},
        {"tint", "red", NULL},
        {"tint", "9", NULL},
        {"tint", "[4 x]", "param tint=[4 x] is no colour and no list of numbers"},
        {"dark", "on", NULL},
        {"dark", "2", "param dark=2 is neither true nor false"},
        {"c", "#fff", NULL},
        {"c", "#ff", "param c=#ff is no colour"},
        {"n", "1e9", NULL},
        {"m", "3", "param m=3 is not one of 1|2|4"},
        {"sgima", "3",
         "the text has no param \"sgima\"; did you mean \"sigma\"?; its params are sigma, kernel, name"}};
    kal_program *p = NULL;
    kal_param_info i;
    REQUIRE_FAILS(KAL_INVALID, parse_set("in | gaussian 2", "sigma", "3", &p));
    REQUIRE(!strcmp(check_error.message, "the text has no name \"sigma\"") &&
            check_error.about == KAL_ABOUT_BINDING);
    REQUIRE_OK(parse_set("s = 2; in | gaussian s", "s", "3", &p));
    kal_program_free(&p);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const kal_status st = parse_set(text, rows[k].name, rows[k].value, &p);
        REQUIRE_NOTE(!st == !rows[k].words, "%s=%s: %s", rows[k].name, rows[k].value,
                     st ? check_error.message : "");
        if (st && rows[k].words)
            REQUIRE_NOTE(strstr(check_error.message, rows[k].words), "%s", check_error.message);
        if (st) REQUIRE_NOTE(check_error.about == KAL_ABOUT_BINDING, "%s", check_error.message);
        kal_program_free(&p);
    }
    REQUIRE_OK(parse_set(text, "sigma", "7", &p));
    REQUIRE(kal_program_param(p, 0, &i) && !strcmp(i.name, "sigma") && !strcmp(i.help, "blur strength") &&
            i.kind == KAL_PARAM_FLOAT && i.min == 0 && i.max == 50 && !strcmp(i.standard, "2") &&
            !strcmp(i.value, "7") && i.place.line == 1 && i.place.column == 7 && !i.file && !i.choices);
    REQUIRE(kal_program_param(p, 1, &i) && i.kind == KAL_PARAM_CHOICE &&
            !strcmp(i.choices, "lanczos3|bicubic|box") && !strcmp(i.value, "bicubic"));
    REQUIRE(kal_program_param(p, 2, &i) && i.kind == KAL_PARAM_TEXT && !strcmp(i.standard, "two words"));
    REQUIRE(kal_program_param(p, 4, &i) && i.kind == KAL_PARAM_COLOR && i.place.line == 3 &&
            i.place.column == 54);
    REQUIRE(kal_program_param(p, 5, &i) && i.kind == KAL_PARAM_BOOL && kal_program_param(p, 6, &i) &&
            i.kind == KAL_PARAM_COLOR);
    REQUIRE(kal_program_param(p, 8, &i) && !kal_program_param(p, 9, &i) && !kal_program_param(p, -1, &i) &&
            !kal_program_param(NULL, 0, &i));
    REQUIRE(kal_program_has(p, "kernel") && kal_program_has(p, "resize") && !kal_program_has(p, "kern") &&
            !kal_program_has(p, ""));
    kal_program_free(&p);
    equal("param s = 4; param t = s in 0..9; in | gaussian t", "in | gaussian 4");
    equal("param s = 4; def f(img) = img | gaussian s; in | f", "in | gaussian 4");
    equal("param s = 1 in -1..1; in | gaussian s", "in | gaussian 1");
    refused("param sigma = 2 in 3..50; in", "line 1, column 7", "param sigma=2 is outside 3..50");
    refused("param sigma = 2 in 5..1; in", "line 1, column 20", "LO below HI");
    refused("param sigma = 2 in ..; in", "line 1, column 7", "not one of ..");
    refused("param sigma = \"a\" in 1..2; in", "line 1, column 22", "no range");
    refused("param sigma in 1..2", "line 1, column 13", "= and the default");
    refused("param sigma = in", "line 1, column 15", "a value was expected");
    refused("param sigma = (in)", "line 1, column 15", "a value was expected");
    refused("param sigma = 2 \"help\" 3", "line 1, column 24", "end of the statement");
    refused("param 2 = 2", "line 1, column 7", "name of a param");
    refused("param s = 2; param s = 3", "line 1, column 20", "\"s\" is a param already");
    refused("param s = 2; s = 3", "line 1, column 14", "\"s\" is a param already");
    refused("s = 2; param s = 3", "line 1, column 14", "\"s\" is a literal already");
    refused("param in = 3", "line 1, column 7", "\"in\" is an image already");
    refused("param k = a in a|b|", "line 1, column 20", "a word to choose");
}

static void mistakes(void)
{
    refused("def f(img) = img | gausian 2\nin", "line 1, column 20:", "did you mean \"gaussian\"?");
    refused(SOFT "in | sfot", "line 2, column 6:", "there is no op \"sfot\"; did you mean \"soft\"?");
    refused(SOFT "in | soft 3 4", "line 2, column 13:", "soft(img, s=…): this is one value too many");
    refused(SOFT "in | soft t=4", "line 2, column 11:", "there is no parameter \"t\"");
    refused(SOFT "in | soft s=4 s=5", "line 2, column 15:", "given twice");
    refused(SOFT "in | soft img=4", "line 2, column 11:", "an image stands without a name");
    refused(SOFT "soft 3", "line 2, column 1:", "1 image or value is wanted, and 0 given");
    refused(SOFT "in | soft s=-1",
            "line 2, column 6: in soft: line 1, column 28: gaussian:", "outside 0..1000");
    refused(SOFT "def g(i) = i |\n  soft -1\nin | invert | g",
            "line 4, column 15: in g: line 3, column 3: in soft: line 1, column 28: gaussian",
            "outside 0..1000");
    refused(SOFT "in | soft memo=some", "line 2, column 16:", "one of auto, always, never");
    refused("def f(img) = img | f", "line 1, column 20:", "\"f\" would call itself");
    refused("def f(img) = f img", "line 1, column 14:", "\"f\" would call itself");
    refused("def f(img) = { a = f img; a }", "line 1, column 20:", "\"f\" would call itself");
    refused("def f(img) = insert (img | f) img", "line 1, column 28:", "\"f\" would call itself");
    refused("def f(img) = img | g; def g(img) = img | f", "line 1, column 20:", "there is no op \"g\"");
    refused("def invert(img) = img", "line 1, column 5:", "\"invert\" is an op already");
    refused("def save(img) = img", "line 1, column 5:", "\"save\" is an op already");
    refused(SOFT SOFT, "line 2, column 5:", "\"soft\" is a def already");
    refused(SOFT "soft = in", "line 2, column 1:", "\"soft\" is a def already");
    refused(SOFT "param soft = 1", "line 2, column 7:", "\"soft\" is a def already");
    refused("def in(img) = img", "line 1, column 5:", "\"in\" is an image already");
    refused("def f img = img", "line 1, column 7:", "( and the parameters");
    refused("def f(img) img", "line 1, column 12:", "= and the body");
    refused("def f(img", "line 1, column 10:", "the name of a parameter");
    refused("def f(img, img) = img", "line 1, column 12:", "there already");
    refused("def f(img, s=(in)) = img", "line 1, column 14:", "a value was expected");
    refused("def f(img) = { img | invert", "line 1, column 28:", "the } of the def");
    refused("def f(img) = { img | invert } }; in", "line 1, column 31:", "end of the statement");
    refused("def f(img) = { { img } }", "line 1, column 16:", "one block");
    refused("def f(img) = { (img }", "line 1, column 21:", "a ) was expected");
    refused("def f(img) = img | invert)", "line 1, column 26:", "end of the def");
    refused("def f(img) = (img | invert", "line 1, column 27:", "a ) was expected");
    refused("def f(img) = img | save x.jpg", "line 1, column 20:", "saves, prints and declares nothing");
    refused("def f(img) = { print img; img }", "line 1, column 16:", "saves, prints and declares nothing");
    refused("def f(img) = { def g(i) = i; img }", "line 1, column 16:", "saves, prints and declares nothing");
    refused("def f(img) = { param s = 2; img }", "line 1, column 16:", "saves, prints and declares nothing");
    refused("def f(img) = { a = img }; in | f", "line 1, column 32: in f: line 1, column 24",
            "ends in a pipe");
    refused("def f(img) =; in | f", "line 1, column 13:", "the body of the def");
    refused("def f(img) = { img; img }; in | f", "line 1, column 33: in f: line 1, column 21",
            "end of the def");
    refused("def f(img) = img | gaussian [1 2", "line 1, column 29", "not closed");
}

// As many calls as there may be, in a long text: none may look through all of it.
static void many(void)
{
    const size_t room = 4 << 20;
    char *text = malloc(room);
    size_t n = (size_t)sprintf(text, "def f(i, s=1) = i | invert\nx = in\n");
    for (int i = 0; i < 10000; i++) n += (size_t)sprintf(text + n, "x = in | f   # %0300d\n", i);
    sprintf(text + n, "x");
    kal_program *p = NULL;
    const clock_t began = clock();
    REQUIRE_OK(parse(text, &p));
    REQUIRE_NOTE(clock() - began < 10 * CLOCKS_PER_SEC, "%g s", (double)(clock() - began) / CLOCKS_PER_SEC);
    kal_program_free(&p);
    free(text);
}

static void limits(void)
{
    char text[20000] = "def d0(i) = i | invert\n";
    for (int i = 1; i < 100; i++) sprintf(text + strlen(text), "def d%d(i) = i | d%d\n", i, i - 1);
    const size_t n = strlen(text);
    strcpy(text + n, "in | d99");
    equal(text, "in | invert");
    strcpy(text + n, "def d100(i) = i | d99\nin | d100");
    refused(text, "line 102, column 6: in d100: ", "calls of defs nested more than 100 deep");
    REQUIRE(check_error.status == KAL_LIMIT);
    strcpy(text, "def d0(i) = i\n");
    for (int i = 1; i < 30; i++)
        sprintf(text + strlen(text), "def d%d(i) = i | d%d | d%d\n", i, i - 1, i - 1);
    strcat(text, "in | d29");
    refused(text, "line 31, column 6: in d29: ", "more than 10000 calls of defs");
    REQUIRE(check_error.status == KAL_LIMIT);
    char *large = malloc(70000);
    strcpy(large, "def f(i) = { i");
    memset(large + strlen(large), ' ', 60000);
    strcpy(large + 60014, "}\ndef g(i) = i | f | f | f | f | f | f | f | f\ndef h(i) = i | g | g | g | g | g "
                          "| g | g | g\nin | h | h | h | h | h");
    refused(large, "line 4, column ", "come to more than 16 MiB");
    free(large);
    strcpy(text, "def f(i");
    for (int i = 0; i < 64; i++) sprintf(text + strlen(text), " x%d", i);
    strcat(text, ") = i");
    refused(text, "line 1, column ", "more than 64 parameters");
}

static void wanted(const char *text, const char *names)
{
    kal_program *p = NULL;
    char got[200] = "";
    if (!REQUIRE_OK(kal_program_outline(text, strlen(text), NULL, &p, &check_error))) return;
    for (int32_t i = 0; kal_program_input(p, i, NULL); i++)
        strcat(strcat(got, i ? " " : ""), kal_program_input(p, i, NULL));
    REQUIRE_NOTE(!strcmp(got, names), "%s: it wants \"%s\"", text, got);
    REQUIRE(!kal_program_root(p));
    kal_program_free(&p);
}

static void loads_stdin(const char *text, bool so)
{
    kal_program *p = NULL;
    if (REQUIRE_OK(kal_program_outline(text, strlen(text), NULL, &p, &check_error)))
        REQUIRE_NOTE(kal_program_reads_stdin(p) == so, "%s", text);
    kal_program_free(&p);
}

static void outlines(void)
{
    wanted("in | gaussian 2", "in");
    wanted("insert (in2 |\n invert) in1; in2 # in3", "in2 in1");
    wanted("in2 = in; insert in2 in", "in");
    wanted("band_join [in1 in3, in] | draw_text \"in4\" in=5", "in1 in3 in");
    wanted("param s = 2 in 0..5; load x.png | save in.png", "");
    wanted("def f(in, in2) = insert in in2 | blend in5; f in3 in", "in5 in3 in");
    wanted("load in.jpg | invert | insert inside", "");
    loads_stdin("load - | invert", true);
    loads_stdin("x = (load path=-); save out.png x", true);
    loads_stdin("load \"-\" | invert", true);
    loads_stdin("load page=0 path=-; load lenient=true x.png", true);
    loads_stdin("load lenient=true -", true);
    loads_stdin("def f(s) = load - | gaussian s\nload a.ppm | gaussian 2", false);
    loads_stdin("load x.png page=- | draw_text -", false);
    loads_stdin("# load -\nload -x.png | draw_text \"load -\"; x = load", false);
    loads_stdin("param load = -1; in | gaussian - # load", false);
    REQUIRE_FAILS(KAL_SYNTAX, kal_program_outline("in | \"x", 7, NULL, &(kal_program *){NULL}, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_program_outline(NULL, 0, NULL, &(kal_program *){NULL}, &check_error));
    REQUIRE(!kal_program_input(NULL, 0, NULL) && !kal_program_has(NULL, "a"));
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

// A program knows its files.
static void files(void)
{
    char main_path[500], other[500], picture[500], text[2000];
    const char *path;
    snprintf(main_path, sizeof main_path, "%s", check_temp("main.kal"));
    snprintf(other, sizeof other, "%s", check_temp("other.kal"));
    snprintf(picture, sizeof picture, "%s", check_temp("picture.png"));
    REQUIRE_OK(kal_save(small, picture, NULL, NULL, &check_error));
    write_text(other, "def f(img) = img | invert\n");
    snprintf(text, sizeof text, "include other.kal\nload \"%s\" | f\n", picture);
    write_text(main_path, text);
    kal_program *p = NULL, *q = NULL;
    if (REQUIRE_OK(kal_program_parse_file(main_path, NULL, 0, &p, &check_error))) {
        REQUIRE((path = kal_program_file(p, 0)) && !strcmp(path, main_path));
        REQUIRE((path = kal_program_file(p, 1)) && !strcmp(path, other));
        REQUIRE((path = kal_program_file(p, 2)) && !strcmp(path, picture));
        REQUIRE(!kal_program_file(p, 3) && !kal_program_file(p, -1) && !kal_program_file(NULL, 0));
        REQUIRE(kal_program_has(p, "img") && !kal_program_has(p, "gaussian"));
    }
    snprintf(text, sizeof text, "include \"%s\"\nload \"%s\" | f\n", other, picture);
    if (REQUIRE_OK(parse(text, &q))) {
        REQUIRE(kal_program_root(p) == kal_program_root(q));
        REQUIRE((path = kal_program_file(q, 0)) && !strcmp(path, other));
        REQUIRE((path = kal_program_file(q, 1)) && !strcmp(path, picture) && !kal_program_file(q, 2));
    }
    kal_program_free(&p);
    kal_program_free(&q);
    kal_limits l, strict;
    kal_limits_get(&l);
    strict = l;
    kal_limits_untrusted(&strict);
    kal_limits_set(&strict);
    REQUIRE_FAILS(KAL_LIMIT, parse(text, &p));
    kal_limits_set(&l);
    write_text(other, "def f(img) = img | gaussian -1\n");
    REQUIRE_FAILS(KAL_INVALID, kal_program_parse_file(main_path, NULL, 0, &p, &check_error));
    snprintf(text, sizeof text, "in f: %s: line 1, column 20: gaussian: sigma=-1", other);
    REQUIRE_NOTE(!strncmp(check_error.message, main_path, strlen(main_path)) &&
                     strstr(check_error.message, text),
                 "%s", check_error.message);
    REQUIRE(check_error.place.line == 2 && !check_error.place.included && check_error.within.included &&
            check_error.within.line == 1 && check_error.within.column == 20);
    write_text(other, "param s = 2 in 0..5\n");
    write_text(main_path, "include other.kal\nsolid s 8 8\n");
    const kal_binding nine = {.name = "s", .value = "9"};
    REQUIRE_FAILS(KAL_INVALID, kal_program_parse_file(main_path, &nine, 1, &p, &check_error));
    REQUIRE_NOTE(check_error.about == KAL_ABOUT_BINDING && check_error.place.included &&
                     check_error.place.column == 7 && !check_error.within.line,
                 "%s", check_error.message);
    REQUIRE_FAILS(KAL_IO, kal_program_parse_file("/nowhere/x.kal", NULL, 0, &p, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_program_parse_file(NULL, NULL, 0, &p, &check_error));
}

int main(void)
{
    rng r = {5};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(200, 150, 3, KAL_U8), f = extent_of(20, 10, 3, KAL_U8);
    in = rng_image(&r, s, &e);
    small = rng_image(&r, s, &f);
    calls();
    scopes();
    trails();
    params();
    mistakes();
    limits();
    many();
    outlines();
    files();
    kal_scope_free(&s);
    REQUIRE(kal_node_count() == 0);
    return check_done();
}
