// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Typed maps (kal/map.h): the cases K6 to K13 of experiment keys, constants that must never drift, that changing any one name, value, kind or shape of
// a random map changes its key and the order of filling does not, and every mistake.
#include "check.h"

#include <locale.h>
#include <math.h>

static kal_key key_of(kal_map *m)
{
    kal_key k = {0, 0};
    REQUIRE_OK(kal_map_key(m, &k, &check_error));
    return k;
}

static kal_key done(kal_map *m)
{
    const kal_key k = key_of(m);
    kal_map_free(&m);
    REQUIRE(m == NULL);
    return k;
}

static void require_key(kal_key key, const char *want, int line)
{
    char text[33];
    REQUIRE_NOTE(!strcmp(kal_key_print(key, text), want), "line %d: %s, was %s", line, text, want);
}

static void require_print(kal_map *m, const char *want)
{
    kal_bytes text = {NULL, 0};
    REQUIRE_OK(kal_map_print(m, &text, &check_error));
    REQUIRE_TEXT(text.data ? (const char *)text.data : "", want);
    REQUIRE(!text.data || strlen((const char *)text.data) == text.size);
    kal_bytes_free(&text);
}

// ---- K6 to K13 ----------------------------------------------------------------------------------

// One of each kind.
static kal_map *everything(void)
{
    static const int16_t samples[6] = {0, 1, -2, 300, -32768, 32767};
    const int64_t shape[2] = {2, 3};
    double numbers[4] = {1, -0.0, 2.5, 1e300}, box[4] = {10, 20, 30.5, 40};
    kal_map *m = kal_map_new();
    kal_map_text(m, "title", "a \"caf\xc3\xa9\"\n\xf0\x9f\x93\xb7");
    kal_map_int(m, "steps", -3);
    kal_map_real(m, "rate", 0.1);
    kal_map_real(m, "whole", 6);
    kal_map_real(m, "open end", INFINITY);
    kal_map_bool(m, "clip", true);
    kal_map_none(m, "seed");
    kal_map_bytes(m, "salt", "\0\1\2", 3);
    kal_map_value(m, "numbers",
                  &(kal_value){.kind = KAL_VALUE_NUMBERS, .rows = 2, .columns = 2, .v = numbers});
    kal_map_box(m, "face", box);
    kal_map_array(m, "table", KAL_ELEMENT_I16, shape, 2, samples);
    kal_map_begin_list(m, "sizes");
    kal_map_int(m, NULL, 640);
    kal_map_begin(m, NULL);
    kal_map_begin_list(m, "none");
    kal_map_end(m);
    kal_map_end(m);
    kal_map_end(m);
    return m;
}

// K6: the same constant in every process, under every locale.
static void constants(void)
{
    kal_map *m = everything();
    require_print(
        m, "{\"clip\":true, \"face\":{\"$boxes\":[[10.0,20.0,30.5,40.0]]}, "
           "\"numbers\":{\"$numbers\":[[1.0,0.0],[2.5,1e300]]}, \"open end\":1e999, \"rate\":0.1, "
           "\"salt\":{\"$bytes\":3,\"digest\":\"e3b55f57945a17cf5f4299fc161c9cbb\"}, "
           "\"seed\":null, \"sizes\":[640,{\"none\":[]}], \"steps\":-3, "
           "\"table\":{\"$array\":\"i16\",\"shape\":[2,3],\"digest\":\"94ce7cfe89d58975236bcc708b0f9c40\"}, "
           "\"title\":\"a \\\"caf\xc3\xa9\\\"\\u000a\xf0\x9f\x93\xb7\", \"whole\":6.0}");
    require_key(done(m), "9ed52c45126b17e9154c99c6ff3ba10c", __LINE__);
    require_key(done(kal_map_new()), "43c56e71ff18ac5d8fa7ba108700f825", __LINE__);
    if (setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "")) {
        m = everything();
        require_key(done(m), "9ed52c45126b17e9154c99c6ff3ba10c", __LINE__);
        setlocale(LC_ALL, "C");
    }
}

