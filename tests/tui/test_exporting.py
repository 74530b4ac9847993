"""What is shown becomes a file: exactly that, inert, whole or not at all, and over no other."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from flowtrail_collector.errors import Cancelled, FlowtrailError
from flowtrail_collector.source import Window
from flowtrail_tui import elsewhere, files
from flowtrail_tui.exportable import Export
from flowtrail_tui.exporting import content_of, stem
from flowtrail_tui.model import collected
from tests.tui.fake import HOSTILE, START, FakeSource
from tests.tui.pilot import Driven, running

EVIL = ("=1+1", "@x\x1b[31m", "+cmd", "-2", "a|b*c<script>", *HOSTILE)
ROWS = tuple((name, place) for place, name in enumerate(EVIL))
MADE = Export("flows", ("flow", "offset"), ROWS, {"rows": list(EVIL)})


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _here() -> list[Path]:
    return list(Path().iterdir())


def _yes() -> bool:
    return True


def _no() -> bool:
    return False


async def _export(ft: Driven, number: str) -> Path:
    await ft.press("e", number)
    (made,) = _here()
    return made


async def test_e_writes_every_flow_that_passes_the_filter() -> None:
    """The list holds a page, the file all of them in the list's order, and nothing that is filtered out."""
    async with running(FakeSource(flows_stored=1400)) as ft:
        await ft.press("w", "slash")
        await ft.type("verdict:!ok")
        await ft.press("enter")
        made = await _export(ft, "1")
        rows = list(csv.DictReader(StringIO(made.read_text("utf-8"))))
        shown = [row["flow"] for row in ft.source.rows if row["verdict"] != "ok"]
        assert [row["flow"] for row in rows] == shown
        assert f"wrote {len(shown)} rows to ./{made}" in ft.lines()[-1]


async def test_of_a_list_held_still_nothing_newer_is_written() -> None:
    """What came after the cursor was moved is counted on the screen, and is not what the screen shows."""
    async with running(FakeSource(flows_stored=30)) as ft:
        await ft.press("j")
        ft.source.more(5)
        await ft.wait(1)
        made = await _export(ft, "2")
        assert len(json.loads(made.read_text())["rows"]) == 30


async def test_a_sorted_list_is_written_in_its_order() -> None:
    """The file is in the order of the screen, all of the window."""
    async with running(FakeSource(flows_stored=300)) as ft:
        await ft.press("s", "3")
        rows = json.loads((await _export(ft, "2")).read_text())["rows"]
        times = [row["end_to_end_ms"] or -1 for row in rows]
        assert times == sorted(times, reverse=True)
        assert len(rows) == 300


async def test_lag_is_written_as_it_is_filtered() -> None:
    """The partitions of the groups that are shown, and no others."""
    async with running() as ft:
        await ft.press("2", "slash")
        await ft.type("ledger")
        await ft.press("enter")
        document = json.loads((await _export(ft, "2")).read_text())
        assert {row["group"] for row in document["rows"]} == {"ledger"}
        assert len(document["rows"]) == 12
        assert document["schema"] == "flowtrail.lag/1"


async def test_where_nothing_is_shown_nothing_is_exported() -> None:
    """A screen without rows says so instead of writing an empty file."""
    async with running(FakeSource(gone=True)) as ft:
        await ft.press("2", "e")
        assert "nothing to export" in ft.lines()[-1]


async def test_escape_cancels_an_export() -> None:
    """A cancelled export leaves no file, whole or half, and its answer is dropped when it comes."""
    async with running(FakeSource(flows_stored=3000)) as ft:
        ft.source.latency_s = 0.3
        await ft.pilot.press("e", "1")
        await ft.pilot.pause()
        assert "esc cancels" in ft.lines()[-1]
        await ft.pilot.press("escape")
        await ft.pilot.pause(1.0)
        assert "nothing was written" in ft.lines()[-1]
        assert _here() == []


async def test_an_error_is_said_and_nothing_is_written() -> None:
    """A source that can not answer leaves a sentence, and no file."""
    async with running() as ft:
        ft.source.error = FlowtrailError("the disk is on fire; put it out")
        await ft.press("e", "1")
        assert "not exported: the disk is on fire; put it out" in ft.lines()[-1]
        assert _here() == []


