// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Fields set, added to and taken out: every field that can be, in blocks of either byte order and in none; the rest of a block stays where it is;
// random changes beside a list that is changed alike; damage and no memory; what is refused.
#include "edits.h"

#include "exif.h"

#include <math.h>

// ---- every field of EXIF ------------------------------------------------------------------------

// What is said of a tag, and how it is read again.
static void example(const kal__exif_tag *t, char value[128], char read[128])
{
    static const char *const numbers[] = {
        [KAL__IFD_SHORT] = "9",     [KAL__IFD_LONG] = "70000",   [KAL__IFD_BYTE] = "2",
        [KAL__IFD_UNDEFINED] = "3", [KAL__IFD_RATIONAL] = "7/3", [KAL__IFD_SRATIONAL] = "-7/3"};
    value[0] = read[0] = 0;
    const bool letters = t->type == KAL__IFD_ASCII || t->how != KAL__EXIF_PLAIN;
    if (t->how == KAL__EXIF_TIME)
        strcpy(value, "2026-01-31T23:59:59"), strcpy(read, "2026:01:31 23:59:59");
    else if (t->how == KAL__EXIF_DATE)
        strcpy(value, "2026:02:28"), strcpy(read, value);
    else if (t->how == KAL__EXIF_LETTERS)
        strcpy(value, "0232"), strcpy(read, value);
    else if (letters)
        strcpy(value, "Gr\xc3\xb6\xc3\x9f\x65 \xf0\x9f\x98\x80, and more"), strcpy(read, value);
    for (unsigned i = 0; i < (t->count ? t->count : 2) && !letters; i++) {
        strcat(value, i ? " " : ""), strcat(value, numbers[t->type]);
        strcat(read, i ? ", " : ""), strcat(read, numbers[t->type]);
    }
}

// Fields of both, but for these, say the same.
static void require_rest(const kal__meta *was, const kal__meta *now, const char *name, const char *second)
{
    kal_field f, g;
    for (size_t i = 0; kal__meta_field_at(was, i, &f); i++) {
        if (!strcmp(f.name, name) || !strcmp(f.name, second) || !strncmp(f.name, "gps.", 4)) continue;
        REQUIRE_NOTE(kal__meta_field(now, f.name, &g) && !strcmp(f.text, g.text), "%s changed with %s",
                     f.name, name);
    }
}

static void test_every_tag(void)
{
    char field[64], value[128], read[128];
    const char *name;
    size_t set = 0;
    for (int way = 0; way < 3; way++)
        for (size_t i = 0; (name = kal__exif_name_at(i)) != NULL; i++) {
            kal__exif_part part;
            kal__exif_tag tag;
            REQUIRE(kal__exif_named(name, &part, &tag));
            snprintf(field, sizeof field, "exif.%s", name);
            if (!tag.type) {
                REQUIRE(kal__edit_check(field, "1", false, &check_error) == KAL_INVALID);
                continue;
            }
            kal__meta *was = way ? camera_meta(way == 2) : kal__meta_new(), *m = kal__meta_ref(was);
            example(&tag, value, read);
            change(&m, field, value, false);
            says(m, field, read);
            require_rest(was, m, field, part == KAL__EXIF_PHOTO ? "exif.ExifVersion" : "");
            change(&m, field, NULL, false);
            says(m, field, NULL);
            REQUIRE(!holds(&m->exif, "and more"));
            kal__meta_unref(&m);
            kal__meta_unref(&was);
            set++;
        }
    REQUIRE_NOTE(set > 300, "%zu fields", set);
}

// A maker's note stays where it is, and so does all that was in the block before; what is replaced is overwritten.
static void test_nothing_moves(void)
{
    for (int big = 0; big < 2; big++) {
        kal__meta *m = camera_meta(big);
        const kal__blob was = m->exif;
        unsigned char *before = malloc(was.size);
        memcpy(before, was.data, was.size);
        const unsigned char *note = (const unsigned char *)kal__xml_find(
            (const char *)before, (const char *)before + was.size, "PrintIM");
        change(&m, "exif.Artist", "Somebody else, whose name is longer", false);
        change(&m, "exif.FNumber", "2.8", false);
        change(&m, "exif.Make", "X", false);
        const unsigned char *now = m->exif.data;
        REQUIRE(m->exif.size > was.size && !memcmp(now + (note - before), note, 200));
        REQUIRE(!holds(&m->exif, "R\xe9m") && !holds(&m->exif, "Canon"));
        says(m, "exif.FNumber", "28/10");
        says(m, "exif.Make", "X");
        says(m, "preview.Compression", "6");
        change(&m, "preview", NULL, false);
        says(m, "preview.Compression", NULL);
        REQUIRE(!memchr(m->exif.data, 0xaa, m->exif.size));
        free(before);
        kal__meta_unref(&m);
    }
}

