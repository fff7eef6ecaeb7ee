// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees as one run of bytes: the same from any number of threads and with little memory; archives by the words of their format, beyond 4 GiB, too.
#define _GNU_SOURCE   // nftw
#include "dz_trees.h"

static const char *const forms[] = {"tile=64",
                                    "tile=33 overlap=0",
                                    "tile=20 overlap=20",
                                    "tile=100 overlap=7",
                                    "layout=iiif tile=64",
                                    "layout=google tile=50 suffix=png"};
#define FORMS (sizeof forms / sizeof *forms)

static void any_threads(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_gaussian(s, kal_noise(s, kal_noise_params(.width = 1203, .height = 711, .channels = 3)),
                               kal_gaussian_params(.sigma = 3));
    for (size_t i = 0; i < FORMS; i++) {
        kal_bytes first = {0};
        for (int k = 0; k < 6; k++) {
            const kal_options o = {.memo_mode = k == 4 ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER,
                                   .threads = k < 4 ? 1 + k : 8,
                                   .band = k == 3 ? 7 : 0,
                                   .max_memory = k == 5 ? (size_t)4 << 20 : 0};
            kal_bytes b = {0};
            REQUIRE_OK(kal_read_bytes(kal_encode(s, n, "dz", forms[i]), &o, &b, &check_error));
            REQUIRE_NOTE(!k || (b.size == first.size && !memcmp(b.data, first.data, b.size)), "%s: way %d",
                         forms[i], k);
            if (k) kal_bytes_free(&b);
            if (!k) first = b;
        }
        kal_bytes_free(&first);
    }
    kal_scope_free(&s);
}

// What stands at a place, lowest byte first.
static uint64_t number(const unsigned char *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

// The archive by the words of PKWARE's APPNOTE: each entry of the directory at the end is where it says, with the CRC it says. NAME that it has must
// be there. `many`: the numbers are in the fields of ZIP64.
static void require_archive(const kal_bytes *b, const char *has, uint64_t entries, bool many)
{
    const unsigned char *end = b->data + b->size - 22;
    if (!REQUIRE(b->size > 22 && number(end, 4) == 0x06054b50)) return;
    uint64_t n = number(end + 10, 2), at = number(end + 16, 4);
    REQUIRE((n == 0xffff) == many);
    if (many) {
        const unsigned char *where = end - 20, *end64 = b->data + number(where + 8, 8);
        if (!REQUIRE(number(where, 4) == 0x07064b50 && number(end64, 4) == 0x06064b50)) return;
        n = number(end64 + 32, 8);
        at = number(end64 + 48, 8);
    }
    REQUIRE_NOTE(n == entries, "%llu entries", (unsigned long long)n);
    bool found = false, sound = true;
    for (const unsigned char *p = b->data + at; n && sound; n--) {
        const uint64_t size = number(p + 24, 4), name = number(p + 28, 2);
        const unsigned char *local = b->data + number(p + 42, 4);
        sound = number(p, 4) == 0x02014b50 && number(local, 4) == 0x04034b50 && number(local + 8, 2) == 0 &&
                !memcmp(p + 46, local + 30, name) && number(local + 18, 4) == size &&
                number(p + 16, 4) == crc32(0, local + 30 + name, (uInt)size);
        found |= strlen(has) == name && !memcmp(p + 46, has, name);
        p += 46 + name + number(p + 30, 2);
    }
    REQUIRE_NOTE(found && sound, "%s: %s", has, sound ? "not there" : "an entry is not as it says");
}

static void archives(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e);
    const char *paths[] = {"a.szi", "b.zip", "c.szi"}, *params[] = {NULL, NULL, "layout=iiif"};
    const char *has[] = {"a/a.dzi", "b/b_files/8/0_0.jpg", "c/info.json"};
    for (int i = 0; i < 3; i++) {
        REQUIRE_OK(kal_save(n, in_folder(paths[i]), params[i], &fresh, &check_error));
        kal_bytes b = get_file(in_folder(paths[i]));
        require_archive(&b, has[i], i < 2 ? 2 + 1 + 9 : 1 + 2 + 1 + 3, false);
        bytes_free(&b);
    }
    REQUIRE(entries() == 3);
    // names that would lead elsewhere where it is unpacked
    const char *const odd[] = {"...zip", "..zip", "..\\x.zip", "a\nb.zip", "\x7f.zip"};
    for (int i = 0; i < 5; i++) {
        REQUIRE_OK(save(n, in_folder(odd[i]), "", NULL, &fresh));
        kal_bytes b = get_file(in_folder(odd[i]));
        require_archive(&b, "image/image.dzi", 2 + 1 + 9, false);
        bytes_free(&b);
    }
    kal_bytes b = encoded(n, "dz", NULL);
    require_archive(&b, "image/image_files/0/0_0.jpg", 2 + 1 + 9, false);
    kal_bytes_free(&b);
    // more entries than the old fields hold
    const kal_extent wide = extent_of(4096, 3300, 1, KAL_U8);
    kal_node *flat =
        kal_noise(s, kal_noise_params(.width = wide.width, .height = wide.height, .channels = 1));
    b = encoded(flat, "dz", "tile=16 overlap=0 suffix=pgm layout=google");
    uint64_t tiles = 1;
    for (int32_t w = 4096, h = 3300;; w = (w + 1) / 2, h = (h + 1) / 2) {
        tiles += (uint64_t)((w + 15) / 16) * (uint64_t)((h + 15) / 16);
        if (w <= 16 && h <= 16) break;
    }
    REQUIRE(tiles > 65535);
    require_archive(&b, "image/0/0/0.pgm", tiles, true);
    kal_bytes_free(&b);
    kal_scope_free(&s);
    empty_folder();
}

// Places beyond 4 GiB: the entries after a hole that nobody writes.
static uint64_t last_place;
static kal_status count_bytes(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    (void)err;
    const unsigned char *p = data;
    if (n >= 46 && number(p, 4) == 0x02014b50) last_place = number(p + n - 8, 8);
    w->written += n;
    return KAL_OK;
}
static kal_status well(kal__writer *w, kal_error *err)
{
    (void)w, (void)err;
    return KAL_OK;
}

static void beyond_4_gib(void)
{
    kal__writer to = {.write = count_bytes, .finish = well, .commit = well}, *zip;
    if (!REQUIRE_OK(kal__write_zip(&to, &zip, &check_error))) return;
    REQUIRE_OK(zip->file(zip, "a", "x", 1, &check_error));
    to.written += (uint64_t)5 << 30;
    const uint64_t at = to.written;
    REQUIRE_OK(zip->file(zip, "b", "y", 1, &check_error));
    REQUIRE_OK(zip->commit(zip, &check_error));
    REQUIRE(last_place == at);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s", check_temp("trees"));
    mkdir(folder, 0777);
    any_threads();
    archives();
    beyond_4_gib();
    return check_done();
}
