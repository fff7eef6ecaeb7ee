#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# JPEG 2000 beside Pillow (files with tiles and places on the grid of all kinds, and ours) and libvips (smaller sizes). Usage: jp2_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL that has JPEG 2000' 'import numpy; from PIL import features; assert features.check("jpg_2000")' "$1"
"$python" - "$kal" << 'END'
import shutil
import subprocess

import numpy as np
from PIL import Image
from peers import check, end, kal

vips = shutil.which("vips")
random = np.random.default_rng(1)

modes = {"L": (97, 141), "RGB": (97, 141, 3), "RGBA": (97, 141, 4), "I;16": (97, 141)}
ways = [{}, {"irreversible": True}, {"tile_size": (64, 64)}, {"tile_size": (50, 31), "irreversible": True},
        {"tile_size": (64, 64), "offset": (37, 21), "tile_offset": (5, 9)}, {"num_resolutions": 3}]
for mode, shape in modes.items():
    for way in ways:
        for suffix in ["jp2", "j2k"]:
            a = random.integers(0, 65536 if mode == "I;16" else 256, shape).astype(np.uint16 if mode == "I;16" else np.uint8)
            a[:40] //= 16
            Image.fromarray(a, mode).save("theirs." + suffix, **way)
            what = f"{mode} {way} {suffix}"
            image = np.array(Image.open("theirs." + suffix))
            check(what, kal(f"load theirs.{suffix} | save ours.npy") and np.array_equal(np.load("ours.npy"), image))
            even = way.get("tile_size", (64, 64)) == (64, 64) and "offset" not in way   # others vips puts together wrongly
            for by in [2, 4] if vips and even and mode in ["L", "RGB"] else []:
                subprocess.run([vips, "copy", f"theirs.{suffix}[page={by // 2}]", "v.png"], check=True)
                want = np.array(Image.open("v.png"))
                done = kal(f"load theirs.{suffix} shrink={by} | save ours.npy")
                check(f"{what} at 1/{by}", done and np.array_equal(np.load("ours.npy"), want))
    for params in ["lossless=true", "lossless=true tile=40", "quality=70"]:
        np.save("a.npy", a)
        ok = kal(f"load a.npy | save b.jp2 {params}") and kal("load b.jp2 | save ours.npy")
        want = np.array(Image.open("b.jp2")) if ok else None
        check(f"ours {mode} {params}", ok and np.array_equal(np.load("ours.npy"), want))
        check(f"ours {mode} {params} as it was", ok and ("quality" in params or np.array_equal(want, a)))

end()
END
