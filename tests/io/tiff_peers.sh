#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# TIFF beside Pillow, which decodes it with code of its own where nothing is packed, and beside OpenCV: files of theirs and of ours, the same
# pixels both ways. Usage: tiff_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
"$python" - "$kal" "$shared" << 'END'
import pathlib
import sys

import numpy as np
from PIL import Image
from peers import check, end, kal

try:
    import cv2
except ImportError:
    cv2 = None
    print("skipped: cv2 is not here")

random = np.random.default_rng(2)


def ours(text):
    return np.load("ours.npy") if kal(f"{text} | save ours.npy") else None


def same(what, got, want):
    if got is not None and got.ndim == 3 and got.shape[2] == 1:
        got = got[:, :, 0]
    check(what, got is not None and got.shape == want.shape and np.array_equal(got, want))


def pixels(image):
    """Pillow's samples, palettes and bits spread out as ours are."""
    if image.mode in ("P", "YCbCr", "LAB"):
        return np.asarray(image.convert("RGB"))
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    return np.asarray(image)


scene = np.asarray(Image.fromarray(random.integers(0, 256, (97, 131, 3), dtype=np.uint8)).resize((262, 194)))
files = {"RGB": scene, "L": scene[:, :, 0], "LA": scene[:, :, :2], "RGBA": np.dstack([scene, scene[:, :, :1]]),
         "I;16": scene[:, :, 0].astype(np.uint16) * 251, "F": scene[:, :, 0].astype(np.float32) / 7}
for mode, array in files.items():
    for packed in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"):
        if packed == "packbits" and mode == "F":
            continue
        try:
            Image.fromarray(np.ascontiguousarray(array), mode).save("theirs.tif", compression=packed)
        except Exception as error:
            print(f"skipped: Pillow does not write {mode} by {packed}: {error}")
            continue
        same(f"{mode} by {packed}", ours("load theirs.tif"), array)
Image.fromarray(scene).quantize(64).save("palette.tif")
same("a palette", ours("load palette.tif"), np.asarray(Image.open("palette.tif").convert("RGB")))
Image.fromarray(scene[:, :, 0]).convert("1").save("bits.tif", compression="group4")
same("one bit by group 4", ours("load bits.tif"), np.asarray(Image.open("bits.tif").convert("L")))
pages = [Image.fromarray(scene).resize((40 + 10 * i, 30)) for i in range(4)]
pages[0].save("pages.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
for i, page in enumerate(pages):
    same(f"page {i}", ours(f"load pages.tif page={i}"), np.asarray(page))

Image.fromarray(scene).save("scene.png")
for params in ("", "tile=64", "compression=lzw", "compression=deflate tile=32 pyramid=true", "compression=packbits",
               "compression=zstd", "bigtiff=true"):
    for cast, array in (("", scene), ("| gray", None), ("| cast type=u16", scene.astype(np.uint16) * 257)):
        if not kal(f"load scene.png {cast} | save mine.tif {params}"):
            check(f"writing {params} {cast}", False)
            continue
        if array is None:
            array = ours(f"load scene.png {cast}")[:, :, 0] if ours(f"load scene.png {cast}").ndim == 3 else ours(
                f"load scene.png {cast}")
        if array.dtype == np.uint8 or array.ndim == 2:
            same(f"Pillow reads ours {params} {cast}", np.asarray(Image.open("mine.tif")), array)
        if cv2 is not None and "bigtiff" not in params:
            got = cv2.imread("mine.tif", cv2.IMREAD_UNCHANGED)
            if got is not None and got.ndim == 3:
                got = got[:, :, ::-1]
            same(f"OpenCV reads ours {params} {cast}", got, array)
kal("load scene.png | save jpeg.tif compression=jpeg quality=95")
same("a JPEG inside", ours("load jpeg.tif"), np.asarray(Image.open("jpeg.tif").convert("RGB")))

for path in sorted(pathlib.Path(sys.argv[2]).rglob("*.tif*")) if sys.argv[2] else ():
    image = Image.open(path)
    if image.mode == "RGB" and image.tag_v2.get(258, (8,))[0] == 16:
        got = ours(f"load {path}")   # Pillow has no such mode and drops the lower byte
        same(str(path), got >> 8 if got is not None else None, pixels(image))
        continue
    same(str(path), ours(f"load {path}"), pixels(image))

end()
END
