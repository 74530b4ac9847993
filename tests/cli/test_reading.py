"""The reading commands on a store file: text, JSON, exit codes, and what is said of a slip."""

from pathlib import Path

import pytest

from flowtrail_tui.text.latency import render
from tests.cli.conftest import Run, history
from tests.reports.made import latency


def test_ask_as_text(run: Run, store: Path) -> None:
    """The verdict card: question, word, sentence, grade."""
    result = run("ask", "orders:3:1042", "--source", store)
    assert result.code == 0
    assert "understood as record" in result.out
    for words in (
        "Published?",
        "✓ yes",
        "Consumed?",
        "payment",
        "✓ processed",
        "Duplicated?",
        "Reordered?",
        "Evidence",
    ):
        assert words in result.out
    assert "\x1b" not in result.out
    assert not result.err


@pytest.mark.parametrize(
    "what", ["orders:3:1042", "record:orders:3:1042", "order-0", "id:order-0", "key:orders/42", "flow-1"]
)
def test_ask_as_json(run: Run, store: Path, what: str) -> None:
    """The document of the contract, however one asks."""
    result = run("ask", what, "--source", store, "--json")
    assert result.code == 0
    assert result.document["schema"] == "flowtrail.ask/1"
    assert result.document["asked"] == what
    event = result.document["events"][0]
    assert event["published"]["answer"] == "yes"
    assert event["published"]["records"][0]["offset"] == 1042


def test_the_evidence_of_an_answer(run: Run, store: Path) -> None:
    """Each span that proves a claim: what it proves, by whom, where, what it says; as JSON with all that is stored."""
    result = run("ask", "orders:3:1042", "--source", store, "--evidence")
    heading, *rows = result.out.splitlines()
    assert heading.split() == ["SPAN", "WHEN", "CLAIM", "WHO", "DID", "WHERE", "SAYS"]
    assert "published" in rows[0]
    assert "orders:3:1042" in rows[0]
    assert any("consumed by payment" in row for row in rows)
    document = run("ask", "orders:3:1042", "--source", store, "--evidence", "--json").document
    assert (document["schema"], document["asked"]) == ("flowtrail.spans/1", "orders:3:1042")
    told = {f"{row['trace_id']}/{row['span_id']}" for row in document["rows"]}
    assert {ref for claim in document["claims"] for ref in claim["evidence"]} == told
    assert {claim["claim"] for claim in document["claims"]} >= {"published", "consumed by payment"}


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("waterfall", ("EVENT / DELIVERY", "payment", "● publish", "as of ")),
        ("sequence", ("[orders]", "►█ ok", "as of ")),
        ("mermaid", ("sequenceDiagram", "participant L0 as ", "->>")),
        ("raw", ("SPAN", "send", "process", "as of ")),
    ],
)
def test_a_flow_in_a_shape(run: Run, store: Path, shape: str, wanted: tuple[str, ...]) -> None:
    """The same drawings as on the screen, whole."""
    result = run("ask", "order-0", "--source", store, "--as", shape)
    assert result.code == 0
    for text in wanted:
        assert text in result.out


def test_a_shape_and_evidence_are_two_answers(run: Run, store: Path) -> None:
    """Asked for both, it says so instead of giving one of them."""
    result = run("ask", "order-0", "--source", store, "--as", "sequence", "--evidence")
    assert result.code == 2
    assert "--evidence and --as sequence are two answers" in result.err


def test_ask_needs_no_window(run: Run, store: Path) -> None:
    """A window is accepted, and said not to be needed."""
    result = run("ask", "order-0", "--since", "15m", "--source", store, "--json")
    assert result.code == 0
    assert result.document["events"]
    assert "looks through everything" in result.err


def test_an_unknown_event(run: Run, store: Path) -> None:
    """Exit 4, nothing on stdout, and what is known near it."""
    result = run("ask", "orders:3:1050", "--source", store)
    assert (result.code, result.out) == (4, "")
    assert "nothing is known of" in result.err
    assert "known near it:" in result.err
    assert "1042 to 1043" in result.err


@pytest.mark.parametrize("command", ["flows", "findings", "lag", "map"])
def test_lists(run: Run, store: Path, command: str) -> None:
    """Text and JSON of each, over the last 15 minutes of the file."""
    result = run(command, "--source", store)
    assert result.code == 0
    assert "as of 2026-03-01 12:00:00.031Z" in result.out
    result = run(command, "--source", store, "--json", "--since", "all")
    assert result.code == 0
    assert result.document["schema"] == f"flowtrail.{command}/1"
    assert result.document["as_of"] == "2026-03-01T12:00:00.031000000Z"


