"""The relations over some dozen spans, in SQLite: what answers a question about single events.

For so few rows DuckDB spends nearly all its time on planning: 300 ms for the relations of one event, be it ten spans or
a thousand. SQLite plans a statement once and keeps it. Both run the same definitions: `translated.sql` is made from
`sql/*.sql` by scripts/translate.py, and tests hold the two engines to equal rows.

In here ids are hex text, lists are JSON, booleans are 0 and 1; `rows` turns them into what DuckDB gives.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.relations import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flowtrail_collector.questions.scope import Row

Table = tuple["Sequence[str]", "Sequence[Sequence[Any]]"]
"""Columns and rows."""
Loaded = dict[str, Table]
"""Tables by name."""

LOADED = (
    "span_rows",
    "link_rows",
    "ledger_rows",
    "declared",
    "hiding",
    "as_of",
    "stretches",
    "committed_positions",
    "log_starts",
    "topic_policies",
    "sampled_owners",
    "sampled_resets",
    "holes",
    "clock_steps",
    "clock_deltas",
)
"""What a narrow scope is given; everything else is built from it."""

MOST_NARROW = 1_500
"""Spans up to which SQLite is faster than DuckDB; see docs/architecture.md."""

_INDEXES = (
    ("grp", "log", "offset"),
    ("grp", "log", "position"),
    ("log", "offset"),
    ("event", "destination"),
    ("event_id",),
    ("trace_id", "span_id"),
    ("ref",),
    ("who",),
)
"""Relations that have these columns are looked up by them; without an index SQLite would build one for every join."""


def _list(text: str) -> list[Any]:
    return list(json.loads(text))


def _on_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a list one of JSON; null in, null out."""

    def called(text: str | None, *more: Any) -> Any:
        if text is None:
            return None
        result = function(_list(text), *more)
        return json.dumps(result) if isinstance(result, list) else result

    return called


def _flat(lists: Iterable[str | list[Any] | None]) -> list[Any]:
    return [value for one in lists if one is not None for value in (_list(one) if isinstance(one, str) else one)]


def _integer(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _part(text: str | None, separator: str, place: int) -> str | None:
    if text is None:
        return None
    parts = text.split(separator)
    return parts[place - 1] if place <= len(parts) else ""


FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "array_to_string": (2, _on_list(lambda values, between: between.join(str(value) for value in values))),
    "flatten": (1, _on_list(_flat)),
    "greatest": (-1, lambda *values: max((value for value in values if value is not None), default=None)),
    "least": (-1, lambda *values: min((value for value in values if value is not None), default=None)),
    "list_concat": (-1, lambda *lists: json.dumps(_flat(lists))),
    "list_contains": (2, _on_list(lambda values, wanted: wanted in values)),
    "list_distinct": (1, _on_list(lambda values: [v for v in dict.fromkeys(values) if v is not None])),
    "list_extract": (2, _on_list(lambda values, place: values[place - 1] if place <= len(values) else None)),
    "list_present": (1, _on_list(lambda values: [value for value in values if value is not None])),
    "list_sort": (1, _on_list(lambda values: sorted(values, key=lambda value: (value is None, value)))),
    "regexp_full_match": (2, lambda text, pattern: None if text is None else re.fullmatch(pattern, text) is not None),
    "regexp_matches": (2, lambda text, pattern: None if text is None else re.search(pattern, text) is not None),
    "split_part": (3, _part),
    "string_split": (2, lambda text, separator: None if text is None else json.dumps(text.split(separator))),
    "to_integer": (1, _integer),
}
"""What SQLite lacks: DuckDB's name, how many arguments, what it does."""


class Series:
    """`generate_series`, for the offsets that the question looks at.

    Of the five hundred records of a poll only those near the event matter, and the two ends: how far the group came.
    """

    def __init__(self) -> None:
        self._looked_at: list[tuple[int, int]] = []

    def look_at(self, stretches: Table, spans: Table) -> None:
        """Take from now on only the ends, the offsets in these stretches, and those that spans were told of singly.

        In whichever partition: what is too much costs time and changes nothing.
        """
        columns, rows = stretches
        low, high = columns.index("low"), columns.index("high")
        of_span, last = spans[0].index("offset"), spans[0].index("offset_last")
        single = {row[of_span] for row in spans[1] if row[of_span] is not None and row[last] is None}
        self._looked_at = _joined([*((row[low], row[high]) for row in rows), *((at, at) for at in single)])

    def __call__(self, first: int, last: int) -> str:
        """Return the offsets as JSON."""
        offsets = {first, last}
        for low, high in self._looked_at:
            offsets.update(range(max(first, low), min(last, high) + 1))
        return json.dumps(sorted(offsets))


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


class _Extreme:
    """arg_min and arg_max: the value beside the least or greatest key; rows with a null are passed over."""

    sign = 1

    def __init__(self) -> None:
        self._best: tuple[Any, Any] | None = None

    def step(self, value: Any, key: Any) -> None:
        """Take a row in."""
        if value is None or key is None:
            return
        if self._best is None or (key < self._best[0] if self.sign > 0 else key > self._best[0]):
            self._best = (key, value)

    def finalize(self) -> Any:
        """Return the value."""
        return self._best[1] if self._best else None


class _ArgMax(_Extreme):
    sign = -1


AGGREGATES: Mapping[str, Any] = {"arg_min": _Extreme, "arg_max": _ArgMax}

