// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The pages of the ops, docs/ops/NAME.md and README.md there, are made from the records, and so are the pictures on them. Without
// arguments this compares what is checked in with what the records say; ops_pages --write DIR writes pages and pictures, and
// ops_pages --sheet FILE all pictures on one sheet.
#define _GNU_SOURCE
#include "check.h"
#include "fmath.h"
#include "mem.h"
#include "num.h"
#include "pages.h"
#include "pictures.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#define MORE "Made from the record by `test.docs.ops_pages --write docs/ops`; do not edit."

// ---- words for a record -------------------------------------------------------------------------

typedef struct arity {
    int min, max;
    bool many;
} arity;

static arity arity_of(const kal_op *op)
{
    arity a = {0, 0, false};
    for (const char *w = op->inputs ? op->inputs : ""; *w;) {
        const size_t n = strcspn(w, " ");
        a.min += w[n - 1] != '?';
        a.max++;
        a.many |= n > 3 && !memcmp(w + n - 3, "...", 3);
        w += n + (w[n] == ' ');
    }
    return a;
}

// The first sample of an op that works on a gray, RGB or RGBA picture; what it folds into counts only when asked for.
static kal_node *try_sample(kal_scope *s, const kal_op *op, bool folded)
{
    static const unsigned char pixels[64 * 64 * 4 * 2];
    static const int32_t channels[] = {3, 1, 4};
    for (int k = 0; k < 3; k++)
        for (const char *const *sample = op->samples; sample && *sample; sample++) {
            const kal_extent e = extent_of(64, 64, channels[k], KAL_U8);
            kal_node *in = kal_pixels(s, &e, pixels, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
            kal_node *const both[2] = {in, in};
            const arity a = arity_of(op);
            for (int32_t n = a.min; n <= a.max && n <= 2; n++) {
                kal_node *node = kal_apply_text(s, op->name, *sample, both, n);
                if (!kal_node_error(node, NULL) && (folded || kal_node_call(node)->op == op)) return node;
            }
        }
    return NULL;
}

static const char *reads(const kal_op *op)
{
    static char becomes[200];
    if (op->flags & KAL_OP_SOURCE) return "A source: it reads a file and has no inputs.";
    if (!op->measure && !arity_of(op).max) return "A source: it has no inputs.";
    if (op->flags & KAL_OP_VIEW) return "Never computed: a view of its input.";
    if (op->measure && !op->measure->rows) return "Looks at no pixels.";
    if (op->flags & KAL_OP_WHOLE) return "Runs once, for the whole image.";
    if (op->flags & KAL_OP_POINTWISE)
        return "Pointwise: a pixel depends on the pixel at the same place of each input alone.";
    kal_scope *s = kal_scope_new();
    const kal_node *node = try_sample(s, op, false), *other = node ? NULL : try_sample(s, op, true);
    const kal_call *c = node ? kal_node_call(node) : NULL;
    if (other)
        snprintf(becomes, sizeof becomes, "Never computed itself: it becomes [%s](%s.md).",
                 kal_node_call(other)->op->name, kal_node_call(other)->op->name);
    if (other || !op->need) {
        kal_scope_free(&s);
        return other ? becomes : "Reads the same rectangle of each input that it writes.";
    }
    const kal_extent *in = c ? &c->in[0]->extent : NULL;
    const char *what = "Reads other rectangles than it writes.";
    if (c && c->extent.width * c->extent.height > 1) {
        const kal_rect at = kal_rect_of(c->extent.width / 2, c->extent.height / 2, c->extent.width / 2 + 1,
                                        c->extent.height / 2 + 1);
        const kal_rect need = op->need(c, 0, at);
        const bool same_size = in->width == c->extent.width && in->height == c->extent.height;
        if (same_size && kal_rect_inside(at, need) && !kal_rect_equal(at, need))
            what = "Reads a neighbourhood of each pixel.";
        if (kal_rect_equal(need, kal_rect_all(in)))
            what = "Reads the whole image for any part of the result.";
    } else if (c) {
        what = "Reads the whole image for its one pixel.";
    }
    kal_scope_free(&s);
    return what;
}

// ---- Markdown -----------------------------------------------------------------------------------

// In a cell of a table a | must be escaped.
static void put_cell(kal__text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '|') kal__puts(t, "\\");
        kal__put(t, s, 1);
    }
}

