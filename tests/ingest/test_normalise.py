"""Every row of the normalisation table, with spans as the named instrumentations send them."""

from __future__ import annotations

from typing import Any

import pytest

from flowtrail_collector.normalise import normalise
from flowtrail_collector.receive.decode import decode
from tests.foreign import otlp_json
from tests.foreign.vectors import COLUMNS, LINK_COLUMNS, VECTORS, Vector


def normalised(request: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of spans and links that a request, given as JSON, becomes."""
    batch = normalise(decode(otlp_json.from_json(request).SerializeToString())).batch
    return batch.spans.to_pylist(), batch.links.to_pylist()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_foreign_span_says_this(vector: Vector) -> None:
    """The canonical columns are those expected, and no others are filled."""
    spans, links = normalised(vector.request())
    assert {name: spans[0].get(name) for name in COLUMNS if spans[0].get(name) is not None} == vector.expected
    if vector.links is not None:
        told = [{name: link.get(name) for name in LINK_COLUMNS if link.get(name) is not None} for link in links]
        assert told == vector.links
