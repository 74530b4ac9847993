"""What a report is before it has a format: a headline, facts, and sections of charts and tables, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Tone = Literal["good", "warning", "error", "unknown"]
"""How the headline is meant. `unknown`: there is too little to say."""
Kind = Literal["text", "id", "evidence", "number", "share", "milliseconds", "time", "severity", "status"]
"""How a column's values are written."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the rows' key, the title, how values are written."""

    key: str
    title: str
    kind: Kind = "text"
    missing: str = "?"
    """What stands for None: `?` is not known, `–` is nothing to know."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of raw values by column key; a missing value is None."""

    columns: tuple[Column, ...]
    rows: tuple[dict[str, Any], ...]
    whole: bool = False
    """Write every row, however many there are: where the rows are what was asked for, and no summary stands above."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: times as RFC 3339 text, values, None where unknown."""

    name: str
    times: tuple[str, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """Values over time, with marks where something happened."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[str, str], ...] = ()
    """Time and label."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One event of a timeline: from its first occurrence to its last, in a lane."""

    lane: str
    begin: str
    end: str
    tone: Tone
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened when, in lanes."""

    title: str
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar."""

    label: str
    value: int
    tone: Tone


@dataclass(frozen=True, slots=True)
class Bars:
    """Wholes and their parts: one bar for each name."""

    title: str
    unit: str
    bars: tuple[tuple[str, tuple[Part, ...]], ...]


@dataclass(frozen=True, slots=True)
class Percentile:
    """A value that a part of what was measured does not exceed, and the bounds of the truth where they differ."""

    label: str
    value: float
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How what was measured is spread: for each name its percentiles, in order."""

    title: str
    unit: str
    rows: tuple[tuple[str, tuple[Percentile, ...]], ...]


Chart = LineChart | Timeline | Bars | Spread


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a report."""

    title: str
    note: str = ""
    charts: tuple[Chart, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion for CI: a name, and what is wrong, None where it holds."""

    name: str
    wrong: str | None
    doubt: str | None = None
    """Why it can not be said to hold although nothing is known to be wrong."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report."""

    name: str
    """`lag`, `duplicates` and so on: also in file names and the JSON schema."""
    title: str
    headline: str
    """The first sentence: what happened."""
    tone: Tone
    facts: tuple[tuple[str, str], ...]
    """Where this comes from and how complete it is: label and value."""
    sections: tuple[Section, ...]
    table: Table
    """The one flat table that CSV and Parquet hold."""
    document: dict[str, Any]
    """What JSON holds."""
    checks: tuple[Check, ...] = field(default=())
