"""A source of seeded data, with a clock, latency, failures and hostility of its own; no collector behind it."""

import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flowtrail_collector.errors import NothingKnown, SourceUnavailable
from flowtrail_collector.marks import Mark
from flowtrail_collector.source import Document, Window
from flowtrail_collector.window import parse_instant, rfc3339
from tests.tui import fake_causes
from tests.tui.fake_map import map_document
from tests.tui.fake_spans import spans_document

START = parse_instant("2026-03-01T12:04:31Z")
SECOND = 10**9

FATES: tuple[tuple[str, int, str, str, tuple[str, ...]], ...] = (
    ("ok", 58, "A", "", ()),
    ("duplicated", 5, "A", "billing handled it twice, 1.31 s apart, after a rebalance", ("redelivery",)),
    ("reordered", 4, "A", "ledger finished it after a later record of the same key", ("completion-reorder",)),
    ("failed", 4, "A", "email failed: SMTP 421 service not available, and nothing tries again", ("failed",)),
    ("unfinished", 4, "A", "ledger began it and never ended, while it went on", ("unfinished",)),
    ("dead-lettered", 3, "A", "billing gave up after 3 attempts; a copy stands on payments.dlq", ("dead-lettered",)),
    ("retrying", 3, "A", "email failed once, a second attempt is due", ()),
    ("pending", 6, "B", "ledger is 41,208 records behind it", ()),
    ("in-progress", 3, "A", "search-index has been working on it for 3.1 s", ()),
    ("in-doubt", 3, "A", "the send timed out without an ack", ("publish-in-doubt",)),
    ("received", 2, "B", "audit was handed it; its outcome is not instrumented", ()),
    ("unknown", 3, "?", "audit: telemetry gap, 12 spans of audit-0 are missing", ("telemetry-gap",)),
    ("not-published", 2, "A", "the broker refused it: record too large", ("publish-failed",)),
)
GROUPS = ("billing", "ledger", "search-index", "email", "audit")
TYPES = (("orders.created", "checkout"), ("orders.updated", "checkout"), ("payments.settled", "gateway"))
_NUMBERED = re.compile(r"-\d.*", re.DOTALL)
HOSTILE = (
    "\x1b[2J\x1b]52;c;cm0gLXJmIC8=\x07pwn",
    "\x9b31mred\x9d0;title\x9c",
    "exe\u202egnp.tac\u2066x",
    "zero\u200bwidth\u200djoin\ufeff",
    "[@click=app.quit]click[/] [bold]x[/bold] [/x]",
    "漢字かなカナ" * 12,
    "nul\x00 tab\t cr\r lf\n bs\x08",
    "lone\ud800surrogate\udc9b",
    "n" * 10_000,
    "👩\u200d👩\u200d👧 e\u0301\u0301\u0301\u0301 \u115f\u3164",
)


