# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Signals of progress, and stopping, as pyvips has them: of an image and all that is made of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .. import _kal, settings
from ._vips_errors import Error, Unmapped, translated

if TYPE_CHECKING:
    from .pyvips import Image

_SIGNALS = ("preeval", "eval", "posteval")
_T = TypeVar("_T")


class Progress:
    """run: seconds since the beginning. eta: how many are left, 0 as long as nobody knows. tpels, npels: pixels of all, and done. percent: 100
    only of a run that came to its end."""

    def __init__(self, tpels: int) -> None:
        self.run, self.eta, self.tpels, self.npels, self.percent = 0, 0, tpels, 0, 0

    def __repr__(self) -> str:
        return f"<Progress {self.percent} %, {self.npels} of {self.tpels} pixels, {self.run} s, {self.eta} s left>"


class _Killed(Exception):
    pass


class Watch:
    """What one loaded image and everything made of it share."""

    def __init__(self) -> None:
        self._wanted = False
        self._handlers: dict[str, list[Callable[[Any, Progress], object]]] = {name: [] for name in _SIGNALS}
        self._lock = threading.Lock()   # of the next two
        self._killed = False
        self._running: list[_kal.Cancel] = []

    def connect(self, name: str, handler: Callable[[Any, Progress], object]) -> None:
        if name not in self._handlers:
            raise Unmapped(f'an image sends no signal "{name}": preeval, eval and posteval are of progress')
        self._handlers[name].append(handler)

    def want(self, wanted: bool) -> None:
        self._wanted = wanted

    def kill(self, killed: bool) -> None:
        with self._lock:
            self._killed = killed
            if killed:
                for cancel in self._running:
                    cancel.set()

    def _emit(self, name: str, image: Image, progress: Progress) -> None:
        if not self._wanted:
            return
        for handler in self._handlers[name]:
            try:
                handler(image, progress)
            except Exception as error:
                raise Error(f"a handler of {name} raised {type(error).__name__}: {error}", status="callback") from error

    def _check(self) -> None:
        if self._killed:
            raise _Killed

    def run(self, image: Image, request: Callable[[], _T]) -> _T:
        """What the request gives, told of meanwhile."""
        progress, start = Progress(image.width * image.height), time.monotonic()

        def tell(done: int, total: int) -> None:
            progress.npels = progress.tpels * done // total if total else 0
            # of the image's last pixel it is told when the file is there too
            progress.percent = min(99, 100 * done // total) if total else 0
            progress.run = int(time.monotonic() - start)
            progress.eta = progress.run * (total - done) // done if done and progress.percent >= 10 else 0
            self._emit("eval", image, progress)
            self._check()

        given: dict[str, Any] = {"progress": tell} if self._wanted else {}
        cancel = _kal.Cancel()
        if settings.current()[-1] is None:   # else it is the caller's, which is his to set
            given["cancel"] = cancel
        with self._lock:
            self._running.append(cancel)
        try:
            self._emit("preeval", image, progress)
            self._emit("eval", image, progress)
            self._check()
            with translated(), settings.options(**given):
                out = request()
            progress.npels, progress.percent, progress.eta = progress.tpels, 100, 0
            return out
        except _Killed:
            raise Error(f"killed for image {image.name()}", status="cancelled") from None
        except Error as error:
            if self._killed and error.status == "cancelled":
                raise Error(f"killed for image {image.name()}", status="cancelled") from error
            raise
        finally:
            with self._lock:
                self._running.remove(cancel)
                self._killed = False
            progress.run = int(time.monotonic() - start)
            self._emit("posteval", image, progress)