// K7: one picture by path, bytes and array is one content; their nodes may differ.
static void sources(void)
{
    const kal_extent e = extent_of(20, 10, 3, KAL_U8);
    unsigned char data[600];
    kal_scope *s = kal_scope_new();
    rng r = {5};
    kal_bytes png;
    const char *path = check_temp("k7.png");
    rng_pixels(&r, &e, data);
    kal_node *array = kal_pixels(s, &e, data, 60);
    REQUIRE_OK(kal_save(array, path, NULL, NULL, &check_error));
    REQUIRE_OK(kal_read_bytes(kal_encode(s, array, "png", NULL), NULL, &png, &check_error));
    kal_node *nodes[3] = {array, kal_load(s, path, NULL), kal_load_bytes(s, png.data, png.size, NULL)};
    kal_key content[3], node[3];
    for (int i = 0; i < 3; i++) {
        kal_map *m = kal_map_new(), *n = kal_map_new();
        kal_map_content(m, "picture", nodes[i], NULL);
        kal_map_node(n, "picture", nodes[i]);
        content[i] = done(m);
        node[i] = done(n);
        REQUIRE(!kal_key_equal(content[i], node[i]));
    }
    REQUIRE(kal_key_equal(content[0], content[1]) && kal_key_equal(content[1], content[2]));
    REQUIRE(!kal_key_equal(node[0], node[1]) && kal_key_equal(node[1], node[2]));
    kal_map *m = kal_map_new(), *n = kal_map_new();
    kal_map_file(m, "weights", path);
    kal_map_bytes(n, "weights", png.data, png.size);
    REQUIRE(kal_key_equal(done(m), done(n)));   // bytes count, wherever they lie
    kal_bytes_free(&png);
    kal_scope_free(&s);
}

static kal_key list_of(const int *v, int n)
{
    kal_map *m = kal_map_new();
    kal_map_begin_list(m, "list");
    for (int i = 0; i < n; i++) kal_map_int(m, NULL, v[i]);
    kal_map_end(m);
    return done(m);
}

// Keys of which no two may be the same.
static void require_distinct(const kal_key *keys, size_t n, int line)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            REQUIRE_NOTE(!kal_key_equal(keys[i], keys[k]), "line %d: %zu and %zu are one key", line, k, i);
}

// K8: the order and number of a list's items count. K13: so does one more.
static void lists(void)
{
    const kal_key keys[] = {
        list_of((int[]){1, 2}, 2),    list_of((int[]){2, 1}, 2), list_of((int[]){1, 1, 2}, 3),
        list_of((int[]){1, 2, 2}, 3), list_of(NULL, 0),          list_of((int[]){1}, 1)};
    require_distinct(keys, sizeof keys / sizeof *keys, __LINE__);
}

// K9: the order of a map does not. K13: one more entry does.
static void order(void)
{
    kal_map *ab = kal_map_new(), *ba = kal_map_new();
    kal_map_int(ab, "a", 1);
    kal_map_int(ab, "b", 2);
    kal_map_int(ba, "b", 2);
    kal_map_int(ba, "a", 1);
    REQUIRE(kal_key_equal(key_of(ab), key_of(ba)));
    const kal_key before = key_of(ab);   // it is filled on
    kal_map_none(ab, "c");
    REQUIRE(!kal_key_equal(before, done(ab)) && kal_key_equal(before, done(ba)));
}

