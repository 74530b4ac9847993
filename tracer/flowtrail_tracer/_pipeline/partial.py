"""The receiver's partial success: how many spans of a request it refused."""

from flowtrail_tracer._pipeline.wire import fields


def rejected_spans(content: bytes) -> int:
    """Return `partial_success.rejected_spans` of an ExportTraceServiceResponse; 0 for anything unreadable."""
    for number, value in fields(content):
        if number == 1 and isinstance(value, bytes):
            return next((count for inner, count in fields(value) if inner == 1 and isinstance(count, int)), 0)
    return 0
