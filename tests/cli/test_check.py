"""`flowtrail check`: assertions, their outcomes, and what CI is told."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, attributes_of, history, request, span
from tests.cli.test_collect import Collecting, collecting, get, send  # noqa: F401 a fixture

EXPECT = '[expect]\norders = ["payment", "restaurant"]\n'
HOSTILE = "a\x00b\x1b[31m<&\"'>]]>\u202e\ufffe"


def filled(run: Run, folder: Path, *lines: str) -> Path:
    """Return a store that holds these requests."""
    (folder / "more.jsonl").write_text("".join(f"{line.rstrip()}\n" for line in lines))
    path = folder / "made.duckdb"
    assert run("import", folder / "more.jsonl", "--store", path).code == 0
    return path


def republished(key: str = "42", message_id: str = "order-0") -> str:
    """Tell of a message id that the application sent twice, by an instance that is complete."""
    sends = [
        span(
            number,
            "send",
            40 + 10 * number,
            2,
            {
                "messaging.kafka.offset": 2000 + number,
                "messaging.message.id": message_id,
                "messaging.kafka.message.key": key,
                "flowtrail.publish.outcome": "acked",
                "flowtrail.producer.epoch": "e2",
                "flowtrail.producer.seq": number,
            },
        )
        for number in (1, 2)
    ]
    return request("again", *sends)


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    """Return each assertion's outcome."""
    return {one["name"]: one["outcome"] for one in document["assertions"]}


def suite_of(path: Path) -> ET.Element:
    """Read a JUnit file as a consumer does: counts that agree, one case each with a class and a name."""
    (suite,) = ET.parse(path).getroot()  # noqa: S314 our own
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
    assert all(case.attrib["classname"] == "flowtrail.check" and case.attrib["name"] for case in cases)
    assert len({case.attrib["name"] for case in cases}) == len(cases)
    return suite


def test_all_is_well(run: Run, store: Path, tmp_path: Path) -> None:
    """Exit 0; text for people, one case in JUnit, the same in JSON."""
    result = run("check", "--source", store, "--junit", tmp_path / "out.xml")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("✓ passed")
    assert "no finding of severity error" in result.out
    assert "1 assertion · 1 passed" in result.out
    assert suite_of(tmp_path / "out.xml").attrib["errors"] == "0"
    document = run("check", "--source", store, "--json").document
    assert (document["schema"], document["outcome"], document["coverage"]) == ("flowtrail.check/1", "passed", 1.0)


def test_a_declared_group_that_is_missing(run: Run, store: Path, tmp_path: Path) -> None:
    """By default every declared group must have been seen: exit 1, and the group is named."""
    (tmp_path / "flowtrail.toml").write_text(EXPECT)
    result = run("check", "--source", store, "--junit", "out.xml")
    assert result.code == 1
    assert "nothing at all of restaurant was seen at orders" in result.out
    assert "missing-consumer restaurant ← orders: restaurant is declared to read orders" in result.out
    assert outcomes(run("check", "--source", store, "--json").document) == {
        "no finding of severity error": "failed",
        "orders is read by payment": "passed",
        "orders is read by restaurant": "failed",
    }
    failures = suite_of(tmp_path / "out.xml").findall("testcase/failure")
    assert [failure.attrib["type"] for failure in failures] == ["failed", "failed"]
    assert "missing-consumer" in str(failures[0].text)


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--no", "redelivery", "--no", "republish"], 0, {"no redelivery": "passed", "no republish": "passed"}),
        (["--no", "resend", "--no", "resend"], 0, {"no resend": "passed"}),
        (["--max-lag", "500"], 0, {"no group is behind by more than 500": "passed"}),
        (["--max-lag", "1"], 0, {"no group is behind by more than 1": "passed"}),
        (["--max-lag", "0"], 1, {"no group is behind by more than 0": "failed"}),
        (["--max-lag", "10s"], 0, {"no group is behind by more than 10s": "passed"}),
        (["--max-lag", "1ms", "--max-lag", "9"], 1, {"no group is behind by more than 1ms": "failed",
                                                     "no group is behind by more than 9": "passed"}),
        (["--expect", "orders=payment"], 0, {"orders is read by payment": "passed"}),
        (["--expect", "orders=paiment"], 1, {"orders is read by paiment": "failed"}),
        (["--expect", "ordres=payment"], 4, {"ordres is read by payment": "inconclusive"}),
        (["--expect", "ordres=payment", "--expect", "orders=x=y"], 1, {"ordres is read by payment": "inconclusive",
                                                                       "orders is read by x=y": "failed"}),
    ],
)  # fmt: skip
def test_assertions(run: Run, store: Path, arguments: list[str], code: int, expected: dict[str, str]) -> None:
    """Each option by itself and together: failed goes before inconclusive, and that before passed."""
    result = run("check", *arguments, "--source", store, "--json")
    assert (result.code, outcomes(result.document)) == (code, expected)


