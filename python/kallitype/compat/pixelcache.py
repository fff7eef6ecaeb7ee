# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's names over kallitype: `from kallitype.compat.pixelcache import HashableImage` in place of `from pixelcache import HashableImage`.

docs/from/pixelcache.md lists what differs, which is what PixelCache does wrong, or does in three ways depending on where an image came from.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import _kal
from ..image import Image, array
from ..points import ImageSize
from . import _reading
from ._hashable import BoundingBox, HashableDict, HashableList, ImageCrop, Points, boxes_of

__all__ = ["BoundingBox", "HashableDict", "HashableImage", "HashableList", "ImageCrop", "ImageSize", "Points", "pseudo_hash", "seed_everything"]

_KERNELS = {"bilinear": "bilinear", "lanczos": "lanczos3", "nearest": "nearest"}
_scratch: list[Any] = []   # the folder for temporary files of this process, gone when it ends


def _op(name: str, *images: Any, **params: Any) -> Any:
    return _kal.ops()[name](*images, **params)


def _arithmetic(name: str, on_masks: Callable[[Image, Image], Image] | None, reflected: bool = False) -> Any:
    def operate(self: HashableImage, other: object) -> HashableImage:
        a = self.image
        if isinstance(other, HashableImage):
            b = other.image
            if self.is_binary() and other.is_binary() and on_masks:
                return self._new(on_masks(a, b))
            a = _reading.to_gray(a) if self.is_binary() else a
            return self._new(_op(name, a.to_rgb() if b.channels > a.channels else a, _reading.to_gray(b) if other.is_binary() else b))
        if isinstance(other, bool) or not hasattr(other, "__float__"):
            return NotImplemented
        a = _reading.to_gray(a) if self.is_binary() else a
        number = float(other)   # type: ignore[arg-type]
        return self._new(number - a if reflected else _op(name, a, value=number))

    return operate


