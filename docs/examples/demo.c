// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `./dev demo`: a photograph, a part of it processed and put back; the plan, the graph as a picture; then the same again with one
// number changed, to show what is found in the memo. kal-demo PHOTO FOLDER
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Crop, process, uncrop. The last number is the one that changes.
static const char pipeline[] = "photo = load \"%s\"%s\n"
                               "part  = crop photo %dx%d+%d+%d\n"
                               "soft  = part | gaussian 9 | sharpen 2 amount=1.5\n"
                               "warm  = soft | linear scale=[1.12 1.0 0.86] offset=%d\n"
                               "save (uncrop warm photo x=%d y=%d feather=48) \"%s\" quality=92\n";

typedef struct place {
    int32_t x, y, width, height;
} place;

static int fail(const kal_error *err)
{
    kal_error_print(err);
    return 1;
}

// A path as it stands in quotes.
static const char *quoted(const char *path)
{
    static char text[8192];
    size_t n = 0;
    for (; *path && n + 2 < sizeof text; path++) {
        if (*path == '"' || *path == '\\') text[n++] = '\\';
        text[n++] = *path;
    }
    text[n] = 0;
    return text;
}

static char *write_text(const char *photo, bool alpha, place p, int offset, const char *out)
{
    static char text[16384];
    snprintf(text, sizeof text, pipeline, quoted(photo), alpha ? " | flatten white" : "", p.width, p.height,
             p.x, p.y, offset, p.x, p.y, out);
    return text;
}

static void tell(const char *what, const char *path, const kal_stats *s)
{
    struct stat file;
    const double mb = stat(path, &file) == 0 ? (double)file.st_size / 1e6 : 0;
    printf("%s  %s  %.1f MB  %.0f ms  peak memory %.0f MB\n", what, path, mb, s->wall_ms,
           (double)s->peak_bytes / 1e6);
    printf("    %llu opened, %llu decoded, %llu bands computed; %llu of %llu nodes found in the memo\n",
           (unsigned long long)s->opens, (unsigned long long)s->decodes,
           (unsigned long long)s->computed_tiles, (unsigned long long)s->nodes_reused,
           (unsigned long long)s->nodes);
}

static kal_status show_plan(kal_program *p, const char *folder, kal_error *err)
{
    kal_node *out = kal_program_save(p, 0, NULL);
    kal_bytes text, svg;
    kal_status st = kal_explain(&out, 1, KAL_AS_TEXT, NULL, &text, err);
    if (st) return st;
    printf("\nThe plan, before a pixel is decoded:\n\n%s", (char *)text.data);
    kal_bytes_free(&text);
    st = kal_draw(&out, 1, KAL_AS_SVG, &svg, err);
    if (st) return st;
    char path[4096];
    snprintf(path, sizeof path, "%s/graph.svg", folder);
    FILE *f = fopen(path, "wb");
    const bool ok = f && fwrite(svg.data, 1, svg.size, f) == svg.size;
    if (f && fclose(f) == 0 && ok) printf("\nThe graph as a picture: %s\n\n", path);
    kal_bytes_free(&svg);
    return ok ? KAL_OK : kal_fail(err, KAL_IO, "%s: cannot write", path);
}

static kal_status run(const char *text, bool explain, const char *folder, kal_stats *stats, kal_error *err)
{
    kal_program *p;
    kal_status st = kal_program_parse(text, strlen(text), NULL, 0, &p, err);
    const kal_options o = {.stats = stats};
    if (!st && explain) st = show_plan(p, folder, err);
    if (!st) st = kal_program_run(p, &o, err);
    kal_program_free(&p);
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "kal-demo PHOTO FOLDER\n");
        return 2;
    }
    kal_error err = {0};
    kal_node *photo = kal_load(NULL, argv[1], NULL);
    kal_extent e;
    if (kal_node_extent(photo, &e, &err)) return fail(&err);
    kal_node_unref(&photo);
    if (e.width < 8 || e.height < 8 || e.type != KAL_U8 || e.channels - e.alpha != 3) {
        fprintf(stderr, "%s: the demo takes an 8-bit colour photograph of 8×8 pixels or more\n", argv[1]);
        return 1;
    }
    const place p = {e.width / 4, e.height / 4, e.width / 2, e.height / 2};
    char first[4096], second[4096];
    snprintf(first, sizeof first, "%s/first.jpg", argv[2]);
    snprintf(second, sizeof second, "%s/second.jpg", argv[2]);

    printf("%s, %d×%d: the middle is blurred, sharpened, warmed, and put back over a soft seam.\n\n%s",
           argv[1], e.width, e.height, write_text(argv[1], e.alpha, p, -4, first));
    kal_memo_set_limit(NULL, (uint64_t)1 << 30);
    kal_stats stats;
    if (run(write_text(argv[1], e.alpha, p, -4, first), true, argv[2], &stats, &err)) return fail(&err);
    tell("first run ", first, &stats);
    printf("\nThe same with one number changed (offset=-4 → offset=12):\n");
    if (run(write_text(argv[1], e.alpha, p, 12, second), false, argv[2], &stats, &err)) return fail(&err);
    tell("second run", second, &stats);
    printf("\nAnd once more, nothing changed:\n");
    if (run(write_text(argv[1], e.alpha, p, 12, second), false, argv[2], &stats, &err)) return fail(&err);
    tell("third run ", second, &stats);
    kal_memo_clear(NULL);
    return 0;
}
