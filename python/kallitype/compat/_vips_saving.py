# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Images of pyvips' names into files, memory and targets."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from .. import _kal, streams
from ..image import Image as Picture
from ._vips_connections import Target
from ._vips_errors import Error, Unmapped, translated
from ._vips_fields import Fields
from ._vips_options import format_of, has_alpha, samples, save, split
from ._vips_samples import ops, pictured

if TYPE_CHECKING:
    from ._vips_progress import Watch

_PAGED = ("gif", "webp", "tiff")   # others are of one picture in pyvips too, but for these
_ONE_PICTURE = ("jxl", "avif", "heif")


class Saving(Fields):
    """What an image is written by."""

    if TYPE_CHECKING:
        _watch: Watch

    def _savable(self, format: str, options: dict[str, Any]) -> Picture:
        """In samples that the format holds, without alpha where it has none."""
        background = options.pop("background", 0)
        image: Any = self
        types = samples(format)
        deep = self._interpretation in ("rgb16", "grey16")
        if self.kal.dtype not in types or (self.kal.dtype == "uint16" and format in ("png", "jxl") and not deep):
            if self._interpretation == "scrgb":
                raise Unmapped(f'{format} holds no light: image.kal.from_linear().cast("u8") makes sRGB of it')
            narrow = "ushort" if deep and "uint16" in types else "uchar" if "uint8" in types else "float"
            if deep and self.kal.dtype == "float32" and narrow == "uchar":
                image = self.cast("ushort")
            image = image.cast(narrow, shift=deep and image.kal.dtype == "uint16")
        if image.kal.model == "data" and image.bands <= 4:   # what else it is a picture of
            image = image._of(pictured(image.kal, "srgb" if image.bands > 2 else "b-w"))
        if image.kal.alpha and not has_alpha(format):
            image = image.flatten(background)
        out: Picture = image.kal
        return out

    def _write(self, name: str, options: dict[str, Any], target: Any) -> None:
        """target gets a function that wants a place: a path, a file object, a kallitype.Target."""
        suffix, more = split(name)
        options = {**more, **options}
        word, format = format_of(suffix)
        tall = self._tall(format, options.pop("page_height", None))
        with translated():
            picture = self._savable(format, options)
            given = save(format, options)
        if tall < self.height:
            pages = [(ops["crop"](picture, x=0, y=y, width=self.width, height=tall), self._shown(format, y // tall)) for y in range(0, self.height, tall)]

            def several(place: Any) -> None:
                with streams.album(place, word) as album:
                    for page, shown in pages:
                        album.add(page, **given, **shown)

            self._run(lambda: target(several))
        else:
            with translated():
                encoded = picture.encoded(word, **given)
            self._run(lambda: target(encoded.write))

    def _tall(self, format: str, asked: Any) -> int:
        """How high a page of the file is."""
        tall = min(self.height, int(asked)) if asked else self.get_page_height()
        if self.height % tall:
            raise Error(f"an image of {self.height} rows is not made of pages of {tall}")
        if tall < self.height and format in _ONE_PICTURE:
            raise Unmapped(f"{format} is written as one picture here: write the pages of pagesplit(), or all as one by page_height={self.height}")
        moving = format == "png" and (asked or (self.kal._file or " ")[0] == "png")   # what pyvips cannot read it need not write as one
        return tall if format in _PAGED or moving else self.height

    def _shown(self, format: str, k: int) -> dict[str, float]:
        """How long the page is, and how often all are, which only an animation says; as in pyvips those behind the last that is known not at all."""
        if not self._pages or format == "tiff":
            return {}
        _, delay, loops = self._pages
        out: dict[str, float] = {} if loops is None else {"loops": loops}
        return {**out, "delay": delay[k] / 1000 if k < len(delay) else 0.0} if delay else out

    def write_to_file(self, vips_filename: Any, **options: Any) -> None:
        """In the format of its suffix, whole or not at all."""
        name = os.fsdecode(vips_filename)
        self._write(name, options, lambda write: write(split(name)[0]))

    def write_to_buffer(self, format_string: str, **options: Any) -> bytes:
        place = io.BytesIO()
        self._write(format_string, options, lambda write: write(place))
        return place.getvalue()

    def write_to_target(self, target: Target, format_string: str, **options: Any) -> None:
        self._write(format_string, options, target._save)

    def _run(self, request: Any) -> None:
        self._watch.run(self, request)  # type: ignore[arg-type]
