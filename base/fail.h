// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Errors that are told in one way wherever they are met. `err` may be NULL in all of these.
#ifndef KAL_BASE_FAIL_H
#define KAL_BASE_FAIL_H

#include <kal/io.h>

/// The error that was kept, once more to whoever asks now. Returns its status.
kal_status kal__repeat(const kal_error *was, kal_error *err);
/// KAL_IO, about an output: a printf-style sentence.
kal_status kal__cannot_write(kal_error *err, const char *fmt, ...) KAL_PRINTF(2, 3);
/// `st` of making or beginning a file, noted in `err` as one about the output; but for KAL_IO, which says itself what it is about.
kal_status kal__of_output(kal_status st, kal_error *err);
/// Of what goes on after its request was stopped: that status.
kal_status kal__nobody_waits(kal_status st, const char *name, kal_error *err);
/// KAL_LIMIT: a printf-style sentence of what is too much, and behind it which limit that is and how it is lifted: `lift` is "pixels=N".
kal_status kal__over_limit(kal_error *err, const char *lift, const char *fmt, ...) KAL_PRINTF(3, 4);
/// The limits of sides and pixels; before anything is allocated by them.
kal_status kal__within_limits(const char *name, const char *codec, uint64_t width, uint64_t height,
                              const kal_limits *limits, kal_error *err);

#endif
