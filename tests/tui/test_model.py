"""What the screens show, without a screen: figures, words, rows, lag, link, verdicts, lines."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_tui.model import figures as f
from flowtrail_tui.model import lag, lag_lines
from flowtrail_tui.model.bars import Status, footer, rate_of, status_bar
from flowtrail_tui.model.card import card, command
from flowtrail_tui.model.columns import Column, lay_out, measure
from flowtrail_tui.model.flows import FlowRow, Tail, cells, flow_row, preview, read_page, state
from flowtrail_tui.model.link import SECOND, Link
from flowtrail_tui.model.parts import Line, Part, clip_line, fill_line, line, line_width, sides, wrap
from flowtrail_tui.model.verdict import headline
from flowtrail_tui.model.words import anomaly, verdict
from flowtrail_tui.safe import width
from flowtrail_tui.views.flows import FlowsView
from tests.tui.fake import HOSTILE, START, FakeSource

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def text(lines: list[Line]) -> str:
    """Join lines as they would be read."""
    return "\n".join("".join(part.text for part in one) for one in lines)


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "?"),
        (0, "0ms"),
        (0.44, "0.4ms"),
        (412.4, "412ms"),
        (1920, "1.92s"),
        (9_999, "10.0s"),
        (13_000, "13.0s"),
        (59_999, "1m 00s"),
        (192_000, "3m 12s"),
        (41 * 60_000, "41m 00s"),
        (7_500_000, "2h 05m"),
        (90_000_000, "1d 01h"),
        (-5, "-5ms"),
    ],
)
def test_durations(ms: float | None, shown: str) -> None:
    """Two units at most, unknown as a question mark, negative ones not hidden."""
    assert f.duration(ms) == shown


def test_shares_are_rounded_down() -> None:
    """Nothing but everything is 100 %, nothing known is a question mark."""
    assert [f.share(value) for value in (1.0, 0.9999, 0.0, None)] == ["100%", "99%", "0%", "?"]


def test_sparkline_tells_unknown_from_zero() -> None:
    """An unknown sample is a dot, zero the lowest block."""
    assert f.sparkline([None, 0, 4, 8], 6) == "···▁▅█"


@given(JSON)
def test_any_document_can_be_read(document: Any) -> None:
    """Rows of any shape become rows: what is missing or of another type is unknown, nothing raises."""
    row = flow_row(document if isinstance(document, dict) else {"root": document, "events": document})
    assert len(cells(row)) == len(FlowsView().table._columns)
    assert preview(row, 80)
    lag.groups({"rows": [document, {"lag": document}]}, lag.History())


@given(JSON, st.integers(40, 140))
def test_any_answer_makes_a_card_that_fits(part: Any, cells_: int) -> None:
    """A card never exceeds its width, whatever the answer holds."""
    event = {
        "published": part,
        "consumed": [part, {"group": str(part), "answer": part, "deliveries": [part]}],
        "findings": [part, {"kind": part, "summary": part}],
        "duplicated": part,
        "key": part,
    }
    for one in card(event, {"asked": part}, cells_, all_evidence=True):
        assert line_width(one) <= cells_


def test_each_event_of_a_flow_names_the_command_about_it() -> None:
    """A flow's command would tell of all its events; one event alone keeps the words that were asked."""
    first, second = {"message_id": "e 1"}, {"message_id": None}
    assert command({"asked": "order-1", "events": [first, second]}, first) == "flowtrail ask 'id:e 1' --json"
    assert command({"asked": "order-1", "events": [first, second]}, second) == "flowtrail ask order-1 --json"
    assert command({"asked": "a:0:1", "events": [first]}, first) == "flowtrail ask a:0:1 --json"


def test_one_is_not_many() -> None:
    """Counts agree with their nouns."""
    told = [text(preview(flow_row({"events": 1, "deliveries": n}), 80)[:1]) for n in (0, 1, 2)]
    assert ["1 event · 0 deliveries" in told[0], "1 event · 1 delivery " in told[1]] == [True, True]
    assert "2 deliveries" in told[2]


def test_a_list_that_is_behind_says_so() -> None:
    """While the next page is long in coming, a list that follows does not look up to date."""
    tail = Tail(rows=(flow_row({}),))
    assert "asking" in text([state(tail, 0, waiting=False, late=True)])
    assert "asking" not in text([state(tail, 0, waiting=False)])


@pytest.mark.parametrize("nasty", HOSTILE)
def test_lines_hold_their_width(nasty: str) -> None:
    """Clipping, filling and wrapping count cells as a terminal does."""
    for room in (1, 7, 40):
        assert line_width(clip_line(line(nasty, Part(nasty, "ok")), room)) <= room
        assert line_width(fill_line(line(nasty), room)) == room
        assert line_width(sides(line(nasty), line("right"), room)) == room
        assert all(width(one) <= max(room, 2) for one in wrap(nasty, room))


