"""Flows as rows: the documents of `Source.flows`, a pinned or live tail of them, and how a row is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line, wrap
from flowtrail_tui.model.words import GRADES, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COLUMNS = (
    Column("TIME", 8, 12),
    Column("VERDICT", 11, 15),
    Column("FLOW KEY", 9, 16),
    Column("ROOT EVENT", 12, 26, from_width=104),
    Column("HOPS", 4, 7, from_width=116, right=True),
    Column("GROUPS", 6, 7, from_width=96, right=True),
    Column("END-TO-END", 10, 10, from_width=110, right=True),
    Column("WHY", 12, 12, flex=True),
)
_NOTHING_WRONG = {"ok": "Every group that reads it has processed it, once and in order."}
_ROOT_FIELDS = {
    "topic": "destination",
    "partition": "partition",
    "offset": "offset",
    "key": "key",
    "message_id": "message_id",
    "service": "producer",
}
"""Fields of `open` templates, by their names in a flow's first event."""
_PLURALS = {"event": "events", "delivery": "deliveries"}
PAGE = 100
"""So many flows are read at once where someone reads on: some screens of them."""
AROUND_ROWS = 6
"""Lines of the screen that are never rows. A list that follows asks for no more flows than can be seen: each is judged,
and soon the next ones are asked for."""
MOST_NEWER = 200
"""Up to so many newer flows are counted."""
SHORT_TIME_BELOW = 72
"""Lists narrower than this show the time without milliseconds."""


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow as the list needs it; `document` is the row as it came."""

    flow: str
    kind: str
    verdict: str
    grade: str
    started_ns: int | None
    why: str
    root_type: str
    record: str
    hops: str
    groups: str
    end_to_end_ms: float | None
    document: dict[str, Any] = field(repr=False, compare=False)

    @property
    def question(self) -> str:
        """What to ask for this flow's verdict."""
        return f"{'trace' if self.kind == 'trace' else 'flow'}:{self.flow}"

    @property
    def identity(self) -> tuple[str, str]:
        """What stays the same when the flow goes on."""
        return (self.kind, self.flow)


def flow_row(document: dict[str, Any]) -> FlowRow:
    """Read one row of `flowtrail.flows/1`; what is missing is unknown."""
    root = document.get("root")
    root = root if isinstance(root, dict) else {}
    return FlowRow(
        flow=f.word(document.get("flow")),
        kind=f.word(document.get("flow_kind")),
        verdict=f.word(document.get("verdict"), "unknown"),
        grade=f.word(document.get("grade")),
        started_ns=f.moment(document.get("started_at")),
        why=f.word(document.get("why"), ""),
        root_type=f.word(root.get("type"), ""),
        record=record_name(root),
        hops=_progress(document.get("hops_done"), document.get("hops_expected")),
        groups=_progress(document.get("groups_done"), document.get("groups_expected")),
        end_to_end_ms=f.number(document.get("end_to_end_ms")),
        document=document,
    )


def fields(row: FlowRow) -> dict[str, str]:
    """Return what a flow is known by elsewhere, with the event it began with."""
    root = row.document.get("root")
    root = root if isinstance(root, dict) else {}
    found = {field: str(root[name]) for field, name in _ROOT_FIELDS.items() if root.get(name) is not None}
    return {"trace_id" if row.kind == "trace" else "correlation_id": row.flow, **found}


def record_name(place: dict[str, Any]) -> str:
    """Write `destination:partition:offset`; without an offset, the destination says so."""
    destination, partition, offset = place.get("destination"), place.get("partition"), place.get("offset")
    if destination is None:
        return "(no record)"
    return f"{destination} (no offset)" if offset is None else f"{destination}:{f.word(partition)}:{offset}"


def _progress(done: object, expected: object) -> str:
    of = f.whole(expected)
    if of is None:
        return f.UNKNOWN
    return f.NOT_APPLICABLE if of == 0 else f"{f.count(f.whole(done))}/{f.count(of)}"


