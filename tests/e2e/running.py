"""Runs services as processes of their own, tells them what to do, and hears what they did."""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from tests.e2e.product import environment

SERVICES = Path(__file__).with_name("services")
PATIENCE = 90.0
STACKS_TIMEOUT = 5.0

Fact = dict[str, Any]


class ServiceError(RuntimeError):
    """A service did not say what was waited for; the message holds what it said."""


class Service:
    """One process of `services/<script>.py`; its spans go to `endpoint`."""

    def __init__(self, script: str, endpoint: str, **told: object) -> None:
        self.script = script
        self.said: list[Fact] = []
        self._lines: queue.SimpleQueue[Fact | None] = queue.SimpleQueue()
        self._errors: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SERVICES / f"{script}.py"), json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"),
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._keep, args=(self.process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def narrated(self) -> str:
        """What it wrote to stderr so far."""
        return "".join(self._errors)

    def hear(self, word: str, seconds: float = PATIENCE) -> Fact:
        """Wait for the next fact that has this word; facts before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fact = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise self._silent(word) from None
            if fact is None:
                raise self._silent(word)
            if word in fact:
                return fact

    def last(self, word: str) -> Any:
        """Return what it last said under this word, heard or not; 0 if nothing."""
        return next((fact[word] for fact in reversed(self.said) if word in fact), 0)

    def tell(self, **word: object) -> None:
        """Tell it something."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(json.dumps(word) + "\n")
        stdin.flush()

    def do(self, action: str, **word: object) -> Fact:
        """Tell it to do something, and wait until it has."""
        self.tell(do=action, **word)
        return self.hear(action)

    def stop(self) -> None:
        """Let it end in order, and wait; an error of its own is ours."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        if self.wait() != 0:
            raise self._silent("its end")

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise self._silent("end") from None
        self._close()
        return code

    def terminate(self) -> None:
        """Tell it to end (SIGTERM), and wait."""
        self.process.terminate()
        self.wait()

    def kill(self) -> None:
        """Kill it at once (SIGKILL), unless it has ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        self._close()

    def _close(self) -> None:
        for reader in self._readers:
            reader.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _listen(self, pipe: IO[str]) -> None:
        for line in pipe:
            fact = json.loads(line)
            self.said.append(fact)
            self._lines.put(fact)
        self._lines.put(None)

    def _keep(self, pipe: IO[str]) -> None:
        self._errors.extend(pipe)

    def _silent(self, word: str) -> ServiceError:
        said = "\n".join(json.dumps(fact) for fact in self.said[-20:])
        errors = self.narrated[-3000:]
        code = self.process.poll()
        stacks = self._stacks() if code is None else ""
        return ServiceError(f"{self.script} ({code}): no {word}\n{said}\n{errors}\n{stacks}")

    def _stacks(self) -> str:
        """Return where all its threads are."""
        before = len(self._errors)
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + STACKS_TIMEOUT
        seen = -1
        while time.monotonic() < deadline and not before < seen == len(self._errors):
            seen = len(self._errors)
            time.sleep(0.2)
        return "".join(self._errors[before:])
