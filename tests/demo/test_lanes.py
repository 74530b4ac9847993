"""The example's concurrent consumer keeps each key in order, lets effects wait for causes, commits what is done."""

import json
import sys
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import pytest

from flowtrail_tui.demo.services import code_directory

sys.path.insert(0, str(code_directory()))
from food_delivery.events import Event
from food_delivery.faults import Faults, injected
from food_delivery.lanes import Lanes

Message = namedtuple("Message", "topic partition offset key value")


class Handler:
    """Notes what was handled; a message can be made to wait."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.waits: dict[str, Flag] = {}
        self._lock = Lock()

    def __call__(self, message: Any) -> None:
        """Handle a message."""
        name = json.loads(message.value)["id"]
        if name in self.waits:
            assert self.waits[name].wait(10)
        with self._lock:
            self.handled.append(name)

    def has(self, *names: str) -> bool:
        """Wait until so much has been handled."""
        deadline = monotonic() + 10
        while len(self.handled) < len(names) and monotonic() < deadline:
            sleep(0.005)
        return self.handled == list(names)


@pytest.fixture
def handler() -> Handler:
    """Make a handler."""
    return Handler()


@pytest.fixture
def lanes(handler: Handler) -> Iterator[Lanes]:
    """Start lanes with no faults."""
    without = SimpleNamespace(member="notification-1", faults=None, group=lambda name: name)
    started = Lanes(handler, Faults(without))  # type: ignore[arg-type]
    yield started
    for flag in handler.waits.values():
        flag.set()
    started.close()


def _message(topic: str, offset: int, id_: str, kind: str, because: str | None = None, order: str = "o") -> Any:
    event = Event(kind, order, because, id=id_)
    return Message(topic, 0, offset, event.key, json.dumps(asdict(event)).encode())


def test_an_effect_that_was_fetched_first_waits_for_its_cause(handler: Handler, lanes: Lanes) -> None:
    """And both effects keep their order behind it."""
    lanes.put(_message("kitchen", 0, "accepted", "OrderAccepted", "paid"))
    lanes.put(_message("kitchen", 1, "ready", "MealReady", "paid"))
    assert handler.handled == []
    lanes.put(_message("payments", 0, "paid", "PaymentTaken"))
    assert handler.has("paid", "accepted", "ready")


def test_one_key_keeps_its_order_while_another_goes_on(handler: Handler, lanes: Lanes) -> None:
    """A key has one lane, and other keys have others."""
    handler.waits["slow"] = Flag()
    lanes.put(_message("payments", 0, "slow", "PaymentTaken", order="a"))
    lanes.put(_message("payments", 1, "behind", "PaymentTaken", order="a"))
    lanes.put(_message("payments", 2, "other", "PaymentTaken", order="b"))
    assert handler.has("other")
    handler.waits["slow"].set()
    assert handler.has("other", "slow", "behind")


def test_the_position_never_passes_what_is_in_hand(handler: Handler, lanes: Lanes) -> None:
    """What is finished behind it is committed later; a position that did not move is not told again."""
    handler.waits["slow"] = Flag()
    lanes.put(_message("payments", 0, "first", "PaymentTaken", order="b"))
    assert handler.has("first")
    lanes.put(_message("payments", 1, "slow", "PaymentTaken", order="a"))
    lanes.put(_message("payments", 2, "quick", "PaymentTaken", order="b"))
    assert handler.has("first", "quick")
    assert [position.offset for position in lanes.finished().values()] == [1]
    assert lanes.finished() == {}
    handler.waits["slow"].set()
    assert handler.has("first", "quick", "slow")
    sleep(0.05)
    assert [position.offset for position in lanes.finished().values()] == [3]


def test_a_payment_without_effect_is_kept_waiting_once(
    handler: Handler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inversion that does not come about is tried with another payment, and the first one goes on."""
    monkeypatch.setattr(injected, "HELD", 0.2)
    settings = SimpleNamespace(member="notification-1", faults=tmp_path, seed=1, seconds=None, group=str, topic=str)
    faults = Faults(settings)  # type: ignore[arg-type]
    faults._retry("inversion")  # due from the first message on
    lanes = Lanes(handler, faults)
    faults.due("detour")  # the first message has come
    lanes.put(_message("payments", 0, "hangs", "PaymentTaken", order="a"))
    assert handler.handled == []
    sleep(0.3)
    lanes.let_pass()
    assert handler.has("hangs")
    lanes.put(_message("payments", 1, "paid", "PaymentTaken", order="b"))
    lanes.put(_message("kitchen", 0, "accepted", "OrderAccepted", "paid", order="b"))
    assert handler.has("hangs", "accepted", "paid")
    lanes.close()
