# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""inputs.py OUT PHOTO...: the pictures that ./dev bench measures with, made of camera photographs.

Scaled, mirrored and set side by side to the sizes wanted, with noise as a sensor has it, so that no codec or filter meets flat or
repeated data. Seeded: the same photographs give the same pictures. What is there already is left as it is.
"""
import os
import subprocess
import sys

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
out = sys.argv[1]
photos = [Image.open(p).convert("RGB") for p in sys.argv[2:]]
os.makedirs(out + "/small", exist_ok=True)


def covering(n, width, height):
    """Photograph n, of which only the orientation changes when they are used up, filling width × height."""
    photo, turn = photos[n % len(photos)], n // len(photos)
    if turn & 1:
        photo = photo.transpose(Image.FLIP_LEFT_RIGHT)
    if turn & 2:
        photo = photo.transpose(Image.FLIP_TOP_BOTTOM)
    scale = max(width / photo.width, height / photo.height)
    size = (max(width, round(photo.width * scale)), max(height, round(photo.height * scale)))
    return photo.resize(size, Image.BICUBIC).crop((0, 0, width, height))


def side_by_side(width, height, columns, rows, first):
    whole = Image.new("RGB", (width, height))
    w, h = -(-width // columns), -(-height // rows)
    for i in range(columns * rows):
        whole.paste(covering(first + i, w, h), (i % columns * w, i // columns * h))
    return whole


def noisy(image, seed):
    """Noise of standard deviation 2.5, half of it the same in all channels; by rows, for the memory."""
    pixels = np.asarray(image)
    made = np.empty_like(pixels)
    random = np.random.Generator(np.random.PCG64(seed))
    for y in range(0, pixels.shape[0], 512):
        rows = pixels[y : y + 512]
        noise = random.standard_normal(rows.shape, dtype=np.float32)
        noise += random.standard_normal(rows.shape[:2] + (1,), dtype=np.float32)
        made[y : y + 512] = np.clip(rows + 1.8 * noise + 0.5, 0, 255)
    return made


def make(name, picture, **how):
    """`picture` is called only when the file is not there; it appears whole or not at all."""
    path = f"{out}/{name}"
    if os.path.exists(path):
        return
    part = f"{out}/part-{os.path.basename(name)}"
    Image.fromarray(picture()).save(part, **how)
    os.rename(part, path)
    print(name, flush=True)


JPEG = {"quality": 90, "subsampling": "4:2:0"}
PNG = {"compress_level": 6}
kept = {}


def once(key, picture):
    if key not in kept:
        kept.clear()
        kept[key] = picture()
    return kept[key]


def p12():
    return once(12, lambda: noisy(covering(0, 4000, 3000), 1))


def p100():
    return once(100, lambda: noisy(side_by_side(12000, 8500, 3, 3, 0), 2))


def a4():
    y, x = np.mgrid[0:2048, 0:2048]
    alpha = np.clip(1.3 - np.hypot(y - 1024, x - 1024) / 1000, 0, 1) * 255
    return np.dstack([noisy(covering(1, 2048, 2048), 3), alpha.astype(np.uint8)])


make("p12.jpg", p12, **JPEG)
make("p12.ppm", p12)
make("p12.png", p12, **PNG)
make("p100.jpg", p100, **JPEG)
make("p100.ppm", p100)
make("p100.png", p100, **PNG)
make("a4.png", a4, **PNG)
for i in range(200):
    size = np.random.Generator(np.random.PCG64(1000 + i))
    w, h = int(size.integers(1240, 1640)), int(size.integers(850, 1220))
    make(f"small/{i:03d}.jpg", lambda: noisy(covering(i, w, h), 1000 + i), **JPEG)
if not os.path.exists(out + "/p12.heic"):
    subprocess.run(["heif-enc", "-q", "60", "-o", out + "/part.heic", out + "/p12.png"], check=True, stdout=subprocess.DEVNULL)
    os.rename(out + "/part.heic", out + "/p12.heic")
