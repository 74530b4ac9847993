"""Markdown: headline, facts and tables, for merge requests and chats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowtrail_collector.wording import counted
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrail_reports.model import Report, Table

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~!&])")
MOST_ROWS = 50


class MarkdownReporter:
    """Writes what a person reads, without charts."""

    def render(self, report: Report) -> bytes:
        """Write the report; long tables are cut, and say so."""
        return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield f"\n**{_inert(report.headline)}**\n"
    for label, value in report.facts:
        yield f"- {label}: {_inert(value)}"
    for section in report.sections:
        if section.table is None:
            continue
        yield f"\n## {section.title}\n"
        if section.note:
            yield f"{_inert(section.note)}\n"
        yield from _table(section.table)


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(column.title for column in table.columns)} |"
    yield f"|{' --- |' * len(table.columns)}"
    most = len(table.rows) if table.whole else MOST_ROWS
    for row in table.rows[:most]:
        yield f"| {' | '.join(_inert(write(row.get(column.key), column)) for column in table.columns)} |"
    if len(table.rows) > most:
        yield f"\nIn the other formats: {counted(len(table.rows) - most, 'more row')}."


def _inert(text: str) -> str:
    return _MARKUP.sub(r"\\\1", visible(text))
