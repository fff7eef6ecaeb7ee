#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What a search for a quality expects: makes such a file as graph/optimize_curves.h of photographs.

    cmake --build build/dev --target kal-look
    PYTHONPATH=build/dev/python python3 bench/curves.py build/dev/bench/kal-look PHOTOS... > graph/optimize_curves.h

Encodes crops of each at every quality of each row below, scores them, and fits: the mean of those that look alike, what a look adds, by which shapes pictures of one look differ, and
what is left. A dozen photographs took three and a half minutes on two processors. docs/notes/metrics.md says what it is for.
"""
import argparse
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile

import kallitype as kal
import numpy as np

SIDES = (512, 384)
REDUCED = (1, 2, 4)
FLAT = 0.4          # bits of detail below which a crop is all sky
SHAPES = 4
RIDGE = 0.01
NEARLY_ALL = 0.02   # of looks that are left out at either end of what was seen
OF_MEDIAN = 1.48    # deviation of a normal distribution beside its median of magnitudes
ROUGH = 0.7         # of what is left: with all of it searches took a tenth of a file more
ODD = 2             # times the usual deviation: what is further counts as no more, of pictures nobody looked at
HEADS = {"jpeg": 600, "jpeg_full": 600, "avif": 300, "heif": 400}   # bytes, as graph/optimize_lines.c has them

KNOTS = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98, 100]
AVIF = [1, 3, 4, 6, 8, 9, 11, 12, 14, 16, 17, 19, 20, 22, 24, 25, 27, 28, 30, 31, 33, 35, 36, 38, 39, 41, 43, 44, 46, 47, 49, 51, 52, 54, 55, 57, 58, 60,
        62, 63, 65, 66, 68, 70, 71, 73, 74, 76, 77, 79, 81, 82, 84, 85, 87, 89, 90, 92, 93, 95, 97, 98, 100]
COLOURS = {1: 2, 7: 3, 14: 4, 20: 6, 27: 8, 34: 12, 40: 16, 47: 24, 53: 32, 60: 48, 67: 64, 73: 96, 80: 128, 86: 160, 93: 192, 100: 256}
TUNED = {"progressive": True, "optimize": True, "tables": "tuned"}
ALL = range(1, 101)

# name, suffix, parameters, the qualities that are tried, knots, what is said of it
ROWS = [
    ("jpeg", ".jpg", {**TUNED, "subsampling": "420"}, ALL, KNOTS, "Tuned tables, colour of half the resolution."),
    ("jpeg_full", ".jpg", {**TUNED, "subsampling": "444"}, ALL, KNOTS, "And of the whole."),
    ("webp", ".webp", {"effort": 4}, ALL, KNOTS, "Effort 4."),
    ("avif", ".avif", {"effort": 3, "subsampling": "420"}, AVIF, KNOTS, "Effort 3, colour of half the resolution."),
    ("heif", ".heic", {"effort": 6, "subsampling": "420"}, None, [1, 6, 10, 20, 30, 40, 50, 60, 70, 80, 84, 90, 94, 98, 100],
     "HEIC, effort 6, colour of half the resolution."),
    ("jxl", ".jxl", {"effort": 7}, None, KNOTS, "Effort 7."),
    ("palette", ".png", {"compression": 9}, COLOURS, [1, 7, 14, 20, 27, 34, 40, 47, 53, 60, 67, 73, 80, 93, 100],
     "PNG of so many colours: the rungs of a ladder."),
]
BETWEEN = {"heif": (0.027, 0.31), "jxl": (0.02, 0.5)}   # roughness of those that are tried at their knots alone

# ---- crops, and how they look ------------------------------------------------------------------------


def crops(path, index):
    """Arrays of 512 x 384, from the photograph itself and reduced."""
    source = kal.open(path)
    for nth, by in enumerate(REDUCED):
        width, height = SIDES[0] * by, SIDES[1] * by
        if source.width < width or source.height < height:
            continue
        x = (source.width - width) * ((index * 7 + nth * 3) % 11) // 10
        y = (source.height - height) * ((index * 5 + nth * 2) % 11) // 10
        part = source.crop(x=x, y=y, width=width, height=height)
        part = part.resize(width=SIDES[0]) if by > 1 else part
        pixels = np.asarray(part.cast(type="u8"))
        if pixels.ndim == 3 and pixels.shape[2] >= 3 and detail(pixels) >= FLAT:
            yield np.ascontiguousarray(pixels[..., :3])


def luma(pixels):
    p = pixels.astype(np.int32)
    return (77 * p[..., 0] + 150 * p[..., 1] + 29 * p[..., 2]) >> 8


def detail(pixels):
    l = luma(pixels)
    return np.mean([np.log2(1 + abs(np.diff(l, axis=a))).mean() for a in (0, 1)])


def look(program, pixels):
    """What the library sees of it."""
    with tempfile.NamedTemporaryFile(suffix=".ppm") as f:
        kal.array(pixels).save(f.name)
        return np.array([float(v) for v in subprocess.check_output([program, f.name], text=True).split()])


def measure(task):
    """Of each row: log2 of bits a pixel, and the score, at the qualities that are tried."""
    program, path, index = task
    found = []
    for pixels in crops(path, index):
        picture, sides = kal.array(pixels), {}
        for name, suffix, params, tried, knots, _ in ROWS:
            rows = []
            for q in tried or knots:
                how = {"colours": COLOURS[q]} if name == "palette" else {"quality": q}
                data = bytes(picture.encode(suffix, **params, **how))
                score = float(kal.ssimulacra2(picture, kal.open(data)).get())
                rows.append((np.log2((len(data) - HEADS.get(name, 0)) * 8 / pixels[..., 0].size), score))
            sides[name] = np.array(rows)
        found.append((look(program, pixels), sides))
    return found


# ---- the fit -----------------------------------------------------------------------------------------


def main_shapes(covariance):
    variance, vectors = np.linalg.eigh(covariance * 1.1)
    return (vectors[:, -SHAPES:] * np.sqrt(variance[-SHAPES:])).T[::-1]


def fit(looks, tried, knots, values, between):
    """Mean at every quality, what looks add, shapes of those that look alike and of all, roughness. Odd pictures count less."""
    at_knots = np.array([np.interp(knots, tried, v) for v in values])
    n, centre, spread = len(values), looks.mean(0), looks.std(0)
    unit = np.concatenate([np.ones((n, 1)), (looks - centre) / spread], 1)
    weight = np.ones(n)
    for _ in range(3):
        ridge = RIDGE * weight.sum() * np.diag([0] + [1] * looks.shape[1])
        w = np.linalg.solve(unit.T @ (unit * weight[:, None]) + ridge, unit.T @ (at_knots * weight[:, None]))
        off = at_knots - unit @ w
        usual = np.median(abs(off), 0) * OF_MEDIAN + 1e-6
        weight = 1 / np.maximum(1, np.sqrt(np.mean((off / usual) ** 2, 1)) / 1.5) ** 2
    add = w[1:] / spread[:, None]
    base = w[0] - centre @ add
    shapes = main_shapes((off * weight[:, None]).T @ off / weight.sum())
    apart = at_knots - base
    far = np.sqrt(np.mean((apart / (np.median(abs(apart), 0) * OF_MEDIAN)) ** 2, 1)) / ODD
    apart = apart / np.maximum(1, far)[:, None]
    unseen = main_shapes(apart.T @ apart / n)
    whole = np.array([v - np.interp(tried, knots, k) for v, k in zip(values, at_knots - base)])
    mean = np.median(whole, 0)
    rest = off - (off @ np.linalg.pinv(shapes)) @ shapes
    inner = (np.array(tried) > 10) & (np.array(tried) < 95)
    rough = ROUGH * OF_MEDIAN * np.sqrt((np.median((whole - mean) ** 2, 0)[inner].mean() + np.median(rest**2, 0)[3:13].mean()))
    return np.interp(np.arange(1, 101), tried, mean), add, shapes, unseen, between or rough


# ---- the header --------------------------------------------------------------------------------------

HEAD = """// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What qualities of encoders give, encoded and scored: log2 of bits a pixel, and SSIMULACRA2, of crops of 512 x 384 of photographs and some drawings, at full size
// and reduced by two and four. bench/curves.py made this file (docs/notes/metrics.md).
#ifndef KAL_GRAPH_OPTIMIZE_CURVES_H
#define KAL_GRAPH_OPTIMIZE_CURVES_H

