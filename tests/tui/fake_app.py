"""The terminal interface on a fake source in a process of its own, for tests in a real pty and for looking at it.

`python -m tests.tui.fake_app [name=value ...]`: fields of FakeSource; `flow=N` lets N flows a second arrive.
"""

import ast
import sys
import threading
import time


def main(arguments: list[str]) -> int:
    """Run until someone quits."""
    from flowtrail_tui.app import run
    from tests.tui.fake import FakeSource

    fields = {name: ast.literal_eval(value) for name, value in (one.split("=", 1) for one in arguments)}
    per_second = fields.pop("flow", 0)
    initial = fields.pop("initial", None)
    source = FakeSource(now_ns=time.time_ns(), start_ns=time.time_ns(), **fields)
    if per_second:
        threading.Thread(target=_arrive, args=(source, per_second), daemon=True).start()
    return run(source, initial=initial)


def _arrive(source, per_second: int) -> None:
    while True:
        time.sleep(1)
        source.more(per_second)
        source.now_ns = time.time_ns()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
