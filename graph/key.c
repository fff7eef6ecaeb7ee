// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The only place keys are made. The bytes that are hashed are specified in docs/keys.md; change nothing here without changing
// the leading "kal1" and the golden keys.
#include "files.h"

#include <stdlib.h>
#include <string.h>

static void put_text(kal__text *t, const char *s)
{
    const size_t n = s ? strlen(s) : 0;
    kal__put_le(t, n, 4);
    kal__put(t, s, n);
}

static void put_double(kal__text *t, double v)
{
    if (v == 0) v = 0;   // -0
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    kal__put_le(t, bits, 8);
}

static void put_key(kal__text *t, kal_key k)
{
    kal__put_le(t, k.lo, 8);
    kal__put_le(t, k.hi, 8);
}

static void put_param(kal__text *t, const kal_param *p, const unsigned char *at)
{
    switch (p->kind) {
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y:
        kal__put_le(t, 'i', 1);
        kal__put_le(t, (uint64_t)(int64_t) * (const int32_t *)(const void *)at, 8);
        break;
    case KAL_PARAM_CHOICE:
        kal__put_le(t, 'e', 1);
        kal__put_le(t, (uint64_t)(int64_t) * (const int32_t *)(const void *)at, 8);
        break;
    case KAL_PARAM_BOOL:
        kal__put_le(t, 'b', 1);
        kal__put_le(t, *(const bool *)(const void *)at, 1);
        break;
    case KAL_PARAM_FLOAT:
        kal__put_le(t, 'd', 1);
        put_double(t, *(const double *)(const void *)at);
        break;
    case KAL_PARAM_TEXT:
        kal__put_le(t, 's', 1);
        put_text(t, *(const char *const *)(const void *)at);
        break;
    case KAL_PARAM_FILE:
    case KAL_PARAM_FILES: {
        const char *file = *(const char *const *)(const void *)at;
        kal__put_le(t, p->kind == KAL_PARAM_FILE ? 'f' : 'g', 1);
        kal__put_le(t, *file != 0, 1);
        if (*file) put_key(t, kal__file_digest(file));
        break;
    }
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR: {
        const kal_list *l = (const kal_list *)(const void *)at;
        kal__put_le(t, 'l', 1);
        kal__put_le(t, (uint64_t)l->n, 4);
        for (int32_t i = 0; i < l->n; i++) put_double(t, l->v[i]);
        break;
    }
    }
}

kal_status kal__make_key(const kal__key_parts *k, kal_key *out, kal_error *err)
{
    kal__text t = {.data = NULL};
    kal__put(&t, "kal1", 4);
    kal__put_le(&t, (uint64_t)k->kind, 1);
    put_text(&t, k->what);
    put_text(&t, k->version);
    const size_t n = kal__params_told(k->schema, k->params);
    kal__put_le(&t, n, 4);
    for (size_t i = 0; i < n; i++)
        put_param(&t, &k->schema.rows[i], (const unsigned char *)k->params + k->schema.rows[i].offset);
    kal__put_le(&t, k->digest != NULL, 1);
    if (k->digest) put_key(&t, *k->digest);
    kal__put_le(&t, (uint64_t)k->n, 4);
    for (int32_t i = 0; i < k->n; i++) put_key(&t, kal__node_of(k->in[i])->key);
    const bool ok = !t.failed;
    if (ok) *out = kal__hash_of(t.data, t.size);
    free(t.data);
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for the key of %s", k->what);
}