def test_cells_are_inert_in_every_form() -> None:
    """No name begins a formula, acts on a terminal or becomes markup."""
    texts = {ending: content_of(MADE, ending, [], _yes).decode() for ending in ("csv", "json", "md", "html")}
    rows = list(csv.reader(StringIO(texts["csv"])))
    assert rows[0] == ["flow", "offset"]
    assert [row[0][0] for row in rows[1:5]] == ["'"] * 4
    assert "<script" not in texts["html"]
    assert "a\\|b\\*c\\<script\\>" in texts["md"]
    assert json.loads(texts["json"])["rows"][0] == "=1+1"
    for text in texts.values():
        assert not any(hidden in text for hidden in "\x1b\x9b\u202e\u200b\ud800")


def test_every_row_is_written_however_many_there_are() -> None:
    """A report's tables are cut where a summary stands above them; what was asked for as rows is not."""
    many = Export("flows", ("flow",), tuple((f"ord-{number}",) for number in range(3000)), {})
    for ending in ("md", "html"):
        assert content_of(many, ending, [], _yes).count(b"ord-") == 3000


def test_parquet_holds_numbers_as_numbers() -> None:
    """A column with nothing but numbers is one of numbers; what is missing is missing."""
    from io import BytesIO

    import pyarrow.parquet as pq

    export = Export("lag", ("group", "lag"), (("billing", 3), ("ledger", None)), {})
    table = pq.read_table(BytesIO(content_of(export, "parquet", [], _yes)))
    assert table.to_pylist() == [{"group": "billing", "lag": 3.0}, {"group": "ledger", "lag": None}]


def test_forms_of_a_view_are_written_as_they_are() -> None:
    """A view's own forms need no table; a form that there is not is refused."""
    export = Export("map", (), (), {}, forms={"mmd": "flowchart LR"})
    assert content_of(export, "mmd", [], _yes) == b"flowchart LR"
    with pytest.raises(FlowtrailError, match="svg"):
        content_of(export, "svg", [], _yes)


def test_a_window_of_too_many_flows_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is told with the file, and the document's cursor leads on."""
    monkeypatch.setattr(collected, "MOST_FLOWS", 700)
    cut = collected.flows(FakeSource(flows_stored=900), Window(None, None), "", _yes)
    assert (len(cut.rows), cut.document["next"]) == (700, "700")
    assert "700 flows are written at most" in cut.note


def test_reading_stops_where_nobody_wants_it_any_more() -> None:
    """A cancelled export does not read page after page."""
    source = FakeSource(flows_stored=3000)
    collected.flows(source, Window(None, None), "", _no)
    assert len(source.asked) == 1


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """A name that is taken gets a number."""
    name = stem("flows", START)
    assert name == "flowtrail-flows-20260301T120431Z"
    for expected in (f"{name}.csv", f"{name}-2.csv", f"{name}-3.csv"):
        written = files.write(b"x", name, "csv", _yes)
        assert written is not None
        assert written.path == tmp_path / expected
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    """The next folder takes the file, and the first one is named; where none does, the error says what to do."""
    missing = tmp_path / "gone"
    written = files.write(b"x", "flowtrail-lag", "csv", _yes, (missing, tmp_path))
    assert written is not None
    assert (written.path, written.refused) == (tmp_path / "flowtrail-lag.csv", missing)
    with pytest.raises(FlowtrailError, match="start flowtrail in another folder"):
        files.write(b"x", "flowtrail-lag", "csv", _yes, (missing,))


def test_a_file_that_is_not_wanted_any_more_is_not_written(tmp_path: Path) -> None:
    """Neither a whole one nor what was written beside it."""
    assert files.write(b"x", "flowtrail-lag", "csv", _no) is None
    assert list(tmp_path.iterdir()) == []


def test_work_elsewhere_tells_its_steps_its_result_and_its_errors() -> None:
    """What is done in another process is as if it were done here."""
    steps: list[str] = []
    assert elsewhere.run(_double, 21, step=steps.append, wanted=_yes) == 42
    assert steps == ["doubling"]
    with pytest.raises(FlowtrailError, match="no number"):
        elsewhere.run(_double, None, step=steps.append, wanted=_yes)


def test_work_elsewhere_that_is_given_up_or_dies_is_said() -> None:
    """Giving up ends the process; one that ends by itself is an error and no endless wait."""
    with pytest.raises(Cancelled):
        elsewhere.run(_hang, step=str, wanted=_no)
    with pytest.raises(FlowtrailError, match="exit code 7"):
        elsewhere.run(_die, step=str, wanted=_yes)


def _double(number, step):
    step("doubling")
    if number is None:
        raise FlowtrailError("no number")
    return number * 2


def _hang(_step):
    import time

    time.sleep(60)


def _die(_step):
    import os

    os._exit(7)
