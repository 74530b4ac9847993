"""The directory in which a demo leaves its traces."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "flowtrail.demo/1"
STORE = "flowtrail.duckdb"
RESULT = "demo.json"
REPORTS = tuple(f"{report}.{kind}" for report in ("lag", "duplicates") for kind in ("html", "csv", "json"))
FOLDERS = ("injected", "logs")


@dataclass(frozen=True)
class Out:
    """Paths of one run."""

    directory: Path

    @property
    def store(self) -> Path:
        """The collector's store."""
        return self.directory / STORE

    @property
    def result(self) -> Path:
        """What was injected and what was found."""
        return self.directory / RESULT

    @property
    def injected(self) -> Path:
        """Notes of the services about what they did, one file for each."""
        return self.directory / FOLDERS[0]

    @property
    def logs(self) -> Path:
        """What each process printed."""
        return self.directory / FOLDERS[1]

    def prepare(self) -> None:
        """Make the directory ready; what an earlier demo left there goes. Raises UsageError for another's store."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if self._is_ours():
                self._clear()
            elif self.store.exists():
                raise UsageError(
                    f"{self.store} is there already, and not from a demo; name another directory with --out"
                )
            self.injected.mkdir(exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            # Written first and overwritten last: a demo that was interrupted is recognised, too.
            self.result.write_text(json.dumps({"schema": SCHEMA}))
        except OSError as error:
            raise UsageError(f"--out {self.directory} can not be used: {error.strerror or error}") from error

    def _is_ours(self) -> bool:
        try:
            return bool(json.loads(self.result.read_text())["schema"] == SCHEMA)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _clear(self) -> None:
        for name in (STORE, f"{STORE}.wal", RESULT, *REPORTS):
            (self.directory / name).unlink(missing_ok=True)
        for name in FOLDERS:
            shutil.rmtree(self.directory / name, ignore_errors=True)
