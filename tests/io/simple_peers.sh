#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# BMP beside Pillow, .npy beside NumPy, HDR beside OpenCV, QOI beside the specification's own words in Python: files of theirs and of ours,
# the same pixels both ways. Usage: simple_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
"$python" - "$kal" "$shared" << 'END'
import pathlib
import struct
import sys

import numpy as np
from PIL import Image
from peers import check, end, kal

try:
    import cv2
except ImportError:
    cv2 = None
    print("skipped: cv2 is not here")

random = np.random.default_rng(1)


def ours(name):
    """What we decode, as NumPy reads it from our .npy; None with the error printed."""
    return np.load("ours.npy") if kal(f"load {name} | save ours.npy") else None


def same(name, want, most=0):
    got = ours(name)
    if got is not None and got.shape != want.shape:
        got = np.broadcast_to(got.reshape(got.shape[0], got.shape[1], -1), want.shape)   # gray for a palette of grays
    check(name, got is not None and int(np.abs(got.astype(int) - want.astype(int)).max()) <= most)


def picture(shape):
    a = random.integers(0, 256, shape, dtype=np.uint8)
    a[: shape[0] // 2] //= 64   # repetitions, and small steps
    return a


# ---- npy: every kind NumPy saves that we read, in both orders

for kind in ["u1", "<u2", ">u2", "<u4", ">u4", "<f4", ">f4", "<f2", ">f8", "?"]:
    for shape in [(), (5,), (7, 5), (7, 5, 1), (7, 5, 2), (7, 5, 3), (7, 5, 4), (7, 5, 9), (1, 1), (1, 600)]:
        a = (random.random(shape) * 300).astype(np.dtype(kind))
        want = a.astype({"?": np.uint8, "<f2": np.float32, ">f8": np.float32}.get(kind, a.dtype.newbyteorder("=")))
        if kind == "?":
            want = (want * 255).astype(np.uint8)
        for order in "CF":
            np.save("theirs.npy", np.asarray(a, order=order))
            got = ours("theirs.npy")
            check(f"npy {kind} {shape} {order}",
                  got is not None and got.dtype == want.dtype and np.array_equal(got.reshape(shape), want))

# ---- bmp: of Pillow, ours by Pillow, and the shared pictures

for mode, shape in [("L", (9, 13)), ("RGB", (9, 13, 3)), ("RGBA", (9, 13, 4)), ("1", (9, 13)), ("P", (9, 13))]:
    if mode == "1":
        image = Image.fromarray(picture(shape)).convert("1")
    elif mode == "P":
        image = Image.fromarray(picture(shape + (3,))).quantize(50)
    else:
        image = Image.fromarray(picture(shape), mode)
    image.save("theirs.bmp")
    back = Image.open("theirs.bmp")
    same("theirs.bmp", np.array(back.convert({"1": "L", "P": "RGB"}.get(back.mode, back.mode))))
    if mode in ["L", "RGB", "RGBA"]:
        for up in ["", " bottom_up=true"]:
            np.save("a.npy", np.array(image))
            check(f"bmp {mode}{up}", kal("load a.npy | save b.bmp" + up) and np.array_equal(np.array(Image.open("b.bmp")), np.array(image)))


def bmp(bits, compression, pixels, height=9, masks=b"", palette=b""):
    offset = 54 + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IIIIiiHHIIiiII", offset + len(pixels), 0, offset, 40, 13, height, 1, bits, compression,
                                len(pixels), 0, 0, len(palette) // 4, 0) + masks + palette + pixels)


palettes = {n: random.integers(0, 256, (n, 4), dtype=np.uint8).tobytes() for n in [2, 16, 256]}


def runs(bits):
    """Runs, plain stretches and moves at random, as far as Pillow's rules and ours are one: within rows."""
    out = b""
    for _ in range(9):
        x = 0
        while x < 13:
            n = int(random.integers(1, 14 - x))
            if n >= 3 and random.random() < 0.5:
                n -= n % (4 if bits == 4 else 2)   # padding is a matter of opinion there
                if n:
                    out += bytes([0, n]) + random.bytes(n * bits // 8) if n >= 3 else bytes([n, 0])
            else:
                out += bytes([n]) + random.bytes(1)
            x += n
        out += b"\0\0"
    return out + b"\0\1"


cases = [bmp(1, 0, random.bytes(4 * 9), palette=palettes[2]), bmp(4, 0, random.bytes(8 * 9), palette=palettes[16]),
         bmp(8, 0, random.bytes(16 * 9), -9, palette=palettes[256]), bmp(24, 0, random.bytes(40 * 9)),
         bmp(32, 0, random.bytes(52 * 9))] + [bmp(8, 1, runs(8), palette=palettes[256]) for _ in range(10)]
for i, data in enumerate(cases):
    pathlib.Path(f"case{i}.bmp").write_bytes(data)
    same(f"case{i}.bmp", np.array(Image.open(f"case{i}.bmp").convert("RGB")))
# Pillow cuts what it stretches from 5 and 6 bits, and we round
for i, data in enumerate([bmp(16, 0, random.bytes(28 * 9)),
                          bmp(16, 3, random.bytes(28 * 9), masks=struct.pack("<III", 0xf800, 0x7e0, 0x1f))]):
    pathlib.Path(f"short{i}.bmp").write_bytes(data)
    same(f"short{i}.bmp", np.array(Image.open(f"short{i}.bmp").convert("RGB")), 1)
for path in sorted(pathlib.Path(sys.argv[2] or "none").rglob("*.bmp")):
    same(str(path), np.array(Image.open(path).convert("RGB")))

# ---- hdr: of OpenCV, and ours by OpenCV (which leaves EXPOSURE alone)

if cv2 is not None:
    for width in [5, 8, 13, 200, 1000]:
        a = (random.random((6, width, 3)) ** 8 * 100).astype(np.float32)
        a[:3] = a[0, 0]
        cv2.imwrite("theirs.hdr", a[..., ::-1])
        np.save("a.npy", a)
        kal("load a.npy | save b.hdr")
        for name in ["theirs.hdr", "b.hdr"]:
            got = ours(name)
            check(f"hdr {name} {width}",
                  got is not None and np.array_equal(got, cv2.imread(name, cv2.IMREAD_UNCHANGED)[..., ::-1]))


# ---- qoi: a decoder after the specification

def qoi(data):
    width, height, channels = struct.unpack(">IIB", data[4:13])
    seen, p, at, out = [(0, 0, 0, 0)] * 64, (0, 0, 0, 255), 14, []
    while len(out) < width * height:
        c, n = data[at], 1
        at += 1
        if c == 0xfe:
            p, at = (*data[at:at + 3], p[3]), at + 3
        elif c == 0xff:
            p, at = tuple(data[at:at + 4]), at + 4
        elif c >> 6 == 0:
            p = seen[c]
        elif c >> 6 == 1:
            p = tuple((v + (c >> s & 3) - 2) & 255 for v, s in zip(p, (4, 2, 0))) + p[3:]
        elif c >> 6 == 2:
            d, g, at = data[at], (c & 63) - 32, at + 1
            p = tuple((v + s) & 255 for v, s in zip(p, (g - 8 + (d >> 4), g, g - 8 + (d & 15)))) + p[3:]
        else:
            n = (c & 63) + 1
        seen[(p[0] * 3 + p[1] * 5 + p[2] * 7 + p[3] * 11) % 64] = p
        out += [p[:channels]] * n
    assert data[at:] == bytes(7) + b"\1"
    return np.array(out, dtype=np.uint8).reshape(height, width, channels)


for channels in [3, 4]:
    for shape in [(1, 1), (9, 13), (40, 300)]:
        for steps in [1, 16, 128]:
            a = picture(shape + (channels,)) // steps
            np.save("a.npy", a)
            kal("load a.npy | save b.qoi")
            check(f"qoi {a.shape} {steps}", np.array_equal(qoi(pathlib.Path("b.qoi").read_bytes()), a))
            same("b.qoi", a)

end()
END
