"""Commands that are typed where questions are: `:lag`, `:flows group:billing`, `:theme light`, `:since 1h`.

A word is a command only where the grammar of questions does not say what it is: `id:lag` asks for the event `lag`.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowtrail_tui.settings import THEME_NAMES
from flowtrail_tui.views.registry import VIEWS

REPORTS = ("lag", "duplicates", "order", "losses", "flow")


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what follows it."""

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What can be typed: its word, what may follow, and what it does. `filtered` where a filter follows."""

    name: str
    follows: str
    does: str
    values: tuple[str, ...] = ()
    filtered: bool = False


COMMANDS = (
    *(
        Known(entry.name, "" if entry.name == "reports" else "[FILTER]", entry.does, filtered=entry.name != "reports")
        for entry in VIEWS
        if entry.key and entry.name != "ask"
    ),
    Known("report", "NAME", "choose a report; enter makes it", REPORTS),
    Known("since", "MOMENT", "look from then on", ("5m", "15m", "1h", "6h", "24h", "7d", "all")),
    Known("until", "MOMENT", "look at the past, up to then", ("now",)),
    Known("at", "MOMENT", "look at what happened around then"),
    Known("theme", "NAME", "use other colours", THEME_NAMES),
    Known("saved", "[NAME]", "show a saved view, or all of them"),
    Known("save", "NAME", "save this view"),
    Known("help", "[WORDS]", "show the keys"),
    Known("quit", "", "leave flowtrail"),
)
_SHORT = {"q": "quit", "q!": "quit", "wq": "quit", "h": "help", "themes": "theme"}
_NAMES = {known.name: known for known in COMMANDS}


def command(text: str) -> Command | None:
    """Return the command that a text is; None for a question."""
    word, _, rest = text.strip().removeprefix(":").strip().partition(" ")
    name = _SHORT.get(word.lower(), word.lower())
    known = _NAMES.get(name)
    if known is None or (rest and not known.follows):
        return None
    return Command(name, rest.strip())


def does(meant: Command) -> str:
    """Say what a command does."""
    return _NAMES[meant.name].does


def known(name: str) -> Known | None:
    """Return the command of a name."""
    return _NAMES.get(_SHORT.get(name, name))
