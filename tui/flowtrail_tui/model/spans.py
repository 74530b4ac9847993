"""Stored spans as evidence: one row each (who did what, where, and what the span says of it), and one span whole."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.evidence import Evidence
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, fill_line, line, wrap
from flowtrail_tui.model.verdict import evidence
from flowtrail_tui.model.waterfall import brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_collector.source import Document

COLUMNS = (
    Column("WHEN", 12, 12),
    Column("CLAIM", 9, 28, from_width=100),
    Column("WHO", 8, 22),
    Column("DID", 7, 8),
    Column("WHERE", 8, 26),
    Column("SAYS", 12, 12, flex=True),
)
_LEADING = (
    "name", "operation", "started_at", "ended_at", "duration_ms", "service", "instance", "host", "number",
    "destination", "partition", "offset", "offset_last", "offset_runs", "message_id", "correlation_id",
    "causation_id", "message_key", "event_type", "publish_outcome", "consumer_group", "member", "generation",
    "attempt", "position", "position_reason", "status", "status_message", "error_type",
)  # fmt: skip
"""Columns that people look for first; the rest follows as it came."""
_APART = ("attributes", "resource", "links", "trace_id", "span_id", "parent_span_id")
_STATUSES = {0: "unset", 1: "ok", 2: "error"}
_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_LABEL = 26
_ERROR = 2


@dataclass(frozen=True, slots=True)
class SpanRow:
    """One reference and what is stored of it: nothing where it is no longer there."""

    ref: str
    span: Document
    claims: tuple[str, ...] = ()

    @property
    def stored(self) -> bool:
        """True where there is something to show."""
        return bool(self.span)


def claims_of(document: Document) -> dict[str, tuple[str, ...]]:
    """Return for each reference of a verdict what it is evidence of."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    events = f.items(document.get("events"))
    for event in events:
        for claim, ref in evidence(event):
            found[ref][f"{f.word(event.get('type'), '')} {claim}".strip() if len(events) > 1 else claim] = None
    return {ref: tuple(claims) for ref, claims in found.items()}


def read(document: Document, claims: dict[str, tuple[str, ...]] | None = None) -> list[SpanRow]:
    """Return a row per stored span in the order of time, then those that are missing."""
    known = claims or {}
    rows = [SpanRow(ref_of(span), span, known.get(ref_of(span), ())) for span in f.items(document.get("rows"))]
    missing = document.get("missing")
    gone = [str(ref) for ref in missing] if isinstance(missing, list) else []
    return [*rows, *(SpanRow(ref, {}, known.get(ref, ())) for ref in gone)]


def ref_of(span: Document) -> str:
    """Return a span's reference."""
    return f"{span.get('trace_id')}/{span.get('span_id')}"


def left_out(document: Document) -> str:
    """Say what was too many; nothing where everything was told."""
    counts = document.get("left_out")
    counts = counts if isinstance(counts, dict) else {}
    said = [
        counted(number, noun)
        for name, noun in (("refs", "span"), ("traces", "trace"), ("spans", "later span"))
        if (number := f.whole(counts.get(name)))
    ]
    return f"{', '.join(said)} more than one question tells" if said else ""


# One row.


def cells(row: SpanRow, _width: int = 0) -> tuple[Line, ...]:
    """Draw a span's row."""
    claim = (
        line(Part(row.claims[0] + (f" +{len(row.claims) - 1}" if len(row.claims) > 1 else ""), "label"))
        if row.claims
        else ()
    )
    if not row.stored:
        gone = line(Part("∅ no longer stored", "unknown"), Part(f"  {row.ref}", "dim"))
        return (line(Part(f.NOT_APPLICABLE, "dim")), claim, (), (), (), gone)
    span = row.span
    return (
        line(Part(f.clock(f.moment(span.get("started_at")), digits=3), "dim")),
        claim,
        line(Part(who(span), "bright")),
        line(Part(f.word(span.get("operation") or span.get("name")), "accent")),
        line(Part(where(span))),
        says(span),
    )


def who(span: Document) -> str:
    """Name the service, and the instance where it tells more."""
    service, instance = f.word(span.get("service")), f.word(span.get("instance"), "")
    if not instance or instance == service:
        return service
    return instance if instance.startswith(service) else f"{service} {instance[:8]}"


def where(span: Document) -> str:
    """Write the record, or the range of records."""
    if span.get("destination") is None:
        return f.NOT_APPLICABLE
    names = [f.word(span.get("destination"))]
    names += [str(span[name]) for name in ("partition", "offset") if span.get(name) is not None]
    last = span.get("offset_last")
    return ":".join(names) + (f"–{last}" if last is not None and last != span.get("offset") else "")