// K10: kinds are told apart, whatever they look like.
static void kinds(void)
{
    double one = 1, box[4] = {1, 1, 1, 1};
    int64_t side = 1;
    kal_key keys[12];
    kal_map *m[12];
    for (int i = 0; i < 12; i++) m[i] = kal_map_new();
    kal_map_int(m[0], "a", 1);
    kal_map_real(m[1], "a", 1);
    kal_map_bool(m[2], "a", true);
    kal_map_text(m[3], "a", "1");
    kal_map_bytes(m[4], "a", "1", 1);
    kal_map_none(m[5], "a");
    kal_map_value(m[6], "a", &(kal_value){.kind = KAL_VALUE_NUMBERS, .rows = 1, .columns = 1, .v = &one});
    kal_map_box(m[7], "a", box);
    kal_map_array(m[8], "a", KAL_ELEMENT_F64, &side, 1, &one);
    kal_map_array(m[9], "a", KAL_ELEMENT_F64, NULL, 0, &one);
    kal_map_begin_list(m[10], "a"), kal_map_int(m[10], NULL, 1), kal_map_end(m[10]);
    kal_map_begin(m[11], "a"), kal_map_int(m[11], "1", 1), kal_map_end(m[11]);
    for (int i = 0; i < 12; i++) keys[i] = done(m[i]);
    require_distinct(keys, 12, __LINE__);
    kal_map *minus = kal_map_new(), *plus = kal_map_new();
    kal_map_real(minus, "a", -0.0);
    kal_map_real(plus, "a", 0);
    REQUIRE(kal_key_equal(done(minus), done(plus)));
}

static kal_key array_of(kal_element element, const int64_t *shape, int32_t n, const void *data)
{
    kal_map *m = kal_map_new();
    kal_map_array(m, "value", element, shape, n, data);
    return done(m);
}

// K11: 2×3 is not 3×2, though the bytes are the same; nor is another kind of element.
static void shapes(void)
{
    static const uint64_t data[6] = {1, 2, 3, 4, 5, 6};
    const int64_t a[2] = {2, 3}, b[2] = {3, 2}, flat[1] = {6}, deep[3] = {1, 2, 3}, half[2] = {1, 6};
    const kal_key keys[] = {
        array_of(KAL_ELEMENT_U32, a, 2, data),    array_of(KAL_ELEMENT_U32, b, 2, data),
        array_of(KAL_ELEMENT_U32, flat, 1, data), array_of(KAL_ELEMENT_U32, deep, 3, data),
        array_of(KAL_ELEMENT_U32, half, 2, data), array_of(KAL_ELEMENT_I32, a, 2, data),
        array_of(KAL_ELEMENT_F32, a, 2, data),    array_of(KAL_ELEMENT_U64, a, 2, data)};
    require_distinct(keys, sizeof keys / sizeof *keys, __LINE__);
    const float minus[2] = {-0.0f, 1}, plus[2] = {0, 1};
    const int64_t two = 2, none = 0;
    REQUIRE(
        kal_key_equal(array_of(KAL_ELEMENT_F32, &two, 1, minus), array_of(KAL_ELEMENT_F32, &two, 1, plus)));
    const unsigned char yes[2] = {1, 0}, ja[2] = {7, 0};
    REQUIRE(kal_key_equal(array_of(KAL_ELEMENT_BOOL, &two, 1, yes), array_of(KAL_ELEMENT_BOOL, &two, 1, ja)));
    array_of(KAL_ELEMENT_F32, &none, 1, NULL);
    // an array longer than what is digested at once
    unsigned char *many = calloc(1, 100000), *other = calloc(1, 100000);
    const int64_t n = 50000;
    other[99999] = 1;
    REQUIRE(!kal_key_equal(array_of(KAL_ELEMENT_U16, &n, 1, many), array_of(KAL_ELEMENT_U16, &n, 1, other)));
    free(many);
    free(other);
}

static kal_key nested(const char *outer, const char *inner, int v)
{
    kal_map *m = kal_map_new();
    kal_map_begin(m, outer);
    kal_map_int(m, inner, v);
    kal_map_end(m);
    return done(m);
}

// K12: maps in maps, as deep as one may go.
static void nesting(void)
{
    kal_map *flat = kal_map_new();
    kal_map_int(flat, "a", 1);
    const kal_key keys[] = {done(flat),           nested("x", "a", 1), nested("x", "a", 2),
                            nested("x", "b", 1),  nested("y", "a", 1), nested("a", "x", 1),
                            nested("xa", "b", 1), nested("x", "ab", 1)};
    require_distinct(keys, sizeof keys / sizeof *keys, __LINE__);
    kal_map *m = kal_map_new();
    kal_map_begin_list(m, "x");
    for (int i = 1; i < 32; i++) kal_map_begin_list(m, NULL);
    for (int i = 0; i < 32; i++) kal_map_end(m);
    done(m);
}

