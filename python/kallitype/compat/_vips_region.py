# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..box import Box
from ._vips_errors import Error, translated

if TYPE_CHECKING:
    from .pyvips import Image


class Region:
    """Parts of an image, one after another; nothing else of it is computed."""

    def __init__(self, image: Image) -> None:
        self._image, self._size = image, (0, 0)

    @staticmethod
    def new(image: Image) -> Region:
        return Region(image)

    def width(self) -> int:
        """Of what was fetched last."""
        return self._size[0]

    def height(self) -> int:
        return self._size[1]

    def fetch(self, x: int, y: int, w: int, h: int) -> memoryview:
        """Samples from column x and row y on, w wide and h high: bytes, row by row, your own."""
        image = self._image
        if w < 1 or h < 1 or x < 0 or y < 0 or x + w > image.width or y + h > image.height:
            raise Error(f"fetch of left {x}, top {y}, width {w}, height {h} is not within an image of {image.width} x {image.height}")
        with translated():
            pixels = image.kal.fetch(Box.of(x, y, w, h))
        self._size = (w, h)
        return memoryview(bytearray(memoryview(pixels).tobytes()))
