// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The boxes of a HEIF file, as far as we look at them ourselves: brands, whether the file was cut short, and
// whether the primary picture is gray, and made of how many. Every length is checked against what is there; anything odd is left to
// libheif to name.
#include "heif.h"

#include <string.h>

typedef struct span {
    const unsigned char *p;
    size_t n;
} span;

static uint64_t be(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

static bool skip(span *s, size_t n)
{
    if (n > s->n) return false;
    s->p += n;
    s->n -= n;
    return true;
}

// The next box of `in`: its name and body. false: none, or one that does not fit.
static bool next_box(span *in, const unsigned char **type, span *body)
{
    if (in->n < 8) return false;
    uint64_t size = be(in->p, 4);
    size_t head = 8;
    *type = in->p + 4;
    if (size == 1 && in->n >= 16) {
        size = be(in->p + 8, 8);
        head = 16;
    } else if (size == 0) {
        size = in->n;   // to the end
    }
    if (size < head || size > in->n) return false;
    *body = (span){in->p + head, (size_t)size - head};
    return skip(in, (size_t)size);
}

static bool find_box(span in, const char *name, span *body)
{
    const unsigned char *type;
    while (next_box(&in, &type, body))
        if (!memcmp(type, name, 4)) return true;
    return false;
}

bool kal__heif_cut(const unsigned char *p, size_t n, char type[5])
{
    span file = {p, n}, body;
    const unsigned char *name;
    while (next_box(&file, &name, &body)) continue;
    if (file.n < 8) {
        strcpy(type, "????");
        return file.n > 0;
    }
    memcpy(type, file.p + 4, 4);
    type[4] = 0;
    for (int i = 0; i < 4; i++)
        if (type[i] < ' ' || type[i] > '~') return false;   // not a box at all
    const uint64_t size = be(file.p, 4);
    return size == 1 ? file.n < 16 || be(file.p + 8, 8) > file.n : size > file.n;
}

// Where the boxes within one begin; -1: there are none, or none that are read.
static int within(const unsigned char *type, span body)
{
    static const struct {
        char name[5];
        int at;
    } holders[] = {{"meta", 4}, {"iprp", 0}, {"ipco", 0}, {"dinf", 0}, {"dref", 8}, {"grpl", 0}, {"udta", 0},
                   {"moov", 0}, {"trak", 0}, {"mdia", 0}, {"minf", 0}, {"stbl", 0}, {"stsd", 8}};
    if (!memcmp(type, "iinf", 4)) return body.n && body.p[0] ? 8 : 6;
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
        if (!memcmp(type, holders[i].name, 4)) return holders[i].at;
    return -1;
}

static bool deeper(span in, uint32_t most)
{
    const unsigned char *type;
    span body;
    while (next_box(&in, &type, &body)) {
        const int at = within(type, body);
        if (!most) return true;
        if (at >= 0 && skip(&body, (size_t)at) && deeper(body, most - 1)) return true;
    }
    return false;
}

bool kal__heif_deeper(const unsigned char *p, size_t n, uint32_t most)
{
    return deeper((span){p, n},
                  most < 64 ? most : 64);   // what calls itself stays shallow, whatever the limit
}

// ---- chroma -------------------------------------------------------------------------------------

// A FullBox: version and flags, then an item id of 2 or 4 bytes.
static bool primary_item(span meta, uint64_t *id)
{
    span pitm;
    if (!find_box(meta, "pitm", &pitm) || pitm.n < 6) return false;
    const size_t width = pitm.p[0] ? 4 : 2;
    if (pitm.n < 4 + width) return false;
    *id = be(pitm.p + 4, width);
    return true;
}

// The chroma format (0 gray, 1 4:2:0, 2 4:2:2, 3 4:4:4) that property number `index` (from 1) tells; -1:
// none. pixi would tell gray too, but libheif once wrote it wrong.
static int property_chroma(span ipco, uint64_t index, bool *hevc)
{
    const unsigned char *type;
    span body = {NULL, 0};
    for (; index; index--)
        if (!next_box(&ipco, &type, &body)) return -1;
    *hevc = body.n > 16 && !memcmp(type, "hvcC", 4);
    if (*hevc) return body.p[16] & 3;
    if (body.n <= 2 || memcmp(type, "av1C", 4) != 0) return -1;
    const int bits = body.p[2] >> 2 & 7;   // monochrome, half the width, half the height
    return bits & 4 ? 0 : bits == 3 ? 1 : bits == 2 ? 2 : 3;
}

// ipma: count, then per item its id, a count, and property numbers whose top bit means essential.
static int item_chroma(span ipma, span ipco, uint64_t id, bool *hevc)
{
    if (ipma.n < 8) return -1;
    const size_t id_width = ipma.p[0] ? 4 : 2, width = ipma.p[3] & 1 ? 2 : 1;
    uint64_t count = be(ipma.p + 4, 4);
    for (skip(&ipma, 8); count && ipma.n > id_width; count--) {
        const bool here = be(ipma.p, id_width) == id;
        const size_t n = ipma.p[id_width];
        skip(&ipma, id_width + 1);
        for (size_t i = 0; here && i < n && (i + 1) * width <= ipma.n; i++) {
            const int chroma =
                property_chroma(ipco, be(ipma.p + i * width, width) & (width > 1 ? 0x7fff : 0x7f), hevc);
            if (chroma >= 0) return chroma;
        }
        if (!skip(&ipma, n * width)) return -1;
    }
    return -1;
}

int kal__heif_chroma(const unsigned char *p, size_t n, bool *hevc)
{
    const span file = {p, n};
    span meta, iprp, ipco, ipma;
    uint64_t id;
    *hevc = false;
    if (!find_box(file, "meta", &meta) || !skip(&meta, 4) || !primary_item(meta, &id) ||
        !find_box(meta, "iprp", &iprp) || !find_box(iprp, "ipco", &ipco) || !find_box(iprp, "ipma", &ipma))
        return -1;
    return item_chroma(ipma, ipco, id, hevc);
}

// ---- tiles --------------------------------------------------------------------------------------

// iref: boxes named by what they say, here "dimg", made of: an item id, a count and the ids of its parts.
static uint64_t parts_of(span iref, uint64_t id)
{
    const unsigned char *type;
    span body;
    const size_t width = iref.n && iref.p[0] ? 4 : 2;
    if (!skip(&iref, 4)) return 0;
    while (next_box(&iref, &type, &body))
        if (!memcmp(type, "dimg", 4) && body.n >= width + 2 && be(body.p, width) == id)
            return be(body.p + width, 2);
    return 0;
}

int kal__heif_tiles(const unsigned char *p, size_t n)
{
    const span file = {p, n};
    span meta, iref;
    uint64_t id;
    if (!find_box(file, "meta", &meta) || !skip(&meta, 4) || !primary_item(meta, &id) ||
        !find_box(meta, "iref", &iref))
        return 1;
    const uint64_t parts = parts_of(iref, id);
    return parts ? (int)parts : 1;
}

// ---- what libheif cannot read -------------------------------------------------------------------

// iinf: a count, then infe boxes: version 2 or 3, item id, protection, the item's type.
static bool item_type(span iinf, uint64_t id, char out[5])
{
    const unsigned char *type;
    span infe;
    if (iinf.n < 6 || !skip(&iinf, iinf.p[0] ? 8 : 6)) return false;
    while (next_box(&iinf, &type, &infe)) {
        const size_t width = infe.n && infe.p[0] == 3 ? 4 : 2;
        if (infe.n < 4 + width + 6 || infe.p[0] < 2 || be(infe.p + 4, width) != id) continue;
        memcpy(out, infe.p + 4 + width + 2, 4);
        out[4] = 0;
        return true;
    }
    return false;
}

bool kal__heif_strange(const unsigned char *p, size_t n, char kind[5])
{
    static const char known[][5] = {"hvc1", "av01", "grid", "iden", "iovl"};
    const span file = {p, n};
    span meta, iinf;
    uint64_t id;
    strcpy(kind, "mini");
    if (n >= 12 && !memcmp(p + 8, "mif3", 4)) return true;   // the short header: no meta box at all
    if (!find_box(file, "meta", &meta) || !skip(&meta, 4) || !primary_item(meta, &id) ||
        !find_box(meta, "iinf", &iinf) || !item_type(iinf, id, kind))
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!memcmp(kind, known[i], 4)) return false;
    for (int i = 0; i < 4; i++)
        if (kind[i] < ' ' || kind[i] > '~') return false;
    return true;
}

