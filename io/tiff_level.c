// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Smaller pictures of the same one: directories below its own (SubIFDs), or behind it in the chain, marked as such.
#include "tiff.h"

#if KAL__TIFF

enum { MOST_LEVELS = 16 };

// Is this a picture of that many of the other's sides, give or take how they were rounded, and of its kind?
static bool fits(kal__tiff_dir *d, const kal__tiff_head *h, int32_t by, int32_t size[2])
{
    const double sides[2] = {h->extent.width, h->extent.height},
                 found[2] = {kal__tiff_hint(d, KAL__TAG_WIDTH, 0), kal__tiff_hint(d, KAL__TAG_HEIGHT, 0)};
    if (kal__tiff_hint(d, KAL__TAG_BITS, 1) != h->bits ||
        kal__tiff_hint(d, KAL__TAG_SAMPLES, 1) != h->samples)
        return false;
    for (int i = 0; i < 2; i++) {
        if (!(found[i] >= 1 && found[i] <= sides[i])) return false;
        const int32_t side = (int32_t)sides[i];
        size[i] = (int32_t)found[i];
        if (size[i] < side / by - (by > 2) || size[i] > (side + by - 1) / by) return false;
    }
    return true;
}

// *there: a directory could be read; *level: it says that it is a smaller picture of another one. Damage costs a level.
static kal_status look_at(const kal__tiff_dir *of, const kal__tiff_head *h, uint64_t at, int32_t by,
                          uint64_t *directory, int32_t size[2], bool *level)
{
    kal__tiff_dir d;
    kal_error local = {0};
    kal_status st = kal__tiff_dir_read(&d, of->order.reader, at, &local);
    if (!st && fits(&d, h, by, size)) *directory = at;
    *level = !st && ((unsigned)kal__tiff_hint(&d, KAL__TAG_SUBFILE, 0) & FILETYPE_REDUCEDIMAGE);
    st = d.status;
    kal__tiff_dir_free(&d);
    return st && st != KAL_CORRUPT ? kal__repeat(&local, of->err) : KAL_OK;
}

static kal_status below(kal__tiff_dir *d, const kal__tiff_head *h, const kal__tiff_entry *levels, int32_t by,
                        uint64_t *directory, int32_t size[2])
{
    double list[MOST_LEVELS];
    const size_t n = levels->count < MOST_LEVELS ? (size_t)levels->count : MOST_LEVELS;
    bool level;
    kal_status st = KAL_OK;
    if (!kal__tiff_numbers(d, levels, 0, n, list)) return d->status;
    for (size_t i = 0; i < n && !st && !*directory; i++)
        if (list[i] > 0) st = look_at(d, h, (uint64_t)list[i], by, directory, size, &level);
    return st;
}

static kal_status behind(const kal__tiff_dir *d, const kal__tiff_head *h, int32_t by, uint64_t *directory,
                         int32_t size[2])
{
    uint64_t at = d->at, found;
    bool level = true;
    kal_status st = KAL_OK;
    for (int i = 0; i < MOST_LEVELS && !st && !*directory; i++) {
        st = kal__tiff_next(&d->order, at, &at, NULL, d->err);
        if (st || !at) break;
        found = 0;
        st = look_at(d, h, at, by, &found, size, &level);
        if (!level) break;
        *directory = found;
    }
    return st;
}

kal_status kal__tiff_level(kal__tiff_dir *d, const kal__tiff_head *h, int32_t by, uint64_t *directory,
                           int32_t size[2])
{
    kal__tiff_entry levels;
    *directory = 0;
    if (kal__tiff_find(d, KAL__TAG_LEVELS, &levels)) return below(d, h, &levels, by, directory, size);
    return behind(d, h, by, directory, size);
}

#endif
