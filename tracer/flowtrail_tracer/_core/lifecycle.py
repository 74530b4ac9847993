"""The process around us: its end, its signals, its forks. Nothing here delays an exit by more than two seconds."""

import atexit
import os
import signal
import sys
import threading
from types import FrameType
from typing import Final

from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.runtime import RUNTIME

EXIT_TIMEOUT: Final = 2.0


def finish(timeout: float) -> bool:
    """Record what is open as in doubt, deliver what is queued, and stop; return whether all was delivered."""
    sink = RUNTIME.sink
    if sink is None:
        return True
    for client in list(RUNTIME.clients):
        client.seal()
        client.give_up()
    return sink.shutdown(timeout)


def _at_exit() -> None:
    try:
        finish(EXIT_TIMEOUT)
    except Exception:  # noqa: BLE001 - an exit is never disturbed
        fault("exit")


def _in_child() -> None:
    try:
        RUNTIME.ids.reseed()
        if RUNTIME.sink is not None:
            RUNTIME.sink.after_fork()
        for client in list(RUNTIME.clients):
            client.after_fork()
    except Exception:  # noqa: BLE001 - a fork is never disturbed
        fault("fork")


def _on_sigterm(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the handler's form
    """Deliver what is queued, then die of the signal as if nobody had handled it."""
    _at_exit()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def watch_sigterm() -> None:
    """Handle SIGTERM where nobody does; an application's own handler, and SIG_IGN, stay as they are."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def watch_multiprocessing() -> None:
    """Deliver at the end of a multiprocessing child too: it ends without running atexit."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing import util

        util.Finalize(None, _at_exit, exitpriority=-100)


# Handlers run in reverse order of registration: what the application and its clients register after importing us
# (kafka-python closes its producers there) runs first, and its last acks are still recorded.
atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