def test_lag_rows(run: Run, store: Path) -> None:
    """One record is not passed."""
    (row,) = run("lag", "--source", store, "--json").document["rows"]
    assert (row["group"], row["destination"], row["partition"]) == ("payment", "orders", 3)
    assert (row["position"], row["end"], row["lag"]) == (1043, 1044, 1)
    assert row["time_lag_ms"] == 17.0


def test_the_map(run: Run, store: Path, tmp_path: Path) -> None:
    """As lines, as the document, as Mermaid and as a picture; a file's ending says what is wanted."""
    text = run("map", "--source", store)
    assert text.code == 0
    assert "orders" in text.out.splitlines()[0]
    assert "payment" in text.out.splitlines()[0]
    assert run("map", "--source", store, "--format", "mermaid").out.startswith("flowchart LR\n")
    assert run("map", "--source", store, "--format", "json").document["schema"] == "flowtrail.map/1"
    assert run("map", "--source", store, "--format", "svg").out.startswith("<svg ")
    for ending, begins in (("svg", "<svg "), ("mmd", "flowchart LR"), ("json", "{"), ("txt", "orders ")):
        written = run("map", "--source", store, "-o", tmp_path / f"map.{ending}")
        assert (written.code, written.out) == (0, "")
        assert f"wrote {tmp_path / 'map.'}{ending}" in written.err
        assert (tmp_path / f"map.{ending}").read_text().startswith(begins)


def test_a_map_that_can_not_be_written(run: Run, store: Path, tmp_path: Path) -> None:
    """Said with the file's name; two formats at once are refused."""
    refused = run("map", "--source", store, "-o", tmp_path / "no" / "map.svg")
    assert (refused.code, "name another file with -o" in refused.err) == (2, True)
    refused = run("map", "--source", store, "--json", "--format", "svg")
    assert (refused.code, "choose one of them" in refused.err) == (2, True)
    refused = run("map", "key:42", "--source", store)
    assert (refused.code, "map has no key to filter by" in refused.err) == (2, True)


def test_how_long_events_take(run: Run, store: Path) -> None:
    """`lag --latency`: one event is measured, of the other no processing is known; text and JSON."""
    result = run("lag", "--latency", "--source", store, "--json")
    assert (result.code, result.document["schema"]) == (0, "flowtrail.latency/1")
    (row,) = result.document["rows"]
    assert (row["group"], row["destination"], row["events"]) == ("payment", "orders", 1)
    assert row["p50_ms"] == row["max_ms"] == result.document["convergence"][0]["p99_ms"]
    assert row["unmeasured"] == [{"reason": "no processing known", "events": 1}]
    text = run("lag", "--latency", "--source", store)
    assert text.code == 0
    assert "End-to-end latency" in text.out
    assert "Convergence" in text.out
    assert f"{row['p50_ms']:.0f}ms" in text.out
    refused = run("lag", "--latency", "verdict:ok", "--source", store)
    assert (refused.code, "latency has no verdict to filter by" in refused.err) == (2, True)


def test_latencies_that_clocks_do_not_tell() -> None:
    """The text names what is measured by two hosts' clocks, how far it can be trusted, and what is not measured."""
    lines = ["".join(part.text for part in line) for line in render(latency(), 140)]
    said = "analytics on orders: measured by two hosts' clocks; the hosts' clocks disagree"
    assert f"{said}; the true p95 lies between 150ms and 170ms" in lines
    assert any("analytics assumed" in line and "100 no processing known" in line for line in lines)
    (legacy,) = [line for line in lines if line.startswith("legacy")]
    assert legacy.split()[2:7] == ["0", "?", "?", "?", "?"]
    empty = {"rows": [], "convergence": [], "as_of": None, "coverage": None}
    assert ["".join(part.text for part in line) for line in render(empty, 80)] == [
        "no message was seen · nothing received · coverage ?"
    ]


@pytest.mark.parametrize(
    "filters", [["group:pay*"], ["group:payment", "topic:orders"], ["--filter", "group:payment topic:orders"]]
)
def test_filters(run: Run, store: Path, filters: list[str]) -> None:
    """Filter words as arguments or as an option."""
    assert len(run("lag", *filters, "--source", store, "--json").document["rows"]) == 1
    assert not run("lag", *filters, "group:other", "--source", store, "--json").document["rows"]


