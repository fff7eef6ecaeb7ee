# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Sizes and points, immutable, in pixels or in parts of an image's sides."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from numbers import Integral, Real
from typing import Any


def _side(name: str, value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(f"ImageSize: {name} is a number of pixels, not {value}")
    try:
        side = operator.index(value)
    except TypeError:
        raise TypeError(f"ImageSize: {name} is a whole number of pixels, not {value!r}") from None
    if side <= 0:
        raise ValueError(f"ImageSize: {name} is {side}; a size is positive")
    return side


class ImageSize:
    """Height and width in pixels. They are given by name, so that nobody takes one for the other.

    Sizes are ordered by both sides at once: 2×3 < 3×4, and of 2×5 and 3×4 neither is smaller.
    """

    __slots__ = ("height", "width")
    height: int
    width: int

    def __init__(self, *, height: int, width: int) -> None:
        object.__setattr__(self, "height", _side("height", height))
        object.__setattr__(self, "width", _side("width", width))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an ImageSize does not change; make another")

    @classmethod
    def from_image(cls, image: Any) -> ImageSize:
        """Of an image, or of whatever open() takes: a header is read, no pixel."""
        if hasattr(image, "size") and callable(image.size) and isinstance(size := image.size(), ImageSize):
            return size
        from .opening import open as open_

        image = open_(image)
        return cls(height=image.height, width=image.width)

    def area(self) -> int:
        return self.height * self.width

    product = area

    def min(self) -> int:
        return min(self.height, self.width)

    def max(self) -> int:
        return max(self.height, self.width)

    def _each(self, change: Callable[[int], Any], what: str) -> ImageSize:
        height, width = change(self.height), change(self.width)
        if height <= 0 or width <= 0:
            raise ValueError(f"{self} {what} has no pixels: {height}×{width}")
        return ImageSize(height=height, width=width)

    def __mul__(self, k: Any) -> ImageSize:
        """Each side times k, rounded, halves to the even number."""
        if not isinstance(k, Real):
            return NotImplemented
        return self._each(lambda side: round(side * float(k)), f"* {k}")

    __rmul__ = __mul__

    def __truediv__(self, k: Any) -> ImageSize:
        if not isinstance(k, Real):
            return NotImplemented
        return self._each(lambda side: round(side / float(k)), f"/ {k}")

    def __floordiv__(self, k: Any) -> ImageSize:
        if not isinstance(k, Integral):
            return NotImplemented
        return self._each(lambda side: side // k, f"// {k}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageSize):
            return NotImplemented
        return (self.height, self.width) == (other.height, other.width)

    def __lt__(self, other: ImageSize) -> bool:
        if not isinstance(other, ImageSize):
            return NotImplemented
        return self.height < other.height and self.width < other.width

    def __le__(self, other: ImageSize) -> bool:
        if not isinstance(other, ImageSize):
            return NotImplemented
        return self.height <= other.height and self.width <= other.width

    def __gt__(self, other: ImageSize) -> bool:
        if not isinstance(other, ImageSize):
            return NotImplemented
        return self.height > other.height and self.width > other.width

    def __ge__(self, other: ImageSize) -> bool:
        if not isinstance(other, ImageSize):
            return NotImplemented
        return self.height >= other.height and self.width >= other.width

    def __hash__(self) -> int:
        return hash((self.height, self.width))

    def __repr__(self) -> str:
        return f"ImageSize(height={self.height}, width={self.width})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _size, (self.height, self.width)

    def __kal_params__(self) -> Any:
        return {"$size": [self.height, self.width]}


def _size(height: int, width: int) -> ImageSize:
    return ImageSize(height=height, width=width)


class Points:
    """Points in an image: rows of x, y, in pixels or, with is_normalized, in parts of its width and height.

    points: anything with rows of two numbers. image_size: the image's, without which nothing is turned from one into the other.
    As a parameter of an op it stands for its pixels: img.draw_points(points=p).
    """

    __slots__ = ("_rows", "is_normalized", "image_size")
    _rows: tuple[tuple[float, float], ...]
    is_normalized: bool
    image_size: ImageSize

    def __init__(self, points: Iterable[Any], is_normalized: bool, image_size: ImageSize) -> None:
        rows = []
        for row in points.tolist() if hasattr(points, "tolist") else points:
            x, y = (float(v) for v in row)
            if not (math.isfinite(x) and math.isfinite(y)):
                raise ValueError(f"Points: ({x}, {y}) is no place")
            rows.append((x, y))
        if not isinstance(image_size, ImageSize):
            raise TypeError(f"Points: image_size is an ImageSize, not {image_size!r}")
        for name, value in zip(Points.__slots__, (tuple(rows), bool(is_normalized), image_size)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Points do not change; make others")

    def _new(self, rows: Iterable[tuple[float, float]], size: ImageSize | None = None) -> Any:
        return type(self)(rows, False, size or self.image_size)

    def _pixels(self) -> tuple[tuple[float, float], ...]:
        if not self.is_normalized:
            return self._rows
        w, h = self.image_size.width, self.image_size.height
        return tuple((x * w, y * h) for x, y in self._rows)

    def _shares(self) -> tuple[tuple[float, float], ...]:
        if self.is_normalized:
            return self._rows
        w, h = self.image_size.width, self.image_size.height
        return tuple((x / w, y / h) for x, y in self._rows)

    @property
    def points(self) -> Any:
        """As they were given: a NumPy array of N×2, of your own."""
        return _array(self._rows)

    @property
    def xy(self) -> Any:
        """In pixels: a NumPy array of N×2, of your own."""
        return _array(self._pixels())

    @property
    def xyn(self) -> Any:
        """In parts of the image's sides: a NumPy array of N×2, of your own."""
        return _array(self._shares())

    @property
    def num_points(self) -> int:
        return len(self._rows)

    def list_tuple_int(self) -> list[tuple[int, int]]:
        """Pixels that they lie in, cut off towards 0."""
        return [(int(x), int(y)) for x, y in self._pixels()]

    def list_tuple_float(self, *, normalized: bool) -> list[tuple[float, float]]:
        return list(self._shares() if normalized else self._pixels())

    def _edge(self, of: Callable[..., float], i: int) -> int:
        if not self._rows:
            raise ValueError("there are no points")
        return int(of(row[i] for row in self._pixels()))

    def min_x(self) -> int:
        return self._edge(min, 0)

    def max_x(self) -> int:
        return self._edge(max, 0)

    def min_y(self) -> int:
        return self._edge(min, 1)

    def max_y(self) -> int:
        return self._edge(max, 1)

    def shift_points(self, shift: tuple[float, float]) -> Any:
        """All of them further by (dx, dy) pixels; the result is in pixels."""
        dx, dy = shift
        return self._new((x + dx, y + dy) for x, y in self._pixels())

    def clip_to_image_bounds(self, image_size: ImageSize) -> Any:
        """Those outside move to the nearest of its pixels: 0 to width − 1, 0 to height − 1. None is left out."""
        w, h = image_size.width - 1, image_size.height - 1
        return self._new(((min(max(x, 0.0), w), min(max(y, 0.0), h)) for x, y in self._pixels()), image_size)

    def to_mask(self) -> Any:
        """A mask of the image's size, set where a point lies. The far edge (1.0) counts to the last pixel; what lies outside is not drawn."""
        from . import _kal

        w, h = self.image_size.width, self.image_size.height
        flat = [v for x, y in self._pixels() for v in (x - 0.5 if x == w else x, y - 0.5 if y == h else y)]
        return _kal.ops()["points_mask"](points=flat, width=w, height=h)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return iter(self._pixels())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Points):
            return NotImplemented
        return (self._rows, self.is_normalized, self.image_size) == (other._rows, other.is_normalized, other.image_size)

    def __hash__(self) -> int:
        return hash((self._rows, self.is_normalized, self.image_size))

    def __repr__(self) -> str:
        return f"Points({list(self._rows)}, is_normalized={self.is_normalized}, image_size={self.image_size})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._rows, self.is_normalized, self.image_size)

    def __kal_params__(self) -> Any:
        return {"$points": [list(row) for row in self._rows], "normalized": self.is_normalized,
                "size": [self.image_size.height, self.image_size.width]}


def _array(rows: tuple[tuple[float, float], ...]) -> Any:
    import numpy

    return numpy.array(rows, dtype=numpy.float64).reshape(len(rows), 2)
