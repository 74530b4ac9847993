"""The one place where the tracer's own errors end: never in the host.

A hook that fails calls `fault`: the error is logged once per place and forgotten. Under test (`strict`) it is kept
and raised again, so that a broken hook is seen.
"""

import logging
import sys

_log = logging.getLogger("flowtrail_tracer")
_reported: set[str] = set()
_strict = False
_caught: list[BaseException] = []


def fault(place: str) -> None:
    """Report the exception being handled; to be called from an `except` block.

    `place` names the hook. In strict mode the exception is kept and raised again.
    """
    error = sys.exc_info()[1]
    if _strict and error is not None:
        _caught.append(error)
        raise error
    if place not in _reported:
        _reported.add(place)
        _log.warning(
            "flowtrail failed in %s and recorded nothing there; the application is not affected", place, exc_info=error
        )


def warn_once(place: str, message: str, *arguments: object) -> None:
    """Log `message` at the first call for `place` only."""
    if place not in _reported:
        _reported.add(place)
        _log.warning(message, *arguments)


def set_strict(strict: bool) -> None:
    """Switch between swallowing faults (production) and raising them (tests)."""
    global _strict
    _strict = strict
    _caught.clear()


def caught() -> list[BaseException]:
    """Return the faults seen since strict mode was switched on."""
    return list(_caught)
