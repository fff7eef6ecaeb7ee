# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What filters and OpenCV have in common, on noise and on a picture of blobs: equal, or as near as is said."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

KAL = os.path.abspath(sys.argv[1])
BORDERS = {"copy": cv2.BORDER_REPLICATE, "mirror": cv2.BORDER_REFLECT, "reflect": cv2.BORDER_REFLECT_101}
MATRICES = [[[0, -1, 0], [-1, 5, -1], [0, -1, 0]], [[1, 2, 3, 4, 5]] * 3, [[-1, 0, 1]] * 3, [[3]] * 7]
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


def near(text, picture, want, most, what, inside=0):
    """Within `most` of a real number or another's integer; `inside` pixels from the border on."""
    by = np.abs(filtered(text, picture).astype(float) - want)
    by = by[inside:by.shape[0] - inside, inside:by.shape[1] - inside]
    check(by.max() <= most, f"{text} of {what}: off by {by.max()}, more than {most}")


def half_up(v):
    return np.clip(np.floor(v + (0.5 + 1e-9)), 0, 255).astype(np.uint8)


def pictures():
    noise = np.random.default_rng(5).integers(0, 256, (123, 157, 3)).astype(np.uint8)
    blobs = cv2.GaussianBlur(noise, (0, 0), 2).astype(int)
    blobs = ((blobs - blobs.min()) * 255 // (blobs.max() - blobs.min())).astype(np.uint8)
    yield "noise", noise
    yield "gray noise", noise[:, :, 0].copy()
    yield "blobs", blobs
    yield "gray blobs", blobs[:, :, 0].copy()


def windows(what, picture):
    for radius in (1, 2, 3, 4, 5, 7, 8, 15, 40):
        side = 2 * radius + 1
        same(f"median_filter {radius}", picture, cv2.medianBlur(picture, side), what)
        for edge, border in BORDERS.items():
            want = cv2.blur(picture, (side, side), borderType=border)
            same(f"box_blur {radius} edge={edge}", picture, want, what)
    for radius in (20, 50, 51, 60):  # means in floats, and in doubles
        want = cv2.blur(picture, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REPLICATE)
        same(f"box_blur {radius} edge=copy", picture, want, what)


def weights(what, picture):
    real = picture.astype(float)
    for edge, border in BORDERS.items():
        for sigma in (0.5, 1, 2.3, 6):
            side = 2 * int(np.ceil(3 * sigma)) + 1
            size, text = (side, side), f"gaussian {sigma} edge={edge}"
            # 14 bits of weights and 6 between the passes, against none rounded
            near(text, picture, cv2.GaussianBlur(real, size, sigma, borderType=border), 0.53, what)
            # OpenCV's weights of bytes have 8 bits, and are off by up to 1 from that themselves
            near(text, picture, cv2.GaussianBlur(picture, size, sigma, borderType=border), 2, what)
            soft = filtered(text, picture)
            for amount in (1, 2, -1):
                want = cv2.addWeighted(picture, 1 + amount, soft, -amount, 0)
                same(f"sharpen {sigma} {amount} edge={edge}", picture, want, what)
        for rows in MATRICES:
            kernel = np.array(rows, float)
            total = kernel.sum() or 1
            want = half_up(cv2.filter2D(real, cv2.CV_64F, kernel, borderType=border) / total)
            text = f"convolve [{' '.join(map(str, sum(rows, [])))}] columns={len(rows[0])} edge={edge}"
            same(text, picture, want, what)
        for x, y in (([1, 4, 6, 4, 1], [1, 2, 1]), ([-1, 0, 1], [1, 2, 1]), ([1, 1, 1, 1, 1, 1, 1], [9])):
            along, down = np.array(x, float), np.array(y, float)
            want = cv2.sepFilter2D(real, cv2.CV_64F, along, down, borderType=border)
            text = f"convolve_sep horizontal={x} vertical={y} edge={edge}".replace(",", "")
            same(text, picture, half_up(want / (sum(x) * sum(y) or 1)), what)


def moments(what, picture):
    real = picture.astype(float)
    for radius in (1, 4, 19):
        size = (2 * radius + 1, 2 * radius + 1)
        for edge, border in BORDERS.items():
            mean = cv2.boxFilter(real, cv2.CV_64F, size, borderType=border)
            square = cv2.boxFilter(real * real, cv2.CV_64F, size, borderType=border)
            std = np.sqrt(np.maximum(square - mean * mean, 0))
            # 65535 / 255 = 257; a float has 24 bits, and of a difference of squares there is less left
            near(f"local_mean {radius} edge={edge} | cast type=u16", picture, mean * 257, 0.51, what)
            near(f"local_std {radius} edge={edge} | cast type=u16", picture, std * 257, 0.6, what)


def edge_keepers(what, picture):
    for radius, color, space in [(1, 20, 1), (2, 30, 2), (4, 75, 4), (7, 150, 3), (15, 40, 10)]:
        for edge, border in BORDERS.items():
            # OpenCV sums floats: another number where it is next to a half
            want = cv2.bilateralFilter(picture, 2 * radius + 1, color, space, borderType=border).astype(float)
            near(f"bilateral {radius} {color} {space} edge={edge}", picture, want, 1, what)
    for radius, epsilon in [(2, 0.01), (4, 0.001), (8, 0.05)]:
        # the same; and OpenCV's windows go on beyond the border, mirrored, where He et al.'s and ours end
        if hasattr(cv2, "ximgproc"):
            want = cv2.ximgproc.guidedFilter(picture, picture, radius, epsilon * 255 ** 2).astype(float)
            near(f"guided_filter {radius} {epsilon}", picture, want, 1, what, 2 * radius)
        if picture.ndim == 2:
            want = guided(picture / 255.0, radius, epsilon) * 255
            near(f"guided_filter {radius} {epsilon}", picture, want, 0.501, what)


def guided(image, radius, epsilon):
    """He et al.'s formula for a gray image that is its own guide, in doubles."""
    size = (2 * radius + 1, 2 * radius + 1)

    def sums(v):
        return cv2.boxFilter(v, cv2.CV_64F, size, normalize=False, borderType=cv2.BORDER_CONSTANT)

    n = sums(np.ones_like(image))
    mean = sums(image) / n
    variance = sums(image * image) / n - mean * mean
    a = variance / (variance + epsilon)
    return sums(a) / n * image + sums(mean - a * mean) / n


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
        weights(name, image)
        moments(name, image)
        edge_keepers(name, image)
        slopes(name, image)
        edges(name, image)
    os.chdir("/")
print("failed to agree" if failed else "agrees", "with OpenCV", cv2.__version__)
sys.exit(failed != 0)
