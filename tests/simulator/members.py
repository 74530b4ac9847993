"""What a group of consumers is made of: members, what they hold, and what they have in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.histories.world import Service
    from tests.simulator.facts import Attempt, Life, Log, Turn
    from tests.simulator.foreign import Context
    from tests.simulator.producers import Producer
    from tests.simulator.world import World

SEALED_AFTER_MS = 400
"""How long the tracer waits for more of a range that iteration hands out one by one."""


@dataclass
class Hold:
    """One partition in a member's hands."""

    position: int
    """The next offset to fetch."""
    committed: int
    ownership: int
    sequence: int


@dataclass
class InHand:
    """A processing under way."""

    turn: Turn
    attempt: Attempt
    began: tuple[float, float]
    membership: tuple[str, int | None]
    context: Context | None = None
    """Of a foreign instrumentation: its span."""


@dataclass
class Range:
    """A receive that iteration has not told of yet."""

    log: Log
    offsets: list[int]
    began: tuple[float, float]
    ended_ms: float


class Member:
    """One process in a group."""

    def __init__(self, world: World, group: Group, wire: Service, *, concurrent: bool, iterates: bool) -> None:
        from tests.simulator.producers import Producer

        self.group = group
        self.wire = wire
        self.concurrent = concurrent
        self.iterates = iterates
        self.sender: Producer = Producer(world, wire)
        self.life: Life = world.facts.lives[wire.instance]
        self.life.concurrent = concurrent
        self.holds: dict[Log, Hold] = {}
        self.queue: list[Turn] = []
        self.hand: list[InHand] = []
        self.evicted = False
        self.range: Range | None = None

    @property
    def alive(self) -> bool:
        return self.life.how == "alive"


@dataclass
class Group:
    """A consumer group."""

    name: str
    service: str
    topics: tuple[str, ...]
    latest: bool = False
    instrumented: bool = True
    cooperative: bool = False
    """What stays with its member is neither revoked nor assigned again."""
    manual: bool = False
    """A member assigns all partitions to itself: no generations, nothing to rebalance."""
    members: list[Member] = field(default_factory=list)
    generation: int = 0
    committed: dict[Log, int] = field(default_factory=dict)
    set_from_outside: set[Log] = field(default_factory=set)

    @property
    def living(self) -> list[Member]:
        return [member for member in self.members if member.alive]

    @property
    def present(self) -> list[Member]:
        """The living members that the coordinator knows."""
        return [member for member in self.living if not member.evicted]