// Bounds like 100000000 as 10^8.
static void put_number(kal__text *t, double v)
{
    char b[32];
    int power = 0;
    for (double p = v < 0 ? -v : v; p >= 10 && p == 10 * kal__floor(p / 10); p /= 10) power++;
    double one = v;
    for (int i = 0; i < power; i++) one /= 10;
    if (power > 4 && (one == 1 || one == -1))
        kal__putf(t, "%s10^%d", v < 0 ? "-" : "", power);
    else
        kal__put(t, b, kal__print_double(b, v));
}

// "copy|mirror" with a separator that tables bear.
static void put_words(kal__text *t, const char *words)
{
    for (;;) {
        const size_t n = strcspn(words, "|");
        kal__putf(t, "`%.*s`", (int)n, words);
        if (!words[n]) return;
        kal__puts(t, " ");
        words += n + 1;
    }
}

static void put_range(kal__text *t, const kal_param *p)
{
    if (p->kind == KAL_PARAM_CHOICE) {
        put_words(t, p->unit);
    } else if (p->kind == KAL_PARAM_FILE && p->unit && *p->unit) {
        kal__puts(t, "a name alone is looked for below ");
        put_words(t, p->unit);
    } else if (p->min < p->max) {
        put_number(t, p->min);
        kal__puts(t, "..");
        put_number(t, p->max);
    }
}

static void put_default(kal__text *t, const kal_param *p)
{
    const char *word = p->unit;
    if (p->kind == KAL_PARAM_CHOICE && p->def == KAL_AUTO) {
        kal__puts(t, "worked out");
        return;
    }
    switch (p->kind) {
    case KAL_PARAM_TEXT: kal__puts(t, p->def_text && *p->def_text ? p->def_text : "unset"); return;
    case KAL_PARAM_FILE:
    case KAL_PARAM_FILES:
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR: kal__puts(t, "unset"); return;
    case KAL_PARAM_BOOL: kal__puts(t, p->def != 0 ? "`true`" : "`false`"); return;
    case KAL_PARAM_CHOICE:
        for (int i = (int)p->def; i > 0; i--) word = strchr(word, '|') + 1;
        kal__putf(t, "`%.*s`", (int)strcspn(word, "|"), word);
        return;
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y:
    case KAL_PARAM_FLOAT: break;
    }
    if (p->def == KAL_AUTO)
        kal__puts(t, "worked out");
    else
        put_number(t, p->def);
}

static void put_params(kal__text *t, const kal_param *params, size_t n)
{
    static const char *const kinds[] = {
        [KAL_PARAM_INT] = "whole number",    [KAL_PARAM_X] = "whole number or %",
        [KAL_PARAM_Y] = "whole number or %", [KAL_PARAM_FLOAT] = "number",
        [KAL_PARAM_BOOL] = "yes or no",      [KAL_PARAM_CHOICE] = "choice",
        [KAL_PARAM_TEXT] = "text",           [KAL_PARAM_LIST] = "list",
        [KAL_PARAM_COLOR] = "colour",        [KAL_PARAM_FILE] = "file",
        [KAL_PARAM_FILES] = "files",
    };
    kal__puts(t, "| parameter | type | range | default | unit | |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const kal_param *p = &params[i];
        kal__putf(t, "| `%s` | %s | ", p->name, kinds[p->kind]);
        put_range(t, p);
        kal__puts(t, " | ");
        put_default(t, p);
        kal__puts(t, " | ");
        put_cell(t, p->kind == KAL_PARAM_CHOICE || p->kind == KAL_PARAM_FILE || !p->unit ? "" : p->unit);
        kal__puts(t, " | ");
        put_cell(t, p->help);
        kal__puts(t, " |\n");
    }
}

