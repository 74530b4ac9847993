"""A world's script: what it is made of and what happens in it, step by step, drawn from a seed.

A step is a word and some dice. The dice are cast when the script is drawn and looked at when it is played, against
whatever stands then, so any step may be left out and the rest still plays: that is how a world shrinks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

SWITCHED_OFF: dict[str, str] = {
    "overtake-twice": "log-reorder is claimed though a first copy may stand below the lowest offset that is known",
}
"""Features that no world has for now, each with the reason: a known difference between the product and verdicts.md.

`--with FEATURE` switches one on again.
"""

SWITCHED_OFF_INCOMPLETE: dict[str, str] = {}
"""The same for worlds whose telemetry is incomplete."""

FEATURES: dict[str, float] = {
    "failing": 0.35,
    "sent-again": 0.6,
    "in-doubt": 0.3,
    "ghost": 0.15,
    "ghost-unread": 0.5,
    "resend": 0.25,
    "log-reorder": 0.2,
    "overtake-twice": 0.5,
    "republish": 0.25,
    "republish-elsewhere": 0.5,
    "same-id-elsewhere": 0.1,
    "transactions": 0.2,
    "conflict": 0.06,
    "handler-fails": 0.45,
    "silent": 0.3,
    "concurrent": 0.3,
    "retry-in-place": 0.15,
    "retry-topics": 0.3,
    "early-commit": 0.25,
    "refused-commit": 0.2,
    "seek": 0.3,
    "outside-reset": 0.15,
    "leap": 0.15,
    "odd-order": 0.15,
    "crash": 0.3,
    "evict": 0.2,
    "compaction": 0.15,
    "retention": 0.15,
    "causes": 0.4,
    "loop": 0.08,
    "two-services": 0.6,
    "uninstrumented": 0.2,
    "latest": 0.3,
    "skew": 0.5,
    "kept-member": 0.5,
    "clock-step": 0.15,
    "watched": 0.4,
    "iterate": 0.4,
    "digests": 0.2,
    "schemas": 0.2,
    "typed": 0.6,
    "storm": 0.03,
    "cooperative": 0.25,
    "static": 0.2,
    "manual": 0.12,
    "foreign": 0.3,
    "foreign-shop": 0.4,
    "foreign-office": 0.4,
    "foreign-payment": 0.5,
    "foreign-audit": 0.5,
    "own-ids": 0.7,
    "captured-headers": 0.5,
    "says-sampled": 0.3,
}
"""What may happen in a world, and the share of worlds in which it does."""

_WEIGHTS: dict[str, tuple[float, str | None]] = {
    "send": (14, None),
    "poll": (14, None),
    "work": (24, None),
    "commit": (7, None),
    "rebalance": (1.5, None),
    "restart": (1, None),
    "fail_to_send": (2, "failing"),
    "doubt": (2, "in-doubt"),
    "ghost": (2, "ghost"),
    "resend": (2, "resend"),
    "overtake": (2.5, "log-reorder"),
    "republish": (2, "republish"),
    "elsewhere": (2, "same-id-elsewhere"),
    "transaction": (3, "transactions"),
    "conflict": (2, "conflict"),
    "seek": (2, "seek"),
    "outside_reset": (1.5, "outside-reset"),
    "leap": (2, "leap"),
    "odd_poll": (2.5, "odd-order"),
    "crash": (1.5, "crash"),
    "evict": (1.5, "evict"),
    "back": (2, "evict"),
    "refused_commit": (2, "refused-commit"),
    "compact": (1.5, "compaction"),
    "retain": (1.5, "retention"),
    "step_clock": (1.5, "clock-step"),
    "loop": (1, "loop"),
    "sample": (2, "watched"),
    "same_content": (2.5, "digests"),
    "new_schema": (3, "schemas"),
    "storm": (1, "storm"),
}


@dataclass(frozen=True)
class Step:
    """One thing to happen: a word, and dice between 0 and 1."""

    name: str
    dice: tuple[float, ...]


@dataclass(frozen=True)
class Script:
    """A whole world: its features, its shape, and its steps."""

    seed: int
    features: frozenset[str]
    partitions: int
    steps: tuple[Step, ...] = field(default=())
    incomplete: bool = False
    """Whether telemetry is lost."""

    def without(self, first: int, count: int) -> Script:
        """Return the script without some of its steps."""
        return replace(self, steps=self.steps[:first] + self.steps[first + count :])

    def lacking(self, feature: str) -> Script:
        """Return the script without a feature."""
        return replace(self, features=self.features - {feature})


def draw(
    seed: int, *, incomplete: bool = False, least: int = 25, most: int = 70, also: frozenset[str] = frozenset()
) -> Script:
    """Draw the script of a seed; `also` names features that are switched off and shall be in all the same."""
    chance = random.Random(f"script {seed}")  # noqa: S311 a seeded world
    drawn = {name for name, share in FEATURES.items() if chance.random() < share}
    off = SWITCHED_OFF.keys() | (SWITCHED_OFF_INCOMPLETE.keys() if incomplete else set())
    features = frozenset(drawn - (off - also))
    words = {name: weight for name, (weight, needs) in _WEIGHTS.items() if needs is None or needs in features}
    if "ghost" in features and "ghost-unread" not in features:
        features -= {"uninstrumented"}
    count = chance.randint(least, most)
    happening = ["join", "join", *chance.choices(list(words), list(words.values()), k=count)]
    if chance.random() < 0.5 or ("ghost" in features and "ghost-unread" not in features):
        happening.append("drain")
    if chance.random() < 0.5:
        happening.append("leave")
    if chance.random() < 0.3:
        happening.append("age")
    if "watched" in features:
        happening.append("sample")
    steps = tuple(Step(word, tuple(chance.random() for _ in range(6))) for word in happening)
    return Script(seed, features, chance.choice((1, 1, 2)), steps, incomplete)
