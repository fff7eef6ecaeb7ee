// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// GeoTIFF: the place of a pixel stays the place of what was in it, whatever is done to the picture; gain maps are left out of every file and
// what is said of them with them; what is lost is said.
#include "files.h"

#include "geo.h"

#include <math.h>

// ---- a file -------------------------------------------------------------------------------------

typedef struct fields {
    kal__directory d;
    uint16_t keys[8];
} fields;

static kal_bytes tiff_of(kal_scope *s, kal__directory *geo)
{
    kal_bytes b, own;
    const kal_extent e = extent_of(60, 40, 1, KAL_U8);
    rng r = {4};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), "tiff", NULL), NULL, &b, &check_error));
    own = bytes_copy(b.data, b.size);
    kal_bytes_free(&b);
    // another directory behind the file, with the fields of the first and these
    kal__ifd t;
    kal__ifd_entry entry;
    kal__directory all = {0};
    kal__arena values = {0};
    REQUIRE(kal__ifd_open(&t, own.data, own.size));
    for (size_t i = 0; i < kal__ifd_count(&t, t.first); i++) {
        REQUIRE(kal__ifd_at(&t, t.first, i, &entry));
        void *v = kal__take(&values, entry.size, 1);
        kal__ifd_copy(&t, &entry, v);
        kal__directory_add(&all, entry.tag, entry.type, entry.count, v);
    }
    for (size_t i = 0; i < geo->n; i++)
        kal__directory_add(&all, geo->fields[i].tag, geo->fields[i].type, geo->fields[i].count,
                           geo->fields[i].data);
    if (own.size & 1) own = bytes_join(own, "", 1);
    const uint32_t at = (uint32_t)own.size;
    kal__text text = {0};
    kal__directory_put(&all, false, at, true, &text);
    own = bytes_join(own, text.data, text.size);
    memcpy((unsigned char *)own.data + 4, &at, 4);
    free(text.data);
    kal__directory_free(&all);
    kal__arena_free(&values);
    return own;
}

static void add(fields *f, unsigned tag, const double *v, size_t n)
{
    kal__directory_add(&f->d, tag, KAL__IFD_DOUBLE, n, v);
}

static void set_keys(fields *f, bool middles)
{
    const uint16_t keys[8] = {1, 1, 0, 1, 1025, 0, 1, middles ? 2 : 1};
    memcpy(f->keys, keys, sizeof keys);
    kal__directory_add(&f->d, 34735, KAL__IFD_SHORT, 8, f->keys);
}

// ---- what a file says ---------------------------------------------------------------------------

static size_t doubles(const kal__ifd *t, unsigned tag, double *out, size_t most)
{
    kal__ifd_entry e;
    if (!kal__ifd_find(t, t->first, tag, &e) || e.count > most) return 0;
    for (size_t i = 0; i < e.count; i++) out[i] = kal__ifd_number(t, &e, i);
    return e.count;
}

// By the specification: the place of a corner (x, y) of the picture; false: nothing says it.
static bool place_of(const kal_bytes *file, double x, double y, double out[2])
{
    kal__ifd t;
    kal__ifd_entry keys;
    double scale[3], point[6], m[16];
    REQUIRE(kal__ifd_open(&t, file->data, file->size));
    const bool middles = kal__ifd_find(&t, t.first, 34735, &keys) && kal__ifd_get(&t, keys.at + 14, 2) == 2;
    if (middles) x -= 0.5, y -= 0.5;
    const size_t n_scale = doubles(&t, 33550, scale, 3), n_point = doubles(&t, 33922, point, 6);
    if (doubles(&t, 34264, m, 16) == 16) {
        REQUIRE(!n_scale && !n_point);
        out[0] = m[0] * x + m[1] * y + m[3];
        out[1] = m[4] * x + m[5] * y + m[7];
        return true;
    }
    if (n_scale != 3 || n_point != 6) return false;
    out[0] = point[3] + (x - point[0]) * scale[0];
    out[1] = point[4] - (y - point[1]) * scale[1];
    return true;
}

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static char told[400];   // the last warning

static void warn(void *user, const kal_warning *w)
{
    (void)user;
    REQUIRE(w->rows == -1 && w->node);
    snprintf(told, sizeof told, "%s", w->text);
}

