#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Geometry beside OpenCV, Pillow and numpy, where Debian's packages of them are installed: equal, or as far apart as the op says.
# Usage: geometry_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'cv2, numpy and PIL' 'import cv2, numpy, PIL' "$1"
"$python" - "$kal" << 'END'
import json
import subprocess
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

cv2.setNumThreads(1)
rng = np.random.default_rng(11)
checks = failed = 0


def kal(text):
    return subprocess.run([sys.argv[1], "run", text], check=True, capture_output=True, text=True).stdout


def picture(text):
    kal(text + " | save out.png")
    return np.array(Image.open("out.png"))


def check(what, got, want, slack=0, part=None):
    global checks, failed
    checks += 1
    if got.shape != want.shape:
        failed += 1
        print(f"failed: {what} is {got.shape}, not {want.shape}")
        return
    off = np.abs(got.astype(float) - want.astype(float))
    off = off[part].max() if part is not None else off.max()
    if off > slack:
        failed += 1
        print(f"failed: {what} is off by {off}")


def words(m):
    return "[" + " ".join(repr(float(v)) for v in np.asarray(m).ravel()) + "]"


def smooth(h, w):
    a = cv2.resize(rng.random((h // 16 + 2, w // 16 + 2, 3)), (w, h), interpolation=cv2.INTER_CUBIC)
    return (np.clip(a, 0, 1) * 255).astype(np.uint8)


# what every tap of lies inside: the border is another matter
def inside(shape, m):
    return cv2.erode(cv2.warpAffine(np.full(shape[:2], 255, np.uint8), m, shape[1::-1]), np.ones((7, 7))) == 255


for h, w in (97, 131), (240, 200):
    a = smooth(h, w)
    Image.fromarray(a).save("in.png")
    for m in [[1.2, 0.3, -20], [-0.25, 0.9, 30]], [[0.8, -0.5, 40], [0.5, 0.8, -10]], [[-1, 0.1, 120], [0, 1.4, 3.3]]:
        m = np.array(m)
        part = inside(a.shape, m)
        check(f"affine {m} of {w} x {h}", picture(f"load in.png | affine {words(m)} at=centre"),
              cv2.warpAffine(a, m, (w, h), flags=cv2.INTER_LINEAR), 5)  # 255 / 64 where the border is black
        check(f"affine copy {m} of {w} x {h}", picture(f"load in.png | affine {words(m)} at=centre edge=copy"),
              cv2.warpAffine(a, m, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), 3)
        back = np.linalg.inv(np.vstack([m, [0, 0, 1]]))[:2]
        im = Image.fromarray(a)
        check(f"affine {m} of {w} x {h} against Pillow",
              picture(f"load in.png | affine {words(back)} direction=backward"),
              np.array(im.transform((w, h), Image.AFFINE, tuple(back.ravel()), Image.BILINEAR)), 2, part)
    for corners in [[5, 9], [w - 20, 3], [w - 4, h - 12], [11, h - 1]], [[-30, 5], [w + 9, 30], [w - 40, h], [22, h - 30]]:
        to = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        m = cv2.getPerspectiveTransform(np.array(corners, np.float32) - 0.5, to - 0.5)
        want = cv2.warpPerspective(a, m, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        check(f"perspective {corners} of {w} x {h}", picture(f"load in.png | perspective {words(m)} at=centre edge=copy"),
              want, 4)
        check(f"perspective from {corners} of {w} x {h}",
              picture(f"load in.png | perspective from={words(corners)} edge=copy"), want, 4)
    # turned, flipped, cut and surrounded: moved pixels, equal
    kinds = {"left": cv2.ROTATE_90_COUNTERCLOCKWISE, "right": cv2.ROTATE_90_CLOCKWISE, "half": cv2.ROTATE_180}
    for how, code in kinds.items():
        check(f"turn {how} of {w} x {h}", picture(f"load in.png | turn {how}"), cv2.rotate(a, code))
    check(f"turn transpose of {w} x {h}", picture("load in.png | turn transpose"), cv2.transpose(a))
    check(f"turn transverse of {w} x {h}", picture("load in.png | turn transverse"), cv2.rotate(cv2.transpose(a), cv2.ROTATE_180))
    check(f"flip of {w} x {h}", picture("load in.png | flip"), cv2.flip(a, 1))
    check(f"flip vertical of {w} x {h}", picture("load in.png | flip vertical"), cv2.flip(a, 0))
    check(f"crop of {w} x {h}", picture("load in.png | crop 17 9 60 71"), a[9:80, 17:77])
    for edge, border in ("copy", cv2.BORDER_REPLICATE), ("mirror", cv2.BORDER_REFLECT), ("reflect", cv2.BORDER_REFLECT_101), \
            ("wrap", cv2.BORDER_WRAP), ("fill color=[9 200 70]", cv2.BORDER_CONSTANT):
        want = cv2.copyMakeBorder(a, 11, 25, 40, 8, border, value=(9, 200, 70))
        check(f"embed {edge} of {w} x {h}", picture(f"load in.png | embed 40 11 {w + 48} {h + 36} edge={edge}"), want)
        want = cv2.copyMakeBorder(a, 15, 15, 20, 20, border, value=(9, 200, 70))
        check(f"center_pad {edge} of {w} x {h}", picture(f"load in.png | center_pad {w + 40} {h + 30} edge={edge}"), want)
    # OpenCV turns about the middle of pixels too, and rounds places to 1/32
    for angle in 33, -10.5, 147:
        m = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), angle, 1)
        check(f"rotate {angle} of {w} x {h}", picture(f"load in.png | rotate {angle} expand=false edge=copy"),
              cv2.warpAffine(a, m, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), 3)
    for sx, sy in (0.5, 0), (-0.3, 0.2), (0, 0.25):
        m = np.array([[1, sx, -sx * (h - 1) / 2], [sy, 1, -sy * (w - 1) / 2]])
        check(f"shear {sx} {sy} of {w} x {h}", picture(f"load in.png | shear {sx} {sy} expand=false edge=copy"),
              cv2.warpAffine(a, m, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), 3)
    # Pillow's filters are these, rounded to 8 bits between the axes and with weights of 22 bits; its bicubic is Catmull-Rom too
    filters = {"box": Image.BOX, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos3": Image.LANCZOS}
    for nw, nh in (w // 2, h // 3), (w * 3, h * 2), (50, 31), (w - 1, h + 1):
        for kernel, code in filters.items():
            if kernel == "box" and (w % nw or h % nh):
                continue  # ours takes the share of a pixel that is covered, Pillow all of it or nothing
            got = picture(f"load in.png | resize {nw} {nh} {kernel}")
            check(f"resize {nw} {nh} {kernel} of {w} x {h}", got, np.array(Image.fromarray(a).resize((nw, nh), code)), 1)
        if nw > w:  # only then OpenCV looks at as many; it counts weights in 2048ths
            check(f"resize {nw} {nh} of {w} x {h} against OpenCV", picture(f"load in.png | resize {nw} {nh} bilinear"),
                  cv2.resize(a, (nw, nh), interpolation=cv2.INTER_LINEAR), 1)
        y, x = ((2 * np.arange(n) + 1) * o // (2 * n) for n, o in ((nh, h), (nw, w)))
        check(f"resize {nw} {nh} nearest of {w} x {h}", picture(f"load in.png | resize {nw} {nh} nearest"), a[y][:, x])
    check(f"thumbnail of {w} x {h}", picture("load in.png | thumbnail 60"), picture("load in.png | fit 60 60"), 0)
    for f in 2, 3, 7:
        cut = a[:h // f * f, :w // f * f]
        got = picture(f"load in.png | downsample {f}")
        check(f"downsample {f} of {w} x {h}", got, np.array(Image.fromarray(cut).reduce(f)), f > 2)
        check(f"downsample {f} of {w} x {h} against OpenCV", got,
              cv2.resize(cut, (w // f, h // f), interpolation=cv2.INTER_AREA), 1)
        check(f"zoom {f} of {w} x {h}", picture(f"load in.png | zoom {f}"), a.repeat(f, 0).repeat(f, 1))
        check(f"replicate {f} of {w} x {h}", picture(f"load in.png | replicate {f} 2"), np.tile(a, (2, f, 1)))
    im = Image.fromarray(a)
    for box in (50, 50), (80, 30), (31, 90), (300, 300):
        size = f"{box[0]} {box[1]}"
        check(f"fit {size} of {w} x {h}", picture(f"load in.png | fit {size}"),
              np.array(ImageOps.contain(im, box, Image.LANCZOS)), 4)  # Pillow rounds between the axes
        check(f"fit {size} cover of {w} x {h}", picture(f"load in.png | fit {size} cover"),
              np.array(ImageOps.fit(im, box, Image.LANCZOS)), 4)
        check(f"fit {size} pad of {w} x {h}", picture(f"load in.png | fit {size} pad gravity=northwest"),
              np.array(ImageOps.pad(im, box, Image.LANCZOS, centering=(0, 0))), 4)
    wild = rng.integers(0, 1 << 16, (2, h, w), dtype=np.uint16)  # over the image and around it, on 32nds and on 256ths
    for n in 0, 1:
        cv2.imwrite(f"map{n}.png", wild[n] >> 3 << 3)
    places = [((m >> 3 << 3) / 256.0 - 20).astype(np.float32) for m in wild]
    maps = "; ".join(f'm{n} = load map{n}.png | expr "a / 256 - 20" type=f32' for n in (0, 1))
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    bent = [(x + (y - 40) * (y - 40) / 512).astype(np.float32), (y * 0.75 - x * x / 4096).astype(np.float32)]
    bends = ('g = load in.png | gray; m0 = expr g "x + (y - 40) * (y - 40) / 512" type=f32; '
             'm1 = expr g "y * 0.75 - x * x / 4096" type=f32')
    Image.fromarray(noise := rng.integers(0, 256, (h, w, 3), dtype=np.uint8)).save("noise.png")
    for edge, border in ("copy", cv2.BORDER_REPLICATE), ("mirror", cv2.BORDER_REFLECT), ("reflect", cv2.BORDER_REFLECT_101), \
            ("wrap", cv2.BORDER_WRAP), ("fill", cv2.BORDER_CONSTANT):
        for what, text, m in ("wild", maps, places), ("bent", bends, bent):
            run = f"{text}; remap (load noise.png) (band_join [m0 m1]) edge={edge}"
            check(f"remap {what} nearest {edge} of {w} x {h}", picture(run + " kernel=nearest"),
                  cv2.remap(noise, *m, cv2.INTER_NEAREST, borderMode=border))
            want = cv2.remap(noise, *m, cv2.INTER_LINEAR, borderMode=border)
            # whole 32nds: its weights have 15 bits. Elsewhere places are off by 1/64 + 1/512 each way
            slack = 1 if what == "wild" else 255 * 2 * (1 / 64 + 1 / 512) + 1
            check(f"remap {what} {edge} of {w} x {h}", picture(run), want, slack)
    framed = np.full((h, w, 3), 250, np.uint8)
    framed[13:h - 9, 7:w - 31] = np.minimum(a[13:h - 9, 7:w - 31], 200)
    Image.fromarray(framed).save("in.png")
    box = np.array(json.loads(kal("load in.png | trim_box")), dtype=float)
    check(f"trim_box of {w} x {h}", box, np.array([[7, 13, w - 31, h - 9]]))
# tiles of several sizes on a sheet that numpy fills, and OpenCV's concatenation where all are of one size
gravities = {"": (1, 1), "north": (1, 0), "northeast": (2, 0), "east": (2, 1), "southeast": (2, 2), "south": (1, 2),
             "southwest": (0, 2), "west": (0, 1), "northwest": (0, 0)}
for kind in np.uint8, np.uint16:
    for channels in (1, 3, 4):
        sizes = [(31, 20), (17, 44), (40, 9), (1, 1), (40, 44), (12, 30), (33, 33)]
        tiles = [rng.integers(0, np.iinfo(kind).max + 1, (*size, channels)).astype(kind) for size in sizes]
        for i, tile in enumerate(tiles):
            cv2.imwrite(f"tile{i}.png", tile)
        for n, columns in (1, 1), (2, None), (4, 4), (5, None), (7, 3), (7, 1), (7, None):
            for cell in None, (50, 53):
                high, wide = cell or np.max(sizes[:n], axis=0)
                across, gap, gravity = columns or int(np.ceil(np.sqrt(n))), int(rng.integers(0, 6)), rng.choice(list(gravities))
                color = rng.integers(0, 256, channels).astype(kind)
                down = -(-n // across)
                want = np.empty((down * high + (down - 1) * gap, across * wide + (across - 1) * gap, channels), kind)
                want[:] = color[[2, 1, 0, 3][:channels]] if channels > 1 else color
                for i, tile in enumerate(tiles[:n]):
                    right, low = gravities[gravity]
                    x = i % across * (wide + gap) + (wide - tile.shape[1]) * right // 2
                    y = i // across * (high + gap) + (high - tile.shape[0]) * low // 2
                    want[y:y + tile.shape[0], x:x + tile.shape[1]] = tile
                words = f"gap={gap} color=[{' '.join(map(str, color))}]"
                words += f" gravity={gravity}" * bool(gravity) + f" columns={columns}" * bool(columns)
                words += f" width={wide} height={high}" * bool(cell)
                kal("montage " + " ".join(f"(load tile{i}.png)" for i in range(n)) + f" {words} | save out.png")
                got = cv2.imread("out.png", cv2.IMREAD_UNCHANGED)
                check(f"montage of {n} of {channels} channels, {kind.__name__}, {words}", got.reshape(want.shape), want)
        kal("montage (load tile0.png) (load tile0.png) (load tile0.png) (load tile0.png) | save out.png")
        got = cv2.imread("out.png", cv2.IMREAD_UNCHANGED).reshape(62, 40, channels)
        row = cv2.hconcat([tiles[0], tiles[0]])
        check(f"montage against OpenCV, {channels}", got, cv2.vconcat([row, row]).reshape(got.shape))
print(f"{checks - failed} passed, {failed} failed")
sys.exit(failed > 0)
END
