"""The whole demo, as a user runs it: every injected fault is found, nothing else is claimed, nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from flowtrail_collector.source import Window, open_source

if TYPE_CHECKING:
    from tests.kafka.broker import Cluster

COMMAND = (sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())", "demo")


def _processes(marker: str) -> list[str]:
    """Name the processes whose command line holds `marker`; it is in each that a demo starts for a directory."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in words and "flowtrail_tui.demo.child" in words:
            found.append(words)
    return found


def _eventually(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = monotonic() + seconds
    while not holds():
        if monotonic() > deadline:
            return False
        sleep(0.1)
    return True


def _check(out: Path, ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((out / "demo.json").read_text())
    assert result["schema"] == "flowtrail.demo/1"
    assert result["missed"] == [], ended.stdout
    assert result["unexpected"] == [], ended.stdout
    assert ended.returncode == 0
    assert "Every injected fault was found, and nothing else was claimed." in ended.stdout
    for name in ("lag", "duplicates"):
        assert (out / f"{name}.html").read_bytes().startswith(b"<!doctype html>")
        assert json.loads((out / f"{name}.json").read_text())["coverage"] == 1.0
        assert (out / f"{name}.csv").read_text().count("\n") > 1
    source = open_source(str(out / "flowtrail.duckdb"))
    assert source.findings(Window(None, None))["findings"]
    source.close()
    assert _processes(str(out)) == []
    return result


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_on_the_embedded_broker(tmp_path: Path) -> None:
    """The command of the README, without a terminal."""
    command = [*COMMAND, "--headless", "--seconds", "20", "--out", str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    result = _check(tmp_path / "run", ended)
    assert {fault["kind"] for fault in result["injected"]} >= {"resend", "redelivery", "completion-reorder", "lag"}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_on_a_real_kafka(kafka: "Cluster", tmp_path: Path) -> None:
    """On a named broker the run has topics and groups of its own, and takes them away."""
    command = [*COMMAND, "--headless", "--seconds", "20", "--bootstrap-servers", kafka.bootstrap_servers]
    ended = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=False)
    result = _check(tmp_path, ended)
    (prefix,) = {fault["destination"].partition(".")[0] for fault in result["injected"]}
    assert prefix.startswith("demo-")
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        assert _eventually(lambda: not [topic for topic in admin.list_topics() if topic.startswith(prefix)], 10)
    finally:
        admin.close()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["Ctrl-C", "SIGTERM", "SIGKILL"]
)
def test_nothing_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    """However it ends."""
    command = [*COMMAND, "--headless", "--seconds", "60", "--out", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as demo:
        assert _eventually(lambda: len(_processes(str(tmp_path))) >= 8, 60)
        demo.send_signal(number)
        demo.communicate(timeout=60)
    assert demo.returncode == (130 if number is not signal.SIGKILL else -number)
    assert _eventually(lambda: _processes(str(tmp_path)) == [], 15)


def test_without_a_terminal_it_says_what_to_do() -> None:
    """Exit 2, and the option that helps."""
    ended = subprocess.run(COMMAND, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2
    assert "--headless" in ended.stderr


def test_a_broker_that_does_not_answer_is_said(tmp_path: Path) -> None:
    """Exit 3, with what was tried; nothing was started."""
    command = [*COMMAND, "--headless", "--bootstrap-servers", "127.0.0.1:1", "--out", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert ended.returncode == 3, ended.stderr
    assert "127.0.0.1:1" in ended.stderr
    assert list((tmp_path / "logs").iterdir()) == []
