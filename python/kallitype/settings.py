# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""How requests are run. None of it changes a pixel."""

from __future__ import annotations

import contextvars
import operator
import os

from . import _kal

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable

# In the order the extension reads them in.
_NAMES = ("threads", "max_memory", "deadline", "memo", "memo_mode", "spill", "audit", "only_known", "progress", "cancel")
_STANDARD = (0, 0, 0.0, None, 0, None, 0.0, False, None, None)
_MODES = ("auto", "always", "never")
_current: contextvars.ContextVar[tuple[Any, ...]] = contextvars.ContextVar("kallitype.options", default=_STANDARD)
current = _current.get
# What was entered and not left yet in this context, a thread's or a task's, in that order: what is in force is made of these. A generator may leave its own after others were entered.
_entered: contextvars.ContextVar[tuple[options, ...]] = contextvars.ContextVar("kallitype.entered", default=())


def current_cancel() -> _kal.Cancel | None:
    cancel: _kal.Cancel | None = _current.get()[_NAMES.index("cancel")]
    return cancel


def size(text: int | str) -> int:
    """Bytes of "64M", as the command reads them: powers of 1024."""
    if isinstance(text, str):
        return _kal.size(text.strip())
    try:
        size = -1 if isinstance(text, bool) else operator.index(text)
    except TypeError:
        size = -1
    if not 0 <= size <= 10**18:
        raise ValueError(f"{text!r} is no size: bytes, or a text with K, M, G or T")
    return size


_folders: dict[tuple[Any, ...], _kal.Memo] = {}


def _memo_of(given: dict[str, Any]) -> _kal.Memo | None:
    named = {k: given.pop(k, None) for k in ("memo_dir", "memo_size", "memo_remote", "memo_pack")}
    if named["memo_dir"] is None and named["memo_remote"] is None:
        if named["memo_size"] is not None or named["memo_pack"] is not None:
            raise ValueError("memo_size and memo_pack are of a folder: give memo_dir too")
        return None
    if named["memo_dir"] in ("", b""):
        raise ValueError("memo_dir is empty: give a folder")
    folder = None if named["memo_dir"] is None else os.path.abspath(os.fsencode(named["memo_dir"]))
    key = (os.getpid(), folder, 0 if named["memo_size"] is None else size(named["memo_size"]), named["memo_remote"], named["memo_pack"])
    if key not in _folders or folder is not None and not os.path.isdir(folder):   # one for all who name the same, while it is there
        _folders[key] = _kal.Memo(folder=folder, size=key[2], remote=named["memo_remote"], pack=named["memo_pack"])
    return _folders[key]


# what is a number, and least
_LEAST: dict[str, tuple[Any, float]] = {"threads": (int, 0), "deadline": ((int, float), 0), "audit": ((int, float), 0)}


def _check(name: str, value: Any) -> None:
    if name in _LEAST:
        kind, least = _LEAST[name]
        if not isinstance(value, kind) or isinstance(value, bool) or not value >= least:
            raise TypeError(f"{name} is a number from {least} on, not {value!r}")
    if name == "memo" and not isinstance(value, (_kal.Memo, type(None))):
        raise TypeError(f"memo is a Memo, not {value!r}; a folder is memo_dir")
    if name == "cancel" and not isinstance(value, (_kal.Cancel, type(None))):
        raise TypeError(f"cancel is a Cancel, not {value!r}")
    if name == "progress" and not callable(value):
        raise TypeError(f"progress is a function of (done, total), or True for a bar, not {value!r}")


class options:
    """What is in force within `with`, or in a function that it decorates, for the requests begun there.

    threads: workers, the caller included (0: all processors). max_memory: bytes a request may plan to hold, or "64M".
    deadline: seconds for each request. memo_dir, memo_size, memo_remote, memo_pack: where results are kept, as --memo-dir and the
    others of the command. memo: a Memo. memo_mode: "auto", "always", "never". spill: a folder for rows beyond max_memory. audit: the share of what is found that is
    computed again and compared. only_known: give what is in the memo, else MissingError. progress: called with (done, total), or
    True for a bar by tqdm. cancel: a Cancel, which stops them from any thread.

    As with every context variable a thread that is started within does not inherit it, and asyncio.to_thread does.
    """

    __slots__ = ("_values",)

    def __init__(self, *, progress: Callable[[int, int], object] | bool | None = None, **given: Any) -> None:
        memo = _memo_of(given)
        if memo is not None:
            given["memo"] = memo
        if "max_memory" in given:
            given["max_memory"] = size(given["max_memory"])
        if "memo_mode" in given:
            if given["memo_mode"] not in _MODES:
                raise ValueError(f"memo_mode is auto, always or never, not {given['memo_mode']!r}")
            given["memo_mode"] = _MODES.index(given["memo_mode"])
        if given.get("spill") is not None:
            given["spill"] = os.fsencode(given["spill"])
        if progress is not None and progress is not False:
            given["progress"] = _Bar() if progress is True else progress
        for name in given:
            if name not in _NAMES:
                raise TypeError(f"no option {name!r}; there are {', '.join(_NAMES)}, memo_dir, memo_size, memo_remote, memo_pack")
        for name, value in given.items():
            _check(name, value)
        self._values = given

    def __enter__(self) -> options:
        _in_force((*_entered.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        entered = _entered.get()
        at = max((i for i, one in enumerate(entered) if one is self), default=None)
        if at is None:
            raise RuntimeError("options are left in another thread or task than they were entered in")
        _in_force(entered[:at] + entered[at + 1:])

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        import functools
        import inspect

        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("options decorate no generator, which runs on after it has given something: use `with` in it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with options.__new__(options)._same(self):
                    return await function(*args, **kwargs)

            return awaited

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with options.__new__(options)._same(self):
                return function(*args, **kwargs)

        return wrapped

    def _same(self, other: options) -> options:
        self._values = other._values
        return self


def _in_force(entered: tuple[options, ...]) -> None:
    now = list(_STANDARD)
    for one in entered:
        for name, value in one._values.items():
            now[_NAMES.index(name)] = value
    _entered.set(entered)
    _current.set(tuple(now))


class _Bar:
    """A bar by tqdm, one a request."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._make = tqdm
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = self._make(total=total, unit="row", leave=False)
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()
            self._bar = None
