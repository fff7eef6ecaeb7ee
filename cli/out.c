// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Everything the command writes that is not a picture: JSON, numbers, sizes, names of outputs.
#include "inputs.h"
#include "out.h"
#include "records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// ---- JSON ---------------------------------------------------------------------------------------

size_t utf8_length(const unsigned char *s, size_t n)
{
    const size_t want = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
    if (!want || want > n) return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f)) return 0;
    if ((*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f)) return 0;
    return want;
}

// What is no UTF-8 (a path may hold any byte) becomes U+FFFD.
static void put_string(FILE *f, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    fputc('"', f);
    for (size_t i = 0; i < n;) {
        const size_t m = utf8_length(s + i, n - i);
        if (!m)
            fputs("\\ufffd", f);
        else if (s[i] == '"' || s[i] == '\\')
            fprintf(f, "\\%c", s[i]);
        else if (s[i] == '\n')
            fputs("\\n", f);
        else if (s[i] < 0x20 || s[i] == 0x7f)
            fprintf(f, "\\u%04x", s[i]);
        else
            fwrite(s + i, 1, m, f);
        i += m ? m : 1;
    }
    fputc('"', f);
}

void put_message(FILE *f, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0, n = strlen(text), m; i < n; i += m ? m : 1) {
        m = utf8_length(s + i, n - i);
        const bool c1 = m == 2 && s[i] == 0xc2 && s[i + 1] < 0xa0;
        if (m && !c1 && s[i] >= 0x20 && s[i] != 0x7f)
            fwrite(s + i, 1, m, f);
        else
            for (size_t k = 0; k < (m ? m : 1); k++) fprintf(f, "\\x%02x", s[i + k]);
    }
}

static void begin(json *j, const char *key)
{
    if (j->more) fputs(", ", j->f);
    j->more = true;
    if (!key) return;
    put_string(j->f, key, strlen(key));
    fputs(": ", j->f);
}

void json_open(json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->f);
    j->more = false;
}

void json_close(json *j, char bracket)
{
    fputc(bracket, j->f);
    j->more = true;
}

void json_line(json *j)
{
    fputs(j->more ? ",\n" : "\n", j->f);
    j->more = false;
}

void json_span(json *j, const char *key, const char *value, size_t n)
{
    begin(j, key);
    put_string(j->f, value, n);
}

void json_text(json *j, const char *key, const char *value)
{
    json_span(j, key, value, strlen(value));
}

void json_raw(json *j, const char *key, const char *value)
{
    begin(j, key);
    fputs(value, j->f);
}

bool is_number(const char *text)
{
    char *end;
    const size_t sign = *text == '-';
    if (text[sign] < '0' || text[sign] > '9' || (text[sign] == '0' && text[sign + 1] >= '0')) return false;
    return isfinite(strtod(text, &end)) && !*end && !text[strspn(text, "-+.0123456789eE")] && end[-1] != '.';
}

void json_word(json *j, const char *key, const char *word)
{
    if (is_number(word))
        json_raw(j, key, word);
    else
        json_text(j, key, word);
}

void json_number(json *j, const char *key, double value)
{
    char text[32];
    begin(j, key);
    fputs(isfinite(value) ? number_text(value, text) : "null", j->f);
}

void json_thousandths(json *j, const char *key, uint64_t value)
{
    begin(j, key);
    fprintf(j->f, "%llu.%03u", (unsigned long long)(value / 1000), (unsigned)(value % 1000));
}

void json_count(json *j, const char *key, uint64_t value)
{
    begin(j, key);
    fprintf(j->f, "%llu", (unsigned long long)value);
}

void json_bool(json *j, const char *key, bool value)
{
    begin(j, key);
    fputs(value ? "true" : "false", j->f);
}

void json_null(json *j, const char *key)
{
    begin(j, key);
    fputs("null", j->f);
}

void json_extent(json *j, const kal_extent *e)
{
    json_count(j, "width", (uint64_t)e->width);
    json_count(j, "height", (uint64_t)e->height);
    json_count(j, "channels", (uint64_t)e->channels);
    json_text(j, "type", kal_type_name(e->type));
    json_text(j, "model", kal_model_name(e->model));
    json_bool(j, "alpha", e->alpha);
}

