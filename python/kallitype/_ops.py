# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Every op of the table, as a function here and as a method of what Image and Value inherit from. What it looks like to a type checker is written by stubs.py."""

from __future__ import annotations

from . import _kal


class ImageOps:
    """Ops with an image as their first input."""

    __slots__ = ()


class ValueOps:
    """Ops on numbers alone, whose first parameter is a list."""

    __slots__ = ()


def attach(name: str, op: _kal.Op) -> None:
    """As a method, too, where it is one."""
    _, _, _, inputs, params, _ = op.record
    if inputs:
        setattr(ImageOps, name, op)
    elif params and params[0][1] == "list":
        setattr(ValueOps, name, op)


for _name, _op in _kal.ops().items():
    globals()[_name] = _op
    attach(_name, _op)