def test_green_needs_grade_a_or_b() -> None:
    """An ok on a heuristic, or on nothing, is neither green nor ticked."""
    assert [verdict("ok", grade).role for grade in ("A", "B", "C", "?")] == ["ok", "ok", "unknown", "unknown"]
    assert verdict("ok", "C").glyph != verdict("ok", "A").glyph
    assert anomaly("no", "?").role == "unknown"


def test_every_verdict_has_a_glyph_and_a_word() -> None:
    """Colour is never alone, an unheard-of word is shown as it is."""
    shown = verdict("brand-new-word")
    assert (shown.text, shown.glyph, shown.role) == ("brand-new-word", "?", "unknown")


def _event(**answers: Any) -> dict[str, Any]:
    consumed = answers.pop("consumed", ["processed"])
    return {
        "published": {"answer": answers.pop("published", "yes"), "grade": "A"},
        "consumed": [{"group": f"g{number}", "answer": one, "grade": "A"} for number, one in enumerate(consumed)],
        "duplicated": {"answer": answers.pop("duplicated", "no"), "findings": []},
        "reordered": {"answer": answers.pop("reordered", "no"), "findings": []},
        "findings": [],
    }


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (_event(), "ok"),
        (_event(published="no"), "not-published"),
        (_event(published="in-doubt", consumed=[]), "in-doubt"),
        (_event(consumed=["processed", "unfinished"], duplicated="yes"), "unfinished"),
        (_event(consumed=["processed", "pending"], duplicated="yes"), "duplicated"),
        (_event(reordered="yes"), "reordered"),
        (_event(consumed=["processed", "unknown"]), "unknown"),
        (_event(consumed=["dead-lettered", "failed"]), "dead-lettered"),
        (_event(published="unknown", consumed=[]), "unknown"),
    ],
)
def test_headline_says_the_gravest_thing(event: dict[str, Any], word: str) -> None:
    """The word of an event follows the order in which `flows` judges."""
    assert headline(event).word == word


def test_card_answers_every_question() -> None:
    """Question, word, sentence and grade; what can not be seen; the command that gives the same."""
    source = FakeSource()
    row = next(row for row in source.rows if row["verdict"] == "duplicated")
    document = source.ask(f"flow:{row['flow']}")
    shown = text(card(document["events"][0], document, 118))
    for wanted in (
        "Published?",
        "Consumed?",
        "Duplicated?",
        "Reordered?",
        "Findings",
        "What we cannot see",
        "Evidence",
    ):
        assert wanted in shown
    assert "generation 41 → 42" in shown
    assert "inferred" in shown
    assert f"flowtrail ask id:{document['events'][0]['message_id']} --json" in shown


def test_command_is_quoted_for_a_shell() -> None:
    """What is copied into a shell names the event and nothing else."""
    assert command({"asked": "a b; rm -rf /"}) == "flowtrail ask 'a b; rm -rf /' --json"


