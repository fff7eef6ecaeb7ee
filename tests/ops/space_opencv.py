# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Colour spaces against OpenCV on random colours: bytes within what OpenCV's tables are off by."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

KAL = os.path.abspath(sys.argv[1])
failed = 0

# op, OpenCV's code, its channels in our order, whether the first is a hue of 180 steps, most off: bytes
BYTES = [
    ("to_lab", cv2.COLOR_RGB2LAB, [0, 1, 2], False, 3),
    ("to_hsv", cv2.COLOR_RGB2HSV, [0, 1, 2], True, 1),
    ("to_hsl", cv2.COLOR_RGB2HLS, [0, 2, 1], True, 1),
    ("to_ycbcr", cv2.COLOR_RGB2YCrCb, [0, 2, 1], False, 1),
]


def check(ok, what):
    global failed
    if not ok:
        failed += 1
        print("failed:", what)


def kal(text):
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    check(done.returncode == 0, text + ": " + done.stderr)


def main():
    rgb = np.random.default_rng(3).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    rgb[:10] = rgb[:10] // 8  # dark ones, too
    cv2.imwrite("in.ppm", rgb[..., ::-1])
    for op, code, order, hue, most in BYTES:
        kal(f"load in.ppm | {op} | to_rgb | save out.ppm")
        ours = cv2.imread("out.ppm")[..., ::-1].astype(int)
        theirs = cv2.cvtColor(rgb, code)[..., order].astype(int)
        off = np.abs(ours - theirs)
        if hue:
            off[..., 0] = np.minimum(off[..., 0], 180 - off[..., 0])
        check(off.max() <= most, f"{op}: off by {off.reshape(-1, 3).max(0)}")
        check(off.mean() < 0.15, f"{op}: off by {off.mean()} on average")
    sys.exit(1 if failed else 0)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
