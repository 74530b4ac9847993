"""Ways to what is looked for: commands that are typed, and views with a name."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from flowtrail_collector.errors import UsageError
from flowtrail_tui.model import window as ranges
from flowtrail_tui.preferences import CONFIG_VARIABLE, fill, lacking
from flowtrail_tui.safe import safe
from flowtrail_tui.sitting import saved
from flowtrail_tui.travel import Travelling
from flowtrail_tui.views import registry
from flowtrail_tui.widgets.entry import Completing
from flowtrail_tui.widgets.palette import PALETTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowtrail_tui.model.commands import Command
    from flowtrail_tui.model.jumps import Jump
    from flowtrail_tui.remembered import Saved

_LONGEST_NAME = 60


class Leading(Travelling):
    """The frame with what leads to a thing: commands, completion, views with a name."""

    # What is typed.

    def action_complete(self, place: int) -> None:
        """Take a proposal, for a click on it."""
        if isinstance(self.focused, Completing):
            self.focused.take(place)

    def obey(self, meant: Command) -> None:
        """Do what was typed as a command."""
        self.run_worker(self._obey(meant), exclusive=True, group="view")

    async def _obey(self, meant: Command) -> None:
        if meant.name in registry.NAMES:
            await self._show_filtered(meant)
            return
        await self.leave_question()
        if meant.name in ("since", "until", "at"):
            self.travel(meant.name, meant.rest)
        elif meant.name == "theme":
            self._command_theme(meant.rest)
        elif meant.name == "report":
            await self.go("reports", meant.rest or None)
        elif meant.name in ("save", "saved"):
            self._command_saved(meant)
        elif meant.name == "help":
            self.show_help(meant.rest)
        elif meant.name == "quit":
            self.exit(0)

    async def _show_filtered(self, meant: Command) -> None:
        """Show a view, with the filter that was typed; where that is wrong, the input stays and it is said why."""
        from flowtrail_collector.filters import parse_filter

        try:
            parse_filter(meant.rest)
        except UsageError as wrong:
            self.say(str(wrong), "error")
            return
        await self.go(meant.name, meant.rest or None)

    def _command_theme(self, name: str) -> None:
        if name in PALETTES:
            self.use_theme(name)
        else:
            self.say(f"theme: expected one of {', '.join(PALETTES)}, not {name!r}", "error")

    def _command_saved(self, meant: Command) -> None:
        if meant.name == "save" and meant.rest:
            self._save(meant.rest)
        elif meant.name == "save":
            self.action_save_view()
        else:
            view = next((one for one in self.sitting.memory.saved if one.name == meant.rest), None)
            self._open_saved(view) if view else self.action_saved_views()

    # What the selected row names.

    def action_jump(self) -> None:
        """Go to something that the selected row or card names."""
        from flowtrail_tui.model.jumps import jumps
        from flowtrail_tui.overlays import Picker

        rows = [(one.name, one.does, one) for one in jumps(self.view().named(), registry.NAMES)]
        if rows:
            self.push_screen(Picker("Go to", rows, names=40), self._jump)
        else:
            self.say("nothing is selected here that leads elsewhere")

    def _jump(self, to: Jump | None) -> None:
        if to is not None:
            self.visit(to.view, to.about)

    def action_open_in(self) -> None:
        """Open what is selected in another tool, by a link that a person configured."""
        from flowtrail_tui.overlays import Picker

        fields, templates = self.view().openables(), self.chosen.open
        links = [(name, url) for name, one in templates.items() if (url := fill(one, fields)) is not None]
        if links:
            self.push_screen(Picker("Open in", [(name, url, url) for name, url in links], names=40), self._open_link)
        elif templates:
            needed = "; ".join(f"{name} needs {', '.join(lacking(one, fields))}" for name, one in templates.items())
            self.say(f"no link fits what is selected: {needed}")
        else:
            where = self.chosen.path or f"a file named by ${CONFIG_VARIABLE}"
            self.say(f'no link yet: in {where} write [open] and jaeger = "http://localhost:16686/trace/{{trace_id}}"')

    def _open_link(self, url: str | None) -> None:
        if url is not None:
            self.run_worker(partial(self._opened, url), thread=True, group="open")

    def _opened(self, url: str) -> None:
        from flowtrail_tui.clipboard import yank
        from flowtrail_tui.opening import open_url

        if open_url(url, os.environ):
            self.call_from_thread(self.say, f"opened {url}")
            return
        said = yank(url, os.environ, lambda sequence: self.call_from_thread(self._write, sequence))
        self.call_from_thread(self.say, f"{url}  {said}: there is no desktop to open it on")

    def _write(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    # Views with a name.

    def action_save_view(self) -> None:
        """Give what is shown a name."""
        from flowtrail_tui.overlays import Prompt

        if saved(self, "") is None:
            self.say("there is nothing here that a name could lead back to")
            return
        self.push_screen(Prompt("Save this view as", self._name_told), self._save)

    def _name_told(self, text: str) -> tuple[bool, str]:
        name = text.strip()
        if not name:
            return False, "a name, such as: billing duplicates"
        if len(name) > _LONGEST_NAME:
            return False, f"at most {_LONGEST_NAME} characters"
        known = any(one.name == name for one in self.sitting.memory.saved)
        return True, "replaces the view of this name" if known else f"{self.keymap.of('saved-views')} leads back to it"

    def _save(self, name: str | None) -> None:
        kept = saved(self, name) if name else None
        if kept is not None:
            self.sitting.memory.save(kept)
            self.keep()
            self.say(f"saved as {kept.name}: {self.keymap.of('saved-views')} shows what is saved")

    def action_saved_views(self) -> None:
        """Choose one of the views that were saved."""
        from flowtrail_tui.overlays import Picker

        rows = [(one.name, described(one), one) for one in self.sitting.memory.saved]
        if rows:
            self.push_screen(Picker("Saved views", rows, names=30), self._open_saved)
        else:
            self.say(f"nothing is saved yet: {self.keymap.of('save-view')} gives what is shown a name")

    def _open_saved(self, view: Saved | None) -> None:
        if view is not None:
            self.run_worker(self.open_saved(view), exclusive=True, group="view")

    async def open_saved(self, view: Saved) -> None:
        """Show a saved view as it was: its filter or question, time range and order."""
        if view.view not in registry.NAMES:
            self.say(f"{view.name} is of a view that there is no longer", "error")
            return
        self.session.range = ranges.read(view.range) if view.range else self.session.range
        await self.go(view.view, view.about)
        if any(one.name == view.sort and not one.chosen for one in self.view().sortings()):
            self.view().sort_by(view.sort)
        self.reload_for_range()

    def forget_saved(self, view: Saved) -> None:
        """Let a saved view go."""
        self.sitting.store.forget(view.name)
        self.sitting.memory.forget(view.name)
        self.keep()
        self.say(f"{view.name} is forgotten")

    def saved_commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        """Offer the saved views to the palette: to show and to forget each."""
        for one in self.sitting.memory.saved:
            name = safe(one.name)
            yield f"View: {name}", safe(described(one)), partial(self._open_saved, one)
            yield f"Forget view: {name}", "Let the saved view go", partial(self.forget_saved, one)


def described(view: Saved) -> str:
    """Say what a saved view shows."""
    title = next((entry.title for entry in registry.VIEWS if entry.name == view.view), view.view)
    return " · ".join(filter(None, [title, view.about, ranges.read(view.range).name if view.range else ""]))
