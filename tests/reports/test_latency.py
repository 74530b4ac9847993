"""The lag report says how long events take: what was measured, how surely, and what was not."""

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest

from flowtrail_collector.source import Window
from flowtrail_reports import build_report, gather, make_report
from flowtrail_reports.formats.figures import figure
from flowtrail_reports.model import Section, Spread
from tests.reports.made import documents, latency, latency_row
from tests.tui.fake import FakeSource


def _section(report: Any, title: str) -> Section:
    (found,) = [section for section in report.sections if section.title == title]
    assert isinstance(found, Section)
    return found


def test_what_is_not_known_is_no_zero() -> None:
    """A group without a measurement has a row with its reason, no number, and no place in the chart."""
    section = _section(build_report("lag", documents()), "End-to-end latency")
    assert section.table is not None
    shown = {row["group"]: row for row in section.table.rows}
    assert shown["legacy"]["p95_ms"] is None
    assert shown["legacy"]["missing"] == "1,000 processing not instrumented"
    (chart,) = section.charts
    assert isinstance(chart, Spread)
    assert [name for name, _ in chart.rows] == ["analytics on orders", "payment on orders"]
    assert _section(build_report("lag", documents()), "Convergence").charts == ()


def test_clocks_of_two_hosts_are_spoken_of_where_there_are_two() -> None:
    """The range of the p95 and the doubt stand beside the figure, and what it means above the table."""
    section = _section(build_report("lag", documents()), "End-to-end latency")
    assert section.table is not None
    shown = {row["group"]: row for row in section.table.rows}
    assert shown["analytics"]["truth"] == "150 ms to 170 ms"
    assert shown["analytics"]["unreliable"] == "the hosts' clocks disagree"
    assert shown["payment"]["truth"] is None
    assert "two hosts" in section.note
    near = {**latency(), "rows": [latency_row(5, 1.0, group="a", assumed=False, unmeasured=[])]}
    report = build_report("lag", replace(documents(), latency=near))
    assert "two hosts" not in _section(report, "End-to-end latency").note


def test_the_flat_table_holds_all_three_measures() -> None:
    """CSV and Parquet: rows of partitions, of latencies and of convergence, told apart by `measure`."""
    rows = list(csv.DictReader(StringIO(make_report("lag", documents(), "csv").decode())))
    assert [row["measure"] for row in rows] == ["lag"] * 9 + ["latency"] * 3 + ["convergence"]
    (payment,) = [row for row in rows if row["measure"] == "latency" and row["group"] == "payment"]
    assert (payment["p50_ms"], payment["max_ms"], payment["lag"]) == ("12.5", "375.0", "")
    table = pq.read_table(BytesIO(make_report("lag", documents(), "parquet")))
    assert table.column("measure").to_pylist() == [row["measure"] for row in rows]
    assert table.column("p95_ms").to_pylist()[9:] == [50.0, 160.0, None, None]


def test_json_and_markdown() -> None:
    """JSON holds the rows as they were answered; Markdown says why there is no number."""
    document = json.loads(make_report("lag", documents(), "json"))
    assert document["latency"] == latency()["rows"]
    assert document["convergence"] == latency()["convergence"]
    text = make_report("lag", documents(), "md").decode()
    assert "## End-to-end latency" in text
    assert "| orders | analytics, legacy and payment | 0 | ? | ? | ? | ? |" in text


def test_a_filter_that_latencies_do_not_know() -> None:
    """The state of a lag is asked for: the report is made, and says that latencies were not measured."""
    source = FakeSource()
    gathered = gather("lag", source, Window(None, None), "verdict:falling")
    assert gathered.latency is None
    report = build_report("lag", gathered)
    assert "Not measured" in _section(report, "End-to-end latency").note
    assert report.document["latency"] is None
    assert gather("lag", source, Window(None, None), "group:payment").latency is not None


@pytest.mark.parametrize(("p50_ms", "axis"), [(12.5, "log"), (-12.5, "linear")])
def test_the_figure(p50_ms: float, axis: str) -> None:
    """One trace for each percentile; what is below zero is shown, which no logarithmic axis can."""
    rows = [latency_row(5, p50_ms, group="a", assumed=False, unmeasured=[]), *latency()["rows"][:2]]
    report = build_report("lag", replace(documents(), latency={**latency(), "rows": rows}))
    (chart,) = _section(report, "End-to-end latency").charts
    drawn = figure(chart)
    assert drawn["layout"]["xaxis"]["type"] == axis
    marks = [trace for trace in drawn["data"] if trace["mode"] == "markers"]
    assert [trace["name"] for trace in marks] == ["p50", "p95", "p99", "max"]
    (p95,) = [trace for trace in marks if trace["name"] == "p95"]
    place = list(p95["y"]).index("analytics on orders")
    assert (p95["x"][place], p95["error_x"]["array"][place], p95["error_x"]["arrayminus"][place]) == (160.0, 10.0, 10.0)


def test_many_groups_are_cut_in_the_chart_alone() -> None:
    """More than can be told apart: the chart holds those that take longest, and says so; the table holds all."""
    rows = [latency_row(5, float(n + 1), group=f"g{n}", assumed=False, unmeasured=[]) for n in range(20)]
    section = _section(
        build_report("lag", replace(documents(), latency={**latency(), "rows": rows})), "End-to-end latency"
    )
    (chart,) = section.charts
    assert isinstance(chart, Spread)
    assert (len(chart.rows), chart.rows[0][0]) == (16, "g19 on orders")
    assert chart.title == "End-to-end latency: the 16 of 20 rows that take longest"
    assert section.table is not None
    assert len(section.table.rows) == 20