// ---- any one change -----------------------------------------------------------------------------

// A random map as a tree, so that it can be filled in any order and changed in one place.
typedef struct item {
    int kind;   // 0 int, 1 real, 2 bool, 3 text, 4 bytes, 5 none, 6 box, 7 array, 8 map, 9 list
    char name[8];
    int64_t v;
    int64_t shape[2];
    int n, in[5];
} item;

typedef struct tree {
    item items[200];
    int n;
} tree;

static void rename_item(tree *t, int i, int k, rng *r)
{
    snprintf(t->items[i].name, sizeof t->items[i].name, "%c%d", 'a' + rng_below(r, 26), k);
}

static int grow(tree *t, rng *r, int depth)
{
    const int i = t->n++;
    t->items[i] = (item){.kind = depth ? rng_below(r, depth < 5 && t->n < 150 ? 10 : 8) : 8};
    item *at = &t->items[i];
    at->v = rng_below(r, 1000);
    at->shape[0] = 1 + rng_below(r, 3);
    at->shape[1] = 4 + rng_below(r, 3);
    if (at->kind < 8) return i;
    at->n = 1 + rng_below(r, 5);
    for (int k = 0; k < at->n; k++) {
        t->items[i].in[k] = grow(t, r, depth + 1);
        rename_item(t, t->items[i].in[k], k, r);
    }
    return i;
}

static void fill(const tree *t, int i, kal_map *m, const char *name, bool backwards)
{
    const item *at = &t->items[i];
    const double box[4] = {0, 0, 5, (double)at->v};
    uint8_t data[64] = {(uint8_t)at->v, (uint8_t)(at->v >> 8)};
    char text[24];
    snprintf(text, sizeof text, "%d", (int)at->v);
    switch (at->kind) {
    case 0: kal_map_int(m, name, at->v); return;
    case 1: kal_map_real(m, name, (double)at->v); return;
    case 2: kal_map_bool(m, name, at->v & 1); return;
    case 3: kal_map_text(m, name, text); return;
    case 4: kal_map_bytes(m, name, text, strlen(text)); return;
    case 5: kal_map_none(m, name); return;
    case 6: kal_map_box(m, name, box); return;
    case 7: kal_map_array(m, name, KAL_ELEMENT_U8, at->shape, 2, data); return;
    }
    if (i) (at->kind == 8 ? kal_map_begin : kal_map_begin_list)(m, name);
    for (int k = 0; k < at->n; k++) {
        const int in = at->in[backwards && at->kind == 8 ? at->n - 1 - k : k];
        fill(t, in, m, at->kind == 8 ? t->items[in].name : NULL, backwards);
    }
    if (i) kal_map_end(m);
}

static kal_key key_of_tree(const tree *t, bool backwards)
{
    kal_map *m = kal_map_new();
    fill(t, 0, m, NULL, backwards);
    return done(m);
}

static bool in_a_map(const tree *t, int i)
{
    for (int k = 0; k < t->n; k++)
        for (int j = 0; j < t->items[k].n; j++)
            if (t->items[k].in[j] == i) return t->items[k].kind == 8;
    return false;
}

static void require_changed(const tree *t, kal_key was, int i, const char *what, uint64_t seed)
{
    REQUIRE_NOTE(!kal_key_equal(key_of_tree(t, false), was), "seed %llu, item %d: another %s, the same key",
                 (unsigned long long)seed, i, what);
}

