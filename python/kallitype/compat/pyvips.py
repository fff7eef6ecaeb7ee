# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names on kallitype.

    import kallitype.compat.pyvips as pyvips

Its sources, targets, images, regions, progress and the operations that programs around them use. Where pyvips loses errors they arrive: what a
handler raises is the cause of the Error, files appear whole or not at all, and a file that changed is another image. What is not here says what
to use instead; `image.kal` is kallitype's image, and Image(kal_image) the way back.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Iterable

from .. import _kal
from ..box import Box
from ..image import Image as Picture
from ..opening import array as array_of
from ..opening import open as open_image
from ._vips_calls import telling
from ._vips_connections import Connection, Source, SourceCustom, Target, TargetCustom
from ._vips_errors import Error, Unmapped, translated
from ._vips_fields import Pages, pages_of
from ._vips_geometry import joined_in_rows
from ._vips_instead import MODULE, missing
from ._vips_options import given, load, split
from ._vips_progress import Progress, Watch
from ._vips_region import Region
from ._vips_samples import COLOURS, FORMATS, flat, ops, pictured, profiled, said_of, upright
from ._vips_saving import Saving
from ._vips_words import (Access, Align, Angle, BandFormat, BlendMode, CompassDirection, Direction, Extend, FailOn, Interesting,
                          Interpretation, Kernel, Size)

__all__ = ["Connection", "Error", "Image", "Progress", "Region", "Source", "SourceCustom", "Target", "TargetCustom", "Unmapped", "Access", "Align",
           "Angle", "BandFormat", "BlendMode", "CompassDirection", "Direction", "Extend", "FailOn", "Interesting", "Interpretation", "Kernel", "Size"]

_BYTES = {"uchar": (1, "B"), "ushort": (2, "H"), "uint": (4, "I"), "float": (4, "f")}
_NOT_HERE = {"char": "float", "short": "float", "int": "float", "double": "float", "complex": "two bands of float",
             "dpcomplex": "two bands of float"}
_MEANS = {"uint8": ("b-w", "srgb"), "uint16": ("grey16", "rgb16"), "float32": ("b-w", "scrgb")}   # of gray, of colours


def _interpretation(picture: Picture) -> str:
    _, _, _, dtype, model, _ = picture._extent
    if model == "data" or dtype == "uint32":
        return "multiband"
    return _MEANS[dtype][model == "rgb"]


def _guess(bands: int, format: str) -> str:
    """Of samples of nobody knows what."""
    if bands > 4 or (format == "float" and bands not in (1, 3)):
        return "multiband"
    return {"uchar": ("b-w", "srgb"), "float": ("b-w", "srgb"), "ushort": ("grey16", "rgb16")}.get(format, ("multiband", "multiband"))[bands > 2]


def _of_load(options: dict[str, Any]) -> dict[str, Any]:
    """Of a thumbnail's options those of loading, which are taken out: thumbnails are upright unless they are not to be."""
    out = {"autorotate": not options.get("no_rotate", False) and options.get("auto_rotate") is not False}
    return {**out, **({"fail_on": options.pop("fail_on")} if "fail_on" in options else {})}


