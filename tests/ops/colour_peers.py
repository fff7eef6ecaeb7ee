# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Ops on colours against other programs and against their formulas in NumPy's doubles, on random pictures of 8 and 16 bits. What a formula
gives must be rounded once: half a step and a little, since powers here are within a relative 1e-9 of NumPy's. What another program truncates,
or works out in tables of its own, is within one or two; each line says what it may be."""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

KAL = os.path.abspath(sys.argv[1])
ONCE = 0.5 + 6e-5
checks = failed = 0


def kal(text):
    done = subprocess.run([KAL, "run", text], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"failed: {text}: {done.stderr}")


def read(path):
    a = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if a.ndim == 3:
        a = a[..., [2, 1, 0, 3][: a.shape[2]]] if a.shape[2] != 4 else a[..., [2, 1, 0, 3]]
    return a


def write(path, a):
    if a.ndim == 3:
        a = a[..., [2, 1, 0]] if a.shape[2] == 3 else a[..., [2, 1, 0, 3]]
    cv2.imwrite(path, a)


def ours(text):
    kal(text + " | save out.png")
    return read("out.png").astype(float)


def check(what, got, want, slack):
    global checks, failed
    checks += 1
    want = np.asarray(want, dtype=float)
    off = np.inf if got.shape != want.shape else np.abs(got - want).max()
    if not off <= slack:
        failed += 1
        print(f"failed: {what} is off by {off}, more than {slack}")


def light(v):
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def sample(x):
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055)


# ---- curves and matrices, for 8 and 16 bits ------------------------------------------------------

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
LUMA = np.array([9798, 19235, 3735]) / 32768
WEIGHTS = np.array([0.212671, 0.715160, 0.072169])


def matrices(v):
    gray = (v @ LUMA)[..., None]
    yield "color_matrix [0.5 0.25 0.25 0 1.5 -0.5 0.1 0.2 0.7]", v @ np.array([[0.5, 0.25, 0.25], [0, 1.5, -0.5], [0.1, 0.2, 0.7]]).T
    yield "saturation 0.3", 0.3 * v + 0.7 * gray
    yield "saturation 2.5", 2.5 * v - 1.5 * gray
    yield "sepia", v @ SEPIA.T
    yield "sepia 0.25", 0.25 * (v @ SEPIA.T) + 0.75 * v


def curves(v):
    yield "gamma 2.2", v**2.2
    yield "gamma 0.45", v**0.45
    yield "levels 0.1 0.8 gamma=1.7", np.clip((v - 0.1) / (0.8 - 0.1), 0, 1) ** (1 / 1.7)
    yield "levels 0.2 0.9 out_black=0.95 out_white=0.05", 0.95 + np.clip((v - 0.2) / (0.9 - 0.2), 0, 1) * (0.05 - 0.95)
    yield "brightness 1.37", v * 1.37
    yield "contrast 1.6", (v - 0.5) * 1.6 + 0.5
    yield "exposure 1.5", sample(light(v) * 2**1.5)
    yield "exposure -2", sample(light(v) / 4)
    yield "exposure 1 linear=true", v * 2
    yield "to_linear", light(v)
    yield "from_linear", sample(v)
    yield "invert", 1 - v


def formulas(a, full):
    v = a / full
    for text, want in [*curves(v), *matrices(v)]:
        check(f"{text}, {a.dtype}", ours("load in.png | " + text), np.clip(want, 0, 1) * full, ONCE)
    gray = np.array([0.4, 0.6, 0.5]) * full
    m = light(gray / full)
    got = ours("load in.png | white_balance gray=[" + " ".join(map(str, gray)) + "]")
    check(f"white_balance, {a.dtype}", got, np.clip(sample(light(v) * (WEIGHTS @ m / m)), 0, 1) * full, ONCE)
    orange = np.array([1, 0.5, 0.25])
    got = ours("load in.png | tint [" + " ".join(map(str, orange * full)) + "] 0.75")
    check(f"tint, {a.dtype}", got, (0.75 * (v @ LUMA)[..., None] * orange + 0.25 * v) * full, ONCE)
    check(f"gray, {a.dtype}", ours("load in.png | gray"), (a.astype(int) @ [9798, 19235, 3735] + 16384) >> 15, 0)
    check(f"swap, {a.dtype}", ours("load in.png | swap [2 1 0]"), a[..., ::-1], 0)
    check(f"threshold, {a.dtype}", ours(f"load in.png | threshold {full // 3}"), (a > full // 3).any(-1) * 255, 0)
    low, high = np.percentile(a.reshape(-1, 3), [5, 90], axis=0)
    check(f"stretch, {a.dtype}", ours("load in.png | stretch 5 90"), np.clip((a - low) / (high - low), 0, 1) * full, ONCE)


# ---- types, ranges, alpha and cubes ----------------------------------------------------------------


def tetrahedra(v, cube):
    """From corner to corner of a cell, along the axis of the largest fraction first; of equals red, then green."""
    last = cube.shape[0] - 1
    t = v * last
    at = np.minimum(t.astype(int), last - 1)
    f = t - at
    order = np.argsort(-f, axis=-1, kind="stable")
    corner = at.copy()
    out = cube[corner[..., 2], corner[..., 1], corner[..., 0]]
    for k in range(3):
        axis = order[..., k : k + 1]
        before = cube[corner[..., 2], corner[..., 1], corner[..., 0]]
        np.put_along_axis(corner, axis, np.take_along_axis(corner, axis, -1) + 1, -1)
        out = out + np.take_along_axis(f, axis, -1) * (cube[corner[..., 2], corner[..., 1], corner[..., 0]] - before)
    return out


def numbers(values):
    return "[" + " ".join(f"{v:.9g}" for v in np.ravel(values)) + "]"


def the_rest(random, a, full):
    v = a / full
    other = 65535 if full == 255 else 255
    kind = "u16" if full == 255 else "u8"
    check(f"cast to {kind}", ours(f"load in.png | cast {kind}"), v * other, 0.5)
    low, high = full * 0.2, full * 0.7
    got = ours(f"load in.png | rescale [{low} {high}] out_low={full * 0.9} out_high={full * 0.1}")
    check(f"rescale, {a.dtype}", got, full * (0.9 - 0.8 * np.clip((a - low) / (high - low), 0, 1)), ONCE)
    got = ours(f"load in.png | linear scale=[1.5 0.5 -1] offset=[{-full // 4} 3.25 {full}]")
    check(f"linear, {a.dtype}", got, np.clip(a * np.array([1.5, 0.5, -1]) + [-full // 4, 3.25, full], 0, full), ONCE)
    cube = np.round(random.random((5, 5, 5, 3)), 6)
    got = ours(f"load in.png | lut3d table={numbers(cube)}")
    check(f"lut3d, {a.dtype}", got, tetrahedra(v, cube) * full, ONCE)
    with open("look.cube", "w", encoding="ascii") as f:
        f.write("LUT_3D_SIZE 5\n" + "".join(f"{r} {g} {b}\n" for r, g, b in cube.reshape(-1, 3)))
    check(f"lut3d of a file, {a.dtype}", ours("load in.png | lut3d file=look.cube"), got, 0)
    c = random.integers(0, full + 1, (90, 117, 4)).astype(a.dtype)
    write("c.png", c)
    color, alpha = c[..., :3].astype(float), c[..., 3:] / full
    under = np.array([0.25, 0.5, 1]) * full
    check(f"flatten, {a.dtype}", ours(f"load c.png | flatten {numbers(under)}"),
          color * alpha + np.floor(under + 0.5) * (1 - alpha), 0.5001)
    got = ours("load c.png | premultiply")
    check(f"premultiply, {a.dtype}", got, np.concatenate([color * alpha, c[..., 3:]], -1), ONCE)
    check(f"band_extract, {a.dtype}", ours("load c.png | band_extract [1]"), c[..., 1], 0)


def arithmetic(random, kind):
    full = int(np.iinfo(kind).max)
    a, b = (random.integers(0, full + 1, (90, 117, 3)).astype(kind) for _ in "ab")
    write("a.png", a), write("b.png", b)
    x, y = a.astype(float), b.astype(float)
    for op, want in ("add", x + y), ("subtract", x - y), ("multiply", x * y / full), ("blend 0.3", 0.3 * x + 0.7 * y):
        name, rest = (op + " ").split(" ", 1)
        check(f"{op}, {kind.__name__}", ours(f"load a.png | {name} (load b.png) {rest}"), np.clip(want, 0, full), ONCE)
    if kind == np.uint8:
        check("add, OpenCV", ours("load a.png | add (load b.png)"), cv2.add(a, b), 0)
        check("subtract, OpenCV", ours("load a.png | subtract (load b.png)"), cv2.subtract(a, b), 0)


# ---- light=linear --------------------------------------------------------------------------------


def sums_of_light(a, full):
    lit = light(a / full)
    # between there and back lie 16 bits for 8, whose half step is at most 0.05 after the steepest part of the curve
    slack = 0.5 + 0.06 if full == 255 else ONCE + 0.01
    half = lit.reshape(a.shape[0] // 2, 2, a.shape[1] // 2, 2, 3).mean((1, 3))
    check(f"half the size, {a.dtype}", ours(f"load in.png | resize {a.shape[1] // 2} {a.shape[0] // 2} kernel=box light=linear"), sample(half) * full, slack)
    want = sample(cv2.blur(lit, (7, 7), borderType=cv2.BORDER_REPLICATE)) * full
    check(f"box_blur, {a.dtype}", ours("load in.png | box_blur 3 light=linear"), want, slack)
    r = 6
    w = np.exp(-np.arange(-r, r + 1) ** 2 / (2 * 2.0**2))
    want = cv2.sepFilter2D(lit, -1, w / w.sum(), w / w.sum(), borderType=cv2.BORDER_REPLICATE)
    check(f"gaussian, {a.dtype}", ours("load in.png | gaussian 2 light=linear"), np.clip(sample(want), 0, 1) * full, slack)
    # a fine pattern is as bright from afar: that of half the light
    board = (np.indices((128, 128)).sum(0) % 2 * full).astype(a.dtype)
    write("board.png", board)
    far = sample(np.array(0.5)) * full
    for text in "resize 64 kernel=box light=linear", "thumbnail 32 kernel=box light=linear", "fit 16 kernel=box light=linear":
        got = ours("load board.png | " + text)
        check(f"{text}, {a.dtype}", got, np.full(got.shape, far), slack)
    check(f"blurred, {a.dtype}", ours("load board.png | gaussian 4 light=linear | crop 64x64+32+32"), np.full((64, 64), far), 0.6)


# ---- colour spaces against cvtColor --------------------------------------------------------------


def spaces():
    levels = np.arange(0, 256, 5)
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 52, 3).astype(np.uint8)
    write("cube.png", rgb)
    # to numbers and back; OpenCV has tables of 12 to 15 bits
    for op, there, back, order, hue, slack, back_slack in (
        ("hsv", cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB, [0, 1, 2], True, 1, 1),
        ("hsl", cv2.COLOR_RGB2HLS, cv2.COLOR_HLS2RGB, [0, 2, 1], True, 1, 1),
        ("ycbcr", cv2.COLOR_RGB2YCrCb, cv2.COLOR_YCrCb2RGB, [0, 2, 1], False, 1, 1),
        ("lab", cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, [0, 1, 2], False, 2, 3),
    ):
        theirs = cv2.cvtColor(rgb, there)
        off = np.abs(ours(f"load cube.png | to_{op} | to_rgb") - theirs[..., order])
        if hue:
            off[..., 0] = np.minimum(off[..., 0], 180 - off[..., 0])
        check(f"to_{op}", off, np.zeros(off.shape), slack)
        # OpenCV's own numbers, back by both
        write("numbers.png", np.ascontiguousarray(theirs[..., order]))
        got = ours(f"load numbers.png | from_{op}")
        check(f"from_{op}", got, cv2.cvtColor(theirs, back), back_slack)
    lch = ours("load cube.png | to_lch | to_rgb")
    lab = cv2.cvtColor((rgb / 255).astype(np.float32), cv2.COLOR_RGB2LAB).astype(float)
    chroma, turn = np.hypot(lab[..., 1], lab[..., 2]), np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    check("to_lch", lch[..., 0], lab[..., 0] * 2.55, 1)
    check("to_lch, chroma", lch[..., 1], np.minimum(chroma, 255), 1)
    off = np.abs(lch[..., 2] - turn / 2)
    check("to_lch, hue", np.where(chroma > 20, np.minimum(off, 180 - off), 0), np.zeros(off.shape), 1)
    exact(rgb)


def half_up(x, y):
    return (2 * x + y) // (2 * y)


def exact(rgb):
    """The fractions that the bytes are, in whole numbers."""
    r, g, b = (rgb[..., k].astype(np.int64) for k in range(3))
    v, m = rgb.max(-1).astype(np.int64), rgb.min(-1).astype(np.int64)
    d = v - m
    a = np.where(v == r, g - b, np.where(v == g, b - r + 2 * d, r - g + 4 * d))
    a = np.where(a < 0, a + 6 * d, a)
    hue = half_up(30 * a, np.maximum(d, 1)) % 180
    check("to_hsv", ours("load cube.png | to_hsv | to_rgb"), np.stack([hue, half_up(255 * d, np.maximum(v, 1)), v], -1), 0)
    room = np.maximum(np.where(v + m > 255, 510 - v - m, v + m), 1)
    check("to_hsl", ours("load cube.png | to_hsl | to_rgb"), np.stack([hue, half_up(255 * d, room), (v + m + 1) // 2], -1), 0)
    y = half_up(299 * r + 587 * g + 114 * b, 1000)
    cb = half_up(886 * b - 299 * r - 587 * g + 128 * 1772, 1772)
    cr = half_up(701 * r - 587 * g - 114 * b + 128 * 1402, 1402)
    check("to_ycbcr", ours("load cube.png | to_ycbcr | to_rgb"), np.clip(np.stack([y, cb, cr], -1), 0, 255), 0)
    h, s, v = r, g, b
    parts = []
    for n in 5, 3, 1:
        k = (30 * n + h) % 180
        w = np.clip(np.minimum(k, 120 - k), 0, 30)
        parts.append(half_up(v * (7650 - s * w), 7650))
    check("from_hsv", ours("load cube.png | from_hsv"), np.stack(parts, -1), 0)
    parts = []
    for n in 0, 8, 4:
        q = (15 * n + h) % 180
        w = np.clip(np.minimum(q - 45, 135 - q), -15, 15)
        parts.append(half_up(3825 * v - np.minimum(v, 255 - v) * s * w, 3825))
    check("from_hsl", ours("load cube.png | from_hsl"), np.stack(parts, -1), 0)
    y, cb, cr = r, g - 128, b - 128
    want = [half_up(1000 * y + 1402 * cr, 1000), half_up(293500 * y - 209599 * cr - 101004 * cb, 293500), half_up(1000 * y + 1772 * cb, 1000)]
    check("from_ycbcr", ours("load cube.png | from_ycbcr"), np.clip(np.stack(want, -1), 0, 255), 0)


# ---- Pillow --------------------------------------------------------------------------------------


def pillow(a):
    p = Image.fromarray(a)
    for cutoff in 0, 2, 10:
        check(f"autocontrast {cutoff}", ours(f"load in.png | autocontrast {cutoff}"), ImageOps.autocontrast(p, cutoff), 1)
    got = ours("load in.png | autocontrast 3 channels=together")
    check("autocontrast together", got, together(a.astype(float), 3), ONCE)
    check("invert, Pillow", ours("load in.png | invert"), ImageOps.invert(p), 0)
    check("brightness, Pillow", ours("load in.png | brightness 1.37"), ImageEnhance.Brightness(p).enhance(1.37), 1)
    check("saturation, Pillow", ours("load in.png | saturation 0.4"), ImageEnhance.Color(p).enhance(0.4), 1)
    check("gray, Pillow", ours("load in.png | gray"), p.convert("L"), 1)
    check("equalize", ours("load in.png | equalize"), np.stack([cv2.equalizeHist(np.ascontiguousarray(a[..., k])) for k in range(3)], -1), 0)
    clahe = cv2.createCLAHE(3, (4, 4))
    check("clahe", ours("load in.png | clahe 3 4 4"), np.stack([clahe.apply(np.ascontiguousarray(a[..., k])) for k in range(3)], -1), 0)
    table = np.random.default_rng(4).integers(0, 256, (3, 256)).astype(np.uint8)
    got = ours("load in.png | lut [" + " ".join(map(str, table.ravel())) + "]")
    check("lut", got, cv2.LUT(a, np.ascontiguousarray(table.T.reshape(1, 256, 3))), 0)
    gamma = np.round(255 * (np.arange(256) / 255) ** 0.45).astype(np.uint8)
    check("gamma, OpenCV's LUT", ours("load in.png | gamma 0.45"), cv2.LUT(a, gamma), 0)
    want = cv2.transform(a, SEPIA)
    check("sepia, OpenCV", ours("load in.png | sepia"), want, 1)
    hsv = cv2.cvtColor((a / 255).astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 77) % 360
    check("hue, OpenCV", ours("load in.png | hue 77"), cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255.0, 0.51)
    key = a[5, 7].astype(int)
    got = ours(f"load in.png | color_key [{key[0]} {key[1]} {key[2]}] tolerance=40")
    check("color_key", got[..., 3], 255 * (np.abs(a - key) > 40).any(-1), 0)


def together(a, cutoff):
    """Pillow's rule with one histogram for all channels."""
    counts = np.bincount(a.ravel().astype(int), minlength=256)
    cut = int(a.size * cutoff // 100)
    low = int(np.argmax(np.cumsum(counts) > cut))
    high = 255 - int(np.argmax(np.cumsum(counts[::-1]) > cut))
    return np.clip((a - low) * 255.0 / (high - low), 0, 255)


# ---- composite -----------------------------------------------------------------------------------


def lum(c):
    return (c @ np.array([0.3, 0.59, 0.11]))[..., None]


def set_lum(c, to):
    c = c + (to - lum(c))
    at, low, high = lum(c), c.min(-1, keepdims=True), c.max(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.where(low < 0, at + (c - at) * at / (at - low), c)
        return np.where(high > 1, at + (c - at) * (1 - at) / (high - at), c)


def sat(c):
    return c.max(-1, keepdims=True) - c.min(-1, keepdims=True)


def set_sat(c, to):
    return (c - c.min(-1, keepdims=True)) * to / np.where(sat(c) > 0, sat(c), 1)


def dodge(b, s):
    return np.where(b == 0, 0, np.where(s == 1, 1, np.minimum(1, b / np.where(s == 1, 1, 1 - s))))


def burn(b, s):
    return np.where(b == 1, 1, np.where(s == 0, 0, 1 - np.minimum(1, (1 - b) / np.where(s == 0, 1, s))))


def soft(b, s):
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))


