"""`flowtrail report`: every report in every format, through the command line, on a store and on what it was told."""

import csv
import json
import re
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run
from tests.questions.conftest import Asker
from tests.questions.history import MS, START_NS, History

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e=\x1b[2J"
REPORTS = (["lag"], ["duplicates"], ["order"], ["losses"], ["flow", "order-1"])


def troubled(name: str = "") -> History:
    """Tell of an early send, a group that handles concurrently and leaves one out, a failed send, one in doubt."""
    history = History()
    shop = history.service(f"orders{name}")
    numbers = [1, 2, 7, 3, 4, 5, 6, 8]
    sent = [
        shop.send("orders", 0, offset, seq=number, key=f"k{name}", start=START_NS + number, end=START_NS + offset * MS)
        for offset, number in enumerate(numbers, 1)
    ]
    shop.send("orders", 0, None, outcome="failed", error="TooLargeError")
    shop.send("orders", 0, None, outcome="in-doubt", error="TimeoutError")
    payment = history.member("payment", group=f"payment{name}")
    payment.assign("orders", 0, 1)
    payment.receive("orders", 0, 1, 8)
    for place in (0, 2, 1, 3, 4, 5, 7):
        payment.process(sent[place])
    payment.commit("orders", 0, 9)
    history.wait(200_000)
    shop.send("ticks", 0, 0, correlation_id=f"order-1{name}")
    return history


@pytest.fixture(scope="session")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Offer the store of that history, with what is mixed into its names."""
    stores: dict[str, Path] = {}

    def made(name: str = "") -> Path:
        if name not in stores:
            path = tmp_path_factory.mktemp("trouble") / "trouble.duckdb"
            stores[name] = Asker(path).tell(troubled(name).spans).path
        return stores[name]

    return made


def test_reports_without_a_place(run: Run, store: Path, tmp_path: Path) -> None:
    """Pages and Parquet go to a file that is named on stderr, the rest to standard output."""
    for report in REPORTS:
        what = ["order-0"] if report[0] == "flow" else []
        result = run("report", report[0], *what, "--source", store)
        assert (result.code, result.out) == (0, "")
        page = tmp_path / f"flowtrail-{report[0]}.html"
        assert f"wrote {page.name}" in result.err
        assert page.read_bytes().startswith(b"<!doctype html>")
        result = run("report", report[0], *what, "--format", "parquet", "--source", store)
        assert (result.code, result.out) == (0, "")
        assert pq.read_table(tmp_path / f"flowtrail-{report[0]}.parquet").num_columns > 5
        for text, begin in (("csv", ""), ("md", "# "), ("junit", "<?xml"), ("json", "{")):
            result = run("report", report[0], *what, "--format", text, "--source", store)
            assert (result.code, result.err) == (0, "")
            assert result.out.startswith(begin)
        assert result.document["schema"] == f"flowtrail.report.{report[0]}/1"
        assert result.document["coverage"] == 1.0
        assert result.document["as_of"]


@pytest.mark.parametrize("report", ["lag", "duplicates", "order", "losses"])
def test_several_formats_in_one_run(run: Run, store: Path, tmp_path: Path, report: str) -> None:
    """They share a name; an ending that is given is taken for one of theirs."""
    result = run("report", report, "--format", "html", "--format", "csv", "-o", "both", "--source", store)
    assert result.code == 0
    assert (tmp_path / "both.html").exists()
    assert (tmp_path / "both.csv").exists()
    formats = ("--format", "html", "--format", "junit")
    assert run("report", report, *formats, "-o", "named.html", "--source", store).code == 0
    assert (tmp_path / "named.html").exists()
    assert (tmp_path / "named.xml").exists()
    result = run("report", report, "--source", store, "-o", "nowhere/report.html")
    assert result.code == 2
    assert "nowhere/report.html can not be written" in result.err


def test_order(run: Run, trouble: Callable[[str], Path]) -> None:
    """The contract's names, with RFC 4737's numbers."""
    document = run("report", "order", "--json", "--since", "all", "--source", trouble("")).document
    row = document["rows"][0]
    assert (row["scope"], row["destination"], row["partition"], row["producer"]) == ("log", "orders", 0, "orders")
    wanted = {
        "events": 8,
        "reordered": 4,
        "ratio": 0.5,
        "max_extent": 4,
        "max_n": 1,
        "discontinuities": 1,
        "skipped_sequence": 4,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["culprits"] == [{"offset": 3, "message_id": "orders-1-orders-7"}]
    assert [(one["offset"], one["sequence"], one["extent"]) for one in row["details"]] == [
        (4, 3, 1),
        (5, 4, 2),
        (6, 5, 3),
        (7, 6, 4),
    ]
    completion = next(row for row in document["rows"] if row["scope"] == "completion")
    assert (completion["group"], completion["reordered"], completion["findings"]["error"]) == ("payment", 1, 1)


def test_losses(run: Run, trouble: Callable[[str], Path]) -> None:
    """What was published, who consumed it, what was lost, and what is not known."""
    document = run("report", "losses", "--json", "--since", "all", "--source", trouble("")).document
    orders, payment, _ticks = document["rows"]
    assert (orders["events"], orders["answers"]) == (10, {"yes": 8, "no": 1, "in-doubt": 1})
    assert (payment["group"], payment["answers"]["processed"], payment["answers"]["unfinished"]) == ("payment", 7, 1)
    found = {(one["kind"], one["severity"]) for one in document["findings"]}
    assert {("publish-failed", "error"), ("publish-in-doubt", "warning"), ("unfinished", "error")} <= found
    assert {"destination": "orders", "about": "published?", "answer": "in-doubt", "reason": "timeout", "events": 1} in (
        document["unknown"]
    )


def test_a_flow(run: Run, trouble: Callable[[str], Path]) -> None:
    """Its events, and what happened to each; it looks through everything, whatever the window."""
    result = run("report", "flow", "orders-1-orders-7", "--since", "1s", "--format", "json", "--source", trouble(""))
    assert result.code == 0
    assert "--since and --until are not needed" in result.err
    assert [event["message_id"] for event in result.document["events"]] == ["orders-1-orders-7"]
    assert [step["step"] for step in result.document["steps"]] == ["published", "processed"]
    unknown = run("report", "flow", "id:nobody", "--source", trouble(""))
    assert (unknown.code, unknown.out) == (4, "")
    assert "nothing is known of 'id:nobody'" in unknown.err


@pytest.mark.parametrize("report", REPORTS)
def test_junit_fails_where_there_is_an_error(run: Run, trouble: Callable[[str], Path], report: list[str]) -> None:
    """The exit code is 0 all the same: the report was made."""
    window = [] if report[0] == "flow" else ["--since", "all"]
    result = run("report", *report, *window, "--format", "junit", "--source", trouble(""))
    assert result.code == 0
    suite = ElementTree.fromstring(result.out)[0]  # noqa: S314 - our own
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert suite.get("failures") == str(len(failed))
    assert failed == {
        "order": ["log: orders on orders:0", "completion: payment on orders:0"],
        "losses": [
            "publish-failed: orders on orders (TooLargeError)",
            "unfinished: payment on orders (the member went on)",
        ],
    }.get(report[0], [])


@pytest.mark.parametrize("report", REPORTS)
def test_hostile_names(run: Run, trouble: Callable[[str], Path], tmp_path: Path, report: list[str]) -> None:
    """Whatever a service calls itself, no format lets it act."""
    formats = [option for name in ("html", "csv", "json", "md", "junit", "parquet") for option in ("--format", name)]
    what = [f"flow:order-1{HOSTILE}"] if report[0] == "flow" else ["--since", "all"]
    assert run("report", report[0], *what, *formats, "-o", "evil", "--source", trouble(HOSTILE)).code == 0
    for ending in ("html", "csv", "json", "md", "xml"):
        text = re.sub(r"<script>.*?</script>", "", (tmp_path / f"evil.{ending}").read_text(), flags=re.DOTALL)
        assert not {"\u202e", "\x1b"} & set(text)
        if ending in ("html", "md"):
            assert not re.search(r"(?<!\\)<img", text)
    assert json.loads((tmp_path / "evil.json").read_text())["schema"] == f"flowtrail.report.{report[0]}/1"
    assert pq.read_table(BytesIO((tmp_path / "evil.parquet").read_bytes())).num_columns > 5
    ElementTree.fromstring((tmp_path / "evil.xml").read_text())  # noqa: S314 - our own


def test_csv_cells_are_no_formulas(run: Run, tmp_path: Path) -> None:
    """A producer that calls itself like one is text to a spreadsheet."""
    history = History()
    history.service("=cmd|' /C calc'!A0").send("+orders", 0, 0)
    store = Asker(tmp_path / "formulas.duckdb").tell(history.spans).path
    result = run("report", "order", "--since", "all", "--format", "csv", "--source", store)
    (row,) = csv.DictReader(StringIO(result.out))
    assert (row["producer"], row["destination"]) == ("'=cmd|' /C calc'!A0", "'+orders")
    assert row["events"] == "1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "oder"], "Did you mean 'order'?"),
        (["report", "order", "kind:lost"], "order has no kind to filter by"),
        (["report", "losses", "producer:x"], "losses has no producer to filter by"),
        (["report", "flow"], "report flow takes one WHAT"),
        (["report", "flow", "a", "group:b"], "report flow takes one WHAT"),
        (["report", "flow", "a", "--filter", "group:b"], "report flow takes one WHAT"),
        (["report", "flow", "record:x"], "destination:partition:offset"),
        (["report", "order", "--format", "pdf"], "there is no format 'pdf'"),
    ],
)
def test_usage(run: Run, trouble: Callable[[str], Path], arguments: list[str], said: str) -> None:
    """Exit 2, and what was expected."""
    result = run(*arguments, "--source", trouble(""))
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_an_empty_store(run: Run, tmp_path: Path) -> None:
    """Nothing is known, which is no pass: every check is skipped."""
    (tmp_path / "none.jsonl").write_text("")
    assert run("import", tmp_path / "none.jsonl", "--store", tmp_path / "none.duckdb").code == 0
    for report in ("order", "losses", "duplicates"):
        result = run("report", report, "--format", "junit", "--source", tmp_path / "none.duckdb")
        assert result.code == 0
        suite = ElementTree.fromstring(result.out)[0]  # noqa: S314 - our own
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("1", "0", "1")


def test_no_source(run: Run) -> None:
    """Exit 3: trying again may help."""
    assert run("report", "order", "--source", "http://127.0.0.1:9").code == 3
