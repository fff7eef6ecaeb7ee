// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See xml.h.
#include "xml.h"

#include <string.h>

const char *kal__xml_find(const char *p, const char *end, const char *what)
{
    const size_t n = strlen(what);
    for (; (size_t)(end - p) >= n; p++) {
        p = memchr(p, *what, (size_t)(end - p) - n + 1);
        if (!p) return NULL;
        if (!memcmp(p, what, n)) return p;
    }
    return NULL;
}

// ---- text ---------------------------------------------------------------------------------------

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool starts(const char *p, const char *end, const char *with)
{
    const size_t n = strlen(with);
    return (size_t)(end - p) >= n && !memcmp(p, with, n);
}

const char *kal__xml_behind(const char *p, const char *end)
{
    static const char *const kinds[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (int i = 0; i < 3; i++)
        if (starts(p, end, kinds[i][0])) {
            p = kal__xml_find(p + strlen(kinds[i][0]), end, kinds[i][1]);
            return p ? p + strlen(kinds[i][1]) : NULL;
        }
    if (starts(p, end, "<!")) return NULL;
    char quote = 0;
    for (; p < end; p++) {
        if (quote ? *p == quote : *p == '"' || *p == '\'') quote = quote ? 0 : *p;
        if (*p == '>' && !quote) return p + 1;
    }
    return NULL;
}

bool kal__xml_is_tag(const char *p)
{
    return p[1] != '!' && p[1] != '?';
}

bool kal__xml_next(const char **p, const char *end, kal__attribute *a)
{
    const char *q = *p;
    a->whole.p = q;
    while (q < end && is_blank(*q)) q++;
    a->name.p = q;
    while (q < end && *q != '=' && *q != '>' && *q != '/' && !is_blank(*q)) q++;
    a->name.n = (size_t)(q - a->name.p);
    while (q < end && is_blank(*q)) q++;
    if (q >= end || *q != '=' || !a->name.n) return false;
    q++;
    while (q < end && is_blank(*q)) q++;
    if (q >= end || (*q != '"' && *q != '\'')) return false;
    const char *close = memchr(q + 1, *q, (size_t)(end - q - 1));
    if (!close) return false;
    a->value = (kal__span){q + 1, (size_t)(close - q - 1)};
    *p = close + 1;
    a->whole.n = (size_t)(*p - a->whole.p);
    return true;
}

kal__span kal__xml_name(const char *tag, const char *end)
{
    const char *p = tag + 1 + (tag[1] == '/'), *q = p;
    while (q < end && *q != '>' && *q != '/' && !is_blank(*q)) q++;
    return (kal__span){p, (size_t)(q - p)};
}

const char *kal__xml_behind_element(const char *p, const char *close, const char *end)
{
    int depth = 0;
    for (;;) {
        if (kal__xml_is_tag(p)) depth += p[1] == '/' ? -1 : close[-2] != '/';
        if (depth <= 0) return close;
        p = memchr(close, '<', (size_t)(end - close));
        if (!p || !(close = kal__xml_behind(p, end))) return NULL;
    }
}
