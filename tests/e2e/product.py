"""The product as its users have it: `flowtrail collect` in a process, and questions asked by the command line."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
ANSWER_TIMEOUT = 90.0
PATIENCE = 60.0
FLOWTRAIL = str(Path(sys.executable).with_name("flowtrail"))
NOTHING_KNOWN = 4
"""The exit code of a question about what nobody has reported."""

Value = TypeVar("Value")
Document = dict[str, Any]


class CommandError(RuntimeError):
    """A flowtrail command failed where it was not meant to; the message holds what it printed."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment without whatever configures flowtrail or OpenTelemetry here, and with `more`."""
    own = ("FLOWTRAIL_", "OTEL_")
    return {key: value for key, value in os.environ.items() if not key.startswith(own)} | more


def eventually(look: Callable[[], Value], enough: Callable[[Value], bool], seconds: float = PATIENCE) -> Value:
    """Look again and again until it is enough, at most so long; return what was seen last."""
    deadline = time.monotonic() + seconds
    while not enough(value := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return value


class Asking:
    """Questions to one source, a collector's URL or a store file, by the command line."""

    def __init__(self, source: str) -> None:
        self.source = source

    def ask(self, what: str) -> Document | None:
        """Return `flowtrail ask WHAT --json`; None where nothing is known of it."""
        done = self._flowtrail("ask", what)
        if done.returncode == NOTHING_KNOWN:
            return None
        return _document(done)

    def event(self, what: str) -> Document:
        """Ask what is one event, and return its verdict."""
        document = self.ask(what)
        assert document is not None, f"nothing is known of {what}"
        (event,) = document["events"]
        return event

    def flow(self, what: str) -> dict[str, Document]:
        """Return message id -> verdict of a flow's events."""
        document = self.ask(f"flow:{what}")
        assert document is not None, f"nothing is known of {what}"
        return {event["message_id"]: event for event in document["events"]}

    def published(self, what: str) -> tuple[str, str | None]:
        """Return answer and reason of "was it published?"."""
        published = self.event(what)["published"]
        return published["answer"], published["reason"]

    def consumed(self, what: str) -> dict[str, str]:
        """Return group -> answer of "who consumed it?"."""
        return {line["group"]: line["answer"] for line in self.event(what)["consumed"]}

    def findings(self, topic: str, *more: str) -> list[Document]:
        """Return everything found on a topic; not that nobody in a test reads it."""
        asked = ("findings", f"topic:{topic}", "kind:!unread-destination", *more, "--since", "all")
        found = _document(self._flowtrail(*asked))["findings"]
        assert isinstance(found, list)
        return found

    def kinds(self, topic: str) -> list[tuple[str, str, str | None]]:
        """Return kind, severity and reason of everything found on a topic, sorted."""
        return sorted((row["kind"], row["severity"], row["reason"]) for row in self.findings(topic))

    def lags(self, topic: str) -> list[Document]:
        """Return the lag of every group on every partition of a topic."""
        rows = _document(self._flowtrail("lag", f"topic:{topic}", "--since", "all"))["rows"]
        assert isinstance(rows, list)
        return rows

    def lag(self, topic: str) -> dict[str, Document]:
        """Return group -> row of the topic's partition 0."""
        return {row["group"]: row for row in self.lags(topic) if row["partition"] == 0}

    def all_findings(self) -> list[Document]:
        """Return everything found anywhere."""
        found = _document(self._flowtrail("findings", "--since", "all"))["findings"]
        assert isinstance(found, list)
        return found

    def _flowtrail(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [FLOWTRAIL, *arguments, "--json", "--source", self.source],
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_TIMEOUT,
            env=environment(),
        )


class Collector(Asking):
    """`flowtrail collect` for the time of a `with` block; may be killed and started again on the same places."""

    def __init__(self, store: Path, *arguments: str) -> None:
        super().__init__("")
        self.store = store
        self._arguments = arguments
        self._log = store.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._http = self._grpc = "127.0.0.1:0"

    @property
    def endpoint(self) -> str:
        """Where services send their spans."""
        return self.source

    def start(self) -> Self:
        """Start, on the places that it had before if there were any; return when it listens."""
        places = ["--store", str(self.store), "--http", self._http, "--grpc", self._grpc]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [FLOWTRAIL, "collect", *places, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )
        self._http = self._await_place(r"http://(127\.0\.0\.1:\d+)")
        self._grpc = self._await_place(r"gRPC +(127\.0\.0\.1:\d+)")
        self.source = f"http://{self._http}"
        return self

    def stop(self) -> None:
        """Stop in order (SIGTERM): what was received is stored, and the store can be opened."""
        self._end("terminate")

    def kill(self) -> None:
        """Kill at once (SIGKILL)."""
        self._end("kill")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _end(self, how: str) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        getattr(process, how)()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def _await_place(self, pattern: str) -> str:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            found = re.search(pattern, self._log.read_text(errors="replace"))
            if found:
                return found[1]
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise CommandError(f"the collector did not say where it listens:\n{self._log.read_text(errors='replace')}")


def _document(done: "subprocess.CompletedProcess[str]") -> Document:
    if done.returncode != 0:
        raise CommandError(f"{done.args} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document
