# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Whatever PixelCache makes an image of, as an image of 8 bits: gray, RGB, or a mask."""

from __future__ import annotations

import os
from typing import Any

from ..errors import Error
from ..image import Image
from ..opening import array, open as open_

_URL = ("http://", "https://")
_SECONDS = 10
_NATIVE = ("RGB", "L", "1")
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "F")


def is_url(path: str) -> bool:
    return path.lower().startswith(_URL)


def read(path: str) -> bytes:
    """The bytes of a file or a URL; RuntimeError, with the cause."""
    try:
        if is_url(path):
            from urllib.request import urlopen

            with urlopen(path, timeout=_SECONDS) as answer:
                return bytes(answer.read())
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise RuntimeError(f"Error reading image {path}: {error}") from error


def decoded(data: bytes, path: str | None = None) -> Image:
    """The picture in bytes, upright; its pixels are decoded when somebody looks."""
    try:
        return plain(open_(data))
    except Error as error:
        if path is None:
            raise
        raise RuntimeError(f"Error reading image {path}: {error}") from error


def of_array(value: Any) -> Image:
    if value.ndim == 3 and value.shape[2] == 1:
        value = value[:, :, 0]
    return plain(array(value))


def of_pil(value: Any) -> Image:
    from PIL import ImageOps

    if value.getexif().get(274, 1) != 1:
        value = ImageOps.exif_transpose(value)
    return plain(open_(value if value.mode in _NATIVE + _DEEP else value.convert("RGB")))


def of_tensor(value: Any) -> Image:
    return plain(open_(value))


def plain(image: Image) -> Image:
    """8 bits, no alpha, and nothing beside the pixels: what is made of them would not have it either."""
    for block in ("exif", "icc", "xmp", "iptc", "geo"):
        if image.meta(block) is not None:
            image = image.unset_field(block)
    if "density.x" in image._fields():
        image = image.unset_field("density")
    if image.model == "mask":
        return image
    if image.dtype != "uint8":
        image = image.cast(type="u8")
    if image.alpha:
        image = image.band_extract(bands=list(range(image.channels - 1)))
    if image.model not in ("gray", "rgb"):
        raise ValueError(f"{image.channels} channels of {image.model} are no picture: gray, RGB or a mask is")
    return image


def to_gray(image: Image) -> Image:
    return image.expr(formula="a") if image.model == "mask" else image.gray()


def to_rgb(image: Image) -> Image:
    return image.to_rgb()


def is_path(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))
