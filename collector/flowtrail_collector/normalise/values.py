"""Single values: text from bytes, numbers from text, JSON from what is neither."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from flowtrail_collector.receive import messages

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TEXT = 16_384
"""Bytes kept of one value; what is longer is cut, and ends in `…`."""
_CUT = "…"
_MAX_DIGITS = 20
_NOT_OF_THE_TYPE = frozenset({"charset", "boundary"})


def as_text(raw: pa.Array) -> tuple[pa.StringArray, NDArray[np.intp]]:
    """Return bytes as text: cut at MAX_TEXT, what is not UTF-8 replaced. Second, the places where it was replaced."""
    if len(raw) and raw.null_count < len(raw):
        longest = pc.max(pc.binary_length(raw)).as_py() or 0
        if longest > MAX_TEXT:
            raw = _cut(raw)
    try:
        return raw.cast(pa.string()), np.empty(0, np.intp)
    except pa.ArrowInvalid:
        return _replaced(raw)


def _cut(raw: pa.Array) -> pa.Array:
    long = np.flatnonzero((pc.binary_length(raw).fill_null(0)).to_numpy(zero_copy_only=False) > MAX_TEXT)
    cut = [
        (value[:MAX_TEXT].decode("utf-8", "ignore") + _CUT).encode() for value in raw.take(pa.array(long)).to_pylist()
    ]
    mask = np.zeros(len(raw), bool)
    mask[long] = True
    return pc.replace_with_mask(raw, pa.array(mask), pa.array(cut, raw.type))


def _replaced(raw: pa.Array) -> tuple[pa.StringArray, NDArray[np.intp]]:
    texts: list[str | None] = []
    places = []
    for place, value in enumerate(raw.to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            texts.append(value.decode("utf-8", "replace"))
            places.append(place)
    return pa.array(texts, pa.string()), np.array(places, np.intp)


def integer(text: str) -> int | None:
    """Return the number that a text of digits is; None for anything else and beyond 64 bits."""
    if len(text) > _MAX_DIGITS or not text.removeprefix("-").isdecimal() or not text.isascii():
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def media_type(text: str) -> str | None:
    """Return a content type in the one way in which it is compared; None for no text.

    In lower case, without quotes around it (Spring writes JSON), with its parameters in order; without the charset and
    the boundary of parts, which are no other type.
    """
    kind, *parameters = (part.strip() for part in text.strip().strip('"').lower().split(";"))
    told = sorted(part for part in parameters if part and part.partition("=")[0].strip() not in _NOT_OF_THE_TYPE)
    return ";".join([kind, *told]) if kind else None


def nested(kind: str, encoded: bytes) -> Any:
    """Return an array or key-value list, given as OTLP bytes, as a list or dict."""
    of = messages.message("ArrayValue" if kind == "array" else "KeyValueList").FromString(encoded)
    return _python(of, kind)


def _python(value: Any, kind: str) -> Any:
    # As deep as protobuf let it be: 45.
    if kind == "array":
        return [_any(inner) for inner in value.values]
    return {entry.key.decode("utf-8", "replace"): _any(entry.value) for entry in value.values}


def _any(value: Any) -> Any:
    case = value.WhichOneof("value")
    if case is None:
        return None
    inner = getattr(value, case)
    if case == "string":
        return inner.decode("utf-8", "replace")
    if case == "bytes":
        return base64.b64encode(inner).decode()
    return _python(inner, case) if case in ("array", "kvlist") else inner


def json_text(kind: str, value: Any) -> str | None:
    """Return a double, bytes, an array or a key-value list as JSON text; what JSON has no number for by its name."""
    if value is None:
        return None
    if kind == "double":
        return orjson.dumps(value).decode() if math.isfinite(value) else str(value)
    if kind == "bytes":
        return orjson.dumps(base64.b64encode(value).decode()).decode()
    text = orjson.dumps(nested(kind, value)).decode()
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + _CUT
