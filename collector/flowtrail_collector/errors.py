"""Every error that a user of flowtrail can meet.

FlowtrailError
├── UsageError              wrong option, filter, window or question (exit 2)
├── SourceUnavailable       no collector, no broker, no store there; retryable (exit 3)
│   └── StoreBusy           another process holds the store file
├── StoreRefused            a file of a foreign schema version or of another program (exit 3)
├── StoreDamaged            a store that DuckDB can not open (exit 3)
├── NothingKnown            the question was understood, nothing is known of it (exit 4)
├── Cancelled               the asker withdrew the question, or its time ran out (exit 3)
└── DamagedFile             an import file that is damaged in the middle (exit 1)

Messages are for people: what was wrong, where, what was expected, what to do.
"""

from __future__ import annotations


class FlowtrailError(Exception):
    """Root of the tree; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(FlowtrailError):
    """The question, option, filter or window can not be understood."""

    exit_code = 2


class SourceUnavailable(FlowtrailError):
    """What was named to read from does not answer; trying again may help."""

    exit_code = 3


class StoreBusy(SourceUnavailable):
    """Another process holds the store file (DuckDB lets one process open it)."""


class StoreRefused(FlowtrailError):
    """The file is not a flowtrail store of this schema version."""

    exit_code = 3


class StoreDamaged(FlowtrailError):
    """The store file, or its write-ahead log, is damaged."""

    exit_code = 3


class Cancelled(FlowtrailError):
    """The query was cancelled or its time limit ran out."""

    exit_code = 3


class NothingKnown(FlowtrailError):
    """Nothing is known of what was asked; `near` names what is known close to it."""

    exit_code = 4

    def __init__(self, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.near = near


class DamagedFile(FlowtrailError):
    """An import file is damaged: what stood before the place was kept."""
