# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's grids of images, and its seeds."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _kal
from ..points import ImageSize

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
    return _kal.ops()["sheet"](*cells, **how)


def seed_all(seed: int | None, workers: bool, verbose: bool, cuda_deterministic: bool) -> int:
    import random

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
        torch = None   # type: ignore[assignment]
    if torch is not None:
        torch.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)
            torch.backends.cudnn.deterministic |= cuda_deterministic
            torch.backends.cudnn.benchmark &= not cuda_deterministic
    if verbose:
        _log.info("Seed set to %d", seed)
    return seed
