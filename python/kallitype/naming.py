# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What functions and classes are called in keys: the same in every process that runs the same program."""

from __future__ import annotations

import hashlib
import os
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

_MAIN = ("__main__", "__mp_main__")   # in workers that were spawned it has the other name


def _script(names: Mapping[str, Any]) -> str | None:
    """The program by what stands in its module: a script is called as it would be when it was imported. None: it is no file, but a notebook, a prompt, standard input."""
    spec, file = names.get("__spec__"), names.get("__file__")
    if spec is not None:
        return str(spec.name)
    return os.path.splitext(os.path.basename(file))[0] if file and not file.startswith("<") else None


def of_class(kind: type) -> str:
    module = kind.__module__
    if module in _MAIN:
        module = _script(vars(sys.modules["__main__"])) or "__main__"
    return f"{module}.{kind.__qualname__}"


def of_function(function: Callable[..., Any]) -> str:
    """Of a function that lies in no file its code is part of the name: in another notebook there may be one that is called the same."""
    module, code = getattr(function, "__module__", None), getattr(function, "__code__", None)
    if module not in _MAIN or code is None:
        return f"{module}.{function.__qualname__}"
    script = _script(getattr(function, "__globals__"))   # sys.modules may not have it yet
    if script is not None:
        return f"{script}.{function.__qualname__}"
    return f"__main__.{function.__qualname__}@" + hashlib.sha256(repr(_of_code(code)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _of_code(code: types.CodeType) -> tuple[Any, ...]:
    """Without where it stands: the same lines in another cell are the same."""
    consts = tuple(_of_code(c) if isinstance(c, types.CodeType) else sorted(map(repr, c)) if isinstance(c, frozenset) else repr(c) for c in code.co_consts)
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_flags
