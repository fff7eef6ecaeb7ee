# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Graphs run on Dask distributed. A task is called by its node's key, so Dask knows equal work as we do; what it is sent is the graph as text; what it computes it puts into a memo
that all share (a folder on a network, Redis, HTTP), and what it gives back is the key. Pixels travel only to who looks at them.

    from kallitype import dask
    dask.save([(img, "a.png"), (other, "b.png")], client=client, memo_dir="/mnt/memo")

A worker that dies costs what it had not yet finished: what it had is in the memo, and Dask gives the rest to others.
"""

from __future__ import annotations

import os

from . import _kal
from .errors import ChangedError
from .image import Encoded, Image, Node, Value, _format_of
from .pickling import restore
from .settings import options

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Iterable


def _work(text: str, sources: dict[str, tuple[bytes, str]], key: str, path: str | None, settings: dict[str, Any], *_: str) -> str:
    """One task: computes a node into the memo, or writes its file."""
    node = restore(text, sources)
    if node.key != key:
        raise ChangedError(f"{node!r}: a file that it is made of is another one on this worker, or was changed, or its kallitype is: its key is {node.key}, and {key} is wanted")
    with options(**settings):
        if path is not None:
            _kal.write_files([node], [os.fsencode(path)])
        elif isinstance(node, Value):
            _kal.read_value(node)
        elif isinstance(node, Encoded):
            node.memo("always").bytes()
        else:
            node.memo("always")._pixels()
    return str(node.key)


def _uses(nodes: Iterable[Any]) -> dict[str, tuple[Any, int]]:
    """Every node below these, and how many others stand on it."""
    seen: dict[str, tuple[Any, int]] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop()
        known = seen.get(node.key)
        seen[node.key] = (node, known[1] + 1 if known else 1)
        if not known:
            todo += node._inputs
    return seen


def to_dask(nodes: Iterable[Node], *, paths: Iterable[str | None] = (), **settings: Any) -> tuple[dict[str, Any], list[str]]:
    """A Dask graph for nodes, and the names of its results: a task for each of them, and one for each image that several stand on. settings: those of options(), with the memo that
    all workers reach (memo_dir or memo_remote)."""
    if not {"memo_dir", "memo_remote"} & set(settings):
        raise ValueError("workers meet in a memo: give memo_dir, a folder that all of them see, or memo_remote")
    for name in {"memo_dir", "spill"} & set(settings):   # a worker's working folder is another one
        settings[name] = settings[name] and os.path.abspath(os.fsdecode(settings[name]))
    wanted = list(nodes)
    uses = _uses(wanted)
    graph: dict[str, Any] = {}

    def shared_below(node: Any) -> list[str]:
        out: list[str] = []
        for below in node._inputs:
            if uses[below.key][1] > 1 and below._inputs:   # a source is read by who needs it
                out.append(task(below, None))
            else:
                out += shared_below(below)
        return out

    def task(node: Any, path: str | None) -> str:
        name = f"kallitype-{node.key}" + (f"-{path}" if path else "")
        if name not in graph:
            graph[name] = (_work, *node.__reduce__()[1], str(node.key), path, settings, *dict.fromkeys(shared_below(node)))
        return name

    given = list(paths) or [None] * len(wanted)
    return graph, [task(node, path) for node, path in zip(wanted, given, strict=True)]


def compute(nodes: Iterable[Node], *, client: Any = None, **settings: Any) -> list[str]:
    """Computes nodes on the workers of a client (None: the current one), and gives their keys. With the same memo in options() they are then found wherever they are looked at."""
    graph, names = to_dask(nodes, **settings)
    return list(_client(client).get(graph, names))


def save(pairs: Iterable[tuple[Image | Encoded, Any]], *, client: Any = None, **settings: Any) -> list[str]:
    """Writes pictures to paths that the workers see, each whole or not at all; gives their keys."""
    encoded, paths = [], []
    for image, path in pairs:
        paths.append(os.path.abspath(os.fsdecode(path)))
        encoded.append(image if isinstance(image, Encoded) else image.encoded(_format_of(paths[-1])))
    graph, names = to_dask(encoded, paths=paths, **settings)
    return list(_client(client).get(graph, names))


def _client(client: Any) -> Any:
    if client is not None:
        return client
    from distributed import get_client

    return get_client()
