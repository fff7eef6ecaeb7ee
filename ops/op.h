// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What op files share: small checks, sample access by type, rounding.
#ifndef KAL_OPS_OP_H
#define KAL_OPS_OP_H

#include <kal/op.h>
#include <kal/ops.h>

#include <string.h>

#define KAL__COUNT(a) (sizeof(a) / sizeof *(a))
/// The usual middle of a record: schema and struct of an op's parameters.
#define KAL__PARAMS(rows, type) .params = rows, .n_params = KAL__COUNT(rows), .params_size = sizeof(type)
#define KAL__SAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

/// Channels that carry colour: all but alpha.
static inline int32_t kal__colours(const kal_extent *e)
{
    return e->channels - e->alpha;
}

/// x in lo..hi.
static inline double kal__clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/// Half of a number, downwards.
static inline int32_t kal__middle(int32_t n)
{
    return (n - (n < 0)) / 2;
}

/// A real to an integer sample: half up, clamped; NaN gives 0.
static inline uint8_t kal__to_u8(double v)
{
    return v >= 255 ? 255 : v > 0 ? (uint8_t)(v + 0.5) : 0;
}

static inline uint16_t kal__to_u16(double v)
{
    return v >= 65535 ? 65535 : v > 0 ? (uint16_t)(v + 0.5) : 0;
}

static inline uint32_t kal__to_u32(double v)
{
    return v >= 4294967295.0 ? 4294967295u : v > 0 ? (uint32_t)(v + 0.5) : 0;
}

/// Sample i of a row as a real, and back.
static inline double kal__get(const void *row, kal_type type, size_t i)
{
    switch (type) {
    case KAL_U8: return ((const uint8_t *)row)[i];
    case KAL_U16: return ((const uint16_t *)row)[i];
    case KAL_U32: return ((const uint32_t *)row)[i];
    case KAL_F32: break;
    }
    return (double)((const float *)row)[i];
}

static inline void kal__set(void *row, kal_type type, size_t i, double v)
{
    switch (type) {
    case KAL_U8: ((uint8_t *)row)[i] = kal__to_u8(v); return;
    case KAL_U16: ((uint16_t *)row)[i] = kal__to_u16(v); return;
    case KAL_U32: ((uint32_t *)row)[i] = kal__to_u32(v); return;
    case KAL_F32: break;
    }
    ((float *)row)[i] = (float)v;
}

/// Fails unless the list has none, one, or one value per colour channel (alpha may be given too when `alpha`).
kal_status kal__check_per_channel(const char *op, const char *name, kal_list l, const kal_extent *e,
                                  bool alpha, kal_error *err);
/// And one beyond what a sample of integers can hold.
kal_status kal__check_color(const char *op, const char *name, kal_list l, const kal_extent *e, bool alpha,
                            kal_error *err);
/// Fails when a number of the list is beyond what a sample of integers can hold.
kal_status kal__check_range(const char *op, const char *name, kal_list l, kal_type type, kal_error *err);
/// Value of channel c of such a list; `none` when it is empty.
static inline double kal__per_channel(kal_list l, int32_t c, double none)
{
    return l.n == 0 ? none : l.n == 1 ? l.v[0] : c < l.n ? l.v[c] : none;
}

/// One pixel of a colour parameter in the image's type, for the fill edge mode: black when empty; alpha opaque unless given
/// (or `clear`, then transparent when the list is empty). `pixel` has room for KAL_MAX_CHANNELS × 4 bytes.
void kal__colour_pixel(kal_list colour, const kal_extent *e, bool clear, void *pixel);

/// Rows of a pointwise job that lie right behind each other in every tile are as good as one: how many rows at a time, and the pixels in
/// them. `n` tiles of input are looked at.
static inline int32_t kal__rows_together(const kal_job *j, int32_t n, size_t *pixels)
{
    const kal_tile *t = j->out;
    const int32_t rows = t->rect.y1 - t->rect.y0, width = kal_tile_width(t);
    bool plain = t->stride == (ptrdiff_t)width * t->pixel && t->row0 + rows <= t->ring;
    for (int32_t i = 0; i < n; i++) {
        t = &j->in[i];
        plain &= t->stride == (ptrdiff_t)width * t->pixel && t->row0 + rows <= t->ring;
    }
    *pixels = (size_t)width * (size_t)(plain ? rows : 1);
    return plain ? rows : 1;
}


/// How an op says that it does not take samples of this type: a mistake of the request, KAL_INVALID, like what a format cannot hold.
/// `advice` goes on after "u32 samples" and says what to do.
kal_status kal__refuse_type(const char *op, const kal_extent *e, const char *advice, kal_error *err);
/// Refuses u32 labels for an op that computes with samples.
kal_status kal__check_type(const char *op, const kal_extent *e, kal_error *err);
/// Refuses u32 labels for an op that would mix them with any kernel but nearest.
static inline kal_status kal__refuse_mixing(const char *op, const kal_extent *e, kal_error *err)
{
    return kal__refuse_type(op, e, "are labels and are not mixed; kernel must be nearest", err);
}

/// A `map` that only moves.
static inline void kal__map_shift(double x, double y, double m[6])
{
    m[0] = m[4] = 1;
    m[1] = m[3] = 0;
    m[2] = x;
    m[5] = y;
}

/// The extent of input 0, for ops that keep it.
kal_status kal__same_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err);

#endif
