// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// BMP: files by hand for every header, depth and compression after the format's description, what is written, files that are none.
#include "files.h"

#define DATA(s) s, sizeof(s) - 1

typedef struct file {
    uint32_t size;   // of the second header
    int32_t width, height;
    uint32_t bits, compression, colours;
    const char *between;   // masks and palette
    size_t n_between;
    const char *pixels;
    size_t n;
} file;

static void put_le(unsigned char *p, uint32_t v, int n)
{
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * i));
}

static kal_bytes bmp(const file *f, const uint32_t masks[4])
{
    unsigned char head[14 + 124] = "BM", *p = head + 14;
    put_le(head + 10, 14 + f->size + (uint32_t)f->n_between, 4);
    put_le(p, f->size, 4);
    if (f->size == 12) {
        put_le(p + 4, (uint32_t)f->width, 2), put_le(p + 6, (uint32_t)f->height, 2);
        put_le(p + 8, 1, 2), put_le(p + 10, f->bits, 2);
    } else {
        put_le(p + 4, (uint32_t)f->width, 4), put_le(p + 8, (uint32_t)f->height, 4);
        put_le(p + 12, 1, 2), put_le(p + 14, f->bits, 2);
        put_le(p + 16, f->compression, 4), put_le(p + 32, f->colours, 4);
        for (int i = 0; i < 4 && masks; i++) put_le(p + 40 + 4 * i, masks[i], 4);
    }
    return bytes_join(bytes_join(bytes_copy(head, 14 + f->size), f->between, f->n_between), f->pixels, f->n);
}

static void reads(file f, const uint32_t masks[4], kal_extent e, const void *pixels, const char *what)
{
    kal_bytes b = bmp(&f, masks);
    require_picture(b.data, b.size, NULL, &e, pixels, what);
    bytes_free(&b);
}

#define BLACK_WHITE DATA("\0\0\0\0\xff\xff\xff\0")
#define RED_GREEN_BLUE DATA("\0\0\xff\0\0\xff\0\0\xff\0\0\0")

static void colours(void)
{
    const kal_extent gray = extent_of(3, 2, 1, KAL_U8), rgb = extent_of(3, 2, 3, KAL_U8);
    static const char six[] = "\xff\0\0\0\xff\0\0\0\xff\0\0\xff\0\xff\0\xff\0\0";   // r g b, b g r
    reads((file){40, 3, 2, 1, 0, 0, BLACK_WHITE, DATA("\xa0\0\0\0\x40\0\0")}, NULL,
          gray,   // without its last byte
          "\0\xff\0\xff\0\xff", "1 bit");
    reads((file){40, 3, -2, 1, 0, 2, BLACK_WHITE, DATA("\xa0\0\0\0\x40\0\0\0")}, NULL, gray,
          "\xff\0\xff\0\xff\0", "1 bit, the first row first");
    reads((file){12, 3, 2, 1, 0, 0, DATA("\x10\x20\x30\0\0\xff"), DATA("\xa0\0\0\0\x40\0\0\0")}, NULL, rgb,
          "\x30\x20\x10\xff\0\0\x30\x20\x10\xff\0\0\x30\x20\x10\xff\0\0", "1 bit, OS/2");
    reads((file){40, 3, 2, 2, 0, 3, RED_GREEN_BLUE, DATA("\x90\0\0\0\x18\0\0\0")}, NULL, rgb, six, "2 bits");
    reads((file){64, 3, 2, 4, 0, 3, RED_GREEN_BLUE, DATA("\x21\0\0\0\x01\x20\0\0")}, NULL, rgb, six,
          "4 bits, OS/2 version 2");
    reads((file){16, 3, 2, 8, 0, 0, RED_GREEN_BLUE, DATA("\2\1\0\0\0\1\2\0")}, NULL, rgb, six,
          "8 bits, a short header");
    reads((file){40, 3, -2, 8, 0, 3, RED_GREEN_BLUE, DATA("\0\1\2\0\2\1\0\0")}, NULL, rgb, six, "8 bits");
}