static void test_places(void)
{
    static const struct {
        const char *field, *value, *ref;
    } places[] = {{"gps.latitude", "-47.3768871", "S"},
                  {"gps.latitude", "0.5", "N"},
                  {"gps.latitude", "90", "N"},
                  {"gps.longitude", "179.99999999", "E"},
                  {"gps.longitude", "-8.25", "W"}};
    for (int way = 0; way < 3; way++) {
        kal__meta *m = way ? camera_meta(way == 2) : NULL;
        kal_field f;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            const bool north = !strcmp(places[i].field, "gps.latitude");
            change(&m, places[i].field, places[i].value, false);
            REQUIRE(kal__meta_field(m, places[i].field, &f) &&
                    fabs(f.numbers[0] - atof(places[i].value)) < 3e-10);
            says(m, north ? "exif.GPSLatitudeRef" : "exif.GPSLongitudeRef", places[i].ref);
        }
        change(&m, "gps.altitude", "-3.25", false);
        says(m, "gps.altitude", "-3.25");
        change(&m, "xmp.exif:GPSMapDatum", "WGS-84", false);
        change(&m, "exif.Make", "Here", false);
        change(&m, "gps", NULL, false);
        size_t n = 0;
        for (; kal__meta_field_at(m, n, &f); n++)
            REQUIRE_NOTE(!strstr(f.name, "GPS") && !strstr(f.name, "gps"), "%s", f.name);
        REQUIRE(n > 0 && !holds(&m->xmp, "WGS-84"));
        says(m, "exif.Make", "Here");
        kal__meta_unref(&m);
    }
}

// ---- IPTC ---------------------------------------------------------------------------------------

static void test_iptc(void)
{
    kal__meta *m = camera_meta(false);
    change(&m, "iptc.City", "K\xc3\xb8\x62\x65nhavn", false);
    says(m, "iptc.City", "K\xc3\xb8\x62\x65nhavn");
    says(m, "iptc.Keywords", "trees, Stra\xc3\x9f");   // what was Latin-1 is UTF-8, which the block says now
    REQUIRE(holds(&m->iptc, "Stra\xc3\x9f") && holds(&m->iptc, "\x1c\x01\x5a"));
    change(&m, "iptc.Keywords", "one, two", true);
    says(m, "iptc.Keywords", "trees, Stra\xc3\x9f, one, two");
    change(&m, "iptc.Keywords", "three", false);
    says(m, "iptc.Keywords", "three");
    says(m, "iptc.2:217", "1 bytes");
    change(&m, "iptc.2:217", NULL, false);
    says(m, "iptc.2:217", NULL);
    change(&m, "iptc", NULL, false);
    says(m, "iptc.Keywords", NULL);
    REQUIRE(!m->iptc.size);
    char *most = malloc(32769);
    memset(most, 'x', 32768);
    most[32768] = 0;
    REQUIRE(kal__edit_check("iptc.Caption-Abstract", most, false, &check_error) == KAL_INVALID);
    most[32767] = 0;
    change(&m, "iptc.Caption-Abstract", most, false);
    says(m, "iptc.Caption-Abstract", most);
    says(m, "iptc.ApplicationRecordVersion", "4");
    free(most);
    kal__meta_unref(&m);
}

// ---- XMP ----------------------------------------------------------------------------------------

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

static kal__meta *xmp_meta(const char *text)
{
    kal__meta *m = kal__meta_new();
    REQUIRE(kal__blob_set(&m->xmp, text, strlen(text)));
    return m;
}

