// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Keys: what must differ, what must not, and constants that must never drift (docs/keys.md), at every instruction set. Sources are
// generated, never decoded. `--print` writes the table anew: a changed line needs a raised op version and a word in CHANGES.md.
#include "check.h"

#include "cpu.h"
#include "files.h"

static kal_key key_of(kal_node *n)
{
    kal_key k = {0, 0};
    REQUIRE_OK(kal_node_key(n, &k, &check_error));
    return k;
}

static kal_key content_of(kal_node *n)
{
    kal_key k = {0, 0};
    REQUIRE_OK(kal_content_key(n, NULL, &k, &check_error));
    return k;
}

static bool same(kal_node *a, kal_node *b)
{
    return kal_key_equal(key_of(a), key_of(b)) && kal_key_equal(content_of(a), content_of(b));
}

static bool differ(kal_node *a, kal_node *b)
{
    return !kal_key_equal(key_of(a), key_of(b)) && !kal_key_equal(content_of(a), content_of(b));
}

// x and y in the low bits, so that every sample is its own.
static kal_node *ramp(kal_scope *s, const kal_extent *e)
{
    unsigned char *data = malloc(bytes_of(e));
    const size_t n = bytes_of(e) / kal_type_size(e->type);
    for (size_t i = 0; i < n; i++) switch (e->type) {
        case KAL_U8: data[i] = (unsigned char)(i * 7 + i / 256); break;
        case KAL_U16: ((uint16_t *)(void *)data)[i] = (uint16_t)(i * 257 + 3); break;
        case KAL_U32: ((uint32_t *)(void *)data)[i] = (uint32_t)(i * 65537 + 5); break;
        case KAL_F32: ((float *)(void *)data)[i] = (float)i / 64.0f - 0.25f; break;
        }
    kal_node *node = kal_pixels(s, e, data, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
    free(data);
    return node;
}

static void acceptance(kal_scope *s)
{
    const kal_extent e = extent_of(256, 256, 3, KAL_U8), part = extent_of(128, 128, 3, KAL_U8);
    unsigned char *data = calloc(1, bytes_of(&e));
    kal_node *a = kal_pixels(s, &e, data, 768);
    REQUIRE(same(a, kal_pixels(s, &e, data, 768)));   // K1
    data[0] ^= 0xff;
    kal_node *b = kal_pixels(s, &e, data, 768);
    REQUIRE(differ(a, b));   // K2, K5: a is as it was
    data[0] ^= 0xff;
    REQUIRE(same(a, kal_pixels(s, &e, data, 768)));
    REQUIRE(differ(a, kal_crop(s, a, kal_crop_params(.width = 128, .height = 128))));   // K3
    REQUIRE(kal_key_equal(content_of(kal_crop(s, a, kal_crop_params(.width = 128, .height = 128))),
                          content_of(kal_pixels(s, &part, data, 384))));
    const kal_extent wide = extent_of(8, 2, 1, KAL_U8), square = extent_of(4, 4, 1, KAL_U8),
                     u16 = extent_of(4, 2, 1, KAL_U16);
    const kal_extent mask = {8, 2, 1, KAL_U8, KAL_MASK, false};
    kal_node *w = kal_pixels(s, &wide, data, 8);
    REQUIRE(differ(w, kal_pixels(s, &square, data, 4)));
    REQUIRE(differ(w, kal_pixels(s, &u16, data, 8)));   // K4
    REQUIRE(differ(w, kal_pixels(s, &mask, data, 8)));
    // rows apart, rows upside down: the same samples
    unsigned char up[16] = {8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7},
                  down[24] = {0, 1, 2, 3, 4, 5, 6, 7, 99, 99, 99, 99, 8, 9, 10, 11, 12, 13, 14, 15};
    REQUIRE(same(kal_pixels(s, &wide, up + 8, -8), kal_pixels(s, &wide, down, 12)));
    free(data);
    // parameters: -0 is 0; a default written out is the default; zero in C is zero in text
    kal_node *r = ramp(s, &part);
    REQUIRE(kal_gaussian(s, r, kal_gaussian_params(.sigma = 1)) == kal_gaussian(s, r, NULL));
    REQUIRE(kal_apply_text(s, "insert", "x=0 y=0", (kal_node *[]){r, a}, 2) ==
            kal_insert(s, r, a, kal_insert_params(.x = 0)));
    REQUIRE(kal_gaussian(s, r, kal_gaussian_params(.sigma = 0)) ==
            kal_apply_text(s, "gaussian", "sigma=0", &r, 1));
    REQUIRE(kal_insert(s, r, a, NULL) != kal_insert(s, a, r, NULL));   // order of inputs counts
    const double nan = strtod("nan", NULL);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_gaussian(s, r, kal_gaussian_params(.sigma = nan)), &check_error));
    // an older caller's shorter struct means the defaults for the rest
    struct {
        size_t size;
        double sigma;
    } old = {sizeof old, 2}, none = {0, 2};
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply(s, "gaussian", &none, &r, 1), &check_error));
    REQUIRE(kal_apply(s, "gaussian", &old, &r, 1) == kal_gaussian(s, r, kal_gaussian_params(.sigma = 2)));
}

