# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Ops whose pixels a Python function makes."""

from __future__ import annotations

import inspect

from . import _kal

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_TYPES = {"uint8": 0, "uint16": 1, "float32": 2, "uint32": 3}
_MODELS = {"gray": 0, "rgb": 1, "data": 2, "mask": 3}
_WHOLE, _SERIAL, _VOLATILE = 4, 8, 16   # flags, as op.h has them
# kinds of parameters, as op.h counts them
_INT, _FLOAT, _BOOL, _TEXT, _LIST = 0, 3, 4, 6, 7
_known: dict[tuple[str, int], Any] = {}


def _param(p: inspect.Parameter, of: str) -> tuple[str, int, float, str | None, str]:
    v = p.default
    if isinstance(v, bool):
        return p.name, _BOOL, float(v), None, ""
    if isinstance(v, int):
        if not -(1 << 31) < v < 1 << 31:
            raise ValueError(f"{of}: {p.name}={v} is no whole number of 32 bits; give a float")
        return p.name, _INT, float(v), None, ""
    if isinstance(v, float):
        return p.name, _FLOAT, v, None, ""
    if isinstance(v, str):
        return p.name, _TEXT, 0.0, v, ""
    if isinstance(v, (list, tuple)) and not v:
        return p.name, _LIST, 0.0, None, ""
    raise TypeError(f"{of}: the default of {p.name} says what it is: a number, a bool, a text or (), not {v!r}")


def _code(function: Any, within: tuple[Any, ...] = ()) -> Any:
    """What may be compared to tell whether it is the same function, defined again: code, defaults, and what it closes over."""
    code = getattr(function, "__code__", None)
    if code is None or function in within:
        return function if code is None else within.index(function)
    within += (function,)
    try:
        closed = tuple(_same(cell.cell_contents, within) for cell in function.__closure__ or ())
    except ValueError:   # not bound yet
        closed = ()
    defaults = tuple(sorted((k, _same(v, within)) for k, v in (function.__kwdefaults__ or {}).items()))
    return _code_of(code, within), defaults, closed


def _code_of(code: Any, within: tuple[Any, ...]) -> Any:
    """Without where it stands: the same lines further down are the same."""
    consts = tuple(_code_of(c, within) if inspect.iscode(c) else _same(c, within) for c in code.co_consts)
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags, getattr(code, "co_exceptiontable", b"")


def _same(value: Any, within: tuple[Any, ...] = ()) -> Any:
    """Numbers and texts go by what they are (1, 1.0 and True are three), functions by their code, anything else by which one it is."""
    if isinstance(value, (int, float, str, bytes, type(None))):
        return type(value).__name__, repr(value)
    if isinstance(value, frozenset):
        return type(value).__name__, tuple(sorted(map(repr, value)))
    if isinstance(value, (complex, type(...))):
        return type(value).__name__, repr(value)
    if isinstance(value, (tuple, list)):
        return type(value).__name__, tuple(_same(v, within) for v in value)
    return ("function", _code(value, within)) if inspect.isfunction(value) else ("object", id(value))


def op(name: str, *, version: int, halo: int = 0, whole: bool = False, serial: bool = False, volatile: bool = False, channels: int = 0,
       dtype: str | None = None, model: str | None = None, alpha: bool | None = None, size: Callable[..., tuple[int, int]] | None = None) -> Callable[[F], Any]:
    """Makes an op of a function, which is then one as any other: in graphs, texts, keys and the memo.

        @kal.op("acme.glow", version=1, halo=2)
        def glow(tile, *, amount=0.5): ...

        glow(img, amount=0.7); img.acme_glow()

    name: with a dot. version: raise it whenever the pixels change; it is part of the key, and code is not. Another function under a name and version that are taken is a ValueError; the same
    one, defined again, is not. The function is given a tile for each of its
    positional arguments: a buffer of rows, columns and channels, larger by `halo` on each side (what lies outside the image is its nearest pixel); it gives back an array of
    the tile's size without the halo. Keyword-only arguments with defaults are parameters. It is called on many threads, for tiles of any size, and what it gives must not depend on
    how the image is cut: an op that needs all of it says whole=True. channels, dtype, model, alpha: of the result, as the first image's unless said. size: of a whole op whose result is of
    another size: size(width, height, **params) gives width and height. serial: tiles in order, one at a time. volatile: another result each time, never kept.
    """
    if dtype is not None and dtype not in _TYPES:
        raise ValueError(f"{name}: samples are {', '.join(_TYPES)}, not {dtype}")
    if model is not None and model not in _MODELS:
        raise ValueError(f"{name}: a model is {', '.join(_MODELS)}, not {model}")
    if not isinstance(version, int) or not 1 <= version < 1 << 31:
        raise ValueError(f"{name}: a version is a whole number from 1 on, not {version!r}")
    if not 0 <= halo <= 16384:
        raise ValueError(f"{name}: a halo is 0 to 16384 pixels, not {halo}")
    if not 0 <= channels <= 64:
        raise ValueError(f"{name}: there are 1 to 64 channels, or 0 as in the image, not {channels}")
    if size is not None and not whole:
        raise ValueError(f"{name}: a result of another size wants whole=True")

    def register(function: F) -> Any:
        known = _known.get((name, version))
        told = (halo, whole, serial, volatile, channels, dtype, model, alpha, _same(size))
        if known is not None and known == (_code(function), told):
            return _kal.ops()[name]   # the same cell, run again
        if known is not None:
            raise ValueError(f"{name} version {version} is another function: raise the version when the pixels change")
        params = inspect.signature(function).parameters.values()
        inputs = " ".join(p.name for p in params if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        if not inputs:
            raise TypeError(f"{name}: the function takes no tile: its positional arguments are its images")
        rows = [_param(p, name) for p in params if p.kind is p.KEYWORD_ONLY]
        flags = (_WHOLE if whole else 0) | (_SERIAL if serial else 0) | (_VOLATILE if volatile else 0)
        extent = (0, 0, channels, -1 if dtype is None else _TYPES[dtype], -1 if model is None else _MODELS[model], -1 if alpha is None else int(alpha))
        _kal.register_op(name, version, inspect.getdoc(function) or name, inputs, rows, function, size, halo, flags, extent)
        _known[(name, version)] = _code(function), told
        from ._ops import attach

        made = _kal.ops()[name]
        attach(name.replace(".", "_"), made)
        return made

    return register
