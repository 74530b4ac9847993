"""What a view offers to be written to a file: its rows exactly as they are filtered, and the document behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Export:
    """A view's content: as a table, as its document, and in the forms that only this view has."""

    name: str
    """What it is called, and how its file's name begins."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    document: dict[str, Any]
    forms: Mapping[str, str] = field(default_factory=dict)
    """Further forms, by the ending of their file: `mmd` for Mermaid, `svg`. `View.forms` names them beforehand."""
    note: str = ""
    """What was left out, and why; it is said with the file's name."""


Exporting = Callable[[], Export]
"""Collects it, in a thread: a view shows pages, what is written is the whole."""