static void floats(kal_scope *s)
{
    const kal_extent e = extent_of(2, 1, 1, KAL_F32);
    uint32_t quiet[2] = {0x7fc00000u, 0}, loud[2] = {0xffc12345u, 0};
    float a[2], b[2];
    memcpy(a, quiet, sizeof a);
    memcpy(b, loud, sizeof b);
    REQUIRE(kal_key_equal(content_of(kal_pixels(s, &e, a, 8)), content_of(kal_pixels(s, &e, b, 8))));
}

// ---- every parameter of every op ----------------------------------------------------------------

// Another value than the default, whether the op would take it or not; `room` is for lists.
static void change(const kal_param *p, unsigned char *params, double room[1])
{
    void *at = params + p->offset;
    switch (p->kind) {
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y:
    case KAL_PARAM_CHOICE: ++*(int32_t *)at; break;
    case KAL_PARAM_FLOAT: *(double *)at = *(double *)at == KAL_AUTO ? 3 : *(double *)at + 0.125; break;
    case KAL_PARAM_BOOL: *(bool *)at = !*(bool *)at; break;
    case KAL_PARAM_TEXT: *(const char **)at = "another text"; break;
    case KAL_PARAM_FILE:
    case KAL_PARAM_FILES: *(const char **)at = check_temp("parameter"); break;
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR:
        room[0] = 1;
        *(kal_list *)at = (kal_list){room, 1};
        break;
    }
}

static kal_key key_with(const kal_op *op, const char *version, size_t changed)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM] = {0};
    double room[1];
    kal__held_files held = {.n = 0};
    const kal__schema schema = kal__schema_of(op);
    kal__params_default(schema, params);
    if (changed < op->n_params) change(&op->params[changed], params, room);
    REQUIRE_OK(kal__files_hold(schema, params, &held, &check_error));
    const kal__key_parts parts = {
        .kind = KAL__APPLY, .what = op->name, .version = version, .schema = schema, .params = params};
    kal_key key = {0, 0};
    REQUIRE_OK(kal__make_key(&parts, &key, &check_error));
    kal__files_release(&held);
    return key;
}

// Of no op there is a parameter that could be changed under the same key, nor a version; and no two changes are one.
static void every_parameter(void)
{
    FILE *f = fopen(check_temp("parameter"), "w");
    REQUIRE(f && fputs("bytes", f) >= 0 && !fclose(f));
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        const size_t n = op->n_params + 2;   // as it is, each parameter, the version
        kal_key *keys = calloc(n, sizeof *keys);
        for (size_t k = 0; k < n; k++) {
            keys[k] = key_with(op, k + 1 < n ? "1" : "2", k ? k - 1 : op->n_params);
            for (size_t j = 0; j < k; j++)
                REQUIRE_NOTE(!kal_key_equal(keys[j], keys[k]), "%s: %s does not change the key", op->name,
                             k + 1 < n ? op->params[k - 1].name : "the version");
        }
        free(keys);
    }
}

// ---- constants ----------------------------------------------------------------------------------

typedef struct golden {
    const char *what, *key;
} golden;

static bool printing;   // --print: the table as it would have to be

// As a literal of C, where a sample's quotes are escaped.
static void print_constant(const char *what, const char *key)
{
    printf("    {\"");
    for (; *what; what++) printf(*what == '"' ? "\\%c" : "%c", *what);
    printf("\", \"%s\"},\n", key);
}

