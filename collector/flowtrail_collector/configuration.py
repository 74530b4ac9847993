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

import difflib
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, cast

from flowtrail_collector.declarations import Declaration, Declarations, group
from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import parse_age

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_CONFIG: Final = "flowtrail.toml"
MOST_BYTES: Final = 1 << 20
_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "expect": (),
    "destinations": ("retry", "dead-letter"),
    "order": ("rules",),
    "limits": ("storm", "loop", "content-window"),
}
"""Every section with its keys; those of `expect` are names of destinations."""
_RULE = re.compile(r"\s*(?P<effect>.*\S)\s+after\s+(?P<cause>.*\S)\s+by\s+(?P<joined_by>key|flow)\s*")
_RULE_FORM: Final = "a rule such as 'PaymentRefunded after PaymentProcessed by key' (by key or by flow)"
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_MOST: Final = 2**63 - 1
_Path = tuple[str, ...]


def read_configuration(path: Path) -> Declarations:
    """Return what a file declares. Raises UsageError that names file, line and key."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can not be read: {error.strerror}; name another file with --config") from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path} holds {len(content):,} bytes: no configuration is that long")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8, as TOML must be") from None
    return parse_configuration(text, str(path))


def parse_configuration(text: str, name: str = DEFAULT_CONFIG) -> Declarations:
    """Return what a configuration's text declares; `name` is the file's, for what is said of slips."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        place = _PLACE.search(str(wrong))
        line = int(place[1]) if place else text.count("\n") + 1
        raise UsageError(f"{name}, line {line}: not TOML: {_PLACE.sub('', str(wrong))}") from None
    return tuple(_Reader(text, name).read(document))


class _Reader:
    """Turns a parsed document into declarations, or says what is wrong and where."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def read(self, document: Mapping[str, Any]) -> Iterator[Declaration]:
        """Yield the declarations, section by section."""
        for section, content in document.items():
            if section not in _SECTIONS:
                self._unknown((section,), "section", tuple(_SECTIONS))
            if not isinstance(content, dict):
                self._wrong((section,), f"expected a section [{section}], not {_shown(content)}")
            known = _SECTIONS[section]
            for key, value in content.items():
                if known and key not in known:
                    self._unknown((section, key), "key", known)
                yield from self._declared((section, key), value)

    def _declared(self, path: _Path, value: Any) -> Iterator[Declaration]:
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

    def _groups(self, path: _Path, value: Any) -> Iterator[Declaration]:
        destination = path[1]
        if isinstance(value, dict):
            whole = ".".join((destination, *_first_path(value)))
            self._wrong(path, f'expected a list of groups; a name with a dot stands in quotes: "{whole}" = [...]')
        if not destination or "*" in destination:
            self._wrong(path, "expected the whole name of a destination: who must read it is declared one by one")
        for name in self._texts(path, value, f'a list of groups, such as {_key(destination)} = ["payment"]'):
            yield group(destination, name)

    def _rule(self, path: _Path, number: int, rule: str) -> Declaration:
        match = _RULE.fullmatch(rule)
        if match is None:
            self._wrong(path, f"expected {_RULE_FORM}, not {_shown(rule)}", element=number)
        return Declaration(
            "cause",
            effect_type=match["effect"],
            cause_type=match["cause"],
            joined_by="key" if match["joined_by"] == "key" else "flow",
        )

    def _limit(self, path: _Path, value: Any) -> Declaration:
        name = path[1]
        if name == "content-window":
            return Declaration("limit", name=name, amount=self._milliseconds(path, value))
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
            self._wrong(path, f"expected a whole number from 1, not {_shown(value)}")
        return Declaration("limit", name=name, amount=value)

    def _milliseconds(self, path: _Path, value: Any) -> int:
        expected = f'expected a length of time such as "1m" or "500ms", not {_shown(value)}'
        if not isinstance(value, str):
            self._wrong(path, expected)
        try:
            milliseconds = parse_age(value) // 10**6
        except UsageError:
            self._wrong(path, expected)
        if not 1 <= milliseconds <= _MOST // 10**6:
            self._wrong(path, expected)
        return milliseconds

    def _texts(self, path: _Path, value: Any, expected: str) -> list[str]:
        """Return a list of texts that say something, each once."""
        if not isinstance(value, list) or not value:
            self._wrong(path, f"expected {expected}, not {_shown(value)}")
        for number, text in enumerate(value):
            if not isinstance(text, str) or not text.strip():
                self._wrong(path, f"expected {expected}; {_shown(text)} is no name", element=number)
        return list(dict.fromkeys(value))

    def _unknown(self, path: _Path, what: str, known: tuple[str, ...]) -> NoReturn:
        near = difflib.get_close_matches(path[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        self._wrong(path, f"unknown {what}; {hint}")

    def _wrong(self, path: _Path, message: str, element: int | None = None) -> NoReturn:
        line = line_of(self._text, path, element)
        raise UsageError(f"{self._name}, line {line}: {'.'.join(map(_key, path))}: {message}")


def _expression(pattern: str) -> str:
    """Return the regular expression of a name in which * stands for any text; DuckDB and Python read it alike."""
    return "(?s)" + ".*".join(re.escape(part) for part in pattern.split("*"))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _key(name: str) -> str:
    """Write a key as TOML does."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line_of(text: str, path: _Path, element: int | None = None) -> int:
    """Return the line, from 1, on which a key of a valid document stands; of a list, that of one of its elements.

    tomllib tells no lines. But every statement of TOML (a header or `key = value`, over one line or several) is a
    document by itself: so what parses alone is the next statement, and tells which key it sets.
    """
    found, shared = 1, 0
    header: _Path = ()
    for line, statement in _statements(text):
        own = _first_path(tomllib.loads(statement))
        is_header = statement.lstrip().startswith("[")
        header = own if is_header else header
        common = _common(own if is_header else header + own, path)
        if common > shared:
            found, shared = line if element is None else line + _element_line(statement, element), common
    return found


def _common(one: _Path, other: _Path) -> int:
    """Return how many keys two paths share from their beginning."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield every statement with its first line's number; blank lines and comments are none."""
    first, pending = 1, ""
    for number, line in enumerate(_lines(text), 1):
        if not pending:
            first = number
        pending += line
        try:
            parsed = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        if parsed:
            yield first, pending
        pending = ""


def _first_path(parsed: Mapping[str, Any]) -> _Path:
    """Return the keys that lead down to the first thing that a statement sets."""
    path: list[str] = []
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        key = next(iter(inner))
        path.append(key)
        inner = inner[key]
    return tuple(path)


def _element_line(statement: str, element: int) -> int:
    """Return on which line of a statement, from 0, an element of its list ends."""
    lines = _lines(statement)
    for number in range(len(lines)):
        try:
            parsed: Any = tomllib.loads("".join(lines[: number + 1]) + "\n]")
        except tomllib.TOMLDecodeError:
            continue
        for key in _first_path(parsed):
            parsed = parsed[key]
        if isinstance(parsed, list) and len(parsed) > element:
            return number
    return len(lines) - 1  # the list is closed where its last element ends


def _lines(text: str) -> list[str]:
    """Return a text's lines as TOML counts them, each with its end."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def default_configuration() -> Path | None:
    """Return ./flowtrail.toml if it is there."""
    path = Path(DEFAULT_CONFIG)
    return path if path.is_file() else None
