# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Arrays from and to files, by the names of imageio.v3: imread, imwrite, imiter, improps, immeta, imopen.

One rule of shapes for all formats: without index the first image, an int is that image, ... is all of them stacked on a first axis. Properties and metadata are of
exactly what imread with the same options gives, and no pixel is decoded for them. Arrays are NumPy's, your own, and may be written to. A file is
written whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
import types
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Iterator

from . import _kal
from .errors import InvalidError, UnsupportedError
from .image import Image, array, suffixes
from .image import open as open_image
from .streams import album

if TYPE_CHECKING:
    import numpy

BYTES = "<bytes>"
_COPY = 1 << 20
_PRIVATE = 64 << 20   # a file object's bytes wait in memory up to here, then in a file without a name

# What imageio's plugins call otherwise, or what has no meaning here: name → what to do.
_READ_WORDS = {
    "page": "index= says which image", "writeable_output": "arrays may always be written to: leave it out",
    "apply_gamma": "use kallitype.open(...).gamma(...)", "exifrotate": "rotate= says it", "pilmode": "mode= says it", "as_gray": 'mode="L" says it',
    "thread_type": "use kallitype.options(threads=)", "bpp": "samples are as the file has them",
}
_WRITE_WORDS = {
    "fps": "delay= is the seconds that an image is shown, 1 / fps", "duration": "delay= is the seconds that an image is shown; duration was milliseconds",
    "loop": "loops= is how often an animation runs, 0 without end", "compress_level": "compression= says it, of PNG",
    "save_all": "give a list of images", "append_images": "give a list of images", "subrectangles": "an animation's pictures are cut by themselves",
    "codec": "videos are not written", "bitrate": "videos are not written", "compressionargs": "level= says it, of TIFF",
    "exif": "save a kallitype.Image, whose metadata go along", "icc_profile": "use kallitype.array(...).icc_assign(...)",
    "mode": 'convert first: kallitype.array(...).gray(), .to_rgb(), .cast("u16")',
}
# By their beginnings: what imageio takes and no file is.
_ELSEWHERE = {
    "imageio:": "imageio's own samples are not here; kallitype.sample() gives pictures", "<screen": "screens are not read", "<clipboard": "the clipboard is not read",
    "<video": "cameras are not read", "ftp:": "FTP is not spoken; download the file first", "ftps:": "FTP is not spoken; download the file first",
}


@dataclass
class ImageProperties:
    """What imread with the same options gives, without it: shape and dtype of the array; how many images the file has; whether the array is several, stacked;
    and the millimetres from row to row and from column to column, where the file says."""

    shape: tuple[int, ...]
    dtype: numpy.dtype[Any]
    n_images: int
    is_batch: bool = False
    spacing: tuple[float, float] | None = None


# ---- names ---------------------------------------------------------------------------------------------


def _near(name: str, words: Any) -> str:
    import difflib

    found = difflib.get_close_matches(name, list(words), 1)
    return f'; did you mean "{found[0]}"?' if found else ""


def _extension(extension: str | None, format_hint: str | None) -> str | None:
    if format_hint is not None:
        warnings.warn("format_hint is called extension", DeprecationWarning, stacklevel=4)
        extension = extension or format_hint
    if extension is None:
        return None
    if not extension.startswith("."):
        raise ValueError(f'extension "{extension}" does not begin with a dot: ".{extension}"')
    word = extension[1:].lower()
    known = {s for codec in _kal.codecs() for s in (*codec["suffixes"].split("|"), codec["name"])}
    if word not in known:
        raise ValueError(f'"{extension}" is the extension of no format here{_near(word, known)}')
    return word


def _no_plugin(plugin: object) -> None:
    if plugin is not None:
        raise ValueError(f"plugin={plugin!r}: there are no plugins to choose from; a file's content tells its format, and format= insists on one")


def _refuse(options: dict[str, Any], words: dict[str, str], what: str) -> None:
    for name in options:
        if name in words:
            raise InvalidError(f'{what} takes no "{name}": {words[name]}')


