"""Every format, with friendly and with hostile names."""

import csv
import json
import re
from html.parser import HTMLParser
from io import BytesIO, StringIO
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_reports import FORMATS, REPORTS, TEXT_FORMATS, default_file, make_report
from tests.reports.made import HOSTILE, documents

BARE = "\u202e\x1b"


class Page(HTMLParser):
    """What a browser would make of a page: its elements and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("format_", FORMATS)
def test_names_of_others_stay_inert(report: str, format_: str) -> None:
    """Controls and direction marks reach no file as they are; no name becomes an element."""
    made = make_report(report, documents(HOSTILE), format_)
    if format_ == "parquet":
        return  # binary: values as they are, for programs
    text = made.decode()
    assert not set(BARE) & set(_own(text))
    if format_ == "html":
        assert not any(tag == "img" for tag, _ in Page(made).elements)


def _own(text: str) -> str:
    """Leave out Plotly's own code, which holds any character."""
    return re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("report", REPORTS)
def test_a_page_runs_its_own_two_scripts_and_loads_nothing(report: str) -> None:
    """The policy names the scripts by digest; data stands in inert elements; nothing has a source."""
    page = Page(make_report(report, documents(HOSTILE), "html"))
    policy = next(attrs["content"] for tag, attrs in page.elements if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    scripts = [attrs for tag, attrs in page.elements if tag == "script"]
    *data, first, second = [attrs.get("type") for attrs in scripts]
    assert set(data) == {"application/json"}
    assert (first, second) == (None, None)
    assert not any("src" in attrs or "href" in attrs for _, attrs in page.elements)
    assert b"showSendToCloud: false" in make_report(report, documents(), "html")


def test_csv_cells_are_no_formulas() -> None:
    """What a spreadsheet would calculate is text; numbers stay numbers."""
    for start in "=+-@\t\r":
        made = make_report("duplicates", documents(), "csv").decode()
        evil = documents()
        evil.findings["findings"][0]["message_ids"] = [f"{start}1+1"]
        evil.findings["findings"][0]["group"] = f"{start}cmd"
        rows = list(csv.DictReader(StringIO(make_report("duplicates", evil, "csv").decode())))
        assert rows[0]["message_ids"].startswith("'")
        assert rows[0]["group"].startswith("'")
        assert rows[1] == list(csv.DictReader(StringIO(made)))[1]
    assert float(rows[0]["gap_ms"]) == 7250.0


def test_json_keeps_names_as_they_are() -> None:
    """Programs get the truth, in pure ASCII."""
    made = make_report("duplicates", documents(HOSTILE), "json")
    assert made.isascii()
    document = json.loads(made)
    assert document["schema"] == "flowtrail.report.duplicates/1"
    assert document["rows"][0]["group"] == f"restaurant{HOSTILE}"
    assert document["coverage"] == 0.997


def test_junit_fails_where_something_is_wrong() -> None:
    """One case per group, its latency and convergence; only those that do not keep up fail."""
    suite = ElementTree.fromstring(make_report("lag", documents(), "junit"))[0]  # noqa: S314 - our own
    failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    skipped = {case.get("name") for case in suite.iter("testcase") if case.find("skipped") is not None}
    assert (suite.get("tests"), suite.get("failures")) == ("7", "1")
    assert failed == {"analytics on orders"}
    assert skipped == {"latency of analytics on orders", "latency of legacy on orders", "convergence of orders"}


def test_parquet_is_typed() -> None:
    """Times are timestamps, ids are lists."""
    table = pq.read_table(BytesIO(make_report("duplicates", documents(), "parquet")))
    assert str(table.schema.field("first_at").type) == "timestamp[us, tz=UTC]"
    assert table.column("message_ids").to_pylist()[0] == ["meal-0"]
    assert table.num_rows == 9


def test_wrong_names_are_answered_with_the_right_ones() -> None:
    """Usage errors name what there is."""
    with pytest.raises(UsageError, match="lag, duplicates, order, losses, flow"):
        make_report("lags", documents(), "html")
    with pytest.raises(UsageError, match="html, csv, json"):
        make_report("lag", documents(), "pdf")


def test_default_files() -> None:
    """Pages and parquet go to files of these names, the rest to standard output."""
    assert default_file("lag", "html") == "flowtrail-lag.html"
    assert set(FORMATS) - set(TEXT_FORMATS) == {"html", "parquet"}
