// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The structs that DLPack 1.0 passes pixels in, as its specification lays them out (dmlc.github.io/dlpack).
#ifndef KAL_PYTHON_DLPACK_H
#define KAL_PYTHON_DLPACK_H

#include <stdint.h>

enum { KALPY_DL_CPU = 1 };
enum { KALPY_DL_UINT = 1, KALPY_DL_FLOAT = 2 };
enum { KALPY_DL_READ_ONLY = 1, KALPY_DL_COPIED = 2 };

typedef struct kalpy_dl_tensor {
    void *data;
    struct {
        int32_t type, id;
    } device;
    int32_t ndim;
    struct {
        uint8_t code, bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape, *strides;   // strides in elements
    uint64_t byte_offset;
} kalpy_dl_tensor;

typedef struct kalpy_dl_managed {
    kalpy_dl_tensor tensor;
    void *manager_ctx;
    void (*deleter)(struct kalpy_dl_managed *self);
} kalpy_dl_managed;

typedef struct kalpy_dl_versioned {
    struct {
        uint32_t major, minor;
    } version;
    void *manager_ctx;
    void (*deleter)(struct kalpy_dl_versioned *self);
    uint64_t flags;
    kalpy_dl_tensor tensor;
} kalpy_dl_versioned;

#endif