static kal_bytes saved_with(kal_node *n, const char *format, const char *params, const char **warning)
{
    kal_bytes b, own = {0};
    const kal_options o = {.warn = warn};
    kal_node *encoded = kal_encode(NULL, n, format, params);
    told[0] = 0;
    if (REQUIRE_OK(kal_read_bytes(encoded, &o, &b, &check_error))) {
        own = bytes_copy(b.data, b.size);
        kal_bytes_free(&b);
    }
    *warning = told[0] ? told : NULL;
    kal_node_unref(&encoded);
    return own;
}

static kal_bytes saved(kal_node *n, const char *format, const char **warning)
{
    return saved_with(n, format, NULL, warning);
}

// Each op, and where corner (0, 0) and corner (w, h) of what it gives were before, by hand.
static const struct {
    const char *op, *params;
    double first[2], last[2];
    bool straight;
} ops[] = {
    {"invert", "", {0, 0}, {60, 40}, true},
    {"gaussian", "sigma=2", {0, 0}, {60, 40}, true},
    {"crop", "x=7 y=5 width=20 height=10", {7, 5}, {27, 15}, true},
    {"embed", "x=2 y=3 width=100 height=90", {-2, -3}, {98, 87}, true},
    {"resize", "width=30 height=10", {0, 0}, {60, 40}, true},
    {"resize", "width=120 height=40", {0, 0}, {60, 40}, true},
    {"turn", "how=right", {0, 40}, {60, 0}, false},
    {"flip", "direction=horizontal", {60, 0}, {0, 40}, false},
    {"rotate", "angle=180", {60, 40}, {0, 0}, false},
};

static void follows(bool middles, bool matrix)
{
    static const double scale[3] = {2.5, 4, 0}, point[6] = {3, 2, 0, 500000.25, 4200000, 0},
                        m[16] = {2, 0.5, 0, 1000, 0.25, -3, 0, 2000, 0, 0, 1, 0, 0, 0, 0, 1};
    kal_scope *s = kal_scope_new();
    fields f = {{0}, {0}};
    if (matrix) {
        add(&f, 34264, m, 16);
    } else {
        add(&f, 33550, scale, 3);
        add(&f, 33922, point, 6);
    }
    set_keys(&f, middles);
    kal__directory_add(&f.d, 42113, KAL__IFD_ASCII, 6, "-9999");
    kal_bytes file = tiff_of(s, &f.d);
    kal__directory_free(&f.d);
    kal_node *n = kal_load_bytes(s, file.data, file.size, NULL);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        const char *warning;
        kal_node *after = kal_apply_text(s, ops[i].op, ops[i].params, &n, 1);
        kal_extent e;
        REQUIRE_OK(kal_node_extent(after, &e, &check_error));
        kal_bytes b = saved(after, "tiff", &warning);
        double was[2], is[2];
        for (int last = 0; last < 2; last++) {
            const double *from = last ? ops[i].last : ops[i].first;
            REQUIRE(place_of(&file, from[0], from[1], was));
            REQUIRE_NOTE(place_of(&b, last ? e.width : 0, last ? e.height : 0, is), "%s: nothing says it",
                         ops[i].op);
            REQUIRE_NOTE(close_to(is[0], was[0]) && close_to(is[1], was[1]),
                         "%s: %.9g, %.9g instead of %.9g, %.9g", ops[i].op, is[0], is[1], was[0], was[1]);
        }
        kal__ifd t;
        kal__ifd_entry entry;
        kal__ifd_open(&t, b.data, b.size);
        REQUIRE(kal__ifd_find(&t, t.first, 34264, &entry) == (matrix || !ops[i].straight));
        REQUIRE(kal__ifd_find(&t, t.first, 42113, &entry) && !memcmp(b.data + entry.at, "-9999", 6));
        REQUIRE(!warning);
        bytes_free(&b);
    }
    bytes_free(&file);
    kal_scope_free(&s);
}

