# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What stands for a picture: thumbhash against an encoder written from the format, with its cosine transform as products of matrices:
equal byte for byte; dominant against its rule in NumPy, and against OpenCV's k-means, which starts from several places at random."""

import base64
import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

KAL = os.path.abspath(sys.argv[1])
random = np.random.default_rng(8)
checks = failed = 0


def check(ok, what):
    global checks, failed
    checks += 1
    if not ok:
        failed += 1
        print("failed:", what)


def kal(text):
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"failed: {text}: {done.stderr}")
    return done.stdout


def value(text):
    return json.loads(kal(text))


def write(path, a):
    cv2.imwrite(path, a if a.shape[2] == 1 else a[..., [2, 1, 0, 3][: a.shape[2]]])


def smooth(h, w, channels):
    a = cv2.resize(random.random((h // 9 + 2, w // 9 + 2, channels)), (w, h), interpolation=cv2.INTER_CUBIC)
    a = a.reshape(h, w, channels) + random.normal(0, 0.04, (h, w, channels))
    return (np.clip(a, 0, 1) * 255).astype(np.uint8)


# ---- thumbhash -----------------------------------------------------------------------------------


def whole(v):
    return int(np.floor(v + 0.5))


def waves(n, most):
    return np.cos(np.pi * np.outer(np.arange(most), np.arange(n) + 0.5) / n)


def transform(channel, nx, ny):
    """The constant term, the largest of the others, and their digits row by row; None where a term is nothing, and the last bits of cosines
    say whether it is 7 or 8."""
    h, w = channel.shape
    terms = waves(h, ny) @ channel @ waves(w, nx).T / (w * h)
    kept = np.array([terms[y, x] for y in range(ny) for x in range(nx) if x * ny < nx * (ny - y) and (x or y)])
    scale = np.abs(kept).max()
    if scale == 0:
        return terms[0, 0], scale, [0] * len(kept)
    return terms[0, 0], scale, [whole(7.5 + 7.5 * t / scale) if abs(t) > 1e-12 * scale else None for t in kept]


def to_lpqa(rgba):
    v = rgba / 255.0
    alpha = v[..., 3:]
    average = (v[..., :3] * alpha).sum((0, 1)) / max(alpha.sum(), 1e-9)
    r, g, b = np.moveaxis(average * (1 - alpha) + v[..., :3] * alpha, 2, 0)
    return (r + g + b) / 3, (r + g) / 2 - b, r - g, alpha[..., 0]


def encode(rgba):
    """The first bytes, and digits of four bits after them."""
    h, w = rgba.shape[:2]
    veiled = bool((rgba[..., 3] < 255).any())
    nx, ny = (max(1, whole((5 if veiled else 7) * side / max(w, h))) for side in (w, h))
    l, p, q, a = to_lpqa(rgba)
    l, p, q = transform(l, max(3, nx), max(3, ny)), transform(p, 3, 3), transform(q, 3, 3)
    colours = whole(63 * l[0]) | whole(31.5 + 31.5 * p[0]) << 6 | whole(31.5 + 31.5 * q[0]) << 12
    first = colours | whole(31 * l[1]) << 18 | veiled << 23
    second = (ny if w > h else nx) | whole(63 * p[1]) << 3 | whole(63 * q[1]) << 9 | (w > h) << 15
    head, digits = first.to_bytes(3, "little") + second.to_bytes(2, "little"), l[2] + p[2] + q[2]
    if veiled:
        a = transform(a, 5, 5)
        head, digits = head + bytes([whole(15 * a[0]) | whole(15 * a[1]) << 4]), digits + a[2]
    return head, digits + [0] * (len(digits) % 2)


def same_hash(got, rgba):
    head, digits = encode(rgba)
    rest = [d for byte in got[len(head) :] for d in (byte & 15, byte >> 4)]
    fits = [d in (7, 8) if want is None else d == want for d, want in zip(rest, digits)]
    return got.startswith(head) and len(rest) == len(digits) and all(fits)


def to_rgba(a):
    full = np.full(a.shape[:2] + (1,), 255, np.uint8)
    return a if a.shape[2] == 4 else np.concatenate([a[..., [0, 0, 0]] if a.shape[2] == 1 else a, full], -1)


def thumbhashes():
    for h, w in (1, 1), (1, 9), (31, 1), (31, 7), (40, 40), (100, 100), (100, 3), (17, 99), (64, 96), (75, 50), (8, 100):
        for channels in 1, 3, 4:
            for a in smooth(h, w, channels), random.integers(0, 256, (h, w, channels)).astype(np.uint8):
                write("in.png", a)
                got = bytes.fromhex(value("load in.png | thumbhash digits=hex"))
                check(same_hash(got, to_rgba(a)), f"thumbhash of {w} x {h} x {channels}: {got.hex()}")
                check(base64.b64decode(value("load in.png | thumbhash")) == got, "thumbhash in base 64")
    for h, w in (300, 200), (101, 100), (90, 640):
        a = smooth(h, w, 3)
        write("in.png", a)
        kal("load in.png | thumbnail 100 | save small.png")
        small = cv2.imread("small.png")[..., ::-1]
        got = bytes.fromhex(value("load in.png | thumbhash digits=hex"))
        check(max(small.shape) == 100 and same_hash(got, to_rgba(small)), f"thumbhash of {w} x {h}: {got.hex()}")


# ---- dominant ------------------------------------------------------------------------------------


def spread(cells, weight):
    """The widest axis of a box, its mean along it, and the squared distance from it."""
    mean = (cells * weight[:, None]).sum(0) / weight.sum()
    squares = (weight[:, None] * (cells - mean) ** 2).sum(0)
    axis = int(np.argmax(squares))
    return squares[axis], axis, mean[axis]


def cut(cells, weight, count):
    boxes = [np.arange(len(cells))]
    while len(boxes) < count:
        widest = max(range(len(boxes)), key=lambda i: spread(cells[boxes[i]], weight[boxes[i]])[0])
        most, axis, middle = spread(cells[boxes[widest]], weight[boxes[widest]])
        if most <= 0:
            break
        box = boxes[widest]
        low = cells[box, axis] <= middle
        boxes[widest] = box[low]
        boxes.append(box[~low])
    return boxes


def means(pixels, weight, of, old):
    new = old.copy()
    for i in range(len(old)):
        if weight[of == i].sum() > 0:
            new[i] = (pixels[of == i] * weight[of == i, None]).sum(0) / weight[of == i].sum()
    return new


def rule(pixels, weight, count):
    """The op's rule: cells of 8 x 8 x 8, or of one gray; cut at means; 8 rounds; the heaviest first."""
    step = 8 if pixels.shape[1] == 3 else 1
    number = (pixels // step) @ (np.array([1024, 32, 1]) if step == 8 else np.array([1]))
    sums = [np.bincount(number, weights=weight * p, minlength=1) for p in pixels.T]
    counts = np.bincount(number, weights=weight)
    at = counts > 0
    cells, weight = np.stack(sums, -1)[at] / counts[at, None], counts[at]
    boxes = cut(cells, weight, count)
    of = np.zeros(len(cells), int)
    for i, box in enumerate(boxes):
        of[box] = i
    centres = means(cells, weight, of, np.zeros((len(boxes), pixels.shape[1])))
    for _ in range(8):
        to = np.argmin(((cells[:, None] - centres[None]) ** 2).sum(-1), axis=1)
        centres = means(cells, weight, to, centres)
        if (to == of).all():
            break
        of = to
    shares = np.bincount(of, weights=weight, minlength=len(centres)) / weight.sum()
    rows = sorted((-s, *c) for s, c in zip(shares, centres) if s > 0)
    return np.array([[*c, -s] for s, *c in rows])


def error(pixels, centres):
    return sum(((part[:, None] - centres[None]) ** 2).sum(-1).min(1).sum() for part in np.array_split(pixels, 16))


def dominants():
    for h, w in (64, 64), (97, 131), (200, 33):
        for channels in 1, 3, 4:
            a = smooth(h, w, channels)
            write("in.png", a)
            pixels = a.reshape(-1, channels)[:, : 3 if channels == 4 else channels].astype(int)
            weight = a.reshape(-1, channels)[:, 3].astype(float) if channels == 4 else np.ones(len(pixels))
            for count in 1, 2, 5, 16, 60:
                got = np.atleast_2d(value(f"load in.png | dominant {count} shares=true"))
                want = rule(pixels, weight, count)
                what = f"dominant {count} of {w} x {h} x {channels}"
                check(got.shape == want.shape and np.abs(got - want).max() < 1e-9, what)
                if channels == 3 and count < 60:  # cells of 8 and 8 rounds cost something, random beginnings too
                    best = cv2.kmeans(pixels.astype(np.float32), count, None, (3, 30, 0.1), 3, cv2.KMEANS_PP_CENTERS)[0]
                    ratio = error(pixels.astype(float), got[:, :3]) / best
                    check(ratio < 1.15, f"{what} is {ratio:.3f} times as far off as k-means")
        mask = np.where(smooth(h, w, 1) > 120, 255, 0).astype(np.uint8)
        cv2.imwrite("mask.png", mask)
        a = smooth(h, w, 3)
        write("in.png", a)
        got = np.atleast_2d(value("dominant (load in.png) (load mask.png | threshold) count=7 shares=true"))
        want = rule(a[mask.reshape(h, w) > 0].astype(int), np.ones(int((mask > 0).sum())), 7)
        check(got.shape == want.shape and np.abs(got - want).max() < 1e-9, f"dominant under a mask of {w} x {h}")


cv2.setNumThreads(1)
cv2.setRNGSeed(1)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    thumbhashes()
    dominants()
    os.chdir("/")
print(f"{checks - failed} passed, {failed} failed; OpenCV {cv2.__version__}, NumPy {np.__version__}")
sys.exit(failed != 0)
