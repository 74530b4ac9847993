"""Every screen in a real pseudo-terminal on hostile data: what is written draws, and does nothing else.

The grammar of what may be written stands in `screen.py`; views that are added to the registry are visited too.
"""

from __future__ import annotations

import base64
import re
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.cells import cell_len

from flowtrail_tui.safe import safe
from flowtrail_tui.views import registry
from tests.tui.fake import HOSTILE
from tests.tui.terminal import FLOWTRAIL, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PROOF = ("E", "\x1b") if "evidence" in registry.NAMES else ()
ROW_KEYS = ("j", *_PROOF, "a", "\x1b", *"vvvo", "\x1b", "s", "\x1b", *"lh\tpGg", "\x1b")
"""What may be done with a row, where a view does it; `esc` leads back from what was opened."""
ENVIRONMENTS = ({"LC_ALL": "C"}, {"NO_COLOR": "1"}, {"FLOWTRAIL_THEME": "light"}, {"FLOWTRAIL_THEME": "ansi"})


def assert_inert(terminal: Terminal, *, copied: int = 0) -> None:
    """Hold that the screen was only ever drawn on, within its size, whole cells each; that nothing was copied."""
    screen = terminal.screen
    assert terminal.wait_for_end(0) is None, terminal.text[-4000:]
    assert screen.strange == []
    assert len(screen.copied) == copied
    assert screen.spilled == 0
    assert {cell_len(line) for line in screen.lines} == {screen.width}


def visit(terminal: Terminal, row_keys: tuple[str, ...] = ROW_KEYS) -> None:
    """Look at every view there is, at its first rows and at what they lead to."""
    for entry in registry.VIEWS:
        if entry.key.isdigit():
            for keys in (row_keys, ("\r", *row_keys)):
                terminal.press(entry.key)
                for key in keys:
                    terminal.press(key, quiet_s=0.08)
                    assert_inert(terminal)


def test_every_view_draws_hostile_data_and_does_nothing_else() -> None:
    """Escapes, OSC 52, C1, markup, bidi, zero-width, wide text, NUL, surrogates, 10,000 characters, in every name."""
    with Terminal("hostile=True") as terminal:
        terminal.wait_for(lambda screen: "VERDICT" in screen.text)
        terminal.read()
        visit(terminal)
        for key in ("?", "\x1b", "t", "\x1b", "y", "\x1b", "\x10", "\x1b"):
            terminal.press(key)
            assert_inert(terminal)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_look_draws_hostile_data_and_does_nothing_else(env: dict[str, str]) -> None:
    """The same in ASCII, without colours, and in the other themes, of every view a few rows."""
    with Terminal("hostile=True", env=env) as terminal:
        terminal.wait_for(lambda screen: "VERDICT" in screen.text)
        terminal.read()
        visit(terminal, ("j", "j"))


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (200, 50)])
def test_every_size_keeps_its_lines(size: tuple[int, int]) -> None:
    """Narrow, small and large: wide characters are never cut in half, no line runs over."""
    with Terminal("hostile=True", size=size) as terminal:
        terminal.wait_for(lambda screen: "VERDICT" in screen.text)
        terminal.read()
        for row in range(len(HOSTILE)):
            terminal.press("j")
            if row % 3 == 0:
                terminal.press("\r")
                assert_inert(terminal)
                terminal.press("1")
            assert_inert(terminal)


@pytest.mark.parametrize("place", ["/", ":"])
def test_what_is_typed_and_pasted_is_inert(place: str) -> None:
    """Every hostile text in the filter and in the question, pasted and submitted; bytes that are no text go by."""
    with Terminal() as terminal:
        terminal.wait_for(lambda screen: "ord-" in screen.text)
        for text in HOSTILE:
            pasted = text.encode("utf-8", "replace").decode()[:300].replace("\x1b[201~", "")
            terminal.press(f"{place}\x1b[200~{pasted}\x1b[201~")
            assert f" {place} " in terminal.screen.text
            terminal.press("\r")
            assert_inert(terminal)
            terminal.press("\x1b")
            terminal.press("1")
        terminal.press("x")
        terminal.press("\udcff\udcc3(")
        terminal.press(f"{place}typed on")
        assert "typed on" in terminal.screen.text
        assert_inert(terminal)


