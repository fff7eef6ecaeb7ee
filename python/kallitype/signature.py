# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What an op says of itself, made of its record when somebody looks: its docstring and its signature."""

from __future__ import annotations

import keyword

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any


# kind of parameter → its type in a signature and a stub
TYPES = {
    "int": "int", "x": "int | str", "y": "int | str", "float": "float | str", "bool": "bool", "text": "str", "list": "Numbers",
    "color": "Numbers | str", "file": "Path", "files": "str",
}
RESULTS = ("Value",) * 6


def spelt(name: str) -> str:
    """A name as Python takes it: with an underscore behind it where it is a keyword."""
    return name + "_" if keyword.iskeyword(name) else name


def words(unit: str) -> list[str]:
    return unit.split("|")


def annotation(kind: str, unit: str) -> str:
    """The type of a parameter, as a stub says it: a computed value may stand for any but words."""
    if kind == "choice":
        return "Literal[" + ", ".join(repr(w) for w in words(unit)) + "]"
    return TYPES[kind] + (" | Value" if kind in ("int", "x", "y", "float", "list", "color") else "")


def default(kind: str, value: Any, auto: bool, unit: str) -> Any:
    """What a parameter is when it is not given, as Python has it; None: worked out, or nothing."""
    if auto or kind in ("list", "color"):
        return None
    if kind in ("int", "x", "y"):
        return int(value)
    if kind == "bool":
        return bool(value)
    return words(unit)[int(value)] if kind == "choice" else value


def inputs(text: str) -> list[tuple[str, str]]:
    """Names of inputs, each "one", "maybe" or "many". One that is a keyword of Python is only given by its place."""
    out = []
    for word in text.split():
        kind = "maybe" if word.endswith("?") else "many" if word.endswith("...") else "one"
        out.append((spelt(word.rstrip("?.")), kind))
    return out


def describe(op: Any, what: str) -> Any:
    """`what`: "doc", "function" or "method", the signature without the image whose method it is."""
    name, family, text, taken, params, result = op.record
    return _doc(text, taken, params) if what == "doc" else _signature(taken, params, result, what == "method")


def _doc(text: str, taken: str, params: tuple[Any, ...]) -> str:
    lines = [text.strip(), ""]
    for input_, kind in inputs(taken):
        lines.append(f"    {input_}: Image" + {"one": "", "maybe": ", or nothing", "many": ", one or more"}[kind])
    for name, kind, value, auto, low, high, unit, help_ in params:
        bounds = f" {low:g}…{high:g}" if low != high and abs(high) < 1e8 else ""
        of = f" {unit}" if unit and kind not in ("choice", "file", "files") else ""
        of = of if kind != "choice" else " " + unit.replace("|", ", ")
        lines.append(f"    {name}: {kind}{bounds}{of}. {help_}")
    return "\n".join(lines).rstrip() + "\n"


def _signature(taken: str, params: tuple[Any, ...], result: int, method: bool) -> Any:
    from inspect import Parameter, Signature

    out = []
    for i, (name, kind) in enumerate(inputs(taken)):
        if method and i == 0 and kind != "many":
            continue
        if kind == "many":
            out.append(Parameter(name, Parameter.VAR_POSITIONAL, annotation="Image"))
        else:
            out.append(Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation="Image",
                                 default=None if kind == "maybe" else Parameter.empty))
    many = any(p.kind is Parameter.VAR_POSITIONAL for p in out)
    for name, kind, value, auto, _, _, unit, _ in params:
        if any(p.name == name for p in out):
            continue
        place = Parameter.KEYWORD_ONLY if many else Parameter.POSITIONAL_OR_KEYWORD
        out.append(Parameter(spelt(name), place, default=default(kind, value, auto, unit), annotation=annotation(kind, unit)))
    return Signature(out, return_annotation="Image" if result < 0 else "Value")
