# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""From whatever holds a picture, and from texts, to images; and what the extension is told of this package."""

from __future__ import annotations

import os

from . import _kal, settings, signature
from .box import Box
from .image import Encoded, Image, Node, Value, _format_of

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any


def open(source: Any, **options: Any) -> Image:
    """An image from whatever holds one. The header is read, and the content digested; no pixel is decoded.

    source: a path or URL; bytes, bytearray or a memoryview of an encoded picture; a file object; a descriptor; a Source; a NumPy array, a Canvas or any buffer of
    rows and columns; a torch tensor (channels first); a Pillow image; an Image, which is given back.
    options: those of `load` (page=, upright=, format=, keyed= …); for arrays and tensors model= ("gray", "rgb", "mask", "data"), alpha=,
    copy=False (a promise that the array does not change any more; else it is copied).
    """
    if isinstance(source, str):
        return _kal.load(source, options)
    if isinstance(source, bytes):
        return _kal.load_bytes(source, options)
    if isinstance(source, Image):
        if options:
            raise TypeError("an image is open already: options are for a path, bytes or an array")
        return source
    if isinstance(source, os.PathLike):
        return _kal.load(source, options)
    return _open_object(source, options)


def array(source: Any, *, model: str | None = None, alpha: bool | None = None, copy: bool = True) -> Image:
    """An image of samples: rows, columns and perhaps channels of uint8, uint16, uint32, float32 or bool (a mask). Two channels are gray and alpha, four
    RGB and alpha, others data, unless model= and alpha= say something else. copy=False: a promise that they do not change any more."""
    return _kal.image_of(source, model, -1 if alpha is None else int(alpha), not copy)


def _is_encoded(view: memoryview) -> bool:
    return view.ndim == 1 and view.itemsize == 1


def _open_object(source: Any, options: dict[str, Any]) -> Image:
    if isinstance(source, int) and not isinstance(source, bool):
        return _kal.load_fd(source, None, options)
    if isinstance(source, (bytearray, memoryview)):
        view = memoryview(source)
        return _kal.load_bytes(source, options) if _is_encoded(view) else array(source, **options)
    top = type(source).__module__.partition(".")[0]
    if top == "PIL":
        from .pillow import from_pil

        return from_pil(source, **options)
    if top == "torch":
        from .tensors import from_tensor

        return from_tensor(source, **options)
    if hasattr(source, "_input"):
        name, read, seek, size, close = source._input()
        return _kal.load_input(name, read, seek, size, close, options)
    if hasattr(source, "read"):
        from .streams import input_of

        name, read, seek, size, close = input_of(source)
        return _kal.load_input(name, read, seek, size, close, options)
    if isinstance(source, Value):
        raise TypeError("a value is no image")
    try:
        anything: Any = source
        view = memoryview(anything)
    except TypeError:
        if hasattr(source, "__array__"):
            import numpy

            return array(numpy.asarray(source), **options)
        raise TypeError(f"an image cannot be made of a {type(source).__name__}") from None
    return _kal.load_bytes(view, options) if _is_encoded(view) else array(source, **options)


def pages(source: Any, **options: Any) -> _kal.Pages:
    """The pages of whatever open() takes, one after another."""
    return _kal.Pages(open(source, **options))


def parse(text: str | None = None, /, *, path: Any = None, **bindings: Any) -> Any:
    """What a text describes: its last expression, an Image, a Value or an Encoded. bindings: images for names in the text (`in_` for `in`), and values for its
    params. path=: the text is in a file."""
    return result(_kal.parse(_utf8(text), _bound(bindings), None if path is None else os.fsencode(path)))


def _utf8(text: str | None) -> bytes | None:
    """A text for the library; paths in it may be any bytes, as os.fsdecode has them."""
    return None if text is None else text.encode("utf-8", "surrogateescape")


def result(program: tuple[Any, list[tuple[Any, str]], list[Any]]) -> Any:
    """What a text is about; of a printed Encoded, which is a save to nowhere in particular, that."""
    root, saves, _ = program
    return saves[-1][0] if saves and saves[-1][1] == "-" else root


def run(text: str | None = None, /, *, path: Any = None, **bindings: Any) -> dict[str, Any]:
    """Does what a text says: writes its saves, all or none, and gives its prints by name."""
    _, saves, prints = _kal.parse(_utf8(text), _bound(bindings), None if path is None else os.fsencode(path))
    if saves:
        _kal.write_files([e for e, _ in saves], [os.fsencode(p) for _, p in saves])
    return {name or str(i): node.get() if isinstance(node, Value) else node for i, (node, name) in enumerate(prints)}


def _bound(bindings: dict[str, Any]) -> dict[str, Any]:
    import keyword
    import numbers

    out: dict[str, Any] = {}
    for name, value in bindings.items():
        if name.endswith("_") and (keyword.iskeyword(name[:-1]) or name == "path_"):   # which cannot be given without
            name = name[:-1]
        if isinstance(value, (str, Node)):
            out[name] = value
        elif isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):   # of NumPy, too
            out[name] = "true" if value else "false"
        elif isinstance(value, numbers.Integral):   # of NumPy, too
            out[name] = repr(int(value))
        elif isinstance(value, numbers.Real):
            out[name] = repr(float(value))
        else:
            out[name] = open(value)
    return out


def save_all(pairs: Any) -> None:
    """Many pictures in one plan, all files or none: pairs of (Image or Encoded, path)."""
    nodes, paths = [], []
    for image, path in pairs:
        nodes.append(image if isinstance(image, Encoded) else image.encoded(_format_of(os.fsdecode(path))))
        paths.append(os.fsencode(path))
    _kal.write_files(nodes, paths)


def hook() -> None:
    from . import errors

    _kal.hook(Image=Image, Value=Value, Encoded=Encoded, open=open, options=settings.current, signature=signature.describe, Box=Box,
              errors=errors.make)
