# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Lazy, keyed image pipelines.

    import kallitype as kal

    img = kal.open("in.jpg")
    out = img.within(kal.Box.of(1200, 800, 640, 640), lambda part: part.gaussian(6), feather=8)
    out.save("out.jpg", quality=90)

An image is a description; pixels are computed when somebody looks, in bands on all processors, and what is worth keeping is found again by its key. Every op of
the library is a function here and a method of Image.
"""

from __future__ import annotations

from . import _kal
from ._kal import Canvas as Canvas, Cancel as Cancel, Memo as Memo
from .box import Box as Box
from .errors import (CallbackError as CallbackError, CancelledError as CancelledError, ChangedError as ChangedError, CorruptError as CorruptError,
    DeadlineError as DeadlineError, Error as Error, FileError as FileError, ForbiddenFileError as ForbiddenFileError, InternalError as
    InternalError, InvalidError as InvalidError, LimitError as LimitError, MissingError as MissingError, MissingFileError as MissingFileError,
    OutOfMemoryError as OutOfMemoryError, TextError as TextError, UnsupportedError as UnsupportedError)
from .image import Content as Content, Encoded as Encoded, Image as Image, Node as Node, Value as Value
from .opening import array as array, hook, open as open, pages as pages, parse as parse, run as run, save_all as save_all
from .settings import options as options

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

    from ._ops import *   # type: ignore[assignment]   # open() is ours: the op of that name is a method
    from .compat.pyjamaz import get_version as get_version, optimize_image as optimize_image
    from .iio import (imiter as imiter, immeta as immeta, imopen as imopen, improps as improps, imread as imread, imwrite as imwrite)
    from .library import (formats as formats, limits as limits, memo_clear as memo_clear, memo_stats as memo_stats, plugin as plugin,
                          processors as processors, untrusted as untrusted)
    from .memoize import memo as memo
    from .optimizing import OptimizeResult as OptimizeResult, optimize as optimize
    from .params import ParamDict as ParamDict, ParamList as ParamList
    from .point_lists import ImageSize as ImageSize, Points as Points
    from .streams import Source as Source, Target as Target, album as album
    from .userops import op as op

__version__: str = _kal.version

hook()
for _name, _op in _kal.ops().items():
    globals().setdefault(_name, _op)
del _name, _op, hook

# What is rarely wanted is read when it is: name → module.
_LATER = {
    "memo": "memoize", "Source": "streams", "Target": "streams", "album": "streams", "optimize": "optimizing", "OptimizeResult": "optimizing", "optimize_image": "compat.pyjamaz", "get_version": "compat.pyjamaz",
    "imread": "iio", "imwrite": "iio", "imiter": "iio", "improps": "iio", "immeta": "iio", "imopen": "iio",
    "op": "userops", "limits": "library", "untrusted": "library", "plugin": "library", "formats": "library", "processors": "library",
    "memo_stats": "library", "memo_clear": "library", "ParamDict": "params", "ParamList": "params", "Points": "point_lists", "ImageSize": "point_lists",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        value = getattr(import_module("." + _LATER[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"kallitype has no {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
