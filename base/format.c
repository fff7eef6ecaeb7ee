// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A format by its name or suffix, and the parameters it has then: asked by the graph, and by formats that are made of others.
#include "codec.h"

#include <string.h>

int32_t kal__word_at(const char *list, const char *word, size_t n)
{
    int32_t at = 0;
    for (const char *w = list;; w++, at++) {
        const size_t m = strcspn(w, "|");
        bool same = n && m == n;   // nothing is no word, also where there are none
        for (size_t i = 0; same && i < n; i++)
            same = w[i] == (word[i] | (word[i] >= 'A' && word[i] <= 'Z' ? 32 : 0));
        if (same) return at;
        w += m;
        if (!*w) return -1;
    }
}

const kal__codec *kal__codec_named(const char *name)
{
    for (size_t i = 0; i < kal__n_codecs; i++)
        if (!strcmp(kal__codecs[i]->name, name) ||
            kal__word_at(kal__codecs[i]->suffixes, name, strlen(name)) >= 0)
            return kal__codecs[i];
    return NULL;
}

void kal__params_fill(const kal_param *rows, size_t n, size_t size, void *params)
{
    memset(params, 0, size);
    memcpy(params, &size, sizeof size);   // every params struct begins with its size
    for (size_t i = 0; i < n; i++) {
        const kal_param *p = &rows[i];
        void *at = (unsigned char *)params + p->offset;
        switch (p->kind) {
        case KAL_PARAM_INT:
        case KAL_PARAM_X:
        case KAL_PARAM_Y:
        case KAL_PARAM_CHOICE: *(int32_t *)at = (int32_t)p->def; break;
        case KAL_PARAM_BOOL: *(bool *)at = p->def != 0; break;
        case KAL_PARAM_FLOAT: *(double *)at = p->def; break;
        case KAL_PARAM_FILE:
        case KAL_PARAM_FILES:
        case KAL_PARAM_TEXT: *(const char **)at = p->def_text ? p->def_text : ""; break;
        case KAL_PARAM_LIST:
        case KAL_PARAM_COLOR: *(kal_list *)at = (kal_list){NULL, 0}; break;
        }
    }
}

void kal__codec_defaults(const kal__codec *c, const char *word, void *params)
{
    kal__params_fill(c->params, c->n_params, c->params_size, params);
    for (size_t i = 0; i < c->n_params; i++) {
        const kal_param *p = &c->params[i];
        const int32_t at = p->kind == KAL_PARAM_CHOICE ? kal__word_at(p->unit, word, strlen(word)) : -1;
        if (at >= 0) memcpy((unsigned char *)params + p->offset, &at, sizeof at);
    }
}
