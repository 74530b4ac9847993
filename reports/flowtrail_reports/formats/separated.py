"""CSV (RFC 4180, UTF-8): one row per finding or partition, raw values."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from flowtrail_reports.model import Report

ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""


class CsvReporter:
    """Writes the report's flat table."""

    def render(self, report: Report) -> bytes:
        """Write a header of column keys, then the rows; unknown values are empty cells."""
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(column.key for column in report.table.columns)
        for row in report.table.rows:
            writer.writerow(_cell(row.get(column.key)) for column in report.table.columns)
        return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    text = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    # The quote makes it text; tabs and returns are looked for before they are made visible.
    return f"'{visible(text)}" if text.startswith(ACTIVE) else visible(text)
