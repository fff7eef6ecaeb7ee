# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Images, values and encoded pictures: nodes of a graph that nobody computes before somebody looks."""

from __future__ import annotations

import os

from . import _kal, _ops
from ._ops import ImageOps, ValueOps
from .box import Box
from .slicing import part_of

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, Self

_SUFFIXES: dict[str, str] = {}


class Node(_kal.Node):
    """What Image, Value and Encoded have in common: a key, a text, and equality by key."""

    __slots__ = ()

    def __repr__(self) -> str:
        return self.text

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __dask_tokenize__(self) -> str:
        return self.key

    def __reduce__(self) -> tuple[Any, ...]:
        from .pickling import reduce_node

        return reduce_node(self)

    def explain(self, format: str = "text") -> str:
        """The plan, without running it: "text", "json", or the graph as "dot" or "svg"."""
        return _kal.explain([self], format)

    def stats(self) -> dict[str, Any]:
        """Computes it, and says what that took: files opened, pictures decoded, bands computed and found, bytes held."""
        return _kal.stats(self)

    def memo(self, mode: str = "always") -> Self:
        """Whether the result is kept: "always", "never", or "auto", when it is worth it. No key changes by it."""
        return self._set_memo(mode)

    def _repr_svg_(self) -> str:
        return self.explain("svg")


class Value(ValueOps, Node):
    """Numbers, boxes, points, a size or a text that an op gives. It may stand for a parameter of an op, which is computed then; or it is
    looked at: float(v), len(v), v[0], for x in v, v.get()."""

    __slots__ = ()

    def get(self) -> Any:
        """A float for one number, a tuple for a row, a text; boxes, points and rows of numbers as a tuple of tuples."""
        kind, rows = _kal.read_value(self)
        if kind in ("boxes", "points", "polygons", "text"):
            return rows
        if kind == "size":
            return tuple(int(x) for x in rows[0])
        return rows if len(rows) != 1 else rows[0][0] if len(rows[0]) == 1 else rows[0]

    @property
    def kind(self) -> str:
        """numbers, size, points, boxes, polygons or text."""
        return _kal.read_value(self)[0]

    def as_boxes(self) -> list[Box]:
        """Boxes of it, as Box objects."""
        kind, rows = _kal.read_value(self)
        if kind != "boxes":
            raise TypeError(f"this value is {kind}, not boxes")
        return [Box(*row) for row in rows]

    def __float__(self) -> float:
        value = self.get()
        if not isinstance(value, float):
            raise TypeError(f"this value is {value!r}, not one number")
        return value

    def __iter__(self) -> Iterator[Any]:
        value = self.get()
        return iter(value if isinstance(value, tuple) else (value,))

    def __len__(self) -> int:
        value = self.get()
        return len(value) if isinstance(value, (tuple, str)) else 1

    def __getitem__(self, i: Any) -> Any:
        value = self.get()
        return (value if isinstance(value, (tuple, str)) else (value,))[i]

    def __str__(self) -> str:
        return str(self.get())


class Encoded(Node):
    """The bytes of a picture in a format, as a node: looked at by bytes(e) or e.bytes(), written by e.write(path)."""

    __slots__ = ()

    def bytes(self) -> bytes:
        return _kal.read_bytes(self)

    __bytes__ = bytes

    def write(self, target: Any) -> None:
        """To a path, whole or not at all; or to a file object, a Target, a descriptor."""
        _write(self, target)


def suffixes() -> dict[str, str]:
    """Suffix without its dot → name of the format that writes it."""
    if not _SUFFIXES:
        for codec in _kal.codecs():
            if codec["writes"]:
                for suffix in (s for s in (*codec["suffixes"].split("|"), codec["name"]) if s):
                    _SUFFIXES.setdefault(suffix, suffix)
    return _SUFFIXES


def _format_of(path: str) -> str:
    suffix = os.path.splitext(path)[1][1:].lower()
    if not suffix:
        raise ValueError(f"{path or 'a file object'}: there is no suffix that tells the format; give format=")
    if suffix not in suffixes():
        raise ValueError(f'{path}: "{suffix}" is no suffix of a format that is written; give format=')
    return suffix


