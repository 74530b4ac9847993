"""What people said of causes stands beside their findings, in every report and format; nothing is left out for it."""

import io
import json
from dataclasses import replace
from typing import Any

import pyarrow.parquet as parquet
import pytest

from flowtrail_collector.causes import cause_id
from flowtrail_reports import FORMATS, Documents, build_report, make_report
from flowtrail_reports.marked import marked, said_of
from tests.reports.made import documents

TOLD = "acknowledged by ann, 2026-03-01 12:30:00.000 UTC: fixed in 1.4"


def mark(state: str = "acknowledged", note: str = "fixed in 1.4") -> dict[str, str]:
    """Make a mark as answers hold it."""
    at = "2026-03-01T12:30:00.000000000Z"
    return {"state": state, "by": "ann", "note": note, "at": at, "as_of": at}


def said(told: dict[str, str], report: str, kind: str = "") -> Documents:
    """Return the documents of a report in which the causes of its findings, or of those of a kind, are marked."""
    made = documents()
    answer = getattr(made, "findings" if report == "duplicates" else report)
    marks = {cause_id(one): told for one in answer["findings"] if kind in ("", one["kind"])}
    name = "findings" if report == "duplicates" else report
    fields: dict[str, Any] = {name: marked(answer | {"marks": marks})}
    return replace(made, **fields)


@pytest.mark.parametrize("report", ["duplicates", "order", "losses"])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_mark_stands_in_every_format(report: str, format_: str) -> None:
    """With who, when and why."""
    written = make_report(report, said(mark(), report), format_)
    if format_ == "parquet":
        assert TOLD in parquet.read_table(io.BytesIO(written)).column("marked").to_pylist()
    elif format_ == "json":
        found = [one for one in _objects(json.loads(written)) if "mark" in one]
        assert {one["mark"]["note"] for one in found} == {"fixed in 1.4"}
    else:
        assert TOLD in written.decode()


@pytest.mark.parametrize("report", ["duplicates", "order", "losses"])
def test_what_is_muted_is_not_left_out(report: str) -> None:
    """It is said to be muted, and counts as before."""
    plain, muted = build_report(report, documents()), build_report(report, said(mark("muted", ""), report))
    assert muted.headline == plain.headline
    assert muted.tone == plain.tone
    assert len(muted.table.rows) == len(plain.table.rows)
    assert any(row["marked"] == "muted by ann, 2026-03-01 12:30:00.000 UTC" for row in muted.table.rows)
    assert [check.wrong is None for check in muted.checks] == [check.wrong is None for check in plain.checks]
    assert "muted by ann" in "".join(check.wrong or "" for check in muted.checks)


@pytest.mark.parametrize("report", ["duplicates", "order", "losses"])
def test_without_marks_no_column_stands_empty(report: str) -> None:
    """A cause that was opened again without a word has none."""
    for made in (documents(), said(mark("open", ""), report)):
        assert "Marked" not in make_report(report, made, "md").decode()


def test_a_note_on_an_open_cause_is_told() -> None:
    """It is open, and someone said something."""
    assert "noted by ann, 2026-03-01 12:30:00.000 UTC: look at this" in make_report(
        "losses", said(mark("open", "look at this"), "losses"), "md"
    ).decode("utf-8")


def test_what_was_said_of_some_is_not_said_of_all() -> None:
    """The causes of a report may be of several marks."""
    assert said_of([{"marked": "muted"}, {"marked": None}, {}]) == "1 of 3: muted"
    assert said_of([{"marked": "muted"}, {"marked": "muted"}]) == "muted"
    assert said_of([{"marked": "a"}, {"marked": "b"}]) == "a; b"
    assert said_of([]) is None


def test_only_the_findings_of_a_marked_cause_are_marked() -> None:
    """Others have nothing beside them."""
    rows = build_report("losses", said(mark(), "losses", "unfinished")).table.rows
    assert {row["kind"] for row in rows if row["marked"]} == {"unfinished"}


def _objects(value: Any) -> list[dict[str, Any]]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) else []), *(one for piece in inside for one in _objects(piece))]