DECODED: Mapping[str, Callable[[Any], Any]] = {
    "BLOB": bytes.fromhex,
    "BLOB[]": lambda text: [value and bytes.fromhex(value) for value in _list(text)],
    "VARCHAR[]": _list,
    "BIGINT[]": _list,
    "BOOLEAN": bool,
}
"""DuckDB's types that SQLite keeps in another form, and how a value is turned back."""


class Relation:
    """One relation as translated.sql tells it: its columns with DuckDB's types, and its SELECT."""

    def __init__(self, text: str) -> None:
        head, told, self.sql = text.split("\n", 2)
        self.name = head.removeprefix("-- relation: ").strip()
        pairs = [column.split(" ", 1) for column in told.removeprefix("-- columns: ").split(", ")]
        self.columns: dict[str, str] = dict(pairs)


@cache
def relations() -> dict[str, Relation]:
    """Return every relation by its name."""
    text = files(__package__).joinpath("translated.sql").read_text(encoding="utf-8")
    found = [Relation("-- relation: " + part) for part in text.split("-- relation: ")[1:]]
    return {relation.name: relation for relation in found}


@cache
def _decoders() -> dict[str, Callable[[Any], Any]]:
    """Return how the values of a column are turned into DuckDB's; a name has one type wherever it stands."""
    found: dict[str, Callable[[Any], Any]] = {}
    for relation in relations().values():
        for name, kind in relation.columns.items():
            if kind in DECODED:
                found[name] = DECODED[kind]
    return found


class NarrowScope:
    """The relations over spans that were gathered; `open_scope` makes one."""

    cut = False
    """Whether a causal chain, or what is like an event, goes on beyond what was gathered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._built: set[str] = set()

    def build(self, *names: str) -> None:
        """Build the relations named and all they read."""
        for name in needed(names):
            if name in self._built or name in LOADED:
                continue
            self._built.add(name)
            self._connection.execute(_insert(name))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query over built relations as dicts; bytes among the values bound are ids."""
        bound = [value.hex() if isinstance(value, bytes) else value for value in parameters]
        cursor = self._connection.execute(sql, bound)
        names = [column[0] for column in cursor.description]
        decoders = _decoders()
        columns = [(name, decoders.get(name)) for name in names]
        return [
            {
                name: decode(value) if decode is not None and value is not None else value
                for (name, decode), value in zip(columns, row, strict=True)
            }
            for row in cursor
        ]

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over built relations as they are read."""
        yield from self._connection.execute(sql, parameters)


@contextmanager
def open_scope(loaded: Loaded) -> Iterator[NarrowScope]:
    """Offer the relations over what was loaded: for every name of LOADED its columns and rows, as DuckDB gave them."""
    engine = _take()
    connection = engine.connection
    engine.series.look_at(loaded["stretches"], loaded["span_rows"])
    try:
        connection.execute("BEGIN")
        for name, (columns, rows) in loaded.items():
            if rows:
                marks = ", ".join("?" * len(columns))
                connection.executemany(
                    f"INSERT INTO {name} ({quoted(columns)}) VALUES ({marks})",
                    [[value.hex() if isinstance(value, bytes) else value for value in row] for row in rows],
                )
        yield NarrowScope(connection)
    finally:
        # Nothing is kept: the tables are empty again for the next question.
        connection.execute("ROLLBACK")
        _IDLE.append(engine)


@dataclass(frozen=True, slots=True)
class _Engine:
    """A connection whose tables and statements are ready."""

    connection: sqlite3.Connection
    series: Series


_IDLE: list[_Engine] = []
"""List operations are atomic, so threads may share it."""

_TABLES: Mapping[str, str] = {
    "span_rows": "*evidence, name, conflicting",
    "link_rows": "trace_id, span_id, linked_trace_id, linked_span_id, destination, partition, offset, message_id, "
    "correlation_id, message_key",
    "ledger_rows": "service, instance, host, system, cluster_id, destination, consumer_group, operation, closing, "
    "spans, numbered, last_number, dropped, dropped_links, first_ns, last_ns, told_sampling, stand_for",
}


def table_columns(name: str) -> list[str]:
    """Return the columns of a stored table that relations read."""
    return [
        column
        for part in _TABLES[name].split(", ")
        for column in (relations()["evidence"].columns if part == "*evidence" else [part])
    ]


@cache
def _insert(name: str) -> str:
    return f'INSERT INTO "{name}"\n{relations()[name].sql}'


def quoted(columns: Iterable[str]) -> str:
    """Write names of columns as SQL."""
    return ", ".join(f'"{column}"' for column in columns)


def _take() -> _Engine:
    try:
        return _IDLE.pop()
    except IndexError:
        return _made()


def _made() -> _Engine:
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, cached_statements=512)
    for name, (arity, function) in FUNCTIONS.items():
        connection.create_function(name, arity, function, deterministic=True)
    series = Series()
    connection.create_function("generate_series", 2, series)
    for name, aggregate in AGGREGATES.items():
        connection.create_aggregate(name, 2, aggregate)
    tables = {name: table_columns(name) for name in _TABLES}
    tables |= {name: list(relation.columns) for name, relation in relations().items()}
    for name, columns in tables.items():
        connection.execute(f'CREATE TABLE "{name}" ({quoted(columns)})')
        for place, index in enumerate(_INDEXES):
            if set(index) <= set(columns):
                connection.execute(f'CREATE INDEX "{name} {place}" ON "{name}" ({quoted(index)})')
    return _Engine(connection, series)
