"""`flowtrail demo`: a small event-driven system with faults, its collector, and the screens or reports on both.

`run` is the whole of it. The system is the one in `examples/food_delivery`, run as real processes; `stage` sets it up
and takes it down, `drain` waits until it has come to rest, `comparison` holds what was found against what was injected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEFAULT_SECONDS", "Options", "run"]

DEFAULT_SECONDS = 20.0
"""How long a headless demo places orders, unless told."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    bootstrap_servers: str | None = None
    """A broker to use; None: the embedded one."""
    headless: bool = False
    seconds: float | None = None
    """How long orders are placed; None: DEFAULT_SECONDS without a terminal, with one until it is closed."""
    rate: float = 5.0
    """Orders a second."""
    seed: int = 1
    out: Path | None = None
    """Where the store, the reports and demo.json go; None: nowhere, a temporary directory is used and removed."""


def run(options: Options) -> int:
    """Run the demo; return the exit code. Raises FlowtrailError for what a user can set right."""
    from flowtrail_tui.demo import performance

    return performance.headless(options) if options.headless else performance.on_screen(options)
