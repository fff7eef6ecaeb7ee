// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// NumPy's .npy: files of every kind and version after the format's description, what NumPy itself writes, round trips, headers that lie.
#include "files.h"

// The file with this header text.
static kal_bytes npy(int version, const char *text, const void *data, size_t n)
{
    unsigned char head[12] = "\x93NUMPY";
    const size_t size = strlen(text);
    head[6] = (unsigned char)version;
    head[8] = (unsigned char)size;
    head[9] = (unsigned char)(size >> 8);
    return bytes_join(bytes_join(bytes_copy(head, version > 1 ? 12 : 10), text, size), data, n);
}

static void reads(int version, const char *text, const void *data, size_t n, kal_extent e, const void *pixels)
{
    kal_bytes b = npy(version, text, data, n);
    require_picture(b.data, b.size, NULL, &e, pixels, text);
    bytes_free(&b);
}

static void kinds(void)
{
    const float floats[] = {1.0f, -2.5f}, halves[] = {1.0f, 0x1p-24f, -65504.0f, -0.0f},
                doubles[] = {0.1f, 16777216.0f};
    const uint16_t shorts[] = {0x1234, 0xff00};
    const uint32_t words[] = {0x12345678, 0xfffffffe};
    const kal_extent two = {2, 1, 1, KAL_F32, KAL_GRAY, false};
    reads(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 4), }   \n", "\1\2\3\4", 4,
          extent_of(4, 1, 1, KAL_U8), "\1\2\3\4");
    reads(2, "{'shape':(2L,1L,2L),'descr':\"<u1\",'fortran_order':False}", "\1\2\3\4", 4,
          extent_of(1, 2, 2, KAL_U8), "\1\2\3\4");
    reads(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\7", 1,
          (kal_extent){1, 1, 1, KAL_U8, KAL_GRAY, false}, "\7");
    reads(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "\1\2\3", 3,
          (kal_extent){3, 1, 1, KAL_U8, KAL_GRAY, false}, "\1\2\3");
    reads(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 1), }", "\1\2\3", 3,
          (kal_extent){1, 3, 1, KAL_U8, KAL_GRAY, false}, "\1\2\3");
    reads(3, "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 3)}", "\0\1\2", 3,
          (kal_extent){3, 1, 1, KAL_U8, KAL_MASK, false}, "\0\xff\xff");
    reads(1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 1), }", "\x34\x12\0\xff", 4,
          extent_of(1, 2, 1, KAL_U16), shorts);
    reads(1, "{'descr': '>u2', 'fortran_order': False, 'shape': (2, 1), }", "\x12\x34\xff\0", 4,
          extent_of(1, 2, 1, KAL_U16), shorts);
    reads(1, "{'descr': '>u4', 'fortran_order': False, 'shape': (1, 2), }",
          "\x12\x34\x56\x78\xff\xff\xff\xfe", 8, (kal_extent){2, 1, 1, KAL_U32, KAL_DATA, false}, words);
    reads(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", "\0\0\x80\x3f\0\0\x20\xc0", 8,
          two, floats);
    reads(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 2), }", "\x3f\x80\0\0\xc0\x20\0\0", 8,
          two, floats);
    reads(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1, 4), }", "\0\x3c\1\0\xff\xfb\0\x80", 8,
          extent_of(1, 1, 4, KAL_F32), halves);
    reads(1, "{'descr': '>f8', 'fortran_order': False, 'shape': (1, 2), }",   // 0.1, and 2^24 + 1: a tie
          "\x3f\xb9\x99\x99\x99\x99\x99\x9a\x41\x70\0\0\x10\0\0\0", 16, two, doubles);
    // columns first: two rows of three pixels of two samples
    reads(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }",
          "\x00\x10\x01\x11\x02\x12\x80\x90\x81\x91\x82\x92", 12, extent_of(3, 2, 2, KAL_U8),
          "\x00\x80\x01\x81\x02\x82\x10\x90\x11\x91\x12\x92");
    reads(1, "{'descr': '>u2', 'fortran_order': True, 'shape': (1, 2), }", "\x12\x34\xff\0", 4,
          extent_of(2, 1, 1, KAL_U16), shorts);
}

