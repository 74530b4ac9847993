"""How a service and the test that runs it talk: told by one argument, facts out as lines of JSON, words in likewise.

On SIGUSR1 a service writes the stacks of all its threads to stderr: the test asks for them when it waited in vain.
"""

import faulthandler
import json
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

faulthandler.register(signal.SIGUSR1, all_threads=True)


def arguments() -> dict[str, Any]:
    """Return what the service was told at its start."""
    told = json.loads(sys.argv[1])
    assert isinstance(told, dict)
    return told


def say(**fact: object) -> None:
    """Say what was done."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


def heard() -> Iterator[dict[str, Any]]:
    """Hear what to do, until there is nothing more."""
    for line in sys.stdin:
        yield json.loads(line)


class Ending(threading.Event):
    """Set when the service is to end: the test closed its end, or is gone. `released` then, or by any word before."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def listen(self) -> None:
        """Listen to the end."""
        for _ in sys.stdin:
            self.released.set()
        self.released.set()
        self.set()


def ending() -> Ending:
    """Return what is set when the service is to end."""
    event = Ending()
    threading.Thread(target=event.listen, daemon=True).start()
    return event
