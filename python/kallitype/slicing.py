# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""img[y0:y1, x0:x1, c0:c1]: rows, columns and channels of an image, as NumPy takes them, but never none."""

from __future__ import annotations

from . import _ops

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

    from .image import Image


def _range(s: Any, n: int, what: str) -> tuple[int, int]:
    if not isinstance(s, slice) and hasattr(s, "__index__"):
        s = s.__index__()
        if not -n <= s < n:
            raise IndexError(f"{what} {s} of {n}")
        s %= n
        return s, s + 1
    if not isinstance(s, slice):
        raise TypeError(f"{what}s are taken by a slice, not {s!r}: img[y0:y1, x0:x1]")
    start, stop, step = s.indices(n)
    if step != 1:
        raise ValueError("a part has no steps; resize, downsample or flip the image")
    if start >= stop:
        raise ValueError(f"{what}s {s.start}:{s.stop} of {n} are none")
    return start, stop


def part_of(image: Image, place: Any) -> Image:
    place = place if isinstance(place, tuple) else (place,)
    if place and place[0] is Ellipsis:
        place = (slice(None), slice(None), *place[1:])
    if len(place) == 4 and all(isinstance(p, (int, float)) for p in place):
        raise TypeError("four numbers do not say whether they are corners or sizes: img[y0:y1, x0:x1], or img.crop(Box(x0, y0, x1, y1))")
    if len(place) > 3:
        raise TypeError("an image has rows, columns and channels")
    w, h, c = image._extent[:3]
    y0, y1 = _range(place[0] if place else slice(None), h, "row")
    x0, x1 = _range(place[1] if len(place) > 1 else slice(None), w, "column")
    out = image
    if (x0, y0, x1, y1) != (0, 0, w, h):
        out = _ops.crop(out, x=x0, y=y0, width=x1 - x0, height=y1 - y0)
    if len(place) == 3:
        c0, c1 = _range(place[2], c, "channel")
        if (c0, c1) != (0, c):
            out = _ops.band_extract(out, bands=list(range(c0, c1)))
    return out
