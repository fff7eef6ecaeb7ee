// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What we read from the boxes of a HEIF file, beside what libheif says of it.
#ifndef HEADS_H
#define HEADS_H

#include "files.h"

#include "../../io/heif.h"

#if KAL__HEIF

/// From memory: kal__heif_told_meta reads blocks at their places.
static inline bool told(const kal_bytes *file, kal__heif_head *h, kal__meta *m)
{
    kal_limits limits;
    kal__reader *r;
    kal_limits_get(&limits);
    if (!kal__heif_head_of(file->data, file->size, file->size, h)) return false;
    kal_status st = kal__open_memory(file->data, file->size, "told", &r, &check_error);
    if (!REQUIRE_NOTE(!st, "%s", check_error.message)) return false;
    st = kal__heif_told_meta(h, r, &limits, m, &check_error);
    r->close(r);
    return REQUIRE_NOTE(!st, "%s", check_error.message);
}

static inline void require_blob(const kal__blob *a, const kal__blob *b, const char *name, const char *what)
{
    REQUIRE_NOTE(a->size == b->size && (!a->size || !memcmp(a->data, b->data, a->size)),
                 "%s: %s differs: %zu bytes by us, %zu by libheif", what, name, a->size, b->size);
}

static inline void compare_heads(const kal_bytes *file, const struct heif_image_handle *handle,
                                 const char *what, bool ordinary)
{
    const kal__heif *lib = kal__heif_lib();
    kal_limits limits;
    kal_limits_get(&limits);
    kal__heif_head h;
    kal__meta *ours = kal__meta_new(), *theirs = kal__meta_new();
    const bool is = told(file, &h, ours);
    REQUIRE_NOTE(is || !ordinary, "%s: was left to libheif", what);
    if (is) {
        const int w = lib->heif_image_handle_get_width(handle), v = lib->heif_image_handle_get_height(handle),
                  bits = lib->heif_image_handle_get_luma_bits_per_pixel(handle),
                  alpha = lib->heif_image_handle_has_alpha_channel(handle);
        REQUIRE_NOTE(h.width == w && h.height == v && h.bits == bits && h.alpha == (alpha != 0),
                     "%s: %dx%d of %d bits, alpha %d by us; %dx%d of %d, %d by libheif", what, h.width,
                     h.height, h.bits, h.alpha, w, v, bits, alpha);
        REQUIRE_OK(kal__heif_asked_meta(lib, handle, what, &limits, theirs, &check_error));
        require_blob(&ours->exif, &theirs->exif, "EXIF", what);
        require_blob(&ours->xmp, &theirs->xmp, "XMP", what);
        require_blob(&ours->icc, &theirs->icc, "ICC", what);
    }
    kal__meta_unref(&ours), kal__meta_unref(&theirs);
}

/// Where both answer they say the same. `ordinary`: both have to.
static inline void require_heads(const kal_bytes *file, const char *what, bool ordinary)
{
    const kal__heif *lib = kal__heif_lib();
    if (!lib) return;
    struct heif_image_handle *handle = NULL;
    struct heif_context *context = lib->heif_context_alloc();
    struct heif_error e =
        lib->heif_context_read_from_memory_without_copy(context, file->data, file->size, NULL);
    if (!e.code) e = lib->heif_context_get_primary_image_handle(context, &handle);
    if (REQUIRE_NOTE(!e.code || !ordinary, "%s: %s", what, e.message) && !e.code)
        compare_heads(file, handle, what, ordinary);
    if (handle) lib->heif_image_handle_release(handle);
    lib->heif_context_free(context);
}

#endif

#endif
