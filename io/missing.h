// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A codec whose library's headers were not there when we were built. It still knows its files by their first bytes, and says why it reads none.
// Nothing is ever open, so the record's other functions are NULL.
#ifndef KAL_IO_MISSING_H
#define KAL_IO_MISSING_H

#include "codec.h"

#define KAL__MISSING_READER(codec, library)                                                                 \
    __attribute__((unused)) static const char *codec##_version(void)                                        \
    {                                                                                                       \
        return NULL;                                                                                        \
    }                                                                                                       \
                                                                                                            \
    static kal_status codec##_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,  \
                                     kal_error *err)                                                        \
    {                                                                                                       \
        (void)ask, (void)h, (void)meta;                                                                     \
        return kal_fail(err, KAL_UNSUPPORTED, "%s: " #codec ": this build has no " library, r->name);       \
    }                                                                                                       \
                                                                                                            \
    static kal_status codec##_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err) \
    {                                                                                                       \
        *out = NULL;                                                                                        \
        return codec##_header(r, ask, NULL, NULL, err);                                                     \
    }

/// Its writer, for as long as accepts and begin are declared: nothing else is called of what was never begun.
#define KAL__MISSING_WRITER(codec, library)                                                         \
    kal_status kal__##codec##_accepts(const kal_extent *e, const void *params, size_t *memory,      \
                                      kal_error *err)                                               \
    {                                                                                               \
        (void)e, (void)params, (void)memory;                                                        \
        return kal_fail(err, KAL_UNSUPPORTED,                                                       \
                        #codec ": this build has no " library "; save as png instead");             \
    }                                                                                               \
                                                                                                    \
    kal_status kal__##codec##_begin(const kal_extent *e, const void *params, const kal__meta *meta, \
                                    kal__writer *w, kal__encoder **out, kal_error *err)             \
    {                                                                                               \
        (void)meta, (void)w;                                                                        \
        *out = NULL;                                                                                \
        return kal__##codec##_accepts(e, params, NULL, err);                                        \
    }

#endif
