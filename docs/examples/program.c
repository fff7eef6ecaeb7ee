// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A program as an op, and the program: it is this one, called with --posterize. What it gave is found in a folder by the next run, as long as picture, command
// and program are the same: its own file is among those whose bytes count, so that it is run again when it was compiled anew. program IN OUT FOLDER [LEVELS]
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- the program: a PPM comes on standard input, another goes to standard output; it knows nothing of kallitype -------------------------------------

static int posterize(int levels)
{
    int width, height, most;
    if (levels < 2 || scanf("P6 %d %d %d", &width, &height, &most) != 3 || most != 255 || getchar() == EOF)
        return fprintf(stderr, "an 8-bit PPM and two levels are wanted\n"), 1;
    printf("P6\n%d %d\n255\n", width, height);
    for (long i = 0; i < 3L * width * height; i++) {
        const int v = getchar();
        if (v == EOF) return fprintf(stderr, "the picture ends too early\n"), 1;
        putchar(v * levels / 256 * 255 / (levels - 1));
    }
    return fflush(stdout) != 0;
}

// ---- who calls it -----------------------------------------------------------------------------------------------------------------------------------

static kal_status run(const char *self, char **argv, int levels, kal_error *err)
{
    char command[4200];
    kal_stats stats;
    kal_scope *s = kal_scope_new();
    // The words as a shell would take them; 'a b' is one word.
    snprintf(command, sizeof command, "'%.4000s' --posterize %d", self, levels);
    kal_node *photo = kal_resize(s, kal_load(s, argv[1], NULL), kal_resize_params(.width = 320));
    kal_node *flat = kal_exec(s, photo,
                              kal_exec_params(.command = command, .version = 1, .files = self, .pipe = true,
                                              .format = 1 /* pnm */, .seconds = 30));
    kal_node *out = kal_encode(s, kal_gaussian(s, flat, kal_gaussian_params(.sigma = 0.5)), "png", NULL);
    const kal_options o = {.stats = &stats};
    // A node that cannot be made is an error that the request tells.
    const kal_status st = kal_write_files(&out, (const char *const *)&argv[2], 1, &o, err);
    if (!st)
        printf("%s: %d levels, %llu of %llu nodes from the memo\n", argv[2], levels,
               (unsigned long long)stats.nodes_reused, (unsigned long long)stats.nodes);
    kal_scope_free(&s);
    return st;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--posterize")) return posterize(atoi(argv[2]));
    if (argc < 4) return fprintf(stderr, "program IN OUT FOLDER [LEVELS]\n"), 2;
    kal_error err;
    kal_limits limits;
    // A library runs no programs unless it is told to: texts and nodes may be of strangers.
    kal_limits_get(&limits);
    limits.exec = true;
    kal_limits_set(&limits);
    kal_status st = kal_memo_set_folder(NULL, argv[3], 0, &err);
    if (!st) st = run(argv[0], argv, argc > 4 ? atoi(argv[4]) : 4, &err);
    if (st) kal_error_print(&err);
    return st != KAL_OK;
}
