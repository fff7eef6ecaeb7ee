// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// expr: what formulas mean, what is one formula, what is none and at which column; random formulas against a walk over the same tree.
#include "formula.h"

static kal_node *one(kal_scope *s, kal_node *in, const char *formula, const char *more)
{
    char text[2100];
    snprintf(text, sizeof text, "formula=\"%s\" %s", formula, more);
    return kal_apply_text(s, "expr", text, &in, 1);
}

static void refuses(kal_scope *s, kal_node *in, const char *formula, const char *words)
{
    check_fails(one(s, in, formula, ""), words);
}

static void test_meaning(kal_scope *s)
{
    kal_node *in =
        image_of(s, (kal_extent){4, 1, 1, KAL_F32, KAL_GRAY, false}, (const double[]){-1.5, 0, 2, 9});
    VALUES(one(s, in, "a + 1", ""), -0.5, 1, 3, 10);
    VALUES(one(s, in, "1 - a - 1", ""), 1.5, 0, -2, -9);
    VALUES(one(s, in, "1 - (a - 1)", ""), 3.5, 2, 0, -7);
    VALUES(one(s, in, "2 + a * 3", ""), -2.5, 2, 8, 29);
    VALUES(one(s, in, "36 / 3 / 2 * (a + 0)", ""), -9, 0, 12, 54);
    VALUES(one(s, in, "-a * 2 - -1", ""), 4, 1, -3, -17);
    VALUES(one(s, in, "a < 2", ""), 1, 1, 0, 0);
    VALUES(one(s, in, "a <= 2", ""), 1, 1, 1, 0);
    VALUES(one(s, in, "(a > 0) + (a >= 2) * (a == 9) - (a != 0) / 2", ""), -0.5, 0, 0.5, 1.5);
    VALUES(one(s, in, "min(a, 1) + max(a, 1) * 100", ""), 98.5, 100, 201, 901);
    VALUES(one(s, in, "abs(a) + clamp(a, -1, 5) * 10", ""), -8.5, 0, 22, 59);
    VALUES(one(s, in, "select(a, 5, 6)", ""), 5, 6, 5, 5);
    VALUES(one(s, in, "floor(a) + ceil(a) * 10 + round(a) * 100", ""), -112, 0, 222, 999);
    VALUES(one(s, in, "mod(a, 4)", ""), 2.5, 0, 2, 1);
    VALUES(one(s, in, "sqrt(abs(a) * 4 + 4)", ""), sqrt(10), 2, sqrt(12), sqrt(40));
    VALUES(one(s, in, "pow(2, a) + exp(0) + log(1) + sin(0) + cos(0)", ""), pow(2, -1.5) + 2, 3, 6, 514);
    VALUES(one(s, in, "x * 10 + y + width * 100 + height * 1000 + channel", ""), 1400, 1410, 1420, 1430);
    VALUES(one(s, in, "v1 * a - v0", "values=[1 2]"), -4, -1, 3, 17);
    VALUES(one(s, in, "v - a", "values=[2]"), 3.5, 2, 0, -7);
    VALUES(one(s, in, "a * 100 + .5e2", "type=u8"), 0, 50, 250, 255);
    VALUES(one(s, in, "a / 0 - a / 0", "type=u8"), 0, 0, 0, 0);
    // not a number is one number, and the same for every instruction set (tests/ops/every.c)
    uint32_t *nan = read_all(one(s, in, "(a - a) / (a - a) + sqrt(-1)", ""), NULL, NULL);
    for (int i = 0; nan && i < 4; i++) REQUIRE_NOTE(nan[i] == 0x7fc00000u, "%08x", nan[i]);
    free(nan);
}

static void test_images(kal_scope *s)
{
    const kal_extent rgba = {2, 1, 4, KAL_U8, KAL_RGB, true}, gray = {2, 1, 1, KAL_U16, KAL_GRAY, false},
                     mask = {2, 1, 1, KAL_U8, KAL_MASK, false};
    kal_node *a = image_of(s, rgba, (const double[]){10, 20, 30, 40, 50, 60, 70, 80}),
             *b = image_of(s, gray, (const double[]){1, 300}),
             *m = image_of(s, mask, (const double[]){0, 255});
    VALUES(kal_apply_text(s, "expr", "\"a + b\"", (kal_node *[]){a, b}, 2), 11, 21, 31, 40, 255, 255, 255,
           80);
    // in the first image's type, with its alpha, in as many channels as the most
    VALUES(kal_apply_text(s, "expr", "\"a + b\"", (kal_node *[]){b, a}, 2), 11, 21, 31, 350, 360, 370);
    VALUES(kal_apply_text(s, "expr", "\"a * 2\" type=u16", &a, 1), 20, 40, 60, 40 * 257, 100, 120, 140,
           80 * 257);
    REQUIRE(model_of(one(s, m, "a", "")) == KAL_GRAY);
    REQUIRE(one(s, a, " ( a ) ", "") == a && one(s, a, "a", "type=u8") == a &&
            one(s, a, "a", "type=f32") != a);
    check_fails(kal_apply_text(s, "expr", "\"a + c\"", (kal_node *[]){a, b}, 2),
                "names c, and there are 2 images");
    kal_node *wide = kal_apply_text(s, "embed", "0 0 3 1", &b, 1);
    check_fails(kal_apply_text(s, "expr", "\"a + b\"", (kal_node *[]){a, wide}, 2), "b is 3×1 and a 2×1");
    kal_node *labels = kal_apply_text(s, "cast", "u32", &b, 1);
    check_fails(one(s, labels, "a + 1", ""), "expr: u32 samples are labels");
    kal_program *p;   // a computed number
    const char *text = "expr in \"a - v0\" values=(in | mean)";
    if (REQUIRE_OK(kal_program_parse(text, strlen(text), &(kal_binding){.name = "in", .node = b}, 1, &p,
                                     &check_error)))
        VALUES(kal_program_root(p), 0, 150);   // 1 and 300 less 150.5, rounded half up
    kal_program_free(&p);
}

