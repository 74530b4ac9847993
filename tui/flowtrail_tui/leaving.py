"""How the screens end when they are told to from outside: in order, so that the terminal is a shell's again."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Whoever stops services, and a terminal whose window is closed."""


@contextmanager
def in_order(leave: Callable[[int], object]) -> Iterator[None]:
    """Call `leave` with an exit code on the event loop when a signal says that it is time; outside the loop, end."""

    def told(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise SystemExit(code) from None
        loop.call_soon_threadsafe(leave, code)

    former = {number: signal.signal(number, told) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
