# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pickles of nodes: the graph as text, and the sources that no text names. Bytes of an encoded picture go along, as the source that they are; pixels never do: where a graph stands on an
array it cannot be pickled."""

from __future__ import annotations

import re

from . import _kal

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

_INPUT = re.compile(r"\binput (i[0-9a-f]{12})\b")


def reduce_node(node: Any) -> tuple[Any, ...]:
    import pickle

    text = node.text
    sources: dict[str, bytes] = {}
    wanted = set(_INPUT.findall(text))
    for leaf in _leaves(node):
        name = "i" + leaf.key[:12]
        if name not in wanted or name in sources:
            continue
        data = _kal.source_bytes(leaf)
        if data is None:
            raise pickle.PicklingError(f"an image of pixels in memory ({leaf.width}×{leaf.height}) is not pickled, only its graph would be: save it to a file and "
                                       "open that, or encode it and open the bytes")
        sources[name] = data
    return restore, _with_bytes(node, text, sources)


def _with_bytes(node: Any, text: str, sources: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """What was opened from bytes and, here or elsewhere, from a file of the same content is named by the file: there may be none where the pickle goes."""
    own, more = text, dict(sources)
    for leaf in _leaves(node):
        name = "i" + leaf.key[:12]
        data = None if name in more else _kal.source_bytes(leaf)
        if data is not None and leaf.text in own:
            own, more[name] = own.replace(leaf.text, "input " + name), data
    if own == text:
        return text, sources
    return (own, more) if restore(own, more).key == node.key else (text, sources)


def _leaves(node: Any) -> list[Any]:
    seen: dict[str, Any] = {}
    todo = [node]
    while todo:
        n = todo.pop()
        if n.key in seen:
            continue
        seen[n.key] = n
        todo += n._inputs
    return [n for n in seen.values() if not n._inputs]


def restore(text: str, sources: dict[str, bytes]) -> Any:
    from .opening import result

    return result(_kal.parse(text.encode("utf-8", "surrogateescape"), {name: _kal.load_bytes(data, {}) for name, data in sources.items()}, None))
