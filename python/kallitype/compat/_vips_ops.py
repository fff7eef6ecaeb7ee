# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' operations on images, by kallitype's ops. Arithmetic is on all bands and gives float, as wide as is needed; comparisons give 0 and 255."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from .. import _kal
from ..image import Image as Picture
from ._vips_errors import Error, Unmapped

if TYPE_CHECKING:
    from .pyvips import Image

ops = _kal.ops()
COLOURS = ("srgb", "rgb", "b-w", "rgb16", "grey16", "scrgb")
FORMATS = {"uint8": "uchar", "uint16": "ushort", "uint32": "uint", "float32": "float"}
TYPES = {"uchar": "u8", "ushort": "u16", "float": "f32"}
_KERNELS = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic", "mitchell": "mitchell", "lanczos3": "lanczos3"}
_EXTEND = {"black": "fill", "white": "fill", "background": "fill", "copy": "copy", "repeat": "wrap", "mirror": "mirror"}
_ANGLES = {"d0": "none", "d90": "right", "d180": "half", "d270": "left"}
_COMPASS = ("centre", "north", "east", "south", "west", "north-east", "south-east", "south-west", "north-west")


def word(table: dict[str, str], value: Any, what: str) -> str:
    if value not in table:
        raise Unmapped(f'{what}="{value}" is none of {", ".join(table)}')
    return table[value]


def bands_of(picture: Picture, bands: list[int]) -> Picture:
    out: Picture = ops["band_extract"](picture, bands=bands)
    return out


def flat(picture: Picture) -> Picture:
    """All channels as samples; alpha is not another thing."""
    n = picture.channels
    if not picture.alpha:
        return picture
    joined: Picture = ops["band_join"](bands_of(picture, list(range(n - 1))), bands_of(picture, [n - 1]))
    return joined


def pictured(picture: Picture, interpretation: str) -> Picture:
    """The other way: samples as a gray or RGB picture, perhaps with alpha, where they are one."""
    n = picture.channels
    if interpretation not in COLOURS or picture.model != "data" or not 2 <= n <= 4:
        return picture
    out: Picture = ops["band_join"](*(bands_of(picture, [i]) for i in range(n)), alpha=n != 3)
    return out


def per_band(values: list[float], first: int) -> str:
    """The name of a number in a formula, or which one it is in which channel."""
    text = f"v{first + len(values) - 1}"
    for i in range(len(values) - 2, -1, -1):
        text = f"select(channel == {i}, v{first + i}, {text})"
    return text


def _numbers(value: Any) -> list[float] | None:
    try:
        return [float(value)] if not isinstance(value, (list, tuple)) else [float(v) for v in value]
    except (TypeError, ValueError):
        return None


def _operator(formula: str, truth: bool = False) -> Callable[[Any, Any], Any]:
    """a is the image, b the operand, an image or numbers."""

    def operate(self: Any, other: Any) -> Any:
        if other is None and "==" in formula and truth:
            return False
        if other is None and "!=" in formula:
            return True
        return self._binary(other, formula, truth)

    return operate


