// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See library.h.
#include "library.h"

#include <dlfcn.h>
#include <string.h>

bool kal__library(const char *file, const char *const *names, size_t n, size_t needed, void *functions)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return false;
    for (size_t i = 0; i < n; i++) {
        void *f = dlsym(handle, names[i]);
        if (!f && i < needed) {
            dlclose(handle);
            return false;
        }
        memcpy((unsigned char *)functions + i * sizeof f, &f, sizeof f);
    }
    return true;
}
