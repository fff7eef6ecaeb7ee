// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See utf.h.
#include "utf.h"

#include <string.h>

size_t kal__utf8_character(const unsigned char *p, size_t n)
{
    const size_t m = *p < 0x80                 ? 1
                     : *p >= 0xc2 && *p < 0xe0 ? 2
                     : *p >= 0xe0 && *p < 0xf0 ? 3
                     : *p < 0xf5               ? 4
                                               : 0;
    if (m == 1) return 1;
    if (!m || *p < 0xc2 || m > n) return 0;
    for (size_t i = 1; i < m; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    const bool low = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const bool high = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return low || high ? 0 : m;
}

void kal__put_utf8(kal__text *t, uint32_t c)
{
    const unsigned char s[4] = {(unsigned char)(c < 0x80      ? c
                                                : c < 0x800   ? 0xc0 | c >> 6
                                                : c < 0x10000 ? 0xe0 | c >> 12
                                                              : 0xf0 | c >> 18),
                                (unsigned char)(c < 0x800     ? 0x80 | (c & 63)
                                                : c < 0x10000 ? 0x80 | (c >> 6 & 63)
                                                              : 0x80 | (c >> 12 & 63)),
                                (unsigned char)(c < 0x10000 ? 0x80 | (c & 63) : 0x80 | (c >> 6 & 63)),
                                (unsigned char)(0x80 | (c & 63))};
    kal__put(t, s, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
}

bool kal__is_utf8(const void *text, size_t n)
{
    const unsigned char *p = text;
    size_t at = 0, more;
    while (at < n && (more = kal__utf8_character(p + at, n - at)) != 0) at += more;
    return at == n;
}

void kal__put_json(kal__text *t, const char *s)
{
    const size_t n = strlen(s);
    kal__put(t, "\"", 1);
    for (size_t i = 0, m; i < n; i += m ? m : 1) {
        const unsigned char c = (unsigned char)s[i];
        m = kal__utf8_character((const unsigned char *)s + i, n - i);
        if (!m)
            kal__puts(t, "\\ufffd");
        else if (c == '"' || c == '\\')
            kal__putf(t, "\\%c", c);
        else if (c < 0x20)
            kal__putf(t, "\\u%04x", c);
        else
            kal__put(t, s + i, m);
    }
    kal__put(t, "\"", 1);
}

void kal__put_utf8_or_latin(kal__text *t, const void *text, size_t n)
{
    const unsigned char *p = text;
    if (kal__is_utf8(p, n))
        kal__put(t, p, n);
    else
        for (size_t i = 0; i < n; i++) kal__put_utf8(t, p[i]);
}

void kal__put_wide(kal__text *t, const unsigned char *p, size_t n, bool big)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = (uint32_t)p[i + !big] << 8 | p[i + big];
        if (!c) break;
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
            const uint32_t low = (uint32_t)p[i + 2 + !big] << 8 | p[i + 2 + big];
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        kal__put_utf8(t, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
}

static void put_unit(kal__text *t, uint32_t c, bool big)
{
    const unsigned char s[2] = {(unsigned char)(big ? c >> 8 : c), (unsigned char)(big ? c : c >> 8)};
    kal__put(t, s, 2);
}

void kal__put_utf16(kal__text *t, const char *text, bool big)
{
    const unsigned char *p = (const unsigned char *)text;
    const size_t n = strlen(text);
    for (size_t at = 0, bytes; at < n && (bytes = kal__utf8_character(p + at, n - at)) != 0; at += bytes) {
        uint32_t c = bytes == 1 ? p[at] : p[at] & (0x7fu >> bytes);
        for (size_t i = 1; i < bytes; i++) c = c << 6 | (p[at + i] & 63);
        if (c >= 0x10000) put_unit(t, 0xd800 + ((c - 0x10000) >> 10), big);
        put_unit(t, c < 0x10000 ? c : 0xdc00 + ((c - 0x10000) & 0x3ff), big);
    }
}
