"""One definition, two engines: SQLite's rows are DuckDB's, and what a narrow question looks at is enough."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.importing import import_files
from flowtrail_collector.questions import around
from flowtrail_collector.questions.ask import answer
from flowtrail_collector.questions.asked import readings
from flowtrail_collector.questions.loading import load
from flowtrail_collector.questions.narrow import LOADED, open_scope, quoted, relations, table_columns
from flowtrail_collector.questions.relations import FINDINGS, RELATIONS
from flowtrail_collector.questions.scope import WideScope
from flowtrail_collector.questions.seeds import seeds_of
from flowtrail_collector.store import Store, declaring
from scripts import translate
from tests.questions.history import otlp
from tests.questions.picking import assert_picking_is_enough
from tests.questions.worlds import TOPIC, Chains, World, lossy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_collector.declarations import Declarations
    from flowtrail_collector.questions.scope import Row, Scope
    from tests.questions.history import Span

WORLDS = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GROUPS = parse_configuration(f'[expect]\n{TOPIC} = ["payment", "audit"]\n[destinations]\nretry = ["nowhere"]\n')
RULES = parse_configuration(
    '[order]\nrules = ["OrderPaid after OrderPlaced by key", "OrderPaid after OrderPlaced by flow"]\n'
)
BUILT = tuple(name for name in RELATIONS if name != "spans")
TABLES = ("span_rows", "link_rows", "resource_rows", "request_rows", "ledger_rows", "number_rows", "clock_rows")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Store]:
    """Return what stores spans in one store, emptied before."""
    folder = tmp_path_factory.mktemp("narrow")
    path, lines = folder / "store.duckdb", folder / "spans.jsonl"
    Store.open(path).close()

    def tell(spans: Sequence[Span], declared: Declarations = (*GROUPS, *RULES)) -> Store:
        connection = duckdb.connect(str(path))
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
        connection.close()
        lines.write_text(json.dumps(otlp(spans)) + "\n")
        store = Store.open(path)
        import_files([lines], store)
        store.write(lambda connection: declaring.keep(connection, declared))
        return store

    return tell


def _everything(connection: duckdb.DuckDBPyConnection) -> Any:
    """Open a narrow scope over all that is stored."""
    rows = connection.execute(f"SELECT {quoted(table_columns('span_rows'))} FROM span_rows").fetchall()
    return open_scope(load(connection, rows))


def _all_rows(scope: Scope) -> dict[str, list[str]]:
    scope.build(*BUILT)
    return {name: sorted(map(_comparable, scope.rows(f'SELECT * FROM "{name}"'))) for name in BUILT}


def _comparable(row: Row) -> str:
    """Write a row so that equal rows are equal texts; a log's number is only a name within its scope."""
    return repr(sorted((name, value) for name, value in row.items() if name != "log"))


def test_the_translation_is_what_the_definitions_say() -> None:
    """translated.sql is written anew whenever a definition changes."""
    assert translate.written() == translate.TARGET.read_text(encoding="utf-8")


def test_everything_that_verdicts_read_is_translated() -> None:
    """Every relation is there in both engines, with the columns that DuckDB gives it."""
    assert set(relations()) == set(BUILT)
    assert set(LOADED) - {"span_rows", "link_rows", "ledger_rows"} <= set(BUILT)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list_transform(x, lambda y: y + 1) AS z FROM t",
        "SELECT last_value(x IGNORE NULLS) OVER (ORDER BY y) AS z FROM t",
        "SELECT * EXCLUDE (x) FROM t",
        "SELECT strftime(x, '%Y') AS z FROM t",
    ],
)
def test_what_has_no_translation_is_refused(sql: str) -> None:
    """A construct that the translation does not know is an error, never a guess."""
    with pytest.raises((translate.UntranslatedError, translate.sqlglot.errors.SqlglotError)):
        translate.translated(sql)


