# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pickles of nodes: the graph as text, and the sources that no text names. Bytes of an encoded picture go along, as the source that they are; pixels never do: where a graph stands on an
array it cannot be pickled."""

from __future__ import annotations

import re

from . import _kal
from .errors import Error

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

    Source = tuple[bytes, str]   # and how they are loaded

_INPUT = re.compile(r"\binput (i[0-9a-f]{12})\b")


def reduce_node(node: Any) -> tuple[Any, ...]:
    import pickle

    text = node.text
    sources: dict[str, Source] = {}
    wanted = set(_INPUT.findall(text))
    for leaf in _leaves(node):
        name = "i" + leaf.key[:12]
        if name not in wanted or name in sources:
            continue
        source = _kal.source_bytes(leaf)
        if source is None:
            raise pickle.PicklingError(f"an image of pixels in memory, or of a stream that was not kept ({leaf.width}×{leaf.height}), is not pickled, only its graph would be: save "
                                       "it to a file and open that, or encode it and open the bytes")
        sources[name] = source
    text, sources = _with_bytes(node, text, sources)
    if sources and not _is(node, text, sources):
        raise pickle.PicklingError(f"{node!r} would be another image when it is read again: bytes that were opened with keyed=False are of this process alone")
    return restore, (text, sources)


def _is(node: Any, text: str, sources: dict[str, Source]) -> bool:
    try:
        return bool(restore(text, sources).key == node.key)
    except Error:
        return False


def _with_bytes(node: Any, text: str, sources: dict[str, Source]) -> tuple[str, dict[str, Source]]:
    """What was opened from bytes and, here or elsewhere, from a file of the same content is named by the file: there may be none where the pickle goes."""
    own, more = text, dict(sources)
    for leaf in _leaves(node):
        name = "i" + leaf.key[:12]
        source = None if name in more else _kal.source_bytes(leaf)
        if source is not None and leaf.text in own:
            own, more[name] = own.replace(leaf.text, "input " + name), source
    return (own, more) if own != text and _is(node, own, more) else (text, sources)


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


def restore(text: str, sources: dict[str, Source]) -> Any:
    from .opening import result

    leaves = {name: _stored(name, *source) for name, source in sources.items()}
    return result(_kal.parse(text.encode("utf-8", "surrogateescape"), leaves, None))


def _stored(name: str, data: bytes, told: str) -> Any:
    """The rows as they are stored: of a picture that is turned upright, its input."""
    node = _kal.load_bytes(data, told)
    while not node.key.startswith(name[1:]) and node._inputs:
        node = node._inputs[0]
    return node
