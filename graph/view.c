// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pixels looked at where they lie: in the memo, in a mapped entry of its folder, in samples that were given. Without a copy.
#include "audit.h"
#include "memo.h"
#include "options.h"
#include "request.h"

#include <string.h>

static kal_view view_of(kal__slab *slab, const kal_extent *e, kal_rect have, kal_rect rect)
{
    const size_t pixel = kal_pixel_size(e), row = (size_t)(have.x1 - have.x0) * pixel;
    return (kal_view){.data = slab->data + (size_t)(rect.y0 - have.y0) * row +
                              (size_t)(rect.x0 - have.x0) * pixel,
                      .stride = (ptrdiff_t)row,
                      .rect = rect,
                      .held = slab};
}

static bool is_there(const kal_node *n, kal_rect rect, const kal_options *options, kal_view *out)
{
    kal__resolved o;
    kal__slab *slab = NULL;
    kal_rect have = kal_rect_all(&n->call.extent);
    if (n->kind == KAL__PIXELS) {
        *out = view_of(kal__slab_ref(n->u.pixels.slab), &n->call.extent, have, rect);
        return true;
    }
    if (n->is_volatile || n->kind == KAL__DYNAMIC || kal_node_memo(n) == KAL_MEMO_NEVER) return false;
    if (options && (options->audit > 0 || options->stats || options->node_stats ||
                    (options->cancel && kal__cancelled(options->cancel))))
        return false;
    if (kal__resolve(options, &o, NULL) || !o.memo) return false;
    if (!kal__memo_find_rows(o.memo, n->key, &n->call.extent, rect, &slab, &have)) return false;
    *out = view_of(slab, &n->call.extent, have, rect);
    return true;
}

// Of what is not there: computed.
static kal_status make_view(const kal_node *node, const kal_extent *e, kal_rect rect,
                            const kal_options *options, kal_view *out, kal_error *err)
{
    size_t size;
    const size_t row = (size_t)(rect.x1 - rect.x0) * kal_pixel_size(e);
    kal__slab *slab = kal__mul(row, (size_t)(rect.y1 - rect.y0), &size) ? kal__slab_new(size) : NULL;
    if (!slab)
        return kal__tell_end(
            options,
            kal_fail(err, KAL_NOMEM, "out of memory for %d rows of %zu bytes", rect.y1 - rect.y0, row),
            (kal__tally){0, 0});
    const kal_status st = kal_read(node, rect, slab->data, (ptrdiff_t)row, options, err);
    if (st)
        kal__slab_unref(&slab);
    else
        *out = view_of(slab, e, rect, rect);
    return st;
}

kal_status kal_view_open(const kal_node *node, kal_rect rect, const kal_options *options, kal_view *out,
                         kal_error *err)
{
    kal_extent e;
    *out = (kal_view){.data = NULL};
    kal_status st = kal_node_extent(node, &e, err);
    if (!st) st = kal__check_rect(&e, rect, "", PTRDIFF_MAX, err);
    if (!st && !is_there(node, rect, options, out)) return make_view(node, &e, rect, options, out, err);
    kal__begin(options);
    return kal__tell_end(options, st, (kal__tally){0, 0});
}

void kal_view_close(kal_view *view)
{
    kal__slab *slab = view->held;
    kal__slab_unref(&slab);
    *view = (kal_view){.data = NULL};
}
