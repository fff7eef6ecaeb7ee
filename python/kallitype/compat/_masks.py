# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Masks: thresholds, parts, boxes around them, what is drawn by them."""

from __future__ import annotations

from typing import Any, Self

from .. import _kal
from ..image import Image
from . import _reading
from ._hashable import BoundingBox, HashableList
from ._held import Held


class Masks(Held):
    __slots__ = ()

    def to_binary(self, threshold: float = 0.0, area_min: float = 0, connectivity: int = 8) -> Self:
        """Set where any channel is above threshold · 255. area_min: holes and islands of less than this share of the image go; the
        largest island stays."""
        if not 0 <= threshold <= 1 or not 0 <= area_min <= 1:
            raise ValueError(f"to_binary: threshold and area_min are 0 to 1, not {threshold} and {area_min}")
        mask = self._image if self.is_binary() else self._image.threshold(value=threshold * 255)
        pixels = area_min * mask.width * mask.height
        if pixels > 1:
            mask = _without_small(mask.fill_holes(area=pixels, connectivity=connectivity), pixels, connectivity)
        return self if mask is self._image else self._new(mask)

    def invert_binary(self) -> Self:
        return self._new(self.to_binary()._image.invert())

    def logical_or_reduce(self, other: list[Masks]) -> Self:
        return self._new(_kal.ops()["mask_or"](self.to_binary()._image, *(i.to_binary()._image for i in other)))

    def mask2bbox(self, margin: float, *, normalized: bool = False, merge: bool = False, verbose: bool = True, closing: tuple[int, int] = (0, 0),
                  opening: tuple[int, int] = (0, 0), area_threshold: float = 0.0, number_of_objects: int = -1) -> HashableList:
        """A box around each part of the mask, in the order of their first pixels; those that overlap become one.

        margin: a part of the box's sides, added on each. merge: one box around all. area_threshold: parts of less than this share of the
        image go first. opening, closing: rows and columns of their kernels. number_of_objects: only so many of the largest, −1 all.
        """
        del verbose   # an empty list says it
        mask = self.to_binary()._image
        pixels = area_threshold * mask.width * mask.height
        if pixels > 1:
            mask = _without_small(mask, pixels, 8)
        if number_of_objects == 0:
            return HashableList([])
        kernels = {"opening": opening, "closing": closing}
        how: dict[str, Any] = {name: [kernel[1], kernel[0]] for name, kernel in kernels.items() if min(kernel) > 0}
        if number_of_objects > 0:
            how["largest"] = number_of_objects 
        boxes = mask.mask_boxes(margin=margin, merge="all" if merge else "overlapping", **how).get()
        w, h, size = mask.width, mask.height, self.size()
        boxes = ((boxes,) if boxes and not isinstance(boxes[0], tuple) else boxes)
        return HashableList([BoundingBox(x0 / w, y0 / h, x1 / w, y1 / h, size, normalized=True) if normalized
                             else BoundingBox(x0, y0, x1, y1, size, normalized=False) for x0, y0, x1, y1 in boxes])

    def mask2squaremask(self, margin: float, **how: Any) -> Self:
        """Set within the boxes of mask2bbox."""
        boxes = [box.xyxy for box in self.mask2bbox(margin, **how)]
        return self._new(_kal.ops()["box_mask"](boxes=boxes, width=self._image.width, height=self._image.height))

    def morphologyEx(self, operation: str, kernel: Any) -> Self:
        """erode, dilate, open or close the mask by a kernel of rows; what lies outside the image is not looked at."""
        if operation not in ("erode", "dilate", "open", "close"):
            raise ValueError(f"operation is erode, dilate, open or close, not {operation!r}")
        rows = [[float(v) for v in row] for row in kernel]
        flat = [v for row in rows for v in row]
        return self._new(_kal.ops()[operation](self.to_binary()._image, kernel=flat, width=len(rows[0]), height=len(rows)))

    def blend(self, mask: Masks, alpha: float, *, with_bbox: bool, merge_bbox: bool = True) -> Self:
        """alpha · mask + (1 − alpha) · image, of pictures; of a binary mask the image, with alpha of what lies outside of it.
        with_bbox: and red boxes around what is set."""
        base = self._image.to_rgb()
        out = mask._image.dim(base, alpha=alpha) if mask.is_binary() else mask._image.to_rgb().blend(base, alpha=alpha)
        if with_bbox and (boxes := mask.mask2bbox(0.001, merge=merge_bbox)):
            out = out.draw_boxes(boxes=[b.xyxy for b in boxes], color="red", width=3)
        return self._new(out)

    def filled(self, mask: Masks, value: float) -> Self:
        """With value, 0 to 1, where the mask is set."""
        if not 0 <= value <= 1:
            raise ValueError(f"a value is 0 to 1, not {value}")
        image = _reading.to_gray(self._image) if self.is_binary() else self._image
        color = _kal.ops()["solid"](color=[value * 255] * image.channels, width=image.width, height=image.height, channels=image.channels)
        return self._new(color.mask_blend(mask.to_binary()._image, image))

    def __setitem__(self, mask: Masks, value: float) -> None:
        raise TypeError("an image does not change: new = image.filled(mask, value)")


def _without_small(mask: Image, pixels: float, connectivity: int) -> Image:
    """Without parts of fewer pixels; the largest stays in any case."""
    out: Image = mask.remove_small(area=pixels, connectivity=connectivity) | mask.keep_largest(n=1, connectivity=connectivity)
    return out