def _write(encoded: Encoded, target: Any) -> None:
    if isinstance(target, (str, bytes, os.PathLike)):
        _kal.write_files([encoded], [os.fsencode(target)])
    elif isinstance(target, int) and not isinstance(target, bool):
        _kal.write_fd(encoded, target)
    else:
        from .streams import output_of

        _kal.write_output(encoded, *output_of(target))


def _compare(formula: str) -> Callable[[Image, Any], Any]:
    def compare(self: Image, other: Any) -> Any:
        return _expr(self, other, f"select(a {formula} b, 255, 0)", type="u8", then=True)

    return compare


def _expr(image: Image, other: Any, formula: str, *, then: bool = False, **options: Any) -> Any:
    other = _operand(other)
    if isinstance(other, Image):
        out = _ops.expr(image, other, formula=formula, **options)
    elif isinstance(other, (int, float, Value)) or hasattr(other, "__float__"):
        v = _number(other)
        out = _ops.expr(image, formula=formula.replace("b,", f"{v},").replace("b ", f"{v} "), values=other, **options)
    else:
        return NotImplemented
    return _ops.threshold(out, 127) if then else out   # any colour channel


def _number(other: Any) -> str:
    """What a formula calls it: a value or an array may have one number for each channel."""
    return "v0" if isinstance(other, (int, float)) else "v"


def _operand(other: Any) -> Any:
    """An array of rows and columns is an image, one of none a number; numbers and values stay."""
    if getattr(other, "ndim", None) == 0 and hasattr(other, "__float__"):
        return float(other)
    if not isinstance(other, Node) and getattr(other, "ndim", 0) >= 2:
        from .opening import array

        return array(other)
    return other


def _arithmetic(name: str) -> Callable[[Image, Any], Any]:
    def operate(self: Image, other: Any) -> Any:
        op, other = getattr(_ops, name), _operand(other)
        if isinstance(other, Image):
            return op(self, other)
        if isinstance(other, Value):
            return op(self, value=other)
        if isinstance(other, (int, float, list, tuple)) or hasattr(other, "__float__"):
            return op(self, value=other)
        return NotImplemented

    return operate


def _reflected(sign: str) -> Callable[[Image, Any], Any]:
    def operate(self: Image, other: Any) -> Any:
        other = _operand(other)
        if isinstance(other, Image):
            return other - self if sign == "-" else other / self
        if not isinstance(other, (int, float)) and not hasattr(other, "__float__"):
            return NotImplemented
        return _ops.expr(self, formula=f"{_number(other)} {sign} a", values=other)

    return operate


def _on_masks(name: str) -> Callable[[Image, Any], Any]:
    def operate(self: Image, other: Any) -> Any:
        return getattr(_ops, name)(self, other) if isinstance(other, Image) else NotImplemented

    return operate