static void mutate(tree *t, kal_key was, int i, uint64_t seed)
{
    item *at = &t->items[i];
    const item before = *at;
    if (i && in_a_map(t, i)) {
        at->name[0] = at->name[0] == 'z' ? 'y' : 'z';
        require_changed(t, was, i, "name", seed);
        *at = before;
    }
    if (at->kind < 8 && at->kind != 5) {
        at->v ^= 1;
        require_changed(t, was, i, "value", seed);
        *at = before;
    }
    for (int kind = 0; kind < 8 && before.kind < 8; kind++) {
        if (kind == before.kind) continue;
        at->kind = kind;
        require_changed(t, was, i, "kind", seed);
        *at = before;
    }
    if (at->kind == 7) {
        at->shape[0] = before.shape[1], at->shape[1] = before.shape[0];
        require_changed(t, was, i, "shape", seed);
        *at = before;
    }
    if (i && at->kind >= 8) {
        at->kind = 17 - at->kind;
        require_changed(t, was, i, "kind of container", seed);
        *at = before;
        at->n--;
        require_changed(t, was, i, "number of entries", seed);
        *at = before;
    }
    if (at->kind == 9 && at->n > 1) {
        at->in[0] = before.in[1], at->in[1] = before.in[0];
        if (memcmp(&t->items[at->in[0]], &t->items[at->in[1]], offsetof(item, name)))
            require_changed(t, was, i, "order", seed);
        *at = before;
    }
}

static void mutations(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng r = {seed};
        tree t = {.n = 0};
        grow(&t, &r, 0);
        const kal_key was = key_of_tree(&t, false);
        REQUIRE_NOTE(kal_key_equal(was, key_of_tree(&t, true)), "seed %d: order counts", (int)seed);
        for (int i = 0; i < t.n; i++) mutate(&t, was, i, seed);
    }
}

// ---- mistakes -----------------------------------------------------------------------------------

