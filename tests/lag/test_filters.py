"""Filters: the grammar, its meaning on rows and in SQL, and what is said of a slip."""

import re
from collections.abc import Mapping

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.errors import UsageError
from flowtrail_collector.filters import Filter, Pattern, Term, parse_filter
from flowtrail_collector.questions import relations
from flowtrail_collector.window import Window
from flowtrail_tui.model import words

ROW = {
    "destination": "orders.created",
    "group": "billing",
    "verdict": "ok",
    "partition": 3,
    "message_ids": ["a1", "b2"],
    "key": None,
    "summary": "Handled Twice, 50% of it",
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("topic:orders.*", True),
        ("destination:orders", False),
        ("topic:*created group:billing", True),
        ("group:ledger,billing", True),
        ("group:!ledger,audit", True),
        ("!group:billing", False),
        ("verdict:OK", True),
        ("status:!ok", False),
        ("group:Billing", False),
        ("partition:3", True),
        ("partition:33", False),
        ("id:b2", True),
        ("id:!a1", False),
        ("key:*", False),
        ("key:!x", True),
        ("twice", True),
        ("!twice", False),
        ('"handled twice"', True),
        ("50%", True),
        ("h_ndled", False),
        ("handled*twice", True),
        ('topic:"orders.*"', False),
        ("producer:*", False),
        ("since:15m", True),
    ],
)
def test_what_passes(text: str, passes: bool) -> None:
    """Keys, globs, alternatives, negation, quotes and free text on a row of an answer."""
    assert parse_filter(text).matches(ROW) is passes


def test_the_example_of_the_manual() -> None:
    """The documented line parses to its terms."""
    parsed = parse_filter("topic:orders.* group:billing verdict:!ok since:15m text")
    assert parsed == Filter(
        (
            Term("destination", (Pattern(("orders.", "")),)),
            Term("group", (Pattern(("billing",)),)),
            Term("verdict", (Pattern(("ok",)),), negated=True),
            Term("text", (Pattern(("", "text", "")),)),
        ),
        since="15m",
    )
    assert parsed.text == '"text"'


def test_the_shells_words_are_one_filter() -> None:
    """A command hands its arguments over as they are."""
    assert parse_filter(["topic:a", "group:b"]) == parse_filter("topic:a group:b")


def test_a_filter_may_hold_the_window() -> None:
    """`since:` and `until:` replace the ends of the asked window."""
    asked = Window(5, None)
    assert parse_filter("since:10ns").window(asked, 100) == Window(90, None)
    assert parse_filter("until:10ns").window(asked, 100) == Window(5, 90)
    assert parse_filter('since:"1970-01-01T00:00:00Z"').window(asked, 100) == Window(0, None)
    assert parse_filter("since:1970-01-01T00:00:00Z").window(asked, 100) == Window(0, None)
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_filter("since:10ns until:20ns").window(asked, 100)


def test_every_word_that_is_said_can_be_asked_for() -> None:
    """Each verdict, status and kind that screens have a glyph for, or that a finding is named by, is a known word."""
    for word in (*words._KNOWN, *words._KNOWN_LAG):
        if word not in ("yes", "no"):
            parse_filter(f"verdict:{word}")
    kinds = [kind for name in relations.FINDINGS for kind in re.findall(r"'([a-z-]+)' AS kind", relations.sql_of(name))]
    assert len(kinds) > 10
    for kind in kinds:
        parse_filter(f"kind:{kind}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tpic:orders", "character 1: unknown key 'tpic'; did you mean 'topic'?"),
        ("group:a sverity:error", "character 9: unknown key 'sverity'; did you mean 'severity'?"),
        ("orders:3:1042", "Text with a colon stands in quotes"),
        ("group:", "character 7: a value is missing"),
        ("group:a,", "character 9: a value is missing"),
        ("group:a !", "character 10: a value is missing"),
        ('group:"a', "character 7: this quote is never closed"),
        ("!group:!a", "negated twice"),
        ("partition:x", "character 11: partition: expected a number"),
        ("severity:eror", "character 10: no such severity 'eror'; did you mean 'error'?"),
        ("group:a verdict:!okk", "character 18: no such verdict 'okk'; did you mean 'ok'?"),
        ("kind:redeliver", "did you mean 'redelivery'?"),
        ("kind:lost,x*", "character 11: no such kind 'x*'; expected one of publish-failed,"),
        ("since:15", "did you mean 15m?"),
        ("since:1h since:2h", "character 10: since is given once"),
        ("!since:1h", "not negated"),
    ],
)
def test_a_slip_is_named_with_its_place(text: str, said: str) -> None:
    """The character, what was wrong there, and the nearest right key."""
    with pytest.raises(UsageError) as wrong:
        parse_filter(text)
    assert said in str(wrong.value)