class _Static(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing("pyvips.Image", name, dir(cls))


@telling
class Image(Saving, metaclass=_Static):
    """An image, as pyvips has it. `kal` is kallitype's, which is immutable; Image(picture) wraps one of those."""

    def __init__(self, picture: Picture, *, interpretation: str | None = None, watch: Watch | None = None, filename: str | None = None,
                 page_height: int | None = None) -> None:
        if not isinstance(picture, Picture):
            raise Error(f"Image(...) wraps an image of kallitype's, not a {type(picture).__name__}: new_from_file and the like make others")
        self.kal = picture
        self._interpretation = interpretation or _interpretation(picture)
        self._truth = False
        self._watch = watch or Watch()
        self._filename = filename
        self._pages = Pages(page_height) if page_height else None
        self._split: Picture | None = None   # what a band was taken of, since its profile is of all of them
        self._turned: Callable[[], Picture] | None = None   # the same file, upright

    def _of(self, picture: Picture, interpretation: str | None = None, truth: bool = False, others: Iterable[Any] = ()) -> Image:
        """Made of this one, and of others: samples mean what they did, also where arithmetic made floats of 0 to 255 of them, and pages are as high as those
        of the first that has some."""
        pages = self._pages
        if others or self._split is not None:
            picture = profiled(picture, [p for i in (self, *others) for p in (i._split, i.kal) if p is not None])
            pages = pages or next((i._pages for i in others if i._pages), None)
        out = Image(picture, interpretation=interpretation or self._interpretation, watch=self._watch, filename=self._filename)
        out._truth = truth
        out._split = self._split
        out._pages = pages
        return out

    # ---- of ------------------------------------------------------------------------------------------

    @classmethod
    def _loaded(cls, opened: Any, options: dict[str, Any], filename: str | None = None) -> Image:
        """opened: options of kallitype's and whether a stream is read once → its image."""
        given, n, once = load(options)
        with translated():
            picture = opened(given, once)
            if n == 1:
                one: Image = cls(picture, filename=filename)

                def upright() -> Picture:
                    again: Picture = opened({**given, "upright": True}, once)
                    return again

                one._turned = upright
                return one
            pages = list(picture.pages())[given.get("page", 0):]
            pages = pages if n == -1 else pages[:n]
            if n < -1 or n == 0 or (n > 0 and len(pages) < n):
                raise Error(f"{filename or 'this file'} has not {n} pages from {given.get('page', 0)} on; -1 is all")
            for k, page in enumerate(pages):
                if (page.shape, page.dtype) != (pages[0].shape, pages[0].dtype):
                    raise Error(f"page {k} is {page.shape} and the first {pages[0].shape}: pages of several sizes are not one image; "
                                "load each by page=")
            out = cls(ops["sheet"](*pages, columns=1), filename=filename)
            out._pages = pages_of(pages)
            return out

    @classmethod
    def new_from_file(cls, vips_filename: Any, **options: Any) -> Image:
        """A path, options in brackets behind it or by keyword."""
        path, more = split(os.fsdecode(vips_filename))
        return cls._loaded(lambda given, _: open_image(path, **given), {**more, **options}, path)

    @classmethod
    def new_from_buffer(cls, data: Any, options: str = "", **more: Any) -> Image:
        """An encoded picture in memory."""
        source = Source.new_from_memory(data)
        return cls._loaded(source._open, {**given(options), **more})

    @classmethod
    def new_from_source(cls, source: Source, options: str = "", **more: Any) -> Image:
        """options: as text, perhaps behind a suffix, which says nothing: the content tells the format."""
        return cls._loaded(source._open, {**given(options), **more}, source.filename())

    @classmethod
    def new_from_memory(cls, data: Any, width: int, height: int, bands: int, format: str) -> Image:
        """Samples, row by row; they are copied."""
        if format not in _BYTES:
            raise Unmapped(f"there are no samples of {format} here: use {_NOT_HERE.get(format, ', '.join(_BYTES))}")
        size, letter = _BYTES[format]
        with translated():
            view = memoryview(data).cast("B")
            if width < 1 or height < 1 or bands < 1 or len(view) != width * height * bands * size:
                raise Error(f"{width} x {height} pixels of {bands} bands of {format} are {width * height * bands * size} bytes, not {len(view)}")
            samples: Any = memoryview(bytes(view))
            shaped = samples.cast(letter, [height, width, bands])
            return cls._of_samples(shaped, bands, _guess(bands, format))

    @classmethod
    def _of_samples(cls, samples: Any, bands: int, interpretation: str) -> Image:
        colour = interpretation in COLOURS and bands <= 4
        model = ("rgb" if bands > 2 else "gray") if colour else "gray" if bands == 1 else "data"
        return cls(array_of(samples, model=model, alpha=colour and bands in (2, 4)), interpretation=interpretation)

    @classmethod
    def new_from_array(cls, obj: Any, scale: float = 1.0, offset: float = 0.0, interpretation: str | None = None) -> Image:
        """A list of rows, which becomes floats, or an array of up to three dimensions. It is copied."""
        if scale != 1.0 or offset != 0.0:
            raise Unmapped("scale and offset are of kernels: image.kal.convolve(kernel, columns, scale, offset)")
        if isinstance(obj, (list, tuple)):
            rows = obj if obj and isinstance(obj[0], (list, tuple)) else [obj]
            return cls._matrix(rows, interpretation)
        import numpy

        samples: Any = numpy.asarray(obj)
        if samples.ndim > 3:
            raise Error(f"an array of {samples.ndim} dimensions is no image: rows, columns and bands")
        if not samples.dtype.isnative:
            samples = samples.astype(samples.dtype.newbyteorder("="))
        samples = samples.reshape((1, -1) if samples.ndim < 2 else samples.shape)
        bands = samples.shape[2] if samples.ndim == 3 else 1
        if samples.dtype == bool:
            samples = samples.astype("uint8") * numpy.uint8(255)
        format = FORMATS.get(str(samples.dtype))
        if format is None:
            raise Unmapped(f'there are no samples of {samples.dtype} here: {", ".join(FORMATS)}, as by array.astype("float32")')
        as_ = _guess(bands, format) if interpretation is None else interpretation
        if as_ == "auto":
            as_ = {"float": "b-w" if bands < 3 else "scrgb"}.get(format, _guess(bands, format)) if bands <= 4 else "multiband"
        with translated():
            return cls._of_samples(samples, bands, as_)

    @classmethod
    def _matrix(cls, rows: Any, interpretation: str | None) -> Image:
        import array

        width = len(rows[0])
        if not width or any(len(row) != width for row in rows):
            raise Error("rows of one length make an image")
        with translated():
            numbers = array.array("f", [float(x) for row in rows for x in row])
            view = memoryview(numbers).cast("B").cast("f", [len(rows), width])
            return cls._of_samples(view, 1, interpretation or "multiband")

    def new_from_image(self, value: Any) -> Image:
        """One colour, of this image's size, type and interpretation."""
        numbers = [float(v) for v in (value if isinstance(value, (list, tuple)) else [value])]
        canvas = ops["solid"](color=[0], width=self.width, height=self.height, channels=1)   # nothing that this image's file says is of it
        joined = [self._constant(v, canvas) for v in numbers]
        picture = joined[0] if len(joined) == 1 else pictured(ops["band_join"](*joined), self._interpretation)
        return Image(picture, interpretation=self._interpretation, watch=self._watch)

    @classmethod
    def black(cls, width: int, height: int, bands: int = 1) -> Image:
        if bands > 4:
            raise Unmapped("black: one to four bands here")
        return cls(ops["solid"](color=[0] * bands, width=width, height=height, channels=bands), interpretation="b-w" if bands < 3 else "srgb")

    @classmethod
    def thumbnail(cls, filename: Any, width: int, **options: Any) -> Image:
        """Of a file, decoded no larger than needed."""
        return cls.new_from_file(filename, **_of_load(options)).thumbnail_image(width, **options)

    @classmethod
    def thumbnail_buffer(cls, data: Any, width: int, option_string: str = "", **options: Any) -> Image:
        return cls.new_from_buffer(data, option_string, **_of_load(options)).thumbnail_image(width, **options)

    @classmethod
    def thumbnail_source(cls, source: Source, width: int, option_string: str = "", **options: Any) -> Image:
        return cls.new_from_source(source, option_string, **_of_load(options)).thumbnail_image(width, **options)

    @classmethod
    def arrayjoin(cls, images: list[Image], across: int | None = None, shim: int = 0, background: Any = None) -> Image:
        """On one sheet; by itself all in a row. Cells are as large as the largest image, and each lies at the left and the top of its own."""
        return joined_in_rows(images, across or len(images), shim, background)

    # ---- what it is ------------------------------------------------------------------------------------

    @property
    def width(self) -> int:   # type: ignore[override]
        return self.kal.width

    @property
    def height(self) -> int:   # type: ignore[override]
        return self.kal.height

    @property
    def bands(self) -> int:   # type: ignore[override]
        return self.kal.channels

    @property
    def format(self) -> str:
        """Of a sample: uchar, ushort, uint or float."""
        return FORMATS[self.kal.dtype]

    @property
    def interpretation(self) -> str:
        return self._interpretation

    coding = "none"
    xoffset = yoffset = 0

    @property
    def xres(self) -> float:
        """Pixels in a millimetre."""
        return float(self.kal._fields().get("density.x", 1000.0)) / 1000

    @property
    def yres(self) -> float:
        return float(self.kal._fields().get("density.y", 1000.0)) / 1000

    @property
    def filename(self) -> str | None:
        return self._filename

    def name(self) -> str:
        """For messages."""
        return self._filename or f"of {self.width} x {self.height}"

    def __repr__(self) -> str:
        return f"<pyvips.Image {self.width}x{self.height} {self.format}, {self.bands} bands, {self.interpretation}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing("pyvips.Image", name, dir(type(self)))

    def _upright(self) -> Image:
        if self._turned is None:
            raise Unmapped("autorot is done right after loading here, or by autorotate=True of the load: "
                           "a file's orientation is either applied then or stays with it")
        with translated():
            try:
                return self._of(self._turned())
            except Error as error:
                raise Unmapped(f"autorot reads the file again, and that does not work here: load it with autorotate=True ({error})") from error

    def copy(self, **changes: Any) -> Image:
        """The same; interpretation= says that samples mean another thing."""
        interpretation = changes.pop("interpretation", self._interpretation)
        if changes:
            raise Unmapped(f'copy changes the interpretation, and not {", ".join(changes)}: image.set("density", "300dpi") for xres and yres')
        out = self._of(pictured(self.kal, interpretation) if interpretation in COLOURS else flat(self.kal), interpretation, self._truth)
        out._turned = self._turned
        return out

    # ---- pixels ----------------------------------------------------------------------------------------

    def write_to_memory(self) -> bytearray:
        """The samples, row by row."""
        return self._watch.run(self, self.kal.raw)

    def numpy(self, dtype: Any = None) -> Any:
        """An array of its own."""
        array = self._watch.run(self, self.kal.numpy)
        return array if dtype is None else array.astype(dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("an array of this image is a copy; numpy.asarray(image.kal) shares its pixels, only to be read")
        return self.numpy(dtype)

    def tolist(self) -> list[Any]:
        """Rows of numbers; of more bands than one, of tuples."""
        rows: Any = memoryview(self._watch.run(self, self.kal.fetch)).tolist()
        return [[tuple(p) for p in row] for row in rows] if self.bands > 1 else list(rows)

    def pil(self) -> Any:
        return self._watch.run(self, self.kal.pil)

    def copy_memory(self) -> Image:
        """Computed now, and kept, with what its file says."""
        pixels = self._watch.run(self, self.kal.fetch)
        held = array_of(pixels, model=self.kal.model, alpha=self.kal.alpha)
        out = self._of(said_of(held, self.kal), self._interpretation, self._truth)
        if self._turned is not None:
            turned, orientation = self._turned, self.kal._orientation[0]
            out._turned = lambda: said_of(upright(held, orientation), turned())
        return out

    def getpoint(self, x: int, y: int) -> list[float]:
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise Error(f"point {x}, {y} is outside of an image of {self.width} x {self.height}")
        with translated():
            rows: Any = memoryview(self.kal.fetch(Box.of(x, y, 1, 1))).tolist()
        pixel = rows[0][0]
        return [float(p) for p in pixel] if isinstance(pixel, (list, tuple)) else [float(pixel)]

    __call__ = getpoint

    def _of_all(self, op: str, together: Any) -> float:
        """One number of the numbers of each band."""
        def row() -> Any:
            value = ops[op](flat(self.kal)).get()
            return value if isinstance(value, tuple) else (value,)

        return float(together(self._watch.run(self, row)))

    def avg(self) -> float:
        return self._of_all("mean", lambda row: sum(row) / len(row))

    def min(self) -> float:
        return self._of_all("min", min)

    def max(self) -> float:
        return self._of_all("max", max)

    def deviate(self) -> float:
        """Of all samples, divided by n − 1 as pyvips does."""
        means, deviations = (self._row(op) for op in ("mean", "std"))
        n = self.width * self.height * self.bands
        mean = sum(means) / len(means)
        spread = sum(s * s + (m - mean) ** 2 for m, s in zip(means, deviations)) / len(means)
        return float((spread * n / max(1, n - 1)) ** 0.5)

    def _row(self, op: str) -> tuple[float, ...]:
        def ask() -> Any:
            return ops[op](flat(self.kal)).get()

        value = self._watch.run(self, ask)
        return tuple(value) if isinstance(value, tuple) else (value,)

    def __getitem__(self, band: Any) -> Image:
        """Bands, as of a list."""
        if isinstance(band, slice):
            start, stop, step = band.indices(self.bands)
            if step != 1 or stop <= start:
                raise IndexError(f"bands {band.start}:{band.stop}:{band.step} of {self.bands}")
            return self.extract_band(start, stop - start)
        if not hasattr(band, "__index__"):
            raise Unmapped("bands are taken by a number or a slice; image.kal.band_extract(bands=[...]) takes a list")
        i = band.__index__()
        if not -self.bands <= i < self.bands:
            raise IndexError(f"band {i} of {self.bands}")
        return self.extract_band(i % self.bands)

    def __iter__(self) -> Any:
        return iter(self.bandsplit())

    def __len__(self) -> int:
        return self.bands

    def __enter__(self) -> Image:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    # ---- progress --------------------------------------------------------------------------------------

    def set_progress(self, progress: bool) -> None:
        """Whether signals are sent: of this image, and of what is made of it."""
        self._watch.want(progress)

    def signal_connect(self, name: str, callback: Any) -> None:
        """callback(image, progress) at preeval, eval and posteval; what it raises stops the run."""
        self._watch.connect(name, callback)

    def set_kill(self, kill: bool) -> None:
        """Stops what runs, or what is run next. From any thread."""
        self._watch.kill(kill)


# ---- of the whole library -----------------------------------------------------------------------------


def version(flag: int) -> int:
    """Of the libvips whose names these are: 8.15.0."""
    return (8, 15, 0)[flag] if 0 <= flag <= 2 else 0


def at_least_libvips(x: int, y: int) -> bool:
    return (x, y) <= (8, 15)


def cache_set_max_mem(mx: int) -> None:
    """Bytes that results may take in memory."""
    _kal.memo_set_limit(mx)


def cache_set_max(mx: int) -> None:
    """0: no result is kept. Nothing is stale here, so there is no need to."""
    if mx:
        raise Unmapped("results are counted in bytes here: cache_set_max_mem(bytes)")
    _kal.memo_set_limit(0)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"pyvips has no {name!r} here" + (f": use {MODULE[name]}" if name in MODULE else f"; there are {', '.join(__all__)}"))
