# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' operations that move pixels, and lay images on one another or side by side."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Callable

from ..image import Image as Picture
from ._vips_errors import Error, Unmapped
from ._vips_samples import Held, numbers, ops, pictured, word

if TYPE_CHECKING:
    from .pyvips import Image

_KERNELS = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic", "mitchell": "mitchell", "lanczos3": "lanczos3"}
_EXTEND = {"black": "fill", "white": "fill", "background": "fill", "copy": "copy", "repeat": "wrap", "mirror": "mirror"}
_ANGLES = {"d0": "none", "d90": "right", "d180": "half", "d270": "left"}
_DIRECTIONS = {"horizontal": "", "vertical": ""}
_COMPASS = ("centre", "north", "east", "south", "west", "north-east", "south-east", "south-west", "north-west")
_FULL = {"uint8": 255.0, "uint16": 65535.0}
# Those that change the image also where the layer is not.
_ALL_OVER = ("clear", "source", "in", "out", "dest-in", "dest-atop")


class Geometry(Held):
    """What moves pixels."""

    # ---- geometry --------------------------------------------------------------------------------

    def crop(self, left: int, top: int, width: int, height: int) -> Image:
        wide, tall = self.kal._extent[:2]
        if left < 0 or top < 0 or width < 1 or height < 1 or left + width > wide or top + height > tall:
            raise Error(f"extract_area: bad extract area: left {left}, top {top}, width {width}, height {height} of an image of {wide} x {tall}")
        return self._of(ops["crop"](self.kal, x=left, y=top, width=width, height=height), truth=self._truth)

    extract_area = crop

    def resize(self, scale: float, vscale: float | None = None, kernel: str = "lanczos3", gap: float | None = None) -> Image:
        """So many times as large. gap is of libvips' own two steps; there is one here."""
        wide, tall = self.kal._extent[:2]
        wide, tall = max(1, int(wide * scale + 0.5)), max(1, int(tall * (scale if vscale is None else vscale) + 0.5))
        return self._of(ops["resize"](self.kal, width=wide, height=tall, kernel=word(_KERNELS, kernel, "kernel")))

    def shrink(self, hshrink: float, vshrink: float, ceil: bool = False) -> Image:
        """So many times as small, by the mean over what a pixel covers; by a whole number without stretching: what does not divide is cut off, or gets
        more of its edge."""
        sides, by = (self.width, self.height), (hshrink, vshrink)
        if min(by) < 1:
            raise Error(f"shrink: {hshrink} and {vshrink} must not be less than 1")
        size = [math.ceil(side / b) if ceil else int(side / b + 0.5) for side, b in zip(sides, by)]
        if min(size) < 1:
            raise Error(f"shrink: an image of {self.width} x {self.height} has shrunk to nothing")
        wide, tall = (n * int(b) if b == int(b) else side for n, side, b in zip(size, sides, by))
        whole = self.kal if (wide, tall) == sides else ops["embed"](self.kal, width=wide, height=tall, edge="copy")
        return self._of(ops["resize"](whole, width=size[0], height=size[1], kernel="box"))

    def zoom(self, xfac: int, yfac: int) -> Image:
        return self._of(ops["zoom"](self.kal, xfac, yfac), truth=self._truth)

    def thumbnail_image(self, width: int, height: int | None = None, size: str = "both", crop: str = "none", linear: bool = False,
                        no_rotate: bool = False, auto_rotate: bool | None = None) -> Image:
        """In a box, upright; crop: what sticks out of it is cut off. Pages are each fitted by themselves."""
        if size not in ("both", "up", "down", "force"):
            raise Unmapped(f'size="{size}" is none of both, up, down, force')
        gravity = {"none": "centre", "centre": "centre", "low": "northwest", "high": "southeast"}
        if crop not in gravity:
            raise Unmapped(f'crop="{crop}": none, centre, low or high; where something is to be seen: '
                           'image.kal.crop(image.kal.smart_crop(width, height))')
        image = self if no_rotate or auto_rotate is False else self.autorot()
        tall = width if height is None else height
        fit = "fill" if size == "force" else "inside" if crop == "none" else "cover"

        def small(page: Picture) -> Picture:
            if size == "up" and min(width / page.width, tall / page.height) <= 1:
                return page
            out: Picture = ops["thumbnail"](page, width, tall, fit=fit, gravity=gravity[crop], enlarge=size != "down",
                                            light="linear" if linear else "stored")
            return out

        return image._by_page(small)

    def _by_page(self, change: Callable[[Picture], Picture]) -> Image:
        """Pages that are higher or lower then, below one another again."""
        if self.get_page_height() == self.height:
            return self._of(change(self.kal))
        pages = [change(page.kal) for page in self.pagesplit()]
        out = self._of(ops["sheet"](*pages, columns=1))
        out._pages = out._pages and out._pages._replace(height=pages[0].height)
        return out

    def rotate(self, angle: float, background: Any = None) -> Image:
        """Clockwise by degrees, on a canvas that holds all of it."""
        return self._of(ops["rotate"](self.kal, angle=-angle, color=None if background is None else numbers(background)))

    def rot(self, angle: str) -> Image:
        return self._of(ops["turn"](self.kal, word(_ANGLES, angle, "angle")), truth=self._truth)

    def rot90(self) -> Image:
        return self.rot("d90")

    def rot180(self) -> Image:
        return self.rot("d180")

    def rot270(self) -> Image:
        return self.rot("d270")

    def flip(self, direction: str) -> Image:
        word(_DIRECTIONS, direction, "direction")
        return self._of(ops["flip"](self.kal, direction), truth=self._truth)

    def fliphor(self) -> Image:
        return self.flip("horizontal")

    def flipver(self) -> Image:
        return self.flip("vertical")

    def autorot(self) -> Image:
        """Upright, as EXIF's orientation has it."""
        orientation, applied = self.kal._orientation
        return self._of(self.kal) if applied or orientation == 1 else self._upright()

    def embed(self, x: int, y: int, width: int, height: int, extend: str = "black", background: Any = None) -> Image:
        """At x, y of a larger canvas."""
        edge = word(_EXTEND, extend, "extend")
        colour: list[float] | None = None
        if edge == "fill":
            _, _, bands, dtype, _, _ = self.kal._extent
            if extend == "white":
                colour = [_FULL.get(dtype, 1.0 if self._interpretation == "scrgb" else 255.0)]
            else:
                colour = [0.0] if extend == "black" or background is None else numbers(background)
            if colour is not None and len(colour) == 1:
                colour = colour * bands
        return self._of(ops["embed"](self.kal, x=x, y=y, width=width, height=height, edge=edge, color=colour))

    def gravity(self, direction: str, width: int, height: int, extend: str = "black", background: Any = None) -> Image:
        """The same, at a side or in the middle."""
        if direction not in _COMPASS:
            raise Unmapped(f'direction="{direction}" is none of {", ".join(_COMPASS)}')
        wide, tall = self.kal._extent[:2]
        across = 0 if "west" in direction else width - wide if "east" in direction else int((width - wide) / 2)
        down = 0 if "north" in direction else height - tall if "south" in direction else int((height - tall) / 2)
        return self.embed(across, down, width, height, extend, background)

    def insert(self, sub: Image, x: int, y: int, expand: bool = False) -> Image:
        """sub on this image."""
        if expand:
            raise Unmapped("expand: embed this image in the larger canvas first")
        return self._of(ops["insert"](sub.kal, self.kal, x=x, y=y), others=[sub])

    def join(self, in2: Image, direction: str) -> Image:
        """Another beside this one (horizontal) or below it (vertical)."""
        word(_DIRECTIONS, direction, "direction")
        beside = direction == "horizontal"
        (wide, tall), (width, height) = self.kal._extent[:2], in2.kal._extent[:2]
        if (tall != height) if beside else (wide != width):
            raise Unmapped("join is of images of one height or width here: crop or embed one of them first")
        canvas = ops["embed"](self.kal, width=wide + width * beside, height=tall + height * (not beside))
        return self._of(ops["insert"](in2.kal, canvas, x=wide * beside, y=tall * (not beside)), truth=self._truth and in2._truth, others=[in2])

    def composite(self, overlay: Any, mode: Any, x: Any = 0, y: Any = 0) -> Image:
        """Others on this image. The result has alpha."""
        layers = overlay if isinstance(overlay, (list, tuple)) else [overlay]
        colour = any(i.bands > 2 for i in (self, *layers))
        base = self._with_alpha(colour)
        out = base.kal
        words = _modes()
        for i, layer in enumerate(layers):
            how, dx, dy = (v[min(i, len(v) - 1)] if isinstance(v, (list, tuple)) else v for v in (mode, x, y))
            top = layer._with_alpha(colour).kal
            if how in _ALL_OVER:   # clear where it is not
                top, dx, dy = ops["embed"](top, x=dx, y=dy, width=self.width, height=self.height, color=[0] * top.channels), 0, 0
            out = ops["composite"](top, out, x=dx, y=dy, mode=word(words, how, "mode"))
        return self._of(out, base._interpretation, others=layers)

    def _with_alpha(self, colour: bool) -> Image:
        """As composite wants it; in colour, where another is."""
        if self.kal.dtype == "float32" and self._interpretation != "scrgb":
            raise Unmapped('alpha of float samples is full at 1.0 here: composite before arithmetic, or cast("uchar") first')
        if colour and self.bands < 3:
            out = self._of(ops["to_rgb"](self.kal), {"b-w": "srgb", "grey16": "rgb16"}.get(self._interpretation)).addalpha()
        else:
            out = self.addalpha() if self._split is None else self._of(self.kal).addalpha()
        if not out.hasalpha():
            raise Error(f'composite is of gray and RGB pictures, not of {self.bands} bands of {self._interpretation}: copy(interpretation="srgb")')
        return out

    composite2 = composite


