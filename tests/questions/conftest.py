"""Histories in, answers out: each test writes spans over the real import path into a real store file."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from flowtrail_collector.importing import import_files
from flowtrail_collector.source import StoreSource, Window
from flowtrail_collector.store import Store
from tests.questions.history import History, Span, otlp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

EVERYTHING = Window(None, None)


class Asker:
    """A store that holds some spans, and the questions asked of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def tell(self, *batches: Sequence[Span]) -> Asker:
        """Store batches of spans, each a request of its own."""
        lines = self.path.with_suffix(".jsonl")
        lines.write_text("".join(json.dumps(otlp(batch)) + "\n" for batch in batches))
        store = Store.open(self.path)
        try:
            import_files([lines], store)
        finally:
            store.close()
        return self

    def ask(self, what: str) -> dict[str, Any]:
        source = StoreSource(self.path)
        try:
            return source.ask(what)
        finally:
            source.close()

    def event(self, what: str) -> dict[str, Any]:
        """Ask what is one event, and return its verdict."""
        events = self.ask(what)["events"]
        assert len(events) == 1, [event["message_id"] for event in events]
        return dict(events[0])

    def group(self, what: str, name: str) -> dict[str, Any]:
        """Return one group's line of the verdict on an event."""
        lines = [line for line in self.event(what)["consumed"] if line["group"] == name]
        assert len(lines) == 1
        return dict(lines[0])

    def findings(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the findings, or those of some kinds."""
        source = StoreSource(self.path)
        try:
            rows = source.findings(EVERYTHING)["findings"]
        finally:
            source.close()
        return [row for row in rows if not kinds or row["kind"] in kinds]

    def kinds(self) -> list[tuple[str, str]]:
        """Return kind and severity of every finding; not that a history tells of no reader."""
        return sorted((row["kind"], row["severity"]) for row in self.findings() if row["kind"] != "unread-destination")


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Asker]:
    """Store a history (or batches of spans) in a fresh store and return its asker."""
    numbers = itertools.count()

    def make(history: History | Sequence[Span], *more: Sequence[Span]) -> Asker:
        spans = history.spans if isinstance(history, History) else history
        return Asker(tmp_path / f"store-{next(numbers)}.duckdb").tell(spans, *more)

    return make


@pytest.fixture
def history() -> History:
    """Return an empty history."""
    return History()
