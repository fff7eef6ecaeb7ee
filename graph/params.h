// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the two files of parameters share: params.c walks a schema, param_set.c reads a value of it from text.
#ifndef KAL_GRAPH_PARAMS_H
#define KAL_GRAPH_PARAMS_H

#include "dynamic.h"

/// Where a parameter lies in a struct of them.
typedef union kal__field {
    void *at;
    int32_t *i;
    bool *b;
    double *d;
    const char **s;
    kal_list *l;
} kal__field;

static inline kal__field kal__field_of(const kal_param *p, const void *params)
{
    return (kal__field){.at = (unsigned char *)(uintptr_t)params + p->offset};
}

/// "gaussian: sigma=-1 is outside 0..1000"
kal_status kal__out_of_range(kal__schema s, const kal_param *p, double v, double lo, double hi,
                             kal_error *err);

#endif
