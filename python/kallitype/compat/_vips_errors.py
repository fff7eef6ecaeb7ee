# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What goes wrong, as pyvips says it."""

from __future__ import annotations

import contextlib
from typing import Any, Iterable, Iterator

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


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """What kallitype raises, as Error."""
    try:
        yield
    except Error:
        raise
    except KallitypeError as error:
        raise Error(str(error), status=error.status) from (error.__cause__ or error)
    except (TypeError, ValueError, OSError) as error:
        raise Error(str(error)) from error


def nearest(name: str, words: Iterable[Any]) -> str:
    import difflib

    by_lower = {str(w).lower(): str(w) for w in words}
    found = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f'; did you mean "{by_lower[found[0]]}"?' if found else ""
