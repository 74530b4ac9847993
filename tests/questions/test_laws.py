"""Laws that hold for every history: arrival changes nothing, and lost telemetry accuses nobody."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.filters import parse_filter
from flowtrail_collector.importing import import_files
from flowtrail_collector.questions.findings import findings
from flowtrail_collector.store import Store, declaring
from flowtrail_collector.window import Window
from tests.questions.history import otlp
from tests.questions.worlds import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.questions.history import Span

TABLES = ("span_rows", "link_rows", "resource_rows", "request_rows", "ledger_rows", "number_rows", "clock_rows")
RULES = parse_configuration('[order]\nrules = ["OrderPaid after OrderPlaced by key"]\n')
LAWS = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Judge:
    """One store, emptied before each history; making a new one each time would cost more than the questions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def findings(self, *batches: Sequence[Span]) -> list[dict[str, Any]]:
        """Return what is found in the spans, sent in these batches."""
        lines = self._folder / "spans.jsonl"
        lines.write_text("".join(json.dumps(otlp(batch)) + "\n" for batch in batches))
        path = self._folder / f"judge-{self._made}.duckdb"
        if not path.exists():
            Store.open(path).close()
        connection = duckdb.connect(str(path))
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
        connection.close()
        with Store.open(path) as store:
            import_files([lines], store)
            store.write(lambda connection: declaring.keep(connection, RULES))
            document = store.read(lambda c: findings(c, Window(None, None), parse_filter("")))
        return list(document["findings"])


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Return a store that is used again and again."""
    return Judge(tmp_path_factory.mktemp("laws"))


def _errors(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (row["kind"], row["destination"], row["partition"], row["group"], tuple(row["offsets"]))
        for row in rows
        if row["severity"] == "error"
    }


@LAWS
@given(seed=st.integers(0, 10_000))
def test_order_repetition_and_delay_of_telemetry_change_nothing(judge: Judge, seed: int) -> None:
    """The same spans, shuffled, repeated and split over requests, give the same findings."""
    spans = World(seed).spans
    mixed = random.Random(seed).sample(spans, len(spans))  # noqa: S311 a seeded world
    half = len(mixed) // 2
    assert judge.findings(spans) == judge.findings(mixed[half:], mixed[:half], mixed[: half + 3])


@LAWS
@given(seed=st.integers(0, 10_000), share=st.floats(0.02, 0.5))
def test_lost_telemetry_never_makes_an_error(judge: Judge, seed: int, share: float) -> None:
    """Take any spans away: every error that is still found was found with all of them."""
    spans = World(seed).spans
    chance = random.Random(seed + 1)  # noqa: S311 a seeded world
    kept = [span for span in spans if chance.random() > share]
    assert _errors(judge.findings(kept)) <= _errors(judge.findings(spans))


@LAWS
@given(seed=st.integers(0, 10_000), cut=st.floats(0.1, 0.95))
def test_a_lost_tail_never_makes_an_error(judge: Judge, seed: int, cut: float) -> None:
    """Let one instance's last spans be lost, which leaves no hole: nobody is accused for it."""
    spans = World(seed).spans
    names = sorted({span.resource["service.instance.id"] for span in spans})
    victim = names[seed % len(names)]
    own = [span for span in spans if span.resource["service.instance.id"] == victim]
    lost = own[int(len(own) * cut) :]
    kept = [span for span in spans if not any(span is other for other in lost)]
    assert _errors(judge.findings(kept)) <= _errors(judge.findings(spans))
