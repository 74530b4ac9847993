"""Holds what flowtrail found against what the services injected. The rules stand in docs/demo.md.

A finding answers an injection when kind, destination and group agree and they name a message in common (or neither
names any). An injection that no finding answers is *missed*; a finding that answers no injection is *unexpected*.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COUNTED = ("error", "warning")
"""Severities that claim something is wrong, or may be. `info` explains."""
BEHIND = ("falling", "stalled", "stopped", "retention")
"""Lag statuses that claim a group does not keep up. A group that catches up is `draining`."""
SET_ASIDE = ("failed", "dead-lettered")
"""Two answers to one fault, an order that can not be charged: failed, and seen on the dead-letter destination too."""


@dataclass(frozen=True)
class Fault:
    """One injection, or one finding, reduced to what both can say."""

    kind: str
    destination: str | None
    group: str | None
    message_ids: tuple[str, ...] = ()

    def answers(self, injected: Fault) -> bool:
        """Whether this finding is what the injection should have become."""
        if _family(self.kind) != _family(injected.kind) or self.group != injected.group:
            return False
        if self.destination != injected.destination:
            return False
        if not self.message_ids and not injected.message_ids:
            return True
        return not set(self.message_ids).isdisjoint(injected.message_ids)


@dataclass(frozen=True)
class Comparison:
    """What came of a run."""

    injected: Sequence[Fault]
    found: Sequence[Fault]

    @property
    def missed(self) -> list[Fault]:
        """Injections that no finding answers."""
        return [fault for fault in self.injected if not any(finding.answers(fault) for finding in self.found)]

    @property
    def unexpected(self) -> list[Fault]:
        """Findings that answer no injection."""
        return [finding for finding in self.found if not any(finding.answers(fault) for fault in self.injected)]

    def document(self) -> dict[str, Any]:
        """`flowtrail.demo/1`."""
        return {
            "schema": "flowtrail.demo/1",
            "injected": [asdict(fault) for fault in self.injected],
            "found": [asdict(finding) for finding in self.found],
            "missed": [asdict(fault) for fault in self.missed],
            "unexpected": [asdict(finding) for finding in self.unexpected],
        }


def read_injected(directory: Path) -> list[Fault]:
    """Read the notes of all services; what was noted twice (redelivered twice, say) counts once."""
    lines = [line for notes in sorted(directory.glob("*.jsonl")) for line in notes.read_text().splitlines()]
    faults = [
        Fault(entry["kind"], entry["destination"], entry["group"], tuple(entry["message_ids"]))
        for entry in map(json.loads, lines)
    ]
    return list(dict.fromkeys(faults))


def found_in(findings: dict[str, Any]) -> list[Fault]:
    """Reduce a findings document to the findings that count."""
    return [
        Fault(
            finding["kind"], finding.get("destination"), finding.get("group"), tuple(finding.get("message_ids") or ())
        )
        for finding in findings["findings"]
        if finding["severity"] in COUNTED
    ]


def behind_in(lag: dict[str, Any], excused: Iterable[str]) -> list[Fault]:
    """Reduce a lag document to the groups that do not keep up, but for those excused."""
    rows = [row for row in lag["rows"] if row["status"] in BEHIND and row["group"] not in set(excused)]
    return list(dict.fromkeys(Fault("lag", row["destination"], row["group"]) for row in rows))


def excused_from_lag(injected: Iterable[Fault]) -> set[str]:
    """Name the groups that may be behind at the moment of asking because a member crashed or left."""
    return {fault.group for fault in injected if fault.kind == "redelivery" and fault.group is not None}


def _family(kind: str) -> str:
    return SET_ASIDE[0] if kind in SET_ASIDE else kind
