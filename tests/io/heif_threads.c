// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HEVC with several workers against libheif by itself: pictures of our own, of heif-enc (more than 8 bits, other
// chroma) and the shared ones must be the same with 1, 2 and 7 threads and in a process that had libheif before us,
// where we leave its decoders alone. Damaged pictures must end, and with one error.
// libheif 1.15 leaves pictures behind when a damaged file fails in the middle.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\n"
#include "files.h"

#include <dlfcn.h>

#define MARK "on several threads"

static const char *heif_version(void)
{
    kal_codec_info info;
    const char *version;
    for (size_t i = 0; kal_codec_at(i, &info, &version); i++)
        if (!strcmp(info.name, "heif")) return version;
    return NULL;
}

// ---- what a file holds, in a line ---------------------------------------------------------------

static void describe(const void *data, size_t n, int threads, char *out, size_t room)
{
    kal_extent e;
    kal_node *node = kal_load_bytes(NULL, data, n, NULL);
    unsigned char *p = read_all(node, &(kal_options){.memo_mode = KAL_MEMO_NEVER, .threads = threads}, &e);
    kal_node_unref(&node);
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; p && i < bytes_of(&e); i++) h = (h ^ p[i]) * 0x100000001b3;
    if (p)
        snprintf(out, room, EXTENT_FORMAT ", %016llx", EXTENT_ARGS(&e), (unsigned long long)h);
    else
        snprintf(out, room, "fails");
    free(p);
}

static void describe_file(const char *path, int threads, char *out, size_t room)
{
    kal_bytes b = get_file(path);
    describe(b.data, b.size, threads, out, room);
    bytes_free(&b);
}

// This program again, where libheif was loaded before the first file: a line for the file.
static int be_plain(const char *path)
{
    char line[200];
    if (!dlopen("libheif.so.1", RTLD_NOW | RTLD_LOCAL)) return 1;
    describe_file(path, 2, line, sizeof line);
    printf("%s\n", strstr(heif_version(), MARK) ? "not plain" : line);
    return 0;
}

// And where it was not; the instruction set is the environment's.
static int be_scalar(const char *path)
{
    char line[200];
    describe_file(path, 2, line, sizeof line);
    printf("%s\n", line);
    return 0;
}

static const char *self;
static int compared;

static void compare(const char *path)
{
    char want[200] = "", line[200], command[3000];
    snprintf(command, sizeof command, "'%s' --plain '%s'", self, path);
    kal_bytes b = output_of(command);
    snprintf(want, sizeof want, "%.*s", b.size ? (int)b.size - 1 : 0, b.size ? (const char *)b.data : "");
    bytes_free(&b);
    // colours made without vectors
    snprintf(command, sizeof command, "KAL_ISA=scalar '%s' --scalar '%s'", self, path);
    b = output_of(command);
    snprintf(line, sizeof line, "%.*s", b.size ? (int)b.size - 1 : 0, b.size ? (const char *)b.data : "");
    bytes_free(&b);
    REQUIRE_NOTE(!strcmp(line, want), "%s, without vectors: %s, libheif alone: %s", path, line, want);
    static const int threads[] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        describe_file(path, threads[i], line, sizeof line);
        REQUIRE_NOTE(!strcmp(line, want), "%s, %d threads: %s, libheif alone: %s", path, threads[i], line,
                     want);
    }
    compared += strcmp(want, "fails") != 0;
}

// ---- pictures of our own ------------------------------------------------------------------------

static kal_bytes make(int32_t w, int32_t h, int32_t channels, const char *params)
{
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng r = {(uint64_t)(w * 31 + h + channels)};
    rng_pixels(&r, &e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    const kal_bytes b = encoded(n, "heif", params);
    kal_node_unref(&n);
    free(pixels);
    return b;
}

static void test_ours(void)
{
    static const int32_t sizes[][2] = {{64, 64}, {1, 1}, {3, 150}, {129, 65}, {300, 517}};
    static const char *const params[] = {"quality=50", "quality=95", "lossless=true"};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int32_t channels = 1; channels <= 4; channels++) {
            kal_bytes b = make(sizes[s][0], sizes[s][1], channels, params[(s + (size_t)channels) % 3]);
            const char *path = check_temp("ours.heic");
            put_file(path, b.data, b.size);
            compare(path);
            kal_bytes_free(&b);
        }
}

