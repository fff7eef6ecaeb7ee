// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What somebody writes as a field's value, as EXIF 2.32 has it: a table of the tags' types over readers of texts, times and numbers.
#include "exif.h"

#include "fmath.h"
#include "num.h"
#include "utf.h"

#include <string.h>

#define MOST_NUMBERS 64

static void put_number(kal__text *to, uint64_t v, int bytes, bool big)
{
    unsigned char p[8];
    for (int i = 0; i < bytes; i++) p[big ? bytes - 1 - i : i] = (unsigned char)(v >> (8 * i));
    kal__put(to, p, (size_t)bytes);
}

// ---- texts --------------------------------------------------------------------------------------

static bool all_ascii(const char *text)
{
    for (; *text; text++)
        if (*text & 0x80) return false;
    return true;
}

static bool all_latin(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0xc3) return false;
    return true;
}

// Readers guess the byte order by where the zeros are, which a mark spares them where not every character has one.
static void put_coded(kal__text *to, const char *text, bool big)
{
    const bool ascii = all_ascii(text);
    kal__put(to, ascii ? "ASCII\0\0" : "UNICODE", 8);
    if (ascii) kal__puts(to, text);
    if (!ascii && !all_latin(text)) kal__put_utf16(to, "\xef\xbb\xbf", big);
    if (!ascii) kal__put_utf16(to, text, big);
}

// Where the pattern has a digit, one up to that; for ':' and ' ' there may stand '-' and 'T', as other standards write a time.
static bool put_time(kal__text *to, const char *text, size_t n)
{
    static const char pattern[] = "9999:19:39 29:59:69";
    static const struct {
        int at, least, most;
    } parts[] = {{5, 1, 12}, {8, 1, 31}, {11, 0, 23}, {14, 0, 59}, {17, 0, 60}};
    char s[sizeof pattern] = "";
    if (strlen(text) != n || n >= sizeof s) return false;
    for (size_t i = 0; i < n; i++) {
        const bool other =
            (pattern[i] == ':' && i < 10 && text[i] == '-') || (pattern[i] == ' ' && text[i] == 'T');
        const bool digit = pattern[i] >= '0' && pattern[i] <= '9';
        if (digit ? text[i] < '0' || text[i] > pattern[i] : text[i] != pattern[i] && !other) return false;
        s[i] = digit ? text[i] : pattern[i];
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts && (size_t)parts[i].at < n; i++) {
        const int v = (s[parts[i].at] - '0') * 10 + s[parts[i].at + 1] - '0';
        if (v < parts[i].least || v > parts[i].most) return false;
    }
    kal__put(to, s, n + 1);
    return true;
}

static kal_status put_text(const char *field, const kal__exif_tag *tag, const char *text, bool big,
                           kal__text *to, kal_error *err)
{
    const bool day = tag->how == KAL__EXIF_DATE;
    if (!kal__is_utf8(text, strlen(text)))
        return kal_fail(err, KAL_INVALID, "%s: the text is not UTF-8", field);
    switch (tag->how) {
    case KAL__EXIF_TIME:
    case KAL__EXIF_DATE:
        if (put_time(to, text, day ? 10 : 19)) return KAL_OK;
        return kal_fail(err, KAL_INVALID, "%s: %.60s is no %s", field, text,
                        day ? "day, as 2026:01:31" : "time, as 2026:01:31 23:59:59");
    case KAL__EXIF_CODED: put_coded(to, text, big); return KAL_OK;
    case KAL__EXIF_WIDE:
        kal__put_utf16(to, text, false);
        kal__put(to, "\0", 2);
        return KAL_OK;
    case KAL__EXIF_LETTERS:
        if (strlen(text) != tag->count || !all_ascii(text))
            return kal_fail(err, KAL_INVALID, "%s: %.60s is not %u letters", field, text, tag->count);
        kal__puts(to, text);
        return KAL_OK;
    default: kal__put(to, text, strlen(text) + 1); return KAL_OK;
    }
}

// ---- numbers ------------------------------------------------------------------------------------

