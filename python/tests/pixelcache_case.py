# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the tests of PixelCache's promises share: small arrays and masks, and what is installed."""

from kallitype.compat.pixelcache import HashableImage, ImageSize


def has(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


NUMPY, PIL, TORCH, CACHETOOLS = has("numpy"), has("PIL"), has("torch"), has("cachetools")
if NUMPY:
    import numpy as np


def size(h, w):
    return ImageSize(height=h, width=w)


def block(*places, side=64):
    m = np.zeros((side, side), bool)
    for y0, y1, x0, x1 in places:
        m[y0:y1, x0:x1] = True
    return HashableImage(m)


def corners(boxes):
    return [(b.xmin, b.ymin, b.xmax, b.ymax) for b in boxes]


def ramp(h=16, w=16, c=3):
    return (np.arange(h * w * c, dtype=np.uint32) * 7 % 251).astype(np.uint8).reshape((h, w, c) if c > 1 else (h, w))


def flat(value, h=6, w=6):
    return HashableImage(np.full((h, w), value, np.uint8))
