# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What type checkers are told is what there is."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import unittest

import kallitype as kal
from kallitype import stubs
from support import Case

PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kallitype")
needs_mypy = unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")

RIGHT = """
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
    def test_they_are_up_to_date(self) -> None:
        with open(os.path.join(PACKAGE, "_ops.pyi")) as file:
            self.assertEqual(file.read(), stubs.text(), "write them anew: python3 -m kallitype.stubs python/kallitype/_ops.pyi")

    def test_every_op_is_there(self) -> None:
        with open(os.path.join(PACKAGE, "_ops.pyi")) as file:
            text = file.read()
        for name in kal._kal.ops():
            if "." not in name:
                self.assertIn(f"\ndef {name}(", text)

    @needs_mypy
    def test_mypy(self) -> None:
        """One run, for it takes long: the package itself, a program that is right, and one with a mistake a line."""
        shutil.copytree(PACKAGE, self.path("kallitype"), ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in (("right.py", RIGHT), ("wrong.py", WRONG)):
            with open(self.path(name), "w") as file:
                file.write(text)
        done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", self.path("cache"), "--config-file",
                               os.path.join(os.path.dirname(PACKAGE), "pyproject.toml"), "kallitype", "right.py", "wrong.py"], capture_output=True,
                              text=True, cwd=self.path(""))
        lines = [line for line in done.stdout.splitlines() if ": error:" in line]
        self.assertEqual([line for line in lines if not line.startswith("wrong.py")], [], done.stdout)
        self.assertEqual([line.split(":")[1] for line in lines], ["4", "5", "6", "7"], done.stdout)

    @unittest.skipUnless(os.environ.get("KAL_CHECK") and shutil.which("stubtest"), "stubtest takes minutes: ./dev check")
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
