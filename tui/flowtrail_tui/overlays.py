"""What opens above the views: the help and the pickers (time range, what to yank)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from flowtrail_tui.help import help_lines
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, clip_line, line
from flowtrail_tui.safe import safe
from flowtrail_tui.widgets.entry import Entry
from flowtrail_tui.widgets.lines import Lines
from flowtrail_tui.widgets.table import Document, Table
from flowtrail_tui.widgets.virtual import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flowtrail_tui.frame import Frame

Value = TypeVar("Value")
_DIGITS = tuple("123456789")
_CSS = """
{name} {{ align: center middle; background: $background 60%; }}
{name}:ansi {{ background: ansi_default; }}
{name} > Vertical {{
    width: {width}; max-width: 96%; height: {height}; max-height: 92%;
    background: $panel; padding: 1 2;
}}
{name} Entry, {name} Entry:focus {{ background: $panel; }}
{name} Lines {{ height: 1; }}
"""


class HelpScreen(ModalScreen[None]):
    """The keys; typing filters them."""

    DEFAULT_CSS = _CSS.format(name="HelpScreen", width=96, height=34)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]

    def __init__(self, wanted: str = "") -> None:
        """Begin with the lines that hold `wanted`."""
        super().__init__()
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        """Lay out the overlay."""
        with Vertical():
            yield Lines(lambda _: [line(Part("Keys", "title"), Part("   type to filter, esc closes", "dim"))])
            yield Entry(placeholder="filter")
            yield Document(lambda width: self._lines(width))

    def _lines(self, width: int) -> list[Line]:
        frame = cast("Frame", self.app)
        return help_lines(self.query_one(Entry).value, width, frame.keymap, frame.chosen.slip)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Entry).value = self._wanted
        self.query_one(Entry).focus()
        self.query_one(Document).show_loading(loading=False)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one(Document).redraw(top=True)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss()

    def action_scroll(self, by: int) -> None:
        """Scroll the keys while the input keeps the focus."""
        self.query_one(Document).action_move(by)


class Prompt(ModalScreen[str | None]):
    """One line to type; what is typed is told below while it is, and refused with a reason."""

    DEFAULT_CSS = _CSS.format(name="Prompt", width=72, height="auto")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, title: str, told: Callable[[str], tuple[bool, str]], value: str = "") -> None:
        """`told(text)` says whether a text will do, and what it means or lacks."""
        super().__init__()
        self._title = title
        self._told = told
        self._value = value

    def compose(self) -> ComposeResult:
        """Lay out the overlay."""
        with Vertical():
            yield Lines(lambda _: [line(Part(self._title, "title"), Part("   enter takes it, esc closes", "dim"))])
            yield Lines(lambda _: [()])
            yield Entry(id="prompted")
            yield Lines(self._tell, id="told")

    def on_mount(self) -> None:
        """Type at once."""
        entry = self.query_one(Entry)
        entry.value = self._value
        entry.focus()

    def _tell(self, width: int) -> list[Line]:
        good, sentence = self._told(self.query_one(Entry).value)
        return [clip_line(line(Part(sentence, "dim" if good else "warn")), width)]

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#told", Lines).redraw()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._told(event.value)[0]:
            # Left as it stands it comes back as it was, be it shown in escapes.
            self.dismiss(self._value if event.value == safe(self._value) else event.value.strip())


class Picker(ModalScreen[Value | None], Generic[Value]):
    """A short list to choose from; the first nine rows are chosen by their number too."""

    DEFAULT_CSS = _CSS.format(name="Picker", width=64, height="auto") + "Picker VirtualList { background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, title: str, rows: Sequence[tuple[str, str, Value]], cursor: int = 0, *, names: int = 16) -> None:
        """`rows` are (name, explanation, value); `names` is how many cells a name may take."""
        super().__init__()
        self._title = title
        self._rows = rows
        self._cursor = cursor
        self._wider = names - 16
        columns = (Column("", 1, 1), Column("", 4, names), Column("", 10, 10, flex=True))
        self._table: Table[tuple[str, str, Value]] = Table(columns, self._cells)
        self._table.header_rows = 0

    def compose(self) -> ComposeResult:
        """Lay out the overlay."""
        with Vertical():
            yield Lines(lambda _: [line(Part(self._title, "title"), Part("   enter chooses, esc closes", "dim"))])
            yield Lines(lambda _: [()])
            self._table.styles.height = min(len(self._rows), max(4, self.app.size.height - 8))
            yield self._table

    def on_mount(self) -> None:
        """Put the cursor on what is chosen now."""
        self.query_one(Vertical).styles.width = 64 + self._wider
        self._table.set_rows(self._rows, cursor=self._cursor)
        self._table.focus()

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self._table.current
        self.dismiss(row[2] if row is not None else None)

    def on_key(self, event: events.Key) -> None:
        """Choose a row by its number; the key ends here, else the view below would take it once this is gone."""
        number = int(event.key) if event.key in _DIGITS else 0
        if 1 <= number <= len(self._rows):
            event.stop()
            event.prevent_default()
            self.dismiss(self._rows[number - 1][2])

    def _cells(self, row: tuple[str, str, Value], _width: int) -> tuple[Line, ...]:
        number = self._rows.index(row) + 1
        return (
            line(Part(str(number) if number < 10 else "", "key")),
            line(Part(row[0], "bright")),
            line(Part(row[1], "dim")),
        )