class HashableImage:
    """An immutable picture of 8 bits (gray, RGB or a mask), equal and hashed by its pixels, whatever it was made of.

    Nothing is decoded or computed before somebody looks; then the pixels are held. `.image` is the same as an Image of kallitype.
    """

    __slots__ = ("_image", "_mode", "_path", "_file", "_pixels", "_key", "_tensor", "__weakref__")

    def __init__(self, image: Any, /) -> None:
        path: str | None = None
        data: bytes | None = None
        if _reading.is_path(image):
            path = os.fspath(image)
            data = _reading.read(path)
            made, mode = _reading.decoded(data, path), "numpy"
        elif isinstance(image, (bytes, bytearray)):
            made, mode = _reading.decoded(bytes(image)), "pil"
        elif isinstance(image, Image):
            made, mode = _reading.plain(image), "numpy"
        else:
            made, mode = _made_of(image)
        self._set(made, mode, path, data)

    def _set(self, image: Image, mode: str, path: str | None = None, file: bytes | None = None) -> None:
        self._image, self._mode, self._path, self._file = image, mode, path, file
        self._pixels: Any = None
        self._key: str | None = None
        self._tensor: Any = None

    @classmethod
    def _of(cls, image: Image, mode: str = "numpy") -> HashableImage:
        new = cls.__new__(cls)
        new._set(_reading.plain(image), mode)
        return new

    def _new(self, image: Image) -> HashableImage:
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

    # ---- as a key -----------------------------------------------------------------------------------

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
        return self.key == other.key if isinstance(other, HashableImage) else NotImplemented

    def __kal_params__(self) -> Any:
        return {"$content": self.key}

    def __dask_tokenize__(self) -> str:
        return self.key

    def __reduce__(self) -> tuple[Any, ...]:
        view = memoryview(self._look())
        return _restore, (view.tobytes(), view.shape, self._image.model, self._mode)

    # ---- what it is -----------------------------------------------------------------------------------

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

    def copy(self) -> HashableImage:
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

    # ---- pixels ---------------------------------------------------------------------------------------

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

    def bytes(self) -> bytes:
        """As PNG."""
        return self._image.encode("png")

    def b64(self, *, open_rb: bool = False) -> str:
        """The PNG, or with open_rb the file at get_filename(), in base64."""
        if not open_rb:
            return base64.b64encode(self.bytes()).decode()
        with open(self.get_filename(), "rb") as file:
            return base64.b64encode(file.read()).decode()

    def _repr_png_(self) -> bytes:
        return self._image._repr_png_()

    # ---- files ----------------------------------------------------------------------------------------

    @staticmethod
    def from_base64(text: str) -> HashableImage:
        return HashableImage(base64.b64decode(text))

    @staticmethod
    def decode_bytes(data: bytes, *, unchanged: bool = False) -> Any:
        """The picture in bytes as RGB; unchanged=True: gray stays gray."""
        image = HashableImage(data)
        return (image if unchanged else image.to_rgb()).numpy()

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

    # ---- geometry -------------------------------------------------------------------------------------

    def resize(self, size: ImageSize, mode: str = "bilinear") -> HashableImage:
        """Gray becomes RGB; masks stay masks, by their nearest pixels."""
        if mode not in _KERNELS:
            raise ValueError(f"mode is {', '.join(_KERNELS)}, not {mode!r}")
        if size == self.size():
            return self
        image = self._image if self.is_binary() else self._image.to_rgb()
        return self._new(image.resize(width=size.width, height=size.height, kernel=_KERNELS[mode]))

    def downsample(self, factor: int) -> HashableImage:
        return self.resize(self.size() // factor)

    def resize_min_size(self, min_size: int, modulo: int = 16) -> HashableImage:
        """The shorter side becomes min_size, the other in proportion, and both go down to a multiple of modulo."""
        size = self.size()
        scale = min_size / size.min()
        sides = [min_size if side == size.min() else round(side * scale) for side in (size.height, size.width)]
        height, width = (side - side % modulo for side in sides)
        if height <= 0 or width <= 0:
            raise ValueError(f"resize_min_size: {sides[0]}×{sides[1]} has no multiple of {modulo}")
        return self.resize(ImageSize(height=height, width=width))

    def rotate(self, rotation: float, mode: Any = "bilinear", *, expand: bool = True) -> HashableImage:
        """Counter-clockwise about the centre, in degrees. mode: a word, or torchvision's InterpolationMode."""
        return self._new(self._image.rotate(angle=rotation, kernel=getattr(mode, "value", mode), expand=expand))

    def center_pad(self, image_size: ImageSize, fill: int | Iterable[int] = 0) -> HashableImage:
        """In the middle of a larger RGB canvas: row H//2 - h//2 of it is the first of the image."""
        size = self.size()
        if image_size.height < size.height or image_size.width < size.width:
            raise ValueError(f"center_pad: {image_size} is smaller than the image, {size}")
        color = [fill] * 3 if isinstance(fill, (int, float)) else list(fill)
        return self._new(self._image.to_rgb().embed(x=image_size.width // 2 - size.width // 2, y=image_size.height // 2 - size.height // 2,
                                                    width=image_size.width, height=image_size.height, color=color))

    def _place(self, boxes: Iterable[BoundingBox] | BoundingBox, what: str) -> dict[str, int]:
        """What is around all boxes, on this image, as parameters of an op."""
        corners = [box.xyxyn for box in boxes_of(boxes)]
        if not corners:
            raise ValueError(f"{what}: there are no boxes")
        w, h = self._image.width, self._image.height
        x0, y0 = (max(round(min(c[i] for c in corners) * side), 0) for i, side in ((0, w), (1, h)))
        x1, y1 = (min(round(max(c[i] for c in corners) * side), side) for i, side in ((2, w), (3, h)))
        if x0 >= x1 or y0 >= y1:
            raise ValueError(f"{what}: the boxes have no pixels on {self.size()}")
        return {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}

    def crop_from_bbox(self, bboxes: Iterable[BoundingBox] | BoundingBox) -> HashableImage:
        """What is around all boxes, as RGB."""
        return self._new(self._image.to_rgb().crop(**self._place(bboxes, "crop_from_bbox")))

    def uncrop_from_bbox(self, base: HashableImage, bboxes: Iterable[BoundingBox] | BoundingBox, *, resize: bool = False,
                         blend_width: int = 10) -> HashableImage:
        """This crop back into its place on the base, with a soft seam of blend_width pixels; 0 replaces exactly."""
        place = base._place(bboxes, "uncrop_from_bbox")
        if not resize and (self._image.width, self._image.height) != (place["width"], place["height"]):
            raise ValueError(f"uncrop_from_bbox: the crop is {self.size()} and its place {place['height']}×{place['width']}; resize=True fits it")
        return self._new(self._image.to_rgb().uncrop(base._image.to_rgb(), feather=blend_width, resize="bilinear" if resize else "none", **place))

    def crop_from_mask(self, mask: HashableImage, margin: float = 0.0, **how: Any) -> HashableImage:
        """What is around all that is set. how: as mask2bbox."""
        how.pop("verbose", None)
        boxes = mask.mask2bbox(margin, verbose=False, **how)
        if not boxes:
            raise ValueError("crop_from_mask: the mask is empty")
        return self.crop_from_bbox(boxes)

    def crop_from_points(self, points: Points, margin: float = 0.0, **how: Any) -> HashableImage:
        return self.crop_from_mask(points.to_mask(), margin, **how)

    def concat(self, other: list[HashableImage], mode: str) -> HashableImage:
        """Beside each other ("horizontal") or below ("vertical"); the other side is the same in all."""
        if mode not in ("horizontal", "vertical"):
            raise ValueError(f'mode is "horizontal" or "vertical", not {mode!r}')
        images = [self, *other]
        side = "height" if mode == "horizontal" else "width"
        if len({getattr(i._image, side) for i in images}) > 1:
            raise ValueError(f"concat: the {side} is {', '.join(str(getattr(i._image, side)) for i in images)}; it has to be one")
        nodes = [i._image for i in images] if len({i.dtype() for i in images}) == 1 else [i._image.to_rgb() for i in images]
        w, h = (sum(n.width for n in nodes), nodes[0].height) if mode == "horizontal" else (nodes[0].width, sum(n.height for n in nodes))
        out, x, y = nodes[0].embed(x=0, y=0, width=w, height=h), 0, 0
        for before, node in zip(nodes, nodes[1:]):
            x, y = (x + before.width, y) if mode == "horizontal" else (x, y + before.height)
            out = node.insert(out, x=x, y=y)
        return self._new(out)

    # ---- masks ----------------------------------------------------------------------------------------

    def to_binary(self, threshold: float = 0.0, area_min: float = 0, connectivity: int = 8) -> HashableImage:
        """Set where any channel is above threshold · 255. area_min: holes and islands of less than this share of the image go; the largest island stays."""
        if not 0 <= threshold <= 1 or not 0 <= area_min <= 1:
            raise ValueError(f"to_binary: threshold and area_min are 0 to 1, not {threshold} and {area_min}")
        mask = self._image if self.is_binary() else self._image.threshold(value=threshold * 255)
        pixels = area_min * mask.width * mask.height
        if pixels > 1:
            mask = _without_small(mask.fill_holes(area=pixels, connectivity=connectivity), pixels, connectivity)
        return self if mask is self._image else self._new(mask)

    def invert_binary(self) -> HashableImage:
        return self._new(self.to_binary()._image.invert())

    def logical_or_reduce(self, other: list[HashableImage]) -> HashableImage:
        return self._new(_op("mask_or", *(i.to_binary()._image for i in (self, *other))))

    def mask2bbox(self, margin: float, *, normalized: bool = False, merge: bool = False, verbose: bool = True, closing: tuple[int, int] = (0, 0),
                  opening: tuple[int, int] = (0, 0), area_threshold: float = 0.0, number_of_objects: int = -1) -> HashableList:
        """A box around each part of the mask, in the order of their first pixels; those that overlap become one. margin: a part of the box's sides, added on each.
        merge: one box around all. area_threshold: parts of less than this share of the image go first. opening, closing: rows and columns of their kernels."""
        del verbose   # an empty list says it
        mask = self.to_binary()._image
        pixels = area_threshold * mask.width * mask.height
        if pixels > 1:
            mask = _without_small(mask, pixels, 8)
        if number_of_objects == 0:
            return HashableList([])
        how = {name: [kernel[1], kernel[0]] for name, kernel in (("opening", opening), ("closing", closing)) if kernel[0] > 0 and kernel[1] > 0}
        if number_of_objects > 0:
            how["largest"] = number_of_objects   # type: ignore[assignment]
        boxes = mask.mask_boxes(margin=margin, merge="all" if merge else "overlapping", **how).get()
        w, h, size = mask.width, mask.height, self.size()
        boxes = ((boxes,) if boxes and not isinstance(boxes[0], tuple) else boxes)
        return HashableList([BoundingBox(x0 / w, y0 / h, x1 / w, y1 / h, size, normalized=True) if normalized
                             else BoundingBox(x0, y0, x1, y1, size, normalized=False) for x0, y0, x1, y1 in boxes])

    def mask2squaremask(self, margin: float, **how: Any) -> HashableImage:
        """Set within the boxes of mask2bbox."""
        boxes = [box.xyxy for box in self.mask2bbox(margin, **how)]
        return self._new(_op("box_mask", boxes=boxes, width=self._image.width, height=self._image.height))

    def morphologyEx(self, operation: str, kernel: Any) -> HashableImage:
        """erode, dilate, open or close the mask by a kernel of rows; what lies outside the image is not looked at."""
        if operation not in ("erode", "dilate", "open", "close"):
            raise ValueError(f"operation is erode, dilate, open or close, not {operation!r}")
        rows = [[float(v) for v in row] for row in kernel]
        return self._new(_op(operation, self.to_binary()._image, kernel=[v for row in rows for v in row], width=len(rows[0]), height=len(rows)))

    def blend(self, mask: HashableImage, alpha: float, *, with_bbox: bool, merge_bbox: bool = True) -> HashableImage:
        """alpha · mask + (1 − alpha) · image, of pictures; of a binary mask the image, with alpha of what lies outside of it. with_bbox: and red boxes around
        what is set."""
        base = self._image.to_rgb()
        out = mask._image.dim(base, alpha=alpha) if mask.is_binary() else mask._image.to_rgb().blend(base, alpha=alpha)
        if with_bbox and (boxes := mask.mask2bbox(0.001, merge=merge_bbox)):
            out = out.draw_boxes(boxes=[b.xyxy for b in boxes], color="red", width=3)
        return self._new(out)

    def filled(self, mask: HashableImage, value: float) -> HashableImage:
        """With value, 0 to 1, where the mask is set."""
        if not 0 <= value <= 1:
            raise ValueError(f"a value is 0 to 1, not {value}")
        image = _reading.to_gray(self._image) if self.is_binary() else self._image
        color = _op("solid", color=[value * 255] * image.channels, width=image.width, height=image.height, channels=image.channels)
        return self._new(color.mask_blend(mask.to_binary()._image, image))

    def __setitem__(self, mask: HashableImage, value: float) -> None:
        raise TypeError("an image does not change: new = image.filled(mask, value)")

    # ---- pixels, one by one -----------------------------------------------------------------------------

    def to_rgb(self) -> HashableImage:
        return self if self.is_rgb() else self._new(self._image.to_rgb())

    def to_gray(self) -> HashableImage:
        """Luma, .299 R + .587 G + .114 B."""
        return self if self.dtype() == "L" else self._new(_reading.to_gray(self._image))

    def rgb2bgr(self) -> HashableImage:
        return self._new(self._image.swap(order=[2, 1, 0]))

    bgr2rgb = rgb2bgr

    def invert_rgb(self) -> HashableImage:
        return self._new(self._image.invert())

    def zeros_like(self) -> HashableImage:
        return self._flat(0)

    def ones_like(self) -> HashableImage:
        """White."""
        return self._flat(255)

    def _flat(self, value: int) -> HashableImage:
        image = self._image
        flat = _op("solid", color=[value] * image.channels, width=image.width, height=image.height, channels=image.channels)
        return self._new(flat.threshold(value=0) if self.is_binary() else flat)

    @staticmethod
    def zeros_from_size(size: ImageSize) -> HashableImage:
        return HashableImage._of(_op("solid", color=[0, 0, 0], width=size.width, height=size.height, channels=3))

    def apply_palette(self, palette: Any = "default", /) -> HashableImage:
        """Gray values as numbers of colours: a name, or 256 rows of red, green, blue."""
        gray = self._image
        if self.is_rgb():
            view = self.numpy_view()
            if (view[:, :, :1] != view).any():
                raise ValueError("To apply a palette, the image must be grayscale.")
            gray = gray.band_extract(bands=[0])
        return self._new(_op("apply_palette", _reading.to_gray(gray), **_palette(palette)))

    def equalize_hist(self) -> HashableImage:
        """Of the gray image."""
        return self._new(self.to_gray()._image.equalize())

    def set_minmax(self, low: float, high: float, /) -> HashableImage:
        """The darkest sample becomes low and the brightest high, 0 to 1; of an image of one value all become low."""
        image = _reading.to_gray(self._image) if self.is_binary() else self._image
        return self._new(image.stretch(out_low=low * 255, out_high=high * 255, channels="together"))

    __add__ = _arithmetic("add", lambda a, b: _op("mask_or", a, b))
    __radd__ = __add__
    __sub__ = _arithmetic("subtract", lambda a, b: _op("mask_and", a, b.invert()))
    __rsub__ = _arithmetic("subtract", None, reflected=True)
    __mul__ = _arithmetic("multiply", lambda a, b: _op("mask_and", a, b))
    __rmul__ = __mul__
    __truediv__ = _arithmetic("divide", None)

    # ---- many ---------------------------------------------------------------------------------------------

    @staticmethod
    def make_image_grid(images: Mapping[Any, Iterable[HashableImage]], *, orientation: str = "horizontal", with_text: bool = False, verbose: bool = False,
                        output: Any = None) -> HashableImage:
        """Each entry a row ("horizontal") or a column ("vertical"), in the order of the dict, with its name beside it. Cells are as large as the largest
        image; what is missing is black."""
        from ._grid import grid

        out = HashableImage._of(grid(images, orientation, with_text), "pil")
        if output is not None:
            out.save(output)
        if verbose:
            import logging

            logging.getLogger(__name__).info("image_grid=%r grid saved to %s", out, output)
        return out


def _made_of(source: Any) -> tuple[Image, str]:
    top = type(source).__module__.partition(".")[0]
    if top == "PIL":
        return _reading.of_pil(source), "pil"
    if top == "torch":
        return _reading.of_tensor(source), "torch"
    if hasattr(source, "ndim") and hasattr(source, "__array__"):
        return _reading.of_array(source), "numpy"
    raise TypeError(f"an image cannot be made of a {type(source).__name__}")


def _restore(samples: bytes, shape: tuple[int, ...], model: str, mode: str) -> HashableImage:
    return HashableImage._of(array(memoryview(samples).cast("B", shape), model=model, alpha=False, copy=False), mode)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _without_small(mask: Image, pixels: float, connectivity: int) -> Image:
    """Without parts of fewer pixels; the largest stays in any case."""
    return _op("mask_or", mask.remove_small(area=pixels, connectivity=connectivity), mask.keep_largest(n=1, connectivity=connectivity))


def _palette(palette: Any) -> dict[str, Any]:
    if not isinstance(palette, str):
        return {"colors": [float(v) for row in palette for v in row]}
    names = next(p[6] for p in _kal.ops()["apply_palette"].record[4] if p[0] == "palette").split("|")
    if palette in names:
        return {"palette": palette}
    try:
        from matplotlib import colormaps
    except ImportError:
        colormaps = {}
    if palette not in colormaps:
        raise ValueError(f"there is no palette {palette!r}; there are {', '.join(names)}" + (", and matplotlib's" if colormaps else ", and with matplotlib its own"))
    return {"colors": [int(v * 255) for row in colormaps[palette](range(256)) for v in row[:3]]}


def pseudo_hash(idx: int, length: int = 6) -> str:
    """Letters for a number, always the same ones. Python's own random numbers are left alone."""
    import random
    import string

    dice = random.Random(idx)
    return "".join(dice.choice(string.ascii_letters) for _ in range(length))


def seed_everything(seed: int | None = None, *, workers: bool = False, verbose: bool = True, cuda_deterministic: bool = True) -> int:
    """Seeds Python's random numbers, and those of NumPy and torch where they are there; gives the seed."""
    from ._grid import seed_all

    return seed_all(seed, workers, verbose, cuda_deterministic)
