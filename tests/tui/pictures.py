"""Every screen and state, reached by keys from fixed data: what the snapshots hold and the guide's pictures show."""

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from textual.widgets import Input

from flowtrail_collector.errors import StoreDamaged
from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.model.reports import RUNNING, WAITING
from flowtrail_tui.settings import Settings
from flowtrail_tui.views.reports import ReportsView
from tests.tui.fake import SECOND, FakeSource
from tests.tui.pilot import Driven

_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_NUMBER = re.compile(r"terminal-\d+")


class PicturedApp(FlowtrailApp):
    """Draws pictures that load nothing from elsewhere."""

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG, without web fonts, in names that do not change with its content."""
        svg = super().export_screenshot(title=title or "flowtrail", simplify=simplify)
        return _NUMBER.sub("terminal", _FONTS.sub("", svg))


_DARK = Settings()


@dataclass(frozen=True)
class Picture:
    """One screen: the source's fields, the keys that lead there, and what happens to the source then."""

    keys: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)
    look: Settings = _DARK
    waits: bool = True
    then: Callable[[Driven], Awaitable[None]] | None = None

    def app(self) -> tuple[PicturedApp, FakeSource]:
        """Make the application on its source."""
        source = FakeSource(**self.source)
        return PicturedApp(source, now=lambda: source.now_ns, look=self.look), source

    async def reach(self, driven: Driven) -> None:
        """Press the keys."""
        if self.waits:
            await driven.settle()
        await driven.press(*self.keys)
        if self.then is not None:
            await self.then(driven)
        for entry in driven.app.screen.query(Input):
            entry.cursor_blink = False  # a picture is taken at any moment
        await driven.pilot.pause()


async def _paused(driven: Driven) -> None:
    driven.source.more(128)
    await driven.wait(1)
    for _ in range(50):
        if "128 newer" in driven.text():
            break
        await driven.wait(0)


async def _gone(driven: Driven) -> None:
    driven.source.gone = True
    await driven.wait(2)
    await driven.wait(1)


async def _unanswered(driven: Driven) -> None:
    driven.source.now_ns += SECOND
    driven.app.tick()
    await driven.pilot.pause()


def _slow(*keys: str) -> Callable[[Driven], Awaitable[None]]:
    """Press keys on a source whose answers are not awaited."""

    async def then(driven: Driven) -> None:
        driven.source.latency_s = 60.0
        await driven.pilot.press(*keys)
        await _unanswered(driven)

    return then


def _damaged(*keys: str, after: float = 5) -> Callable[[Driven], Awaitable[None]]:
    """Press keys on a source that can not be read, and wait."""

    async def then(driven: Driven) -> None:
        driven.source.error = StoreDamaged("flowtrail.duckdb is damaged at block 7: restore a copy of it")
        await driven.press(*keys)
        await driven.wait(after)

    return then


async def _asking(driven: Driven) -> None:
    driven.source.latency_s = 60.0
    await driven.pilot.press("enter", "j", "enter")
    view = driven.app.query_one(ReportsView)
    while not view.jobs or len(view.jobs[0].steps) < 2:
        await driven.pilot.pause(0.05)
    driven.source.now_ns += 3 * SECOND
    driven.app.tick()
    await driven.pilot.pause()


async def _made(driven: Driven) -> None:
    view = driven.app.query_one(ReportsView)
    while any(job.state in (WAITING, RUNNING) for job in view.jobs):
        await driven.pilot.pause(0.05)
    await driven.settle()
    for row in view.files.rows:
        os.utime(row.path, ns=(FakeSource.now_ns, FakeSource.now_ns))
    view.reload()
    await driven.settle()


async def _not_made(driven: Driven) -> None:
    driven.source.error = StoreDamaged("flowtrail.duckdb is damaged at block 7: restore a copy of it")
    await driven.pilot.press("enter")
    await _made(driven)


async def _opened_slowly(driven: Driven) -> None:
    driven.source.latency_s = 60.0
    await driven.pilot.press("enter")
    await driven.pilot.pause(0.1)


async def _opened_broken(driven: Driven) -> None:
    driven.source.error = StoreDamaged("flowtrail.duckdb is damaged at block 7: restore a copy of it")
    await driven.press("enter")


FILTER = ("slash", *"verdict", "colon", "exclamation_mark", *"ok", "enter")
WRONG = ("slash", *"topic", "colon", *"orders", "space", *"vredict", "colon", *"ok", "enter")
DUPLICATED = ("slash", *"verdict", "colon", *"duplicated", "enter", "enter")
UNKNOWN = ("colon", *"orders", "colon", "3", "colon", "9", "9", "enter")