static void test_xmp_kept(void)
{
    kal__meta *m = camera_meta(false);
    change(&m, "xmp.dc:title", "A \"new\" <one> & more", false);
    says(m, "xmp.dc:title", "A \"new\" <one> & more");
    says(m, "xmp.dc:title@de", "H\xc3\xbcgel");
    change(&m, "xmp.dc:title@de", "Neu", false);
    change(&m, "xmp.dc:title@fr", "Colline", false);
    says(m, "xmp.dc:title@de", "Neu");
    says(m, "xmp.dc:title@fr", "Colline");
    change(&m, "xmp.dc:title@de", NULL, false);
    says(m, "xmp.dc:title@de", NULL);
    says(m, "xmp.dc:title", "A \"new\" <one> & more");
    change(&m, "xmp.dc:subject", "three", true);
    says(m, "xmp.dc:subject", "one, two, three");
    change(&m, "xmp.dc:creator", "she", false);
    says(m, "xmp.dc:creator", "she");
    change(&m, "xmp.xmp:Rating", "5", false);   // was an attribute, under another prefix
    says(m, "xmp.xmp:Rating", "5");
    REQUIRE(!holds(&m->xmp, "a:Rating") && holds(&m->xmp, "<my:thing>here</my:thing>\n"));
    change(&m, "xmp.my:thing", "there", false);
    says(m, "xmp.my:thing", "there");
    change(&m, "xmp.xmp:Thumbnails", NULL, false);
    REQUIRE(!holds(&m->xmp, "<a:x>no</a:x>") && holds(&m->xmp, "<a:y>no</a:y>"));
    change(&m, "xmp.dc:title", NULL, false);
    says(m, "xmp.dc:title", NULL);
    says(m, "xmp.dc:title@fr", NULL);
    says(m, "xmp.xmp:CreatorTool", "A & B");
    kal__meta_unref(&m);
}

// What is not touched stays byte for byte.
static void test_xmp_forms(void)
{
    static const char *const documents[] = {
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='" RDF "'/></x:xmpmeta>",
        "<r:RDF xmlns:r=\"" RDF
        "\"><r:Description r:about='it \"is\"' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<!-- <dc:source>no</dc:source> --><dc:source>yes</dc:source></r:Description></r:RDF>  ",
        "<r:RDF xmlns:r=\"" RDF
        "\"><r:Description r:about='' xmlns:q='http://purl.org/dc/elements/1.1/' q:source = 'yes' "
        "q:format='a/b'/></r:RDF>",
        "<r:RDF xmlns:r=\"" RDF
        "\"><r:Description xmlns:q='http://purl.org/dc/elements/1.1/'><q:source/><q:format><![CDATA[a/b"
        "]]></q:format></r:Description></r:RDF>",
    };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        kal__meta *m = xmp_meta(documents[i]), *was = kal__meta_ref(m);
        kal_field f;
        const bool format = kal__meta_field(was, "xmp.dc:format", &f);
        change(&m, "xmp.dc:source", "new \xe2\x82\xac", false);
        says(m, "xmp.dc:source", "new \xe2\x82\xac");
        change(&m, "xmp.dc:subject", "a", true);
        change(&m, "xmp.dc:subject", "b", true);
        says(m, "xmp.dc:subject", "a, b");
        REQUIRE(!format || (kal__meta_field(m, "xmp.dc:format", &f) && !strcmp(f.text, "a/b")));
        REQUIRE(!i == !holds(&m->xmp, "<!-- <dc:source>no</dc:source> -->") || i > 1);
        change(&m, "xmp.dc:source", NULL, false);
        says(m, "xmp.dc:source", NULL);
        kal__meta_unref(&m);
        kal__meta_unref(&was);
    }
    kal__meta *m = xmp_meta(
        "<r:RDF xmlns:r='" RDF
        "'><r:Description xmlns:q='http://purl.org/dc/elements/1.1/' q:subject='a &amp; b'/></r:RDF>");
    change(&m, "xmp.dc:subject", "c", true);   // an attribute becomes the first item
    says(m, "xmp.dc:subject", "a & b, c");
    kal__meta_unref(&m);
}

static void test_xmp_not_understood(void)
{
    static const char *const documents[] = {"",
                                            "<a>",
                                            "\xff\xfe<\0",
                                            "<r:RDF xmlns:r='" RDF "'><r:Description>",
                                            "<!DOCTYPE x []><r:RDF xmlns:r='" RDF "'/>",
                                            "<rdf:RDF/>",
                                            "<r:RDF xmlns:r='" RDF
                                            "'><r:Description><<c:x/></r:Description></r:RDF>",
                                            "nothing"};
    for (size_t i = 1; i < sizeof documents / sizeof *documents; i++) {
        kal__meta *m = xmp_meta(documents[i]), *out;
        REQUIRE_NOTE(kal__edit_meta(m, "xmp.dc:title", "x", false, &out, &check_error) == KAL_CORRUPT && !out,
                     "%zu", i);
        REQUIRE(strstr(check_error.message, "unset_field xmp"));
        change(&m, "xmp", NULL, false);
        change(&m, "xmp.dc:title", "x", false);
        says(m, "xmp.dc:title", "x");
        kal__meta_unref(&m);
    }
}

