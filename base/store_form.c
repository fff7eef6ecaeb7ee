// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store_file.h: the form of an entry, made and read; what a file says is looked at before it is believed.
#include "store_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- sums ---------------------------------------------------------------------------------------

static size_t pieces_of(uint64_t size)
{
    return (size_t)((size + KAL__STORE_PIECE - 1) / KAL__STORE_PIECE);
}

size_t kal__store_piece_size(uint64_t size, size_t i)
{
    const uint64_t left = size - (uint64_t)i * KAL__STORE_PIECE;
    return left < KAL__STORE_PIECE ? (size_t)left : KAL__STORE_PIECE;
}

static uint64_t number_at(const unsigned char *p, size_t i)
{
    uint64_t v;
    memcpy(&v, p + i * sizeof v, sizeof v);
    return v;
}

kal__stretch kal__store_stretch(const unsigned char *file, const kal__store_head *h, size_t i)
{
    const unsigned char *sums = file + sizeof *h, *ends = sums + h->pieces * sizeof(uint64_t);
    uint64_t at = (uint64_t)i * KAL__STORE_PIECE, n = kal__store_piece_size(h->size, i);
    if (kal__store_is_packed(h)) {
        at = i ? number_at(ends, i - 1) : 0;
        n = number_at(ends, i) - at;
    }
    return (kal__stretch){file + h->at + at, (size_t)n, number_at(sums, i)};
}

// With 0 where the sum itself stands.
static void head_sum(const kal__store_head *h, const unsigned char *rest, size_t n, uint64_t out[2])
{
    kal__hash hash;
    kal__store_head copy = *h;
    copy.sum[0] = copy.sum[1] = 0;
    kal__hash_init(&hash);
    kal__hash_add(&hash, &copy, sizeof copy);
    kal__hash_add(&hash, rest, n);
    const kal_key k = kal__hash_done(&hash);
    out[0] = k.lo;
    out[1] = k.hi;
}

// ---- reading ------------------------------------------------------------------------------------

static size_t table_size(const kal__store_head *h)
{
    return (size_t)h->pieces * sizeof(uint64_t) * (kal__store_is_packed(h) ? 2 : 1) + h->recipe_size;
}

// A sum says that a head is whole, not that whoever wrote it meant well.
static bool has_sense(const kal__store_head *h)
{
    const int64_t width = (int64_t)h->x1 - h->x0, height = (int64_t)h->y1 - h->y0;
    if (h->x0 < 0 || h->y0 < 0 || width <= 0 || height <= 0) return false;
    const uint32_t kind = h->kind & ~KAL__STORE_PACKED;
    if (kind == KAL__STORED_ROWS) return (uint64_t)width <= h->size / (uint64_t)height;
    return kind <= KAL__STORED_BLOB && kind && !h->x0 && !h->y0 && height == 1 && (uint64_t)width == h->size;
}

bool kal__store_fits(const kal__store_head *h, size_t n)
{
    if (h->order != KAL__STORE_ORDER || h->recipe_size > KAL__STORE_RECIPE || h->size > SIZE_MAX ||
        !has_sense(h))
        return false;
    if (h->pieces != pieces_of(h->size) || h->at % KAL__STORE_PAGE != 0) return false;
    const size_t before = sizeof *h + table_size(h);
    return before <= n && h->at >= before && h->at <= n &&
           (kal__store_is_packed(h) ? h->size >= n - h->at : h->size == n - h->at);
}

// Of an entry whose head has its sum: packed pieces follow one another to the end of the file.
static bool ends_fit(const unsigned char *file, const kal__store_head *h, size_t n)
{
    const unsigned char *ends = file + sizeof *h + h->pieces * sizeof(uint64_t);
    uint64_t at = 0;
    if (!kal__store_is_packed(h)) return true;
    for (size_t i = 0; i < h->pieces; i++) {
        const uint64_t end = number_at(ends, i);
        if (end <= at || end > n - h->at) return false;
        at = end;
    }
    return at == n - h->at;
}

bool kal__store_is_ours(const void *file, size_t n)
{
    return memcmp(file, KAL__STORE_MAGIC, n < sizeof KAL__STORE_MAGIC ? n : sizeof KAL__STORE_MAGIC) == 0;
}

uint64_t kal__store_says(const unsigned char *file, size_t n)
{
    kal__store_head h;
    if (n < sizeof h || !kal__store_is_ours(file, sizeof h)) return 0;
    memcpy(&h, file, sizeof h);
    uint64_t size = h.size;
    if (kal__store_is_packed(&h)) {
        const uint64_t last = sizeof h + ((uint64_t)h.pieces * 2 - 1) * sizeof size;
        if (!h.pieces || last + sizeof size > n) return 0;
        memcpy(&size, file + last, sizeof size);
    }
    return h.at + size < h.at ? 0 : h.at + size;
}

