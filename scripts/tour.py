"""Record the tour of the terminal interface for README and guide from seeded data: `docs/pictures/tour.svg`.

Each step is a screen, reached by keys from the one before, with the keys written below; the file shows one after the
other by a style sheet's animation, without a script and without anything loaded from elsewhere. Run it after a change
of the screens: `uv run python scripts/tour.py`; `--check` only tells whether the file is up to date.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from flowtrail_tui.settings import Settings  # noqa: E402
from tests.tui.fake import FakeSource  # noqa: E402
from tests.tui.pictures import PicturedApp  # noqa: E402 (found only with the root on the path)
from tests.tui.pilot import Driven  # noqa: E402

FILE = ROOT / "docs" / "pictures" / "tour.svg"
SIZE = (110, 30)
SECONDS = 4.0
"""So long each step is shown."""
_CAPTION = 44
_LINE_CLIP = re.compile(r'<clipPath id="terminal-line-\d+">.*?</clipPath>\s*', re.DOTALL)
_LINE_CLIPPED = re.compile(r' clip-path="url\(#terminal-line-\d+\)"')


@dataclass(frozen=True)
class Step:
    """What is pressed, and what a person is told of it."""

    keys: tuple[str, ...]
    shown: str
    says: str


STEPS = (
    Step((), "", "Thousands of orders, newest first. Some of them went wrong."),
    Step(("exclamation_mark",), "!", "Only those, and why, in a sentence each."),
    Step(("enter",), "enter", "One order: who was handed it when, the attempt that went wrong, and because of what."),
    Step(("E",), "E", "The spans that prove it. y copies the verdict with its evidence into a ticket."),
    Step(("escape", "escape", "3", "j"), "esc esc 3 j", "All that is wrong, one row per cause, with its rule."),
    Step(("2", "j"), "2 j", "Which group is behind and getting further behind, and on which partition."),
    Step(("4",), "4", "Who publishes where and who reads it. ? shows every key."),
)


async def frames() -> list[str]:
    """Draw every step."""
    source = FakeSource()
    app = PicturedApp(source, now=lambda: source.now_ns, look=Settings())
    drawn = []
    async with app.run_test(size=SIZE) as pilot:
        driven = Driven(app, source, pilot)
        await driven.settle()
        for step in STEPS:
            await driven.press(*step.keys)
            drawn.append(app.export_screenshot())
    return drawn


def tour(drawn: list[str]) -> str:
    """Put the drawings into one picture, each shown for its share of the time, with its keys below."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn[0])
    width, height = (float(box[1]), float(box[2])) if box else (0.0, 0.0)
    whole = len(drawn) * SECONDS
    share = 100 / len(drawn)
    style = (
        f"@keyframes turn {{ 0%, {share:.3f}% {{ visibility: visible }} {share + 0.001:.3f}%, 100% "
        f"{{ visibility: hidden }} }} .step {{ visibility: hidden; animation: turn {whole:g}s step-end infinite }}"
        ".caption { font: 20px monospace; fill: #57606a } .keys { font-weight: bold; fill: #0550ae }"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height + _CAPTION:g}">',
        f"<title>A tour of flowtrail's terminal interface</title><style>{style}</style>",
    ]
    for number, (step, svg) in enumerate(zip(STEPS, drawn, strict=True)):
        parts.append(f'<g class="step" style="animation-delay: {number * SECONDS:g}s">')
        # Without a size of its own a picture within a picture takes all of the room, the caption's too.
        parts.append(_named(svg, number).replace("<svg ", f'<svg width="{width:g}" height="{height:g}" ', 1))
        keys = f'<tspan class="keys">{escape(step.shown)}</tspan>  ' if step.shown else ""
        parts.append(f'<text class="caption" x="12" y="{height + 28:g}">{keys}{escape(step.says)}</text></g>')
    return "\n".join((*parts, "</svg>", ""))


def _named(svg: str, number: int) -> str:
    """Return a drawing whose names are its own, without what only makes it large: a clip for every line."""
    svg = _LINE_CLIP.sub("", _LINE_CLIPPED.sub("", svg)).replace("&#160;", "\u00a0")
    return svg.replace("terminal-", f"step{number}-")


def main(arguments: list[str]) -> int:
    """Record it; with `--check`, say whether the file differs."""
    svg = tour(asyncio.run(frames()))
    if "--check" not in arguments:
        FILE.write_text(svg, encoding="utf-8")
        return 0
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != svg:
        print(f"recorded otherwise now: {FILE.name}; run scripts/tour.py")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
