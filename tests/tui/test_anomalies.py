"""The anomalies inbox: its rows, what people say of causes, the findings of one, what differs from before."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.errors import StoreBusy
from flowtrail_collector.source import Window
from flowtrail_tui.evidence import Evidence
from flowtrail_tui.exportable import Export
from flowtrail_tui.model import anomalies as model
from flowtrail_tui.model import causes, marking
from flowtrail_tui.model.causes import CauseRow, cause_row, read_inbox
from flowtrail_tui.model.parts import Line, line_width
from flowtrail_tui.views.anomalies import AnomaliesView
from tests.tui.fake import HOSTILE, SECOND, START, FakeSource
from tests.tui.pilot import Driven, running
from tests.tui.test_model import JSON

ALWAYS = Window(None, None)


def inbox(**fields: Any) -> causes.Inbox:
    """Read the fake source's causes."""
    return read_inbox(FakeSource(**fields).causes(ALWAYS))


def text(lines: list[Line] | tuple[Line, ...]) -> str:
    """Join lines as they would be read."""
    return "\n".join("".join(part.text for part in one) for one in lines)


def view(ft: Driven) -> AnomaliesView:
    """Return the view."""
    return ft.app.base_screen.query_one(AnomaliesView)


def selected(ft: Driven) -> CauseRow:
    """Return the cause under the cursor."""
    row = view(ft).table.current
    assert row is not None
    return row


# The model.


@given(JSON)
def test_any_document_is_read(document: Any) -> None:
    """What is missing or of another type is unknown; nothing fails on it."""
    told = {"rows": [document if isinstance(document, dict) else {}], "totals": document, "as_of": document}
    for row in read_inbox(told).rows:
        causes.cells(row)
        model.pane(row, 100, 20)


@given(st.dictionaries(st.sampled_from(list(FakeSource().causes(ALWAYS)["rows"][0])), JSON))
def test_any_row_is_drawn(fields: dict[str, Any]) -> None:
    """Whatever stands in the fields that a row has."""
    row = cause_row({**FakeSource().causes(ALWAYS)["rows"][0], **fields}, START)
    assert len(causes.cells(row)) == len(causes.COLUMNS)
    assert all(line_width(one) <= 80 for one in model.pane(row, 80, 20)[:1])


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("hostile", [False, True])
def test_the_pane_fits(width: int, hostile: bool) -> None:
    """Its first line ends where the screen does, and no more lines come than there is room for."""
    for row in inbox(hostile=hostile).rows:
        lines = model.pane(row, width, 14)
        assert len(lines) <= 14
        assert line_width(lines[0]) <= width


def test_orders_put_first_what_they_say() -> None:
    """Impact is the source's own order."""
    rows = inbox().rows
    assert model.ordered(rows, "impact") == rows
    assert [row.count for row in model.ordered(rows, "count")] == sorted((row.count for row in rows), reverse=True)
    newest = [row.last_ns for row in model.ordered(rows, "newest")]
    assert newest == sorted(newest, key=lambda one: -(one or 0))
    assert [row.where for row in model.ordered(rows, "place")] == sorted(row.where for row in rows)


def test_the_difference_to_the_window_before() -> None:
    """New, more, fewer, as many, and what is gone: at the end, whatever the order."""
    now = inbox().rows
    grown = cause_row({**now[1].document, "count": now[1].count - 5}, START)
    shrunk = cause_row({**now[2].document, "count": now[2].count + 2}, START)
    lost = cause_row({**now[3].document, "cause": "feedfeedfeed"}, START)
    rows = model.compared(now[:4], [grown, shrunk, now[3], lost])
    assert [row.change for row in rows] == ["new", "+5", "-2", "=", "gone"]
    assert model.ordered(rows, "place")[-1].id == "feedfeedfeed"
    assert rows[-1].count == 0


def test_marks_say_who_when_and_why() -> None:
    """And how much came since."""
    mark = causes.Mark("acknowledged", "ann", "known since Monday", START, 3)
    assert causes.said(mark) == "acknowledged by ann at 2026-03-01 12:04: known since Monday (3 since)"
    assert causes.said(causes.Mark("open", "ann", "look", START, 3)) == "noted by ann at 2026-03-01 12:04: look"
    [row] = model.marked(inbox().rows[:1], {inbox().rows[0].id: mark})
    assert "✓ acknowledged +3 since" in text(causes.cells(row))


def test_moments_are_told_as_far_as_they_must() -> None:
    """The minute; `now` only where there is a present; the date where the minute would mislead."""
    assert causes.moment(START, START) == "12:04"
    assert causes.moment(START, START, START + 30 * SECOND) == "now"
    assert causes.moment(START, START, START + 90 * SECOND) == "12:04"
    assert causes.moment(START, START + 25 * 3600 * SECOND) == "03-01"
    assert causes.moment(None, START) == "?"


