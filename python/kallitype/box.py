# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""A part of an image, in pixels or in parts of its sides."""

from __future__ import annotations

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Iterator

    from .image import Image


class Box:
    """The rectangle x0 <= x < x1, y0 <= y < y1, immutable. With relative=True the edges are parts of the width and the height, 0 to 1.

    Edges may be fractions; where pixels are wanted each is rounded once, halves to the even number, so that boxes that meet still meet.
    """

    __slots__ = ("x0", "y0", "x1", "y1", "relative")
    x0: float
    y0: float
    x1: float
    y1: float
    relative: bool

    def __init__(self, x0: float, y0: float, x1: float, y1: float, *, relative: bool = False) -> None:
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"Box({x0}, {y0}, {x1}, {y1}) is empty: its corners are x0 < x1 and y0 < y1; Box.of takes x, y, width, height")
        for name, value in zip(Box.__slots__, (x0, y0, x1, y1, relative)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Box does not change; make another")

    @classmethod
    def of(cls, x: float, y: float, width: float, height: float, *, relative: bool = False) -> Box:
        """By corner and size."""
        return cls(x, y, x + width, y + height, relative=relative)

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in whole pixels of an image of that size; not clipped to it."""
        sx, sy = (width, height) if self.relative else (1, 1)
        return round(self.x0 * sx), round(self.y0 * sy), round(self.x1 * sx), round(self.y1 * sy)

    def _place(self, image: Image | None) -> tuple[int, int, int, int]:
        size = (image.width, image.height) if self.relative and image is not None else (0, 0)
        if self.relative and image is None:
            raise ValueError("a relative box needs the image that it is of")
        x0, y0, x1, y1 = self.pixels(*size)
        return x0, y0, x1 - x0, y1 - y0

    def __iter__(self) -> Iterator[float]:
        return iter((self.x0, self.y0, self.x1, self.y1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and tuple(self) == tuple(other) and self.relative == other.relative

    def __hash__(self) -> int:
        return hash((*self, self.relative))

    def __repr__(self) -> str:
        return f"Box({self.x0:g}, {self.y0:g}, {self.x1:g}, {self.y1:g}{', relative=True' if self.relative else ''})"

    def __reduce__(self) -> tuple[object, ...]:
        return _box, (self.x0, self.y0, self.x1, self.y1, self.relative)


def _box(x0: float, y0: float, x1: float, y1: float, relative: bool) -> Box:
    return Box(x0, y0, x1, y1, relative=relative)