def hard(b, s):
    return np.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


BLENDS = {
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: hard(s, b),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color_dodge": dodge,
    "color_burn": burn,
    "hard_light": hard,
    "soft_light": soft,
    "difference": lambda b, s: np.abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "add": lambda b, s: np.minimum(1, b + s),
    "hue": lambda b, s: set_lum(set_sat(s, sat(b)), lum(b)),
    "saturation": lambda b, s: set_lum(set_sat(b, sat(s)), lum(b)),
    "color": lambda b, s: set_lum(s, lum(b)),
    "luminosity": lambda b, s: set_lum(b, lum(s)),
}
OPERATORS = {
    "over": lambda a, c: (1, 1 - a),
    "clear": lambda a, c: (0, 0),
    "source": lambda a, c: (1, 0),
    "in": lambda a, c: (c, 0),
    "out": lambda a, c: (1 - c, 0),
    "atop": lambda a, c: (c, 1 - a),
    "dest": lambda a, c: (0, 1),
    "dest_over": lambda a, c: (1 - c, 1),
    "dest_in": lambda a, c: (0, a),
    "dest_out": lambda a, c: (0, 1 - a),
    "dest_atop": lambda a, c: (1 - c, a),
    "xor": lambda a, c: (1 - c, 1 - a),
    "plus": lambda a, c: (1, 1),
}


