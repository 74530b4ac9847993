"""Holds what is found around the suspects to what is found where everything is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flowtrail_collector.questions import around, batches, findings
from flowtrail_collector.source import Window

if TYPE_CHECKING:
    import duckdb

EVERYTHING = Window(None, None)


def assert_picking_is_enough(connection: duckdb.DuckDBPyConnection, *, wide: bool = False) -> None:
    """Judge all that is stored, and the suspects alone: the findings are the same in every column.

    `wide`: few as they are, they are gathered and judged as many are, in batches.
    """
    whole, covered = findings.judged(connection, EVERYTHING, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "MOST_WHOLE", -1)
        patch.setattr(findings, "SPANS_A_SUSPECT", 0.01)
        if wide:
            patch.setattr(around, "MOST_NARROW", 0)
            patch.setattr(around, "FEW_RANGES", 0)
            patch.setattr(batches, "AT_ONCE", 1)
        picked, also_covered = findings.judged(connection, EVERYTHING, None)
    assert sorted(map(_comparable, picked)) == sorted(map(_comparable, whole))
    assert also_covered == covered


def _comparable(row: dict[str, Any]) -> list[str]:
    # `event` numbers what has no name of its own by what else there is.
    return [
        f"{name}: {sorted(value) if isinstance(value, list) else value}"
        for name, value in row.items()
        if name != "event"
    ]
