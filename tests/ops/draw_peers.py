# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Drawing beside OpenCV and Pillow. Boxes are equal. A soft edge is the share of the pixel that is covered, which neither of them says exactly:
polygons, circles and letters are compared with theirs drawn many times as large and averaged, lines and rings also with OpenCV's own
soft edges. OpenCV's coordinates are middles of pixels: its (x, y) is our (x + 0.5, y + 0.5)."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

KAL = os.path.abspath(sys.argv[1])
W, H = 160, 120
TIMES = 32  # as large
failed = 0


def check(what, ok):
    global failed
    if not ok:
        failed += 1
    print("ok" if ok else "failed", what)


def kal(text):
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    if done.returncode:
        check(f"{text}: {done.stderr}", False)
    return done.returncode == 0


def drawn(what):
    kal(f"load in.pgm | {what} | save out.pgm")
    return cv2.imread("out.pgm", cv2.IMREAD_UNCHANGED).astype(int)


def words(numbers):
    return "[" + " ".join(f"{v:g}" for v in np.asarray(numbers, dtype=float).ravel()) + "]"


def smaller(large, times=TIMES):
    return cv2.resize(large, (large.shape[1] // times, large.shape[0] // times), interpolation=cv2.INTER_AREA).astype(float)


def near(what, ours, theirs, mean, most):
    """Bounds in levels of 255: the mean over the pixels that either of them draws on, and the largest."""
    off = np.abs(ours - theirs)
    touched = (ours > 0) | (theirs > 0)
    got = off[touched].mean() if touched.any() else 0
    check(f"{what}: off by {got:.2f} in the mean, {off.max():.0f} at most", got <= mean and off.max() <= most)


def boxes(rng):
    picture = rng.integers(0, 256, (H, W)).astype(np.uint8)
    for i in range(12):
        x0, y0 = rng.integers(-9, W), rng.integers(-9, H)
        x1, y1 = x0 + rng.integers(1, 80), y0 + rng.integers(1, 60)
        cv2.imwrite("in.pgm", picture)
        want = cv2.rectangle(picture.copy(), (int(x0), int(y0)), (int(x1) - 1, int(y1) - 1), 200, -1)
        ours = drawn(f"draw_boxes boxes={words([x0, y0, x1, y1])} width=0 fill=200")
        check(f"box {i} filled is OpenCV's", np.array_equal(ours, want))
        width = int(rng.integers(1, 5))
        if min(x1 - x0, y1 - y0) <= 2 * width:
            continue
        image = Image.fromarray(picture.copy())
        ImageDraw.Draw(image).rectangle([x0, y0, x1 - 1, y1 - 1], outline=90, width=width)
        ours = drawn(f"draw_boxes boxes={words([x0, y0, x1, y1])} width={width} color=90")
        check(f"frame {i} is Pillow's", np.array_equal(ours, np.array(image)))


def polygons(rng):
    for i in range(12):
        corners = np.round(rng.uniform(0, 1, (int(rng.integers(3, 8)), 2)) * [W, H] * 8) / 8
        plain = i < 6  # its sides do not cross
        if plain:
            x, y = (corners - corners.mean(axis=0)).T
            corners = corners[np.argsort(np.arctan2(y, x))]
        rows = np.concatenate([np.zeros((len(corners), 1)), corners], axis=1)
        ours = drawn(f"draw_polygons polygons={words(rows)} width=0 fill=255")
        large = np.zeros((H * TIMES, W * TIMES), np.uint8)
        at = np.round((corners * TIMES - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(large, [at], 255, shift=4)
        # OpenCV fills its outline too, half a small pixel beyond the edge, and more in acute corners; ours are shares of a sum where sides cross
        near(f"polygon {i}", ours, smaller(large), 3, 24 if plain else 255)
        # away from the edges both are full or empty
        small = cv2.fillPoly(np.zeros((H, W), np.uint8), [np.round((corners - 0.5) * 16).astype(np.int32)], 255, shift=4)
        edge = np.zeros((H, W), np.uint8)
        cv2.polylines(edge, [np.round((corners - 0.5) * 16).astype(np.int32)], True, 255, 3, shift=4)
        check(f"polygon {i} is OpenCV's away from its edges", np.array_equal(ours[edge == 0], small[edge == 0]))


def lines(rng):
    for width in 1, 2, 3, 5, 9:
        for i in range(4):
            (x0, y0), (x1, y1) = rng.integers(12, [[W - 12, H - 12]] * 2)
            ours = drawn(f"draw_lines lines={words([0, x0 + .5, y0 + .5, 0, x1 + .5, y1 + .5])} width={width}")
            soft = np.zeros((H, W), np.uint8)
            cv2.line(soft, (int(x0), int(y0)), (int(x1), int(y1)), 255, width, cv2.LINE_AA)
            # OpenCV's soft lines are wider than they are told, by a pixel and more
            near(f"line {i}, {width} wide, beside OpenCV's", ours, soft, 40 if width == 1 else 100, 255)
            large = np.zeros((H * TIMES, W * TIMES), np.uint8)
            ends = [(int((v + .5) * TIMES * 16 - 8), int((u + .5) * TIMES * 16 - 8)) for v, u in ((x0, y0), (x1, y1))]
            cv2.line(large, ends[0], ends[1], 255, width * TIMES, cv2.LINE_8, 4)
            near(f"line {i}, {width} wide", ours, smaller(large), 6, 20)


def circles(rng):
    for i in range(8):
        x, y, radius = int(rng.integers(30, W - 30)), int(rng.integers(30, H - 30)), int(rng.integers(2, 28))
        ours = drawn(f"draw_circles circles={words([x + .5, y + .5, radius])} width=0 fill=255")
        soft = cv2.circle(np.zeros((H, W), np.uint8), (x, y), radius, 255, -1, cv2.LINE_AA)
        near(f"disc {i}, radius {radius}, beside OpenCV's", ours, soft, 30, 255)
        large = Image.new("L", (W * TIMES, H * TIMES))
        low = [(x + .5 - radius) * TIMES, (y + .5 - radius) * TIMES]
        high = [(x + .5 + radius) * TIMES - 1, (y + .5 + radius) * TIMES - 1]
        ImageDraw.Draw(large).ellipse(low + high, fill=255)
        near(f"disc {i}, radius {radius}", ours, smaller(np.array(large)), 1, 16)
        ours = drawn(f"draw_circles circles={words([x + .5, y + .5, radius])} width=1")
        soft = cv2.circle(np.zeros((H, W), np.uint8), (x, y), radius, 255, 1, cv2.LINE_AA)
        near(f"ring {i}, radius {radius}, beside OpenCV's", ours, soft, 50, 160)


FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
LETTERS = "ABCDEFGHIKLMNOPQRSTUVWXYZabcdefghiklmnopqrstuvwxyz0123456789&@%"
PAD = 8


def letters(size):
    """One by one, since Pillow sets letters on whole pixels. Hinting moves its edges by up to half a pixel, of the size that it draws."""
    text = "\n".join(f'save (text_image text="{c}" font={FONT} font_size={size} padding={PAD} color=255 background=0) {i}.pgm'
                     for i, c in enumerate(LETTERS))
    if not kal(text):
        return
    large = ImageFont.truetype(FONT, size * 16, layout_engine=ImageFont.Layout.BASIC)
    above = -(-1901 * size // 2048)  # DejaVu's ascender
    for times, mean, most in ((16, 3, 32), (1, 30, 255)):
        font = ImageFont.truetype(FONT, size * times, layout_engine=ImageFont.Layout.BASIC)
        ours, theirs = [], []
        for i, c in enumerate(LETTERS):
            got = cv2.imread(f"{i}.pgm", cv2.IMREAD_UNCHANGED).astype(int)
            image = Image.new("L", (got.shape[1] * times, got.shape[0] * times))
            left = PAD + -(min(0, large.getbbox(c, anchor="ls")[0]) // 16)  # with room for what overhangs
            ImageDraw.Draw(image).text((left * times, (PAD + above) * times), c, fill=255, font=font, anchor="ls")
            ours.append(got.ravel())
            theirs.append(smaller(np.array(image), times).ravel())
        name = f"letters of {size} px beside Pillow's" + (f", {times} times as large and averaged" if times > 1 else "")
        near(name, np.concatenate(ours), np.concatenate(theirs), mean, most)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    boxes(np.random.default_rng(1))
    cv2.imwrite("in.pgm", np.zeros((H, W), np.uint8))
    polygons(np.random.default_rng(2))
    lines(np.random.default_rng(3))
    circles(np.random.default_rng(4))
    if not os.path.exists(FONT):
        print("skipped: no DejaVu (fonts-dejavu-core) here")
    elif subprocess.run([KAL, "key", f"text_image text=a font={FONT}"], capture_output=True, check=False).returncode:
        print("skipped: no FreeType here")
    else:
        for pixels in (11, 16, 25, 48):
            letters(pixels)
    os.chdir("/")
print(failed, "failed beside OpenCV", cv2.__version__)
sys.exit(failed > 0)
