"""Worlds come from their seeds, shrink, and lose telemetry as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.facts import Facts
from tests.simulator.script import FEATURES, SWITCHED_OFF, SWITCHED_OFF_INCOMPLETE, draw
from tests.simulator.shrink import shrink
from tests.simulator.telemetry import tell
from tests.simulator.truth import truth_of
from tests.simulator.world import World

if TYPE_CHECKING:
    import pytest


def test_a_seed_is_a_world() -> None:
    """The same seed gives the same spans, another one others."""
    first, again, other = World(draw(5)), World(draw(5)), World(draw(6))
    assert [span.attributes for span in first.spans] == [span.attributes for span in again.spans]
    assert [span.attributes for span in first.spans] != [span.attributes for span in other.spans]


def test_any_step_may_be_left_out() -> None:
    """What is left of a script plays, whichever step is missing."""
    script = draw(11)
    for at in range(len(script.steps)):
        World(script.without(at, 1))


def test_what_is_switched_off_is_a_feature_and_in_no_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists name features, and no world has them unless asked to."""
    monkeypatch.setitem(SWITCHED_OFF, "seek", "to see that it works")
    assert SWITCHED_OFF.keys() | SWITCHED_OFF_INCOMPLETE.keys() <= FEATURES.keys()
    assert not any(draw(seed).features & SWITCHED_OFF.keys() for seed in range(50))
    asked = frozenset(SWITCHED_OFF)
    assert any(draw(seed, also=asked).features & asked for seed in range(50))


def test_incomplete_telemetry_lacks_spans_and_complete_telemetry_none() -> None:
    """Complete: each span at least once, however it is shuffled, repeated and split."""
    for seed in range(30):
        whole, part = World(draw(seed)), World(draw(seed, incomplete=True))
        arrived = {span.span_id for batch in tell(whole).batches for span in batch}
        assert arrived == {span.span_id for span in whole.spans}
        telling = tell(part)
        arrived = {span.span_id for batch in telling.batches for span in batch}
        assert arrived | {span.span_id for span in telling.lost} == {span.span_id for span in part.spans}
        assert telling.lost


def test_a_world_shrinks_to_the_steps_that_show_a_difference() -> None:
    """Steps are dropped while the property holds, features too."""
    script = next(script for script in map(draw, range(100)) if World(script).facts.turns)
    small = shrink(script, lambda candidate: bool(World(candidate).facts.turns))
    assert {step.name for step in small.steps} <= {step.name for step in script.steps}
    assert len(small.steps) <= 4
    assert World(small).facts.turns


def test_nothing_is_true_of_an_empty_world() -> None:
    """No facts, no findings, no answers."""
    truth = truth_of(Facts())
    assert not truth.findings
    assert not truth.answers
