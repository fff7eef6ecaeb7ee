# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""The smallest file that looks right, or the best picture that fits."""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import dataclass, field
from typing import Any

from . import _kal
from .image import suffixes


@dataclass(frozen=True)
class Candidate:
    """A file that was tried."""

    format: str
    params: str
    bytes: int
    score: float | None
    width: int
    height: int
    original: bool
    keeps: bool
    why: str


@dataclass(frozen=True)
class OptimizeResult:
    """What was chosen, and of what. `passed`: its bytes are counted and its score is that of the decode of exactly these bytes, and both keep to the
    bounds; else `why` says which is broken."""

    data: bytes = field(repr=False)
    format: str
    score: float | None
    metric: str
    passed: bool
    why: str
    suffix: str
    media_type: str
    chosen: Candidate
    candidates: tuple[Candidate, ...] = field(repr=False)
    plot: str = field(repr=False)
    found: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes it, whole or not at all, and gives the path. "{ext}" in it is the suffix of the chosen format."""
        where = os.fspath(path).replace("{ext}", self.suffix)
        suffix = os.path.splitext(where)[1][1:].lower()
        if suffix and suffix not in (self.suffix, self.format) and suffix in suffixes():
            warnings.warn(f"{where} holds {self.format}, not what its suffix says; {{ext}} in a path is the right one", stacklevel=2)
        _write_whole(where, self.data)
        return where

    def _repr_svg_(self) -> str:
        return self.plot


def _write_whole(path: str, data: bytes) -> None:
    """As images are saved: beside the file, under a name that nobody else has, and then in its place; through links, and straight to what is no file."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(data)
        return
    temporary = os.path.join(os.path.dirname(path), f".kal-{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def optimize(image: Any, *, formats: Any = None, **aim: Any) -> OptimizeResult:
    """Searches formats and qualities: max_bytes, min_score, max_dssim, max_diff, objective, allow_downscale, metadata, metric… as `kal help optimize` lists
    them; formats: a list of names. Without any bound: the smallest at a stated score that looks the same."""
    from .opening import open as open_
    from .settings import size

    if formats is not None:
        aim["formats"] = formats if isinstance(formats, str) else ",".join(formats)
    for bound in ("max_dssim", "max_diff"):
        if aim.get(bound) == 0:
            raise ValueError(f"{bound}=0 would be no bound; min_score=100 asks for equal pixels")
    if "max_bytes" in aim and aim["max_bytes"] is not None:
        aim["max_bytes"] = size(aim["max_bytes"])
    found = _kal.choose(open_(image).encoded("optimize", **aim))
    candidates = tuple(Candidate(**c) for c in found["candidates"])
    chosen = candidates[found["chosen"]]
    return OptimizeResult(found["data"], chosen.format, chosen.score, found["metric"], found["passed"], chosen.why, found["suffix"],
                          found["media_type"], chosen, candidates, found["plot"], found["found"])
