"""Causes and what people say of them: at a collector, killed and started again, in a file, over HTTP, by command."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowtrail_collector.client import HttpSource
from flowtrail_collector.errors import SourceUnavailable, StoreBusy, UsageError
from flowtrail_collector.source import StoreSource, Window, open_source
from flowtrail_collector.store import Store
from flowtrail_tui.cli import main
from tests.cli.conftest import Run, request, span
from tests.cli.test_collect import Collecting, exchange, send

ALWAYS = Window(None, None)
JSON = {"Content-Type": "application/json"}


def trouble(*numbers: int) -> str:
    """Tell of events that orders could not publish; its first span is one that went well."""
    sent = [
        span(
            1 + number,
            "send",
            1_000 * number,
            4,
            {
                "messaging.message.id": f"order-{number}",
                "messaging.message.conversation_id": f"flow-{number}",
                "flowtrail.publish.outcome": "failed",
                "error.type": "RecordTooLarge",
            },
        )
        for number in numbers
    ]
    return request("orders", *sent) + "\n"


@pytest.fixture
def collecting(tmp_path: Path) -> Iterator[Callable[..., Collecting]]:
    """Start collectors that do not outlive the test."""
    started: list[Collecting] = []

    def start(*arguments: str) -> Collecting:
        started.append(Collecting(tmp_path, "--store", "some.duckdb", *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture
def faulty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Offer a store with one cause of three findings in it."""
    (tmp_path / "trouble.jsonl").write_text(trouble(0, 1, 2))
    assert main(["import", str(tmp_path / "trouble.jsonl"), "--store", str(tmp_path / "faulty.duckdb")]) == 0
    capsys.readouterr()
    return tmp_path / "faulty.duckdb"


def only(source: Any, filter_text: str = "kind:publish-failed") -> dict[str, Any]:
    """Return the one cause there is."""
    [row] = source.causes(ALWAYS, filter_text)["rows"]
    return dict(row)


# Grouped by the collector.


def test_findings_are_told_by_cause(faulty: Path) -> None:
    """One row with what happened, its flows, its newest findings and the spans that prove it."""
    source = StoreSource(faulty)
    document = source.causes(ALWAYS, "kind:publish-failed")
    source.close()
    [row] = document["rows"]
    assert document["schema"] == "flowtrail.causes/1"
    assert (row["count"], row["events"], row["flows"], sum(row["trend"])) == (3, 3, 3, 3)
    assert row["happened"] == "orders could not publish 3 events to orders (RecordTooLarge)"
    assert [one["flow"] for one in row["examples"]] == ["flow-2", "flow-1", "flow-0"]
    assert (row["trend"][0], row["trend"][-1], row["mark"], len(row["evidence"])) == (1, 1, None, 3)
    assert document["totals"] | {"findings": 3, "open": 1, "attention": 1} == document["totals"]


def test_a_cause_can_be_asked_for(faulty: Path) -> None:
    """Its findings are those with its id, and no others."""
    source = StoreSource(faulty)
    cause = only(source)["cause"]
    assert len(source.findings(ALWAYS, f"cause:{cause}")["findings"]) == 3
    assert source.findings(ALWAYS, f"cause:!{cause} kind:publish-failed")["findings"] == []
    source.close()


# Marks of a file.


def test_a_mark_is_kept_in_the_file(faulty: Path) -> None:
    """Who, when, and why; without a note the former one stays, an empty one takes it away."""
    source = StoreSource(faulty)
    cause = only(source)["cause"]
    told = source.mark(cause, "acknowledged", note="known since Monday", by="ann")
    assert (told["schema"], told["cause"], told["state"]) == ("flowtrail.mark/1", cause, "acknowledged")
    source.close()
    source = StoreSource(faulty)
    mark = only(source)["mark"]
    assert (mark["state"], mark["by"], mark["note"], mark["after"]) == ("acknowledged", "ann", "known since Monday", 0)
    assert source.mark(cause, "muted", by="bob")["note"] == "known since Monday"
    assert source.mark(cause, "open", note="")["note"] == ""
    source.close()


