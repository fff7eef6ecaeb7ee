# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What pyvips' operations stand on: kallitype's ops, words and types, and bands as samples or as a picture."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Iterable

from .. import _kal
from ..image import Image as Picture
from ._vips_errors import Unmapped

if TYPE_CHECKING:
    from .pyvips import Image

ops = _kal.ops()
COLOURS = ("srgb", "rgb", "b-w", "rgb16", "grey16", "scrgb")
FORMATS = {"uint8": "uchar", "uint16": "ushort", "uint32": "uint", "float32": "float"}
TYPES = {"uchar": "u8", "ushort": "u16", "float": "f32"}

_NUMBERS = (int, float)

# Turns, then flips.
_UPRIGHT = {2: ("none", "horizontal"), 3: ("half", ""), 4: ("none", "vertical"), 5: ("right", "horizontal"), 6: ("right", ""), 7: ("right", "vertical"),
            8: ("left", "")}


def word(table: dict[str, str], value: Any, what: str) -> str:
    if value not in table:
        raise Unmapped(f'{what}="{value}" is none of {", ".join(table)}')
    return table[value]


def bands_of(picture: Picture, bands: list[int]) -> Picture:
    out: Picture = ops["band_extract"](picture, bands=bands)
    return out


def flat(picture: Picture) -> Picture:
    """All channels as samples; alpha is not another thing."""
    if not picture.alpha:
        return picture
    joined: Picture = ops["band_join"](picture)
    return joined


def pictured(picture: Picture, interpretation: str) -> Picture:
    """The other way: samples as a gray or RGB picture, perhaps with alpha, where they are one."""
    if interpretation not in COLOURS:
        return picture
    _, _, n, _, model, _ = picture._extent
    if model != "data" or n not in (2, 4):
        return picture
    out: Picture = ops["band_join"](picture, alpha=True)
    return out


def said_of(picture: Picture, file: Picture) -> Picture:
    """These pixels, with what the file of another picture of this size and kind says. Nothing of that one is computed."""
    out: Picture = ops["uncrop"](picture, file, x=0, y=0)
    return out


def profiled(picture: Picture, others: Iterable[Picture]) -> Picture:
    """With the profile of the first that has one of such colours, where there is none: of images put together, as pyvips has it, and of bands."""
    model = picture.model
    if model not in ("gray", "rgb") or picture._meta("icc"):
        return picture
    like = next((o for o in others if o._meta("icc") and o.model == model), None)
    out: Picture = picture if like is None else ops["icc_assign"](picture, like, to="like")
    return out


def upright(picture: Picture, orientation: int) -> Picture:
    """Turned as EXIF's number has it."""
    turn, flip = _UPRIGHT.get(orientation, ("none", ""))
    out: Picture = ops["turn"](picture, turn)
    if flip:
        out = ops["flip"](out, flip)
    return out


@lru_cache(256)
def per_band(n: int, first: int) -> str:
    """The name of a number in a formula, or which of n it is in which channel."""
    text = f"v{first + n - 1}"
    for i in range(n - 2, -1, -1):
        text = f"select(channel == {i}, v{first + i}, {text})"
    return text


def numbers(value: Any) -> list[float] | None:
    if type(value) in _NUMBERS:   # what most are
        return [float(value)]
    try:
        return [float(value)] if not isinstance(value, (list, tuple)) else [float(v) for v in value]
    except (TypeError, ValueError):
        return None


def single(values: list[float]) -> list[float]:
    """As floats of 32 bits."""
    return list(array("f", values))


class Held:
    """What operations are of: `kal` is kallitype's image, `_of` makes one of ours of such."""

    if TYPE_CHECKING:
        kal: Picture
        _interpretation: str
        _truth: bool
        _split: Picture | None
        width: int
        height: int
        bands: int

        def _of(self, picture: Picture, interpretation: str | None = None, truth: bool = False, others: Iterable[Any] = ()) -> Image: ...

        def _upright(self) -> Image: ...

        def _wide(self, n: int) -> Image: ...

        def addalpha(self) -> Image: ...

        def pagesplit(self) -> list[Image]: ...

        def get_page_height(self) -> int: ...
