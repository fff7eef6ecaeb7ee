// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What does not fit into the memory a request may have goes to a folder that was named for it: the same pixels, nothing is left there, and without
// a folder it is the error that it was. `graph.spill [seed]`.
#include "check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    if (d) closedir(d);
    return n;
}

static kal_node *chain(kal_scope *s, kal_node *n, int how)
{
    kal_node *turned = kal_turn(s, n, kal_turn_params(.how = how % 8));
    switch (how % 3) {
    case 0: return turned;
    case 1:
        return kal_gaussian(s, kal_turn(s, kal_gaussian(s, n, NULL), kal_turn_params(.how = KAL_TURN_FLIP)),
                            NULL);
    default: return kal_turn(s, kal_invert(s, turned, NULL), kal_turn_params(.how = KAL_TURN_LEFT));
    }
}

static void same_pixels(kal_scope *s, const char *path, const char *folder, int how, int32_t threads)
{
    kal_node *n = chain(s, kal_load(s, path, NULL), how);
    kal_extent e;
    kal_bytes want = {NULL, 0}, got = {NULL, 0};
    kal_node *file = kal_encode(s, n, "ppm", NULL);
    if (!REQUIRE_OK(kal_node_extent(n, &e, &check_error))) return;
    REQUIRE_OK(kal_read_bytes(file, &plain, &want, &check_error));
    kal_stats stats;
    kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads, .max_memory = 4 << 20, .stats = &stats};
    const kal_status st = kal_read_bytes(file, &o, &got, &check_error);
    kal_bytes_free(&got);
    o.spill = folder;
    if (REQUIRE_OK(kal_read_bytes(file, &o, &got, &check_error))) {
        REQUIRE_NOTE(got.size == want.size && !memcmp(got.data, want.data, want.size), "how %d", how);
        REQUIRE_NOTE(stats.peak_bytes <= o.max_memory, "held %zu", (size_t)stats.peak_bytes);
    }
    REQUIRE_NOTE(st == KAL_OK || st == KAL_LIMIT, "without a folder: %d", (int)st);
    REQUIRE(files_in(folder) == 0);
    kal_bytes_free(&got);
    kal_bytes_free(&want);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 20261127};
    printf("seed %llu\n", (unsigned long long)r.s);
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(2100, 1300, 3, KAL_U8);
    char path[300], folder[300];
    snprintf(path, sizeof path, "%s", check_temp("large.ppm"));
    snprintf(folder, sizeof folder, "%s", check_temp("spill"));
    REQUIRE(!mkdir(folder, 0700));
    REQUIRE_OK(kal_save(rng_image(&r, s, &e), path, NULL, &plain, &check_error));
    kal_node *loaded = kal_load(s, path, NULL), *file = kal_encode(s, chain(s, loaded, 3), "ppm", NULL);
    kal_bytes b = {NULL, 0};
    kal_options little = {.memo_mode = KAL_MEMO_NEVER, .max_memory = 4 << 20};
    REQUIRE_FAILS(KAL_LIMIT, kal_read_bytes(file, &little, &b, &check_error));
    little.spill = "/no/such/folder";
    REQUIRE_FAILS(KAL_IO, kal_read_bytes(file, &little, &b, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "/no/such/folder"), "%s", check_error.message);
    for (int how = 0; how < 24; how++) same_pixels(s, path, folder, how, 1 + how % 3);
    kal_scope_free(&s);
    rmdir(folder);
    return check_done();
}
