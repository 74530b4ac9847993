"""Runs a module as a process of the demo, and ends it when the demo ends, however that happened.

The demo holds the other end of this process's standard input. When that closes (the demo stopped, crashed, was
killed with SIGKILL), this process is asked to stop like any service, and after a few seconds it is ended.

Usage: python -m flowtrail_tui.demo.child MODULE [ARGUMENT ...]
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from threading import Thread
from time import sleep

GRACE = 5.0
"""Seconds to stop in order once the demo is gone."""


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(GRACE)
    os._exit(1)


def main() -> None:
    """Run the module that the command line names, as `python -m` would."""
    Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
