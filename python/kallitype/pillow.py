# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pillow images in and out, each mode by what stands here.

In: L gray; LA gray and alpha; RGB; RGBA; 1 a mask; I;16 gray of 16 bits; F gray of floats; I whole numbers as data (uint32; negative ones are an error). P and PA by their palette, with
alpha where they have any. RGBX loses its fourth byte; RGBa and La are divided by their alpha; CMYK, YCbCr and HSV become RGB as Pillow converts them, LAB by Pillow's profiles.

What Pillow opened is turned as its EXIF says, a colour named as transparent is, and the ICC profile comes along; fields do not, which Pillow has taken apart.

Out: gray L, I;16 or F; gray and alpha LA; RGB; RGB and alpha RGBA; masks 1. Others have no mode, which is an error. The profile goes along
in `info["icc_profile"]`.
"""

from __future__ import annotations


from . import _kal
from .errors import InvalidError

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

    from .image import Image

# mode → (model, alpha, type of a sample)
_AS_IT_IS = {"L": ("gray", 0, "B"), "LA": ("gray", 1, "B"), "RGB": ("rgb", 0, "B"), "RGBA": ("rgb", 1, "B"), "I;16": ("gray", 0, "H"),
             "F": ("gray", 0, "f")}
_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "I;16": 1, "F": 1}
_FIRST = {"RGBX": "RGB", "RGBa": "RGBA", "La": "LA", "CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB"}


def _plain(image: Any) -> Any:
    """The image in a mode whose bytes are samples."""
    mode = image.mode
    colour = image.info.get("transparency")
    if mode in ("P", "PA"):
        return image.convert("RGBA" if mode == "PA" or colour is not None else "RGB")
    if (mode == "L" and isinstance(colour, int)) or (mode == "RGB" and isinstance(colour, tuple) and len(colour) == 3):
        return image.convert(mode + "A")
    if mode == "LAB":
        from PIL import ImageCms

        return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
    if mode == "La":
        return image.convert("LA")
    return image.convert(_FIRST[mode]) if mode in _FIRST else image


_TURNS = {2: "mirror", 3: "half", 4: "flip", 5: "transpose", 6: "right", 7: "transverse", 8: "left"}


def _profiled(img: Image, profile: Any) -> Image:
    """The image with an ICC profile, if that is of its colours."""
    space = {"gray": b"GRAY", "rgb": b"RGB "}.get(img.model)
    if not isinstance(profile, bytes) or profile[16:20] != space:
        return img
    try:
        return img.icc_assign(_kal.profile(profile))
    except InvalidError:
        return img   # a damaged one, which says nothing


def from_pil(image: Any, *, model: str | None = None, alpha: bool | None = None, copy: bool = True, upright: bool = True) -> Image:
    """An image of a Pillow image's pixels, which are copied. upright: what Pillow has just opened is turned as its EXIF says; what was made of it is as it is."""
    del copy   # Pillow hands out copies only
    if not all(image.size):
        raise ValueError("a Pillow image of {} by {} pixels is no image".format(*image.size))
    image.load()   # Pillow turns a TIFF itself, and its size is known then
    out = _profiled(_samples(image, model, alpha), image.info.get("icc_profile"))
    turn = _TURNS.get(image.getexif().get(274, 1)) if upright and image.format not in (None, "TIFF") else None
    return out.turn(turn) if turn else out   # type: ignore[arg-type]


def _samples(image: Any, model: str | None, alpha: bool | None) -> Image:
    w, h = image.size
    if image.mode == "1":
        return _kal.image_of(memoryview(image.convert("L").tobytes()).cast("B", (h, w)), model or "mask", -1, True)
    if image.mode in ("I", "I;16B", "I;16L", "I;16N"):
        return _of_integers(image, model)
    plain = _plain(image)
    if plain.mode not in _AS_IT_IS:
        raise ValueError(f"Pillow's mode {image.mode} has no meaning here; convert it first, to RGB for one")
    own_model, own_alpha, kind = _AS_IT_IS[plain.mode]
    channels = _CHANNELS[plain.mode]
    shape = (h, w, channels) if channels > 1 else (h, w)
    samples: Any = memoryview(plain.tobytes()).cast("B").cast(kind, shape)
    return _kal.image_of(samples, model or own_model, own_alpha if alpha is None else int(alpha), True)


def _of_integers(image: Any, model: str | None) -> Image:
    w, h = image.size
    if image.mode != "I":
        from array import array

        samples = array("H", image.tobytes())
        if image.mode == "I;16B":
            samples.byteswap()
        return _kal.image_of(memoryview(samples).cast("B").cast("H", (h, w)), model or "gray", -1, True)
    low, high = image.getextrema()
    if low < 0:
        raise ValueError(f"a Pillow image of mode I with negative numbers (the least is {low}) has no sample type here; convert it to F")
    return _kal.image_of(memoryview(image.tobytes()).cast("B").cast("I", (h, w)), model or "data", 0, True)


_OUT = {("gray", False, "uint8"): "L", ("gray", True, "uint8"): "LA", ("rgb", False, "uint8"): "RGB", ("rgb", True, "uint8"): "RGBA",
        ("mask", False, "uint8"): "1", ("gray", False, "uint16"): "I;16", ("gray", False, "float32"): "F"}


def to_pil(image: Any, shared: bool) -> Any:
    """A Pillow image of an image's pixels."""
    from PIL import Image as Pillow

    w, h, _, dtype, model, alpha = image._extent
    mode = _OUT.get((model, alpha, dtype))
    if mode is None:
        raise ValueError(f"Pillow has no mode for {model} {'with alpha ' if alpha else ''}of {dtype}; cast, to_rgb or band_extract make one that it has")
    pixels = image._pixels()
    if mode == "1":
        return Pillow.frombuffer("L", (w, h), pixels, "raw", "L", pixels.stride, 1).convert("1", dither=Pillow.Dither.NONE)
    profile = image.meta("icc")
    view: Any = memoryview(pixels)
    if pixels.stride != w * view.strides[1]:   # frombuffer wants rows without gaps
        pixels = view.tobytes()
    out = Pillow.frombuffer(mode, (w, h), pixels, "raw", mode, 0, 1)
    if profile:
        out.info["icc_profile"] = profile
    return out if shared else out.copy()