def cells(row: FlowRow, *, short_time: bool = False) -> tuple[Line, ...]:
    """Draw a row, one line per column."""
    word = verdict(row.verdict, row.grade)
    quiet = word.role == "ok"
    end_to_end = "—" if row.end_to_end_ms is None else f.duration(row.end_to_end_ms)
    return (
        line(Part(f.clock(row.started_ns, digits=0 if short_time else 3), "dim")),
        line(Part(f"{word.glyph} {word.text}", word.role)),
        line(Part(row.flow, "text" if quiet else "bright", None, ("ask", row.question))),
        line(Part(row.record, "dim" if quiet else "text", None, _leads(row))),
        line(Part(row.hops, "dim" if quiet else "text")),
        line(Part(row.groups, "dim" if quiet else "text")),
        line(Part(end_to_end, "dim" if row.end_to_end_ms is None else "text")),
        line(Part(row.why, "dim" if quiet else "text")),
    )


def _leads(row: FlowRow) -> tuple[str, str] | None:
    """Return where a record leads; one without an offset leads nowhere."""
    root = row.document.get("root")
    return ("ask", f"record:{row.record}") if isinstance(root, dict) and root.get("offset") is not None else None


def preview(row: FlowRow, width: int) -> list[Line]:
    """Tell the selected row in four lines: the verdict's sentence, then the root event, then what was found."""
    word = verdict(row.verdict, row.grade)
    document = row.document
    grade = f"evidence {row.grade} {GRADES.get(row.grade, '')}".rstrip()
    head = f"{word.glyph} {word.text.upper()}"
    sentences = wrap(row.why or _NOTHING_WRONG.get(row.verdict, "No more is known of this flow."), width - 4)[:2]
    findings = ", ".join(dict.fromkeys(map(str, document.get("findings") or ())))
    root = document.get("root") if isinstance(document.get("root"), dict) else {}
    facts = [row.root_type, row.record, f"by {f.word(root.get('producer'))}" if root else ""]
    counts = f"{_counted(document.get('events'), 'event')} · {_counted(document.get('deliveries'), 'delivery')}"
    first = (Part(f" {head}  ", f"{word.role}-strong"), Part(f"{row.flow}  ", "bright"), Part(counts, "dim"))
    return [
        (*first, Part(f"  {grade}", "dim")),
        *(line(Part(f"   {sentence}")) for sentence in sentences),
        line(Part("   " + " · ".join(fact for fact in facts if fact), "dim")),
        line(Part(f"   findings: {findings}" if findings else "", word.role)),
    ]


def _counted(number: object, noun: str) -> str:
    how_many = f.whole(number)
    return f"{f.count(how_many)} {noun if how_many == 1 else _PLURALS[noun]}"


MOST_SORTED = 300
"""So many flows are read for another order than newest first; those are sorted, and the screen says how many."""
NEWEST = "newest"
_WORST = (
    *("failed", "unfinished", "dead-lettered", "not-published", "in-doubt", "duplicated", "reordered", "retrying"),
    *("unknown", "pending", "in-progress", "received", "ok"),
)
ORDERS: dict[str, tuple[str, Callable[[FlowRow], Any]]] = {
    NEWEST: ("the latest begun", lambda row: -(row.started_ns or 0)),
    "oldest": ("the first begun", lambda row: row.started_ns or 0),
    "slowest": ("the longest end to end", lambda row: -(row.end_to_end_ms or -1)),
    "verdict": ("the gravest", lambda row: _WORST.index(row.verdict) if row.verdict in _WORST else -1),
    "flow key": ("by name", lambda row: row.flow),
}
"""The orders of flows: what comes first, and the rank of a row."""


