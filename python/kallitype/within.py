# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Crop, process, put back, in one call."""

from __future__ import annotations


from . import _ops
from .box import Box
from .image import Image, Value

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable


def _around(box: tuple[int, int, int, int], context: float, width: int, height: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    dx, dy = round((x1 - x0) * context), round((y1 - y0) * context)
    return max(x0 - dx, 0), max(y0 - dy, 0), min(x1 + dx, width), min(y1 + dy, height)


def within(image: Image, box: Any, process: Callable[[Image], Any], feather: int, context: float, resize: Any) -> Image:
    if isinstance(box, Value):
        if not context:   # all of it stays undecided until the box is known
            part = process(_ops.crop(image, box))
            return _ops.uncrop(part, image, box=box, feather=feather, resize=resize)
        boxes = box.as_boxes()
        if len(boxes) != 1:
            raise ValueError(f"within() works on one box, and the value has {len(boxes)}; box_union joins them, crops and uncrops take many")
        box = boxes[0]
    if not isinstance(box, Box):
        raise TypeError(f"a Box or a Value of one, not {box!r}: Box(x0, y0, x1, y1), Box.of(x, y, width, height)")
    if not 0 <= context < 1e6:
        raise ValueError(f"context={context:g} is no part of the sides, as 0.25 is")
    w, h = image.width, image.height
    x0, y0, x1, y1 = box.pixels(w, h)
    if x0 < 0 or y0 < 0 or x1 > w or y1 > h or x0 >= x1 or y0 >= y1:
        raise ValueError(f"{box!r} is {x0}, {y0}, {x1}, {y1} in pixels, which does not lie in an image of {w}×{h}")
    ax0, ay0, ax1, ay1 = _around((x0, y0, x1, y1), context, w, h)
    part = process(_ops.crop(image, x=ax0, y=ay0, width=ax1 - ax0, height=ay1 - ay0))
    if not isinstance(part, Image):
        from .opening import open as open_

        part = open_(part)   # an array, a tensor, what a model gives
    if (ax0, ay0, ax1, ay1) != (x0, y0, x1, y1):
        part = _ops.resize(part, ax1 - ax0, ay1 - ay0, kernel=resize) if (part.width, part.height) != (ax1 - ax0, ay1 - ay0) else part
        part = _ops.crop(part, x=x0 - ax0, y=y0 - ay0, width=x1 - x0, height=y1 - y0)
    return _ops.uncrop(part, image, x=x0, y=y0, width=x1 - x0, height=y1 - y0, feather=feather,
                         resize="none" if (part.width, part.height) == (x1 - x0, y1 - y0) else resize)
