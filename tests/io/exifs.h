// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata made by hand: EXIF blocks in either byte order, of a camera that says a lot; IPTC; XMP.
#ifndef EXIFS_H
#define EXIFS_H

#include "files.h"

#include "fields.h"

// ---- blocks by hand -----------------------------------------------------------------------------

enum { MAIN, PHOTO, GPS, THUMBNAIL, PARTS };

typedef struct row {
    int part;
    unsigned tag, type, count;
    const char *text;      // ASCII, BYTE, UNDEFINED …
    uint32_t numbers[8];   // … or these, of a rational two each
} row;

typedef struct block {
    unsigned char p[4096];
    size_t n;
    bool big;
} block;

static inline void put(block *b, size_t at, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        b->p[at + (size_t)(b->big ? bytes - 1 - i : i)] = (unsigned char)(v >> (8 * i));
}

static inline size_t number_bytes(unsigned type)
{
    return type == 3 ? 2 : type == 4 || type == 5 || type == 10 ? 4 : 1;
}

static inline void put_value(block *b, size_t entry, const row *r)
{
    const size_t each = number_bytes(r->type), pairs = r->type == 5 || r->type == 10 ? 2 : 1;
    const size_t bytes = each * pairs * r->count;
    size_t at = entry + 8;
    if (bytes > 4) {
        put(b, at, (uint32_t)b->n, 4);
        at = b->n;
        b->n += bytes + (bytes & 1);
    }
    if (r->text) memcpy(b->p + at, r->text, bytes);
    for (size_t i = 0; !r->text && i < r->count * pairs; i++) put(b, at + i * each, r->numbers[i], (int)each);
}

static inline size_t put_part(block *b, const row *rows, size_t n, int part)
{
    const size_t at = b->n;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) k += rows[i].part == part;
    put(b, at, (uint32_t)k, 2);
    b->n += 2 + 12 * k + 4;
    size_t entry = at + 2;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].part != part) continue;
        put(b, entry, rows[i].tag, 2);
        put(b, entry + 2, rows[i].type, 2);
        put(b, entry + 4, rows[i].count, 4);
        put_value(b, entry, &rows[i]);
        entry += 12;
    }
    return at;
}

// Pointers are rows of the main part, which has them patched when the others are there.
static inline void make_block(block *b, const row *rows, size_t n, bool big)
{
    static const unsigned pointers[PARTS] = {0, 34665, 34853, 0};
    memset(b, 0, sizeof *b);
    b->big = big;
    b->n = 8;
    b->p[0] = b->p[1] = big ? 'M' : 'I';
    put(b, 2, 42, 2);
    put(b, 4, 8, 4);
    const size_t head = put_part(b, rows, n, MAIN);
    size_t count = 0, at[PARTS] = {head};
    for (size_t i = 0; i < n; i++) count += rows[i].part == MAIN;
    for (int part = PHOTO; part < PARTS; part++) at[part] = put_part(b, rows, n, part);
    size_t entry = head + 2;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].part != MAIN) continue;
        for (int part = PHOTO; part <= GPS; part++)
            if (rows[i].tag == pointers[part]) put(b, entry + 8, (uint32_t)at[part], 4);
        entry += 12;
    }
    put(b, entry, (uint32_t)at[THUMBNAIL], 4);
    for (size_t i = 0; i < n; i++)   // the thumbnail's bytes, last
        if (rows[i].part == THUMBNAIL && rows[i].tag == 513) {
            memset(b->p + b->n, 0xaa, 100);
            put(b, at[THUMBNAIL] + 2 + 12 * 1 + 8, (uint32_t)b->n, 4);
            b->n += 100;
        }
}

