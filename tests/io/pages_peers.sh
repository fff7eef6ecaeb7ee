#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Pages of animations beside Pillow: the shared ones and some that Pillow writes, every page the same. Usage: pages_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
"$python" - "$kal" "$shared" << 'END'
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image
from peers import check, end, kal

random = np.random.default_rng(1)


def ours(name, page):
    """RGBA of a page, None with the error printed."""
    if not kal(f"load {name} page={page} | save ours.npy"):
        return None
    a = np.load("ours.npy")
    if a.ndim == 2:
        a = np.dstack([a, a, a])
    return a if a.shape[2] == 4 else np.dstack([a, np.full(a.shape[:2], 255, np.uint8)])


def same(name, want, page):
    """What is seen is the same; of what is not seen the colours do not matter."""
    got = ours(name, page)
    if got is None or got.shape != want.shape:
        return False
    seen = (got[..., 3] > 0) | (want[..., 3] > 0)
    return np.array_equal(got[seen], want[seen])


def all_pages(name):
    image = Image.open(name)
    for page in range(getattr(image, "n_frames", 1)):
        try:
            image.seek(page)
            want = np.array(image.convert("RGBA"))
        except OSError as e:
            print(f"{name} page {page}: Pillow says {e}")
            continue
        check(f"{name} page {page}", same(name, want, page))


def pictures(shape, n, clear):
    """Each like the one before but for a rectangle, so that writers store parts of it."""
    a = random.integers(0, 4, shape + (4,), dtype=np.uint8) * 80
    a[..., 3] = 255
    for _ in range(n):
        y, x = (int(random.integers(0, s - 2)) for s in shape)
        a = a.copy()
        a[y:y + 12, x:x + 9] = random.integers(0, 4, a[y:y + 12, x:x + 9].shape, dtype=np.uint8) * 80
        a[..., 3] = 255
        if clear:
            a[y:y + 5, x:x + 3, 3] = 0
        yield Image.fromarray(a)


for path in sorted(pathlib.Path(sys.argv[2] or "none").rglob("*")):
    if path.suffix in [".gif", ".webp"]:
        all_pages(path)
for clear in [False, True]:
    for disposal in [0, 1, 2, 3] if clear else [0, 1]:   # Pillow alone gives the background a colour where nothing is transparent
        first, *rest = pictures((31, 40), 6, clear)
        first.save("theirs.gif", save_all=True, append_images=rest, disposal=disposal, duration=[10, 20, 30, 40, 50, 60])
        all_pages("theirs.gif")
# Pillow's "previous" goes back one page too few when several follow each other, it lays frames over a default image that is none of them, and
# cannot write parts of gray and palettes
for mode in ["RGB", "RGBA", "L", "P"]:
    for hidden in [False, True]:
        for clear in [False, True] if mode == "RGBA" else [False]:
            for disposal in [0, 1] if mode.startswith("RGB") else [0]:
                for blend in [0, 1] if not clear or not hidden else [0]:
                    first, *rest = [p.convert(mode) for p in pictures((31, 40), 5, clear)]
                    first.save("theirs.png", save_all=True, append_images=rest, duration=[10, 20, 30, 40, 50],
                               disposal=disposal, blend=blend, default_image=hidden)
                    all_pages("theirs.png")
for clear in [False, True]:
    for lossless in [False, True]:
        first, *rest = pictures((31, 40), 5, clear)
        first.save("theirs.webp", save_all=True, append_images=rest, duration=[10, 20, 30, 40, 50], lossless=lossless)
        all_pages("theirs.webp")

# The formula beside OpenCV's, which takes luma below 16 for 16
try:
    import cv2
    for shape in [(24, 32), (48, 64)]:
        planes = [random.integers(0, 256, (shape[0] * 3 // 2, shape[1]), dtype=np.uint8) for _ in range(3)]
        for p in planes:
            p[:shape[0]] = np.maximum(p[:shape[0]], 16)
        data = b"".join(b"FRAME\n" + p.tobytes() for p in planes)
        pathlib.Path("theirs.y4m").write_bytes(b"YUV4MPEG2 W%d H%d F25:1\n" % (shape[1], shape[0]) + data)
        for page, p in enumerate(planes):
            got = ours("theirs.y4m", page)
            want = cv2.cvtColor(p, cv2.COLOR_YUV2RGB_I420)
            check(f"y4m {shape} page {page}", got is not None and np.abs(got[..., :3].astype(int) - want).max() <= 1)
except ImportError:
    print("skipped: cv2 is not here")

def ours_written(form, params, clear, gray):
    """What we write of PNGs that Pillow wrote, as Pillow reads it: pixels, delays and loops."""
    names = []
    for i, p in enumerate(pictures((31, 40), 5, clear)):
        if gray:
            p = p.convert("LA" if clear else "L")
        elif not clear:
            p = p.convert("RGB")
        names.append(f"in{i}.png")
        p.save(names[-1])
    what = f"{form} {params} of ours, clear {clear}, gray {gray}"
    done = subprocess.run([sys.argv[1], "run", "--pages", "in", *names, "-o", "ours." + form, "-q", "--encode",
                           f"delay=0.07 loops=4 {params}"], capture_output=True, text=True)
    if done.returncode:
        return print(f"skipped: {what}: {done.stderr.strip()}")
    image = Image.open("ours." + form)
    check(f"{what}: pages and loops", image.n_frames == len(names) and image.info["loop"] == 4)
    for i, name in enumerate(names):
        image.seek(i)
        got, want = (np.array(x.convert("RGBA")) for x in (image, Image.open(name)))
        seen = (got[..., 3] > 0) | (want[..., 3] > 0)
        check(f"{what}: page {i}", got.shape == want.shape and np.array_equal(got[seen], want[seen]))
        check(f"{what}: delay {i}", image.info["duration"] == 70)


for clear in [False, True]:
    for gray in [False, True]:
        ours_written("gif", "", clear, gray)
        ours_written("webp", "lossless=true", clear, gray)

end()
END
