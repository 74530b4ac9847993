"""A couple of hundred worlds: what flowtrail says of them is what truly happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.questions.picking import assert_picking_is_enough
from tests.simulator.judge import Judge
from tests.simulator.script import draw
from tests.simulator.story import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.script import Script

CHUNK = 20
WIDE = 20
"""Every so many worlds one is asked by the engine for many spans."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Return a store that every world is told to in turn."""
    made = Judge(tmp_path_factory.mktemp("worlds"))
    yield made
    made.close()


def _hold(judge: Judge, script: Script) -> None:
    judgement = judge.judge(script, wide=script.seed % WIDE == WIDE - 1)
    if judgement.differences:
        pytest.fail(told(judge, script))


@pytest.mark.parametrize("first", range(1000, 1100, CHUNK))
def test_with_complete_telemetry_all_that_is_true_is_said_and_nothing_else(judge: Judge, first: int) -> None:
    """Every finding of warning or error, no other, and each event's answers."""
    for seed in range(first, first + CHUNK):
        _hold(judge, draw(seed))


@pytest.mark.parametrize("first", range(1000, 1100, CHUNK))
def test_with_incomplete_telemetry_nobody_is_accused_falsely(judge: Judge, first: int) -> None:
    """No error that is not true, and no answer but the truth or `unknown`."""
    for seed in range(first, first + CHUNK):
        _hold(judge, draw(seed, incomplete=True))


@pytest.mark.parametrize("incomplete", [False, True], ids=["complete", "incomplete"])
def test_of_a_large_window_all_is_found_that_judging_everything_finds(judge: Judge, incomplete: bool) -> None:
    """As if the world were a large one: only what lies around its suspects is judged, in either engine."""
    for seed in range(1200, 1212):
        store = judge.holding(*judge.played(draw(seed, incomplete=incomplete)))
        store.read(lambda connection, wide=seed % 3 == 0: assert_picking_is_enough(connection, wide=wide))