static void test_one_formula(kal_scope *s)
{
    kal_node *in = image_of(s, (kal_extent){1, 1, 1, KAL_U8, KAL_GRAY, false}, (const double[]){7});
    static const char *const same[][3] = {
        {"a*0.5+1", "  ( ( a ) * .50 ) + 1.0 ", "a * 0.5 + 1"},
        {"a-(1-2)", "a - ( 1-2 )", "a - (1 - 2)"},
        {"(a-1)-2", "a-1-2", "a - 1 - 2"},
        {"-(a+1)*2", "(-(a+1))*2", "-(a + 1) * 2"},
        {"--a", "-(-(a))", "--a"},
        {"-(a*2)", "-( a*2 )", "-(a * 2)"},
        {"(-a)*2", "-a*2", "-a * 2"},
        {"(a<1)<2", "a<1<2", "a < 1 < 2"},
        {"a<(1<2)", "a<((1)<2)", "a < (1 < 2)"},
        {"min(a,(1+2))", "min((a),1+2)", "min(a, 1 + 2)"},
        {"select(a>1,min(x,y),1e3)", "select(a > 1e0, min( x , y ), 1000)", "select(a > 1, min(x, y), 1000)"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        kal_node *a = one(s, in, same[i][0], ""), *b = one(s, in, same[i][1], "");
        REQUIRE_NOTE(a == b && !kal_node_error(a, &check_error), "%s and %s differ: %s", same[i][0],
                     same[i][1], check_error.message);
        if (kal_node_error(a, NULL)) continue;
        REQUIRE_TEXT(((const kal_expr_p *)kal_node_call(a)->params)->formula, same[i][2]);
        REQUIRE(one(s, in, same[i][2], "") == a);
    }
    REQUIRE(one(s, in, "a - 1 - 2", "") != one(s, in, "a - (1 - 2)", ""));
    REQUIRE(one(s, in, "a + 1", "") != one(s, in, "1 + a", ""));   // nothing is turned round
}

static void test_refusals(kal_scope *s)
{
    kal_node *in = image_of(s, (kal_extent){1, 1, 1, KAL_U8, KAL_GRAY, false}, (const double[]){7});
    refuses(s, in, "", "expr: column 1: the formula ends too early");
    refuses(s, in, "a +", "column 4: the formula ends");
    refuses(s, in, "a b", "column 3: an operator is missing");
    refuses(s, in, "a + (b * 2", "column 5: this bracket is not closed");
    refuses(s, in, "(a ] 2)", "column 4: an operator or ) is missing");
    refuses(s, in, "a + * 2", "column 5: a number, a name or a bracket");
    refuses(s, in, "2 * foo", "column 5: \"foo\" is nothing known");
    refuses(s, in, "mim(a, 1)", "column 1: \"mim\"");
    refuses(s, in, "min(a)", "column 1: min takes 2 arguments, not 1");
    refuses(s, in, "1 + abs(a, 1, 2, 3)", "column 5: abs takes 1 argument, not 4");
    refuses(s, in, "min a", "column 5: a function wants");
    refuses(s, in, "1.2.3", "column 1: this is not a number");
    refuses(s, in, "3a", "column 1: this is not a number");
    refuses(s, in, "a = 3", "column 3: an operator is missing");
    refuses(s, in, "v16", "column 1: \"v16\"");
    refuses(s, in, "v01", "column 1: \"v01\"");
    refuses(s, in, "v0", "names v0, and values has 0");
    refuses(s, in, "a + v", "names v, and values has 0 numbers; 1 is needed");
    refuses(s, in, "1 + b", "names b, and there is 1 image");
    refuses(s, in, "«", "column 1: a number");
    refuses(s, in, "1 + « + ", "column 5: a number");
    char deep[2000] = "";
    for (int i = 0; i < 300; i++) strcat(deep, "(");
    refuses(s, in, deep, "too many of them");
    *deep = 0;
    for (int i = 0; i < 40; i++) snprintf(deep + strlen(deep), 20, "%d + ", i);
    strcat(deep, "a");
    refuses(s, in, deep, "32 different");
    *deep = 0;
    for (int i = 0; i < 30; i++) strcat(deep, "a * a - (");
    strcat(deep, "a * a");
    for (int i = 0; i < 30; i++) strcat(deep, ")");
    refuses(s, in, deep, "24 results");
    *deep = 0;
    for (int i = 0; i < 200; i++) strcat(deep, "a + ");
    refuses(s, in, strcat(deep, "a"), "too long");
}

// ---- random formulas ----------------------------------------------------------------------------

// Writes one and gives its value where a = 3, b = 0.25, x = 0.
static double random_formula(rng *r, char *out, int depth)
{
    char part[2][4000];
    if (!depth || !rng_below(r, 4)) {
        const int which = rng_below(r, 4);
        sprintf(out, "%s", (const char *const[]){"a", "b", "x", "1.5"}[which]);
        return (const double[]){3, 0.25, 0, 1.5}[which];
    }
    const double p = random_formula(r, part[0], depth - 1), q = random_formula(r, part[1], depth - 1);
    switch (rng_below(r, 9)) {
    case 0: return sprintf(out, "(%s)+(%s)", part[0], part[1]), p + q;
    case 1: return sprintf(out, "(%s) - (%s)", part[0], part[1]), p - q;
    case 2: return sprintf(out, "(%s)*(%s)", part[0], part[1]), p * q;
    case 3: return sprintf(out, "(%s)< (%s)", part[0], part[1]), p < q;
    case 4: return sprintf(out, "-(%s)", part[0]), -p;
    case 5: return sprintf(out, "max(%s, %s)", part[0], part[1]), p > q ? p : q;
    case 6: return sprintf(out, "select(%s,%s,a)", part[0], part[1]), p != 0 ? q : 3;
    case 7: return sprintf(out, "(%s) / (abs(%s) + 1)", part[0], part[1]), p / (fabs(q) + 1);
    default: return sprintf(out, "floor(%s)", part[0]), floor(p);
    }
}

static void test_random(kal_scope *s)
{
    rng r = {7};
    const kal_extent e = {1, 1, 1, KAL_F32, KAL_GRAY, false};
    kal_node *in[2] = {image_of(s, e, (const double[]){3}), image_of(s, e, (const double[]){0.25})};
    int tried = 0;
    for (int i = 0; i < 400; i++) {
        char formula[8200], text[8300];
        const double want = random_formula(&r, formula, 4);
        snprintf(text, sizeof text, "\"%s\"", formula);
        kal_node *node = kal_apply_text(s, "expr", text, in, 2);
        if (kal_node_error(node, &check_error)) {
            REQUIRE_NOTE(strstr(check_error.message, "too l"), "%s: %s", formula, check_error.message);
            continue;
        }
        float *got = read_all(node, NULL, NULL);
        if (REQUIRE_NOTE(got != NULL, "%s: %s", formula, check_error.message))
            REQUIRE_NOTE(*got == (float)want, "%s is %g, want %g", formula, (double)*got, want);
        free(got);
        tried++;
    }
    REQUIRE_NOTE(tried > 300, "only %d", tried);
}

// v is the number of the channel.
static void test_of_channel(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *rgb = image_of(s, extent_of(2, 1, 3, KAL_U8), (const double[]){10, 20, 30, 40, 50, 60});
    kal_node *rgba = image_of(s, extent_of(1, 1, 4, KAL_U8), (const double[]){10, 20, 30, 40});
    kal_node *gray = image_of(s, extent_of(1, 1, 1, KAL_U8), (const double[]){100});
    VALUES(one(s, rgb, "a + v", "values=[1 2 3]"), 11, 22, 33, 41, 52, 63);
    VALUES(one(s, rgb, "a + v * v2", "values=[1 2 3]"), 13, 26, 39, 43, 56, 69);
    VALUES(one(s, rgb, "select(a > v, 255, 0)", "values=[39]"), 0, 0, 0, 255, 255, 255);
    VALUES(one(s, rgba, "a + v", "values=[1 2 3]"), 11, 22, 33, 40);
    VALUES(one(s, rgba, "a + v", "values=[1 2 3 9]"), 11, 22, 33, 40);
    refuses(s, rgb, "a + v", "names v, and values has 0");
    kal_error err;
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(one(s, rgb, "a + v", "values=[1 2]"), &err));
    REQUIRE_NOTE(strstr(err.message, "values has 2 numbers; 1 is needed, or 3"), "%s", err.message);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(one(s, gray, "a + v", "values=[1 2 3]"), &err));
    kal_scope_free(&s);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    test_meaning(s);
    test_images(s);
    test_one_formula(s);
    test_refusals(s);
    test_random(s);
    kal_scope_free(&s);
    test_of_channel();
    kal_memo_clear(NULL);
    return check_done();
}
