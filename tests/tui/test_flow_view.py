"""Flow detail and Evidence, driven by keys on a fake source."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from flowtrail_collector.source import Document
from flowtrail_tui.evidence import Evidence
from flowtrail_tui.model.flow_shown import Shown
from flowtrail_tui.views.evidence import EvidenceView
from flowtrail_tui.views.flow import FlowView
from tests.tui import fake_flow as made
from tests.tui.fake import FakeSource
from tests.tui.pilot import Driven, running

if TYPE_CHECKING:
    from flowtrail_tui.exportable import Export


class Telling(FakeSource):
    """A source with one flow, told by hand."""

    def __init__(self, document: Document, **fields: Any) -> None:
        super().__init__(**fields)
        self.document = document

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        self._work("ask", what)
        return self.document


def duplicated() -> Telling:
    """Answer with the flow that billing handled twice."""
    return Telling(made.duplicated())


def view(ft: Driven) -> FlowView:
    return ft.app.query_one(FlowView)


async def test_enter_on_a_flow_shows_what_went_wrong() -> None:
    """The tree is open, the cursor on the first delivery that went wrong, the pane says why; esc leads back."""
    async with running(duplicated()) as ft:
        await ft.press("enter")
        assert ft.app.current == "flow"
        assert "× DUPLICATED in billing" in ft.lines()[3]
        assert "email" in ft.row("▌")
        assert "✗ failed" in ft.row("▌")
        assert "a second attempt ended ok" in ft.row("because")
        await ft.press("escape")
        assert ft.app.current == "flows"


async def test_anomalies_are_one_key_apart() -> None:
    """N goes to the next one, N back, and beyond the last one it says so."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n")
        assert "× again" in ft.row("▌")
        assert "after a rebalance (generation 41 to 42)" in ft.row("because")
        await ft.press("n")
        assert "no further anomaly" in ft.lines()[-1]
        await ft.press("N")
        assert "✗ failed" in ft.row("▌")


async def test_a_subtree_is_folded_and_opened() -> None:
    """Left folds what a row caused and counts it, right shows it again."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "g", "left")
        assert "billing-0-8d1f" not in ft.text()
        assert "(+7)" in ft.row("▌")
        await ft.press("right")
        assert "billing-0-8d1f" in ft.text()


async def test_focus_shows_a_subtree_alone() -> None:
    """F shows the row and what it caused; esc shows everything again before it leaves."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n", "f")
        assert "checkout → " not in ft.text()
        assert "77fe0bad" in ft.text()
        await ft.press("escape")
        assert ft.app.current == "flow"
        assert "checkout → " in ft.text()
        assert "× again" in ft.row("▌")


async def test_modes_follow_each_other() -> None:
    """V shows the sequence, then every span of the flow's traces, then the tree again, on the same row."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n", "v")
        assert "┊ 1.02s" in ft.text()
        assert "× again 91ms" in ft.row("▌")
        await ft.press("v")
        traces = [about[1] for what, about in ft.source.asked if what == "spans"]
        assert traces == [("4bf92f3577b34da6a3ce929d0e0e4736",)]
        assert "settle" in ft.text()
        await ft.press("v")
        assert "× again" in ft.row("▌")


async def test_one_span_whole() -> None:
    """In raw, enter shows everything that is stored of a span; esc leads back to the list."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "v", "v")
        list_lines = ft.lines()
        await ft.press("enter")
        assert "resource" in ft.text()
        assert "service.name" in ft.text()
        await ft.press("escape")
        assert ft.lines()[4:20] == list_lines[4:20]


async def test_enter_asks_about_the_event() -> None:
    """Of the selected row, whatever it is, the verdict on its event."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "enter")
        assert ft.app.current == "ask"
        assert ("ask", "id:6f1c2a90") in ft.source.asked
        await ft.press("escape")
        assert ft.app.current == "flow"
        assert "✗ failed" in ft.row("▌")


async def test_evidence_of_the_selected_row() -> None:
    """E lists the spans behind the row's claim, each with what it proves; what is gone is listed as gone."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n", "E")
        assert ft.app.current == "evidence"
        assert "billing: processed · orders.created:2:177310" in ft.lines()[3]
        assert "1 no longer stored" in ft.lines()[3]
        assert "redelivery" in ft.text()
        await ft.press("G")
        assert "no longer stored" in ft.row("▌")
        assert "retention deleted it" in ft.text()
        await ft.press("escape")
        assert "× again" in ft.row("▌")


