// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// EXIF, XMP and ICC of a HEIF file: from where its boxes say they lie, or from libheif.
#include "heif.h"
#include "icc.h"

#include <stdlib.h>
#include <string.h>

#if KAL__HEIF

static kal_status no_memory(const char *name, kal_error *err)
{
    return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory for metadata", name);
}

// Four bytes say how far behind them the TIFF structure begins. Takes `raw`.
static bool keep_exif(kal__blob *raw, kal__meta *meta)
{
    const unsigned char *p = raw->data;
    bool ok = true;
    if (raw->size > 4) {
        const uint64_t skip = 4 + kal__be(p, 4);
        if (skip < raw->size) ok = kal__blob_set(&meta->exif, p + skip, raw->size - (size_t)skip);
    }
    free(raw->data);
    if (meta->exif.size) kal__exif_upright(meta->exif.data, meta->exif.size);
    return ok;
}

// ---- as the boxes say ---------------------------------------------------------------------------

static kal_status read_block(const kal__heif_block *b, kal__reader *r, kal__blob *out, kal_error *err)
{
    kal_status st = KAL_OK;
    out->data = kal__new((size_t)b->n, 1);
    if (!out->data) return no_memory(r->name, err);
    out->size = (size_t)b->n;
    if (b->held)
        memcpy(out->data, b->held, out->size);
    else
        st = kal__read_exact(r, "heif", b->at, out->data, out->size, err);
    if (st) {
        free(out->data);
        *out = (kal__blob){0};
    }
    return st;
}

// The first block of each kind that is within the limit.
kal_status kal__heif_told_meta(const kal__heif_head *h, kal__reader *r, const kal_limits *limits,
                               kal__meta *meta, kal_error *err)
{
    bool taken[2] = {false, false};
    kal_status st = KAL_OK;
    for (int i = 0; i < h->n_blocks && !st; i++) {
        const kal__heif_block *b = &h->blocks[i];
        kal__blob exif = {0};
        if (taken[b->xmp] || !kal__meta_room(meta, b->xmp ? KAL__XMP : KAL__EXIF, b->n, limits)) continue;
        taken[b->xmp] = true;
        st = read_block(b, r, b->xmp ? &meta->xmp : &exif, err);
        if (!st && !b->xmp && !keep_exif(&exif, meta)) st = no_memory(r->name, err);
    }
    if (!st && h->icc.n && !kal__meta_take(meta, KAL__ICC, h->icc.p, h->icc.n, limits))
        st = no_memory(r->name, err);
    if (!st && !h->icc.n && !kal__icc_of_code_points(h->primaries, h->transfer, &meta->icc))
        st = no_memory(r->name, err);
    return st;
}

// ---- as libheif says ----------------------------------------------------------------------------

// The first block of a kind ("Exif", or "mime" with a content type); nothing when there is none or it is over
// the limit.
static bool take_block(const kal__heif *lib, const struct heif_image_handle *handle, const char *kind,
                       const char *content, kal__blob_kind what, const kal_limits *limits, kal__meta *meta,
                       kal__blob *out)
{
    heif_item_id ids[32];
    const int n = lib->heif_image_handle_get_list_of_metadata_block_IDs(handle, kind, ids, 32);
    for (int i = 0; i < n; i++) {
        const char *type = lib->heif_image_handle_get_metadata_content_type(handle, ids[i]);
        const size_t size = lib->heif_image_handle_get_metadata_size(handle, ids[i]);
        if ((content && (!type || strcmp(type, content) != 0)) || !size) continue;
        if (!kal__meta_room(meta, what, size, limits)) continue;
        out->data = kal__new(size, 1);
        if (!out->data) return false;
        if (!lib->heif_image_handle_get_metadata(handle, ids[i], out->data).code) {
            out->size = size;
            return true;
        }
        free(out->data);
        *out = (kal__blob){0};
    }
    return true;
}

// Colours that are named by numbers alone.
static bool take_code_points(const kal__heif *lib, const struct heif_image_handle *handle, kal__meta *meta)
{
    struct heif_color_profile_nclx *n = NULL;
    if (!lib->heif_image_handle_get_nclx_color_profile) return true;
    const bool told = !lib->heif_image_handle_get_nclx_color_profile(handle, &n).code && n;
    const int primaries = told ? (int)n->color_primaries : 2,
              transfer = told ? (int)n->transfer_characteristics : 2;
    if (n) lib->heif_nclx_color_profile_free(n);   // it may be there with an error, too
    return kal__icc_of_code_points(primaries, transfer, &meta->icc);
}

static bool take_icc(const kal__heif *lib, const struct heif_image_handle *handle, const kal_limits *limits,
                     kal__meta *meta)
{
    const enum heif_color_profile_type type = lib->heif_image_handle_get_color_profile_type(handle);
    if (type != heif_color_profile_type_rICC && type != heif_color_profile_type_prof)
        return take_code_points(lib, handle, meta);
    const size_t size = lib->heif_image_handle_get_raw_color_profile_size(handle);
    kal__blob *out = &meta->icc;
    if (!size || !kal__meta_room(meta, KAL__ICC, size, limits)) return true;
    out->data = kal__new(size, 1);
    if (!out->data) return false;
    if (!lib->heif_image_handle_get_raw_color_profile(handle, out->data).code) {
        out->size = size;
        return true;
    }
    free(out->data);
    *out = (kal__blob){0};
    return true;
}

kal_status kal__heif_asked_meta(const kal__heif *lib, const struct heif_image_handle *handle,
                                const char *name, const kal_limits *limits, kal__meta *meta, kal_error *err)
{
    kal__blob exif = {0};
    const bool ok =
        take_block(lib, handle, "Exif", NULL, KAL__EXIF, limits, meta, &exif) && keep_exif(&exif, meta) &&
        take_icc(lib, handle, limits, meta) &&
        take_block(lib, handle, "mime", "application/rdf+xml", KAL__XMP, limits, meta, &meta->xmp);
    return ok ? KAL_OK : no_memory(name, err);
}

#endif
