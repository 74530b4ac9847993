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


def ending() -> threading.Event:
    """Return an event that is set when the service is to end: the test closed its end, or is gone."""
    event = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        event.set()

    threading.Thread(target=listen, daemon=True).start()
    return event
