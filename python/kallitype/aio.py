# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Requests in a thread of their own, for asyncio."""

from __future__ import annotations

import asyncio

from . import _kal
from .settings import current_cancel, options

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any, Callable


async def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the function gives; a task that is cancelled cancels the requests that it began, and waits until they have stopped."""
    outer = current_cancel()
    cancel = _kal.Cancel() if outer is None else _kal.Cancel(outer)
    with options(cancel=cancel):   # to_thread takes the context along
        future = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancel.set()
        await asyncio.wait([future])
        if not future.cancelled():
            future.exception()   # is looked at, so that nobody reports it
        raise
