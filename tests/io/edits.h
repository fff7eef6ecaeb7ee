// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata changed, and what they say then.
#ifndef EDITS_H
#define EDITS_H

#include "exifs.h"

#include "edit.h"
#include "xml.h"

static inline kal__meta *camera_meta(bool big)
{
    block b;
    make_block(&b, camera, CAMERA, big);
    kal__meta *m = kal__meta_new();
    REQUIRE(kal__blob_set(&m->exif, b.p, b.n) && kal__blob_set(&m->iptc, iptc_block, sizeof iptc_block - 1) &&
            kal__blob_set(&m->xmp, xmp_block, sizeof xmp_block - 1));
    return m;
}

// *m becomes the changed one.
static inline void change(kal__meta **m, const char *field, const char *value, bool more)
{
    kal__meta *out = NULL;
    REQUIRE_OK(kal__edit_meta(*m, field, value, more, &out, &check_error));
    if (out) {
        kal__meta_unref(m);
        *m = out;
    }
}

static inline bool says(const kal__meta *m, const char *field, const char *text)
{
    kal_field f;
    const bool there = m && kal__meta_field(m, field, &f);
    const bool ok = text ? there && !strcmp(f.text, text) : !there;
    REQUIRE_NOTE(ok, "%s: \"%s\" for \"%s\"", field, there ? f.text : "(nothing)", text ? text : "(nothing)");
    return ok;
}

static inline bool holds(const kal__blob *b, const char *text)
{
    return b->size && kal__xml_find(b->data, (const char *)b->data + b->size, text);
}

static inline bool xmp_is_read(void)
{
    return kal__xmp_version() != NULL;
}

#endif
