# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""HashableDict, HashableList, BoundingBox, ImageCrop, Points: PixelCache's values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from ..box import Box
from ..params import ParamDict, ParamList, foreign
from ..point_lists import ImageSize, Points as _Points

if TYPE_CHECKING:
    from .pixelcache import HashableImage


class _Leaf:
    """A tensor or a Pillow image within a dict or list: a copy, of which copies are given out."""

    __slots__ = ("_value", "_keyed")

    def __init__(self, value: Any, where: str) -> None:
        self._value = value.detach().cpu().clone() if hasattr(value, "detach") else value.copy()
        self._keyed = foreign(self._value, where)

    def __kal_params__(self) -> Any:
        return self._keyed

    def given(self) -> Any:
        return self._value.clone() if hasattr(self._value, "clone") else self._value.copy()

    def __repr__(self) -> str:
        return repr(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Leaf, (self._value, "")


def _given(value: Any) -> Any:
    return value.given() if isinstance(value, _Leaf) else value


def _deep(value: Any) -> Any:
    if isinstance(value, HashableDict):
        return value.to_dict()
    return value.to_list() if isinstance(value, HashableList) else _given(value)


class HashableDict(ParamDict):
    """An immutable dict as a key. Names may be anything that has a key, as in PixelCache."""

    __slots__ = ()

    def __init__(self, data: Mapping[Any, Any] = {}) -> None:   # noqa: B006, never written to
        self._fill(data, "")

    def __class_getitem__(cls, item: Any) -> type[HashableDict]:
        return cls

    def _fill(self, data: Mapping[Any, Any], where: str) -> None:
        if all(isinstance(name, str) for name in data):
            return super()._fill(data, where)
        super()._fill({}, where)
        items = {name: self._lists()._made([item], f"{where}[{name!r}]")[0] for name, item in data.items()}
        object.__setattr__(self, "_items", items)

    @classmethod
    def _lists(cls) -> type[ParamList]:
        return HashableList

    _foreign = staticmethod(_Leaf)

    def __getitem__(self, name: Any) -> Any:
        return _given(self._items[name])

    def to_dict(self) -> dict[Any, Any]:
        """A plain dict, deep. Arrays in it stay read-only."""
        return {name: _deep(item) for name, item in self._items.items()}

    def _plain(self) -> dict[str, Any]:
        if all(isinstance(name, str) for name in self._items):
            return super()._plain()
        pairs = [HashableList([name, item]) for name, item in self._items.items()]
        return {"$pairs": [pair._plain() for pair in sorted(pairs, key=lambda pair: HashableList([pair[0]]).key)]}

    def copy(self) -> HashableDict:
        return HashableDict(self._items)

    def __repr__(self) -> str:
        return f"HashableDict: {self._items}"


class HashableList(ParamList):
    """An immutable list as a key."""

    __slots__ = ()

    def __init__(self, data: Iterable[Any] = ()) -> None:
        self._fill(data, "")

    def __class_getitem__(cls, item: Any) -> type[HashableList]:
        return cls

    @classmethod
    def _dicts(cls) -> type[ParamDict]:
        return HashableDict

    def __getitem__(self, i: Any) -> Any:
        return _given(super().__getitem__(i))

    def __iter__(self) -> Iterator[Any]:
        return map(_given, self._items)

    def to_list(self) -> list[Any]:
        """A plain list, deep. Arrays in it stay read-only."""
        return [_deep(item) for item in self._items]

    def copy(self) -> HashableList:
        return HashableList(self._items)

    def __repr__(self) -> str:
        return f"HashableList: {list(self._items)}"


def _unit(corners: tuple[float, ...], image_size: ImageSize | None, normalized: bool | None) -> bool:
    """Whether corners are parts of an image's sides. Said, or seen: within 0 to 1, and not four whole numbers beside an image's size."""
    if normalized is not None:
        return normalized
    within = all(0 <= c <= 1 for c in corners)
    return within and not (image_size is not None and all(isinstance(c, Integral) for c in corners))


def _check(name: str, first: float, last: float, low: str, high: str) -> None:
    if not first < last:
        raise ValueError(f"{name}: {low} must be smaller than {high}, not {first} and {last}")
    if first < 0:
        raise ValueError(f"{name}: {low} is {first}; there are no pixels before 0")


class BoundingBox:
    """The rectangle xmin <= x < xmax, ymin <= y < ymax, in pixels of an image of image_size, or normalised: in parts of its sides.

    normalized says which. Left out, corners within 0 to 1 are normalised, unless image_size is given and they are four ints:
    BoundingBox(0, 0, 1, 1, size) is one pixel, BoundingBox(0.0, 0.0, 1.0, 1.0, size) all of the image.
    """

    __slots__ = ("xmin", "ymin", "xmax", "ymax", "image_size", "_normalized")
    xmin: float
    ymin: float
    xmax: float
    ymax: float
    image_size: ImageSize | None
    _normalized: bool

    def __init__(self, xmin: float, ymin: float, xmax: float, ymax: float, image_size: ImageSize | None = None, *,
                 normalized: bool | None = None) -> None:
        _check("BoundingBox", xmin, xmax, "xmin", "xmax")
        _check("BoundingBox", ymin, ymax, "ymin", "ymax")
        if image_size is not None and not isinstance(image_size, ImageSize):
            raise TypeError(f"BoundingBox: image_size is an ImageSize, not {image_size!r}")
        corners = (xmin, ymin, xmax, ymax)
        unit = _unit(corners, image_size, normalized)
        if unit and max(corners) > 1:
            raise ValueError(f"BoundingBox: {corners} is not within 0 to 1")
        if not unit and image_size is None:
            raise ValueError(f"BoundingBox: a box in pixels needs image_size, {corners} has none")
        for name, value in zip(BoundingBox.__slots__, (*map(float, corners), image_size, unit)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a BoundingBox does not change; make another")

    def is_normalized(self) -> bool:
        return self._normalized

    def _size(self, what: str) -> ImageSize:
        if self.image_size is None:
            raise ValueError(f"BoundingBox: {what} needs image_size")
        return self.image_size

    @property
    def xyxyn(self) -> tuple[float, float, float, float]:
        corners = (self.xmin, self.ymin, self.xmax, self.ymax)
        if self._normalized:
            return corners
        size = self._size("xyxyn")
        return corners[0] / size.width, corners[1] / size.height, corners[2] / size.width, corners[3] / size.height

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        """In whole pixels, each edge rounded once, halves to the even number."""
        if not self._normalized:
            return round(self.xmin), round(self.ymin), round(self.xmax), round(self.ymax)
        return self.box.pixels(self._size("xyxy").width, self._size("xyxy").height)

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = self.xyxy
        return x0, y0, x1 - x0, y1 - y0

    @property
    def xywhn(self) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = self.xyxyn
        return x0, y0, x1 - x0, y1 - y0

    def size(self) -> ImageSize:
        _, _, width, height = self.xywh
        return ImageSize(height=height, width=width)

    @property
    def box(self) -> Box:
        """The same as a Box of kallitype."""
        return Box(self.xmin, self.ymin, self.xmax, self.ymax, relative=self._normalized)

    # ---- arithmetic: results have the unit and the size of the first --------------------------------

    def _new(self, x0: float, y0: float, x1: float, y1: float) -> BoundingBox:
        return BoundingBox(x0, y0, x1, y1, self.image_size, normalized=self._normalized)

    def _corners(self, other: BoundingBox) -> tuple[tuple[float, ...], tuple[float, ...]]:
        mine = (self.xmin, self.ymin, self.xmax, self.ymax)
        if self._normalized == other._normalized and (self._normalized or self.image_size == other.image_size):
            return mine, (other.xmin, other.ymin, other.xmax, other.ymax)
        theirs = other.xyxyn
        if self._normalized:
            return mine, theirs
        size = self._size("arithmetic")
        return mine, (theirs[0] * size.width, theirs[1] * size.height, theirs[2] * size.width, theirs[3] * size.height)

    def __or__(self, other: BoundingBox) -> BoundingBox:
        """The smallest box around both."""
        if not isinstance(other, BoundingBox):
            return NotImplemented
        a, b = self._corners(other)
        return self._new(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))

    def __and__(self, other: BoundingBox) -> BoundingBox | None:
        """What both have; None when that is nothing."""
        if not isinstance(other, BoundingBox):
            return NotImplemented
        a, b = self._corners(other)
        x0, y0, x1, y1 = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
        return self._new(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def area(self) -> float:
        return (self.xmax - self.xmin) * (self.ymax - self.ymin)

    def iou(self, other: BoundingBox) -> float:
        """The area of what both have by that of what either has: 0 to 1."""
        a, b = self._corners(other)
        both = self & other
        shared = both.area() if both else 0.0
        return shared / (self.area() + (b[2] - b[0]) * (b[3] - b[1]) - shared)

    def __contains__(self, other: BoundingBox) -> bool:
        a, b = self._corners(other)
        return a[0] <= b[0] and a[1] <= b[1] and b[2] <= a[2] and b[3] <= a[3]

    def shift(self, dx: float, dy: float) -> BoundingBox:
        return self._new(self.xmin + dx, self.ymin + dy, self.xmax + dx, self.ymax + dy)

    def scale(self, k: float) -> BoundingBox:
        """Sides k times as long, about its own centre."""
        return self.pad((k - 1) / 2)

    def pad(self, margin: float) -> BoundingBox:
        """Grown on every side by a part of its width and height, up to the edges of the image."""
        dx, dy = (self.xmax - self.xmin) * margin, (self.ymax - self.ymin) * margin
        return self._clipped(self.xmin - dx, self.ymin - dy, self.xmax + dx, self.ymax + dy)

    def clip(self) -> BoundingBox:
        """What of it lies in the image."""
        return self._clipped(self.xmin, self.ymin, self.xmax, self.ymax)

    def _clipped(self, x0: float, y0: float, x1: float, y1: float) -> BoundingBox:
        w, h = (1.0, 1.0) if self._normalized else (self._size("clip").width, self._size("clip").height)
        return self._new(max(x0, 0.0), max(y0, 0.0), min(x1, w), min(y1, h))

    def _state(self) -> tuple[Any, ...]:
        return self.xmin, self.ymin, self.xmax, self.ymax, self.image_size, self._normalized

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundingBox):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def __str__(self) -> str:
        return f"xmin: {self.xmin}, ymin: {self.ymin}, xmax: {self.xmax}, ymax: {self.ymax}"

    def __repr__(self) -> str:
        return (f"BoundingBox(xmin={self.xmin}, ymin={self.ymin}, xmax={self.xmax}, ymax={self.ymax}, image_size={self.image_size}, "
                f"normalized={self._normalized})")

    def __reduce__(self) -> tuple[Any, ...]:
        return _box, self._state()

    def __kal_params__(self) -> Any:
        size = self.image_size
        return {"$bounding": [self.xmin, self.ymin, self.xmax, self.ymax], "size": size and [size.height, size.width],
                "normalized": self._normalized}


def _box(x0: float, y0: float, x1: float, y1: float, size: ImageSize | None, normalized: bool) -> BoundingBox:
    return BoundingBox(x0, y0, x1, y1, size, normalized=normalized)


class ImageCrop:
    """A crop that is called with an image. What lies outside of the image is black. Edges within 0 to 1 are parts of its sides, unless they are
    four ints, or normalized says otherwise; each is rounded once."""

    __slots__ = ("left", "top", "right", "bottom", "_normalized")
    left: float
    top: float
    right: float
    bottom: float
    _normalized: bool

    def __init__(self, *, left: float, top: float, right: float, bottom: float, normalized: bool | None = None) -> None:
        _check("ImageCrop", left, right, "left", "right")
        _check("ImageCrop", top, bottom, "top", "bottom")
        edges = (left, top, right, bottom)
        unit = normalized if normalized is not None else all(0 <= e <= 1 for e in edges) and not all(isinstance(e, Integral) for e in edges)
        for name, value in zip(ImageCrop.__slots__, (*map(float, edges), unit)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an ImageCrop does not change; make another")

    def is_normalized(self) -> bool:
        return self._normalized

    def __call__(self, image: HashableImage, /) -> HashableImage:
        size = image.size()
        x0, y0, x1, y1 = Box(self.left, self.top, self.right, self.bottom, relative=self._normalized).pixels(size.width, size.height)
        if x0 == x1 or y0 == y1:
            raise ValueError(f"{self!r} of {size} has no pixels")
        return image._new(image.image.embed(x=-x0, y=-y0, width=x1 - x0, height=y1 - y0))

    def _state(self) -> tuple[Any, ...]:
        return self.left, self.top, self.right, self.bottom, self._normalized

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageCrop):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def __repr__(self) -> str:
        return f"ImageCrop(left={self.left}, top={self.top}, right={self.right}, bottom={self.bottom})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _crop, self._state()

    def __kal_params__(self) -> Any:
        return {"$crop": list(self._state())}


def _crop(left: float, top: float, right: float, bottom: float, normalized: bool) -> ImageCrop:
    return ImageCrop(left=left, top=top, right=right, bottom=bottom, normalized=normalized)


class Points(_Points):
    """Points whose mask is a HashableImage, gray, as in PixelCache."""

    __slots__ = ()

    def to_mask(self) -> HashableImage:
        from .pixelcache import HashableImage

        return HashableImage._of(super().to_mask()).to_gray()


def boxes_of(boxes: Iterable[BoundingBox] | BoundingBox) -> list[BoundingBox]:
    return [boxes] if isinstance(boxes, BoundingBox) else list(boxes)
