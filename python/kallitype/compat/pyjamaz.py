# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pyjamaz' two functions on our own search: `import kallitype.compat.pyjamaz as pyjamaz`. What differs: docs/from/pyjamaz.md."""

from __future__ import annotations

import math
import os

from .. import _kal
from ..errors import Error
from ..opening import open as _open
from ..optimizing import OptimizeResult as _Found, optimize
from ..settings import options

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

_METRICS = ("dssim", "ssimulacra2", "none")


class OptimizeResult:
    """What was chosen. `diff_value`: 0 for equal pixels, more for a larger difference, in the unit of max_diff. `found` is all that is known of it, every candidate included."""

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
        return 0.0 if found.metric != "none" else math.nan
    if found.metric == "dssim":
        return found.score
    return 0.0 if found.score >= 100 else 0.0001 * math.exp((100 - found.score) / 20)


def optimize_image(input_path: str | os.PathLike[str] | bytes, max_bytes: int | None = None, max_diff: float | None = None, metric: str = "dssim",
                   formats: list[str] | None = None, concurrency: int = 4, cache_enabled: bool = True, cache_dir: str | None = None,
                   cache_max_size: int = 1024 * 1024 * 1024) -> OptimizeResult:
    """The smallest file within max_bytes and max_diff. A picture that cannot be read is an exception; one that cannot be had within the bounds is a result with passed=False, which
    holds what comes nearest."""
    if metric not in _METRICS:
        raise ValueError(f"metric is {', '.join(_METRICS)}, not {metric!r}")
    if not 1 <= concurrency <= 64:
        raise ValueError(f"concurrency is 1 to 64 threads, not {concurrency}")
    aim: dict[str, Any] = {"max_bytes": max_bytes, "metric": metric, "formats": formats}
    if max_diff is not None:
        if metric == "none":
            raise ValueError("max_diff cannot be kept to with metric='none', which compares nothing")
        aim["max_dssim" if metric == "dssim" else "max_diff"] = max_diff
    if metric == "none" and max_bytes is None:
        aim["quality"] = 85   # nothing else says how good it has to be
    settings: dict[str, Any] = {"threads": concurrency}
    if cache_enabled:
        settings |= {"memo_dir": cache_dir or os.path.expanduser("~/.cache/kallitype"), "memo_size": cache_max_size}
    else:
        settings["memo_mode"] = "never"
    with options(**settings):
        return OptimizeResult(optimize(_open(input_path), **aim))


def get_version() -> str:
    """Of the library."""
    return _kal.version


__all__ = ["Error", "OptimizeResult", "get_version", "optimize_image"]
