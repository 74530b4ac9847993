"""The application: one screen with the views, the lines around them, and the clock that keeps them fresh."""

from __future__ import annotations

import os
import time
import traceback
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events  # noqa: TC002 (Textual reads the annotations of handlers)
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import ContentSwitcher

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.model import bars
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import window as ranges
from flowtrail_tui.model.link import LOW_COVERAGE, Link
from flowtrail_tui.model.parts import Line, Part
from flowtrail_tui.queries import Answer, Queries
from flowtrail_tui.safe import safe
from flowtrail_tui.settings import Settings, settings
from flowtrail_tui.views.base import View, rule
from flowtrail_tui.views.flows import FlowsView
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.paint import Painter
from flowtrail_tui.widgets.palette import PALETTES, THEMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.screen import Screen

    from flowtrail_collector.source import Document, Source, Window

TICK_S = 0.25
LEAST_WIDTH, LEAST_HEIGHT = 60, 15
_SECOND = 10**9
_MESSAGE_NS = 6 * _SECOND
_TABS = (("1", "Flows", "flows"), ("2", "Lag", "lag"), (":", "Ask", "ask"))


class Answered(Message):
    """An answer comes from a thread."""

    def __init__(self, ticket: int, answer: Answer) -> None:
        """`ticket` tells whether it is still wanted."""
        super().__init__()
        self.ticket = ticket
        self.answer = answer


