"""What goes into the store, and what the store says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class SpanBatch:
    """Normalised spans of one or several requests, as Arrow tables with the store's column names.

    `spans` has a subset of the columns of `span_rows` (a column that is null throughout is left out), `resources` those
    of `resource_rows`. `links` has `row` (int32, the place in `spans` of the span that holds the link) and the columns
    of `link_rows`, except those that stand on the span.
    """

    spans: pa.Table
    links: pa.Table
    resources: pa.Table


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the spans of a request, once they are committed."""

    stored: int = 0
    duplicates: int = 0
    conflicting: int = 0
