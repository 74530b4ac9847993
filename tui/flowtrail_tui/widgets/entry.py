"""The line where people type: whatever is put into it, typed or pasted, is made safe before it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from textual import events  # noqa: TC002 (Textual reads the annotations of handlers)
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from flowtrail_tui.safe import safe
from flowtrail_tui.widgets.host import take_focus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_tui.model.completion import Proposal


class Entry(Input):
    """A one-line input without a border."""

    DEFAULT_CSS = """
    Entry, Entry:focus { border: none; height: 1; padding: 0; background: $background; }
    """

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """Show `placeholder`, a constant of ours, while nothing is typed."""
        super().__init__(placeholder=placeholder, id=id, compact=True, select_on_focus=False)

    def focus(self, scroll_visible: bool = True) -> Self:
        """Take the focus at once."""
        take_focus(self, scroll_visible=scroll_visible)
        return self

    def validate_value(self, value: str) -> str:
        """Make every control and format character visible: the input draws its value as it stands."""
        return safe(value)


class Completing(Entry):
    """An input that proposes how to go on: `tab` takes the next proposal, `shift+tab` the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "complete", show=False),
        Binding("shift+tab", "complete(-1)", "complete", show=False),
    ]

    class Proposed(Message):
        """There are other proposals, or another one is chosen."""

    def __init__(
        self,
        propose: Callable[[str], Sequence[Proposal]],
        *,
        placeholder: str = "",
        pasted: Callable[[str], str] | None = None,
    ) -> None:
        """`propose(text)` says how a text may go on, `pasted(text)` what to make of one that is pasted."""
        super().__init__(placeholder=placeholder)
        self._propose = propose
        self._pasted = pasted
        self._taken: str | None = None
        self.proposals: Sequence[Proposal] = ()
        self.chosen: int | None = None

    def renew(self) -> None:
        """Propose anew; while someone goes through the proposals they stay."""
        if self.value != self._taken:
            self._taken = None
            self.proposals = self._propose(self.value)
            self.chosen = None
        self.post_message(self.Proposed())

    def take(self, place: int) -> None:
        """Take a proposal; a single one is gone on from at once."""
        if not 0 <= place < len(self.proposals):
            return
        self.chosen = place
        text = self.proposals[place].text
        self._taken = text if len(self.proposals) > 1 else None
        self.value = text
        self.cursor_position = len(self.value)
        self.renew()

    def action_complete(self, step: int) -> None:
        """Take the next proposal, or the one before."""
        if not self.proposals:
            self._taken = None
            self.renew()
        if self.proposals:
            first = 0 if step > 0 else len(self.proposals) - 1
            self.take(first if self.chosen is None else (self.chosen + step) % len(self.proposals))

    def _on_paste(self, event: events.Paste) -> None:
        """Put in what a pasted text is about, whole lines of it."""
        if self._pasted is not None:
            event.prevent_default()
            event.stop()
            self.replace(self._pasted(event.text), *self.selection)
