"""`flowtrail.lag/1` as plain lines: one per group and destination, its partitions below it where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model.lag import History, groups
from flowtrail_tui.model.lag_lines import GROUP_COLUMNS, PARTITION_COLUMNS, group_cells, partition_cells, summary
from flowtrail_tui.model.parts import Part, line
from flowtrail_tui.text.lists import basis, table

if TYPE_CHECKING:
    from flowtrail_tui.model.parts import Line


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw every group's lag, worst first, then each group's partitions."""
    found = groups(document, History())
    if not found:
        return [basis(document, "no group was seen")]
    lines = table(GROUP_COLUMNS, [group_cells(group) for group in found], width)
    for group in found:
        if len(group.partitions) > 1:
            heading = line(Part(group.group, "bright"), Part(" ← ", "dim"), Part(group.destination, "bright"))
            lines += [(), heading]
            lines += table(PARTITION_COLUMNS, [partition_cells(one) for one in group.partitions], width)
    return [*lines, (), summary(found), basis(document)]
