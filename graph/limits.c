// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What decoding may cost, for the whole process. One table: reading a text, help, and what is left to strangers all walk it.
#include "load.h"

#include "fork.h"

#include <stdio.h>
#include <string.h>

#define STRANGERS "jpeg,png,webp,gif,avif,heif,bmp,qoi,pnm,tiff"

// Kind, field, default, value for files of strangers, help. Counts are in thousands where they say K, bytes in units of 1024.
#define LIMITS(L)                                                                                    \
    L(COUNT, pixels, (uint64_t)1 << 30, 100000000, "pixels of a picture, width × height")            \
    L(COUNT, side, KAL_MAX_SIDE, 32768, "pixels of its longer side")                                 \
    L(BYTES, file_bytes, (uint64_t)8 << 30, (uint64_t)256 << 20, "bytes of a file")                  \
    L(BYTES, meta_bytes, (uint64_t)8 << 20, (uint64_t)1 << 20,                                       \
      "bytes of one piece of metadata; larger ones are left out, HEIF's are refused")                \
    L(COUNT, scans, 200, 50, "scans of a progressive JPEG")                                          \
    L(COUNT, pages, 65536, 1000, "pages of a file")                                                  \
    L(COUNT, nesting, 16, 8, "boxes within boxes of a HEIF or AVIF file")                            \
    L(COUNT, seconds, 0, 60, "seconds that opening an input may take, and a request; 0: any")        \
    L(COUNT, threads, 0, 2,                                                                          \
      "threads that a codec's library may start of its own; 0: as many as the request")              \
    L(FLAG, network, 1, 0, "true: a path that begins with http:// or https:// leads out to the web") \
    L(FLAG, include, 1, 0, "true: a text may include files")                                         \
    L(FLAG, exec, 0, 0, "true: exec runs programs; the command begins with it")                      \
    L(FORMATS, formats, 0, 0, "formats that are read, as jpeg,png; all: every one there is")

typedef enum limit_kind { COUNT, BYTES, FLAG, FORMATS } limit_kind;
typedef struct limit {
    const char *name, *help;
    limit_kind kind;
    size_t offset, size;
    uint64_t standard, untrusted;
} limit;

#define ROW(kind, field, standard, untrusted, help) \
    {#field, help, kind, offsetof(kal_limits, field), sizeof((kal_limits *)NULL)->field, standard, untrusted},
static const limit table[] = {LIMITS(ROW)};
enum { N_LIMITS = sizeof table / sizeof *table };

#define INITIAL(kind, field, standard, untrusted, help) .field = standard,
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_LIMITS, NULL)
static kal_limits limits = {LIMITS(INITIAL)};

void kal_limits_get(kal_limits *out)
{
    pthread_mutex_lock(&lock);
    *out = limits;
    pthread_mutex_unlock(&lock);
}

static uint64_t times_set;

void kal_limits_set(const kal_limits *in)
{
    pthread_mutex_lock(&lock);
    limits = *in;
    times_set++;
    pthread_mutex_unlock(&lock);
}

uint64_t kal__limits_count(void)
{
    pthread_mutex_lock(&lock);
    const uint64_t n = times_set;
    pthread_mutex_unlock(&lock);
    return n;
}

// ---- fields -------------------------------------------------------------------------------------

static uint64_t field(const kal_limits *l, const limit *t)
{
    const void *at = (const unsigned char *)l + t->offset;
    return t->size == sizeof(bool)       ? *(const bool *)at
           : t->size == sizeof(uint32_t) ? *(const uint32_t *)at
                                         : *(const uint64_t *)at;
}

static void set_field(kal_limits *l, const limit *t, uint64_t value)
{
    void *at = (unsigned char *)l + t->offset;
    if (t->size == sizeof(bool))
        *(bool *)at = value != 0;
    else if (t->size == sizeof(uint32_t))
        *(uint32_t *)at = (uint32_t)value;
    else
        *(uint64_t *)at = value;
}

// ---- formats ------------------------------------------------------------------------------------

static bool named(const kal__codec *c, const char *word, size_t n)
{
    return strlen(c->name) == n && !memcmp(c->name, word, n);
}

// Words between commas as bits of codecs; what is none is left in *strange (or passed over, when that is NULL).
static uint64_t formats_of(const char *words, size_t size, const char **strange, size_t *strange_n)
{
    uint64_t bits = 0;
    for (const char *w = words, *end = words + size; w < end;) {
        const char *comma = memchr(w, ',', (size_t)(end - w));
        const size_t n = (size_t)((comma ? comma : end) - w);
        size_t i = 0;
        while (i < kal__n_codecs && !named(kal__codecs[i], w, n)) i++;
        if (i < kal__n_codecs)
            bits |= (uint64_t)1 << i;
        else if (strange && !*strange)
            *strange = w, *strange_n = n;
        w += n + (comma != NULL);
    }
    return bits;
}

static uint64_t all_formats(void)
{
    return kal__n_codecs < 64 ? ((uint64_t)1 << kal__n_codecs) - 1 : UINT64_MAX;
}

bool kal__format_allowed(const kal__codec *c, const kal_limits *l)
{
    for (size_t i = 0; i < kal__n_codecs; i++)
        if (kal__codecs[i] == c) return !l->formats || (l->formats >> i & 1);
    return false;
}

// ---- for strangers ------------------------------------------------------------------------------