async def test_evidence_tells_a_span_whole() -> None:
    """Enter gives the span the whole view, esc gives it back; y offers ids, command and JSON."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n", "E", "enter")
        assert ft.row("service.name")
        assert not ft.row(" WHEN ")
        await ft.press("escape")
        assert ft.row(" WHEN ")
        names = [one.name for one in ft.app.query_one(EvidenceView).yankables()]
        assert names == ["span", "trace id", "span id", "command", "JSON"]
        command = ft.app.query_one(EvidenceView).yankables()[3].text
        assert command == "flowtrail ask id:6f1c2a90 --evidence"


async def test_what_a_row_is_known_by_elsewhere() -> None:
    """The fields of open-in templates, of a delivery and of a span."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n")
        opened = view(ft).openables()
        assert (opened["topic"], opened["partition"], opened["offset"]) == ("orders.created", "2", "177310")
        assert (opened["group"], opened["trace_id"]) == ("billing", "4bf92f3577b34da6a3ce929d0e0e4736")
        assert view(ft).anomalies() == "topic:orders.created group:billing"
        await ft.press("E")
        assert ft.app.query_one(EvidenceView).openables()["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_exports_every_step_and_mermaid() -> None:
    """The rows are the steps, the document is the verdict, and the sequence comes as Mermaid."""
    async with running(duplicated()) as ft:
        await ft.press("enter")
        collect = view(ft).export()
        assert collect is not None
        written: Export = collect()
        assert len(written.rows) == 10
        assert all(len(row) == len(written.columns) for row in written.rows)
        assert written.forms["mmd"].startswith("sequenceDiagram\n")
        assert written.document["schema"] == "flowtrail.ask/1"


async def test_times_and_reconnecting_share_a_key() -> None:
    """R turns the times; while the source is away it reconnects, as the banner says."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "R")
        assert "PARENT+" in ft.text()
        ft.source.gone = True
        await ft.wait(2)
        await ft.wait(1)
        assert "disconnected" in ft.text()
        ft.source.asked.clear()
        ft.source.gone = False
        await ft.press("R")
        assert ("status", None) in ft.source.asked
        assert "PARENT+" in ft.text()
        assert "disconnected" not in ft.text()


async def test_zoom_fits_the_axis() -> None:
    """Z fits the axis to the selected row's subtree, and says how to undo it."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "n", "z")
        assert "z shows the whole flow" in ft.lines()[-1]
        assert "1.37s" in ft.lines()[4]
        await ft.press("z")
        assert "START+  0 " in ft.lines()[4]


async def test_a_flow_that_nobody_knows() -> None:
    """It says so and lists what is known near, as Ask does; enter asks about that."""
    async with running() as ft:
        ft.app.visit("flow", "flow:nonesuch")
        await ft.settle()
        assert "nothing is known of 'flow:nonesuch'" in ft.lines()[3]
        await ft.press("enter")
        assert ft.app.current == "ask"


async def test_an_error_keeps_the_flow() -> None:
    """A question that fails says why, and what was known stays, dimmed; r asks again."""
    async with running(duplicated()) as ft:
        await ft.press("enter")
        ft.source.error = RuntimeError("the disk is on fire")
        await ft.press("r")
        assert "the disk is on fire" in ft.text()
        assert "× again" in ft.text()
        assert view(ft).causes.dimmed
        ft.source.error = None
        await ft.press("r")
        assert "the disk is on fire" not in ft.text()
        assert not view(ft).causes.dimmed


async def test_the_pane_is_reached_where_there_is_no_room_for_it() -> None:
    """At 80x24 the tree stands alone; tab shows the pane in its place, tab or esc the tree again."""
    async with running(duplicated(), size=(80, 24)) as ft:
        await ft.press("enter")
        assert not ft.row("because")
        await ft.press("tab")
        assert ft.row("because")
        assert not ft.row("EVENT / DELIVERY")
        await ft.press("tab")
        assert ft.row("EVENT / DELIVERY")


async def test_lanes_are_panned() -> None:
    """In the sequence the arrow keys move by a lane; a step that is selected brings its lanes into view."""
    async with running(Telling(made.chain(12)), size=(80, 24)) as ft:
        await ft.press("enter", "v")
        first = ft.lines()[4]
        await ft.press("right")
        assert ft.lines()[4] != first
        await ft.press("left")
        assert ft.lines()[4] == first
        await ft.press("G")
        assert "█" in ft.row("▌")


async def test_a_large_flow_is_arranged_in_the_thread_that_asked() -> None:
    """Five thousand rows: the event loop is handed the tree ready, and draws what is in view."""
    groups = [made.group(f"g{one}", made.delivery(f"g{one}", one, one + 3)) for one in range(9)]
    events = [made.event(f"m-{one}", f"t-{one}", "x", one, *groups, offset=one) for one in range(500)]
    async with running(Telling(made.told(*events))) as ft:
        await ft.press("enter", "G")
        assert isinstance(view(ft).shown, Shown)
        assert view(ft).causes.count() == 5000
        assert "g8" in ft.row("▌")


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15)])
@pytest.mark.parametrize("make", [made.duplicated, lambda: made.fan(60), lambda: made.chain(30), lambda: made.told()])
async def test_every_mode_at_every_size(make: Callable[[], Document], size: tuple[int, int]) -> None:
    """Nothing is wider than the screen, whatever is shown and however far one moves."""
    async with running(Telling(make()), size=size) as ft:
        await ft.press("enter")
        for _ in range(3):
            await ft.press("G", "left", "right", "right", "tab", "tab", "v", "z", "f", "n")
            assert all(len(line) <= size[0] for line in ft.lines())
            assert ft.app.current == "flow"


async def test_the_same_place_is_shown_as_it_was_left() -> None:
    """Coming back asks nothing again and keeps what was folded."""
    async with running(duplicated()) as ft:
        await ft.press("enter", "g", "left", "2")
        ft.source.asked.clear()
        await ft.press("left_square_bracket")
        assert "(+7)" in ft.row("▌")
        assert "ask" not in [what for what, _ in ft.source.asked]


async def test_evidence_of_nothing_known_any_more() -> None:
    """Where not one span is stored, and the verdict can not be asked again, every reference is listed as gone."""
    async with running() as ft:
        ft.app.visit("evidence", Evidence("a claim", (f"{'0' * 32}/dead{'0' * 12}",), "id:nonesuch"))
        await ft.settle()
        assert "a claim" in ft.lines()[3]
        assert "∅ no longer stored" in ft.row("▌")