def says(span: Document) -> Line:
    """Say what the span states: an outcome, a position, a generation, how many."""
    failed = span.get("status") == _ERROR or span.get("publish_outcome") == "failed"
    outcome = str(span.get("publish_outcome") or ("failed" if failed else ""))
    if not outcome and span.get("operation") == "process":
        outcome = "ok"
    role = "error" if failed else "warn" if outcome == "in-doubt" else "ok"
    glyph = {"error": "✗ ", "warn": "? ", "ok": "✓ "}[role]
    facts = [
        f.word(span.get("error_type"), "") if failed else "",
        _fact(span, "position", "position {}"),
        f.word(span.get("position_reason"), ""),
        counted(f.whole(span.get("batch_count")) or 0, "record") if span.get("batch_count") is not None else "",
        f"attempt {span['attempt']}" if (f.whole(span.get("attempt")) or 1) > 1 else "",
        _fact(span, "generation", "generation {}"),
        f"took {brief(took)}" if (took := f.number(span.get("duration_ms"))) is not None else "",
        "another span has the same ids" if span.get("conflicting") else "",
    ]
    told = " · ".join(filter(None, facts))
    return line(*((Part(glyph + outcome, role), Part("  ")) if outcome else ()), Part(told, "dim"))


def _fact(span: Document, name: str, text: str) -> str:
    value = span.get(name)
    return "" if value is None else text.format(value)


# One span whole.


def detail(row: SpanRow, width: int) -> list[Line]:
    """Draw everything that is stored of a span."""
    lines = [line(Part(" SPAN  ", "title"), Part(row.ref, "bright"))]
    lines += [line(Part("   proves  ", "label"), Part(claim)) for claim in row.claims]
    if not row.stored:
        said = "It is no longer stored: retention deleted it, or another store holds it."
        return [*lines, *(line(Part(f"   {text}", "unknown")) for text in wrap(said, width - 4))]
    span = row.span
    parent = span.get("parent_span_id")
    if parent:
        lines += _pair("parent", parent, width)
    leading = [name for name in _LEADING if name in span]
    rest = [name for name in span if name not in leading and name not in _APART]
    for name in [*leading, *rest]:
        lines += _pair(name, _value(name, span[name]), width)
    for title in ("attributes", "resource"):
        lines += _mapping(title, span.get(title), width)
    for place, link in enumerate(f.items(span.get("links"))):
        held = {name: value for name, value in link.items() if name != "attributes"}
        lines += _mapping(f"link {place}", held | _flat(link.get("attributes")), width)
    return lines


def _flat(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(name: str, value: Any) -> str:
    if name == "status":
        return f"{value} {_STATUSES.get(value, '')}".strip()
    if name == "kind":
        return f"{value} {_KINDS.get(value, '')}".strip()
    return str(value).lower() if isinstance(value, bool) else f.word(value)


def _mapping(title: str, value: object, width: int) -> list[Line]:
    pairs = _flat(value)
    if not pairs:
        return []
    return [
        line(Part(f" {title}", "label")),
        *(one for name, held in pairs.items() for one in _pair(str(name), held, width)),
    ]


def _pair(name: str, value: object, width: int) -> list[Line]:
    named = fill_line((Part("   "), Part(name, "dim")), _LABEL)
    texts = wrap(str(value), width - _LABEL - 2)
    return [
        (*(named if not place else fill_line((), _LABEL)), Part(" "), Part(text)) for place, text in enumerate(texts)
    ]


def evidence_of(row: SpanRow, question: str) -> Evidence:
    """Return a span as evidence of itself."""
    return Evidence(f"{f.word(row.span.get('name'), 'span')} by {who(row.span)}", (row.ref,), question)


def openables(row: SpanRow) -> dict[str, str]:
    """Return what a span is known by elsewhere."""
    names = {
        "trace_id": "trace_id", "span_id": "span_id", "topic": "destination", "partition": "partition",
        "offset": "offset", "key": "message_key", "group": "consumer_group", "message_id": "message_id",
        "correlation_id": "correlation_id", "service": "service",
    }  # fmt: skip
    trace, _, span = row.ref.partition("/")
    told = {"trace_id": trace, "span_id": span, **row.span}
    return {field: str(told[name]) for field, name in names.items() if told.get(name) is not None}


def traces_of(documents: Sequence[Document]) -> list[str]:
    """Return the traces that the evidence of events names, each once."""
    refs = (ref for event in documents for _, ref in evidence(event))
    return list(dict.fromkeys(ref.partition("/")[0] for ref in refs))


EXPORTED = ("claims", "ref", *_LEADING)


def table(rows: Iterable[SpanRow]) -> tuple[tuple[Any, ...], ...]:
    """Return a row per span, for a file."""
    return tuple(("; ".join(row.claims), row.ref, *(_plain(row.span.get(name)) for name in _LEADING)) for row in rows)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else json.dumps(value, default=str)
