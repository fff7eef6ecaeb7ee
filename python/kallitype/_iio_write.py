# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Writing, of iio.py."""

from __future__ import annotations

import os
import tempfile
import types
from typing import Any, Iterator

from ._iio_names import BYTES, WRITE_WORDS, near, path_of, refuse
from .errors import UnsupportedError
from .image import Image, suffixes
from .opening import array
from .streams import album

_COPY = 1 << 20
_PRIVATE = 64 << 20   # a file object's bytes wait in memory up to here, then in a file without a name


def _one(image: Any) -> Image:
    """An array, or whatever becomes one, as an image; its samples are copied."""
    if isinstance(image, Image):
        return image
    import numpy

    samples = numpy.asarray(image)
    if not samples.dtype.isnative:
        samples = samples.astype(samples.dtype.newbyteorder("="))
    return array(samples)


def _is_one(samples: Any) -> bool:
    return bool(samples.ndim <= 2 or (samples.ndim == 3 and samples.shape[2] <= 4))


def _images(image: Any, is_batch: bool | None) -> Iterator[Image]:
    """A list, a tuple and a generator are images; of an array without is_batch its shape decides: rows and columns, or these and one to four
    channels, are one image."""
    if isinstance(image, Image):
        yield image
    elif isinstance(image, (list, tuple, types.GeneratorType)) or (hasattr(image, "__next__") and not hasattr(image, "__array__")):
        if is_batch is False:
            raise ValueError("is_batch=False, and several images were given")
        for one in image:
            yield _one(one)
    else:
        import numpy

        samples = numpy.asarray(image)
        if is_batch or (is_batch is None and not _is_one(samples)):
            if samples.ndim < 3:
                raise ValueError(f"an array of shape {samples.shape} is one image, not a batch")
            for one in samples:
                yield _one(one)
        else:
            yield _one(samples)


class Writer:
    """A file opened for writing. Images written one after another are its pages; they appear, whole, when it is closed, and not at all when
    anything failed."""

    def __init__(self, uri: Any, extension: str | None, options: dict[str, Any]) -> None:
        self._options = options
        self._target: Any = self._writable(uri)
        self._format = self._format_of(extension, options.pop("format", None))
        self._held: tuple[Image, dict[str, Any]] | None = None   # the first: one alone is no album
        self._album: Any = None
        self._spool: Any = None
        self._closed = False

    @staticmethod
    def _writable(uri: Any) -> Any:
        if isinstance(uri, (str, os.PathLike)):
            name = os.fsdecode(os.fspath(uri))
            if name.startswith(("http://", "https://")):
                raise UnsupportedError(f"{name}: the web is read and not written; write to a file object or to {BYTES}")
            return name if name == BYTES else path_of(name)
        if hasattr(uri, "write"):
            return uri
        raise TypeError(f'images are written to a path, a file object or "{BYTES}", not to a {type(uri).__name__}')

    def _format_of(self, extension: str | None, format: str | None) -> str:
        word = (format or extension or "").lstrip(".").lower()
        if not word:
            name = self._target if isinstance(self._target, str) else getattr(self._target, "name", "")
            word = os.path.splitext(name)[1][1:].lower() if isinstance(name, str) and name != BYTES else ""
        if not word:
            raise ValueError('nothing says which format to write: give extension=".png"')
        if word not in suffixes():
            raise ValueError(f'"{word}" is no format that is written{near(word, suffixes())}')
        return suffixes()[word]

    def write(self, ndimage: Any, *, is_batch: bool | None = None, **options: Any) -> bytes | None:
        """Writes an image or several; to "<bytes>" the bytes come back, else None."""
        if self._closed:
            raise ValueError("this file is closed")
        options = {**self._options, **options}
        refuse(options, WRITE_WORDS, "writing")
        before = self._held is None and self._album is None
        try:
            for image in _images(ndimage, is_batch):
                self._add(image, options)
        except BaseException:
            self._give_up()
            raise
        if before and self._held is None and self._album is None:
            raise ValueError("there is no image to write")
        return self._taken() if self._target == BYTES else None

    def _add(self, image: Image, options: dict[str, Any]) -> None:
        if self._held is None and self._album is None:
            image.encoded(self._format, **options)   # what is wrong with them is said before anything is written
            self._held = image, options
            return
        if self._album is None:
            self._album = album(self._target if self._is_path() else self._place(), self._format)
            assert self._held is not None
            first, self._held = self._held, None
            self._album.add(first[0], **first[1])
        self._album.add(image, **options)

    def _is_path(self) -> bool:
        return isinstance(self._target, str) and self._target != BYTES

    def _place(self) -> Any:
        self._spool = tempfile.SpooledTemporaryFile(_PRIVATE)
        return self._spool

    def _finish(self) -> None:
        """All is in its place, or in the spool."""
        held, self._held = self._held, None
        book, self._album = self._album, None
        if book is not None:
            book.finish()
        elif held is not None:
            held[0].encoded(self._format, **held[1]).write(self._target if self._is_path() else self._place())

    def _taken(self) -> bytes:
        self._finish()
        self._spool.seek(0)
        out: bytes = self._spool.read()
        self._drop()
        return out

    def _drop(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _give_up(self) -> None:
        self._closed, self._held = True, None
        if self._album is not None:
            self._album.abort()
            self._album = None
        self._drop()

    def close(self) -> None:
        """Puts the file in its place. A file object of yours stays open; it was not touched before all was encoded."""
        if self._closed:
            return
        self._closed = True
        try:
            self._finish()
            if self._spool is not None:
                self._spool.seek(0)
                while piece := self._spool.read(_COPY):
                    _write_all(self._target, piece)
        finally:
            self._give_up()

    def read(self, *_: Any, **__: Any) -> Any:
        raise ValueError('this file is open for writing; imopen(uri, "r") reads')

    iter = properties = metadata = read

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._give_up()


def _write_all(file: Any, data: bytes) -> None:
    """A raw file may take less than it is given."""
    left = memoryview(data)
    while left:
        took = file.write(left)
        took = len(left) if took is None else took
        if not 0 < took <= len(left):
            raise OSError(f"write took {took} of {len(left)} bytes")
        left = left[took:]
