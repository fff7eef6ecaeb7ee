# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's names over kallitype: `from kallitype.compat.pixelcache import HashableImage` in place of `from pixelcache import HashableImage`.

docs/from/pixelcache.md lists what differs, which is what PixelCache does wrong, or does in three ways depending on where an image came from.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from .. import _kal
from ..image import Image
from ..point_lists import ImageSize
from . import _reading
from ._geometry import Geometry
from ._grid import display_string, get_logger, pseudo_hash, seed_everything
from ._hashable import BoundingBox, HashableDict, HashableList, ImageCrop, Points

__all__ = ["BoundingBox", "HashableDict", "HashableImage", "HashableList", "ImageCrop", "ImageSize", "Points", "display_string", "get_logger",
           "pseudo_hash", "seed_everything"]


def _op(name: str, *images: Any, **params: Any) -> Any:
    return _kal.ops()[name](*images, **params)


def _arithmetic(name: str, on_masks: Callable[[Image, Image], Any] | None, reflected: bool = False) -> Any:
    def operate(self: HashableImage, other: Any) -> Any:   # NotImplemented is one
        a = self.image
        if isinstance(other, HashableImage):
            b = other.image
            if self.is_binary() and other.is_binary() and on_masks:
                return self._new(on_masks(a, b))
            a = _reading.to_gray(a) if self.is_binary() else a
            return self._new(_op(name, a.to_rgb() if b.channels > a.channels else a, _reading.to_gray(b) if other.is_binary() else b))
        if isinstance(other, bool) or not hasattr(other, "__float__"):
            return NotImplemented
        a = _reading.to_gray(a) if self.is_binary() else a
        number = float(other)
        out: Image = number - a if reflected else _op(name, a, value=number)
        return self._new(out)

    return operate


class HashableImage(Geometry):
    """An immutable picture of 8 bits (gray, RGB or a mask), equal and hashed by its pixels, whatever it was made of.

    Nothing is decoded or computed before somebody looks; then the pixels are held. `.image` is the same as an Image of kallitype.
    """

    __slots__ = ()

    def to_rgb(self) -> HashableImage:
        return self if self.is_rgb() else self._new(self._image.to_rgb())

    def to_gray(self) -> HashableImage:
        """Luma, .299 R + .587 G + .114 B."""
        return self if self.dtype() == "L" else self._new(_reading.to_gray(self._image))

    def rgb2bgr(self) -> HashableImage:
        return self._new(self._image.swap(order=[2, 1, 0]))

    bgr2rgb = rgb2bgr

    def invert_rgb(self) -> HashableImage:
        return self._new(self._image.invert())

    def zeros_like(self) -> HashableImage:
        return self._flat(0)

    def ones_like(self) -> HashableImage:
        """White."""
        return self._flat(255)

    def _flat(self, value: int) -> HashableImage:
        image = self._image
        flat = _op("solid", color=[value] * image.channels, width=image.width, height=image.height, channels=image.channels)
        return self._new(flat.threshold(value=0) if self.is_binary() else flat)

    @staticmethod
    def zeros_from_size(size: ImageSize) -> HashableImage:
        return HashableImage._of(_op("solid", color=[0, 0, 0], width=size.width, height=size.height, channels=3))

    def apply_palette(self, palette: Any = "default", /) -> HashableImage:
        """Gray values as numbers of colours: a name, or 256 rows of red, green, blue."""
        gray = self._image
        if self.is_rgb():
            view = self.numpy_view()
            if (view[:, :, :1] != view).any():
                raise ValueError("To apply a palette, the image must be grayscale.")
            gray = gray.band_extract(bands=[0])
        return self._new(_op("apply_palette", _reading.to_gray(gray), **_palette(palette)))

    def equalize_hist(self) -> HashableImage:
        """Of the gray image."""
        return self._new(self.to_gray()._image.equalize())

    def set_minmax(self, low: float, high: float, /) -> HashableImage:
        """The darkest sample becomes low and the brightest high, 0 to 1; of an image of one value all become low."""
        image = _reading.to_gray(self._image) if self.is_binary() else self._image
        return self._new(image.stretch(out_low=low * 255, out_high=high * 255, channels="together"))

    __add__ = _arithmetic("add", lambda a, b: a | b)
    __radd__ = __add__
    __sub__ = _arithmetic("subtract", lambda a, b: a & ~b)
    __rsub__ = _arithmetic("subtract", None, reflected=True)
    __mul__ = _arithmetic("multiply", lambda a, b: a & b)
    __rmul__ = __mul__
    __truediv__ = _arithmetic("divide", None)

    @staticmethod
    def make_image_grid(images: Mapping[Any, Iterable[HashableImage]], *, orientation: str = "horizontal", with_text: bool = False,
                        verbose: bool = False, output: Any = None) -> HashableImage:
        """Each entry a row ("horizontal") or a column ("vertical"), in the order of the dict, with its name beside it. Cells are as large
        as the largest image; what is missing is black."""
        from ._grid import grid

        out = HashableImage._of(grid(images, orientation, with_text), "pil")
        if output is not None:
            out.save(output)
        if verbose:
            import logging

            logging.getLogger(__name__).info("image_grid=%r grid saved to %s", out, output)
        return out


def _palette(palette: Any) -> dict[str, Any]:
    if not isinstance(palette, str):
        return {"colors": [float(v) for row in palette for v in row]}
    names = next(p[6] for p in _kal.ops()["apply_palette"].record[4] if p[0] == "palette").split("|")
    if palette in names:
        return {"palette": palette}
    try:
        colormaps = importlib.import_module("matplotlib").colormaps
    except ImportError:
        colormaps = {}
    if palette not in colormaps:
        more = "matplotlib's" if colormaps else "with matplotlib its own"
        raise ValueError(f"there is no palette {palette!r}; there are {', '.join(names)}, and {more}")
    return {"colors": [int(v * 255) for row in colormaps[palette](range(256)) for v in row[:3]]}
