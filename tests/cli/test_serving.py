"""`flowtrail tui --serve`: the interface in a browser on this machine, and in no other page's hands."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_tui.serving import address, serve
from tests.cli.test_collect import COMMAND


def _await_listening(url: str) -> None:
    """Wait until somebody listens: the address is said just before."""
    parts = urlsplit(url)
    for _ in range(100):
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def served(store: Path) -> Iterator[str]:
    """Offer the URL of a page on a store."""
    process = subprocess.Popen(
        [*COMMAND, "tui", str(store), "--serve", "localhost:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    try:
        assert "http://" in said
        url = next(word for word in said.split() if word.startswith("http://"))
        _await_listening(url)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def test_a_page_is_the_interface(served: str) -> None:
    """The page loads nothing from elsewhere; behind it runs the interface on the source that was named."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{served}/") as page:
            assert page.status == 200
            assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
        drawn = b""
        async with session.ws_connect(f"{served}/ws?width=120&height=36", origin=served) as pages:
            async for message in pages:
                drawn += message.data if message.type is aiohttp.WSMsgType.BINARY else b""
                if b"REPLAY" in drawn:
                    break
    assert b"some.duckdb" in drawn


async def test_other_pages_are_refused(served: str) -> None:
    """A foreign Origin, or a name that was made to point here, gets neither the page nor the interface."""
    async with aiohttp.ClientSession() as session:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            for path in ("/", "/ws"):
                async with session.get(f"{served}{path}", headers=headers) as answer:
                    assert answer.status == 403


@pytest.mark.parametrize(
    ("text", "where"),
    [("8000", ("localhost", 8000)), ("127.0.0.1:1", ("127.0.0.1", 1)), ("[::1]:80", ("::1", 80))],
)
def test_this_machine_is_served(text: str, where: tuple[str, int]) -> None:
    """A port alone is localhost's."""
    assert address(text) == where


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.0.0.0:8000", "only this machine"),
        ("prod:80", "only this machine"),
        ("x", "expected HOST:PORT"),
        ("99999", "HOST"),
    ],
)
def test_no_other_machine_is_served(text: str, said: str) -> None:
    """The page has no login: whoever reaches it sees everything."""
    with pytest.raises(UsageError, match=said):
        address(text)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error says how it is installed."""
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(UsageError, match=r"flowtrail\[serve\]"):
        serve([], "8000", print)
