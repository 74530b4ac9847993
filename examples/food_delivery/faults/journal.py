"""Notes what was injected, as the finding that each fault should become: one JSON object per line."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Journal:
    """One member's notes. Each is on disk before the fault takes its course, which may be the end of the process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()

    def note(self, kind: str, destination: str, group: str | None, *message_ids: str) -> None:
        """Note one fault."""
        entry = {
            "kind": kind,
            "destination": destination,
            "group": group,
            "message_ids": message_ids,
            "at": datetime.now(UTC).isoformat(),
            "by": self._file.stem,
        }
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def tells(self, kind: str, group: str, message_id: str) -> bool:
        """Whether any member has noted this fault of this message in this group."""
        lines = [line for notes in self._file.parent.glob("*.jsonl") for line in notes.read_text("utf-8").splitlines()]
        return any(
            entry["kind"] == kind and entry["group"] == group and message_id in entry["message_ids"]
            for entry in map(json.loads, lines)
        )
