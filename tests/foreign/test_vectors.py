"""The vectors themselves: well-formed OTLP, one name each, and no column that does not exist."""

import pytest

from tests.foreign import otlp_json
from tests.foreign.vectors import COLUMNS, LINK_COLUMNS, VECTORS, Vector


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_vector_is_otlp_that_comes_back_the_same(vector: Vector) -> None:
    """Every vector can be sent as protobuf and as JSON, and expects columns that exist, none of them null."""
    request = otlp_json.from_json(vector.request())
    assert otlp_json.from_json(otlp_json.to_json(request)) == request
    assert set(vector.expected) <= set(COLUMNS)
    assert None not in vector.expected.values()
    assert len(vector.links or []) in {0, len(vector.span.get("links", []))}
    for link in vector.links or []:
        assert set(link) <= set(LINK_COLUMNS)


def test_names_are_unique() -> None:
    """A failing vector is found by its name."""
    names = [(vector.name, vector.span["kind"], vector.span["name"]) for vector in VECTORS]
    assert len(set(names)) == len(names)
