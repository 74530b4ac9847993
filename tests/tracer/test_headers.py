"""Reading headers: the table, numbers, trace context, runs of offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_tracer._core.destinations import takes_copies
from flowtrail_tracer._core.headers import TABLE, Known, build_index, decode_number, parse_traceparent, read
from flowtrail_tracer._core.ranges import LONGEST, OffsetRange, write_runs
from flowtrail_tracer._core.settings import HeaderNames

INDEX = build_index(HeaderNames())
headers = st.lists(
    st.tuples(st.one_of(st.text(max_size=12), st.sampled_from(sorted(INDEX))), st.none() | st.binary(max_size=30))
)


@given(headers)
def test_any_headers_can_be_read(found):
    """Nothing that a header holds is an error."""
    known = Known(*read(found, INDEX))
    for meaning in TABLE:
        known.text(meaning)
        known.number(meaning)
    known.sequence()
    known.attempt()
    known.schema_id()


@given(headers, st.sampled_from(sorted(INDEX)), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_last_value_of_the_strongest_name_wins(others, name, value):
    """In any case of letters."""
    meaning, rank = INDEX[name]
    weaker = [(other, each) for other, each in others if INDEX.get(other.lower()) != (meaning, rank)]
    stronger = any(
        each is not None and entry is not None and entry[0] == meaning and entry[1] < rank
        for entry, each in ((INDEX.get(other.lower()), each) for other, each in weaker)
    )
    found = Known(*read([(name, b"before"), *weaker, (name.upper(), value.encode())], INDEX))
    if not stronger:
        assert found.text(meaning) == value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"1042", 1042), (b"\0\0\0\3", 3), (b"\0\0\0\0\0\0\4\x12", 1042), (b"", None), (b"xxxxx", None)],
)
def test_numbers_are_text_or_binary(raw, expected):
    """Connect writes text, Spring big-endian."""
    assert decode_number(raw) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "00-x",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-b7ad6b7169203331-01",
        "00-" + "1" * 32 + "-b7ad6b7169203331-01-more",
        "00-" + "+" + "1" * 31 + "-b7ad6b7169203331-01",
    ],
)
def test_what_is_no_traceparent_reads_as_none(value):
    """Zero ids, wrong lengths, version ff, rubbish."""
    assert parse_traceparent(value) is None


def test_a_traceparent_is_read():
    """Trace id, parent, flags."""
    found = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
    assert found == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", False),
        ("orders.retry", True),
        ("orders-retry-2", True),
        ("orders_DLQ", True),
        ("a-dlt", True),
        ("a.dead-letter", True),
        ("a.dead-letters", True),
        ("retry", False),
        ("orders-retrying", False),
    ],
)
def test_names_of_copies(name, expected):
    """Retry and dead-letter destinations are known by their ending."""
    assert takes_copies(name) is expected


def _read(runs: str) -> list[int]:
    found: list[int] = []
    for part in runs.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


@given(st.sets(st.integers(0, 5000), min_size=1))
def test_runs_read_back_and_stay_short(offsets):
    """Every offset once, in order; no text beyond the limit."""
    found: list[int] = []
    for first, last, count, runs in write_runs(sorted(offsets)):
        part = _read(runs)
        assert (part[0], part[-1], len(part)) == (first, last, count)
        assert len(runs) <= LONGEST
        found += part
    assert found == sorted(offsets)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_ranges_keep_holes(offsets):
    """A range without holes keeps no list."""
    found = OffsetRange("t", 0, 0, 0, 0)
    for offset in sorted(offsets):
        found.add(offset)
    assert (found.first, found.last, found.count) == (min(offsets), max(offsets), len(offsets))
    dense = max(offsets) - min(offsets) + 1 == len(offsets)
    assert found.offsets == (None if dense else sorted(offsets))
