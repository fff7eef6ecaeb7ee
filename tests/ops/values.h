// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For tests of values: texts about one picture, `photo`, that shows where its pixels are.
#ifndef VALUES_H
#define VALUES_H

#include "check.h"

static kal_scope *scope;
static kal_node *photo;   // 40×30, channel 0 counts columns, channel 1 rows

// The caller's reference.
static inline kal_node *node_of(const char *text)
{
    kal_program *p;
    const kal_binding in[] = {{.name = "photo", .node = photo}};
    if (!REQUIRE_NOTE(!kal_program_parse(text, strlen(text), in, 1, &p, &check_error), "%s: %s", text,
                      check_error.message))
        return NULL;
    kal_node *n = kal_node_ref(kal_program_root(p));
    kal_program_free(&p);
    return n;
}

static inline void gives(const char *text, const char *want)
{
    kal_value v;
    kal_bytes b = {0};
    kal_node *n = node_of(text);
    if (n && REQUIRE_NOTE(!kal_read_value(n, NULL, &v, &check_error), "%s: %s", text, check_error.message)) {
        REQUIRE_OK(kal_value_print(&v, &b, &check_error));
        REQUIRE_NOTE(!strcmp((char *)b.data, want), "%s: %s, not %s", text, (char *)b.data, want);
        kal_value_free(&v);
        kal_bytes_free(&b);
    }
    kal_node_unref(&n);
}

static inline void refused(const char *text, const char *words)
{
    kal_program *p = NULL;
    const kal_binding in = {.name = "photo", .node = photo};
    kal_value v = {0};
    kal_extent e;
    kal_status st = kal_program_parse(text, strlen(text), &in, 1, &p, &check_error);
    kal_node *root = st ? NULL : kal_program_root(p);
    if (!st)
        st = kal_node_value(root, NULL) ? kal_read_value(root, NULL, &v, &check_error)
                                        : kal_node_extent(root, &e, &check_error);
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, words), "%s: %s", text,
                 check_error.message);
    kal_value_free(&v);
    kal_program_free(&p);
}

static inline bool same_node(const char *a, const char *b)
{
    kal_node *p = node_of(a), *q = node_of(b);
    const bool same = p && p == q;
    kal_node_unref(&p);
    kal_node_unref(&q);
    return same;
}

static inline bool same_content(const char *a, const char *b)
{
    kal_node *p = node_of(a), *q = node_of(b);
    kal_key u = {0}, v = {0};
    REQUIRE_OK(kal_content_key(p, NULL, &u, &check_error));
    REQUIRE_OK(kal_content_key(q, NULL, &v, &check_error));
    kal_node_unref(&p);
    kal_node_unref(&q);
    return kal_key_equal(u, v);
}

// The text of a node gives the same node.
static inline void reads_back(const char *text)
{
    kal_bytes t = {0};
    kal_key key;
    kal_program *p = NULL;
    char hex[33], name[40];
    kal_node *n = node_of(text);
    kal_node_key(photo, &key, NULL);
    snprintf(name, sizeof name, "i%.12s", kal_key_print(key, hex));
    REQUIRE_OK(kal_print_graph(n, &t, &check_error));
    REQUIRE_OK(kal_program_parse((char *)t.data, t.size, &(kal_binding){.name = name, .node = photo}, 1, &p,
                                 &check_error));
    REQUIRE_NOTE(p && kal_program_root(p) == n, "%s: %s", text, (char *)t.data);
    kal_program_free(&p);
    kal_bytes_free(&t);
    kal_node_unref(&n);
}

static inline bool has_size(const char *text, int32_t width, int32_t height)
{
    kal_extent e = {0};
    kal_node *n = node_of(text);
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    kal_node_unref(&n);
    return e.width == width && e.height == height;
}

static inline void photo_make(void)
{
    const kal_extent e = {40, 30, 2, KAL_F32, KAL_DATA, false};
    float *pixels = malloc(bytes_of(&e));
    for (int32_t i = 0; i < 40 * 30; i++)
        pixels[2 * i] = (float)(i % 40) + 0.5f, pixels[2 * i + 1] = (float)(i / 40) + 0.5f;
    scope = kal_scope_new();
    photo = kal_pixels(scope, &e, pixels, 40 * 2 * sizeof *pixels);
    free(pixels);
}

#endif
