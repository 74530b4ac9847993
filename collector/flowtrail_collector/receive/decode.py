"""OTLP protobuf bytes to columns.

Two decoders, each for what it is good at. protobuf's own (upb, C) reads a request first and throws the result away: it
has been attacked for years, it bounds nesting, and it costs 1 us a span. What it accepts goes to ptars (Rust), which
makes Arrow columns for 3.5 us a span, where a walk over upb's objects in Python takes 8 to 12. ptars alone would not
do: it ends the process on 200,000 nested groups and panics on lengths beyond 2^63; neither gets past the first.
"""

from __future__ import annotations

from functools import cache

import ptars
import pyarrow as pa
from google.protobuf.message import DecodeError

from flowtrail_collector.errors import FlowtrailError
from flowtrail_collector.receive import messages


class NotOtlp(FlowtrailError):  # noqa: N818 as the tree in errors
    """A body that is not the OTLP it says it is; the sender is not to try again."""


@cache
def _handler() -> ptars.HandlerPool:
    return ptars.HandlerPool([messages.flat_request().file])


def decode(body: bytes) -> pa.ListArray:
    """Return the resource spans of one ExportTraceServiceRequest: a list array of length 1. Raises NotOtlp.

    Types as in `messages`; strings are binary and not checked, times negative where beyond 2262.
    """
    try:
        messages.message("Request").FromString(body)
    except DecodeError as error:
        raise NotOtlp(
            f"the body ({len(body)} bytes) is not an OTLP ExportTraceServiceRequest in protobuf, or its values are "
            f"nested more than 45 deep: {error}",
        ) from None
    batch = _handler().get_for_message(messages.flat_request()).list_to_record_batch([body])
    column = batch.column(0)
    assert isinstance(column, pa.ListArray)  # noqa: S101 the descriptor says so
    return column


def empty() -> pa.ListArray:
    """Return the columns of a request without spans."""
    return decode(b"")
