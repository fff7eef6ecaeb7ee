# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What there is, and what is allowed, in this process."""

from __future__ import annotations

import os

from . import _kal

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

processors = _kal.processors
memo_stats = _kal.memo_stats
memo_clear = _kal.memo_clear


def limits(**values: Any) -> None:
    """Sets limits for decoding, as the command's --limits: limits(pixels="100M", scans=50). A file beyond one is refused (LimitError) before memory is taken."""
    _kal.set_limits(" ".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in values.items()), False)


def untrusted() -> None:
    """Tightens the limits to what files of strangers need, for this process."""
    _kal.set_limits(None, True)


def plugin(path: str | os.PathLike[str]) -> list[str]:
    """Loads a library of ops, for good; its ops are functions here and methods of Image. Gives their names."""
    import kallitype

    from ._ops import attach

    before = set(_kal.ops())
    _kal.plugin(os.fsencode(path))
    new = [name for name in _kal.ops() if name not in before]
    for name in new:
        own = name.replace(".", "_")
        attach(own, _kal.ops()[name])
        vars(kallitype).setdefault(own, _kal.ops()[name])
    return new


def formats() -> list[dict[str, Any]]:
    """The formats: name, suffixes, help, media_type, whether it reads and writes, pages, and the options of saving."""
    return _kal.codecs()