def test_link_backs_off_and_comes_back() -> None:
    """Attempts after 1, 2, 4, 8, then every 10 seconds; one answer ends it."""
    link = Link(live=True).answered(START)
    waits = []
    now = START
    for _ in range(6):
        link = link.failed(now, "gone")
        assert link.disconnected
        assert not link.may_ask(now)
        waits.append(((link.retry_ns or 0) - now) // SECOND)
        now = link.retry_ns or 0
        assert link.may_ask(now)
    assert waits == [1, 2, 4, 8, 10, 10]
    assert link.banner(now - 4 * SECOND) == "data as of 12:04:31, retry in 4 s"
    assert link.answered(now).connected


def _page(source: FakeSource, **changes: Any) -> Any:
    from flowtrail_tui.model.window import EVERYTHING

    return read_page({**source.flows(EVERYTHING.window(None)), **changes})


def test_pinned_rows_stay() -> None:
    """A pinned tail takes no page, counts what is newer, and takes the next page once released."""
    source = FakeSource(flows_stored=300)
    tail = Tail().followed(_page(source)).pin()
    source.more(5)
    assert tail.followed(_page(source)).rows == tail.rows
    newer = read_page({"rows": source.rows[:5], "next": None})
    assert tail.counted(newer).newer == "5"
    assert tail.counted(read_page({"rows": source.rows[:5], "next": "x"})).newer == "5+"
    assert tail.release().followed(_page(source)).rows[0].flow == source.rows[0]["flow"]


def test_a_short_page_joins_the_rows_held_only_where_it_reaches_them() -> None:
    """A page that ends above the newest row held replaces it all: between the two there may be flows nobody read."""
    source = FakeSource(flows_stored=300)
    held = Tail().followed(_page(source))
    newest = held.newest_ns
    assert newest is not None
    source.more(5)
    near = read_page({"rows": source.rows[:2], "next": f"{newest}:flow"})
    assert len(held.followed(near).rows) == len(held.rows) + 2
    far = read_page({"rows": source.rows[:2], "next": str(newest + 1)})
    assert held.followed(far).rows == far.rows
    assert held.followed(far).next == far.next


def test_pages_never_double_a_flow() -> None:
    """A page that overlaps the rows held adds only what is new."""
    source = FakeSource(flows_stored=300)
    tail = Tail().followed(_page(source))
    longer = tail.extended(read_page({"rows": source.rows[150:300], "next": None}))
    assert [row.flow for row in longer.rows] == [row["flow"] for row in source.rows]
    assert longer.next is None


def _lag_row(**fields: Any) -> dict[str, Any]:
    return {"group": "g", "destination": "d", "partition": 0, "lag": 0, "status": "ok", **fields}


def _cells_of(*rows: dict[str, Any]) -> list[str]:
    (summed,) = lag.groups({"rows": list(rows)}, lag.History())
    return ["".join(part.text for part in cell) for cell in lag_lines.group_cells(summed)]


def test_lag_of_nothing_known_is_unknown() -> None:
    """Unknown is a question mark; known in parts is at least the known; zero is zero."""
    assert _cells_of(_lag_row(lag=None))[3] == "?"
    assert _cells_of(_lag_row(lag=None), _lag_row(partition=1, lag=7))[3] == "≥7"
    assert _cells_of(_lag_row())[3] == "0"


def test_lag_takes_the_worst_status_and_the_longest_wait() -> None:
    """A group is as bad as its worst partition."""
    shown = _cells_of(
        _lag_row(time_lag_ms=10.0, eta_ms=5.0),
        _lag_row(partition=1, status="falling", lag=4, time_lag_ms=9000.0, eta_ms=None),
    )
    assert "falling" in shown[2]
    assert shown[4] == "≈9.00s"
    assert _cells_of(_lag_row(status="falling", lag=4, eta_ms=5.0))[7] == "never"
    assert _cells_of(_lag_row(status="ok", lag=4, eta_ms=5.0))[7] == "–"
    assert _cells_of(_lag_row(status="draining", lag=4, eta_ms=5.0))[7] != "never"


def test_history_is_kept_once_per_sample() -> None:
    """Asking faster than the source samples adds nothing; a partition that is gone is forgotten."""
    history = lag.History(4)
    for number in (1, 2, 2, 3):
        history.add({"as_of": str(number), "rows": [_lag_row(lag=number)]})
    assert history.of(_lag_row()) == (1, 2, 3)
    history.add({"as_of": "9", "rows": []})
    assert history.of(_lag_row()) == ()


@given(st.integers(20, 200), st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_columns_share_the_room(cells_: int, wishes: list[int]) -> None:
    """Optional columns go before the others are cut, and the flexible one takes what is left."""
    columns = (Column("A", 2, 40), Column("B", 2, 40, from_width=50), Column("C", 5, 5, flex=True))
    layout = lay_out(columns, [max(2, wish) for wish in wishes], cells_)
    assert layout.columns[-1].title == "C"
    needed = sum(max(2, wish) for wish in wishes[:1]) + 2 + 5
    assert layout.total == max(cells_, needed) or layout.total <= cells_


def test_columns_are_measured_in_cells() -> None:
    """Wide characters count double, long cells end at the column's most."""
    assert measure((Column("A", 2, 8),), [(line("漢字"),), (line("x" * 99),)]) == (8,)


def test_footer_keeps_help_and_quit() -> None:
    """However narrow, the way out stays."""
    keys = FlowsView.__mro__[1].keys  # the keys that every view has
    assert keys is not None
    from flowtrail_tui.model.bars import Key

    many = [*(Key(str(number), "does something", f"app.k{number}") for number in range(9))]
    shown = "".join(
        part.text for part in footer([*many, Key("?", "help", "app.help"), Key("q", "quit", "app.quit")], None, 60)
    )
    assert "help" in shown
    assert "quit" in shown


def test_status_bar_never_drops_the_state() -> None:
    """At any width the bar says whether data is live, and how complete it is."""
    status = Status("http://a-very-long-name.example:4318/with/a/path", "9,842 ev/s", 0.5, "15m", START)
    for cells_ in range(50, 140):
        shown = "".join(part.text for part in status_bar(status, Link(live=True).answered(START), ("Flows",), cells_))
        assert "● live" in shown
        assert "coverage 50%" in shown
        assert width(shown) == cells_


def test_rate_in_the_unit_that_is_known() -> None:
    """Events if the source counts them, else spans, else nothing."""
    assert rate_of({"events_per_s": 12.0, "spans_per_second": 99}) == "12 ev/s"
    assert rate_of({"spans_per_second": 1204.4}) == "1,204 spans/s"
    assert rate_of({}) == ""


def test_question_of_a_flow() -> None:
    """A flow is asked by its correlation id, one without by its trace."""
    assert flow_row({"flow": "a", "flow_kind": "correlation"}).question == "flow:a"
    assert flow_row({"flow": "b", "flow_kind": "trace"}).question == "trace:b"
    assert isinstance(flow_row({}), FlowRow)
