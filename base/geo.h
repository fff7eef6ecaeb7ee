// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Where on the earth a picture lies: the fields of GeoTIFF, and the number that GDAL says stands for nothing.
#ifndef KAL_GEO_H
#define KAL_GEO_H

#include "codec.h"
#include "ifd.h"

/// One of those fields?
bool kal__is_geo(unsigned tag);
/// Keeps the fields as a block. false: out of memory.
bool kal__geo_keep(kal__directory *fields, kal__meta *m);
/// Whether what is kept of it still says where the picture lies: false when nothing was kept, or geometry made nothing of it.
bool kal__geo_stands(const kal__meta *m);
/// The fields of the picture as it is now; their values lie in `values`. false: out of memory.
bool kal__geo_to_write(const kal__meta *m, kal__directory *out, kal__arena *values);

#endif
