"""From decoded requests to the rows that the store takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.normalise import headers, sampling, validate, values
from flowtrail_collector.normalise.attributes import Attributes
from flowtrail_collector.normalise.draft import Draft
from flowtrail_collector.normalise.oddities import ERROR, ODDITIES, Fields
from flowtrail_collector.normalise.resources import Resources
from flowtrail_collector.normalise.vocabulary import LINK_COLUMNS, LINK_RULES, SPAN_RULES
from flowtrail_collector.store.batch import SpanBatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flowtrail_collector.normalise.validate import Problems

_KINDS: Final = 5
_STATUSES: Final = 2
_INT32: Final = 2**31 - 1
_EMPTY: Final = pa.scalar("")
_NULL: Final = pa.scalar(None, pa.string())


@dataclass(frozen=True, slots=True)
class Normalised:
    """Rows for the store, and for each request how many of them are its own and what was wrong with it."""

    batch: SpanBatch
    rows: list[int]
    problems: list[Problems]


def normalise(requests: pa.ListArray) -> Normalised:
    """Return the rows of decoded requests (see `receive.decode`), in the order in which the spans were sent.

    Spans that can not be stored (see `validate`) are left out and counted with their request.
    """
    of_resource, scopes = requests.values.field("resource"), requests.values.field("scope_spans")
    spans = scopes.values.field("spans")
    scope_of = _owners(spans)
    resource_of_scope = _owners(scopes)
    request_of = _owners(requests)[resource_of_scope[scope_of]]
    valid, problems = validate.check(spans.values, request_of, len(requests))
    rows = spans.values
    if not valid.all():
        kept = np.flatnonzero(valid)
        rows, scope_of, request_of = rows.take(pa.array(kept)), scope_of[kept], request_of[kept]
    counts = np.bincount(request_of, minlength=len(requests)).tolist()
    resources = Resources(of_resource)
    columns, links = _columns(rows, scope_of, scopes.values.field("scope"), problems, request_of)
    columns |= resources.columns(resource_of_scope[scope_of])
    batch = SpanBatch(pa.table(columns), links, resources.table())
    return Normalised(batch, counts, problems)


def _columns(
    rows: pa.StructArray,
    scope_of: NDArray[np.intp],
    scopes: pa.StructArray,
    problems: list[Problems],
    request_of: NDArray[np.intp],
) -> tuple[dict[str, pa.Array], pa.Table]:
    """Return the canonical columns of spans, and the table of their links."""
    scope_names = values.as_text(scopes.field("name"))[0]
    names, _ = values.as_text(rows.field("name"))
    status = rows.field("status")
    codes = status.field("code").fill_null(0).to_numpy()
    fields = Fields(
        names,
        rows.field("kind").to_numpy(),
        codes == ERROR,
        scope_names.to_pylist(),
        scope_of,
        rows.field("events"),
    )
    attributes = Attributes(rows.field("attributes"))
    draft = Draft(attributes, SPAN_RULES)
    for oddity in ODDITIES:
        oddity(draft, fields)
    link_lists, lost = validate.links(rows.field("links"))
    links = Draft(Attributes(link_lists.values.field("attributes")), LINK_RULES)
    headers.apply(draft, links, link_lists.offsets.to_numpy())
    rest, excess = attributes.rest(draft.said())
    validate.count_attributes(problems, request_of, excess, attributes)
    columns: dict[str, pa.Array] = {
        "trace_id": rows.field("trace_id"),
        "span_id": rows.field("span_id"),
        "parent_span_id": validate.parents(rows.field("parent_span_id")),
        "start_ns": rows.field("start_ns"),
        "end_ns": rows.field("end_ns"),
        "name": names,
        "kind": _enum(fields.kinds, _KINDS),
        "status": _enum(codes, _STATUSES),
        "status_message": _said(values.as_text(status.field("message"))[0]),
        "trace_flags": pa.array((rows.field("flags").to_numpy() & 0xFF).astype(np.int16)),
        "dropped_links": _counted(rows.field("dropped_links").to_numpy().astype(np.int64) + lost),
        "dropped_attributes": _counted(rows.field("dropped_attributes").to_numpy().astype(np.int64) + excess),
        "scope": _said(scope_names).take(pa.array(scope_of)),
        **draft.columns,
    }
    shares = sampling.shares(rows.field("trace_state"))
    if shares is not None:
        columns["sampling"] = shares
    if rest is not None:
        columns["attributes"] = rest
    columns = {name: column for name, column in columns.items() if column.null_count < len(column) or not len(column)}
    return columns, _link_table(link_lists, links, draft)


def _link_table(lists: pa.ListArray, links: Draft, draft: Draft) -> pa.Table:
    """Return the links: their own attributes, and the span's destination and partition where they name none."""
    owners = _owners(lists)
    for column in ("destination", "partition"):
        told = draft.columns.get(column)
        links.fill(column, None if told is None else told.take(pa.array(owners)))
    begins = lists.offsets.to_numpy()
    rest, _ = links.attributes.rest(links.said())
    table: dict[str, Any] = {
        "row": pa.array(owners.astype(np.int32)),
        "place": pa.array((np.arange(len(owners)) - begins[:-1][owners]).astype(np.int32)),
        "linked_trace_id": lists.values.field("trace_id"),
        "linked_span_id": lists.values.field("span_id"),
        **{name: links.columns[name] for name in LINK_COLUMNS if name in links.columns},
    }
    if rest is not None:
        table["attributes"] = rest
    return pa.table(table)


def _owners(lists: pa.ListArray) -> NDArray[np.intp]:
    """Return for each inner value the place of the list that holds it."""
    return np.repeat(np.arange(len(lists)), np.diff(lists.offsets.to_numpy()))


def _enum(codes: NDArray[np.int32], last: int) -> pa.Array:
    known = (codes >= 0) & (codes <= last)
    return pa.array(np.where(known, codes, 0).astype(np.int8), mask=~known)


def _counted(counts: NDArray[np.int64]) -> pa.Array:
    return pa.array(np.minimum(counts, _INT32).astype(np.int32), mask=counts == 0)


def _said(texts: pa.StringArray) -> pa.StringArray:
    """Return text in which nothing is null rather than empty: protobuf does not tell them apart."""
    return pc.if_else(pc.equal(texts, _EMPTY), _NULL, texts)
