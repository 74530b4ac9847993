"""The registry of relations: every `.sql` file here, in the order in which they build on one another.

Each file holds one SELECT that defines the relation of its name. In a store they stand as views over everything; to
ask about one event or one window, `scope.Scope` narrows `evidence` to a temporary table and builds what is needed
above it. So there is one definition of each meaning, whatever is asked.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

RELATIONS: tuple[str, ...] = (
    "spans",
    "evidence",
    "declared",
    "limits",
    "as_of",
    "stretches",
    "committed_positions",
    "log_starts",
    "topic_policies",
    "sampled_owners",
    "sampled_resets",
    "holes",
    "clock_steps",
    "clock_deltas",
    "clock_bounds",
    "one_cluster",
    "one_group",
    "group_members",
    "hiding",
    "shadows",
    "hidden_sends",
    "watched",
    "seen_groups",
    "instances",
    "placed",
    "roles",
    "missing",
    "unread",
    "transactions",
    "publications",
    "handed",
    "attempts",
    "deliveries",
    "positions",
    "generations",
    "vacancies",
    "turns",
    "moves",
    "sequenced",
    "sequences",
    "tails",
    "readers",
    "concurrent",
    "open_turns",
    "ties",
    "told_sends",
    "records",
    "sent",
    "unplaced",
    "copies",
    "places",
    "chains",
    "events",
    "starts",
    "hidden",
    "crashed",
    "floors",
    "leaps",
    "passed",
    "skips",
    "overlooked",
    "nameless",
    "published",
    "arrivals",
    "consumed",
    "flow_lines",
    "again",
    "replayed",
    "operations",
    "order_log",
    "overtaken",
    "order_delivery",
    "order_completion",
    "order_arrivals",
    "order_unjudged",
    "order_coverage",
    "ruled",
    "event_names",
    "causes",
    "caused",
    "descents",
    "passings",
    "findings_publish",
    "findings_offset_conflict",
    "findings_resend",
    "findings_republish",
    "findings_redelivery",
    "findings_replay",
    "findings_log_reorder",
    "findings_delivery_reorder",
    "findings_completion_reorder",
    "findings_causal_inversion",
    "findings_unfinished",
    "findings_committed_before_processed",
    "findings_failed",
    "findings_skipped",
    "findings_lost",
    "findings_storm",
    "findings_loop",
    "findings_schema_change",
    "findings_content_duplicate",
    "findings_missing_consumer",
    "findings_unread_destination",
    "findings_telemetry_gap",
    "findings_clock_skew",
)
"""Every relation, each after those it reads."""

FINDINGS: tuple[str, ...] = tuple(name for name in RELATIONS if name.startswith("findings_"))
"""The relations that hold findings; all have the same columns."""

PUBLIC: tuple[str, ...] = ("spans", "as_of", "events", "publications", "deliveries", "positions", *FINDINGS)
"""The relations that stand as views in a store, for any DuckDB client."""

BASE: frozenset[str] = frozenset({"spans", "evidence"})
"""Defined over the stored tables; `evidence` is what a scope narrows."""


@cache
def sql_of(name: str) -> str:
    """Return the SELECT that defines a relation. Raises FileNotFoundError for a name without a file."""
    return files(__package__).joinpath(f"sql/{name}.sql").read_text(encoding="utf-8").strip().rstrip(";")


@cache
def gate_of(name: str) -> str | None:
    """Return the condition without which a relation is empty, from the line `-- empty unless:` of its file.

    It speaks of relations that this one reads. Most events have nothing wrong with them: where a glance at what is
    built shows that a relation has no rows, planning its query costs more than it tells.
    """
    match = re.search(r"^-- empty unless: (.+)$", sql_of(name), re.MULTILINE)
    return match[1] if match else None


@cache
def mentioned(sql: str) -> tuple[str, ...]:
    """Return the relations that a piece of SQL reads, in registry order; its own WITH names are none."""
    text = re.sub(r"--[^\n]*", "", sql)
    own = set(re.findall(r"(?:WITH|,)\s*(?:RECURSIVE\s+)?(\w+)\s+AS\s*\(", text))
    named = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)\b", text)) - own
    return tuple(name for name in RELATIONS if name in named)


@cache
def reads(name: str) -> tuple[str, ...]:
    """Return the relations that a relation reads directly, in registry order."""
    return tuple(other for other in mentioned(sql_of(name)) if other != name)


@cache
def needed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the relations needed to read `names`, in an order in which each finds what it reads."""
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending.extend(reads(name))
    return tuple(name for name in RELATIONS if name in wanted)
