"""`ask`: what happened to one event, or to every event of a flow.

The question is read (`asked`), the spans around the event are gathered (`around`), the relations are built over them
(`scope`), and the rows are written as `flowtrail.ask/1`. No meaning is decided here: answers come from the relations.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import NothingKnown
from flowtrail_collector.questions import near, sentences
from flowtrail_collector.questions.around import scope_around
from flowtrail_collector.questions.asked import Reading, readings
from flowtrail_collector.questions.documents import coverage, evidence_ids, finding, finding_order, finding_rows, head
from flowtrail_collector.questions.seeds import seeds_of
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.scope import Row, Scope

Document = dict[str, Any]
Event = tuple[str, str]
"""An event's identity and its destination."""

MOST_EVENTS = 500
"""Events of one flow that are answered for; the earliest ones."""

DUPLICATES = frozenset({"resend", "republish", "redelivery"})
REORDERS = frozenset({"log-reorder", "delivery-reorder", "completion-reorder", "causal-inversion"})

COUNTED = frozenset({"storm", "loop", "content-duplicate"})
"""Findings that count events which may stand anywhere: of very many not all are gathered."""


def ask(connection: duckdb.DuckDBPyConnection, what: str, chosen: str | None = None) -> Document:
    """Return the verdict on `what` as `flowtrail.ask/1`.

    `chosen` names the reading to take (`id`, `flow`, `trace`, `record`, `key`) where several match. Raises UsageError
    for a question that can not be understood and NothingKnown, with what is known close to it, where no span speaks of
    it.
    """
    found = [(reading, seeds) for reading in readings(what, chosen) if (seeds := seeds_of(connection, reading)).size()]
    if not found:
        nearby = near.near(connection, readings(what, chosen)[0])
        raise NothingKnown(f"nothing is known of {what!r}: no stored span names it", nearby)
    reading, seeds = found[0]
    document = head(connection, "flowtrail.ask/1")
    document["asked"] = what
    document["understood_as"] = reading.form
    others = [other.form for other, _ in found[1:]]
    if others:
        document["also"] = others
    with scope_around(connection, seeds) as scope:
        answered = answer(scope, reading)
    if not answered["events"]:
        raise NothingKnown(
            f"spans name {what!r}, yet none of them tells of an event: no publication, no delivery",
            near.near(connection, reading),
        )
    return document | answered


def answer(scope: Scope, reading: Reading) -> Document:
    """Return the coverage and the events of a reading, as the relations of a scope tell them."""
    scope.build("events", "published", "consumed")
    wanted = _wanted(scope, reading)
    return {"coverage": coverage(scope), "events": verdicts(scope, wanted) if wanted else []}


def verdicts(scope: Scope, wanted: list[Row]) -> list[Document]:
    """Return the verdict of each wanted row of `events`, in the order given."""
    facts = _Facts(scope)
    return [facts.verdict(row) for row in wanted]


def _wanted(scope: Scope, reading: Reading) -> list[Row]:
    """Return the rows of `events` that the reading names; copies of an event belong to it and are left out."""
    conditions: dict[str, tuple[str, list[Any]]] = {
        "id": ("e.message_id = ?", [reading.value]),
        "flow": ("e.correlation_id = ?", [reading.value]),
        "trace": (
            "(e.trace_id = ? OR EXISTS (SELECT 1 FROM placed AS s LEFT JOIN records AS r ON r.log = s.log "
            'AND r."offset" = s."offset" WHERE s.trace_id = ? '
            "AND (r.event = e.event OR s.event_id = e.event_id)))",
            [bytes.fromhex(reading.value)] * 2 if reading.form == "trace" else [],
        ),
        "key": ("e.message_key = ? AND e.destination = ?", [reading.value, reading.destination]),
        "record": (
            "(EXISTS (SELECT 1 FROM records AS r WHERE r.event = e.event AND r.destination = ? "
            'AND r."partition" = ? AND r."offset" = ?) '
            # What was overwritten there was acked there all the same.
            "OR EXISTS (SELECT 1 FROM sent AS s WHERE s.event = e.event AND s.destination = ? "
            """AND s."partition" = ? AND s."offset" = ? AND s.outcome = 'acked'))""",
            [*(reading.place or ()), *(reading.place or ())],
        ),
    }
    condition, parameters = conditions[reading.form]
    rows = scope.rows(
        f"""
        SELECT e.*, coalesce(c.only_copies, FALSE) AS only_copies
        FROM events AS e
        LEFT JOIN (SELECT event, destination, min(copied) AS only_copies FROM places GROUP BY event, destination)
            AS c ON c.event = e.event AND c.destination = e.destination
        WHERE {condition}
        ORDER BY e.first_ns, e.destination, e.event
        LIMIT {MOST_EVENTS}
        """,
        parameters,
    )
    originals = {row["event"] for row in rows if not row["only_copies"]}
    kept = [row for row in rows if not row["only_copies"] or row["event"] not in originals]
    if reading.form == "record":
        here = [row for row in kept if row["destination"] == reading.destination]
        return here or kept
    return kept


