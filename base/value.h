// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Values as bytes, for memo and content keys.
#ifndef KAL_VALUE_H
#define KAL_VALUE_H

#include <kal/op.h>

#include "mem.h"

/// "boxes", for sentences.
const char *kal__value_word(kal_value_kind kind);
/// The same bytes for equal values on every machine.
void kal__value_pack(const kal_value *v, kal__text *out);
/// false: not such bytes, or out of memory.
bool kal__value_unpack(const unsigned char *data, size_t n, kal_value *out);
/// JSON.
void kal__value_json(const kal_value *v, kal__text *out);

#endif