static void put_inputs(kal__text *t, const kal_op *op)
{
    const arity a = arity_of(op);
    if (!a.max) return;
    kal__puts(t, a.max > 1 || a.many ? "Inputs: " : "Input: ");
    for (const char *w = op->inputs; *w;) {
        const size_t n = strcspn(w, " ");
        const bool maybe = w[n - 1] == '?', many = n > 3 && !memcmp(w + n - 3, "...", 3);
        kal__putf(t, "%s`%.*s`%s", w == op->inputs ? "" : ", ", (int)(n - maybe - 3 * many), w,
                  maybe  ? " (may be left out)"
                  : many ? ", one or more"
                         : "");
        w += n + (w[n] == ' ');
    }
    kal__puts(t, ".\n\n");
}

// The sample as it would stand in a text; a very long list is cut.
static void put_sample(kal__text *t, const kal_op *op, const char *sample, bool two)
{
    const arity a = arity_of(op);
    if (a.many)
        kal__putf(t, "%s [a b]", op->name);
    else
        kal__putf(t, a.max ? "in | %s%s" : "%s", op->name, two ? " base" : "");
    if (!*sample) {
        kal__puts(t, "\n");
        return;
    }
    kal__puts(t, " ");
    const size_t n = strlen(sample);
    if (n <= 100)
        kal__putf(t, "%s\n", sample);
    else
        kal__putf(t, "%.*s …\n", 60, sample);
}

// Whether a second image that may be left out stands for a value that is left out then: add in base, add in value=3.
static bool for_a_value(const kal_op *op, const char *sample)
{
    for (size_t i = 0; i < op->n_params; i++)
        if (!strcmp(op->params[i].name, "value")) return !sample || !strstr(sample, "value");
    return false;
}

static void put_samples(kal__text *t, const kal_op *op)
{
    if (!op->samples || !op->samples[0]) return;
    const arity a = arity_of(op);
    kal__puts(t, "As text:\n\n```text\n");
    for (const char *const *s = op->samples; *s; s++) {
        const bool optional = a.max == 2 && a.min == 1;
        put_sample(t, op, *s, a.max == 2 && (!optional || for_a_value(op, *s)));
    }
    kal__puts(t, "```\n\n");
}

// "[1 2 3]…" as {(const double[]){1, 2, 3}, 3}
static void put_list(kal__text *t, const char *sample)
{
    int n = 1;
    kal__puts(t, "{(const double[]){");
    for (const char *c = sample + 1; *c && *c != ']'; c++) {
        if (*c == ' ')
            kal__puts(t, ", "), n++;
        else
            kal__put(t, c, 1);
    }
    kal__putf(t, "}, %d}", n);
}

// The numbers of the first sample that has some as fields: kal_gaussian_params(.sigma = 1).
static void put_fields(kal__text *t, const kal_op *op)
{
    for (const char *const *s = op->samples; s && *s; s++) {
        int n = 0;
        for (size_t i = 0; i < op->n_params; i++) {
            const kal_param *p = &op->params[i];
            char key[64];
            snprintf(key, sizeof key, "%s=", p->name);
            const char *at = strstr(*s, key);
            const bool given = at && (at == *s || at[-1] == ' '), first = !i && **s == '[';
            const bool list = p->kind == KAL_PARAM_LIST && op->measure && (given || first);
            double v;
            const bool text = given && p->kind == KAL_PARAM_TEXT;
            if (!list && !text && (!given || p->kind > KAL_PARAM_FLOAT)) continue;
            at = given ? at + strlen(key) : *s;
            if (!list && !text && !kal__parse_double(at, strcspn(at, " "), &v)) continue;
            if (n++)
                kal__putf(t, ", .%s = ", p->name);
            else
                kal__putf(t, "kal_%s_params(.%s = ", op->name, p->name);
            if (list)
                put_list(t, at);
            else if (text)   // in quotes there as here
                kal__put(t, at, *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, " "));
            else
                kal__put(t, at, strcspn(at, " "));
        }
        if (n) {
            kal__puts(t, ")");
            return;
        }
    }
    kal__puts(t, "NULL");
}

