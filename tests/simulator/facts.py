"""What truly happened in a world: the only thing that the truth is told from.

Everything has an `order`, a number that counts the happenings of the world one by one, whatever any clock said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.histories.world import Sent
    from tests.simulator.foreign import Dialect


class Log(NamedTuple):
    """One partition of a topic; a topic that is deleted and created again has other logs."""

    destination: str
    partition: int
    incarnation: int = 0


class Place(NamedTuple):
    """One record."""

    log: Log
    offset: int


@dataclass
class Send:
    """One send operation of one event."""

    event: str
    destination: str
    key: str | None
    instance: str
    service: str
    seq: int
    order: int
    """When it was sent."""
    cause: str | None = None
    origin: Place | None = None
    origin_group: str | None = None
    transaction: Transaction | None = None
    type: str | None = None
    outcome: str = "in-doubt"
    """What the client learned: acked, failed, in-doubt."""
    log: Log | None = None
    acked: int | None = None
    """The offset that the ack named."""
    appended: list[int] = field(default_factory=list)
    """The offsets at which it truly stands, in the order of the log."""
    appended_order: list[int] = field(default_factory=list)
    acked_order: int | None = None
    timeout_ms: int = 120_000
    start_ms: float = 0.0
    wire: Sent | None = None
    stamped: bool = True
    """The message bears an id."""
    named: bool = True
    """Its span bears the id."""
    cause_told: bool = True
    digest: str | None = None
    """Of its content, where our tracers are set to tell of it."""
    schema: int | None = None
    dialect: Dialect | None = None
    """The foreign instrumentation that told of it; None: ours."""


@dataclass
class Transaction:
    """One transaction of a producer, and how it ended: committed, aborted, or open."""

    id: str
    instance: str
    outcome: str = "open"
    sends: list[Send] = field(default_factory=list)


@dataclass
class Record:
    """What stands at one offset: an event, or a marker of a transaction."""

    place: Place
    send: Send | None
    order: int
    removed: str | None = None
    """`compacted` or `retention`, once it can not be read any more."""
    removed_order: int | None = None
    overwritten: bool = False


@dataclass
class Attempt:
    """One processing of a record."""

    began: int
    ended: int | None = None
    ok: bool | None = None
    host: str | None = None


@dataclass
class Turn:
    """One record handed to one member, once."""

    group: str
    place: Place
    instance: str
    generation: int
    handed: int
    ownership: int
    """Which ownership of the partition, counted over the group."""
    sequence: int
    """Which stretch between assign, seek and reset, counted over the group."""
    attempts: list[Attempt] = field(default_factory=list)
    dropped: bool = False
    """The member let it fall: it will never begin or never end."""


@dataclass
class Move:
    """A position that was set: assign, seek, reset, commit, revoke."""

    group: str
    log: Log
    instance: str
    reason: str
    position: int
    order: int
    ownership: int
    refused: bool = False
    """A commit that the broker did not take."""
    outside: bool = False
    """An assign at a position that someone had set from outside, while the group was empty."""


@dataclass
class Life:
    """One process from its start to its end."""

    instance: str
    service: str
    host: str
    group: str | None
    began: int
    ended: int | None = None
    how: str = "alive"
    """alive, closed or crashed."""
    concurrent: bool = False
    dialect: Dialect | None = None
    """The foreign instrumentation that tells of it; None: ours."""


@dataclass
class LogStart:
    """The beginning of a log that moved on: retention."""

    log: Log
    at: int
    order: int


@dataclass
class Facts:
    """A world's whole truth."""

    sends: list[Send] = field(default_factory=list)
    records: dict[Log, dict[int, Record]] = field(default_factory=dict)
    overwritten: list[Record] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    log_starts: list[LogStart] = field(default_factory=list)
    compacting: set[str] = field(default_factory=set)
    """Destinations that are compacted."""
    broker_watched: bool = False
    sampled: dict[tuple[str, Log], tuple[int, int]] = field(default_factory=dict)
    """The newest position that the broker told of a group: when, and which."""
    as_of_ns: int = 0
    """The newest end that any clock told."""
    last_sign_ns: dict[str, int] = field(default_factory=dict)
    """The newest end that each instance told, by its clock."""
    captured: bool = False
    """Other instrumentations capture headers: they tell the ids of messages that bear one."""
    stepped: bool = False
    """Some clock was set while its processes ran."""
