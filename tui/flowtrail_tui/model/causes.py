"""Causes as rows: the documents of `Source.causes`, and how a row of the anomalies inbox is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.model.words import severity

TREND, SHORT_TREND = 16, 8
WIDE_FROM = 130
"""Lists as wide as this write words and trends in full."""
COLUMNS = (
    Column("SEV", 7, 9),
    Column("KIND", 8, 18),
    Column("WHERE", 10, 25),
    Column("FIRST", 5, 6, from_width=100),
    Column("LAST", 5, 6, from_width=90),
    Column("COUNT", 5, 7, right=True),
    Column("FLOWS", 5, 7, right=True, from_width=94),
    Column("TREND", SHORT_TREND, TREND, from_width=112),
    Column("WHAT HAPPENED", 14, 14, flex=True),
)
_DAY_NS = 86_400 * 10**9
_NOW_NS = 60 * 10**9
"""What came within the last minute came now."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What someone said of a cause; `after` findings came since."""

    state: str
    by: str
    note: str
    at_ns: int | None
    after: int


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause as the inbox needs it; `document` is the row as it came."""

    id: str
    severity: str
    kind: str
    where: str
    first_ns: int | None
    last_ns: int | None
    count: int
    flows: int | None
    trend: tuple[float | None, ...]
    happened: str
    mark: Mark | None
    as_of_ns: int | None
    now_ns: int | None = None
    """The present; None where there is none, in a file."""
    change: str = ""
    """What is different from the window before; empty where that is not shown."""
    document: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def state(self) -> str:
        """`open`, `acknowledged` or `muted`."""
        return "open" if self.mark is None else self.mark.state

    @property
    def deed(self) -> str:
        """What happened, without who it happened to: the place beside it names that."""
        who = self.document.get("group") or self.document.get("producer")
        return self.happened.removeprefix(f"{who} ") if who else self.happened

    @property
    def gone(self) -> bool:
        """True of what the window before had and this one has not."""
        return self.change == GONE


GONE = "gone"


@dataclass(frozen=True, slots=True)
class Inbox:
    """One answer of `Source.causes`, read."""

    rows: tuple[CauseRow, ...]
    totals: dict[str, int]
    coverage: float | None
    document: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def read_inbox(document: dict[str, Any], now_ns: int | None = None) -> Inbox:
    """Read a document of `flowtrail.causes/1`; what is missing is unknown. `now_ns` is the present of a live source."""
    as_of = f.moment(document.get("as_of"))
    totals = document.get("totals")
    told = {name: f.whole(count) or 0 for name, count in totals.items()} if isinstance(totals, dict) else {}
    rows = tuple(cause_row(row, as_of, now_ns) for row in f.items(document.get("rows")))
    return Inbox(rows, told, f.number(document.get("coverage")), document)


def cause_row(document: dict[str, Any], as_of_ns: int | None, now_ns: int | None = None) -> CauseRow:
    """Read one row."""
    counts = document.get("trend")
    return CauseRow(
        id=f.word(document.get("cause")),
        severity=f.word(document.get("severity")),
        kind=f.word(document.get("kind")),
        where=where(document),
        first_ns=f.moment(document.get("first_at")),
        last_ns=f.moment(document.get("last_at")),
        count=f.whole(document.get("count")) or 0,
        flows=f.whole(document.get("flows")),
        trend=tuple(map(f.number, counts)) if isinstance(counts, list) else (),
        happened=f.word(document.get("happened"), ""),
        mark=_mark(document.get("mark")),
        as_of_ns=as_of_ns,
        now_ns=now_ns,
        document=document,
    )


def _mark(said: object) -> Mark | None:
    if not isinstance(said, dict):
        return None
    return Mark(
        state=f.word(said.get("state"), "open"),
        by=f.word(said.get("by"), ""),
        note=f.word(said.get("note"), ""),
        at_ns=f.moment(said.get("at")),
        after=f.whole(said.get("after")) or 0,
    )


def where(document: dict[str, Any]) -> str:
    """Write a place as far as there is one: `billing ← orders:2`, `checkout → orders`."""
    destination, partition = document.get("destination"), document.get("partition")
    place = ":".join(str(one) for one in (destination, partition) if one is not None)
    group, producer = document.get("group"), document.get("producer") or document.get("instance")
    if group:
        return f"{group} ← {place}" if place else str(group)
    return f"{producer} → {place}" if producer and place else str(place or producer or f.NOT_APPLICABLE)


def cells(row: CauseRow, *, wide: bool = True) -> tuple[Line, ...]:
    """Draw a row, one line per column; what is acknowledged, muted or gone is dim, but for what came since."""
    word = severity(row.severity)
    quiet = row.state != "open" or row.gone
    text, bright = ("dim", "dim") if quiet else ("text", "bright")
    said = word.text if wide else _SHORT.get(word.text, word.text)
    return (
        line(Part(f"{word.glyph} {said}", "dim" if quiet else word.role)),
        line(Part(row.kind, bright)),
        line(Part(row.where, text)),
        line(Part(moment(row.first_ns, row.as_of_ns), "dim")),
        line(Part(moment(row.last_ns, row.as_of_ns, row.now_ns), "dim")),
        line(Part(f.count(row.count), text)),
        line(Part(f.count(row.flows), text)),
        line(Part(trend(row.trend, TREND if wide else SHORT_TREND), "dim" if quiet else "spark")),
        (*_change(row), *_said(row, wide=wide), Part(row.happened if wide else row.deed, text)),
    )


_SHORT = {"warning": "warn", "acknowledged": "ack"}
"""Where there is little room."""


def trend(counts: tuple[float | None, ...], cells: int) -> str:
    """Draw counts as that many blocks, of which the lowest stands for nothing at all."""
    each = max(1, len(counts) // cells)
    sums = [sum(max(0, count or 0) for count in counts[start : start + each]) for start in range(0, len(counts), each)]
    most = max(sums, default=0)
    return "".join(f.BLOCKS[0 if not count else max(1, round(count / most * 7))] for count in sums)


def moment(at_ns: int | None, as_of_ns: int | None, now_ns: int | None = None) -> str:
    """Write a moment in six cells: the minute; the date of what is older than a day; `now` for the last minute."""
    if at_ns is None or as_of_ns is None:
        return f.clock(at_ns)[:5]
    if now_ns is not None and now_ns - at_ns < _NOW_NS:
        return "now"
    return f.clock(at_ns)[:5] if as_of_ns - at_ns < _DAY_NS else f.day(at_ns)[5:]


def _change(row: CauseRow) -> Line:
    if not row.change:
        return ()
    role = "dim" if row.gone or row.change.startswith(("-", "=")) else "warn"
    return line(Part(f"{row.change} ", role), Part("· ", "faint"))


def _said(row: CauseRow, *, wide: bool) -> Line:
    if row.mark is None or row.state == "open":
        return ()
    glyph = "✓" if row.state == "acknowledged" else "–"
    since = (Part(f"+{row.mark.after:,} since ", "warn"),) if row.mark.after else ()
    state = row.state if wide else _SHORT.get(row.state, row.state)
    return (Part(f"{glyph} {state} ", "dim"), *since, Part("· ", "faint"))


def said(mark: Mark) -> str:
    """Write a mark in one sentence: `acknowledged by ann at 12:04: known since Monday`."""
    by = f" by {mark.by}" if mark.by else ""
    at = f" at {f.day(mark.at_ns)} {f.clock(mark.at_ns)[:5]}" if mark.at_ns is not None else ""
    note = f": {mark.note}" if mark.note else ""
    since = f" ({mark.after:,} since)" if mark.after and mark.state != "open" else ""
    state = "noted" if mark.state == "open" and mark.note else mark.state
    return f"{state}{by}{at}{note}{since}"
