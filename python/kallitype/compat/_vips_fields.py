# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What pyvips tells of an image beside its pixels: the fields of its file, and the pages that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from ..image import Image as Picture
from ._vips_errors import Error, Unmapped, translated
from ._vips_ops import Operations
from ._vips_samples import ops

if TYPE_CHECKING:
    from .pyvips import Image

_BLOCKS = {"exif-data": "exif", "icc-profile-data": "icc", "xmp-data": "xmp", "iptc-data": "iptc"}
_FILE = ("orientation", "n-pages", "vips-loader")   # what the file is, and no image of it can say otherwise
_HEADER = ("width", "height", "bands", "format", "coding", "interpretation", "xoffset", "yoffset", "xres", "yres", "filename")


class Pages(NamedTuple):
    """How high the pages are that lie below one another, how many milliseconds each is shown, and how often all are; as in pyvips no more than what was said
    once, which goes along with whatever is made of the image."""

    height: int
    delay: tuple[int, ...] = ()
    loops: int | None = None


def pages_of(pictures: Sequence[Picture]) -> Pages:
    """Of pages that were loaded together."""
    said = [p._fields() for p in pictures]
    delay = tuple(round(1000 * fields.get("delay", 0)) for fields in said) if any("delay" in fields for fields in said) else ()
    return Pages(pictures[0].height, delay, int(said[0]["loops"]) if "loops" in said[0] else None)


class Fields(Operations):
    """Fields by pyvips' names, and by kallitype's."""

    if TYPE_CHECKING:
        _pages: Pages | None

    def _extra(self) -> dict[str, Any]:
        """What its file says."""
        orientation, applied = self.kal._orientation
        out: dict[str, Any] = {"orientation": 1 if applied else orientation}
        file = self.kal._file
        if file is not None:
            out["vips-loader"], out["n-pages"] = f"{file[0]}load", file[2]
        for name, block in _BLOCKS.items():
            data = self.kal.meta(block)
            if data is not None:
                out[name] = data
        out.update(self.kal._fields())
        if "delay" in out:
            out["delay"] = [round(1000 * out["delay"])]
        if self._pages:
            out["page-height"] = self._pages.height
        if self._pages and self._pages.delay:
            out["delay"] = list(self._pages.delay)
        return out

    def get_fields(self) -> list[str]:
        return [*_HEADER, *self._extra()]

    def get_typeof(self, name: str) -> int:
        """0: there is no such field."""
        return int(name in _HEADER or name in self._extra())

    def get(self, name: str) -> Any:
        """A field, by pyvips' name or, of EXIF, XMP and IPTC, by kallitype's ("exif.Model")."""
        if name in _HEADER:
            return getattr(self, name)
        extra = self._extra()
        if name in extra:
            return extra[name]
        if name.startswith("exif-ifd"):
            raise Unmapped(f'"{name}" is called "exif.{name.rpartition("-")[2]}" here')
        raise Error(f'field "{name}" not found')

    get_value = get

    def set(self, name: str, value: Any) -> None:
        """A field of EXIF, XMP or IPTC by kallitype's name, as text; it goes into files. "page-height" is a number of rows, "delay" a list of milliseconds."""
        if name in ("page-height", "delay"):
            pages = self._pages or Pages(self.height)
            self._pages = pages._replace(height=int(value)) if name == "page-height" else pages._replace(delay=tuple(int(v) for v in value))
            return
        if name in _HEADER or name in _BLOCKS or name in _FILE or name.startswith("exif-ifd"):
            raise Unmapped(f'"{name}" cannot be set: copy(interpretation=), '
                           'image.kal.icc_assign(...), or set("exif.Artist", "…") by kallitype\'s names')
        with translated():
            self.kal = ops["set_field"](self.kal, name, str(value))

    set_value = set

    def remove(self, name: str) -> bool:
        """Takes a field out; whether there was one."""
        if name not in self._extra():
            return False
        if name in _BLOCKS or name in (*_FILE, "page-height", "delay"):
            raise Unmapped(f'"{name}" is no single field: strip=True writes files without any')
        with translated():
            self.kal = ops["unset_field"](self.kal, name)
        return True

    def get_n_pages(self) -> int:
        return int(self._extra().get("n-pages", 1))

    def get_page_height(self) -> int:
        """Of what was loaded together; all rows where that does not divide them any more."""
        height = self.height
        tall = self._pages.height if self._pages else 0
        return tall if 0 < tall <= height and height % tall == 0 else height

    def pagesplit(self) -> list[Image]:
        tall = self.get_page_height()
        return [self.crop(0, y, self.width, tall) for y in range(0, self.height, tall)]
