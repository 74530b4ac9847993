"""OTLP's trace messages, as much of them as is read, described anew.

Not the official descriptors, for three reasons: strings are bytes here, so that one string that is not UTF-8 costs
itself and not the request; times are signed, so that one beyond 2262 is seen as negative; and for the columnar decoder
the nested values are bytes, so that it never recurses. Field numbers are opentelemetry-proto's (trace/v1, common/v1).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

_Field = descriptor_pb2.FieldDescriptorProto
_BYTES, _INT64, _INT32 = _Field.TYPE_BYTES, _Field.TYPE_INT64, _Field.TYPE_INT32
_UINT32, _FIXED32, _SFIXED64 = _Field.TYPE_UINT32, _Field.TYPE_FIXED32, _Field.TYPE_SFIXED64
_BOOL, _DOUBLE = _Field.TYPE_BOOL, _Field.TYPE_DOUBLE
_PACKAGE: Final = "flowtrail.otlp"

# message -> (number, name, type or message, repeated)
_MESSAGES: Final[dict[str, list[tuple[int, str, int | str, bool]]]] = {
    "KeyValue": [(1, "key", _BYTES, False), (2, "value", "AnyValue", False)],
    "Resource": [(1, "attributes", "KeyValue", True)],
    "Scope": [(1, "name", _BYTES, False)],
    "Event": [(2, "name", _BYTES, False), (3, "attributes", "KeyValue", True)],
    "Link": [(1, "trace_id", _BYTES, False), (2, "span_id", _BYTES, False), (4, "attributes", "KeyValue", True)],
    "Status": [(2, "message", _BYTES, False), (3, "code", _INT32, False)],
    "Span": [
        (1, "trace_id", _BYTES, False),
        (2, "span_id", _BYTES, False),
        (3, "trace_state", _BYTES, False),
        (4, "parent_span_id", _BYTES, False),
        (5, "name", _BYTES, False),
        (6, "kind", _INT32, False),
        (7, "start_ns", _SFIXED64, False),
        (8, "end_ns", _SFIXED64, False),
        (9, "attributes", "KeyValue", True),
        (10, "dropped_attributes", _UINT32, False),
        (11, "events", "Event", True),
        (13, "links", "Link", True),
        (14, "dropped_links", _UINT32, False),
        (15, "status", "Status", False),
        (16, "flags", _FIXED32, False),
    ],
    "ScopeSpans": [(1, "scope", "Scope", False), (2, "spans", "Span", True)],
    "ResourceSpans": [(1, "resource", "Resource", False), (2, "scope_spans", "ScopeSpans", True)],
    "Request": [(1, "resource_spans", "ResourceSpans", True)],
    "ArrayValue": [(1, "values", "AnyValue", True)],
    "KeyValueList": [(1, "values", "KeyValue", True)],
}
_ANY_VALUE: Final = [(1, "string", _BYTES), (2, "bool", _BOOL), (3, "int", _INT64), (4, "double", _DOUBLE)]


@cache
def _pool(*, nested: bool) -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="flowtrail/otlp.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind, repeated in fields:
            _add(message, number, field, kind, repeated=repeated)
    value = file.message_type.add(name="AnyValue")
    value.oneof_decl.add(name="value")
    array, kvlist = ("ArrayValue", "KeyValueList") if nested else (_BYTES, _BYTES)
    for number, field, kind in [*_ANY_VALUE, (5, "array", array), (6, "kvlist", kvlist), (7, "bytes", _BYTES)]:
        _add(value, number, field, kind).oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add(
    message: descriptor_pb2.DescriptorProto,
    number: int,
    name: str,
    kind: int | str,
    *,
    repeated: bool = False,
) -> descriptor_pb2.FieldDescriptorProto:
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if isinstance(kind, str):
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = kind
    return field


def flat_request() -> Descriptor:
    """Return the descriptor of a request in which arrays and key-value lists are left as bytes."""
    return _pool(nested=False).FindMessageTypeByName(f"{_PACKAGE}.Request")


@cache
def message(name: str) -> type[Message]:
    """Return the class of a message (`Request`, `ArrayValue` ...) whose values are decoded through and through."""
    found: Any = _pool(nested=True).FindMessageTypeByName(f"{_PACKAGE}.{name}")
    return message_factory.GetMessageClass(found)