// ---- gain maps ----------------------------------------------------------------------------------

// A property of an auxiliary picture says what it is for, or an item is a picture made of a base and its gain map (ISO 21496-1).
bool kal__heif_gain(const unsigned char *p, size_t n)
{
    static const char apple[] = "urn:com:apple:photo:2020:aux:hdrgainmap";
    const span file = {p, n};
    const unsigned char *type;
    span meta, iprp, ipco, iinf, body;
    if (!find_box(file, "meta", &meta) || !skip(&meta, 4)) return false;
    if (find_box(meta, "iprp", &iprp) && find_box(iprp, "ipco", &ipco))
        while (next_box(&ipco, &type, &body))
            if (!memcmp(type, "auxC", 4) && body.n >= 4 + sizeof apple - 1 &&
                !memcmp(body.p + 4, apple, sizeof apple - 1))
                return true;
    if (!find_box(meta, "iinf", &iinf) || iinf.n < 6 || !skip(&iinf, iinf.p[0] ? 8 : 6)) return false;
    while (next_box(&iinf, &type, &body)) {
        const size_t width = body.n && body.p[0] == 3 ? 4 : 2;
        if (body.n >= 4 + width + 6 && body.p[0] >= 2 && !memcmp(body.p + 4 + width + 2, "tmap", 4))
            return true;
    }
    return false;
}

// ---- brands -------------------------------------------------------------------------------------

// The brands that name a coding; mif1, msf1 and mif3 say only that the file is of the family.
static const struct {
    char name[5];
    bool av1;
} brands[] = {{"avif", true},  {"avis", true},  {"heic", false}, {"heix", false}, {"hevc", false},
              {"hevx", false}, {"heim", false}, {"heis", false}, {"hevm", false}, {"hevs", false}};
static const char families[][5] = {"mif1", "msf1", "mif2", "mif3"};

enum { OTHER, FAMILY, HEVC, AV1 };

static int brand(const unsigned char *p)
{
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (!memcmp(p, brands[i].name, 4)) return brands[i].av1 ? AV1 : HEVC;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (!memcmp(p, families[i], 4)) return FAMILY;
    return OTHER;
}

// The main brand decides; one that names only the family leaves it to the minor version's place (mif3) and
// the list.
static int coding(const unsigned char *head, size_t n)
{
    if (n < 12 || memcmp(head + 4, "ftyp", 4) != 0) return OTHER;
    const uint64_t size = be(head, 4);
    const int main = brand(head + 8);
    if (main != FAMILY) return main;
    for (size_t at = 12; at + 4 <= n && at + 4 <= size; at += 4)
        if (brand(head + at) > FAMILY) return brand(head + at);
    return HEVC;
}

bool kal__heif_is_hevc(const unsigned char *head, size_t n)
{
    return coding(head, n) == HEVC;
}

bool kal__heif_is_av1(const unsigned char *head, size_t n)
{
    return coding(head, n) == AV1;
}
