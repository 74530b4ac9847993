"""The application: what each key does, and how a sitting starts."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.widgets import Input

from flowtrail_tui.keymap import actions
from flowtrail_tui.leading import Leading
from flowtrail_tui.leaving import in_order
from flowtrail_tui.preferences import preferences
from flowtrail_tui.remembered import Store, state_folder
from flowtrail_tui.sitting import Sitting
from flowtrail_tui.views import registry
from flowtrail_tui.views.flows import FlowsView
from flowtrail_tui.widgets.palette import PALETTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen

    from flowtrail_collector.source import Source
    from flowtrail_tui.exportable import Exporting

_UNTIL_TOLD_S = 3600
"""A message about what is under way stands until what came of it is told."""


_LEADING = ("view", "ask", "filter")
_NOT_IN_PALETTE = ("ask", "back", "palette")
"""Offered in another way there, or of no use from it."""


class FlowtrailApp(Leading):
    """The frame with its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(entry.key, f"view('{entry.name}')", entry.title, show=False, priority=True, id=f"view-{entry.name}")
            for entry in registry.VIEWS
            if entry.key.isdigit()
        ),
        Binding("colon", "ask", "Ask", show=False, priority=True, id="ask"),
        Binding("slash", "filter", "Filter", show=False, priority=True, id="filter"),
        Binding("escape", "back", "Back", show=False, id="back"),
        Binding("t", "time_range", "Time range", show=False, id="time-range"),
        Binding("left_square_bracket", "turn(False)", "Place before", show=False, id="place-before"),
        Binding("right_square_bracket", "turn(True)", "Place after", show=False, id="place-after"),
        Binding("s", "sort", "Sort", show=False, id="sort"),
        Binding("e", "export", "Export", show=False, id="export"),
        Binding("E", "evidence", "Evidence", show=False, id="evidence"),
        Binding("a", "anomalies", "Anomalies", show=False, id="anomalies-of-it"),
        Binding("y", "yank", "Yank", show=False, id="yank"),
        Binding("r", "reload", "Ask again", show=False, id="ask-again"),
        Binding("R", "retry", "Reconnect", show=False, id="reconnect"),
        Binding("x", "clear_filter", "Clear the filter", show=False, id="clear-filter"),
        Binding("w", "widen", "All time", show=False, id="all-time"),
        Binding("question_mark", "help", "Help", show=False, id="help"),
        Binding("q", "quit", "Quit", show=False, id="quit"),
        Binding("o", "open_in", "Open in", show=False, id="open-in"),
        Binding("J", "jump", "Go to", show=False, id="go-to"),
        Binding("ctrl+s", "save_view", "Save the view", show=False, id="save-view"),
        Binding("ctrl+o", "saved_views", "Saved views", show=False, id="saved-views"),
        Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True, id="palette"),
        Binding("ctrl+c", "stay", "Does not quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "To the shell, until fg", show=False, priority=True, id="suspend"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys that lead elsewhere to whoever types, and to what lies above the views.

        They come before what has the focus, because what is typed right behind them is meant for where they lead.
        """
        if action in _LEADING and (len(self.screen_stack) > 1 or isinstance(self.focused, Input)):
            return False
        return super().check_action(action, parameters)

    async def action_view(self, name: str) -> None:
        """Show a view."""
        await self.go(name)

    async def action_ask(self) -> None:
        """Open Ask with an empty question."""
        await self.go("ask", "", deeper=True)

    async def action_back(self) -> None:
        """Cancel what someone waits for, else go one step back."""
        view = self.view()
        if view.back() or view.cancel() or self.cancel_export():
            return
        if self.places.now.deeper:
            await self.turn(forward=False)

    async def action_turn(self, forward: bool) -> None:
        """Go to the place before, or the one after."""
        if not await self.turn(forward=forward):
            self.say("this is the newest place" if forward else "this is where you began")

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

    def action_sort(self) -> None:
        """Choose the order of the rows."""
        from flowtrail_tui.overlays import Picker

        orders = self.view().sortings()
        chosen = next((place for place, one in enumerate(orders) if one.chosen), 0)
        if orders:
            rows = [(one.name, one.does, one.name) for one in orders]
            self.push_screen(Picker("Sort by", rows, chosen), self._sort)

    def _sort(self, name: str | None) -> None:
        if name is not None:
            self.view().sort_by(name)

    def action_export(self) -> None:
        """Write the rows, exactly as they are filtered, to a file."""
        from flowtrail_tui.exporting import TABLE_FORMS
        from flowtrail_tui.overlays import Picker

        collect = self.view().export()
        if collect is None:
            self.say("there is nothing to export here")
            return
        rows = [(ending, does, ending) for ending, does in (*TABLE_FORMS, *self.view().forms)]
        self.push_screen(Picker("Export what is filtered, as", rows), lambda ending: self._export(collect, ending))

    def _export(self, collect: Exporting, ending: str | None) -> None:
        from flowtrail_tui.exporting import begin

        if ending is None:
            return
        bar = getattr(self.view(), "filter", None)
        begun = begin(self.session, collect, ending, "" if bar is None else bar.text)
        if begun:
            self.say("exporting… esc cancels", seconds=_UNTIL_TOLD_S)
        else:
            self.say("an export is under way; esc cancels it")

    def action_evidence(self) -> None:
        """Show the spans that prove what is selected."""
        proof = self.view().evidence()
        if proof is not None:
            self.visit("evidence", proof)

    def action_anomalies(self) -> None:
        """Show what is wrong with what is selected."""
        wanted = self.view().anomalies()
        if wanted is not None:
            self.visit("anomalies", wanted)

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

    def action_reload(self) -> None:
        """Ask again now."""
        self.view().reload()

    def action_retry(self) -> None:
        """Try to reconnect now."""
        if self.session.link.disconnected:
            self.session.ask_status(at_once=True)

    def action_help(self) -> None:
        """Show the keys."""
        self.show_help()

    def action_stay(self) -> None:
        """Say how to quit."""
        self.say(f"ctrl+c does not quit: {self.keymap.of('quit')} does")

    def action_look_further(self) -> None:
        """Do what end does, for a click on a notice."""
        self.simulate_key(self.keymap.press("end"))

    async def action_choose(self) -> None:
        """Do what enter does, for a click on the footer."""
        self.simulate_key(self.keymap.press("enter"))

    def action_pause(self) -> None:
        """Hold the list of flows still, or follow it again."""
        self.base_screen.query_one(FlowsView).pause()

    def action_only_wrong(self) -> None:
        """Show only the flows in which something went wrong, or all of them again."""
        self.base_screen.query_one(FlowsView).only_wrong()

    def action_resume(self) -> None:
        """Follow the newest flows."""
        self.base_screen.query_one(FlowsView).resume()

    def action_press(self, key: str) -> None:
        """Do what a key does, for a click."""
        self.simulate_key(self.keymap.press(key))

    def get_system_commands(self, _screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette."""
        for entry in registry.VIEWS:
            if entry.key:
                go = self.action_ask if entry.name == "ask" else partial(self.action_view, entry.name)
                yield SystemCommand(entry.title, entry.does, go)
        for name, does, shows in self.saved_commands():
            yield SystemCommand(name, does, shows)
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", f"Use the {name} colours", lambda name=name: self.use_theme(name))
        for one in actions(self.BINDINGS):
            if one.name not in _NOT_IN_PALETTE and not one.name.startswith("view-"):
                yield SystemCommand(one.does, f"Key {self.keymap.of(one.name)}", partial(self._do, one.runs))

    def _do(self, runs: str) -> None:
        """Run an action by its name, once the palette is gone."""
        self.call_later(self.run_action, runs)

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)


def run(source: Source, *, initial: str | None = None, fresh: bool = False) -> int:
    """Show `source` until a person quits; returns the exit code. `initial` is a view's name or a question.

    It begins where the last sitting at this source ended, unless `fresh`.
    """
    sitting = Sitting(Store(state_folder(os.environ), source.name), fresh=fresh)
    chosen = preferences(os.environ, FlowtrailApp.actions())
    app = FlowtrailApp(source, initial=initial, chosen=chosen, sitting=sitting)
    with in_order(app.exit):
        code = app.run()
    sitting.store.write(sitting.memory)
    return app.return_code if code is None and app.return_code is not None else code or 0
