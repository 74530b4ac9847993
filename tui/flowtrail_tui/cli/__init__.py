"""The command line: `flowtrail COMMAND`. stdout is data, stderr is narration.

What is imported here is there before Ctrl-C can be taken well: so next to nothing is. The program stands in `program`.
"""

from __future__ import annotations

INTERRUPTED = 130  # `Exit.INTERRUPTED`, without importing enum


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; Ctrl-C ends it quietly, also while its parts are imported."""
    try:
        from flowtrail_tui.cli.program import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