// ---- statistics ---------------------------------------------------------------------------------

// The one list of the fields; a peak is not a sum.
// clang-format off
#define STATS(S, M)                                                                     \
    S(opens) S(bytes_read) S(bytes_written) S(decodes) S(encodes) S(computed_tiles)     \
    S(reused_tiles) S(nodes) S(nodes_reused) M(planned_bytes) M(peak_bytes) M(threads)
// clang-format on

void stats_add(kal_stats *sum, const kal_stats *one)
{
#define SUM(field) sum->field += one->field;
#define MOST(field) sum->field = sum->field > one->field ? sum->field : one->field;
    STATS(SUM, MOST)
    sum->wall_ms += one->wall_ms;
}

void json_stats_fields(json *j, const kal_stats *stats)
{
#define FIELD(field) json_count(j, #field, stats->field);
    STATS(FIELD, FIELD)
    json_number(j, "wall_ms", round(stats->wall_ms * 1e3) / 1e3);
}

void json_stats(FILE *f, const kal_stats *stats, const kal_memo_stats *memo)
{
    json j = {f, false};
    json_open(&j, NULL, '{');
    json_stats_fields(&j, stats);
    if (memo) {
        json_open(&j, "remote", '{');
        json_count(&j, "hits", memo->remote_hits);
        json_count(&j, "misses", memo->remote_misses);
        json_count(&j, "refused", memo->remote_refused);
        json_count(&j, "stored", memo->remote_stored);
        json_count(&j, "dropped", memo->remote_dropped);
        json_count(&j, "failed", memo->remote_failed);
        json_close(&j, '}');
    }
    json_close(&j, '}');
    fputc('\n', f);
}

// ---- numbers and kinds --------------------------------------------------------------------------

char *number_text(double v, char out[32])
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, v);
        if (strtod(out, NULL) == v) break;
    }
    if (strchr(out, 'e') && fabs(v) < 1e15 && v == floor(v)) snprintf(out, 32, "%.0f", v);
    return out;
}

char *size_text(double bytes, char out[16])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t u = 0;
    while (bytes >= 999.5 && u + 1 < sizeof units / sizeof *units) bytes /= 1000, u++;
    snprintf(out, 16, "%.*f %s", u && bytes < 9.95 ? 1 : 0, bytes, units[u]);
    return out;
}

const char *choice_word(const char *words, int i, int *n)
{
    *n = 0;
    if (i < 0) return NULL;   // worked out from the rest
    for (;; words++) {
        *n = (int)strcspn(words, "|");
        if (!i--) return *n || *words ? words : NULL;
        words += *n;
        if (!*words) return NULL;
    }
}

char *extent_text(const kal_extent *e, char out[96])
{
    char channels[24] = "";
    if (e->model == KAL_DATA) snprintf(channels, sizeof channels, "[%d]", e->channels);
    snprintf(out, 96, "%d×%d %s%s%s %s", e->width, e->height, kal_model_name(e->model), channels,
             e->alpha ? "+alpha" : "", kal_type_name(e->type));
    return out;
}

double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- names of outputs ---------------------------------------------------------------------------

bool is_template(const char *pattern)
{
    return pattern && strchr(pattern, '{');
}

bool is_url(const char *path)
{
    return !strncasecmp(path, "http://", 7) || !strncasecmp(path, "https://", 8);
}

// The last part of a path, or of a URL without what is asked of it, and how long it is without its suffix.
static const char *input_name(const place *at, int *n, int *stem)
{
    const char *end = at->input + (is_url(at->input) ? strcspn(at->input, "?#") : strlen(at->input));
    const char *name = end, *dot = end;
    while (name > at->input && name[-1] != '/') name--;
    while (dot > name && *dot != '.') dot--;
    *n = (int)(end - name);
    *stem = dot > name ? (int)(dot - name) : *n;
    return name;
}

static void put_stem(FILE *f, const place *at)
{
    int n, stem;
    const char *name = input_name(at, &n, &stem);
    if (!strcmp(name, "-"))
        fputs("stdin", f);
    else
        fprintf(f, "%.*s", stem, name);
}

