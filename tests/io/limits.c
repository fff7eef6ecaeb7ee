// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Limits of every format there is: a picture of more pixels, or of a longer side, is refused in one sentence that says how it is let
// through, and then it is; files of strangers are of the formats that the list of limits names, and of no other.
#include "dngs.h"
#include "psds.h"
#include "svgs.h"
#include "y4ms.h"

static kal_bytes psd(void)
{
    const psd_kind k = {.depth = 8, .channels = 3, .mode = 3};
    rng r = {8};
    unsigned char *planes = psd_planes(&r, &k, 40, 30);
    const kal_bytes b = psd_of(&k, 40, 30, planes, NULL, NULL);
    free(planes);
    return b;
}

static kal_bytes raw(void)
{
    return dng(1, 0.5);
}

static const struct {
    const char *format;
    kal_bytes (*make)(void);
} by_hand[] = {{"svg", svg_of_shapes}, {"y4m", y4m_of_three}, {"psd", psd}, {"raw", raw}};

static bool writes(const kal_codec_info *c, kal_bytes *out)
{
    static const kal_type types[] = {KAL_U8, KAL_F32};
    for (int i = 0; i < 2; i++) {
        rng r = {5};
        const kal_extent e = extent_of(40, 30, 3, types[i]);
        kal_scope *s = kal_scope_new();
        kal_bytes b;
        const kal_status st =
            kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), c->name, NULL), NULL, &b, &check_error);
        kal_scope_free(&s);
        if (st) continue;
        *out = bytes_copy(b.data, b.size);
        kal_bytes_free(&b);
        return true;
    }
    return false;
}

static bool file_of(const kal_codec_info *c, kal_bytes *out)
{
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++)
        if (!strcmp(by_hand[i].format, c->name)) return *out = by_hand[i].make(), true;
    return c->writes && writes(c, out);
}

static kal_status load(const kal_bytes *b, const char *limits)
{
    kal_limits before, l;
    kal_limits_get(&before);
    l = before;
    REQUIRE_OK(kal_limits_parse(limits, &l, &check_error));
    kal_limits_set(&l);
    kal_scope *s = kal_scope_new();
    const kal_status st = kal_node_error(kal_load_bytes(s, b->data, b->size, NULL), &check_error);
    kal_scope_free(&s);
    kal_limits_set(&before);
    return st;
}

static void refused(const char *format, const kal_bytes *b, const char *limit, int32_t most)
{
    char less[40], lift[60];
    snprintf(less, sizeof less, "%s=%d", limit, most - 1);
    snprintf(lift, sizeof lift, "%s=N or kal_limits_set lifts it", limit);
    REQUIRE_NOTE(load(b, less) == KAL_LIMIT, "%s of %d: %s", format, most, check_error.message);
    REQUIRE_NOTE(strstr(check_error.message, lift), "%s: %s", format, check_error.message);
    snprintf(less, sizeof less, "%s=%d", limit, most);
    REQUIRE_NOTE(!load(b, less), "%s: %s: %s", format, less, check_error.message);
}

static void each_format(void)
{
    kal_codec_info c;
    const char *version;
    kal_limit_info info;
    char strangers[160] = "";
    for (size_t i = 0; kal_limit_at(i, &info); i++)
        if (!strcmp(info.name, "formats")) snprintf(strangers, sizeof strangers, ",%s,", info.untrusted);
    for (size_t i = 0; kal_codec_at(i, &c, &version); i++) {
        if (c.searches) continue;   // its files are other formats'
        kal_bytes b = {0};
        char word[40];
        kal_extent e;
        kal_scope *s = kal_scope_new();
        if (!version || !file_of(&c, &b) ||
            kal_node_extent(kal_load_bytes(s, b.data, b.size, NULL), &e, &check_error)) {
            check_skip("%s: %s", c.name, version ? check_error.message : "its library is not here");
        } else {
            refused(c.name, &b, "pixels", e.width * e.height);
            refused(c.name, &b, "side", e.width > e.height ? e.width : e.height);
            snprintf(word, sizeof word, ",%s,", c.name);
            kal_limits before, l;
            kal_limits_get(&before);
            l = before;
            kal_limits_untrusted(&l);
            kal_limits_set(&l);
            const kal_status st = kal_node_error(kal_load_bytes(s, b.data, b.size, NULL), &check_error);
            kal_limits_set(&before);
            REQUIRE_NOTE(strstr(strangers, word) ? !st : st == KAL_LIMIT, "%s of a stranger: %s", c.name,
                         kal_status_name(st));
            REQUIRE_NOTE(!st || strstr(check_error.message, "is not among the formats"), "%s",
                         check_error.message);
        }
        bytes_free(&b);
        kal_scope_free(&s);
    }
}

// libheif refuses by itself what has more pixels in a row than there may be in all.
static void by_the_library(void)
{
    kal_codec_info c = {.name = "heif", .writes = true};
    kal_bytes b = {0};
    if (!writes(&c, &b)) {
        check_skip("%s", check_error.message);
        return;
    }
    REQUIRE_NOTE(load(&b, "pixels=30") == KAL_LIMIT, "%s", check_error.message);
    REQUIRE_NOTE(strstr(check_error.message, "pixels=N or kal_limits_set lifts it"), "%s",
                 check_error.message);
    refused("heif", &b, "nesting", 4);   // meta, iprp, ipco, and what it says of pictures
    bytes_free(&b);
}

int main(void)
{
    each_format();
    by_the_library();
    return check_done();
}
