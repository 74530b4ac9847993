"""What is summed up of how long events take is what `ask` says of them one by one."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtrail_collector.source import StoreSource
from tests.questions.conftest import EVERYTHING
from tests.questions.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.questions.conftest import Asker


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_as_ask_says_of_each_event(told: Callable[..., Asker], seed: int) -> None:
    """With resends, rebalances, seeks, failures: as many are measured, and as long, by the first that ended ok."""
    world = World(seed)
    document, events = _answers(told(world.spans).path, world)
    took: dict[str, list[float]] = defaultdict(list)
    published_twice = False
    for event in events:
        published_twice |= len(event["published"]["records"]) > 1
        for line in event["consumed"]:
            firsts: dict[tuple[int, int], float] = {}
            for delivery in line["deliveries"]:
                if delivery["outcome"] == "ok" and delivery["latency_ms"] is not None:
                    firsts.setdefault((delivery["partition"], delivery["offset"]), delivery["latency_ms"])
            took[line["group"]] += firsts.values()
    for row in document["rows"]:
        measured = sorted(took[row["group"]])
        assert row["events"] == len(measured), seed
        if measured and not published_twice:  # ask counts from an event's first send, wherever it stands
            assert row["p50_ms"] == measured[math.ceil(len(measured) / 2) - 1], seed
            assert row["max_ms"] == measured[-1], seed


def _answers(path: Path, world: World) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    source = StoreSource(path)
    try:
        ids = dict.fromkeys(span.attributes.get("messaging.message.id") for span in world.spans if span.kind == 4)
        asked = [source.ask(f"id:{one}")["events"] for one in ids if one]
        return source.latency(EVERYTHING), [event for events in asked for event in events]
    finally:
        source.close()
