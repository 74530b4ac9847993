"""How counts are said to people: `1 span`, `2,000 spans`."""

from __future__ import annotations


def counted(amount: int, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun in the right number; thousands apart."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"
