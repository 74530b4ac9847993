"""The API by itself: who may ask, and what becomes of a question whose asker is gone."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from flowtrail_collector.access import Access
from flowtrail_collector.api import THREADS, WAITING, Api
from flowtrail_collector.errors import Cancelled


class Slow:
    """A store whose questions run until they are withdrawn."""

    path = Path("slow.duckdb")

    def __init__(self) -> None:
        self.running = threading.Semaphore(0)
        self.withdrawn = 0

    def read(self, question: object, *, timeout_s: float, cancel: threading.Event) -> dict[str, Any]:
        """Wait to be withdrawn."""
        self.running.release()
        if cancel.wait(min(timeout_s, 20)):
            self.withdrawn += 1
        raise Cancelled("the question was withdrawn")


def api(store: Slow, **settings: float) -> Starlette:
    """Make an application of the API alone."""
    return Starlette(routes=Api(store, Access(), **settings).routes())  # type: ignore[arg-type]


async def ask(app: Starlette, gone: asyncio.Event) -> tuple[int, dict[str, Any]]:
    """Ask for lag as a server would; the asker hangs up when `gone` is set."""
    messages: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/lag",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
    }
    begun = False

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if not begun:
            begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    return messages[0]["status"], json.loads(messages[1]["body"])


async def test_an_asker_that_hangs_up_withdraws_the_question() -> None:
    """The thread is free again at once."""
    store, gone = Slow(), asyncio.Event()
    gone.set()
    status, document = await asyncio.wait_for(ask(api(store), gone), 10)
    assert store.withdrawn == 1
    assert (status, document["error"]["code"]) == (503, "cancelled")


async def test_a_question_has_a_time_limit() -> None:
    """What is left of it goes to the store."""
    status, document = await asyncio.wait_for(ask(api(Slow(), timeout_s=0.1), asyncio.Event()), 10)
    assert (status, document["error"]["code"]) == (503, "cancelled")


async def test_too_many_questions_are_refused() -> None:
    """Nobody waits for ever: the one too many is told to ask again."""
    store, over = Slow(), asyncio.Event()
    app = api(store)
    waiting = [asyncio.create_task(ask(app, over)) for _ in range(THREADS + WAITING)]
    await asyncio.sleep(0.1)
    status, document = await ask(app, asyncio.Event())
    assert (status, document["error"]["code"]) == (503, "unavailable")
    over.set()
    await asyncio.wait_for(asyncio.gather(*waiting), 20)


@pytest.mark.parametrize(
    ("peer", "headers", "welcome"),
    [
        ("127.0.0.1", {"host": "localhost:4318"}, True),
        ("127.0.0.1", {"host": "127.0.0.1:4318"}, True),
        ("::1", {"host": "[::1]:4318"}, True),
        ("::ffff:127.0.0.1", {"host": "LOCALHOST"}, True),
        ("127.0.0.1", {"host": "localhost", "origin": "http://127.0.0.1:8080"}, True),
        ("127.0.0.1", {"host": "localhost.evil.example"}, False),
        ("127.0.0.1", {"host": "evil.example:4318"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"host": "localhost", "origin": "https://evil.example"}, False),
        ("127.0.0.1", {"host": "localhost", "origin": "null"}, False),
        ("10.0.0.7", {"host": "localhost:4318"}, False),
        ("10.0.0.7", {"host": "c.example", "authorization": "Bearer t0k3n"}, True),
        ("10.0.0.7", {"host": "c.example", "authorization": "Bearer t0k3"}, False),
        ("10.0.0.7", {"host": "c.example", "authorization": "Basic t0k3n"}, False),
    ],
)
def test_who_may_ask(peer: str, headers: dict[str, str], welcome: bool) -> None:
    """This machine under its own names; everyone else with the token."""
    assert (Access("t0k3n").refusal(peer, headers) is None) is welcome


def test_without_a_token_nobody_from_elsewhere_may_ask() -> None:
    """And is told how to allow it; an empty one opens nothing."""
    refusal = Access().refusal("10.0.0.7", {"host": "c", "authorization": "Bearer "})
    assert refusal is not None
    assert "--api-token" in refusal
    assert Access("").refusal("10.0.0.7", {"host": "c", "authorization": "Bearer "}) is not None
