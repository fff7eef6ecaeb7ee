// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes of ISO 14496-12 in memory: a length, a name, a body. Every length is checked against what is there.
#ifndef KAL_IO_HEIF_BOXES_H
#define KAL_IO_HEIF_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct kal__span {
    const unsigned char *p;
    size_t n;
} kal__span;

static inline uint64_t kal__be(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

static inline bool kal__skip(kal__span *s, size_t n)
{
    if (n > s->n) return false;
    s->p += n;
    s->n -= n;
    return true;
}

/// The number in the next n bytes, 0 of none. false: they are not there.
static inline bool kal__take_be(kal__span *s, size_t n, uint64_t *v)
{
    const unsigned char *p = s->p;
    if (!kal__skip(s, n)) return false;
    *v = kal__be(p, n);
    return true;
}

/// The next box of `in`: its name and body. false: none, or one that does not fit.
static inline bool kal__next_box(kal__span *in, const unsigned char **type, kal__span *body)
{
    if (in->n < 8) return false;
    uint64_t size = kal__be(in->p, 4);
    size_t head = 8;
    *type = in->p + 4;
    if (size == 1 && in->n >= 16) {
        size = kal__be(in->p + 8, 8);
        head = 16;
    } else if (size == 0) {
        size = in->n;   // to the end
    }
    if (size < head || size > in->n) return false;
    *body = (kal__span){in->p + head, (size_t)size - head};
    return kal__skip(in, (size_t)size);
}

static inline bool kal__find_box(kal__span in, const char *name, kal__span *body)
{
    const unsigned char *type;
    while (kal__next_box(&in, &type, body))
        if (!memcmp(type, name, 4)) return true;
    return false;
}

/// pitm, a FullBox: version and flags, then an item id of 2 or 4 bytes. `meta` without its own version.
static inline bool kal__primary_item(kal__span meta, uint64_t *id)
{
    kal__span pitm;
    return kal__find_box(meta, "pitm", &pitm) && pitm.n >= 4 && kal__skip(&pitm, 4) &&
           kal__take_be(&pitm, pitm.p[-4] ? 4 : 2, id);
}

#endif