static void put_from_c(kal__text *t, const kal_op *op)
{
    const arity a = arity_of(op);
    if (op->flags & KAL_OP_SOURCE) {
        kal__putf(t, "From C:\n\n```c\nkal_node *node = kal_%s(s, \"in.jpg\", NULL);\n```\n\n", op->name);
        return;
    }
    const bool optional = a.max > a.min && !a.many;
    const bool map = a.max == 2 && op->measure && !optional;
    const char *in = !a.max       ? ""
                     : a.many     ? "images, n, "
                     : a.max == 3 ? "image, other, base, "
                     : map        ? "image, other, "
                     : a.max == 2 ? (optional && !for_a_value(op, NULL) ? "image, NULL, "
                                     : optional                         ? "image, other, "
                                                                        : "image, base, ")
                                  : "image, ";
    kal__putf(t, "From C%s:\n\n```c\nkal_node *node = kal_%s(s, %s",
              optional ? ", with `NULL` for what is left out" : "", op->name, in);
    put_fields(t, op);
    kal__puts(t, ");\n```\n\n");
    for (size_t i = 0; i < op->n_params; i++) {
        const kal_param *p = &op->params[i];
        const char *second = p->kind == KAL_PARAM_CHOICE ? strchr(p->unit, '|') : NULL;
        if (!second) continue;
        kal__putf(t, "There a choice is the place of its word, from 0: `.%s = 1` is `%.*s`.\n\n", p->name,
                  (int)strcspn(second + 1, "|"), second + 1);
        return;
    }
}

// First line; then paragraphs.
static void put_help(kal__text *t, const char *help)
{
    const size_t n = strcspn(help, "\n");
    kal__putf(t, "%.*s.\n\n", (int)n, help);
    if (help[n]) kal__putf(t, "%s\n\n", help + n + 1);
}

// The picture of an op; `keys`, unless NULL, gets a line with the key of its pixels, `write_to` the picture itself. false: there is none.
static bool put_picture(kal__text *t, const kal_op *op, kal__text *keys, const char *write_to)
{
    char call[300], text[33], path[4096];
    kal_scope *s = kal_scope_new();
    kal_node *node = picture_of(s, op, call);
    kal_key key;
    if (node) kal__putf(t, "![%s](pictures/%s.jpg)\n\n`%s`\n\n", op->name, op->name, call);
    if (node && keys && REQUIRE_OK(kal_content_key(node, NULL, &key, &check_error)))
        kal__putf(keys, "%s %s\n", op->name, kal_key_print(key, text));
    snprintf(path, sizeof path, "%s/pictures/%s.jpg", write_to ? write_to : "", op->name);
    if (node && write_to) REQUIRE_OK(kal_save(node, path, "quality=80", NULL, &check_error));
    kal_scope_free(&s);
    return node != NULL;
}

static void put_page(kal__text *t, const kal_op *op)
{
    kal__putf(t, "# %s\n\n", op->name);
    put_help(t, op->help);
    put_picture(t, op, NULL, NULL);
    put_inputs(t, op);
    if (op->n_params) {
        put_params(t, op->params, op->n_params);
        kal__puts(t, "\n");
    }
    put_samples(t, op);
    put_from_c(t, op);
    if (op->undoes)
        kal__putf(t, "In a text the base may be left out: the nearest [%s](%s.md) upstream lends it.\n\n",
                  op->undoes, op->undoes);
    kal__puts(t, reads(op));
    if (op->flags & KAL_OP_SERIAL) kal__puts(t, " Its bands run in order, one at a time.");
    if (op->flags & KAL_OP_VOLATILE) kal__puts(t, " Its results are never kept.");
    kal__putf(t, " Version %u.\n\n<!-- %s -->\n", op->version, MORE);
}

static void put_index(kal__text *t)
{
    kal__puts(t, "# Ops\n\nHow parameters are written: [the text](../text.md). A new op: [adding an "
                 "op](../adding-an-op.md).\n\nThe calls below the pictures speak of these, which are made "
                 "by [sample](sample.md) and others:\n\n```text\n");
    const char *source, *text;
    for (int i = 0; (source = picture_source(i, &text)) != NULL; i++) kal__putf(t, "%s = %s\n", source, text);
    kal__puts(t, "```\n");
    for (size_t i = 0; kal_op_at(i); i++) {
        const char *family = kal_op_at(i)->family;
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen |= !strcmp(kal_op_at(k)->family, family);
        if (seen) continue;
        kal__putf(t, "\n## %s\n\n| op | |\n|---|---|\n", family);
        for (size_t k = i; kal_op_at(k); k++) {
            const kal_op *op = kal_op_at(k);
            if (strcmp(op->family, family) != 0) continue;
            kal__putf(t, "| [%s](%s.md) | ", op->name, op->name);
            char line[400];
            snprintf(line, sizeof line, "%.*s", (int)strcspn(op->help, "\n"), op->help);
            put_cell(t, line);
            kal__puts(t, " |\n");
        }
    }
    kal__puts(t, "\n<!-- " MORE " -->\n");
}

