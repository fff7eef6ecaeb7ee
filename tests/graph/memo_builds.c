// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Two builds of the library on one folder: an op of one gives other pixels than that of the other, and says so by its version. What both make alike is made once; each
// gets its own of the rest, one after the other and at the same time; and neither touches what a later form of the folder would keep beside it.
#include "acme.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 96, PICTURES = 12 };

// ---- a build: a process with its own version of an op ---------------------------------------------

static int build;   // 1 or 2

static kal_status shade(const kal_job *j)
{
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        for (size_t i = 0; i < n; i++)
            kal_row(j->out, y)[i] = (unsigned char)(kal_row(&j->in[0], y)[i] ^ (build == 1 ? 0x11 : 0x22));
    return KAL_OK;
}

static void become(int which)
{
    static kal_op op;
    build = which;
    op = (kal_op){.name = "acme.shade",
                  .version = (uint32_t)which,
                  .family = "acme",
                  .help = "another one in each build",
                  .inputs = "image",
                  .params_size = sizeof(acme_p),
                  .cost = 2,
                  .extent = acme_extent,
                  .run = shade,
                  .samples = acme_samples + 2};
    if (kal_op_register(&op, &check_error)) _exit(20);
}

// Pixels of picture i as this build makes them; *stats: what that took.
static unsigned char *pixels(kal_memo *m, int i, kal_stats *stats)
{
    kal_extent e = extent_of(SIDE, SIDE, 3, KAL_U8);
    rng r = {(uint64_t)i + 1};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e);
    image = kal_apply_text(s, "median_filter", "5", &image, 1);
    image = kal_apply_text(s, "acme.shade", NULL, &image, 1);
    *stats = (kal_stats){0};
    const kal_options o = {
        .memo = m, .memo_mode = m ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER, .stats = stats, .threads = 1};
    unsigned char *data = read_all(image, &o, &e);
    kal_scope_free(&s);
    return data;
}

// 0: all pictures are those of this build, and as many were made as were said; no number: -1.
static int look_at_all(const char *folder, int which, int found_whole, int found_common)
{
    int whole = 0, common = 0, wrong = 0;
    become(which);
    kal_memo *m = kal_memo_new((uint64_t)16 << 20);
    if (!m || kal_memo_set_folder(m, folder, 0, &check_error)) return 21;
    for (int i = 0; i < PICTURES; i++) {
        kal_stats st, alone;
        unsigned char *got = pixels(m, i, &st), *want = pixels(NULL, i, &alone);
        wrong += !got || !want || memcmp(got, want, (size_t)SIDE * SIDE * 3) != 0;
        whole += st.nodes == 1 && st.nodes_reused == 1;
        common += st.nodes == 2 && st.nodes_reused == 1;
        free(got);
        free(want);
    }
    kal_memo_free(&m);
    if (wrong) return 22;
    return found_whole < 0 || (whole == found_whole && common == found_common)
               ? 0
               : 30 + (whole > 0) + 2 * (common > 0);
}

static pid_t start(const char *folder, int which, int found_whole, int found_common)
{
    const pid_t child = fork();
    if (!child) _exit(look_at_all(folder, which, found_whole, found_common));
    return child;
}

static void ends_well(pid_t child, int line)
{
    int status = -1;
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    REQUIRE_NOTE(WIFEXITED(status) && !WEXITSTATUS(status), "line %d: %d", line,
                 WIFEXITED(status) ? WEXITSTATUS(status) : -status);
}

// ---- one folder -----------------------------------------------------------------------------------

static void one_after_the_other(void)
{
    const char *folder = check_temp("builds");
    ends_well(start(folder, 1, 0, 0), __LINE__);
    ends_well(start(folder, 2, 0, PICTURES),
              __LINE__);   // the median is there, and the shade of build 1 is none of its own
    for (int turn = 0; turn < 2; turn++)
        for (int which = 1; which <= 2; which++) ends_well(start(folder, which, PICTURES, 0), __LINE__);
}

static void at_once(void)
{
    const char *folder = check_temp("at once");
    pid_t child[6];
    for (int i = 0; i < 6; i++) child[i] = start(folder, 1 + i % 2, -1, 0);
    for (int i = 0; i < 6; i++) ends_well(child[i], __LINE__);
    for (int which = 1; which <= 2; which++) ends_well(start(folder, which, PICTURES, 0), __LINE__);
}

// What a build with another form of entries keeps lies beside ours.
static void another_form(void)
{
    char path[600];
    const char *folder = check_temp("builds");
    struct stat st;
    uint64_t after;
    snprintf(path, sizeof path, "%s/v2", folder);
    REQUIRE(!mkdir(path, 0700));
    snprintf(path, sizeof path, "%s/v2/entry", folder);
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs("kalmemo of another form", f) >= 0 && !fclose(f));
    kal_memo *m = kal_memo_new(0);
    REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    REQUIRE_OK(kal_memo_collect(m, 0, NULL, &after, &check_error));
    kal_memo_free(&m);
    REQUIRE(after == 0 && !stat(path, &st) && st.st_size == 23);
}

int main(void)
{
    one_after_the_other();
    at_once();
    another_form();
    return check_done();
}
