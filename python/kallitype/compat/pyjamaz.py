# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pyjamaz' two functions on our own search: `import kallitype.compat.pyjamaz as pyjamaz`. What differs: docs/from/pyjamaz.md."""

from __future__ import annotations

import math
import os
import warnings

from .. import _kal
from ..errors import Error
from ..opening import open as _open
from ..optimizing import OptimizeResult as _Found, optimize
from ..settings import options

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

_METRICS = ("dssim", "ssimulacra2", "none")
_EQUAL = 1e-12   # a DSSIM below any but that of equal pixels, which is 0


class OptimizeResult:
    """What was chosen. `diff_value`: 0 for equal pixels, more for a larger difference, in the unit of max_diff; NaN where nothing was compared. `found` is all that is known
    of it, every candidate included."""

    def __init__(self, found: _Found) -> None:
        self.found = found
        self.output_buffer = found.data
        self.format = found.format
        self.diff_value = _difference(found)
        self.passed = found.passed
        self.error_message = None if found.passed else found.why

    @property
    def size(self) -> int:
        return len(self.output_buffer)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it, whole or not at all. RuntimeError when it does not keep to the bounds."""
        if not self.passed:
            raise RuntimeError(f"nothing that keeps to the bounds: {self.error_message}")
        self.found.save(path)


def _difference(found: _Found) -> float:
    if found.score is None:
        return math.nan
    if found.metric == "dssim":
        return found.score
    return 0.0 if found.score >= 100 else 0.0001 * math.exp((100 - found.score) / 20)


def _bounds(max_bytes: int | None, max_diff: float | None, metric: str) -> dict[str, Any]:
    if max_diff is not None:
        if metric == "none":
            raise ValueError("max_diff cannot be kept to with metric='none', which compares nothing")
        if not max_diff >= 0:
            raise ValueError(f"max_diff is 0 or more, not {max_diff}")
    if not max_bytes and max_diff is None:
        return {"quality": 85}   # nothing says how good it has to be
    bounds: dict[str, Any] = {"max_bytes": max_bytes or None}
    if max_diff is not None and metric == "dssim":
        bounds["max_dssim"] = max_diff or _EQUAL
    elif max_diff is not None:
        bounds |= {"max_diff": max_diff} if max_diff else {"min_score": 100}
    return bounds


def _cache(folder: str | None, size: int) -> dict[str, Any]:
    """The one of the user's where none is named; a user without a home of his own has none."""
    if folder is not None:
        return {"memo_dir": folder, "memo_size": size}
    own = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "kallitype")
    try:
        os.makedirs(own, exist_ok=True)
    except OSError as error:
        warnings.warn(f"nothing is kept for the next process: {error}", stacklevel=4)
        return {}
    return {"memo_dir": own, "memo_size": size}


def optimize_image(input_path: str | os.PathLike[str] | bytes, max_bytes: int | None = None, max_diff: float | None = None, metric: str = "dssim",
                   formats: list[str] | None = None, concurrency: int = 4, cache_enabled: bool = True, cache_dir: str | None = None,
                   cache_max_size: int = 1024 * 1024 * 1024) -> OptimizeResult:
    """The smallest file within max_bytes and max_diff; without either, of quality 85. A picture that cannot be read is an exception; one that cannot be had within the bounds is a result with passed=False, which
    holds what comes nearest."""
    if metric not in _METRICS:
        raise ValueError(f"metric is {', '.join(_METRICS)}, not {metric!r}")
    if concurrency < 1:
        raise ValueError(f"concurrency is 1 thread or more, not {concurrency}")
    aim: dict[str, Any] = {"metric": metric, "formats": formats} | _bounds(max_bytes, max_diff, metric)
    settings: dict[str, Any] = {"threads": min(concurrency, 64)}
    settings |= _cache(cache_dir, cache_max_size) if cache_enabled else {"memo_mode": "never"}
    with options(**settings):
        return OptimizeResult(optimize(_open(input_path), **aim))


def get_version() -> str:
    """Of the library."""
    return _kal.version


__all__ = ["Error", "OptimizeResult", "get_version", "optimize_image"]
