# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Writes _ops.pyi, what type checkers and editors know of the ops, from their records: python3 -m kallitype.stubs [FILE]."""

from __future__ import annotations

import sys

from . import _kal
from .signature import annotation, inputs, spelt

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any

_HEAD = '''# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Made of the records of the ops: python3 -m kallitype.stubs. Do not edit.
import os
from collections.abc import Sequence
from typing import Any, Literal

from . import _kal
from .box import Box
from .image import Image, Value

_Numbers = float | Sequence[float] | Sequence[Sequence[float]] | Value
_Path = str | os.PathLike[str]

def attach(name: str, op: _kal.Op) -> None: ...

'''


def _parameters(op: Any, method: bool) -> str:
    _, _, _, taken, params, _ = op.record
    out = ["self"] if method else []
    many = False
    for i, (name, kind) in enumerate(inputs(taken)):
        if method and i == 0:
            many |= kind == "many"
            if kind == "many":
                out.append(f"*{name}: Any")
            continue
        many |= kind == "many"
        out.append(f"*{name}: Any" if kind == "many" else f"{name}: Any" + (" = ..." if kind == "maybe" else ""))
    seen = {n for n, _ in inputs(taken)}
    rest = [p for p in params if p[0] not in seen]
    if method and not taken:
        rest = rest[1:]
    names = [p[0] for p in rest]
    box = names[:4] == ["x", "y", "width", "height"]
    if box and not many:
        out += ["place: Box | Value = ...", "*"]
    for name, kind, _, _, _, _, unit, _ in rest:
        out.append(f"{spelt(name)}: {annotation(kind, unit)} | None = ...")
    if box:
        out.append("box: Box | Value | None = ...")
    elif {"width", "height"} <= set(names):
        out.append("size: Value | None = ...")
    return ", ".join(p for p in out if p)


def _stub(name: str, op: Any, method: bool) -> str:
    result = "Image" if op.record[5] < 0 else "Value"
    pad = "    " if method else ""
    return f"{pad}def {name}({_parameters(op, method)}) -> {result}: ...\n"


def text() -> str:
    """The stub file."""
    ops = {n: o for n, o in sorted(_kal.ops().items()) if "." not in n}
    out = [_HEAD]
    out += [_stub(n, o, False) for n, o in ops.items()]
    out.append("\nclass ImageOps:\n    __slots__ = ()\n")
    out += [_stub(n, o, True) for n, o in ops.items() if o.record[3]]
    out.append("\nclass ValueOps:\n    __slots__ = ()\n")
    out += [_stub(n, o, True) for n, o in ops.items() if not o.record[3] and o.record[4] and o.record[4][0][1] == "list"]
    return "".join(out).replace("Numbers", "_Numbers").replace("__Numbers", "_Numbers").replace(": Path", ": _Path").replace("__Path", "_Path")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            file.write(text())
    else:
        print(text(), end="")