def _path(uri: str) -> str:
    for start, why in _ELSEWHERE.items():
        if uri.startswith(start):
            raise UnsupportedError(f"{uri}: {why}")
    if uri.startswith("file:"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        return url2pathname(urlsplit(uri).path)
    return uri if uri.startswith(("http://", "https://")) else os.path.expanduser(uri)


def _in_archive(path: str) -> bytes | None:
    """The bytes of archive.zip/inner.png."""
    before, dot, inner = path.replace(os.sep, "/").partition(".zip/")
    if not dot or os.path.exists(path) or not os.path.isfile(before + ".zip"):
        return None
    import zipfile

    with zipfile.ZipFile(before + ".zip") as archive:
        try:
            return archive.read(inner)
        except KeyError:
            raise FileNotFoundError(f"{before}.zip has no {inner}") from None


def _readable(uri: Any) -> Any:
    if isinstance(uri, (str, os.PathLike)):
        name = os.fspath(uri)
        if name == BYTES:
            raise ValueError(f'"{BYTES}" is where something is written; give the bytes themselves to read them')
        path = _path(os.fsdecode(name))
        held = _in_archive(path)
        return path if held is None else held
    if isinstance(uri, (bytes, bytearray, memoryview)) or hasattr(uri, "read") or hasattr(uri, "_input"):
        return uri
    raise TypeError(f"images are read from a path, bytes, or a file object, not from a {type(uri).__name__}")


def _is_stream(source: Any) -> bool:
    """Whether it can be read once: then what was read is kept."""
    if hasattr(source, "_input"):
        return source._input()[2] is None
    if not hasattr(source, "read"):
        return False
    can = getattr(source, "seekable", None)
    return not (hasattr(source, "seek") and (can is None or can()))


# ---- what an image is turned into ------------------------------------------------------------------------

_MODES: dict[str, tuple[bool, bool]] = {"L": (False, False), "LA": (False, True), "RGB": (True, False), "RGBA": (True, True)}   # colour, alpha


def _as_mode(image: Image, mode: str | None) -> Image:
    """In gray or colour, with or without alpha, whatever it was. Alpha that goes is dropped, as everywhere with such modes."""
    if mode is None:
        return image
    ops = _kal.ops()
    colour, alpha = _MODES[mode]
    if colour:
        image = ops["to_rgb"](image)
    elif image.channels - image.alpha > 1:
        image = ops["gray"](image)
    if image.alpha and not alpha:
        return ops["band_extract"](image, bands=list(range(image.channels - 1)))
    if alpha and not image.alpha:
        white = {"uint8": "u8", "uint16": "u16", "float32": "f32"}[image.dtype]
        opaque = ops["solid"](color=255, width=image.width, height=image.height, type=white)
        return ops["band_join"](image, opaque, alpha=True)
    return image


def _array(image: Image, out: Any = None) -> Any:
    if out is None:
        return image.numpy()
    out[...] = image.numpy_view()
    return out


def _spacing(image: Image) -> tuple[float, float] | None:
    fields = image._fields()
    across, down = fields.get("density.x"), fields.get("density.y")   # pixels in a metre
    return (1000 / down, 1000 / across) if across and down else None


def _meta(image: Image, exclude_applied: bool) -> dict[str, Any]:
    out = image.info
    said = out.get("exif.Orientation", out["orientation"])
    out["orientation_valid"] = said in range(1, 9)
    if exclude_applied and out["orientation_applied"]:
        out.pop("exif.Orientation", None)
    return out


# ---- reading ---------------------------------------------------------------------------------------------


class Frames:
    """The images of a file, one after another, each decoded when it is taken. close(), the end of a `with`, or of the loop lets go of the file."""

    def __init__(self, pages: Any, convert: Callable[[Image], Image]) -> None:
        self._pages, self._convert = pages, convert

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return _array(self._convert(next(self._pages)))
        except BaseException:   # the end, too: nothing is to be had any more
            self._pages.close()
            raise

    def close(self) -> None:
        self._pages.close()

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reader:
    """A file opened for reading, with what imageio's plugins have. Options given to a method come on top of those of imopen."""

    def __init__(self, uri: Any, extension: str | None, options: dict[str, Any]) -> None:
        self._source: Any = _readable(uri)
        self._options = options
        self._key: Any = None
        self._image: Image | None = None
        if extension is not None and extension in _raw():   # the content of all others tells what they are
            self._options = {"format": _raw()[extension], **options}
        self._frames: list[Frames] = []
        self._first({})

    def _first(self, options: dict[str, Any]) -> tuple[Image, Callable[[Image], Image]]:
        """The first image, its header read, and what is done to each."""
        if self._source is None:
            raise ValueError("this file is closed")
        options = {**self._options, **options}
        _refuse(options, _READ_WORDS, "reading")
        known = {p[0] for p in _kal.ops()["load"].record[4]} - {"path"} | {"rotate", "mode"}
        for name in options:
            if name not in known:
                raise InvalidError(f'reading takes no "{name}"{_near(name, known)}')
        mode = options.pop("mode", None)
        if mode is not None and mode not in _MODES:
            raise InvalidError(f"mode {mode!r} is none of {', '.join(_MODES)}")
        if "rotate" in options:
            options["upright"] = bool(options.pop("rotate"))
        if not _is_stream(self._source):
            options.setdefault("keyed", False)   # nothing but what is wanted is read
        key = sorted(options.items())
        if self._image is None or key != self._key:
            self._image, self._key = open_image(self._source, **options), key
        return self._image, lambda image: _as_mode(image, mode)

    def _count(self, image: Image) -> int:
        return image.info["pages"] or sum(1 for _ in image.pages())

    def _at(self, index: Any, options: dict[str, Any]) -> Image:
        image, convert = self._first(options)
        if index is None:
            return convert(image)
        if isinstance(index, bool) or not hasattr(index, "__index__"):
            raise TypeError(f"index is a number, ... or None, not {index!r}")
        index, n = index.__index__(), self._count(image)
        if not 0 <= index < n:
            raise InvalidError(f"{self._name()}: image {index}: there are {n}, from 0 to {n - 1}")
        return convert(image.page(index) if index else image)

    def _name(self) -> str:
        if isinstance(self._source, str):
            return self._source
        name = getattr(self._source, "name", None)
        return name if isinstance(name, str) else "bytes" if isinstance(self._source, (bytes, bytearray, memoryview)) else "a file"

    def _uneven(self, k: int, one: Image, first: Image) -> InvalidError:
        return InvalidError(f"{self._name()}: image {k} is {one.shape} of {one.dtype} and the first {first.shape} of {first.dtype}: they cannot be stacked; "
                            "take them by imiter, or one by index=")

    def _all(self, options: dict[str, Any]) -> Iterator[tuple[int, Image, Image]]:
        """Number, image, and the first; all of one shape."""
        image, convert = self._first(options)
        first = convert(image)
        with image.pages() as pages:
            for k, page in enumerate(pages):
                one = convert(page)
                if (one.shape, one.dtype) != (first.shape, first.dtype):
                    raise self._uneven(k, one, first)
                yield k, one, first

    def read(self, *, index: Any = None, **options: Any) -> Any:
        """The first image, that of a number, or all (...) stacked."""
        if index is not Ellipsis:
            return _array(self._at(index, options))
        import numpy

        n = self._count(self._first(options)[0])
        out: Any = None
        for k, one, first in self._all(options):
            if out is None:
                out = numpy.empty((n, *first.shape), first.dtype)
            _array(one, out[k])
        return out

    def iter(self, **options: Any) -> Frames:
        """Its images, one after another."""
        image, convert = self._first(options)
        self._frames.append(Frames(image.pages(), convert))
        return self._frames[-1]

    def properties(self, index: Any = None, **options: Any) -> ImageProperties:
        """Of what read() with the same arguments gives."""
        import numpy

        n = self._count(self._first(options)[0])
        if index is not Ellipsis:
            image = self._at(index, options)
            return ImageProperties(image.shape, numpy.dtype(image.dtype), n, False, _spacing(image))
        for _, _, first in self._all(options):
            pass
        return ImageProperties((n, *first.shape), numpy.dtype(first.dtype), n, True, _spacing(first))

    def metadata(self, index: Any = None, exclude_applied: bool = True, **options: Any) -> dict[str, Any]:
        """What the file says of an image; with index=... what it says of all alike."""
        if index is not Ellipsis:
            return _meta(self._at(index, options), exclude_applied)
        image, convert = self._first(options)
        with image.pages() as pages:
            each = [_meta(convert(page), exclude_applied) for page in pages]
        return {name: value for name, value in each[0].items() if all(name in m and m[name] == value for m in each)}

    def write(self, *_: Any, **__: Any) -> None:
        raise ValueError('this file is open for reading; imopen(uri, "w") writes')

    def close(self) -> None:
        """Lets go of the file; a file object of yours stays open."""
        for frames in self._frames:
            frames.close()
        self._frames.clear()
        self._source = self._image = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_raws: dict[str, str] = {}


def _raw() -> dict[str, str]:
    """Extension → format, of the format whose content does not tell it: samples alone."""
    if not _raws:
        _raws.update((s, c["name"]) for c in _kal.codecs() if c["name"] == "pixels" for s in c["suffixes"].split("|"))
    return _raws


# ---- writing ---------------------------------------------------------------------------------------------


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
    return samples.ndim <= 2 or (samples.ndim == 3 and samples.shape[2] <= 4)


def _images(image: Any, is_batch: bool | None) -> Iterator[Image]:
    """A list, a tuple and a generator are images; of an array without is_batch its shape decides: rows and columns, or these and one to four channels, are one
    image."""
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
    """A file opened for writing. Images written one after another are its pages; they appear, whole, when it is closed, and not at all when anything failed."""

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
            return name if name == BYTES else _path(name)
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
            raise ValueError(f'"{word}" is no format that is written{_near(word, suffixes())}')
        return suffixes()[word]

    def write(self, ndimage: Any, *, is_batch: bool | None = None, **options: Any) -> bytes | None:
        """Writes an image or several; to "<bytes>" the bytes come back, else None."""
        if self._closed:
            raise ValueError("this file is closed")
        options = {**self._options, **options}
        _refuse(options, _WRITE_WORDS, "writing")
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

    def _place(self) -> BinaryIO:
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

    def read(self, **_: Any) -> None:
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


# ---- the six functions -------------------------------------------------------------------------------------


def imopen(uri: Any, io_mode: str, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
           legacy_mode: bool = False, **options: Any) -> Any:
    """A file to read ("r") or to write ("w") several times, a context manager: read, iter, write, properties, metadata, close."""
    _no_plugin(plugin)
    word = _extension(extension, format_hint)
    if legacy_mode:
        raise ValueError("legacy_mode is of imageio's version 2")
    if io_mode not in ("r", "w"):
        raise ValueError(f'io_mode is "r" or "w", not {io_mode!r}')
    return Reader(uri, word, options) if io_mode == "r" else Writer(uri, word, options)


def imread(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
           **options: Any) -> numpy.ndarray[Any, Any]:
    """An image as an array: rows, columns and, of more than one, channels.

    uri: a path or URL, bytes, a file object. index: None, the first; a number, that one; ..., all stacked on a first axis. extension is a hint: the content
    tells the format. options: rotate= (True unless you say otherwise: EXIF's orientation is applied), mode= ("L", "LA", "RGB", "RGBA"), and those of
    kallitype.open: lenient=, shrink=, format= …"""
    with imopen(uri, "r", plugin=plugin, extension=extension, format_hint=format_hint, **options) as file:
        return file.read(index=index)


def imiter(uri: Any, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None, **options: Any) -> Frames:
    """The images of a file as arrays, one after another, each decoded when it is taken. It may be closed early, by close() or as a context manager. Options as
    imread has them."""
    return imopen(uri, "r", plugin=plugin, extension=extension, format_hint=format_hint, **options).iter()


def imwrite(uri: Any, image: Any, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
            is_batch: bool | None = None, **options: Any) -> bytes | None:
    """Writes an array, or a list or generator of arrays as pages, one at a time; whole or not at all.

    uri: a path, a file object, or "<bytes>", which gives the bytes back. extension: which format, where the name does not say. is_batch: whether the first axis
    counts images; None: rows and columns, or these and one to four channels, are one image. options: those of the format (`kal formats NAME`)."""
    with imopen(uri, "w", plugin=plugin, extension=extension, format_hint=format_hint, **options) as file:
        return file.write(image, is_batch=is_batch)


def improps(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, **options: Any) -> ImageProperties:
    """Shape, dtype and the rest of what imread with the same arguments gives. No pixel is decoded."""
    with imopen(uri, "r", plugin=plugin, extension=extension, **options) as file:
        return file.properties(index)


def immeta(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, exclude_applied: bool = True,
           **options: Any) -> dict[str, Any]:
    """What the file says of what imread with the same arguments gives: the fields of kallitype.Image.info. No pixel is decoded.

    The orientation that the file has is always told, with whether it was applied (orientation, orientation_applied) and whether it is one of the eight
    (orientation_valid). exclude_applied: the raw field, exif.Orientation, is left out where it was applied."""
    with imopen(uri, "r", plugin=plugin, extension=extension, **options) as file:
        return file.metadata(index, exclude_applied)
