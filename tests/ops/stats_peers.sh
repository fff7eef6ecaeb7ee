#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Statistics and tone beside OpenCV, Pillow and numpy, where Debian's packages of them are installed: equal, or as far apart as the op says.
# Usage: stats_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'cv2, numpy and PIL' 'import cv2, numpy, PIL' "$1"
"$python" - "$kal" << 'END'
import json
import subprocess
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

cv2.setNumThreads(1)
rng = np.random.default_rng(5)
checks = failed = 0


def kal(text):
    return subprocess.run([sys.argv[1], "run", text], check=True, capture_output=True, text=True).stdout


def picture(text):
    kal(text + " | save out.png")
    return cv2.imread("out.png", cv2.IMREAD_UNCHANGED)


def numbers(text):
    return np.array(json.loads(kal(text)), dtype=float).ravel()


def check(what, got, want, slack=0):
    global checks, failed
    checks += 1
    off = np.abs(np.asarray(got, dtype=float) - np.asarray(want, dtype=float)).max()
    if off > slack:
        failed += 1
        print(f"failed: {what} is off by {off}")


def dull(h, w, kind):
    a = cv2.resize(rng.random((h // 7 + 2, w // 7 + 2)), (w, h), interpolation=cv2.INTER_LINEAR)
    return (np.clip(a * 0.6 + 0.2 + rng.normal(0, 0.02, a.shape), 0, 1) * np.iinfo(kind).max).astype(kind)


def nearest(a, colours):
    d = a[:, :, None, :].astype(int) - np.array(colours).reshape(-1, 3)[:, ::-1]
    return np.argmin((d * d).sum(-1), axis=2)


for h, w in (64, 64), (97, 131), (301, 8), (33, 200):
    for kind in np.uint8, np.uint16:
        a = dull(h, w, kind)
        cv2.imwrite("in.png", a)
        what = f"{w} x {h} {kind.__name__}"
        for clip, columns, rows in (40, 8, 8), (2, 8, 8), (3, 4, 6), (0, 3, 2), (1.5, 16, 16):
            got = picture(f"load in.png | clahe clip={clip} columns={columns} rows={rows}")
            check(f"clahe {clip} of {what}", got, cv2.createCLAHE(clip, (columns, rows)).apply(a))
        for op, f in ("min", np.min), ("max", np.max), ("sum", np.sum), ("median", np.median):
            check(f"{op} of {what}", numbers(f"load in.png | {op}"), f(a.astype(np.int64)))
        check(f"mean of {what}", numbers("load in.png | mean"), cv2.mean(a)[0], 1e-9)
        spread = cv2.meanStdDev(a)[1][0]
        check(f"std of {what} against OpenCV", numbers("load in.png | std"), spread, 1e-6 * np.iinfo(kind).max)
        cv2.imwrite("mask.png", np.where(a > np.median(a), 255, 0).astype(np.uint8))
        mask = cv2.imread("mask.png", cv2.IMREAD_UNCHANGED)
        got = numbers("m = load mask.png | threshold; std (load in.png) m")
        check(f"std under a mask of {what}", got, cv2.meanStdDev(a, mask=mask)[1][0], 1e-6 * np.iinfo(kind).max)
        real = (a / np.float32(np.iinfo(kind).max)).astype(np.float32)
        got = numbers("load in.png | cast type=f32 | histogram bins=64")
        check(f"histogram of f32 of {what}", got, np.histogram(real, 64, (0, 1))[0], 0)
        check(f"std of {what}", numbers("load in.png | std"), np.std(a.astype(float)), 1e-8)
        for method in "linear", "lower", "higher", "nearest", "midpoint":
            p = [0, 3, 41.7, 50, 99.5, 100]
            got = numbers(f"load in.png | percentile p=[{' '.join(map(str, p))}] method={method}")
            check(f"percentile {method} of {what}", got, np.percentile(a, p, method=method), 1e-9)
        values, counts = np.unique(a, return_counts=True)
        check(f"unique of {what}", numbers("load in.png | unique"), np.stack([values, counts], 1).ravel())
        bins = np.bincount((a >> (a.itemsize * 8 - 8)).ravel(), minlength=256)
        check(f"histogram of {what}", numbers("load in.png | histogram"), bins)
    a = dull(h, w, np.uint8)
    cv2.imwrite("in.png", a)
    # Pillow rounds between the axes, so that where neighbours are nearly equal a bit may differ
    small = np.array(Image.fromarray(a).resize((9, 8), Image.LANCZOS)).astype(int)
    bits = "".join(str(int(b)) for b in (small[:, 1:] > small[:, :-1]).ravel())
    got = f"{int(kal('load in.png | dhash').strip().strip(chr(34)), 16):064b}"
    check(f"dhash of {w} x {h}", sum(x != y for x, y in zip(bits, got)), 0, 2)
    check(f"equalize of {w} x {h}", picture("load in.png | equalize"), cv2.equalizeHist(a))
    got = picture("x = load in.png; lut x table=(x | equalize_table)")
    check(f"equalize_table of {w} x {h}", got, cv2.equalizeHist(a))
    for cutoff in 0, 1, 2.5, 10:
        want = np.array(ImageOps.autocontrast(Image.fromarray(a), cutoff))
        check(f"autocontrast of {w} x {h}", picture(f"load in.png | autocontrast {cutoff}"), want + 0.5, 0.5)
    a = cv2.merge([dull(h, w, np.uint8) for _ in range(3)])
    cv2.imwrite("in.png", a)
    colours = rng.integers(0, 256, 60)
    got = picture(f"load in.png | quantize colors=[{' '.join(map(str, colours))}] index=true")
    check(f"quantize of {w} x {h}", got, nearest(a, colours))
print(f"{checks - failed} passed, {failed} failed")
sys.exit(failed > 0)
END
