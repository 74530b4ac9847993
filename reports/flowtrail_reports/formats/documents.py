"""JSON: the report's document, values and ids as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrail_reports.model import Report


class JsonReporter:
    """Writes the report's document."""

    def render(self, report: Report) -> bytes:
        """Write pure ASCII: whatever a name holds reaches nobody's terminal as it is."""
        return (json.dumps(report.document, indent=2) + "\n").encode()
