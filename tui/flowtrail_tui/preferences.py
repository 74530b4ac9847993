r"""Reads `terminal.toml`: a person's own keys, links and looks. docs/configuration.md describes the format.

    [keys]
    ask = ";"
    down = ["n", "down"]

    [open]
    jaeger = "http://localhost:16686/trace/{trace_id}"

    [screen]
    theme = "light"
    ascii = true
    window = "1h"
    refresh = "2s"

A file with a slip never keeps the interface from starting: it starts with its defaults and says what is wrong.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from flowtrail_collector.errors import UsageError
from flowtrail_tui.keymap import KEY_FORM, Action, normal, written
from flowtrail_tui.settings import THEME_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowtrail_collector.slips import Keys

CONFIG_VARIABLE = "FLOWTRAIL_TERMINAL_CONFIG"
FIELDS = (
    *("trace_id", "span_id", "topic", "partition", "offset", "key", "group"),
    *("message_id", "correlation_id", "service"),
)
"""What a link may name of the selected row."""
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "keys": (),
    "open": (),
    "screen": ("theme", "ascii", "window", "refresh"),
}
_LEAST_REFRESH_S, _MOST_REFRESH_S = 0.25, 3600.0


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose; nothing is chosen by default."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys by the action's name, as Textual calls them."""
    open: Mapping[str, str] = field(default_factory=dict)
    """URL templates by their names."""
    theme: str | None = None
    ascii_only: bool = False
    window: str | None = None
    refresh_s: float = 1.0
    path: str = ""
    """The file that was read, or would be."""
    slip: str = ""
    """What is wrong in the file, in a sentence; then nothing of it is in force."""


def preferences(environ: Mapping[str, str], actions: Sequence[Action]) -> Preferences:
    """Read the file that the surroundings name; `actions` are those that can be given other keys."""
    path = _path(environ)
    if path is None or not (path.is_file() or environ.get(CONFIG_VARIABLE)):
        return Preferences(path=str(path or ""))
    from flowtrail_collector import slips  # only where there is a file to read

    try:
        text = slips.read(path, remedy=f"name another file with ${CONFIG_VARIABLE}, or an empty one for none")
        return replace(parse_preferences(text, actions, str(path)), path=str(path))
    except UsageError as slip:
        return Preferences(path=str(path), slip=str(slip))