def test_the_nearest_name_is_said(run: Run, store: Path) -> None:
    """Of a group or destination that nobody knows."""
    assert "did you mean 'payment'?" in run("check", "--expect", "orders=paiment", "--source", store).out
    assert "did you mean 'orders'?" in run("check", "--expect", "ordres=payment", "--source", store).out


def test_a_finding_with_its_evidence(run: Run, tmp_path: Path) -> None:
    """`--no` a kind fails with what was found; the default, which is about errors, passes."""
    path = filled(run, tmp_path, *history().splitlines(), republished(message_id="twice"))
    result = run("check", "--no", "republish", "--source", path, "--json", "--junit", "out.xml")
    (assertion,) = result.document["assertions"]
    (finding,) = assertion["evidence"]
    assert result.code == 1
    assert finding["message_ids"] == ["twice"]
    (failure,) = suite_of(tmp_path / "out.xml").findall("testcase/failure")
    assert finding["summary"] in str(failure.text)
    assert finding["evidence"][0] in str(failure.text)
    assert run("check", "--source", path).code == 0
    assert run("check", "--no", "republish", "--source", path, "service:nobody*").code == 4
    assert run("check", "--no", "republish", "--source", path, "group:payment").code == 0


def test_information_is_no_fault(run: Run, store: Path, tmp_path: Path) -> None:
    """Except where a kind is nothing but information."""
    path = filled(run, tmp_path, history(), request("gone", span(3, "send", 50, 1, {"messaging.kafka.offset": 7})))
    result = run("check", "--no", "telemetry-gap", "--source", path, "--json")
    assert (result.code, outcomes(result.document)) == (1, {"no telemetry-gap": "failed"})


def test_holes_let_nothing_pass(run: Run, tmp_path: Path) -> None:
    """Coverage below 100 %: what was not found may be hidden, a group may be too; what was found still fails."""
    hole = request("gone", span(3, "send", 50, 1, {"messaging.kafka.offset": 7, "messaging.message.id": "g"}))
    path = filled(run, tmp_path, *history().splitlines(), hole, republished(message_id="twice"))
    asked = ["--no", "resend", "--expect", "orders=restaurant", "--expect", "orders=payment"]
    result = run("check", *asked, "--source", path, "--json", "--junit", "out.xml")
    assert result.code == 4
    assert outcomes(result.document) == {
        "no resend": "inconclusive",
        "orders is read by restaurant": "inconclusive",
        "orders is read by payment": "passed",
    }
    assert "coverage is " in result.document["assertions"][0]["reason"]
    errors = suite_of(tmp_path / "out.xml").findall("testcase/error")
    assert [error.attrib["type"] for error in errors] == ["inconclusive", "inconclusive"]
    assert run("check", "--no", "republish", "--source", path).code == 1