def test_a_window_without_spans(run: Run, store: Path) -> None:
    """The answer is empty, and that is an answer."""
    result = run("flows", "--since", "2026-02-01", "--until", "2026-02-02", "--source", store, "--json")
    assert (result.code, result.document["rows"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lagg"], "no such command 'lagg'. Did you mean 'lag'?"),
        (["lag", "--sourc", "x"], "no such option --sourc. Did you mean --source?"),
        (["lag", "--since", "15"], "did you mean 15m?"),
        (["lag", "tpic:orders"], "did you mean 'topic'?"),
        (["lag", "verdict:fallling"], "no such verdict 'fallling'; did you mean 'falling'?"),
        (["topology"], "no such command 'topology'. The commands are demo, collect,"),
        (["lag", "kind:lost"], "lag has no kind to filter by"),
        (["flows", "--since", "1h", "--until", "2h"], "ends before it begins"),
        (["flows", "--limit", "0"], "--limit"),
        (["ask"], "Missing argument 'WHAT'"),
        (["report", "lagg"], "Did you mean 'lag'?"),
        (["report", "lag", "--format", "htm"], "Did you mean 'html'?"),
        (["collect", "--retain", "7"], "--retain: '7' is no age"),
        (["collect", "--http", "localhost"], "--http localhost: expected HOST:PORT"),
        (["tui"], "needs a terminal"),
        (["lag", "--source", "ftp://x"], "a source is http://HOST:PORT"),
    ],
)
def test_usage(run: Run, store: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, and the nearest right word."""
    monkeypatch.setenv("FLOWTRAIL_SOURCE", str(store))
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "arguments", [["lag", "--since", "15"], ["flows", "--until", "soon"], ["report", "lag", "tpic:orders"]]
)
def test_usage_goes_before_the_source(run: Run, arguments: list[str]) -> None:
    """What can not be understood is said although nothing can be asked: trying again would not help."""
    assert run(*arguments).code == 2


def test_no_source(run: Run) -> None:
    """Exit 3, and the three places that were tried."""
    result = run("lag")
    assert result.code == 3
    for tried in ("$FLOWTRAIL_SOURCE", "http://127.0.0.1:9", "./flowtrail.duckdb"):
        assert tried in result.err


def test_a_source_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, naming it, and the variable that named it."""
    assert "there is no store file nope.duckdb" in run("lag", "--source", "nope.duckdb").err
    result = run("lag", "--source", "http://127.0.0.1:9")
    assert result.code == 3
    assert "no collector answers at http://127.0.0.1:9 (connection refused)" in result.err
    monkeypatch.setenv("FLOWTRAIL_SOURCE", "nope.duckdb")
    assert "named by $FLOWTRAIL_SOURCE" in run("lag").err


def test_the_store_here_is_the_default(run: Run, otlp: Path) -> None:
    """Without a collector, `./flowtrail.duckdb` is asked."""
    assert run("import", otlp, "--store", "flowtrail.duckdb").code == 0
    assert run("lag", "--json").document["rows"]


def test_a_file_of_another_program(run: Run, tmp_path: Path) -> None:
    """Exit 3, with the path."""
    (tmp_path / "other.db").write_bytes(b"not a database at all" * 100)
    result = run("lag", "--source", "other.db")
    assert result.code == 3
    assert "other.db" in result.err


def test_hostile_names_are_inert(run: Run, tmp_path: Path) -> None:
    """Escapes of the data become visible, in text and in JSON."""
    hostile = "\x1b]52;c;AAAA\x07\u202e\x9b31m"
    (tmp_path / "hostile.jsonl").write_text(history(key=hostile))
    assert run("import", "hostile.jsonl", "--store", "s.duckdb").code == 0
    for arguments in (["ask", "order-0"], ["flows"], ["findings"], ["ask", "order-0", "--json"]):
        result = run(*arguments, "--source", "s.duckdb")
        assert result.code == 0
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(result.out)
    assert run("ask", "order-0", "--json", "--source", "s.duckdb").document["events"][0]["key"] == hostile
    result = run("ask", f"id:{hostile}", "--source", "s.duckdb")
    assert result.code == 4
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(result.err)


def test_an_unknown_event_with_nothing_near(run: Run, store: Path) -> None:
    """At least what there is to be asked about."""
    result = run("ask", "key:orders/none", "--json", "--source", store)
    assert (result.code, result.out) == (4, "")
    assert "some.duckdb holds 6 spans from 2026-03-01T12:00:00" in result.err
    assert "of orders, payment" in result.err


def test_doctor(run: Run, store: Path) -> None:
    """What is there, what each service tells, what is missing."""
    result = run("doctor", "--source", store)
    assert result.code == 0
    assert "service payment" in result.out
    assert "no broker is watched" in result.out
    checks = {check["check"]: check for check in run("doctor", "--source", store, "--json").document["checks"]}
    assert checks["service orders"]["state"] == "ok"
    assert checks["coverage"]["state"] == "ok"
    assert run("doctor", "--source", "http://127.0.0.1:9").code == 3