def _path(environ: Mapping[str, str]) -> Path | None:
    named = environ.get(CONFIG_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    folder = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", ""), ".config")  # noqa: PTH118 (not resolved)
    return Path(folder) / "flowtrail" / "terminal.toml" if Path(folder).is_absolute() else None


def parse_preferences(text: str, actions: Sequence[Action], name: str = "terminal.toml") -> Preferences:
    """Return what a text says; `name` is the file's. Raises UsageError that names line and key."""
    from flowtrail_collector import slips

    reader = _Reader(slips.Slips(text, name), actions)
    return reader.read(slips.parse(text, name))


def fill(template: str, fields: Mapping[str, str]) -> str | None:
    """Return the URL of a row, its values quoted; None where the row lacks something that the template names."""
    if lacking(template, fields):
        return None
    quoted = {name: quote(value.encode("utf-8", "replace"), safe="") for name, value in fields.items()}
    return template.format_map(quoted)


def lacking(template: str, fields: Mapping[str, str]) -> list[str]:
    """Return what a template names and a row has not."""
    wanted = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    return [name for name in dict.fromkeys(wanted) if not fields.get(name)]


class _Reader:
    """Turns a parsed document into preferences, or says what is wrong and where."""

    def __init__(self, slips: Any, actions: Sequence[Action]) -> None:
        self._slips = slips
        self._actions = {one.name: one for one in actions}

    def read(self, document: Mapping[str, Any]) -> Preferences:
        """Read section by section."""
        for section, content in document.items():
            if section not in _SECTIONS:
                self._slips.unknown((section,), "section", tuple(_SECTIONS))
            if not isinstance(content, dict):
                self._slips.wrong((section,), f"expected a section [{section}]")
        return Preferences(
            keys=self._keys(document.get("keys", {})),
            open={name: self._template(("open", name), one) for name, one in document.get("open", {}).items()},
            **self._screen(document.get("screen", {})),
        )

    def _keys(self, content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        chosen: dict[str, tuple[str, ...]] = {}
        for name, value in content.items():
            if name not in self._actions:
                self._slips.unknown(("keys", name), "action", tuple(self._actions))
            chosen[name] = self._several(("keys", name), value)
        self._given_once(chosen)
        return chosen

    def _several(self, path: Keys, value: Any) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        if not listed:
            self._slips.wrong(path, f"expected a key, or a list of keys: {KEY_FORM}")
        return tuple(self._key(path, one, place) for place, one in enumerate(listed))

    def _key(self, path: Keys, value: Any, place: int) -> str:
        found = normal(value) if isinstance(value, str) else None
        if found is None:
            self._slips.wrong(path, f"{value!r} is no key; expected {KEY_FORM}", element=place)
        if found == "ctrl+c":
            self._slips.wrong(path, "ctrl+c says how to quit, and does nothing else", element=place)
        return str(found)

    def _given_once(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse a key that would do two things; that G and space mean more in the live list is as it was."""
        holders: dict[str, str] = {}
        for action in self._actions.values():
            if action.name not in chosen:
                holders |= dict.fromkeys(action.keys, action.name)
        for name, keys in chosen.items():
            for place, key in enumerate(keys):
                other = holders.setdefault(key, name)
                was_shared = other not in chosen and key in self._actions[name].keys
                if (other != name and not was_shared) or keys.index(key) != place:
                    remedy = "" if other == name else f"; give {other} another key, or choose another here"
                    message = f"{written(key)!r} is given twice: it does {other}{remedy}"
                    self._slips.wrong(("keys", name), message, element=place)

    def _template(self, path: Keys, value: Any) -> str:
        expected = 'a URL such as "http://localhost:16686/trace/{trace_id}"'
        if not isinstance(value, str):
            self._slips.wrong(path, f"expected {expected}")
        try:
            fields = list(Formatter().parse(value))
            parts = urlsplit(value)
        except ValueError as wrong:
            self._slips.wrong(path, f"expected {expected}: {wrong}")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            self._slips.wrong(path, f"expected {expected}: only http and https are opened")
        if "{" in parts.netloc:
            self._slips.wrong(path, "the host is not taken from the data: fields stand behind it")
        for _, name, spec, conversion in fields:
            if name is not None and name not in FIELDS:
                self._slips.unknown((*path, name), "field", FIELDS)
            if spec or conversion:
                self._slips.wrong(path, f"{{{name}}} stands alone in its braces")
        return str(value)

    def _screen(self, content: Mapping[str, Any]) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        for name, value in content.items():
            path = ("screen", name)
            if name not in _SECTIONS["screen"]:
                self._slips.unknown(path, "key", _SECTIONS["screen"])
            if name == "theme" and value not in THEME_NAMES:
                self._slips.wrong(path, f"expected one of {', '.join(THEME_NAMES)}, not {value!r}")
            if name == "ascii" and not isinstance(value, bool):
                self._slips.wrong(path, f"expected true or false, not {value!r}")
            chosen[_AS.get(name, name)] = self._time(path, value) if name in ("window", "refresh") else value
        return chosen

    def _time(self, path: Keys, value: Any) -> str | float:
        from flowtrail_collector.window import parse_age

        everything = path[1] == "window" and value == "all"
        try:
            seconds = 0.0 if everything else parse_age(str(value)) / 10**9
        except UsageError:
            self._slips.wrong(path, f'expected a length of time such as "15m" or "2s", not {value!r}')
        if path[1] == "window":
            return str(value)
        if not _LEAST_REFRESH_S <= seconds <= _MOST_REFRESH_S:
            self._slips.wrong(path, 'expected from "250ms" to "1h"')
        return seconds


_AS = {"ascii": "ascii_only", "refresh": "refresh_s"}