// The first mistake is told, by key and print alike, and what follows is ignored.
static void require_mistake(kal_map *m, kal_status status, const char *says, int line)
{
    kal_key k = {1, 1};
    kal_bytes text;
    kal_map_int(m, "late", 1);
    REQUIRE_FAILS(status, kal_map_key(m, &k, &check_error));
    REQUIRE_NOTE(!strcmp(check_error.message, says), "line %d: \"%s\" instead of \"%s\"", line,
                 check_error.message, says);
    REQUIRE(!k.hi && !k.lo);
    REQUIRE_FAILS(status, kal_map_print(m, &text, &check_error));
    REQUIRE(!text.data);
    kal_map_free(&m);
}
#define MISTAKE(status, says, ...)                        \
    do {                                                  \
        kal_map *m = kal_map_new();                       \
        __VA_ARGS__;                                      \
        require_mistake(m, KAL_##status, says, __LINE__); \
    } while (0)

static void mistakes(void)
{
    const int64_t two = 2, minus = -1, huge[2] = {INT64_MAX, 16};
    const float nan[2] = {1, NAN};
    double not_a_number = NAN;
    kal_scope *s = kal_scope_new();
    MISTAKE(INVALID, "map: \"a\" is there twice", kal_map_int(m, "a", 1), kal_map_int(m, "b", 1),
            kal_map_real(m, "a", 1));
    MISTAKE(INVALID, "map: train.steps: \"k\" is there twice", kal_map_begin(m, "train"),
            kal_map_begin(m, "steps"), kal_map_none(m, "k"), kal_map_none(m, "k"), kal_map_end(m));
    MISTAKE(INVALID, "map: train.rates[1]: NaN is no parameter", kal_map_begin(m, "train"),
            kal_map_begin_list(m, "rates"), kal_map_real(m, NULL, 1), kal_map_real(m, NULL, NAN));
    MISTAKE(INVALID, "map: a: the name is not UTF-8", kal_map_int(m, "a", 1), (void)0, kal_map_begin(m, "a"),
            kal_map_int(m, "\xff", 1));
    MISTAKE(INVALID, "map: what stands in a map needs a name", kal_map_int(m, NULL, 1));
    MISTAKE(INVALID, "map: what stands in a map needs a name", kal_map_int(m, "", 1));
    MISTAKE(INVALID, "map: l[0]: what stands in a list has no name", kal_map_begin_list(m, "l"),
            kal_map_int(m, "x", 1));
    MISTAKE(INVALID, "map: t: the text is not UTF-8: give it as bytes", kal_map_text(m, "t", "\xc0\x80"));
    MISTAKE(INVALID, "map: t: the text is not UTF-8: give it as bytes", kal_map_text(m, "t", "\xed\xa0\x80"));
    MISTAKE(INVALID, "map: t: there is no text", kal_map_text(m, "t", NULL));
    MISTAKE(INVALID, "map: b: there are no bytes", kal_map_bytes(m, "b", NULL, 1));
    MISTAKE(INVALID, "map: v: there is no value", kal_map_value(m, "v", NULL));
    MISTAKE(INVALID, "map: v: NaN is no parameter",
            kal_map_value(m, "v", &(kal_value){KAL_VALUE_NUMBERS, 1, 1, &not_a_number, NULL}));
    MISTAKE(INVALID, "map: a: NaN in an array: give it as bytes if that is to count",
            kal_map_array(m, "a", KAL_ELEMENT_F32, &two, 1, nan));
    MISTAKE(INVALID, "map: a: a side of an array is negative",
            kal_map_array(m, "a", KAL_ELEMENT_F32, &minus, 1, nan));
    MISTAKE(INVALID, "map: a: the array does not fit into memory",
            kal_map_array(m, "a", KAL_ELEMENT_U8, huge, 2, nan));
    MISTAKE(INVALID, "map: a: there are no elements", kal_map_array(m, "a", KAL_ELEMENT_U8, &two, 1, NULL));
    MISTAKE(INVALID, "map: a: there is no such kind of element",
            kal_map_array(m, "a", (kal_element)99, &two, 1, nan));
    MISTAKE(INVALID, "map: kal_map_end without a map or list that was begun", kal_map_end(m));
    MISTAKE(INVALID, "map: p: there is no image", kal_map_node(m, "p", NULL));
    MISTAKE(INVALID, "map: p: there is no op \"nothing\"; did you mean \"components\"?",
            kal_map_node(m, "p", kal_apply(s, "nothing", NULL, NULL, 0)));
    MISTAKE(INVALID, "map: p: there is no op \"nothing\"; did you mean \"components\"?",
            kal_map_content(m, "p", kal_apply(s, "nothing", NULL, NULL, 0), NULL));
    kal_map *deep = kal_map_new();
    kal_map_begin_list(deep, "x");
    for (int i = 1; i < 33; i++) kal_map_begin_list(deep, NULL);
    REQUIRE_FAILS(KAL_LIMIT, kal_map_error(deep, &check_error));
    kal_map_free(&deep);
    kal_map *open = kal_map_new();
    kal_key k;
    kal_map_begin(open, "x");
    REQUIRE_OK(kal_map_error(open, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_map_key(open, &k, &check_error));
    kal_map_end(open);
    done(open);   // that was no mistake yet
    kal_map *gone = kal_map_new();
    kal_map_file(gone, "weights", check_temp("not there"));
    REQUIRE_FAILS(KAL_IO, kal_map_error(gone, &check_error));
    kal_map_free(&gone);
    kal_scope_free(&s);
}

static void large(void)
{
    kal_map *m = kal_map_new();
    char name[16];
    for (int i = 0; i < 200000; i++)
        snprintf(name, sizeof name, "%d", i * 7919 % 200000), kal_map_int(m, name, i);
    const kal_key key = key_of(m);
    REQUIRE(key.hi);
    for (int i = 0; i < 900000; i++) snprintf(name, sizeof name, "x%d", i), kal_map_none(m, name);
    REQUIRE_FAILS(KAL_LIMIT, kal_map_error(m, &check_error));
    kal_map_free(&m);
    kal_map_free(&m);   // NULL is fine
}

int main(void)
{
    constants();
    sources();
    lists();
    order();
    kinds();
    shapes();
    nesting();
    mutations();
    mistakes();
    large();
    return check_done();
}
