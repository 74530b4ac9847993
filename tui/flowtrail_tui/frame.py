"""The frame around the views: one screen, the lines above and below, the clock that keeps all of it fresh."""

from __future__ import annotations

import os
import time
import traceback
from copy import deepcopy
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events  # noqa: TC002 (Textual reads the annotations of handlers)
from textual.app import App, ComposeResult
from textual.message import Message
from textual.widgets import ContentSwitcher

from flowtrail_tui import attention
from flowtrail_tui.keymap import Action, Keymap, actions, own_keys
from flowtrail_tui.model import bars
from flowtrail_tui.model.parts import Line, Part
from flowtrail_tui.places import Place, Places
from flowtrail_tui.preferences import Preferences
from flowtrail_tui.queries import Answer, Queries
from flowtrail_tui.safe import safe
from flowtrail_tui.session import EXPORT_LANE, NAMES_LANE, STATUS_LANE, Session
from flowtrail_tui.settings import Settings, settings
from flowtrail_tui.sitting import Sitting
from flowtrail_tui.views import registry
from flowtrail_tui.views.base import View, rule
from flowtrail_tui.views.flows import LIVE_BINDINGS, FlowsView
from flowtrail_tui.widgets.entry import Completing
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.paint import Painter
from flowtrail_tui.widgets.palette import PALETTES, THEMES
from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver
    from textual.screen import Screen
    from textual.widget import Widget

    from flowtrail_collector.source import Source
    from flowtrail_tui.model.commands import Command
    from flowtrail_tui.model.window import Range

TICK_S = 0.25
_WARM_UP_S = 0.5
LEAST_WIDTH, LEAST_HEIGHT = 60, 15
_SECOND = 10**9
_NOTE_NS = 10 * _SECOND
_NAMES_NS = 15 * _SECOND
"""So long the names that can be typed are taken for all there are."""
_MESSAGE_S, _SLIP_S = 6, 30


class Answered(Message):
    """An answer comes from a thread."""

    def __init__(self, ticket: int, answer: Answer) -> None:
        """`ticket` tells whether it is still wanted."""
        super().__init__()
        self.ticket = ticket
        self.answer = answer


