#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# PNG of few colours as Pillow reads it: exactly the picture where it has no more, and of more a palette that is no larger than asked for and
# little worse than Pillow's own. Usage: png_palette_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
"$python" - "$kal" "$shared" << 'END'
import pathlib
import sys

import numpy as np
from PIL import Image
from peers import check, end, kal

random = np.random.default_rng(1)


def ours(name, params):
    check(f"{name} {params}", kal(f"load {name} | save out.png {params}"))
    picture = Image.open("out.png")
    picture.load()
    return picture


def colours_of(pixels):
    return len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0))


def squares(a, b):
    return float(np.mean((a.astype(float) - b.astype(float)) ** 2))


# exactly, by every depth
for mode, channels in (("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)):
    for count in (1, 2, 3, 4, 5, 16, 17, 100, 255, 256):
        for width in (1, 7, 8, 13, 64):
            colours = random.integers(0, 256, (count, channels)).astype(np.uint8)
            colours[:, 0] = np.arange(count)
            if channels in (2, 4):
                colours[::3, -1] = 0
            pixels = colours[np.concatenate([np.arange(count), random.integers(0, count, width * 50)])]
            pixels = pixels[:len(pixels) // width * width].reshape(-1, width, channels)
            Image.fromarray(pixels[:, :, 0] if mode == "L" else pixels, mode).save("in.png")
            picture = ours("in.png", "colours=256")
            bits = 1 if count <= 2 else 2 if count <= 4 else 4 if count <= 16 else 8
            head = pathlib.Path("out.png").read_bytes()
            there = colours_of(pixels)
            black = mode == "L" and count == 1   # which one bit of gray has
            check(f"{mode} {count}: {picture.mode}", head[25] == (0 if black else 3) and (black or picture.mode == "P"))
            check(f"{mode} {count}: {head[24]} bits", head[24] <= bits and (there < count or head[24] == bits))
            want = np.asarray(Image.open("in.png").convert("RGBA"))
            check(f"{mode} {count} {width}: pixels", np.array_equal(np.asarray(picture.convert("RGBA")), want))

# of more
y, x = np.mgrid[0:120, 0:200]
waves = np.dstack([x * 255 // 200, y * 255 // 120, (x ^ y) & 255]).astype(np.uint8)
Image.fromarray(waves).save("waves.png")
sources = [pathlib.Path("waves.png")]
if sys.argv[2]:
    sources += sorted(pathlib.Path(sys.argv[2], "../metrics").glob("*.png"))[::9]
for source in sources:
    picture = Image.open(source)
    if picture.mode not in ("RGB", "RGBA"):
        continue
    was = np.asarray(picture.convert("RGBA"))
    for count in (256, 64, 16, 2):
        got = np.asarray(ours(source, f"colours={count}").convert("RGBA"))
        check(f"{source.name} {count}: {colours_of(got)} colours", colours_of(got) <= count)
        if picture.mode == "RGB":
            check(f"{source.name} {count}: opaque", (got[:, :, 3] == 255).all())
            theirs = np.asarray(picture.quantize(count, dither=Image.Dither.NONE).convert("RGBA"))
            check(f"{source.name} {count}: {squares(was, got):.2f} against {squares(was, theirs):.2f}",
                  squares(was, got) <= 1.05 * squares(was, theirs) + 0.5)
        elif count > 2:
            check(f"{source.name} {count}: kinds of alpha", np.array_equal(was[:, :, 3] == 0, got[:, :, 3] == 0)
                  and np.array_equal(was[:, :, 3] == 255, got[:, :, 3] == 255))
end()
END
