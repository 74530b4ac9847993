"""Ask: one question, how it was understood, and the verdict card; several events are moved through in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from flowtrail_collector.errors import NothingKnown
from flowtrail_tui.model import asked, notices
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.bars import Key
from flowtrail_tui.model.card import card
from flowtrail_tui.model.commands import command
from flowtrail_tui.model.completion import for_question
from flowtrail_tui.model.parts import Line, Part, clip_line, line
from flowtrail_tui.model.pasted import question_in
from flowtrail_tui.safe import safe
from flowtrail_tui.views.base import ALWAYS, View, rule
from flowtrail_tui.widgets.entry import Completing
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Document, Table
from flowtrail_tui.widgets.virtual import VirtualList
from flowtrail_tui.yankable import Yankable, of_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.evidence import Evidence
    from flowtrail_tui.model.jumps import Named
    from flowtrail_tui.queries import Answer

_MOST_EVENTS = 8
"""So many lines the list of events may take, header included; the card below needs the room."""


_LEAST_BEGUN = 2
"""From so many characters on, ids that begin so are asked for."""
_ROOMY = 30
"""From this height on the card has empty lines between its parts."""


class _Events(Table[dict[str, Any]]):
    """The events of an answer; half and whole screens scroll the card below, which is what there is to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "scroll_card(1)", "card down", show=False, id="half-down"),
        Binding("pagedown", "scroll_card(1)", "card down", show=False, id="page-down"),
        Binding("ctrl+u", "scroll_card(-1)", "card up", show=False, id="half-up"),
        Binding("pageup", "scroll_card(-1)", "card up", show=False, id="page-up"),
    ]

    def __init__(self, card: Document) -> None:
        """`card` is the pane below."""
        super().__init__(asked.EVENT_COLUMNS, _event_cells, id="ask-events")
        self._card = card

    def action_scroll_card(self, direction: int) -> None:
        """Scroll the card by half its height."""
        self._card.action_half(direction)


