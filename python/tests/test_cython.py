# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Typed access from Cython, without NumPy: images are read where they lie, a canvas is written in place and becomes an image."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import unittest

import kallitype as kal
from support import Case, picture, pixels

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = os.path.join(sysconfig.get_paths()["include"], "Python.h")


@unittest.skipUnless(shutil.which("cython3") and shutil.which("gcc") and os.path.exists(HEADER), "Cython, a compiler or Python's headers are not installed")
class Cython(Case):
    def setUp(self) -> None:
        super().setUp()
        shutil.copy(os.path.join(HERE, "loops.pyx"), self.path("loops.pyx"))
        subprocess.run(["cython3", self.path("loops.pyx")], check=True, capture_output=True)
        subprocess.run(["gcc", "-O2", "-fopenmp", "-shared", "-fPIC", f"-I{os.path.dirname(HEADER)}", self.path("loops.c"), "-o", self.path("loops.so")],
                       check=True, capture_output=True)
        sys.path.insert(0, self.path(""))
        self.addCleanup(sys.path.remove, self.path(""))
        self.loops = importlib.import_module("loops")

    def test_loops(self) -> None:
        gray = picture(channels=1)
        canvas = kal.Canvas(40, 60)
        self.loops.negative(gray, canvas)
        self.assertEqual(pixels(canvas.freeze()), pixels(gray.invert()))
        rgb = picture()
        canvas = kal.Canvas(40, 60, 3)
        self.loops.negative_rgb(rgb, canvas)
        self.assertEqual(pixels(canvas.freeze()), pixels(rgb.invert()))
        rgba = picture(channels=4)
        out = memoryview(bytearray(40 * 60 * 4)).cast("I", (40, 60))
        self.loops.swap_packed(rgba.packed(), out)
        self.assertEqual(pixels(kal.array(out.cast("B").cast("B", (40, 60, 4)))), pixels(rgba.band_extract([2, 1, 0, 3])))
        with self.assertRaises((ValueError, BufferError)):
            self.loops.negative(gray, gray)   # nothing is written into an image
        with self.assertRaises(ValueError):
            self.loops.negative(rgb, canvas)

    def test_twelve_megapixels(self) -> None:
        image = picture(300, 400, 1).resize(4000, 3000)
        canvas = kal.Canvas(3000, 4000)
        view = image.raw_view()
        began = time.perf_counter()
        self.loops.negative(view, canvas)
        print(f"12 MP: {(time.perf_counter() - began) * 1000:.0f} ms", file=sys.stderr)
        self.assertEqual(canvas.freeze(), kal.array(image.invert()))


if __name__ == "__main__":
    unittest.main()