def test_a_question_names_what_it_can_be_filtered_by() -> None:
    """A field that the question does not have is an error, not an empty answer."""
    with pytest.raises(UsageError, match=r"lag has no kind to filter by; it has destination, group and free text"):
        parse_filter("kind:lost").require(("destination", "group"), "lag")


def test_values_never_become_sql() -> None:
    """Whatever stands in a filter is bound."""
    sql, values = parse_filter('group:"x\' OR 1=1 --"').sql({"group": "consumer_group"})
    assert "1=1" not in sql
    assert values == ["x' OR 1=1 --"]


LETTERS = st.sampled_from('abAB%_\\".*!:, ')
VALUES = st.text(LETTERS, max_size=6)
ROWS = st.fixed_dictionaries({"destination": st.none() | VALUES, "group": VALUES, "system": VALUES})


def quoted(text: str) -> str:
    """Write any text so that the grammar takes it literally."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


TERMS = st.builds(
    lambda key, sign, values: f"{key}{sign}{','.join(values)}",
    st.sampled_from(["destination:", "group:", "system:"]),
    st.sampled_from(["", "!"]),
    st.lists(st.builds(lambda a, b, c: a + b + c, VALUES.map(quoted), st.sampled_from(["", "*"]), VALUES.map(quoted)))
    .filter(bool)
    .map(lambda values: values[:3]),
)
WORDS = st.builds(lambda sign, text: sign + quoted(text), st.sampled_from(["", "!"]), VALUES)
FILTERS = st.lists(TERMS | WORDS, max_size=3).map(" ".join)


@given(FILTERS, st.lists(ROWS, min_size=1, max_size=5))
def test_sql_means_what_rows_mean(text: str, rows: list[Mapping[str, str | None]]) -> None:
    """The condition selects in DuckDB exactly the rows that match here."""
    parsed = parse_filter(text)
    condition, values = parsed.sql({name: name for name in ("destination", "group", "system")} | {"group": '"group"'})
    table = ", ".join("(?, ?, ?, ?)" for _ in rows)
    given_rows = [x for n, row in enumerate(rows) for x in (n, row["destination"], row["group"], row["system"])]
    found = duckdb.execute(
        f'SELECT n FROM (VALUES {table}) AS t(n, destination, "group", system) WHERE {condition} ORDER BY n',
        [*given_rows, *values],
    ).fetchall()
    assert [number for (number,) in found] == [number for number, row in enumerate(rows) if parsed.matches(row)]


@given(FILTERS)
def test_a_filter_written_out_is_the_same_filter(text: str) -> None:
    """The canonical spelling parses to an equal filter."""
    parsed = parse_filter(text)
    assert parse_filter(str(parsed)) == parsed


@given(st.text(max_size=30) | st.text(LETTERS, max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is a filter or a usage error."""
    try:
        parsed = parse_filter(text)
    except UsageError as wrong:
        said = str(wrong)
    else:
        said = ""
        parsed.matches(ROW)
    assert not said or said.startswith("filter, character")