void kal_limits_untrusted(kal_limits *l)
{
    for (size_t i = 0; i < N_LIMITS; i++) {
        const limit *t = &table[i];
        const uint64_t is = field(l, t);
        if (t->kind == FORMATS)
            set_field(l, t, formats_of(STRANGERS, strlen(STRANGERS), NULL, NULL) & (is ? is : all_formats()));
        else if (is > t->untrusted || (!is && t->kind != FLAG))   // 0 is no limit of its own
            set_field(l, t, t->untrusted);
    }
}

// ---- as text ------------------------------------------------------------------------------------

typedef struct word {
    const char *at;
    size_t n;
} word;

static kal_status wrong(const word *w, const char *want, kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "limits: \"%.*s\": %s", (int)(w->n < 200 ? w->n : 200), w->at, want);
}

static bool read_count(const char *s, size_t n, uint64_t unit, uint64_t *out)
{
    static const char units[] = "KMGT";
    uint64_t v = 0;
    size_t i = 0;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
            return false;
    if (!i) return false;
    if (i + 1 == n) {
        const char *u = strchr(units, s[i] & ~32);
        if (!u || !*u) return false;
        for (; u >= units; u--)
            if (__builtin_mul_overflow(v, unit, &v)) return false;
        i++;
    }
    *out = v;
    return i == n;
}

static bool is_word(const char *s, size_t n, const char *is)
{
    return strlen(is) == n && !memcmp(s, is, n);
}

static kal_status read_formats(const char *s, size_t n, uint64_t *out, kal_error *err)
{
    const char *strange = NULL;
    size_t strange_n = 0;
    if (is_word(s, n, "all")) return *out = 0, KAL_OK;
    *out = formats_of(s, n, &strange, &strange_n);
    if (!strange && *out) return KAL_OK;
    char what[80];
    snprintf(what, sizeof what, "there is no format \"%.*s\"", (int)(strange_n < 40 ? strange_n : 40),
             strange ? strange : "");
    return kal__unknown_format(KAL_INVALID, KAL__READS, "limits", what, err);
}

static kal_status read_value(const limit *t, const word *w, const char *s, size_t n, uint64_t *out,
                             kal_error *err)
{
    if (t->kind == FORMATS) return read_formats(s, n, out, err);
    if (t->kind == FLAG) {
        *out = is_word(s, n, "true");
        return *out || is_word(s, n, "false") ? KAL_OK : wrong(w, "true or false is wanted", err);
    }
    const uint64_t most = t->size == sizeof(uint32_t) ? UINT32_MAX : UINT64_MAX;
    if (read_count(s, n, t->kind == BYTES ? 1024 : 1000, out) && *out <= most) return KAL_OK;
    return wrong(w, "a whole number is wanted, which may end in K, M, G or T", err);
}

static const char *name_at(const void *of, size_t i)
{
    (void)of;
    return table[i].name;
}

static kal_status read_word(const word *w, kal_limits *l, kal_error *err)
{
    char want[300], names[200] = "";
    uint64_t value = 0;
    const char *equals = memchr(w->at, '=', w->n);
    const size_t n = equals ? (size_t)(equals - w->at) : w->n;
    size_t i = 0;
    while (i < N_LIMITS && !is_word(w->at, n, table[i].name)) i++;
    if (i < N_LIMITS && equals) {
        const kal_status st = read_value(&table[i], w, equals + 1, w->n - n - 1, &value, err);
        if (!st) set_field(l, &table[i], value);
        return st;
    }
    if (i < N_LIMITS) return wrong(w, "a value is wanted, as in pixels=100M", err);
    const char *near = kal__nearest(w->at, n, name_at, NULL, N_LIMITS);
    for (size_t k = 0, at = 0; k < N_LIMITS; k++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", k ? ", " : "", table[k].name);
    snprintf(want, sizeof want, "there is no such limit%s%s%s; they are %s", near ? "; did you mean \"" : "",
             near ? near : "", near ? "\"?" : "", names);
    return wrong(w, want, err);
}

kal_status kal_limits_parse(const char *text, kal_limits *l, kal_error *err)
{
    static const char blanks[] = " \t\r\n";
    kal_limits all = *l;
    for (const char *s = text + strspn(text, blanks); *s; s += strspn(s, blanks)) {
        const word w = {s, strcspn(s, blanks)};
        const kal_status st = read_word(&w, &all, err);
        if (st) return st;
        s += w.n;
    }
    *l = all;
    return KAL_OK;
}

static void write_value(const limit *t, uint64_t v, char *out, size_t room)
{
    static const char units[] = " KMGT";
    const uint64_t unit = t->kind == BYTES ? 1024 : 1000;
    int u = 0;
    size_t n = 0;
    if (t->kind == FLAG) {
        snprintf(out, room, "%s", v ? "true" : "false");
    } else if (t->kind == FORMATS) {
        snprintf(out, room, "all");
        for (size_t i = 0; v && i < kal__n_codecs && n < room; i++)
            if (v >> i & 1)
                n += (size_t)snprintf(out + n, room - n, "%s%s", n ? "," : "", kal__codecs[i]->name);
    } else {
        while (v && v % unit == 0 && units[u + 1]) v /= unit, u++;
        snprintf(out, room, "%llu%.*s", (unsigned long long)v, u > 0, &units[u]);
    }
}

bool kal_limit_at(size_t i, kal_limit_info *out)
{
    if (i >= N_LIMITS) return false;
    kal_limits strict = {LIMITS(INITIAL)};
    kal_limits_untrusted(&strict);
    *out = (kal_limit_info){.name = table[i].name, .help = table[i].help};
    write_value(&table[i], table[i].standard, out->standard, sizeof out->standard);
    write_value(&table[i], field(&strict, &table[i]), out->untrusted, sizeof out->untrusted);
    return true;
}