class FlowtrailApp(App[int]):
    """Shows what a source knows. Time comes from `now`, so that fixed data gives fixed screens."""

    TITLE = "flowtrail"
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    #views { height: 1fr; }
    #views > * { height: 1fr; }
    #banner, #small { display: none; }
    .warned > #banner { display: block; }
    .small > * { display: none; }
    .small > #small { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "view('flows')", "Flows", show=False),
        Binding("2", "view('lag')", "Lag", show=False),
        Binding("colon", "ask", "Ask", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("t", "time_range", "Time range", show=False),
        Binding("y", "yank", "Yank", show=False),
        Binding("r", "reload", "Ask again", show=False),
        Binding("R", "retry", "Reconnect", show=False),
        Binding("x", "clear_filter", "Clear the filter", show=False),
        Binding("w", "widen", "All time", show=False),
        Binding("question_mark", "help", "Help", show=False),
        Binding("q", "quit", "Quit", show=False),
        Binding("ctrl+c", "stay", "Does not quit", show=False, priority=True),
    ]

    def __init__(
        self,
        source: Source,
        *,
        initial: str | None = None,
        now: Callable[[], int] = time.time_ns,
        look: Settings | None = None,
    ) -> None:
        """Take `initial`, a view's name or a question, and `look`, which overrides what the environment asks for."""
        look = look or settings(os.environ)
        super().__init__(ansi_color=True if look.theme == "ansi" else None)
        self.source = source
        self.now = now
        self.look = look
        self.painter = Painter(PALETTES[look.theme], ascii_only=look.ascii_only)
        self.use_command_palette = not look.ascii_only  # it draws with glyphs of its own
        self.queries = Queries(self._deliver)
        self.link = Link(live=source.live)
        self.range = ranges.DEFAULT
        self.current = "flows"
        self._initial = initial
        self._came_from = "flows"
        self._status: Document = {}
        self._coverage: float | None = None
        self._status_due_ns = 0
        self._message: tuple[int, Part] | None = None
        self._second = -1
        self._status_bar = Lines(self._draw_status, id="status")
        self._tabs = Lines(lambda width: [bars.tabs(_TABS, self.current, width)], id="tabs")
        self._banner = Lines(self._draw_banner, id="banner")
        self._footer = Lines(self._draw_footer, id="footer")
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = look.theme

    def _deliver(self, ticket: int, answer: Answer) -> None:
        self.post_message(Answered(ticket, answer))

    # Layout.

    def compose(self) -> ComposeResult:
        """Lay out the frame and the first view; the others are mounted when they are first looked at."""
        yield Lines(self._draw_small, id="small")
        yield self._status_bar
        yield self._tabs
        yield self._banner
        yield Lines(rule, id="top-rule")
        with ContentSwitcher(initial="flows", id="views"):
            yield FlowsView()
        yield Lines(rule, id="bottom-rule")
        yield self._footer

    async def on_mount(self) -> None:
        """Ask the first questions and start the clock."""
        self.query_one(FlowsView).enter()
        if self._initial in ("lag", "ask"):
            await self.action_view(self._initial)
        elif self._initial not in (None, "flows"):
            await self.ask_now(str(self._initial))
        self.set_interval(TICK_S, self.tick)
        self.tick()

    def on_resize(self, event: events.Resize) -> None:
        """Show one line where there is no room for more."""
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        self._screen().set_class(small, "small")
        self._show_banner()

    # What views ask of the frame.

    def view(self) -> View:
        """Return the current view."""
        return self._screen().query_one(f"#{self.current}", View)

    def window(self) -> Window | None:
        """Return the time range looked at; None while the end of a file is not known."""
        if self.source.live:
            return self.range.window(self.now())
        if not self._status:
            return None
        return self.range.window(f.moment(self._status.get("as_of")))

    def may_ask(self) -> bool:
        """Tell whether views may ask now: not while the source is away."""
        return not self.link.disconnected

    def stored(self) -> int | None:
        """Return how many spans the source holds; None where it does not say."""
        store = self._status.get("store")
        return f.whole(store.get("spans") if isinstance(store, dict) else self._status.get("spans"))

    def took_coverage(self, coverage: float | None) -> None:
        """Show the coverage of the newest answer."""
        if coverage != self._coverage:
            self._coverage = coverage
            self._show_banner()
        self.redraw_status()

    def redraw_status(self) -> None:
        """Draw the status bar anew."""
        self._status_bar.redraw()

    def redraw_footer(self) -> None:
        """Draw the footer anew."""
        self._footer.redraw()

    def say(self, text: str, role: str = "accent") -> None:
        """Show a message in the footer for some seconds."""
        self._message = (self.now() + _MESSAGE_NS, Part(text, role))
        self.redraw_footer()

    def ask_about(self, question: str) -> None:
        """Open Ask with a question."""
        self.run_worker(self.ask_now(question), exclusive=True, group="view")

    async def ask_now(self, question: str) -> None:
        """Open Ask and ask."""
        from flowtrail_tui.views.ask import AskView

        await self.action_view("ask")
        self._screen().query_one(AskView).ask_about(question)

    # The clock and the answers.

    def tick(self) -> None:
        """Ask what is due, count down what is shown."""
        if not self.is_running:
            return
        now = self.now()
        if self.link.disconnected:
            self._banner.redraw()
        if now >= self._status_due_ns and self.link.may_ask(now):
            self._ask_status(now)
        if self._message is not None and now >= self._message[0]:
            self._message = None
            self.redraw_footer()
        if now // _SECOND != self._second:
            self._second = now // _SECOND
            self.redraw_status()
        self.view().poll()

    def _ask_status(self, now: int) -> None:
        if self.link.connected and not self.source.live:
            return  # a file does not change
        if self.queries.ask("status", None, self.source.status, now):
            self._status_due_ns = now + _SECOND

    def on_answered(self, message: Answered) -> None:
        """Hand an answer to its view, unless it was withdrawn."""
        answer = message.answer
        if not self.is_running or not self._screen().query(View):
            return  # the last answers come while the screen is being taken down
        if not self.queries.accept(message.ticket, answer):
            return
        self._note_link(answer)
        if answer.lane == "status":
            self._take_status(answer)
            return
        for view in self._screen().query(View):
            if answer.lane in view.lanes:
                view.answered(answer)

    def _note_link(self, answer: Answer) -> None:
        """Learn from every answer whether the source is there; failures while a retry is awaited teach nothing."""
        now, before = self.now(), self.link
        if not isinstance(answer.error, SourceUnavailable):
            self.link = before.answered(now)
        elif before.may_ask(now):
            self.link = before.failed(now, str(answer.error))
        if self.link.disconnected != before.disconnected:
            self._show_banner()
            for view in self._screen().query(View):
                view.link_changed()
        self.redraw_status()

    def _take_status(self, answer: Answer) -> None:
        if answer.error is None and isinstance(answer.result, dict):
            self._status = answer.result
            if self._coverage is None:
                self.took_coverage(f.number(answer.result.get("coverage")))
            self.view().poll()
        self.redraw_status()

    # Actions.

    async def action_view(self, name: str) -> None:
        """Show a view; a view that was never looked at is mounted now."""
        switcher = self._screen().query_one(ContentSwitcher)
        if not self._screen().query(f"#{name}"):
            await switcher.add_content(_new_view(name))
        if name != self.current:
            self._came_from = self.current
        self.current = name
        switcher.current = name
        self._tabs.redraw()
        self.redraw_status()
        self.redraw_footer()
        self.view().enter()
        self.view().poll()

    async def action_ask(self) -> None:
        """Open Ask with an empty question."""
        from flowtrail_tui.views.ask import AskView

        await self.action_view("ask")
        self._screen().query_one(AskView).type_question()

    async def action_back(self) -> None:
        """Cancel what someone waits for, else go one step back."""
        view = self.view()
        if view.back() or view.cancel():
            return
        if self.current == "ask":
            await self.action_view(self._came_from if self._came_from != "ask" else "flows")

    async def action_filter(self) -> None:
        """Type a filter."""
        bar = getattr(self.view(), "filter", None)
        if bar is not None:
            await bar.edit()

    def action_clear_filter(self) -> None:
        """Take the filter away."""
        bar = getattr(self.view(), "filter", None)
        if bar is not None and bar.text:
            bar.apply("")

    def action_widen(self) -> None:
        """Look at all time."""
        self._choose_range(ranges.EVERYTHING)

    def action_time_range(self) -> None:
        """Choose the time range."""
        from flowtrail_tui.overlays import Picker

        back_from = "now" if self.source.live else "the newest span"
        rows = [
            (one.name, f"back from {back_from}" if one.seconds else "everything stored", one) for one in ranges.RANGES
        ]
        self.push_screen(Picker("Time range", rows, ranges.RANGES.index(self.range)), self._choose_range)

    def _choose_range(self, chosen: ranges.Range | None) -> None:
        if chosen is None:
            return
        self.range = chosen
        self.redraw_status()
        self.view().reload()

    def action_yank(self) -> None:
        """Copy something of the selected row."""
        from flowtrail_tui.overlays import Picker

        rows = [(one.name, one.text.replace("\n", " ")[:200], one.text) for one in self.view().yankables()]
        if rows:
            self.push_screen(Picker("Yank", rows), self._yank)

    def _yank(self, text: str | None) -> None:
        if text is not None:
            self.run_worker(lambda: self._put_away(text), thread=True, group="yank")

    def _put_away(self, text: str) -> None:
        from flowtrail_tui.clipboard import yank

        said = yank(text, os.environ, lambda sequence: self.call_from_thread(self._write, sequence))
        self.call_from_thread(self.say, said)

    def _write(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def action_reload(self) -> None:
        """Ask again now."""
        self.view().reload()

    def action_retry(self) -> None:
        """Try to reconnect now."""
        if self.link.disconnected:
            self._ask_status(self.now())

    def action_help(self) -> None:
        """Show the keys."""
        from flowtrail_tui.overlays import HelpScreen

        self.push_screen(HelpScreen())

    def action_stay(self) -> None:
        """Say how to quit."""
        self.say("ctrl+c does not quit: q does")

    def action_look_further(self) -> None:
        """Do what end does, for a click on a notice."""
        self.simulate_key("end")

    async def action_choose(self) -> None:
        """Do what enter does, for a click on the footer."""
        self.simulate_key("enter")

    def action_pause(self) -> None:
        """Hold the list of flows still, or follow it again."""
        self._screen().query_one(FlowsView).pause()

    def action_resume(self) -> None:
        """Follow the newest flows."""
        self._screen().query_one(FlowsView).resume()

    def action_evidence(self) -> None:
        """Do what E does, for a click."""
        self.simulate_key("E")

    def action_other_pane(self) -> None:
        """Do what tab does, for a click."""
        self.simulate_key("tab")

    def get_system_commands(self, _screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette."""
        yield SystemCommand("Flows", "The live list of flows", lambda: self.action_view("flows"))
        yield SystemCommand("Lag", "Which group is behind", lambda: self.action_view("lag"))
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", f"Use the {name} colours", lambda name=name: self.use_theme(name))
        yield SystemCommand("Help", "Every key", self.action_help)
        yield SystemCommand("Quit", "Leave flowtrail", lambda: self.exit(0))

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        self.painter = Painter(PALETTES[name], ascii_only=self.look.ascii_only)
        self.theme = name
        for lines in self.screen.query(Lines):
            lines.redraw()

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)

    def _fatal_error(self) -> None:
        """Say what went wrong without the toolkit's picture of every variable: those hold other people's data."""
        told = "".join(safe(one) + "\n" for one in traceback.format_exc().splitlines())
        self._exit_renderables.append(Text(f"flowtrail failed; this is a defect worth reporting:\n\n{told}"))
        self._close_messages_no_wait()

    # What is drawn.

    def _screen(self) -> Screen[Any]:
        """Return the screen of the views, whatever lies above it."""
        return self.screen_stack[0]

    def _draw_status(self, width: int) -> list[Line]:
        status = bars.Status(
            source=self.source.name,
            rate=bars.rate_of(self._status),
            coverage=self._coverage,
            window=self.range.name,
            now_ns=self.now(),
        )
        return [bars.status_bar(status, self.link, self.view().trail(), width)]

    def _draw_footer(self, width: int) -> list[Line]:
        return [bars.footer(self.view().keys(), self._message[1] if self._message else None, width)]

    def _draw_banner(self, width: int) -> list[Line]:
        if self.link.disconnected:
            return [bars.banner(self.link, self.now(), width)]
        return [bars.low_coverage(self._coverage or 0.0, width)]

    def _draw_small(self, width: int) -> list[Line]:
        return [bars.too_small(self.link, width, self.size.height)]

    def _show_banner(self) -> None:
        low = self._coverage is not None and self._coverage < LOW_COVERAGE
        self._screen().set_class(self.link.disconnected or low, "warned")
        self._banner.redraw()


def _new_view(name: str) -> View:
    """Make a view that was not looked at before; its modules are loaded only now."""
    if name == "lag":
        from flowtrail_tui.views.lag import LagView

        return LagView()
    from flowtrail_tui.views.ask import AskView

    return AskView()


def run(source: Source, *, initial: str | None = None) -> int:
    """Show `source` until a person quits; returns the exit code. `initial` is a view's name or a question."""
    app = FlowtrailApp(source, initial=initial)
    code = app.run()
    return app.return_code if code is None and app.return_code is not None else code or 0
