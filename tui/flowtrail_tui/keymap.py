"""Which key does what: the actions that can be given other keys, and how keys are written on screen.

Texts name keys as they are by default; `spell` writes what a person chose instead, where they are drawn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.binding import BindingType
    from textual.widget import Widget

_WRITTEN = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
"""Keys whose name on screen is not Textual's."""
_NAMED = {**{shown: name for name, shown in _WRITTEN.items()}, "del": "delete", "return": "enter"}
_PLAIN = (
    *("escape", "pagedown", "pageup", "up", "down", "left", "right", "home", "end", "insert", "delete"),
    *("enter", "tab", "space", "backspace", *(f"f{number}" for number in range(1, 25))),
)
KEY_FORM = "a character, or a name such as ctrl+s, f5, esc, tab, enter, space, pgdn, home"
_WITH = re.compile(r"((?:(?:ctrl|alt|shift)\+)+)(.+)")
_SEPARATORS = re.compile(r"([ /])")


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does: its name in the preferences, its default keys, and what Textual runs."""

    name: str
    keys: tuple[str, ...]
    does: str
    runs: str


def actions(*bindings: Iterable[BindingType]) -> tuple[Action, ...]:
    """Return the actions of bindings that have an id: those can be given other keys."""
    from textual.binding import Binding

    return tuple(
        Action(one.id, tuple(one.key.split(",")), one.description, one.action)
        for several in bindings
        for one in several
        if isinstance(one, Binding) and one.id
    )


def normal(key: str) -> str | None:
    """Return Textual's name of a key as a person writes it; None for none that there is."""
    from textual.keys import _character_to_key

    modified = _WITH.fullmatch(key)
    if modified is not None:
        inner = normal(modified[2])
        return None if inner is None else modified[1] + inner
    name = _NAMED.get(key, key)
    if len(name) == 1:
        return _character_to_key(name) if name.isprintable() and name != " " else None
    return name if name in _PLAIN else None


def written(key: str) -> str:
    """Write a key, given by Textual's name, as it stands on screen."""
    from textual.keys import format_key

    modified = _WITH.fullmatch(key)
    if modified is not None:
        return modified[1] + written(modified[2])
    if key in _PLAIN:
        return _WRITTEN.get(key, key)
    return format_key(key)


@dataclass(slots=True)
class Keymap:
    """The keys that a person chose, by action; all others are as they were."""

    known: tuple[Action, ...] = ()
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    """Keys that the current view binds itself: no other action's key is meant by them there."""

    def of(self, name: str) -> str:
        """Write the first key of an action."""
        keys = self.chosen.get(name) or next((one.keys for one in self.known if one.name == name), ("",))
        return written(keys[0])

    def spell(self, text: str, runs: str | None = None, *, anywhere: bool = False) -> str:
        """Write a text of default keys (`j/k`, `ctrl+d ctrl+u`) with those that were chosen.

        `runs` is the action that the text stands beside, where there is one: it tells apart what shares a key.
        `anywhere` where no view is meant: a view's own keys are not in the way.
        """
        if not self.chosen or not text.strip():
            return text
        pieces = [text] if len(text) == 1 else _SEPARATORS.split(text)
        words = {piece for piece in pieces if not _SEPARATORS.fullmatch(piece)} - {""}
        kept = frozenset() if anywhere or _is_the_frames(runs) else self.own
        spelt = "".join(piece if piece in kept else self._word(piece, words, runs) for piece in pieces)
        return spelt if len(pieces) == 1 else " ".join(spelt.strip("/").split())

    def press(self, key: str) -> str:
        """Return the key to press for what a default key did."""
        action = None if written(key) in self.own else self._meant(written(key), {written(key)}, None)
        return self.chosen[action.name][0] if action is not None and action.name in self.chosen else key

    def _word(self, word: str, beside: set[str], runs: str | None) -> str:
        action = self._meant(word, beside, runs)
        if action is None or action.name not in self.chosen:
            return word
        chosen = self.chosen[action.name]
        place = [written(key) for key in action.keys].index(word)
        last = place == len(action.keys) - 1
        return " ".join(map(written, chosen[place:] if last else chosen[place : place + 1]))

    def _meant(self, word: str, beside: set[str], runs: str | None) -> Action | None:
        """Return what a key on screen stands for: the action named, else the one whose other keys stand there too."""
        having = [one for one in self.known if word in map(written, one.keys)]
        named = [one for one in having if _same(runs, one.runs)]
        whole = [one for one in having if set(map(written, one.keys)) <= beside]
        return next(iter(named or whole or having), None)


def _same(runs: str | None, other: str) -> bool:
    return runs is not None and runs.removeprefix("app.") == other.removeprefix("app.")


def _is_the_frames(runs: str | None) -> bool:
    return runs is not None and runs.startswith("app.") and not runs.startswith("app.press(")


def own_keys(widget: Widget) -> frozenset[str]:
    """Return the keys, as written, that a widget binds itself and that can not be given others."""
    bindings = widget._bindings.key_to_bindings.items()
    return frozenset(written(key) for key, several in bindings if not all(one.id for one in several))
