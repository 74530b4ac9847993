"""`flowtrail.check/1` as plain lines: one per assertion, and below it what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part, line, wrap
from flowtrail_tui.text.lists import basis, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTCOMES = {"passed": ("✓", "ok"), "failed": ("✗", "error"), "inconclusive": ("?", "unknown")}
_OUTCOME_CELLS = 15
MOST_DETAILS = 20
"""Lines that are shown of one assertion; `--json` and `--junit` have more."""


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the assertions, in their order, and what holds for all."""
    assertions = f.items(document.get("assertions"))
    lines = [drawn for assertion in assertions for drawn in _assertion(assertion, width)]
    tally = [sum(1 for one in assertions if one.get("outcome") == outcome) for outcome in _OUTCOMES]
    sums = ", ".join(f"{amount:,} {outcome}" for amount, outcome in zip(tally, _OUTCOMES, strict=True) if amount)
    return [*lines, (), basis(document, counted(len(assertions), "assertion"), sums)]


def _assertion(assertion: dict[str, Any], width: int) -> Iterator[Line]:
    outcome = f.word(assertion.get("outcome"))
    glyph, role = _OUTCOMES.get(outcome, ("?", "unknown"))
    yield line(
        Part(f"{glyph} {outcome}".ljust(_OUTCOME_CELLS), role),
        Part(f.word(assertion.get("name")), "bright"),
        Part(f"  {f.word(assertion.get('reason'), '')}", "dim"),
    )
    details = [str(detail) for detail in assertion.get("details") or ()]
    for detail in details[:MOST_DETAILS]:
        for piece in wrap(detail, width - _OUTCOME_CELLS):
            yield line(Part(" " * _OUTCOME_CELLS), Part(piece))
    if len(details) > MOST_DETAILS:
        yield line(Part(" " * _OUTCOME_CELLS), Part(f"and {len(details) - MOST_DETAILS:,} more", "dim"))
