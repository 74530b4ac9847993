"""What can not be stored is left out and counted; the rest of its request is stored.

OTLP: ids of 16 and 8 bytes that are not all zero (trace/v1, Span); a span ends no earlier than it starts. Times are
64-bit and signed in the store, so they end in the year 2262.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.normalise.attributes import MAX_ENTRIES
from flowtrail_collector.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flowtrail_collector.normalise.attributes import Attributes

    Mask = NDArray[np.bool_]

TRACE_ID: Final = 16
SPAN_ID: Final = 8
_ZERO: Final = {width: pa.scalar(bytes(width), pa.binary()) for width in (TRACE_ID, SPAN_ID)}
_NO_ID: Final = pa.scalar(None, pa.binary())


@dataclass(slots=True)
class Problems:
    """What was wrong with the spans of one request: reason -> how many."""

    rejected: dict[str, int] = field(default_factory=dict)
    noticed: dict[tuple[str, str], int] = field(default_factory=dict)
    """Stored nevertheless: what it was of, and what was wrong with it -> how many."""

    @property
    def count(self) -> int:
        """Return how many spans were rejected."""
        return sum(self.rejected.values())

    def message(self) -> str:
        """Return what the sender is told; empty where all was well."""
        told = [f"{counted(count, 'span')} rejected: {reason}" for reason, count in self.rejected.items()]
        return "; ".join([*told, *self.notices()])

    def notices(self) -> tuple[str, ...]:
        """Return what was wrong with what was stored nevertheless."""
        return tuple(f"{counted(count, what)} {reason}" for (what, reason), count in self.noticed.items())


def check(spans: pa.StructArray, request_of: NDArray[np.intp], requests: int) -> tuple[Mask, list[Problems]]:
    """Return which spans can be stored, and the problems of each request."""
    start, end = spans.field("start_ns").to_numpy(), spans.field("end_ns").to_numpy()
    reasons = (
        (f"trace id is not {TRACE_ID} bytes, or all zero", ~_is_id(spans.field("trace_id"), TRACE_ID)),
        (f"span id is not {SPAN_ID} bytes, or all zero", ~_is_id(spans.field("span_id"), SPAN_ID)),
        ("time beyond the year 2262", (start < 0) | (end < 0)),
        ("end before start", end < start),
    )
    valid = np.ones(len(spans), bool)
    problems = [Problems() for _ in range(requests)]
    for reason, wrong in reasons:
        for request, count in _per_request(request_of[valid & wrong]):
            problems[request].rejected[reason] = count
        valid &= ~wrong
    return valid, problems


def count_attributes(
    problems: list[Problems],
    request_of: NDArray[np.intp],
    excess: NDArray[np.int64],
    attributes: Attributes,
) -> None:
    """Note attributes that were left out, and strings that were not UTF-8, with their requests."""
    if excess.any():
        sums = np.bincount(request_of, weights=excess, minlength=len(problems)).astype(int)
        for request in np.flatnonzero(sums).tolist():
            what = ("attribute", f"beyond {MAX_ENTRIES} of a span: left out")
            problems[request].noticed[what] = int(sums[request])
    if len(attributes.replaced):
        for request, count in _per_request(request_of[attributes.owners[attributes.replaced]]):
            problems[request].noticed["string", "not in UTF-8: bytes replaced"] = count


def links(lists: pa.ListArray) -> tuple[pa.ListArray, NDArray[np.int64]]:
    """Return the links that have whole ids, and how many of each span were left out."""
    inner = lists.values
    valid = _is_id(inner.field("trace_id"), TRACE_ID) & _is_id(inner.field("span_id"), SPAN_ID)
    offsets = lists.offsets.to_numpy()
    if valid.all():
        return lists, np.zeros(len(lists), np.int64)
    before = np.concatenate([[0], np.cumsum(valid)])
    kept = before[offsets].astype(np.int32)
    lost = np.diff(offsets) - np.diff(kept)
    return pa.ListArray.from_arrays(pa.array(kept), inner.filter(pa.array(valid))), lost.astype(np.int64)


def parents(ids: pa.BinaryArray) -> pa.BinaryArray:
    """Return parent ids, null where there is none or it is not one."""
    return pc.if_else(pa.array(_is_id(ids, SPAN_ID)), ids, _NO_ID)


def _is_id(ids: pa.BinaryArray, width: int) -> Mask:
    """Return which of some ids have `width` bytes and are not all zero."""
    right: Mask = pc.binary_length(ids).to_numpy() == width
    return right & pc.not_equal(ids, _ZERO[width]).to_numpy(zero_copy_only=False)


def _per_request(requests: NDArray[np.intp]) -> list[tuple[int, int]]:
    counts = np.bincount(requests)
    return [(int(request), int(counts[request])) for request in np.flatnonzero(counts)]