static void true_colours(void)
{
    reads((file){40, 1, 2, 24, 0, 0, DATA("gap"), DATA("\1\2\3\0\4\5\6\0")}, NULL, extent_of(1, 2, 3, KAL_U8),
          "\6\5\4\3\2\1", "24 bits");
    reads((file){108, 1, -2, 32, 0, 0, DATA(""), DATA("\1\2\3\x80\4\5\6\0")}, NULL,
          extent_of(1, 2, 3, KAL_U8), "\3\2\1\6\5\4", "32 bits");
    // 5 bits: 1 → 8.2, 3 → 24.7, 31; 6 bits: 1 → 4.05
    reads((file){40, 2, 1, 16, 0, 0, DATA(""), DATA("\x7f\x04\x00\x00")}, NULL, extent_of(2, 1, 3, KAL_U8),
          "\x08\x19\xff\0\0\0", "16 bits");
    reads((file){40, 1, 1, 16, 3, 0, DATA("\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0"), DATA("\x3f\x08\0\0")}, NULL,
          extent_of(1, 1, 3, KAL_U8), "\x08\x04\xff", "16 bits with fields behind the header");
    reads((file){40, 1, 1, 16, 6, 0, DATA("\0\x0f\0\0\xf0\0\0\0\x0f\0\0\0\0\xf0\0\0"), DATA("\x23\x41\0\0")},
          NULL, extent_of(1, 1, 4, KAL_U8), "\x11\x22\x33\x44", "16 bits with alpha behind the header");
    reads((file){56, 1, 1, 32, 3, 0, DATA(""), DATA("\1\2\3\4")},
          (uint32_t[]){0xff, 0xff00, 0xff0000, 0xff000000}, extent_of(1, 1, 4, KAL_U8), "\1\2\3\4", "RGBA");
    reads((file){52, 1, 1, 32, 3, 0, DATA(""), DATA("\1\2\3\4")}, (uint32_t[]){0xff, 0, 0xff0000, 0},
          extent_of(1, 1, 3, KAL_U8), "\1\0\3", "a field of no bits");
    const uint16_t deep[] = {65535, 64, 32800, 21845};   // 1023, 1 → 64.06, 512 → 32799.53, 1 of 3
    reads((file){124, 1, 1, 32, 3, 0, DATA(""), DATA("\xff\x07\x00\x60")},
          (uint32_t[]){0x3ff, 0xffc00, 0x3ff00000, 0xc0000000}, extent_of(1, 1, 4, KAL_U16), deep, "10 bits");
}

static void run_lengths(void)
{
    const kal_extent e = extent_of(5, 3, 1, KAL_U8);
    static const char ramp[] = "\0\0\0\0\1\1\1\0\2\2\2\0\3\3\3\0\4\4\4\0\5\5\5\0\6\6\6\0\7\7\7\0\x8\x8\x8";
    const file eight = {40,
                        5,
                        3,
                        8,
                        1,
                        9,
                        ramp,
                        36,
                        DATA("\3\1\2\2\0\0"           // 1 1 1 2 2
                             "\0\3\1\2\3\0\0\2\1\1"   // 1 2 3, then one to the right and one up
                             "\4\x8\0\1")};           // one fits
    reads(eight, NULL, e, "\0\0\0\0\x8\1\2\3\0\0\1\1\1\2\2", "8 bits in runs");
    const file four = {40,
                       5,
                       3,
                       4,
                       2,
                       9,
                       ramp,
                       36,
                       DATA("\6\x12\0\0"               // six of 1 2, of which five fit
                            "\0\5\x34\x56\x70\0\0\0"   // 3 4 5 6 7
                            "\0\2\2\0\3\x88")};        // the end is not marked
    reads(four, NULL, e, "\0\0\x8\x8\x8\3\4\5\6\7\1\2\1\2\1", "4 bits in runs");
}

