# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What goes wrong, as pyvips says it."""

from __future__ import annotations

from typing import Any, Iterable

from ..errors import Error as KallitypeError


class Error(KallitypeError):
    """As pyvips.Error: message and detail. `status` is kallitype's short name, and what an exception came from is its cause: what a handler of
    yours raised, that very object."""

    def __init__(self, message: str, detail: str | None = None, status: str = "invalid") -> None:
        super().__init__(message)
        self.message, self.detail, self.status = message, detail or "", status

    def __str__(self) -> str:
        return f"{self.message}\n  {self.detail}" if self.detail else self.message


class Unmapped(Error, ValueError):
    """Something of pyvips that is not here, with what to use instead."""


# What kallitype raises, and Python of operands that are none.
WRONG = (KallitypeError, TypeError, ValueError, OSError, LookupError, ArithmeticError, AttributeError)


def as_error(error: Exception) -> Exception:
    """It as Error, to be raised in its place."""
    if isinstance(error, Error):
        return error
    out = Error(str(error), status=error.status if isinstance(error, KallitypeError) else "invalid")
    out.__cause__ = (error.__cause__ if isinstance(error, KallitypeError) else None) or error
    return out


class translated:
    """What is raised within, as Error."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, WRONG) and not isinstance(error, Error):
            raise as_error(error)


def nearest(name: str, words: Iterable[Any]) -> str:
    import difflib

    by_lower = {str(w).lower(): str(w) for w in words}
    found = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f'; did you mean "{by_lower[found[0]]}"?' if found else ""
