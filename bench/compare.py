# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Whether what the peers made is the picture we made: mean and largest difference of the decoded samples, 0..255.

Peers differ by rounding, by what a decoder of theirs does, and some by what they compute (OpenCV shrinks by areas, Pillow's blur is three
boxes): what counts is the closest peer. The mean may be `MEAN`, or what the table says where each decodes a JPEG at a scale of its own choice.
"""
import os

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
MEAN = 1.0
MEANS = {"w1": 2.0, "w8": 2.0}
# Numbers of parts and outlines come in another order, or as values.
NOT_COMPARED = {"patches", "k-components", "k-boxes", "k-polygons"}
FULL_SCALE = {"k-float20": 255, "k-distance": 1}   # floats, and what makes 255ths of them
NAMES = {"ours": "ours", "libvips": "vips", "sharp": "sharp", "Pillow": "pillow", "OpenCV": "opencv", "NumPy": "numpy", "zimg": "zimg", "GraphicsMagick": "gm"}


def files(work, out, name):
    if work in NOT_COMPARED or work.startswith(("inserts-", "layers-")):
        return []
    if work.startswith("k-"):
        return [f"{out}/{name}.{work}.raw"]
    if work == "w8":
        return [f"{out}/{name}-{i:03d}.jpg" for i in range(0, 200, 20)]
    suffix = "png" if work.startswith("w4") else "ppm" if work == "w5" else "jpg"
    return [f"{out}/{name}.{suffix}"]


def samples(path):
    for work, scale in FULL_SCALE.items():
        if path.endswith(work + ".raw"):
            return np.clip(np.fromfile(path, np.float32) * scale + 0.5, 0, 255).astype(np.uint8)
    if path.endswith(".raw"):
        return np.fromfile(path, np.uint8)
    return np.asarray(Image.open(path))


def difference(mine, theirs):
    """(mean, max), or what else differs; by rows, for 100 megapixels."""
    total = count = most = 0
    for a, b in zip(mine, theirs):
        a, b = samples(a), samples(b)
        if a.shape != b.shape:
            return f"{shape(a)} here, {shape(b)} there"
        for y in range(0, a.shape[0], 1 << (24 if a.ndim == 1 else 10)):
            rows = slice(y, y + (1 << (24 if a.ndim == 1 else 10)))
            d = np.abs(a[rows].astype(np.int16) - b[rows])
            total += int(d.sum(dtype=np.int64))
            count += d.size
            most = max(most, int(d.max()))
    return [total / count, most]


def shape(a):
    return f"{a.size} samples" if a.ndim == 1 else f"{a.shape[1]}×{a.shape[0]}"


def differences(work, out, peers):
    """By peer; also the bytes that each wrote."""
    made = {p: files(work, out, NAMES[p]) for p in peers if p in NAMES}
    made = {p: f for p, f in made.items() if f and all(os.path.exists(x) for x in f)}
    if "ours" not in made:
        return {}
    return {
        p: {"difference": difference(made["ours"], f), "bytes": sum(os.path.getsize(x) for x in f)}
        for p, f in made.items()
        if p != "ours"
    } | {"ours": {"bytes": sum(os.path.getsize(x) for x in made["ours"])}}


def agrees(work, mean):
    return mean <= MEANS.get(work, MEAN)


def closest(found):
    """(peer, max, mean), or None."""
    pairs = [(d["difference"][0], d["difference"][1], p) for p, d in found.items() if isinstance(d.get("difference"), list)]
    return min(pairs)[::-1] if pairs else None
