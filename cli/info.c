// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal info`: what headers say. No pixel is decoded.
#include "cli.h"
#include "out.h"

#include <stdlib.h>
#include <string.h>

#define INCH 0.0254
#define MOST_LETTERS 200   // of a field in a line, unless all is asked for

typedef struct facts {
    const char *file;
    const kal_node *node;
    kal_file_info info;
    kal_extent extent;
    int orientation;
    bool applied, all;
    int32_t page;
    int32_t rows;   // that are there; -1: nobody looked
} facts;

static const char *const metas[] = {"icc", "exif", "xmp", "iptc"};
enum { N_METAS = sizeof metas / sizeof *metas };

// What most people look for; --all tells the rest.
static const char *const usual[] = {"exif.Make",
                                    "exif.Model",
                                    "exif.LensModel",
                                    "exif.DateTimeOriginal",
                                    "exif.ExposureTime",
                                    "exif.FNumber",
                                    "exif.PhotographicSensitivity",
                                    "exif.FocalLength",
                                    "gps.latitude",
                                    "gps.longitude",
                                    "exif.ImageDescription",
                                    "iptc.Caption-Abstract",
                                    "xmp.dc:title",
                                    "exif.Copyright"};

static bool number_of(const facts *f, const char *name, double *out)
{
    kal_field field;
    if (!kal_node_field(f->node, name, &field) || field.kind != KAL_FIELD_NUMBERS) return false;
    *out = field.numbers[0];
    return true;
}

static bool density_of(const facts *f, double out[2])
{
    return number_of(f, "density.x", &out[0]) && number_of(f, "density.y", &out[1]);
}

// ---- text ---------------------------------------------------------------------------------------

// What would move a terminal's cursor, or worse, is a space.
static void put_plain(const char *text, size_t most)
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p && n < most; p++) {
        const bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
        if (c1) p++;
        n += (*p & 0xc0) != 0x80;
        putchar(c1 || *p < 0x20 || *p == 0x7f ? ' ' : *p);
    }
    if (strlen(text) > most && n >= most) fputs("…", stdout);
}

static void put_field(const facts *f, const kal_field *field)
{
    printf("  %-30s ", field->name);
    put_plain(field->text, f->all ? SIZE_MAX : MOST_LETTERS);
    putchar('\n');
}

static void put_fields(const facts *f)
{
    kal_field field;
    for (size_t i = 0; f->all && kal_node_field_at(f->node, i, &field); i++) put_field(f, &field);
    for (size_t i = 0; !f->all && i < sizeof usual / sizeof *usual; i++)
        if (kal_node_field(f->node, usual[i], &field)) put_field(f, &field);
}

static void put_density(const facts *f)
{
    char text[2][32];
    double d[2];
    if (!density_of(f, d)) return;
    for (int i = 0; i < 2; i++) snprintf(text[i], sizeof text[i], "%.6g", d[i] * INCH);
    if (strcmp(text[0], text[1]))
        printf(", %s×%s dpi", text[0], text[1]);
    else
        printf(", %s dpi", text[0]);
}

static void put_orientation(const facts *f)
{
    double said;
    if (f->orientation != 1)
        printf(", orientation %d%s", f->orientation, f->applied ? " (applied)" : "");
    else if (number_of(f, "exif.Orientation", &said) && !(said >= 1 && said <= 8))
        printf(", orientation %g (there is none such: as stored)", said);
}

static void put_animation(const facts *f)
{
    double v;
    if (f->info.pages > 1 && f->page) printf(", page %d of %d", f->page, f->info.pages);
    if (f->info.pages > 1 && !f->page) printf(", %d pages", f->info.pages);
    if (number_of(f, "delay", &v)) printf(", shown for %g s", v);
    if (number_of(f, "loops", &v) && v == 0) fputs(", runs without end", stdout);
    if (number_of(f, "loops", &v) && v > 0) printf(", runs %g times", v);
}

// Pieces of metadata that were too large to be read.
static void put_left_out(const facts *f)
{
    static const char start[] = "left_out.";
    kal_field field;
    for (size_t i = 0; kal_node_field_at(f->node, i, &field); i++)
        if (!strncmp(field.name, start, sizeof start - 1))
            printf(", %s left out (%s bytes, more than meta_bytes allows)", field.name + sizeof start - 1,
                   field.text);
}

static void print_text(const facts *f)
{
    char extent[96];
    kal_field name;
    printf("%s: %s %s", f->file, f->info.format, extent_text(&f->extent, extent));
    if (f->rows >= 0) printf(", %d of %d rows", f->rows, f->extent.height);
    put_animation(f);
    put_orientation(f);
    put_density(f);
    for (int i = 0; i < N_METAS; i++) {
        const void *data;
        size_t size;
        if (!kal_node_meta(f->node, metas[i], &data, &size)) continue;
        printf(", %s %zu bytes", metas[i], size);
        if (i || !kal_node_field(f->node, "icc.description", &name)) continue;
        fputs(" (", stdout);
        put_plain(name.text, MOST_LETTERS);
        putchar(')');
    }
    put_left_out(f);
    putchar('\n');
    put_fields(f);
}

