"""A list as a report: rows that somebody filtered, to be written in every format of a report, every row of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_reports.model import Column, Report, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_reports.model import Kind


def listing_report(
    name: str,
    headline: str,
    facts: Sequence[tuple[str, str]],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    document: dict[str, Any],
) -> Report:
    """Make a report of a table that stands by itself; `document` is what JSON holds."""
    titled = tuple(Column(title, title, _kind(row[place] for row in rows)) for place, title in enumerate(columns))
    table = Table(titled, tuple(dict(zip(columns, row, strict=True)) for row in rows), whole=True)
    title = name.replace("-", " ").capitalize()
    section = Section(title, table=table)
    return Report(name, title, headline, "unknown", tuple(facts), (section,), table, document)


def _kind(values: Iterable[Any]) -> Kind:
    """Tell how a column's values are written: numbers where nothing else is among them."""
    known = [value for value in values if value is not None]
    numbers = known and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known)
    return "number" if numbers else "text"
