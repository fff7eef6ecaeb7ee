// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal formats`: what is read and written, by which library.
#include "out.h"
#include "records.h"

static const char *mark(bool yes, const char *what)
{
    return yes ? what : "-";
}

static void print_row(const kal_codec_info *c, const char *version)
{
    printf("  %-9s %-5s %-6s %-6s %-6s %-22s %s\n", c->name, mark(c->reads, "reads"),
           mark(c->writes, "writes"), mark(c->pages, "pages"), mark(c->album, "album"), c->suffixes,
           version ? version : "cannot be loaded");
}

static void print_formats(void)
{
    kal_codec_info c;
    const char *version;
    printf("  %-9s %-5s %-6s %-6s %-6s %-22s %s\n", "name", "reads", "writes", "pages", "album", "suffixes",
           "library");
    for (size_t i = 0; kal_codec_at(i, &c, &version); i++) print_row(&c, version);
    puts("\npages: files of several are read; album: they are written. kal formats NAME tells the parameters "
         "of saving.");
}

static void json_format(json *j, const kal_codec_info *c, const char *version)
{
    json_open(j, NULL, '{');
    json_text(j, "name", c->name);
    json_text(j, "suffixes", c->suffixes);
    json_text(j, "help", c->help);
    json_bool(j, "reads", c->reads);
    json_bool(j, "writes", c->writes);
    json_bool(j, "pages", c->pages);
    json_bool(j, "album", c->album);
    if (version)
        json_text(j, "version", version);
    else
        json_null(j, "version");
    json_params(j, c->params, c->n_params);
    json_close(j, '}');
}

static void json_formats(void)
{
    json j = {stdout, false};
    kal_codec_info c;
    const char *version;
    json_open(&j, NULL, '[');
    for (size_t i = 0; kal_codec_at(i, &c, &version); i++) {
        if (i) fputs(",\n ", stdout), j.more = false;
        json_format(&j, &c, version);
    }
    fputs("]\n", stdout);
}

static const char *version_of(const kal_codec_info *of)
{
    kal_codec_info c;
    const char *version = NULL;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++)
        if (c.name == of->name) kal_codec_at(i, &c, &version);
    return version;
}

int formats_main(settings *s)
{
    kal_codec_info c;
    if (!s->n_words) return s->json ? json_formats() : print_formats(), EXIT_OK;
    if (!codec_find(s->words[0], &c)) return no_such("format", s->words[0]);
    if (s->json) {
        json j = {stdout, false};
        json_format(&j, &c, version_of(&c));
        putchar('\n');
    } else {
        help_codec(&c);
    }
    return EXIT_OK;
}
