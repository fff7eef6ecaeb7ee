# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What can go wrong. Each is also the built-in exception that such a mistake has elsewhere in Python."""

from __future__ import annotations

import errno
import os


class Error(Exception):
    """Of all errors of kallitype. `status` is the library's short name: "corrupt", "io", "limit"… `line` and `column` are where in the text
    that was given, both from 1; None of an error that is none of a text."""

    status = "internal"
    line: int | None = None
    column: int | None = None


class InvalidError(Error, ValueError):
    """An argument is not valid."""

    status = "invalid"


class TextError(Error, ValueError):
    """The text of a graph cannot be read; the message says where."""

    status = "syntax"


class OutOfMemoryError(Error, MemoryError):
    """Memory could not be had."""

    status = "no-memory"


class LimitError(Error, ValueError):
    """A limit was reached; the message names it and how it is lifted."""

    status = "limit"


class UnsupportedError(Error, ValueError):
    """Nothing here can do that."""

    status = "unsupported"


class CorruptError(Error, ValueError):
    """Data is damaged, or not what it claims to be."""

    status = "corrupt"


class FileError(Error, OSError):
    """Reading or writing failed."""

    status = "io"


class MissingFileError(FileError, FileNotFoundError):
    """There is no such file or folder."""


class ForbiddenFileError(FileError, PermissionError):
    """The system does not allow it."""


class ChangedError(Error, OSError):
    """A file changed since it was opened."""

    status = "changed"


class CancelledError(Error):
    """The request was cancelled."""

    status = "cancelled"


class DeadlineError(Error, TimeoutError):
    """The deadline passed."""

    status = "deadline"


class CallbackError(Error):
    """A function of yours failed; what it raised is the cause (`__cause__`)."""

    status = "callback"


class MissingError(Error, LookupError):
    """The result is not in the memo, and only what is there was asked for."""

    status = "missing"


class InternalError(Error, RuntimeError):
    """A defect in kallitype; please report it."""


_BY_STATUS: dict[str, type[Error]] = {
    c.status: c
    for c in (InvalidError, TextError, OutOfMemoryError, LimitError, UnsupportedError, CorruptError, FileError, ChangedError,
              CancelledError, DeadlineError, CallbackError, MissingError, InternalError)
}
_BY_CAUSE = ((os.strerror(errno.ENOENT), errno.ENOENT, MissingFileError), (os.strerror(errno.EACCES), errno.EACCES, ForbiddenFileError),
             (os.strerror(errno.EPERM), errno.EPERM, ForbiddenFileError))


def _kind(status: str, message: str) -> Error:
    kind = _BY_STATUS.get(status, InternalError)
    if kind is FileError:
        for text, number, closer in _BY_CAUSE:
            if text in message:
                error = closer(message)
                error.errno = number
                return error
    return kind(message)


def make(status: str, message: str, line: int = 0, column: int = 0) -> Error:
    """The exception for a status and a sentence of the library's, and a place in a text, or 0."""
    error = _kind(status, message)
    if line:
        error.line, error.column = line, column
    return error
