// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A profile that lies in memory, as what ops take one from: a picture. It is a PNG of one pixel, so that its key is one of files like any other.
#include "icc.h"
#include "load.h"
#include "options.h"

#include <stdlib.h>
#include <string.h>

static kal_status make_file(const kal__meta *meta, bool gray, kal_bytes *out, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    static const unsigned char black[3];
    const kal_extent one = {1, 1, gray ? 1 : 3, KAL_U8, gray ? KAL_GRAY : KAL_RGB, false};
    const kal__codec *png = kal__codec_named("png");
    kal_node *pixel = kal_pixels(NULL, &one, black, 3), *file = NULL;
    kal_status st = png ? kal_node_error(pixel, err) : kal_fail(err, KAL_UNSUPPORTED, "a profile needs PNG");
    if (!st) kal__codec_defaults(png, png->name, params);
    if (!st) st = kal__encode_with(pixel, png, params, (kal__meta *)(uintptr_t)meta, &file, err);
    if (!st) st = kal_read_bytes(file, NULL, out, err);
    kal_node_unref(&file);
    kal_node_unref(&pixel);
    return st;
}

kal_node *kal_profile(kal_scope *scope, const void *icc, size_t size)
{
    kal_error err;
    kal_bytes file = {NULL, 0};
    const kal__blob blob = {(void *)(uintptr_t)icc, size};
    kal_node *out = NULL;
    const bool whole = icc && kal__icc_is_whole(&blob),
               gray = whole && !memcmp((const char *)icc + 16, "GRAY", 4);
    if (!whole || (!gray && memcmp((const char *)icc + 16, "RGB ", 4) != 0)) {
        kal_fail(&err, KAL_INVALID, "profile: %zu bytes are no whole ICC profile of RGB or gray", size);
        return kal__error_node(scope, &err);
    }
    kal__meta *meta = kal__meta_with_icc(NULL, icc, size);
    kal_status st =
        meta ? make_file(meta, gray, &file, &err) : kal_fail(&err, KAL_NOMEM, "out of memory for a profile");
    kal__meta_unref(&meta);
    kal__slab *slab = st ? NULL : kal__slab_borrow(file.data, file.size, free, file.data);
    if (!st && !slab) st = kal_fail(&err, KAL_NOMEM, "out of memory for a profile");
    if (!slab) kal_bytes_free(&file);
    if (!st) st = kal__load_made(slab, file.size, &out, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, out);
}