// What NumPy 1.24 writes for zeros of (2, 3, 4), u2: 128 bytes of header.
static void written(void)
{
    static const char text[] = "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3, 4), }";
    const kal_extent e = extent_of(3, 2, 4, KAL_U16);
    const uint16_t pixels[24] = {0x1234};
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(node_of(s, &e, pixels), "npy", NULL);
    unsigned char want[128 + 48] = "\x93NUMPY\1\0\x76";
    memset(want + 10, ' ', 117);
    memcpy(want + 10, text, strlen(text));
    want[127] = '\n';
    want[128] = 0x34, want[129] = 0x12;
    if (REQUIRE_NOTE(b.size == sizeof want, "%zu", b.size)) REQUIRE_MEM(b.data, want, b.size);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

static void round_trips(void)
{
    rng r = {5};
    for (kal_type type = KAL_U8; type <= KAL_U32; type++)
        for (int32_t channels = 1; channels <= KAL_MAX_CHANNELS; channels += channels < 5 ? 1 : 59) {
            kal_extent e = extent_of(13 + channels, 9, channels, type);
            if (type == KAL_U32) e.model = KAL_DATA, e.alpha = false;
            void *p = malloc(bytes_of(&e));
            rng_pixels(&r, &e, p);
            kal_scope *s = kal_scope_new();
            kal_bytes b = encoded(node_of(s, &e, p), "npy", NULL);
            require_picture(b.data, b.size, NULL, &e, p, "round trip");
            kal_bytes_free(&b);
            kal_scope_free(&s);
            free(p);
        }
}

static void refused(void)
{
    static const struct {
        int version;
        const char *text;
        kal_status status;
        const char *says;
    } cases[] = {
        {1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1)}", KAL_UNSUPPORTED,
         "the array holds <i8"},
        {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1)}", KAL_UNSUPPORTED, "after astype"},
        {1, "{'descr': [('a', '<u1')], 'fortran_order': False, 'shape': (1, 1)}", KAL_UNSUPPORTED, "records"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (0,)}", KAL_UNSUPPORTED, "is empty"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3, 4)}", KAL_UNSUPPORTED,
         "has 4 dimensions"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 65)}", KAL_UNSUPPORTED,
         "too many channels"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2)}", KAL_UNSUPPORTED, "is empty"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 99999999999999999999)}", KAL_CORRUPT,
         "sides must be"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2000, 2000)}", KAL_LIMIT,
         "more than the limit"},
        {1, "{'descr': '|u1', 'fortran_order': False}", KAL_CORRUPT, "lacks one of"},
        {1, "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1, 1)}", KAL_CORRUPT,
         "not what it should be"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, -1)}", KAL_CORRUPT,
         "not what it should be"},
        {1, "{'descr': '|u1', 'colour': 'red'}", KAL_CORRUPT, "other entries"},
        {1, "['descr']", KAL_CORRUPT, "not a dictionary"},
        {1, "{'descr", KAL_CORRUPT, "not a dictionary"},
        {1, "", KAL_CORRUPT, "not a dictionary"},
        {4, "", KAL_UNSUPPORTED, "version 4"},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 20)}", KAL_CORRUPT,
         "the file ends at byte 78"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_bytes b = npy(cases[i].version, cases[i].text, "0123456789", 10);
        require_refused(b.data, b.size, cases[i].status, "npy: ", cases[i].says);
        bytes_free(&b);
    }
}

int main(void)
{
    kinds();
    written();
    round_trips();
    const kal_limits limits = limit_pixels(1 << 20);
    refused();
    kal_limits_set(&limits);
    return check_done();
}