// ---- compare and write --------------------------------------------------------------------------

static bool write_file(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    const bool ok = f && fwrite(text, 1, strlen(text), f) == strlen(text);
    return f && fclose(f) == 0 && ok;
}

static void compare(const char *dir, const char *name, const char *want)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *got = page_read(path);
    size_t i = 0;
    int line = 1;
    for (; got && got[i] && got[i] == want[i]; i++) line += got[i] == '\n';
    REQUIRE_NOTE(got && !strcmp(got, want),
                 "%s differs from its record at line %d: run test.docs.ops_pages --write docs/ops", path,
                 line);
    free(got);
}

static void page(const char *write_to, const char *dir, const kal_op *op)
{
    char name[256];
    snprintf(name, sizeof name, "%s.md", op ? op->name : "README");
    kal__text t = {0};
    char *text;
    if (op)
        put_page(&t, op);
    else
        put_index(&t);
    if (!REQUIRE_NOTE(kal__text_done(&t, &text, NULL), "%s: out of memory", name)) return;
    if (write_to)
        REQUIRE_NOTE(write_file(write_to, name, text), "%s/%s cannot be written", write_to, name);
    else
        compare(dir, name, text);
    free(text);
}

// The pictures, and the keys of their pixels: what a file holds went through JPEG.
static void pictures(const char *write_to, const char *dir)
{
    kal__text keys = {0}, page = {0};
    char *want, path[4096];
    kal_extent e;
    size_t bytes = 0;
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        page.size = 0;
        if (!put_picture(&page, op, &keys, write_to) || write_to) continue;
        snprintf(path, sizeof path, "%s/pictures/%s.jpg", dir, op->name);
        kal_node *node = kal_load(NULL, path, NULL);
        REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s", check_error.message);
        kal_file_info info = {0};
        if (kal_node_file(node, &info)) bytes += info.bytes;
        kal_node_unref(&node);
    }
    free(page.data);
    REQUIRE_NOTE(bytes < 1500000, "%zu bytes of pictures", bytes);
    if (!REQUIRE(kal__text_done(&keys, &want, NULL))) return;
    if (write_to)
        REQUIRE(write_file(write_to, "pictures/keys.txt", want));
    else
        compare(dir, "pictures/keys.txt", want);
    free(want);
}

// A page or a picture whose op is gone.
static void strays(const char *dir, const char *suffix)
{
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        const size_t n = strlen(f->d_name), m = strlen(suffix);
        char name[256];
        if (n <= m || strcmp(f->d_name + n - m, suffix) != 0 || !strcmp(f->d_name, "README.md")) continue;
        snprintf(name, sizeof name, "%.*s", (int)(n - m), f->d_name);
        REQUIRE_NOTE(kal_op_find(name), "%s/%s: there is no such op", dir, f->d_name);
    }
    if (d) closedir(d);
}

int main(int argc, char **argv)
{
    const bool writes = argc == 3 && !strcmp(argv[1], "--write");
    if (argc == 3 && !strcmp(argv[1], "--sheet")) {
        REQUIRE_OK(pictures_sheet(argv[2], &check_error));
        kal_memo_clear(NULL);
        return check_done();
    }
    const char *given = getenv("KAL_OPS_PAGES");
    char dir[4000];
    snprintf(dir, sizeof dir, "%s", writes ? argv[2] : given && *given ? given : page_path("docs/ops"));
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/pictures", dir);
    if (writes) mkdir(folder, 0777);
    page(writes ? argv[2] : NULL, dir, NULL);
    for (size_t i = 0; kal_op_at(i); i++) page(writes ? argv[2] : NULL, dir, kal_op_at(i));
    pictures(writes ? argv[2] : NULL, dir);
    strays(dir, ".md");
    strays(folder, ".jpg");
    kal_memo_clear(NULL);
    return check_done();
}