class _Facts:
    """The rows of the built relations, by event."""

    def __init__(self, scope: Scope) -> None:
        self._published = {(row["event"], row["destination"]): row for row in scope.rows("SELECT * FROM published")}
        self._places = _by_event(scope.rows('SELECT * FROM places ORDER BY log, "offset"'))
        self._sends = _by_event(scope.rows("SELECT * FROM sent ORDER BY start_ns, ref"))
        self._consumed = _by_event(scope.rows("SELECT * FROM consumed ORDER BY grp"))
        self._swallowed = {(row["grp"], row["log"]) for row in scope.rows("SELECT DISTINCT grp, log FROM tails")}
        self._unplaced = defaultdict(list)
        for row in scope.rows(_UNPLACED):
            self._unplaced[row["event"], row["destination"], row["grp"]].append(row)
        self._clocks = {
            (row["host"], row["other"]): (row["least_ns"], row["most_ns"])
            for row in scope.rows("SELECT host, other, least_ns, most_ns FROM clock_bounds")
        }
        self._tries = defaultdict(list)
        for row in scope.rows(_TRIES):
            self._tries[row["log"], row["offset"], row["grp"]].append(row)
        self._copies: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for row in scope.rows("SELECT * FROM chains ORDER BY start_ns, ref"):
            copies = self._copies[row["root_log"], row["root_offset"]]
            if row["offset"] is not None and all(
                (row["log"], row["offset"]) != (c["log"], c["offset"]) for c in copies
            ):
                copies.append(row)
        self._reading: dict[str, list[str]] = defaultdict(list)
        for row in scope.rows("SELECT DISTINCT destination, grp FROM readers ORDER BY destination, grp"):
            self._reading[row["destination"]].append(row["grp"])
        self._readers = {
            row["destination"]: (bool(row["anyone_assumed"]), bool(row["anyone_dark"]))
            for row in scope.rows(
                "SELECT destination, max(assumed) AS anyone_assumed, "
                "max(dark OR dark_until IS NOT NULL) AS anyone_dark FROM readers GROUP BY destination"
            )
        }
        self._hidden = {(row["log"], row["offset"]) for row in scope.rows('SELECT DISTINCT log, "offset" FROM hidden')}
        self._holed = {row["who"] for row in scope.rows("SELECT who FROM instances WHERE dark")}
        self._findings_of: dict[Event, list[Row]] = defaultdict(list)
        scope.build("replayed")
        scope.build("overtaken")
        self._overtaken = {(row["event"], row["destination"]) for row in scope.rows("SELECT * FROM overtaken")}
        self._replayed = scope.rows("SELECT * FROM replayed ORDER BY handed_ns, handed_ref")
        self._place_findings(finding_rows(scope), cut=scope.cut)

    def verdict(self, event: Row) -> Document:
        """Return one event's verdict."""
        key = (event["event"], event["destination"])
        findings = self._findings_of.get(key, [])
        sends = self._sends.get(key, [])
        document: Document = {
            "message_id": event["message_id"],
            "correlation_id": event["correlation_id"],
            "causation_id": event["causation_id"],
            "type": event["event_type"],
            "system": event["system"],
            "destination": event["destination"],
            "key": event["message_key"],
            "producer": event["producer"],
            "published": self._publication(key, sends),
            "consumed": [self._consumption(row, sends) for row in self._consumed.get(key, [])],
            "duplicated": self._claim(key, findings, DUPLICATES),
            "reordered": self._claim(key, findings, REORDERS),
            "findings": [finding(row) for row in findings],
        }
        document["summary"] = sentences.event(document)
        return document

    def _publication(self, key: Event, sends: list[Row]) -> Document:
        row = self._published[key]
        acked = _acked(sends)
        records = []
        for place in self._places.get(key, []):
            send = acked.pop((place["log"], place["offset"]), None)
            records.append(_record(place, send["end_ns"] if send else place["acked_ns"], send))
        # The rest was acked there, and overwritten since.
        records += [_record(send, send["end_ns"], send) for send in acked.values() if send["offset"] is not None]
        graded = "?" if row["answer"] == "unknown" else ("A" if any(s["number"] is not None for s in sends) else "B")
        return {
            "answer": row["answer"],
            "reason": row["reason"],
            "grade": graded,
            "records": records,
            "evidence": evidence_ids(row["refs"]),
        }

    def _consumption(self, row: Row, sends: list[Row]) -> Document:
        acked = _acked(sends)
        first = min(sends, key=lambda send: send["start_ns"], default=None)
        originals = [p for p in self._places.get((row["event"], row["destination"]), []) if not p["copied"]]
        # The send that was acked at a record is the one whose message was processed there, or on a copy of it.
        placed = [(place, acked.get((place["log"], place["offset"]), first)) for place in originals]
        tries = [
            (send, attempt)
            for place, send in placed
            for attempt in self._tries.get((place["log"], place["offset"], row["grp"]), [])
        ]
        unplaced = self._unplaced.get((row["event"], row["destination"], row["grp"]), [])
        tries += [(first, attempt) for attempt in unplaced]
        tries += [(send, attempt) for place, send in placed for attempt in self._tries_of_copies(place, row["grp"])]
        document: Document = {"group": row["grp"]}
        if row["assumed"]:
            document["assumed"] = True
        document |= {
            "answer": row["answer"],
            "reason": row["reason"],
            "grade": row["grade"],
            "deliveries": [
                _delivery(number, attempt, row) | self._latency(send, attempt)
                for number, (send, attempt) in enumerate(tries, 1)
            ],
            "evidence": evidence_ids(_proof(row)),
        }
        if row["answer"] == "pending":
            document["lag"] = row["lag_in_front"]
        return document

    def _latency(self, send: Row | None, attempt: Row) -> Document:
        """From the start of the publication to the end of the processing.

        Across two hosts it is an estimate by two clocks: then the range is given in which it truly lies, null where
        nothing bounds the clocks. What seems to end before it begins says so.
        """
        latency = _milliseconds(send["start_ns"] if send else None, attempt["ended_ns"])
        document: Document = {"latency_ms": latency}
        if send is None or latency is None or (send["host"] is not None and send["host"] == attempt["host"]):
            return document
        if send["who"] == attempt["who"]:
            return document
        bound = self._clocks.get((send["host"], attempt["host"]))
        document["latency_range_ms"] = (
            None if bound is None else [max(0.0, round(latency - edge / 1e6, 3)) for edge in reversed(bound)]
        )
        if latency < 0:
            document["latency_unreliable"] = True
        return document

    def _tries_of_copies(self, place: Row, group: str) -> list[Row]:
        """Return the attempts on the copies of a record: in the group itself, or in whichever group reads them."""
        return [
            attempt | {"copied_to": copy["destination"]}
            for copy in self._copies[place["log"], place["offset"]]
            if copy["grp"] in (None, group)
            for reader in (
                [group] if group in self._reading[copy["destination"]] else self._reading[copy["destination"]]
            )
            for attempt in self._tries.get((copy["log"], copy["offset"], reader), [])
        ]

    def _claim(self, key: Event, findings: list[Row], kinds: frozenset[str]) -> Document:
        """`yes` with findings of warning or error, `no` where telemetry is complete, else `unknown`."""
        of_kind = [row for row in findings if row["kind"] in kinds]
        grave = [row for row in of_kind if row["severity"] != "info"]
        if grave:
            answer = "yes"
        elif self._complete(key) and not (
            self._may_be_sent_twice(key) if kinds is DUPLICATES else key in self._overtaken
        ):
            answer = "no"
        else:
            answer = "unknown"
        return {"answer": answer, "findings": [finding(row) for row in of_kind]}

    def _may_be_sent_twice(self, key: Event) -> bool:
        """Tell whether another send may count besides the one that is known to.

        A producer of the event has a hole, be it older than what is known of the event; or the event was sent more than
        once, and a transaction may yet turn out to be committed.
        """
        sends = self._sends.get(key, [])
        if any(send["who"] in self._holed for send in sends):
            return True
        again = len({send["operation_id"] for send in sends}) > 1
        return again and any(send["transaction_id"] is not None and send["transaction_end"] is None for send in sends)

    def _complete(self, key: Event) -> bool:
        """Tell whether all that could have been seen of the event was seen."""
        sends = self._sends.get(key, [])
        if not sends or any(send["dark"] or send["outcome"] is None for send in sends):
            return False
        assumed, dark = self._readers.get(key[1], (False, False))
        places = self._places.get(key, [])
        if assumed or (dark and not places) or any((place["log"], place["offset"]) in self._hidden for place in places):
            return False
        if self._published[key]["answer"] == "no":
            return True
        return not any(
            row["answer"] == "unknown" or (row["maybe_swallowed"] and (row["grp"], row["log"]) in self._swallowed)
            for row in self._consumed.get(key, [])
        )

    def _place_findings(self, rows: list[Row], *, cut: bool) -> None:
        by_record: dict[tuple[str, int, int], list[Event]] = defaultdict(list)
        by_id: dict[tuple[str, str | None], list[Event]] = defaultdict(list)
        for key, places in self._places.items():
            for place in places:
                if place["conflict"] and not place["survived"]:
                    continue  # nobody knows which event what was found there is of
                by_record[place["destination"], place["partition"], place["offset"]].append(key)
        for key, sends in self._sends.items():
            for send in sends:
                if send["message_id"]:
                    by_id[send["message_id"], key[1]].append(key)
                    by_id[send["message_id"], None].append(key)
        for row in rows:
            if cut and row["kind"] in COUNTED:
                row["summary"] += " (at least: more hangs together with it than was looked at)"
            named: dict[Event, None] = {}
            # Of what was sent again only the event itself is a duplicate, not what else stands at such a record.
            by_name = row["kind"] in {"resend", "republish"} and bool(row["message_ids"])
            for offset in () if by_name else row["offsets"] or ():
                here = by_record.get((row["destination"], row["partition"], offset), ())
                # Where a topic was created again, several events stand at a record of this name: it is of one of them.
                own = [key for key in here if key[0] == row["event"]]
                named |= dict.fromkeys(own if own and len(row["offsets"]) == 1 else here)
            for message_id in row["message_ids"] or ():
                # An inversion is of two events, which may be of two destinations.
                everywhere = row["kind"] == "causal-inversion"
                named |= dict.fromkeys(by_id.get((message_id, None if everywhere else row["destination"]), ()))
            if (row["event"], row["destination"]) in self._published:
                named[row["event"], row["destination"]] = None
            for key in named:
                own_part = row if row["kind"] != "replay" else self._own_part(row, key)
                if own_part is not None:
                    self._findings_of[key].append(own_part)
        for found in self._findings_of.values():
            found.sort(key=finding_order)

    def _own_part(self, replay: Row, key: Event) -> Row | None:
        """Return what a replay of many records was for one event: of the others only neighbours were looked at.

        None where it replayed none of the event's, but a record of that name in another incarnation of the topic.
        """
        places = {(place["log"], place["offset"]) for place in self._places[key]}
        rows = [
            row for row in self._replayed
            if (row["log"], row["offset"]) in places and row["move_ref"] in replay["evidence"]
        ]  # fmt: skip
        if not rows:
            return None
        offsets = sorted({row["offset"] for row in rows})
        return replay | {
            "offsets": offsets,
            "message_ids": sorted({row["message_id"] for row in rows} - {None}),
            "count": len(rows),
            "first_ns": min(row["before_ns"] for row in rows),
            "last_ns": max(row["handed_ns"] for row in rows),
            "evidence": [ref for row in rows for ref in (row["move_ref"], row["handed_ref"])],
            "summary": sentences.replay(rows[0]),
        }


