# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' sources and targets. What a handler raises is the cause of the Error of whoever asked, and never the end of a picture; a target that
fails is told so and its end is not called."""

from __future__ import annotations

import io
import os
import weakref
from typing import Any, Callable

from .. import _kal, streams
from ..image import Image
from ..opening import open as open_image
from ._vips_errors import Error, Unmapped, translated


class Connection:
    """What sources and targets have in common."""

    _nick = "connection"

    def __init__(self, filename: str | None = None) -> None:
        self._filename = filename

    def filename(self) -> str | None:
        """The path it was made with, or None."""
        return self._filename

    def nick(self) -> str:
        """A name for people."""
        return self._filename or self._nick


def _duplicate(owner: Connection, descriptor: int) -> int:
    """One of our own, so that yours may be closed; it goes with its owner."""
    try:
        own = os.dup(descriptor)
    except (OSError, TypeError) as error:
        raise Error(f"cannot use descriptor {descriptor!r}", str(error)) from error
    weakref.finalize(owner, os.close, own)
    return own


# ---- sources -------------------------------------------------------------------------------------------


class Source(Connection):
    """Encoded bytes of a picture: a file, memory, a descriptor."""

    _nick = "source"
    _opener: Callable[[dict[str, Any]], Image] | None = None

    @classmethod
    def new_from_file(cls, filename: Any) -> Source:
        """It is looked at now: a file that is not there is an Error."""
        path = os.fsdecode(filename)
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise Error(f"can't create source from filename {path}", str(error), status="io") from error
        self = Source(path)
        self._opener = lambda options: open_image(path, **options)
        return self

    @classmethod
    def new_from_descriptor(cls, descriptor: int) -> Source:
        """It is duplicated: yours may be closed at any time."""
        self = Source()
        own = _duplicate(self, descriptor)
        self._opener = lambda options: _kal.load_fd(own, f"descriptor {descriptor}", options)
        return self

    @classmethod
    def new_from_memory(cls, data: Any) -> Source:
        """bytes are held; memory that may change is copied now."""
        with translated():
            held = data if isinstance(data, bytes) else bytes(memoryview(data).cast("B"))
        self = Source()
        self._opener = lambda options: open_image(held, **options)
        return self

    def _open(self, options: dict[str, Any], once: bool) -> Image:
        """once: pixels are asked for once and in order, so that a stream need not be kept."""
        if self._opener is None:
            raise Error("a source is made by new_from_file, new_from_memory or new_from_descriptor")
        with translated():
            return self._opener({**options, **({"keyed": False} if once and self._streams() else {})})

    def _streams(self) -> bool:
        return False


class _Reader:
    """Handlers of pyvips as the functions of a kallitype.Source."""

    def __init__(self, read: Callable[[int], Any], seek: Callable[[int, int], Any] | None) -> None:
        self._read, self._seek = read, seek
        self._left = b""   # what read gave beyond what was asked

    def read(self, n: int) -> bytes:
        if not self._left:
            got = self._read(n)
            self._left = b"" if got is None else bytes(memoryview(got))   # not bytes: a TypeError that says so
        out, self._left = self._left[:n], self._left[n:]
        return out

    def seek(self, at: int) -> int:
        assert self._seek is not None
        self._left = b""
        return self._at(self._seek(at, 0))

    def size(self) -> int | None:
        """How many bytes there are; None: it cannot seek."""
        if self._seek is None or self._at(self._seek(0, 1)) < 0:
            return None
        end = self._at(self._seek(0, 2))
        if end < 0:
            raise Error("seek of source_custom goes anywhere but to the end (whence 2)")
        self._at(self._seek(0, 0))
        return end

    @staticmethod
    def _at(position: Any) -> int:
        if isinstance(position, bool) or not hasattr(position, "__index__"):
            raise TypeError(f"seek gives the new position, or -1 when it cannot, not {position!r}")
        return int(position.__index__())


class SourceCustom(Source):
    """Bytes from handlers of yours. A handler given later takes the place of the one before."""

    _nick = "source_custom"

    def __init__(self) -> None:
        super().__init__()
        self._on_read: Callable[[int], Any] | None = None
        self._on_seek: Callable[[int, int], Any] | None = None
        self._seekable: bool | None = None

    def on_read(self, handler: Callable[[int], Any]) -> None:
        """handler(size) gives bytes, b"" or None at the end. More than size is kept for the next read."""
        self._on_read = handler

    def on_seek(self, handler: Callable[[int, int], Any]) -> None:
        """handler(offset, whence) gives the new position, or -1: then it is a stream, as without this handler."""
        self._on_seek, self._seekable = handler, None

    def _streams(self) -> bool:
        return not self._seekable

    def _open(self, options: dict[str, Any], once: bool) -> Image:
        if self._on_read is None:
            raise Error("source_custom has no read handler: attach one by on_read")
        reader = _Reader(self._on_read, self._on_seek)
        try:
            size = reader.size()
        except Exception as error:
            raise Error(f"seek of source_custom raised {type(error).__name__}: {error}", status="callback") from error
        self._seekable = size is not None
        source = streams.Source(reader.read, reader.seek if self._seekable else None, (lambda: size) if self._seekable else None, name=self.nick())
        self._opener = lambda given: open_image(source, **given)
        return super()._open(options, once)


# ---- targets -------------------------------------------------------------------------------------------


class Target(Connection):
    """Where encoded bytes go: a file, memory, a descriptor."""

    _nick = "target"
    _descriptor: int | None = None
    _memory = False
    _blob: bytes | None = None

    @classmethod
    def new_to_file(cls, filename: Any) -> Target:
        """The file appears, whole, when a picture was written."""
        return Target(os.fsdecode(filename))

    @classmethod
    def new_to_descriptor(cls, descriptor: int) -> Target:
        """It is duplicated: yours may be closed at any time."""
        self = Target()
        self._descriptor = _duplicate(self, descriptor)
        return self

    @classmethod
    def new_to_memory(cls) -> Target:
        """What was written is target.get("blob")."""
        self = Target()
        self._memory = True
        return self

    def _place(self) -> Any:
        """Where kallitype writes to: a path, a file object, or its Target."""
        if self._memory:
            return io.BytesIO()
        if self._descriptor is not None:
            return io.FileIO(self._descriptor, "wb", closefd=False)
        if self._filename is None:
            raise Error("a target is made by new_to_file, new_to_memory or new_to_descriptor")
        return self._filename

    def _save(self, write: Callable[[Any], None]) -> None:
        """write gets the place."""
        place = self._place()
        write(place)
        if self._memory:
            self._blob = place.getvalue()

    def get(self, name: str) -> Any:
        if name != "blob":
            raise Unmapped(f'a target has no "{name}": "blob" is what was written to memory')
        if self._blob is None:
            raise Error("nothing was written to memory here")
        return self._blob


class TargetCustom(Target):
    """Bytes to handlers of yours. A handler given later takes the place of the one before."""

    _nick = "target_custom"

    def __init__(self) -> None:
        super().__init__()
        self._handlers: dict[str, Callable[..., Any]] = {}

    def on_write(self, handler: Callable[[bytes], int | None]) -> None:
        """handler(data) gives how many bytes it took, at least one; the rest comes again. The bytes are yours to keep."""
        self._handlers["write"] = handler

    def on_read(self, handler: Callable[[int], Any]) -> None:
        """Never called: no format reads back what it wrote."""
        self._handlers["read"] = handler

    def on_seek(self, handler: Callable[[int, int], Any]) -> None:
        """Never called: every format is written from the first byte to the last."""
        self._handlers["seek"] = handler

    def on_end(self, handler: Callable[[], Any]) -> None:
        """handler() is called once, when all was written. The save fails when it raises or gives another number than 0."""
        self._handlers["end"] = handler

    def on_finish(self, handler: Callable[[], Any]) -> None:
        """The old name of on_end; what it gives does not count. With both this one is called first."""
        self._handlers["finish"] = handler

    def on_abort(self, handler: Callable[[], Any]) -> None:
        """Not in pyvips: handler() is called when the save failed; end and finish are not."""
        self._handlers["abort"] = handler

    def _save(self, write: Callable[[Any], None]) -> None:
        """Bytes come from any thread of the pool, one call at a time; finish and end are called by the thread that saves."""
        if "write" not in self._handlers:
            raise Error("target_custom has no write handler: attach one by on_write")
        abort = self._handlers.get("abort")
        write(streams.Target(self._handlers["write"], None, abort, name=self.nick()))
        try:
            self._end()
        except BaseException:
            if abort:
                abort()
            raise

    def _end(self) -> None:
        for name in ("finish", "end"):
            if name not in self._handlers:
                continue
            try:
                answer = self._handlers[name]()
            except Exception as error:
                raise Error(f"{name} of {self.nick()} raised {type(error).__name__}: {error}", status="callback") from error
            if name == "end" and isinstance(answer, int) and not isinstance(answer, bool) and answer:
                raise Error(f"end of {self.nick()} said that it failed: {answer}", status="callback")