def test_muted_causes_are_seen_where_they_are_asked_for(faulty: Path) -> None:
    """They are counted all the same; of every state the filter may ask."""
    source = StoreSource(faulty)
    cause = only(source)["cause"]
    source.mark(cause, "muted")
    shown = {
        text: len(source.causes(ALWAYS, f"kind:publish-failed {text}")["rows"])
        for text in ("", "state:muted", "state:open", "state:all", "state:!muted", "state:open,muted")
    }
    assert shown == {"": 0, "state:muted": 1, "state:open": 0, "state:all": 1, "state:!muted": 0, "state:open,muted": 1}
    assert source.causes(ALWAYS, "kind:publish-failed")["totals"]["muted"] == 1
    assert len(source.findings(ALWAYS, "state:muted")["findings"]) == 3
    source.close()


def test_what_comes_after_a_mark_is_counted(faulty: Path, tmp_path: Path) -> None:
    """The acknowledgement stays, and says how much of it is new."""
    source = StoreSource(faulty)
    source.mark(only(source)["cause"], "acknowledged")
    source.close()
    (tmp_path / "more.jsonl").write_text(trouble(3, 4))
    assert main(["import", str(tmp_path / "more.jsonl"), "--store", str(faulty)]) == 0
    source = StoreSource(faulty)
    row = only(source)
    source.close()
    assert (row["count"], row["mark"]["state"], row["mark"]["after"]) == (5, "acknowledged", 2)


def test_a_file_that_someone_else_reads_can_not_be_marked(faulty: Path) -> None:
    """It is said who holds it, nothing is lost, and the file is read as before."""
    hold = "import sys; from flowtrail_collector.store import Store; "
    hold += "s = Store.open(sys.argv[1], read_only=True); print(1, flush=True); input()"
    source = StoreSource(faulty)
    cause = only(source)["cause"]
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(faulty)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(StoreBusy, match=f"held by process {other.pid}"):
            source.mark(cause, "muted")
        assert only(source)["mark"] is None
        other.communicate("\n")
    assert source.mark(cause, "muted")["state"] == "muted"
    source.close()
    with pytest.raises(SourceUnavailable, match="is closed"):
        source.mark(cause, "open")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_can_not_be_written_is_named(faulty: Path) -> None:
    """With why; it is read as before."""
    source = StoreSource(faulty)
    cause = only(source)["cause"]
    faulty.chmod(0o400)
    with pytest.raises(SourceUnavailable, match="can not be opened"):
        source.mark(cause, "muted")
    assert only(source)["mark"] is None
    source.close()


@pytest.mark.parametrize(
    ("cause", "state", "note", "says"),
    [
        ("nonsense", "muted", None, "12 hex digits"),
        ("0" * 12 + "'", "muted", None, "12 hex digits"),
        ("0" * 12, "closed", None, "acknowledged, muted, or open again"),
        ("0" * 12, "muted", "x" * 1_001, "at most 1,000 characters"),
        ("0" * 12, "muted", "\ud800", "expected a text"),
    ],
)
def test_what_can_not_be_a_mark_is_refused(faulty: Path, cause: str, state: str, note: str | None, says: str) -> None:
    """Before the file is touched."""
    source = StoreSource(faulty)
    with pytest.raises(UsageError, match=says):
        source.mark(cause, state, note=note)
    source.close()


# At a collector.


def test_marks_outlive_a_collector_that_is_killed(collecting: Callable[..., Collecting]) -> None:
    """Once it is said to be kept it is kept, whatever happens to the process."""
    collector = collecting()
    url = collector.url()
    send(url, trouble(0))
    source = HttpSource(url)
    cause = only(source)["cause"]
    assert source.mark(cause, "acknowledged", note="we know", by="ann")["state"] == "acknowledged"
    source.close()
    collector.end(signal.SIGKILL)
    again = HttpSource(collecting().url())
    mark = only(again)["mark"]
    again.close()
    assert (mark["state"], mark["by"], mark["note"]) == ("acknowledged", "ann", "we know")