class Image(ImageOps, Node):
    """An immutable description of an image. Nothing is computed until pixels or bytes are asked for.

    Two images are equal when their keys are: when they are made in the same way of the same content. Every op is a method
    (`img.gaussian(6)`) and a function (`kallitype.gaussian(img, 6)`); `help(img.gaussian)` says what it takes.
    """

    __slots__ = ()

    def __new__(cls, source: Any, **options: Any) -> Image:
        from .opening import open as open_

        return open_(source, **options)

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        return self._extent[0]

    @property
    def height(self) -> int:
        return self._extent[1]

    @property
    def channels(self) -> int:
        """Samples of a pixel, alpha included."""
        return self._extent[2]

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns and, of more than one, channels: that of numpy.asarray(img)."""
        w, h, c = self._extent[:3]
        return (h, w, c) if c > 1 else (h, w)

    @property
    def dtype(self) -> str:
        """Of a sample: "uint8", "uint16", "uint32" or "float32"."""
        return self._extent[3]

    @property
    def model(self) -> str:
        """What channels mean: "gray", "rgb", "mask" (0 and 255), or "data"."""
        return self._extent[4]

    @property
    def alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self._extent[5]

    @property
    def info(self) -> dict[str, Any]:
        """What its file says, without decoding pixels: format, bytes, pages, orientation with whether it was applied, and every field of EXIF,
        XMP and IPTC by name ("exif.Model")."""
        w, h, c, dtype, model, alpha = self._extent
        out: dict[str, Any] = {"width": w, "height": h, "channels": c, "dtype": dtype, "model": model, "alpha": alpha}
        file = self._file
        if file is not None:
            out["format"], out["bytes"], out["pages"] = file
        out["orientation"], out["orientation_applied"] = self._orientation
        out.update(self._fields())
        return out

    def meta(self, block: str) -> bytes | None:
        """A block of metadata as it came: "exif", "icc", "xmp", "iptc"; None when there is none."""
        return self._meta(block)

    def content_key(self) -> str:
        """The name of the pixels, whatever they came from: equal pixels have equal content keys. They are computed for it."""
        return _kal.content_key(self)

    def content(self) -> Content:
        """This image as a key by its pixels: the same picture from a path, bytes, an array, a tensor or Pillow is one entry of a dict, an
        lru_cache, a cachetools cache."""
        return Content(self)

    # ---- arithmetic --------------------------------------------------------------------------------

    __array_ufunc__ = None   # NumPy leaves arithmetic of its arrays with images to us
    __add__ = _arithmetic("add")
    __radd__ = _arithmetic("add")
    __sub__ = _arithmetic("subtract")
    __rsub__ = _reflected("-")
    __mul__ = _arithmetic("multiply")
    __rmul__ = _arithmetic("multiply")
    __truediv__ = _arithmetic("divide")
    __rtruediv__ = _reflected("/")
    __gt__ = _compare(">")
    __lt__ = _compare("<")
    __ge__ = _compare(">=")
    __le__ = _compare("<=")
    __and__ = _on_masks("mask_and")
    __or__ = _on_masks("mask_or")
    __xor__ = _on_masks("mask_xor")

    def __invert__(self) -> Image:
        return _ops.invert(self)

    def __bool__(self) -> bool:
        raise TypeError("an image is neither true nor false; `is None` asks whether there is one, `==` whether two are made in the same way")

    def __getitem__(self, place: Any) -> Image:
        """img[y0:y1, x0:x1] is that part, img[y0:y1] whole rows; a third index takes channels. As with NumPy what sticks out is cut off."""
        return part_of(self, place)

    def __iter__(self) -> Any:
        raise TypeError("an image is not a sequence; numpy.asarray(img) is one, and img.pages() are pages")

    # ---- pixels ------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy

        shared = numpy.asarray(self._pixels())
        if dtype is not None and numpy.dtype(dtype) != shared.dtype:
            if copy is False:
                raise ValueError(f"{shared.dtype} becomes {numpy.dtype(dtype)} only by a copy")
            return shared.astype(dtype)
        return shared.copy() if copy else shared

    def __dlpack__(self, **how: Any) -> object:
        return self._pixels().__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def packed(self) -> Any:
        """Pixels of four bytes as one 32-bit number each: a buffer of two dimensions, [y, x]."""
        return self._pixels().packed()

    def fetch(self, box: Any = None) -> Any:
        """Pixels of a part (a Box, or all): a buffer, only to be read. Nothing else is computed."""
        if box is None:
            return self._pixels()
        if isinstance(box, Value):
            (box,) = box.as_boxes()
        if not isinstance(box, Box):
            raise TypeError(f"fetch wants a Box, not {box!r}: Box(x0, y0, x1, y1), Box.of(x, y, width, height)")
        x, y, w, h = box._place(self)
        return _kal.view(self, x, y, x + w, y + h)

    def numpy(self) -> Any:
        """A NumPy array of its own, which may be written to."""
        import numpy

        return numpy.array(self.numpy_view())

    def numpy_view(self) -> Any:
        """A NumPy array that shares the pixels, only to be read."""
        import numpy

        return numpy.asarray(self._pixels())

    def raw(self) -> bytearray:
        """The samples, row by row, in memory of your own."""
        return bytearray(memoryview(self._pixels()).tobytes())

    def raw_view(self) -> memoryview:
        """The samples where they lie, only to be read."""
        return memoryview(self._pixels())

    def pil(self) -> Any:
        """A Pillow image of its own."""
        from .pillow import to_pil

        return to_pil(self, shared=False)

    def pil_view(self) -> Any:
        """A Pillow image that shares the pixels where Pillow can (gray, RGBA), only to be read."""
        from .pillow import to_pil

        return to_pil(self, shared=True)

    def tensor(self) -> Any:
        """A torch tensor of its own, channels first, in the samples' type."""
        from .tensors import to_tensor

        return to_tensor(self, shared=False)

    def tensor_view(self) -> Any:
        """A torch tensor, channels first, that shares the pixels: do not write to it."""
        from .tensors import to_tensor

        return to_tensor(self, shared=True)

    # ---- bytes and files ------------------------------------------------------------------------------

    def encoded(self, format: str, **options: Any) -> Encoded:
        """The picture in a format ("png", ".jpg"), as a node. `kal formats NAME` lists the options."""
        return _kal.encode(self, format.lstrip("."), options)

    def encode(self, format: str, **options: Any) -> bytes:
        """The bytes of the picture in a format: img.encode(".png"), img.encode("jpeg", quality=90)."""
        return _kal.read_bytes(self.encoded(format, **options))

    def save(self, target: Any, format: str | None = None, **options: Any) -> None:
        """Writes it: to a path, whole or not at all, in the format of its suffix; or to a file object, a Target, a descriptor (then format= says
        which)."""
        if format is None:
            name = target if isinstance(target, (str, bytes, os.PathLike)) else getattr(target, "name", "")
            format = _format_of(os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else "")
        _write(self.encoded(format, **options), target)

    async def asave(self, target: Any, format: str | None = None, **options: Any) -> None:
        """save() in a thread; cancelling the task cancels the run."""
        from .aio import run

        await run(self.save, target, format, **options)

    async def aencode(self, format: str, **options: Any) -> bytes:
        """encode() in a thread; cancelling the task cancels the run."""
        from .aio import run

        data: bytes = await run(self.encode, format, **options)
        return data

    def as_file(self, suffix: str = ".png", **options: Any) -> Any:
        """A context manager that gives the path of a file with the picture, and removes it."""
        from .streams import as_file

        return as_file(self, suffix, options)

    def optimize(self, **aim: Any) -> Any:
        """The smallest file that looks right, or the best that fits: max_bytes, min_score, max_dssim, max_diff, formats, metric…"""
        from .optimizing import optimize

        return optimize(self, **aim)

    async def aoptimize(self, **aim: Any) -> Any:
        from .aio import run

        return await run(self.optimize, **aim)

    def page(self, number: int) -> Image:
        """Another page of the file that it was opened from, from 0 on."""
        return _kal.page(self, number)

    def pages(self) -> _kal.Pages:
        """All pages of the file that it was opened from, one after another; `with img.pages() as pages` closes early."""
        return _kal.Pages(self)

    def show(self) -> None:
        """Opens a viewer with the picture as PNG, which is left in the folder for temporary files."""
        import tempfile
        import webbrowser

        with tempfile.NamedTemporaryFile(suffix=".png", delete=False) as file:
            file.write(self.encode("png"))
        webbrowser.open("file://" + file.name)

    def _repr_png_(self) -> bytes:
        w, h = self.width, self.height
        small = self if max(w, h) <= 512 else _ops.thumbnail(self, 512, 512)
        return small.encode("png")

    # ---- a part, processed and put back ------------------------------------------------------------------

    def within(self, box: Any, process: Callable[[Image], Image], *, feather: int = 0, context: float = 0.0, resize: Any = "lanczos3") -> Image:
        """The image with `process` done to a part: crop, process, uncrop.

        box: a Box, or a Value of one box (`mask.mask_boxes()`). context: how much around the box is cropped with it, as a part of its sides, so that
        `process` sees what is around; only the box is put back. feather: width of the soft seam in pixels. `process` may give back another size; then it is fitted by
        `resize`."""
        from .within import within

        return within(self, box, process, feather, context, resize)

    @staticmethod
    def grid(images: Any, **options: Any) -> Image:
        """Images on one sheet: `kallitype.sheet` with what it takes."""
        return _ops.sheet(*images, **options)


class Content:
    """An image as a key: equal and hashed by its pixels."""

    __slots__ = ("image", "key")

    def __init__(self, image: Image) -> None:
        self.image, self.key = image, image.content_key()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<content {self.key} of {self.image!r}>"

    def __dask_tokenize__(self) -> str:
        return self.key
