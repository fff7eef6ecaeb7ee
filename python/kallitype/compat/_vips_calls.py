# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""How methods of pyvips' names are called: what goes wrong in any of them is an Error, and so is an option that it does not take."""

from __future__ import annotations

import functools
from typing import Any, Callable, TypeVar

from ._vips_errors import WRONG, Unmapped, as_error, nearest
from ._vips_instead import OPTIONS

_ANY_OPTIONS = 8   # of a code object's flags: it has **options
_T = TypeVar("_T", bound=type)


def _told(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    code = call.__code__
    takes = None if code.co_flags & _ANY_OPTIONS else code.co_varnames[1:code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(call)
    def told(*args: Any, **options: Any) -> Any:
        if options and takes is not None:
            for option in options:
                if option not in takes:
                    instead = OPTIONS.get(option)
                    raise Unmapped(f'{name} takes no "{option}" here' + (f": {instead}" if instead else nearest(option, takes)))
        try:
            return call(*args, **options)
        except WRONG as error:
            raise as_error(error)

    return told


def _is_operator(cls: type, name: str) -> bool:
    """What stands for a sign between images; what Python itself asks raises what Python expects."""
    return name.startswith("__") and "_binary" in vars(cls) and name not in ("__bool__", "__init__")


def telling(cls: _T) -> _T:
    """A class whose methods, inherited ones too, say as Error what goes wrong."""
    for base in cls.__mro__[-2::-1]:   # all but object; the class itself is last
        for name, value in list(vars(base).items()):
            if name.startswith("_") and not _is_operator(base, name):
                continue
            if isinstance(value, classmethod):
                setattr(cls, name, classmethod(_told(name, value.__func__)))
            elif hasattr(value, "__code__"):
                setattr(cls, name, _told(name, value))
    return cls
