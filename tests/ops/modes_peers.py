# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Modes that Pillow and OpenCV have, on two random pictures. What is a selection or a sum is equal; what Pillow divides by 255 in a way
of its own, or truncates, may differ by one; its soft light is another formula and is left out."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageChops

KAL = os.path.abspath(sys.argv[1])
failed = 0


def check(ok, what):
    global failed
    if not ok:
        failed += 1
        print("failed:", what)


def ours(words, image="a.png", base="b.png"):
    text = f"load {image} | composite (load {base}) {words} | save out.png"
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    check(done.returncode == 0, text + ": " + done.stderr)
    return np.asarray(Image.open("out.png")).astype(int)


def compare(what, got, want, bound):
    off = int(np.abs(got - np.asarray(want).astype(int)).max())
    print(f"{what}: at most {off}")
    check(off <= bound, f"{what} differs by {off}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    random = np.random.default_rng(3)
    A, B = (Image.fromarray(random.integers(0, 256, (90, 117, 3)).astype(np.uint8)) for _ in "ab")
    A.save("a.png"), B.save("b.png")
    a, b = np.asarray(A), np.asarray(B)
    for mode, theirs, bound in [
        ("multiply", ImageChops.multiply, 1),
        ("screen", ImageChops.screen, 1),
        ("darken", ImageChops.darker, 0),
        ("lighten", ImageChops.lighter, 0),
        ("difference", ImageChops.difference, 0),
        ("add", ImageChops.add, 0),
    ]:
        compare(f"{mode}, Pillow", ours(f"mode={mode}"), theirs(A, B), bound)
    compare("multiply, OpenCV", ours("mode=multiply"), cv2.multiply(a, b, scale=1 / 255), 0)
    compare("add, OpenCV", ours("mode=add"), cv2.add(a, b), 0)
    compare("difference, OpenCV", ours("mode=difference"), cv2.absdiff(a, b), 0)
    compare("opacity, OpenCV", ours("opacity=0.375"), cv2.addWeighted(a, 0.375, b, 0.625, 0), 1)
    s, d = a / 255.0, b / 255.0
    compare("exclusion, NumPy", ours("mode=exclusion"), np.floor((s + d - 2 * s * d) * 255 + 0.5), 0)
    C, D = (Image.fromarray(random.integers(0, 256, (90, 117, 4)).astype(np.uint8)) for _ in "cd")
    C.save("c.png"), D.save("d.png")
    over, want = ours("", "c.png", "d.png"), np.asarray(Image.alpha_composite(D, C)).astype(int)
    compare("over with alpha, Pillow", over, want, 1)
    os.chdir("/")
print("failed" if failed else "equal within bounds to Pillow and OpenCV", cv2.__version__)
sys.exit(failed != 0)