def test_a_state_that_is_there_is_taken_back() -> None:
    """The same key does both."""
    row = inbox().rows[0]
    wanted = marking.toggled(row, "muted")
    assert wanted.state == "muted"
    [muted] = model.marked([row], {row.id: wanted.mark(row, START)})
    assert marking.toggled(muted, "muted").state == "open"
    assert marking.toggled(muted, "acknowledged").state == "acknowledged"


def test_questions_name_the_event_of_a_finding() -> None:
    """By its id, else by its record; a finding of no event has no question."""
    assert model.question_of({"message_ids": ["a:b c"], "offsets": [1], "partition": 2}) == "id:a:b c"
    record = {"message_ids": [], "offsets": [5], "partition": 0, "destination": "orders"}
    assert model.question_of(record) == "record:orders:0:5"
    assert model.question_of({"message_ids": [], "offsets": []}) is None


def test_a_trend_shows_one_among_many() -> None:
    """Only nothing is drawn as nothing."""
    assert causes.trend((0, 1, 100, 0), 4) == "▁▂█▁"
    assert causes.trend((1, 0, 0, 1), 2) == "██"
    assert causes.trend((), 4) == ""


# The screen.


async def test_one_row_per_cause_gravest_first() -> None:
    """With what happened, how often, and how many are open on the tab."""
    async with running() as ft:
        await ft.press("3")
        rows = [row.kind for row in view(ft).table.rows]
        assert rows[:4] == ["unfinished", "skipped", "redelivery", "failed"]
        assert "✗ error  unfinished" in ft.text()
        assert "9 open of 378 findings" in ft.text()
        assert "3 Anomalies·7" in ft.lines()[1]
        assert "212" in ft.row("ledger ← orders.created:7")


async def test_the_selected_cause_is_told_below() -> None:
    """What, why it matters, by which rule, and its newest events."""
    async with running() as ft:
        await ft.press("3", "j", "j")
        for words in ("REDELIVERY", "billing handled 37 events twice", "unless it is idempotent", "rule   one group"):
            assert words in ft.text()
        assert "orders.created:2:177309" in ft.text()
        assert "… " in ft.row("more enter")
    async with running(size=(80, 24)) as ft:
        await ft.press("3")
        assert "rule   " not in ft.text()
        assert "WHAT HAPPENED" in ft.text()


async def test_acknowledging_answers_at_once_and_is_kept() -> None:
    """The row is marked before the source has it; the footer says what was done, and how to take it back."""
    source = FakeSource()
    async with running(source) as ft:
        await ft.press("3")
        source.latency_s = 0.2
        await ft.pilot.press("A")
        await ft.pilot.pause()
        assert source.marks == {}
        assert "✓ ack" in ft.row("ledger ←")
        assert "acknowledged: unfinished ledger ← orders.created:7 (A opens it again)" in ft.text()
        source.latency_s = 0
        await ft.settle()
        assert source.marks[selected(ft).id].state == "acknowledged"
        assert "ack 1" in ft.text()
        assert "3 Anomalies·6" in ft.lines()[1]
        await ft.press("A")
        assert source.marks[selected(ft).id].state == "open"
        assert "ack 1" not in ft.text()


async def test_muting_takes_it_out_of_the_inbox() -> None:
    """The filter brings it back, and there it can be opened again."""
    async with running() as ft:
        await ft.press("3", "M")
        assert view(ft).table.rows[0].kind == "skipped"
        assert "muted 1" in ft.text()
        await ft.press("slash")
        await ft.type("state:muted")
        await ft.press("enter")
        assert [row.kind for row in view(ft).table.rows] == ["unfinished"]
        await ft.press("M", "x")
        assert view(ft).table.rows[0].kind == "unfinished"


async def test_a_note_is_typed_and_kept() -> None:
    """Enter keeps it, esc does not; it stands with the cause."""
    async with running() as ft:
        await ft.press("3", "n")
        await ft.type("known")
        await ft.press("escape")
        assert ft.source.marks == {}
        await ft.press("n")
        await ft.type("fixed in 1.4")
        await ft.press("enter")
        assert "noted: unfinished" in ft.text()
        assert ft.source.marks[selected(ft).id].note == "fixed in 1.4"
        assert "fixed in 1.4" in ft.row("mark   ")
        await ft.press("A")
        assert ft.source.marks[selected(ft).id].note == "fixed in 1.4"


