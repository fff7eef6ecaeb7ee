# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""A picture in memory: what it is made of, its key, its pixels, its files."""

from __future__ import annotations

import base64
import builtins
import hashlib
import os
from typing import Any, Self

from ..image import Image
from ..opening import array
from ..point_lists import ImageSize
from . import _reading

_scratch: list[Any] = []   # the folder for temporary files of this process, gone when it ends


class Held:
    """An immutable picture of 8 bits (gray, RGB or a mask), equal and hashed by its pixels, whatever it was made of.

    Nothing is decoded or computed before somebody looks; then the pixels are held. `.image` is the same as an Image of kallitype.
    """

    __slots__ = ("_image", "_mode", "_path", "_file", "_pixels", "_key", "_tensor", "__weakref__")

    def __init__(self, image: Any) -> None:
        path: str | None = None
        data: builtins.bytes | None = None
        if _reading.is_path(image):
            name = path = str(os.fspath(image))
            data = _reading.read(name)
            made, mode = _reading.decoded(data, name), "numpy"
        elif isinstance(image, (bytes, bytearray)):
            made, mode = _reading.decoded(bytes(image)), "pil"
        elif isinstance(image, Image):
            made, mode = _reading.plain(image), "numpy"
        else:
            made, mode = _made_of(image)
        self._set(made, mode, path, data)

    def _set(self, image: Image, mode: str, path: str | None = None, file: builtins.bytes | None = None) -> None:
        self._image, self._mode, self._path, self._file = image, mode, path, file
        self._pixels: Any = None
        self._key: str | None = None
        self._tensor: Any = None

    @classmethod
    def _of(cls, image: Image, mode: str = "numpy") -> Self:
        new = cls.__new__(cls)
        new._set(_reading.plain(image), mode)
        return new

    def _new(self, image: Image) -> Self:
        return self._of(image, self._mode)

    @property
    def image(self) -> Image:
        """As an Image of kallitype: lazy, with every op."""
        return self._image

    def _look(self) -> Any:
        """The pixels, which stay; what is done next begins with them."""
        if self._pixels is None:
            pixels = self._image.fetch()
            self._image = array(pixels, model=self._image.model, alpha=False, copy=False)
            self._pixels = pixels
        return self._pixels

    # ---- as a key ---------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The name of the pixels, as 32 hex digits: the same in every process, on every machine."""
        if self._key is None:
            self._look()
            self._key = self._image.content_key()
        return self._key

    def __hash__(self) -> int:
        return int(self.key[:15], 16)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Held):
            return NotImplemented
        return self.key == other.key

    def __kal_params__(self) -> Any:
        return {"$content": self.key}

    def __dask_tokenize__(self) -> str:
        return self.key

    def __reduce__(self) -> tuple[Any, ...]:
        view = memoryview(self._look())
        return _restore, (type(self), view.tobytes(), view.shape, self._image.model, self._mode)

    # ---- what it is -------------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """What raw() gives: "numpy", "pil" or "torch", as it was made. No value depends on it."""
        return self._mode

    def size(self) -> ImageSize:
        return ImageSize(height=self._image.height, width=self._image.width)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._image.shape

    def dtype(self) -> str:
        return {"mask": "1", "gray": "L", "rgb": "RGB"}[self._image.model]

    def is_binary(self) -> bool:
        return self._image.model == "mask"

    def is_rgb(self) -> bool:
        return self._image.model == "rgb"

    def __repr__(self) -> str:
        source = os.path.basename(self._path) if self._path else "mem"
        return f"HashableImage(mode={self._mode}, dtype={self.dtype()}, size={self.size()}, src={source})"

    def summary(self) -> str:
        return f"{repr(self)[:-1]}, mean={self.mean()}, std={self.std()}, min={self.min()}, max={self.max()})"

    def copy(self) -> Self:
        new = self._of(self._image, self._mode)
        new._path, new._file, new._pixels, new._key = self._path, self._file, self._pixels, self._key
        return new

    def _statistic(self, name: str) -> float:
        view = self.numpy_view()
        return round(float(getattr(view, name)(dtype="float64") if name in ("mean", "std", "sum") else getattr(view, name)()), 5)

    def mean(self) -> float:
        """Of all samples, 0 to 255; of a mask 0 to 1."""
        return self._statistic("mean")

    def std(self) -> float:
        """Of all samples, as a whole population."""
        return self._statistic("std")

    def min(self) -> float:
        return self._statistic("min")

    def max(self) -> float:
        return self._statistic("max")

    def sum(self) -> float:
        return self._statistic("sum")

    def unique_values(self) -> tuple[list[float], Any, list[int]]:
        """Values in order, 0 to 1; for each sample which of them it is; how often each is there."""
        import numpy

        view = self.numpy_view()
        values, which, counts = numpy.unique(view if view.ndim == 2 else view.transpose(2, 0, 1), return_inverse=True, return_counts=True)
        which = which.reshape((1, *((1, *view.shape) if view.ndim == 2 else (view.shape[2], *view.shape[:2])))[-4:])
        return (values.tolist() if self.is_binary() else (values.astype("float32") / 255).tolist()), which, counts.tolist()

    # ---- pixels -----------------------------------------------------------------------------------------

    def numpy_view(self) -> Any:
        """uint8, or bool of a mask; shared and only to be read."""
        import numpy

        shared = numpy.asarray(self._look())
        if self.is_binary():
            shared = shared != 0
            shared.flags.writeable = False
        return shared

    def numpy(self) -> Any:
        """uint8, or bool of a mask; of your own."""
        import numpy

        shared = numpy.asarray(self._look())
        return shared != 0 if self.is_binary() else shared.copy()

    __array_priority__ = 1000   # an array leaves arithmetic to this class

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        out = self.numpy() if copy else self.numpy_view()
        return out if dtype is None else out.astype(dtype, copy=False)

    def pil(self) -> Any:
        self._look()
        return self._image.pil()

    def pil_view(self) -> Any:
        """Shared where Pillow can, which is gray."""
        self._look()
        return self._image.pil_view()

    def tensor_view(self) -> Any:
        """float32 of 1×c×h×w from 0 to 1, or bool of a mask; made once, shared by all who ask, not to be written to."""
        if self._tensor is None:
            self._look()
            tensor = self._image.tensor()[None]
            self._tensor = tensor != 0 if self.is_binary() else tensor.float() / 255.0
        return self._tensor

    def tensor(self) -> Any:
        """The same, of your own."""
        return self.tensor_view().clone()

    def raw(self) -> Any:
        return {"numpy": self.numpy, "pil": self.pil, "torch": self.tensor}[self._mode]()

    def raw_view(self) -> Any:
        return {"numpy": self.numpy_view, "pil": self.pil_view, "torch": self.tensor_view}[self._mode]()

    def bytes(self) -> builtins.bytes:
        """As PNG."""
        return self._image.encode("png")

    def b64(self, *, open_rb: bool = False) -> str:
        """The PNG, or with open_rb the file at get_filename(), in base64."""
        if not open_rb:
            return base64.b64encode(self.bytes()).decode()
        with open(self.get_filename(), "rb") as file:
            return base64.b64encode(file.read()).decode()

    def _repr_png_(self) -> builtins.bytes:
        return self._image._repr_png_()

    # ---- files ------------------------------------------------------------------------------------------

    @classmethod
    def from_base64(cls, base64_str: str) -> Self:
        return cls(base64.b64decode(base64_str))

    @classmethod
    def decode_bytes(cls, data: builtins.bytes, *, unchanged: bool = False) -> Any:
        """The picture in bytes as RGB; unchanged=True: gray stays gray."""
        image = _reading.decoded(data)
        return cls._of(image if unchanged else image.to_rgb()).numpy()

    def get_filename(self) -> str:
        """A file that holds this picture: the one it was read from, while that has the same bytes, else a PNG that is gone when the process ends."""
        if self._path is None or _reading.is_url(self._path) or not self._unchanged():
            self.set_filename(self._temporary())
        return self._path   # type: ignore[return-value]

    get_local_filename = get_filename

    def _unchanged(self) -> bool:
        try:
            with open(self._path, "rb") as file:   # type: ignore[arg-type]
                now = file.read()
        except OSError:
            return False
        return self._file in (now, _digest(now))

    def _temporary(self) -> str:
        import tempfile

        if not _scratch or not os.path.isdir(_scratch[0].name):
            _scratch[:] = [tempfile.TemporaryDirectory(prefix="pixelcache_")]
        handle, path = tempfile.mkstemp(".png", "pixelcache_", _scratch[0].name)
        os.close(handle)
        self._image.save(path)
        return path

    def set_filename(self, filename: str) -> None:
        """Says that a file holds this picture."""
        with open(filename, "rb") as file:
            self._path, self._file = os.fspath(filename), _digest(file.read())

    def save(self, path: Any, transparency: str | None = None) -> None:
        """In the format of the suffix, whole or not at all. transparency: "white" or "black" becomes transparent, exactly that colour."""
        if transparency is None:
            return self._image.save(path)
        if transparency not in ("white", "black"):
            raise ValueError(f'transparency is "white" or "black", not {transparency!r}')
        self._image.to_rgb().color_key(color=transparency).save(path)

    def show(self) -> None:
        self._image.show()


def _made_of(source: Any) -> tuple[Image, str]:
    top = type(source).__module__.partition(".")[0]
    if top == "PIL":
        return _reading.of_pil(source), "pil"
    if top == "torch":
        return _reading.of_tensor(source), "torch"
    if hasattr(source, "ndim") and hasattr(source, "__array__"):
        return _reading.of_array(source), "numpy"
    raise TypeError(f"an image cannot be made of a {type(source).__name__}")


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _restore(cls: type[Held], samples: bytes, shape: tuple[int, ...], model: str, mode: str) -> Held:
    return cls._of(array(memoryview(samples).cast("B", shape), model=model, alpha=False, copy=False), mode)
