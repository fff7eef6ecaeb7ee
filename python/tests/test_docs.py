# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Every block of Python in the docs runs, by itself, in a folder with in.jpg, in.png and mask.png."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
import unittest

import kallitype as kal
from support import Case, picture, there

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = ["python/README.md", "docs/python.md", *sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs/from/*.md")))]
MODULES = ("numpy", "torch", "PIL", "cv2", "tqdm", "dask", "distributed", "cachetools")


def blocks(page: str) -> list[tuple[int, str]]:
    with open(os.path.join(ROOT, page)) as file:
        text = file.read()
    return [(text[:m.start()].count("\n") + 2, m[1]) for m in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S)]


class Docs(Case):
    def run_block(self, page: str, line: int, code: str) -> None:
        lacking = [m for m in MODULES if re.search(rf"\b(import|from) {m}\b", code) and not there(m)]
        if lacking:
            self.skipTest(f"{', '.join(lacking)} is not installed")
        done = subprocess.run([sys.executable, "-W", "error::SyntaxWarning", "-c", code], cwd=self.path(""), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{page}:{line}\n{code}\n{done.stderr}")

    def test_they_run(self) -> None:
        photo = picture(480, 640).gaussian(3)
        photo.save(self.path("in.jpg"))
        picture(480, 640, 4).save(self.path("in.png"))
        (photo.gray() > 120).save(self.path("mask.png"))
        n = 0
        for page in PAGES:
            for line, code in blocks(page) if os.path.exists(os.path.join(ROOT, page)) else ():
                n += 1
                with self.subTest(f"{page}:{line}"):
                    self.run_block(page, line, code)
        self.assertGreater(n, 0)


class Pictures(Case):
    def test_they_are_what_the_blocks_make(self) -> None:
        import pictures

        folder = os.path.join(ROOT, "docs/pictures")
        made = pictures.make()
        self.assertEqual(sorted(made), sorted(os.listdir(folder)))
        with open(pictures.PAGE) as file:
            self.assertEqual(sorted(re.findall(r"!\[[^]]*\]\(pictures/(.*?)\)", file.read())), sorted(made))
        for name, now in made.items():
            kept = os.path.join(folder, name)
            with self.subTest(name):
                if isinstance(now, str):
                    with open(kept) as file:
                        keys = re.compile(r' data-key="[0-9a-f]*"')  # which hang on the JPEG library
                        self.assertEqual(keys.sub("", file.read()), keys.sub("", now))
                else:
                    self.assertGreater(float(kal.open(kept).psnr(now)), 30)


if __name__ == "__main__":
    unittest.main()