static void lost(void)
{
    static const double scale[3] = {2.5, 4, 0}, point[6] = {3, 2, 0, 500000.25, 4200000, 0};
    const char *warning;
    double at[2];
    kal_scope *s = kal_scope_new();
    fields f = {{0}, {0}};
    add(&f, 33550, scale, 3);
    add(&f, 33922, point, 6);
    set_keys(&f, false);
    kal_bytes file = tiff_of(s, &f.d);
    kal__directory_free(&f.d);
    kal_node *n = kal_load_bytes(s, file.data, file.size, NULL);
    kal_node *slanted = kal_apply_text(s, "perspective", "from=[1 2 50 3 52 38 4 36]", &n, 1);
    kal_bytes b = saved(slanted, "tiff", &warning);
    REQUIRE_NOTE(warning && strstr(warning, "no affine map"), "%s", warning ? warning : "no warning");
    REQUIRE(!place_of(&b, 0, 0, at));
    bytes_free(&b);
    b = saved(n, "tiff", &warning);   // nothing was done: the very fields
    REQUIRE(!warning && place_of(&b, 3, 2, at) && at[0] == 500000.25 && at[1] == 4200000);
    kal_node *again = kal_load_bytes(s, b.data, b.size, NULL);
    kal_node *cropped = kal_crop(s, again, kal_crop_params(.x = 1, .y = 1, .width = 9, .height = 9));
    bytes_free(&b);
    b = saved(cropped, "tiff", &warning);
    REQUIRE(place_of(&b, 2, 1, at) && at[0] == 500000.25 && at[1] == 4200000);
    bytes_free(&b);
    b = saved(n, "png", &warning);   // no place for them there
    REQUIRE_NOTE(warning && strstr(warning, "png has no place for it"), "%s",
                 warning ? warning : "no warning");
    bytes_free(&b);
    b = saved_with(n, "png", "strip=true", &warning);
    REQUIRE(!warning);
    bytes_free(&b);
    b = saved(n, "pnm", &warning);
    REQUIRE_NOTE(warning && strstr(warning, "pnm has no place for it"), "%s",
                 warning ? warning : "no warning");
    kal_bytes_free(&b);
    b = saved(n, "hash", &warning);   // no picture comes back from it
    REQUIRE(!warning);
    bytes_free(&b);
    bytes_free(&file);
    kal_scope_free(&s);
}

// ---- gain maps ----------------------------------------------------------------------------------

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
static const char ultra[] =
    "<?xpacket begin=''?><!-- hdrgm: stays --><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='" RDF
    "'>"
    "<rdf:Description xmlns:C=\"http://ns.google.com/photos/1.0/container/\" "
    "xmlns:Item='http://ns.google.com/photos/1.0/container/item/' xmlns:hdrgm = "
    "\"http://ns.adobe.com/hdr-gain-map/1.0/\" hdrgm:Version=\"1.0\" "
    "xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "dc:source='a > b' hdrgm:GainMapMax='3.5'>"
    "<C:Directory><rdf:Seq><rdf:li rdf:parseType=\"Resource\"><C:Item Item:Semantic=\"Primary\"/></rdf:li>"
    "<rdf:li rdf:parseType='Resource'><C:Item Item:Semantic=\"GainMap\" "
    "Item:Length='66171'/></rdf:li></rdf:Seq></C:Directory>"
    "<dc:format>image/jpeg</dc:format><hdrgm:Gamma/></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket "
    "end='w'?>";
static const char plain[] =
    "<?xpacket begin=''?><!-- hdrgm: stays --><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='" RDF
    "'>"
    "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' dc:source='a > b'>"
    "<dc:format>image/jpeg</dc:format></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";

static kal_bytes jpeg_with(kal_scope *s, const char *tag, size_t tag_n, const char *body)
{
    kal_bytes b;
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    rng r = {6};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), "jpeg", NULL), NULL, &b, &check_error));
    const size_t n = tag_n + strlen(body) + 2;
    unsigned char head[4] = {0xff, tag[0] == 'u' ? 0xe2 : 0xe1, (unsigned char)(n >> 8), (unsigned char)n};
    kal_bytes segment = bytes_join(bytes_join(bytes_copy(head, 4), tag, tag_n), body, strlen(body));
    const kal_bytes out = bytes_insert(&b, 2, &segment);
    bytes_free(&segment);
    kal_bytes_free(&b);
    return out;
}

