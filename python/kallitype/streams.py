# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Encoded bytes from and to objects of yours: file objects, functions, files of several pictures.

An exception in a function of yours stops the run and is the cause (`__cause__`) of the CallbackError that is raised: never a short picture, never a file
that looks whole. A target is then told abort(), and never end().
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import tempfile

from . import _kal

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator


class Source:
    """Encoded bytes from functions: read(n) gives up to n bytes, b"" at the end; seek(at) goes to byte `at`; size() says how many there are; close() is called
    once, when no image needs them any more. Without seek they are a stream: read once, in bounded memory."""

    def __init__(self, read: Callable[[int], Any], seek: Callable[[int], object] | None = None, size: Callable[[], int | None] | None = None,
                 close: Callable[[], object] | None = None, name: str = "a source") -> None:
        self._parts = (name, read, seek, size, close)

    def _input(self) -> tuple[str, Any, Any, Any, Any]:
        return self._parts


class Target:
    """Where encoded bytes go: write(data) takes bytes and gives how many it took, or None for all; end() is called when everything was written, and the save fails when it
    does; abort() after any failure, and end() is not."""

    def __init__(self, write: Callable[[bytes], int | None], end: Callable[[], object] | None = None, abort: Callable[[], object] | None = None,
                 name: str = "a target") -> None:
        self._parts = (name, write, end, abort)

    def _output(self) -> tuple[str, Any, Any, Any]:
        return self._parts


def _name_of(file: Any) -> str:
    name = getattr(file, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else f"a {type(file).__name__}"


def input_of(file: Any) -> tuple[str, Any, Any, Any, Any]:
    """What a file object is to the library. It is read from its beginning when it can seek, and stays open; the image holds it."""
    can = getattr(file, "seekable", None)
    seekable = hasattr(file, "seek") and (can is None or can())

    def seek(at: int) -> None:
        file.seek(at)

    def size() -> Any:
        here = file.tell()
        end = file.seek(0, 2)
        file.seek(here)
        return end if end is not None else file.tell()

    return (_name_of(file), file.read, seek if seekable else None, size if seekable else None, None)


def _whole(raw: io.RawIOBase) -> Any:
    """Of a raw file None says that nothing was taken, for it would block."""

    def write(data: Any) -> int:
        taken = raw.write(data)
        if taken is None:
            raise BlockingIOError(errno.EAGAIN, "the file would block: it is not waited for")
        return taken

    return write


def output_of(target: Any) -> tuple[str, Any, Any, Any]:
    """What a file object or a Target is to the library."""
    if hasattr(target, "_output"):
        parts: tuple[str, Any, Any, Any] = target._output()
        return parts
    if not hasattr(target, "write"):
        raise TypeError(f"a picture cannot be written to a {type(target).__name__}")
    write = _whole(target) if isinstance(target, io.RawIOBase) else target.write
    return (_name_of(target), write, getattr(target, "flush", None) and (lambda: (target.flush(), None)[1]), None)


class album:
    """A file of several pictures, written one at a time in bounded memory: TIFF, and animations.

        with kal.album("out.tif") as album:
            for img in images:
                album.add(img, compression="deflate")

    One thread at a time. It appears, whole, when the block ends well, and not at all when it does not. target: a path, a file object or a Target (then format= says which)."""

    def __init__(self, target: Any, format: str | None = None) -> None:
        if isinstance(target, (str, bytes, os.PathLike)):
            self._album = _kal.Album(os.fsencode(target), format)
        else:
            self._album = _kal.Album(None, format, *output_of(target))

    def add(self, image: Any, **options: Any) -> None:
        """Computes and writes one more picture; options of the whole file count with the first."""
        from .opening import open as open_

        self._album.add(open_(image), options)

    def finish(self) -> None:
        self._album.finish()

    def abort(self) -> None:
        self._album.abort()

    def __enter__(self) -> album:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.abort()


@contextlib.contextmanager
def as_file(image: Any, suffix: str, options: dict[str, Any]) -> Iterator[str]:
    """The path of a file with the picture, which is gone afterwards."""
    folder = tempfile.mkdtemp(prefix="kallitype-")
    path = os.path.join(folder, "image" + suffix)
    try:
        image.save(path, **options)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.rmdir(folder)
