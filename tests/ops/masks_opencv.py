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


def sorting(mask):
    """What is done to whole parts, from OpenCV's numbers of them."""
    for connectivity in (4, 8):
        n, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
        areas = stats[:, cv2.CC_STAT_AREA]
        words = f"connectivity={connectivity}"
        for area in (9, 40.5):
            want = np.where((labels > 0) & (areas[labels] >= area), 255, 0)
            check(np.array_equal(image(f"threshold | remove_small {area} {words}"), want), f"remove_small {area} {words}")
        first = [np.argmax((labels == i).ravel()) for i in range(n)]
        largest = sorted(range(1, n), key=lambda i: (-areas[i], first[i]))
        want = np.where(np.isin(labels, largest[:3]), 255, 0)
        check(np.array_equal(image(f"threshold | keep_largest n=3 {words}"), want), f"keep_largest {words}")
        # numbers of parts come in the order of first pixels; as a picture, by 8 bits of them
        order = np.zeros(n, int)
        order[1 + np.argsort(first[1:])] = 1 + np.arange(n - 1)
        got = image(f'threshold | components {words} | cast type=f32 | expr "mod(a, 251)" type=u8')
        check(np.array_equal(got, order[labels] % 251), f"components {words}")
        holes = cv2.connectedComponentsWithStats(255 - mask, connectivity=12 - connectivity)
        edge = np.unique(np.concatenate([holes[1][0], holes[1][-1], holes[1][:, 0], holes[1][:, -1]]))
        want = np.where((mask == 0) & np.isin(holes[1], edge), 0, 255)
        check(np.array_equal(image(f"threshold | fill_holes {words}"), want), f"fill_holes {words}")


def joining(gray, mask):
    """Two masks and what they share."""
    other = np.where(gray > 90, 255, 0).astype(np.uint8)
    cv2.imwrite("other.pgm", other)
    for op, want in ("and", mask & other), ("or", mask | other), ("xor", mask ^ other):
        got = image(f"threshold t=127 | mask_{op} (load other.pgm | threshold)".replace(" t=127", ""))
        check(np.array_equal(got, want), "mask_" + op)
    overlap = cv2.countNonZero(mask & other) / cv2.countNonZero(mask | other)
    got = json.loads(kal("a = load in.pgm | threshold; b = load other.pgm | threshold; mask_iou a b"))
    check(abs(got - overlap) < 1e-12, "mask_iou")


def through(random):
    """Pictures through masks, hard and soft: the ops' formulas in doubles. They round half up, where OpenCV's own blend rounds weights too."""
    for kind in np.uint8, np.uint16:
        full = np.iinfo(kind).max
        for channels in 1, 3, 4:
            a, b = (random.integers(0, full + 1, (90, 117, channels)).astype(kind) for _ in "ab")
            cv2.imwrite("a.png", a), cv2.imwrite("b.png", b)
            for deep in np.uint8, np.uint16:
                m = random.integers(0, np.iinfo(deep).max + 1, (90, 117, 1)).astype(deep)
                m[:30] = np.where(m[:30] > np.iinfo(deep).max // 2, np.iinfo(deep).max, 0)
                cv2.imwrite("m.png", m)
                masked(kind, a, b, m)
        hard = np.where(m > 30000, 255, 0).astype(np.uint8)
        cv2.imwrite("m.png", hard)
        got = picture_of("mask_blend (load a.png) (load m.png | threshold) (load b.png)")
        want = b.copy()
        cv2.copyTo(a, hard[..., 0], want)
        check(np.array_equal(got, want), f"mask_blend against copyTo, {kind.__name__}")


def picture_of(text):
    kal(text + " | save out.png")
    return cv2.imread("out.png", cv2.IMREAD_UNCHANGED)


def masked(kind, a, b, m):
    share = m / float(np.iinfo(m.dtype).max)
    what = f"{kind.__name__}, {a.shape[2]} channels, through {m.dtype}"
    got = picture_of("mask_blend (load a.png) (load m.png) (load b.png)").reshape(a.shape)
    want = b + share * (a.astype(float) - b)
    check(np.array_equal(got, np.floor(want + 0.5)), "mask_blend, " + what)
    if kind == np.uint8:  # its weights are floats, and it rounds half to even
        w = share[..., 0].astype(np.float32)
        check(np.abs(got - cv2.blendLinear(a, b, w, 1 - w).reshape(a.shape).astype(float)).max() <= 1, "blendLinear, " + what)
    for alpha in 0, 0.2, 0.5, 0.75:
        got = picture_of(f"dim (load m.png) (load b.png) {alpha}").reshape(b.shape)
        want = np.floor(b * np.where(share == 1, 1, alpha + (1 - alpha) * share) + 0.5)
        if b.shape[2] == 4:
            want[..., 3] = b[..., 3]
        check(np.array_equal(got, want), f"dim {alpha}, {what}")


def outlines(mask):
    """Ours go along the edges of pixels, OpenCV's from middle to middle: as many of them, and ours enclose the pixels."""
    found, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    polygons = [np.array(p) for p in value("threshold | mask_polygons")]
    areas = np.array([np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1)) / 2 for p in polygons])
    check(len(polygons) == len(found) and np.sum(areas < 0) == np.sum(tree[0][:, 3] >= 0), "mask_polygons, how many")
    check(areas.sum() == cv2.countNonZero(mask), "mask_polygons, the area")
    # a pixel is inside where its middle is
    shape = np.array([[10.2, 5.1], [120.7, 30.3], [90.4, 110.9], [60.6, 40.2], [15.1, 100.8]])
    words = " ".join(f"0 {x} {y}" for x, y in shape)
    got = image(f"polygon_mask polygons=[{words}] width=157 height=123")
    want = [[255 if cv2.pointPolygonTest(shape.astype(np.float32), (x + 0.5, y + 0.5), False) > 0 else 0 for x in range(157)] for y in range(123)]
    check(np.array_equal(got, np.array(want)), "polygon_mask")
    want = np.zeros_like(mask)
    cv2.rectangle(want, (12, 30), (59, 99), 255, -1)  # the last corner belongs to it there
    check(np.array_equal(image("box_mask boxes=[12 30 60 100]"), want), "box_mask")


def distances(mask):
    distance = np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), 41)
    ours = image("threshold | feather width=40 type=u16").astype(float)
    check(np.abs(ours - distance * 65535.0 / 41).max() < 1.5, "feather")
    # floats there, rounded on the way
    ours = image('threshold | distance | expr "a * 1000" type=u16').astype(float)
    check(np.abs(ours - cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * 1000.0).max() < 1, "distance")


GRAY = picture()
MASK = np.where(GRAY > 127, 255, 0).astype(np.uint8)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    cv2.imwrite("in.pgm", GRAY)
    morphology(GRAY)
    parts(MASK)
    sorting(MASK)
    joining(GRAY, MASK)
    through(np.random.default_rng(6))
    outlines(MASK)
    distances(MASK)
    check(value("otsu") == cv2.threshold(GRAY, 0, 255, cv2.THRESH_OTSU)[0], "otsu")
    # of f32, the upper end of the step that u16 has
    step = (value("cast type=u16 | otsu") + 0.5) / 65535
    check(abs(value("cast type=f32 | otsu") - step) < 1e-12, "otsu of f32")
    os.chdir("/")
print("failed" if failed else "equal", "to OpenCV", cv2.__version__)
sys.exit(failed != 0)
