"""What people say of causes: acknowledged, muted, or open again, with a note; kept in the store beside the evidence.

A mark is of a cause's id (see `causes`), so it holds for what comes later, and remembers the watermark at which it was
made, so that what came after it can be counted.
"""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import rfc3339

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.causes import Cause

Document = dict[str, Any]

SCHEMA = "flowtrail.mark/1"
OPEN, ACKNOWLEDGED, MUTED = "open", "acknowledged", "muted"
STATES = (OPEN, ACKNOWLEDGED, MUTED)
LONGEST_NOTE = 1_000
LONGEST_NAME = 200
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What someone said of a cause, and when."""

    cause: str
    state: str
    note: str
    by: str
    at_ns: int
    as_of_ns: int
    """The watermark then: what ended later came after the mark."""

    def document(self) -> Document:
        """Return it as answers hold it."""
        return {
            "state": self.state,
            "note": self.note,
            "by": self.by,
            "at": rfc3339(self.at_ns),
            "as_of": rfc3339(self.as_of_ns),
        }

    def on(self, cause: Cause) -> Document:
        """Return it as the row of its cause holds it: with how many findings came after it."""
        return {**self.document(), "after": cause.after(self.as_of_ns)}


@dataclass(frozen=True, slots=True)
class Marking:
    """A mark to be made; a note of None leaves the one there is."""

    cause: str
    state: str
    note: str | None = None
    by: str = ""


def marking(cause: object, state: object, note: object = None, by: object = None) -> Marking:
    """Check what someone wants to say of a cause. Raises UsageError."""
    if not isinstance(cause, str) or not _ID.fullmatch(cause):
        raise UsageError(
            f"cause {cause!r}: expected an id of 12 hex digits, as `flowtrail findings --by-cause` shows it"
        )
    if state not in STATES:
        raise UsageError(f"state {state!r}: a cause is marked {', '.join(STATES[1:])}, or {OPEN} again")
    if note is not None and not _is_text(note, LONGEST_NOTE):
        raise UsageError(f"note: expected a text of at most {LONGEST_NOTE:,} characters")
    if by is not None and not _is_text(by, LONGEST_NAME):
        raise UsageError(f"by: expected a name of at most {LONGEST_NAME} characters")
    return Marking(cause, str(state), None if note is None else str(note).strip(), str(by or "").strip())


def user_name() -> str:
    """Return who sits here, as the environment says; empty where it does not."""
    try:
        return getpass.getuser()[:LONGEST_NAME]
    except (OSError, KeyError, ImportError):
        return ""


def keep(connection: duckdb.DuckDBPyConnection, wanted: Marking, now_ns: int) -> Document:
    """Keep a mark in the place of the cause's former one, inside the writer's transaction; `flowtrail.mark/1`."""
    row = connection.execute("SELECT as_of_ns FROM as_of").fetchone()
    note = wanted.note if wanted.note is not None else _note(connection, wanted.cause)
    mark = Mark(wanted.cause, wanted.state, note, wanted.by, now_ns, int(row[0]) if row else 0)
    connection.execute("DELETE FROM mark_rows WHERE cause = ?", [mark.cause])
    connection.execute(
        "INSERT INTO mark_rows VALUES (?, ?, ?, ?, ?, ?)",
        [mark.cause, mark.state, mark.note, mark.by, mark.at_ns, mark.as_of_ns],
    )
    return {"schema": SCHEMA, "cause": mark.cause, **mark.document()}


def kept(connection: duckdb.DuckDBPyConnection) -> dict[str, Mark]:
    """Return every mark of the store by its cause's id."""
    rows = connection.execute("SELECT cause, state, note, marked_by, at_ns, as_of_ns FROM mark_rows").fetchall()
    return {row[0]: Mark(*row) for row in rows}


def kept_documents(connection: duckdb.DuckDBPyConnection) -> dict[str, Document]:
    """Return every mark as answers hold it."""
    return {cause: mark.document() for cause, mark in sorted(kept(connection).items())}


def _note(connection: duckdb.DuckDBPyConnection, cause: str) -> str:
    row = connection.execute("SELECT note FROM mark_rows WHERE cause = ?", [cause]).fetchone()
    return str(row[0]) if row else ""


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and not any("\ud800" <= one <= "\udfff" for one in value)
