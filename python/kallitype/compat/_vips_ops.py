# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' operations on images, by kallitype's ops. Arithmetic is on all bands and gives float, as wide as is needed; comparisons give 0 and 255."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable

from ..image import Image as Picture
from ._vips_errors import Error, Unmapped
from ._vips_geometry import Geometry
from ._vips_samples import COLOURS, FORMATS, TYPES, bands_of, flat, numbers, ops, per_band, pictured, single

if TYPE_CHECKING:
    from .pyvips import Image


def _operator(formula: str, truth: bool = False) -> Callable[[Any, Any], Any]:
    """a is the image, b the operand, an image or numbers."""

    def operate(self: Any, other: Any) -> Any:
        if other is None and "==" in formula and truth:
            return False
        if other is None and "!=" in formula:
            return True
        return self._binary(other, formula, truth)

    return operate


@lru_cache(256)
def _of_numbers(formula: str, n: int) -> str:
    """The formula with n numbers, one for each band, as b."""
    return re.sub(r"\bb\b", per_band(n, 0), formula)


class Operations(Geometry):
    """What needs nothing but ops."""

    # ---- arithmetic ------------------------------------------------------------------------------

    def _calc(self, formula: str, values: list[float], type: str, others: list[Any], truth: bool = False) -> Image:
        if len(values) > 16:
            raise Unmapped("a formula has 16 numbers: image.kal.lut(...), or bandsplit() and bandjoin() for more bands")
        samples = flat(self.kal)
        if others:
            out = ops["expr"](samples, *[flat(o.kal) for o in others], formula=formula, values=values or None, type=type)
        else:
            out = ops["expr"](samples, formula=formula, values=values or None, type=type)
        return self._of(pictured(out, self._interpretation), truth=truth, others=others)

    def _wide(self, n: int) -> Image:
        """One band as n equal ones, where an operand has so many."""
        if n == 1 or self.bands != 1:
            return self  # type: ignore[return-value]
        return self._of(ops["band_join"](*[self.kal] * n), "srgb" if n == 3 else "multiband")

    def _binary(self, other: Any, formula: str, truth: bool) -> Any:
        type = "u8" if truth else "f32"
        if isinstance(other, Operations):
            return self._wide(other.bands)._calc(formula, [], type, [other], truth)
        values = numbers(other)
        if values is None:
            return NotImplemented
        one = self._wide(len(values))
        if len(values) != 1 and len(values) != one.bands:
            raise Error(f"{len(values)} numbers for {one.bands} bands")
        return one._calc(_of_numbers(formula, len(values)), values, type, [], truth)

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
        values = numbers(other)
        return NotImplemented if values is None else self._calc(f"select(a == 0, 0, {per_band(len(values), 0)} / a)", values, "f32", [])

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
        scale, offset = numbers(a), numbers(b)
        if scale is None or offset is None:
            raise Error(f"linear takes numbers, not {a!r} and {b!r}")
        one = self._wide(max(len(scale), len(offset)))
        if any(n != 1 and n != one.bands for n in (len(scale), len(offset))):
            raise Error(f"linear takes one number or {one.bands}, not {a!r} and {b!r}")
        if uchar and len({*scale}) == len({*offset}) == 1:   # libvips has floats then, and rounds after each step; what is cut off is the same
            return one._calc("a * v0", single(scale[:1]), "f32", [])._calc("a + v0", single(offset[:1]), "f32", []).cast("uchar")
        formula = f"a * {per_band(len(scale), 0)} + {per_band(len(offset), len(scale))}"
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
        """Halves to the even number."""
        return self._calc("floor(a + 0.5) - select(mod(a - 0.5, 2) == 0, 1, 0)", [], "same", [])

    def ifthenelse(self, in1: Any, in2: Any) -> Image:
        """in1 where this image is not 0, else in2."""
        if not isinstance(in1, Operations) or not isinstance(in2, Operations):
            raise Unmapped("ifthenelse is of two images here: image.new_from_image([...]) makes one of a colour")
        n = max(self.bands, in1.bands, in2.bands)
        a, b = in1._wide(n), in2._wide(n)
        same = a.kal.dtype == b.kal.dtype
        out = ops["expr"](flat(a.kal), flat(b.kal), flat(self._wide(n).kal), formula="select(c, a, b)", type="same" if same else "f32")
        return in1._of(pictured(out, a._interpretation), a._interpretation, others=(in2, self))

    def cast(self, format: str, shift: bool = False) -> Image:
        """Another type, the same numbers: cut off towards 0, and held in range. shift: full scale to full scale, between uchar and ushort."""
        if format not in TYPES:
            raise Unmapped(f'there are no samples of {format} here: {", ".join(TYPES)}')
        if shift and {FORMATS[self.kal.dtype], format} == {"uchar", "ushort"}:
            deep = {"srgb": "rgb16", "b-w": "grey16"} if format == "ushort" else {"rgb16": "srgb", "grey16": "b-w"} if format == "uchar" else {}
            return self._of(ops["cast"](self.kal, TYPES[format]), deep.get(self._interpretation))
        return self._calc("a" if format == "float" else "floor(a)", [], TYPES[format], [], self._truth and format == "uchar")

    # ---- bands -----------------------------------------------------------------------------------

    def extract_band(self, band: int, n: int = 1) -> Image:
        if band < 0 or n < 1 or band + n > self.bands:
            raise Error(f"bands {band} to {band + n - 1} of an image of {self.bands}")
        out = self._of(bands_of(self.kal, list(range(band, band + n))), truth=self._truth)
        out._split = self.kal if self.kal.model == "rgb" else self._split
        return out

    def bandsplit(self) -> list[Image]:
        return [self.extract_band(i) for i in range(self.bands)]

    def bandjoin(self, other: Any) -> Image:
        """The bands of this image, then those of others; of a number, a band of it."""
        others = other if isinstance(other, (list, tuple)) else [other]
        parts = [self.kal, *(one.kal if isinstance(one, Operations) else self._constant(float(one)) for one in others)]
        n = sum(p.channels for p in parts)
        as_ = self._interpretation if n in (2, 4) or (n == 3 and "rgb" in self._interpretation) else {3: "srgb"}.get(n, "multiband")
        joined = ops["band_join"](*parts, alpha=n in (2, 4) and as_ in COLOURS)
        return self._of(joined, as_, others=[one for one in others if isinstance(one, Operations)])

    def _constant(self, value: float, on: Picture | None = None) -> Picture:
        """A band of this image's size and type."""
        plain = {"uint8": "u8", "uint16": "u16", "float32": "f32"}.get(self.kal.dtype)
        if plain is None:
            raise Unmapped("cast the labels first")
        out: Picture = ops["expr"](bands_of(self.kal if on is None else on, [0]), formula="v0", values=[value], type=plain)
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
        return self._of(ops["flatten"](self.kal, background=numbers(background)))

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