PICTURES: dict[str, Picture] = {
    "flows": Picture(),
    "flows-paused": Picture(("j", "j"), then=_paused),
    "flows-filter": Picture(FILTER),
    "flows-filter-wrong": Picture(WRONG),
    "flows-empty": Picture(source={"flows_stored": 0}),
    "flows-window": Picture(source={"flows_stored": 40, "now_ns": FakeSource.now_ns + 7200 * SECOND}),
    "flows-loading": Picture(source={"latency_s": 60.0}, waits=False, then=_unanswered),
    "flows-error": Picture(then=_damaged(after=1)),
    "flows-disconnected": Picture(("j",), then=_gone),
    "flows-waiting": Picture(source={"gone": True}),
    "flows-low-coverage": Picture(source={"coverage": 0.41}),
    "flows-replay": Picture(source={"live": False, "name": "orders-incident.duckdb"}),
    "flows-hostile": Picture(source={"hostile": True}),
    "flows-light": Picture(look=Settings("light")),
    "flows-ansi": Picture(look=Settings("ansi")),
    "flows-ascii": Picture(look=Settings("ansi", ascii_only=True)),
    "flow": Picture(DUPLICATED),
    "flow-sequence": Picture((*DUPLICATED, "v")),
    "flow-raw": Picture((*DUPLICATED, "v", "v")),
    "flow-span": Picture((*DUPLICATED, "v", "v", "j", "enter")),
    "flow-folded": Picture(("enter", "g", "left", "R")),
    "flow-focus": Picture((*DUPLICATED, "g", "j", "f", "z")),
    "flow-loading": Picture(then=_opened_slowly),
    "flow-error": Picture(then=_opened_broken),
    "flow-low-coverage": Picture(("j", "enter"), source={"coverage": 0.41}),
    "flow-disconnected": Picture(DUPLICATED, then=_gone),
    "flow-hostile": Picture(("j", "enter"), source={"hostile": True}),
    "flow-sequence-hostile": Picture(("j", "enter", "v"), source={"hostile": True}),
    "flow-ascii": Picture(DUPLICATED, look=Settings("ansi", ascii_only=True)),
    "evidence": Picture((*DUPLICATED, "E")),
    "evidence-span": Picture((*DUPLICATED, "E", "enter")),
    "evidence-loading": Picture(("j", "enter"), then=_slow("E")),
    "evidence-error": Picture(("j", "enter"), then=_damaged("E")),
    "evidence-hostile": Picture(("j", "enter", "E"), source={"hostile": True}),
    "evidence-disconnected": Picture((*DUPLICATED, "E"), then=_gone),
    "ask": Picture((*DUPLICATED, "enter")),
    "ask-nothing-asked": Picture(("colon",)),
    "ask-unknown": Picture(UNKNOWN),
    "ask-loading": Picture(("colon", *"ord", "minus", *"88213"), then=_slow("enter")),
    "ask-error": Picture(("colon", *"ord", "minus", *"88213"), then=_damaged("enter")),
    "ask-disconnected": Picture(("colon", *"ord", "minus", *"88213", "enter"), then=_gone),
    "ask-hostile": Picture(("j", "enter", "enter"), source={"hostile": True}),
    "ask-low-coverage": Picture(("enter", "enter"), source={"coverage": 0.41}),
    "flows-sorted": Picture(("s", "3")),
    "sort": Picture(("s",)),
    "lag": Picture(("2", "j")),
    "lag-partitions": Picture(("2", "j", "tab", "L")),
    "lag-few": Picture(("2", *"jjjj")),
    "lag-ascii": Picture(("2", "j"), look=Settings("ansi", ascii_only=True)),
    "lag-loading": Picture(then=_slow("2")),
    "lag-error": Picture(("2",), then=_damaged()),
    "lag-empty": Picture(("2", "slash", *"group", "colon", *"nobody", "enter")),
    "lag-low-coverage": Picture(("2",), source={"coverage": 0.41}),
    "lag-disconnected": Picture(("2", "j"), then=_gone),
    "lag-hostile": Picture(("2",), source={"hostile": True}),
    "anomalies": Picture(("3", "j", "j")),
    "anomalies-marked": Picture(("3", "A", "j", "j", "n", *"known", "enter")),
    "anomalies-findings": Picture(("3", "j", "j", "enter")),
    "anomalies-difference": Picture(("3", "d")),
    "anomalies-empty": Picture(("3",), source={"faultless": True, "coverage": 1.0}),
    "anomalies-loading": Picture(then=_slow("3")),
    "anomalies-error": Picture(("3",), then=_damaged("r", after=1)),
    "anomalies-low-coverage": Picture(("3",), source={"coverage": 0.41}),
    "anomalies-hostile": Picture(("3", "j"), source={"hostile": True}),
    "anomalies-ascii": Picture(("3", "j", "A"), look=Settings("ansi", ascii_only=True)),
    "anomalies-disconnected": Picture(("3", "j"), then=_gone),
    "map": Picture(("4", *"lljl")),
    "map-tree": Picture(("4", *"llvj")),
    "map-collapsed": Picture(("4", *"lljc")),
    "map-filter": Picture(("4", "slash", *"group", "colon", *"billing", "enter")),
    "map-empty": Picture(("4",), source={"mapped": False}),
    "map-low-coverage": Picture(("4",), source={"coverage": 0.41}),
    "map-disconnected": Picture(("4", *"ll"), then=_gone),
    "map-hostile": Picture(("4", *"ll"), source={"hostile": True}),
    "map-ascii": Picture(("4", *"llj"), look=Settings("ansi", ascii_only=True)),
    "map-loading": Picture(then=_slow("4")),
    "map-error": Picture(("4",), then=_damaged()),
    "reports": Picture(("5",)),
    "reports-running": Picture(("5",), then=_asking),
    "reports-done": Picture(("5", "space", "j", "space", "escape", "enter"), then=_made),
    "reports-failed": Picture(("5", "j"), then=_not_made),
    "reports-disconnected": Picture(("5",), then=_gone),
    "reports-flow": Picture(("j", "enter", "5", "G", "enter"), source={"hostile": True}),
    "export": Picture(("e",)),
    "help": Picture(("question_mark",)),
    "time-range": Picture(("t",)),
    "yank": Picture(("j", "y")),
}