async def test_a_mark_that_is_refused_is_taken_back() -> None:
    """The row is as it was, and the footer says why."""
    async with running() as ft:
        await ft.press("3")
        ft.source.error = StoreBusy("flowtrail.duckdb is held by process 7")
        await ft.pilot.press("A")
        for _ in range(20):
            await ft.pilot.pause(0.01)
        assert "not acknowledged: flowtrail.duckdb is held by process 7" in ft.text()
        ft.source.error = None
        await ft.wait(10)
        assert selected(ft).state == "open"


async def test_several_marks_in_a_row_are_all_kept() -> None:
    """One after the other, in their order."""
    async with running() as ft:
        await ft.press("3")
        await ft.pilot.press("A", "j", "A", "j", "M")
        await ft.settle()
        await ft.wait(6)
        assert sorted(mark.state for mark in ft.source.marks.values()) == ["acknowledged", "acknowledged", "muted"]


async def test_what_comes_after_an_acknowledgement_is_seen() -> None:
    """It stays acknowledged, and the row says how many are new."""
    async with running() as ft:
        await ft.press("3", "A")
        ft.source.start_ns += 60 * SECOND
        ft.source.now_ns += 60 * SECOND
        await ft.wait(5)
        mark = selected(ft).mark
        assert mark is not None
        assert mark.after > 10
        assert f"+{mark.after} since" in ft.row("✓ ack")


async def test_enter_lists_the_findings_and_enter_asks_about_one() -> None:
    """And esc leads back, step by step."""
    async with running() as ft:
        await ft.press("3", "j", "j", "enter")
        assert "37 findings" in ft.text()
        assert "Anomalies ▸ redelivery billing" in ft.lines()[0]
        assert ("findings", f"cause:{selected(ft).id}") in [
            (what, about[1]) for what, about in ft.source.asked if what == "findings"
        ]
        await ft.press("enter")
        assert ft.app.current == "ask"
        assert ("ask", "id:redelivery-36") in ft.source.asked
        await ft.press("escape")
        assert ft.app.current == "anomalies"
        assert view(ft).findings.opened
        await ft.press("A")
        assert ft.source.marks[selected(ft).id].state == "acknowledged"
        await ft.press("escape")
        assert not view(ft).findings.opened
        assert selected(ft).kind == "redelivery"


async def test_a_finding_of_no_event_has_its_evidence() -> None:
    """There is nothing to ask about, which is said."""
    async with running() as ft:
        await ft.press("3", "G", "enter", "enter")
        assert ft.app.current == "anomalies"
        assert "E shows its evidence" in ft.text()


async def test_evidence_export_and_what_can_be_copied() -> None:
    """Of the selected cause, and of a finding of it."""
    async with running() as ft:
        await ft.press("3", "j", "j")
        proof, export = view(ft).evidence(), view(ft).export()
        assert isinstance(proof, Evidence)
        assert (len(proof.refs), proof.question) == (37, "id:redelivery-36")
        assert export is not None
        written = export()
        assert isinstance(written, Export)
        assert (written.name, len(written.rows), written.document["schema"]) == ("anomalies", 9, "flowtrail.causes/1")
        assert all(len(row) == len(written.columns) for row in written.rows)
        assert f"flowtrail findings cause:{selected(ft).id} --json" in [one.text for one in view(ft).yankables()]
        assert view(ft).openables()["topic"] == "orders.created"
        await ft.press("enter", "j")
        proof, export = view(ft).evidence(), view(ft).export()
        assert proof is not None
        assert proof.question == "id:redelivery-35"
        assert export is not None
        assert len(export().rows) == 37


async def test_the_window_before_is_compared_with() -> None:
    """`d` asks for it as well, says what is new, and `d` again ends it; all time has nothing before it."""
    async with running() as ft:
        await ft.press("3", "d")
        windows = [about[0] for what, about in ft.source.asked if what == "causes"][-2:]
        assert windows[0].until_ns == windows[1].since_ns
        assert "against the window before" in ft.text()
        assert "new · " in ft.row("ledger ←")
        await ft.press("d")
        assert "new · " not in ft.text()
        await ft.press("w", "d")
        assert "there is nothing before all time" in ft.text()


async def test_orders_are_chosen_and_the_cursor_stays_on_its_cause() -> None:
    """Another order moves rows, not what is selected."""
    async with running() as ft:
        await ft.press("3", "j", "j")
        chosen = selected(ft).id
        view(ft).sort_by("newest")
        await ft.settle()
        assert selected(ft).id == chosen
        assert "sort newest" in ft.text()
        assert [one.name for one in view(ft).sortings() if one.chosen] == ["newest"]


