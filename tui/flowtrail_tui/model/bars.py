"""The lines around the views: status bar, tabs, footer of keys, banner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.link import LOW_COVERAGE, Link
from flowtrail_tui.model.parts import Line, Part, clip_line, line, line_width, sides
from flowtrail_tui.safe import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.keymap import Keymap


@dataclass(frozen=True, slots=True)
class Status:
    """What the status bar shows beside the link; unknown where the source does not say."""

    source: str
    rate: str = ""
    coverage: float | None = None
    window: str = "15m"
    past: bool = False
    now_ns: int = 0


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the footer or the help, with the action that a click on it runs."""

    key: str
    does: str
    action: str


_RATES = (("events_per_s", "ev/s"), ("spans_per_s", "spans/s"), ("spans_per_second", "spans/s"))


def rate_of(status: dict[str, Any]) -> str:
    """Write how fast data comes, in the first unit that the status document gives."""
    known = ((f.number(status.get(name)), unit) for name, unit in _RATES)
    return next((f"{f.rate(value)} {unit}" for value, unit in known if value is not None), "")


def status_bar(status: Status, link: Link, trail: Sequence[str], width: int) -> Line:
    """Draw where one is (left) and how the data comes (right); narrow bars keep link, coverage and clock."""
    left = [Part(" flowtrail", "title")]
    for place in trail[:1] if width < _TIGHT else trail:
        left += [Part(" ▸ ", "dim"), Part(clip(place, _LONGEST_PLACE), "bright")]
    for dropped in _DROPPED:
        right = _joined([piece for name, piece in _pieces(status, link) if piece and name not in dropped])
        if line_width(left) + line_width(right) + 2 <= width:
            break
    return sides(tuple(left), (*right, Part(" ")), width)


_TIGHT = 72
_LONGEST_PLACE = 40
_DROPPED = ((), ("source",), ("source", "window"), ("source", "window", "rate"), ("source", "window", "rate", "clock"))
"""What narrow bars leave out; the state of the link, the coverage and a window of the past never are."""


def _pieces(status: Status, link: Link) -> list[tuple[str, Line]]:
    flowing = link.live and link.connected
    return [
        ("source", line(Part(_short_source(status.source, 24), "dim"))),
        ("state", _state(link)),
        ("rate", line(Part(status.rate)) if flowing else ()),
        ("past" if status.past else "window", _window(status)),
        ("coverage", line(_coverage(status.coverage))),
        ("clock", line(Part(f"{f.clock(status.now_ns)}Z"))),
    ]


def _window(status: Status) -> Line:
    """Draw the time range; the past is unmistakable, and left by a click on its mark."""
    window = Part(f"window {status.window}", "text", "app.time_range")
    return (window, Part(" "), Part(" ◀ past ", "replay", "app.present")) if status.past else line(window)


def _state(link: Link) -> Line:
    if link.disconnected:
        return line(Part("✗ disconnected", "error-strong"))
    if not link.connected:
        return line(Part("… connecting", "wait"))
    return line(Part("● live", "ok")) if link.live else line(Part(" ▶ REPLAY ", "replay"))


def _coverage(coverage: float | None) -> Part:
    role = "unknown" if coverage is None else "text" if coverage >= 1 else "warn"
    if coverage is not None and coverage < LOW_COVERAGE:
        role = "error-strong"
    return Part(f"coverage {f.share(coverage)}", role)


def _joined(pieces: Sequence[Line]) -> Line:
    out: list[Part] = []
    for piece in pieces:
        out += ([Part(" │ ", "faint")] if out else []) + list(piece)
    return tuple(out)


def _short_source(name: str, cells: int) -> str:
    """Shorten a URL or path from its front: the end tells sources apart."""
    short = name.removeprefix("http://").removeprefix("https://")
    return short if len(short) <= cells else "…" + short[-(cells - 1) :]


def tabs(names: Sequence[tuple[str, str, str]], current: str, width: int) -> Line:
    """Draw the views as tabs: (key, title, name of the view)."""
    out: list[Part] = [Part(" ")]
    for key, title, name in names:
        text, action = f" {key} {title} ", f"app.view('{name}')"
        out += [Part(text, "tab-current" if name == current else "tab", action), Part(" ")]
    return clip_line(out, width)


_FEW_KEYS, _FEW_BELOW = 5, 100


def footer(keys: Sequence[Key], message: Part | None, width: int, keymap: Keymap | None = None) -> Line:
    """Draw as many keys as fit, help and quit always; a message takes their place."""
    if message is not None:
        return clip_line((Part(" "), message), width)
    keys = [replace(key, key=keymap.spell(key.key, key.action)) if keymap else key for key in keys]
    always = [key for key in keys if key.action in ("app.help", "app.quit")]
    others = [key for key in keys if key not in always][: _FEW_KEYS - len(always) if width < _FEW_BELOW else None]
    shown = _keys(others + always)
    while others and line_width(shown) > width:
        others.pop()
        shown = _keys(others + always)
    return clip_line(shown, width)


def _keys(keys: Sequence[Key]) -> Line:
    out: list[Part] = [Part(" ")]
    for key in keys:
        out += [Part(key.key, "spelt", key.action), Part(f" {key.does}", "dim", key.action), Part("   ")]
    return tuple(out[:-1])


def banner(link: Link, now_ns: int, width: int) -> Line:
    """Draw the line that says that nothing new comes, why, and what will be done about it."""
    text = f" ✗ disconnected · {link.banner(now_ns)} "
    return sides(
        line(Part(text, "banner"), Part(f" {link.reason}", "dim")),
        line(Part(" R", "key", "app.retry"), Part(" retry now ", "dim", "app.retry")),
        width,
    )


def too_small(link: Link, width: int, height: int) -> Line:
    """Draw the one line that is left below 60x15."""
    state = "disconnected" if link.disconnected else "live" if link.live else "replay"
    return clip_line((Part("flowtrail ", "title"), Part(f"{state} · {width}x{height}: needs 60x15", "text")), width)


def low_coverage(coverage: float, width: int) -> Line:
    """Draw the line that says that telemetry is missing, and what that does to answers."""
    text = f" ! coverage {f.share(coverage)} "
    why = " telemetry is missing: what rests on something not having happened is answered unknown"
    return clip_line(line(Part(text, "pill"), Part(why, "dim")), width)
