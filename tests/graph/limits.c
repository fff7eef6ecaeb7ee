// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Limits as text, those for strangers, and what is said when one is reached.
#include "check.h"

static void reads_text(void)
{
    kal_limits l, before;
    kal_limits_get(&l);
    REQUIRE(l.pixels == (uint64_t)1 << 30 && l.pages == 65536 && l.network && l.include && !l.formats);
    REQUIRE_OK(
        kal_limits_parse("pixels=100M\tscans=50\n file_bytes=2G meta_bytes=3K network=false  pages=7 pages=8",
                         &l, &check_error));
    REQUIRE(l.pixels == 100000000 && l.scans == 50 && l.file_bytes == (uint64_t)2 << 30);
    REQUIRE(l.meta_bytes == 3072 && !l.network && l.pages == 8);
    REQUIRE_OK(kal_limits_parse("formats=jpeg,png", &l, &check_error));
    REQUIRE(l.formats && !(l.formats & (l.formats - 1) & ((l.formats & (l.formats - 1)) - 1)));   // two bits
    REQUIRE_OK(kal_limits_parse(" formats=all ", &l, &check_error));
    REQUIRE(!l.formats);
    REQUIRE_OK(kal_limits_parse("", &l, &check_error));
    static const struct {
        const char *text, *says;
    } wrong[] = {{"pixel=5", "did you mean \"pixels\""},
                 {"meta_byte=1", "did you mean \"meta_bytes\""},
                 {"colours=3", "they are pixels, side, file_bytes"},
                 {"pixels", "a value is wanted"},
                 {"pixels=", "a whole number"},
                 {"pixels=1.5M", "a whole number"},
                 {"pixels=-1", "a whole number"},
                 {"pixels=5X", "a whole number"},
                 {"pixels=5MM", "a whole number"},
                 {"pixels=99999999999999999999", "a whole number"},
                 {"pixels=99999999T", "a whole number"},
                 {"scans=5G", "a whole number"},
                 {"network=yes", "true or false"},
                 {"formats=jpeg,gig", "there is no format \"gig\"; the formats are"},
                 {"formats=", "there is no format"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[100];
        before = l;
        snprintf(text, sizeof text, "side=77 %s", wrong[i].text);
        REQUIRE_FAILS(KAL_INVALID, kal_limits_parse(text, &l, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, wrong[i].says), "%s", check_error.message);
        REQUIRE_MEM(&l, &before, sizeof l);   // nothing was set
    }
}

// Each row's own values are values it reads; those for strangers are what the call makes of the defaults.
static void lists(void)
{
    kal_limit_info info;
    kal_limits standard, untrusted, one, other;
    kal_limits_get(&standard);
    untrusted = one = other = standard;
    kal_limits_untrusted(&untrusted);
    size_t n = 0;
    for (; kal_limit_at(n, &info); n++) {
        char text[200];
        snprintf(text, sizeof text, "%s=%s", info.name, info.standard);
        REQUIRE_OK(kal_limits_parse(text, &one, &check_error));
        snprintf(text, sizeof text, "%s=%s", info.name, info.untrusted);
        REQUIRE_OK(kal_limits_parse(text, &other, &check_error));
        REQUIRE_NOTE(strcmp(info.standard, info.untrusted) != 0 || !strcmp(info.name, "exec"),
                     "%s is the same for strangers", info.name);
    }
    REQUIRE(n == 13);
    REQUIRE_MEM(&one, &standard, sizeof one);
    REQUIRE_MEM(&other, &untrusted, sizeof other);
    kal_limits tight = untrusted;   // what is tighter already stays
    REQUIRE_OK(kal_limits_parse("pixels=5 formats=png,npy threads=1", &tight, &check_error));
    kal_limits_untrusted(&tight);
    REQUIRE_OK(kal_limits_parse("formats=png", &one, &check_error));
    REQUIRE(tight.pixels == 5 && tight.threads == 1 && tight.formats == one.formats);
}

static void refuses(kal_scope *s, const char *format, const char *limits, const char *more, const char *says)
{
    kal_limits before, l;
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    rng r = {5};
    kal_bytes b = {0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), format, NULL), NULL, &b, &check_error));
    kal_limits_get(&before);
    l = before;
    REQUIRE_OK(kal_limits_parse(limits, &l, &check_error));
    kal_limits_set(&l);
    REQUIRE_FAILS(KAL_LIMIT, kal_node_error(kal_load_bytes(s, b.data, b.size, NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, says), "%s: %s", format, check_error.message);
    REQUIRE_OK(kal_limits_parse(more, &l, &check_error));   // as the sentence says
    kal_limits_set(&l);
    REQUIRE_OK(kal_node_error(kal_load_bytes(s, b.data, b.size, NULL), &check_error));
    kal_limits_set(&before);
    kal_bytes_free(&b);
}

static void says_how(void)
{
    kal_scope *s = kal_scope_new();
    static const char *const formats[] = {"jpeg", "png", "pnm", "qoi", "bmp", "npy"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        refuses(s, formats[i], "pixels=1199", "pixels=1200", "--limits pixels=N or kal_limits_set");
        refuses(s, formats[i], "side=39", "side=40", "--limits side=N or kal_limits_set");
    }
    refuses(s, "npy", "formats=jpeg,png", "formats=npy", "--limits formats=…,npy or kal_limits_set");
    kal_limits before, l;
    kal_limits_get(&before);
    l = before;
    kal_limits_untrusted(&l);
    kal_limits_set(&l);
    REQUIRE_FAILS(KAL_LIMIT, kal_node_error(kal_load(s, "http://127.0.0.1:1/a.png", NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "--limits network=true"), "%s", check_error.message);
    kal_limits_set(&before);
    kal_scope_free(&s);
}

int main(void)
{
    reads_text();
    lists();
    says_how();
    return check_done();
}