static void written(void)
{
    static const unsigned char rgb[] = {'B', 'M', 70, 0, 0, 0, 0, 0, 0, 0,    54,   0,    0,
                                        0,   40,  0,  0, 0, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff,
                                        1,   0,   24, 0, 0, 0, 0, 0, 8, 0,    0,    0};
    rng r = {6};
    for (int32_t channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1)
        for (int up = 0; up < 2; up++)
            for (int32_t width = 1; width < 20; width += 3) {
                const kal_extent e = extent_of(width, 7, channels, KAL_U8);
                void *p = malloc(bytes_of(&e));
                rng_pixels(&r, &e, p);
                kal_scope *s = kal_scope_new();
                kal_bytes b = encoded(node_of(s, &e, p), "bmp", up ? "bottom_up=true" : NULL);
                require_picture(b.data, b.size, NULL, &e, p, "round trip");
                kal_bytes_free(&b);
                kal_scope_free(&s);
                free(p);
            }
    const kal_extent e = extent_of(1, 2, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(node_of(s, &e, "\1\2\3\4\5\6"), "bmp", NULL);
    if (REQUIRE(b.size == 62)) {
        b.data[2] = 70;   // its length is tested below
        REQUIRE_MEM(b.data, rgb, sizeof rgb);
        REQUIRE_MEM(b.data + 54, "\3\2\1\0\6\5\4\0", 8);
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// There and back, for every kind; and one before the pixels, which the format allows.
static void profiles(void)
{
    kal_bytes icc = make_icc();
    for (int32_t channels = 3; channels <= 4; channels++) {
        const kal_extent e = extent_of(5, 4, channels, KAL_U8);
        rng r = {2};
        unsigned char p[80];
        rng_pixels(&r, &e, p);
        kal_scope *s = kal_scope_new();
        kal_bytes png = encoded(node_of(s, &e, p), "png", NULL), full = bytes_copy(png.data, png.size);
        uLongf size = 1000;
        unsigned char packed[1004] = "x\0";
        compress(packed + 3, &size, icc.data, icc.size);
        splice(&full, 33, png_chunk("iCCP", packed, 3 + size));
        kal_node *n = kal_load_bytes(s, full.data, full.size, NULL);
        require_meta(n, "icc", icc.data, icc.size, "png");
        kal_bytes b = encoded(n, "bmp", channels == 4 ? "bottom_up=true" : NULL);
        REQUIRE(b.size > 4 && b.data[2] == (b.size & 255) && b.data[3] == b.size >> 8);
        require_meta(kal_load_bytes(s, b.data, b.size, NULL), "icc", icc.data, icc.size, "bmp");
        require_picture(b.data, b.size, NULL, &e, p, "with a profile");
        require_meta(kal_load_bytes(s, b.data, b.size - 1, NULL), "icc", NULL, 0, "cut in the profile");
        require_picture(b.data, b.size - 1, NULL, &e, p, "cut in the profile");
        kal_bytes front = bytes_copy(b.data, 138);   // head, profile, pixels
        front = bytes_join(bytes_join(front, icc.data, icc.size), b.data + 138, b.size - 138 - icc.size);
        put_le(front.data + 10, 138 + (uint32_t)icc.size, 4);
        put_le(front.data + 14 + 112, 124, 4);
        require_meta(kal_load_bytes(s, front.data, front.size, NULL), "icc", icc.data, icc.size, "in front");
        require_picture(front.data, front.size, NULL, &e, p, "profile in front");
        bytes_free(&front), bytes_free(&full);
        kal_bytes_free(&b), kal_bytes_free(&png);
        kal_scope_free(&s);
    }
    bytes_free(&icc);
}

static void refused(void)
{
    static const struct {
        file f;
        uint32_t masks[4];
        kal_status status;
        const char *says;
    } cases[] = {
        {{200, 1, 1, 24, 0, 0, DATA(""), DATA("")}, {0}, KAL_UNSUPPORTED, "the header has 200 bytes"},
        {{40, 1, 1, 24, 4, 0, DATA(""), DATA("")}, {0}, KAL_UNSUPPORTED, "compression is 4"},
        {{64, 1, 1, 1, 3, 0, BLACK_WHITE, DATA("")}, {0}, KAL_UNSUPPORTED, "compression is 3"},
        {{40, 1, 1, 24, 1, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "does not go with 24 bits"},
        {{40, 1, 1, 3, 0, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "does not go with 3 bits"},
        {{40, 1, 1, 999, 0, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "does not go with 999 bits"},
        {{40, 1, -1, 8, 1, 0, BLACK_WHITE, DATA("")}, {0}, KAL_CORRUPT, "the first row first"},
        {{40, 0, 1, 24, 0, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "sides must be"},
        {{40, -5, 1, 24, 0, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "sides must be"},
        {{40, 1, INT32_MIN, 24, 0, 0, DATA(""), DATA("")}, {0}, KAL_CORRUPT, "sides must be"},
        {{40, 9999, 9999, 24, 0, 0, DATA(""), DATA("")}, {0}, KAL_LIMIT, "more than the limit"},
        {{40, 1, 1, 8, 0, 0, DATA(""), DATA("1234")}, {0}, KAL_CORRUPT, "there is no palette"},
        {{40, 1, 1, 8, 0, 2, BLACK_WHITE, DATA("\2\0\0\0")},
         {0},
         KAL_CORRUPT,
         "has colour 2, and the palette 2"},
        {{40, 1, 1, 8, 1, 2, BLACK_WHITE, DATA("\1\2")}, {0}, KAL_CORRUPT, "has colour 2, and the palette 2"},
        {{40, 1, 1, 8, 1, 2, BLACK_WHITE, DATA("\0\2\0")}, {0}, KAL_CORRUPT, "the file ends at byte 65"},
        {{40, 2, 1, 24, 0, 0, DATA(""), DATA("12345")}, {0}, KAL_CORRUPT, "the file ends at byte 59"},
        {{56, 1, 1, 32, 3, 0, DATA(""), DATA("1234")},
         {0xff, 0xff0, 0xff0000, 0},
         KAL_CORRUPT,
         "bit field 0xff0 "},
        {{56, 1, 1, 32, 3, 0, DATA(""), DATA("1234")}, {0xf5, 0, 0, 0}, KAL_CORRUPT, "bit field 0xf5 "},
        {{56, 1, 1, 16, 3, 0, DATA(""), DATA("1234")}, {0xf0000, 0, 0, 0}, KAL_CORRUPT, "bit field 0xf0000 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = cases[i].f;
        const uint32_t size = f.size;
        if (size > 124) f.size = 124;
        kal_bytes b = bmp(&f, f.size >= 52 ? cases[i].masks : NULL);
        put_le(b.data + 14, size, 4);
        require_refused(b.data, b.size, cases[i].status, "bmp: ", cases[i].says);
        bytes_free(&b);
    }
}

int main(void)
{
    colours();
    true_colours();
    run_lengths();
    written();
    profiles();
    const kal_limits limits = limit_pixels(1 << 20);
    refused();
    kal_limits_set(&limits);
    return check_done();
}