_TRIES = """
-- Every attempt of every delivery; a delivery without one stands for itself.
SELECT t.grp, t.log, t."offset", t."partition", t.member, t.service, t.who, t.host, t.gen, t.ord, t.generation,
    coalesce(a.attempt, t.attempt) AS attempt,
    CASE WHEN a.ref IS NULL THEN NULL WHEN a.failed THEN 'failed' ELSE 'ok' END AS outcome,
    o.went_on OR (o.left_in_order AND o.passed) AS unfinished,
    coalesce(a.start_ns, t.handed_ns) AS started_ns,
    a.end_ns AS ended_ns,
    a.error_type
FROM turns AS t
LEFT JOIN attempts AS a ON list_contains(t.process_refs, a.ref) AND a.log = t.log AND a."offset" = t."offset"
LEFT JOIN open_turns AS o
    ON o.grp = t.grp AND o.log = t.log AND o."offset" = t."offset" AND o.receive_ref = t.receive_ref
ORDER BY t.gen, t.ord, a.ord_start, a.ref
"""


_UNPLACED = """
SELECT event, destination, grp, CAST(NULL AS INTEGER) AS "partition", CAST(NULL AS BIGINT) AS "offset", service, member,
    CAST(NULL AS BIGINT) AS generation, attempt, who, CAST(NULL AS VARCHAR) AS host,
    CASE WHEN operation = 'receive' THEN NULL WHEN failed THEN 'failed' ELSE 'ok' END AS outcome, FALSE AS unfinished,
    start_ns AS started_ns, CASE WHEN operation = 'process' THEN end_ns END AS ended_ns, error_type
FROM unplaced
ORDER BY start_ns, ref
"""


