# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' options of loading and saving, in brackets behind a name (".jpg[Q=90,strip]") or by keyword, as kallitype has them."""

from __future__ import annotations

import functools
import os
import re
from typing import Any, Callable

from .. import _kal
from ..image import suffixes
from ._vips_errors import Unmapped, nearest

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


def split(text: str) -> tuple[str, dict[str, Any]]:
    """A name, and the options in brackets at its end."""
    if not text.endswith("]") or "[" not in text:
        return text, {}
    at = text.rindex("[")
    return text[:at], dict(_option(part) for part in _parts(text[at + 1:-1]))


def given(text: str) -> dict[str, Any]:
    """Options alone, with brackets or without. A suffix says nothing: the content tells the format."""
    name, options = split(text.strip())
    return options if not name or name.startswith(".") else dict(_option(part) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """Between commas; not those in quotes."""
    return [p.strip() for p in re.findall(r'(?:[^,"]|"[^"]*")+', text) if p.strip()]


def _option(part: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    return name.strip().replace("-", "_"), _value(value.strip().strip('"')) if equals else True


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    words = text.split()
    if words and all(_NUMBER.match(w) for w in words):
        numbers = [float(w) if set(w) & set(".eE") else int(w) for w in words]
        return numbers[0] if len(numbers) == 1 else numbers
    return text


# ---- loading -------------------------------------------------------------------------------------------

_LOAD = ("access", "page", "n", "shrink", "autorotate", "fail", "fail_on", "memory", "revalidate", "nocache", "format")
_LOAD_INSTEAD = {
    "unlimited": "limits are lifted by kallitype.limits(...)", "scale": "resize the image: an SVG is drawn at the size that is wanted",
    "dpi": "resize the image",
    "level": "shrink=2, 4 … takes a level of a pyramid", "subifd": "shrink=2, 4 … takes a level of a pyramid",
    "disc": "memory is bounded by kallitype.options(max_memory=)",
}


def load(options: dict[str, Any]) -> tuple[dict[str, Any], int, bool]:
    """Options of kallitype's open, how many pages (-1: all), and whether a stream is read once, as it comes."""
    for name in options:
        if name not in _LOAD:
            raise Unmapped(f'loading takes no "{name}": {_LOAD_INSTEAD[name]}' if name in _LOAD_INSTEAD
                           else f'loading takes no "{name}"{nearest(name, [*_LOAD, *_LOAD_INSTEAD])}')
    out: dict[str, Any] = {"upright": bool(options.get("autorotate", False))}
    for name in ("page", "shrink", "format"):
        if name in options:
            out[name] = options[name]
    access = options.get("access", "random")
    if access not in ("random", "sequential", "sequential-unbuffered"):
        raise Unmapped(f'access="{access}" is neither random nor sequential')
    fail_on = options.get("fail_on", "none" if options.get("fail") is False else "error")
    if fail_on not in ("none", "truncated", "error", "warning"):
        raise Unmapped(f'fail_on="{fail_on}" is none of none, truncated, error, warning')
    if fail_on == "none":
        out["lenient"] = True
    return out, int(options.get("n", 1)), access != "random"


# ---- saving --------------------------------------------------------------------------------------------

# option of pyvips → of kallitype, by format; a function gives several of its value.
_Mapped = str | Callable[[Any], dict[str, Any]]


def _subsampling(mode: Any) -> dict[str, Any]:
    words: dict[Any, dict[str, Any]] = {"auto": {}, "on": {"subsampling": "420"}, "off": {"subsampling": "444"}}
    if mode not in words:
        raise Unmapped(f'subsample_mode="{mode}" is none of auto, on, off')
    return words[mode]


def _keep(what: Any) -> dict[str, Any]:
    if what not in ("all", "none"):
        raise Unmapped(f'keep="{what}": all or none of the metadata is kept; fields are taken out by image.kal.unset_field(...)')
    return {"strip": what == "none"}


def _png_filter(word: Any) -> dict[str, Any]:
    return {"filter": "auto" if word == "all" else word}


def _tile(wanted: Any) -> dict[str, Any]:
    return {"tile": 128} if wanted else {}


def _palette(wanted: Any) -> dict[str, Any]:
    return {"colours": 256} if wanted else {}


def _bits(depth: Any) -> dict[str, Any]:
    return {"colours": 1 << int(depth)} if int(depth) < 8 else {}


_ALL: dict[str, _Mapped] = {"strip": "strip", "keep": _keep}
_SAVE: dict[str, dict[str, _Mapped]] = {
    "jpeg": {"Q": "quality", "interlace": "progressive", "optimize_coding": "optimize", "subsample_mode": _subsampling,
             "no_subsample": lambda off: {"subsampling": "444"} if off else {}},
    "png": {"compression": "compression", "filter": _png_filter, "palette": _palette, "bitdepth": _bits, "colours": "colours",
            "dither": lambda much: {"dither": much > 0}},
    "webp": {"Q": "quality", "lossless": "lossless", "effort": "effort", "reduction_effort": "effort"},
    "tiff": {"compression": "compression", "Q": "quality", "level": "level", "tile": _tile, "tile_width": "tile", "tile_height": "tile",
             "pyramid": "pyramid",
             "bigtiff": "bigtiff"},
    "gif": {"dither": lambda much: {"dither": much > 0}},
    "avif": {"Q": "quality", "lossless": "lossless", "effort": "effort", "speed": lambda s: {"effort": 9 - int(s)}, "subsample_mode": _subsampling},
    "heif": {"Q": "quality", "lossless": "lossless", "subsample_mode": _subsampling},
    "jxl": {"Q": "quality", "lossless": "lossless", "effort": "effort"},
}
_SAVE_INSTEAD = {
    "interlace": "such a file has its rows in order", "trellis_quant": "quality= and image.kal.optimize(...) make small files",
    "overshoot_deringing": "nothing stands for it", "optimize_scans": "interlace=True gives several passes", "quant_table": "Q= chooses the tables",
    "restart_interval": "none are written", "profile": "image.kal.icc_transform(to=...) before saving", "predictor": "one is used where it helps",
    "distance": "Q= says it", "tier": "effort= says it", "near_lossless": "lossless=True, or Q=", "smart_subsample": "Q= says it",
    "preset": "Q= and effort= say it", "alpha_q": "Q= is of colours, alpha loses nothing", "min_size": "image.kal.optimize(...) finds the smallest",
    "speed": "the encoder's own is used", "effort": "the encoder's own is used", "bitdepth": "cast the image", "squash": "cast the image",
    "miniswhite": "invert the image", "subifd": "pyramid=True", "depth": "pyramid=True goes down to one tile", "mixed": "lossless= or Q=",
    "kmin": "an animation's pictures are cut by themselves", "interframe_maxerror": "an animation's pictures are cut by themselves",
    "target_size": "image.kal.optimize(max_bytes=...)", "passes": "image.kal.optimize(max_bytes=...)", "xres": 'image.set("density", "300dpi")',
}
_QUALITY = {"jpeg": 75, "webp": 75, "avif": 50, "heif": 50, "jxl": 75}   # pyvips' defaults, where kallitype has others
_SAMPLES = {
    "png": ("uint8", "uint16"), "tiff": ("uint8", "uint16", "uint32", "float32"), "jxl": ("uint8", "uint16", "float32"),
    "npy": ("uint8", "uint16", "uint32", "float32"), "exr": ("float32",), "hdr": ("float32",), "pnm": ("uint8", "uint16", "float32"),
    "jp2": ("uint8", "uint16"), "pixels": ("uint8", "uint16", "uint32", "float32"),
}
_NO_ALPHA = ("jpeg", "hdr")


@functools.cache
def _codecs() -> dict[str, str]:
    """Suffix, or name of a format → that name."""
    out: dict[str, str] = {}
    for codec in _kal.codecs():
        for suffix in (codec["name"], *codec["suffixes"].split("|")):
            out.setdefault(suffix, codec["name"])
    return out


def format_of(name: str) -> tuple[str, str]:
    """The suffix, without its dot, and the name of the format that it means."""
    suffix = os.path.splitext(name)[1][1:].lower() or name.lstrip(".").lower()
    if suffix not in suffixes():
        raise Unmapped(f'"{name}" is not a known file format: no format is written by "{suffix}"{nearest(suffix, suffixes())}')
    if suffix not in _codecs():   # of a plugin that came later
        _codecs.cache_clear()
    return suffix, _codecs().get(suffix, suffix)


def samples(format: str) -> tuple[str, ...]:
    """The types of samples that a format holds."""
    return _SAMPLES.get(format, ("uint8",))


def has_alpha(format: str) -> bool:
    return format not in _NO_ALPHA


def save(format: str, options: dict[str, Any]) -> dict[str, Any]:
    """Options of kallitype's encode."""
    table = {**_ALL, **_SAVE.get(format, {})}
    out: dict[str, Any] = {}
    for name, value in options.items():
        if name not in table:
            why = _SAVE_INSTEAD.get(name)
            raise Unmapped(f'saving {format} takes no "{name}"' + (f": {why}" if why else nearest(name, table)))
        to = table[name]
        out.update({to: value} if isinstance(to, str) else to(value))
    if format in _QUALITY and not out.get("lossless"):
        out.setdefault("quality", _QUALITY[format])
    if format in ("jpeg", "avif", "heif") and "subsampling" not in out and not out.get("lossless"):
        out["subsampling"] = "444" if out["quality"] >= 90 else "420"
    if format == "tiff" and out.get("compression") == "jpeg":
        out.setdefault("quality", 75)
    return out
