"""The watcher against a broker made of samples: it goes on whatever happens, and says how it goes."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from flowtrail_collector.broker.sample import Place, Reach, Sample
from flowtrail_collector.broker.watcher import BrokerWatcher
from flowtrail_collector.errors import SourceUnavailable

ORDERS = Place("orders", 0)
SAMPLE = Sample(1, "c", {ORDERS: Reach("t", 0, 6, 6)}, {("billing", ORDERS): 5}, {}, {})


class Played:
    """A broker whose answers are given; an exception is raised."""

    def __init__(self, *answers: Sample | Exception) -> None:
        self.answers = list(answers)
        self.looks = 0
        self.closed = False

    def sample(self) -> Sample:
        """Give the next answer, the last one for ever."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def look(self, sample: Sample, places: Iterable[Place], within: int) -> dict[Place, int]:
        """Find a marker at the end."""
        self.looks += 1
        return dict.fromkeys(places, 5)

    def close(self) -> None:
        """Note it."""
        self.closed = True


def nothing(change: Callable[[Any], None]) -> None:
    """Store nothing."""


def test_a_broker_that_does_not_answer_at_the_start() -> None:
    """Is said with what was tried."""

    def connect() -> Played:
        raise TimeoutError("Unable to bootstrap")

    with pytest.raises(SourceUnavailable, match=r"tried nowhere:9092 \(TimeoutError: Unable to bootstrap\)"):
        BrokerWatcher("nowhere:9092", connect, nothing).check()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KafkaTimeoutError("Unable to bootstrap"), "(KafkaTimeoutError: Unable to bootstrap)"),
        (KafkaTimeoutError(KafkaTimeoutError("inner")), "(KafkaTimeoutError: inner)"),
        (KafkaTimeoutError(), "(KafkaTimeoutError)"),
        (UnknownTopicOrPartitionError("orders"), "(UnknownTopicOrPartitionError: orders)"),
        (UnknownTopicOrPartitionError(), "(UnknownTopicOrPartitionError)"),
        (OSError("TimeoutError: of another"), "(OSError: TimeoutError: of another)"),
    ],
)
def test_an_error_names_its_class_once(error: Exception, said: str) -> None:
    """Whether or not the client's text begins with it."""
    with pytest.raises(SourceUnavailable) as caught:
        BrokerWatcher("b:9092", lambda: Played(error), nothing).check()
    assert said in str(caught.value)


def test_a_broker_that_fails_later_is_asked_again() -> None:
    """The status says so meanwhile; a new connection is made."""
    brokers = [Played(SAMPLE, OSError("gone")), Played(replace(SAMPLE, at_ns=2))]
    made = list(brokers)
    watcher = BrokerWatcher("b:9092", lambda: made.pop(0), nothing)
    watcher.check()
    assert watcher.status()["state"] == "watching"
    with pytest.raises(SourceUnavailable):
        watcher.check()
    assert brokers[0].closed
    watcher.check()
    assert watcher.status()["sampled_at"] == "1970-01-01T00:00:00.000000002Z"


def test_the_thread_survives_failures() -> None:
    """And stops when told to."""
    seen = threading.Event()
    broker = Played(OSError("not yet"))

    def store(change: Callable[[Any], None]) -> None:
        seen.set()

    watcher = BrokerWatcher("b:9092", lambda: broker, store, every_s=0.01)
    watcher.start()
    while not watcher.status()["failures"]:
        threading.Event().wait(0.01)
    assert watcher.status()["state"] == "not answering"
    assert watcher.status()["error"] == "OSError: not yet"
    broker.answers = [SAMPLE]
    assert seen.wait(10)
    watcher.stop()
    assert broker.closed


def test_a_marker_is_looked_for_once() -> None:
    """As long as nothing changes, one look is enough."""
    broker = Played(SAMPLE)
    watcher = BrokerWatcher("b:9092", lambda: broker, nothing)
    for _ in range(5):
        watcher.check()
    assert broker.looks == 1


def test_a_sample_that_could_not_be_stored_is_written_again() -> None:
    """What was not stored is not known: the next sample is compared with the one before."""
    stored: list[Callable[[Any], None]] = []

    def store(change: Callable[[Any], None]) -> None:
        if not stored:
            stored.append(change)
            raise SourceUnavailable("disk full")
        stored.append(change)

    watcher = BrokerWatcher("b:9092", lambda: Played(SAMPLE), store)
    with pytest.raises(SourceUnavailable, match="disk full"):
        watcher.check()
    assert watcher.status()["sampled_at"] is None
    watcher.check()
    assert watcher.status()["sampled_at"] is not None
