# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What filters and OpenCV have in common: equal, sample for sample, on noise and on a picture of blobs."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

KAL = os.path.abspath(sys.argv[1])
BORDERS = {"copy": cv2.BORDER_REPLICATE, "mirror": cv2.BORDER_REFLECT, "reflect": cv2.BORDER_REFLECT_101}
failed = 0


def check(ok, what):
    global failed
    if not ok:
        failed += 1
        print("failed:", what)


def filtered(text, picture):
    name = "pgm" if picture.ndim == 2 else "ppm"
    cv2.imwrite("in." + name, picture)
    done = subprocess.run([KAL, "run", f"load in.{name} | {text} | save out.{name}"],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 0, text + ": " + done.stderr)
    return cv2.imread("out." + name, cv2.IMREAD_UNCHANGED)


def same(text, picture, want, what):
    check(np.array_equal(filtered(text, picture), want), f"{text} of {what}")


def pictures():
    noise = np.random.default_rng(5).integers(0, 256, (123, 157, 3)).astype(np.uint8)
    blobs = cv2.GaussianBlur(noise, (0, 0), 2).astype(int)
    blobs = ((blobs - blobs.min()) * 255 // (blobs.max() - blobs.min())).astype(np.uint8)
    yield "noise", noise
    yield "gray noise", noise[:, :, 0].copy()
    yield "blobs", blobs
    yield "gray blobs", blobs[:, :, 0].copy()


def windows(what, picture):
    for radius in (1, 2, 3, 7, 15, 40):
        side = 2 * radius + 1
        same(f"median_filter {radius}", picture, cv2.medianBlur(picture, side), what)
        for edge, border in BORDERS.items():
            want = cv2.blur(picture, (side, side), borderType=border)
            same(f"box_blur {radius} edge={edge}", picture, want, what)


def slopes(what, picture):
    wide = {"x": (1, 0), "y": (0, 1)}
    for edge, border in BORDERS.items():
        for name, of in {"sobel": cv2.Sobel, "scharr": cv2.Scharr}.items():
            x, y = (of(picture, cv2.CV_64F, *wide[way], borderType=border) for way in "xy")
            for way, want in {"x": x, "y": y, "magnitude": np.floor(np.sqrt(x * x + y * y) + 0.5)}.items():
                want = np.clip(want, 0, 255).astype(np.uint8)
                same(f"{name} {way} edge={edge} | cast type=u8", picture, want, what)
        want = cv2.Laplacian(picture, cv2.CV_64F, borderType=border)
        for sign in (1, -1):
            clipped = np.clip(sign * want, 0, 255).astype(np.uint8)
            same(f"laplacian edge={edge} | linear scale={sign} | cast type=u8", picture, clipped, what)


def edges(what, picture):
    rgb = picture if picture.ndim == 2 else picture[:, :, ::-1].copy()  # of equal slopes the first channel counts
    for low, high in [(50, 150), (20, 60), (300, 10), (0, 0), (10.5, 200.9), (0, 1000), (400, 800)]:
        want, text = cv2.Canny(rgb, low, high), f"canny {low} {high}"
        if picture.ndim == 3:
            want, text = cv2.merge([want] * 3), text + " | to_rgb"
        same(text, picture, want, what)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name, image in pictures():
        windows(name, image)
        slopes(name, image)
        edges(name, image)
    os.chdir("/")
print("failed" if failed else "equal", "to OpenCV", cv2.__version__)
sys.exit(failed != 0)
