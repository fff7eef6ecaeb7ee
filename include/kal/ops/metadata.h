// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata: what a picture says of itself, changed. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_METADATA_H
#define KAL_HEADER_OPS_METADATA_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_SET_FIELD_PARAMS(P)                                                     \
    P(TEXT, name, "", 0, 0, "", "the field, as exif.Artist, xmp.dc:title, density") \
    P(TEXT, value, "", 0, 0, "", "what it says from here on")
KAL_PARAMS(set_field, KAL_SET_FIELD_PARAMS)
#define kal_set_field_params(...) KAL_WITH(set_field, KAL_SET_FIELD_PARAMS, __VA_ARGS__)
KAL_OP_1(set_field)

#define KAL_ADD_FIELD_PARAMS(P)                                 \
    P(TEXT, name, "", 0, 0, "", "the field, as xmp.dc:subject") \
    P(TEXT, value, "", 0, 0, "", "one item more, behind those it has")
KAL_PARAMS(add_field, KAL_ADD_FIELD_PARAMS)
#define kal_add_field_params(...) KAL_WITH(add_field, KAL_ADD_FIELD_PARAMS, __VA_ARGS__)
KAL_OP_1(add_field)

#define KAL_UNSET_FIELD_PARAMS(P) \
    P(TEXT, name, "", 0, 0, "", "the field, or exif, gps, xmp, iptc, icc, geo, preview: all of it")
KAL_PARAMS(unset_field, KAL_UNSET_FIELD_PARAMS)
#define kal_unset_field_params(...) KAL_WITH(unset_field, KAL_UNSET_FIELD_PARAMS, __VA_ARGS__)
KAL_OP_1(unset_field)

KAL_END
#endif
