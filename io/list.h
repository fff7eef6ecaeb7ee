// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One line per codec: the only registry. Sniffed in this order. CMake reads it for the sources.
CODEC(jpeg)
CODEC(png)
CODEC(raw)
CODEC(tiff)
CODEC(gif)
CODEC(pnm)
CODEC(qoi)
CODEC(bmp)
CODEC(npy)
CODEC(hdr)
CODEC(psd)
CODEC(heif)
CODEC(avif)
CODEC(webp)
CODEC(jp2)
CODEC(jxl)
CODEC(exr)
CODEC(svg)
CODEC(y4m)
CODEC(hash)