kal__store_state kal__store_read_head(const unsigned char *file, size_t n, kal_key key, kal__stored *what,
                                      kal__store_head *head)
{
    uint64_t sum[2];
    if (!kal__store_is_ours(file, n) || n < sizeof *head) return KAL__STORE_BROKEN;
    memcpy(head, file, sizeof *head);
    if (head->order == __builtin_bswap32(KAL__STORE_ORDER))
        return KAL__STORE_FOREIGN;   // another kind of machine's
    if (!kal__store_fits(head, n)) return KAL__STORE_BROKEN;
    head_sum(head, file + sizeof *head, table_size(head), sum);
    if (memcmp(sum, head->sum, sizeof sum) != 0 || head->key_hi != key.hi || head->key_lo != key.lo ||
        !ends_fit(file, head, n))
        return KAL__STORE_BROKEN;
    *what = (kal__stored){.key = key,
                          .kind = (kal__stored_kind)(head->kind & ~KAL__STORE_PACKED),
                          .rect = {head->x0, head->y0, head->x1, head->y1},
                          .size = (size_t)head->size,
                          .ns = head->ns > 0 && head->ns < 1e18 ? head->ns : 0,
                          .made = head->made,
                          .on_disk = n,
                          .recipe = (const char *)file + sizeof *head + table_size(head) - head->recipe_size,
                          .recipe_size = head->recipe_size};
    return KAL__STORE_SOUND;
}

bool kal__store_is_whole(const unsigned char *file, const kal__store_head *head)
{
    for (size_t i = 0; i < head->pieces; i++) {
        const kal__stretch p = kal__store_stretch(file, head, i);
        if (kal__hash_of(p.data, p.size).lo != p.sum) return false;
    }
    return true;
}

kal__slab *kal__store_data(const unsigned char *file, const kal__store_head *head, kal__stored *what,
                           void (*release)(void *user), void *user, bool *broken)
{
    *broken = false;
    if (!kal__store_is_packed(head)) return kal__slab_borrow(file + head->at, what->size, release, user);
    kal__slab *slab = kal__pack_ready() ? kal__slab_new(what->size) : NULL;
    if (!slab) return NULL;
    if (kal__unpack(file, head, kal__pack_step(what), slab->data)) {
        release(user);
        what->recipe = NULL, what->recipe_size = 0;   // it lay there
        return slab;
    }
    *broken = true;
    kal__slab_unref(&slab);
    return NULL;
}

kal__store_head kal__store_head_of(const kal__stored *what, uint32_t packed)
{
    const size_t recipe = what->recipe_size < KAL__STORE_RECIPE ? what->recipe_size : KAL__STORE_RECIPE;
    kal__store_head h = {.magic = KAL__STORE_MAGIC,
                         .order = KAL__STORE_ORDER,
                         .kind = (uint32_t)what->kind | packed,
                         .key_hi = what->key.hi,
                         .key_lo = what->key.lo,
                         .x0 = what->rect.x0,
                         .y0 = what->rect.y0,
                         .x1 = what->rect.x1,
                         .y1 = what->rect.y1,
                         .size = what->size,
                         .ns = what->ns,
                         .made = (uint64_t)time(NULL),
                         .recipe_size = (uint32_t)recipe,
                         .pieces = (uint32_t)pieces_of(what->size)};
    h.at = (sizeof h + table_size(&h) + KAL__STORE_PAGE - 1) / KAL__STORE_PAGE * KAL__STORE_PAGE;
    return h;
}

void kal__store_finish_front(unsigned char *front, kal__store_head *h, const char *recipe)
{
    unsigned char *table = front + sizeof *h;
    if (h->recipe_size) memcpy(table + table_size(h) - h->recipe_size, recipe, h->recipe_size);
    head_sum(h, table, table_size(h), h->sum);
    memcpy(front, h, sizeof *h);
}

unsigned char *kal__store_front(const kal__stored *what, const void *data, size_t *size)
{
    kal__store_head h = kal__store_head_of(what, 0);
    unsigned char *front = kal__new_zero((size_t)h.at, 1);
    if (!front) return NULL;
    for (size_t i = 0; i < h.pieces; i++) {
        const uint64_t sum =
            kal__hash_of((const unsigned char *)data + i * KAL__STORE_PIECE, kal__store_piece_size(h.size, i))
                .lo;
        memcpy(front + sizeof h + i * sizeof sum, &sum, sizeof sum);
    }
    kal__store_finish_front(front, &h, what->recipe);
    *size = (size_t)h.at;
    return front;
}