static void no_gain_map(void)
{
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/", iso[] = "urn:iso:std:iso:ts:21496:-1";
    static const char *const formats[] = {"jpeg", "png", "tiff", "webp", "jxl", "gif"};
    const char *warning;
    const void *data;
    size_t size;
    kal_scope *s = kal_scope_new();
    kal_bytes file = jpeg_with(s, xmp, sizeof xmp, ultra);
    kal_node *n = kal_load_bytes(s, file.data, file.size, NULL);
    REQUIRE(kal_node_meta(n, "xmp", &data, &size) && size == sizeof ultra - 1);   // what the file says
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        kal_node *encoded = kal_encode(s, n, formats[i], NULL);
        if (kal_node_error(encoded, &check_error)) {
            check_skip("%s", check_error.message);
            continue;
        }
        kal_bytes b = saved(n, formats[i], &warning);
        REQUIRE_NOTE(warning && strstr(warning, "gain map"), "%s", formats[i]);
        kal_node *again = kal_load_bytes(s, b.data, b.size, NULL);
        REQUIRE_OK(kal_node_error(again, &check_error));
        REQUIRE_NOTE(kal_node_meta(again, "xmp", &data, &size) && size == sizeof plain - 1 &&
                         !memcmp(data, plain, size),
                     "%s: %.*s", formats[i], (int)size, (const char *)data);
        kal_bytes twice = saved(again, formats[i], &warning);
        REQUIRE(!warning);
        bytes_free(&twice);
        bytes_free(&b);
    }
    kal_bytes bare = saved_with(n, "jpeg", "strip=true", &warning);
    REQUIRE(!warning);
    bytes_free(&bare);
    bare = saved_with(n, "jpeg", "lossless_outside=true", &warning);
    REQUIRE(warning && strstr(warning, "gain map"));
    kal_node *kept = kal_load_bytes(s, bare.data, bare.size, NULL);
    REQUIRE(!kal_node_meta(kept, "xmp", &data, &size) ||
            (size == sizeof plain - 1 && !memcmp(data, plain, size)));
    bytes_free(&bare);
    bytes_free(&file);
    file = jpeg_with(s, xmp, sizeof xmp,
                     "<a xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/' h:Version='1'><h:x></a");
    kal_bytes b = saved(kal_load_bytes(s, file.data, file.size, NULL), "jpeg",
                        &warning);   // makes no sense: it goes whole
    REQUIRE(warning && !kal_node_meta(kal_load_bytes(s, b.data, b.size, NULL), "xmp", &data, &size));
    bytes_free(&b);
    bytes_free(&file);
    file = jpeg_with(s, iso, sizeof iso, "");
    b = saved(kal_load_bytes(s, file.data, file.size, NULL), "png", &warning);
    REQUIRE(warning);
    bytes_free(&b);
    bytes_free(&file);
    kal_scope_free(&s);
}

bool kal__heif_gain(const unsigned char *p, size_t n);

static kal_bytes box(const char *type, const void *data, size_t n, kal_bytes inner)
{
    unsigned char head[8];
    put_be(head, (uint32_t)(8 + n + inner.size), 4);
    memcpy(head + 4, type, 4);
    kal_bytes b = bytes_join(bytes_join(bytes_copy(head, 8), data, n),
                             inner.data ? (const void *)inner.data : "", inner.size);
    bytes_free(&inner);
    return b;
}

static void heif_boxes(void)
{
    static const char apple[] = "\0\0\0\0urn:com:apple:photo:2020:aux:hdrgainmap",
                      depth[] = "\0\0\0\0urn:mpeg:hevc:2015:auxid:2";
    static const char count[6] = {0, 0, 0, 0, 0, 1}, tmap[12] = "\2\0\0\0\0\1\0\0tmap",
                      hvc1[12] = "\2\0\0\0\0\1\0\0hvc1";
    const kal_bytes none = {0};
    for (int i = 0; i < 4; i++) {
        kal_bytes meta = i < 2
                             ? box("iprp", "", 0,
                                   box("ipco", "", 0,
                                       box("auxC", i ? depth : apple, i ? sizeof depth : sizeof apple, none)))
                             : box("iinf", count, 6, box("infe", i == 2 ? tmap : hvc1, 12, none));
        kal_bytes file = box("ftyp", "heic\0\0\0\0mif1", 12, none), whole = box("meta", "\0\0\0\0", 4, meta);
        file = bytes_join(file, whole.data, whole.size);
        REQUIRE_NOTE(kal__heif_gain(file.data, file.size) == !(i & 1), "boxes %d", i);
        for (size_t n = 0; n < file.size; n++) kal__heif_gain(file.data, n);
        bytes_free(&whole);
        bytes_free(&file);
    }
}

int main(void)
{
    heif_boxes();
    follows(false, false);
    follows(true, false);
    follows(false, true);
    follows(true, true);
    lost();
    no_gain_map();
    return check_done();
}
