// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The boxes of a HEIF file, as far as we look at them ourselves: brands, whether the file was cut short, and
// whether the primary picture is gray, and made of how many. Every length is checked against what is there; anything odd is left to
// libheif to name.
#include "heif.h"
#include "heif_boxes.h"

bool kal__heif_cut(const unsigned char *p, size_t n, char type[5])
{
    kal__span file = {p, n}, body;
    const unsigned char *name;
    while (kal__next_box(&file, &name, &body)) continue;
    if (file.n < 8) {
        strcpy(type, "????");
        return file.n > 0;
    }
    memcpy(type, file.p + 4, 4);
    type[4] = 0;
    for (int i = 0; i < 4; i++)
        if (type[i] < ' ' || type[i] > '~') return false;   // not a box at all
    const uint64_t size = kal__be(file.p, 4);
    return size == 1 ? file.n < 16 || kal__be(file.p + 8, 8) > file.n : size > file.n;
}

// Where the boxes within one begin; -1: there are none, or none that are read.
static int within(const unsigned char *type, kal__span body)
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

static bool deeper(kal__span in, uint32_t most)
{
    const unsigned char *type;
    kal__span body;
    while (kal__next_box(&in, &type, &body)) {
        const int at = within(type, body);
        if (!most) return true;
        if (at >= 0 && kal__skip(&body, (size_t)at) && deeper(body, most - 1)) return true;
    }
    return false;
}

bool kal__heif_deeper(const unsigned char *p, size_t n, uint32_t most)
{
    return deeper((kal__span){p, n},
                  most < 64 ? most : 64);   // what calls itself stays shallow, whatever the limit
}

// ---- chroma -------------------------------------------------------------------------------------

// The chroma format (0 gray, 1 4:2:0, 2 4:2:2, 3 4:4:4) that property number `index` (from 1) tells; -1:
// none. pixi would tell gray too, but libheif once wrote it wrong.
static int property_chroma(kal__span ipco, uint64_t index, bool *hevc)
{
    const unsigned char *type;
    kal__span body = {NULL, 0};
    for (; index; index--)
        if (!kal__next_box(&ipco, &type, &body)) return -1;
    *hevc = body.n > 16 && !memcmp(type, "hvcC", 4);
    if (*hevc) return body.p[16] & 3;
    if (body.n <= 2 || memcmp(type, "av1C", 4) != 0) return -1;
    const int bits = body.p[2] >> 2 & 7;   // monochrome, half the width, half the height
    return bits & 4 ? 0 : bits == 3 ? 1 : bits == 2 ? 2 : 3;
}

// ipma: count, then per item its id, a count, and property numbers whose top bit means essential.
static int item_chroma(kal__span ipma, kal__span ipco, uint64_t id, bool *hevc)
{
    if (ipma.n < 8) return -1;
    const size_t id_width = ipma.p[0] ? 4 : 2, width = ipma.p[3] & 1 ? 2 : 1;
    uint64_t count = kal__be(ipma.p + 4, 4);
    for (kal__skip(&ipma, 8); count && ipma.n > id_width; count--) {
        const bool here = kal__be(ipma.p, id_width) == id;
        const size_t n = ipma.p[id_width];
        kal__skip(&ipma, id_width + 1);
        for (size_t i = 0; here && i < n && (i + 1) * width <= ipma.n; i++) {
            const int chroma =
                property_chroma(ipco, kal__be(ipma.p + i * width, width) & (width > 1 ? 0x7fff : 0x7f), hevc);
            if (chroma >= 0) return chroma;
        }
        if (!kal__skip(&ipma, n * width)) return -1;
    }
    return -1;
}

int kal__heif_chroma(const unsigned char *p, size_t n, bool *hevc)
{
    const kal__span file = {p, n};
    kal__span meta, iprp, ipco, ipma;
    uint64_t id;
    *hevc = false;
    if (!kal__find_box(file, "meta", &meta) || !kal__skip(&meta, 4) || !kal__primary_item(meta, &id) ||
        !kal__find_box(meta, "iprp", &iprp) || !kal__find_box(iprp, "ipco", &ipco) ||
        !kal__find_box(iprp, "ipma", &ipma))
        return -1;
    return item_chroma(ipma, ipco, id, hevc);
}

// ---- tiles --------------------------------------------------------------------------------------

