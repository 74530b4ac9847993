"""One reporter for each format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from flowtrail_reports.model import Report


class Reporter(Protocol):
    """Writes a report in one format."""

    def render(self, report: Report) -> bytes:
        """Write the whole report."""
        ...


# Imported on use: html needs plotly, parquet needs pyarrow, and both take their time.
_PLACES = {
    "html": "html:HtmlReporter",
    "csv": "separated:CsvReporter",
    "json": "documents:JsonReporter",
    "md": "markdown:MarkdownReporter",
    "junit": "junit:JunitReporter",
    "parquet": "columnar:ParquetReporter",
}


def reporter_for(format: str) -> Reporter:  # noqa: A002 - the option's name
    """Return the reporter of a format. Raises UsageError."""
    if format not in _PLACES:
        raise UsageError(f"there is no format {format!r}; the formats are {', '.join(_PLACES)}")
    module, _, name = _PLACES[format].partition(":")
    reporter: Reporter = getattr(import_module(f"{__name__}.{module}"), name)()
    return reporter
