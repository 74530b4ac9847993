"""One sitting after the other: what is noted of the screens for the next one, and how that begins with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import window as ranges
from flowtrail_tui.remembered import Memory, Saved, Store
from flowtrail_tui.views import registry

if TYPE_CHECKING:
    from flowtrail_tui.frame import Frame
    from flowtrail_tui.views.base import View

_TABS = tuple(entry.name for entry in registry.VIEWS if entry.key)


class Sitting:
    """What was kept of a source, and what of this sitting is to be kept."""

    def __init__(self, store: Store | None = None, *, fresh: bool = False) -> None:
        """`fresh`: begin as for the first time, with the questions asked and the views saved before at hand."""
        self.store = store or Store(None, "")
        self.memory, self.said = self.store.read()
        if fresh:
            self.memory.view, self.memory.range, self.memory.abouts, self.memory.sorts = "", "", {}, {}
        self._begun: set[str] = set()

    @property
    def view(self) -> str | None:
        """The view that was shown last."""
        return self.memory.view if self.memory.view in _TABS else None

    @property
    def range(self) -> ranges.Range | None:
        """The time range that was looked at last."""
        return ranges.read(self.memory.range) if self.memory.range else None

    def arrive(self, view: View, about: Any) -> None:
        """Let a view show what is wanted; the first time, what it showed last, in the order it had."""
        name = view.id or ""
        if name in self._begun:
            view.arrive(about)
            return
        self._begun.add(name)
        view.arrive(self.memory.abouts.get(name) if about is None else about)
        wanted = self.memory.sorts.get(name)
        if any(one.name == wanted and not one.chosen for one in view.sortings()):
            view.sort_by(wanted or "")

    def note(self, frame: Frame) -> Memory:
        """Note where one is and what the views show."""
        for view in frame.views():
            about, sort = view.about(), _chosen(view)
            if view.id in _TABS and isinstance(about, str) and not view.passing():
                self.memory.abouts[view.id] = about
            if view.id in _TABS and sort:
                self.memory.sorts[view.id] = sort
        way = [frame.current, *(place.name for place in reversed(frame.places.behind))]
        self.memory.view = next((name for name in way if name in _TABS), "")
        self.memory.range = frame.session.range.text
        return self.memory


def saved(frame: Frame, name: str) -> Saved | None:
    """Return what is shown as a view with a name; None where that can not be kept."""
    view = frame.view()
    about = view.about()
    if view.passing() or not (about is None or isinstance(about, str)):
        return None
    return Saved(name, frame.current, about, frame.session.range.text, _chosen(view))


def _chosen(view: View) -> str:
    return next((one.name for one in view.sortings() if one.chosen), "")
