"""The demo's own collector: `flowtrail collect` with the arguments given, as a process of the demo."""

from __future__ import annotations

import sys

from flowtrail_tui.cli import main

if __name__ == "__main__":
    sys.exit(main(["collect", *sys.argv[1:]]))