// iref: boxes named by what they say, here "dimg", made of: an item id, a count and the ids of its parts.
static uint64_t parts_of(kal__span iref, uint64_t id)
{
    const unsigned char *type;
    kal__span body;
    const size_t width = iref.n && iref.p[0] ? 4 : 2;
    if (!kal__skip(&iref, 4)) return 0;
    while (kal__next_box(&iref, &type, &body))
        if (!memcmp(type, "dimg", 4) && body.n >= width + 2 && kal__be(body.p, width) == id)
            return kal__be(body.p + width, 2);
    return 0;
}

int kal__heif_tiles(const unsigned char *p, size_t n)
{
    const kal__span file = {p, n};
    kal__span meta, iref;
    uint64_t id;
    if (!kal__find_box(file, "meta", &meta) || !kal__skip(&meta, 4) || !kal__primary_item(meta, &id) ||
        !kal__find_box(meta, "iref", &iref))
        return 1;
    const uint64_t parts = parts_of(iref, id);
    return parts ? (int)parts : 1;
}

// ---- what libheif cannot read -------------------------------------------------------------------

// A text that ends within s, which is then behind it; NULL: it does not.
static const char *take_text(kal__span *s)
{
    const char *text = (const char *)s->p;
    const unsigned char *end = s->n ? memchr(s->p, 0, s->n) : NULL;
    return end && kal__skip(s, (size_t)(end - s->p) + 1) ? text : NULL;
}

bool kal__heif_items(kal__span meta, kal__span *infes)
{
    return kal__find_box(meta, "iinf", infes) && infes->n >= 6 && kal__skip(infes, infes->p[0] ? 8 : 6);
}

// infe of version 2 or 3: item id, protection, the item's type, its name; of "mime" what it is and how it is packed.
bool kal__next_item(kal__span *infes, kal__heif_item *out)
{
    const unsigned char *type;
    kal__span infe;
    while (kal__next_box(infes, &type, &infe)) {
        uint64_t v, id, guard;
        if (memcmp(type, "infe", 4) || !kal__take_be(&infe, 4, &v) || v >> 24 < 2 || infe.n < 6) continue;
        *out = (kal__heif_item){.hidden = v & 1, .content = "", .encoding = ""};
        if (!kal__take_be(&infe, v >> 24 == 3 ? 4 : 2, &id) || !kal__take_be(&infe, 2, &guard) || infe.n < 4)
            continue;
        out->id = id;
        memcpy(out->type, infe.p, 4);
        kal__skip(&infe, 4);
        if (take_text(&infe) && !memcmp(out->type, "mime", 4)) {
            const char *content = take_text(&infe), *encoding = content ? take_text(&infe) : NULL;
            if (content) out->content = content;
            if (encoding) out->encoding = encoding;
        }
        return true;
    }
    return false;
}

bool kal__heif_strange(const unsigned char *p, size_t n, char kind[5])
{
    static const char known[][5] = {"hvc1", "av01", "grid", "iden", "iovl"};
    const kal__span file = {p, n};
    kal__span meta, infes;
    kal__heif_item item;
    uint64_t id;
    strcpy(kind, "mini");
    if (n >= 12 && !memcmp(p + 8, "mif3", 4)) return true;   // the short header: no meta box at all
    if (!kal__find_box(file, "meta", &meta) || !kal__skip(&meta, 4) || !kal__primary_item(meta, &id) ||
        !kal__heif_items(meta, &infes))
        return false;
    do
        if (!kal__next_item(&infes, &item)) return false;
    while (item.id != id);
    memcpy(kind, item.type, 4);
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
    const kal__span file = {p, n};
    const unsigned char *type;
    kal__heif_item item;
    kal__span meta, iprp, ipco, infes, body;
    if (!kal__find_box(file, "meta", &meta) || !kal__skip(&meta, 4)) return false;
    if (kal__find_box(meta, "iprp", &iprp) && kal__find_box(iprp, "ipco", &ipco))
        while (kal__next_box(&ipco, &type, &body))
            if (!memcmp(type, "auxC", 4) && body.n >= 4 + sizeof apple - 1 &&
                !memcmp(body.p + 4, apple, sizeof apple - 1))
                return true;
    if (!kal__heif_items(meta, &infes)) return false;
    while (kal__next_item(&infes, &item))
        if (!memcmp(item.type, "tmap", 4)) return true;
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
    const uint64_t size = kal__be(head, 4);
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
