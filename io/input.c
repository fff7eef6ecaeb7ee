// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A buffer before a reader. See input.h.
#include "input.h"

#include "putf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t kal__input_offset(const kal__input *in)
{
    return in->reader->position - (in->n - in->at);
}

kal_status kal__input_fail(const kal__input *in, kal_status status, const char *fmt, ...)
{
    char what[300];
    va_list args;
    va_start(args, fmt);
    kal__vformat(what, sizeof what, fmt, args);
    va_end(args);
    return kal_fail(in->err, status, "%s: %s: at byte %llu: %s", in->reader->name, in->codec,
                    (unsigned long long)kal__input_offset(in), what);
}

kal_status kal__input_corrupt(const kal__input *in, const char *what)
{
    return kal__input_fail(in, KAL_CORRUPT, "%s", what);
}

static kal_status ended(const kal__input *in)
{
    return kal_fail(in->err, KAL_CORRUPT, "%s: %s: the file ends at byte %llu, before the picture does",
                    in->reader->name, in->codec, (unsigned long long)kal__input_offset(in));
}

kal_status kal__input_fill(kal__input *in)
{
    const ptrdiff_t got = in->reader->read(in->reader, in->bytes, KAL__INPUT_BYTES, in->err);
    in->at = 0;
    in->n = got > 0 ? (size_t)got : 0;
    return got < 0 ? KAL_IO : got ? KAL_OK : ended(in);
}

kal_status kal__input_take(kal__input *in, void *to, size_t n)
{
    unsigned char *dst = to;
    while (n) {
        size_t step = in->n - in->at;
        if (!step && n >= KAL__INPUT_BYTES) {   // straight to where it belongs
            const ptrdiff_t got = in->reader->read(in->reader, dst, n, in->err);
            if (got <= 0) return got ? KAL_IO : ended(in);
            dst += got;
            n -= (size_t)got;
            continue;
        }
        const kal_status st = step ? KAL_OK : kal__input_fill(in);
        if (st) return st;
        step = in->n - in->at < n ? in->n - in->at : n;
        memcpy(dst, in->bytes + in->at, step);
        in->at += step;
        dst += step;
        n -= step;
    }
    return KAL_OK;
}

kal_status kal__input_skip(kal__input *in, uint64_t n)
{
    while (n) {
        const kal_status st = in->at < in->n ? KAL_OK : kal__input_fill(in);
        if (st) return st;
        const size_t step = in->n - in->at < n ? in->n - in->at : (size_t)n;
        in->at += step;
        n -= step;
    }
    return KAL_OK;
}

kal_status kal__input_sides(const kal__input *in, uint64_t width, uint64_t height, const kal_limits *limits)
{
    if (!width || !height || width > KAL_MAX_SIDE || height > KAL_MAX_SIDE)
        return kal__input_fail(in, KAL_CORRUPT, "the picture is %llu×%llu; sides must be 1..%d",
                               (unsigned long long)width, (unsigned long long)height, KAL_MAX_SIDE);
    return kal__within_limits(in->reader->name, in->codec, width, height, limits, in->err);
}

kal_status kal__input_fits(const kal__input *in, const kal_extent *e, ptrdiff_t stride, int32_t n,
                           int32_t left)
{
    if (stride >= (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)) && n <= left) return KAL_OK;
    return kal_fail(in->err, KAL_CHANGED, "%s: %s: the picture has another size than its header had",
                    in->reader->name, in->codec);
}

static ptrdiff_t view_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    const kal__view *v = (kal__view *)r;
    const ptrdiff_t got = v->of->read_at(v->of, r->position, dst, n, err);
    if (got > 0) r->position += (uint64_t)got;
    return got;
}

kal__view kal__view_of(kal__reader *r)
{
    return (kal__view){{.read = view_read, .name = r->name, .size = r->size}, r};
}

void kal__input_seek(kal__input *in, uint64_t at)
{
    in->reader->position = at;
    in->at = in->n = 0;
}