// ---- random changes -----------------------------------------------------------------------------

static const struct {
    const char *field;
    bool many;
} known[] = {{"exif.Artist", false},        {"exif.Copyright", false}, {"exif.UserComment", false},
             {"exif.XPTitle", false},       {"exif.LensModel", false}, {"exif.GPSMapDatum", false},
             {"iptc.City", false},          {"iptc.Keywords", true},   {"iptc.By-line", true},
             {"xmp.dc:title", false},       {"xmp.dc:subject", true},  {"xmp.dc:creator", true},
             {"xmp.photoshop:City", false}, {"xmp.xmp:Label", false}};
enum { KNOWN = sizeof known / sizeof *known };

static void random_text(rng *r, char out[64])
{
    static const char *const pieces[] = {"a",   "<", "&", "\"", "'",  "\xc3\xa4", "\xf0\x9f\x98\x80",
                                         "x y", ",", "z", ">",  "]]>"};
    out[0] = 0;
    for (int n = 1 + rng_below(r, 6); n > 0; n--) strcat(out, pieces[rng_below(r, 12)]);
}

static void random_changes(uint64_t seed)
{
    rng r = {seed};
    const int way = rng_below(&r, 3);
    kal__meta *m = way ? camera_meta(way == 2) : kal__meta_new();
    char now[KNOWN][1024], text[64];
    kal_field f;
    for (int i = 0; i < KNOWN; i++)
        snprintf(now[i], sizeof now[i], "%s", kal__meta_field(m, known[i].field, &f) ? f.text : "");
    bool well = true;
    for (int step = 0; step < 30 && well; step++) {
        const int i = rng_below(&r, KNOWN);
        const bool out = !rng_below(&r, 4), more = !out && known[i].many && rng_below(&r, 2);
        random_text(&r, text);
        change(&m, known[i].field, out ? NULL : text, more);
        if (out)
            now[i][0] = 0;
        else if (more && now[i][0])
            strcat(strcat(now[i], ", "), text);
        else
            strcpy(now[i], text);
        for (int k = 0; k < KNOWN && well; k++) well = says(m, known[k].field, *now[k] ? now[k] : NULL);
    }
    REQUIRE_NOTE(well, "seed %llu", (unsigned long long)seed);
    kal__meta_unref(&m);
}

// ---- damage, no memory --------------------------------------------------------------------------

static void damage(kal__blob *b, rng *r)
{
    unsigned char *p = b->data;
    for (int k = rng_below(r, 8); k >= 0; k--)
        p[rng_below(r, (int32_t)b->size)] =
            (unsigned char)(rng_below(r, 2) ? (int)rng_next(r) : rng_below(r, 2) * 255);
    if (!rng_below(r, 3)) b->size = (size_t)rng_below(r, (int32_t)b->size) + 1;
}

// Whatever lies there: the change is made, and is read, or is refused; nothing is written beside it.
static void test_damage(void)
{
    static const char *const fields[] = {
        "exif.Artist", "exif.FNumber", "exif.GPSMapDatum", "exif.InteroperabilityIndex",
        "iptc.City",   "xmp.dc:title", "xmp.xmp:Rating",   "xmp.dc:subject"};
    int made = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        rng r = {seed};
        kal__meta *m = camera_meta(rng_below(&r, 2)), *out;
        damage(&m->exif, &r);
        damage(&m->iptc, &r);
        damage(&m->xmp, &r);
        const char *field = fields[rng_below(&r, 8)];
        const kal_status st = kal__edit_meta(m, field, "1", false, &out, &check_error);
        REQUIRE_NOTE(st == KAL_OK || st == KAL_CORRUPT, "seed %llu: %s", (unsigned long long)seed,
                     check_error.message);
        kal_field f;
        const bool xml = !strncmp(field, "xmp", 3);   // of which the reader may not see what the writer saw

        if (!st && !xml)
            REQUIRE_NOTE(kal__meta_field(out, field, &f) && atof(f.text) == 1, "seed %llu: %s",
                         (unsigned long long)seed, field);
        made += !st;
        kal__meta_unref(&out);
        static const char *const whole[] = {"gps", "preview", "exif.Artist", "exif.0xfedc"};
        if (!kal__edit_meta(m, whole[rng_below(&r, 4)], NULL, false, &out, &check_error))
            kal__meta_unref(&out);
        kal__meta_unref(&m);
    }
    REQUIRE_NOTE(made > 1000, "%d made", made);
}