// ---- JSON ---------------------------------------------------------------------------------------

static void json_optional(json *j, const facts *f, const char *name)
{
    double v;
    if (number_of(f, name, &v))
        json_number(j, name, v);
    else
        json_null(j, name);
}

// One value as itself, several as a list.
static void json_field(json *j, const kal_field *f)
{
    const bool list = f->many || f->count > 1;
    if (f->kind == KAL_FIELD_BYTES) {
        json_text(j, f->name, f->text);
        return;
    }
    if (list) json_open(j, f->name, '[');
    for (size_t i = 0; i < f->count; i++)
        if (f->kind == KAL_FIELD_TEXT)
            json_text(j, list ? NULL : f->name, f->items[i]);
        else
            json_number(j, list ? NULL : f->name, f->numbers[i]);
    if (list) json_close(j, ']');
}

static void json_density(json *j, const facts *f)
{
    double d[2];
    const bool there = density_of(f, d);
    static const char *const names[] = {"density", "dpi"};
    for (int k = 0; k < 2; k++) {
        if (!there) {
            json_null(j, names[k]);
            continue;
        }
        json_open(j, names[k], '[');
        for (int i = 0; i < 2; i++) json_number(j, NULL, k ? d[i] * INCH : d[i]);
        json_close(j, ']');
    }
}

static void print_json(json *j, const facts *f)
{
    kal_field field;
    json_open(j, NULL, '{');
    json_text(j, "file", f->file);
    json_text(j, "format", f->info.format);
    json_count(j, "bytes", f->info.bytes);
    json_count(j, "pages", (uint64_t)f->info.pages);
    json_count(j, "page", (uint64_t)f->page);
    json_optional(j, f, "delay");
    json_optional(j, f, "loops");
    json_extent(j, &f->extent);
    if (f->rows >= 0) json_count(j, "rows", (uint64_t)f->rows);
    json_count(j, "orientation", (uint64_t)f->orientation);
    json_bool(j, "orientation_applied", f->applied);
    json_density(j, f);
    if (kal_node_field(f->node, "icc.description", &field))
        json_text(j, "icc", field.text);
    else
        json_null(j, "icc");
    for (int i = 0; i < N_METAS; i++) {
        const void *data;
        size_t size = 0;
        char key[32];
        snprintf(key, sizeof key, "%s_bytes", metas[i]);
        json_count(j, key, kal_node_meta(f->node, metas[i], &data, &size) ? size : 0);
    }
    json_open(j, "fields", '{');
    const char *before = "";
    for (size_t i = 0; kal_node_field_at(f->node, i, &field); i++) {
        if (strcmp(before, field.name) != 0) json_field(j, &field);
        before = field.name;
    }
    json_close(j, '}');
    json_close(j, '}');
}

static void print_failure(json *j, const char *file, const kal_error *err)
{
    json_open(j, NULL, '{');
    json_text(j, "file", file);
    json_text(j, "error", err->message);
    json_text(j, "status", kal_status_name(err->status));
    json_close(j, '}');
}

static void lacks(void *user, const kal_warning *w)
{
    *(int32_t *)user = w->rows;
}

static kal_status count_rows(facts *f, kal_error *err)
{
    kal_key key;
    const kal_options o = {.warn = lacks, .user = &f->rows, .memo_mode = KAL_MEMO_NEVER};
    f->rows = f->extent.height;
    return kal_content_key(f->node, &o, &key, err);
}

static int tell(const settings *s, const char *file, json *j)
{
    kal_scope *scope = kal_scope_new();
    kal_error err;
    char params[80];
    facts f = {.file = file, .all = s->all, .page = s->page, .rows = -1};
    snprintf(params, sizeof params, "page=%d%s%s", s->page, strcmp(file, "-") ? " keyed=false" : "",
             s->rows ? " lenient=true upright=false" : "");
    f.node = kal_load(scope, file, params);
    kal_status bad = kal_node_extent(f.node, &f.extent, &err);
    if (!bad && s->rows) bad = count_rows(&f, &err);
    if (!bad) {
        kal_node_file(f.node, &f.info);
        kal_node_orientation(f.node, &f.orientation, &f.applied);
    }
    if (j && bad) print_failure(j, file, &err);
    if (j && !bad) print_json(j, &f);
    if (!j && !bad) print_text(&f);
    kal_scope_free(&scope);
    return bad ? fail(&err) : EXIT_OK;
}

int info_main(settings *s)
{
    json j = {stdout, false};
    int code = EXIT_OK;
    if (!s->n_words) return usage("info: which file?");
    if (s->json) json_open(&j, NULL, '[');
    for (int i = 0; i < s->n_words; i++) {
        if (s->json && i) fputs(",\n ", stdout), j.more = false;
        code = worse(code, tell(s, s->words[i], s->json ? &j : NULL));
    }
    if (s->json) fputs("]\n", stdout);
    return code;
}
