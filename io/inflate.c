// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See inflate.h. ISA-L takes a third of zlib's time, and a tenth of it for a CRC.
#include "inflate.h"

#include "mem.h"

#include <stdlib.h>

#ifdef KAL_ISAL

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

struct kal__inflate {
    struct inflate_state state;
};

kal__inflate *kal__inflate_new(void)
{
    kal__inflate *z = kal__new_zero(1, sizeof *z);
    if (!z) return NULL;
    isal_inflate_init(&z->state);
    z->state.crc_flag = ISAL_ZLIB;
    return z;
}

void kal__inflate_free(kal__inflate *z)
{
    free(z);
}

size_t kal__inflate_memory(void)
{
    return sizeof(kal__inflate);
}

kal__inflated kal__inflate_run(kal__inflate *z, const unsigned char **in, size_t *n_in, unsigned char **out,
                               size_t *n_out)
{
    struct inflate_state *s = &z->state;
    const uint32_t take = *n_in < UINT32_MAX ? (uint32_t)*n_in : UINT32_MAX;
    const uint32_t give = *n_out < UINT32_MAX ? (uint32_t)*n_out : UINT32_MAX;
    s->next_in = (unsigned char *)(uintptr_t)*in;   // not written to
    s->avail_in = take;
    s->next_out = *out;
    s->avail_out = give;
    const int code = isal_inflate(s);
    *in += take - s->avail_in;
    *n_in -= take - s->avail_in;
    *out += give - s->avail_out;
    *n_out -= give - s->avail_out;
    if (code < 0 || code == ISAL_NEED_DICT) return KAL__INFLATE_DAMAGED;
    return s->block_state == ISAL_BLOCK_FINISH ? KAL__INFLATE_END : KAL__INFLATE_OK;
}

uint32_t kal__crc32(uint32_t crc, const void *data, size_t n)
{
    return crc32_gzip_refl(crc, data, n);
}

#else

#include <zlib.h>

struct kal__inflate {
    z_stream stream;
};

kal__inflate *kal__inflate_new(void)
{
    kal__inflate *z = kal__new_zero(1, sizeof *z);
    // The largest window whatever the stream says, as ISA-L does it.
    if (z && inflateInit2(&z->stream, 15) != Z_OK) {
        free(z);
        z = NULL;
    }
    return z;
}

void kal__inflate_free(kal__inflate *z)
{
    if (z) inflateEnd(&z->stream);
    free(z);
}

size_t kal__inflate_memory(void)
{
    return sizeof(kal__inflate) + (32 + 8) * 1024;   // the window and the state
}

kal__inflated kal__inflate_run(kal__inflate *z, const unsigned char **in, size_t *n_in, unsigned char **out,
                               size_t *n_out)
{
    z_stream *s = &z->stream;
    const uInt take = *n_in < UINT32_MAX ? (uInt)*n_in : UINT32_MAX;
    const uInt give = *n_out < UINT32_MAX ? (uInt)*n_out : UINT32_MAX;
    s->next_in = (Bytef *)(uintptr_t)*in;   // not written to
    s->avail_in = take;
    s->next_out = *out;
    s->avail_out = give;
    const int code = inflate(s, Z_NO_FLUSH);
    *in += take - s->avail_in;
    *n_in -= take - s->avail_in;
    *out += give - s->avail_out;
    *n_out -= give - s->avail_out;
    switch (code) {
    case Z_STREAM_END: return KAL__INFLATE_END;
    case Z_OK:
    case Z_BUF_ERROR: return KAL__INFLATE_OK;   // the latter: nothing to take or no room
    case Z_MEM_ERROR: return KAL__INFLATE_NOMEM;
    default: return KAL__INFLATE_DAMAGED;
    }
}

uint32_t kal__crc32(uint32_t crc, const void *data, size_t n)
{
    return (uint32_t)crc32_z(crc, data, n);
}

#endif
