// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Names, errors by value, keys as text.
#include "putf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} table[] = {
#define ROW(id, name, text) {name, text},
    KAL_STATUS_LIST(ROW)
#undef ROW
};

const char *kal_status_name(kal_status status)
{
    return (size_t)status < sizeof table / sizeof *table ? table[status].name : "unknown";
}

const char *kal_status_text(kal_status status)
{
    return (size_t)status < sizeof table / sizeof *table ? table[status].text : "unknown status";
}

kal_status kal_fail(kal_error *err, kal_status status, const char *fmt, ...)
{
    if (!err) return status;
    *err = (kal_error){.status = status};
    va_list args;
    va_start(args, fmt);
    kal__vformat(err->message, sizeof err->message, fmt, args);
    va_end(args);
    return status;
}

kal_status kal_within(kal_error *err, const char *fmt, ...)
{
    if (!err) return KAL_INTERNAL;
    char old[sizeof err->message], *text = err->message;
    memcpy(old, text, sizeof old);
    va_list args;
    va_start(args, fmt);
    const int n = kal__vformat(text, sizeof old, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n + 3 > sizeof old) return err->status;
    const size_t left = sizeof old - (size_t)n - 3, length = strlen(old);
    memcpy(text + n, ": ", 2);
    memcpy(text + n + 2, old, length < left ? length : left);
    text[(size_t)n + 2 + (length < left ? length : left)] = 0;
    return err->status;
}

void kal_error_print(const kal_error *err)
{
    if (err) fprintf(stderr, "kal: %s\n", err->message[0] ? err->message : kal_status_text(err->status));
}

const char *kal_version(void)
{
    return KAL_VERSION;
}

const char *kal_type_name(kal_type type)
{
    static const char *const names[] = {
        [KAL_U8] = "u8", [KAL_U16] = "u16", [KAL_F32] = "f32", [KAL_U32] = "u32"};
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "?";
}

const char *kal_model_name(kal_model model)
{
    static const char *const names[] = {
        [KAL_GRAY] = "gray", [KAL_RGB] = "rgb", [KAL_DATA] = "data", [KAL_MASK] = "mask"};
    return (size_t)model < sizeof names / sizeof *names ? names[model] : "?";
}

char *kal_key_print(kal_key key, char out[33])
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)key.hi, (unsigned long long)key.lo);
    return out;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kal_key_parse(const char *text, kal_key *out)
{
    uint64_t v[2] = {0, 0};
    for (int i = 0; i < 32; i++) {
        const int d = digit_of(text[i]);
        if (d < 0) return false;
        v[i / 16] = v[i / 16] << 4 | (uint64_t)d;
    }
    *out = (kal_key){v[0], v[1]};
    return !text[32];
}