static void test_no_memory(void)
{
    static const char *const fields[] = {"exif.Artist", "gps.latitude", "iptc.City", "xmp.dc:title",
                                         "density"};
    kal__meta *m = camera_meta(true), *out = NULL;
    for (size_t i = 0; i < 5; i++) {
        long nth = 1;
        for (kal_status st = KAL_NOMEM; st == KAL_NOMEM && nth < 500; nth++) {
            kal__fail_alloc(nth, true);
            st = kal__edit_meta(m, fields[i], "12", false, &out, &check_error);
            kal__fail_alloc(0, false);
            REQUIRE(st == KAL_OK || (st == KAL_NOMEM && !out));
            kal__meta_unref(&out);
        }
        REQUIRE_NOTE(nth > 2 && nth < 500, "%s: %ld allocations", fields[i], nth);
    }
    kal__meta_unref(&m);
}

// ---- what is refused ----------------------------------------------------------------------------

static void test_refused(void)
{
    static const struct {
        const char *field, *value, *says;
    } cases[] = {
        {"exif.Artists", "x", "near: exif.Artist"},
        {"exif.Orientation", "1", "not to be set"},
        {"exif.MakerNote", "1", "not to be set"},
        {"exif.FNumber", "f/2", "a number from 0 on"},
        {"exif.FNumber", "2 3", "takes 1 number, not 2"},
        {"exif.FNumber", "1/0", "a number from 0 on"},
        {"exif.FNumber", "-1", "a number from 0 on"},
        {"exif.Flash", "65536", "up to 65535"},
        {"exif.Flash", "1.5", "up to 65535"},
        {"exif.DateTime", "2026:13:01 00:00:00", "no time"},
        {"exif.DateTime", "yesterday", "no time"},
        {"exif.GPSDateStamp", "2026:1:1", "no day"},
        {"exif.ExifVersion", "2", "not 4 letters"},
        {"exif.Artist", "\xff", "not UTF-8"},
        {"gps.latitude", "91", "from -90 to 90"},
        {"gps.speed", "1", "gps.latitude"},
        {"gps", "1", "by unset_field"},
        {"icc", "x", "icc_assign"},
        {"iptc.Keyword", "x", "near: iptc.Keywords"},
        {"iptc.CodedCharacterSet", "x", "not to be set"},
        {"xmp.title", "x", "prefix:name"},
        {"xmp.rdf:about", "x", "no property"},
        {"exif.Artist", "", "there is no value"},
        {"xmp.dc:title", "\1", "control"},
        {"xmp.dc:subject@de", "x", "no languages"},
        {"density", "0dpi", "no density"},
        {"density", "300 dots", "no density"},
        {"density.z", "1", "density.x"},
        {"delay", "1", "exif., iptc."},
        {"", "1", "exif., iptc."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        REQUIRE(kal__edit_check(cases[i].field, cases[i].value, false, &check_error) == KAL_INVALID);
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s=%s: %s", cases[i].field, cases[i].value,
                     check_error.message);
    }
    kal__meta *m = kal__meta_new(), *out;
    REQUIRE(kal__edit_meta(m, "xmp.nobody:knows", "x", false, &out, &check_error) == KAL_INVALID && !out);
    REQUIRE(strstr(check_error.message, "no namespace is known by nobody"));
    REQUIRE(kal__edit_check("exif.Artist", "x", true, &check_error) == KAL_INVALID);
    REQUIRE(kal__edit_check("iptc.City", "x", true, &check_error) == KAL_INVALID);
    REQUIRE(kal__edit_check("exif.GPSInfoIFDPointer", NULL, false, &check_error) == KAL_INVALID);
    kal__meta_unref(&m);
}

