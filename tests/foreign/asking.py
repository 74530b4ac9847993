"""Asks `flowtrail` about what foreign clients sent: a real collector, or a store it was imported into."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

START_TIMEOUT = 30.0
STOP_TIMEOUT = 15.0
ANSWER_TIMEOUT = 60.0
FLOWTRAIL = str(Path(sys.executable).with_name("flowtrail"))

NOTHING_KNOWN = 4
"""The exit code of a question about what nobody has reported."""


class CommandError(RuntimeError):
    """A flowtrail command failed where it was not meant to; the message holds what it printed."""


def ask(source: str, what: str) -> dict[str, Any] | None:
    """Return the answer to `flowtrail ask WHAT --json`; None where nothing is known of it."""
    done = _flowtrail("ask", what, "--json", "--source", source)
    if done.returncode == NOTHING_KNOWN:
        return None
    if done.returncode != 0:
        raise CommandError(f"ask {what} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def import_file(path: Path, store: Path) -> None:
    """Import an OTLP file into a store."""
    done = _flowtrail("import", str(path), "--store", str(store))
    if done.returncode != 0:
        raise CommandError(f"import ended with {done.returncode}:\n{done.stdout}{done.stderr}")


class Collector:
    """`flowtrail collect` on free ports, for the time of a `with` block."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.endpoint = ""
        self._log = store.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        places = ["--store", str(self.store), "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [FLOWTRAIL, "collect", *places], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
            )
        try:
            self.endpoint = self._await_endpoint(self._process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_endpoint(self, process: "subprocess.Popen[bytes]") -> str:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text(errors="replace"))
            if found:
                return found.group()
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise CommandError(f"the collector did not say where it listens over HTTP:\n{self._log.read_text()}")


def _flowtrail(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [FLOWTRAIL, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=ANSWER_TIMEOUT,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("FLOWTRAIL_", "OTEL_"))}
