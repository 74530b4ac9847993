"""Everything that is stored of the spans that a claim rests on."""

from collections.abc import Callable
from typing import Any

import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_collector.questions import spans as asked
from flowtrail_collector.references import MOST_NAMED
from flowtrail_collector.source import StoreSource
from tests.questions.conftest import Asker
from tests.questions.history import History


def spans(asker: Asker, *refs: str, traces: tuple[str, ...] = ()) -> dict[str, Any]:
    source = StoreSource(asker.path)
    try:
        return source.spans(refs, traces=traces)
    finally:
        source.close()


def a_history() -> History:
    """Two orders are sent; payment handles the first, as a span of the send's trace."""
    history = History()
    orders = history.service("orders")
    first = orders.send("orders", 0, 0, key="42")
    orders.send("orders", 1, 0, key="43")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, at=0)
    payment.receive("orders", 0, 0)
    payment.process(first)
    return history


def test_the_evidence_of_an_answer_is_told_whole(told: Callable[..., Asker]) -> None:
    """Each reference that an answer gives leads to its span: who, when, what, where, and the resource it came from."""
    asker = told(a_history())
    event = asker.event("orders:0:0")
    (sent,) = spans(asker, *event["published"]["evidence"])["rows"]
    assert f"{sent['trace_id']}/{sent['span_id']}" == event["published"]["evidence"][0]
    assert (sent["service"], sent["operation"], sent["destination"]) == ("orders", "send", "orders")
    assert (sent["partition"], sent["offset"], sent["message_id"]) == (0, 0, event["message_id"])
    assert sent["started_at"] < sent["ended_at"]
    assert sent["resource"]["service.name"] == "orders"
    assert "consumer_group" not in sent  # a column that says nothing is left out


def test_spans_come_in_the_order_of_time(told: Callable[..., Asker]) -> None:
    """However the references are sorted, and however often one is named."""
    history = a_history()
    refs = [f"{span.trace_id}/{span.span_id}" for span in history.spans]
    rows = spans(told(history), *reversed(refs), *refs)["rows"]
    assert [f"{row['trace_id']}/{row['span_id']}" for row in rows] == refs


def test_a_span_of_another_trace_or_none_is_missing(told: Callable[..., Asker]) -> None:
    """What is no longer stored is named, and nothing stands in for it."""
    history = a_history()
    one, other = history.spans[0], history.spans[1]
    assert one.trace_id != other.trace_id
    crossed = f"{one.trace_id}/{other.span_id}"
    document = spans(told(history), f"{one.trace_id}/{one.span_id}", crossed)
    assert [row["span_id"] for row in document["rows"]] == [one.span_id]
    assert document["missing"] == [crossed]


def test_a_trace_brings_all_its_spans(told: Callable[..., Asker]) -> None:
    """Asked by trace, every span of it is told, and none of another."""
    history = a_history()
    trace = history.spans[0].trace_id
    rows = spans(told(history), traces=(trace,))["rows"]
    assert {row["span_id"] for row in rows} == {span.span_id for span in history.spans if span.trace_id == trace}


def test_links_stand_with_their_span(told: Callable[..., Asker]) -> None:
    """A link names the span that it leads to."""
    history = a_history()
    cause, effect = history.spans[0], history.spans[1]
    effect.links.append({"traceId": cause.trace_id, "spanId": cause.span_id})
    (row,) = spans(told(history), f"{effect.trace_id}/{effect.span_id}")["rows"]
    assert [(link["trace_id"], link["span_id"]) for link in row["links"]] == [(cause.trace_id, cause.span_id)]


def test_too_many_references_are_cut_and_counted(told: Callable[..., Asker]) -> None:
    """A question names at most some hundred; how many were left out is said."""
    document = spans(told(a_history()), *(f"{number:032x}/{number:016x}" for number in range(MOST_NAMED + 7)))
    assert len(document["missing"]) == MOST_NAMED
    assert document["left_out"] == {"refs": 7, "traces": 0, "spans": 0}


def test_too_many_spans_are_cut_and_counted(told: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large trace the earliest spans are told; what was found and is not told is not called missing."""
    monkeypatch.setattr(asked, "MOST_ROWS", 2)
    history = a_history()
    refs = [f"{span.trace_id}/{span.span_id}" for span in history.spans]
    document = spans(told(history), *refs)
    assert len(document["rows"]) == 2
    assert (document["missing"], document["left_out"]["spans"]) == ([], len(refs) - 2)


@pytest.mark.parametrize("wrong", ["", "abc", "0" * 32, f"{'0' * 32}/{'g' * 16}", f"{'0' * 32}/{'0' * 16}/"])
def test_what_is_no_reference_is_refused(told: Callable[..., Asker], wrong: str) -> None:
    """The message says what was expected."""
    with pytest.raises(UsageError, match="<trace id>/<span id>"):
        spans(told(a_history()), wrong)