@functools.cache
def _modes() -> dict[str, str]:
    """pyvips' word for each of ours."""
    words: str = next(p for p in ops["composite"].record[4] if p[0] == "mode")[6]
    return {**{m.replace("_", "-").replace("color", "colour"): m for m in words.split("|")}, "add": "plus"}


def joined_in_rows(images: list[Image], across: int, shim: int, background: Any) -> Image:
    """Of arrayjoin."""
    are = [i.kal._extent for i in images]
    bands = max(e[2] for e in are)
    if any(e[2] == 1 for e in are) and bands > 1:
        images = [i._wide(bands) for i in images]
        are = [i.kal._extent for i in images]
    if any(e[5] for e in are):   # of one band all bands are that, the last too
        images = [i if e[5] else i._of(pictured(i.kal, "b-w" if bands == 2 else "srgb")) for i, e in zip(images, are)]
        are = [i.kal._extent for i in images]
    if any(e[2] != bands for e in are):
        raise Error(f"arrayjoin: images have one band or {bands}: addalpha() or flatten() some of them")
    colour = numbers(0 if background is None else background)
    if colour is None or len(colour) not in (1, bands):
        raise Error(f"background={background!r} is not one number, or {bands}")
    colour = colour * (bands // len(colour))
    wide, tall = max(e[0] for e in are), max(e[1] for e in are)
    cells = [i.kal if e[0] == wide and e[1] == tall else ops["embed"](i.kal, width=wide, height=tall, color=colour) for i, e in zip(images, are)]
    columns = min(across, len(cells))
    sheet = ops["sheet"](*cells, columns=columns, gap=shim, background=colour)
    if columns < across:   # room for as many all the same
        sheet = ops["embed"](sheet, width=across * (wide + shim) - shim, height=sheet.height, color=colour)
    return images[0]._of(sheet, truth=all(i._truth for i in images), others=images[1:])
