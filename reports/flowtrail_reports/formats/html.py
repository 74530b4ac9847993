"""HTML: one file that needs nothing else. Plotly is inside; the page may neither load nor send anything.

The content security policy names the two scripts by their digests, so nothing that came with the data can run, even
if it found its way into the page as markup. Data reaches the script as JSON in an inert element.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from flowtrail_collector.wording import counted
from flowtrail_reports.formats.figures import figure
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrail_reports.model import Column, Report, Section, Table

GLYPHS = {
    "error": ("error", "✗"),
    "warning": ("warning", "!"),
    "ok": ("good", "✓"),
    "draining": ("warning", "~"),
    "falling": ("error", "✗"),
    "stalled": ("error", "✗"),
    "stopped": ("error", "■"),
    "retention": ("error", "✗"),
}
"""Tone and glyph of a severity or status; the word always stands beside it."""
MOST_ROWS = 2_000
"""Rows of a table in a page; all of them are in the other formats."""


class HtmlReporter:
    """Writes the page."""

    def render(self, report: Report) -> bytes:
        """Write the report, charts and all."""
        return "".join(_page(report)).encode()


@cache
def _resource(name: str) -> str:
    return (files(__package__) / "page" / name).read_text("utf-8")


def _page(report: Report) -> Iterator[str]:
    charted = any(section.charts for section in report.sections)
    scripts = (get_plotlyjs(), _resource("charts.js")) if charted else ()
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{_text(report.title)}: {_text(report.headline)}</title>"
    yield f"<style>{_resource('page.css')}</style></head>\n"
    yield f'<body><header class="tone-{report.tone}"><p class="kind">{_text(report.title)}</p>'
    yield f"<h1>{_text(report.headline)}</h1><dl>"
    for label, value in report.facts:
        yield f"<div><dt>{_text(label)}</dt><dd>{_text(value)}</dd></div>"
    yield "</dl></header>\n"
    for number, section in enumerate(report.sections):
        yield from _section(section, number)
    yield "<footer>Made by flowtrail. Times are UTC. Grades: A observed, B inferred from offsets or positions, "
    yield "C heuristic; ? is not known.</footer>\n"
    for script in scripts:
        yield f"<script>{script}</script>\n"
    yield "</body></html>\n"


def _policy(scripts: tuple[str, ...]) -> str:
    digests = " ".join(f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {digests or chr(39) + 'none' + chr(39)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _section(section: Section, number: int) -> Iterator[str]:
    yield f"<section><h2>{_text(section.title)}</h2>"
    if section.note:
        yield f'<p class="note">{_text(section.note)}</p>'
    for place, chart in enumerate(section.charts):
        name = f"figure-{number}-{place}"
        yield f'<div class="chart" data-figure="{name}" role="img" aria-label="{_text(chart.title)}">'
        yield "<p>This chart needs scripts; its values are in the tables and in the other formats.</p></div>"
        yield f'<script type="application/json" id="{name}">{_data(figure(chart))}</script>'
    if section.table is not None:
        yield from _table(section.table)
    yield "</section>\n"


def _data(value: Any) -> str:
    """Write JSON that can not end the element it stands in."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield '<p class="none">Nothing.</p>'
        return
    yield '<div class="scroll"><table><thead><tr>'
    for column in table.columns:
        yield f'<th class="{column.kind}" scope="col">{_text(column.title)}</th>'
    yield "</tr></thead><tbody>\n"
    most = len(table.rows) if table.whole else MOST_ROWS
    for row in table.rows[:most]:
        yield "<tr>" + "".join(_cell(row, column) for column in table.columns) + "</tr>\n"
    yield "</tbody></table></div>"
    if len(table.rows) > most:
        yield f'<p class="note">In the other formats: {counted(len(table.rows) - most, "more row")}.</p>'


def _cell(row: dict[str, Any], column: Column) -> str:
    value = row.get(column.key)
    if value is None:
        return f'<td class="{column.kind} none">{column.missing}</td>'
    if column.kind in ("severity", "status"):
        tone, glyph = GLYPHS.get(str(value), ("unknown", "?"))
        return f'<td class="{column.kind} tone-{tone}"><span class="word">{glyph} {_text(str(value))}</span></td>'
    if column.kind == "id" and isinstance(value, (list, tuple)):
        return f'<td class="id">{"<br>".join(_text(str(one)) for one in value)}</td>'
    if column.kind == "evidence":
        return _evidence(row, value)
    return f'<td class="{column.kind}">{_text(write(value, column))}</td>'


def _evidence(row: dict[str, Any], spans: list[str]) -> str:
    """Fold the spans that prove a row, with what they prove in words."""
    words = f"<p>{_text(row['summary'])}.</p>" if row.get("summary") else ""
    shown = "<br>".join(_text(span) for span in spans)
    return (
        f'<td class="evidence"><details><summary>{counted(len(spans), "span")}</summary>{words}{shown}</details></td>'
    )


def _text(text: str) -> str:
    return escape(visible(text))
