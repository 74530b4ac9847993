"""Helpers for tests that drive the application by keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widgets import Input

from flowtrail_tui.app import FlowtrailApp
from flowtrail_tui.preferences import Preferences
from flowtrail_tui.settings import Settings
from flowtrail_tui.sitting import Sitting
from tests.tui.fake import SECOND, FakeSource


class Driven:
    """An application on a fake source under a test's hands."""

    def __init__(self, app: FlowtrailApp, source: FakeSource, pilot: Pilot[int]) -> None:
        """Made by `running`."""
        self.app = app
        self.source = source
        self.pilot = pilot

    async def settle(self) -> None:
        """Wait until every question is answered and drawn."""
        await settle(self.pilot)

    async def press(self, *keys: str) -> None:
        """Press keys, each with its consequences; text that is typed has them together, at its end."""
        for place, key in enumerate(keys, start=1):
            await self.pilot.press(key)
            typed = len(key) == 1 and isinstance(self.app.focused, Input)
            if not typed or place == len(keys):
                await self.settle()

    async def type(self, text: str) -> None:
        """Type text into the input that has the focus."""
        names = {" ": "space", ":": "colon", "*": "asterisk", "!": "exclamation_mark", ".": "full_stop", "-": "minus"}
        await self.pilot.press(*(names.get(char, char) for char in text))
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """Let the source's clock go on; what is due is asked."""
        self.source.now_ns += int(seconds * SECOND)
        self.app.tick()
        await self.settle()

    def lines(self) -> list[str]:
        """Return the screen as text."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """Return the screen as one text."""
        return "\n".join(self.lines())

    def row(self, wanted: str) -> str:
        """Return the first line that holds `wanted`."""
        return next((line for line in self.lines() if wanted in line), "")


async def settle(pilot: Pilot[int]) -> None:
    """Wait until no question is under way, and none follows from the last answer."""
    app = pilot.app
    assert isinstance(app, FlowtrailApp)
    quiet = 0
    for _ in range(400):
        await pilot.pause()
        quiet = quiet + 1 if app.session.queries.idle else 0
        if quiet == 3:
            break
        await pilot.pause(0.005)
    await pilot.pause()


@asynccontextmanager
async def running(
    source: FakeSource | None = None,
    *,
    size: tuple[int, int] = (120, 36),
    initial: str | None = None,
    wait: bool = True,
    chosen: Preferences | None = None,
    sitting: Sitting | None = None,
) -> AsyncIterator[Driven]:
    """Run the application on a fake source with a clock that stands still."""
    source = source or FakeSource()
    app = FlowtrailApp(
        source, initial=initial, now=lambda: source.now_ns, look=Settings(), chosen=chosen, sitting=sitting
    )
    async with app.run_test(size=size) as pilot:
        driven = Driven(app, source, pilot)
        if wait:
            await driven.settle()
        yield driven
