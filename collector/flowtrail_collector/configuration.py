r"""Reads `flowtrail.toml`: what a system's people declare of it. docs/configuration.md describes the format.

    [expect]
    orders = ["payment", "restaurant"]

    [destinations]
    retry = ["*.again"]
    dead-letter = ["parked.*"]

    [order]
    rules = ["PaymentRefunded after PaymentProcessed by key"]

    [limits]
    storm = 100
    loop = 3
    content-window = "1m"

What is wrong in it is said with file, line, key, what was expected, and the nearest right key.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from flowtrail_collector import slips
from flowtrail_collector.declarations import Declaration, Declarations, group
from flowtrail_collector.errors import UsageError
from flowtrail_collector.slips import Keys, Slips, bare, shown
from flowtrail_collector.window import parse_age

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_CONFIG: Final = "flowtrail.toml"
_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "expect": (),
    "destinations": ("retry", "dead-letter"),
    "order": ("rules",),
    "limits": ("storm", "loop", "content-window"),
}
"""Every section with its keys; those of `expect` are names of destinations."""
_RULE = re.compile(r"\s*(?P<effect>.*\S)\s+after\s+(?P<cause>.*\S)\s+by\s+(?P<joined_by>key|flow)\s*")
_RULE_FORM: Final = "a rule such as 'PaymentRefunded after PaymentProcessed by key' (by key or by flow)"
_MOST: Final = 2**63 - 1


def read_configuration(path: Path) -> Declarations:
    """Return what a file declares. Raises UsageError that names file, line and key."""
    return parse_configuration(slips.read(path, remedy="name another file with --config"), str(path))


def parse_configuration(text: str, name: str = DEFAULT_CONFIG) -> Declarations:
    """Return what a configuration's text declares; `name` is the file's, for what is said of slips."""
    return tuple(_Reader(text, name).read(slips.parse(text, name)))


class _Reader(Slips):
    """Turns a parsed document into declarations, or says what is wrong and where."""

    def read(self, document: Mapping[str, Any]) -> Iterator[Declaration]:
        """Yield the declarations, section by section."""
        for section, content in document.items():
            if section not in _SECTIONS:
                self.unknown((section,), "section", tuple(_SECTIONS))
            if not isinstance(content, dict):
                self.wrong((section,), f"expected a section [{section}], not {shown(content)}")
            known = _SECTIONS[section]
            for key, value in content.items():
                if known and key not in known:
                    self.unknown((section, key), "key", known)
                yield from self._declared((section, key), value)

    def _declared(self, path: Keys, value: Any) -> Iterator[Declaration]:
        section, key = path
        if section == "expect":
            yield from self._groups(path, value)
        elif section == "destinations":
            kind = cast("Literal['retry', 'dead-letter']", key)
            for pattern in self._texts(path, value, 'names in which * stands for any text, such as ["*.again"]'):
                yield Declaration(kind, pattern=_expression(pattern))
        elif section == "order":
            for number, rule in enumerate(self._texts(path, value, f"a list of rules, {_RULE_FORM}")):
                yield self._rule(path, number, rule)
        else:
            yield self._limit(path, value)

    def _groups(self, path: Keys, value: Any) -> Iterator[Declaration]:
        destination = path[1]
        if isinstance(value, dict):
            whole = ".".join((destination, *slips.first_keys(value)))
            self.wrong(path, f'expected a list of groups; a name with a dot stands in quotes: "{whole}" = [...]')
        if not destination or "*" in destination:
            self.wrong(path, "expected the whole name of a destination: who must read it is declared one by one")
        for name in self._texts(path, value, f'a list of groups, such as {bare(destination)} = ["payment"]'):
            yield group(destination, name)

    def _rule(self, path: Keys, number: int, rule: str) -> Declaration:
        match = _RULE.fullmatch(rule)
        if match is None:
            self.wrong(path, f"expected {_RULE_FORM}, not {shown(rule)}", element=number)
        return Declaration(
            "cause",
            effect_type=match["effect"],
            cause_type=match["cause"],
            joined_by="key" if match["joined_by"] == "key" else "flow",
        )

    def _limit(self, path: Keys, value: Any) -> Declaration:
        name = path[1]
        if name == "content-window":
            return Declaration("limit", name=name, amount=self._milliseconds(path, value))
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
            self.wrong(path, f"expected a whole number from 1, not {shown(value)}")
        return Declaration("limit", name=name, amount=value)

    def _milliseconds(self, path: Keys, value: Any) -> int:
        expected = f'expected a length of time such as "1m" or "500ms", not {shown(value)}'
        if not isinstance(value, str):
            self.wrong(path, expected)
        try:
            milliseconds = parse_age(value) // 10**6
        except UsageError:
            self.wrong(path, expected)
        if not 1 <= milliseconds <= _MOST // 10**6:
            self.wrong(path, expected)
        return milliseconds

    def _texts(self, path: Keys, value: Any, expected: str) -> list[str]:
        """Return a list of texts that say something, each once."""
        if not isinstance(value, list) or not value:
            self.wrong(path, f"expected {expected}, not {shown(value)}")
        for number, text in enumerate(value):
            if not isinstance(text, str) or not text.strip():
                self.wrong(path, f"expected {expected}; {shown(text)} is no name", element=number)
        return list(dict.fromkeys(value))


def _expression(pattern: str) -> str:
    """Return the regular expression of a name in which * stands for any text; DuckDB and Python read it alike."""
    return "(?s)" + ".*".join(re.escape(part) for part in pattern.split("*"))


def default_configuration() -> Path | None:
    """Return ./flowtrail.toml if it is there."""
    path = Path(DEFAULT_CONFIG)
    return path if path.is_file() else None
