"""What is known close to something unknown, for the person who mistyped or asked too early.

Near is what begins alike. In the order of a column's values the nearest neighbours of a word share most of its
beginning with it, so one look at the least greater and the greatest smaller value tells how long that is: no scan
compares strings letter by letter, and none keeps more than a handful.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.asked import Reading

MOST = 5
LEAST_SHARED = 4
"""So many characters, and half of what was asked, must be shared with it from the beginning."""
_LOOKED_AT = 200
"""Values, repeated ones among them, that are read of those that share most."""
_COLUMNS = {"id": "message_id", "flow": "correlation_id", "key": "message_key"}


def near(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[str, ...]:
    """Return up to five things that are known near a reading, as they could be asked for.

    A word that may be anything is looked for among message ids, correlation ids and keys; a proposal says what it is.
    """
    if reading.place:
        found = _near_record(connection, reading.place)
        return found or (*_near_word(connection, reading.value, tuple(_COLUMNS)), *_destinations(connection))[:MOST]
    kinds = (reading.form,) if reading.form in ("flow", "key") else tuple(_COLUMNS)
    return _near_word(connection, reading.value, kinds)


def beginning_with(connection: duckdb.DuckDBPyConnection, word: str) -> tuple[str, ...]:
    """Return a few message ids, correlation ids and keys that begin with a word, as they could be asked for.

    `key:destination/...` and the other prefixes keep to their kind.
    """
    kind, colon, rest = word.partition(":")
    wanted: tuple[str, ...]
    if colon and kind in _COLUMNS:
        wanted, value = (kind,), rest.rpartition("/")[2] if kind == "key" else rest
    else:
        wanted, value = tuple(_COLUMNS), word
    found: list[str] = []
    for one in wanted:
        values = _beginning_with(connection, _COLUMNS[one], value)
        found += _keys(connection, values) if one == "key" else [f"{one}:{value}" for value in values]
    return tuple(name for name in found if not (colon and kind == "key") or name.startswith(word))


def _near_word(connection: duckdb.DuckDBPyConnection, word: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that share most of their beginning with a word, those that share more first."""
    neighbours = ", ".join(
        f"max({column}) FILTER (WHERE {column} < $word), min({column}) FILTER (WHERE {column} > $word)"
        for column in (_COLUMNS[kind] for kind in kinds)
    )
    row = connection.execute(f"SELECT {neighbours} FROM span_rows", {"word": word}).fetchone() or ()
    shared = {kind: max(_shared(word, value) for value in row[2 * at : 2 * at + 2]) for at, kind in enumerate(kinds)}
    wanted = max(min(LEAST_SHARED, len(word)), len(word) // 2)
    proposals: list[str] = []
    for kind in sorted(kinds, key=lambda kind: -shared[kind]):
        if shared[kind] >= wanted and len(proposals) < MOST:
            values = _beginning_with(connection, _COLUMNS[kind], word[: shared[kind]])
            proposals += _keys(connection, values) if kind == "key" else [f"{kind}:{value}" for value in values]
    return tuple(proposals[:MOST])


def _shared(word: str, value: str | None) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, value or "", strict=False)))


def _beginning_with(connection: duckdb.DuckDBPyConnection, column: str, prefix: str) -> list[str]:
    (values,) = connection.execute(
        f"SELECT min({column}, {_LOOKED_AT}) FROM span_rows WHERE starts_with({column}, $prefix)",
        {"prefix": prefix},
    ).fetchone() or (None,)
    return list(dict.fromkeys(values or ()))[:MOST]


def _keys(connection: duckdb.DuckDBPyConnection, values: list[str]) -> list[str]:
    """Return keys with their destinations."""
    known = connection.execute(
        "SELECT DISTINCT destination, message_key FROM span_rows "
        f"WHERE message_key IN $values AND destination IS NOT NULL ORDER BY message_key, destination LIMIT {MOST}",
        {"values": values},
    ).fetchall()
    return [f"key:{destination}/{key}" for destination, key in known]


def _near_record(connection: duckdb.DuckDBPyConnection, place: tuple[str, int, int]) -> tuple[str, ...]:
    """Return the offsets that are known of a partition, or of the others where it has none."""
    destination, partition, _ = place
    known = connection.execute(
        """
        SELECT "partition", min("offset"), max(coalesce(offset_last, "offset"))
        FROM span_rows WHERE destination = ? AND "offset" IS NOT NULL GROUP BY "partition" ORDER BY "partition"
        """,
        [destination],
    ).fetchall()
    here = [row for row in known if row[0] == partition] or known[:MOST]
    return tuple(f"{destination}:{part}: offsets {low} to {high} are known" for part, low, high in here)


def _destinations(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    names = connection.execute(
        f"SELECT DISTINCT destination FROM span_rows WHERE destination IS NOT NULL ORDER BY destination LIMIT {MOST}"
    ).fetchall()
    return tuple(f"destination {name}" for (name,) in names)
