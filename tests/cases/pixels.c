// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is promised about keys and pixels: pixels.txt, and what goes through files.
#include "rows.h"

static const char pictures[] =
    "red = solid [255 0 0] width=2 height=1; green = solid [0 255 0] width=2 height=1\n"
    "blue = solid [0 0 255] width=2 height=1; zero = solid 0 width=4 height=1\n"
    "ten = solid 10 width=1 height=1; photo = sample scene width=40 height=30\n"
    "six = solid 0 width=3 height=2; count = expr [six] \"x + 3 * y + 1\"";

// One picture has one content key, wherever it comes from, and keeps it through a file; a colour that became clear stays clear.
static void through_files(void)
{
    static const char *const texts[] = {"photo", "photo | color_key white", "photo | gray",
                                        "box_mask [1 1 3 3] 40 30", "cast photo type=u16"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *path = check_temp("case.png");
        char text[300];
        kal_node *n = node_of(pictures, texts[i]);
        if (!REQUIRE_NOTE(n, "%s: %s", texts[i], check_error.message)) continue;
        REQUIRE_OK(kal_save(n, path, NULL, NULL, &check_error));
        snprintf(text, sizeof text, "load \"%s\"%s", path, strstr(texts[i], "mask") ? " | threshold" : "");
        compares(pictures, &(row){"through a file", text, SAME, texts[i]});
        kal_node_unref(&n);
    }
}

// Other pixels under the same name and in as many bytes: another node, another key, and never the old pixels.
static void rewritten(void)
{
    const char *path = check_temp("case.pgm");
    char text[300];
    kal_node *seen[2];
    snprintf(text, sizeof text, "load \"%s\"", path);
    for (int i = 0; i < 2; i++) {
        kal_node *n = node_of(pictures, i ? "photo | gray | invert" : "photo | gray");
        REQUIRE_OK(kal_save(n, path, NULL, NULL, &check_error));
        compares(pictures,
                 &(row){"what the file holds now", text, SAME, i ? "photo | gray | invert" : "photo | gray"});
        seen[i] = node_of("", text);
        kal_node_unref(&n);
    }
    REQUIRE(seen[0] && seen[1] && seen[0] != seen[1]);
    kal_node_unref(&seen[0]);
    kal_node_unref(&seen[1]);
}

int main(void)
{
    run_file(pictures, "pixels.txt");
    through_files();
    rewritten();
    kal_memo_clear(NULL);
    return check_done();
}