static void put_ext(FILE *f, const place *at)
{
    int n, stem;
    const char *name = input_name(at, &n, &stem);
    if (at->suffix)
        fputs(at->suffix, f);
    else if (stem < n)
        fprintf(f, "%.*s", n - stem - 1, name + stem + 1);
}

static void put_dir(FILE *f, const place *at)
{
    const char *slash = is_url(at->input) ? NULL : strrchr(at->input, '/');
    if (!slash)
        fputc('.', f);
    else
        fwrite(at->input, 1, slash == at->input ? 1 : (size_t)(slash - at->input), f);
}

static void put_number(FILE *f, const place *at)
{
    fprintf(f, "%d", at->number);
}

static void put_key(FILE *f, const place *at)
{
    char text[33];
    fputs(kal_key_print(at->key, text), f);
}

static void put_page(FILE *f, const place *at)
{
    fprintf(f, "%d", at->page);
}

static const struct {
    const char *name;
    bool of_input, of_output;
    void (*put)(FILE *f, const place *at);
} places[] = {{"stem", true, false, put_stem},  {"ext", true, false, put_ext},
              {"dir", true, false, put_dir},    {"n", false, false, put_number},
              {"page", false, false, put_page}, {"key", false, true, put_key}};

bool is_place(const char *name)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!strcmp(places[i].name, name)) return true;
    return false;
}

bool names_place(const char *path, const sweep *w)
{
    for (const char *at = strchr(path, '{'); at; at = strchr(at + 1, '{')) {
        char name[64];
        const size_t n = strcspn(at + 1, "{}");
        if (at[n + 1] != '}' || n >= sizeof name) continue;
        snprintf(name, sizeof name, "%.*s", (int)n, at + 1);
        if (is_place(name)) return true;
        for (int32_t i = 0; w && i < w->n; i++)
            if (!strcmp(w->axes[i].name, name)) return true;
    }
    return false;
}

// A value of a sweep, if the name is one's. A path's slashes would be folders.
static bool put_swept(FILE *f, const char *name, size_t n, const place *at)
{
    for (int32_t i = 0; at->sweep && i < at->sweep->n; i++) {
        if (strlen(at->sweep->axes[i].name) != n || memcmp(at->sweep->axes[i].name, name, n) != 0) continue;
        for (const char *c = sweep_value(at->sweep, i, at->row); *c; c++) fputc(*c == '/' ? '_' : *c, f);
        return true;
    }
    return false;
}

// "{name}" at `from`; how many bytes it has, 0 having said why.
static size_t put_place(FILE *f, const char *from, const place *at)
{
    const char *end = strchr(from, '}'), *flag = at->option ? at->option : "-o";
    const size_t n = end ? (size_t)(end - from) - 1 : 0;
    for (size_t i = 0; end && i < sizeof places / sizeof *places; i++) {
        if (strlen(places[i].name) != n || memcmp(places[i].name, from + 1, n)) continue;
        if (at->option && places[i].of_output) break;
        if (places[i].of_input && !at->input) {
            usage("%s: {%s} is that of an input, and none was given after the text", flag, places[i].name);
            return 0;
        }
        places[i].put(f, at);
        return n + 2;
    }
    if (end && put_swept(f, from + 1, n, at)) return n + 2;
    usage("%s: \"%.*s\" is none of {stem} {ext} {dir} {n} {page}%s; {{ is a brace", flag,
          end ? (int)n + 2 : (int)strlen(from), from, at->option ? "" : " {key}");
    return 0;
}

char *template_expand(const char *pattern, const place *at)
{
    char *text = NULL;
    size_t size, step = 1;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    for (const char *c = pattern; *c && step; c += step) {
        step = 1;
        if ((*c == '{' || *c == '}') && c[1] == *c)
            fputc(*c, f), step = 2;
        else if (*c == '{')
            step = put_place(f, c, at);
        else
            fputc(*c, f);
    }
    if (fclose(f) == 0 && step) return text;
    free(text);
    return NULL;
}
