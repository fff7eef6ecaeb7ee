// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What an ICC profile says of itself. The description is ASCII up to version 2 ('desc'), in several languages in UTF-16 from version 4 on ('mluc').
#include "fields.h"

#include "icc.h"

#include <string.h>

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void ascii_text(const char *name, const unsigned char *p, size_t n, kal__fields *f)
{
    const size_t m = n < 12 ? 0 : be32(p + 8), there = m < n - 12 ? m : n - 12;
    const unsigned char *end = n < 12 || !there ? NULL : memchr(p + 12, 0, there);
    if (n > 12) kal__fields_text(f, name, p + 12, end ? (size_t)(end - p) - 12 : there, false);
}

// English where it is there, else whatever comes first.
static void wide_text(const char *name, const unsigned char *p, size_t n, kal__fields *f)
{
    const uint32_t count = n < 16 ? 0 : be32(p + 8), size = n < 16 ? 0 : be32(p + 12);
    const unsigned char *best = NULL;
    for (uint32_t i = 0; i < count && size >= 12 && 16 + (uint64_t)size * (i + 1) <= n; i++) {
        const unsigned char *record = p + 16 + (size_t)size * i;
        if (!best || (!memcmp(record, "en", 2) && memcmp(best, "en", 2) != 0)) best = record;
    }
    if (!best) return;
    const size_t length = be32(best + 4), at = be32(best + 8);
    if (at <= n && length <= n - at) kal__fields_wide(f, name, p + at, length, true);
}

static void tag_text(const kal__blob *icc, const char *signature, const char *name, kal__fields *f)
{
    size_t n;
    const unsigned char *p = kal__icc_tag(icc, signature, &n);
    if (!p) return;
    if (!memcmp(p, "desc", 4)) ascii_text(name, p, n, f);
    if (!memcmp(p, "mluc", 4)) wide_text(name, p, n, f);
    if (!memcmp(p, "text", 4))
        kal__fields_text(f, name, p + 8, strnlen((const char *)p + 8, n - 8), false);
}

void kal__icc_fields(const kal__blob *icc, kal__fields *f)
{
    const unsigned char *head = icc->data;
    if (icc->size < 128) return;
    const double version = head[8] + (head[9] >> 4) / 10.0;
    tag_text(icc, "desc", "icc.description", f);
    kal__fields_numbers(f, "icc.version", &version, 1, NULL);
    kal__fields_text(f, "icc.class", head + 12, 4, false);
    kal__fields_text(f, "icc.space", head + 16, 4, false);
    kal__fields_text(f, "icc.connection", head + 20, 4, false);
    tag_text(icc, "cprt", "icc.copyright", f);
}