def ordered(rows: Iterable[FlowRow], name: str) -> tuple[FlowRow, ...]:
    """Put rows into one of the orders; equals stay newest first."""
    return tuple(sorted(sorted(rows, key=ORDERS[NEWEST][1]), key=ORDERS[name][1]))


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of `Source.flows`, read."""

    rows: tuple[FlowRow, ...]
    next: str | None
    coverage: float | None
    full: bool = False
    """It has as many rows as were asked for."""
    reach_ns: int | None = None
    """Down to which moment it tells of all flows; None where it does not say."""


def read_page(document: dict[str, Any], limit: int = PAGE) -> Page:
    """Read a document of `flowtrail.flows/1`; done in the thread that asked, it costs some milliseconds."""
    following = document.get("next")
    rows = tuple(map(flow_row, f.items(document.get("rows"))))
    coverage = f.number(document.get("coverage"))
    reach = str(following).partition(":")[0]
    reach_ns = int(reach) if reach.isdecimal() else None
    return Page(rows, None if following is None else str(following), coverage, len(rows) >= limit, reach_ns)


@dataclass(frozen=True, slots=True)
class Tail:
    """The rows of the list: following the newest, or pinned while someone reads, with a count of what is newer.

    `next` is the source's cursor to what is older; None once all of the window is held. `newer` is a text, because a
    count has an end: `200+`.
    """

    rows: tuple[FlowRow, ...] = ()
    next: str | None = None
    pinned: bool = False
    newer: str = ""
    order: str = NEWEST

    def followed(self, page: Page) -> Tail:
        """Take the newest page; a pinned tail keeps its rows.

        A page that is not full although there is more (few flows pass the filter) is put before the older rows held,
        unless it ends before them: nobody knows then what lies between.
        """
        if self.pinned:
            return self
        rows, following = page.rows, page.next
        oldest = min((row.started_ns for row in rows if row.started_ns is not None), default=None)
        apart = page.reach_ns is not None and self.newest_ns is not None and self.newest_ns < page.reach_ns
        if following is None or page.full or apart:
            return Tail(rows, following)
        fresh = {row.identity for row in rows}
        older = tuple(
            row
            for row in self.rows
            if row.identity not in fresh and (oldest is None or row.started_ns is None or row.started_ns <= oldest)
        )
        return Tail(rows + older, self.next if older else following)

    def pin(self) -> Tail:
        """Hold the rows as they are."""
        return replace(self, pinned=True)

    def release(self) -> Tail:
        """Follow again; the next page replaces the rows."""
        return replace(self, pinned=False, newer="", order=NEWEST)

    def sorted(self, name: str, *, pinned: bool) -> Tail:
        """Put the rows held into an order; older ones that are read take their places in it."""
        return replace(self, rows=ordered(self.rows, name), order=name, pinned=pinned)

    def counted(self, page: Page) -> Tail:
        """Note how many flows are newer than the pinned ones: those of a page asked from the newest one on."""
        more = "+" if page.next is not None else ""
        return replace(self, newer=f"{f.count(len(page.rows))}{more}" if page.rows else "") if self.pinned else self

    def extended(self, page: Page) -> Tail:
        """Append the page that follows the rows held."""
        known = {row.identity for row in self.rows}
        rows = self.rows + tuple(row for row in page.rows if row.identity not in known)
        return replace(self, rows=rows if self.order == NEWEST else ordered(rows, self.order), next=page.next)

    @property
    def newest_ns(self) -> int | None:
        """When the newest flow held began."""
        return max((row.started_ns for row in self.rows if row.started_ns is not None), default=None)


def _paused(newer: str) -> Line:
    pill, key = Part(f" ▮▮ paused · {newer}", "pill", "app.resume"), Part("G", "pill-key", "app.resume")
    return (pill, key, Part(" resume ", "pill", "app.resume"))


def state(tail: Tail, cursor: int, *, waiting: bool, late: bool = False) -> Line:
    """Say how the list stands: being asked for, held still (with what is newer), or where the cursor is.

    A plus says that older flows are not read yet: `12 of 200+`. `late`: the next answer is long in coming.
    """
    if waiting:
        return line(Part("asking… ", "wait"), Part("esc", "key"), Part(" cancels ", "dim"))
    if not tail.rows:
        return ()
    held = f"{f.count(len(tail.rows))}{'+' if tail.next is not None else ''}"
    if tail.order != NEWEST:
        whole = "" if tail.next is None else " newest"
        place = Part(f"{f.count(cursor + 1)} of the {f.count(len(tail.rows))}{whole}, {tail.order} first ", "accent")
    else:
        place = Part(f"{f.count(cursor + 1)} of {held} ", "dim")
    if not tail.pinned:
        return line(Part("asking… ", "wait"), place) if late else line(place)
    newer = f"{tail.newer} newer · " if tail.newer else ""
    return line(place, " ", *_paused(newer), " ")
