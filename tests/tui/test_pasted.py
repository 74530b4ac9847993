"""What is made out in a text that someone pastes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_tui.model.pasted import question_in, trimmed

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UUID = "0198f3c2-7d1e-7c3a-b4a5-1f2e3d4c5b6a"


@pytest.mark.parametrize(
    ("pasted", "asked"),
    [
        ("ord-1", "ord-1"),
        ("  ord-1\n", "ord-1"),
        ('"ord-1",', "ord-1"),
        ("'`ord-1`'", "ord-1"),
        (f"traceparent: {PARENT}", PARENT),
        (f"Traceparent: {PARENT}\r\nHost: x", PARENT),
        (f"curl -H 'traceparent: {PARENT}' http://x/", PARENT),
        (f"trace_id={TRACE}", f"trace:{TRACE}"),
        (f'{{"trace_id": "{TRACE}", "level": "info"}}', f"trace:{TRACE}"),
        (f'{{"traceId":"{TRACE}","message.id":"m-7"}}', "id:m-7"),
        ("12:04:30 ERROR x-correlation-id: ord-42 payment refused", "flow:ord-42"),
        ("correlation_id=ord-42", "flow:ord-42"),
        ("2026-03-01T12:04:30Z WARN could not handle orders.created:3:1042, will retry", "orders.created:3:1042"),
        ("12:04:30 took 15:3:2", "12:04:30 took 15:3:2"),
        (f"handled {UUID} in 3 ms", UUID),
        (f"span of {TRACE.upper()} ended", TRACE.upper()),
        (UUID, UUID),
        ("orders:3:1042", "orders:3:1042"),
        ("key:orders/a b", "key:orders/a b"),
        ("flow:order 12 of x:1:2", "flow:order 12 of x:1:2"),
        ("two words", "two words"),
        ("", ""),
        (" \n ", ""),
        ("trace_id=none orders:1:2", "orders:1:2"),
    ],
)
def test_the_id_in_a_text(pasted: str, asked: str) -> None:
    """Quotes and blanks go, a header's and a log line's id is found; what holds none stays as it is."""
    assert question_in(pasted) == asked


@given(st.text(max_size=200))
def test_anything_may_be_pasted(text: str) -> None:
    """No text is too strange, and what was made of one is made of that again."""
    assert "\n" not in question_in(text)
    assert trimmed(trimmed(text)) == trimmed(text)