#include "quality.h"

// clang-format off
"""


def numbers(values, digits):
    return [f"{v:.{digits}f}f" if abs(v) >= 0.5 * 10**-digits else "0" for v in values]


def print_side(side, digits):
    mean, add, shapes, unseen, rough = side
    print("     {\n      {")
    for i in range(0, 100, 15):
        print("       " + ", ".join(numbers(mean[i : i + 15], digits)) + ",")
    print("      },")
    for rows in (add, shapes, unseen):
        print("      {")
        for row in rows:
            print("       {" + ", ".join(numbers(row, digits)) + "},")
        print("      },")
    print(f"      {rough:.{digits + 1}f}f,\n     }},")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("look", help="the program kal-look")
    parser.add_argument("photos", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    tasks = [(given.look, photo, i) for i, photo in enumerate(given.photos)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        found = [one for many in pool.imap(measure, tasks) for one in many]
    if len(found) < 20:
        sys.exit(f"curves: {len(found)} crops are too few to tell how pictures differ")
    looks = np.array([l for l, _ in found])
    print(HEAD, end="")
    seen = zip(np.quantile(looks, NEARLY_ALL, axis=0), np.quantile(looks, 1 - NEARLY_ALL, axis=0))
    print("\n// From which look to which, of nearly all crops.")
    print("#define KAL__CURVE_SEEN {" + ", ".join("{" + ", ".join(numbers(ends, 2)) + "}" for ends in seen) + "}")
    for name, _, _, tried, knots, what in ROWS:
        print(f"\n// {what}\nstatic const kal__quality_curve {name} = {{\n     {{{', '.join(map(str, knots))}}},\n     KAL__CURVE_SEEN,")
        for of, digits in ((0, 3), (1, 2)):
            values = [sides[name][:, of] for _, sides in found]
            print_side(fit(looks, list(tried or knots), knots, values, BETWEEN.get(name, (None, None))[of]), digits)
        print("};")
    print("// clang-format on\n\n#endif")


if __name__ == "__main__":
    main()