// Values that fit stay where they are, and a block does not grow by being changed again and again.
static void test_no_growth(void)
{
    for (int big = 0; big < 2; big++) {
        kal__meta *m = camera_meta(big);
        change(&m, "exif.Artist", "A name of some length", false);
        change(&m, "exif.FNumber", "2.8", false);
        const size_t size = m->exif.size;
        for (int i = 0; i < 50; i++) {
            char text[24];
            snprintf(text, sizeof text, "A name, number %d", i);
            change(&m, "exif.Artist", text, false);
            change(&m, "exif.FNumber", i % 2 ? "4" : "5.6", false);
            says(m, "exif.Artist", text);   // a figure more, once
        }
        REQUIRE_NOTE(m->exif.size <= size + 20, "%zu bytes became %zu", size, m->exif.size);
        change(&m, "exif.Copyright", "(c)", false);
        char text[200] = "";
        size_t before = 0;
        for (int i = 0; i < 150; i++) {   // the last of all grows by what it grows
            strcat(text, "x");
            change(&m, "exif.Copyright", text, false);
            before += !i ? m->exif.size : 0;
        }
        REQUIRE_NOTE(m->exif.size <= before + 160, "%zu bytes became %zu", before, m->exif.size);
        kal__meta_unref(&m);
    }
}

static void test_places_everywhere(void)
{
    static const char nested[] =
        "<r:RDF xmlns:r='" RDF "'><r:Description xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' "
        "xmlns:e='http://ns.adobe.com/exif/1.0/'>"
        "<i:LocationCreated><r:Bag><r:li "
        "r:parseType='Resource'><e:GPSLatitude>77,22.333N</e:GPSLatitude><i:City>Here</i:City></r:li>"
        "<r:li e:GPSLongitude='8,1E'/></r:Bag></i:LocationCreated></r:Description></r:RDF>";
    kal__meta *m = xmp_meta(nested), *out;
    change(&m, "gps", NULL, false);
    REQUIRE(!holds(&m->xmp, "22.333N") && !holds(&m->xmp, "8,1E") && holds(&m->xmp, "<i:City>Here</i:City>"));
    kal__meta_unref(&m);
    m = camera_meta(false);   // an entry that is not understood would stay
    unsigned char *p = m->exif.data;
    for (size_t i = 0; i + 12 < m->exif.size; i++)
        if (!memcmp(p + i, "\2\0\5\0\3\0\0\0", 8)) memset(p + i + 4, 0xff, 4);
    REQUIRE(kal__edit_meta(m, "gps", NULL, false, &out, &check_error) == KAL_CORRUPT);
    change(&m, "xmp.exif:GPSLatitude", "50,26N", false);   // and one that would contradict goes
    kal__meta_unref(&m);
    m = NULL;
    change(&m, "xmp.exif:GPSLatitude", "50,26N", false);
    change(&m, "gps.latitude", "3", false);
    REQUIRE(!holds(&m->xmp, "50,26N"));
    kal__meta_unref(&m);
}

static void test_density(void)
{
    static const struct {
        const char *value;
        double per_metre;
    } cases[] = {{"300dpi", 300 / 0.0254},
                 {"300 dpi", 300 / 0.0254},
                 {"118dpcm", 11800},
                 {"5000", 5000},
                 {"50 /cm", 5000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal__meta *m = NULL;
        change(&m, "density", cases[i].value, false);
        REQUIRE_NOTE(fabs(m->density[0] - cases[i].per_metre) < 1e-9 && m->density[0] == m->density[1],
                     "%s: %g", cases[i].value, m->density[0]);
        change(&m, "density.y", "1000", false);
        REQUIRE(m->density[1] == 1000 && fabs(m->density[0] - cases[i].per_metre) < 1e-9);
        change(&m, "density", NULL, false);
        REQUIRE(m->density[0] == 0 && m->density[1] == 0);
        says(m, "exif.XResolution", NULL);
        kal__meta_unref(&m);
    }
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 300;
    test_every_tag();
    test_nothing_moves();
    test_places();
    test_iptc();
    if (xmp_is_read()) test_xmp_kept(), test_xmp_forms(), test_xmp_not_understood();
    for (uint64_t seed = 1; seed <= (uint64_t)rounds && xmp_is_read(); seed++) random_changes(seed);
    test_damage();
    test_no_memory();
    test_refused();
    test_density();
    test_no_growth();
    if (xmp_is_read()) test_places_everywhere();
    return check_done();
}
