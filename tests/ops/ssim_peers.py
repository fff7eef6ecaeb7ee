# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""ssim as scikit-image computes it, and ms_ssim from filters of SciPy, on gray pictures and on a coloured one."""

import json
import os
import subprocess
import sys

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

KAL = os.path.abspath(sys.argv[1])
WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
failed = 0


def check(got, want, what):
    global failed
    if not abs(got - want) <= 1e-5:
        failed += 1
        print(f"failed: {what}: {got}, not {want}")


def save(name, pixels):
    kind = "P6" if pixels.ndim == 3 else "P5"
    with open(name, "wb") as file:
        file.write(f"{kind}\n{pixels.shape[1]} {pixels.shape[0]}\n255\n".encode() + pixels.tobytes())


def ours(a, b, metrics):
    save("a.ppm", a)
    save("b.ppm", b)
    words = [KAL, "diff", "a.ppm", "b.ppm", "--metric", metrics, "--json"]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def luma(pixels):
    return (pixels if pixels.ndim == 2 else pixels @ [0.299, 0.587, 0.114]) / 255


def windows(p):
    """Means of the windows that lie inside."""
    return gaussian_filter(p, 1.5, truncate=3.5)[5:-5, 5:-5]


def half(p):
    p = np.pad(p, [(0, p.shape[0] % 2), (0, p.shape[1] % 2)], mode="edge")
    return (p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4


def ms_ssim(a, b):
    product = 1
    for scale, weight in enumerate(WEIGHTS):
        ma, mb = windows(a), windows(b)
        cs = (2 * (windows(a * b) - ma * mb) + 9e-4) / (windows(a * a) - ma**2 + windows(b * b) - mb**2 + 9e-4)
        last = (2 * ma * mb + 1e-4) / (ma**2 + mb**2 + 1e-4) if scale == 4 else 1
        product *= max((cs * last).mean(), 0) ** weight
        a, b = half(a), half(b)
    return product


def try_pair(shape, noise):
    r = np.random.default_rng(7)
    smooth = gaussian_filter(r.random(shape), [3, 3] + [0] * (len(shape) - 2))
    a = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    b = np.clip(a + r.normal(0, noise, shape), 0, 255).astype(np.uint8)
    got = ours(a, b, "ssim,ms_ssim")
    want = structural_similarity(
        luma(a), luma(b), gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1
    )
    check(got["ssim"], want, f"ssim {shape} {noise}")
    check(got["ms_ssim"], ms_ssim(luma(a), luma(b)), f"ms_ssim {shape} {noise}")


for size in [(180, 201), (333, 177), (176, 240, 3)]:
    for by in [0, 2, 15, 60]:
        try_pair(size, by)
sys.exit(failed != 0)