class Operations:
    """What needs nothing but ops. `kal` is kallitype's image, `_of` makes one of ours of such."""

    if TYPE_CHECKING:
        kal: Picture
        _interpretation: str
        _truth: bool
        width: int
        height: int
        bands: int

        def _of(self, picture: Picture, interpretation: str | None = None, truth: bool = False) -> Image: ...

        def _upright(self) -> Image: ...

    # ---- arithmetic ------------------------------------------------------------------------------

    def _calc(self, formula: str, values: list[float], type: str, others: list[Picture], truth: bool = False) -> Image:
        if len(values) > 16:
            raise Unmapped("a formula has 16 numbers: image.kal.lut(...), or bandsplit() and bandjoin() for more bands")
        out = ops["expr"](flat(self.kal), *(flat(o) for o in others), formula=formula, values=values or None, type=type)
        return self._of(pictured(out, self._interpretation), truth=truth)

    def _wide(self, n: int) -> Image:
        """One band as n equal ones, where an operand has so many."""
        if self.bands != 1 or n == 1:
            return self  # type: ignore[return-value]
        return self._of(ops["band_join"](*[self.kal] * n), "srgb" if n == 3 else "multiband")

    def _binary(self, other: Any, formula: str, truth: bool) -> Any:
        type = "u8" if truth else "f32"
        if isinstance(other, Operations):
            return self._wide(other.bands)._calc(formula, [], type, [other.kal], truth)
        values = _numbers(other)
        if values is None:
            return NotImplemented
        one = self._wide(len(values))
        if len(values) not in (1, one.bands):
            raise Error(f"{len(values)} numbers for {one.bands} bands")
        number = per_band(values, 0)
        return one._calc(re.sub(r"\bb\b", number, formula), values, type, [], truth)

    __add__ = __radd__ = _operator("a + b")
    __sub__ = _operator("a - b")
    __mul__ = __rmul__ = _operator("a * b")
    __truediv__ = _operator("select(b == 0, 0, a / b)")
    __floordiv__ = _operator("select(b == 0, 0, floor(a / b))")
    __mod__ = _operator("mod(a, b)")
    __pow__ = _operator("pow(a, b)")
    __lt__ = _operator("select(a < b, 255, 0)", True)
    __le__ = _operator("select(a <= b, 255, 0)", True)
    __gt__ = _operator("select(a > b, 255, 0)", True)
    __ge__ = _operator("select(a >= b, 255, 0)", True)
    __eq__ = _operator("select(a == b, 255, 0)", True)
    __ne__ = _operator("select(a != b, 255, 0)", True)
    __hash__ = None   # type: ignore[assignment]

    def __rsub__(self, other: Any) -> Image:
        return self.linear(-1, other)

    def __rtruediv__(self, other: Any) -> Any:
        values = _numbers(other)
        return NotImplemented if values is None else self._calc(f"select(a == 0, 0, {per_band(values, 0)} / a)", values, "f32", [])

    def __neg__(self) -> Image:
        return self._calc("-a", [], "f32", [])

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Image:
        return self._calc("abs(a)", [], "f32", [])

    def abs(self) -> Image:
        return self.__abs__()

    def _logic(self, other: Any, formula: str) -> Any:
        """Of what comparisons gave; on other samples single bits are meant, which no op of ours looks at."""
        if not isinstance(other, Operations) or not self._truth or not other._truth:
            raise Unmapped("&, | and ^ are of comparisons here: (a > 10) & (b < 20); of other samples numpy's: image.numpy() & 7")
        return self._binary(other, formula, True)

    def __and__(self, other: Any) -> Any:
        return self._logic(other, "min(a, b)")

    def __or__(self, other: Any) -> Any:
        return self._logic(other, "max(a, b)")

    def __xor__(self, other: Any) -> Any:
        return self._logic(other, "abs(a - b)")

    def __invert__(self) -> Image:
        return self.invert()

    def __bool__(self) -> bool:
        raise TypeError("an image is neither true nor false; image.kal == other.kal asks whether two are made in the same way")

    def linear(self, a: Any, b: Any, uchar: bool = False) -> Image:
        """Every sample times a plus b, numbers or one for each band; uchar: held in 0 to 255, else float."""
        scale, offset = _numbers(a), _numbers(b)
        if scale is None or offset is None:
            raise Error(f"linear takes numbers, not {a!r} and {b!r}")
        one = self._wide(max(len(scale), len(offset)))
        formula = f"a * {per_band(scale, 0)} + {per_band(offset, len(scale))}"
        return one._calc(f"floor({formula})" if uchar else formula, scale + offset, "u8" if uchar else "f32", [])

    def invert(self) -> Image:
        """Full scale minus the sample; of float minus it."""
        top = {"uint8": 255, "uint16": 65535, "float32": 0}.get(self.kal.dtype)
        if top is None:
            raise Unmapped("uint samples are labels here and have no inverse; cast to float")
        return self._calc("v0 - a", [top], "same", [], self._truth)

    def floor(self) -> Image:
        return self._calc("floor(a)", [], "same", [])

    def ceil(self) -> Image:
        return self._calc("ceil(a)", [], "same", [])

    def rint(self) -> Image:
        return self._calc("round(a)", [], "same", [])

    def ifthenelse(self, in1: Any, in2: Any) -> Image:
        """in1 where this image is not 0, else in2."""
        if not isinstance(in1, Operations) or not isinstance(in2, Operations):
            raise Unmapped("ifthenelse is of two images here: image.new_from_image([...]) makes one of a colour")
        n = max(self.bands, in1.bands, in2.bands)
        a, b = in1._wide(n), in2._wide(n)
        same = a.kal.dtype == b.kal.dtype
        out = ops["expr"](flat(a.kal), flat(b.kal), flat(self._wide(n).kal), formula="select(c, a, b)", type="same" if same else "f32")
        return in1._of(pictured(out, a._interpretation), a._interpretation)

    def cast(self, format: str, shift: bool = False) -> Image:
        """Another type, the same numbers: cut off towards 0, and held in range. shift: full scale to full scale."""
        if format not in TYPES:
            raise Unmapped(f'there are no samples of {format} here: {", ".join(TYPES)}')
        if shift:
            deep = {"srgb": "rgb16", "b-w": "grey16"} if format == "ushort" else {"rgb16": "srgb", "grey16": "b-w"} if format == "uchar" else {}
            return self._of(ops["cast"](self.kal, TYPES[format]), deep.get(self._interpretation))
        return self._calc("a" if format == "float" else "floor(a)", [], TYPES[format], [], self._truth and format == "uchar")

    # ---- bands -----------------------------------------------------------------------------------

    def extract_band(self, band: int, n: int = 1) -> Image:
        if band < 0 or n < 1 or band + n > self.bands:
            raise Error(f"bands {band} to {band + n - 1} of an image of {self.bands}")
        return self._of(bands_of(self.kal, list(range(band, band + n))), truth=self._truth)

    def bandsplit(self) -> list[Image]:
        return [self.extract_band(i) for i in range(self.bands)]

    def bandjoin(self, other: Any) -> Image:
        """The bands of this image, then those of others; of a number, a band of it."""
        parts = [self.kal]
        for one in other if isinstance(other, (list, tuple)) else [other]:
            parts.append(one.kal if isinstance(one, Operations) else self._constant(float(one)))
        n = sum(p.channels for p in parts)
        joined = ops["band_join"](*(flat(p) for p in parts))
        as_ = self._interpretation if n in (2, 4) or (n == 3 and "rgb" in self._interpretation) else {3: "srgb"}.get(n, "multiband")
        return self._of(pictured(joined, as_), as_)

    def _constant(self, value: float) -> Picture:
        plain = {"uint8": "u8", "uint16": "u16", "float32": "f32"}.get(self.kal.dtype)
        if plain is None:
            raise Unmapped("cast the labels first")
        out: Picture = ops["expr"](bands_of(self.kal, [0]), formula="v0", values=[value], type=plain)
        return out

    def hasalpha(self) -> bool:
        return bool(self.kal.alpha)

    def addalpha(self) -> Image:
        """An opaque alpha behind the bands, where there is none."""
        if self.kal.alpha:
            return self._of(self.kal)
        return self.bandjoin({"uint8": 255, "uint16": 65535}.get(self.kal.dtype, 1.0 if self._interpretation == "scrgb" else 255))

    def flatten(self, background: Any = 0, max_alpha: Any = None) -> Image:
        """Over a plain colour, without alpha."""
        if max_alpha is not None:
            raise Unmapped("max_alpha: alpha is full at 255, 65535 or 1.0, as the samples are")
        if self.kal.dtype == "float32" and self._interpretation != "scrgb":
            raise Unmapped('alpha of float samples is full at 1.0 here: flatten before arithmetic, or cast("uchar") first')
        return self._of(ops["flatten"](self.kal, background=_numbers(background)))

    # ---- geometry --------------------------------------------------------------------------------

    def crop(self, left: int, top: int, width: int, height: int) -> Image:
        if left < 0 or top < 0 or width < 1 or height < 1 or left + width > self.width or top + height > self.height:
            raise Error(f"extract_area: bad extract area: left {left}, top {top}, width {width}, height {height} "
                        f"of an image of {self.width} x {self.height}")
        return self._of(ops["crop"](self.kal, x=left, y=top, width=width, height=height), truth=self._truth)

    extract_area = crop

    def resize(self, scale: float, vscale: float | None = None, kernel: str = "lanczos3", gap: float | None = None) -> Image:
        """So many times as large. gap is of libvips' own two steps; there is one here."""
        size = [max(1, int(side * by + 0.5)) for side, by in ((self.width, scale), (self.height, scale if vscale is None else vscale))]
        return self._of(ops["resize"](self.kal, width=size[0], height=size[1], kernel=word(_KERNELS, kernel, "kernel")))

    def shrink(self, hshrink: float, vshrink: float) -> Image:
        """So many times as small, by the mean over what a pixel covers."""
        size = [max(1, int(side / by + 0.5)) for side, by in ((self.width, hshrink), (self.height, vshrink))]
        return self._of(ops["resize"](self.kal, width=size[0], height=size[1], kernel="box"))

    def zoom(self, xfac: int, yfac: int) -> Image:
        return self._of(ops["zoom"](self.kal, xfac, yfac), truth=self._truth)

    def thumbnail_image(self, width: int, height: int | None = None, size: str = "both", crop: str = "none", linear: bool = False,
                        no_rotate: bool = False, auto_rotate: bool | None = None) -> Image:
        """In a box, upright; crop: what sticks out of it is cut off."""
        if size not in ("both", "up", "down", "force"):
            raise Unmapped(f'size="{size}" is none of both, up, down, force')
        gravity = {"none": "centre", "centre": "centre", "low": "northwest", "high": "southeast"}
        if crop not in gravity:
            raise Unmapped(f'crop="{crop}": none, centre, low or high; where something is to be seen: '
                           'image.kal.crop(image.kal.smart_crop(width, height))')
        image = self if no_rotate or auto_rotate is False else self.autorot()
        tall = width if height is None else height
        if size == "up" and min(width / image.width, tall / image.height) <= 1:
            return self._of(image.kal)
        fit = "fill" if size == "force" else "inside" if crop == "none" else "cover"
        return self._of(ops["thumbnail"](image.kal, width, tall, fit=fit, gravity=gravity[crop], enlarge=size != "down",
                                         light="linear" if linear else "stored"))

    def rotate(self, angle: float, background: Any = None) -> Image:
        """Clockwise by degrees, on a canvas that holds all of it."""
        return self._of(ops["rotate"](self.kal, angle=-angle, color=None if background is None else _numbers(background)))

    def rot(self, angle: str) -> Image:
        return self._of(ops["turn"](self.kal, word(_ANGLES, angle, "angle")), truth=self._truth)

    def rot90(self) -> Image:
        return self.rot("d90")

    def rot180(self) -> Image:
        return self.rot("d180")

    def rot270(self) -> Image:
        return self.rot("d270")

    def flip(self, direction: str) -> Image:
        word({"horizontal": "", "vertical": ""}, direction, "direction")
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
        full = {"uint8": 255.0, "uint16": 65535.0}.get(self.kal.dtype, 1.0 if self._interpretation == "scrgb" else 255.0)
        colour = {"black": [0.0], "white": [full], "background": _numbers(0 if background is None else background)}.get(extend)
        if colour is not None and len(colour) == 1:
            colour = colour * self.bands
        return self._of(ops["embed"](self.kal, x=x, y=y, width=width, height=height, edge=edge, color=colour))

    def gravity(self, direction: str, width: int, height: int, extend: str = "black", background: Any = None) -> Image:
        """The same, at a side or in the middle."""
        if direction not in _COMPASS:
            raise Unmapped(f'direction="{direction}" is none of {", ".join(_COMPASS)}')
        across = 0 if "west" in direction else width - self.width if "east" in direction else (width - self.width) // 2
        down = 0 if "north" in direction else height - self.height if "south" in direction else (height - self.height) // 2
        return self.embed(across, down, width, height, extend, background)

    def insert(self, sub: Image, x: int, y: int, expand: bool = False) -> Image:
        """sub on this image."""
        if expand:
            raise Unmapped("expand: embed this image in the larger canvas first")
        return self._of(ops["insert"](sub.kal, self.kal, x=x, y=y))

    def join(self, in2: Image, direction: str) -> Image:
        """Another beside this one (horizontal) or below it (vertical)."""
        word({"horizontal": "", "vertical": ""}, direction, "direction")
        beside = direction == "horizontal"
        if (self.height != in2.height) if beside else (self.width != in2.width):
            raise Unmapped("join is of images of one height or width here: crop or embed one of them first")
        width, height = self.width + in2.width * beside, self.height + in2.height * (not beside)
        canvas = ops["embed"](self.kal, width=width, height=height)
        return self._of(ops["insert"](in2.kal, canvas, x=self.width * beside, y=self.height * (not beside)), truth=self._truth and in2._truth)

    def composite(self, overlay: Any, mode: Any, x: Any = 0, y: Any = 0) -> Image:
        """Others on this image."""
        layers = overlay if isinstance(overlay, (list, tuple)) else [overlay]
        out = self.kal
        for i, layer in enumerate(layers):
            how, dx, dy = (v[min(i, len(v) - 1)] if isinstance(v, (list, tuple)) else v for v in (mode, x, y))
            words = {m.replace("_", "-").replace("color", "colour"): m for m in _modes()}
            out = ops["composite"](layer.kal, out, x=dx, y=dy, mode=word({**words, "add": "plus"}, how, "mode"))
        return self._of(out)

    composite2 = composite

    # ---- what a picture looks like -----------------------------------------------------------------

    def gaussblur(self, sigma: float) -> Image:
        return self._of(ops["gaussian"](self.kal, sigma))

    def median(self, size: int) -> Image:
        """The middle of size × size, an odd number."""
        if size % 2 == 0:
            raise Unmapped(f"median of {size}: an odd number")
        return self._of(ops["median_filter"](self.kal, radius=size // 2))

    def colourspace(self, space: str) -> Image:
        """srgb, b-w, and the same of 16 bits."""
        wanted = {"srgb": (True, "u8"), "rgb": (True, "u8"), "b-w": (False, "u8"), "rgb16": (True, "u16"), "grey16": (False, "u16")}
        if space not in wanted or self._interpretation not in (*wanted, ""):
            raise Unmapped(f"colourspace from {self._interpretation} to {space}: "
                           "image.kal has to_lab, to_lch, to_hsv, to_linear and the ways back, and icc_transform")
        colour, type = wanted[space]
        if self.kal.dtype == "float32":
            raise Unmapped('float samples have no full scale here: cast("uchar") first')
        picture = ops["to_rgb"](self.kal) if colour else ops["gray"](self.kal) if self.kal.model == "rgb" else self.kal
        return self._of(ops["cast"](picture, type), space)


def _modes() -> list[str]:
    words: str = next(p for p in ops["composite"].record[4] if p[0] == "mode")[6]
    return words.split("|")