class Frame(App[int]):
    """Shows what a source knows. Time comes from `now`, so that fixed data gives fixed screens."""

    TITLE = "flowtrail"
    AUTO_FOCUS = None
    """Views take the focus themselves: the toolkit would give it to the first input there is, be it a hidden one."""
    CSS = """
    #views { height: 1fr; }
    #views > * { height: 1fr; }
    #banner, #small { display: none; }
    .warned > #banner { display: block; }
    .small > * { display: none; }
    .small > #small { display: block; }
    """

    def __init__(
        self,
        source: Source,
        *,
        initial: str | None = None,
        now: Callable[[], int] = time.time_ns,
        look: Settings | None = None,
        chosen: Preferences | None = None,
        sitting: Sitting | None = None,
    ) -> None:
        """Take `initial`, a view's name or a question; `chosen`, what a person prefers; `look` goes before that.

        `sitting` is what was kept of the last one.
        """
        chosen = chosen or Preferences()
        look = look or settings(os.environ, chosen.theme, ascii_only=chosen.ascii_only)
        super().__init__(ansi_color=True if look.theme == "ansi" else None)
        self.look = look
        self.chosen = chosen
        self.keymap = Keymap(self.actions(), chosen.keys)
        self.painter = Painter(PALETTES[look.theme], ascii_only=look.ascii_only, keymap=self.keymap)
        self.use_command_palette = not look.ascii_only  # it draws with glyphs of its own
        self.session = Session(source, Queries(self._deliver), now, chosen)
        self.sitting = sitting or Sitting()
        self.session.range = self.sitting.range or self.session.range
        self.current = "flows"
        self.places = Places(Place("flows"))
        self.attention = attention.Attention()
        self.badges: dict[str, str] = {}
        self._initial = initial
        self._message: tuple[int, Part] | None = None
        self._focused: Widget | None = None
        self._second = -1
        self._ranges: dict[str, Range] = {}
        self._noted_ns = now()
        self._begins = ""
        self._names_ns = -_NAMES_NS
        self._status_bar = Lines(self._draw_status, id="status")
        self._tabs = Lines(self._draw_tabs, id="tabs")
        self._banner = Lines(self._draw_banner, id="banner")
        self._footer = Lines(self._draw_footer, id="footer")
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = look.theme

    @classmethod
    def actions(cls) -> tuple[Action, ...]:
        """Return what can be given other keys: the application's actions, those of lists, and of the live list."""
        return actions(cls.BINDINGS, VirtualList.BINDINGS, LIVE_BINDINGS)

    def get_driver_class(self) -> type[Driver]:
        """Read keys with a driver of ours where the toolkit would use its own for Linux and macOS."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from flowtrail_tui.keyboard import PatientDriver

        return PatientDriver

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
        """Go where a person wants to start, ask the first questions and start the clock."""
        self.set_keymap({name: ",".join(keys) for name, keys in self.chosen.keys.items()})
        if self.chosen.slip:
            self.say(f"{self.chosen.slip} (defaults are in force)", "error", seconds=_SLIP_S)
        elif self.sitting.said:
            self.say(self.sitting.said, "error", seconds=_SLIP_S)
        if self._initial is None or self._initial in registry.NAMES:
            self.places.now = Place(self._initial or self.sitting.view or "flows")
            await self._show(self.places.now)
        else:
            await self.go("ask", self._initial)
        self.set_interval(TICK_S, self.tick)
        self.set_timer(_WARM_UP_S, lambda: Thread(target=_warm_up, name="warm-up", daemon=True).start())
        self.tick()

    def on_resize(self, event: events.Resize) -> None:
        """Show one line where there is no room for more."""
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        screen = self.base_screen
        if small and not screen.has_class("small"):
            self._focused = screen.focused  # what is not shown loses the focus
        screen.set_class(small, "small")
        if not small and screen.focused is None:
            self.call_after_refresh(self._take_focus)
        self._show_banner()

    def _take_focus(self) -> None:
        """Let people type where they typed before the terminal became too small."""
        focused, screen = self._focused, self.base_screen
        if focused is not None and focused.is_attached and focused in screen.focus_chain:
            screen.set_focus(focused)
        elif screen.focused is None and screen.query(View):
            self.view().enter()

    @property
    def base_screen(self) -> Screen[Any]:
        """The screen of the views, whatever lies above it."""
        return self.screen_stack[0]

    # What views ask of the frame.

    def view(self) -> View:
        """Return the current view."""
        return self.base_screen.query_one(f"#{self.current}", View)

    def views(self) -> list[View]:
        """Return the views that were looked at."""
        return list(self.base_screen.query(View))

    async def go(self, name: str, about: Any = None, *, deeper: bool = False) -> None:
        """Show a view, and there what `about` says; `[` and `esc` lead back to where one was.

        `deeper` where it is opened from a row: `esc` goes back from there, and stays where keys 1 to 5 lead.
        """
        left = self.view().about()
        if self.view().passing():
            self.places.now = Place(name, about, deeper or (name == self.current and self.places.now.deeper))
        elif name != self.current or about not in (None, left):
            self.places.go(Place(name, about, deeper), left=left)
        await self._show(self.places.now)

    def visit(self, name: str, about: Any = None) -> None:
        """Open a view from a row, from a handler that can not wait."""
        self.run_worker(self.go(name, about, deeper=True), exclusive=True, group="view")

    async def leave_question(self) -> None:
        """Leave an input that nothing was asked in for what was shown before."""
        view = self.view()
        if not view.passing() or view.back():
            return
        place = self.places.back(left="") or Place("flows")
        self.places.ahead.clear()
        await self._show(place)

    async def turn(self, *, forward: bool) -> bool:
        """Go to the place before this one, or to the one that was left by that; False where there is none."""
        turn = self.places.forward if forward else self.places.back
        place = turn(left=self.view().about())
        if place is not None:
            await self._show(place)
        return place is not None

    async def _show(self, place: Place) -> None:
        """Show a place; a view that was never looked at is mounted now."""
        switcher = self.base_screen.query_one(ContentSwitcher)
        if not self.base_screen.query(f"#{place.name}"):
            await switcher.add_content(registry.make(place.name))
        self.current = place.name
        self.keymap.own = own_keys(self.view())
        switcher.current = place.name
        self._tabs.redraw()
        self.sitting.arrive(self.view(), place.about)
        self.reload_for_range(elsewhere=True)
        self.redraw_status()
        self.redraw_footer()
        self.view().enter()
        self.view().poll()

    def reload_for_range(self, *, elsewhere: bool = False) -> None:
        """Ask anew where the rows are of another time range; `elsewhere` where that was chosen while not shown."""
        view, chosen = self.view(), self.session.range
        former = self._ranges.get(self.current, chosen)
        self._ranges[self.current] = chosen
        if former != chosen and (view.windowed or not elsewhere):
            view.reload()

    def badge(self, name: str, text: str) -> None:
        """Write a text beside a view's tab; an empty one takes it away."""
        if self.badges.get(name, "") != text:
            self.badges[name] = text
            self._tabs.redraw()

    def took_coverage(self, coverage: float | None) -> None:
        """Show the coverage of the newest answer."""
        self.session.coverage = coverage
        self._show_banner()
        self.redraw_status()

    def redraw_status(self) -> None:
        """Draw the status bar anew."""
        self._status_bar.redraw()

    def redraw_footer(self) -> None:
        """Draw the footer anew."""
        self._footer.redraw()

    def say(self, text: str, role: str = "accent", *, seconds: int = _MESSAGE_S) -> None:
        """Show a message in the footer for some seconds."""
        self._message = (self.session.now() + seconds * _SECOND, Part(text, role))
        self.redraw_footer()

    # The clock and the answers.

    def tick(self) -> None:
        """Ask what is due, count down what is shown."""
        if not self.is_running:
            return
        now = self.session.now()
        if now - self._noted_ns >= _NOTE_NS:
            self._noted_ns = now
            self.keep()
        self.session.ask_status()
        if self.session.link.disconnected:
            self._banner.redraw()
        if self._message is not None and now >= self._message[0]:
            self._message = None
            self.redraw_footer()
        if now // _SECOND != self._second:
            self._second = now // _SECOND
            self.redraw_status()
        if self.current != "anomalies":
            self.attention.poll(self.session)
        self.view().poll()

    def keep(self) -> None:
        """Keep what is to be remembered; it is written in a thread."""
        memory = deepcopy(self.sitting.note(self))
        Thread(target=self.sitting.store.write, args=(memory,), name="remember", daemon=True).start()

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Leave; what is to be remembered is noted while it can be seen."""
        if self.base_screen.query(View):
            self.sitting.note(self)
        super().exit(*arguments, **named)

    def _deliver(self, ticket: int, answer: Answer) -> None:
        self.post_message(Answered(ticket, answer))

    def on_answered(self, message: Answered) -> None:
        """Hand an answer to its view, unless it was withdrawn."""
        answer = message.answer
        if not self.is_running or not self.base_screen.query(View):
            return  # the last answers come while the screen is being taken down
        if not self.session.queries.accept(message.ticket, answer):
            return
        views = self.base_screen.query(View)
        if self.session.learn(answer):
            for view in views:
                view.link_changed()
        self._show_banner()
        self.redraw_status()
        if answer.lane == NAMES_LANE:
            self._learn_names(answer)
        if answer.lane == STATUS_LANE:
            for view in views:
                view.status_changed()
            self.view().poll()
        if answer.lane == EXPORT_LANE:
            self._exported(answer)
        if answer.lane == attention.LANE and (text := self.attention.answered(answer, self.session)) is not None:
            self.badge("anomalies", text)
        for view in views:
            if answer.lane in view.lanes:
                view.answered(answer)

    def want_names(self, begins: str = "") -> None:
        """Ask for the names that can be typed and the ids that begin so; what is known so far is used meanwhile."""
        now = self.session.now()
        if begins == self._begins and now - self._names_ns < _NAMES_NS:
            return
        self._begins = begins
        source = self.session.source
        if self.session.may_ask() and self.session.ask(NAMES_LANE, begins, lambda: source.names(begins)):
            self._names_ns = now

    def _learn_names(self, answer: Answer) -> None:
        """Offer the names where someone types; of what is typed meanwhile others may be wanted."""
        if isinstance(answer.result, dict):
            self.session.names = answer.result
        if isinstance(self.focused, Completing):
            self.focused.renew()
        if answer.about != self._begins:
            self._names_ns = -_NAMES_NS
            self.want_names(self._begins)

    def show_help(self, wanted: str = "") -> None:
        """Show the keys, those whose line holds `wanted`."""
        from flowtrail_tui.overlays import HelpScreen

        self.push_screen(HelpScreen(wanted))

    def obey(self, meant: Command) -> None:
        """Do what was typed as a command."""

    def _exported(self, answer: Answer) -> None:
        if answer.error is None:
            self.say(answer.result)
        else:
            self.say(f"not exported: {answer.error}", "error")

    def cancel_export(self) -> bool:
        """Give up the export under way; tells whether there was one."""
        withdrawn = self.session.queries.withdraw(EXPORT_LANE)
        if withdrawn:
            self.say("the export is cancelled; nothing was written")
        return withdrawn

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        self.painter = Painter(PALETTES[name], ascii_only=self.look.ascii_only, keymap=self.keymap)
        self.theme = name
        for lines in self.screen.query(Lines):
            lines.redraw()

    # What is drawn.

    def _draw_tabs(self, width: int) -> list[Line]:
        tabs = [
            (entry.key, entry.title + self.badges.get(entry.name, ""), entry.name)
            for entry in registry.VIEWS
            if entry.key
        ]
        keyed = {name for _, _, name in tabs}
        way = [self.current, *(place.name for place in reversed(self.places.behind))]
        return [bars.tabs(tabs, next((name for name in way if name in keyed), self.current), width)]

    def _draw_status(self, width: int) -> list[Line]:
        status = bars.Status(
            source=self.session.source.name,
            rate=bars.rate_of(self.session.status),
            coverage=self.session.coverage,
            window=self._window(),
            past=self.session.range.past,
            now_ns=self.session.now(),
        )
        return [bars.status_bar(status, self.session.link, self.view().trail(), width)]

    def _window(self) -> str:
        """Write the time range; ends that a view's filter sets are the ones that hold there."""
        bar = getattr(self.view(), "filter", None)
        ends = bar.ends if bar is not None else ""
        return ends or self.session.range.shown(self.session.now())

    def _draw_footer(self, width: int) -> list[Line]:
        return [bars.footer(self.view().keys(), self._message[1] if self._message else None, width, self.keymap)]

    def _draw_banner(self, width: int) -> list[Line]:
        if self.session.link.disconnected:
            return [bars.banner(self.session.link, self.session.now(), width)]
        return [bars.low_coverage(self.session.coverage or 0.0, width)]

    def _draw_small(self, width: int) -> list[Line]:
        return [bars.too_small(self.session.link, width, self.size.height)]

    def _show_banner(self) -> None:
        warned = self.session.link.disconnected or self.session.low_coverage
        self.base_screen.set_class(warned, "warned")
        if warned:
            self._banner.redraw()

    def _fatal_error(self) -> None:
        """Say what went wrong without the toolkit's picture of every variable: those hold other people's data."""
        told = "".join(safe(one) + "\n" for one in traceback.format_exc().splitlines())
        self._exit_renderables.append(Text(f"flowtrail failed; this is a defect worth reporting:\n\n{told}"))
        self._close_messages_no_wait()


def _warm_up() -> None:
    """Load what the first switch of views would otherwise wait for; the first screen stands already."""
    registry.warm_up()
    import_module("flowtrail_tui.overlays")