static bool constant(const char *what, kal_key key, const char *want)
{
    char text[33];
    kal_key_print(key, text);
    if (printing) {
        print_constant(what, text);
        return !strcmp(text, want);
    }
    return REQUIRE_NOTE(!strcmp(text, want), "%s: {\"%s\", …} is now %s, was %s", what, what, text, want);
}

// Other pixels under the key they had: whoever kept the old ones would be given them. A new table does not make that good.
static void content_under(const char *what, bool same_key, kal_key key, const char *want)
{
    char text[33];
    if (same_key && strcmp(kal_key_print(key, text), want)) {
        fprintf(stderr, "%s: other pixels under the same key: raise the version of the op\n", what);
        if (printing) print_constant(what, want);
        if (printing) return;
    }
    constant(what, key, want);
}

static const golden table[] = {
#include "golden_keys.h"
    {"", ""},
};

static const char *golden_for(const char *what)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i].what, what)) return table[i].key;
    return "(none)";
}

// Nothing for ops that take no image; else one picture, two, twice the same; for ops that take them, masks.
static kal_node *apply_to_some(kal_scope *s, const kal_op *op, const char *sample, kal_node *const in[2])
{
    kal_node *few = kal_threshold(s, in[0], kal_threshold_params(.value = 245)),
             *most = kal_threshold(s, in[0], NULL), *n = NULL;
    const kal_extent places = {17, 11, 2, KAL_F32, KAL_DATA, false};
    kal_node *const sets[][4] = {
        {NULL}, {in[0]},      {in[0], in[1]},      {in[0], in[0]},           {few, most},
        {few},  {few, in[0]}, {in[0], few, in[0]}, {in[0], ramp(s, &places)}};
    for (size_t i = *op->inputs != 0; i < sizeof sets / sizeof *sets; i++) {
        int32_t k = 0;
        while (sets[i][k]) k++;
        n = kal_apply_text(s, op->name, sample, sets[i], k);
        if (!kal_node_error(n, NULL)) break;
    }
    return n;
}

static void constants(kal_scope *s)
{
    static const kal_extent kinds[] = {
        {300, 270, 3, KAL_U8, KAL_RGB, false}, {13, 9, 4, KAL_U16, KAL_RGB, true},
        {13, 9, 1, KAL_F32, KAL_GRAY, false},  {5, 3, 1, KAL_U32, KAL_DATA, false},
        {4, 4, 1, KAL_U8, KAL_MASK, false},    {7, 5, 5, KAL_U8, KAL_DATA, false}};
    char what[300];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kal_node *n = ramp(s, &kinds[i]);
        snprintf(what, sizeof what, "ramp %zu node", i);
        constant(what, key_of(n), golden_for(what));
        snprintf(what, sizeof what, "ramp %zu content", i);
        constant(what, content_of(n), golden_for(what));
    }
    const kal_extent e = extent_of(21, 17, 3, KAL_U8), f = extent_of(40, 30, 3, KAL_U8);
    kal_node *in[2] = {ramp(s, &e), ramp(s, &f)};
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        for (const char *const *sample = op->samples; sample && *sample; sample++) {
            kal_node *n = apply_to_some(s, op, *sample, in);
            if (kal_node_error(n, NULL)) continue;
            const kal_call *c = kal_node_call(n);                // of what it folded to
            if (c->op->library && c->op->library(c)) continue;   // the one that is here is in the key
            snprintf(what, sizeof what, "%s %d %.60s", op->name, (int)(sample - op->samples), *sample);
            const bool same_key = constant(what, key_of(n), golden_for(what));
            snprintf(what, sizeof what, "%s %d content", op->name, (int)(sample - op->samples));
            content_under(what, same_key, content_of(n), golden_for(what));
        }
    }
}

int main(int argc, char **argv)
{
    kal_scope *s = kal_scope_new();
    printing = argc > 1 && !strcmp(argv[1], "--print");
    if (!printing) acceptance(s);
    if (!printing) floats(s);
    if (!printing) every_parameter();
    constants(s);
    if (printing) return 0;
    const kal__isa best = kal__cpu_isa();
    for (int isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa((kal__isa)isa);
        kal_memo_clear(NULL);
        constants(s);
    }
    kal__cpu_set_isa(best);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
    return check_done();
}
