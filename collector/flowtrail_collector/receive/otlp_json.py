"""OTLP/JSON to OTLP/protobuf: then everything else is the same for both.

The JSON mapping is protobuf's, except that ids are hex and enums are integers (OTLP specification, JSON Protobuf
Encoding). Unknown fields are ignored; a field of a wrong type is an error that names its path.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from flowtrail_collector.receive import messages
from flowtrail_collector.receive.decode import NotOtlp

if TYPE_CHECKING:
    from collections.abc import Callable

    Setter = Callable[[Any, Any, str], None]

_MAX_DEPTH: Final = 45
_BEYOND: Final = -1  # a time that the store can not hold; validation counts it
_LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|"
    rb"(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})",
)
_UINT32: Final = 2**32 - 1


def to_protobuf(body: bytes) -> bytes:
    """Return the ExportTraceServiceRequest (or TracesData) that a JSON body is, in protobuf. Raises NotOtlp."""
    document = _loads(body)
    request: Any = messages.message("Request")()
    for place, item in _items(_object(document, "the body"), "resourceSpans", "resource_spans", ""):
        path = f"resourceSpans[{place}]"
        inner = request.resource_spans.add()
        _fill(inner, _object(item, path), path, _RESOURCE_SPANS)
    return bytes(request.SerializeToString())


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        first = error
    # Lone surrogates and bytes that are not UTF-8 cost themselves only.
    mended = _LONE_SURROGATE.sub(rb"\1\\ufffd", body.decode("utf-8", "replace").encode())
    try:
        return orjson.loads(mended)
    except orjson.JSONDecodeError:
        raise NotOtlp(f"the body is not JSON: {first}") from None


def _fill(message: Any, document: dict[str, Any], path: str, fields: dict[str, Setter]) -> None:
    for name, value in document.items():
        setter = fields.get(name)
        if setter is not None and value is not None:
            setter(message, value, f"{path}.{name}")


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    return value


def _items(document: dict[str, Any], name: str, other: str, path: str) -> enumerate[Any]:
    value = document.get(name, document.get(other))
    if value is None:
        return enumerate(())
    if not isinstance(value, list):
        raise _wrong(f"{path}{name}", "an array", value)
    return enumerate(value)


def _wrong(path: str, expected: str, value: Any) -> NotOtlp:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return NotOtlp(f"{path} must be {expected}, not {kinds.get(type(value), 'a number')}")


def _text(field: str) -> Setter:
    def put(message: Any, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong(path, "a string", value)
        setattr(message, field, value.encode())

    return put


def _hex(field: str) -> Setter:
    def put(message: Any, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong(path, "an id in hex", value)
        try:
            setattr(message, field, binascii.unhexlify(value.encode()))
        except binascii.Error:
            # Not hex, so no id: validation counts the span. It must not pass for an id by accident of its length.
            setattr(message, field, b"?")

    return put


def _whole(field: str, low: int, high: int, beyond: int | None = None) -> Setter:
    """Read an integer, given as a number or a string of digits."""

    def put(message: Any, value: Any, path: str) -> None:
        number = _number(value, path)
        if not low <= number <= high:
            if beyond is None:
                raise NotOtlp(f"{path} must be from {low} to {high}, not {number}")
            number = beyond
        setattr(message, field, number)

    return put


def _number(value: Any, path: str) -> int:
    if isinstance(value, bool):
        raise _wrong(path, "an integer", value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value):
        value = int(value)
    if not isinstance(value, int):
        raise _wrong(path, "an integer, as a number or a string of digits", value)
    return value


def _one(field: str, fields: dict[str, Setter]) -> Setter:
    def put(message: Any, value: Any, path: str) -> None:
        inner = getattr(message, field)
        inner.SetInParent()
        _fill(inner, _object(value, path), path, fields)

    return put


def _many(field: str, fields: dict[str, Setter]) -> Setter:
    def put(message: Any, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _wrong(path, "an array", value)
        into = getattr(message, field)
        for place, item in enumerate(value):
            here = f"{path}[{place}]"
            _fill(into.add(), _object(item, here), here, fields)

    return put


def _attributes(message: Any, value: Any, path: str) -> None:
    _entries(message.attributes, value, path, 0)


def _entries(into: Any, value: Any, path: str, depth: int) -> None:
    if not isinstance(value, list):
        raise _wrong(path, "an array", value)
    for place, item in enumerate(value):
        here = f"{path}[{place}]"
        entry = into.add()
        document = _object(item, here)
        key = document.get("key", "")
        if not isinstance(key, str):
            raise _wrong(f"{here}.key", "a string", key)
        entry.key = key.encode()
        told = document.get("value")
        if told is not None:
            _value(entry.value, _object(told, f"{here}.value"), f"{here}.value", depth)


def _value(into: Any, document: dict[str, Any], path: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise NotOtlp(f"{path[:200]}... is nested more than {_MAX_DEPTH} deep")
    into.SetInParent()
    for name, value in document.items():
        if value is None:
            continue
        here = f"{path}.{name}"
        if name in _SCALARS:
            _SCALARS[name](into, value, here)
        elif name == "arrayValue":
            into.array.SetInParent()
            for place, item in _items(_object(value, here), "values", "values", f"{here}."):
                inner = f"{here}.values[{place}]"
                _value(into.array.values.add(), _object(item, inner), inner, depth + 1)
        elif name == "kvlistValue":
            into.kvlist.SetInParent()
            _entries(into.kvlist.values, _object(value, here).get("values", []), f"{here}.values", depth + 1)


def _boolean(message: Any, value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise _wrong(path, "a boolean", value)
    message.bool = value


def _double(message: Any, value: Any, path: str) -> None:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(path, "a number", value)
    message.double = float(value)


def _bytes(message: Any, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise _wrong(path, "bytes in base64", value)
    try:
        message.bytes = base64.b64decode(
            value + "=" * (-len(value) % 4), altchars=b"-_" if set(value) & {"-", "_"} else None
        )
    except (binascii.Error, ValueError):
        raise NotOtlp(f"{path} must be bytes in base64") from None


_INT64 = (-(2**63), 2**63 - 1)
_SCALARS: Final[dict[str, Setter]] = {
    "stringValue": _text("string"),
    "boolValue": _boolean,
    "intValue": _whole("int", *_INT64),
    "doubleValue": _double,
    "bytesValue": _bytes,
}
_TIME = (0, 2**63 - 1, _BEYOND)
_EVENT: Final[dict[str, Setter]] = {"name": _text("name"), "attributes": _attributes}
_LINK: Final[dict[str, Setter]] = {
    "traceId": _hex("trace_id"),
    "spanId": _hex("span_id"),
    "attributes": _attributes,
}
_STATUS: Final[dict[str, Setter]] = {"message": _text("message"), "code": _whole("code", -(2**31), 2**31 - 1)}
_SPAN: Final[dict[str, Setter]] = {
    "traceId": _hex("trace_id"),
    "spanId": _hex("span_id"),
    "parentSpanId": _hex("parent_span_id"),
    "traceState": _text("trace_state"),
    "name": _text("name"),
    "kind": _whole("kind", -(2**31), 2**31 - 1),
    "startTimeUnixNano": _whole("start_ns", *_TIME),
    "endTimeUnixNano": _whole("end_ns", *_TIME),
    "attributes": _attributes,
    "droppedAttributesCount": _whole("dropped_attributes", 0, _UINT32),
    "events": _many("events", _EVENT),
    "links": _many("links", _LINK),
    "droppedLinksCount": _whole("dropped_links", 0, _UINT32),
    "status": _one("status", _STATUS),
    "flags": _whole("flags", 0, _UINT32),
}
_SCOPE_SPANS: Final[dict[str, Setter]] = {
    "scope": _one("scope", {"name": _text("name")}),
    "spans": _many("spans", _SPAN),
}
_RESOURCE_SPANS: Final[dict[str, Setter]] = {
    "resource": _one("resource", {"attributes": _attributes}),
    "scopeSpans": _many("scope_spans", _SCOPE_SPANS),
}