async def test_it_is_asked_every_five_seconds_and_never_twice_at_once() -> None:
    """Less often where an answer takes long; while another view is looked at only for the number at the tab."""
    async with running() as ft:
        await ft.wait(1)
        await ft.press("3")

        def asked() -> int:
            return sum(what == "causes" for what, _ in ft.source.asked)

        before = asked()
        await ft.wait(1)
        assert asked() == before
        await ft.wait(5)
        assert asked() == before + 1
        await ft.press("1")
        await ft.wait(0)
        assert asked() == before + 2
        await ft.wait(20)
        assert asked() == before + 2
        await ft.wait(11)
        assert asked() == before + 3


async def test_nothing_wrong_says_how_sure_that_is() -> None:
    """An empty inbox is good news only as far as telemetry arrived."""
    async with running(FakeSource(faultless=True)) as ft:
        await ft.press("3")
        assert "Nothing wrong was found in the last 15m" in ft.text()
        assert "Coverage is 97%. What is missing may hide something." in ft.text()
    async with running(FakeSource(flows_stored=0)) as ft:
        await ft.press("3")
        assert "No data yet" in ft.text()
    async with running() as ft:
        await ft.press("3", "slash")
        await ft.type("kind:loop")
        await ft.press("enter")
        assert "Nothing passes the filter" in ft.text()


async def test_an_error_keeps_the_last_rows() -> None:
    """They are old and stay; what is wrong stands above them."""
    async with running() as ft:
        await ft.press("3")
        ft.source.error = RuntimeError("the disk is on fire")
        await ft.wait(10)
        assert "the disk is on fire" in ft.text()
        assert "ledger ← orders.created" in ft.text()
        ft.source.error = None
        await ft.press("r")
        assert "the disk is on fire" not in ft.text()


async def test_a_source_that_goes_away_and_comes_back() -> None:
    """The rows stay, and are asked for again by themselves."""
    async with running() as ft:
        await ft.press("3")
        ft.source.gone = True
        await ft.wait(6)
        await ft.wait(1)
        assert "disconnected" in ft.text()
        assert "ledger ← orders.created" in ft.text()
        ft.source.gone = False
        await ft.wait(30)
        assert "disconnected" not in ft.text()


async def test_a_filter_that_is_wrong_is_pointed_at() -> None:
    """At the character, with the nearest right word; the rows stay."""
    async with running() as ft:
        await ft.press("3", "slash")
        await ft.type("state:mutd")
        await ft.press("enter")
        assert "↑ no such state 'mutd'; did you mean 'muted'?" in ft.text()
        await ft.press("escape")
        assert "ledger ← orders.created" in ft.text()


async def test_what_another_view_wants_is_shown() -> None:
    """A filter that is brought along is in force, the findings of a cause are closed for it."""
    async with running() as ft:
        await ft.press("3", "enter")
        await ft.app.go("anomalies", "group:billing")
        await ft.settle()
        assert [row.kind for row in view(ft).table.rows] == ["redelivery"]
        assert view(ft).filter.text == "group:billing"
        assert not view(ft).findings.opened


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15)])
async def test_hostile_data_stays_inert(size: tuple[int, int]) -> None:
    """No control, bidi or zero-width character of the data reaches the screen, and no text of it is cut into lines."""
    async with running(FakeSource(hostile=True), size=size) as ft:
        await ft.press("3", "j", "j", "A", "enter", "n", "escape", "d")
        for _ in range(2):
            shown = ft.text().replace("\n", "")
            assert not any(character in shown for name in HOSTILE for character in name if not character.isprintable())
            assert all(len(one) <= size[0] for one in ft.lines())
            await ft.press("escape")


async def test_the_mouse_does_what_keys_do() -> None:
    """A key in the footer is a button."""
    async with running(size=(160, 36)) as ft:
        await ft.press("3")
        place = ft.lines()[-1].index("A ack")
        await ft.pilot.click(offset=(place, 35))
        await ft.settle()
        assert len(ft.source.marks) == 1


async def test_a_resize_at_any_moment_keeps_the_view() -> None:
    """Pane and list share what there is."""
    async with running() as ft:
        await ft.press("3", "j")
        for size in ((80, 24), (59, 14), (60, 15), (200, 60), (120, 36)):
            await ft.pilot.resize_terminal(*size)
            await ft.settle()
        assert selected(ft).kind == "skipped"
        assert "SKIPPED" in ft.text()


async def test_the_tab_counts_while_nobody_looks() -> None:
    """Some seconds after the start the tab says how much is wrong; then it is asked for seldom."""
    async with running() as ft:
        assert "3 Anomalies " in ft.lines()[1]
        await ft.wait(1)
        await ft.wait(5)
        assert "3 Anomalies·7" in ft.lines()[1]
        ft.source.asked.clear()
        await ft.wait(10)
        assert "causes" not in [what for what, _ in ft.source.asked]
        ft.source.faultless = True
        await ft.wait(30)
        assert "3 Anomalies " in ft.lines()[1]
