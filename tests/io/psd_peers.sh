#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# PSD and PSB that ImageMagick writes, as it reads them itself, and Pillow where it can. Usage: psd_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
for convert in /usr/bin/convert convert magick none; do
    "$convert" -version 2> /dev/null | grep -q ImageMagick && break
done
if [ "$convert" = none ]; then
    echo 'skipped: ImageMagick is not here'
    exit 77
fi
"$python" - "$kal" "$convert" << 'END'
import subprocess
import sys

import numpy as np
from PIL import Image
from peers import check, end, kal

random = np.random.default_rng(1)


def ours(name):
    return np.load("ours.npy") if kal(f"load {name} | save ours.npy") else None


def convert(*args):
    return subprocess.run([sys.argv[2], *args], check=True, capture_output=True).stdout


for channels, letters in [(1, "gray"), (3, "rgb")]:
    for depth in [8, 16]:
        for shape in [(40, 57), (1, 1), (300, 129)]:
            kind = np.uint8 if depth == 8 else np.dtype(">u2")
            a = random.integers(0, 1 << depth, shape + (channels,), dtype=np.uint16).astype(kind)
            a[: shape[0] // 2] //= 1 << depth - 2   # repetitions
            raw = ["-size", f"{shape[1]}x{shape[0]}", "-depth", str(depth), "-endian", "MSB"]
            a.tofile("in.raw")
            for packing in ["None", "RLE"]:
                for suffix in ["psd", "psb"]:
                    convert(*raw, letters + ":in.raw", "-compress", packing, "out." + suffix)
                    got, what = ours("out." + suffix), f"{letters} {depth} {shape} {packing} {suffix}"
                    check(what, got is not None and np.array_equal(got.reshape(a.shape), a))
                    # the merged picture comes first of what ImageMagick reads
                    theirs = convert(f"out.{suffix}[0]", "-depth", str(depth), "-endian", "MSB", letters + ":-")
                    check(what + " by ImageMagick", theirs == a.tobytes())
                    if depth == 8 and suffix == "psd":
                        image = np.array(Image.open("out.psd").convert("L" if channels == 1 else "RGB"))
                        check(what + " by Pillow", np.array_equal(image.reshape(a.shape), a))

end()
END
