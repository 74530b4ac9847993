"""The example's code is found, and the demo knows it as it is."""

import sys
from pathlib import Path

import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_tui.demo import services


def test_the_demo_knows_the_topics_and_members_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names stand twice, since the demo must not import what it runs; they are equal."""
    monkeypatch.setattr(sys, "path", [str(services.code_directory()), *sys.path])
    from food_delivery import settings
    from food_delivery.faults.schedule import PLANS

    assert settings.TOPICS == services.TOPICS
    assert {plan.member for plan in PLANS.values()} <= set(services.MEMBERS)
    assert {member.rpartition("-")[0] for member in services.MEMBERS} == {"orders", *services.READERS}


def test_missing_code_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without the example names what is missing."""
    monkeypatch.setattr(services, "__file__", str(tmp_path / "a" / "b" / "c" / "services.py"))
    with pytest.raises(UsageError, match="examples/food_delivery"):
        services.code_directory()
