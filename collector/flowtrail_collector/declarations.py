"""What the user declares of a system: who reads what, which destinations hold retries, what comes after what, limits.

Declarations come from `flowtrail.toml` (`configuration`) or from a command line, stand in a store's `declaration_rows`,
and are read by the relation `declared`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Declaration:
    """One thing declared, in the columns of `declaration_rows`; what its kind does not speak of is None."""

    kind: Literal["group", "retry", "dead-letter", "cause", "limit"]
    destination: str | None = None
    """group: what it must read."""
    consumer_group: str | None = None
    pattern: str | None = None
    """retry, dead-letter: a regular expression for whole names of destinations."""
    effect_type: str | None = None
    """cause: this type of event comes after ..."""
    cause_type: str | None = None
    """... that one, where both have the same ..."""
    joined_by: Literal["key", "flow"] | None = None
    name: str | None = None
    """limit: storm, loop or content-window."""
    amount: int | None = None
    """limit: how much; content-window in milliseconds."""


Declarations = tuple[Declaration, ...]


def group(destination: str, name: str) -> Declaration:
    """Declare that a group must read a destination."""
    return Declaration("group", destination=destination, consumer_group=name)
