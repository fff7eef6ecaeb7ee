# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the functions of iio.py are given, and what of it is not taken."""

from __future__ import annotations

import os
import warnings
from typing import Any

from . import _kal
from .errors import InvalidError, UnsupportedError

BYTES = "<bytes>"

# What imageio's plugins call otherwise, or what has no meaning here: name → what to do.
READ_WORDS = {
    "page": "index= says which image", "writeable_output": "arrays may always be written to: leave it out",
    "apply_gamma": "use kallitype.open(...).gamma(...)", "exifrotate": "rotate= says it", "pilmode": "mode= says it", "as_gray": 'mode="L" says it',
    "thread_type": "use kallitype.options(threads=)", "bpp": "samples are as the file has them",
}
WRITE_WORDS = {
    "fps": "delay= is the seconds that an image is shown, 1 / fps",
    "duration": "delay= is the seconds that an image is shown; duration was milliseconds",
    "loop": "loops= is how often an animation runs, 0 without end", "compress_level": "compression= says it, of PNG",
    "save_all": "give a list of images", "append_images": "give a list of images", "subrectangles": "an animation's pictures are cut by themselves",
    "codec": "videos are not written", "bitrate": "videos are not written", "compressionargs": "level= says it, of TIFF",
    "exif": "save a kallitype.Image, whose metadata go along", "icc_profile": "use kallitype.array(...).icc_assign(...)",
    "mode": 'convert first: kallitype.array(...).gray(), .to_rgb(), .cast("u16")',
}
# By their beginnings: what imageio takes and no file is.
_ELSEWHERE = {
    "imageio:": "imageio's own samples are not here; kallitype.sample() gives pictures", "<screen": "screens are not read",
    "<clipboard": "the clipboard is not read",
    "<video": "cameras are not read", "ftp:": "FTP is not spoken; download the file first", "ftps:": "FTP is not spoken; download the file first",
}


def near(name: str, words: Any) -> str:
    import difflib

    found = difflib.get_close_matches(name, list(words), 1)
    return f'; did you mean "{found[0]}"?' if found else ""


def extension_of(extension: str | None, format_hint: str | None) -> str | None:
    if format_hint is not None:
        warnings.warn("format_hint is called extension", DeprecationWarning, stacklevel=5)
        extension = extension or format_hint
    if extension is None:
        return None
    if not extension.startswith("."):
        raise ValueError(f'extension "{extension}" does not begin with a dot: ".{extension}"')
    word = extension[1:].lower()
    known = {s for codec in _kal.codecs() for s in (*codec["suffixes"].split("|"), codec["name"]) if s}
    if word not in known:
        raise ValueError(f'"{extension}" is the extension of no format here{near(word, known)}')
    return word


def no_plugin(plugin: object) -> None:
    if plugin is not None:
        raise ValueError(f"plugin={plugin!r}: there are no plugins to choose from; a file's content tells its format, and format= insists on one")


def refuse(options: dict[str, Any], words: dict[str, str], what: str) -> None:
    for name in options:
        if name in words:
            raise InvalidError(f'{what} takes no "{name}": {words[name]}')


def path_of(uri: str) -> str:
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


def readable(uri: Any) -> Any:
    if isinstance(uri, (str, os.PathLike)):
        name = os.fspath(uri)
        if name == BYTES:
            raise ValueError(f'"{BYTES}" is where something is written; give the bytes themselves to read them')
        path = path_of(os.fsdecode(name))
        held = _in_archive(path)
        return path if held is None else held
    if isinstance(uri, (bytes, bytearray, memoryview)) or hasattr(uri, "read") or hasattr(uri, "_input"):
        return uri
    raise TypeError(f"images are read from a path, bytes, or a file object, not from a {type(uri).__name__}")


def is_stream(source: Any) -> bool:
    """Whether it can be read once: then what was read is kept."""
    if hasattr(source, "_input"):
        return source._input()[2] is None
    if not hasattr(source, "read"):
        return False
    can = getattr(source, "seekable", None)
    return not (hasattr(source, "seek") and (can is None or can()))