def test_who_may_mark_and_what_is_taken(collecting: Callable[..., Collecting]) -> None:
    """The same rules as for questions; JSON and nothing else, not much of it, and no web page's."""
    url = collecting("--api-token", "secret").url() + "/api/v1/marks"
    said = json.dumps({"cause": "0123456789ab", "state": "muted"})

    def status(body: str, headers: dict[str, str]) -> tuple[int, str]:
        code, answer = exchange("POST", url, body, headers)
        return code, answer.get("error", {}).get("message", "")

    assert status(said, JSON) == (200, "")
    assert status(said, JSON | {"Origin": "https://evil.example"})[0] == 403
    assert status(said, JSON | {"Host": "evil.example"})[0] == 403
    assert status(said, JSON | {"Host": "evil.example", "Authorization": "Bearer secret"})[0] == 200
    for body, headers, says in (
        (said, {"Content-Type": "text/plain"}, "Content-Type: application/json"),
        ("{", JSON, "not JSON"),
        ("[]", JSON, "the body is an object"),
        (json.dumps({"cause": "0123456789ab", "state": "gone"}), JSON, "acknowledged, muted, or open again"),
        (json.dumps({"cause": "0123456789ab", "stat": "open"}), JSON, "did you mean 'state'?"),
        (json.dumps({"cause": ["0123456789ab"], "state": "open"}), JSON, "12 hex digits"),
        (" " * 17_000 + said, JSON, "more than 16,384 bytes"),
    ):
        code, message = status(body, headers)
        assert code == 400
        assert says in message
    assert exchange("GET", url, None, {})[0] == 404


def test_a_file_that_a_collector_holds_is_not_marked(collecting: Callable[..., Collecting], tmp_path: Path) -> None:
    """It is said whom to ask instead."""
    collecting().url()
    with pytest.raises(StoreBusy, match="While a collector runs, ask it instead"):
        open_source(str(tmp_path / "some.duckdb"))


def test_an_older_file_becomes_ours_when_it_is_marked(faulty: Path) -> None:
    """It is read as it is until then."""
    with Store.open(faulty) as store:
        store.write(lambda connection: connection.execute("DROP TABLE mark_rows"))
        store.write(lambda connection: connection.execute("UPDATE store_info SET schema_version = 5"))
    source = StoreSource(faulty)
    row = only(source)
    assert row["mark"] is None
    assert source.mark(row["cause"], "muted")["state"] == "muted"
    assert only(source, "state:muted kind:publish-failed")["count"] == 3
    source.close()


# By command.


def test_findings_by_cause_as_text_and_json(run: Run, faulty: Path) -> None:
    """One line per cause with its id, and the document of the API."""
    document = run("findings", "--by-cause", "--json", "--source", faulty, "kind:publish-failed").document
    [row] = document["rows"]
    result = run("findings", "--by-cause", "--source", faulty, "kind:publish-failed")
    assert result.code == 0
    for words in (row["cause"], "✗ error", "publish-failed", row["happened"], "1 open", "3 findings"):
        assert words in result.out
    nothing = run("findings", "--by-cause", "--source", faulty, "kind:loop").out
    assert "no cause in this window passes the filter" in nothing


def test_a_cause_is_marked_by_command(run: Run, faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its id may be shortened; what is kept is said, and shown from then on."""
    monkeypatch.setenv("LOGNAME", "carol")
    [row] = run("findings", "--by-cause", "--json", "--source", faulty, "kind:publish-failed").document["rows"]
    cause = row["cause"]
    result = run("mark", cause[:6], "acknowledged", "--note", "fixed in 1.4", "--source", faulty)
    assert result.code == 0
    assert f"{cause} is acknowledged by carol: fixed in 1.4" in result.out
    assert "acknowledged by carol" in run("findings", "--by-cause", "--source", faulty).out
    assert run("mark", cause, "muted", "--source", faulty, "--json").document["state"] == "muted"
    assert cause not in run("findings", "--by-cause", "--source", faulty).out
    assert cause in run("findings", "--by-cause", "--source", faulty, "state:muted").out


def test_a_cause_that_is_not_known_is_not_marked(run: Run, faulty: Path) -> None:
    """Exit 4 with those that there are; exit 2 for a state that there is not."""
    result = run("mark", "feedfeedfeed", "muted", "--source", faulty)
    assert result.code == 4
    assert "there is no cause feedfeedfeed" in result.err
    assert "publish-failed" in result.err
    assert run("mark", "feedfeedfeed", "closed", "--source", faulty).code == 2


def test_a_mark_excuses_nothing(run: Run, faulty: Path) -> None:
    """`check` fails as before; a report tells the finding, and what was said of it."""
    [row] = run("findings", "--by-cause", "--json", "--source", faulty, "kind:publish-failed").document["rows"]
    before = run("check", "--no", "publish-failed", "--source", faulty, "--since", "all").code
    assert run("mark", row["cause"], "muted", "--note", "we know", "--by", "ann", "--source", faulty).code == 0
    assert run("check", "--no", "publish-failed", "--source", faulty, "--since", "all").code == before == 1
    assert "muted by ann" in run("report", "losses", "--format", "md", "--source", faulty, "--since", "all").out
