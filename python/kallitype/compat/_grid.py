# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What PixelCache has beside images: grids, text, seeds, a logger."""

from __future__ import annotations

import logging
import os
import random
import string
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _kal
from ..point_lists import ImageSize

if TYPE_CHECKING:
    from ..image import Image
    from .pixelcache import HashableImage

_log = logging.getLogger(__name__)


def grid(images: Mapping[Any, Iterable[HashableImage]], orientation: str, with_text: bool) -> Image:
    if orientation not in ("horizontal", "vertical"):
        raise ValueError(f'orientation is "horizontal" or "vertical", not {orientation!r}')
    lists = [list(row) for row in images.values()]
    if not lists or not all(lists):
        raise ValueError("make_image_grid: there are no images" if not lists else "make_image_grid: an entry has no images")
    size = ImageSize(height=max(i.image.height for row in lists for i in row), width=max(i.image.width for row in lists for i in row))
    length = max(map(len, lists))
    black = lists[0][0].zeros_from_size(size)
    cells = [i.center_pad(size).image for row in lists for i in (*row, *[black] * (length - len(row)))]
    how: dict[str, Any] = {"order": "rows" if orientation == "horizontal" else "columns", "columns": length}
    if with_text:
        # A bar parts heads; in a name it is the broken one, which looks the same.
        how.update(heads="|".join(str(name).replace("|", "¦") for name in images), background="white", turned=orientation == "horizontal")
    out: Image = _kal.ops()["sheet"](*cells, **how)
    return out


def display_string(*, text: str, size: ImageSize, font_path: str | None = None, justification: str = "center", force_size: int | None = None,
                   background: tuple[int, int, int] = (255, 255, 255), foreground: tuple[int, int, int] = (0, 0, 0),
                   words_per_line: int | None = None, scale_font_size: float = 0.5) -> tuple[Any, int]:
    """Text in the middle of a Pillow image of that size, and the size of its letters: a part (scale_font_size) of the largest with which
    its longest line fits, or force_size. Without font_path letters are the built-in ones, in multiples of 16."""
    if justification not in ("left", "center", "right"):
        raise ValueError(f"justification is left, center or right, not {justification!r}")
    if words_per_line is not None:
        words = text.split(" ")
        text = "\n".join(" ".join(words[i:i + words_per_line]) for i in range(0, len(words), words_per_line))

    def letters(line: str, n: int) -> Image:
        out: Image = _kal.ops()["text_image"](text=line, font_size=n, color=list(foreground), background=list(background), align=justification,
                                               font=font_path or "")
        return out

    step = 1 if font_path else 16
    n = force_size or max(round(_largest(letters, max(text.split("\n"), key=len) or " ", size, step) * scale_font_size), 1)
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _wrapped(line.split(), lambda part: letters(part, n).width <= size.width)
    image = letters("\n".join(lines), n)
    x = {"left": 0, "center": (size.width - image.width) // 2, "right": size.width - image.width}[justification]
    return image.embed(x=x, y=(size.height - image.height) // 2, width=size.width, height=size.height, color=list(background)).pil(), n


def _largest(letters: Callable[[str, int], Image], line: str, size: ImageSize, step: int) -> int:
    """The largest multiple of step with which the line fits; step when none does."""
    def fits(k: int) -> bool:
        image = letters(line, k * step)
        return image.width <= size.width and image.height <= size.height

    low, high = 1, 2
    while high * step <= 4096 and fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * step <= 4096 and fits(middle) else (low, middle)
    return low * step


def _wrapped(words: list[str], fits: Callable[[str], bool]) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and not fits(longer):
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class _Logger(logging.LoggerAdapter[logging.Logger]):
    """A logger of Python's with success(), which is info()."""

    def success(self, message: object, *args: Any, **how: Any) -> None:
        self.info(message, *args, **how)


def get_logger(name: str = "pixelcache") -> _Logger:
    return _Logger(logging.getLogger(name), {})


def pseudo_hash(idx: int, length: int = 6) -> str:
    """Letters for a number, always the same ones. Python's own random numbers are left alone."""
    dice = random.Random(idx)
    return "".join(dice.choice(string.ascii_letters) for _ in range(length))


def seed_everything(seed: int | None = None, *, workers: bool = False, verbose: bool = True, cuda_deterministic: bool = True) -> int:
    """Seeds Python's random numbers, and those of NumPy and torch where they are there; gives the seed."""

    if seed is None:
        text = os.environ.get("PL_GLOBAL_SEED", "0")
        seed = int(text) if text.lstrip("-").isdigit() else 0
    seed = int(seed) if 0 <= int(seed) < 1 << 32 else 0
    os.environ["PL_GLOBAL_SEED"], os.environ["PL_SEED_WORKERS"] = str(seed), str(int(workers))
    random.seed(seed)
    try:
        import numpy

        numpy.random.seed(seed)
    except ImportError:
        pass
    try:
        import torch
    except ImportError:
        torch = None 
    if torch is not None:
        torch.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)
            torch.backends.cudnn.deterministic |= cuda_deterministic
            torch.backends.cudnn.benchmark &= not cuda_deterministic
    if verbose:
        _log.info("Seed set to %d", seed)
    return seed