static const struct {
    const char *what;
    double least, most;
} ranges[] = {
    [KAL__IFD_BYTE] = {"a whole number up to 255", 0, 255},
    [KAL__IFD_UNDEFINED] = {"a whole number up to 255", 0, 255},
    [KAL__IFD_SHORT] = {"a whole number up to 65535", 0, 65535},
    [KAL__IFD_LONG] = {"a whole number up to 4294967295", 0, 4294967295.0},
    [KAL__IFD_RATIONAL] = {"a number from 0 on, as 2.8 or 1/125", 0, 4294967295.0},
    [KAL__IFD_SRATIONAL] = {"a number, as -0.3 or -1/3", -2147483648.0, 2147483647.0},
};

static bool is_fraction(unsigned type)
{
    return type == KAL__IFD_RATIONAL || type == KAL__IFD_SRATIONAL;
}

static bool in_range(unsigned type, double v)
{
    return v >= ranges[type].least && v <= ranges[type].most;
}

// A decimal of few digits is the fraction that its digits are; another the nearest of a denominator that is a power of ten.
static bool as_fraction(unsigned type, double v, double out[2])
{
    double by = 1;
    if (!in_range(type, v)) return false;
    for (out[0] = kal__round(v), out[1] = 1; by <= 1e9 && in_range(type, v * by); by *= 10) {
        out[0] = kal__round(v * by);
        out[1] = by;
        const double off = out[0] / by - v;
        if ((off < 0 ? -off : off) <= 1e-12 * (v < 0 ? -v : v)) break;
    }
    return v == 0 || out[0] != 0;
}

static bool parse_fraction(unsigned type, const char *p, size_t n, double out[2])
{
    const char *bar = memchr(p, '/', n);
    double v;
    if (!bar) return kal__parse_double(p, n, &v) && as_fraction(type, v, out);
    int64_t parts[2];
    if (!kal__parse_int(p, (size_t)(bar - p), &parts[0]) ||
        !kal__parse_int(bar + 1, n - (size_t)(bar + 1 - p), &parts[1]))
        return false;
    for (int i = 0; i < 2; i++) out[i] = (double)parts[i];
    return in_range(type, out[0]) && in_range(type, out[1]) && out[1] > 0;
}

static bool put_value(kal__text *to, unsigned type, const char *p, size_t n, bool big)
{
    double v[2];
    const bool fraction = is_fraction(type);
    if (fraction ? !parse_fraction(type, p, n, v)
                 : !kal__parse_double(p, n, v) || !in_range(type, *v) || *v != (double)(int64_t)*v)
        return false;
    const int bytes = (int)kal__ifd_number_size(type);
    for (int i = 0; i < 1 + fraction; i++) put_number(to, (uint64_t)(int64_t)v[i], bytes, big);
    return true;
}

static kal_status put_numbers(const char *field, const kal__exif_tag *tag, const char *text, bool big,
                              kal__text *to, size_t *count, kal_error *err)
{
    static const char between[] = ", \t";
    *count = 0;
    for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
        const size_t n = strcspn(p, between);
        if (!put_value(to, tag->type, p, n, big))
            return kal_fail(err, KAL_INVALID, "%s: %.*s is not %s", field, (int)(n > 60 ? 60 : n), p,
                            ranges[tag->type].what);
        p += n;
        if (++*count > MOST_NUMBERS) break;
    }
    if (*count > 0 && *count <= MOST_NUMBERS && (!tag->count || *count == tag->count)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: it takes %s%u number%s, not %zu", field, tag->count ? "" : "1 to ",
                    tag->count ? tag->count : MOST_NUMBERS, tag->count == 1 ? "" : "s", *count);
}

kal_status kal__exif_parse(const char *field, const kal__exif_tag *tag, const char *text, bool big,
                           kal__text *out, size_t *count, kal_error *err)
{
    const bool letters = tag->type == KAL__IFD_ASCII || tag->how != KAL__EXIF_PLAIN;
    const kal_status st = letters ? put_text(field, tag, text, big, out, err)
                                  : put_numbers(field, tag, text, big, out, count, err);
    if (letters) *count = out->size;
    if (!st && out->failed) return kal_fail(err, KAL_NOMEM, "%s: out of memory", field);
    return st;
}
