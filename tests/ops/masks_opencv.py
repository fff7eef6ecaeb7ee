# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What ops on masks and OpenCV have in common, on one picture of blobs: equal, but for distances, which OpenCV rounds on the way."""

import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

KAL = os.path.abspath(sys.argv[1])
failed = 0


def check(ok, what):
    global failed
    if not ok:
        failed += 1
        print("failed:", what)


def kal(text):
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    check(done.returncode == 0, text + ": " + done.stderr)
    return done.stdout


def image(text):
    kal(f"load in.pgm | {text} | save out.pgm")
    return cv2.imread("out.pgm", cv2.IMREAD_UNCHANGED)


def value(text):
    return json.loads(kal("load in.pgm | " + text) or "null")


def picture():
    noise = np.random.default_rng(5).integers(0, 256, (123, 157)).astype(np.uint8)
    blobs = cv2.GaussianBlur(noise, (0, 0), 2).astype(int)
    return ((blobs - blobs.min()) * 255 // (blobs.max() - blobs.min())).astype(np.uint8)


def morphology(gray):
    shapes = {"rectangle": cv2.MORPH_RECT, "cross": cv2.MORPH_CROSS}
    if cv2.__version__ < "4.7":  # later ellipses are others
        shapes["ellipse"] = cv2.MORPH_ELLIPSE
    for width, height in [(1, 1), (2, 2), (3, 3), (5, 3), (4, 7), (15, 15), (31, 8), (64, 65), (200, 3)]:
        for name, shape in shapes.items():
            kernel = cv2.getStructuringElement(shape, (width, height))
            words = f"{width} {height} shape={name}"
            check(np.array_equal(image("erode " + words), cv2.erode(gray, kernel)), "erode " + words)
            check(np.array_equal(image("dilate " + words), cv2.dilate(gray, kernel)), "dilate " + words)
            if width % 2 and height % 2:  # others OpenCV opens with a shift
                for op, how in [("open", cv2.MORPH_OPEN), ("close", cv2.MORPH_CLOSE)]:
                    same = np.array_equal(image(f"{op} {words}"), cv2.morphologyEx(gray, how, kernel))
                    check(same, f"{op} {words}")


def parts(mask):
    for connectivity in (4, 8):
        n, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
        order = 1 + np.argsort([np.argmax((labels == i).ravel()) for i in range(1, n)])
        stats = [[int(v) for v in stats[i]] for i in order]
        words = f"connectivity={connectivity}"
        check(value("threshold | mask_areas " + words) == [s[4] for s in stats], "mask_areas " + words)
        boxes = [[x, y, x + w, y + h] for x, y, w, h, _ in stats]
        check(value("threshold | mask_boxes merge=none " + words) == boxes, "mask_boxes " + words)


def distances(mask):
    distance = np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), 41)
    ours = image("threshold | feather width=40 type=u16").astype(float)
    check(np.abs(ours - distance * 65535.0 / 41).max() < 1.5, "feather")


GRAY = picture()
MASK = np.where(GRAY > 127, 255, 0).astype(np.uint8)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    cv2.imwrite("in.pgm", GRAY)
    morphology(GRAY)
    parts(MASK)
    distances(MASK)
    check(value("otsu") == cv2.threshold(GRAY, 0, 255, cv2.THRESH_OTSU)[0], "otsu")
    os.chdir("/")
print("failed" if failed else "equal", "to OpenCV", cv2.__version__)
sys.exit(failed != 0)
