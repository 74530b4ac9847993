"""What a verdict has to be: the form in which the truth is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.simulator.facts import Place

ERRORS = (
    "publish-failed", "ghost-publish", "offset-conflict", "lost", "skipped", "resend", "redelivery", "log-reorder",
    "delivery-reorder", "completion-reorder", "causal-inversion", "unfinished", "failed", "dead-lettered",
    "missing-consumer", "loop",
)  # fmt: skip
KINDS = (
    *ERRORS, "publish-in-doubt", "republish", "replay", "content-duplicate", "committed-before-processed",
    "unread-destination", "storm", "schema-change", "telemetry-gap", "clock-skew",
)  # fmt: skip
"""The catalogue of findings."""

ERROR, WARNING, INFO = frozenset({"error"}), frozenset({"warning"}), frozenset({"info"})


@dataclass(frozen=True)
class Expected:
    """A finding that is true."""

    kind: str
    severities: frozenset[str]
    """The severities that are right; more than one where the evidence does not decide."""
    destination: str | None
    offsets: frozenset[int] = frozenset()
    group: str | None = None
    events: frozenset[str] = frozenset()
    must: bool = True
    """False where it is true, yet telemetry, though complete, does not prove it."""
    why: str = ""

    @property
    def names(self) -> tuple[object, ...]:
        """Return by what it is recognised."""
        return self.kind, self.destination, self.group, self.offsets


class Subject(NamedTuple):
    """What is asked about: an event by its id, or, where no span tells one, by the record at which it stands."""

    event: str
    destination: str
    place: Place | None = None


@dataclass
class Answers:
    """What must be answered about one event on one destination: of each question the answers that are right."""

    published: frozenset[str]
    consumed: dict[str, frozenset[str]] = field(default_factory=dict)
    duplicated: frozenset[str] = frozenset()
    reordered: frozenset[str] = frozenset()
    partly: dict[str, frozenset[str]] = field(default_factory=dict)
    """What is right of some of its records, where telemetry does not tell of all."""
    optional: frozenset[str] = frozenset()
    """Groups of which a line may be missing."""
    silent: bool = False
    """Nothing is duplicated or reordered, and nobody can say so: other instrumentations do not tell all."""


@dataclass
class Truth:
    """All that must be said of a world."""

    findings: list[Expected]
    answers: dict[Subject, Answers]