def composed(mode, image, base, opacity, full):
    """Straight colours and alpha of W3C's formulas, on the sample's scale."""
    s, b = image[..., :3] / full, base[..., :3] / full
    a = opacity * (image[..., 3:] / full if image.shape[2] == 4 else np.ones(image.shape[:2] + (1,)))
    c = base[..., 3:] / full if base.shape[2] == 4 else np.ones(base.shape[:2] + (1,))
    f, g = OPERATORS.get(mode, OPERATORS["over"])(a, c)
    mixed = (1 - c) * s + c * BLENDS[mode](b, s) if mode in BLENDS else s
    most = 1 if mode == "plus" else np.inf
    ao, sums = np.minimum(f * a + g * c, most), np.minimum(f * a * mixed + g * c * b, most)
    co = np.where(ao > 0, sums / np.where(ao > 0, ao, 1), 0)
    return np.concatenate([co, np.broadcast_to(ao, co[..., :1].shape)], -1)[..., : base.shape[2]] * full


def modes(random, kind):
    full = np.iinfo(kind).max
    for channels in (3, 3), (4, 3), (3, 4), (4, 4):
        a, b = (random.integers(0, full + 1, (90, 117, n)).astype(kind) for n in channels)
        write("a.png", a), write("b.png", b)
        for mode in [*OPERATORS, *BLENDS]:
            if channels[1] == 3 and mode in ("clear", "source", "in", "out", "dest_in", "dest_out", "dest_atop", "xor"):
                continue  # refused: the base cannot become transparent
            for opacity in 1, 0.375:
                got = ours(f"load a.png | composite (load b.png) mode={mode} opacity={opacity}")
                want = composed(mode, a, b, opacity, full)
                check(f"{mode} of {channels}, {kind.__name__}, {opacity}", got, want, ONCE)
    a, b = (random.integers(0, full + 1, (600, 500, 3)).astype(kind) for _ in "ab")
    write("a.png", a), write("b.png", b)  # large enough for a table of all pairs
    for mode in "color_dodge", "color_burn", "soft_light", "over", "screen":
        got = ours(f"load a.png | composite (load b.png) mode={mode} opacity=0.6")
        check(f"{mode}, {kind.__name__}, large", got, composed(mode, a, b, 0.6, full), ONCE)
    layers = [random.integers(0, full + 1, (60, 50, 4)).astype(kind) for _ in "abc"] + [b[:60, :50]]
    for i, layer in enumerate(layers):
        write(f"l{i}.png", layer)
    want = layers[3]
    for i, mode in (2, "screen"), (1, "color"), (0, "soft_light"):
        want = composed(mode, layers[i], want, 1, full)
        want = np.floor(want + 0.5).astype(kind)
    got = ours('layers (load l0.png) (load l1.png) (load l2.png) (load l3.png) modes="soft_light color screen"')
    check(f"layers, {kind.__name__}", got, want, 1)  # a sum next to a half may round otherwise, and goes on


def main():
    random = np.random.default_rng(3)
    for kind in np.uint8, np.uint16:
        full = np.iinfo(kind).max
        a = random.integers(0, full + 1, (300, 400, 3)).astype(kind)  # enough pixels for tables
        a[:10] = a[:10] // 8  # dark ones, too
        write("in.png", a)
        formulas(a, full)
        sums_of_light(a, full)
        the_rest(random, a, full)
        arithmetic(random, kind)
        modes(random, kind)
    a = cv2.GaussianBlur(random.integers(0, 256, (120, 160, 3)).astype(np.uint8), (0, 0), 2) // 2 + 60
    write("in.png", a)
    pillow(a)
    spaces()
    print(f"{checks} comparisons, {failed} failed; OpenCV {cv2.__version__}, Pillow {Image.__version__}, NumPy {np.__version__}")
    sys.exit(failed != 0)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
    os.chdir("/")