@dataclass
class FakeSource:
    """A live source by default. `latency_s` delays every answer; `gone` makes every question unanswerable."""

    name: str = "http://prod-eu:8765"
    live: bool = True
    seed: int = 7
    flows_stored: int = 3200
    latency_s: float = 0.0
    gone: bool = False
    coverage: float = 0.97
    hostile: bool = False
    error: Exception | None = None
    now_ns: int = START
    start_ns: int = START
    asked: list[tuple[str, Any]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    added: int = 0
    scant: int = 0
    faultless: bool = False
    marks: dict[str, Mark] = field(default_factory=dict)
    mapped: bool = True

    def __post_init__(self) -> None:
        """Make the data."""
        self.rows = [self._row(number) for number in range(self.flows_stored)]

    # The protocol.

    def flows(self, window: Window, filter_text: str = "", *, limit: int = 200, after: str | None = None) -> Document:
        """Answer newest first."""
        self._work("flows", (window, filter_text, limit, after))
        rows = [row for row in self.rows if _inside(row["started_at"], window) and _passes(row, filter_text)]
        start = int(after) if after else 0
        page = rows[start : start + limit]
        following = str(start + limit) if start + limit < len(rows) else None
        if self.scant and start < self.scant:  # as a collector does when few flows pass: a short page, and a cursor
            page, following = rows[start : start + 2], str(start + 2)
        return {
            "schema": "flowtrail.flows/1",
            "as_of": rfc3339(self.now_ns),
            "coverage": self.coverage,
            "window": {"since": None, "until": None},
            "total": len(page),
            "rows": page,
            "next": following,
        }

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        """Answer about one of the flows, or its first record."""
        self._work("ask", what if chosen is None else (what, chosen))
        wanted = what.removeprefix("flow:").removeprefix("trace:").removeprefix("record:").removeprefix("id:")
        for row in self.rows:
            names = (row["flow"], row["root"]["message_id"], _place(row["root"]))
            if wanted in names:
                document = self._verdict(what, row, chosen or ("flow" if wanted == row["flow"] else "record"))
                return document | ({"also": ["trace"]} if wanted == "ord-88205" else {})
        near = (*(_place(row["root"]) for row in self.rows[:3]), "orders.created:3: offsets 100 to 199 are known")
        raise NothingKnown(f"nothing is known of {what!r}: no event, flow, trace or record has this name", near)

    def lag(self, window: Window, filter_text: str = "") -> Document:
        """Answer with five groups in different states."""
        self._work("lag", (window, filter_text))
        rows = [row for row in self._lag_rows() if not filter_text or filter_text in str(row)]
        times = {"as_of": rfc3339(self.now_ns), "since": rfc3339(self.now_ns - 900 * SECOND)}
        marks = [
            {"group": group, "generation": generation, "at": rfc3339(self.now_ns - age * SECOND)}
            for group, generation, age in (("ledger", 41, 610), ("ledger", 42, 190), ("email", 7, 420))
        ]
        head = {"schema": "flowtrail.lag/1", **times, "coverage": self.coverage}
        return {**head, "rows": rows, "rebalances": marks}

    def map(self, window: Window, filter_text: str = "", *, findings: bool = True) -> Document:
        """Answer with a small shop; `mapped` False: nothing was sent or read."""
        self._work("map", (window, filter_text, findings))
        head = {"schema": "flowtrail.map/1", "as_of": rfc3339(self.now_ns), "coverage": self.coverage}
        drawn = map_document(filter_text, findings=findings, evil=HOSTILE[0] if self.hostile else "")
        return {**head, **drawn} if self.mapped else {**head, "nodes": [], "edges": [], "causes": [], "findings": []}

    def latency(self, window: Window, filter_text: str = "") -> Document:
        """Return no rows."""
        head = {"schema": "flowtrail.latency/1", "as_of": rfc3339(self.now_ns), "coverage": 1.0}
        return {**head, "rows": [], "convergence": []}

    def order(self, window: Window, filter_text: str = "") -> Document:
        """Return no rows."""
        return {"schema": "flowtrail.order/1", "as_of": rfc3339(self.now_ns), "coverage": 1.0, "rows": []}

    def losses(self, window: Window, filter_text: str = "") -> Document:
        """Return no rows."""
        return {"schema": "flowtrail.losses/1", "as_of": rfc3339(self.now_ns), "coverage": 1.0, "rows": []}

    def findings(self, window: Window, filter_text: str = "") -> Document:
        """Answer with what a filter lets through."""
        self._work("findings", (window, filter_text))
        head = {"schema": "flowtrail.findings/1", "as_of": rfc3339(self.now_ns), "coverage": 1.0}
        return {**head, "findings": fake_causes.named(self._found(), filter_text), "marks": {}}

    def causes(self, window: Window, filter_text: str = "") -> Document:
        """Answer with some causes, as people marked them."""
        self._work("causes", (window, filter_text))
        told = fake_causes.causes(self._found(), self.marks, window, filter_text, self.now_ns)
        return told | {"coverage": self.coverage}

    def mark(self, cause: str, state: str, *, note: str | None = None, by: str | None = None) -> Document:
        """Keep a mark."""
        self._work("mark", (cause, state, note))
        return fake_causes.mark(self.marks, cause, state, note, by, self.now_ns)

    def expected(self, more: Sequence[tuple[str, str]] = ()) -> Document:
        """Answer with nothing: no screen asks."""
        self._work("expected", more)
        return {"schema": "flowtrail.expected/1", "as_of": rfc3339(self.now_ns), "coverage": 1.0, "rows": []}

    def names(self, begins: str = "") -> Document:
        """Answer with what the rows hold."""
        self._work("names", begins)
        evil = HOSTILE if self.hostile else ()
        begun = [f"flow:{row['flow']}" for row in self.rows if begins and row["flow"].startswith(begins)]
        return {
            "schema": "flowtrail.names/1",
            "destinations": sorted([*(kind for kind, _ in TYPES), "payments.dlq", *evil]),
            "groups": sorted([*GROUPS, *evil]),
            "services": ["checkout", "gateway"],
            "types": ["OrderCreated", "OrderUpdated"],
            "begins": begun[:5],
        }

    def spans(self, refs: Sequence[str], *, traces: Sequence[str] = ()) -> Document:
        """Answer with the spans that the verdicts name; one of a hundred is no longer stored."""
        self._work("spans", (tuple(refs), tuple(traces)))
        return spans_document(refs, traces, rfc3339(self.now_ns), hostile=self.hostile)

    def status(self) -> Document:
        """Answer how fast events come."""
        self._work("status", None)
        return {
            "schema": "flowtrail.status/1",
            "as_of": rfc3339(self.now_ns),
            "coverage": self.coverage,
            "store": {"spans": len(self.rows) * 14},
            "events_per_s": 9842.0 if self.rows else 0.0,
            "spans_per_s": 41_030.0,
        }

    def close(self) -> None:
        """Nothing is held."""

    # What tests do to it.

    def more(self, count: int) -> None:
        """Let newer flows arrive, a tenth of a second apart."""
        for _ in range(count):
            self.added += 1
            self.rows.insert(0, self._row(-self.added))
        self.now_ns += count * SECOND // 10

    def _work(self, what: str, about: Any) -> None:
        self.threads.add(threading.current_thread().name)
        self.asked.append((what, about))
        if self.latency_s:
            time.sleep(self.latency_s)
        if self.gone:
            raise SourceUnavailable(f"{self.name} does not answer: connection refused")
        if self.error is not None and what != "status":
            raise self.error

    # The data.

    def _found(self) -> list[dict[str, Any]]:
        if self.faultless or not self.rows:
            return []
        return fake_causes.findings(self.start_ns, HOSTILE if self.hostile else ())

    def _row(self, number: int) -> dict[str, Any]:
        dice = random.Random(f"{self.seed}/{number}")  # noqa: S311 (seeded on purpose)
        verdict, _, grade, why, findings = dice.choices(FATES, [fate[1] for fate in FATES])[0]
        kind, producer = dice.choices(TYPES, (6, 3, 1))[0]
        started = self.start_ns - SECOND // 4 - number * 229_000_000 + dice.randrange(90_000_000)
        hops = dice.choice((4, 6, 6, 6, 9))
        done = hops if verdict in ("ok", "duplicated", "reordered") else dice.randrange(hops)
        published = verdict not in ("in-doubt", "not-published")
        groups = dice.choice((4, 5, 5)) if published else 0
        groups_done = (
            groups if verdict in ("ok", "duplicated", "reordered") else max(0, groups - dice.choice((1, 1, 2)))
        )
        name = HOSTILE[number % len(HOSTILE)] if self.hostile else f"ord-{88_213 - number}"
        return {
            "flow": name,
            "flow_kind": "correlation",
            "verdict": verdict,
            "started_at": rfc3339(started),
            "last_at": rfc3339(started + SECOND),
            "events": hops,
            "deliveries": hops + groups,
            "hops_done": done,
            "hops_expected": hops,
            "groups_done": groups_done,
            "groups_expected": groups,
            "end_to_end_ms": round(dice.lognormvariate(6.3, 0.8), 1) if done == hops else None,
            "root": {
                "message_id": f"{dice.getrandbits(64):016x}",
                "type": f"{kind}{name}" if self.hostile else kind,
                "destination": f"{kind}{name}" if self.hostile else kind,
                "partition": dice.randrange(12) if published else None,
                "offset": 184_402 - number if published else None,
                "key": name,
                "producer": f"{producer}{name}" if self.hostile else producer,
            },
            "why": f"{why} {name}" if self.hostile else why,
            "grade": grade,
            "findings": list(findings),
        }

    def _verdict(self, what: str, row: dict[str, Any], how: str) -> Document:
        events = [self._event(row, row["root"]["type"], 0)]
        if how == "flow":
            events += [self._event(row, name, index) for index, name in enumerate(("invoice.issued", "mail.queued"), 1)]
        return {
            "schema": "flowtrail.ask/1",
            "asked": what,
            "understood_as": how,
            "as_of": rfc3339(self.now_ns),
            "coverage": self.coverage,
            "events": events,
        }

    def _event(self, row: dict[str, Any], kind: str, index: int) -> dict[str, Any]:
        verdict = row["verdict"] if index == 0 else "ok"
        start = parse_instant(row["started_at"]) + (0, 100_000_000, 250_000_000)[index]
        root = row["root"]
        published = verdict not in ("in-doubt", "not-published")
        evil = f" {row['flow']}" if self.hostile else ""
        consumed = [self._group(group, verdict, start, place, evil) for place, group in enumerate(GROUPS) if published]
        for one in (one for group in consumed for one in group["deliveries"]):
            one |= {"partition": root["partition"], "offset": (root["offset"] or 0) + index}
            ended = one["ended_at"] and parse_instant(one["ended_at"])
            one["latency_ms"] = (ended - start) / 1e6 + 4.1 if ended else None
        twice = verdict == "duplicated"
        findings = [_redelivery(root, start)] if twice else []
        late = [_reorder(root, start)] if verdict == "reordered" else []
        return {
            "message_id": root["message_id"] if index == 0 else f"{root['message_id'][:-1]}{index}",
            "correlation_id": row["flow"],
            "causation_id": (None, root["message_id"], f"{root['message_id'][:-1]}1")[index],
            "type": kind,
            "system": "kafka",
            "destination": kind,
            "key": root["key"],
            "producer": (root["producer"], "billing", "email")[index],
            "published": {
                "answer": "yes" if published else "in-doubt" if verdict == "in-doubt" else "no",
                "reason": ("acked" if published else "timeout" if verdict == "in-doubt" else "failed") + evil,
                "grade": "A",
                "records": [
                    {
                        "partition": root["partition"],
                        "offset": (root["offset"] or 0) + index,
                        "at": rfc3339(start),
                        "ack_ms": 4.1,
                    }
                ]
                if published
                else [],
                "evidence": ["4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7" + evil],
            },
            "consumed": consumed,
            "duplicated": {"answer": "yes" if twice else "no", "findings": findings},
            "reordered": {"answer": "yes" if late else "no", "findings": late},
            "findings": findings + late,
            "verdict": verdict,
            "summary": _summary(verdict, row["why"]) + evil,
            "grade": row["grade"] if index == 0 else "A",
        }

    def _group(self, group: str, verdict: str, start: int, place: int, evil: str) -> dict[str, Any]:
        first = start + (30 + 28 * place) * 1_000_000
        handed = [_delivery(f"{group}-0{evil}", first, "ok", 1)]
        answer, reason, grade = "processed", "", "A"
        if group == "audit":
            handed, answer, reason, grade = (
                [],
                "processed",
                "inferred: the position passed it; no handler evidence",
                "B",
            )
            if verdict == "unknown":
                answer, reason, grade = "unknown", "telemetry gap: 12 spans of audit-0 are missing", "?"
        elif verdict == "duplicated" and group == "billing":
            handed.append(_delivery("billing-2", first + 1_310_000_000, "ok", 2))
            reason = "handled twice: rebalance, generation 41 → 42"
        elif verdict in ("failed", "dead-lettered", "retrying") and group == "email":
            handed, answer, reason = (
                [_delivery("email-0", first, "failed", 1)],
                verdict,
                "SMTP 421 service not available",
            )
        elif verdict == "unfinished" and group == "ledger":
            handed, answer = [_delivery("ledger-1", first, "unfinished", 1)], "unfinished"
            reason = "the member went on to later records"
        elif verdict == "pending" and group == "ledger":
            handed, answer, reason, grade = [], "pending", "41,208 records in front of it", "B"
        document: dict[str, Any] = {
            "group": group + evil,
            "answer": answer,
            "reason": reason + evil,
            "grade": grade,
            "deliveries": handed,
        }
        document["evidence"] = [f"4bf92f3577b34da6a3ce929d0e0e4736/{place:016x}"]
        if group == "search-index":
            document["assumed"] = True
        return document

    def _lag_rows(self) -> list[dict[str, Any]]:
        shapes = (
            ("ledger", "orders.created", 12, "falling", 181_902, 192_000.0, 1204.0, 1052.0, None),
            ("email", "orders.created", 12, "draining", 412, 400.0, 1204.0, 1235.0, 13_000.0),
            ("billing", "orders.created", 12, "ok", 0, 0.0, 1204.0, 1204.0, None),
            ("search-index", "orders.updated", 6, "ok", 16, 20.0, 803.0, 803.0, None),
            ("audit", "orders.created", 12, "stopped", None, None, 1204.0, 0.0, None),
            ("legacy-etl", "payments.settled", 3, "retention", None, None, 88.0, 0.0, None),
        )
        evil = HOSTILE[0] if self.hostile else ""
        rows: list[dict[str, Any]] = []
        for group, destination, partitions, status, lag, late, rate_in, rate_out, eta in shapes:
            for number in range(partitions):
                dice = random.Random(f"{self.seed}/{group}/{number}")  # noqa: S311 (seeded on purpose)
                hot = number == 7 % partitions
                own = None if lag is None else (lag - (partitions - 1) * (lag // 200) if hot else lag // 200)
                end = 361_310 - dice.randrange(150_000)
                rows.append(
                    {
                        "group": group + evil,
                        "destination": destination + evil,
                        "partition": number,
                        "position": None if own is None else end - own,
                        "end": end,
                        "lag": own,
                        "time_lag_ms": None if late is None else (late if hot else late / 90),
                        "reason": "input outruns it" if hot and status == "falling" else None,
                        "status": status if hot or lag is None else ("ok" if status != "ok" else status),
                        "rate_in": rate_in / partitions,
                        "rate_out": rate_out / partitions,
                        "eta_ms": eta,
                        "last_commit_at": None if own is None else rfc3339(self.now_ns - (1 + number % 4) * SECOND),
                        "log_start": end // 2 if status != "retention" else end - 1204,
                        "lost": 0 if status != "retention" else 1204,
                        "position_from": "commit",
                        "position_at": rfc3339(self.now_ns - (1 + number % 4) * SECOND),
                        "end_bound": "exact",
                        "members": None if status == "unknown" else (0 if status in ("stopped", "retention") else 3),
                        "hot_key": {"key": f"ord-777{evil}", "share": 0.41, "records": 4118}
                        if hot and status == "falling"
                        else None,
                        "member": f"{group}-{number % 3}-8d1f{evil}" if status != "stopped" else None,
                        "history": [
                            None if own is None else max(0, int(own * _trend(status, step))) for step in range(16)
                        ],
                    }
                )
        return rows


def _trend(status: str, step: int) -> float:
    return {"falling": step / 15, "draining": 1 + (15 - step) / 4}.get(status, 1 + (step % 5) / 10)


def _inside(at: str, window: Window) -> bool:
    moment = parse_instant(at)
    return (window.since_ns or 0) <= moment and (window.until_ns is None or moment <= window.until_ns)


def _passes(row: dict[str, Any], text: str) -> bool:
    if not text:
        return True
    from flowtrail_collector.filters import parse_filter

    return parse_filter(text).matches({**row, **row["root"]})


def _place(root: dict[str, Any]) -> str:
    return f"{root['destination']}:{root['partition']}:{root['offset']}"


def _delivery(member: str, start: int, outcome: str, attempt: int) -> dict[str, Any]:
    ended = None if outcome == "unfinished" else rfc3339(start + 88_000_000)
    return {
        "member": member,
        "service": _NUMBERED.sub("", member),
        "generation": 40 + attempt,
        "attempt": attempt,
        "outcome": outcome,
        "started_at": rfc3339(start),
        "ended_at": ended,
    }


def _redelivery(root: dict[str, Any], start: int) -> dict[str, Any]:
    return {
        "kind": "redelivery",
        "severity": "error",
        "reason": "rebalance",
        "group": "billing",
        "destination": root["destination"],
        "partition": root["partition"],
        "offsets": [root["offset"]],
        "message_ids": [root["message_id"]],
        "count": 2,
        "first_at": rfc3339(start),
        "last_at": rfc3339(start + 1_310_000_000),
        "grade": "A",
        "summary": "billing handled this record twice, 1.31 s apart: billing-0 had not committed before the rebalance",
        "evidence": ["4bf92f3577b34da6a3ce929d0e0e4736/00000000000000aa"],
    }


def _reorder(root: dict[str, Any], start: int) -> dict[str, Any]:
    return {
        **_redelivery(root, start),
        "kind": "completion-reorder",
        "reason": "concurrent handling",
        "group": "ledger",
        "summary": "ledger-0 ended this record 212 ms after a later record of the same key: handled concurrently",
    }


def _summary(verdict: str, why: str) -> str:
    if verdict == "ok":
        return "Published once, processed once by 5 of 5 groups, in order."
    return why[:1].upper() + why[1:] + "."
