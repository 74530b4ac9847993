"""What the command line ends with: part of the contract, scripts branch on it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    """Answered or passed, whatever the answer is."""
    FAILED = 1
    """An assertion failed, or a file was damaged."""
    USAGE = 2
    """The command, an option, a filter or a window can not be understood."""
    UNAVAILABLE = 3
    """The source or the broker does not answer; trying again may help."""
    INCONCLUSIVE = 4
    """Nothing is known of it, or coverage is too low to pass."""
    INTERRUPTED = 130
    """Ctrl-C."""