// heif-enc writes what we do not: 10 and 12 bits, chroma of half the width or none lost, every matrix we make RGB of, in both ranges, and
// some that are left to libheif (0, 8, 12).
#define NCLX(matrix, full) "--matrix_coefficients=" matrix " --full_range_flag=" full
static void test_heif_enc(void)
{
    static const char *const options[] = {"-b 10 -p chroma=420",
                                          "-b 10 -p chroma=444",
                                          "-b 12 -p chroma=422",
                                          "-p chroma=422",
                                          "-p chroma=444",
                                          "-b 10 -L",
                                          NCLX("1", "0"),
                                          NCLX("2", "0"),
                                          NCLX("4", "1"),
                                          NCLX("5", "1"),
                                          NCLX("6", "0"),
                                          NCLX("7", "0"),
                                          NCLX("9", "1"),
                                          NCLX("10", "0"),
                                          NCLX("0", "1") " -p chroma=444",
                                          NCLX("8", "1") " -p chroma=444",
                                          NCLX("12", "1"),
                                          NCLX("1", "0") " -b 10",
                                          NCLX("9", "0") " -b 12 -p chroma=444",
                                          NCLX("9", "1") " -b 10",
                                          NCLX("1", "1") " -p chroma=422"};
    for (int32_t channels = 1; channels <= 4; channels++) {
        const kal_extent e = extent_of(333, 210, channels, KAL_U16);
        unsigned char *pixels = malloc(bytes_of(&e));
        rng r = {(uint64_t)channels};
        rng_pixels(&r, &e, pixels);
        kal_node *n = node_of(NULL, &e, pixels);
        kal_bytes png = encoded(n, "png", NULL);
        kal_node_unref(&n);
        free(pixels);
        char in[256], out[256], command[1000];
        snprintf(in, sizeof in, "%s", check_temp("in.png"));
        snprintf(out, sizeof out, "%s", check_temp("out.heic"));
        put_file(in, png.data, png.size);
        kal_bytes_free(&png);
        for (size_t i = 0; i < (channels == 3 ? sizeof options / sizeof *options : 6); i++) {
            snprintf(command, sizeof command, "heif-enc %s -o '%s' '%s' >/dev/null 2>&1", options[i], out,
                     in);
            remove(out);
            if (system(command) == 0)
                compare(out);
            else
                check_skip("heif-enc cannot: %s", options[i]);
        }
    }
}

// ---- damage -------------------------------------------------------------------------------------

// Bits of the stream changed. libde265 must end, and fail with any number of threads or with none. What it does not
// notice may look different each time, with one thread too: it reads what it never wrote.
static void test_damage(int rounds)
{
    kal_bytes b = make(516, 300, 3, "quality=60");
    int failures = 0;
    rng r = {9};
    for (int i = 0; i < rounds; i++) {
        kal_bytes bad = bytes_copy(b.data, b.size);
        for (int k = 1 + rng_below(&r, 4); k; k--)
            ((unsigned char *)bad.data)[bad.size - 1 - (size_t)rng_below(&r, (int32_t)bad.size / 2)] ^=
                (unsigned char)(1 << rng_below(&r, 8));
        char one[200], many[200];
        describe(bad.data, bad.size, 1, one, sizeof one);
        describe(bad.data, bad.size, 7, many, sizeof many);
        const bool fails = !strcmp(one, "fails");
        REQUIRE_NOTE(fails == !strcmp(many, "fails"), "round %d: %s, with 7 threads %s", i, one, many);
        REQUIRE_NOTE(!fails || check_error.status == KAL_CORRUPT, "round %d: %s", i, check_error.message);
        failures += fails;
        bytes_free(&bad);
    }
    REQUIRE_NOTE(failures > rounds / 2, "only %d of %d damaged pictures were refused", failures, rounds);
    kal_bytes_free(&b);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--plain")) return be_plain(argv[2]);
    if (argc > 2 && !strcmp(argv[1], "--scalar")) return be_scalar(argv[2]);
    self = argv[0];
    const char *version = heif_version();
    if (!version || !strstr(version, MARK)) {
        check_skip("HEVC is not decoded on several threads here: %s", version ? version : "no libheif");
        return check_done();
    }
    if (strstr(version, "x265")) {
        test_ours();
        test_damage(argc > 1 ? atoi(argv[1]) : 30);
    } else {
        check_skip("no encoder: %s", version);
    }
    if (has_program("heif-enc"))
        test_heif_enc();
    else
        check_skip("heif-enc is not installed");
    each_shared("|heic|heif|", compare);
    REQUIRE(compared > 0);
    kal_memo_clear(NULL);
    return check_done();
}
