"""Broker addresses as instrumentations write them: `host:port`, URLs, lists, JSON of one string or of a list."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import orjson

from flowtrail_collector.normalise.values import integer

_MAX_PORT = 65_535


@lru_cache(10_000)
def parse(text: str) -> tuple[str | None, int | None]:
    """Return the first host named, and its port; None where none is."""
    first = _first(text.strip())
    if not first:
        return None, None
    if first.count(":") > 1 and "://" not in first and not first.startswith("["):
        return first, None  # a bare IPv6 address
    try:
        parts = urlsplit(first if "://" in first else f"//{first}")
        host = parts.hostname
    except ValueError:
        return text, None
    if not host:
        return text, None
    _, _, port = parts.netloc.rpartition(":")
    number = integer(port)
    known = number is not None and 0 < number <= _MAX_PORT and parts.netloc != host
    # Case as it was sent: urlsplit lowers it.
    start = parts.netloc.lower().find(host)
    return parts.netloc[start : start + len(host)], number if known else None


def _first(text: str) -> str:
    if text[:1] in ('"', "[") and text[-1:] in ('"', "]"):
        try:
            told = orjson.loads(text)
        except orjson.JSONDecodeError:
            told = text
        if isinstance(told, list):
            told = told[0] if told else ""
        text = told if isinstance(told, str) else str(told)
    return text.split(",")[0].strip()
