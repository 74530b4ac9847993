"""Work in a process of its own, so that the screen neither waits for it nor keeps its memory, and that can be ended.

    made = run(make_report, "lag", documents, "html", step=say, wanted=still_wanted)

Plotly and pyarrow hold the interpreter while they are loaded, and a report over a whole store takes a gigabyte: in a
thread of the screen's own process both would be felt, and nothing could stop it. The other process gets a function of
a module and its arguments (pickled, as the standard library does it between processes), and answers with what it is
doing (`step`), then with the result or the error. It ends when its standard input closes: with this process, however
that ends.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from flowtrail_collector.errors import Cancelled, FlowtrailError
from flowtrail_collector.wire import from_wire, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_S = 0.1
"""So often it is looked whether the work is still wanted."""
_STEP, _DONE, _FAILED, _ENDED = "step", "done", "failed", "ended"


def run(work: Callable[..., Any], *arguments: Any, step: Callable[[str], None], wanted: Callable[[], bool]) -> Any:
    """Return `work(*arguments, step)`, done in another process; `step` is told what it is at.

    Blocks. Raises the work's errors, FlowtrailError when the process ends without an answer, and Cancelled once the
    work is not `wanted` any more: then the process is gone.
    """
    task = pickle.dumps((work, arguments))
    process = subprocess.Popen(  # noqa: S603 (this interpreter, this module)
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    stdin, stdout = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
    told: Queue[tuple[str, Any]] = Queue()
    Thread(target=_hand_over, args=(stdin, task), daemon=True).start()
    Thread(target=_listen, args=(stdout, told), daemon=True).start()
    try:
        return _await(told, step, wanted)
    except EOFError:
        raise FlowtrailError(f"the process that did the work ended without an answer ({_end(process)})") from None
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):  # what it did not read is of no use any more
            stdin.close()


def _hand_over(stdin: BinaryIO, task: bytes) -> None:
    with suppress(OSError):  # it is gone: whoever listens to it says so
        stdin.write(task)
        stdin.flush()


def _listen(stdout: BinaryIO, told: Queue[tuple[str, Any]]) -> None:
    with stdout, suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            told.put(pickle.load(stdout))  # noqa: S301 (from this program)
    told.put((_ENDED, None))


def _await(told: Queue[tuple[str, Any]], step: Callable[[str], None], wanted: Callable[[], bool]) -> Any:
    while True:
        if not wanted():
            raise Cancelled("given up")
        try:
            kind, what = told.get(timeout=_LOOK_S)
        except Empty:
            continue
        if kind == _DONE:
            return what
        if kind == _FAILED:
            raise from_wire(what) or FlowtrailError("the work failed")
        if kind == _ENDED:
            raise EOFError
        step(what)


def _end(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def main() -> None:
    """Do the work that standard input holds."""
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(2, 1)  # what anything else prints is no answer
        work, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 (from this program)
        Thread(target=_end_with_parent, daemon=True).start()
        try:
            answer = (_DONE, work(*arguments, lambda text: _tell(stdout, (_STEP, text))))
        except FlowtrailError as error:
            answer = (_FAILED, to_wire(error)[1])
        except Exception as error:  # noqa: BLE001 (it is said where it was asked for)
            answer = (_FAILED, to_wire(FlowtrailError(f"{type(error).__name__}: {error}"))[1])
        _tell(stdout, answer)


def _tell(stdout: BinaryIO, told: tuple[str, Any]) -> None:
    pickle.dump(told, stdout)
    stdout.flush()


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
