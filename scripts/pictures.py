"""Draw the pictures of the terminal interface for README and guide from seeded data: `docs/pictures/*.svg`.

The same screens stand as snapshots in the tests; here they are written where the documents show them. Run it after a
change of the screens: `uv run python scripts/pictures.py`; `--check` only tells whether the files are up to date.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tui.pictures import PICTURES  # noqa: E402 (found only with the root on the path)
from tests.tui.pilot import Driven  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
DRAWN = {
    "flows": "flows-paused",
    "flow": "flow",
    "flow-sequence": "flow-sequence",
    "evidence": "evidence",
    "ask": "ask",
    "lag": "lag",
    "anomalies": "anomalies",
    "map": "map",
    "map-tree": "map-tree",
    "filter": "flows-filter-wrong",
    "disconnected": "lag-disconnected",
    "replay": "flows-replay",
    "light": "flows-light",
}
"""File name to picture."""
SIZE = (120, 36)
_CLIP = re.compile(r'(-clip-terminal">\s*<rect [^>]*height=")([\d.]+)')
_CUT = 3
"""Rich ends its clip a pixel above the last line's end, and draws all lines 1.5 lower: descenders are cut."""


async def draw(name: str) -> str:
    """Return one screen as SVG."""
    picture = PICTURES[name]
    app, source = picture.app()
    async with app.run_test(size=SIZE) as pilot:
        await picture.reach(Driven(app, source, pilot))
        svg = app.export_screenshot()
    return _CLIP.sub(lambda found: f"{found[1]}{float(found[2]) + _CUT:g}", svg)


def main(arguments: list[str]) -> int:
    """Draw all of them; with `--check`, say which files differ."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale: list[str] = []
    for file, name in DRAWN.items():
        path = FOLDER / f"{file}.svg"
        svg = asyncio.run(draw(name))
        if "--check" not in arguments:
            path.write_text(svg, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != svg:
            stale.append(path.name)
    if stale:
        print(f"drawn otherwise now: {', '.join(stale)}; run scripts/pictures.py")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