def test_a_service_without_numbers_lets_nothing_pass(run: Run, tmp_path: Path) -> None:
    """What a foreign instrumentation did not report is unknown; so is the coverage where there is nothing else."""
    resource = attributes_of({"service.name": "stock"})
    spans = json.loads(request("x", span(1, "send", 60, 1, {"messaging.message.id": "s"})))
    spans["resourceSpans"][0]["resource"]["attributes"] = resource
    own = spans["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    own["attributes"] = [one for one in own["attributes"] if one["key"] != "flowtrail.number"]
    path = filled(run, tmp_path, *history().splitlines(), json.dumps(spans))
    result = run("check", "--source", path)
    assert result.code == 4
    assert "stock does not number its spans" in result.out
    alone = tmp_path / "alone"
    alone.mkdir()
    result = run("check", "--source", filled(run, alone, json.dumps(spans)))
    assert result.code == 4
    assert "coverage is unknown" in result.out


@pytest.mark.parametrize("arguments", [[], ["--no", "lost"], ["--max-lag", "10s"], ["--expect", "orders=payment"]])
def test_never_passed_on_no_data(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    """An empty store: exit 4, whatever is asserted."""
    (tmp_path / "empty.jsonl").write_text("")
    run("import", "empty.jsonl", "--store", "empty.duckdb")
    result = run("check", *arguments, "--source", "empty.duckdb", "--junit", "out.xml")
    assert result.code == 4
    assert suite_of(tmp_path / "out.xml").attrib["errors"] == "1"


def test_a_window_or_filter_without_events(run: Run, store: Path) -> None:
    """A slip in a filter, or a window in which nothing was, passes nothing."""
    for arguments in (["topic:ordres"], ["--since", "2026-02-01", "--until", "2026-02-02"]):
        result = run("check", "--no", "lost", "--source", store, *arguments)
        assert (result.code, "no event is known" in result.out) == (4, True)
    assert run("check", "--no", "lost", "--source", store, "topic:ord*", "kind:lost").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no", "redelivry"], "there is no kind of finding 'redelivry'. Did you mean 'redelivery'?"),
        (["--no", "zzzz"], "There are publish-failed,"),
        (["--max-lag", "ten"], "--max-lag: expected a time such as 10s or a number of records such as 500, not 'ten'"),
        (["--max-lag", "-1"], "--max-lag: expected a time"),
        (["--expect", "orders"], "--expect: expected DESTINATION=GROUP, as in orders=payment, not 'orders'"),
        (["--expect", "=payment"], "--expect: expected DESTINATION=GROUP"),
        (["--expect", "orders="], "--expect: expected DESTINATION=GROUP"),
        (["tpic:orders"], "did you mean 'topic'?"),
        (["--config", "none.toml"], "none.toml can not be read: No such file"),
        (["--junit", "none/out.xml"], "none/out.xml can not be written: No such file or directory; name another file"),
        (["--source", "http://127.0.0.1:9", "--config", "flowtrail.toml"], "answers with its own declarations"),
        (["--source", "127.0.0.1:9", "--config", "flowtrail.toml"], "flowtrail collect --config flowtrail.toml"),
    ],
)
def test_usage(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    """Exit 2, what was wrong, and the nearest right word."""
    monkeypatch.setenv("FLOWTRAIL_SOURCE", str(store))
    result = run("check", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_no_source(run: Run, tmp_path: Path) -> None:
    """Exit 3, and no JUnit file that might be taken for an outcome."""
    result = run("check", "--source", "http://127.0.0.1:9", "--junit", "out.xml")
    assert (result.code, result.out, (tmp_path / "out.xml").exists()) == (3, "", False)


def test_hostile_names(run: Run, tmp_path: Path) -> None:
    """Names that are no XML, escape sequences and direction marks: visible, inert, and the file is well-formed."""
    text = HOSTILE.replace("\ufffe", "")
    path = filled(run, tmp_path, *history().splitlines(), republished(text, text).replace('"again"', json.dumps(text)))
    arguments = ["--no", "republish", "--expect", f"orders={HOSTILE}", "--expect", f"{HOSTILE}=g", "--source", path]
    result = run("check", *arguments, "--junit", "out.xml")
    assert result.code == 1
    cases = suite_of(tmp_path / "out.xml").findall("testcase")
    raw = (tmp_path / "out.xml").read_text()
    for unseen in ("\x00", "\x1b", "\u202e", "\ufffe"):
        assert unseen not in result.out
        assert unseen not in raw
    assert "\\x1b[31m<&" in cases[1].attrib["name"]
    assert "\\x1b[31m<&" in str(cases[0][0].text)
    document = run("check", *arguments, "--json").document
    assert document["assertions"][1]["evidence"][0]["group"] == HOSTILE


def test_the_file_named_goes_before_the_one_that_lies_there(run: Run, store: Path, tmp_path: Path) -> None:
    """--config, else ./flowtrail.toml, else what the store holds: for every command that reads."""
    assert run("findings", "--source", store, "--json").document["findings"] == []
    (tmp_path / "flowtrail.toml").write_text(EXPECT)
    for arguments in (["findings"], ["report", "duplicates"], ["flows"], ["lag"], ["check"]):
        assert run(*arguments, "--source", store, "--json").code in (0, 1)
    (finding,) = run("findings", "--source", store, "--json").document["findings"]
    assert finding["group"] == "restaurant"
    answers = {
        line["group"]: line["answer"]
        for line in run("ask", "order-0", "--source", store, "--json").document["events"][0]["consumed"]
    }
    assert answers == {"payment": "processed", "restaurant": "missing"}
    assert "restaurant" in run("ask", "order-0", "--source", store).out
    (tmp_path / "other.toml").write_text('[expect]\norders = ["kitchen"]\n')
    (finding,) = run("findings", "--source", store, "--config", "other.toml", "--json").document["findings"]
    assert finding["group"] == "kitchen"
    (tmp_path / "flowtrail.toml").write_text("[expect]\norders = 3\n")
    result = run("flows", "--source", store)
    assert result.code == 2
    assert result.err.startswith("flowtrail: flowtrail.toml, line 2: expect.orders: expected a list of groups")


def test_a_collector_has_its_own(collecting: Callable[..., Collecting], run: Run, tmp_path: Path) -> None:  # noqa: F811
    """It keeps what its file declares and answers with it, over HTTP and in its store, with or without that file."""
    (tmp_path / "flowtrail.toml").write_text(EXPECT)
    collector = collecting("--store", "some.duckdb")
    url = collector.url()
    for line in history().splitlines():
        send(url, line)
    (tmp_path / "flowtrail.toml").write_text("not TOML: it is not read here")
    result = run("check", "--source", url, "--since", "all", "--json")
    assert (result.code, outcomes(result.document)["orders is read by restaurant"]) == (1, "failed")
    result = run("check", "--source", url, "--expect", "orders=payment", "--expect", "orders=a=b&c", "--json")
    assert outcomes(result.document) == {"orders is read by payment": "passed", "orders is read by a=b&c": "failed"}
    status, refused = get(f"{url}/api/v1/expected?expect=orders")
    assert (status, "DESTINATION=GROUP" in refused["error"]["message"]) == (400, True)
    status, refused = get(f"{url}/api/v1/expected?expct=orders")
    assert (status, "did you mean 'expect'" in refused["error"]["message"]) == (400, True)
    (tmp_path / "flowtrail.toml").unlink()
    assert collector.end() == 0
    assert "declarations        2, from flowtrail.toml" in collector.said
    assert run("check", "--source", "some.duckdb", "--since", "all").code == 1

    again = collecting("--store", "some.duckdb")
    again.url()
    again.end()
    assert "declarations        2, as the store holds them" in again.said
    (tmp_path / "empty.toml").write_text("")
    last = collecting("--store", "some.duckdb", "--config", "empty.toml")
    last.url()
    last.end()
    assert "declarations        0, from empty.toml" in last.said
    assert run("check", "--source", "some.duckdb", "--since", "all").code == 0


def test_a_collector_that_is_told_nonsense(collecting: Callable[..., Collecting], tmp_path: Path) -> None:  # noqa: F811
    """It says so before it opens anything, and ends with 2."""
    (tmp_path / "flowtrail.toml").write_text("[limits]\nstorms = 1\n")
    collector = collecting("--store", "some.duckdb")
    with pytest.raises(AssertionError, match=r"line 2: limits\.storms: unknown key; did you mean 'storm'"):
        collector.url()
    assert collector.process.wait(30) == 2
    assert not (tmp_path / "some.duckdb").exists()