class AskView(View):
    """The question's input and its answer."""

    title = "Ask"
    lanes = ("ask",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "choose_reading", "another reading", show=False),
        Binding("tab", "other_pane", "other pane", show=False),
    ]
    DEFAULT_CSS = """
    AskView #ask-line { height: 1; }
    AskView #ask-prompt { width: 3; }
    """

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__(id="ask")
        self.document: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.question = ""
        self._place = 0
        self._error: Exception | None = None
        self._typing = False
        self._reading: str | None = None
        self.entry = Completing(
            lambda text: for_question(text, self.session.names), placeholder=asked.PLACEHOLDER, pasted=question_in
        )
        self.near: Table[str] = Table(asked.NEAR_COLUMNS, asked.near_cells, id="ask-near")
        self.card = Document(self._compose_card, id="ask-card")
        self.list = _Events(self.card)
        self.line = Lines(self._draw_understood, id="ask-understood")

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        with Horizontal(id="ask-line"):
            yield Lines(lambda _: [line(Part(" : ", "key"))], id="ask-prompt")
            yield self.entry
        yield self.line
        yield Lines(rule)
        yield self.list
        yield Lines(rule, id="ask-rule")
        yield self.card
        yield self.near

    def on_mount(self) -> None:
        """Start without a list of events."""
        self._show_list()
        self.card.show_loading(loading=False)
        self.card.show_notice(notices.nothing_asked())

    # What the frame asks.

    def about(self) -> str:
        """Return the question; nothing while one is typed."""
        return "" if self._typing else self.question

    def passing(self) -> bool:
        """Tell whether a question is typed and none was asked."""
        return self._typing

    def arrive(self, about: str | None) -> None:
        """Ask, let a person type a question (an empty one), or show the last answer."""
        if about:
            self.ask_about(about)
        elif about is not None:
            self.type_question()

    def enter(self) -> None:
        """Take the focus: the input while nothing is asked, else the answer."""
        if self._typing:
            self.entry.focus()
        elif not self.question:
            self.type_question()
        else:
            next((pane for pane in (self.near, self.list) if pane.display), self.card).focus()

    @property
    def _past(self) -> list[str]:
        return self.frame.sitting.memory.questions

    def type_question(self) -> None:
        """Let a person type another question."""
        self._typing = True
        self._place = len(self._past)
        self.entry.value = ""
        self.entry.focus()
        self.entry.renew()
        self.frame.want_names()
        self.line.redraw()

    def trail(self) -> Sequence[str]:
        """Name what is asked about."""
        return (self.title, self.question) if self.question else (self.title,)

    def keys(self) -> Sequence[Key]:
        """Offer what can be done with an answer."""
        several = (
            (Key("j/k", "events", "app.press('tab')"),)
            if self.list.display
            else (Key("j/k", "scroll", "app.press('tab')"),)
        )
        pane = (Key("tab", "pane", "app.press('tab')"),) if self.list.display else ()
        return (
            Key("E", "evidence", "app.press('E')"),
            Key("enter", "flow", "app.choose"),
            Key("y", "yank", "app.yank"),
            Key(":", "ask", "app.ask"),
            Key("esc", "back", "app.back"),
            *several,
            *pane,
            Key("J", "go to", "app.jump"),
            *ALWAYS,
        )

    def ask_about(self, question: str, *, remember: bool = True, chosen: str | None = None) -> None:
        """Ask, and show what comes of it."""
        if remember:
            self.frame.sitting.memory.asked(question)
        self._place = len(self._past) if remember else self._place
        self.question = question
        self._reading = chosen
        self._typing = False
        self.entry.value = question
        self.reload()
        self.enter()

    def reload(self) -> None:
        """Ask the same again."""
        if not self.question:
            return
        self.session.queries.withdraw("ask")
        self._error = None
        self.document, self.events, self.near.rows = {}, [], ()
        self._show_list()
        self.card.show_notice(None)
        self.card.redraw(top=True)
        self.card.show_loading(loading=True)
        source, question, chosen = self.session.source, self.question, self._reading
        if not self.session.ask("ask", question, lambda: source.ask(question, chosen=chosen)):
            self.card.show_loading(loading=False)
            self.card.show_notice(notices.too_many())
        self.line.redraw()
        self.frame.redraw_status()

    def answered(self, answer: Answer) -> None:
        """Take a verdict or an error."""
        self._error = answer.error
        self.document = answer.result if answer.error is None else {}
        self.events = f.items(self.document.get("events"))
        if answer.error is None:
            self.frame.took_coverage(f.number(self.document.get("coverage")))
        self.list.set_rows(self.events, cursor=0)
        self.near.set_rows(answer.error.near if isinstance(answer.error, NothingKnown) else (), cursor=0)
        self._show_list()
        self.card.show_loading(loading=False)
        self.card.show_notice(None if answer.error or self.events else notices.no_events())
        self.card.redraw(top=True)
        self.line.redraw()
        if self.frame.current == "ask" and not self._typing:
            self.enter()
        self.frame.redraw_footer()

    def cancel(self) -> bool:
        """Give up the question."""
        if not self.session.queries.withdraw("ask"):
            return False
        self.card.show_loading(loading=False)
        self.card.show_notice(notices.cancelled())
        self.card.redraw(top=True)
        self.line.redraw()
        return True

    def back(self) -> bool:
        """Leave the input for the answer, where there is one."""
        if not (self.entry.has_focus and self.question):
            return False
        self._typing = False
        self.entry.value = self.question
        self.enter()
        return True

    def yankables(self) -> list[Yankable]:
        """Offer the event shown."""
        event = self._event()
        return of_event(event, self.question, self.document) if event is not None else []

    def openables(self) -> dict[str, str]:
        """Offer what the event shown is known by."""
        event = self._event()
        return asked.fields(event) if event is not None else {}

    def named(self) -> list[Named]:
        """Offer everything that the card names: the event, its records, its cause, the groups."""
        event = self._event()
        return asked.named(event) if event is not None else []

    def evidence(self) -> Evidence | None:
        """Offer the spans behind all answers about the event shown."""
        event = self._event()
        return asked.evidence_of(event) if event is not None else None

    # What people do.

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        meant, question = command(event.value), question_in(event.value)
        if meant is not None:
            self.frame.obey(meant)
        elif question:
            self.frame.visit("ask", question)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._typing:
            self.entry.renew()
            typed = event.value.strip()
            self.frame.want_names("" if len(typed) < _LEAST_BEGUN or " " in typed else typed)

    @on(Completing.Proposed)
    def _proposed(self, event: Completing.Proposed) -> None:
        event.stop()
        self.line.redraw()

    @on(VirtualList.Moved, "#ask-events")
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self.card.redraw(top=True)

    @on(VirtualList.Chosen, "#ask-events")
    @on(VirtualList.Chosen, "#ask-card")
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        chosen = self._event()
        if chosen is not None:
            self.frame.visit("flow", asked.flow_of(chosen))

    @on(VirtualList.Chosen, "#ask-near")
    def _near_chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        if self.near.current is None:
            return
        question, whole = asked.askable(self.near.current)
        if whole:
            self.frame.visit("ask", question)
        else:
            self.type_question()
            self.entry.value = question
            self.entry.cursor_position = len(self.entry.value)

    def action_choose_reading(self) -> None:
        """Understand the question in another way, where it can be."""
        from flowtrail_tui.overlays import Picker

        forms = asked.forms(self.document) if self.document else []
        if len(forms) > 1:
            rows = [(form, asked.UNDERSTOOD.get(form, ""), form) for form in forms]
            self.app.push_screen(Picker("Understand it as", rows), self._read_as)

    def _read_as(self, form: str | None) -> None:
        if form is not None:
            self.ask_about(self.question, remember=False, chosen=form)

    def action_other_pane(self) -> None:
        """Move between the list of events and the card."""
        (self.card if self.list.has_focus or not self.list.display else self.list).focus()

    # What is drawn.

    def _event(self) -> dict[str, Any] | None:
        return self.list.current if self.events else None

    def _show_list(self) -> None:
        self.near.display = bool(self.near.rows)
        self.near.styles.height = min(len(self.near.rows) + 1, _MOST_EVENTS * 2)
        self.card.styles.height = 4 if self.near.rows else "1fr"
        several = len(self.events) > 1
        self.list.display = several
        self.query_one("#ask-rule").display = several
        room = max(4, min(_MOST_EVENTS, self.app.size.height // 4))
        self.list.styles.height = min(len(self.events) + 1, room)

    def on_resize(self) -> None:
        """Share the room anew."""
        self._show_list()

    def _compose_card(self, width: int) -> Sequence[Line]:
        if isinstance(self._error, NothingKnown):
            return asked.nothing_known(self._error, width)
        if self._error is not None:
            return asked.went_wrong(self._error)
        event = self._event()
        if event is None:
            return ()
        compact = self.app.size.height < _ROOMY
        return card(event, self.document, width, compact=compact)

    def _draw_understood(self, width: int) -> list[Line]:
        if self._typing:
            return [asked.typing(self.entry.value, self.entry.proposals, self.entry.chosen, width)]
        if self.document:
            return [clip_line(asked.understood(self.document), width)]
        if self.session.queries.busy_since("ask") is not None:
            return [line(Part(" asking… ", "wait"), Part("esc", "key"), Part(" cancels", "dim"))]
        return [asked.typing("", (), None, width)]

    def on_key(self, event: Any) -> None:
        """Bring earlier questions into the input with the arrow keys."""
        if not self.entry.has_focus or event.key not in ("up", "down") or not self._past:
            return
        event.stop()
        self._place = max(0, min(len(self._past), self._place + (-1 if event.key == "up" else 1)))
        self.entry.value = safe(self._past[self._place]) if self._place < len(self._past) else ""
        self.entry.cursor_position = len(self.entry.value)


def _event_cells(event: dict[str, Any], _width: int) -> tuple[Line, ...]:
    return asked.event_cells(event)
