// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The smallest file that looks right, or the best picture that fits. The format "optimize" of kal_encode stands for whichever of several formats, and
// whichever quality, an aim asks for: it is searched when bytes are asked for, the files that are tried are decoded and scored, and what is given is one of them.
//
//     kal_node *small = kal_encode(s, photo, "optimize", "min_score=80 formats=\"jpeg,webp,avif\"");
//     kal_bytes bytes;
//     kal_read_bytes(small, NULL, &bytes, &err);
//
// The parameters: `kal help optimize`, docs/optimize.md.
#ifndef KAL_OPTIMIZE_H
#define KAL_OPTIMIZE_H

#include <kal/eval.h>

KAL_BEGIN

/// A file that was tried.
typedef struct kal_candidate {
    const char *format;   ///< "jpeg"
    const char *params;   ///< of kal_encode: "quality=71 progressive=true"; "" of the original
    uint64_t bytes;       ///< 0: it could not be made
    double score;         ///< by the metric, of the decoded file; NAN: it was not asked for
    int32_t width, height;
    bool original;     ///< the file the picture came from, as it is
    bool keeps;        ///< to all bounds
    const char *why;   ///< why it failed, or which bound it breaks and by how much; "" when it keeps to all
} kal_candidate;

/// What was chosen, and of what. Texts and bytes live until kal_choice_release.
typedef struct kal_choice {
    const kal_candidate *candidates;
    int32_t n, chosen;   ///< one of them, always
    bool
        passed;   ///< it keeps to all bounds: its bytes are counted, and its score is that of the decode of exactly these bytes
    const char *metric;       ///< "ssimulacra2", "dssim" or "none"
    const char *suffix;       ///< "jpg"
    const char *media_type;   ///< "image/jpeg"
    const unsigned char *data;
    size_t size;
    bool found;   ///< in the memo: nothing was tried
    void *held;
} kal_choice;

/// Searches for `optimized`, a node of that format, and says what came of it. Where nothing keeps to the bounds what comes nearest is chosen, and `passed` is
/// false. INVALID: it is another node; the picture fits no format: the errors of all. options->progress counts tries.
KAL_API kal_status kal_choose(const kal_node *optimized, const kal_options *options, kal_choice *out,
                              kal_error *err);
/// One that was not made is fine, if it is zero.
KAL_API void kal_choice_release(kal_choice *choice);
/// The chosen file as an encoded node, to be written as any other. It lives on without the choice.
KAL_API kal_node *kal_choice_file(kal_scope *scope, const kal_choice *choice);
/// As JSON, or as an SVG picture: bytes across, score up, a point a try. Free with kal_bytes_free.
KAL_API kal_status kal_choice_print(const kal_choice *choice, kal_format format, kal_bytes *out,
                                    kal_error *err);

KAL_END
#endif
