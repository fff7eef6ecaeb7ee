# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What type checkers are told is what there is."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import kallitype as kal
from kallitype import stubs
from support import Case

PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kallitype")
needs_mypy = unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")

USE = """
import kallitype as kal
img: kal.Image = kal.open("a.png").resize(30, 20).gaussian(2, edge="mirror")
part: kal.Image = img[2:10, 3:9].crop(kal.Box(0, 0, 2, 2))
mean: kal.Value = img.gray().mean()
mask: kal.Image = (img > mean) & (img < 200)
data: bytes = kal.composite(part, img, x=3).encode("png")
shape: tuple[int, ...] = img.shape
with kal.options(threads=2):
    img.save("b.png")
kal.op("acme.same", version=1)
"""
WRONG = """
import kallitype as kal
img = kal.open("a.png")
img.gaussian(sigm=2)
img.gaussian(2, edge="mirrored")
img.no_such_op()
n: int = img.gaussian(2)
"""


class Stubs(Case):
    @classmethod
    def setUpClass(cls) -> None:
        cls.cache = tempfile.TemporaryDirectory(prefix="kallitype-mypy-")
        cls.addClassCleanup(cls.cache.cleanup)

    def test_they_are_up_to_date(self) -> None:
        with open(os.path.join(PACKAGE, "_ops.pyi")) as file:
            self.assertEqual(file.read(), stubs.text(), "write them anew: python3 -m kallitype.stubs python/kallitype/_ops.pyi")

    def test_every_op_is_there(self) -> None:
        with open(os.path.join(PACKAGE, "_ops.pyi")) as file:
            text = file.read()
        for name in kal._kal.ops():
            if "." not in name:
                self.assertIn(f"\ndef {name}(", text)

    def mypy(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", self.cache.name, "--config-file",
                               os.path.join(os.path.dirname(PACKAGE), "pyproject.toml"), *args], capture_output=True, text=True)

    @needs_mypy
    def test_the_package_is_strict(self) -> None:
        done = self.mypy(PACKAGE)
        self.assertEqual(done.returncode, 0, done.stdout)

    @needs_mypy
    def test_programs_are_checked(self) -> None:
        for name, text in (("use.py", USE), ("wrong.py", WRONG)):
            with open(self.path(name), "w") as file:
                file.write(text)
        shutil.copytree(PACKAGE, self.path("kallitype"), ignore=shutil.ignore_patterns("__pycache__"))
        right = self.mypy(self.path("use.py"))
        self.assertEqual(right.returncode, 0, right.stdout)
        wrong = self.mypy(self.path("wrong.py"))
        self.assertEqual(wrong.stdout.count("wrong.py:"), 4 + wrong.stdout.count("note:"), wrong.stdout)

    @unittest.skipUnless(importlib.util.find_spec("mypy") and shutil.which("stubtest"), "stubtest is not installed")
    def test_stubtest(self) -> None:
        allowed = self.path("allowed")
        with open(allowed, "w") as file:   # an Op is an object with a signature and no function, which stubtest does not look into
            file.write("kallitype\\._kal\\..*\\.__buffer__\nkallitype\\._ops\\..*\nkallitype\\..*\\.(Op|BoundOp)\\..*\nkallitype\\.[a-z_0-9]+\n")
        done = subprocess.run(["stubtest", "kallitype._kal", "--allowlist", allowed, "--ignore-unused-allowlist", "--mypy-config-file",
                               os.path.join(os.path.dirname(PACKAGE), "pyproject.toml")], capture_output=True, text=True,
                              env={**os.environ, "MYPYPATH": os.path.dirname(PACKAGE)}, cwd=self.path(""))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
