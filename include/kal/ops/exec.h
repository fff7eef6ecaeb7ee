// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Programs as ops. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_EXEC_H
#define KAL_HEADER_OPS_EXEC_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_EXEC_FORMATS "png|pnm|tiff"
#define KAL_EXEC_PARAMS(P)                                                                     \
    P(TEXT, command, "", 0, 0, "",                                                             \
      "program and arguments; {in} is a file with the picture, {out} the one it writes")       \
    P(INT, version, 1, 0, 1e9, "", "of the program: raise it when it gives something else")    \
    P(FILES, files, "", 0, 0, "",                                                              \
      "what it hangs on beside the picture, scripts and weights; their bytes count")           \
    P(BOOL, pipe, false, 0, 0, "",                                                             \
      "the picture goes to its standard input, the result is its standard output")             \
    P(CHOICE, format, 0, 0, 0, KAL_EXEC_FORMATS,                                               \
      "of the picture that it is given and of the one that it gives")                          \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "of the result; unset: the picture's")        \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "of the result; unset: the picture's")       \
    P(INT, channels, KAL_AUTO, 1, KAL_MAX_CHANNELS, "", "of the result; unset: the picture's") \
    P(CHOICE, type, KAL_AUTO, 0, 0, KAL_TYPES, "of the result; unset: the picture's")          \
    P(FLOAT, seconds, 0, 0, 1e9, "s", "that it may take; 0: any")
KAL_PARAMS(exec, KAL_EXEC_PARAMS)
#define kal_exec_params(...) KAL_WITH(exec, KAL_EXEC_PARAMS, __VA_ARGS__)
/// Where kal_limits.exec allows it.
KAL_OP_1(exec)

KAL_END
#endif