def test_a_click_on_markup_in_data_is_a_click_on_a_row() -> None:
    """`[@click=app.quit]` in a name is text; the row under the pointer is selected, and that is all."""
    with Terminal("hostile=True") as terminal:
        terminal.wait_for(lambda screen: "[@click" in screen.text)
        terminal.read()
        row = next(place for place, line in enumerate(terminal.screen.lines) if "[@click" in line)
        column = terminal.screen.lines[row].index("[@click")
        terminal.press(f"\x1b[<0;{column + 3};{row + 1}M\x1b[<0;{column + 3};{row + 1}m")
        assert terminal.screen.lines[row].startswith("▌")
        assert_inert(terminal)


def test_yanked_text_is_all_that_reaches_the_clipboard_and_can_not_act_either() -> None:
    """Only a yank writes OSC 52; pasted into a shell, what was copied is as visible as on the screen."""
    with Terminal("hostile=True", env={"PATH": "/nonexistent"}) as terminal:
        terminal.wait_for(lambda screen: "VERDICT" in screen.text)
        terminal.read()
        terminal.press("y")
        assert_inert(terminal)
        terminal.press("\r")
        assert_inert(terminal, copied=1)
        assert base64.b64decode(terminal.screen.copied[0]).decode() == safe(HOSTILE[0])


# The same through the real way in: OTLP to a collector, and its file.


@contextmanager
def collecting(path: Path) -> Iterator[str]:
    """Run a collector on a new store that was sent hostile names in every field; its URL."""
    command = [*FLOWTRAIL, "collect", "--store", str(path), "--http", "127.0.0.1:0", "--grpc", "off"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as collector:
        try:
            url = next(found[0] for line in collector.stderr or () if (found := re.search(r"http://\S+", line)))
            request = urllib.request.Request(  # noqa: S310 (our own address)
                f"{url}/v1/traces", hostile_spans(), {"Content-Type": "application/x-protobuf"}
            )
            with urllib.request.urlopen(request) as response:  # noqa: S310 (likewise)
                assert response.status == 200
            yield url
        finally:
            collector.terminate()


def hostile_spans() -> bytes:
    """Return an order for every hostile name, sent and handled, with that name in every text of its spans."""
    request = ExportTraceServiceRequest()
    for number, text in enumerate(HOSTILE, 1):
        name = text.encode("utf-8", "replace").decode()[:2000]
        resource = request.resource_spans.add()
        for key in ("service.name", "service.instance.id", "host.name"):
            resource.resource.attributes.add(key=key).value.string_value = name
        scope = resource.scope_spans.add()
        for step, operation in enumerate(("send", "process"), 1):
            at = time.time_ns() + number * 1_000_000 + step * 100_000
            span = scope.spans.add(
                trace_id=number.to_bytes(16, "big"),
                span_id=(2 * number + step).to_bytes(8, "big"),
                name=name,
                kind=3 + step,
                start_time_unix_nano=at,
                end_time_unix_nano=at + 50_000,
            )
            if operation == "process":
                span.status.code, span.status.message = 2, name
            fields = ("client.id", "destination.name", "kafka.message.key", "message.id", "consumer.group.name")
            values = {f"messaging.{field}": name for field in fields} | {
                "messaging.system": "kafka",
                "messaging.operation.type": operation,
                "messaging.message.conversation_id": name,
                "flowtrail.consumer.member": name,
                "flowtrail.publish.outcome": "acked",
                "error.type": name,
            }
            for key, value in values.items():
                span.attributes.add(key=key).value.string_value = value
            for key, figure in (("flowtrail.number", step), ("messaging.kafka.offset", number)):
                span.attributes.add(key=key).value.int_value = figure
    return request.SerializeToString()


def test_hostile_telemetry_is_inert_live_and_in_replay(tmp_path: Path) -> None:
    """Names that came over OTLP into a real store are drawn and do nothing, at the collector and in its file."""
    path = tmp_path / "hostile.duckdb"
    with collecting(path) as url, Terminal("tui", url, command=FLOWTRAIL) as terminal:
        terminal.wait_for(lambda screen: "[@click" in screen.text)
        terminal.read()
        visit(terminal, ("j", "\r", *_PROOF))
    with Terminal("tui", str(path), command=FLOWTRAIL) as terminal:
        terminal.wait_for(lambda screen: "[@click" in screen.text and "REPLAY" in screen.text)
        terminal.read()
        visit(terminal, ("j", "j"))
