// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Arrays of a typed map: what they may be, and their digest.
#include "typed_map.h"

#include "hash.h"

#include <string.h>

// Bytes of an element; of a float the bits of infinity, beyond which (but for the sign) are NaNs.
static const struct {
    const char *name;
    int bytes;
    uint64_t infinity;
} elements[] = {
    [KAL_ELEMENT_BOOL] = {"bool", 1, 0},
    [KAL_ELEMENT_I8] = {"i8", 1, 0},
    [KAL_ELEMENT_U8] = {"u8", 1, 0},
    [KAL_ELEMENT_I16] = {"i16", 2, 0},
    [KAL_ELEMENT_U16] = {"u16", 2, 0},
    [KAL_ELEMENT_I32] = {"i32", 4, 0},
    [KAL_ELEMENT_U32] = {"u32", 4, 0},
    [KAL_ELEMENT_I64] = {"i64", 8, 0},
    [KAL_ELEMENT_U64] = {"u64", 8, 0},
    [KAL_ELEMENT_F16] = {"f16", 2, 0x7c00},
    [KAL_ELEMENT_F32] = {"f32", 4, 0x7f800000},
    [KAL_ELEMENT_F64] = {"f64", 8, 0x7ff0000000000000},
};

const char *kal__element_name(kal_element element)
{
    return elements[element].name;
}

static uint64_t element_at(const unsigned char *p, int bytes)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (bytes) {
    case 1: return *p;
    case 2: memcpy(&two, p, 2); return two;
    case 4: memcpy(&four, p, 4); return four;
    }
    memcpy(&eight, p, 8);
    return eight;
}

// Over the elements, the lowest byte first; false: one is NaN.
static bool digest_elements(kal_element element, const unsigned char *data, size_t n, kal_key *out)
{
    kal__hash h;
    unsigned char part[4096];
    const int bytes = elements[element].bytes;
    const uint64_t infinity = elements[element].infinity, sign = (uint64_t)1 << (8 * bytes - 1);
    size_t used = 0;
    kal__hash_init(&h);
    for (size_t i = 0; i < n; i++) {
        uint64_t v = element_at(data + i * (size_t)bytes, bytes);
        if (infinity && (v & ~sign) > infinity) return false;
        if (infinity && v == sign) v = 0;   // -0
        if (element == KAL_ELEMENT_BOOL) v = v != 0;
        for (int b = 0; b < bytes; b++) part[used++] = (unsigned char)(v >> (8 * b));
        if (used == sizeof part) kal__hash_add(&h, part, used), used = 0;
    }
    kal__hash_add(&h, part, used);
    *out = kal__hash_done(&h);
    return true;
}

static const char *wrong_shape(kal_element element, const int64_t *shape, int32_t n, const void *data,
                               size_t *count)
{
    *count = 1;
    if ((unsigned)element >= sizeof elements / sizeof *elements) return "there is no such kind of element";
    if (n < 0 || n > KAL_MAX_DIMENSIONS || (n && !shape)) return "an array has 0 to 16 dimensions";
    for (int32_t i = 0; i < n; i++)
        if (shape[i] < 0) return "a side of an array is negative";
    for (int32_t i = 0; i < n; i++)
        if (!kal__mul(*count, (size_t)shape[i], count)) return "the array does not fit into memory";
    size_t bytes;
    if (!kal__mul(*count, (size_t)elements[element].bytes, &bytes))
        return "the array does not fit into memory";
    return *count && !data ? "there are no elements" : NULL;
}

const char *kal__array_digest(kal_element element, const int64_t *shape, int32_t n, const void *data,
                              kal_key *out)
{
    size_t count;
    const char *wrong = wrong_shape(element, shape, n, data, &count);
    if (wrong || digest_elements(element, data, count, out)) return wrong;
    return "NaN in an array: give it as bytes if that is to count";
}