def _acked(sends: list[Row]) -> dict[tuple[int, int], Row]:
    """Return log and offset of each record -> the first of these sends that was acked there."""
    return {(send["acked_log"], send["offset"]): send for send in reversed(sends) if send["outcome"] == "acked"}


def _record(place: Row, at_ns: int | None, send: Row | None) -> Document:
    """Return a record of the answer `published`; `send` is the publication that was acked there, if it is known."""
    return {
        "partition": place["partition"],
        "offset": place["offset"],
        "at": rfc3339_or_none(at_ns),
        "ack_ms": _milliseconds(send["start_ns"], send["end_ns"]) if send else None,
    }


def _delivery(number: int, attempt: Row, row: Row) -> Document:
    outcome = attempt["outcome"] or ("unfinished" if attempt["unfinished"] and row["answer"] == "unfinished" else None)
    elsewhere = {"destination": attempt["copied_to"]} if "copied_to" in attempt else {}
    return elsewhere | {
        "partition": attempt["partition"],
        "offset": attempt["offset"],
        "service": attempt["service"],
        "member": attempt["member"],
        "generation": attempt["generation"],
        "attempt": attempt["attempt"] or number,
        "outcome": outcome,
        "error": attempt["error_type"],
        "started_at": rfc3339_or_none(attempt["started_ns"]),
        "ended_at": rfc3339_or_none(attempt["ended_ns"]),
    }


def _proof(row: Row) -> list[bytes | None]:
    """Return the spans behind a group's answer: what it was handed and did, and the positions that it rests on."""
    spans = [*row["receive_refs"], *row["process_refs"], *(row["copy_refs"] or ())]
    match row["answer"]:
        case "pending" | "unknown" | "not-expected":
            return [*spans, row["position_ref"]]
        case "skipped":
            return [*spans, row["below_ref"], row["beyond_ref"], row["position_ref"]]
        case _:
            return [*spans, row["back_ref"], row["gone_ref"]]


def _milliseconds(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else round((end_ns - start_ns) / 1e6, 3)


def _by_event(rows: list[Row]) -> dict[Event, list[Row]]:
    found: dict[Event, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["event"], row["destination"]].append(row)
    return found
