# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Sizes and places: resizing, turning, padding, crops and their way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from ..point_lists import ImageSize
from ._hashable import BoundingBox, Points, boxes_of
from ._held import Held
from ._masks import Masks

_KERNELS: dict[str, Any] = {"bilinear": "bilinear", "lanczos": "lanczos3", "nearest": "nearest"}


class Geometry(Masks):
    __slots__ = ()

    def resize(self, size: ImageSize, mode: str = "bilinear") -> Self:
        """Gray becomes RGB; masks stay masks, by their nearest pixels."""
        if mode not in _KERNELS:
            raise ValueError(f"mode is {', '.join(_KERNELS)}, not {mode!r}")
        if size == self.size():
            return self
        image = self._image if self.is_binary() else self._image.to_rgb()
        return self._new(image.resize(width=size.width, height=size.height, kernel=_KERNELS[mode]))

    def downsample(self, factor: int) -> Self:
        return self.resize(self.size() // factor)

    def resize_min_size(self, min_size: int, modulo: int = 16) -> Self:
        """The shorter side becomes min_size, the other in proportion, and both go down to a multiple of modulo."""
        size = self.size()
        scale = min_size / size.min()
        sides = [min_size if side == size.min() else round(side * scale) for side in (size.height, size.width)]
        height, width = (side - side % modulo for side in sides)
        if height <= 0 or width <= 0:
            raise ValueError(f"resize_min_size: {sides[0]}×{sides[1]} has no multiple of {modulo}")
        return self.resize(ImageSize(height=height, width=width))

    def rotate(self, rotation: float, mode: Any = "bilinear", *, expand: bool = True) -> Self:
        """Counter-clockwise about the centre, in degrees. mode: a word, or torchvision's InterpolationMode."""
        return self._new(self._image.rotate(angle=rotation, kernel=getattr(mode, "value", mode), expand=expand))

    def center_pad(self, image_size: ImageSize, fill: int | Iterable[int] = 0) -> Self:
        """In the middle of a larger RGB canvas: row H//2 - h//2 of it is the first of the image."""
        size = self.size()
        if image_size.height < size.height or image_size.width < size.width:
            raise ValueError(f"center_pad: {image_size} is smaller than the image, {size}")
        color = [fill] * 3 if isinstance(fill, (int, float)) else list(fill)
        return self._new(self._image.to_rgb().embed(x=image_size.width // 2 - size.width // 2, y=image_size.height // 2 - size.height // 2,
                                                    width=image_size.width, height=image_size.height, color=color))

    def _place(self, boxes: Iterable[BoundingBox] | BoundingBox, what: str) -> dict[str, Any]:
        """What is around all boxes, on this image, as parameters of an op."""
        corners = [box.xyxyn for box in boxes_of(boxes)]
        if not corners:
            raise ValueError(f"{what}: there are no boxes")
        w, h = self._image.width, self._image.height
        x0, y0 = (max(round(min(c[i] for c in corners) * side), 0) for i, side in ((0, w), (1, h)))
        x1, y1 = (min(round(max(c[i] for c in corners) * side), side) for i, side in ((2, w), (3, h)))
        if x0 >= x1 or y0 >= y1:
            raise ValueError(f"{what}: the boxes have no pixels on {self.size()}")
        return {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}

    def crop_from_bbox(self, bboxes: Iterable[BoundingBox] | BoundingBox) -> Self:
        """What is around all boxes, as RGB."""
        return self._new(self._image.to_rgb().crop(**self._place(bboxes, "crop_from_bbox")))

    def uncrop_from_bbox(self, base: Geometry, bboxes: Iterable[BoundingBox] | BoundingBox, *, resize: bool = False,
                         blend_width: int = 10) -> Self:
        """This crop back into its place on the base, with a soft seam of blend_width pixels; 0 replaces exactly."""
        place = base._place(bboxes, "uncrop_from_bbox")
        if not resize and (self._image.width, self._image.height) != (place["width"], place["height"]):
            raise ValueError(f"uncrop_from_bbox: the crop is {self.size()} and its place {place['height']}×{place['width']}; resize=True fits it")
        return self._new(self._image.to_rgb().uncrop(base._image.to_rgb(), feather=blend_width, resize="bilinear" if resize else "none", **place))

    def crop_from_mask(self, mask: Masks, margin: float = 0.0, **how: Any) -> Self:
        """What is around all that is set. how: as mask2bbox."""
        how.pop("verbose", None)
        boxes = mask.mask2bbox(margin, verbose=False, **how)
        if not boxes:
            raise ValueError("crop_from_mask: the mask is empty")
        return self.crop_from_bbox(boxes)

    def crop_from_points(self, points: Points, margin: float = 0.0, **how: Any) -> Self:
        return self.crop_from_mask(points.to_mask(), margin, **how)

    def concat(self, other: list[Held], mode: str) -> Self:
        """Beside each other ("horizontal") or below ("vertical"); the other side is the same in all."""
        if mode not in ("horizontal", "vertical"):
            raise ValueError(f'mode is "horizontal" or "vertical", not {mode!r}')
        images: list[Held] = [self, *other]
        side = "height" if mode == "horizontal" else "width"
        if len({getattr(i._image, side) for i in images}) > 1:
            raise ValueError(f"concat: the {side} is {', '.join(str(getattr(i._image, side)) for i in images)}; it has to be one")
        nodes = [i._image for i in images] if len({i.dtype() for i in images}) == 1 else [i._image.to_rgb() for i in images]
        w, h = (sum(n.width for n in nodes), nodes[0].height) if mode == "horizontal" else (nodes[0].width, sum(n.height for n in nodes))
        out, x, y = nodes[0].embed(x=0, y=0, width=w, height=h), 0, 0
        for before, node in zip(nodes, nodes[1:]):
            x, y = (x + before.width, y) if mode == "horizontal" else (x, y + before.height)
            out = node.insert(out, x=x, y=y)
        return self._new(out)