static const row camera[] = {
    {MAIN, 256, 4, 1, NULL, {4000}},
    {MAIN, 271, 2, 6, "Canon\0", {0}},
    {MAIN, 274, 3, 1, NULL, {6}},
    {MAIN, 282, 5, 1, NULL, {300, 1}},
    {MAIN, 283, 5, 1, NULL, {150, 1}},
    {MAIN, 296, 3, 1, NULL, {2}},
    {MAIN, 315, 2, 4, "R\xe9\x6d\0", {0}},   // Latin-1
    {MAIN, 34665, 4, 1, NULL, {0}},
    {MAIN, 34853, 4, 1, NULL, {0}},
    {MAIN, 40091, 1, 8, "H\0i\0\xac\x20\0\0", {0}},   // UTF-16
    {MAIN,
     50341,
     7,
     200,
     "PrintIM\0............................................................................................"
     "..................................................................................................."
     "...",
     {0}},
    {PHOTO, 33434, 5, 1, NULL, {1, 125}},
    {PHOTO, 34855, 3, 1, NULL, {400}},
    {PHOTO, 36864, 7, 4, "0230", {0}},
    {PHOTO, 37380, 10, 1, NULL, {(uint32_t)-2, 3}},
    {PHOTO, 37382, 5, 1, NULL, {1, 0}},
    {PHOTO, 37396, 3, 4, NULL, {10, 20, 30, 40}},
    {PHOTO, 37510, 7, 13, "ASCII\0\0\0hello", {0}},
    {PHOTO, 40962, 4, 1, NULL, {4000}},
    {PHOTO, 41486, 5, 1, NULL, {3000, 1}},
    {PHOTO, 42034, 5, 2, NULL, {24, 1, 70, 1}},
    {PHOTO, 0xfedc, 3, 1, NULL, {7}},
    {GPS, 1, 2, 2, "S\0", {0}},
    {GPS, 2, 5, 3, NULL, {33, 1, 51, 1, 3150, 100}},
    {GPS, 3, 2, 2, "E\0", {0}},
    {GPS, 4, 5, 3, NULL, {151, 1, 12, 1, 36, 1}},
    {GPS, 5, 1, 1, "\1", {0}},
    {GPS, 6, 5, 1, NULL, {125, 10}},
    {THUMBNAIL, 259, 3, 1, NULL, {6}},
    {THUMBNAIL, 513, 4, 1, NULL, {0}},
    {THUMBNAIL, 514, 4, 1, NULL, {100}},
};
#define CAMERA (sizeof camera / sizeof *camera)

static const unsigned char iptc_block[] = "\x1c\x01\x5a\0\3\x1b%G"
                                          "\x1c\x02\0\0\2\0\4"
                                          "\x1c\x02\x19\0\5trees"
                                          "\x1c\x02\x19\0\5Stra\xdf"   // Latin-1: ß
                                          "\x1c\x02\x5a\x80\2\0\7Z\xc3\xbcrich"
                                          "\x1c\x02\x78\0\4Here"
                                          "\x1c\x02\xd9\0\1x";

static const char xmp_block[] =
    "<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n"
    "<rdf:Description rdf:about='' xmlns:a='http://ns.adobe.com/xap/1.0/' a:Rating='4' "
    "xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:my='urn:mine'>\n"
    "<a:CreatorTool>A &amp; B</a:CreatorTool>\n"
    "<my:thing>here</my:thing>\n"
    "<a:BaseURL rdf:resource='http://example.org/'/>\n"
    "<d:title><rdf:Alt><rdf:li xml:lang='x-default'>Hill</rdf:li><rdf:li "
    "xml:lang='de'>H\xc3\xbcgel</rdf:li></rdf:Alt></d:title>\n"
    "<d:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></d:subject>\n"
    "<d:creator><rdf:Seq><rdf:li>me</rdf:li></rdf:Seq></d:creator>\n"
    "<a:Thumbnails><rdf:Alt><rdf:li "
    "rdf:parseType='Resource'><a:x>no</a:x></rdf:li></rdf:Alt></a:Thumbnails>\n"
    "<a:Info rdf:parseType='Resource'><a:y>no</a:y></a:Info>\n"
    "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end='w'?>\0\0";

static inline kal__blob blob_of(const void *p, size_t n)
{
    return (kal__blob){(void *)(uintptr_t)p, n};
}

static const kal__meta nothing = {.refs = 1, .orientation = 1, .pages = 1, .delay = -1, .loops = -1};

static inline void drop_fields(kal__meta *m)
{
    kal__fields_free(m->fields);
    m->fields = NULL;
}

static inline kal_bytes photo_of(kal_scope *s, int orientation)
{
    row rows[CAMERA];
    block b;
    memcpy(rows, camera, sizeof rows);
    rows[2].numbers[0] = (uint32_t)orientation;
    make_block(&b, rows, CAMERA, true);
    rng r = {5};
    const kal_extent e = extent_of(40, 20, 3, KAL_U8);
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), with = bytes_copy(jpeg.data, jpeg.size);
    const kal_bytes exif = {b.p, b.n};
    add_to_jpeg(&with, &exif, NULL, NULL);
    kal_bytes_free(&jpeg);
    return with;
}

#endif
