"""Sampling: which share of spans like this one its sampler keeps, as the tracestate tells.

OpenTelemetry's entry is `ot=th:<threshold>` (up to 14 hexadecimal digits of 56 bits: of so many random numbers all
below the threshold are dropped; `th:0` keeps all), before that `ot=p:<n>` (one in 2 to the power of n; 63: none). The
random bit of the trace flags and `rv` or `r` tell what the dice were, not how they fell.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_ENTRY: Final = b"ot="
_TOLD: Final = r"(?:^|,)[ \t]*ot=(?:[^,]*;)?{name}:(?P<value>{digits})(?:[;, \t]|$)"
_THRESHOLD: Final = _TOLD.format(name="th", digits="[0-9a-f]{1,14}")
_POWER: Final = _TOLD.format(name="p", digits="[0-9]{1,2}")
_ALL: Final = 1 << 56
_NONE: Final = 63
"""The power by which the older entry says that nothing is kept."""


def shares(tracestates: pa.BinaryArray) -> pa.DoubleArray | None:
    """Return the share that is kept of spans like each, null where nobody tells; None where nobody tells of any."""
    if not len(tracestates) or not pc.max(pc.binary_length(tracestates)).as_py():
        return None
    if not pc.any(pc.match_substring(tracestates, _ENTRY)).as_py():
        return None
    encoded = tracestates.dictionary_encode()  # most spans of a request share theirs
    told = [_of_threshold(digits) for digits in _values(encoded.dictionary, _THRESHOLD)]
    if None in told:
        powers = [_of_power(digits) for digits in _values(encoded.dictionary, _POWER)]
        told = [power if share is None else share for share, power in zip(told, powers, strict=True)]
    return pa.array(told, pa.float64()).take(encoded.indices)


def _values(tracestates: pa.BinaryArray, pattern: str) -> list[bytes | None]:
    found: list[bytes | None] = pc.struct_field(pc.extract_regex(tracestates, pattern=pattern), "value").to_pylist()
    return found


@lru_cache(1000)
def _of_threshold(digits: bytes | None) -> float | None:
    if digits is None:
        return None
    kept = (_ALL - int(digits.ljust(14, b"0"), 16)) / _ALL
    return kept or None


@lru_cache(100)
def _of_power(digits: bytes | None) -> float | None:
    return None if digits is None or int(digits) >= _NONE else 2.0 ** -int(digits)