@settings(WORLDS, max_examples=12)
@given(seed=st.integers(0, 100_000), steps=st.integers(5, 80))
def test_both_engines_give_equal_rows(told: Callable[..., Store], seed: int, steps: int) -> None:
    """Every relation over any history has the same rows in SQLite as in DuckDB."""

    def compare(connection: duckdb.DuckDBPyConnection) -> None:
        wide = _all_rows(WideScope(connection))
        with _everything(connection) as scope:
            narrow = _all_rows(scope)
        for name in BUILT:
            assert narrow[name] == wide[name], name

    world = World(seed, steps).spans
    for spans in (world, Chains(seed, steps).spans, lossy(world, seed)):
        with told(spans) as store:
            store.read(compare)


@settings(WORLDS, max_examples=8)
@given(seed=st.integers(0, 100_000), steps=st.integers(20, 100))
def test_the_whole_chain_is_gathered_around_an_event(
    told: Callable[[Sequence[Span]], Store], seed: int, steps: int
) -> None:
    """Storms, loops, changed schemas and equal contents are found from one event as from every span stored."""

    def compare(connection: duckdb.DuckDBPyConnection) -> None:
        with _everything(connection) as scope:
            scope.build("places")
            places = scope.rows('SELECT destination, "partition", "offset" FROM places ORDER BY destination, "offset"')
        for place in places[:: max(1, len(places) // 5)]:
            what = f"{place['destination']}:{place['partition']}:{place['offset']}"
            (reading, *_) = readings(what)
            with _everything(connection) as scope:
                expected = answer(scope, reading)
            with around.scope_around(connection, seeds_of(connection, reading)) as scope:
                assert not scope.cut
                found = answer(scope, reading)
            assert found["events"] == expected["events"], what

    with told(Chains(seed, steps).spans) as store:
        store.read(compare)


@WORLDS
@given(
    seed=st.integers(0, 100_000),
    steps=st.integers(40, 200),
    neighbours=st.integers(0, 3),
    ruled=st.booleans(),
    gaps=st.booleans(),
)
def test_what_is_gathered_around_an_event_is_enough(
    told: Callable[..., Store], seed: int, steps: int, neighbours: int, ruled: bool, gaps: bool
) -> None:
    """The answer from the spans around an event is the answer from every span stored."""

    def compare(connection: duckdb.DuckDBPyConnection) -> None:
        with _everything(connection) as scope:
            scope.build("places", *FINDINGS)
            places = scope.rows('SELECT "partition", "offset" FROM places ORDER BY "partition", "offset"')
        for place in places[:: max(1, len(places) // 12)]:
            what = f"{TOPIC}:{place['partition']}:{place['offset']}"
            (reading, *_) = readings(what)
            with _everything(connection) as scope:
                expected = answer(scope, reading)
            with around.scope_around(connection, seeds_of(connection, reading)) as scope:
                found = answer(scope, reading)
            assert found["events"] == expected["events"], what

    # A rule that joins every other event gathers nearly all of them: what is gathered without shows more.
    declared = (*GROUPS, *RULES) if ruled else GROUPS
    spans = World(seed, steps).spans
    with pytest.MonkeyPatch.context() as patch, told(lossy(spans, seed) if gaps else spans, declared) as store:
        patch.setattr(around, "NEIGHBOURS", neighbours)
        store.read(compare)


@settings(WORLDS, max_examples=8)
@given(
    world=st.sampled_from([World, Chains]), seed=st.integers(0, 100_000), steps=st.integers(20, 150),
    wide=st.booleans(), ruled=st.booleans(), gaps=st.booleans(),
)  # fmt: skip
def test_what_is_found_around_the_suspects_is_all_there_is_to_find(
    told: Callable[..., Store], world: type[World | Chains], seed: int, steps: int, wide: bool, ruled: bool, gaps: bool
) -> None:
    """Judging the events that could be findings of some kind finds what judging every event finds."""
    spans = world(seed, steps).spans
    declared = (*GROUPS, *RULES) if ruled else GROUPS
    with told(lossy(spans, seed) if gaps else spans, declared) as store:
        store.read(lambda connection: assert_picking_is_enough(connection, wide=wide))
