# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Arrays from and to files, by the names of imageio.v3: imread, imwrite, imiter, improps, immeta, imopen.

One rule of shapes for all formats: without index the first image, an int is that image, ... is all of them stacked on a first axis. Properties
and metadata are of exactly what imread with the same options gives, and no pixel is decoded for them. Arrays are NumPy's, your own, and may be
written to. A file is written whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Iterator

from . import _kal
from ._iio_names import READ_WORDS, extension_of, is_stream, near, no_plugin, readable, refuse
from ._iio_write import Writer
from .errors import InvalidError
from .image import Image
from .opening import open as open_image

if TYPE_CHECKING:
    import numpy


@dataclass
class ImageProperties:
    """What imread with the same options gives, without it: shape and dtype of the array; how many images the file has; whether the array is
    several, stacked; and the millimetres from row to row and from column to column, where the file says."""

    shape: tuple[int, ...]
    dtype: numpy.dtype[Any]
    n_images: int
    is_batch: bool = False
    spacing: tuple[float, float] | None = None


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
        image = ops["band_extract"](image, bands=list(range(image.channels - 1)))
    elif alpha and not image.alpha:
        white = {"uint8": "u8", "uint16": "u16", "float32": "f32"}[image.dtype]
        opaque = ops["solid"](color=255, width=image.width, height=image.height, type=white)
        image = ops["band_join"](image, opaque, alpha=True)
    return image


def _array(image: Image) -> numpy.ndarray[Any, Any]:
    out: numpy.ndarray[Any, Any] = image.numpy()
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
        self._source: Any = readable(uri)
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
        refuse(options, READ_WORDS, "reading")
        known = {p[0] for p in _kal.ops()["load"].record[4]} - {"path"} | {"rotate", "mode"}
        for name in options:
            if name not in known:
                raise InvalidError(f'reading takes no "{name}"{near(name, known)}')
        mode = options.pop("mode", None)
        if mode is not None and mode not in _MODES:
            raise InvalidError(f"mode {mode!r} is none of {', '.join(_MODES)}")
        if "rotate" in options:
            options["upright"] = bool(options.pop("rotate"))
        if not is_stream(self._source):
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
        return InvalidError(f"{self._name()}: image {k} is {one.shape} of {one.dtype} and the first {first.shape} of {first.dtype}: "
                            "they cannot be stacked; take them by imiter, or one by index=")

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

    def read(self, *, index: Any = None, **options: Any) -> numpy.ndarray[Any, Any]:
        """The first image, that of a number, or all (...) stacked."""
        if index is not Ellipsis:
            return _array(self._at(index, options))
        import numpy

        n = self._count(self._first(options)[0])
        out: Any = None
        for k, one, first in self._all(options):
            if out is None:
                out = numpy.empty((n, *first.shape), first.dtype)
            out[k] = one.numpy_view()
        return out  # type: ignore[no-any-return]

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

    def write(self, *_: Any, **__: Any) -> Any:
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


# ---- the six functions -------------------------------------------------------------------------------------


def _reader(uri: Any, plugin: str | None, extension: str | None, format_hint: str | None, options: dict[str, Any]) -> Reader:
    no_plugin(plugin)
    return Reader(uri, extension_of(extension, format_hint), options)


def _writer(uri: Any, plugin: str | None, extension: str | None, format_hint: str | None, options: dict[str, Any]) -> Writer:
    no_plugin(plugin)
    return Writer(uri, extension_of(extension, format_hint), options)


def imopen(uri: Any, io_mode: str, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
           legacy_mode: bool = False, **options: Any) -> Reader | Writer:
    """A file to read ("r") or to write ("w") several times, a context manager: read, iter, write, properties, metadata, close."""
    if legacy_mode:
        raise ValueError("legacy_mode is of imageio's version 2")
    if io_mode not in ("r", "w"):
        raise ValueError(f'io_mode is "r" or "w", not {io_mode!r}')
    if io_mode == "r":
        return _reader(uri, plugin, extension, format_hint, options)
    return _writer(uri, plugin, extension, format_hint, options)


def imread(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
           **options: Any) -> numpy.ndarray[Any, Any]:
    """An image as an array: rows, columns and, of more than one, channels.

    uri: a path or URL, bytes, a file object. index: None, the first; a number, that one; ..., all stacked on a first axis. extension is a hint:
    the content tells the format. options: rotate= (True unless you say otherwise: EXIF's orientation is applied), mode= ("L", "LA", "RGB",
    "RGBA"), and those of kallitype.open: lenient=, shrink=, format= …"""
    with _reader(uri, plugin, extension, format_hint, options) as file:
        return file.read(index=index)


def imiter(uri: Any, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None, **options: Any) -> Frames:
    """The images of a file as arrays, one after another, each decoded when it is taken. It may be closed early, by close() or as a context
    manager. Options as imread has them."""
    return _reader(uri, plugin, extension, format_hint, options).iter()


def imwrite(uri: Any, image: Any, *, plugin: str | None = None, extension: str | None = None, format_hint: str | None = None,
            is_batch: bool | None = None, **options: Any) -> bytes | None:
    """Writes an array, or a list or generator of arrays as pages, one at a time; whole or not at all.

    uri: a path, a file object, or "<bytes>", which gives the bytes back. extension: which format, where the name does not say. is_batch: whether
    the first axis counts images; None: rows and columns, or these and one to four channels, are one image. options: those of the format (`kal
    formats NAME`)."""
    with _writer(uri, plugin, extension, format_hint, options) as file:
        return file.write(image, is_batch=is_batch)


def improps(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, **options: Any) -> ImageProperties:
    """Shape, dtype and the rest of what imread with the same arguments gives. No pixel is decoded."""
    with _reader(uri, plugin, extension, None, options) as file:
        return file.properties(index)


def immeta(uri: Any, *, index: Any = None, plugin: str | None = None, extension: str | None = None, exclude_applied: bool = True,
           **options: Any) -> dict[str, Any]:
    """What the file says of what imread with the same arguments gives: the fields of kallitype.Image.info. No pixel is decoded.

    The orientation that the file has is always told, with whether it was applied (orientation, orientation_applied) and whether it is one of the
    eight (orientation_valid). exclude_applied: the raw field, exif.Orientation, is left out where it was applied."""
    with _reader(uri, plugin, extension, None, options) as file:
        return file.metadata(index, exclude_applied)
