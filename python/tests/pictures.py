# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""The pictures of docs/python.md, made by the page's own blocks of code, of the picture that the op `sample` gives. test_docs.py compares; to make them anew

    PYTHONPATH=build/dev/python python3 python/tests/pictures.py docs/pictures
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from typing import Any

import kallitype as kal

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs/python.md")


def scene() -> kal.Image:
    return kal.sample(width=640, height=480)


def blocks() -> list[str]:
    with open(PAGE) as file:
        return re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)


def run(marker: str) -> dict[str, Any]:
    """The names of the one block that has this in it, after it ran beside in.jpg."""
    code, = (b for b in blocks() if marker in b)
    names: dict[str, Any] = {}
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            scene().save("in.jpg", quality=95)
            scene().save("in.png")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, names)
            for name, value in names.items():  # the files go with the folder
                if isinstance(value, kal.Image):
                    names[name] = kal.array(value.raw_view(), model=value.model)
        finally:
            os.chdir(here)
    return names


def beside(*images: kal.Image) -> kal.Image:
    small = [i.to_rgb() if i.channels == 1 else i for i in (i.resize(width=300) for i in images)]
    return kal.montage(small, columns=len(small), gap=8, color=[255, 255, 255])


def make() -> dict[str, kal.Image | str]:
    """By file: a picture, or the text of an SVG."""
    masks, within, sheet = run("mask = (img.gray()"), run("img.within(face"), run("kal.montage(")
    return {"masks.jpg": beside(masks["img"], masks["mask"], masks["bright"]), "within.jpg": beside(within["img"], within["out"]),
            "sheet.jpg": sheet["sheet"], "graph.svg": run('explain("svg")')["plan"]}


if __name__ == "__main__":
    for name, made in make().items():
        path = os.path.join(sys.argv[1], name)
        if isinstance(made, str):
            with open(path, "w") as out:
                out.write(made)
        else:
            made.save(path, quality=85)
