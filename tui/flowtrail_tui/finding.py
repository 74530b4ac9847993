"""Ways back to what was found: views with a name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flowtrail_tui.frame import Frame
from flowtrail_tui.model import window as ranges
from flowtrail_tui.safe import safe
from flowtrail_tui.sitting import saved
from flowtrail_tui.views import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowtrail_tui.remembered import Saved

_LONGEST_NAME = 60


class Finding(Frame):
    """The frame with what leads to a thing once seen."""

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
            self.push_screen(Picker("Saved views", rows), self._open_saved)
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
        chosen = ranges.read(view.range) if view.range else self.session.range
        changed = chosen != self.session.range
        self.session.range = chosen
        await self.go(view.view, view.about)
        if any(one.name == view.sort and not one.chosen for one in self.view().sortings()):
            self.view().sort_by(view.sort)
        if changed:
            self.redraw_status()
            self.view().reload()

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
